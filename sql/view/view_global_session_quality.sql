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
        provider,
        model_name,
        week_start,
        user_turn_count,
        minutes_to_first_accepted_change,
        debug_loop_flag,
        mid_session_error_paste_flag,
        session_commit_within_4h_flag,
        accepted_output_flag,
        (session_id, repository) as row_key
    from view_session_metrics_base
    where is_home

),

model_week as (

    select
        provider,
        model_name,
        week_start,
        count(*) as session_count,
        sum(user_turn_count)::bigint as turn_count,
        sum_where(minutes_to_first_accepted_change, true, row_key) as minutes_to_first_change_sum,
        count(minutes_to_first_accepted_change) as first_change_count,
        count(*) filter (where debug_loop_flag) as loop_count,
        count(debug_loop_flag) as loop_known_count,
        count(*) filter (where mid_session_error_paste_flag) as paste_count,
        count(mid_session_error_paste_flag) as paste_known_count,
        count(*) filter (where session_commit_within_4h_flag) as to_commit_count,
        count(*) filter (where not accepted_output_flag) as no_output_count
    from home_session
    group by provider, model_name, week_start

)

select
    provider,
    model_name,
    week_start,
    session_count,
    turn_count,
    rate(turn_count, session_count) as turns_per_session,
    minutes_to_first_change_sum,
    first_change_count,
    rate(minutes_to_first_change_sum, first_change_count) as minutes_to_first_change,
    loop_count,
    loop_known_count,
    rate(loop_count, loop_known_count) as loop_rate,
    paste_count,
    paste_known_count,
    rate(paste_count, paste_known_count) as paste_rate,
    to_commit_count,
    rate(to_commit_count, session_count) as to_commit_rate,
    no_output_count,
    rate(no_output_count, session_count) as no_output_rate
from model_week
