"""Tracing: from each changed line of a commit back to the edit that wrote it.

What lives here: the search for equal runs of lines, which of several edits gets a line, and what an earlier commit used up.
What belongs here: set work on numbered lines. What stays out: thresholds (rule/), which come in as plain values, and what a
credited line means (fact/, event/).

A line is told by its place: item (commit), file, plus (added or removed), hunk, pos (position in the file's patch). Edits are
numbered operations; their lines by ehunk and epos. `path` is the file under every name that renames gave it. Of two runs the
one that nothing committed since has made old wins, then the one with more informative lines, then the later edit, then the
longer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from paceflow_assets.matching import NUMBER, OPERATION, SESSION, Names

PLACE = ["item", "file", "plus", "pos"]
HUNK = ["item", "file", "plus", "hunk"]
SOURCE = ["operation", "ehunk"]
TEXT = ["path", "plus", "line_hash"]
PLUS = (pl.col("side") == "+").alias("plus")
CREDIT = ["item", "file", "path", "plus", "hunk", "pos", "dull", "operation", "ehunk", "source", "ts", "evidence"]
BLOCK, SINGLE, CONTEXT, WHOLE = "block", "single", "context", "whole_hunk"
DELETED, RESTORED, REAPPLIED = "deleted_file", "restored", "reapplied"
ROUNDS = 3  # of choosing: a run that lost some of its lines may win others
NEVER = -1


def chains(parents: Mapping[str, Sequence[str]], trunk: Sequence[str]) -> dict[str, tuple[str, int, str | None, int | None]]:
    """Commit -> (its chain, place in it, the chain that this one left, the place where).

    A chain is a line of first parents, named by its oldest commit; the trunk's tips get theirs first, then the longest. What is
    merged into a chain stays a chain of its own.
    """
    first = {sha: next(iter(shas), None) for sha, shas in parents.items()}
    inner = set(first.values())
    depth: dict[str, int] = {}
    for sha in first:
        above = []
        at: str | None = sha
        while at in first and at not in depth:
            above.append(at)
            at = first[at]
        start = depth.get(at or "", 0)
        depth.update({name: start + number for number, name in enumerate(reversed(above), 1)})
    others = sorted((sha for sha in first if sha not in inner and sha not in trunk), key=lambda sha: (-depth[sha], sha))
    found: dict[str, tuple[str, int, str | None, int | None]] = {}
    for tip in (*trunk, *others):
        line = []
        at = tip
        while at in first and at not in found:
            line.append(at)
            at = first[at]
        left = found[at][:2] if at in found else (None, None)
        found.update({sha: (line[-1], number, *left) for number, sha in enumerate(reversed(line))})
    return found


def one_name(renames: Collection[tuple[str, str]]) -> dict[str, str]:
    """Path -> the one name of all paths that renames join it with; paths that were never renamed are left out."""
    above: dict[str, str] = {}

    def top(path: str) -> str:
        while above.get(path, path) != path:
            path = above[path]
        return path

    for old, new in sorted(renames):
        ends = sorted((top(old), top(new)))
        above.setdefault(ends[0], ends[0])
        above[ends[1]] = ends[0]
    return {path: top(path) for path in above}


@dataclass(frozen=True)
class Ground:
    """Commits, edits and their lines as numbers. In all lines line_hash is the hash that is compared.

    commits: item, ct, at (committer and author date, ms), chain, place. lineage: item, chain, upto: the places of each chain
    that lie before a commit. operations: operation, path, source, ts, write_mode. changed: PLACE, hunk, path, line_hash, dull:
    lines of commits whose text some edit holds. written: operation, plus, ehunk, epos, line_hash, dull: the other way round.
    """

    items: Names
    files: Names
    paths: Names
    sources: Names
    named: Mapping[str, str]
    commits: pl.DataFrame
    lineage: pl.DataFrame
    commit_lines: pl.LazyFrame
    change_lines: pl.LazyFrame
    changes: pl.DataFrame
    operations: pl.DataFrame
    changed: pl.DataFrame
    written: pl.DataFrame
    dull: pl.DataFrame

    def path(self) -> pl.Expr:
        """The number of a row's rel_path under its one name."""
        return self.paths.number(under_one_name(self.named))

    @cached_property
    def touches(self) -> pl.DataFrame:
        """item, path: which commit changes lines of which file."""
        place = (self.items.number("commit_sha").alias("item"), self.path().alias("path"))
        known = self.commit_lines.join(self.commits_by_sha(), on="commit_sha", how="semi")
        return known.select("commit_sha", "rel_path").unique().select(*place).unique().collect(engine="streaming")

    def commits_by_sha(self) -> pl.LazyFrame:
        """commit_sha, item."""
        return (
            pl.LazyFrame([self.items.texts.alias("commit_sha")])
            .with_row_index("item")
            .with_columns(pl.col("item").cast(NUMBER))
        )

    def edit_lines(self, operations: pl.DataFrame) -> pl.LazyFrame:
        """The lines of change_lines that belong to these edits (column operation), with the edit's number."""
        numbered = self.changes.select(*OPERATION, "operation").join(operations, on="operation", how="semi")
        return self.change_lines.join(numbered.lazy(), on=OPERATION)


def _hunk(name: str) -> pl.Expr:
    return pl.col("hunk_index").cast(NUMBER).alias(name)


def _position(name: str) -> pl.Expr:
    return pl.col("position").cast(pl.Int32).alias(name)


def _place(items: Names, files: Names) -> list[pl.Expr]:
    """The place of a row of commit_lines: PLACE and hunk."""
    return [
        items.number("commit_sha").alias("item"),
        files.number("rel_path").alias("file"),
        PLUS,
        _hunk("hunk"),
        _position("pos"),
    ]


def renames(file_changes: pl.DataFrame) -> list[tuple[str, str]]:
    """(old path, new path) of every rename in rows of fact_commit_file_change."""
    moved = file_changes.filter(pl.col("change_type") == "rename", pl.col("old_path").is_not_null())
    return moved.select("old_path", "rel_path").rows()


def under_one_name(named: Mapping[str, str]) -> pl.Expr:
    """A row's rel_path under the one name that it has by `one_name`."""
    return pl.col("rel_path").replace(named) if named else pl.col("rel_path")


def ground(
    commits: pl.DataFrame,
    chain: pl.DataFrame,
    commit_lines: pl.LazyFrame,
    renames: Collection[tuple[str, str]],
    changes: pl.DataFrame,
    change_lines: pl.LazyFrame,
    *,
    hash_column: str,
    characters: int,
    files: int,
) -> Ground:
    """Number everything. Edits without a path or a time take no part.

    characters, files: a line with fewer word characters, or whose text was added to so many files, is dull.
    """
    text = pl.col(hash_column).alias("line_hash")
    commit_lines = commit_lines.with_columns(text)
    change_lines = change_lines.with_columns(text)
    named = one_name(renames)
    edits = changes.filter(pl.col("rel_path").is_not_null(), pl.col("change_ts").is_not_null()).with_row_index("operation")
    items = Names.of("commit_sha", commits)
    paths = Names.of(under_one_name(named), commit_lines, edits)
    path = paths.number(under_one_name(named)).alias("path")
    places = Names.of("rel_path", commit_lines)
    sources = Names.of(SESSION, edits)
    operations = edits.select(
        "operation",
        path,
        sources.number(SESSION).alias("source"),
        pl.col("change_ts").dt.epoch("ms").alias("ts"),
        "write_mode",
        pl.col("before_known").fill_null(False),
    )
    dull = dull_texts(commit_lines, path, change_lines, characters=characters, files=files)
    is_dull = dull.with_columns(pl.lit(True).alias("dull"))
    sides = pl.col("side") != " "
    written = (
        change_lines.filter(sides)
        .join(commit_lines.filter(sides).select("line_hash").unique(), on="line_hash", how="semi")
        .join(edits.lazy().select(*OPERATION, "operation"), on=OPERATION)
        .select("operation", PLUS, _hunk("ehunk"), _position("epos"), "line_hash")
        .collect(engine="streaming")
    )
    changed = (
        commit_lines.filter(sides)
        .join(written.lazy().select("line_hash").unique(), on="line_hash", how="semi")
        .join(commits.lazy().select("commit_sha"), on="commit_sha", how="semi")
        .select(*_place(items, places), path, "line_hash")
        .collect(engine="streaming")
    )

    def marked(lines: pl.DataFrame) -> pl.DataFrame:
        return lines.join(is_dull, on="line_hash", how="left").with_columns(pl.col("dull").fill_null(False))

    times, lineage = _history(commits, chain, items)
    return Ground(
        items,
        places,
        paths,
        sources,
        named,
        times,
        lineage,
        commit_lines,
        change_lines,
        edits,
        operations,
        marked(changed),
        marked(written),
        dull,
    )


def dull_texts(
    commit_lines: pl.LazyFrame, path: pl.Expr, *more_lines: pl.LazyFrame, characters: int, files: int
) -> pl.DataFrame:
    """line_hash of the texts that say nothing about where they come from: too short, or added in so many files.

    path: of a line's file, as `path`. more_lines: other lines that may be too short.
    """
    added = commit_lines.filter(pl.col("side") == "+").select("line_hash", path).unique()
    everywhere = added.group_by("line_hash").agg(pl.len().alias("count")).filter(pl.col("count") >= files)
    every = pl.concat([lines.select("line_hash", "word_characters") for lines in (commit_lines, *more_lines)])
    short = every.filter(pl.col("word_characters") < characters)
    texts = pl.concat([everywhere.select("line_hash"), short.select("line_hash")])
    return texts.unique().collect(engine="streaming")


def _history(commits: pl.DataFrame, chain: pl.DataFrame, items: Names) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Times and places of the commits, and which places of which chains lie before each."""
    chains = Names.of("chain", chain, chain.select(pl.col("base_chain").alias("chain")))
    numbered = chain.join(commits, on="commit_sha", how="semi").select(
        items.number("commit_sha").alias("item"),
        chains.number("chain").alias("chain"),
        pl.col("chain_place").alias("place"),
    )
    bases = chain.select(
        chains.number("chain").alias("chain"),
        chains.number("base_chain").alias("base_chain"),
        pl.col("base_place"),
    ).unique(["chain"])
    reached = [numbered.select("item", "chain", (pl.col("place") - 1).alias("upto"))]
    while reached[-1].height:
        reached.append(
            reached[-1]
            .join(bases, on="chain")
            .filter(pl.col("base_chain").is_not_null())
            .select("item", pl.col("base_chain").alias("chain"), pl.col("base_place").alias("upto"))
        )
    times = commits.select(
        items.number("commit_sha").alias("item"),
        pl.col("commit_time").dt.epoch("ms").alias("ct"),
        pl.coalesce("author_time", "commit_time").dt.epoch("ms").alias("at"),
    )
    return times.join(numbered, on="item", how="left"), pl.concat(reached)


def newest_before(demand: pl.DataFrame, supply: pl.DataFrame, lineage: pl.DataFrame, keys: Sequence[str] = ()) -> pl.DataFrame:
    """item, keys, newest: the newest `happened` of the supply with the same keys in what lies before each item of the demand.

    supply: keys, chain, place, happened.
    """
    by = [*keys, "chain"]
    seen = supply.filter(pl.col("happened").is_not_null(), pl.col("place").is_not_null()).sort("place")
    seen = seen.select(*by, "place", pl.col("happened").cum_max().over(by).alias("newest"))
    spread = demand.join(lineage, on="item").sort("upto")
    found = spread.join_asof(seen, left_on="upto", right_on="place", by=by, strategy="backward", check_sortedness=False)
    return found.filter(pl.col("newest").is_not_null()).group_by("item", *keys).agg(pl.col("newest").max())


def candidates(on: Ground, tolerance_ms: int) -> pl.DataFrame:
    """Informative lines of commits with every edit that may have written them: PLACE, hunk, SOURCE, epos, ts, fresh.

    An edit may explain a commit that is dated later, give or take the tolerance. Its line is used up for every commit behind
    one that was made after the edit and brought the same text of the same file. fresh: no commit before has touched the file
    since.
    """
    informative = on.changed.filter(~pl.col("dull"))
    texts = on.written.filter(~pl.col("dull")).join(
        on.operations.select("operation", "path", "ts", "before_known"), on="operation"
    )
    found = (
        informative.join(texts.drop("dull"), on=TEXT)
        .join(on.commits.select("item", "ct"), on="item")
        .filter(pl.col("ts") <= pl.col("ct") + tolerance_ms)
    )
    asked = found.select("item", *TEXT).unique()
    when = on.commits.select("item", "chain", "place", pl.min_horizontal("at", "ct").alias("happened"))
    brought = informative.select("item", *TEXT).unique().join(asked.select(TEXT).unique(), on=TEXT, how="semi")
    used = newest_before(asked, brought.join(when, on="item"), on.lineage, TEXT)
    old = _touched_before(on, found.select("item", "path").unique())
    since = pl.col("ts") - tolerance_ms
    return (
        found.join(used.rename({"newest": "used"}), on=["item", *TEXT], how="left")
        .filter(pl.col("used").fill_null(NEVER) < since)
        .join(old.rename({"newest": "touched"}), on=["item", "path"], how="left")
        .select(
            *HUNK,
            "pos",
            *SOURCE,
            "epos",
            "ts",
            "before_known",
            (pl.col("touched").fill_null(NEVER) <= pl.col("ts") + tolerance_ms).alias("fresh"),
        )
    )


def runs(on: Ground, found: pl.DataFrame) -> pl.DataFrame:
    """Lines of commits that stand in an edit in the same order, dull ones too, with the run that each is part of.

    PLACE, hunk, SOURCE, epos, ts, fresh, dull, lines and informative (of the run). A line and a hunk of an edit are compared
    where most of the informative lines agree.
    """
    diagonal = [*HUNK, *SOURCE, "shift"]
    shifted = found.with_columns((pl.col("pos") - pl.col("epos")).alias("shift"))
    agreeing = shifted.with_columns(pl.len().over(diagonal).alias("agreeing"))
    best = (
        agreeing.sort("agreeing", "shift", descending=[True, False])
        .unique([*PLACE, *SOURCE], keep="first", maintain_order=True)
        .group_by(diagonal)
        .agg(pl.col("ts", "before_known").first(), pl.col("fresh").any())
    )
    lined_up = (
        best.join(on.changed.select(*HUNK, "pos", "dull", "line_hash"), on=HUNK)
        .with_columns((pl.col("pos") - pl.col("shift")).alias("epos"))
        .join(on.written.drop("dull"), on=[*SOURCE, "plus", "epos", "line_hash"], how="semi")
        .sort(*diagonal, "pos")
    )
    breaks = [pl.col(name) != pl.col(name).shift(1) for name in diagonal]
    begins = pl.any_horizontal(pl.col("pos") != pl.col("pos").shift(1) + 1, *breaks).fill_null(True)
    sized = lined_up.with_columns(begins.cum_sum().alias("run")).with_columns(
        pl.len().over("run").alias("lines"), (~pl.col("dull")).sum().over("run").alias("informative")
    )
    alive = found.select(*PLACE, *SOURCE, "epos")
    kept = pl.concat(
        [
            sized.filter("dull"),
            sized.filter(~pl.col("dull")).join(alive, on=alive.columns, how="semi"),
        ]
    )
    return kept.drop("shift", "line_hash", "run")


def chosen(found: pl.DataFrame) -> pl.DataFrame:
    """Each line with one edit, each line of an edit in one place of a commit."""
    by = ["fresh", "before_known", "informative", "ts", "lines", "operation", "ehunk", "epos", *PLACE]
    ranked = found.sort(by, descending=[True] * 5 + [False] * (len(by) - 5))
    line_of_edit = ["item", "plus", *SOURCE, "epos"]
    taken: list[pl.DataFrame] = []
    for _ in range(ROUNDS):
        won = ranked.unique(PLACE, keep="first", maintain_order=True).unique(line_of_edit, keep="first", maintain_order=True)
        taken.append(won)
        ranked = ranked.join(won, on=PLACE, how="anti", maintain_order="left")
        ranked = ranked.join(won, on=line_of_edit, how="anti", maintain_order="left")
        if not ranked.height:
            break
    return pl.concat(taken)


def with_context(on: Ground, taken: pl.DataFrame) -> pl.DataFrame:
    """The chosen lines with evidence, dull ones only where the same edit has an informative line in the same hunk of the patch.

    Such an edit also gets the hunk's other dull lines, as far as it holds their texts.
    """
    beside = taken.filter(~pl.col("dull")).select("item", "file", "hunk", "operation").unique()
    kept = taken.join(beside, on=beside.columns, how="semi")
    owners = kept.group_by("item", "file", "hunk", "operation").agg(pl.col("ts", "fresh", "ehunk").first())
    text = ["operation", "plus", "line_hash"]
    held = on.written.filter("dull").group_by(text).agg(pl.len().cast(pl.Int64).alias("held"))
    spent = (
        kept.filter("dull")
        .join(on.changed.select(*PLACE, "line_hash"), on=PLACE)
        .group_by("item", "file", *text)
        .agg(pl.len().cast(pl.Int64).alias("spent"))
    )
    more = (
        on.changed.filter("dull")
        .join(kept, on=PLACE, how="anti")
        .join(owners, on=["item", "file", "hunk"])
        .join(held, on=text)
        .join(spent, on=["item", "file", *text], how="left")
        .sort(*PLACE, "fresh", "ts", "operation", descending=[False] * 4 + [True] * 3)
        .unique(PLACE, keep="first", maintain_order=True)
        .filter(pl.int_range(pl.len()).over("item", "file", *text) < pl.col("held") - pl.col("spent").fill_null(0))
    )
    evidence = (
        pl.when("dull").then(pl.lit(CONTEXT)).when(pl.col("informative") > 1).then(pl.lit(BLOCK)).otherwise(pl.lit(SINGLE))
    )
    both = pl.concat(
        [
            kept.select(*HUNK, "pos", "dull", *SOURCE, "ts", evidence.alias("evidence")),
            more.select(*HUNK, "pos", "dull", *SOURCE, "ts", pl.lit(CONTEXT).alias("evidence")),
        ]
    )
    owned = on.operations.select("operation", "source", "path")
    return both.join(owned, on="operation").select(CREDIT)


def whole_hunks(on: Ground, credits: pl.DataFrame, tolerance_ms: int) -> pl.DataFrame:
    """Credits for hunks of dull lines alone: a hunk of an edit has the very same lines, and nobody touched the file since.

    A small change of short lines says nothing line by line, but a good deal as a whole.
    """
    changed = _whole(on.changed.join(credits, on=PLACE, how="anti"), [*HUNK, "path"], "pos")
    lines = on.commit_lines.filter(pl.col("side") != " ", pl.col("rel_path").is_in(on.files.text(changed["file"]).implode()))
    known = lines.join(on.commits_by_sha(), on="commit_sha", how="semi")
    changed = _complete(changed, known.select(_place(on.items, on.files)), HUNK)
    written = _whole(on.written, [*SOURCE, "plus"], "epos")
    edit_lines = on.edit_lines(written).filter(pl.col("side") != " ")
    written = _complete(written, edit_lines.select("operation", _hunk("ehunk"), PLUS), [*SOURCE, "plus"])
    found = (
        changed.join(written.join(on.operations, on="operation"), on=["path", "plus", "lines", "digest"])
        .join(on.commits.select("item", "ct"), on="item")
        .filter(pl.col("ts") <= pl.col("ct") + tolerance_ms)
    )
    old = _touched_before(on, found.select("item", "path").unique())
    latest = (
        found.join(old, on=["item", "path"], how="left")
        .filter(pl.col("newest").fill_null(NEVER) <= pl.col("ts") + tolerance_ms)
        .sort("ts", "operation", "ehunk", descending=[True, False, False])
        .unique(HUNK, keep="first", maintain_order=True)
    )
    told = latest.select(*HUNK, *SOURCE, "source", "ts", pl.lit(WHOLE).alias("evidence"))
    return on.changed.join(told, on=HUNK).select(CREDIT)


def _whole(lines: pl.DataFrame, key: Sequence[str], place: str) -> pl.DataFrame:
    """key, lines, digest of the hunks whose lines are all dull; equal digests mean equal lines in the same order."""
    ordered = lines.with_columns((pl.col(place) - pl.col(place).min().over(key)).cast(pl.UInt64).alias("n"))
    digest = (pl.col("line_hash") * (pl.col("n") * 2 + 1)).reinterpret(signed=True).cast(pl.Int128).sum().alias("digest")
    hunks = ordered.group_by(key).agg(pl.len().alias("lines"), digest, pl.col("dull").all())
    return hunks.filter("dull").drop("dull")


def _complete(hunks: pl.DataFrame, lines: pl.LazyFrame, key: Sequence[str]) -> pl.DataFrame:
    """Those hunks that have no other lines than those they were made of."""
    asked = hunks.lazy().select(key)
    counts = lines.join(asked, on=key, how="semi").group_by(key).agg(pl.len().alias("lines")).collect(engine="streaming")
    return hunks.join(counts, on=[*key, "lines"], how="semi")


def _touched_before(on: Ground, asked: pl.DataFrame) -> pl.DataFrame:
    """item, path, newest: author date of the latest commit before that touched the file. asked: item, path."""
    touched = on.touches.join(asked.select("path").unique(), on="path", how="semi")
    when = on.commits.select("item", "chain", "place", pl.col("at").alias("happened"))
    return newest_before(asked, touched.join(when, on="item"), on.lineage, ["path"])


def anchors(on: Ground, credits: pl.DataFrame, *, span: int, characters: int) -> pl.DataFrame:
    """Per (HUNK, SOURCE) of credited lines: item, file, plus, hunk, operation, ehunk, source, ts, asks, anchored.

    asks: the edit's hunk has informative unchanged lines. anchored: one of them stands in the commit's patch at most `span`
    lines outside of the credited ones.
    """
    group = [*HUNK, *SOURCE]
    groups = credits.group_by(group).agg(
        pl.col("pos").min().alias("low"), pl.col("pos").max().alias("high"), pl.col("source", "ts").first()
    )
    unchanged = (
        on.edit_lines(groups)
        .filter(pl.col("side") == " ", pl.col("word_characters") >= characters)
        .select("operation", _hunk("ehunk"), "line_hash")
        .unique()
        .collect(engine="streaming")
        .join(on.dull, on="line_hash", how="anti")
    )
    near = (
        on.commit_lines.join(unchanged.lazy().select("line_hash").unique(), on="line_hash", how="semi")
        .join(on.commits_by_sha().join(groups.lazy(), on="item", how="semi"), on="commit_sha")
        .select("item", on.files.number("rel_path").alias("file"), _hunk("hunk"), _position("at"), "line_hash")
        .collect(engine="streaming")
    )
    anchored = (
        groups.join(near, on=["item", "file", "hunk"])
        .filter(pl.col("at").is_between(pl.col("low") - span, pl.col("high") + span))
        .join(unchanged, on=[*SOURCE, "line_hash"], how="semi")
        .select(group)
        .unique()
    )
    return (
        groups.join(unchanged.select(*SOURCE, pl.lit(True).alias("asks")).unique(), on=SOURCE, how="left")
        .join(anchored.with_columns(pl.lit(True).alias("anchored")), on=group, how="left")
        .with_columns(pl.col("asks", "anchored").fill_null(False))
    )


def deleted_files(on: Ground, credits: pl.DataFrame, deletions: pl.DataFrame, tolerance_ms: int) -> pl.DataFrame:
    """Credits for the removed lines that nobody has, of files that a commit and, before it, an edit without text deleted.

    deletions: commit_sha, rel_path. The latest such edit counts, unless a commit touched the file since.
    """
    edits = on.operations.filter(pl.col("write_mode") == "delete")
    gone = deletions.join(on.commits_by_sha().collect(), on="commit_sha").filter(
        pl.col("rel_path").is_in(on.files.texts.implode())
    )
    asked = gone.select("item", "commit_sha", "rel_path", on.files.number("rel_path").alias("file"), on.path().alias("path"))
    old = _touched_before(on, asked.select("item", "path").unique())
    by = (
        asked.join(edits, on="path")
        .join(on.commits.select("item", "ct"), on="item")
        .join(old, on=["item", "path"], how="left")
        .filter(pl.col("ts") <= pl.col("ct") + tolerance_ms, pl.col("newest").fill_null(NEVER) <= pl.col("ts") + tolerance_ms)
        .sort("ts", "operation")
        .unique(["item", "file"], keep="last", maintain_order=True)
    )
    removed = (
        on.commit_lines.filter(pl.col("side") == "-")
        .join(by.lazy().select("commit_sha", "rel_path"), on=["commit_sha", "rel_path"], how="semi")
        .select(_place(on.items, on.files))
        .collect(engine="streaming")
    )
    return (
        removed.join(credits, on=PLACE, how="anti")
        .join(by.select("item", "file", "path", "operation", "source", "ts"), on=["item", "file"])
        .with_columns(pl.lit(False).alias("dull"), pl.lit(0, dtype=NUMBER).alias("ehunk"), pl.lit(DELETED).alias("evidence"))
        .select(CREDIT)
    )


def reverted(on: Ground, credits: pl.DataFrame, reverts: Mapping[int, int]) -> pl.DataFrame:
    """The credits with those of reverting commits replaced. reverts: item -> the item that its message takes back.

    What a revert removes is nobody's; what it restores falls to who wrote that text of that file last before it. The revert of
    a revert has the credits of the first commit, text by text.
    """
    if not reverts:
        return credits
    again = {item: reverts[target] for item, target in reverts.items() if target in reverts}
    others = credits.filter(~pl.col("item").is_in(list(reverts)))
    lines = on.changed.filter(pl.col("item").is_in(list(reverts)))
    known = others.join(on.changed.select(*PLACE, "line_hash"), on=PLACE).join(lines.select(TEXT).unique(), on=TEXT, how="semi")
    taken_back, first = _targets(reverts), _targets(again)
    owner = known.select(*TEXT, pl.col("item").alias("owner"), "operation", "source", "ts")
    history = (
        lines.join(first, on="item", how="anti")
        .filter("plus", ~pl.col("dull"))
        .join(taken_back, on="item")
        .join(owner, on=TEXT)
        .filter(pl.col("owner") != pl.col("target"))
        .join(on.commits.select(pl.col("item").alias("owner"), "chain", "place", pl.col("at").alias("owned_at")), on="owner")
        .join(on.commits.select("item", "at"), on="item")
        .filter(pl.col("owned_at") <= pl.col("at"))
        .join(on.lineage, on=["item", "chain"], how="left")
        .with_columns((pl.col("place") <= pl.col("upto")).fill_null(False).alias("is_before"))
        .sort("is_before", "owned_at", "owner", "operation")
        .unique(PLACE, keep="last", maintain_order=True)
        .with_columns(pl.lit(RESTORED).alias("evidence"))
    )
    numbered = pl.int_range(pl.len()).over("item", *TEXT).alias("copy")
    originals = (
        known.sort(PLACE)
        .with_columns(numbered)
        .select(pl.col("item").alias("target"), *TEXT, "copy", "operation", "source", "ts")
    )
    copies = (
        lines.join(first, on="item")
        .sort(PLACE)
        .with_columns(numbered)
        .join(originals, on=["target", *TEXT, "copy"])
        .with_columns(pl.lit(REAPPLIED).alias("evidence"))
    )
    columns = [name for name in CREDIT if name != "ehunk"]
    added = pl.concat([history.select(columns), copies.select(columns)]).with_columns(pl.lit(0, dtype=NUMBER).alias("ehunk"))
    return pl.concat([others, added.select(CREDIT)])


def _targets(targets: Mapping[int, int]) -> pl.DataFrame:
    """item, target."""
    return pl.DataFrame(list(targets.items()), schema={"item": NUMBER, "target": NUMBER}, orient="row")


def with_hashes(on: Ground, credits: pl.DataFrame) -> pl.DataFrame:
    """The credits with line_hash. Deleted lines may have texts that no edit holds."""
    known = credits.join(on.changed.select(*PLACE, "line_hash"), on=PLACE, how="left")
    lacking = known.filter(pl.col("line_hash").is_null()).select(PLACE)
    if not lacking.height:
        return known
    place = {"commit_sha": on.items.text(lacking["item"]), "rel_path": on.files.text(lacking["file"])}
    lines = lacking.with_columns(**place, position=pl.col("pos").cast(pl.Int64)).lazy()
    texts = on.commit_lines.select("commit_sha", "rel_path", "position", pl.col("line_hash").alias("text"))
    found = texts.join(lines, on=["commit_sha", "rel_path", "position"]).select(*PLACE, "text").collect(engine="streaming")
    return known.join(found, on=PLACE, how="left").with_columns(pl.coalesce("line_hash", "text")).drop("text")
