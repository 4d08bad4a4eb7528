"""Which of the lines that a commit adds did sessions write?"""

import polars as pl

from paceflow_assets import matching
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.table import count, hash64, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "rel_path": text("path, as in fact_commit_file_change"),
    "line_hash": hash64("hash of the added line, of the kind that rule line_match compares"),
    "commit_time": time("committer date"),
    "lines": count("added lines of that text in that file that sessions wrote in the same file"),
}


@table(
    grain=("commit_sha", "rel_path", "line_hash"),
    columns=COLUMNS,
    parents={"fact_commit_file_change": ("repository", "commit_sha", "rel_path")},
    reads={
        "fact_commit": ("repository", "commit_sha", "commit_time"),
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed"),
        "fact_session_code_change": ("provider", "session_id", "change_id", "rel_path", "change_ts"),
        "fact_session_code_change_line": (
            "provider",
            "session_id",
            "change_id",
            "side",
            "line_hash",
            "line_hash_trimmed",
        ),
        "fact_commit_line_origin": ("commit_sha", "rel_path", "side", "line_hash"),
    },
)
def fact_commit_ai_line(
    fact_commit: pl.DataFrame,
    fact_commit_line: pl.LazyFrame,
    fact_session_code_change: pl.DataFrame,
    fact_session_code_change_line: pl.LazyFrame,
    fact_commit_line_origin: pl.LazyFrame,
    line_match: LineMatch,
    sql: Sql,
) -> pl.DataFrame:
    """One row per (commit, file, text) of added lines that sessions wrote in the same file: what churn and bugs look at.

    Under rule line_match by runs: those of fact_commit_line_origin. By bags each agent offers the largest edit of one session;
    agents add up; other paths are not looked at, unlike in fact_commit_session_match.
    """
    if line_match.method == "runs":
        added = fact_commit_line_origin.filter(pl.col("side") == "+").group_by("commit_sha", "rel_path", "line_hash")
        lines = added.agg(pl.len().cast(pl.Int64).alias("lines")).collect(engine="streaming")
        return lines.join(fact_commit, on="commit_sha")
    column, changes = hash_column(line_match), fact_session_code_change
    items = matching.Names.of("commit_sha", fact_commit)
    paths = matching.Names.of("rel_path", fact_commit_line, changes)
    agents = matching.Names.of("provider", changes)
    supply = matching.session_bags(
        sql, fact_session_code_change_line, changes, column, paths, agents, pl.col("provider")
    ).filter(pl.col("side") == "+")
    order = matching.AT_ANY_TIME
    if line_match.time_order == "edit_first":
        order = matching.SUPPLY_FIRST
    else:
        supply = matching.largest(sql, supply)
    common = matching.among(fact_commit_line, column, supply)
    added = matching.commit_bags(sql, common, fact_commit, column, items, paths, "+")
    pairs = matching.explained(sql, added, supply, order=order, tolerance_ms=line_match.tolerance_seconds * 1000)
    del supply, added
    offered = sql(
        """
        select item, rel_path, line_hash, least(any_value(lines), sum(offered))::bigint as lines
        from pairs group by item, rel_path, line_hash
        """,
        pairs=pairs,
    )
    named = offered.select(
        items.text(offered["item"]).alias("commit_sha"), paths.text(offered["rel_path"]), "line_hash", "lines"
    )
    return named.join(fact_commit, on="commit_sha")
