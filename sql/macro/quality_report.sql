-- commits: whether they held up, by group; one row per group, 0 rows when the filters leave no commit. Heavy AI commits
-- are judged (rule heavy_ai), and of the baseline all others. Where providers or models are asked for, a commit weighs
-- as much in a group as it wrote of the commit's AI lines
-- reads: view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base,
--   view_line_metrics_base
-- arguments: as those of delivery_report
-- columns:
--   repository, provider, model_name, task_key, branch_name, week_start
--   is_baseline flag: commits that are not heavy AI commits: those of people
--   judged_count count: commits that are judged
--   mainline_count count: those of them that reached the main line
--   removed_lines of reached_lines: churn_rate. AI lines that reached the main line, and those removed again within the
--     window (rule churn); of the baseline: lines of people in main-line commits, and those removed within as many days
--   bug_count of bug_eligible_count: bug_rate. Weight of the commits on the main line that a later fix touched (rule
--     bug_after_merge, by equal text); not known of the baseline
--   szz_bug_count of szz_bug_eligible_count: szz_bug_rate. The same by git blame, in files that sessions changed
--   revert_count of revert_eligible_count: revert_rate. Weight of the commits that were reverted
--   x_rate_low, x_rate_high: 95 % interval (Wilson), as if lines and commits were independent
--   is_few flag: less than 5 judged commits
--   group_rank count: 1 = the group with most judged commits, all weeks together; the baseline is last
create or replace macro quality_report(
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
    with line as (

        select
            repository as commit_repository,
            commit_sha,
            added_lines,
            removed_within_window_lines
        from view_line_metrics_base
        where author_kind = 'human'

    ),

    judged as (

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

    lined as (

        select
            judged.* replace (
                if(judged.is_baseline, line.added_lines, judged.reached_lines) as reached_lines,
                if(judged.is_baseline, line.removed_within_window_lines, judged.removed_lines) as removed_lines
            )
        from judged
        left join line using (commit_repository, commit_sha)

    ),

    total as (

        select
            *,
            sum(judged_count) over same_group as size
        from commit_totals('lined')
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
        judged_count,
        mainline_count,
        removed_lines,
        reached_lines,
        churn_rate,
        churn_rate_low,
        churn_rate_high,
        bug_count,
        bug_eligible_count,
        bug_rate,
        bug_rate_low,
        bug_rate_high,
        szz_bug_count,
        szz_bug_eligible_count,
        szz_bug_rate,
        szz_bug_rate_low,
        szz_bug_rate_high,
        revert_count,
        revert_eligible_count,
        revert_rate,
        revert_rate_low,
        revert_rate_high,
        is_few(judged_count) as is_few,
        dense_rank() over (
            order by
                is_baseline asc,
                size desc,
                repository asc,
                provider asc,
                model_name asc,
                task_key asc,
                branch_name asc
        ) as group_rank
    from total;
