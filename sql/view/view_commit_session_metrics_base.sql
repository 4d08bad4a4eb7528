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
--   szz_bug_flag
--   szz_signal_count
--   first_szz_commit_sha
--   first_szz_commit_time

with commit_session as (

    select
        repository,
        commit_sha,
        provider,
        session_id,
        model_name,
        matched_lines,
        share_of_commit,
        share_of_ai
    from event_commit_session

),

changed as (

    select
        repository,
        commit_sha,
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
        first_bug_signal_commit_time,
        szz_bug_flag,
        szz_signal_count,
        first_szz_commit_sha,
        first_szz_commit_time
    from view_change_metrics_base

)

select
    commit_session.repository,
    commit_session.commit_sha,
    commit_session.provider,
    commit_session.session_id,
    model_label(commit_session.provider, commit_session.model_name) as model_name,
    changed.commit_time,
    changed.week_start,
    commit_session.matched_lines,
    commit_session.share_of_commit,
    commit_session.share_of_ai,
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
    changed.first_bug_signal_commit_time,
    changed.szz_bug_flag,
    changed.szz_signal_count,
    changed.first_szz_commit_sha,
    changed.first_szz_commit_time
from commit_session
inner join changed using (repository, commit_sha)
