"""Views: SQL only. Each file in sql/view/ is a table of that name; its header is the declaration.

What lives here: turning the files into tables. What belongs here: reading headers. What stays out: any SQL.

A header says grain, reads, units, and the columns: `name type: meaning`. A column that an upstream table has under the same
name may be given by its name alone. `?` behind the type: may be null although it is a key column, here or in a view that takes
it over; `!`: never shown in a preview.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from paceflow_assets.runtime import table as declare
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.sql_files import header, reads_of, sql_folder
from paceflow_assets.runtime.table import REGISTER, Column, Table

TYPES = {
    "text": declare.text,
    "count": declare.count,
    "number": declare.number,
    "flag": declare.flag,
    "time": declare.time,
    "date": declare.date,
}
COLUMN = re.compile(r"^(?P<name>\w+)(?: (?P<type>\w+)(?P<marks>[?!]*): (?P<meaning>.+))?$")
GLOBAL = "view_global_"


def columns(lines: str, upstreams: Mapping[str, Table]) -> dict[str, Column]:
    """Columns of a view, taken over from upstream tables where only the name is given."""
    found: dict[str, Column] = {}
    for line in lines.strip().split("\n"):
        entry = COLUMN.match(line)
        if entry is None or (entry["type"] and entry["type"] not in TYPES):
            raise ValueError(f"not a column of a view: {line!r}; write `name type: meaning`, type one of {', '.join(TYPES)}")
        if entry["type"]:
            plain = TYPES[entry["type"]](entry["meaning"])
            found[entry["name"]] = replace(plain, private="!" in entry["marks"], optional="?" in entry["marks"])
            continue
        known = [upstream.columns[entry["name"]] for upstream in upstreams.values() if entry["name"] in upstream.columns]
        if not known:
            raise ValueError(f"column {entry['name']}: no upstream table has it; write `name type: meaning`")
        found[entry["name"]] = known[0]
    return found


def view(path: Path) -> Table:
    """The table of a view file. Its upstreams must be registered."""
    text = path.read_text()
    told = header(text)
    upstreams = {name: REGISTER[name] for name in reads_of(text)}
    grain = re.search(r"\(([^)]*)\)", told["grain"])

    def build(sql: Sql, **frames: pl.DataFrame) -> pl.DataFrame:
        return sql(text, **frames)

    try:
        declared = columns(told["columns"], upstreams)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    return Table(
        name=path.stem,
        layer="view",
        grain=tuple(grain[1].split(", ")) if grain else (),
        columns=declared,
        description=f"{told['grain'][:1].upper()}{told['grain'][1:]}. Units: {told['units']}.",
        upstreams=tuple(upstreams),
        build=build,
        module=__name__,
        sql_parameter="sql",
        per_repository=not path.stem.startswith(GLOBAL),
        sql=text,
    )


def register() -> None:
    """Make every view file a table, base views first."""
    waiting = sorted((sql_folder() / "view").glob("*.sql"))
    while waiting:
        ready = [path for path in waiting if set(reads_of(path.read_text())) <= set(REGISTER)]
        if not ready:
            raise ValueError(f"views that read each other or unknown tables: {', '.join(path.stem for path in waiting)}")
        for path in ready:
            REGISTER[path.stem] = view(path)
        waiting = [path for path in waiting if path not in ready]


register()
