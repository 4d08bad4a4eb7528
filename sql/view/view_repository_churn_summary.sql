-- grain: one row per (model_name, week_start)
-- reads: view_commit_session_metrics_base
-- units: lines of mostly-AI commits, shared out among models by share_of_ai; churn_rate from 0 to 1, null when no line
--        reached the main line
-- columns:
--   repository
--   model_name
--   week_start
--   reached_lines number: AI lines that reached the main line
--   removed_lines number: those that were removed again within the window (rule churn)
--   churn_rate number: removed_lines of reached_lines

with per_model as (

    select
        repository,
        model_name,
        week_start,
        sum(share_of_ai * ai_added_lines_reaching_mainline order by commit_sha, provider, session_id) as reached_lines,
        sum(share_of_ai * ai_added_lines_removed_within_window order by commit_sha, provider, session_id) as removed_lines
    from view_commit_session_metrics_base
    where heavy_ai_flag
    group by repository, model_name, week_start

)

select
    repository,
    model_name,
    week_start,
    reached_lines,
    removed_lines,
    rate(removed_lines, reached_lines) as churn_rate
from per_model
