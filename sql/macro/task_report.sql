-- tasks: the sessions in a task's commits, and the commits; one row per ticket, and one, (no task), for all else. 0
-- rows when the filters leave nothing. A session weighs as much as it has lines in the task's commits, 1 if it has none
-- reads: view_session_metrics_base, view_task_session_metrics_base, view_branch_session_metrics_base,
--   view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- arguments: as those of session_report, without group_by
-- columns:
--   task_key, week_start (of a session's start, of a commit's time)
--   those of session_totals from session_count on; null = no session is known in the task's commits
--   commit_count, heavy_count, heavy_rate, mainline_count of judged_count: mainline_rate; total_added, total_removed
--   x_rate_low, x_rate_high: 95 % interval (Wilson)
--   is_few flag: less than 5 commits
--   group_rank count: 1 = the task with most commits, all weeks together; (no task) is last
create or replace macro task_report(
    weekly := false,
    of_repository := null,
    of_provider := null,
    of_model := null,
    of_task := null,
    of_branch := null,
    first_day := null,
    last_day := null
) as table
    with session as (

        select *
        from
            report_session(
                ['task'], weekly, of_repository, of_provider, of_model, of_task, of_branch, first_day, last_day
            )

    ),

    commit as (

        select *
        from
            report_commit(
                ['task'], weekly, of_repository, of_provider, of_model, of_task, of_branch, first_day, last_day, false
            )

    ),

    session_total as (

        select * exclude (repository, provider, model_name, branch_name)
        from session_totals('session')

    ),

    commit_total as (

        select
            task_key,
            week_start,
            commit_count,
            heavy_count,
            heavy_rate,
            heavy_rate_low,
            heavy_rate_high,
            judged_count,
            mainline_count,
            mainline_rate,
            mainline_rate_low,
            mainline_rate_high,
            total_added,
            total_removed
        from commit_totals('commit')

    ),

    together as (

        select
            coalesce(session_total.task_key, commit_total.task_key) as task_key,
            coalesce(session_total.week_start, commit_total.week_start) as week_start,
            session_total.* exclude (task_key, week_start),
            commit_total.* exclude (task_key, week_start)
        from commit_total
        full join session_total
            on
                commit_total.task_key = session_total.task_key
                and commit_total.week_start is not distinct from session_total.week_start

    ),

    sized as (

        select
            * replace (
                coalesce(session_count, 0) as session_count,
                coalesce(commit_count, 0) as commit_count,
                coalesce(heavy_count, 0) as heavy_count,
                coalesce(judged_count, 0) as judged_count,
                coalesce(mainline_count, 0) as mainline_count,
                coalesce(total_added, 0) as total_added,
                coalesce(total_removed, 0) as total_removed
            ),
            sum(commit_count) over (partition by task_key) as size
        from together

    )

    select
        task_key,
        week_start,
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
        loop_rate_low,
        loop_rate_high,
        paste_count,
        paste_known_count,
        paste_rate,
        paste_rate_low,
        paste_rate_high,
        to_commit_count,
        to_commit_known_count,
        to_commit_rate,
        to_commit_rate_low,
        to_commit_rate_high,
        no_output_count,
        no_output_known_count,
        no_output_rate,
        no_output_rate_low,
        no_output_rate_high,
        commit_count,
        heavy_count,
        heavy_rate,
        heavy_rate_low,
        heavy_rate_high,
        judged_count,
        mainline_count,
        mainline_rate,
        mainline_rate_low,
        mainline_rate_high,
        total_added,
        total_removed,
        is_few(commit_count) as is_few,
        dense_rank() over (order by task_key = '(no task)' asc, size desc nulls last, task_key asc) as group_rank
    from sized;
