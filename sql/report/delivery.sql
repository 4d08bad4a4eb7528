-- grain: one row per group, and per week if $weekly; the $limit groups with most judged commits, tasks in natural order
-- reads: view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- units: those of delivery_report, all of whose columns it has

select * -- noqa: AM04
from
    delivery_report(
        group_by := $group_by,
        weekly := $weekly,
        of_repository := $repository,
        of_provider := $provider,
        of_model := $model,
        of_task := $task,
        of_branch := $branch,
        first_day := $first_day,
        last_day := $last_day,
        with_people := $with_people
    )
where is_baseline or group_rank <= $limit
order by week_start asc nulls last, task_order(task_key) asc, group_rank asc
