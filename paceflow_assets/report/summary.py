"""Summary: what an ingest found, as a table for a terminal.

What lives here: rows of `SUMMARY` into aligned text. What stays out: counting, which is done in SQL.
"""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

SHOWN = 20
COUNTS = ("sessions", "commits", "matched_lines", "changed_lines", "parse_errors")


def summary_table(rows: Sequence[dict], seconds: float) -> Table:
    """One line per repository with most sessions first, and one for all. rows: repository and `COUNTS`."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=len(rows) > 1)
    total = {name: sum(row[name] for row in rows) for name in COUNTS}
    table.add_column("repository", footer=f"{len(rows)} repositories", overflow="ellipsis", no_wrap=True, ratio=1)
    for title, cell in (
        ("sessions", f"{total['sessions']:,}"),
        ("commits", f"{total['commits']:,}"),
        ("matched /\nchanged lines", f"{total['matched_lines']:,} / {total['changed_lines']:,}"),
        ("parse\nerrors", f"{total['parse_errors']:,}"),
        ("seconds", f"{seconds:.1f}"),
    ):
        width = max(len(line) for line in (*title.split("\n"), cell))
        table.add_column(title, footer=cell, justify="right", min_width=width)
    ordered = sorted(rows, key=lambda row: (-row["sessions"], -row["commits"], row["repository"]))
    for row in ordered[:SHOWN]:
        table.add_row(
            row["repository"],
            f"{row['sessions']:,}",
            f"{row['commits']:,}",
            f"{row['matched_lines']:,} / {row['changed_lines']:,}",
            Text(f"{row['parse_errors']:,}", style="yellow" if row["parse_errors"] else ""),
            f"{row['seconds']:.1f}" if row.get("seconds") else "",
        )
    if len(ordered) > SHOWN:
        table.add_row(f"… and {len(ordered) - SHOWN} more", "", "", "", "", "")
    return table
