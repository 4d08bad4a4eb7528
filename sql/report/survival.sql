-- grain: one row per (author_kind, age_days): each day from 0 to 90 that some lines of that kind were watched for
-- reads: view_line_survival
-- units: lines; days since the commit; over all repositories, or $repository. surviving_share as in macro line_survival
-- columns:
--   author_kind: ai or human
--   age_days count: the day
--   at_risk_lines count: lines that were watched up to this day: neither removed before it nor too young
--   line_count count: all lines of the kind
--   surviving_share number: estimated share of all lines that outlives this day, from 0 to 1

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

),

watched as (

    select
        author_kind,
        max(age_days) as last_day,
        sum(removed_lines + censored_lines)::bigint as line_count
    from ended
    group by author_kind

),

each_day as (

    select
        author_kind,
        line_count,
        unnest(range(0, least(last_day, 90) + 1)) as age_days
    from watched

),

at_risk as (

    select
        each_day.author_kind,
        each_day.age_days,
        each_day.line_count,
        sum(ended.removed_lines + ended.censored_lines)::bigint as at_risk_lines
    from each_day
    inner join ended on each_day.author_kind = ended.author_kind and each_day.age_days <= ended.age_days
    group by each_day.author_kind, each_day.age_days, each_day.line_count

),

curve as (

    select
        author_kind,
        age_days as ended_days,
        surviving_share
    from line_survival('ended')

)

select
    at_risk.author_kind,
    at_risk.age_days,
    at_risk.at_risk_lines,
    at_risk.line_count,
    coalesce(curve.surviving_share, 1) as surviving_share
from at_risk
asof left join curve on at_risk.author_kind = curve.author_kind and at_risk.age_days >= curve.ended_days
order by at_risk.author_kind asc, at_risk.age_days asc
