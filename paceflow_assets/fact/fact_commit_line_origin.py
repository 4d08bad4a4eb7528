"""Which session wrote each changed line of a commit?"""

from collections.abc import Mapping

import polars as pl

from paceflow_assets import tracing
from paceflow_assets.matching import OPERATION
from paceflow_assets.rule.anchor import Anchor, is_asked
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.rule.match_confidence import confidence
from paceflow_assets.rule.revert import reverted_shas
from paceflow_assets.rule.weak_pair import WeakPair, is_weak
from paceflow_assets.runtime.table import count, hash64, number, table, text
from paceflow_assets.tracing import NEVER, Ground

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "rel_path": text("path, as in fact_commit_file_change"),
    "position": count("number of the line in the file's patch, as in fact_commit_line"),
    "side": text("+ added, - removed"),
    "line_hash": hash64("hash of the line, of the kind that rule line_match compares"),
    "provider": text("agent that wrote the line"),
    "session_id": text("session that wrote it"),
    "change_id": text("its edit, as in fact_session_code_change"),
    "evidence": text("block, single, context, whole_hunk, deleted_file, restored or reapplied (see tracing)"),
    "edit_age_minutes": number(
        "from the edit to the commit's author date; negative = clocks differ, or the commit was rebuilt"
    ),
    "confidence": number("how likely the session wrote lines of this commit, from 0 to 1; the same on all lines of the pair"),
}
KEY = ["commit_sha", "rel_path", "position"]
PAIR = ["item", "source"]
MINUTE_MS = 60_000


@table(
    grain=("commit_sha", "rel_path", "position"),
    columns=COLUMNS,
    parents={"fact_commit_file_change": ("repository", "commit_sha", "rel_path")},
    reads={
        "fact_commit": ("repository", "commit_sha", "commit_time", "author_time", "message"),
        "fact_commit_line": (*KEY, "side", "hunk_index", "line_hash", "line_hash_trimmed", "word_characters"),
        "fact_commit_file_change": ("commit_sha", "rel_path", "old_path", "change_type"),
        "fact_session_code_change": (*OPERATION, "rel_path", "change_ts", "write_mode", "before_known"),
        "fact_session_code_change_line": (
            *OPERATION,
            "position",
            "side",
            "hunk_index",
            "line_hash",
            "line_hash_trimmed",
            "word_characters",
        ),
    },
)
def fact_commit_line_origin(
    fact_commit: pl.DataFrame,
    fact_commit_chain: pl.DataFrame,
    fact_commit_line: pl.LazyFrame,
    fact_commit_file_change: pl.DataFrame,
    fact_session_code_change: pl.DataFrame,
    fact_session_code_change_line: pl.LazyFrame,
    line_match: LineMatch,
    anchor: Anchor,
    weak_pair: WeakPair,
) -> pl.DataFrame:
    """One row per changed line that a session wrote; others are people's. No rows when rule line_match counts bags."""
    if line_match.method != "runs":
        return pl.DataFrame(schema={name: column.type for name, column in COLUMNS.items()})
    tolerance_ms, characters = line_match.tolerance_seconds * 1000, line_match.informative_characters
    on = tracing.ground(
        fact_commit,
        fact_commit_chain,
        fact_commit_line,
        tracing.renames(fact_commit_file_change),
        fact_session_code_change,
        fact_session_code_change_line,
        hash_column=hash_column(line_match),
        characters=characters,
        files=line_match.informative_files,
    )
    deletions = fact_commit_file_change.filter(pl.col("change_type") == "delete").select("commit_sha", "rel_path")
    credits, times = credited(on, deletions, anchor, characters, tolerance_ms)
    reverts = reverts_of(fact_commit, {sha: number for number, sha in enumerate(on.items.texts)})
    credits = tracing.reverted(on, credits, reverts)
    pairs = pairs_of(on, credits, times, weak_pair, characters, tolerance_ms)
    weak = [
        item not in reverts
        and is_weak(weak_pair, informative_lines=lines, age_ms=age, is_passed=passed, completeness=completeness)
        for item, lines, age, passed, completeness in pairs.select(
            "item", "informative_lines", "age_ms", "is_passed", "completeness"
        ).rows()
    ]
    kept = pairs.filter(~pl.Series(weak, dtype=pl.Boolean))
    return named(on, credits, with_confidence(kept), fact_commit)


def credited(
    on: Ground, deletions: pl.DataFrame, anchor: Anchor, characters: int, tolerance_ms: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines that edits explain, reverts not yet looked at; and item, at, before (author date of the newest before it).

    deletions: commit_sha, rel_path of deleted files.
    """
    found = tracing.with_context(on, tracing.chosen(tracing.runs(on, tracing.candidates(on, tolerance_ms))))
    when = on.commits.select("item", "chain", "place", pl.col("at").alias("happened"))
    before = tracing.newest_before(on.commits.select("item"), when, on.lineage).rename({"newest": "before"})
    times = on.commits.select("item", "at").join(before, on="item", how="left").with_columns(pl.col("before").fill_null(NEVER))
    places = tracing.anchors(on, found, span=anchor.span_lines, characters=characters)
    anchored = without_unanchored(found, places, times, anchor, tolerance_ms)
    credits = pl.concat([anchored, tracing.whole_hunks(on, found, tolerance_ms)])
    return pl.concat([credits, tracing.deleted_files(on, credits, deletions, tolerance_ms)]), times


def without_unanchored(
    credits: pl.DataFrame, places: pl.DataFrame, times: pl.DataFrame, rule: Anchor, tolerance_ms: int
) -> pl.DataFrame:
    """The credits without edits that lack the surroundings they need, in files where their session has no place with them."""
    asked = places.join(times, on="item").with_columns((pl.col("before") > pl.col("ts") + tolerance_ms).alias("passed"))
    needs = [is_asked(rule, at - ts, passed) for at, ts, passed in asked.select("at", "ts", "passed").rows()]
    vouched = places.filter("anchored").select("item", "file", "source").unique()
    lost = asked.filter("asks", pl.Series(needs, dtype=pl.Boolean)).join(vouched, on=vouched.columns, how="anti")
    return credits.join(lost, on=[*tracing.HUNK, *tracing.SOURCE], how="anti")


def reverts_of(commits: pl.DataFrame, numbers: Mapping[str, int]) -> dict[int, int]:
    """Commit -> the first known commit that its message takes back, both as numbers."""
    found = {}
    for sha, message in commits.select("commit_sha", "message").rows():
        targets = [numbers[target] for target in reverted_shas(message or "") if target in numbers]
        if targets:
            found[numbers[sha]] = targets[0]
    return found


def pairs_of(
    on: Ground, credits: pl.DataFrame, times: pl.DataFrame, weak_pair: WeakPair, characters: int, tolerance_ms: int
) -> pl.DataFrame:
    """Per (item, source): informative_lines, age_ms, is_passed, completeness.

    age_ms: from the latest credited edit to the author date; of a commit that repeats others, such as a squashed branch, to
    when they had brought all informative lines of the pair. is_passed: a commit before this one was made after that edit.
    completeness: of the informative texts that the credited edits added, the share that the commit adds to the same file.
    """
    edits = credits.select(*PAIR, "operation", "path").unique()
    texts = (
        on.edit_lines(edits)
        .filter(pl.col("side") == "+", pl.col("word_characters") >= characters)
        .select("operation", "line_hash")
        .unique()
        .collect(engine="streaming")
        .join(on.dull, on="line_hash", how="anti")
    )
    there = on.changed.filter("plus").select("item", "path", "line_hash", pl.lit(True).alias("is_there")).unique()
    complete = (
        edits.join(texts, on="operation")
        .unique([*PAIR, "path", "line_hash"])
        .join(there, on=["item", "path", "line_hash"], how="left")
        .group_by(PAIR)
        .agg(pl.col("is_there").is_not_null().mean().alias("completeness"))
    )
    text = ["source", *tracing.TEXT]
    told = (
        credits.filter(~pl.col("dull"))
        .select(*PAIR, "file", "plus", "pos")
        .join(on.changed.select(*tracing.PLACE, "path", "line_hash"), on=tracing.PLACE)
    )
    dated = told.select(*PAIR, *tracing.TEXT).unique().join(on.commits.select("item", "at"), on="item")
    held = dated.with_columns(pl.col("at").min().over(text)).group_by(PAIR).agg(pl.col("at").max().alias("held"))
    return (
        credits.group_by(PAIR)
        .agg((~pl.col("dull")).sum().cast(pl.Int64).alias("informative_lines"), pl.col("ts").max().alias("last"))
        .join(times, on="item")
        .join(complete, on=PAIR, how="left")
        .join(held, on=PAIR, how="left")
        .with_columns(
            (
                pl.when(pl.col("completeness") >= weak_pair.copied_share).then(pl.min_horizontal("at", "held")).otherwise("at")
                - pl.col("last")
            ).alias("age_ms"),
            (pl.col("before") > pl.col("last") + tolerance_ms).alias("is_passed"),
            pl.col("completeness").fill_null(0.0),
        )
        .sort(PAIR)
    )


def with_confidence(pairs: pl.DataFrame) -> pl.DataFrame:
    """item, source, confidence."""
    told = pairs.select("informative_lines", "age_ms").rows()
    values = [confidence(informative_lines=lines, age_ms=age) for lines, age in told]
    return pairs.select(*PAIR, pl.Series("confidence", values, dtype=pl.Float64))


def named(on: Ground, credits: pl.DataFrame, pairs: pl.DataFrame, commits: pl.DataFrame) -> pl.DataFrame:
    """The credits of these pairs under their names, in the order of the key."""
    kept = tracing.with_hashes(on, credits.join(pairs, on=PAIR)).join(on.commits.select("item", "at"), on="item")
    told = kept.sort("item", "file", "pos").select(
        "item",
        "file",
        "operation",
        pl.col("pos").cast(pl.Int64).alias("position"),
        pl.when("plus").then(pl.lit("+")).otherwise(pl.lit("-")).alias("side"),
        "line_hash",
        "evidence",
        ((pl.col("at") - pl.col("ts")) / MINUTE_MS).alias("edit_age_minutes"),
        "confidence",
    )
    edits = on.changes.select(*OPERATION)
    names = [on.items.text(told["item"]).alias("commit_sha"), on.files.text(told["file"]).alias("rel_path")]
    edit = [edits[name].gather(told["operation"]) for name in OPERATION]
    repository = pl.lit(commits["repository"].first(), dtype=pl.String).alias("repository")
    return told.drop("item", "file", "operation").with_columns(repository, *names, *edit)
