-- grain: one row per (author_kind, model_name, age_days)
-- reads: event_line_lifetime
-- units: lines; days since the commit. Kaplan-Meier, as in macro line_survival: lines too young to be older count for
--        as long as they are known. Ages at which no line ended have no row: the share there is that of the age before,
--        and 1 before the first
-- columns:
--   repository
--   author_kind
--   model_name
--   age_days
--   at_risk_lines count: lines that reached this age: neither removed nor too young
--   removed_lines count: those of them that were removed at this age, in whole days
--   censored_lines count: those of them that still stood when the newest main-line commit was made, at this age
--   surviving_share number: estimated share of all lines that outlives this age, from 0 to 1
--   standard_error number: of that share (Greenwood), as if lines ended independently; null when it is 0

with lifetime as (

    select
        repository,
        coalesce(author_kind, '(unknown)') as author_kind,
        model_label(provider, model_name) as model_name,
        age_days,
        coalesce(removed_flag, false) as is_removed,
        line_count
    from event_line_lifetime
    where counted_flag and line_count > 0 and age_days >= 0

),

ended as (

    select
        repository,
        author_kind,
        model_name,
        age_days,
        coalesce(sum(line_count) filter (where is_removed), 0)::bigint as removed_lines,
        coalesce(sum(line_count) filter (where not is_removed), 0)::bigint as censored_lines
    from lifetime
    group by repository, author_kind, model_name, age_days

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
    standard_error
from line_survival('ended')
