"""Every session that somebody spoke to, and how it went."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_session_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)


def test_a_whole_session(sql):
    """Everything comes from the quality row; a productivity row of the same session changes nothing that is known."""
    quality = {
        "provider": "claude",
        "session_id": "s1",
        "is_home": True,
        "home_repository": "r",
        "model_name": "claude/opus",
        "started_at": MONDAY,
        "user_turn_count": 4,
        "debug_loop_flag": True,
        "mid_session_error_paste_flag": True,
        "accepted_output_flag": True,
        "first_accepted_change_at": dt.datetime(2026, 3, 9, 0, 5),
        "minutes_to_first_accepted_change": 5.0,
        "session_commit_within_4h_flag": True,
    }
    productivity = {
        "provider": "claude",
        "session_id": "s1",
        "model_name": "claude/other",
        "started_at": dt.datetime(2026, 3, 1),
    }

    found = viewed(NAME, sql, event_session_quality=[quality], event_session_productivity=[productivity])

    assert_rows(found, tables()[NAME], [{**quality, "week_start": dt.date(2026, 3, 9)}])


def test_ugly_sessions(sql):
    """Model and start are taken from productivity if need be; what cannot be told is null, or false where views say so."""
    sessions = ("from productivity", "no time", "sunday", "without productivity")
    quality = [
        {"session_id": sessions[0]},
        {"session_id": sessions[1], "debug_loop_flag": False, "accepted_output_flag": False},
        {"session_id": sessions[2], "started_at": dt.datetime(2026, 3, 8, 23, 59), "model_name": "gpt-5"},
        {"session_id": sessions[3], "model_name": ""},
    ]
    productivity = [
        {"session_id": sessions[0], "model_name": "codex/gpt-5", "started_at": MONDAY},
        {"session_id": sessions[1], "model_name": " "},
        {"session_id": sessions[2]},
        {"session_id": "nobody spoke", "started_at": MONDAY},
    ]
    given = {"provider": "codex", "is_home": False, "home_repository": "other", "user_turn_count": 1}

    found = viewed(
        NAME,
        sql,
        event_session_quality=rows_in("event_session_quality", quality, **given),
        event_session_productivity=rows_in("event_session_productivity", productivity, provider="codex"),
    )

    expected = [
        {**quality[0], "model_name": "codex/gpt-5", "started_at": MONDAY, "week_start": dt.date(2026, 3, 9)},
        {**quality[1], "model_name": "codex/(unknown)"},
        {**quality[2], "model_name": "codex/gpt-5", "week_start": dt.date(2026, 3, 2)},
        {**quality[3], "model_name": "codex/(unknown)"},
    ]
    assert_rows(found, tables()[NAME], expected, **given, accepted_output_flag=False, session_commit_within_4h_flag=False)


def test_equal_session_ids_of_two_agents(sql):
    """A session is agent and id: productivity of another agent's session of the same id is not taken."""
    quality = rows_in("event_session_quality", [{"provider": "codex", "session_id": "s1"}])
    productivity = [{"provider": "claude", "session_id": "s1", "model_name": "claude/opus", "started_at": MONDAY}]

    found = viewed(NAME, sql, event_session_quality=quality, event_session_productivity=productivity)

    assert found.select("provider", "model_name", "started_at").rows() == [("codex", "codex/(unknown)", None)]
