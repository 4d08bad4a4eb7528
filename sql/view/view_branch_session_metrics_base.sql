-- grain: one row per (branch_name, provider, session_id)
-- reads: event_task_commit, event_commit_session, event_session_quality
-- units: attribution_weight in lines; minutes; what is taken from a session's quality is null when it has no user turn;
--        commits that no head contains are left out unless rule orphaned_commit counts them
-- columns:
--   repository
--   branch_name
--   provider
--   session_id
--   model_name
--   started_at time: earliest record; null = the session has no user turn
--   week_start date?: Monday of the UTC day on which the session started; null = no start known
--   attribution_weight number: lines of the branch's commits that fall to the session
--   user_turn_count count: user turns; null = the session has none
--   debug_loop_flag flag: the same error was reported again and again; null = no user turn
--   mid_session_error_paste_flag flag: a later user message shows an error; null = no user turn
--   accepted_output_flag flag: a change of lines was applied; false also when it cannot be told
--   first_accepted_change_at time: first applied change of lines; null = none, or no user turn
--   minutes_to_first_accepted_change number: minutes from the start to it; null = none, or no user turn
--   commit_within_window_flag flag: one of these commits was made between the session's start and 4 h after its end

with task_commit as (

    select
        repository,
        commit_sha,
        branch_name
    from event_task_commit
    where counted_flag

),

commit_session as (

    select
        repository,
        commit_sha,
        provider,
        session_id,
        model_name,
        matched_lines,
        commit_within_window_flag
    from event_commit_session
    where counted_in_sessions_flag

),

quality as (

    select
        repository,
        provider,
        session_id,
        started_at,
        user_turn_count,
        debug_loop_flag,
        mid_session_error_paste_flag,
        accepted_output_flag,
        first_accepted_change_at,
        minutes_to_first_accepted_change
    from event_session_quality

),

branch_session as (

    select
        commit_session.repository,
        task_commit.branch_name,
        commit_session.provider,
        commit_session.session_id,
        max(commit_session.model_name) as model_name,
        sum_where(commit_session.matched_lines, true, commit_session.commit_sha) as attribution_weight,
        bool_or(commit_session.commit_within_window_flag) as commit_within_window_flag
    from commit_session
    inner join task_commit using (repository, commit_sha)
    group by
        commit_session.repository,
        task_commit.branch_name,
        commit_session.provider,
        commit_session.session_id

)

select
    branch_session.repository,
    branch_session.branch_name,
    branch_session.provider,
    branch_session.session_id,
    model_label(branch_session.provider, branch_session.model_name) as model_name,
    quality.started_at,
    week_start(quality.started_at) as week_start,
    branch_session.attribution_weight,
    quality.user_turn_count,
    quality.debug_loop_flag,
    quality.mid_session_error_paste_flag,
    coalesce(quality.accepted_output_flag, false) as accepted_output_flag,
    quality.first_accepted_change_at,
    quality.minutes_to_first_accepted_change,
    branch_session.commit_within_window_flag
from branch_session
left join quality using (repository, provider, session_id)
