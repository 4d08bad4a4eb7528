"""Parquet: rows as a file that any data tool reads.

What lives here: writing the file. What stays out: which rows and columns there are.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from paceflow_assets.runtime.errors import PaceflowError


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows, replacing the file. A column without any value has numbers' type."""
    values = [[row[name] for name in columns] for row in rows]
    frame = pl.DataFrame(values, schema=list(columns), orient="row", infer_schema_length=None)
    numbers = [name for name, kind in frame.schema.items() if kind == pl.Null()]
    write_frame(path, frame.with_columns(pl.col(numbers).cast(pl.Float64)))


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame, replacing the file; tell on stderr how many rows."""
    try:
        frame.write_parquet(path)
    except OSError as error:
        why = error.strerror or "no such folder, or it is not writable"
        raise PaceflowError(f"{path}: cannot be written ({why}); nothing was kept; name another file") from error
    print(f"{frame.height} rows → {path}", file=sys.stderr)
