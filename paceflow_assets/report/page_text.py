"""Texts of the page: names, rates and counts of rows as the page writes them.

What lives here: values into text. What stays out: what is told of them (page, page_charts), arithmetic (sql/).

Names come from outside: what is not printable is replaced here; the page's template escapes the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paceflow_assets.report import rows
from paceflow_assets.report.figures import CHURN, NOTHING, PEOPLE, Figure, parts

Row = Mapping[str, Any]
Cell = str | tuple[str, str]
MARK = "\u00a0*"
INGEST = "`paceflow ingest` reads what is new."


class Table(NamedTuple):
    """A table of texts. heads: the first is of the column with the rows' names; a cell with two texts has the second below."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def printable(text: str) -> str:
    """A text without what no page shows, or what would turn its letters around."""
    return rows.printable(text, "�")


def writer(row: Row) -> str:
    """Who wrote what a row counts, as the page names them."""
    return PEOPLE if row.get("is_baseline") else printable(row["model_name"])


def labelled(row: Row) -> str:
    """The writer, with a mark if there are few observations."""
    return writer(row) + (MARK if row["is_few"] else "")


def titled(figure: Figure) -> str:
    """A figure's name as a heading."""
    return figure.title[0].upper() + figure.title[1:]


def rate_cell(figure: Figure, row: Row) -> Cell:
    """A rate above what it divides; a dash where it is not known."""
    if row.get(figure.name) is None:
        return NOTHING
    mark = MARK if row["is_few"] else ""
    return (percent(row[figure.name]) + mark, fraction(figure, row))


def percent(share: float | None) -> str:
    """A share as people read it."""
    return NOTHING if share is None else f"{100 * share:.1f}\u00a0%"


def fraction(figure: Figure, row: Row) -> str:
    """What a rate divides, and by what."""
    return "/".join(parts(figure, row)) if row.get(figure.below) else "nothing to count"


def interval(figure: Figure, row: Row) -> str:
    """The 95 % interval of a rate."""
    return f"{percent(row[f'{figure.name}_low'])} – {percent(row[f'{figure.name}_high'])}"


def interval_told(figure: Figure, row: Row) -> str:
    """The same behind a rate; none for churn, whose lines do not stand for themselves."""
    return "" if figure is CHURN else f", interval {interval(figure, row)}"


def amount(number: float) -> str:
    """A count."""
    return f"{number:,.0f}"
