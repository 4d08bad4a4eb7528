-- grain: one row per session, at home in its repository, the one last active first, at most $limit
-- reads: view_session_productivity, view_task_session_metrics_base, view_branch_session_metrics_base
-- units: lines added and removed by applied changes; words of the user. The days are those on which sessions were last
--        active; a task or branch leaves the sessions with lines in its commits

with of_task as (

    select
        provider,
        session_id
    from view_task_session_metrics_base
    where is_wanted(task_key, $task)
    group by provider, session_id

),

of_branch as (

    select
        provider,
        session_id
    from view_branch_session_metrics_base
    where is_wanted(branch_name, $branch)
    group by provider, session_id

)

select
    view_session_productivity.repository,
    view_session_productivity.provider,
    view_session_productivity.model_name,
    view_session_productivity.session_id,
    view_session_productivity.project_path,
    view_session_productivity.last_active,
    view_session_productivity.total_loc,
    view_session_productivity.total_added,
    view_session_productivity.total_removed,
    view_session_productivity.user_word_count,
    rate(view_session_productivity.user_word_count, view_session_productivity.total_loc) as words_per_line
from view_session_productivity
left join of_task using (provider, session_id)
left join of_branch using (provider, session_id)
where
    view_session_productivity.is_home
    and is_wanted(view_session_productivity.repository, $repository)
    and is_wanted(view_session_productivity.provider, $provider)
    and is_wanted(view_session_productivity.model_name, $model)
    and ($task is null or of_task.session_id is not null)
    and ($branch is null or of_branch.session_id is not null)
    and is_between_days(view_session_productivity.last_active, $first_day, $last_day)
order by
    view_session_productivity.last_active desc nulls last,
    view_session_productivity.provider asc,
    view_session_productivity.session_id asc
limit $limit
