"""Rows: any rows as a table for a terminal.

What lives here: formatting of values. What stays out: arithmetic, and choosing rows.
"""

import datetime as dt
from collections.abc import Sequence

from rich.table import Table


def rows_table(title: str, rows: Sequence[dict]) -> Table:
    """The rows under their column names; numbers to the right, null as a dash."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    names = list(rows[0]) if rows else []
    for name in names:
        is_number = all(isinstance(row[name], int | float | None) and not isinstance(row[name], bool) for row in rows)
        table.add_column(name, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(shown(row[name]) for name in names))
    return table


def shown(value: object) -> str:
    """One value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return value.isoformat(sep=" ", timespec="minutes") if isinstance(value, dt.datetime) else str(value)
