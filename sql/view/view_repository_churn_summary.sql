-- grain: one row per (model_name, week_start)
-- reads: view_commit_session_metrics_base
-- units: lines of heavy AI commits (rule heavy_ai), shared out among their sessions by share_of_ai; churn_rate from 0
--        to 1, null when no line reached the main line; a model without a heavy commit in the week has no row
-- columns:
--   repository
--   model_name
--   week_start
--   reached_lines number: AI lines that the commits brought to the main line
--   removed_lines number: those that main-line commits removed again within the window (rule churn)
--   churn_rate number: removed_lines of reached_lines

with heavy_commit_session as (

    select
        repository,
        model_name,
        week_start,
        share_of_ai * ai_added_lines_reaching_mainline as reached_lines,
        share_of_ai * ai_added_lines_removed_within_window as removed_lines,
        (commit_sha, provider, session_id) as row_key
    from view_commit_session_metrics_base
    where heavy_ai_flag

),

model_week as (

    select
        repository,
        model_name,
        week_start,
        sum_where(reached_lines, true, row_key) as reached_lines,
        sum_where(removed_lines, true, row_key) as removed_lines
    from heavy_commit_session
    group by repository, model_name, week_start

)

select
    repository,
    model_name,
    week_start,
    reached_lines,
    removed_lines,
    rate(removed_lines, reached_lines) as churn_rate
from model_week
