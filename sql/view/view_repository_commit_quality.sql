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
        heavy_ai_flag as is_heavy,
        heavy_ai_flag and merged_to_mainline_flag as is_merged,
        heavy_ai_flag and merged_to_mainline_flag and bug_after_merge_flag as has_bug,
        heavy_ai_flag and merged_to_mainline_flag and szz_bug_flag as has_szz_bug,
        heavy_ai_flag and reverted_later_flag as is_reverted,
        (commit_sha, provider, session_id) as row_key
    from view_commit_session_metrics_base

),

model_week as (

    select
        repository,
        model_name,
        week_start,
        count(distinct commit_sha) as commit_count,
        count(distinct commit_sha) filter (where is_heavy) as heavy_count,
        count(distinct commit_sha) filter (where is_merged) as mainline_count,
        sum_where(share_of_ai, has_bug, row_key) as bug_count,
        sum_where(share_of_ai, is_merged, row_key) as bug_eligible_count,
        sum_where(share_of_ai, has_szz_bug, row_key) as szz_bug_count,
        sum_where(share_of_ai, is_reverted, row_key) as revert_count,
        sum_where(share_of_ai, is_heavy, row_key) as revert_eligible_count
    from commit_session
    group by repository, model_name, week_start

)

select
    repository,
    model_name,
    week_start,
    commit_count,
    heavy_count,
    rate(heavy_count, commit_count) as heavy_rate,
    mainline_count,
    rate(mainline_count, heavy_count) as mainline_rate,
    bug_count,
    bug_eligible_count,
    rate(bug_count, bug_eligible_count) as bug_rate,
    szz_bug_count,
    rate(szz_bug_count, bug_eligible_count) as szz_bug_rate,
    revert_count,
    revert_eligible_count,
    rate(revert_count, revert_eligible_count) as revert_rate
from model_week
