"""What other rules do to the numbers: headline metrics before and after, and how many rows of each table differ.

What lives here: differences into text and JSON. What stays out: counting and dividing, which is done.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from paceflow_assets.report.rows import plain_table
from paceflow_assets.runtime.ruleset import Change
from paceflow_assets.runtime.trial import Difference

Figures = Mapping[str, float | None]
PERCENT = ("_rate", "ai_share_of_lines")


def difference_shown(
    changes: Sequence[Change],
    rates: Mapping[str, tuple[str, str]],
    before: Figures,
    after: Figures,
    differences: Sequence[Difference],
) -> RenderableType:
    """Rules, metrics and tables. rates: metric -> columns that it divides. A metric that moves is bold."""
    lines: list[RenderableType] = [Text(f"rule: {change}") for change in changes] or [Text("rules: the same values")]
    table = _columns("metric", "before", "after")
    for name, parts in rates.items():
        old, new = figure(name, before, parts), figure(name, after, parts)
        style = "bold" if old != new else ""
        table.add_row(Text(name.replace("_", " "), style), old, Text(new if old != new else "=", style))
    lines += ["", table, ""]
    if not differences:
        return Group(*lines, Text("no row of any table changes"))
    table = _columns("table", "rows", "changed", "new", "gone")
    for each in differences:
        table.add_row(each.table, *(f"{count:,}" for count in each[1:]))
    return Group(*lines, table)


def difference_told(
    changes: Sequence[Change], before: Figures, after: Figures, differences: Sequence[Difference]
) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "rules": [change._asdict() for change in changes],
        "metrics": {name: {"before": before[name], "after": after[name]} for name in before},
        "tables": [each._asdict() for each in differences],
    }


def figure(name: str, figures: Figures, parts: tuple[str, str]) -> str:
    """A metric with what it divides: `2.90 % (106/3,659)`."""
    value, above, below = figures[name], figures[parts[0]], figures[parts[1]]
    if value is None:
        return f"– ({_count(above)}/{_count(below)})"
    shown = f"{100 * value:.2f} %" if name.endswith(PERCENT) else f"{value:,.2f}"
    return f"{shown} ({_count(above)}/{_count(below)})"


def _count(amount: float | None) -> str:
    return "–" if amount is None else f"{amount:,.0f}"


def _columns(first: str, *others: str) -> Table:
    table = plain_table()
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table
