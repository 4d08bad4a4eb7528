"""Did a later fix remove what the AI wrote?"""

from typing import NamedTuple

import polars as pl

from paceflow_assets import matching
from paceflow_assets.rule.bug_after_merge import BugAfterMerge, window_ms
from paceflow_assets.rule.fix_words import FixWords, is_fix
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.rule.revert import is_revert
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import TIME, count, flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "commit_time": time("committer date"),
    "bug_after_merge_flag": flag("a later fix removed AI lines of the commit"),
    "first_bug_signal_commit_sha": text("first such fix; null = none"),
    "first_bug_signal_commit_time": time("its committer date; null = none"),
    "bug_signal_count": count("such fixes"),
    "szz_bug_flag": flag("a later fix removed lines that git traces to the commit (SZZ), whoever wrote them"),
    "first_szz_commit_sha": text("first such fix; null = none"),
    "first_szz_commit_time": time("its committer date; null = none"),
    "szz_signal_count": count("such fixes"),
    "window_days": count("length of the window, days"),
    "signal_source": text("what the signals come from"),
    "counted_flag": flag("views count it (rule orphaned_commit)"),
}
KEY = ["repository", "commit_sha"]
SOURCE = "git_fix_commit"
BLAMED = ("commit_sha", "rel_path", "origin_sha", "line_hash", "line_hash_trimmed")
SHARED = """
    select
        brought.item,
        brought.rel_path,
        removed.item as fix,
        removed.happened_at,
        least(brought.lines, removed.lines) as lines
    from brought
    inner join windows using (item)
    inner join removed
        on removed.rel_path = brought.rel_path and removed.line_hash = brought.line_hash
            and removed.happened_at between windows.first_at and windows.last_at
"""


@table(
    grain=("commit_sha",),
    columns=COLUMNS,
    parents={"event_commit_outcome": tuple(KEY)},
    reads={
        "fact_commit": ("commit_sha", "commit_time", "message"),
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed", "word_characters"),
        "fact_fix_blame_line": BLAMED,
        "event_commit_outcome": (*KEY, "commit_time", "heavy_ai_flag", "merged_to_mainline_flag", "counted_flag"),
    },
)
def event_commit_bug_signal(
    event_commit_outcome: pl.DataFrame,
    fact_commit: pl.DataFrame,
    fact_commit_ai_line: pl.LazyFrame,
    fact_commit_line: pl.LazyFrame,
    fact_fix_blame_line: pl.DataFrame,
    line_match: LineMatch,
    bug_after_merge: BugAfterMerge,
    fix_words: FixWords,
    sql: Sql,
) -> pl.DataFrame:
    """One row per commit of fact_commit; only commits on the main line can have a signal, by equal text only heavy ones.

    Two signals, never mixed: by equal text, of AI lines, and by git's history (SZZ), of any line and whoever wrote it, so that
    commits of people can be compared. Both ask the same rules.
    """
    found = sides(
        event_commit_outcome,
        fact_commit,
        fact_commit_ai_line,
        fact_commit_line,
        line_match=line_match,
        bug_after_merge=bug_after_merge,
        fix_words=fix_words,
        sql=sql,
    )
    signals = sql(
        f"""
        with shared as ({SHARED}),

        per_fix as (

            select item, fix, happened_at, sum(lines) as lines from shared group by item, fix, happened_at

        )

        select
            item,
            count(*) as signal_count,
            first(fix order by happened_at, fix) as first_fix,
            min(happened_at) as first_fix_at
        from per_fix
        where lines >= $min_lines
        group by item
        """,
        {"min_lines": bug_after_merge.min_lines},
        **found.frames,
    )
    items = found.items
    named = signals.with_columns(items.text(signals["item"]).alias("commit_sha"), items.text(signals["first_fix"]))
    blamed = blamed_lines(
        event_commit_outcome,
        fact_commit,
        fact_fix_blame_line,
        fact_commit_line,
        line_match=line_match,
        bug_after_merge=bug_after_merge,
        fix_words=fix_words,
        sql=sql,
    )
    joined = event_commit_outcome.join(named, on="commit_sha", how="left").join(szz(blamed), on="commit_sha", how="left")
    return joined.with_columns(
        pl.col("signal_count").is_not_null().alias("bug_after_merge_flag"),
        pl.col("first_fix").alias("first_bug_signal_commit_sha"),
        pl.col("first_fix_at").alias("first_bug_signal_commit_time"),
        pl.col("signal_count").fill_null(0).alias("bug_signal_count"),
        pl.lit(bug_after_merge.window_days, dtype=pl.Int64).alias("window_days"),
        pl.lit(SOURCE).alias("signal_source"),
        pl.col("szz_signal_count").is_not_null().alias("szz_bug_flag"),
        pl.col("szz_signal_count").fill_null(0),
    )


class Sides(NamedTuple):
    """Frames of `SHARED` (brought, windows, removed), with the commits and paths that their numbers stand for."""

    items: matching.Names
    paths: matching.Names
    frames: dict[str, pl.DataFrame]


def sides(
    outcomes: pl.DataFrame,
    commits: pl.DataFrame,
    ai_lines: pl.LazyFrame,
    commit_lines: pl.LazyFrame,
    *,
    line_match: LineMatch,
    bug_after_merge: BugAfterMerge,
    fix_words: FixWords,
    sql: Sql,
) -> Sides:
    """What the heavy commits among `outcomes` brought to the main line, and what fixes removed of the same texts."""
    column = hash_column(line_match)
    items = matching.Names.of("commit_sha", commits, outcomes)
    paths = matching.Names.of("rel_path", commit_lines, ai_lines)
    eligible = outcomes.filter("heavy_ai_flag", "merged_to_mainline_flag")
    brought = matching.ai_bags(ai_lines.join(eligible.lazy(), on="commit_sha", how="semi"), items, paths)
    if bug_after_merge.informative_only:
        characters, files = line_match.informative_characters, line_match.informative_files
        dull = matching.dull_hashes(sql, commit_lines, column, characters, files, paths)
        brought = brought.join(dull, on="line_hash", how="anti")
    common = matching.among(commit_lines, column, brought)
    removed = matching.commit_bags(sql, common, fixes(commits, fix_words), column, items, paths, "-")
    times = windows(eligible, bug_after_merge).select(items.number("commit_sha").alias("item"), "first_at", "last_at")
    return Sides(items, paths, {"brought": brought, "removed": removed, "windows": times})


def shared_lines(found: Sides, rule: BugAfterMerge, sql: Sql) -> pl.DataFrame:
    """commit_sha, fix, fixed_at, rel_path, lines: AI lines that fixes removed; is_signal: the fix removed enough in all."""
    rows = sql(
        f"""
        with shared as ({SHARED}),

        per_file as (

            select item, fix, happened_at as fixed_at, rel_path, sum(lines)::bigint as lines
            from shared
            group by item, fix, happened_at, rel_path

        )

        select *, sum(lines) over (partition by item, fix) >= $min_lines as is_signal
        from per_file
        order by item, fixed_at, fix, rel_path
        """,
        {"min_lines": rule.min_lines},
        **found.frames,
    )
    names = {"item": found.items, "fix": found.items, "rel_path": found.paths}
    return rows.with_columns(names[name].text(rows[name]) for name in names).rename({"item": "commit_sha"})


def blamed_lines(
    outcomes: pl.DataFrame,
    commits: pl.DataFrame,
    blame_lines: pl.DataFrame,
    commit_lines: pl.LazyFrame,
    *,
    line_match: LineMatch,
    bug_after_merge: BugAfterMerge,
    fix_words: FixWords,
    sql: Sql,
) -> pl.DataFrame:
    """commit_sha, fix, fixed_at, rel_path, lines, is_signal, as from `shared_lines`: lines of the commit that fixes removed."""
    column = hash_column(line_match)
    eligible = outcomes.filter("merged_to_mainline_flag")
    mending = fixes(commits, fix_words).select(pl.col("commit_sha").alias("fix"), pl.col("commit_time").alias("fixed_at"))
    found = (
        blame_lines.select(pl.col("commit_sha").alias("fix"), pl.col("origin_sha").alias("commit_sha"), "rel_path", column)
        .join(mending, on="fix")
        .join(windows(eligible, bug_after_merge), on="commit_sha")
        .filter(pl.col("fixed_at").is_between("first_at", "last_at"))
    )
    if bug_after_merge.informative_only:
        characters, files = line_match.informative_characters, line_match.informative_files
        common = matching.among(commit_lines, column, found.select(pl.col(column).alias("line_hash")))
        paths = matching.Names.of("rel_path", commit_lines)
        dull = matching.dull_hashes(sql, common, column, characters, files, paths)
        found = found.join(dull, left_on=column, right_on="line_hash", how="anti")
    per_file = found.group_by("commit_sha", "fix", "fixed_at", "rel_path").agg(pl.len().cast(pl.Int64).alias("lines"))
    is_signal = pl.col("lines").sum().over("commit_sha", "fix") >= bug_after_merge.min_lines
    return per_file.with_columns(is_signal.alias("is_signal")).sort("commit_sha", "fixed_at", "fix", "rel_path")


def szz(blamed: pl.DataFrame) -> pl.DataFrame:
    """commit_sha, szz_signal_count, first_szz_commit_sha, first_szz_commit_time of the commits with a signal."""
    signals = blamed.filter("is_signal").unique(["commit_sha", "fix"]).sort("commit_sha", "fixed_at", "fix")
    return signals.group_by("commit_sha").agg(
        pl.len().cast(pl.Int64).alias("szz_signal_count"),
        pl.col("fix").first().alias("first_szz_commit_sha"),
        pl.col("fixed_at").first().alias("first_szz_commit_time"),
    )


def fixes(commits: pl.DataFrame, rule: FixWords) -> pl.DataFrame:
    """The commits that say they fix something, and do not merely revert."""
    says = [is_fix(rule, message) and not is_revert(message) for message in commits["message"]]
    return commits.filter(pl.Series(says, dtype=pl.Boolean))


def windows(commits: pl.DataFrame, rule: BugAfterMerge) -> pl.DataFrame:
    """commit_sha, first_at, last_at: when a fix counts against the commit."""
    times = commits.select("commit_sha", pl.col("commit_time").dt.epoch("ms")).rows()
    rows = [(sha, *window_ms(rule, commit_ms)) for sha, commit_ms in times if commit_ms is not None]
    return rows_of({"commit_sha": pl.String, "first_at": TIME, "last_at": TIME}, rows)
