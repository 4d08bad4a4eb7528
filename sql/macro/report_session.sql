-- one row per session in each group of a report, for session_totals: sessions at home in their repository, weight 1; if
-- tasks or branches are asked for, one row per (task, session) or (branch, session), weighted by the session's lines in
-- those commits, 1 when it has none
-- reads: view_session_metrics_base, view_task_session_metrics_base, view_branch_session_metrics_base
-- arguments: as those of session_report
create or replace macro report_session(
    group_by, weekly, of_repository, of_provider, of_model, of_task, of_branch, first_day, last_day
) as table
    with session as (

        select
            repository,
            provider,
            session_id,
            model_name,
            null::varchar as task_key,
            null::varchar as branch_name,
            started_at,
            week_start,
            1::double as weight,
            user_turn_count,
            minutes_to_first_accepted_change,
            debug_loop_flag,
            mid_session_error_paste_flag,
            session_commit_within_4h_flag as to_commit_flag,
            accepted_output_flag
        from view_session_metrics_base
        where
            is_home
            and not (list_contains(group_by, 'task') or of_task is not null)
            and not (list_contains(group_by, 'branch') or of_branch is not null)
        union all
        select
            repository,
            provider,
            session_id,
            model_name,
            task_key,
            branch_name,
            started_at,
            week_start,
            if(attribution_weight > 0, attribution_weight, 1) as weight,
            user_turn_count,
            minutes_to_first_accepted_change,
            debug_loop_flag,
            mid_session_error_paste_flag,
            commit_within_window_flag as to_commit_flag,
            accepted_output_flag
        from view_task_session_metrics_base
        where list_contains(group_by, 'task') or of_task is not null
        union all
        select
            repository,
            provider,
            session_id,
            model_name,
            null::varchar as task_key,
            branch_name,
            started_at,
            week_start,
            if(attribution_weight > 0, attribution_weight, 1) as weight,
            user_turn_count,
            minutes_to_first_accepted_change,
            debug_loop_flag,
            mid_session_error_paste_flag,
            commit_within_window_flag as to_commit_flag,
            accepted_output_flag
        from view_branch_session_metrics_base
        where
            (list_contains(group_by, 'branch') or of_branch is not null)
            and not (list_contains(group_by, 'task') or of_task is not null)

    )

    select
        if(list_contains(group_by, 'repository'), repository, null) as repository,
        if(list_contains(group_by, 'provider'), provider, null) as provider,
        if(list_contains(group_by, 'model'), model_name, null) as model_name,
        if(list_contains(group_by, 'task'), task_label(task_key), null) as task_key,
        if(list_contains(group_by, 'branch'), branch_name, null) as branch_name,
        if(weekly, week_start, null) as week_start,
        (provider, session_id) as session_key,
        (provider, session_id, repository, task_key, branch_name) as row_key,
        weight,
        user_turn_count,
        minutes_to_first_accepted_change,
        debug_loop_flag,
        mid_session_error_paste_flag,
        to_commit_flag,
        accepted_output_flag
    from session
    where
        is_wanted(repository, of_repository)
        and is_wanted(provider, of_provider)
        and is_wanted(model_name, of_model)
        and is_wanted(task_key, of_task)
        and is_wanted(branch_name, of_branch)
        and is_between_days(started_at, first_day, last_day);
