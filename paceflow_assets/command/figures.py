"""`paceflow session`, `delivery`, `quality`, `tasks`, `stats`: the figures, in a terminal or for other programs.

What lives here: what is asked for, in which form it is told, and why there may be nothing. What stays out: arithmetic (sql/),
how figures look (report/).
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from paceflow_assets.report import figures
from paceflow_assets.report.export import csv_text, json_text
from paceflow_assets.report.figures import DIMENSIONS, Report
from paceflow_assets.report.trust_line import trust_line, trust_told
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.reading import Reading, Row, reading_for
from paceflow_assets.runtime.rules import nearest
from paceflow_assets.runtime.scope import known_repository, place_of
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.sql_files import report_query
from paceflow_assets.runtime.trust import Trust, trust

FILTERS = {
    "provider": "--provider",
    "model": "--model",
    "task": "--task",
    "branch": "--branch",
    "first_day": "--from",
    "last_day": "--to",
}
NAMED = ("provider", "model", "task", "branch")
WRITERS = {"provider", "model"}
PEOPLE = "human"
LISTED = 6
ALL_GROUPS = 1_000_000_000


class Asked(NamedTuple):
    """What a report is asked for. by: dimensions; repository: None = all."""

    by: tuple[str, ...]
    weekly: bool
    repository: str | None
    filters: Mapping[str, str | None]
    limit: int

    def params(self, query: str) -> dict[str, object]:
        """The parameters that a query takes."""
        known = {
            "group_by": list(self.by),
            "weekly": self.weekly,
            "repository": self.repository,
            "limit": self.limit,
            "with_people": set(self.by) <= WRITERS or self.filters["provider"] == PEOPLE,
            **self.filters,
        }
        return {name: value for name, value in known.items() if f"${name}" in query}


class Told(NamedTuple):
    """What stands below every report."""

    counts: Row
    known: Trust
    repository: str | None


def session(where: Settings, asked: argparse.Namespace) -> int:
    """How sessions went, or which there are."""
    return _listed(where, asked) if asked.list_sessions else _report(where, asked, figures.SESSION)


def delivery(where: Settings, asked: argparse.Namespace) -> int:
    """What reached the main line."""
    return _report(where, asked, figures.DELIVERY)


def quality(where: Settings, asked: argparse.Namespace) -> int:
    """What held up."""
    return _report(where, asked, figures.QUALITY)


def tasks(where: Settings, asked: argparse.Namespace) -> int:
    """Sessions and commits, task by task."""
    return _report(where, asked, figures.TASKS)


def stats(where: Settings, asked: argparse.Namespace) -> int:
    """Sessions, delivery and quality, all together."""
    wanted, known = asked_for(where, asked, ())
    reports = (figures.SESSION, figures.DELIVERY, figures.QUALITY)
    reading, told = _opened(where, known, wanted, [report.query for report in reports])
    found = {report: _rows(reading, report.query, wanted) for report in reports}
    if not any(found.values()):
        raise _nothing(where, reading, wanted, figures.SESSION)
    plain = {report.name: [_plain(row, wanted) for row in rows] for report, rows in found.items()}
    whole = {name: value for rows in plain.values() for row in rows[:1] for name, value in row.items()}
    if _exported(asked, {**_described("stats", wanted), **plain}, told, [whole]):
        return 0
    console = _console()
    for report, rows in found.items():
        console.print(_title(report, wanted))
        console.print(figures.card_shown(report, rows, console.width) if rows else f"no {report.things}")
        console.print()
        console.print(figures.legend_shown(report, rows, (), card=True))
        console.print()
    _print_trust(console, told)
    return 0


def _report(where: Settings, asked: argparse.Namespace, report: Report) -> int:
    by = ("task",) if report is figures.TASKS else _grouping(asked)
    wanted, known = asked_for(where, asked, by)
    reading, told = _opened(where, known, wanted, [report.query])
    rows = _rows(reading, report.query, wanted)
    if not rows:
        raise _nothing(where, reading, wanted, report)
    shown = [_plain(row, wanted) for row in rows]
    if _exported(asked, {**_described(report.name, wanted), "rows": shown}, told, shown):
        return 0
    is_card = not by and not asked.weekly
    console = _console()
    console.print(_title(report, wanted))
    console.print()
    if is_card:
        console.print(figures.card_shown(report, rows, console.width))
    else:
        console.print(figures.table_shown(report, rows, by, console.width, weekly=asked.weekly))
        _tell_left_out(console, rows, reading, report, wanted)
    console.print()
    fitting, _ = figures.layout(report, rows, by, console.width, weekly=asked.weekly)
    console.print(figures.legend_shown(report, rows, by, card=is_card, figures=fitting))
    console.print()
    _print_trust(console, told)
    return 0


def _listed(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.report.session_list import sessions_shown

    if asked.weekly:
        raise PaceflowError("--list-sessions --weekly: a list has no weeks; nothing was shown; leave one of them out")
    wanted, known = asked_for(where, asked, ())
    reading, told = _opened(where, known, wanted, ["sessions"])
    rows = _rows(reading, "sessions", wanted)
    if not rows:
        raise PaceflowError(why_nothing(where, wanted, "sessions", lambda other: bool(_rows(reading, "sessions", other))))
    if _exported(asked, {**_described("sessions", wanted), "rows": rows}, told, rows):
        return 0
    console = _console()
    console.print(sessions_shown(rows, console.width))
    console.print()
    _print_trust(console, told)
    return 0


def _grouping(asked: argparse.Namespace) -> tuple[str, ...]:
    return () if asked.overall else (asked.group_by or "model",)


def asked_for(where: Settings, asked: argparse.Namespace, by: tuple[str, ...]) -> tuple[Asked, Inventory]:
    """What is asked for, and what discovery remembers."""
    known = stock.load(where) or Inventory()
    repository = None
    if asked.repository:
        repository = known_repository(known, asked.repository) if known.checkouts else asked.repository
    elif not asked.all_projects and known.checkouts:
        repository, note = place_of(known, Path.cwd())
        if note:
            print(f"paceflow: {note}", file=sys.stderr)
    filters = {name: getattr(asked, name) for name in FILTERS}
    first, last = filters["first_day"], filters["last_day"]
    if first and last and first > last:
        raise PaceflowError(f"--from {first} --to {last}: ends before it begins; nothing was shown; swap the days")
    return Asked(by, asked.weekly, repository, filters, asked.limit), known


def _opened(where: Settings, known: Inventory, wanted: Asked, queries: Sequence[str]) -> tuple[Reading, Told]:
    """What the queries read, and what stands below the report."""
    texts = [report_query(name) for name in (*queries, "trust")]
    reading = reading_for(where, texts, wanted.repository)
    (counts,) = reading.rows(texts[-1], wanted.params(texts[-1]))
    return reading, Told(counts, trust(where, known, wanted.repository), wanted.repository)


def _rows(reading: Reading, name: str, wanted: Asked) -> list[Row]:
    """Rows of a report; none when only people are left though a provider or model was asked for."""
    query = report_query(name)
    rows = reading.rows(query, wanted.params(query))
    is_of_agents = wanted.filters["provider"] not in (None, PEOPLE) or wanted.filters["model"] is not None
    return [] if is_of_agents and all(row.get("is_baseline", False) for row in rows) else rows


def _plain(row: Row, wanted: Asked) -> Row:
    """A row as other programs get it: only the dimensions that were asked for."""
    unasked = {column for dimension, column in DIMENSIONS.items() if dimension not in wanted.by} | {"group_rank"}
    unasked |= set() if wanted.weekly else {"week_start"}
    return {name: value for name, value in row.items() if name not in unasked}


def _described(name: str, wanted: Asked) -> dict[str, Any]:
    filters = {"repository": wanted.repository, **wanted.filters}
    return {
        "report": name,
        "group_by": list(wanted.by),
        "weekly": wanted.weekly,
        "filters": {name: value for name, value in filters.items() if value is not None},
    }


def _exported(asked: argparse.Namespace, described: Mapping[str, object], told: Told, rows: Sequence[Row]) -> bool:
    """Whether the report was wanted for other programs, and given: as JSON all of it, as CSV or Parquet its rows."""
    columns = list(rows[0])
    if asked.json:
        print(json_text({**described, "trust": trust_told(told.counts, told.known)}))
    if asked.csv:
        sys.stdout.write(csv_text(rows, columns))
    if asked.parquet:
        from paceflow_assets.report.parquet import write_parquet

        write_parquet(asked.parquet, rows, columns)
    return bool(asked.json or asked.csv or asked.parquet)


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=False)


def _title(report: Report, wanted: Asked) -> Any:
    from rich.text import Text

    by = " and ".join([*wanted.by, *(["week"] if wanted.weekly else [])])
    limits = [f"{FILTERS[name].removeprefix('--')} {value}" for name, value in wanted.filters.items() if value]
    told = " · ".join([*([f"by {by}"] if by else []), wanted.repository or "all repositories", *limits])
    return Text.assemble((report.name, "bold"), f"  {told}")


def _tell_left_out(console: Any, rows: Sequence[Row], reading: Reading, report: Report, wanted: Asked) -> None:
    """Say how many groups the limit left out."""
    if max(row["group_rank"] for row in rows) < wanted.limit:
        return
    every = _rows(reading, report.query, wanted._replace(limit=ALL_GROUPS))
    more = len({row["group_rank"] for row in every}) - len({row["group_rank"] for row in rows})
    if more > 0:
        console.print(f"… and {more} more; --limit {wanted.limit + more} shows all")


def _print_trust(console: Any, told: Told) -> None:
    from rich.text import Text

    console.print(Text(trust_line(told.counts, told.known, told.repository), "dim"))
    if told.known.warning:
        console.print(Text(told.known.warning, "yellow"))


def _nothing(where: Settings, reading: Reading, wanted: Asked, report: Report) -> PaceflowError:
    def are_any(other: Asked) -> bool:
        return bool(_rows(reading, report.query, other))

    return PaceflowError(why_nothing(where, wanted, report.things, are_any))


def why_nothing(where: Settings, wanted: Asked, things: str, are_any: Callable[[Asked], bool]) -> str:
    """Why there are no rows: a name that nobody has, or filters that leave nothing together. are_any: with other filters."""
    place = wanted.repository or "all repositories"
    given = {name: value for name, value in wanted.filters.items() if value is not None}
    for name, value in given.items():
        known = _names(where, wanted, name) if name in NAMED else [value]
        if value not in known:
            hint = nearest(value, known) or f"; known are: {', '.join(known[:LISTED]) or 'none'}"
            return f"{FILTERS[name]} {value}: no such {name} in {place}{hint}; nothing was shown"
    if not given:
        return f"{place}: no {things} are stored; nothing was shown; `paceflow ingest` reads what is new"
    if things == "sessions" and wanted.filters["provider"] == PEOPLE:
        return "--provider human: people have no sessions; nothing was shown; `paceflow delivery` tells of their commits"
    enough = [FILTERS[name] for name in given if are_any(_without(wanted, name))]
    told = " ".join(f"{FILTERS[name]} {value}" for name, value in given.items())
    remedy = f"without {' or '.join(enough)} there are some" if enough else f"leave out more than one; {place} may have none"
    return f"{told}: no {things} are left in {place}; nothing was shown; {remedy}"


def _names(where: Settings, wanted: Asked, kind: str) -> list[str]:
    query = report_query("names")
    rows = reading_for(where, [query], wanted.repository).rows(query)
    return [row["known_name"] for row in rows if row["kind"] == kind]


def _without(wanted: Asked, name: str) -> Asked:
    return wanted._replace(filters={**wanted.filters, name: None})
