"""Rows: any rows as a table for a terminal.

What lives here: formatting of values. What stays out: arithmetic, and choosing rows.
"""

import datetime as dt
from collections.abc import Sequence

from rich.table import Table


def plain_table(*, show_header: bool = True) -> Table:
    """An empty table without lines, two spaces between its columns."""
    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_header=show_header)


def label_grid(columns: int = 2) -> Table:
    """An empty grid without titles: a label that is never wrapped, and what folds beside it."""
    grid = plain_table(show_header=False)
    grid.add_column(no_wrap=True)
    for _ in range(columns - 1):
        grid.add_column(overflow="fold")
    return grid


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


def printable(text: str, mark: str = "?") -> str:
    """The text with a mark in place of what no terminal shows, or would obey."""
    return "".join(letter if letter.isprintable() else mark for letter in text)


def ending(text: str, width: int) -> str:
    """A text that fits, printable: of one that is too long the end, which tells more than the beginning."""
    plain = printable(text)
    return plain if len(plain) <= width else f"…{plain[len(plain) - width + 1 :]}"


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
