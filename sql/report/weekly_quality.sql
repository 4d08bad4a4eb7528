-- grain: one row per model and week, of the last 26 weeks in which something was judged; the $limit models with most
--   judged commits, and people
-- reads: view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base,
--   view_line_metrics_base
-- units: those of quality_report, all of whose columns it has; a commit without a time has no week and is left out

select * -- noqa: AM04
from quality_report(group_by := ['model'], weekly := true, of_repository := $repository)
where (is_baseline or group_rank <= $limit) and week_start is not null and judged_count > 0
qualify dense_rank() over (order by week_start desc) <= 26
order by week_start asc, group_rank asc
