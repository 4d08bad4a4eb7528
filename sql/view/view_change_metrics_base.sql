-- grain: one row per (commit_sha)
-- reads: event_commit_outcome, event_commit_churn, event_commit_bug_signal
-- units: lines; commits that no head contains are left out unless rule orphaned_commit counts them
-- columns:
--   repository
--   commit_sha
--   commit_time
--   week_start date?: Monday of the UTC day of the commit; null = no commit time known
--   heavy_ai_flag
--   merged_to_mainline_flag
--   mainline_reached_at
--   reverted_later_flag
--   commit_total_changed_lines
--   total_added
--   total_removed
--   ai_added_lines_reaching_mainline
--   ai_added_lines_removed_within_window
--   bug_after_merge_flag flag: a later fix removed AI lines of the commit; false also when nobody looked for one
--   bug_signal_count count: such fixes; 0 also when nobody looked for one
--   first_bug_signal_commit_sha
--   first_bug_signal_commit_time
--   szz_bug_flag flag: a later fix removed lines that git traces to the commit; false also when nobody looked for one
--   szz_signal_count count: such fixes; 0 also when nobody looked for one
--   first_szz_commit_sha
--   first_szz_commit_time

with outcome as (

    select
        repository,
        commit_sha,
        commit_time,
        heavy_ai_flag,
        merged_to_mainline_flag,
        mainline_reached_at,
        reverted_later_flag,
        commit_total_changed_lines,
        total_added,
        total_removed
    from event_commit_outcome
    where counted_flag

),

churn as (

    select
        repository,
        commit_sha,
        ai_added_lines_reaching_mainline,
        ai_added_lines_removed_within_window
    from event_commit_churn

),

bug_signal as (

    select
        repository,
        commit_sha,
        bug_after_merge_flag,
        bug_signal_count,
        first_bug_signal_commit_sha,
        first_bug_signal_commit_time,
        szz_bug_flag,
        szz_signal_count,
        first_szz_commit_sha,
        first_szz_commit_time
    from event_commit_bug_signal

)

select
    outcome.repository,
    outcome.commit_sha,
    outcome.commit_time,
    week_start(outcome.commit_time) as week_start,
    outcome.heavy_ai_flag,
    outcome.merged_to_mainline_flag,
    outcome.mainline_reached_at,
    outcome.reverted_later_flag,
    outcome.commit_total_changed_lines,
    outcome.total_added,
    outcome.total_removed,
    churn.ai_added_lines_reaching_mainline,
    churn.ai_added_lines_removed_within_window,
    coalesce(bug_signal.bug_after_merge_flag, false) as bug_after_merge_flag,
    coalesce(bug_signal.bug_signal_count, 0) as bug_signal_count,
    bug_signal.first_bug_signal_commit_sha,
    bug_signal.first_bug_signal_commit_time,
    coalesce(bug_signal.szz_bug_flag, false) as szz_bug_flag,
    coalesce(bug_signal.szz_signal_count, 0) as szz_signal_count,
    bug_signal.first_szz_commit_sha,
    bug_signal.first_szz_commit_time
from outcome
inner join churn using (repository, commit_sha)
left join bug_signal using (repository, commit_sha)
