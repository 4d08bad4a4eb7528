-- grain: one row per repository
-- reads: metadata_repositories, metadata_sessions, event_commit_outcome, raw_parse_error
-- units: sessions at home in the repository; commits and lines of the scan window

with sessions as (

    select repository, count(*) filter (where is_home) as sessions from metadata_sessions group by repository

),

commits as (

    select
        repository,
        count(*) as commits,
        sum(matched_total_lines) as matched_lines,
        sum(commit_total_changed_lines) as changed_lines
    from event_commit_outcome
    group by repository

),

errors as (

    select repository, count(*) as parse_errors from raw_parse_error group by repository

)

select
    repository,
    coalesce(sessions, 0)::bigint as sessions,
    coalesce(commits, 0)::bigint as commits,
    coalesce(matched_lines, 0)::bigint as matched_lines,
    coalesce(changed_lines, 0)::bigint as changed_lines,
    coalesce(parse_errors, 0)::bigint as parse_errors
from metadata_repositories
left join sessions using (repository)
left join commits using (repository)
left join errors using (repository)
order by repository
