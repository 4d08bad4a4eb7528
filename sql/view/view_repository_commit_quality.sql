-- grain: one row per (model_name, week_start)
-- reads: view_commit_session_metrics_base
-- units: commits; rates from 0 to 1, null when the count below is 0. A commit counts once for each model that has a
--        session in it (commit_count to mainline_rate); bugs and reverts are weighted by the share of the commit's AI
--        lines that the model's sessions have. human/(unknown) stands for people
-- columns:
--   repository
--   model_name
--   week_start
--   commit_count count: commits in which the model has a session
--   heavy_count count: those that are heavy AI commits (rule heavy_ai)
--   heavy_rate number: heavy_count of commit_count
--   mainline_count count: heavy commits that reached the main line
--   mainline_rate number: mainline_count of heavy_count
--   bug_count number: weight of the heavy commits on the main line that a later fix touched (rule bug_after_merge)
--   bug_eligible_count number: weight of the heavy commits on the main line
--   bug_rate number: bug_count of bug_eligible_count
--   szz_bug_count number: weight of those of which a later fix removed lines that git traces to them
--   szz_bug_rate number: szz_bug_count of bug_eligible_count
--   revert_count number: weight of the heavy commits that were reverted, on the main line or not
--   revert_eligible_count number: weight of the heavy commits
--   revert_rate number: revert_count of revert_eligible_count

with commit_session as (

    select
        repository,
        model_name,
        week_start,
        commit_sha,
        share_of_ai,
        heavy_ai_flag,
        merged_to_mainline_flag,
        reverted_later_flag,
        bug_after_merge_flag,
        szz_bug_flag,
        (provider, session_id) as row_key
    from view_commit_session_metrics_base

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
        heavy_ai_flag,
        heavy_ai_flag as judged_flag,
        merged_to_mainline_flag,
        reverted_later_flag,
        bug_after_merge_flag,
        szz_bug_flag,
        0 as reached_lines,
        0 as removed_lines,
        0 as total_added,
        0 as total_removed
    from commit_session
    group by
        repository,
        model_name,
        week_start,
        commit_sha,
        heavy_ai_flag,
        merged_to_mainline_flag,
        reverted_later_flag,
        bug_after_merge_flag,
        szz_bug_flag

)

select
    repository,
    model_name,
    week_start,
    commit_count,
    heavy_count,
    heavy_rate,
    mainline_count,
    mainline_rate,
    bug_count,
    bug_eligible_count,
    bug_rate,
    szz_bug_count,
    szz_bug_rate,
    revert_count,
    revert_eligible_count,
    revert_rate
from commit_totals('model_commit')
