"""Warehouse: one Parquet file per (table, repository), written beside, validated, flushed, then moved in.

What belongs here: paths, reading, writing, merging, locks, SQL over all tables.
What stays out: what tables mean, and Dagster. On an object store only this file changes: its root becomes an address.

A file's footer tells its provenance: versions of code, of its own content and of the inputs. Footers are the truth about files.
"""

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import msgspec
import polars as pl
from filelock import FileLock, Timeout

from paceflow_assets.runtime.errors import Locked, TableInvalid, WarehouseError
from paceflow_assets.runtime.settings import make_private
from paceflow_assets.runtime.table import Table, tables

SCHEMA_VERSION = 1
FOOTER = "paceflow"
LOCK_SECONDS = 600.0


class Provenance(msgspec.Struct, frozen=True):
    """What a file's footer tells. inputs: upstream table -> data version it was built from."""

    schema_version: int
    table: str
    repository: str
    code_version: str
    data_version: str
    rules: str
    inputs: dict[str, str]
    rows: int
    built_ms: int
    columns: str
    numbers: dict[str, float | int | None] = {}


def file_stem(repository: str) -> str:
    """Readable, unique file name of a repository, safe on case-insensitive disks."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", repository.lower()).strip("-.")[:80] or "repository"
    return f"{slug}-{hashlib.sha256(repository.encode()).hexdigest()[:16]}"


def schema_text(table: Table) -> str:
    """Columns and types as one line, to see whether a file still has the table's shape."""
    return ",".join(f"{name}:{dtype}" for name, dtype in table.schema.items())


class Warehouse:
    """The tables of one user."""

    def __init__(self, root: Path, locks: Path) -> None:
        self.root = root
        self.locks = locks

    def path(self, table: str, repository: str) -> Path:
        """File of a table of a repository. `table` files whose rows mix repositories use the key `all`."""
        return self.root / table / f"{file_stem(repository)}.parquet"

    def provenance(self, table: str, repository: str) -> Provenance | None:
        """Footer of the file; None if there is no file or it is no readable Parquet file of ours."""
        path = self.path(table, repository)
        if not path.exists():
            return None
        try:
            return msgspec.json.decode(pl.read_parquet_metadata(path)[FOOTER], type=Provenance)
        except (pl.exceptions.PolarsError, KeyError, msgspec.MsgspecError, OSError):
            return None

    def repositories(self, table: str) -> list[str]:
        """Repositories that have a file of this table, sorted."""
        folder = self.root / table
        found = []
        for path in folder.glob("*.parquet") if folder.is_dir() else ():
            try:
                found.append(msgspec.json.decode(pl.read_parquet_metadata(path)[FOOTER], type=Provenance).repository)
            except (pl.exceptions.PolarsError, KeyError, msgspec.MsgspecError, OSError):
                continue
        return sorted(name for name in found if name)

    def read(self, table: Table, repository: str) -> pl.DataFrame:
        """Rows of one repository; no file = no rows. Columns that the file lacks are null, unknown ones are an error."""
        path = self.path(table.name, repository)
        if not path.exists():
            return table.empty()
        footer = self.provenance(table.name, repository)
        if footer is None and table.layer == "raw":
            raise WarehouseError(
                f"{path}: not a readable table file; nothing was rebuilt from it; "
                f"put {path.name}.previous in its place, or delete it to read the logs that still exist"
            )
        if footer is not None and footer.schema_version > SCHEMA_VERSION:
            raise WarehouseError(
                f"{path}: written by a newer paceflow (schema {footer.schema_version}, this program knows "
                f"{SCHEMA_VERSION}); nothing was changed; update paceflow"
            )
        try:
            frame = pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise WarehouseError(f"{path}: cannot be read ({error}); nothing was changed") from error
        return self._shaped(table, frame, path)

    def _shaped(self, table: Table, frame: pl.DataFrame, path: Path) -> pl.DataFrame:
        """The file's rows in the table's present shape: raw gains nullable columns, all others are rebuilt instead."""
        if frame.schema == pl.Schema(table.schema):
            return frame
        if table.layer != "raw":
            return table.empty() if set(frame.columns) != set(table.columns) else frame.select(list(table.columns))
        return frame.select(
            [
                widened(frame[name], dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
                for name, dtype in table.schema.items()
            ]
        )

    def read_all(self, table: Table) -> pl.DataFrame:
        """Rows of every repository, sorted by key."""
        frames = [self.read(table, repository) for repository in self.repositories(table.name)]
        return pl.concat([table.empty(), *frames]).sort(table.key, nulls_last=True)

    def replace(self, table: Table, repository: str, frame: pl.DataFrame, provenance: Provenance) -> None:
        """Write the table of a repository as a whole. The frame must have been validated."""
        if table.layer == "raw":
            raise WarehouseError(f"{table.name}: raw is merged, never replaced")
        self._write(self.path(table.name, repository), frame, provenance)

    def merge(self, table: Table, repository: str, frame: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
        """Rows of raw after a look: present rows, with those of the same key replaced by newer ones. Loses no key."""
        keys = list(table.key)
        kept = stored.join(frame.select(keys), on=keys, how="anti", nulls_equal=True)
        merged = pl.concat([kept, frame.select(list(table.columns))]).sort(keys)
        lost = stored.select(keys).join(merged.select(keys), on=keys, how="anti", nulls_equal=True)
        if lost.height:
            raise TableInvalid(f"{table.name}: {repository}: {lost.height} stored rows would be lost; the file stays as it was")
        return merged

    def write_raw(self, table: Table, repository: str, frame: pl.DataFrame, provenance: Provenance) -> None:
        """Write merged raw rows; the file before it stays as `*.previous` until the next success."""
        path = self.path(table.name, repository)
        if path.exists():
            previous = path.with_name(path.name + ".previous")
            previous.unlink(missing_ok=True)
            os.link(path, previous)
        self._write(path, frame, provenance)

    def _write(self, path: Path, frame: pl.DataFrame, provenance: Provenance) -> None:
        make_private(path.parent)
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                frame.write_parquet(
                    file,
                    compression="zstd",
                    compression_level=1,
                    statistics=False,
                    metadata={FOOTER: msgspec.json.encode(provenance).decode()},
                )
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)

    def forget_files(self, repository: str) -> None:
        """Remove every file of a repository, all tables."""
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            for path in folder.glob(f"{file_stem(repository)}.parquet*"):
                path.unlink()

    @contextmanager
    def lock(self, repository: str, *, wait_seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold all tables of a repository. The operating system releases it when the process dies."""
        with self._held(file_stem(repository), f"repository {repository}", wait_seconds):
            yield

    @contextmanager
    def discovery_lock(self, *, wait_seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the inventory."""
        with self._held("discovery", "the inventory", wait_seconds):
            yield

    @contextmanager
    def _held(self, name: str, what: str, wait_seconds: float) -> Iterator[None]:
        make_private(self.locks)
        path = self.locks / f"{name}.lock"
        lock = FileLock(path, timeout=wait_seconds, is_singleton=True, mode=0o600)
        try:
            lock.acquire()
        except Timeout as error:
            holder = path.with_suffix(".holder")
            who = holder.read_text() if holder.exists() else "another process"
            raise Locked(f"{what}: held by {who} for more than {wait_seconds:.0f} s; nothing was changed; try again later") from error
        try:
            if lock.lock_counter == 1:
                path.with_suffix(".holder").write_text(f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%H:%M:%S')}")
            yield
        finally:
            lock.release()

    @cached_property
    def _connection(self):  # noqa: ANN202
        from paceflow_assets.runtime.catalog import reader

        return reader(self)

    def sql(self, query: str, params: Mapping[str, object] | None = None) -> pl.DataFrame:
        """Rows of a query that sees every table and view by name, all repositories together; read-only."""
        return pl.DataFrame(self._connection.sql(query, params=dict(params) if params else None))

    def all_tables(self) -> dict[str, Table]:
        """Every table by name."""
        return tables()


def widened(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The values in a type that gained struct fields: old fields keep their values, new ones are null."""
    if values.dtype == dtype:
        return values
    if isinstance(dtype, pl.List) and isinstance(values.dtype, pl.List):
        inner = values.explode(empty_as_null=False, keep_nulls=False)
        new = widened(inner, dtype.inner)
        lengths = values.list.len().fill_null(0)
        owner = pl.Series("row", range(len(values)), dtype=pl.UInt32).to_frame().select(
            pl.col("row").repeat_by(lengths).explode(empty_as_null=False)
        )
        lists = pl.DataFrame({"row": owner["row"], "value": new}).group_by("row", maintain_order=True).agg("value")
        rows = pl.DataFrame({"row": range(len(values)), "null": values.is_null()}, schema={"row": pl.UInt32, "null": pl.Boolean})
        joined = rows.join(lists, on="row", how="left", maintain_order="left")
        filled = joined.select(
            pl.when("null").then(None).otherwise(pl.col("value").fill_null(pl.lit([], dtype=dtype)))
        ).to_series()
        return filled.alias(values.name).cast(dtype)
    if isinstance(dtype, pl.Struct) and isinstance(values.dtype, pl.Struct):
        present = {field.name: values.struct.field(field.name) for field in values.dtype.fields}
        fields = [
            widened(present[field.name], field.dtype).alias(field.name)
            if field.name in present
            else pl.Series(field.name, [None] * len(values), dtype=field.dtype)
            for field in dtype.fields
        ]
        return pl.DataFrame(fields).to_struct(values.name)
    return values.cast(dtype)
