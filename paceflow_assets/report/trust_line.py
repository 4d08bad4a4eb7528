"""Trust line: what stands below a report, so that nobody takes its numbers for more than they are.

What lives here: the line, and the same for JSON. What stays out: counting (sql/report/trust.sql), what the state folder says
(runtime/trust).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from paceflow_assets.runtime.ruleset import told_choice
from paceflow_assets.runtime.trust import Trust

Counts = Mapping[str, int]
SHOWN = 3  # parameters that are told


def trust_line(counts: Counts, known: Trust, repository: str | None) -> str:
    """The line, for one repository or for all."""
    as_of = _moment(known.data_as_of_ms)
    places = [] if repository else [_counted(counts["repository_count"], "repository", "repositories")]
    homeless = "" if repository else f", {counts['homeless_session_count']:,} without a repository"
    preset = f"rules {known.preset}"
    changed = f" but {', '.join(known.changed[:SHOWN])}{' …' if len(known.changed) > SHOWN else ''}" if known.changed else ""
    choice = f" ({told_choice(known.choice)})" if known.choice else ""
    return " · ".join(
        [
            f"data as of {as_of.strftime('%Y-%m-%d %H:%M UTC') if as_of else 'an unknown time'}",
            *places,
            _counted(counts["session_count"], "session", "sessions") + homeless,
            f"{_counted(counts['commit_count'], 'commit', 'commits')}, {counts['unmatched_commit_count']:,} without a match",
            _counted(counts["parse_error_count"], "parse error", "parse errors"),
            f"{preset}{changed}{choice}",
        ]
    )


def trust_told(counts: Counts, known: Trust) -> dict[str, Any]:
    """The same for JSON."""
    rules = {"choice": known.choice, "preset": known.preset, "changed": list(known.changed)}
    as_of = _moment(known.data_as_of_ms)
    told = as_of.isoformat(timespec="milliseconds").replace("+00:00", "Z") if as_of else None
    return {"data_as_of": told, **counts, "rules": rules, "warning": known.warning or None}


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _moment(epoch_ms: int | None) -> dt.datetime | None:
    return None if epoch_ms is None else dt.datetime.fromtimestamp(epoch_ms / 1000, dt.UTC)
