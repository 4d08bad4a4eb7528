-- grain: one row per (task_key)
-- reads: view_task_session_metrics_base, view_task_commit_metrics_base
-- units: sessions weigh as many lines as they have in the task's commits, at least 1; minutes; rates from 0 to 1, null when
--        the count below is 0. A task that spans repositories has one row in each
-- columns:
--   repository
--   task_key
--   session_count count: sessions with lines in the task's commits
--   weighted_turns number: user turns, weighted
--   turn_weight number: weight of the sessions with a known number of turns
--   turns_per_session number: weighted_turns per turn_weight
--   weighted_minutes_to_first_change number: minutes to the first applied change, weighted
--   first_change_weight number: weight of the sessions with a first change
--   minutes_to_first_change number: weighted_minutes_to_first_change per first_change_weight
--   loop_count number: weight of the sessions with a debug loop
--   loop_known_count number: weight of the sessions of which that is known
--   loop_rate number: loop_count of loop_known_count
--   paste_count number: weight of the sessions with an error paste
--   paste_known_count number: weight of the sessions of which that is known
--   paste_rate number: paste_count of paste_known_count
--   to_commit_count number: weight of the sessions with a commit of the task soon after
--   to_commit_known_count number: weight of all sessions
--   to_commit_rate number: to_commit_count of to_commit_known_count
--   no_output_count number: weight of the sessions without an applied change
--   no_output_known_count number: weight of the sessions with a known number of turns
--   no_output_rate number: no_output_count of no_output_known_count
--   commit_count count: commits of the task
--   heavy_count count: those that are mostly AI (rule heavy_ai)
--   heavy_rate number: heavy_count of commit_count
--   total_added count: lines that the commits add
--   total_removed count: lines that the commits remove

with weighted as (

    select
        *,
        case when attribution_weight > 0 then attribution_weight else 1 end as weight
    from view_task_session_metrics_base

),

sessions as (

    select
        repository,
        task_key,
        count(*) as session_count,
        sum(weight * user_turn_count order by provider, session_id) as weighted_turns,
        sum(weight order by provider, session_id) filter (where user_turn_count is not null) as turn_weight,
        sum(weight * minutes_to_first_accepted_change order by provider, session_id) as weighted_minutes,
        sum(weight order by provider, session_id) filter (
            where minutes_to_first_accepted_change is not null
        ) as first_change_weight,
        sum(weight order by provider, session_id) filter (where debug_loop_flag) as loop_count,
        sum(weight order by provider, session_id) filter (where debug_loop_flag is not null) as loop_known_count,
        sum(weight order by provider, session_id) filter (where mid_session_error_paste_flag) as paste_count,
        sum(weight order by provider, session_id) filter (
            where mid_session_error_paste_flag is not null
        ) as paste_known_count,
        sum(weight order by provider, session_id) filter (where commit_within_window_flag) as to_commit_count,
        sum(weight order by provider, session_id) as to_commit_known_count,
        sum(weight order by provider, session_id) filter (
            where user_turn_count is not null and not accepted_output_flag
        ) as no_output_count
    from weighted
    group by repository, task_key

),

commits as (

    select
        repository,
        task_key,
        count(*) as commit_count,
        count(*) filter (where heavy_ai_flag) as heavy_count,
        sum(total_added) as total_added,
        sum(total_removed) as total_removed
    from view_task_commit_metrics_base
    group by repository, task_key

)

select
    repository,
    task_key,
    coalesce(session_count, 0) as session_count,
    coalesce(weighted_turns, 0) as weighted_turns,
    coalesce(turn_weight, 0) as turn_weight,
    rate(weighted_turns, turn_weight) as turns_per_session,
    coalesce(weighted_minutes, 0) as weighted_minutes_to_first_change,
    coalesce(first_change_weight, 0) as first_change_weight,
    rate(weighted_minutes, first_change_weight) as minutes_to_first_change,
    coalesce(loop_count, 0) as loop_count,
    coalesce(loop_known_count, 0) as loop_known_count,
    rate(coalesce(loop_count, 0), loop_known_count) as loop_rate,
    coalesce(paste_count, 0) as paste_count,
    coalesce(paste_known_count, 0) as paste_known_count,
    rate(coalesce(paste_count, 0), paste_known_count) as paste_rate,
    coalesce(to_commit_count, 0) as to_commit_count,
    coalesce(to_commit_known_count, 0) as to_commit_known_count,
    rate(coalesce(to_commit_count, 0), to_commit_known_count) as to_commit_rate,
    coalesce(no_output_count, 0) as no_output_count,
    coalesce(turn_weight, 0) as no_output_known_count,
    rate(coalesce(no_output_count, 0), turn_weight) as no_output_rate,
    coalesce(commit_count, 0) as commit_count,
    coalesce(heavy_count, 0) as heavy_count,
    rate(coalesce(heavy_count, 0), commit_count) as heavy_rate,
    coalesce(total_added, 0) as total_added,
    coalesce(total_removed, 0) as total_removed
from commits
full join sessions using (repository, task_key)
