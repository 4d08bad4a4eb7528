"""Matching: bags of lines on two sides, and how much of one the other explains.

What lives here: counting equal lines per file operation, the joins between commits and sessions, the search for another path.
What belongs here: set work that several tables need alike. What stays out: what the result means (event/) and the thresholds
(rule/), which come in as plain values and functions.

Frames of demand: item, rel_path, side, line_hash, lines, happened_at. Frames of supply: the same with `source` for `item`.
A source offers a line as often as its largest single operation holds it.
"""

from collections.abc import Callable, Sequence

import polars as pl

Sql = Callable[..., pl.DataFrame]
ChoosePath = Callable[[str, int, Sequence[tuple[str, int]]], str | None]

AT_ANY_TIME = "true"
SUPPLY_FIRST = "(supply.happened_at is null or supply.happened_at <= demand.happened_at + to_milliseconds($tolerance_ms))"
SUPPLY_LATER = "supply.happened_at >= demand.happened_at"


def commit_bags(sql: Sql, lines: pl.DataFrame, commits: pl.DataFrame, hash_column: str) -> pl.DataFrame:
    """Changed lines of each commit and file as a bag: item, rel_path, side, line_hash, lines, happened_at."""
    return sql(
        f"""
        select
            lines.commit_sha as item, rel_path, side, {hash_column} as line_hash, count(*) as lines,
            any_value(commit_time) as happened_at
        from lines inner join commits using (commit_sha)
        where side <> ' '
        group by lines.commit_sha, rel_path, side, {hash_column}
        """,
        lines=lines,
        commits=commits.select("commit_sha", "commit_time"),
    )


def file_bags(sql: Sql, lines: pl.DataFrame, commits: pl.DataFrame, hash_column: str, side: str) -> pl.DataFrame:
    """`commit_bags` of one side and of some commits: item, rel_path, side, line_hash, lines, happened_at."""
    return commit_bags(sql, lines.filter(pl.col("side") == side), commits, hash_column)


def session_bags(sql: Sql, lines: pl.DataFrame, changes: pl.DataFrame, hash_column: str) -> pl.DataFrame:
    """Changed lines of each file operation as a bag: provider, and a frame of supply whose source is the session."""
    return sql(
        f"""
        select
            provider, provider || chr(10) || session_id as source, any_value(rel_path) as rel_path, side,
            {hash_column} as line_hash, count(*) as lines, any_value(change_ts) as happened_at
        from lines inner join changes using (provider, session_id, change_id)
        where side <> ' ' and rel_path is not null
        group by provider, session_id, change_id, side, {hash_column}
        """,
        lines=lines,
        changes=changes.select("provider", "session_id", "change_id", "rel_path", "change_ts"),
    )


def largest(sql: Sql, bags: pl.DataFrame, source: str) -> pl.DataFrame:
    """Supply whatever the time: of each `source` expression the largest operation counts; `happened_at` is the earliest."""
    return sql(
        f"""
        select {source} as source, rel_path, side, line_hash, max(lines) as lines, min(happened_at) as happened_at
        from bags group by {source}, rel_path, side, line_hash
        """,
        bags=bags,
    )


def dull_hashes(sql: Sql, lines: pl.DataFrame, hash_column: str, characters: int, files: int) -> pl.DataFrame:
    """Line hashes that carry no information: too few word characters, or added to too many files. Column line_hash."""
    return sql(
        f"""
        select {hash_column} as line_hash from lines where side <> ' '
        group by {hash_column}
        having
            max(word_characters) < $characters
            or count(distinct rel_path) filter (where side = '+') >= $files
        """,
        {"characters": characters, "files": files},
        lines=lines,
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
                    partition by coalesce(lineage, pairs.item), source, found_path, side, line_hash
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


def file_totals(sql: Sql, demand: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """item, rel_path, file_lines (all changed lines) and matched_lines (those that some source explains)."""
    return sql(
        """
        with per_line as (

            select item, rel_path, side, line_hash, least(any_value(lines), sum(offered)) as matched
            from pairs group by item, rel_path, side, line_hash

        ),

        matched as (

            select item, rel_path, sum(matched) as matched_lines from per_line group by item, rel_path

        )

        select item, rel_path, sum(lines)::bigint as file_lines, coalesce(any_value(matched_lines), 0)::bigint as matched_lines
        from demand left join matched using (item, rel_path)
        group by item, rel_path
        """,
        demand=demand,
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

    Asked for the files of `least_lines` (item, rel_path, least): scores below `least` do not matter and may be left out. A path
    that reaches `least` must hold one of any lines that make up more than the rest; the rarest such lines find the
    candidates, so that a brace that stands in every file is never the way in.
    """
    if not least_lines.height:
        return pl.DataFrame(schema={"item": pl.String, "rel_path": pl.String, "other_path": pl.String, "score": pl.Int64})
    parameters = {"tolerance_ms": tolerance_ms} if "$tolerance_ms" in order else None
    return sql(
        f"""
        with asked as (

            select demand.*, least from demand inner join least_lines using (item, rel_path)

        ),

        spread as (

            select side, line_hash, count(distinct rel_path) as path_count from supply group by side, line_hash

        ),

        by_rarity as (

            select
                asked.*,
                coalesce(path_count, 0) as path_count,
                sum(lines) over (partition by item, rel_path) as file_lines,
                coalesce(sum(lines) over (
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


def chosen_paths(scores: pl.DataFrame, files: pl.DataFrame, choose: ChoosePath) -> pl.DataFrame:
    """item, rel_path, supply_path of the files for which `choose` takes another path. files: item, rel_path, file_lines."""
    listed = (
        scores.sort("item", "rel_path", "other_path")
        .group_by("item", "rel_path", maintain_order=True)
        .agg("other_path", "score")
        .join(files.select("item", "rel_path", "file_lines"), on=["item", "rel_path"])
    )
    rows = [
        (item, rel_path, choose(rel_path, file_lines, list(zip(paths, found, strict=True))))
        for item, rel_path, paths, found, file_lines in listed.select(
            "item", "rel_path", "other_path", "score", "file_lines"
        ).rows()
    ]
    schema = {"item": pl.String, "rel_path": pl.String, "supply_path": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("supply_path").is_not_null())
