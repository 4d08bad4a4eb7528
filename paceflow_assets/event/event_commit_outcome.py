"""What became of the commit: how much of it is AI's, did it reach the main line, was it reverted?"""

from functools import partial
from typing import NamedTuple

import polars as pl

from paceflow_assets import matching
from paceflow_assets.rule.heavy_ai import HeavyAi, is_heavy
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.rule.orphaned_commit import OrphanedCommit, is_counted
from paceflow_assets.rule.path_fallback import PathFallback, chosen_path, least_wanted_lines
from paceflow_assets.rule.squash_merge import SquashMerge, is_merged
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.table import count, flag, number, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "commit_time": time("committer date"),
    "mainline_reached_at": time("when the commit, or its AI lines, reached the main line; null = not yet"),
    "heavy_ai_flag": flag("sessions explain at least half of the changed lines (rule heavy_ai)"),
    "merged_to_mainline_flag": flag("the main line contains the commit, or added its AI lines (rule squash_merge)"),
    "reverted_later_flag": flag("a later commit says that it reverts this one"),
    "total_matched_ai_lines": count("changed lines that sessions explain"),
    "commit_total_changed_lines": count("added and removed lines, lock files left out"),
    "total_added": count("added lines, lock files left out"),
    "total_removed": count("removed lines, lock files left out"),
    "matched_added_lines": count("added lines that sessions explain"),
    "matched_removed_lines": count("removed lines that sessions explain"),
    "matched_total_lines": count("same as total_matched_ai_lines"),
    "ai_share": number("share of the changed lines that sessions explain, from 0 to 1; 0 for an empty commit"),
    "ai_added_lines": count("AI lines that the commit brought: added lines that sessions wrote in the same file"),
    "reachable": flag("a present head, or the default branch's remote head, contains the commit"),
    "counted_flag": flag("views count it (rule orphaned_commit)"),
}
KEY = ["repository", "commit_sha"]
FOUND = f"""
    select
        demand.item,
        demand.lines as wanted,
        supply.item as mainline_item,
        supply.lines as added,
        supply.happened_at as found_at
    from demand inner join supply
        on supply.rel_path = coalesce(demand.supply_path, demand.rel_path) and supply.line_hash = demand.line_hash
            and {matching.SUPPLY_LATER}
"""


@table(
    grain=("commit_sha",),
    columns=COLUMNS,
    parents={"fact_commit": tuple(KEY)},
    reads={
        "fact_commit": (*KEY, "commit_time", "total_added", "total_removed", "reachable"),
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed", "word_characters"),
    },
)
def event_commit_outcome(
    fact_commit: pl.DataFrame,
    fact_commit_line: pl.LazyFrame,
    fact_commit_session_match: pl.DataFrame,
    fact_commit_revert: pl.DataFrame,
    fact_commit_ai_line: pl.LazyFrame,
    fact_mainline_commit: pl.DataFrame,
    line_match: LineMatch,
    path_fallback: PathFallback,
    heavy_ai: HeavyAi,
    squash_merge: SquashMerge,
    orphaned_commit: OrphanedCommit,
    sql: Sql,
) -> pl.DataFrame:
    """One row per commit of fact_commit. A commit reaches the main line itself, or its AI lines do by squash or rebase."""
    sides = landing(fact_commit, fact_commit_ai_line, fact_commit_line, fact_mainline_commit, line_match, squash_merge, sql)
    found = landed_lines(sql, sides, path_fallback)
    landed = found.with_columns(sides.items.text(found["item"]).alias("commit_sha"))
    matched = fact_commit_session_match.group_by("commit_sha", maintain_order=True).agg(
        pl.col("matched_added_lines", "matched_removed_lines").sum().round().cast(pl.Int64)
    )
    brought = (
        fact_commit_ai_line.group_by("commit_sha")
        .agg(pl.col("lines").sum().alias("ai_added_lines"))
        .collect(engine="streaming")
    )
    reverted = fact_commit_revert.group_by("commit_sha").agg(pl.col("revert_time").min())
    commits = (
        fact_commit.join(matched, on="commit_sha", how="left")
        .join(brought, on="commit_sha", how="left")
        .join(landed, on="commit_sha", how="left")
        .join(reverted, on="commit_sha", how="left")
        .join(fact_mainline_commit.select("commit_sha", pl.lit(True).alias("on_mainline")), on="commit_sha", how="left")
        .with_columns(
            pl.col("matched_added_lines", "matched_removed_lines", "ai_added_lines", "asked_lines", "found_lines").fill_null(0),
            pl.col("on_mainline").fill_null(False),
            (pl.col("total_added") + pl.col("total_removed")).alias("commit_total_changed_lines"),
        )
        .with_columns((pl.col("matched_added_lines") + pl.col("matched_removed_lines")).alias("matched_total_lines"))
    )
    heavy = [is_heavy(heavy_ai, *row) for row in commits.select("matched_total_lines", "commit_total_changed_lines").rows()]
    by_lines = [is_merged(squash_merge, *row) for row in commits.select("found_lines", "asked_lines").rows()]
    counted = [is_counted(orphaned_commit, reachable) for reachable in commits["reachable"]]
    merged_by_lines = pl.Series("by_lines", by_lines, dtype=pl.Boolean)
    return commits.with_columns(merged_by_lines).with_columns(
        pl.Series("heavy_ai_flag", heavy, dtype=pl.Boolean),
        pl.Series("counted_flag", counted, dtype=pl.Boolean),
        (pl.col("on_mainline") | pl.col("by_lines")).alias("merged_to_mainline_flag"),
        pl.when("on_mainline").then("commit_time").when("by_lines").then("first_found_at").alias("mainline_reached_at"),
        (pl.col("revert_time") > pl.col("commit_time")).fill_null(False).alias("reverted_later_flag"),
        pl.col("matched_total_lines").alias("total_matched_ai_lines"),
        (pl.col("matched_total_lines") / pl.col("commit_total_changed_lines")).fill_nan(0.0).alias("ai_share"),
    )


class Landing(NamedTuple):
    """AI lines of commits off the main line, and what main-line commits added of the same texts, with their names."""

    items: matching.Names
    paths: matching.Names
    asked: pl.DataFrame
    supply: pl.DataFrame


def landing(
    commits: pl.DataFrame,
    ai_lines: pl.LazyFrame,
    commit_lines: pl.LazyFrame,
    mainline_commits: pl.DataFrame,
    line_match: LineMatch,
    squash_merge: SquashMerge,
    sql: Sql,
) -> Landing:
    """What to look for on the main line, and where."""
    items = matching.Names.of("commit_sha", commits, mainline_commits, ai_lines)
    paths = matching.Names.of("rel_path", commit_lines, ai_lines)
    off_mainline = ai_lines.join(mainline_commits.lazy(), on="commit_sha", how="anti")
    asked = matching.ai_bags(off_mainline, items, paths)
    if squash_merge.informative_only:
        characters, files = line_match.informative_characters, line_match.informative_files
        dull = matching.dull_hashes(sql, commit_lines, hash_column(line_match), characters, files, paths)
        asked = asked.join(dull, on="line_hash", how="anti")
    common = matching.among(commit_lines, hash_column(line_match), asked)
    added = matching.commit_bags(sql, common, mainline_commits, hash_column(line_match), items, paths, "+")
    return Landing(items, paths, asked, added.with_columns(pl.lit("mainline").alias("source")))


def landed_files(sql: Sql, sides: Landing, rule: PathFallback) -> pl.DataFrame:
    """item, rel_path, file_lines (AI lines looked for), found (on the main line), supply_path (another path; null = its own).

    Main-line commits of the same time or later are looked through; per file and text the largest single commit counts. A
    file that is found too little under its own path is looked for under others (rule path_fallback).
    """
    later = {"order": matching.SUPPLY_LATER}
    files = sides.asked.group_by("item", "rel_path").agg(pl.col("lines").sum().alias("file_lines"))
    totals = matching.file_totals(sql, files, matching.explained(sql, sides.asked, sides.supply, **later))
    moved = matching.other_paths(
        sql,
        sides.asked,
        sides.supply,
        totals,
        paths=sides.paths,
        least_lines=partial(least_wanted_lines, rule),
        choose=partial(chosen_path, rule),
        **later,
    )
    return totals.join(moved, on=["item", "rel_path"], how="left").with_columns(
        pl.max_horizontal("matched_lines", pl.col("score").fill_null(0)).alias("found"),
        pl.when(pl.col("score") > pl.col("matched_lines")).then("supply_path").alias("supply_path"),
    )


def landed_lines(sql: Sql, sides: Landing, rule: PathFallback) -> pl.DataFrame:
    """item, asked_lines, found_lines, and first_found_at: when a main-line commit first added one of them."""
    files = landed_files(sql, sides, rule)
    firsts = sql(f"select item, min(found_at) as first_found_at from ({FOUND}) group by item", **found_frames(sides, files))
    return (
        files.group_by("item")
        .agg(pl.col("file_lines").sum().alias("asked_lines"), pl.col("found").sum().alias("found_lines"))
        .join(firsts, on="item", how="left")
    )


def landed_commits(sql: Sql, sides: Landing, files: pl.DataFrame) -> pl.DataFrame:
    """commit_sha, mainline_sha, found_at, lines: which main-line commits added how many of the lines, earliest first.

    The same line may stand in several of them. files: as from `landed_files`.
    """
    rows = sql(
        f"""
        select item, mainline_item, found_at, sum(least(wanted, added))::bigint as lines
        from ({FOUND})
        group by item, mainline_item, found_at
        order by item, found_at, mainline_item
        """,
        **found_frames(sides, files),
    )
    return rows.select(
        sides.items.text(rows["item"]).alias("commit_sha"),
        sides.items.text(rows["mainline_item"]).alias("mainline_sha"),
        "found_at",
        "lines",
    )


def found_frames(sides: Landing, files: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Frames of `FOUND`."""
    own_or_other = files.select("item", "rel_path", "supply_path")
    return {"demand": sides.asked.join(own_or_other, on=["item", "rel_path"]), "supply": sides.supply}
