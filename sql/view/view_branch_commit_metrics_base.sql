-- grain: one row per (branch_name, commit_sha)
-- reads: event_task_commit, event_commit_outcome, event_commit_churn, event_commit_bug_signal
-- units: lines; commits that no head contains are left out unless rule orphaned_commit counts them
-- columns:
--   repository
--   branch_name
--   commit_sha
--   fallback_flag
--   confidence
--   commit_time
--   week_start date?: Monday of the UTC day of the commit
--   heavy_ai_flag
--   merged_to_mainline_flag
--   mainline_reached_at
--   reverted_later_flag
--   commit_total_changed_lines
--   total_added
--   total_removed
--   ai_added_lines_reaching_mainline
--   ai_added_lines_removed_within_window
--   bug_after_merge_flag flag: a later fix removed AI lines of the commit
--   bug_signal_count
--   first_bug_signal_commit_sha
--   first_bug_signal_commit_time

select
    task.repository,
    task.branch_name,
    task.commit_sha,
    task.fallback_flag,
    task.confidence,
    task.commit_time,
    week_start(task.commit_time) as week_start,
    outcome.heavy_ai_flag,
    outcome.merged_to_mainline_flag,
    outcome.mainline_reached_at,
    outcome.reverted_later_flag,
    outcome.commit_total_changed_lines,
    outcome.total_added,
    outcome.total_removed,
    churn.ai_added_lines_reaching_mainline,
    churn.ai_added_lines_removed_within_window,
    coalesce(bug.bug_after_merge_flag, false) as bug_after_merge_flag,
    coalesce(bug.bug_signal_count, 0) as bug_signal_count,
    bug.first_bug_signal_commit_sha,
    bug.first_bug_signal_commit_time
from event_task_commit as task
left join event_commit_outcome as outcome using (repository, commit_sha)
left join event_commit_churn as churn using (repository, commit_sha)
left join event_commit_bug_signal as bug using (repository, commit_sha)
where task.counted_flag
