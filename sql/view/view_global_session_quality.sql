-- grain: one row per (provider, model_name, week_start) over the home sessions of all repositories
-- reads: view_session_metrics_base
-- units: sessions; minutes; rates from 0 to 1, null when the count below is 0. A session in several repositories
--        counts once, where it is at home; to_commit looks at commits of its home repository
-- columns:
--   provider
--   model_name
--   week_start
--   session_count count: sessions with a user turn
--   turn_count count: their user turns
--   turns_per_session number: turn_count per session_count
--   minutes_to_first_change_sum number: minutes to the first applied change, all sessions of which they are known
--   first_change_count count: sessions of which they are known
--   minutes_to_first_change number: minutes_to_first_change_sum per first_change_count
--   loop_count count: sessions with a debug loop
--   loop_known_count count: sessions of which that is known
--   loop_rate number: loop_count of loop_known_count
--   paste_count count: sessions with an error paste
--   paste_known_count count: sessions of which that is known
--   paste_rate number: paste_count of paste_known_count
--   to_commit_count count: sessions with a commit that holds their lines, made from their start to soon after their end
--   to_commit_rate number: to_commit_count of session_count
--   no_output_count count: sessions without an applied change of lines
--   no_output_rate number: no_output_count of session_count

with home_session as (

    select
        null as repository,
        provider,
        model_name,
        null as task_key,
        null as branch_name,
        week_start,
        session_id as session_key,
        (session_id, repository) as row_key,
        1 as weight,
        user_turn_count,
        minutes_to_first_accepted_change,
        debug_loop_flag,
        mid_session_error_paste_flag,
        session_commit_within_4h_flag as to_commit_flag,
        accepted_output_flag
    from view_session_metrics_base
    where is_home

)

select
    provider,
    model_name,
    week_start,
    session_count,
    turn_count::bigint as turn_count,
    turns_per_session,
    first_change_minutes as minutes_to_first_change_sum,
    first_change_count::bigint as first_change_count,
    minutes_to_first_change,
    loop_count::bigint as loop_count,
    loop_known_count::bigint as loop_known_count,
    loop_rate,
    paste_count::bigint as paste_count,
    paste_known_count::bigint as paste_known_count,
    paste_rate,
    to_commit_count::bigint as to_commit_count,
    to_commit_rate,
    no_output_count::bigint as no_output_count,
    no_output_rate
from session_totals('home_session')
