-- one row per group of a relation of sessions, given by its name: sums, and rates of sums, which are null when the
-- count below is 0; a session weighs 1, or as much as it has lines in what is looked at. The relation: repository,
-- provider, model_name, task_key, branch_name, week_start (the group; null = not grouped by it), session_key (names the
-- session), row_key (names the row), weight, user_turn_count, minutes_to_first_accepted_change, debug_loop_flag,
-- mid_session_error_paste_flag, to_commit_flag, accepted_output_flag. The intervals of weighted rates are those of as
-- many whole sessions as the weights are worth (Kish: square of the sum by sum of the squares), not of as many lines
create or replace macro session_totals(sessions) as table
    with session as (

        select
            repository,
            provider,
            model_name,
            task_key,
            branch_name,
            week_start,
            session_key,
            row_key,
            weight,
            weight * user_turn_count as turns,
            user_turn_count is not null as has_turns,
            weight * minutes_to_first_accepted_change as minutes,
            minutes_to_first_accepted_change is not null as has_minutes,
            debug_loop_flag,
            mid_session_error_paste_flag,
            to_commit_flag,
            user_turn_count is not null and not accepted_output_flag as has_no_output
        from query_table(sessions)

    ),

    total as (

        select
            repository,
            provider,
            model_name,
            task_key,
            branch_name,
            week_start,
            count(distinct session_key) as session_count,
            rate(sum_where(weight, true, row_key), sum_where(weight * weight, true, row_key)) as whole,
            sum_where(turns, true, row_key)::double as turn_count,
            sum_where(weight, has_turns, row_key)::double as turn_known_count,
            sum_where(minutes, true, row_key)::double as first_change_minutes,
            sum_where(weight, has_minutes, row_key)::double as first_change_count,
            sum_where(weight, debug_loop_flag, row_key)::double as loop_count,
            sum_where(weight, debug_loop_flag is not null, row_key)::double as loop_known_count,
            sum_where(weight, mid_session_error_paste_flag, row_key)::double as paste_count,
            sum_where(weight, mid_session_error_paste_flag is not null, row_key)::double as paste_known_count,
            sum_where(weight, to_commit_flag, row_key)::double as to_commit_count,
            sum_where(weight, true, row_key)::double as to_commit_known_count,
            sum_where(weight, has_no_output, row_key)::double as no_output_count
        from session
        group by repository, provider, model_name, task_key, branch_name, week_start

    )

    select
        repository,
        provider,
        model_name,
        task_key,
        branch_name,
        week_start,
        session_count,
        turn_count,
        turn_known_count,
        rate(turn_count, turn_known_count) as turns_per_session,
        first_change_minutes,
        first_change_count,
        rate(first_change_minutes, first_change_count) as minutes_to_first_change,
        loop_count,
        loop_known_count,
        rate(loop_count, loop_known_count) as loop_rate,
        wilson_low(whole * loop_count, whole * loop_known_count) as loop_rate_low,
        wilson_high(whole * loop_count, whole * loop_known_count) as loop_rate_high,
        paste_count,
        paste_known_count,
        rate(paste_count, paste_known_count) as paste_rate,
        wilson_low(whole * paste_count, whole * paste_known_count) as paste_rate_low,
        wilson_high(whole * paste_count, whole * paste_known_count) as paste_rate_high,
        to_commit_count,
        to_commit_known_count,
        rate(to_commit_count, to_commit_known_count) as to_commit_rate,
        wilson_low(whole * to_commit_count, whole * to_commit_known_count) as to_commit_rate_low,
        wilson_high(whole * to_commit_count, whole * to_commit_known_count) as to_commit_rate_high,
        no_output_count,
        turn_known_count as no_output_known_count,
        rate(no_output_count, turn_known_count) as no_output_rate,
        wilson_low(whole * no_output_count, whole * turn_known_count) as no_output_rate_low,
        wilson_high(whole * no_output_count, whole * turn_known_count) as no_output_rate_high
    from total;
