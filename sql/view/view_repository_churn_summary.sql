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
        commit_sha,
        share_of_ai,
        ai_added_lines_reaching_mainline,
        ai_added_lines_removed_within_window,
        (provider, session_id) as row_key
    from view_commit_session_metrics_base
    where heavy_ai_flag

),

model_commit as (

    select
        repository,
        null as provider,
        model_name,
        null as task_key,
        null as branch_name,
        week_start,
        false as is_baseline,
        commit_sha as row_key,
        sum_where(share_of_ai, true, row_key) as weight,
        true as heavy_ai_flag,
        true as judged_flag,
        false as merged_to_mainline_flag,
        false as reverted_later_flag,
        false as bug_after_merge_flag,
        false as szz_bug_flag,
        ai_added_lines_reaching_mainline as reached_lines,
        ai_added_lines_removed_within_window as removed_lines,
        0 as total_added,
        0 as total_removed
    from heavy_commit_session
    group by
        repository,
        model_name,
        week_start,
        commit_sha,
        ai_added_lines_reaching_mainline,
        ai_added_lines_removed_within_window

)

select
    repository,
    model_name,
    week_start,
    reached_lines,
    removed_lines,
    churn_rate
from commit_totals('model_commit')
