-- grain: one row per task, and per week if $weekly; the $limit tasks with most commits, in natural order
-- reads: view_session_metrics_base, view_task_session_metrics_base, view_branch_session_metrics_base,
--   view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- units: those of task_report, all of whose columns it has

select * -- noqa: AM04
from
    task_report(
        weekly := $weekly,
        of_repository := $repository,
        of_provider := $provider,
        of_model := $model,
        of_task := $task,
        of_branch := $branch,
        first_day := $first_day,
        last_day := $last_day
    )
where group_rank <= $limit
order by week_start asc nulls last, task_order(task_key) asc, group_rank asc
