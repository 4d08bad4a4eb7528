"""Every session of every task: how much of it, and how it went."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_task_session_metrics_base"
PEOPLE = {"provider": "human", "session_id": "__human__"}


def test_sessions_of_tasks(sql):
    """What is not known stays null, but an unknown output is no output; people count as the rule says."""
    known = {
        "started_at": dt.datetime(2026, 3, 9),
        "attribution_weight": 2.5,
        "user_turn_count": 4,
        "debug_loop_flag": False,
        "mid_session_error_paste_flag": True,
        "accepted_output_flag": True,
        "first_accepted_change_at": dt.datetime(2026, 3, 9, 0, 5),
        "minutes_to_first_accepted_change": 5.0,
        "commit_within_window_flag": True,
    }
    rows = [
        {"task_key": "PAC-1", "provider": "claude", "session_id": "s1", "model_name": "claude/opus", **known},
        {"task_key": "PAC-1", "provider": "codex", "session_id": "mute", "model_name": "  ", "attribution_weight": 1.0},
        {"task_key": "PAC-1", **PEOPLE, "model_name": "human/(unknown)", "attribution_weight": 0.0},
        {"task_key": "PAC-2", **PEOPLE, "counted_in_sessions_flag": False},
        {"task_key": "main", "provider": "codex", "session_id": "s2", "started_at": dt.datetime(2026, 3, 8, 23, 59)},
    ]
    given = {"branch_name": "b", "counted_in_sessions_flag": True, "commit_within_window_flag": False}

    found = viewed(NAME, sql, event_task_session=rows_in("event_task_session", rows, **given))

    expected = [
        {**rows[0], "week_start": dt.date(2026, 3, 9)},
        {**rows[1], "model_name": "codex/(unknown)"},
        rows[2],
        {**rows[4], "model_name": "codex/(unknown)", "week_start": dt.date(2026, 3, 2)},
    ]
    same = {"branch_name": "b", "accepted_output_flag": False, "commit_within_window_flag": False}
    assert_rows(found, tables()[NAME], expected, **same)
