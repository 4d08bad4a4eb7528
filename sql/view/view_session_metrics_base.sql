-- grain: one row per (provider, session_id)
-- reads: event_session_quality, event_session_productivity
-- units: minutes; a flag is null when it cannot be told; only sessions with a user turn have a row
-- columns:
--   repository
--   provider
--   session_id
--   is_home
--   home_repository
--   model_name
--   started_at time: earliest record, else the first message or change; null = no time known
--   week_start date?: Monday of the UTC day on which the session started; null = no start known
--   user_turn_count
--   debug_loop_flag
--   mid_session_error_paste_flag
--   accepted_output_flag flag: a change of lines was applied; false also when it cannot be told
--   first_accepted_change_at
--   minutes_to_first_accepted_change
--   session_commit_within_4h_flag flag: a commit here, made from its start to 4 h after its end, holds its lines

with quality as (

    select
        repository,
        provider,
        session_id,
        is_home,
        home_repository,
        model_name,
        started_at,
        user_turn_count,
        debug_loop_flag,
        mid_session_error_paste_flag,
        accepted_output_flag,
        first_accepted_change_at,
        minutes_to_first_accepted_change,
        session_commit_within_4h_flag
    from event_session_quality

),

productivity as (

    select
        repository,
        provider,
        session_id,
        model_name,
        started_at
    from event_session_productivity

),

completed as (

    select
        quality.repository,
        quality.provider,
        quality.session_id,
        quality.is_home,
        quality.home_repository,
        coalesce(quality.model_name, productivity.model_name) as model_name,
        coalesce(quality.started_at, productivity.started_at) as started_at,
        quality.user_turn_count,
        quality.debug_loop_flag,
        quality.mid_session_error_paste_flag,
        quality.accepted_output_flag,
        quality.first_accepted_change_at,
        quality.minutes_to_first_accepted_change,
        quality.session_commit_within_4h_flag
    from quality
    left join productivity using (repository, provider, session_id)

)

select
    repository,
    provider,
    session_id,
    is_home,
    home_repository,
    model_label(provider, model_name) as model_name,
    started_at,
    week_start(started_at) as week_start,
    user_turn_count,
    debug_loop_flag,
    mid_session_error_paste_flag,
    coalesce(accepted_output_flag, false) as accepted_output_flag,
    first_accepted_change_at,
    minutes_to_first_accepted_change,
    coalesce(session_commit_within_4h_flag, false) as session_commit_within_4h_flag
from completed
