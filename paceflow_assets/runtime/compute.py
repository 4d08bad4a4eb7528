"""Compute: how one table of one repository is built. Nothing else builds: not the assets, not ingest.

What lives here: reading upstreams, calling the builder, validating, writing; and what is stale.
What belongs here: the order read - build - check - swap, and the provenance that goes into the file's footer.
What stays out: when to compute (ingest, assets, nightly) and what a table means.
"""

import datetime as dt
import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import msgspec
import polars as pl

from paceflow_assets.runtime import fingerprint
from paceflow_assets.runtime.catalog import PARTS
from paceflow_assets.runtime.checks import Verdict, checked, united
from paceflow_assets.runtime.discovery import code_signature
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.errors import TableInvalid
from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.rules import Rules
from paceflow_assets.runtime.settings import Settings, write_private
from paceflow_assets.runtime.sql_files import macros
from paceflow_assets.runtime.table import STORED, TIME, Table, tables
from paceflow_assets.runtime.versions import column_versions, combined, table_version
from paceflow_assets.runtime.warehouse import SCHEMA_VERSION, Parts, Provenance, Warehouse, schema_text

FLAG_OR_COUNT = (pl.Boolean(), pl.Int64())
PREVIEW_ROWS, PREVIEW_COLUMNS, CELL_CHARACTERS = 5, 12, 24
SHARE_BYTES = 8_000_000  # of nested lines, which spread to some six times as much
LEDGER = "raw_log"  # written last of the raw tables: what it vouches for is stored


@dataclass(frozen=True)
class Computed:
    """One table, computed, checked and written."""

    table: Table
    provenance: Provenance
    verdict: Verdict


class CodeVersions(msgspec.Struct, frozen=True):
    """Versions of the code of all tables. key: the program's files and the rules' values that they belong to."""

    key: str = ""
    versions: dict[str, str] = {}


def code_versions(rules: Rules) -> dict[str, str]:
    """Table -> version of its code, with the parameters of the rules that it uses."""
    found = {}
    for name, table in tables().items():
        if table.sql is not None:
            found[name] = f"{name}={fingerprint.sql_hash(table.sql, macros())}"
        else:
            effective = [rules.of(rule) for rule in table.rules.values()]
            own = fingerprint.module_hash(table.module)
            found[name] = fingerprint.code_version(name, own, (table.module, *table.also), effective)
    return found


def reason_outside(table: Table, changed: Set[str]) -> str:
    """Which changed parts of the outside (logs, git, scores) a raw table has to read again, as a reason; '' if none."""
    if table.watches in changed:
        return f"{table.watches} changed"
    return f"{' and '.join(sorted(changed))} changed" if changed and table.name == LEDGER else ""


@dataclass(frozen=True)
class Workshop:
    """What computing needs: where tables lie, the rules in force, and DuckDB."""

    settings: Settings
    rules: Rules
    sql: Sql
    warehouse: Warehouse

    @cached_property
    def code_versions(self) -> dict[str, str]:
        """Table -> version of its code under these rules. Kept while neither changes: it is read from all modules' syntax."""
        path, key = self.settings.state / "code_versions.json", f"{code_signature()} {self.rules.fingerprint}"
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=CodeVersions)
        except (OSError, msgspec.MsgspecError):
            kept = CodeVersions()
        if kept.key != key:
            kept = CodeVersions(key, code_versions(self.rules))
            write_private(path, msgspec.json.encode(kept))
        return kept.versions

    def look(self, repository: str, now_ms: int) -> Look:
        """A look at the outside for one repository's raw tables. The repository's lock must be held."""
        return Look(self.settings, self.warehouse, repository, now_ms)

    def compute(self, table: Table, repository: str, look: Look | None = None) -> Computed:
        """Read the upstreams, build, check, write. A table that breaks its declaration is not written: `TableInvalid`.

        The repository's lock must be held.
        """
        arguments, inputs = self._inputs(table, repository)
        if table.look_parameter:
            arguments[table.look_parameter] = look or self.look(repository, now_ms())
            arguments[STORED] = self.warehouse.read(table, repository)
        with self.warehouse.parts(table, repository) as parts:
            verdicts = []
            for share in shares(table, arguments):
                frame = self._built(table, repository, share)
                if not set(table.columns) - set(frame.columns):
                    frame = table.shaped(frame)
                verdicts.append(checked(table, frame, lambda name, columns: self._rows(tables()[name], repository, columns)))
                if verdicts[-1].blocks:
                    told = f"{table.name}: {repository}: {verdicts[-1].told}; not written, the rows before stay"
                    raise TableInvalid(told, table.name, verdicts[-1])
                parts.add(frame)
            verdict, rows = united(verdicts), parts.whole
            provenance = self._provenance(table, repository, rows, inputs)
            write = self.warehouse.merge if table.layer == "raw" else self.warehouse.replace
            write(table, repository, rows, provenance)
        if table.name == LEDGER:
            arguments[table.look_parameter].finish(frame, self.warehouse.read(tables()["raw_checkout"], repository))
        return Computed(table, provenance, verdict)

    def _built(self, table: Table, repository: str, arguments: dict[str, object]) -> pl.DataFrame:
        try:
            return table.build(**arguments)
        except (pl.exceptions.PolarsError, OSError):
            for name in table.lazy:  # a damaged file shows only when it is collected
                self.warehouse.read(tables()[name], repository, table.reads.get(name))
            raise

    def _inputs(self, table: Table, repository: str) -> tuple[dict[str, object], dict[str, str]]:
        arguments: dict[str, object] = {name: self.rules.of(rule) for name, rule in table.rules.items()}
        if table.sql_parameter:
            arguments[table.sql_parameter] = self.sql
        inputs = {}
        for name in table.upstreams:
            upstream = tables()[name]
            inputs[name] = self.input_version(table, upstream, repository)
            if name in table.lazy:
                arguments[name] = self.warehouse.scan(upstream, repository, table.reads.get(name))
            else:
                arguments[name] = self._rows(upstream, repository, table.reads.get(name))
        return arguments, inputs

    def _rows(self, upstream: Table, repository: str, columns: Sequence[str] | None) -> pl.DataFrame:
        if repository == ALL and upstream.per_repository:
            return self.warehouse.read_all(upstream, columns)
        return self.warehouse.read(upstream, repository, columns)

    def input_version(self, table: Table, upstream: Table, repository: str) -> str:
        """Version of what the table reads of an upstream; '' if that was never built."""
        columns = table.reads.get(upstream.name)
        if table.per_repository or not upstream.per_repository:
            found = self.warehouse.provenance(upstream.name, repository)
            return found.version_of(columns) if found else ""
        every = {key: self.warehouse.provenance(upstream.name, key) for key in self.warehouse.repositories(upstream.name)}
        return combined({key: found.version_of(columns) for key, found in every.items() if found})

    def _provenance(self, table: Table, repository: str, frame: pl.DataFrame | Parts, inputs: dict[str, str]) -> Provenance:
        digests = column_versions(frame)
        oldest, newest = time_range(table, frame)
        return Provenance(
            schema_version=SCHEMA_VERSION,
            table=table.name,
            repository=repository,
            code_version=self.code_versions[table.name],
            data_version=table_version(frame.height, digests, table.bookkeeping),
            column_versions=digests,
            rules=self.rules.fingerprint,
            inputs=inputs,
            rows=frame.height,
            built_ms=now_ms(),
            columns=schema_text(table),
            oldest=oldest,
            newest=newest,
            rates=headline_rates(table, frame),
            counts=event_counts(table, frame),
            preview=preview(table, frame),
        )

    def stale(self, table: Table, repository: str) -> str:
        """Why the stored table is not what its code and its inputs would give now; '' if it is.

        For a raw table: whether its code or shape moved. What changed outside, discovery tells.
        """
        found = self.warehouse.provenance(table.name, repository)
        if found is None:
            return "not built yet"
        self.warehouse.refuse_newer(self.warehouse.path(table.name, repository), found)
        if found.code_version != self.code_versions[table.name]:
            return f"{' and '.join(fingerprint.moved(found.code_version, self.code_versions[table.name]))} changed"
        if found.columns != schema_text(table):
            return "its columns changed"
        for name in table.upstreams:
            if found.inputs.get(name) != self.input_version(table, tables()[name], repository):
                return f"{name} changed"
        return ""


def now_ms() -> int:
    """The present time, epoch ms."""
    return time.time_ns() // 1_000_000


def shares(table: Table, arguments: dict[str, object]) -> Iterator[dict[str, object]]:
    """The builder's arguments: once, or for a table that spreads an upstream's rows once for some of these at a time."""
    whole = arguments.get(table.spreads) if table.spreads else None
    size = whole.estimated_size() if isinstance(whole, pl.DataFrame) else 0
    if size <= SHARE_BYTES:
        yield arguments
        return
    for share in whole.iter_slices(max(1, whole.height * SHARE_BYTES // size)):
        yield {**arguments, table.spreads: share}


def time_range(table: Table, frame: pl.DataFrame | Parts) -> tuple[str | None, str | None]:
    """Oldest and newest value of the table's first time that is content, ISO 8601; None without one."""
    times = [name for name, column in table.columns.items() if column.type == TIME and name not in table.bookkeeping]
    if not times:
        return None, None
    return _iso(frame[times[0]].min()), _iso(frame[times[0]].max())


def _iso(value: object) -> str | None:
    return value.isoformat(timespec="milliseconds") + "Z" if isinstance(value, dt.datetime) else None


def headline_rates(table: Table, frame: pl.DataFrame | Parts) -> dict[str, float]:
    """Each rate over all rows together: its parts, which its meaning names (`x of y`), are summed, then divided."""
    found = {}
    for name, column in table.columns.items():
        parts = PARTS.match(column.meaning)
        if parts and parts[1] in frame.columns and parts[2] in frame.columns:
            above, below = frame[parts[1]].sum(), frame[parts[2]].sum()
            if below:
                found[name] = above / below
    return found


def event_counts(table: Table, frame: pl.DataFrame | Parts) -> dict[str, int]:
    """Of an event table: in how many rows each flag is true, and the sum of each count; windows add up to nothing."""
    if table.layer != "event":
        return {}
    added = [name for name, column in table.columns.items() if column.type in FLAG_OR_COUNT and not name.endswith("_days")]
    return {name: int(frame[name].sum() or 0) for name in added if name in frame.columns}


def preview(table: Table, frame: pl.DataFrame | Parts) -> str:
    """The first rows as a Markdown table: keys, times, counts, flags; nothing private, no hashes, nothing nested."""
    shown = [
        name
        for name, column in table.columns.items()
        if not column.private and not column.type.is_nested() and column.type != pl.UInt64 and name != "repository"
    ][:PREVIEW_COLUMNS]
    if not shown or not frame.height:
        return ""
    first = frame.head(PREVIEW_ROWS)
    rows = zip(*(first.get_column(name).to_list() for name in shown), strict=True)
    lines = [shown, ["---"] * len(shown), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, float):
        return f"{value:.4g}"
    text = "" if value is None else "".join(letter if letter.isprintable() else " " for letter in str(value))
    return (text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…").replace("|", "\\|")
