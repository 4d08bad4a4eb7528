"""Catalog: SQL over all tables. Macros, views, and the DuckDB file for people.

What lives here: where the SQL files are, connections that know every table by name, and $PACEFLOW_HOME/paceflow.duckdb.
What belongs here: names and definitions, never rows. What stays out: the views' text (sql/) and storage (warehouse).

A table stands as a view over the folder of its files, with one empty file among them, so that the arrival of a file changes
no text and no table is missing.
"""

import os
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

import paceflow_assets
from paceflow_assets.runtime.duck import CONFIG, Sql
from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.settings import Settings, make_private
from paceflow_assets.runtime.table import Table, tables


@cache
def sql_folder() -> Path:
    """Folder of the SQL files: inside the installed package, else beside it in a checkout."""
    package = Path(paceflow_assets.__file__).parent
    inside = package / "sql"
    return inside if inside.is_dir() else package.parent / "sql"


@cache
def macros() -> str:
    """Every macro, one after the other."""
    return "\n".join(path.read_text() for path in sorted((sql_folder() / "macro").glob("*.sql")))


def prepared(connection: duckdb.DuckDBPyConnection) -> Sql:
    """A connection as `Sql`, with the macros that views use."""
    sql = Sql(connection)
    connection.execute(macros())
    return sql


def calculator() -> Sql:
    """DuckDB in memory, for computing tables."""
    return prepared(duckdb.connect(config=CONFIG))


def ensure_folders(settings: Settings) -> None:
    """One empty file in the folder of every stored table, so that each can be read before anything arrived."""
    for table in tables().values():
        folder = make_private(settings.warehouse / table.name)
        empty = folder / "_empty.parquet"
        if not empty.exists():
            beside = folder / f"._empty.{os.getpid()}.tmp"
            table.empty().write_parquet(beside)
            beside.chmod(0o600)
            os.replace(beside, empty)


def definitions(settings: Settings) -> list[str]:
    """Statements that define every table and view by name, upstream first."""
    return [_definition(settings, table) for table in tables().values()]


def _definition(settings: Settings, table: Table) -> str:
    if table.sql is not None:
        return f"create or replace view {table.name} as\n{table.sql.strip().rstrip(';')};"
    files = str(settings.warehouse / table.name / "*.parquet").replace("'", "''")
    names = ", ".join(table.columns)
    return f"create or replace view {table.name} as select {names} from read_parquet('{files}', union_by_name = true);"


def reader(settings: Settings) -> Sql:
    """An in-memory connection that sees every table and view; it reads the warehouse and nothing else."""
    ensure_folders(settings)
    connection = duckdb.connect(config=CONFIG)
    sql = prepared(connection)
    connection.execute("set allowed_directories = $folders", {"folders": [str(settings.warehouse) + "/"]})
    connection.execute("set enable_external_access = false; set lock_configuration = true")
    for statement in definitions(settings):
        connection.execute(statement)
    return sql


def write_catalog(settings: Settings) -> str:
    """Bring paceflow.duckdb up to date if its text changed. Returns a warning when it could not be replaced, else ''."""
    ensure_folders(settings)
    text = "\n".join([macros(), *definitions(settings)])
    mark = settings.state / "catalog.sql"
    if settings.catalog.exists() and mark.exists() and mark.read_text() == text:
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
    make_private(settings.state)
    mark.write_text(text)
    mark.chmod(0o600)
    return ""


def rows(settings: Settings, query: str) -> pl.DataFrame:
    """Rows of a query over all tables and views, all repositories together."""
    try:
        return reader(settings)(query)
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise WarehouseError(f"{settings.warehouse}: cannot be read ({reason}); nothing is shown; ingest again") from error


def ingest_summary(settings: Settings) -> list[dict]:
    """What there is of each repository."""
    return rows(settings, (sql_folder() / "report" / "ingest_summary.sql").read_text()).to_dicts()
