-- grain: one row for all repositories, or for $repository
-- reads: view_session_metrics_base, view_task_session_metrics_base, view_branch_session_metrics_base,
--   view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- units: sessions at home in the repositories looked at; commits that count (rule orphaned_commit); minutes; lines;
--        rates from 0 to 1, null when the count below is 0
-- columns:
--   session_count count: sessions with a user turn
--   turn_count count: their user turns
--   turns_per_session number: turn_count per session_count
--   first_change_minutes number: minutes to the first applied change, all sessions of which they are known
--   first_change_count count: sessions of which they are known
--   minutes_to_first_change number: first_change_minutes per first_change_count
--   loop_count count: sessions with a debug loop
--   loop_known_count count: sessions of which that is known
--   debug_loop_rate number: loop_count of loop_known_count
--   paste_count count: sessions with an error paste
--   paste_known_count count: sessions of which that is known
--   error_paste_rate number: paste_count of paste_known_count
--   to_commit_count count: sessions with a commit that holds their lines, made from their start to soon after their end
--   sessions_to_commit_rate number: to_commit_count of session_count
--   no_output_count count: sessions without an applied change of lines
--   no_output_rate number: no_output_count of session_count
--   commit_count count: commits
--   matched_lines number: changed lines that sessions explain
--   changed_lines count: changed lines
--   ai_share_of_lines number: matched_lines of changed_lines
--   heavy_count count: heavy AI commits (rule heavy_ai)
--   heavy_ai_rate number: heavy_count of commit_count
--   mainline_count count: heavy commits that reached the main line
--   mainline_rate number: mainline_count of heavy_count
--   reached_lines count: AI lines that heavy commits brought to the main line
--   removed_lines count: those that main-line commits removed again within the window (rule churn)
--   churn_rate number: removed_lines of reached_lines
--   bug_count count: heavy commits on the main line that a later fix touched (rule bug_after_merge)
--   bug_rate number: bug_count of mainline_count
--   revert_count count: heavy commits that were reverted
--   revert_rate number: revert_count of heavy_count

with session as (

    select *
    from report_session([], false, $repository, null, null, null, null, null, null)

),

commit as (

    select *
    from report_commit([], false, $repository, null, null, null, null, null, null, false)

),

change_total as (

    select coalesce(sum(commit_total_changed_lines), 0)::bigint as changed_lines
    from view_change_metrics_base
    where is_wanted(repository, $repository)

),

match_total as (

    select sum_where(matched_lines, true, (repository, commit_sha, provider, session_id)) as matched_lines
    from view_commit_session_metrics_base
    where provider <> 'human' and is_wanted(repository, $repository)

),

session_total as (

    select *
    from session_totals('session')

),

commit_total as (

    select *
    from commit_totals('commit')

)

select
    coalesce(session_total.session_count, 0) as session_count,
    coalesce(session_total.turn_count, 0)::bigint as turn_count,
    session_total.turns_per_session,
    coalesce(session_total.first_change_minutes, 0) as first_change_minutes,
    coalesce(session_total.first_change_count, 0)::bigint as first_change_count,
    session_total.minutes_to_first_change,
    coalesce(session_total.loop_count, 0)::bigint as loop_count,
    coalesce(session_total.loop_known_count, 0)::bigint as loop_known_count,
    session_total.loop_rate as debug_loop_rate,
    coalesce(session_total.paste_count, 0)::bigint as paste_count,
    coalesce(session_total.paste_known_count, 0)::bigint as paste_known_count,
    session_total.paste_rate as error_paste_rate,
    coalesce(session_total.to_commit_count, 0)::bigint as to_commit_count,
    session_total.to_commit_rate as sessions_to_commit_rate,
    coalesce(session_total.no_output_count, 0)::bigint as no_output_count,
    session_total.no_output_rate,
    coalesce(commit_total.commit_count, 0) as commit_count,
    match_total.matched_lines,
    change_total.changed_lines,
    rate(match_total.matched_lines, change_total.changed_lines) as ai_share_of_lines,
    coalesce(commit_total.heavy_count, 0) as heavy_count,
    commit_total.heavy_rate as heavy_ai_rate,
    coalesce(commit_total.mainline_count, 0) as mainline_count,
    commit_total.mainline_rate,
    coalesce(commit_total.reached_lines, 0)::bigint as reached_lines,
    coalesce(commit_total.removed_lines, 0)::bigint as removed_lines,
    commit_total.churn_rate,
    coalesce(commit_total.bug_count, 0)::bigint as bug_count,
    commit_total.bug_rate,
    coalesce(commit_total.revert_count, 0)::bigint as revert_count,
    commit_total.revert_rate
from match_total
cross join change_total
left join session_total on true
left join commit_total on true
