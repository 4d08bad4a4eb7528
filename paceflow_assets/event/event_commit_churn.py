"""How many AI lines reached the main line, and how many of them were removed again soon?"""

from typing import NamedTuple

import polars as pl

from paceflow_assets import matching
from paceflow_assets.rule.churn import Churn, window_ms
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import TIME, count, flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "commit_time": time("committer date"),
    "ai_added_lines_reaching_mainline": count("AI lines that the commit brought, if it reached the main line, else 0"),
    "ai_added_lines_removed_within_window": count("those that main-line commits removed within the window"),
    "churn_window_days": count("length of the window, days"),
    "counted_flag": flag("views count it (rule orphaned_commit)"),
}
KEY = ["repository", "commit_sha"]
REMOVALS = """
    select
        brought.item,
        brought.rel_path,
        brought.line_hash,
        brought.lines,
        removed.item as removed_by,
        removed.happened_at as removed_at,
        coalesce(removed.lines, 0) as removed
    from brought
    inner join windows using (item)
    left join removed
        on removed.rel_path = brought.rel_path and removed.line_hash = brought.line_hash
            and removed.happened_at between windows.first_at and windows.last_at
"""


@table(
    grain=("commit_sha",),
    columns=COLUMNS,
    parents={"event_commit_outcome": tuple(KEY)},
    reads={
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed"),
        "fact_mainline_commit": ("commit_sha", "commit_time"),
        "event_commit_outcome": (*KEY, "commit_time", "merged_to_mainline_flag", "mainline_reached_at", "counted_flag"),
    },
)
def event_commit_churn(
    event_commit_outcome: pl.DataFrame,
    fact_commit_ai_line: pl.LazyFrame,
    fact_commit_line: pl.LazyFrame,
    fact_mainline_commit: pl.DataFrame,
    line_match: LineMatch,
    churn: Churn,
    sql: Sql,
) -> pl.DataFrame:
    """One row per commit of fact_commit. Removals are counted by file and text, up to the lines that the commit brought."""
    found = sides(event_commit_outcome, fact_commit_ai_line, fact_commit_line, fact_mainline_commit, line_match, churn, sql)
    reached = sql(
        f"""
        with removals as ({REMOVALS}),

        per_line as (

            select item, any_value(lines) as lines, sum(removed) as removed
            from removals
            group by item, rel_path, line_hash

        )

        select item, sum(lines)::bigint as reached_lines, sum(least(lines, removed))::bigint as removed_lines
        from per_line
        group by item
        """,
        **found.frames,
    )
    named = reached.with_columns(found.items.text(reached["item"]).alias("commit_sha"))
    return event_commit_outcome.join(named, on="commit_sha", how="left").with_columns(
        pl.col("reached_lines").fill_null(0).alias("ai_added_lines_reaching_mainline"),
        pl.col("removed_lines").fill_null(0).alias("ai_added_lines_removed_within_window"),
        pl.lit(churn.window_days, dtype=pl.Int64).alias("churn_window_days"),
    )


class Sides(NamedTuple):
    """Frames of `REMOVALS` (brought, windows, removed), with the commits and paths that their numbers stand for."""

    items: matching.Names
    paths: matching.Names
    frames: dict[str, pl.DataFrame]


def sides(
    outcomes: pl.DataFrame,
    ai_lines: pl.LazyFrame,
    commit_lines: pl.LazyFrame,
    mainline_commits: pl.DataFrame,
    line_match: LineMatch,
    churn: Churn,
    sql: Sql,
) -> Sides:
    """What the commits of `outcomes` brought to the main line, and what main-line commits removed of the same texts."""
    merged = outcomes.filter("merged_to_mainline_flag")
    items = matching.Names.of("commit_sha", outcomes, mainline_commits)
    paths = matching.Names.of("rel_path", commit_lines, ai_lines)
    brought = matching.ai_bags(ai_lines.join(merged.lazy(), on="commit_sha", how="semi"), items, paths)
    common = matching.among(commit_lines, hash_column(line_match), brought)

    def bags(sides: str) -> pl.DataFrame:
        return matching.commit_bags(sql, common, mainline_commits, hash_column(line_match), items, paths, sides)

    removed = bags("-") if churn.counts_moves else without_moves(sql, bags("-"), bags("+"))
    times = windows(merged, churn).select(items.number("commit_sha").alias("item"), "first_at", "last_at")
    return Sides(items, paths, {"brought": brought, "removed": removed, "windows": times})


def removals(found: Sides, sql: Sql) -> pl.DataFrame:
    """commit_sha, removed_by, removed_at, rel_path, lines: who removed how many of the lines that count as removed.

    A text that more was removed of than the commit brought counts for the earliest removals.
    """
    rows = sql(
        f"""
        with removals as ({REMOVALS}),

        running as (

            select
                *,
                sum(removed) over (
                    partition by item, rel_path, line_hash order by removed_at, removed_by
                    rows between unbounded preceding and current row
                ) as removed_so_far
            from removals
            where removed > 0

        )

        select
            item, removed_by, removed_at, rel_path,
            sum(least(lines, removed_so_far) - least(lines, removed_so_far - removed))::bigint as lines
        from running
        where removed_so_far - removed < lines
        group by item, removed_by, removed_at, rel_path
        order by item, removed_at, removed_by, rel_path
        """,
        **found.frames,
    )
    return rows.select(
        found.items.text(rows["item"]).alias("commit_sha"),
        found.items.text(rows["removed_by"]),
        "removed_at",
        found.paths.text(rows["rel_path"]),
        "lines",
    )


def windows(commits: pl.DataFrame, rule: Churn) -> pl.DataFrame:
    """commit_sha, first_at, last_at: when a removal of the commit's lines counts."""
    times = commits.select("commit_sha", pl.col("commit_time", "mainline_reached_at").dt.epoch("ms")).rows()
    rows = [(sha, *window_ms(rule, commit_ms, reached_ms)) for sha, commit_ms, reached_ms in times if commit_ms is not None]
    return rows_of({"commit_sha": pl.String, "first_at": TIME, "last_at": TIME}, rows)


def without_moves(sql: Sql, removed: pl.DataFrame, additions: pl.DataFrame) -> pl.DataFrame:
    """Bags of removed lines without what the same commit adds again.

    A line added again makes up for one removal of the same text: in its own file first, then in path order.
    """
    return sql(
        """
        with added as (

            select item, line_hash, sum(lines) as added_lines from additions group by item, line_hash

        ),

        running as (

            select
                removed.*,
                coalesce(added_lines, 0) as added_lines,
                sum(removed.lines) over (
                    partition by removed.item, removed.line_hash
                    order by additions.item is null, removed.rel_path
                    rows between unbounded preceding and current row
                ) as removed_so_far
            from removed
            left join added using (item, line_hash)
            left join additions
                on additions.item = removed.item and additions.rel_path = removed.rel_path
                    and additions.line_hash = removed.line_hash

        )

        select
            * exclude (added_lines, removed_so_far)
                replace (greatest(least(lines, removed_so_far - added_lines), 0) as lines)
        from running
        """,
        removed=removed,
        additions=additions,
    )
