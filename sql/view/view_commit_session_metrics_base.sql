-- grain: one row per (commit_sha, provider, session_id)
-- reads: event_commit_session, view_change_metrics_base
-- units: lines; shares from 0 to 1; the commit's columns repeat for each of its sessions: weigh them by share_of_ai
-- columns:
--   repository
--   commit_sha
--   provider
--   session_id
--   model_name
--   commit_time
--   week_start
--   matched_lines
--   share_of_commit
--   share_of_ai
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
    work.repository,
    work.commit_sha,
    work.provider,
    work.session_id,
    model_label(work.provider, work.model_name) as model_name,
    change.commit_time,
    change.week_start,
    work.matched_lines,
    work.share_of_commit,
    work.share_of_ai,
    change.heavy_ai_flag,
    change.merged_to_mainline_flag,
    change.mainline_reached_at,
    change.reverted_later_flag,
    change.commit_total_changed_lines,
    change.total_added,
    change.total_removed,
    change.ai_added_lines_reaching_mainline,
    change.ai_added_lines_removed_within_window,
    change.bug_after_merge_flag,
    change.bug_signal_count,
    change.first_bug_signal_commit_sha,
    change.first_bug_signal_commit_time
from event_commit_session as work
inner join view_change_metrics_base as change using (repository, commit_sha)
