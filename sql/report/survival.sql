-- grain: one row per (author_kind, age_days), up to 90 days, over all repositories or $repository
-- reads: view_line_survival
-- units: those of view_line_survival; age 0 is always there, where no line ended then with a share of 1

with ended as (

    select
        null::varchar as repository,
        author_kind,
        null::varchar as model_name,
        age_days,
        sum(removed_lines)::bigint as removed_lines,
        sum(censored_lines)::bigint as censored_lines
    from view_line_survival
    where author_kind in ('ai', 'human') and is_wanted(repository, $repository)
    group by author_kind, age_days
    union all
    select
        null as repository,
        author_kind,
        null as model_name,
        0 as age_days,
        0 as removed_lines,
        0 as censored_lines
    from view_line_survival
    where author_kind in ('ai', 'human') and is_wanted(repository, $repository)
    group by author_kind
    having min(age_days) > 0

)

select
    author_kind,
    age_days,
    at_risk_lines,
    removed_lines,
    surviving_share
from line_survival('ended')
where age_days <= 90
order by author_kind asc, age_days asc
