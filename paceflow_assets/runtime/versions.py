"""Data versions: a table's content as a short text that is the same on every machine.

What lives here: the digest of a column and how digests make a table's version.
What belongs here: plain integer arithmetic and xxh3 only; polars' and DuckDB's own hashes change between their versions.
What stays out: code versions (fingerprint) and where versions are kept (warehouse).

Rows are in key order, so equal content gives equal digests. Lists take part as their lengths and their items. Up to
FEW values are hashed as they are; of more, a 128-bit sum of each value mixed with its row's number is taken, text as runs of
equal values. Both are the same on every machine; which one is taken follows from the number of values alone.
"""

from collections.abc import Collection, Mapping

import msgspec
import polars as pl
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

FEW = 4096
NULL = 0x6E756C6C6E756C6C
GOLDEN = 0x9E3779B97F4A7C15
MIX = 0xBF58476D1CE4E5B9
MASK = (1 << 64) - 1


def column_versions(frame: pl.DataFrame) -> dict[str, str]:
    """Digest of each column, name -> 32 hex."""
    return {name: xxh3_128_hexdigest(f"{dtype}:{_digest(frame[name])}".encode()) for name, dtype in frame.schema.items()}


def table_version(rows: int, columns: Mapping[str, str], without: Collection[str] = ()) -> str:
    """Version of a table, or of some of its columns, from their digests: `<rows>-<32 hex>`."""
    return f"{rows}-{combined({name: digest for name, digest in columns.items() if name not in without})}"


def combined(versions: Mapping[str, str]) -> str:
    """One version of many: name -> version."""
    return xxh3_128_hexdigest(";".join(f"{name}={versions[name]}" for name in sorted(versions)).encode())


def _digest(values: pl.Series) -> str:
    dtype = values.dtype
    if values.is_empty():
        return "-"
    if isinstance(dtype, pl.List):
        lengths = values.list.len().cast(pl.Int64).fill_null(-1)
        return f"[{_digest(lengths)},{_digest(values.filter(lengths > 0).explode())}]"
    if isinstance(dtype, pl.Struct):
        fields = ",".join(_digest(values.struct.field(entry.name)) for entry in dtype.fields)
        return f"({_digest(values.is_null())},{fields})"
    if len(values) <= FEW:
        plain = (values.to_physical() if dtype.is_temporal() else values).to_list()
        if dtype.is_float():
            plain = [None if value is None else value + 0.0 for value in plain]  # -0.0 is 0.0
        return xxh3_128_hexdigest(msgspec.msgpack.encode(plain))
    if dtype == pl.String:
        runs = values.rle().struct
        return f"<{_fold(_integers(runs.field('len')))},{_fold(_text_codes(runs.field('value')))}>"
    return _fold(_integers(values))


def _text_codes(texts: pl.Series) -> pl.Series:
    distinct = texts.unique().drop_nulls()
    codes = pl.Series([xxh3_64_intdigest(text.encode()) for text in distinct.to_list()], dtype=pl.UInt64)
    return texts.replace_strict(distinct, codes, default=NULL, return_dtype=pl.UInt64)


def _integers(values: pl.Series) -> pl.Series:
    """Each value as a UInt64; null has a value of its own."""
    dtype = values.dtype
    if dtype == pl.Boolean:
        return values.cast(pl.UInt64).fill_null(NULL)
    if dtype.is_temporal():
        values = values.to_physical()
    if dtype.is_float():  # -0.0 is 0.0; polars takes adding 0.0 for nothing to do
        value = pl.col("value")
        values = values.to_frame("value").select(pl.when(value == 0).then(0.0).otherwise(value).alias("value")).to_series()
    elif values.dtype != pl.UInt64:
        values = values.cast(pl.Int64)
    return values.to_frame("value").select(pl.col("value").reinterpret(dtype=pl.UInt64).fill_null(NULL)).to_series()


def _fold(values: pl.Series) -> str:
    frame = values.to_frame("value").with_row_index("row").with_columns(pl.col("row").cast(pl.UInt64))
    row, value = pl.col("row"), pl.col("value")
    mixed = (value ^ (row * _u64(GOLDEN) + _u64(MIX))) * _u64(MIX)
    mixed = (mixed ^ (mixed // _u64(1 << 32))) * _u64(GOLDEN)
    mixed = mixed ^ (mixed // _u64(1 << 29))
    halves = frame.select(row, mixed=mixed).select(
        # 32-bit halves are summed apart, because a plain sum would overflow
        low=(pl.col("mixed") % _u64(1 << 32)).sum(),
        high=(pl.col("mixed") // _u64(1 << 32)).sum(),
        low_by_row=((pl.col("mixed") * (row * 2 + 1)) % _u64(1 << 32)).sum(),
        high_by_row=((pl.col("mixed") * (row * 2 + 1)) // _u64(1 << 32)).sum(),
    )
    low, high, low_by_row, high_by_row = (number or 0 for number in halves.row(0))
    return f"{(low + (high << 32)) & MASK:016x}{(low_by_row + (high_by_row << 32)) & MASK:016x}"


def _u64(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)
