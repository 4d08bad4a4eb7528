"""SQL files: where they are, and what their headers say.

What lives here: the texts of macros, views and reports. What belongs here: reading files that ship with the program.
What stays out: running them (catalog, reading), and polars, which a report in a terminal does not wait for.

A macro whose header names what it reads stands on views, and is defined behind them; the others stand for themselves.
"""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

import paceflow_assets

DEFINED = re.compile(r"create or replace macro (\w+)")


@cache
def sql_folder() -> Path:
    """Folder of the SQL files: inside the installed package, else beside it in a checkout."""
    package = Path(paceflow_assets.__file__).parent
    inside = package / "sql"
    return inside if inside.is_dir() else package.parent / "sql"


def header(text: str) -> dict[str, str]:
    """The entries of a header, name -> text; lines of `columns` are kept apart by LF. Words before the first are left out."""
    entries: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        if not line.startswith("--"):
            break
        found = re.match(r"^-- (\w+):\s*(.*)$", line)
        if found:
            name = found[1]
            entries[name] = found[2]
        elif name:
            joint = "\n" if name == "columns" else " "
            entries[name] = f"{entries[name]}{joint}{line[2:].strip()}"
    return entries


def reads_of(text: str) -> list[str]:
    """The tables that a header says are read; none if it does not say."""
    told = header(text).get("reads", "")
    return told.split(", ") if told else []


@cache
def _macro_files() -> tuple[str, ...]:
    return tuple(path.read_text() for path in sorted((sql_folder() / "macro").glob("*.sql")))


@cache
def macros() -> str:
    """Every macro that stands on no view, one after the other."""
    return "\n".join(text for text in _macro_files() if not reads_of(text))


@cache
def report_macros() -> dict[str, str]:
    """The macros that read views by name, each behind those that it calls."""
    waiting = {DEFINED.findall(text)[0]: text for text in _macro_files() if reads_of(text)}
    done: dict[str, str] = {}
    while waiting:
        name = next(name for name, text in waiting.items() if not called(text, waiting.keys() - {name}))
        done[name] = waiting.pop(name)
    return done


def called(text: str, names: Collection[str]) -> list[str]:
    """Those of the macros that a text calls."""
    return [name for name in names if re.search(rf"\b{name}\s*\(", text)]


def report_query(name: str) -> str:
    """Text of a query in sql/report."""
    return (sql_folder() / "report" / f"{name}.sql").read_text()


def unpatterned(path: str) -> str:
    """A path in which DuckDB finds no pattern."""
    return re.sub(r"[\[*?]", r"[\g<0>]", path)


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
