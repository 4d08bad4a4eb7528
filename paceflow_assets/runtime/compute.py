"""Compute: how one table of one repository is built. Nothing else builds: not the assets, not ingest.

What lives here: reading upstreams, calling the builder, validating, writing; and what is stale.
What belongs here: the order read - build - check - swap, and the provenance that goes into the file's footer.
What stays out: when to compute (ingest, assets, nightly) and what a table means.
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from paceflow_assets.runtime import fingerprint
from paceflow_assets.runtime.catalog import macros
from paceflow_assets.runtime.checks import Check, checked
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.errors import TableInvalid
from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.rules import Rules
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import STORED, TIME, Table, tables
from paceflow_assets.runtime.versions import column_versions, combined, table_version
from paceflow_assets.runtime.warehouse import ALL, SCHEMA_VERSION, Provenance, Warehouse, schema_text


LEDGER = "raw_log"  # written last of the raw tables: what it vouches for is stored


@dataclass(frozen=True)
class Built:
    """One table, computed. wrote is False when the rows are what the file held already, built by the same code."""

    table: Table
    provenance: Provenance
    checks: Sequence[Check]
    frame: pl.DataFrame


@dataclass(frozen=True)
class Workshop:
    """What computing needs: where tables lie, the rules in force, and DuckDB."""

    settings: Settings
    rules: Rules
    sql: Sql
    warehouse: Warehouse = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "warehouse", Warehouse(self.settings))

    @cached_property
    def code_versions(self) -> Mapping[str, str]:
        """Table -> version of its code, with the parameters of the rules that it uses."""
        return {name: self._code_version(table) for name, table in tables().items()}

    def _code_version(self, table: Table) -> str:
        if table.sql is not None:
            return f"{table.name}={fingerprint.sql_hash(table.sql, macros())}"
        own = fingerprint.module_hash(table.module)
        effective = [self.rules.of(rule) for rule in table.rules.values()]
        return fingerprint.code_version(table.name, own, (table.module, *table.also), effective)

    def look(self, repository: str, now_ms: int) -> Look:
        """A look at the outside for one repository's raw tables. The repository's lock must be held."""
        return Look(self.settings, self.warehouse, repository, now_ms)

    def compute(self, table: Table, repository: str, look: Look | None = None) -> Built:
        """Read the upstreams, build, check, write. A table that breaks its declaration is not written: `TableInvalid`."""
        with self.warehouse.lock(repository):
            arguments, inputs, shown = self._inputs(table, repository)
            if table.look_parameter:
                arguments[table.look_parameter] = look or self.look(repository, now_ms())
                arguments[STORED] = self.warehouse.read(table, repository)
            frame = table.build(**arguments)
            if not set(table.columns) - set(frame.columns):
                frame = table.shaped(frame.select(list(table.columns)))
            checks = checked(table, frame, lambda name, columns: self._rows(tables()[name], repository, columns))
            broken = [check for check in checks if check.blocks]
            if broken:
                told = "; ".join(check.told for check in broken)
                raise TableInvalid(f"{table.name}: {repository}: {told}; not written, the rows before stay", checks)
            provenance = self._provenance(table, repository, frame, inputs, shown)
            write = self.warehouse.merge if table.layer == "raw" else self.warehouse.replace
            write(table, repository, frame, provenance)
            if table.name == LEDGER:
                arguments[table.look_parameter].finish(frame, self.warehouse.read(tables()["raw_checkout"], repository))
            return Built(table, provenance, checks, frame)

    def _inputs(self, table: Table, repository: str) -> tuple[dict[str, object], dict[str, str], dict[str, str]]:
        arguments: dict[str, object] = {name: self.rules.of(rule) for name, rule in table.rules.items()}
        if table.sql_parameter:
            arguments[table.sql_parameter] = self.sql
        inputs, shown = {}, {}
        for name in table.upstreams:
            upstream = tables()[name]
            columns = table.reads.get(name)
            inputs[name], shown[name] = self.input_version(table, upstream, repository)
            arguments[name] = self._rows(upstream, repository if table.per_repository else ALL, columns)
        return arguments, inputs, shown

    def _rows(self, upstream: Table, repository: str, columns: Sequence[str] | None) -> pl.DataFrame:
        if repository == ALL and upstream.per_repository:
            return self.warehouse.read_all(upstream, columns)
        return self.warehouse.read(upstream, repository, columns)

    def input_version(self, table: Table, upstream: Table, repository: str) -> tuple[str, str]:
        """(version of what the table reads of an upstream, the upstream's whole data version)."""
        columns = table.reads.get(upstream.name)
        if table.per_repository or not upstream.per_repository:
            found = self.warehouse.provenance(upstream.name, repository)
            return (found.version_of(columns), found.data_version) if found else ("", "")
        every = {
            key: self.warehouse.provenance(upstream.name, key) for key in self.warehouse.repositories(upstream.name)
        }
        present = {key: found for key, found in every.items() if found}
        return (
            combined({key: found.version_of(columns) for key, found in present.items()}),
            combined({key: found.data_version for key, found in present.items()}),
        )

    def _provenance(
        self, table: Table, repository: str, frame: pl.DataFrame, inputs: dict[str, str], shown: dict[str, str]
    ) -> Provenance:
        digests = column_versions(frame)
        return Provenance(
            schema_version=SCHEMA_VERSION,
            table=table.name,
            repository=repository,
            code_version=self.code_versions[table.name],
            data_version=table_version(frame.height, digests, table.bookkeeping),
            column_versions=digests,
            rules=self.rules.fingerprint,
            inputs=inputs,
            shown=shown,
            rows=frame.height,
            built_ms=now_ms(),
            columns=schema_text(table),
            numbers=numbers(table, frame),
        )

    def stale(self, table: Table, repository: str) -> str:
        """Why the stored table is not what its code and its inputs would give now; '' if it is.

        For a raw table: whether its code or shape moved. What changed outside, discovery tells.
        """
        found = self.warehouse.provenance(table.name, repository)
        if found is None:
            return "not built yet"
        if found.code_version != self.code_versions[table.name]:
            return "its code or rules changed"
        if found.columns != schema_text(table):
            return "its columns changed"
        for name in table.upstreams:
            if found.inputs.get(name) != self.input_version(table, tables()[name], repository)[0]:
                return f"{name} changed"
        return ""


def now_ms() -> int:
    """The present time, epoch ms."""
    return time.time_ns() // 1_000_000


def numbers(table: Table, frame: pl.DataFrame) -> dict[str, float | int | str | None]:
    """Oldest and newest time of the table's first time column that is content, ISO 8601; {} without one."""
    times = [name for name, column in table.columns.items() if column.type == TIME and name not in table.bookkeeping]
    if not times:
        return {}
    oldest, newest = frame[times[0]].min(), frame[times[0]].max()
    return {"oldest": _iso(oldest), "newest": _iso(newest)}


def _iso(value: object) -> str | None:
    return value.isoformat(timespec="milliseconds") + "Z" if isinstance(value, dt.datetime) else None
