-- sessions: how they went, by group; one row per group, 0 rows when the filters leave no session. Sessions count where
-- they are at home; if tasks or branches are asked for, in each of them, weighted by their lines in its commits
-- reads: view_session_metrics_base, view_task_session_metrics_base, view_branch_session_metrics_base
-- arguments:
--   group_by: list of repository, provider, model, task, branch; [] = all together
--   weekly: also by week
--   of_repository, of_provider, of_model, of_task, of_branch: only these; null = any
--   first_day, last_day: only sessions that started on these UTC days or between; null = any
-- columns:
--   those of session_totals
--   is_few flag: less than 5 sessions
--   group_rank count: 1 = the group with most sessions, all weeks together
create or replace macro session_report(
    group_by := ['model'],
    weekly := false,
    of_repository := null,
    of_provider := null,
    of_model := null,
    of_task := null,
    of_branch := null,
    first_day := null,
    last_day := null
) as table
    with asked as (

        select *
        from
            report_session(
                group_by, weekly, of_repository, of_provider, of_model, of_task, of_branch, first_day, last_day
            )

    ),

    total as (

        select
            *,
            sum(session_count) over (partition by repository, provider, model_name, task_key, branch_name) as size
        from session_totals('asked')

    )

    select
        repository,
        provider,
        model_name,
        task_key,
        branch_name,
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
        is_few(session_count) as is_few,
        dense_rank()
            over (order by size desc, repository asc, provider asc, model_name asc, task_key asc, branch_name asc)
            as group_rank
    from total;
