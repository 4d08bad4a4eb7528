"""Catalog: SQL over all tables. Macros, views, and the DuckDB file for people.

What lives here: connections that know every table by name, and $PACEFLOW_HOME/paceflow.duckdb.
What belongs here: names and definitions, never rows. What stays out: the views' text (sql/, sql_files) and storage (warehouse).

A table stands as a view over the folder of its files, with one empty file among them, so that the arrival of a file changes
no text and no table is missing.
"""

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb
import polars as pl

from paceflow_assets.runtime.connection import CONFIG
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.fingerprint import text_hash
from paceflow_assets.runtime.settings import Settings, make_private, unwritable, write_private
from paceflow_assets.runtime.sql_files import header, macros, quoted, reads_of, report_macros, report_query, unpatterned
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.warehouse import Warehouse, schema_text

PARTS = re.compile(r"^(\w+) (?:of|per) (\w+)$")  # the meaning of a rate's column names what is divided


def prepared(connection: duckdb.DuckDBPyConnection) -> Sql:
    """A connection as `Sql`, with the macros that views use."""
    sql = Sql(connection)
    connection.execute(macros())
    return sql


def calculator() -> Sql:
    """DuckDB in memory, for computing tables."""
    return prepared(duckdb.connect(config=CONFIG))


def ensure_folders(settings: Settings) -> None:
    """One empty file of the present shape in the folder of every stored table, so that each can be read at any time."""
    for table in tables().values():
        folder = make_private(settings.warehouse / table.name)
        empty = folder / f"_empty-{text_hash(schema_text(table))}.parquet"
        if empty.exists():
            continue
        beside = folder / f"._empty.{os.getpid()}.tmp"
        try:
            table.empty().write_parquet(beside)
            beside.chmod(0o600)
            os.replace(beside, empty)
        except OSError as error:
            raise unwritable(empty, error) from error
        for other in folder.glob("_empty*.parquet"):
            if other != empty:
                other.unlink(missing_ok=True)


def definitions(settings: Settings, without: Collection[Path] = (), reads: Collection[str] | None = None) -> list[str]:
    """Statements that define every table, view and report macro by name, upstream first. without: files that are left out.

    reads: the tables that are wanted, None = all. Each costs a look into every file of it.
    """
    wanted = _behind(tables() if reads is None else reads)
    found = [_definition(settings, table, without) for name, table in tables().items() if name in wanted]
    return [*found, *(text for text in report_macros().values() if wanted.issuperset(reads_of(text)))]


def _behind(names: Collection[str]) -> set[str]:
    """The tables and what defining them needs: a view needs the tables it reads, a stored table nothing."""
    found = set(names)
    for name in reversed(tables()):
        if name in found and tables()[name].sql is not None:
            found.update(tables()[name].upstreams)
    return found


def _definition(settings: Settings, table: Table, without: Collection[Path]) -> str:
    if table.sql is not None:
        return f"create or replace view {table.name} as\n{table.sql.strip().rstrip(';')};"
    folder = settings.warehouse / table.name
    files = [f"{unpatterned(str(folder))}/*.parquet"]
    if any(path.parent == folder for path in without):
        files = [unpatterned(str(path)) for path in sorted(folder.glob("*.parquet")) if path not in without]
    listed = ", ".join(map(quoted, files))
    names = ", ".join(table.columns)
    return f"create or replace view {table.name} as select {names} from read_parquet([{listed}], union_by_name = true);"


def reader(settings: Settings, without: Collection[Path] = (), reads: Collection[str] | None = None) -> Sql:
    """An in-memory connection that sees every table and view, or those named; it reads the warehouse and nothing else."""
    ensure_folders(settings)
    connection = duckdb.connect(config=CONFIG)
    sql = prepared(connection)
    # a pattern is compared as it is written, what it finds as it is called
    folders = sorted({f"{settings.warehouse}/", f"{unpatterned(str(settings.warehouse))}/"})
    connection.execute("set allowed_directories = $folders", {"folders": folders})
    connection.execute("set enable_external_access = false; set lock_configuration = true")
    for statement in definitions(settings, without, reads):
        connection.execute(statement)
    return sql


def write_catalog(settings: Settings) -> str:
    """Bring paceflow.duckdb up to date if its text changed. Returns a warning when it could not be replaced, else ''."""
    ensure_folders(settings)
    text = "\n".join([macros(), *definitions(settings)])
    mark = settings.state / "catalog.sql"
    if settings.catalog.exists() and mark.exists() and mark.read_bytes() == text.encode():
        return ""
    make_private(settings.paceflow_home)
    beside = settings.paceflow_home / f".paceflow.{os.getpid()}.duckdb"
    try:
        with duckdb.connect(beside, config=CONFIG) as connection:
            connection.execute(text)
        beside.chmod(0o600)
        os.replace(beside, settings.catalog)
    except (duckdb.Error, OSError) as error:
        return f"{settings.catalog}: could not be replaced ({error}); the old one stays; close its readers and ingest again"
    finally:
        beside.unlink(missing_ok=True)
    write_private(mark, text.encode())
    return ""


def rows(
    settings: Settings, query: str, reads: Collection[str] | None = None, params: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """Rows of a query over tables and views, all repositories together. `WarehouseError` says which file is damaged.

    reads: the tables that the query needs; None = any. params: `$name` in the query -> value.
    """
    try:
        return reader(settings, (), reads)(query, params)
    except duckdb.Error:
        warehouse = Warehouse(settings)
        for table in tables().values():
            warehouse.examine(table)
        raise


def headline(settings: Settings, repository: str | None) -> dict[str, float | None]:
    """The headline metrics of all repositories, or of one, each beside its parts: columns of sql/report/headline.sql."""
    query = report_query("headline")
    (row,) = rows(settings, query, reads_of(query), {"repository": repository}).to_dicts()
    return row


def headline_rates() -> dict[str, tuple[str, str]]:
    """Headline metric -> the columns that it divides."""
    lines = header(report_query("headline"))["columns"].strip().split("\n")
    told = {line.split()[0]: line.partition(": ")[2] for line in lines}
    return {name: (parts[1], parts[2]) for name, meaning in told.items() if (parts := PARTS.match(meaning))}


def ingest_summary(settings: Settings) -> list[dict]:
    """What there is of each repository. What a damaged raw table would add is left out: its repository has failed."""
    query = report_query("ingest_summary")
    reads = reads_of(query)
    try:
        return rows(settings, query, reads).to_dicts()
    except WarehouseError:
        warehouse = Warehouse(settings)
        damaged = [path for table in tables() for path in warehouse.damaged(table)]
        return reader(settings, damaged, reads)(query).to_dicts()
