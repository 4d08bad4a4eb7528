-- grain: one row per (commit_sha, author_kind)
-- reads: event_line_lifetime, event_commit_churn
-- units: lines of main-line commits; the window is that of rule churn, in whole days from the commit; a line younger
--        than that counts as added all the same
-- columns:
--   repository
--   commit_sha
--   author_kind text: ai, human, or (unknown)
--   commit_time
--   week_start date: Monday of the UTC day of the commit; null = no commit time known
--   added_lines count: lines that the commit added to the main line, written by this kind of author
--   removed_within_window_lines count: those of them that main-line commits removed within the window

with churn_window as (

    select
        repository,
        max(churn_window_days) as churn_window_days
    from event_commit_churn
    group by repository

),

lifetime as (

    select
        repository,
        commit_sha,
        coalesce(author_kind, '(unknown)') as author_kind,
        commit_time,
        line_count,
        removed_flag,
        age_days
    from event_line_lifetime
    where counted_flag

)

select
    lifetime.repository,
    lifetime.commit_sha,
    lifetime.author_kind,
    max(lifetime.commit_time) as commit_time,
    week_start(max(lifetime.commit_time)) as week_start,
    coalesce(sum(lifetime.line_count), 0)::bigint as added_lines,
    coalesce(
        sum(lifetime.line_count) filter (
            where lifetime.removed_flag and lifetime.age_days < churn_window.churn_window_days
        ),
        0
    )::bigint as removed_within_window_lines
from lifetime
left join churn_window using (repository)
group by lifetime.repository, lifetime.commit_sha, lifetime.author_kind
