-- grain: one row per (model_name, week_start)
-- reads: view_commit_session_metrics_base
-- units: commits; rates from 0 to 1, null when the count below is 0. A commit counts once for each model that wrote in it
--        (commit_count to mainline_rate); bugs and reverts are weighted by the model's share of the commit's AI lines
-- columns:
--   repository
--   model_name
--   week_start
--   commit_count count: commits with lines of the model
--   heavy_count count: those that are mostly AI (rule heavy_ai)
--   heavy_rate number: heavy_count of commit_count
--   mainline_count count: heavy commits that reached the main line
--   mainline_rate number: mainline_count of heavy_count
--   bug_count number: weighted heavy commits on the main line that a later fix touched
--   bug_eligible_count number: weighted heavy commits on the main line
--   bug_rate number: bug_count of bug_eligible_count
--   revert_count number: weighted heavy commits that were reverted
--   revert_eligible_count number: weighted heavy commits
--   revert_rate number: revert_count of revert_eligible_count

with per_model as (

    select
        repository,
        model_name,
        week_start,
        count(distinct commit_sha) as commit_count,
        count(distinct commit_sha) filter (where heavy_ai_flag) as heavy_count,
        count(distinct commit_sha) filter (where heavy_ai_flag and merged_to_mainline_flag) as mainline_count,
        coalesce(sum(share_of_ai order by commit_sha, provider, session_id) filter (
            where heavy_ai_flag and merged_to_mainline_flag and bug_after_merge_flag
        ), 0) as bug_count,
        coalesce(sum(share_of_ai order by commit_sha, provider, session_id) filter (
            where heavy_ai_flag and merged_to_mainline_flag
        ), 0) as bug_eligible_count,
        coalesce(sum(share_of_ai order by commit_sha, provider, session_id) filter (
            where heavy_ai_flag and reverted_later_flag
        ), 0) as revert_count,
        coalesce(sum(share_of_ai order by commit_sha, provider, session_id) filter (where heavy_ai_flag), 0) as revert_eligible_count
    from view_commit_session_metrics_base
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
    revert_count,
    revert_eligible_count,
    rate(revert_count, revert_eligible_count) as revert_rate
from per_model
