"""Nested columns: how records stand in raw tables, and how they come out again.

What lives here: the type of a file operation's lines, building list columns from records, and spreading them into rows.
What belongs here: shaping that every raw and fact table needs alike.
What stays out: which items a table holds (raw/) and what they mean (fact/, rule/).

Lists are built flat and then cut, because polars builds nested values from Python objects several times slower.
"""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from paceflow_assets.records import Lines

LINES = pl.Struct(  # `records.Lines`, field by field
    {
        "sides": pl.String,
        "hunks": pl.List(pl.Int32),
        "hashes": pl.List(pl.UInt64),
        "trimmed": pl.List(pl.UInt64),
        "words": pl.List(pl.Int32),
    }
)
SPREAD = {
    "position": pl.Int64,
    "side": pl.String,
    "hunk_index": pl.Int64,
    "line_hash": pl.UInt64,
    "line_hash_trimmed": pl.UInt64,
    "word_characters": pl.Int64,
}


def cut(flat: pl.DataFrame, lengths: Sequence[int] | pl.Series) -> pl.DataFrame:
    """Flat columns -> list columns: row i of the result holds the next lengths[i] values of each column."""
    sizes = pl.DataFrame({"size": pl.Series(lengths, dtype=pl.UInt32)}).with_row_index("row")
    owner = sizes.filter(pl.col("size") > 0).select(pl.col("row").repeat_by("size").explode())
    lists = pl.concat([owner, flat], how="horizontal").group_by("row", maintain_order=True).agg(pl.all())
    joined = sizes.select("row").join(lists, on="row", how="left", maintain_order="left").drop("row")
    return joined.select(pl.col(name).fill_null(pl.lit([], dtype=pl.List(dtype))) for name, dtype in flat.schema.items())


def lines_column(items: Sequence[Lines]) -> pl.Series:
    """One `LINES` value for each file operation."""
    flat = pl.DataFrame(
        {
            "hunks": [number for lines in items for number in lines.hunks],
            "hashes": [number for lines in items for number in lines.hashes],
            "trimmed": [number for lines in items for number in lines.trimmed],
            "words": [number for lines in items for number in lines.words],
        },
        schema={"hunks": pl.Int32, "hashes": pl.UInt64, "trimmed": pl.UInt64, "words": pl.Int32},
    )
    sides = pl.Series("sides", [lines.sides for lines in items], dtype=pl.String)
    return cut(flat, [len(lines.sides) for lines in items]).insert_column(0, sides).to_struct("lines")


def rows_of(fields: Mapping[str, pl.DataType], rows: Sequence[tuple]) -> pl.DataFrame:
    """A frame from tuples in field order."""
    columns = zip(*rows, strict=True) if rows else [[] for _ in fields]
    return pl.DataFrame(
        [pl.Series(name, values, dtype=dtype) for (name, dtype), values in zip(fields.items(), columns, strict=True)]
    )


def united(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The rows of frames, one frame after the other, each column in one piece: what sorts it need not make that piece first.

    One column at a time, and its pieces go before the next: `frames` should be the only one that holds them.
    """
    whole = pl.concat(frames)
    for name in whole.columns:
        whole = whole.with_columns(whole.get_column(name).rechunk())
    return whole


def grouped(items: pl.DataFrame, owners: pl.DataFrame, keys: Sequence[str], name: str) -> pl.DataFrame:
    """`owners` with a list column `name`: for each owner the items that bear its keys, as structs, in the items' order.

    The lists are taken by number, because a join would give every item a copy of the texts that items share.
    """
    fields = [field for field in items.columns if field not in keys]
    dtype = pl.List(pl.Struct({field: items.schema[field] for field in fields}))
    structs = items.lazy().select(*keys, pl.struct(fields).alias(name))
    lists = structs.group_by(list(keys), maintain_order=True).agg(name).collect()
    numbers = lists.select(*keys, pl.int_range(pl.len(), dtype=pl.UInt32).alias("number"))
    found = owners.select(keys).join(numbers, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
    with_none = pl.concat([lists[name], pl.Series(name, [[]], dtype=dtype)])
    return owners.with_columns(with_none.gather(found["number"].fill_null(lists.height)))


def spread(frame: pl.DataFrame, name: str, keep: Sequence[str]) -> pl.DataFrame:
    """One row for each struct in the list column `name`, with the columns in `keep` beside its fields."""
    filled = frame.lazy().select(*keep, name).filter(pl.col(name).list.len() > 0)
    return filled.explode(name).unnest(name).collect()


def spread_lines(frame: pl.DataFrame, keep: Sequence[str]) -> pl.DataFrame:
    """One row for each line of the `LINES` column `lines`, with the columns in `keep` and the line's position, from 0."""
    filled = frame.filter(pl.col("lines").struct.field("sides").str.len_bytes() > 0)
    fields = pl.col("lines").struct
    size = fields.field("sides").str.len_bytes()
    return (
        filled.select(
            *keep,
            pl.int_ranges(0, size).alias("position"),
            fields.field("sides").str.split("").alias("side"),
            fields.field("hunks").alias("hunk_index"),
            fields.field("hashes").alias("line_hash"),
            fields.field("trimmed").alias("line_hash_trimmed"),
            fields.field("words").alias("word_characters"),
        )
        .explode(list(SPREAD))
        .with_columns(pl.col(field).cast(dtype) for field, dtype in SPREAD.items())
    )


def own(sessions: pl.DataFrame, name: str, keep: Sequence[str]) -> pl.DataFrame:
    """Items of the sessions that still lie here, without those that another session wrote first."""
    items = (
        sessions.lazy()
        .filter("touches", pl.col(name).list.len() > 0)
        .select(*keep, "copied_keys", name)
        .explode(name)
        .unnest(name)
    )
    return items.filter(~pl.col("record_key").is_in(pl.col("copied_keys"))).drop("copied_keys").collect()
