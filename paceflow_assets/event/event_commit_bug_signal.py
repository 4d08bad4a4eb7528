"""Did a later fix remove what the AI wrote?"""

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
    "window_days": count("length of the window, days"),
    "signal_source": text("what the signals come from"),
    "counted_flag": flag("views count it (rule orphaned_commit)"),
}
KEY = ["repository", "commit_sha"]
SOURCE = "git_fix_commit"


@table(
    grain=("commit_sha",),
    columns=COLUMNS,
    parents={"event_commit_outcome": tuple(KEY)},
    reads={
        "fact_commit": ("commit_sha", "commit_time", "message"),
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed", "word_characters"),
        "event_commit_outcome": (*KEY, "commit_time", "heavy_ai_flag", "merged_to_mainline_flag", "counted_flag"),
    },
)
def event_commit_bug_signal(
    event_commit_outcome: pl.DataFrame,
    fact_commit: pl.DataFrame,
    fact_commit_ai_line: pl.LazyFrame,
    fact_commit_line: pl.LazyFrame,
    line_match: LineMatch,
    bug_after_merge: BugAfterMerge,
    fix_words: FixWords,
    sql: Sql,
) -> pl.DataFrame:
    """One row per commit of fact_commit; only heavy AI commits on the main line can have a signal."""
    column = hash_column(line_match)
    items = matching.Names.of("commit_sha", fact_commit, event_commit_outcome)
    paths = matching.Names.of("rel_path", fact_commit_line, fact_commit_ai_line)
    eligible = event_commit_outcome.filter("heavy_ai_flag", "merged_to_mainline_flag")
    brought = matching.ai_bags(fact_commit_ai_line.join(eligible.lazy(), on="commit_sha", how="semi"), items, paths)
    if bug_after_merge.informative_only:
        characters, files = line_match.informative_characters, line_match.informative_files
        dull = matching.dull_hashes(sql, fact_commit_line, column, characters, files, paths)
        brought = brought.join(dull, on="line_hash", how="anti")
    common = matching.among(fact_commit_line, column, brought)
    signals = sql(
        """
        with shared as (

            select
                brought.item, removed.item as fix, removed.happened_at,
                sum(least(brought.lines, removed.lines)) as lines
            from brought
            inner join windows using (item)
            inner join removed
                on removed.rel_path = brought.rel_path and removed.line_hash = brought.line_hash
                    and removed.happened_at between windows.first_at and windows.last_at
            group by brought.item, removed.item, removed.happened_at

        )

        select
            item,
            count(*) as signal_count,
            first(fix order by happened_at, fix) as first_fix,
            min(happened_at) as first_fix_at
        from shared
        where lines >= $min_lines
        group by item
        """,
        {"min_lines": bug_after_merge.min_lines},
        brought=brought,
        removed=matching.commit_bags(sql, common, fixes(fact_commit, fix_words), column, items, paths, "-"),
        windows=windows(eligible, bug_after_merge).select(items.number("commit_sha").alias("item"), "first_at", "last_at"),
    )
    named = signals.with_columns(items.text(signals["item"]).alias("commit_sha"), items.text(signals["first_fix"]))
    return event_commit_outcome.join(named, on="commit_sha", how="left").with_columns(
        pl.col("signal_count").is_not_null().alias("bug_after_merge_flag"),
        pl.col("first_fix").alias("first_bug_signal_commit_sha"),
        pl.col("first_fix_at").alias("first_bug_signal_commit_time"),
        pl.col("signal_count").fill_null(0).alias("bug_signal_count"),
        pl.lit(bug_after_merge.window_days, dtype=pl.Int64).alias("window_days"),
        pl.lit(SOURCE).alias("signal_source"),
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
