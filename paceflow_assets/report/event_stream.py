"""Event stream: rows of the base views as one JSON object per line, in the order in which things happened.

What lives here: which views are streamed, under which names, and how a row is written. What stays out: which rows there are.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paceflow_assets.report.export import plain

SESSION, DELIVERY, QUALITY, ALL = "session", "delivery", "quality", "all"
CATEGORIES = (SESSION, DELIVERY, QUALITY, ALL)


class Stream(NamedTuple):
    """One stream. category: where it belongs; time: its column; identity: sorts what happened at one time.

    columns: filter -> the column it asks.
    """

    name: str
    category: str
    view: str
    time: str
    identity: tuple[str, ...]
    columns: Mapping[str, str]


WRITER = {"provider": "provider", "model": "model_name"}
TASK = {"task": "task_key", "branch": "branch_name"}
STREAMS = (
    Stream(
        "session-base", SESSION, "view_session_metrics_base", "started_at", ("provider", "session_id", "repository"), WRITER
    ),
    Stream(
        "task-session-base",
        SESSION,
        "view_task_session_metrics_base",
        "started_at",
        ("repository", "task_key", "provider", "session_id"),
        WRITER | TASK,
    ),
    Stream("change-base", DELIVERY, "view_change_metrics_base", "commit_time", ("repository", "commit_sha"), {}),
    Stream(
        "commit-session-base",
        DELIVERY,
        "view_commit_session_metrics_base",
        "commit_time",
        ("repository", "commit_sha", "provider", "session_id"),
        WRITER,
    ),
    Stream(
        "task-commit-base",
        DELIVERY,
        "view_task_commit_metrics_base",
        "commit_time",
        ("repository", "task_key", "commit_sha"),
        TASK,
    ),
)


def chosen(stream: str, category: str, filters: Sequence[str]) -> list[Stream]:
    """The streams of a name, else of a category; one that lacks what a filter asks for is left out as a whole."""
    wanted = {SESSION: {SESSION}, DELIVERY: {DELIVERY}, QUALITY: {DELIVERY}, ALL: {SESSION, DELIVERY}}[category]
    named = [each for each in STREAMS if (each.category in wanted if stream == ALL else each.name == stream)]
    return [each for each in named if set(filters) <= set(each.columns)]


def place(stream: Stream, row: Mapping[str, Any]) -> tuple:
    """Where a row stands: by time, the unknown one last, then by stream and identity."""
    time = row[stream.time]
    return time is None, time or dt.datetime.min, stream.name, tuple(row[name] for name in stream.identity)


def line(stream: Stream, category: str, row: Mapping[str, Any], *, pretty: bool) -> str:
    """A row as JSON. category: the one asked for; with all, the stream's own. repo_root holds the repository's key."""
    told = {
        "stream_type": stream.name,
        "category": stream.category if category == ALL else category,
        "event_time": _value(row[stream.time]),
        "repo_root": row["repository"],
        "provider": row.get("provider"),
        "model": row.get("model_name"),
        "task_key": row.get("task_key"),
        "branch_name": row.get("branch_name"),
        "fields": {name: _value(row[name]) for name in sorted(row)},
    }
    if pretty:
        return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _value(value: object) -> object:
    """A flag as 0 or 1, a time as text."""
    if isinstance(value, bool):
        return int(value)
    return plain(value) if isinstance(value, dt.date) else value
