"""Matching: bags of lines on two sides, and how much of one the other explains.

What lives here: counting equal lines per file operation, the joins between commits and sessions, the search for another path.
What belongs here: set work that several tables need alike. What stays out: what the result means (event/) and the thresholds
(rule/), which come in as plain values and functions.

Frames of demand: item, rel_path, side, line_hash, lines, happened_at. Frames of supply: the same with `source` for `item`.
Items, paths and sources are numbers under `Names`, or anything else that equals and sorts as they do. A source offers a line
as often as its largest single operation holds it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

Sql = Callable[..., pl.DataFrame]
ChoosePath = Callable[[str, int, Sequence[tuple[str, int]]], str | None]
LeastLines = Callable[[int, int], float | None]

AT_ANY_TIME = "true"
SUPPLY_FIRST = "(supply.happened_at is null or supply.happened_at <= demand.happened_at + to_milliseconds($tolerance_ms))"
NUMBER = pl.UInt32
OPERATION = ["provider", "session_id", "change_id"]
SESSION = pl.concat_str("provider", "session_id", separator="\n")
SUPPLY_LATER = "supply.happened_at >= demand.happened_at"


@dataclass(frozen=True)
class Names:
    """Texts as numbers: a number is the text's place among all of them, so that numbers sort as their texts do.

    Joins over millions of lines take a fraction of the memory and time with numbers. texts: distinct, sorted, without null.
    """

    texts: pl.Series

    @classmethod
    def of(cls, column: str | pl.Expr, *frames: pl.DataFrame | pl.LazyFrame) -> Self:
        """Names of every text that a column has in some frames."""
        every = pl.concat([frame.lazy().select(_column(column).alias("text")) for frame in frames])
        return cls(every.unique().drop_nulls().sort("text").collect(engine="streaming")["text"])

    def number(self, column: str | pl.Expr) -> pl.Expr:
        """The numbers of a column's texts, all of which must be known; null stays null."""
        return _column(column).cast(pl.Enum(self.texts)).to_physical().cast(NUMBER)

    def text(self, numbers: pl.Series) -> pl.Series:
        """The texts of numbers; null stays null."""
        return self.texts.gather(numbers).alias(numbers.name)


def sessions(names: Names, numbers: pl.Series) -> pl.DataFrame:
    """provider, session_id of numbers under the names of SESSION; null stays null."""
    return names.text(numbers).str.splitn("\n", 2).struct.rename_fields(OPERATION[:2]).struct.unnest()


def _column(column: str | pl.Expr) -> pl.Expr:
    return pl.col(column) if isinstance(column, str) else column


def _file(items: Names, paths: Names) -> list[pl.Expr]:
    """The commit and the path of a row as numbers: item, rel_path."""
    return [items.number("commit_sha").alias("item"), paths.number("rel_path").alias("rel_path")]


def among(lines: pl.LazyFrame, hash_column: str, others: pl.DataFrame) -> pl.LazyFrame:
    """The lines whose text one of the others (column line_hash) has, on any side and in any file: no other can match."""
    hashes = others.lazy().select(pl.col("line_hash").alias(hash_column)).unique()
    return lines.join(hashes, on=hash_column, how="semi")


def file_lines(lines: pl.LazyFrame, commits: pl.DataFrame, items: Names, paths: Names) -> pl.DataFrame:
    """item, rel_path, file_lines: how many lines each commit changes in each file. Other commits are left out."""
    return (
        lines.filter(pl.col("side") != " ")
        .join(commits.lazy().select("commit_sha"), on="commit_sha", how="semi")
        .group_by("commit_sha", "rel_path")
        .agg(pl.len().cast(pl.Int64).alias("file_lines"))
        .select(*_file(items, paths), "file_lines")
        .collect(engine="streaming")
    )


def commit_bags(
    sql: Sql, lines: pl.LazyFrame, commits: pl.DataFrame, hash_column: str, items: Names, paths: Names, sides: str = "+-"
) -> pl.DataFrame:
    """Lines of some commits by commit and file, as a bag: item, rel_path, side, line_hash, lines, happened_at.

    sides: which lines are meant. Lines of commits that are not given are left out.
    """
    wanted = commits.lazy().select("commit_sha")
    numbered = (
        lines.filter(pl.col("side").is_in(list(sides)))
        .join(wanted, on="commit_sha", how="semi")
        .select(*_file(items, paths), "side", pl.col(hash_column).alias("line_hash"))
        .collect(engine="streaming")
    )
    return sql(
        """
        select item, rel_path, side, line_hash, count(*) as lines, any_value(commit_time) as happened_at
        from numbered inner join times using (item)
        group by item, rel_path, side, line_hash
        """,
        numbered=numbered,
        times=commits.select(items.number("commit_sha").alias("item"), "commit_time"),
    )


def ai_bags(ai_lines: pl.LazyFrame, items: Names, paths: Names) -> pl.DataFrame:
    """Rows of fact_commit_ai_line as bags of added lines: item, rel_path, side, line_hash, lines, happened_at."""
    added = pl.lit("+").alias("side"), "line_hash", "lines", pl.col("commit_time").alias("happened_at")
    return ai_lines.select(*_file(items, paths), *added).collect(engine="streaming")


def session_bags(
    sql: Sql, lines: pl.LazyFrame, changes: pl.DataFrame, hash_column: str, paths: Names, sources: Names, source: pl.Expr
) -> pl.DataFrame:
    """Changed lines of each file operation as a bag: a frame of supply.

    source: what `sources` names, made from provider and session_id. Operations without a path are left out.
    """
    operations = changes.filter(pl.col("rel_path").is_not_null()).with_row_index("operation")
    numbered = (
        lines.filter(pl.col("side") != " ")
        .join(operations.lazy().select(*OPERATION, "operation"), on=OPERATION)
        .select("operation", "side", pl.col(hash_column).alias("line_hash"))
        .collect(engine="streaming")
    )
    return sql(
        """
        select
            any_value(source) as source, any_value(rel_path) as rel_path, side, line_hash, count(*) as lines,
            any_value(change_ts) as happened_at
        from numbered inner join operations using (operation)
        group by operation, side, line_hash
        """,
        numbered=numbered,
        operations=operations.select(
            "operation", sources.number(source).alias("source"), paths.number("rel_path").alias("rel_path"), "change_ts"
        ),
    )


def largest(sql: Sql, bags: pl.DataFrame) -> pl.DataFrame:
    """Supply whatever the time: of each source the largest operation counts; `happened_at` is the earliest."""
    return sql(
        """
        select source, rel_path, side, line_hash, max(lines) as lines, min(happened_at) as happened_at
        from bags group by source, rel_path, side, line_hash
        """,
        bags=bags,
    )


def dull_hashes(sql: Sql, lines: pl.LazyFrame, hash_column: str, characters: int, files: int, paths: Names) -> pl.DataFrame:
    """Line hashes that carry no information: too few word characters, or added to too many files. Column line_hash."""
    numbered = (
        lines.filter(pl.col("side") != " ")
        .select(
            pl.col(hash_column).alias("line_hash"),
            pl.col("word_characters").cast(pl.Int32),
            pl.when(pl.col("side") == "+").then(paths.number("rel_path")).alias("added_to"),
        )
        .collect(engine="streaming")
    )
    return sql(
        """
        select line_hash from numbered group by line_hash
        having max(word_characters) < $characters or count(distinct added_to) >= $files
        """,
        {"characters": characters, "files": files},
        numbered=numbered,
    )


def explained(
    sql: Sql, demand: pl.DataFrame, supply: pl.DataFrame, *, order: str = AT_ANY_TIME, tolerance_ms: int = 0
) -> pl.DataFrame:
    """Pairs of equal lines: demand's columns, source, the file it was found in (`found_path`), lines on offer (`offered`).

    That file is the demand's own, or what a column supply_path of the demand says instead.
    """
    path = "coalesce(demand.supply_path, demand.rel_path)" if "supply_path" in demand.columns else "demand.rel_path"
    return sql(
        f"""
        select demand.item, demand.rel_path, demand.side, demand.line_hash, demand.lines, demand.happened_at, supply.source,
            supply.rel_path as found_path, max(supply.lines) as offered
        from demand inner join supply
            on supply.rel_path = {path} and supply.side = demand.side and supply.line_hash = demand.line_hash and {order}
        group by demand.item, demand.rel_path, demand.side, demand.line_hash, demand.lines, demand.happened_at, supply.source,
            supply.rel_path
        """,
        {"tolerance_ms": tolerance_ms} if "$tolerance_ms" in order else None,
        demand=demand,
        supply=supply,
    )


def without_lone_dull(sql: Sql, pairs: pl.DataFrame, dull: pl.DataFrame) -> pl.DataFrame:
    """Pairs without dull lines whose source has no informative line in that file of the item."""
    return sql(
        """
        select pairs.*
        from pairs
        where line_hash not in (select line_hash from dull)
            or (item, rel_path, source) in (
                select (item, rel_path, source) from pairs where line_hash not in (select line_hash from dull)
            )
        """,
        pairs=pairs,
        dull=dull,
    )


def consumed(sql: Sql, pairs: pl.DataFrame, lineages: pl.DataFrame) -> pl.DataFrame:
    """Pairs in which a source offers a line only as often as earlier items of the same lineage left over.

    lineages: item, lineage. An item without one is a lineage of its own.
    """
    return sql(
        """
        with earlier as (

            select
                pairs.*,
                coalesce(sum(pairs.lines) over (
                    partition by lineage, case when lineage is null then pairs.item end, source, found_path, side, line_hash
                    order by happened_at, pairs.item rows between unbounded preceding and 1 preceding
                ), 0) as taken
            from pairs left join lineages using (item)

        )

        select * exclude (taken, offered), offered - taken::bigint as offered from earlier where offered > taken
        """,
        pairs=pairs,
        lineages=lineages,
    )


def shared_out(sql: Sql, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs with `matched`: the lines of the item that fall to the source, in proportion to what each source offers."""
    return sql(
        """
        select *, least(lines, sum(offered) over bag) * (offered / sum(offered) over bag) as matched
        from pairs
        window bag as (partition by item, rel_path, side, line_hash)
        """,
        pairs=pairs,
    )


def file_totals(sql: Sql, files: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Files (item, rel_path, file_lines) with matched_lines: those that some source explains."""
    return sql(
        """
        with per_line as (

            select item, rel_path, side, line_hash, least(any_value(lines), sum(offered)) as matched
            from pairs group by item, rel_path, side, line_hash

        ),

        matched as (

            select item, rel_path, sum(matched) as matched_lines from per_line group by item, rel_path

        )

        select item, rel_path, file_lines, coalesce(matched_lines, 0)::bigint as matched_lines
        from files left join matched using (item, rel_path)
        """,
        files=files,
        pairs=pairs,
    )


def path_scores(
    sql: Sql,
    demand: pl.DataFrame,
    supply: pl.DataFrame,
    *,
    least_lines: pl.DataFrame,
    order: str = AT_ANY_TIME,
    tolerance_ms: int = 0,
) -> pl.DataFrame:
    """How many lines of a file each other path explains: item, rel_path, other_path, score.

    Asked for the files of `least_lines` (item, rel_path, file_lines, least): scores below `least` do not matter and may be left
    out. A path that reaches `least` must hold one of any lines that make up more than the rest; the rarest such lines find
    the candidates, so that a brace that stands in every file is never the way in. The demand may lack lines that no supply
    has; file_lines counts them.
    """
    if not least_lines.height:
        path = demand.schema["rel_path"]
        return pl.DataFrame(schema={"item": demand.schema["item"], "rel_path": path, "other_path": path, "score": pl.Int64})
    parameters = {"tolerance_ms": tolerance_ms} if "$tolerance_ms" in order else None
    return sql(
        f"""
        with asked as (

            select demand.*, file_lines, least from demand inner join least_lines using (item, rel_path)

        ),

        spread as (

            select side, line_hash, count(distinct rel_path) as path_count from supply group by side, line_hash

        ),

        by_rarity as (

            select
                asked.*,
                coalesce(path_count, 0) as path_count,
                file_lines - sum(lines) over (partition by item, rel_path) + coalesce(sum(lines) over (
                    partition by item, rel_path order by coalesce(path_count, 0), side, line_hash
                    rows between unbounded preceding and 1 preceding
                ), 0) as rarer_lines
            from asked left join spread using (side, line_hash)

        ),

        candidates as (

            select distinct by_rarity.item, by_rarity.rel_path, supply.rel_path as other_path
            from by_rarity inner join supply
                on supply.side = by_rarity.side and supply.line_hash = by_rarity.line_hash
                    and supply.rel_path <> by_rarity.rel_path
            where rarer_lines <= file_lines - least

        ),

        offers as (

            select
                demand.item, demand.rel_path, other_path, demand.side, demand.line_hash,
                least(any_value(demand.lines), max(supply.lines)) as found
            from candidates
            inner join asked as demand using (item, rel_path)
            inner join supply
                on supply.rel_path = other_path and supply.side = demand.side and supply.line_hash = demand.line_hash
                    and {order}
            group by demand.item, demand.rel_path, other_path, demand.side, demand.line_hash

        )

        select item, rel_path, other_path, sum(found)::bigint as score
        from offers
        group by item, rel_path, other_path
        """,
        parameters,
        demand=demand,
        supply=supply,
        least_lines=least_lines,
    )


def other_paths(
    sql: Sql,
    demand: pl.DataFrame,
    supply: pl.DataFrame,
    totals: pl.DataFrame,
    *,
    paths: Names,
    least_lines: LeastLines,
    choose: ChoosePath,
    **conditions: object,
) -> pl.DataFrame:
    """item, rel_path, supply_path, score of the files that are explained too little and that another path explains.

    totals: as from `file_totals`. least_lines(lines of the file, matched lines): the least score that matters; None = the file
    keeps its own path. conditions: order and tolerance, as in `explained`.
    """
    asked = [
        (item, rel_path, lines, least)
        for item, rel_path, lines, found in totals.select("item", "rel_path", "file_lines", "matched_lines").rows()
        if (least := least_lines(lines, found)) is not None
    ]
    schema = {"item": NUMBER, "rel_path": NUMBER, "file_lines": pl.Int64, "least": pl.Float64}
    wanted = pl.DataFrame(asked, schema=schema, orient="row")
    scores = path_scores(sql, demand, supply, least_lines=wanted, **conditions)
    chosen = chosen_paths(scores, totals, choose, paths)
    return chosen.join(scores, left_on=["item", "rel_path", "supply_path"], right_on=["item", "rel_path", "other_path"])


def chosen_paths(scores: pl.DataFrame, files: pl.DataFrame, choose: ChoosePath, paths: Names) -> pl.DataFrame:
    """item, rel_path, supply_path of the files for which `choose` takes another path. files: item, rel_path, file_lines."""
    numbers = pl.concat([scores["rel_path"], scores["other_path"]]).unique()
    text = dict(zip(numbers, paths.text(numbers), strict=True))
    number = {path: place for place, path in text.items()}
    listed = (
        scores.sort("item", "rel_path", "other_path")
        .group_by("item", "rel_path", maintain_order=True)
        .agg("other_path", "score")
        .join(files.select("item", "rel_path", "file_lines"), on=["item", "rel_path"])
        .select("item", "rel_path", "other_path", "score", "file_lines")
    )
    rows = []
    for item, path, others, found, file_lines in listed.rows():
        taken = choose(text[path], file_lines, [(text[other], score) for other, score in zip(others, found, strict=True)])
        if taken is not None:
            rows.append((item, path, number[taken]))
    schema = {"item": scores.schema["item"], "rel_path": scores.schema["rel_path"], "supply_path": scores.schema["rel_path"]}
    return pl.DataFrame(rows, schema=schema, orient="row")
