-- grain: one row per (task_key, commit_sha)
-- reads: event_task_commit, view_change_metrics_base
-- units: lines; commits that no head contains are left out unless rule orphaned_commit counts them; of a commit
--        without an outcome everything from heavy_ai_flag on is null
-- columns:
--   repository
--   task_key
--   commit_sha
--   branch_name
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

with task_commit as (

    select
        repository,
        task_key,
        commit_sha,
        branch_name,
        fallback_flag,
        confidence,
        commit_time
    from event_task_commit
    where counted_flag

),

changed as (

    select
        repository,
        commit_sha,
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
    from view_change_metrics_base

)

select
    task_commit.repository,
    task_commit.task_key,
    task_commit.commit_sha,
    task_commit.branch_name,
    task_commit.fallback_flag,
    task_commit.confidence,
    task_commit.commit_time,
    week_start(task_commit.commit_time) as week_start,
    changed.heavy_ai_flag,
    changed.merged_to_mainline_flag,
    changed.mainline_reached_at,
    changed.reverted_later_flag,
    changed.commit_total_changed_lines,
    changed.total_added,
    changed.total_removed,
    changed.ai_added_lines_reaching_mainline,
    changed.ai_added_lines_removed_within_window,
    changed.bug_after_merge_flag,
    changed.bug_signal_count,
    changed.first_bug_signal_commit_sha,
    changed.first_bug_signal_commit_time
from task_commit
left join changed using (repository, commit_sha)
