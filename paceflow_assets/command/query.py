"""`paceflow sql`: one query over every table, view and macro, read-only; without a query, which tables there are.

What lives here: what may be asked, and in which form it is told. What stays out: names and definitions (catalog).
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence

import duckdb
import polars as pl
from rich.console import Console
from rich.text import Text

from paceflow_assets.report.export import csv_text, json_text
from paceflow_assets.report.parquet import write_frame
from paceflow_assets.report.rows import plain_table, printable, rows_table
from paceflow_assets.runtime.catalog import calculator, reader
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.sql_files import called, quoted, reads_of, report_macros, unpatterned
from paceflow_assets.runtime.table import Table, tables

SHOWN_ROWS = 200
GRAIN = re.compile(r"[.;:]")


def run(where: Settings, asked: argparse.Namespace) -> int:
    """Rows of a query, or the list of tables."""
    if not where.warehouse.is_dir():
        raise PaceflowError(f"{where.warehouse}: nothing is stored yet; nothing was shown; run `paceflow ingest` first")
    frame = answer(where, asked.query) if asked.query else listed(where)
    if asked.parquet:
        write_frame(asked.parquet, frame)
    elif asked.json:
        print(json_text(frame.to_dicts()))
    elif asked.csv:
        print(csv_text(frame.to_dicts(), frame.columns), end="")
    elif asked.query:
        _show(frame)
    else:
        _show_tables(frame)
    return 0


def answer(where: Settings, query: str) -> pl.DataFrame:
    """Rows of a query that reads and does nothing else."""
    try:
        kinds = [statement.type for statement in duckdb.extract_statements(query)]
        if kinds != [duckdb.StatementType.SELECT]:
            raise PaceflowError("sql: takes one select, which reads and does nothing else; nothing was done; write one query")
        return reader(where, (), tables_in(query))(query)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        what = " ".join(line.strip() for line in str(error).partition("\n\nLINE")[0].split("\n") if line.strip())
        raise PaceflowError(f"sql: {what}; nothing was shown; `paceflow sql` lists the tables") from error


def tables_in(query: str) -> set[str]:
    """Our tables that a query names, and those behind the macros that it calls: the others need not be opened."""
    macros = called(query, report_macros())
    behind = {name for macro in macros for name in reads_of(report_macros()[macro])}
    return behind | {name for name in tables() if re.search(rf"\b{name}\b", query, re.IGNORECASE)}


def listed(where: Settings) -> pl.DataFrame:
    """Every table with its number of rows and its grain. Of views, the rows that are stored."""
    sql = calculator()
    found = [(table.name, _count(where, sql.connection, table), _grain(table)) for table in tables().values()]
    return pl.DataFrame(found, schema=["table", "rows", "one row per"], orient="row")


def _count(where: Settings, connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    folder = where.warehouse / table.name
    if not folder.is_dir():
        return 0
    files = f"{unpatterned(str(folder))}/*.parquet"
    return connection.execute(f"select count(*) from read_parquet({quoted(files)})").fetchone()[0]


def _grain(table: Table) -> str:
    return GRAIN.split(table.description)[0].removeprefix("One row per ")


def _show(frame: pl.DataFrame) -> None:
    console = Console(highlight=False, markup=False)
    console.print(rows_table("", _printable(frame.head(SHOWN_ROWS).to_dicts())))
    if frame.height > SHOWN_ROWS:
        console.print(f"… and {frame.height - SHOWN_ROWS:,} more; --csv and --json give all")
    elif not frame.height:
        console.print(f"no rows; columns: {', '.join(frame.columns)}")


def _show_tables(frame: pl.DataFrame) -> None:
    table = plain_table()
    for title in frame.columns:
        table.add_column(title, justify="right" if title == "rows" else "left", no_wrap=title != "one row per")
    for name, count, grain in frame.rows():
        table.add_row(Text(name), f"{count:,}", Text(grain))
    Console(highlight=False, markup=False).print(table)


def _printable(found: Iterable[dict]) -> Sequence[dict]:
    """Texts as a terminal can show them."""
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: object) -> object:
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return printable(value) if isinstance(value, str) else value
