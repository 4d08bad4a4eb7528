"""Export: rows for other programs, as JSON or CSV.

What lives here: how a value is written. What stays out: which rows and columns there are.
"""

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def json_text(value: object) -> str:
    """JSON for people and programs: times are UTC with `Z`, days ISO 8601."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=plain)


def csv_text(rows: Rows, columns: Sequence[str]) -> str:
    """A header and a line per row; null is empty, a flag 0 or 1."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_field(row[name]) for name in columns] for row in rows)
    return written.getvalue()


def _field(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return plain(value) if isinstance(value, dt.date) else value


def plain(value: object) -> object:
    """What JSON has no type for, as text."""
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
