-- Kaplan-Meier estimate per group of a relation of lines by the age at which they ended, given by its name; one row per
-- group and age. The relation: repository, author_kind, model_name (the group; null = not grouped by it), age_days,
-- removed_lines, censored_lines (still there when the history ends). surviving_share is the product, over every age up
-- to this one, of 1 - removed_lines / at_risk_lines; standard_error that of Greenwood, as if lines ended independently
create or replace macro line_survival(ended_lines) as table
    with at_risk as (

        select
            repository,
            author_kind,
            model_name,
            age_days,
            (sum(removed_lines + censored_lines) over from_here)::bigint as at_risk_lines,
            removed_lines,
            censored_lines
        from query_table(ended_lines)
        window
            from_here as (
                partition by repository, author_kind, model_name
                order by age_days
                rows between current row and unbounded following
            )

    ),

    -- the product is exact where it becomes 0; a sum of logarithms is not defined there
    surviving as (

        select
            repository,
            author_kind,
            model_name,
            age_days,
            at_risk_lines,
            removed_lines,
            censored_lines,
            product(1 - removed_lines / at_risk_lines) over up_to_here as surviving_share,
            sum(removed_lines / nullif(at_risk_lines * (at_risk_lines - removed_lines), 0)) over up_to_here as variation
        from at_risk
        window
            up_to_here as (
                partition by repository, author_kind, model_name
                order by age_days
                rows between unbounded preceding and current row
            )

    )

    select
        repository,
        author_kind,
        model_name,
        age_days,
        at_risk_lines,
        removed_lines,
        censored_lines,
        surviving_share,
        case when surviving_share > 0 then surviving_share * sqrt(variation) end as standard_error
    from surviving;
