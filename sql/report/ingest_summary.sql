-- grain: one row per repository
-- reads: metadata_repositories, metadata_sessions, event_commit_outcome, raw_parse_error
-- units: sessions at home in the repository; commits and lines of the scan window, orphaned commits included
-- without: no-repository, which stands for sessions outside of every repository, when there are none

with session_counts as (

    select
        repository,
        count(*) filter (where is_home) as sessions
    from metadata_sessions
    group by repository

),

commit_counts as (

    select
        repository,
        count(*) as commits,
        sum(matched_total_lines)::bigint as matched_lines,
        sum(commit_total_changed_lines)::bigint as changed_lines
    from event_commit_outcome
    group by repository

),

error_counts as (

    select
        repository,
        count(*) as parse_errors
    from raw_parse_error
    group by repository

)

select
    metadata_repositories.repository,
    coalesce(session_counts.sessions, 0) as sessions,
    coalesce(commit_counts.commits, 0) as commits,
    coalesce(commit_counts.matched_lines, 0) as matched_lines,
    coalesce(commit_counts.changed_lines, 0) as changed_lines,
    coalesce(error_counts.parse_errors, 0) as parse_errors
from metadata_repositories
left join session_counts using (repository)
left join commit_counts using (repository)
left join error_counts using (repository)
where
    metadata_repositories.repository <> 'no-repository'
    or session_counts.sessions > 0
    or error_counts.parse_errors > 0
order by metadata_repositories.repository
