-- grain: one row per session of the last 200 that went round in a debug loop, was given an error or changed nothing;
--   the $limit with most of these, then with most prompts
-- reads: view_session_metrics_base, view_session_productivity
-- units: sessions at home in their repository that have a start; a flag is false where it is not known, too
-- columns:
--   looked_count count: the sessions looked at, at most 200
--   notable_count count: those of them with a row, whatever $limit is

with recent as (

    select
        repository,
        provider,
        session_id,
        model_name,
        started_at,
        user_turn_count,
        coalesce(debug_loop_flag, false) as is_loop,
        coalesce(mid_session_error_paste_flag, false) as is_paste,
        not accepted_output_flag as is_without_output,
        session_commit_within_4h_flag as is_committed
    from view_session_metrics_base
    where is_home and started_at is not null and is_wanted(repository, $repository)
    order by started_at desc, provider asc, session_id asc
    limit 200

),

weighed as (

    select
        *,
        is_loop::integer + is_paste::integer + is_without_output::integer as reason_count,
        count(*) over () as looked_count
    from recent

),

notable as (

    select
        *,
        count(*) over () as notable_count
    from weighed
    where reason_count > 0

)

select
    notable.repository,
    notable.provider,
    notable.session_id,
    notable.model_name,
    notable.started_at,
    notable.user_turn_count,
    notable.is_loop,
    notable.is_paste,
    notable.is_without_output,
    notable.is_committed,
    view_session_productivity.total_added,
    view_session_productivity.total_removed,
    notable.looked_count,
    notable.notable_count
from notable
left join view_session_productivity using (repository, provider, session_id)
order by
    notable.reason_count desc,
    notable.user_turn_count desc,
    notable.started_at desc,
    notable.provider asc,
    notable.session_id asc
limit $limit
