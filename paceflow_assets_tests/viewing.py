"""Views and reports from event rows: upstream views are built on the way.

What lives here: `viewed`, which runs the SQL of a view and of the views that it reads; `reported`, which asks report macros.
What belongs here: what the tests of several views need alike. What stays out: rows, which each test writes itself.
"""

import polars as pl
from building import Rows, built

from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.sql_files import called, reads_of, report_macros
from paceflow_assets.runtime.table import tables


def viewed(name: str, sql: Sql, /, **events: Rows) -> pl.DataFrame:
    """The view in its shape, sorted by key. An event table that is not given has no rows."""
    unknown = set(events) - events_behind(name)
    assert not unknown, f"{name} does not see {unknown}"
    upstreams: dict[str, Rows] = {}
    for upstream in tables()[name].upstreams:
        if tables()[upstream].layer == "view":
            own = {event: rows for event, rows in events.items() if event in events_behind(upstream)}
            upstreams[upstream] = viewed(upstream, sql, **own)
        else:
            upstreams[upstream] = events.get(upstream, ())
    return built(tables()[name], sql=sql, **upstreams)


def macros_in(query: str) -> list[str]:
    """The report macros that a query calls, and those that they call."""
    found: list[str] = []
    pending = called(query, report_macros())
    while pending:
        name = pending.pop()
        if name not in found:
            found.append(name)
            pending += called(report_macros()[name].partition(" as table")[2], report_macros())
    return found


def seen_by(query: str) -> set[str]:
    """The event tables that a query over report macros sees, or the view of that name."""
    views = {view for name in macros_in(query) for view in reads_of(report_macros()[name])} or {query}
    return {event for view in views for event in events_behind(view)}


def reported(query: str, sql: Sql, /, **events: Rows) -> pl.DataFrame:
    """Rows of a query over report macros. An event table that is not given has no rows."""
    defined = macros_in(query)
    frames = {}
    for view in {view for name in defined for view in reads_of(report_macros()[name])}:
        own = {event: rows for event, rows in events.items() if event in events_behind(view)}
        frames[view] = viewed(view, sql, **own)
    unknown = set(events) - {event for view in frames for event in events_behind(view)}
    assert not unknown, f"the query does not see {unknown}"
    texts = [text for name, text in report_macros().items() if name in defined]
    return sql("\n".join([*texts, query]), **frames)


def events_behind(name: str) -> set[str]:
    """The event tables that a view sees, directly or through other views."""
    if tables()[name].layer != "view":
        return {name}
    return {event for upstream in tables()[name].upstreams for event in events_behind(upstream)}
