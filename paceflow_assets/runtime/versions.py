"""Data versions: a table's content as a short text that is the same on every machine.

`<rows>-<32 hex>`: per column a 128-bit sum, modulo 2^64 in two lanes, of every value mixed with its row number, combined over
the columns with their names and types. Rows are sorted by key before, so equal content gives equal versions; bookkeeping
columns do not take part. Plain integer arithmetic and xxh3: neither polars' nor DuckDB's own hashes, which change between
their versions.
"""

from collections.abc import Collection

import polars as pl
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

LANES = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
MIX = 0xBF58476D1CE4E5B9
NULL = 0x6E756C6C6E756C6C
MASK = (1 << 64) - 1


def content_version(frame: pl.DataFrame, without: Collection[str] = ()) -> str:
    """Version of a frame whose rows are in key order."""
    parts = [f"{name}:{dtype}:{_digest(frame[name])}" for name, dtype in frame.schema.items() if name not in without]
    return f"{frame.height}-{xxh3_128_hexdigest(';'.join(parts).encode())}"


def combined(versions: dict[str, str]) -> str:
    """One version of many: partition (or table) name -> version."""
    return xxh3_128_hexdigest(";".join(f"{name}={versions[name]}" for name in sorted(versions)).encode())


def _digest(values: pl.Series) -> str:
    dtype = values.dtype
    if isinstance(dtype, pl.List):
        lengths = values.list.len().cast(pl.Int64).fill_null(-1)
        inner = values.filter(lengths > 0).explode() if len(values) else values.explode()
        return f"[{_digest(lengths)},{_digest(inner)}]"
    if isinstance(dtype, pl.Struct):
        fields = ",".join(_digest(values.struct.field(name.name)) for name in dtype.fields)
        return f"({_digest(values.is_null())},{fields})"
    return _fold(_integers(values))


def _integers(values: pl.Series) -> pl.Series:
    """Each value as a UInt64; null has a value of its own."""
    dtype = values.dtype
    if dtype == pl.String or dtype == pl.Binary:
        distinct = values.unique().drop_nulls()
        codes = [xxh3_64_intdigest(text) for text in distinct.to_list()]
        hashes = pl.Series(codes, dtype=pl.UInt64)
        if len(distinct) == len(values):
            return pl.Series([xxh3_64_intdigest(text) for text in values.to_list()], dtype=pl.UInt64)
        table = pl.DataFrame({"value": distinct, "code": hashes})
        joined = values.to_frame("value").join(table, on="value", how="left", maintain_order="left")
        return joined["code"].fill_null(NULL)
    if dtype == pl.Float64:
        bits = values.fill_nan(None).to_frame("value").select(pl.col("value").reinterpret(signed=False)).to_series()
        return bits.fill_null(NULL)
    if dtype == pl.UInt64:
        return values.fill_null(NULL)
    plain = values.to_physical() if dtype.is_temporal() else values
    return plain.cast(pl.Int64).fill_null(-NULL).to_frame("value").select(
        pl.col("value").reinterpret(signed=False)
    ).to_series()


def _fold(values: pl.Series) -> str:
    rows = pl.select(pl.int_range(len(values), dtype=pl.UInt64)).to_series() if len(values) else values
    sums = []
    for lane in LANES:
        mixed = values ^ (rows * _u64(lane) + _u64(lane ^ MASK))
        mixed = (mixed ^ (mixed // (1 << 29))) * _u64(MIX)
        mixed = (mixed ^ (mixed // (1 << 32))) * _u64(lane)
        sums.append(_wrapping_sum(mixed ^ (mixed // (1 << 31))))
    return "".join(f"{total:016x}" for total in sums)


def _u64(value: int) -> pl.Series:
    return pl.Series([value], dtype=pl.UInt64)


def _wrapping_sum(values: pl.Series) -> int:
    """Sum modulo 2^64 from two half-width sums, which cannot overflow below 4 billion rows."""
    low = (values % (1 << 32)).sum() or 0
    high = (values // (1 << 32)).sum() or 0
    return (low + (high << 32)) & MASK
