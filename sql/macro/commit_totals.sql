-- one row per group of a relation of commits, given by its name: counts, sums of weights, and rates of them, which are
-- null when the count below is 0. The relation has one row per commit and group; its columns: repository, provider,
-- model_name, task_key, branch_name, week_start (the group; null = not grouped by it), is_baseline, row_key (names the
-- commit), weight (share of the commit's AI lines that the group wrote; 1 = all of it), heavy_ai_flag, judged_flag (the
-- rates look at it), merged_to_mainline_flag, reverted_later_flag, bug_after_merge_flag, szz_bug_flag (null = nobody
-- looked), reached_lines, removed_lines, total_added, total_removed. Intervals take a weight for so much of a commit,
-- and lines for independent, which those of one commit are not: that of churn is too narrow
create or replace macro commit_totals(commits) as table
    with judged as (

        select
            repository,
            provider,
            model_name,
            task_key,
            branch_name,
            week_start,
            is_baseline,
            row_key,
            weight,
            weight * reached_lines as reached,
            weight * removed_lines as removed,
            total_added,
            total_removed,
            heavy_ai_flag as is_heavy,
            judged_flag as is_judged,
            judged_flag and merged_to_mainline_flag as is_merged,
            judged_flag and reverted_later_flag as is_reverted,
            judged_flag and merged_to_mainline_flag and bug_after_merge_flag as has_bug,
            judged_flag and merged_to_mainline_flag and bug_after_merge_flag is not null as is_bug_known,
            judged_flag and merged_to_mainline_flag and szz_bug_flag as has_szz_bug,
            judged_flag and merged_to_mainline_flag and szz_bug_flag is not null as is_szz_known
        from query_table(commits)

    ),

    total as (

        select
            repository,
            provider,
            model_name,
            task_key,
            branch_name,
            week_start,
            is_baseline,
            count(*) as commit_count,
            count(*) filter (where is_heavy) as heavy_count,
            count(*) filter (where is_judged) as judged_count,
            count(*) filter (where is_merged) as mainline_count,
            coalesce(sum(total_added), 0)::bigint as total_added,
            coalesce(sum(total_removed), 0)::bigint as total_removed,
            sum_where(reached, is_judged, row_key)::double as reached_lines,
            sum_where(removed, is_judged, row_key)::double as removed_lines,
            sum_where(weight, has_bug, row_key)::double as bug_count,
            sum_where(weight, is_bug_known, row_key)::double as bug_eligible_count,
            sum_where(weight, has_szz_bug, row_key)::double as szz_bug_count,
            sum_where(weight, is_szz_known, row_key)::double as szz_bug_eligible_count,
            sum_where(weight, is_reverted, row_key)::double as revert_count,
            sum_where(weight, is_judged, row_key)::double as revert_eligible_count
        from judged
        group by repository, provider, model_name, task_key, branch_name, week_start, is_baseline

    )

    select
        repository,
        provider,
        model_name,
        task_key,
        branch_name,
        week_start,
        is_baseline,
        commit_count,
        heavy_count,
        rate(heavy_count, commit_count) as heavy_rate,
        wilson_low(heavy_count, commit_count) as heavy_rate_low,
        wilson_high(heavy_count, commit_count) as heavy_rate_high,
        judged_count,
        mainline_count,
        rate(mainline_count, judged_count) as mainline_rate,
        wilson_low(mainline_count, judged_count) as mainline_rate_low,
        wilson_high(mainline_count, judged_count) as mainline_rate_high,
        total_added,
        total_removed,
        removed_lines,
        reached_lines,
        rate(removed_lines, reached_lines) as churn_rate,
        wilson_low(removed_lines, reached_lines) as churn_rate_low,
        wilson_high(removed_lines, reached_lines) as churn_rate_high,
        bug_count,
        bug_eligible_count,
        rate(bug_count, bug_eligible_count) as bug_rate,
        wilson_low(bug_count, bug_eligible_count) as bug_rate_low,
        wilson_high(bug_count, bug_eligible_count) as bug_rate_high,
        szz_bug_count,
        szz_bug_eligible_count,
        rate(szz_bug_count, szz_bug_eligible_count) as szz_bug_rate,
        wilson_low(szz_bug_count, szz_bug_eligible_count) as szz_bug_rate_low,
        wilson_high(szz_bug_count, szz_bug_eligible_count) as szz_bug_rate_high,
        revert_count,
        revert_eligible_count,
        rate(revert_count, revert_eligible_count) as revert_rate,
        wilson_low(revert_count, revert_eligible_count) as revert_rate_low,
        wilson_high(revert_count, revert_eligible_count) as revert_rate_high
    from total;
