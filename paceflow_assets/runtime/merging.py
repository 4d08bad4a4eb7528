"""Merging: give what is stored of one repository another key.

What lives here: moving raw rows from one key to another, where they unite with what is there.
What belongs here: the repair of identity: a lasting key for a repository that got its first commit, and `paceflow repository
merge`. What stays out: recognising repositories (partitions).
"""

import contextlib

import msgspec
import polars as pl

from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.versions import column_versions, table_version
from paceflow_assets.runtime.warehouse import Provenance, Warehouse

SPOKEN_OF = ("repository", "home_repository", "cwd_repository")


def merge_tables(settings: Settings, old: str, new: str, *, wait_seconds: float) -> None:
    """Move the raw rows of `old` to `new`; every raw row anywhere speaks of `new` from then on. Derived tables go.

    A row that both have is taken from `new`. Raises `Locked`, with nothing done, when a repository is in use for longer than
    `wait_seconds`. Done again after it was cut off, it ends as if it had been done once.
    """
    warehouse = Warehouse(settings)
    sessions = tables()["raw_session"]
    others = [key for key in warehouse.repositories(sessions.name) if key not in (old, new)]
    with contextlib.ExitStack() as locks:
        for key in sorted({old, new, *others}):
            locks.enter_context(warehouse.lock(key, wait_seconds=wait_seconds))
        for table in tables().values():
            if table.layer == "raw" and warehouse.path(table.name, old).exists():
                _move(warehouse, table, old, new)
        for repository in others:
            _rename_inside(warehouse, sessions, repository, old, new)
        warehouse.drop(old)


def _move(warehouse: Warehouse, table: Table, old: str, new: str) -> None:
    provenance = warehouse.provenance(table.name, old)
    moved = renamed(warehouse.read(table, old), old, new)
    present = renamed(warehouse.read(table, new), old, new)
    together = pl.concat([present, moved.join(present.select(table.key), on=list(table.key), how="anti")])
    if provenance is not None:
        _write(warehouse, table, new, table.shaped(together), provenance)


def _rename_inside(warehouse: Warehouse, table: Table, repository: str, old: str, new: str) -> None:
    provenance = warehouse.provenance(table.name, repository)
    before = warehouse.read(table, repository)
    after = renamed(before, old, new)
    if provenance is not None and not after.equals(before):
        _write(warehouse, table, repository, table.shaped(after), provenance)


def _write(warehouse: Warehouse, table: Table, repository: str, frame: pl.DataFrame, origin: Provenance) -> None:
    digests = column_versions(frame)
    provenance = msgspec.structs.replace(
        origin,
        repository=repository,
        data_version=table_version(frame.height, digests, table.bookkeeping),
        column_versions=digests,
        inputs={},  # not what it was built from: the next ingest builds it again
        rows=frame.height,
    )
    warehouse.overwrite(table, repository, frame, provenance)


def renamed(frame: pl.DataFrame, old: str, new: str) -> pl.DataFrame:
    """The frame with the new key wherever a column, or a field of a list of structs, names the old one."""
    return frame.with_columns(
        _replaced(pl.col(name), dtype, name, old, new) for name, dtype in frame.schema.items() if _speaks(name, dtype)
    )


def _speaks(name: str, dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return any(field.name in SPOKEN_OF for field in dtype.inner.fields)
    return name in SPOKEN_OF


def _replaced(values: pl.Expr, dtype: pl.DataType, name: str, old: str, new: str) -> pl.Expr:
    if not isinstance(dtype, pl.List):
        return values.replace(old, new)
    fields = [field.name for field in dtype.inner.fields if field.name in SPOKEN_OF]
    swapped = [pl.element().struct.field(field).replace(old, new).alias(field) for field in fields]
    return values.list.eval(pl.element().struct.with_fields(swapped)).alias(name)
