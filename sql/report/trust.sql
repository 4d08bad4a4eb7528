-- grain: one row for all repositories, or for $repository
-- reads: view_session_productivity, view_change_metrics_base, view_commit_session_metrics_base, raw_parse_error
-- units: repositories with a session or a commit; sessions where they are at home; commits that count (rule
--        orphaned_commit); parse errors are records of logs, or answers of git, that could not be read
-- columns:
--   repository_count count: repositories
--   session_count count: sessions at home in them, and those without a repository
--   homeless_session_count count: sessions without a repository
--   commit_count count: commits
--   unmatched_commit_count count: those of which no session explains a line
--   parse_error_count count: what could not be read

with session_total as (

    select
        count(*) as session_count,
        count(*) filter (where repository = 'no-repository') as homeless_session_count
    from view_session_productivity
    where is_home and is_wanted(repository, $repository)

),

commit_total as (

    select count(*) as commit_count
    from view_change_metrics_base
    where is_wanted(repository, $repository)

),

matched_commit as (

    select
        repository,
        commit_sha
    from view_commit_session_metrics_base
    where provider <> 'human' and is_wanted(repository, $repository)
    group by repository, commit_sha

),

matched_total as (

    select count(*) as matched_commit_count
    from matched_commit

),

error_total as (

    select count(*) as parse_error_count
    from raw_parse_error
    where is_wanted(repository, $repository)

),

known_repository as (

    select repository
    from view_session_productivity
    union
    select repository
    from view_change_metrics_base

),

repository_total as (

    select count(*) as repository_count
    from known_repository
    where repository <> 'no-repository' and is_wanted(repository, $repository)

)

select
    repository_total.repository_count,
    session_total.session_count,
    session_total.homeless_session_count,
    commit_total.commit_count,
    commit_total.commit_count - matched_total.matched_commit_count as unmatched_commit_count,
    error_total.parse_error_count
from session_total
cross join commit_total
cross join matched_total
cross join error_total
cross join repository_total
