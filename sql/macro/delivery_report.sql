-- commits: what they are and whether they reached the main line, by group; one row per group, 0 rows when the filters
-- leave no commit. A commit counts once in each group that wrote AI lines of it
-- reads: view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- arguments:
--   group_by: list of repository, provider, model, task, branch; [] = all together
--   weekly: also by week
--   of_repository, of_provider, of_model, of_task, of_branch: only these; null = any; provider human = people alone
--   first_day, last_day: only commits of these UTC days or between; null = any
--   with_people: rows for commits that are not heavy, to compare with
-- columns:
--   repository, provider, model_name, task_key, branch_name, week_start
--   is_baseline flag: commits that are not heavy AI commits (rule heavy_ai): those of people
--   commit_count count: commits; heavy_count of them are heavy AI commits: heavy_rate
--   judged_count count: commits that the next rate judges: the heavy ones, all of the baseline
--   mainline_count count: those that reached the main line: mainline_rate of judged_count
--   total_added, total_removed count: lines of all the commits
--   x_rate_low, x_rate_high: 95 % interval (Wilson)
--   is_few flag: less than 5 judged commits
--   group_rank count: 1 = the group with most judged, then most commits, all weeks together; the baseline is last
create or replace macro delivery_report(
    group_by := ['model'],
    weekly := false,
    of_repository := null,
    of_provider := null,
    of_model := null,
    of_task := null,
    of_branch := null,
    first_day := null,
    last_day := null,
    with_people := true
) as table
    with judged as (

        select *
        from
            report_commit(
                group_by,
                weekly,
                of_repository,
                of_provider,
                of_model,
                of_task,
                of_branch,
                first_day,
                last_day,
                with_people
            )

    ),

    total as (

        select
            *,
            sum(judged_count) over same_group as size,
            sum(commit_count) over same_group as further_size
        from commit_totals('judged')
        window same_group as (partition by is_baseline, repository, provider, model_name, task_key, branch_name)

    )

    select
        repository,
        provider,
        model_name,
        task_key,
        branch_name,
        week_start,
        is_baseline,
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
        is_few(judged_count) as is_few,
        dense_rank() over (
            order by
                is_baseline asc,
                size desc,
                further_size desc,
                repository asc,
                provider asc,
                model_name asc,
                task_key asc,
                branch_name asc
        ) as group_rank
    from total;
