-- grain: one row for all repositories, or for $repository
-- reads: view_session_metrics_base, view_change_metrics_base, view_commit_session_metrics_base
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

with session_total as (

    select
        count(*) as session_count,
        coalesce(sum(user_turn_count), 0)::bigint as turn_count,
        sum_where(
            minutes_to_first_accepted_change, true, (repository, provider, session_id)
        ) as first_change_minutes,
        count(minutes_to_first_accepted_change) as first_change_count,
        count(*) filter (where debug_loop_flag) as loop_count,
        count(debug_loop_flag) as loop_known_count,
        count(*) filter (where mid_session_error_paste_flag) as paste_count,
        count(mid_session_error_paste_flag) as paste_known_count,
        count(*) filter (where session_commit_within_4h_flag) as to_commit_count,
        count(*) filter (where not accepted_output_flag) as no_output_count
    from view_session_metrics_base
    where is_home and ($repository is null or repository = $repository)

),

change_total as (

    select
        count(*) as commit_count,
        coalesce(sum(commit_total_changed_lines), 0)::bigint as changed_lines,
        count(*) filter (where heavy_ai_flag) as heavy_count,
        count(*) filter (where heavy_ai_flag and merged_to_mainline_flag) as mainline_count,
        coalesce(sum(ai_added_lines_reaching_mainline) filter (where heavy_ai_flag), 0)::bigint as reached_lines,
        coalesce(sum(ai_added_lines_removed_within_window) filter (where heavy_ai_flag), 0)::bigint as removed_lines,
        count(*) filter (where heavy_ai_flag and merged_to_mainline_flag and bug_after_merge_flag) as bug_count,
        count(*) filter (where heavy_ai_flag and reverted_later_flag) as revert_count
    from view_change_metrics_base
    where $repository is null or repository = $repository

),

match_total as (

    select sum_where(matched_lines, true, (repository, commit_sha, provider, session_id)) as matched_lines
    from view_commit_session_metrics_base
    where provider <> 'human' and ($repository is null or repository = $repository)

)

select
    session_total.session_count,
    session_total.turn_count,
    rate(session_total.turn_count, session_total.session_count) as turns_per_session,
    session_total.first_change_minutes,
    session_total.first_change_count,
    rate(session_total.first_change_minutes, session_total.first_change_count) as minutes_to_first_change,
    session_total.loop_count,
    session_total.loop_known_count,
    rate(session_total.loop_count, session_total.loop_known_count) as debug_loop_rate,
    session_total.paste_count,
    session_total.paste_known_count,
    rate(session_total.paste_count, session_total.paste_known_count) as error_paste_rate,
    session_total.to_commit_count,
    rate(session_total.to_commit_count, session_total.session_count) as sessions_to_commit_rate,
    session_total.no_output_count,
    rate(session_total.no_output_count, session_total.session_count) as no_output_rate,
    change_total.commit_count,
    match_total.matched_lines,
    change_total.changed_lines,
    rate(match_total.matched_lines, change_total.changed_lines) as ai_share_of_lines,
    change_total.heavy_count,
    rate(change_total.heavy_count, change_total.commit_count) as heavy_ai_rate,
    change_total.mainline_count,
    rate(change_total.mainline_count, change_total.heavy_count) as mainline_rate,
    change_total.reached_lines,
    change_total.removed_lines,
    rate(change_total.removed_lines, change_total.reached_lines) as churn_rate,
    change_total.bug_count,
    rate(change_total.bug_count, change_total.mainline_count) as bug_rate,
    change_total.revert_count,
    rate(change_total.revert_count, change_total.heavy_count) as revert_rate
from session_total
cross join change_total
cross join match_total
