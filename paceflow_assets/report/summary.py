"""Summary: what an ingest found, as a table for a terminal.

What lives here: rows of sql/report/ingest_summary.sql into aligned text. What stays out: counting, which is done in SQL.
"""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

SHOWN = 20
COUNTS = ("sessions", "commits", "matched_lines", "changed_lines", "parse_errors")
TITLES = ("sessions", "commits", "matched /\nchanged lines", "parse\nerrors", "seconds")
SHORTEST_NAME = 12
GAP = 2


def summary_table(rows: Sequence[dict], seconds: float, width: int) -> Table:
    """One line per repository, most sessions first, and one for all. rows: repository, `COUNTS`, seconds; width: columns."""
    ordered = sorted(rows, key=lambda row: (-row["sessions"], -row["commits"], row["repository"]))
    shown = [(row["repository"], *_cells(row)) for row in ordered[:SHOWN]]
    total = {name: sum(row[name] for row in rows) for name in COUNTS} | {"seconds": seconds}
    foot = (f"{len(rows)} repositories", *_cells(total))
    widths = [
        max(len(text) for cell in column for text in cell.split("\n"))
        for column in zip(TITLES, foot[1:], *(line[1:] for line in shown), strict=True)
    ]
    left = max(SHORTEST_NAME, width - sum(widths) - GAP * len(widths))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold", show_footer=len(rows) > 1)
    table.add_column("repository", footer=foot[0], no_wrap=True)
    for title, cell in zip(TITLES, foot[1:], strict=True):
        table.add_column(title, footer=cell, justify="right", no_wrap=True)
    for name, *cells in shown:
        table.add_row(_shortened(name, left), *(Text(cell) for cell in cells))
    if len(ordered) > SHOWN:
        table.add_row(f"… and {len(ordered) - SHOWN} more")
    return table


def _cells(row: dict) -> tuple[str, ...]:
    return (
        f"{row['sessions']:,}",
        f"{row['commits']:,}",
        f"{row['matched_lines']:,} / {row['changed_lines']:,}",
        f"{row['parse_errors']:,}",
        "" if row.get("seconds") is None else f"{row['seconds']:.1f}",
    )


def _shortened(name: str, width: int) -> str:
    """A name that fits: its end tells more than its beginning."""
    return name if len(name) <= width else f"…{name[len(name) - width + 1 :]}"
