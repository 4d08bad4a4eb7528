"""Session list: which sessions there are, the one last active first, as a table for a terminal.

What lives here: rows of sql/report/sessions.sql into text. What stays out: counting.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from paceflow_assets.report.rows import ending, plain_table, shown

ID_CHARACTERS = 8  # enough to tell sessions apart, and for `paceflow explain session`
TEXTS = 2  # columns before the figures
GAP = 2
NARROWEST = 8
ROOMY = 100


def sessions_shown(rows: Sequence[Mapping[str, Any]], width: int) -> Table:
    """One line per session in a table of so many columns. Names and folders share what the figures leave."""
    counts = {"total_loc": "lines", "user_word_count": "words"}
    if width >= ROOMY:
        counts = {"total_loc": "lines", "total_added": "added", "total_removed": "removed", "user_word_count": "words"}
    titles = ("session", "last active", *counts.values(), "words/line")
    lines = [
        (
            row["session_id"][:ID_CHARACTERS],
            shown(row["last_active"]),
            *(shown(row[name]) for name in counts),
            "–" if row["words_per_line"] is None else f"{row['words_per_line']:,.1f}",
        )
        for row in rows
    ]
    taken = sum(max(map(len, column)) + GAP for column in zip(titles, *lines, strict=True))
    half = max(NARROWEST, (width - taken) // 2 - GAP)
    table = plain_table()
    for number, title in enumerate(titles):
        table.add_column(title, justify="left" if number < TEXTS else "right", no_wrap=True)
    for title in ("model", "project"):
        table.add_column(title, no_wrap=True)
    for row, cells in zip(rows, lines, strict=True):
        names = (ending(row[name], half) for name in ("model_name", "project_path"))
        table.add_row(*(Text(cell) for cell in (*cells, *names)))
    return table
