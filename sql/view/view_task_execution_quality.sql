-- grain: one row per (task_key)
-- reads: view_task_session_metrics_base, view_task_commit_metrics_base
-- units: a session weighs as much as it has lines in the task's commits, 1 when it has none; minutes; rates from 0 to
--        1, null when the count below is 0. A task that spans repositories has one row in each
-- columns:
--   repository
--   task_key
--   session_count count: sessions in the task's commits, unweighted; people are one if rule session_report counts them
--   weighted_turns number: user turns, weighted
--   turn_weight number: weight of the sessions with a user turn
--   turns_per_session number: weighted_turns per turn_weight
--   weighted_minutes_to_first_change number: minutes to the first applied change, weighted
--   first_change_weight number: weight of the sessions of which they are known
--   minutes_to_first_change number: weighted_minutes_to_first_change per first_change_weight
--   loop_count number: weight of the sessions with a debug loop
--   loop_known_count number: weight of the sessions of which that is known
--   loop_rate number: loop_count of loop_known_count
--   paste_count number: weight of the sessions with an error paste
--   paste_known_count number: weight of the sessions of which that is known
--   paste_rate number: paste_count of paste_known_count
--   to_commit_count number: weight of the sessions with a commit of the task, made from their start to soon after
--   to_commit_known_count number: weight of all sessions
--   to_commit_rate number: to_commit_count of to_commit_known_count
--   no_output_count number: weight of the sessions with a user turn and without an applied change of lines
--   no_output_known_count number: weight of the sessions with a user turn
--   no_output_rate number: no_output_count of no_output_known_count
--   commit_count count: commits of the task
--   heavy_count count: those that are heavy AI commits (rule heavy_ai)
--   heavy_rate number: heavy_count of commit_count
--   total_added count: lines that the commits add
--   total_removed count: lines that the commits remove

with task_session as (

    select
        repository,
        task_key,
        user_turn_count,
        minutes_to_first_accepted_change,
        debug_loop_flag,
        mid_session_error_paste_flag,
        commit_within_window_flag,
        user_turn_count is not null as has_turns,
        user_turn_count is not null and not accepted_output_flag as has_no_output,
        case when attribution_weight > 0 then attribution_weight else 1 end as weight,
        (provider, session_id) as row_key
    from view_task_session_metrics_base

),

task_commit as (

    select
        repository,
        task_key,
        heavy_ai_flag,
        total_added,
        total_removed
    from view_task_commit_metrics_base

),

sessions_of_task as (

    select
        repository,
        task_key,
        count(*) as session_count,
        sum_where(weight * user_turn_count, true, row_key) as weighted_turns,
        sum_where(weight, has_turns, row_key) as turn_weight,
        sum_where(weight * minutes_to_first_accepted_change, true, row_key) as weighted_minutes_to_first_change,
        sum_where(weight, minutes_to_first_accepted_change is not null, row_key) as first_change_weight,
        sum_where(weight, debug_loop_flag, row_key) as loop_count,
        sum_where(weight, debug_loop_flag is not null, row_key) as loop_known_count,
        sum_where(weight, mid_session_error_paste_flag, row_key) as paste_count,
        sum_where(weight, mid_session_error_paste_flag is not null, row_key) as paste_known_count,
        sum_where(weight, commit_within_window_flag, row_key) as to_commit_count,
        sum_where(weight, true, row_key) as to_commit_known_count,
        sum_where(weight, has_no_output, row_key) as no_output_count
    from task_session
    group by repository, task_key

),

commits_of_task as (

    select
        repository,
        task_key,
        count(*) as commit_count,
        count(*) filter (where heavy_ai_flag) as heavy_count,
        sum(total_added)::bigint as total_added,
        sum(total_removed)::bigint as total_removed
    from task_commit
    group by repository, task_key

),

together as (

    select
        repository,
        task_key,
        coalesce(sessions_of_task.session_count, 0) as session_count,
        coalesce(sessions_of_task.weighted_turns, 0) as weighted_turns,
        coalesce(sessions_of_task.turn_weight, 0) as turn_weight,
        coalesce(sessions_of_task.weighted_minutes_to_first_change, 0) as weighted_minutes_to_first_change,
        coalesce(sessions_of_task.first_change_weight, 0) as first_change_weight,
        coalesce(sessions_of_task.loop_count, 0) as loop_count,
        coalesce(sessions_of_task.loop_known_count, 0) as loop_known_count,
        coalesce(sessions_of_task.paste_count, 0) as paste_count,
        coalesce(sessions_of_task.paste_known_count, 0) as paste_known_count,
        coalesce(sessions_of_task.to_commit_count, 0) as to_commit_count,
        coalesce(sessions_of_task.to_commit_known_count, 0) as to_commit_known_count,
        coalesce(sessions_of_task.no_output_count, 0) as no_output_count,
        coalesce(commits_of_task.commit_count, 0) as commit_count,
        coalesce(commits_of_task.heavy_count, 0) as heavy_count,
        coalesce(commits_of_task.total_added, 0) as total_added,
        coalesce(commits_of_task.total_removed, 0) as total_removed
    from commits_of_task
    full join sessions_of_task using (repository, task_key)

)

select
    repository,
    task_key,
    session_count,
    weighted_turns,
    turn_weight,
    rate(weighted_turns, turn_weight) as turns_per_session,
    weighted_minutes_to_first_change,
    first_change_weight,
    rate(weighted_minutes_to_first_change, first_change_weight) as minutes_to_first_change,
    loop_count,
    loop_known_count,
    rate(loop_count, loop_known_count) as loop_rate,
    paste_count,
    paste_known_count,
    rate(paste_count, paste_known_count) as paste_rate,
    to_commit_count,
    to_commit_known_count,
    rate(to_commit_count, to_commit_known_count) as to_commit_rate,
    no_output_count,
    turn_weight as no_output_known_count,
    rate(no_output_count, turn_weight) as no_output_rate,
    commit_count,
    heavy_count,
    rate(heavy_count, commit_count) as heavy_rate,
    total_added,
    total_removed
from together
