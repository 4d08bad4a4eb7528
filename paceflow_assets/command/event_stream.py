"""`paceflow event-stream`: what happened, one JSON object per line, for other programs.

What lives here: which rows are asked for. What stays out: how they are written (report/event_stream).
"""

import argparse

from paceflow_assets.command import figures
from paceflow_assets.command.figures import Asked
from paceflow_assets.report import event_stream
from paceflow_assets.report.event_stream import Stream
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.reading import Reading, Row
from paceflow_assets.runtime.settings import Settings


def run(where: Settings, asked: argparse.Namespace) -> int:
    """Every row of the streams asked for, the earliest first."""
    wanted, _ = figures.asked_for(where, asked, ())
    filters = [name for name in figures.NAMED if wanted.filters[name] is not None]
    streams = event_stream.chosen(asked.stream, asked.category, filters)
    if not streams:
        told = " ".join(figures.FILTERS[name] for name in filters)
        raise PaceflowError(f"{told}: no stream asked for has all of that; nothing was shown; leave out a filter or --stream")
    reading = Reading(where, [stream.view for stream in streams], wanted.repository)
    rows = [(stream, row) for stream in streams for row in _rows(reading, stream, wanted)]
    if not rows:
        raise PaceflowError(figures.why_nothing(where, wanted, "events", lambda other: _are_any(reading, streams, other)))
    rows.sort(key=lambda pair: event_stream.place(*pair))
    for stream, row in rows[: asked.limit]:
        print(event_stream.line(stream, asked.category, row, pretty=asked.pretty))
    return 0


def _rows(reading: Reading, stream: Stream, wanted: Asked) -> list[Row]:
    """Rows of one stream. A session of several repositories stands once, where it is at home."""
    asks = "".join(f" and is_wanted({column}, ${name})" for name, column in stream.columns.items())
    home = " and is_home" if stream.name == "session-base" else ""
    query = (
        f"select * from {stream.view} where is_wanted(repository, $repository)"
        f" and is_between_days({stream.time}, $first_day, $last_day){asks}{home}"
    )
    return reading.rows(query, wanted.params(query))


def _are_any(reading: Reading, streams: list[Stream], wanted: Asked) -> bool:
    return any(_rows(reading, stream, wanted) for stream in streams)
