"""Warehouse: one Parquet file per (table, repository), written beside, flushed, then moved in.

What lives here: paths, reading, writing, merging, locks.
What belongs here: everything that would change if the root were an object store.
What stays out: what tables mean, how they are computed (compute), SQL (duck, catalog), Dagster.

A file's footer tells its provenance: versions of the code, of its own content and of its inputs. Footers are the truth about
files; Dagster's event log shows it.
"""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Self

import msgspec
import polars as pl

from paceflow_assets.runtime.errors import NewerWarehouse, TableDamaged, TableInvalid, WarehouseError
from paceflow_assets.runtime.locks import WAIT_SECONDS, held
from paceflow_assets.runtime.settings import Settings, file_stem, make_private
from paceflow_assets.runtime.table import Table
from paceflow_assets.runtime.versions import table_version

SCHEMA_VERSION = 1
FOOTER = "paceflow"
MANY_ROWS = 400_000  # of more rows a builder that can reads only what it needs
SMALL_BYTES = 2_000_000  # tables up to this size stay in memory while their repository is computed


class Provenance(msgspec.Struct, frozen=True):
    """What a file's footer tells.

    column_versions: column -> digest. inputs: upstream table -> version of what was read of it. rules: fingerprint of all
    effective rules. oldest, newest: of the table's first time, ISO 8601. rates: headline figures of a view.
    counts: of an event table, rows in which a flag is true, and sums of counts. preview: the first rows as a Markdown table,
    private columns left out.
    """

    schema_version: int
    table: str
    repository: str
    code_version: str
    data_version: str
    column_versions: dict[str, str]
    rules: str
    inputs: dict[str, str]
    rows: int
    built_ms: int
    columns: str
    oldest: str | None = None
    newest: str | None = None
    rates: dict[str, float] = {}
    counts: dict[str, int] = {}
    preview: str = ""

    def version_of(self, columns: Collection[str] | None) -> str:
        """Version of the table, or of the columns that somebody reads."""
        if columns is None:
            return self.data_version
        return table_version(self.rows, {name: self.column_versions.get(name, "") for name in columns})


def schema_text(table: Table) -> str:
    """Columns and types as one line, to see whether a file still has the table's shape."""
    return ",".join(f"{name}:{dtype}" for name, dtype in table.schema.items())


class Parts:
    """Rows of a table that come in parts, in key order. More than one part is kept on disk, and read a column at a time.

    What a frame offers to those who describe it: `schema`, `columns`, `height` and columns by name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: pl.DataFrame | None = None
        self.files: list[Path] = []
        self.height = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self.files:
            file.unlink(missing_ok=True)

    def add(self, frame: pl.DataFrame) -> None:
        """Take the next rows."""
        if self.first is None:
            self.first = frame
        else:
            if not self.files:
                self._store(self.first)
                self.first = self.first.clear()  # its rows are on disk
            self._store(frame)
        self.height += frame.height

    def _store(self, frame: pl.DataFrame) -> None:
        file = self.path.with_name(f".{self.path.name}.{os.getpid()}.{len(self.files)}.tmp")
        self.files.append(file)
        with _writing(self.path):
            _sink(frame.lazy(), file)

    @property
    def whole(self) -> "pl.DataFrame | Parts":
        """The rows: a frame if they came at once."""
        return self.first if self.first is not None and not self.files else self

    @property
    def schema(self) -> pl.Schema:
        """Column name -> type."""
        return self.first.schema if self.first is not None else pl.Schema()

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self.schema.names()

    def scan(self) -> pl.LazyFrame:
        """All rows, in order, not read yet."""
        return pl.concat([pl.scan_parquet(file, glob=False) for file in self.files])

    def get_column(self, name: str) -> pl.Series:
        """One column of all rows."""
        return self.scan().select(name).collect()[name]

    def head(self, rows: int) -> pl.DataFrame:
        """The first rows."""
        return self.scan().head(rows).collect()

    __getitem__ = get_column


class Warehouse:
    """The tables of one user. Tables whose rows mix repositories have one file, under the key `partitions.ALL`."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.warehouse
        self.locks = settings.locks
        self._small: dict[Path, tuple[Provenance, pl.DataFrame]] = {}

    def path(self, table: str, repository: str) -> Path:
        """File of a table of a repository."""
        return self.root / table / f"{file_stem(repository)}.parquet"

    def provenance(self, table: str, repository: str) -> Provenance | None:
        """Footer of the file; None if there is no file or it is no readable Parquet file of ours."""
        return _footer(self.path(table, repository))

    def repositories(self, table: str) -> list[str]:
        """Repositories that have a readable file of this table, sorted."""
        folder = self.root / table
        footers = [_footer(path) for path in folder.glob("[!_]*.parquet")] if folder.is_dir() else []
        return sorted(footer.repository for footer in footers if footer)

    @staticmethod
    def refuse_newer(path: Path, footer: Provenance) -> None:
        """Stop at a file that a newer paceflow wrote: what it holds is not ours to judge."""
        if footer.schema_version > SCHEMA_VERSION:
            raise NewerWarehouse(
                f"{path}: written by a newer paceflow (schema {footer.schema_version}, this one knows {SCHEMA_VERSION}); "
                "nothing was changed; update paceflow"
            )

    def damaged(self, table: str) -> list[Path]:
        """Files of this table that are no readable table files, sorted."""
        folder = self.root / table
        return sorted(path for path in folder.glob("[!_]*.parquet") if _footer(path) is None) if folder.is_dir() else []

    def examine(self, table: Table) -> None:
        """Read every file of the table; raises for the first that cannot be read."""
        for path in self.damaged(table.name):
            raise self._unreadable(table, path, OSError("it is no table file"))
        for repository in self.repositories(table.name):
            self.read(table, repository)

    def read(self, table: Table, repository: str, columns: Collection[str] | None = None) -> pl.DataFrame:
        """Rows of one repository, some or all columns; no file = no rows. Columns that a raw file lacks are null."""
        wanted = [name for name in table.columns if columns is None or name in columns]
        path = self.path(table.name, repository)
        if not path.exists():
            return table.empty().select(wanted)
        footer = _footer(path)
        if footer is None:
            if table.layer != "raw":
                return table.empty().select(wanted)
            raise WarehouseError(f"{path}: is no readable table file; {self._remedy(path)}")
        self.refuse_newer(path, footer)
        kept = self._small.get(path)
        if kept is not None and kept[0] is footer:
            return pl.DataFrame([kept[1].get_column(name) for name in wanted])
        has_shape = footer.columns == schema_text(table)
        if not has_shape and table.layer != "raw":
            return table.empty().select(wanted)
        try:
            present = wanted if has_shape else pl.scan_parquet(path, glob=False).collect_schema().names()
            frame = pl.read_parquet(path, columns=[name for name in wanted if name in present], glob=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._unreadable(table, path, error) from error
        return _shaped(table, frame, wanted)

    def scan(self, table: Table, repository: str, columns: Collection[str] | None = None) -> pl.LazyFrame:
        """The same rows, not read yet if they are many. Not for raw tables, whose files may lack columns."""
        path = self.path(table.name, repository)
        footer = _footer(path) if path.exists() else None
        if footer is None or footer.rows <= MANY_ROWS or footer.columns != schema_text(table):
            return self.read(table, repository, columns).lazy()
        self.refuse_newer(path, footer)
        wanted = [name for name in table.columns if columns is None or name in columns]
        return pl.scan_parquet(path, glob=False).select(wanted)

    def _unreadable(self, table: Table, path: Path, error: Exception) -> WarehouseError:
        """What to tell of a file whose rows cannot be read. A derived one goes, because it can be built again."""
        what = str(error).partition("\n")[0]
        if table.layer == "raw":
            return WarehouseError(f"{path}: cannot be read ({what}); {self._remedy(path)}")
        path.unlink(missing_ok=True)
        return TableDamaged(f"{path}: could not be read ({what}); it was removed; ingest again builds it anew")

    @staticmethod
    def _remedy(path: Path) -> str:
        return (
            "the repository was left as it is; "
            f"put {path.name}.previous in its place, or delete it to read again the logs that still exist"
        )

    def _keep_small(self, path: Path, frame: pl.DataFrame) -> None:
        """Keep what was just written, if it is small: the tables below will ask for it, some of them several times."""
        footer = _footer(path)
        if footer is not None and frame.estimated_size() <= SMALL_BYTES:
            self._small[path] = (footer, frame)

    def let_go(self) -> None:
        """Keep nothing in memory: the repository is done."""
        self._small.clear()

    def read_all(self, table: Table, columns: Collection[str] | None = None) -> pl.DataFrame:
        """Rows of every repository, sorted by key."""
        frames = [self.read(table, repository, columns) for repository in self.repositories(table.name)]
        key = [name for name in table.key if columns is None or name in columns]
        whole = pl.concat([table.empty().select(list(table.columns) if columns is None else list(columns)), *frames])
        return whole.sort(key, nulls_last=True)

    def parts(self, table: Table, repository: str) -> Parts:
        """Where the parts of a table gather until they are written as one file."""
        return Parts(self.path(table.name, repository))

    def replace(self, table: Table, repository: str, frame: pl.DataFrame | Parts, provenance: Provenance) -> None:
        """Write a table of a repository as a whole. The frame has been validated."""
        if table.layer == "raw":
            raise WarehouseError(f"{table.name}: raw is merged, never replaced")
        self._write(self.path(table.name, repository), frame, provenance, durable=False)

    def merge(self, table: Table, repository: str, frame: pl.DataFrame, provenance: Provenance) -> None:
        """Write a raw table: `frame` must hold every key that is stored. The file before it stays as `*.previous`."""
        path = self.path(table.name, repository)
        if path.exists():
            keys = list(table.key)
            stored = self.read(table, repository, keys)
            lost = stored.join(frame.select(keys), on=keys, how="anti", nulls_equal=True).height
            if lost and table.keeps_rows:
                raise TableInvalid(
                    f"{table.name}: {repository}: {lost} stored rows would be lost; the file stays as it was",
                    table.name,
                )
            _keep_previous(path)
        self._write(path, frame, provenance, durable=True)

    def overwrite(self, table: Table, repository: str, frame: pl.DataFrame, provenance: Provenance) -> None:
        """Write a table without keeping anything of it: only for forgetting, and for giving a repository another key."""
        path = self.path(table.name, repository)
        path.with_name(path.name + ".previous").unlink(missing_ok=True)
        _remove_leftovers(path)
        self._write(path, frame, provenance, durable=True)

    def _write(self, path: Path, frame: pl.DataFrame | Parts, provenance: Provenance, *, durable: bool) -> None:
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        rows = frame.scan() if isinstance(frame, Parts) else frame.lazy()
        try:
            with _writing(path):
                _sink(rows, beside, {FOOTER: msgspec.json.encode(provenance).decode()}, durable=durable)
                os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        if isinstance(frame, pl.DataFrame):
            self._keep_small(path, frame)

    def tidy(self) -> None:
        """Remove what processes that died while writing left: a file that is being written bears its process's number."""
        for leftover in self.root.glob("*/.*.tmp"):
            process = re.search(r"\.(?:parquet|_empty)\.(\d+)\.", leftover.name)
            if process and not is_running(int(process[1])):
                leftover.unlink(missing_ok=True)

    def drop(self, repository: str, layers: Collection[str] | None = None) -> None:
        """Remove the files of a repository: all tables, or those of some layers."""
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if layers is None or folder.name.partition("_")[0] in layers:
                for path in folder.glob(f"{file_stem(repository)}.parquet*"):
                    path.unlink()
                _remove_leftovers(folder / f"{file_stem(repository)}.parquet")

    @contextmanager
    def lock(self, repository: str, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
        """Hold all tables of a repository. The operating system lets go when the process dies."""
        with held(self.locks, file_stem(repository), f"repository {repository}", wait_seconds):
            yield


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say of what fails which table file cannot be written."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        raise WarehouseError(
            f"{path}: cannot be written ({getattr(error, 'strerror', None) or error}); the file before it stays; "
            "make room or mend its rights, then ingest again"
        ) from error


def _sink(rows: pl.LazyFrame, path: Path, metadata: dict[str, str] | None = None, *, durable: bool = False) -> None:
    """Write rows as a Parquet file of mode 0600."""
    make_private(path.parent)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        rows.sink_parquet(file, compression="zstd", compression_level=1, statistics=False, metadata=metadata)
        file.flush()
        if durable:  # a derived file that a power cut tore has no footer, and is built again
            os.fsync(file.fileno())


def _keep_previous(path: Path) -> None:
    """Keep the present file as `*.previous`, until the next success."""
    previous = path.with_name(path.name + ".previous")
    previous.unlink(missing_ok=True)
    linked(path, previous)


def linked(path: Path, other: Path) -> None:
    """Make a file appear under another name as well. Files are replaced, never changed, so neither sees the other's fate."""
    try:
        os.link(path, other)
    except OSError:  # a disk without links
        shutil.copy2(path, other)


def _remove_leftovers(path: Path) -> None:
    """Remove what a process that died while writing this file left beside it. The repository's lock must be held."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        leftover.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether a process of this number lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def _footer(path: Path) -> Provenance | None:
    try:
        found = path.stat()
        return _footer_of(path, found.st_mtime_ns, found.st_ino, found.st_size)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _footer_of(path: Path, *state: int) -> Provenance | None:
    """The footer of a file in this state: files are replaced, never changed."""
    try:
        return msgspec.json.decode(pl.read_parquet_metadata(path)[FOOTER], type=Provenance)
    except (pl.exceptions.PolarsError, KeyError, msgspec.MsgspecError, OSError):
        return None


def _shaped(table: Table, frame: pl.DataFrame, wanted: list[str]) -> pl.DataFrame:
    """The file's rows in the table's present shape, which may have gained nullable columns."""
    schema = {name: table.schema[name] for name in wanted}
    if frame.schema == pl.Schema(schema):
        return frame
    return frame.select(
        widened(frame[name], dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )


def widened(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The values in a type that gained struct fields: old fields keep their values, new ones are null."""
    if values.dtype == dtype:
        return values
    if isinstance(dtype, pl.List) and isinstance(values.dtype, pl.List):
        lengths = values.list.len()
        items = widened(values.filter(lengths > 0).explode(), dtype.inner)
        owners = (
            pl.select(row=pl.int_range(len(values)))
            .filter(lengths > 0)
            .select(pl.col("row").repeat_by(lengths.filter(lengths > 0)).explode())["row"]
        )
        lists = pl.DataFrame({"row": owners, "items": items}).group_by("row", maintain_order=True).agg("items")
        rows = pl.DataFrame({"row": pl.select(pl.int_range(len(values))).to_series(), "empty": lengths == 0})
        joined = rows.join(lists, on="row", how="left", maintain_order="left")
        return joined.select(pl.when("empty").then(pl.lit([], dtype=dtype)).otherwise("items").alias(values.name)).to_series()
    if isinstance(dtype, pl.Struct) and isinstance(values.dtype, pl.Struct):
        present = {field.name for field in values.dtype.fields}
        fields = [
            widened(values.struct.field(field.name), field.dtype).alias(field.name)
            if field.name in present
            else pl.Series(field.name, [None] * len(values), dtype=field.dtype)
            for field in dtype.fields
        ]
        return pl.DataFrame(fields).to_struct(values.name)
    return values.cast(dtype)
