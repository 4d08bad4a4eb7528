-- grain: one row per (task_key, provider, session_id)
-- reads: event_task_session
-- units: attribution_weight in lines; minutes; a flag is null when the session has no user turn
-- columns:
--   repository
--   task_key
--   provider
--   session_id
--   branch_name
--   model_name
--   started_at
--   week_start date?: Monday of the UTC day on which the session started; null = no start known
--   attribution_weight
--   user_turn_count
--   debug_loop_flag
--   mid_session_error_paste_flag
--   accepted_output_flag flag: a change of lines was applied; false also when it cannot be told
--   first_accepted_change_at
--   minutes_to_first_accepted_change
--   commit_within_window_flag

select
    repository,
    task_key,
    provider,
    session_id,
    branch_name,
    model_label(provider, model_name) as model_name,
    started_at,
    week_start(started_at) as week_start,
    attribution_weight,
    user_turn_count,
    debug_loop_flag,
    mid_session_error_paste_flag,
    coalesce(accepted_output_flag, false) as accepted_output_flag,
    first_accepted_change_at,
    minutes_to_first_accepted_change,
    commit_within_window_flag
from event_task_session
where counted_in_sessions_flag
