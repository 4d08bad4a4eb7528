"""Which sessions explain the lines of each commit?"""

from functools import partial
from typing import NamedTuple

import polars as pl

from paceflow_assets import matching
from paceflow_assets.rule.human_remainder import HumanRemainder, remainder
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.rule.path_fallback import PathFallback, chosen_path, least_wanted_lines
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import number, table, text
from paceflow_assets.tracing import BLOCK, CONTEXT, DELETED, REAPPLIED, RESTORED, SINGLE, WHOLE

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "provider": text("agent; human for what no session explains"),
    "session_id": text("session; __human__ for what no session explains"),
    "matched_lines": number("lines of the commit that fall to the session; lines that several explain are shared out"),
    "matched_added_lines": number("those of them that the commit adds"),
    "matched_removed_lines": number("those of them that the commit removes"),
    "share_of_commit": number("share of the commit's changed lines, from 0 to 1"),
    "share_of_ai": number("share of the lines that any session explains, from 0 to 1"),
    "evidence": text("the best that a line of it has, as in fact_commit_line_origin; null for people, and with bags"),
    "edit_age_minutes": number("from its latest edit to the commit's author date; null as evidence"),
    "confidence": number("how likely the session wrote lines of the commit, from 0 to 1; null as evidence"),
}
PAIR = ("commit_sha", "provider", "session_id")
EVIDENCE = (BLOCK, REAPPLIED, RESTORED, DELETED, SINGLE, WHOLE, CONTEXT)  # best first
HUMAN = ("human", "__human__")


@table(
    grain=("commit_sha", "provider", "session_id"),
    columns=COLUMNS,
    parents={"fact_commit": ("repository", "commit_sha")},
    reads={
        "fact_commit": ("repository", "commit_sha", "commit_time", "total_added", "total_removed"),
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed", "word_characters"),
        "fact_session_code_change": ("provider", "session_id", "change_id", "rel_path", "change_ts"),
        "fact_session_code_change_line": (
            "provider",
            "session_id",
            "change_id",
            "side",
            "line_hash",
            "line_hash_trimmed",
        ),
        "fact_task_commit_assignment": ("commit_sha", "branch_name"),
        "fact_commit_line_origin": (*PAIR, "side", "evidence", "edit_age_minutes", "confidence"),
    },
)
def fact_commit_session_match(
    fact_commit: pl.DataFrame,
    fact_commit_line: pl.LazyFrame,
    fact_session_code_change: pl.DataFrame,
    fact_session_code_change_line: pl.LazyFrame,
    fact_task_commit_assignment: pl.DataFrame,
    fact_commit_line_origin: pl.LazyFrame,
    line_match: LineMatch,
    path_fallback: PathFallback,
    human_remainder: HumanRemainder,
    sql: Sql,
) -> pl.DataFrame:
    """One row per (commit, session that explains lines of it), and one for people's rest (rule human_remainder).

    Under rule line_match by runs: the lines of fact_commit_line_origin. By bags: a session's line explains a commit's line of
    the same file, side and text, of another file under rule path_fallback. Shares add up to 1 at most.
    """
    if line_match.method == "runs":
        return with_shares(fact_commit, traced(fact_commit_line_origin), human_remainder)
    found = explained_lines(
        fact_commit,
        fact_commit_line,
        fact_session_code_change,
        fact_session_code_change_line,
        fact_task_commit_assignment,
        line_match=line_match,
        path_fallback=path_fallback,
        sql=sql,
    )
    return with_shares(fact_commit, credited(sql, found.pairs, found.items, found.sources), human_remainder)


def traced(origins: pl.LazyFrame) -> pl.DataFrame:
    """Matched lines per (commit, session) of lines with their origin."""
    place = pl.col("evidence").replace_strict({name: number for number, name in enumerate(EVIDENCE)}, return_dtype=pl.Int8)
    found = origins.group_by(PAIR).agg(
        pl.len().cast(pl.Float64).alias("matched_lines"),
        (pl.col("side") == "+").sum().cast(pl.Float64).alias("matched_added_lines"),
        (pl.col("side") == "-").sum().cast(pl.Float64).alias("matched_removed_lines"),
        pl.col("evidence").sort_by(place).first(),
        pl.col("edit_age_minutes").min(),
        pl.col("confidence").first(),
    )
    return found.sort(PAIR).collect(engine="streaming")


class Explained(NamedTuple):
    """Pairs as from `matching.explained`, with the commits, paths and sessions that their numbers stand for."""

    pairs: pl.DataFrame
    items: matching.Names
    paths: matching.Names
    sources: matching.Names


def explained_lines(
    commits: pl.DataFrame,
    commit_lines: pl.LazyFrame,
    changes: pl.DataFrame,
    change_lines: pl.LazyFrame,
    assignments: pl.DataFrame,
    *,
    line_match: LineMatch,
    path_fallback: PathFallback,
    sql: Sql,
) -> Explained:
    """Which lines of the commits which sessions explain.

    Some commits alone give what all of them give for these, unless lines are consumed (rule line_match): then the commits of
    their branches are needed too. `commit_lines` must be those of all commits, for dull lines are known by all files.
    """
    column = hash_column(line_match)
    items = matching.Names.of("commit_sha", commits)
    paths = matching.Names.of("rel_path", commit_lines, changes)
    sources = matching.Names.of(matching.SESSION, changes)
    bags = matching.session_bags(sql, change_lines, changes, column, paths, sources, matching.SESSION)
    conditions = {"order": matching.AT_ANY_TIME, "tolerance_ms": line_match.tolerance_seconds * 1000}
    if line_match.time_order == "edit_first":
        conditions["order"] = matching.SUPPLY_FIRST
        supply = bags
    else:
        supply = matching.largest(sql, bags)
    common = matching.among(commit_lines, column, supply)
    demand = matching.commit_bags(sql, common, commits, column, items, paths)

    dull = None
    if line_match.dull_lines == "beside_informative":
        characters, files = line_match.informative_characters, line_match.informative_files
        dull = matching.dull_hashes(sql, commit_lines, column, characters, files, paths)

    def pairs_of(wanted: pl.DataFrame) -> pl.DataFrame:
        pairs = matching.explained(sql, wanted, supply, **conditions)
        return pairs if dull is None else matching.without_lone_dull(sql, pairs, dull)

    pairs = pairs_of(demand)
    totals = matching.file_totals(sql, matching.file_lines(commit_lines, commits, items, paths), pairs)
    moved = matching.other_paths(
        sql,
        demand,
        supply,
        totals,
        paths=paths,
        least_lines=partial(least_wanted_lines, path_fallback),
        choose=partial(chosen_path, path_fallback),
        **conditions,
    ).drop("score")
    if moved.height:
        again = pairs_of(demand.join(moved, on=["item", "rel_path"]))
        files = totals.select("item", "rel_path", "file_lines", before="matched_lines").join(moved, on=["item", "rel_path"])
        better = matching.file_totals(sql, files.drop("before"), again).join(files, on=["item", "rel_path"])
        better = better.filter(pl.col("matched_lines") > pl.col("before"))
        pairs = pl.concat(
            [
                pairs.join(better, on=["item", "rel_path"], how="anti"),
                again.join(better, on=["item", "rel_path"], how="semi"),
            ]
        )
    if line_match.consumption == "once_per_lineage":
        lineages = assignments.join(commits, on="commit_sha", how="semi").select(
            items.number("commit_sha").alias("item"), pl.col("branch_name").alias("lineage")
        )
        pairs = matching.consumed(sql, pairs, lineages)
    return Explained(pairs, items, paths, sources)


def credited(sql: Sql, pairs: pl.DataFrame, items: matching.Names, sources: matching.Names) -> pl.DataFrame:
    """Matched lines per (commit, session), sums in key order so that they are the same each time."""
    found = sql(
        """
        select
            item,
            source,
            sum(matched order by rel_path, side, line_hash) as matched_lines,
            coalesce(sum(matched order by rel_path, line_hash) filter (where side = '+'), 0) as matched_added_lines,
            coalesce(sum(matched order by rel_path, line_hash) filter (where side = '-'), 0) as matched_removed_lines
        from pairs
        group by item, source
        order by item, source
        """,
        pairs=matching.shared_out(sql, pairs),
    )
    shas = items.text(found["item"]).alias("commit_sha").to_frame()
    return pl.concat([shas, matching.sessions(sources, found["source"]), found[:, 2:]], how="horizontal")


def file_shares(sql: Sql, found: Explained) -> pl.DataFrame:
    """commit_sha, rel_path, found_path (where the session wrote the lines), provider, session_id, matched_lines."""
    rows = sql(
        """
        select item, rel_path, found_path, source, sum(matched order by side, line_hash) as matched_lines
        from pairs
        group by item, rel_path, found_path, source
        order by item, rel_path, source, found_path
        """,
        pairs=matching.shared_out(sql, found.pairs),
    )
    return rows.select(
        found.items.text(rows["item"]).alias("commit_sha"),
        found.paths.text(rows["rel_path"]),
        found.paths.text(rows["found_path"]),
        *matching.sessions(found.sources, rows["source"]),
        "matched_lines",
    )


def with_shares(commits: pl.DataFrame, matches: pl.DataFrame, rule: HumanRemainder) -> pl.DataFrame:
    """Matches with their shares, and the rows for people."""
    commits = commits.with_columns((pl.col("total_added") + pl.col("total_removed")).alias("changed_lines"))
    totals = matches.group_by("commit_sha", maintain_order=True).agg(pl.col("matched_lines").sum().alias("ai_lines"))
    whole = commits.join(totals, on="commit_sha", how="left").with_columns(pl.col("ai_lines").fill_null(0.0))
    shared = matches.join(whole, on="commit_sha").with_columns(
        (pl.col("matched_lines") / pl.col("changed_lines")).fill_nan(0.0).alias("share_of_commit"),
        (pl.col("matched_lines") / pl.col("ai_lines")).fill_nan(0.0).alias("share_of_ai"),
    )
    people = []
    for repository, sha, ai_lines, changed in whole.select("repository", "commit_sha", "ai_lines", "changed_lines").rows():
        shares = remainder(rule, ai_lines, changed)
        if shares is not None:
            people.append((repository, sha, *HUMAN, 0.0, 0.0, 0.0, *shares, None, None, None))
    fields = {name: column.type for name, column in COLUMNS.items()}
    missing = [pl.lit(None, dtype=fields[name]).alias(name) for name in fields if name not in shared.columns]
    return pl.concat([shared.with_columns(missing).select(list(COLUMNS)), rows_of(fields, people)])
