-- grain: one row per session at home that went round in a debug loop, was given an error or changed nothing; the $limit
--   with most of these, then with most prompts
-- reads: view_session_metrics_base, view_session_productivity
-- units: user turns; flags as in view_session_metrics_base; null = not known

with flagged as (

    select
        repository,
        provider,
        session_id,
        model_name,
        started_at,
        user_turn_count,
        debug_loop_flag,
        mid_session_error_paste_flag,
        not accepted_output_flag as no_output_flag,
        session_commit_within_4h_flag,
        coalesce(debug_loop_flag, false)::integer
        + coalesce(mid_session_error_paste_flag, false)::integer
        + (not accepted_output_flag)::integer as reason_count
    from view_session_metrics_base
    where
        is_home
        and is_wanted(repository, $repository)
        and is_between_days(started_at, $first_day, $last_day)

)

select
    flagged.repository,
    flagged.provider,
    flagged.session_id,
    flagged.model_name,
    flagged.started_at,
    flagged.user_turn_count,
    flagged.debug_loop_flag,
    flagged.mid_session_error_paste_flag,
    flagged.no_output_flag,
    flagged.session_commit_within_4h_flag,
    view_session_productivity.total_added,
    view_session_productivity.total_removed
from flagged
left join view_session_productivity using (repository, provider, session_id)
where flagged.reason_count > 0
order by
    flagged.reason_count desc,
    flagged.user_turn_count desc,
    flagged.started_at desc nulls last,
    flagged.provider asc,
    flagged.session_id asc
limit $limit
