-- one row per commit in each group of a report, for commit_totals. If providers or models are asked for, a commit is in
-- the group of each that wrote AI lines of it, weighted by its share of these lines; else it is in one group, weight 1.
-- The rates judge heavy AI commits. with_people adds a baseline, in groups without regard to provider and model: the
-- commits that are not heavy, all of which are judged; whether AI lines of theirs had a bug is not known
-- reads: view_change_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- arguments: as those of delivery_report
create or replace macro report_commit(
    group_by, weekly, of_repository, of_provider, of_model, of_task, of_branch, first_day, last_day, with_people
) as table
    with tasked as (

        select
            view_change_metrics_base.repository,
            view_change_metrics_base.commit_sha,
            view_change_metrics_base.commit_time,
            view_change_metrics_base.week_start,
            view_change_metrics_base.heavy_ai_flag,
            view_change_metrics_base.merged_to_mainline_flag,
            view_change_metrics_base.reverted_later_flag,
            view_change_metrics_base.bug_after_merge_flag,
            view_change_metrics_base.szz_bug_flag,
            view_change_metrics_base.ai_added_lines_reaching_mainline as reached_lines,
            view_change_metrics_base.ai_added_lines_removed_within_window as removed_lines,
            view_change_metrics_base.total_added,
            view_change_metrics_base.total_removed,
            view_task_commit_metrics_base.task_key,
            coalesce(view_task_commit_metrics_base.branch_name, '(unknown)') as branch_name
        from view_change_metrics_base
        left join view_task_commit_metrics_base using (repository, commit_sha)

    ),

    changed as (

        select *
        from tasked
        where
            is_wanted(repository, of_repository)
            and is_wanted(task_key, of_task)
            and is_wanted(branch_name, of_branch)
            and is_between_days(commit_time, first_day, last_day)

    ),

    writer as (

        select
            repository,
            commit_sha,
            if(list_contains(group_by, 'provider'), provider, null) as provider,
            if(list_contains(group_by, 'model'), model_name, null) as model_name,
            share_of_ai,
            (provider, session_id) as row_key
        from view_commit_session_metrics_base
        where
            provider <> 'human'
            and is_by_writer(group_by, of_provider, of_model)
            and is_wanted(provider, of_provider)
            and is_wanted(model_name, of_model)

    ),

    written as (

        select
            repository,
            commit_sha,
            provider,
            model_name,
            sum_where(share_of_ai, true, row_key) as weight
        from writer
        group by repository, commit_sha, provider, model_name

    ),

    judged as (

        select
            changed.*,
            written.provider,
            written.model_name,
            written.weight,
            false as is_baseline
        from changed
        inner join written using (repository, commit_sha)
        union all
        select
            changed.*,
            null as provider,
            null as model_name,
            1 as weight,
            false as is_baseline
        from changed
        where not is_by_writer(group_by, of_provider, of_model)
        union all
        select
            changed.* replace (null as bug_after_merge_flag, null as reached_lines, null as removed_lines),
            if(list_contains(group_by, 'provider'), 'human', null) as provider,
            if(list_contains(group_by, 'model'), model_label('human', null), null) as model_name,
            1 as weight,
            true as is_baseline
        from changed
        where with_people and not heavy_ai_flag

    )

    select
        if(list_contains(group_by, 'repository'), repository, null) as repository,
        provider,
        model_name,
        if(list_contains(group_by, 'task'), task_label(task_key), null) as task_key,
        if(list_contains(group_by, 'branch'), branch_name, null) as branch_name,
        if(weekly, week_start, null) as week_start,
        is_baseline,
        repository as commit_repository,
        commit_sha,
        (repository, commit_sha) as row_key,
        weight,
        heavy_ai_flag,
        heavy_ai_flag or is_baseline as judged_flag,
        merged_to_mainline_flag,
        reverted_later_flag,
        bug_after_merge_flag,
        szz_bug_flag,
        reached_lines,
        removed_lines,
        total_added,
        total_removed
    from judged;
