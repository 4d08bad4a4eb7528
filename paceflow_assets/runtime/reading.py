"""Reading: what reports read, held in memory by DuckDB alone.

What lives here: a connection with the event tables that some views need, the views, and the report macros on them.
What belongs here: reading without polars and without the tables' modules, which take longer to load than a report takes.
What stays out: computing (compute), any table for anybody (catalog), the queries (sql/report).

A file is opened once: a view that is built on views would open it once for each. A repository's report opens its files only.
"""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from paceflow_assets.runtime.connection import CONFIG, SETTINGS
from paceflow_assets.runtime.errors import NothingStored, WarehouseError
from paceflow_assets.runtime.settings import Settings, file_stem
from paceflow_assets.runtime.sql_files import called, macros, quoted, reads_of, report_macros, sql_folder, unpatterned

READERS = 4
Row = dict[str, Any]


class Reading:
    """Tables and views in memory, for queries."""

    def __init__(self, settings: Settings, reads: Collection[str], repository: str | None = None) -> None:
        """Read the tables behind some tables and views: of one repository, None = of all."""
        self.connection = duckdb.connect(config=CONFIG)
        # of many small files, threads of DuckDB's own wait for each other; a table each goes side by side
        self.connection.execute(SETTINGS)
        wanted = behind(reads)
        with ThreadPoolExecutor(READERS) as pool:
            for _ in pool.map(lambda name: self._load(settings, name, repository), filter(_is_stored, wanted)):
                pass
        self.connection.execute("set enable_external_access = false; set lock_configuration = true")
        self.connection.execute(macros())
        for name in wanted:
            if not _is_stored(name):
                self.connection.execute(f"create view {name} as\n{view_text(name)}")
        self._defined: set[str] = set()

    def rows(self, query: str, params: Mapping[str, object] | None = None) -> list[Row]:
        """Rows of a query, column -> value. `$name` in the text is a prepared parameter."""
        self._define(query)
        done = self.connection.execute(query, dict(params) if params else None)
        names = [column[0] for column in done.description]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def _define(self, query: str) -> None:
        """Define the report macros that a query calls, and first those that they call."""
        for name in called(query, report_macros()):
            if name not in self._defined:
                self._defined.add(name)
                self._define(report_macros()[name].partition(" as table")[2])
                self.connection.execute(report_macros()[name])

    def _load(self, settings: Settings, name: str, repository: str | None) -> None:
        wanted, like = files(settings, name, repository)
        listed = ", ".join(quoted(unpatterned(str(path))) for path in wanted or [like])
        limit = "" if wanted else " limit 0"
        try:
            self.connection.cursor().execute(f"create table {name} as select * from read_parquet([{listed}]){limit}")
        except duckdb.Error as error:
            what = str(error).partition("\n")[0]
            raise WarehouseError(
                f"{settings.warehouse / name}: cannot be read ({what}); nothing was shown; `paceflow ingest` builds anew what "
                "is damaged or of an older paceflow"
            ) from error


def reading_for(settings: Settings, queries: Iterable[str], repository: str | None) -> Reading:
    """What queries of sql/report read, as their headers say."""
    return Reading(settings, dict.fromkeys(name for query in queries for name in reads_of(query)), repository)


def files(settings: Settings, name: str, repository: str | None) -> tuple[list[Path], Path]:
    """Files of a table of one or all repositories, the one with its present shape first, and one that shows its columns."""
    folder = settings.warehouse / name
    found = sorted(folder.glob("*.parquet"), key=lambda path: not path.name.startswith("_empty")) if folder.is_dir() else []
    stored = [path for path in found if not path.name.startswith("_empty")]
    if not stored:
        raise NothingStored(f"{folder}: nothing is stored yet; nothing was shown; run `paceflow ingest` first")
    if repository is None:
        return found, found[0]
    own = settings.warehouse / name / f"{file_stem(repository)}.parquet"
    return [own] if own in stored else [], found[0]


def _is_stored(name: str) -> bool:
    return not name.startswith("view_")


def view_text(name: str) -> str:
    """SQL of a view."""
    return (sql_folder() / "view" / f"{name}.sql").read_text()


def behind(names: Collection[str]) -> list[str]:
    """The tables and views, and those that they read, each behind what it reads."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            for upstream in () if _is_stored(name) else reads_of(view_text(name)):
                visit(upstream)
            found[name] = None

    for name in names:
        visit(name)
    return list(found)
