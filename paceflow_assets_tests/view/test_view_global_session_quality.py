"""Rates of sessions by model and week, over all repositories."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_global_session_quality"
MONDAY = dt.datetime(2026, 3, 9, 9)
WEEK = dt.date(2026, 3, 9)


def seen(sql, *rows):
    """The view over home sessions of one model that were told everything, unless a row says otherwise."""
    given = {
        "provider": "claude",
        "model_name": "claude/opus",
        "is_home": True,
        "started_at": MONDAY,
        "user_turn_count": 1,
        "debug_loop_flag": False,
        "mid_session_error_paste_flag": False,
        "accepted_output_flag": True,
        "session_commit_within_4h_flag": False,
    }
    return viewed(NAME, sql, event_session_quality=rows_in("event_session_quality", rows, **given))


def test_counts_and_rates(sql):
    """Sums are divided, not rates averaged; what is not known stays out of the count below."""
    rows = [
        {"repository": "r1", "session_id": "s1", "user_turn_count": 1, "minutes_to_first_accepted_change": 5.0},
        {"repository": "r1", "session_id": "s2", "user_turn_count": 4, "debug_loop_flag": True, "accepted_output_flag": None},
        {"repository": "r2", "session_id": "s3", "user_turn_count": 1, "debug_loop_flag": None},
        {
            "repository": "r2",
            "session_id": "s4",
            "minutes_to_first_accepted_change": 10.0,
            "mid_session_error_paste_flag": None,
            "session_commit_within_4h_flag": True,
        },
    ]

    found = seen(sql, *rows)

    expected = {
        "provider": "claude",
        "model_name": "claude/opus",
        "week_start": WEEK,
        "session_count": 4,
        "turn_count": 7,
        "turns_per_session": 1.75,
        "minutes_to_first_change_sum": 15.0,
        "first_change_count": 2,
        "minutes_to_first_change": 7.5,
        "loop_count": 1,
        "loop_known_count": 3,
        "loop_rate": 1 / 3,
        "paste_count": 0,
        "paste_known_count": 3,
        "paste_rate": 0.0,
        "to_commit_count": 1,
        "to_commit_rate": 0.25,
        "no_output_count": 1,
        "no_output_rate": 0.25,
    }
    assert_rows(found, tables()[NAME], [expected])


def test_first_change_and_no_output(sql):
    """A change after 5 minutes and none: 5 minutes on average, 1 of 2 without output. A change without a time is output."""
    changed = {"session_id": "s1", "minutes_to_first_accepted_change": 5.0, "accepted_output_flag": True}
    silent = {"session_id": "s2", "accepted_output_flag": False}
    timeless = {"session_id": "s3", "model_name": "claude/haiku", "accepted_output_flag": True}

    found = seen(sql, changed, silent, timeless)

    columns = ("model_name", "minutes_to_first_change", "no_output_count", "no_output_rate")
    assert found.select(columns).rows() == [("claude/haiku", None, 0, 0.0), ("claude/opus", 5.0, 1, 0.5)]


def test_a_session_counts_where_it_is_at_home(sql):
    """A session in two repositories is one session, with the commits of its home repository."""
    session = {"session_id": "s1"}
    rows = [
        {"repository": "home", **session, "session_commit_within_4h_flag": False},
        {"repository": "other", **session, "is_home": False, "session_commit_within_4h_flag": True},
    ]

    found = seen(sql, *rows)

    assert found.select("session_count", "to_commit_count").rows() == [(1, 0)]


def test_models_and_weeks_apart(sql):
    """Rows differ by agent, model and week; a session without a start has a row of its own, behind the others."""
    rows = [
        {"session_id": "s1", "provider": "codex", "model_name": "codex/gpt-5"},
        {"session_id": "s2", "started_at": dt.datetime(2026, 3, 8, 23, 59)},
        {"session_id": "s3"},
        {"session_id": "s4", "started_at": None},
        {"session_id": "s5", "model_name": None},
    ]

    found = seen(sql, *rows)

    keys = found.select("provider", "model_name", "week_start", "session_count").rows()
    assert keys == [
        ("claude", "claude/(unknown)", WEEK, 1),
        ("claude", "claude/opus", dt.date(2026, 3, 2), 1),
        ("claude", "claude/opus", WEEK, 1),
        ("claude", "claude/opus", None, 1),
        ("codex", "codex/gpt-5", WEEK, 1),
    ]


def test_nothing_known_is_no_rate(sql):
    """A rate whose count below is 0 is null; output that cannot be told is no output."""
    unknown = {
        "session_id": "s1",
        "debug_loop_flag": None,
        "mid_session_error_paste_flag": None,
        "accepted_output_flag": None,
        "session_commit_within_4h_flag": None,
    }

    found = seen(sql, unknown)

    expected = {
        "provider": "claude",
        "model_name": "claude/opus",
        "week_start": WEEK,
        "session_count": 1,
        "turn_count": 1,
        "turns_per_session": 1.0,
        "minutes_to_first_change_sum": 0.0,
        "first_change_count": 0,
        "loop_count": 0,
        "loop_known_count": 0,
        "paste_count": 0,
        "paste_known_count": 0,
        "to_commit_count": 0,
        "to_commit_rate": 0.0,
        "no_output_count": 1,
        "no_output_rate": 1.0,
    }
    assert_rows(found, tables()[NAME], [expected])


def test_no_sessions(sql):
    """Nothing in, nothing out."""
    found = seen(sql)

    assert_rows(found, tables()[NAME], [])
