-- grain: one row per (branch_name, provider, session_id)
-- reads: event_task_commit, event_commit_session, event_session_quality
-- units: attribution_weight in lines; a flag is null when the session has no user turn
-- columns:
--   repository
--   branch_name
--   provider
--   session_id
--   model_name
--   started_at
--   week_start date?: Monday of the UTC day on which the session started; null = no start known
--   attribution_weight number: lines of the branch's commits that fall to the session
--   user_turn_count
--   debug_loop_flag
--   mid_session_error_paste_flag
--   accepted_output_flag flag: a change of lines was applied; false also when it cannot be told
--   first_accepted_change_at
--   minutes_to_first_accepted_change
--   commit_within_window_flag

with work as (

    select
        event_task_commit.branch_name,
        event_commit_session.*
    from event_task_commit
    inner join event_commit_session using (repository, commit_sha)
    where event_commit_session.counted_in_sessions_flag

),

per_branch as (

    select
        repository,
        branch_name,
        provider,
        session_id,
        max(model_name) as model_name,
        sum(matched_lines order by commit_sha) as attribution_weight,
        bool_or(commit_within_window_flag) as commit_within_window_flag
    from work
    group by repository, branch_name, provider, session_id

)

select
    per_branch.repository,
    per_branch.branch_name,
    per_branch.provider,
    per_branch.session_id,
    model_label(per_branch.provider, per_branch.model_name) as model_name,
    quality.started_at,
    week_start(quality.started_at) as week_start,
    per_branch.attribution_weight,
    quality.user_turn_count,
    quality.debug_loop_flag,
    quality.mid_session_error_paste_flag,
    coalesce(quality.accepted_output_flag, false) as accepted_output_flag,
    quality.first_accepted_change_at,
    quality.minutes_to_first_accepted_change,
    per_branch.commit_within_window_flag
from per_branch
left join event_session_quality as quality using (repository, provider, session_id)
