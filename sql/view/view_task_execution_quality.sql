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
        null as provider,
        null as model_name,
        task_key,
        null as branch_name,
        null as week_start,
        (provider, session_id) as session_key,
        (provider, session_id) as row_key,
        if(attribution_weight > 0, attribution_weight, 1) as weight,
        user_turn_count,
        minutes_to_first_accepted_change,
        debug_loop_flag,
        mid_session_error_paste_flag,
        commit_within_window_flag as to_commit_flag,
        accepted_output_flag
    from view_task_session_metrics_base

),

task_commit as (

    select
        repository,
        task_key,
        count(*) as commit_count,
        count(*) filter (where heavy_ai_flag) as heavy_count,
        sum(total_added)::bigint as total_added,
        sum(total_removed)::bigint as total_removed
    from view_task_commit_metrics_base
    group by repository, task_key

),

sessions_of_task as (

    select
        repository,
        task_key,
        session_count,
        turn_count,
        turn_known_count,
        turns_per_session,
        first_change_minutes,
        first_change_count,
        minutes_to_first_change,
        loop_count,
        loop_known_count,
        loop_rate,
        paste_count,
        paste_known_count,
        paste_rate,
        to_commit_count,
        to_commit_known_count,
        to_commit_rate,
        no_output_count,
        no_output_known_count,
        no_output_rate
    from session_totals('task_session')

)

select
    repository,
    task_key,
    coalesce(sessions_of_task.session_count, 0) as session_count,
    coalesce(sessions_of_task.turn_count, 0) as weighted_turns,
    coalesce(sessions_of_task.turn_known_count, 0) as turn_weight,
    sessions_of_task.turns_per_session,
    coalesce(sessions_of_task.first_change_minutes, 0) as weighted_minutes_to_first_change,
    coalesce(sessions_of_task.first_change_count, 0) as first_change_weight,
    sessions_of_task.minutes_to_first_change,
    coalesce(sessions_of_task.loop_count, 0) as loop_count,
    coalesce(sessions_of_task.loop_known_count, 0) as loop_known_count,
    sessions_of_task.loop_rate,
    coalesce(sessions_of_task.paste_count, 0) as paste_count,
    coalesce(sessions_of_task.paste_known_count, 0) as paste_known_count,
    sessions_of_task.paste_rate,
    coalesce(sessions_of_task.to_commit_count, 0) as to_commit_count,
    coalesce(sessions_of_task.to_commit_known_count, 0) as to_commit_known_count,
    sessions_of_task.to_commit_rate,
    coalesce(sessions_of_task.no_output_count, 0) as no_output_count,
    coalesce(sessions_of_task.no_output_known_count, 0) as no_output_known_count,
    sessions_of_task.no_output_rate,
    coalesce(task_commit.commit_count, 0) as commit_count,
    coalesce(task_commit.heavy_count, 0) as heavy_count,
    rate(coalesce(task_commit.heavy_count, 0), coalesce(task_commit.commit_count, 0)) as heavy_rate,
    coalesce(task_commit.total_added, 0) as total_added,
    coalesce(task_commit.total_removed, 0) as total_removed
from task_commit
full join sessions_of_task using (repository, task_key)
