"""Views from event rows: upstream views are built on the way.

What lives here: `viewed`, which runs the SQL of a view and of the views that it reads.
What belongs here: what the tests of several views need alike. What stays out: rows, which each test writes itself.
"""

import polars as pl
from building import Rows, built

from paceflow_assets.runtime.duck import Sql
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


def events_behind(name: str) -> set[str]:
    """The event tables that a view sees, directly or through other views."""
    if tables()[name].layer != "view":
        return {name}
    return {event for upstream in tables()[name].upstreams for event in events_behind(upstream)}
