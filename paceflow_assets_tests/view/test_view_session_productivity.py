"""Every session with what it produced."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_session_productivity"
STARTED, ENDED = dt.datetime(2026, 3, 8, 10), dt.datetime(2026, 3, 9, 11)


def test_sessions(sql):
    """Last activity is the end, else the start; blank or missing names and folders are unknown."""
    rows = [
        {
            "session_id": "s1",
            "model_name": "claude/opus",
            "project_path": "~/src/app",
            "started_at": STARTED,
            "ended_at": ENDED,
        },
        {"session_id": "s2", "model_name": "opus", "project_path": "  ", "started_at": STARTED},
        {"session_id": "s3", "model_name": " "},
    ]
    given = {"provider": "claude", "is_home": True, "user_word_count": 12}
    lines = {"accepted_lines_added": 5, "accepted_lines_removed": 2, "accepted_total_changed_lines": 7}

    found = viewed(NAME, sql, event_session_productivity=rows_in("event_session_productivity", rows, **given, **lines))

    unknown = "(unknown)"
    expected = [
        {"session_id": "s1", "model_name": "claude/opus", "project_path": "~/src/app", "last_active": ENDED},
        {"session_id": "s2", "model_name": "claude/opus", "project_path": unknown, "last_active": STARTED},
        {"session_id": "s3", "model_name": f"claude/{unknown}", "project_path": unknown},
    ]
    assert_rows(found, tables()[NAME], expected, **given, total_added=5, total_removed=2, total_loc=7)
