-- grain: one row per (branch_name, commit_sha)
-- reads: view_task_commit_metrics_base
-- units: lines; the commits of view_task_commit_metrics_base, each of which has one task and one branch
-- columns:
--   repository
--   branch_name
--   commit_sha
--   fallback_flag
--   confidence
--   commit_time
--   week_start
--   heavy_ai_flag
--   merged_to_mainline_flag
--   mainline_reached_at
--   reverted_later_flag
--   commit_total_changed_lines
--   total_added
--   total_removed
--   ai_added_lines_reaching_mainline
--   ai_added_lines_removed_within_window
--   bug_after_merge_flag
--   bug_signal_count
--   first_bug_signal_commit_sha
--   first_bug_signal_commit_time

select
    repository,
    branch_name,
    commit_sha,
    fallback_flag,
    confidence,
    commit_time,
    week_start,
    heavy_ai_flag,
    merged_to_mainline_flag,
    mainline_reached_at,
    reverted_later_flag,
    commit_total_changed_lines,
    total_added,
    total_removed,
    ai_added_lines_reaching_mainline,
    ai_added_lines_removed_within_window,
    bug_after_merge_flag,
    bug_signal_count,
    first_bug_signal_commit_sha,
    first_bug_signal_commit_time
from view_task_commit_metrics_base
