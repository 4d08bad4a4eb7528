"""Rates of a task's sessions, weighted by their lines, and counts of its commits."""

import pytest
from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_task_execution_quality"
NO_SESSIONS = {
    "session_count": 0,
    "weighted_turns": 0.0,
    "turn_weight": 0.0,
    "weighted_minutes_to_first_change": 0.0,
    "first_change_weight": 0.0,
    "loop_count": 0.0,
    "loop_known_count": 0.0,
    "paste_count": 0.0,
    "paste_known_count": 0.0,
    "to_commit_count": 0.0,
    "to_commit_known_count": 0.0,
    "no_output_count": 0.0,
    "no_output_known_count": 0.0,
}
NO_COMMITS = {"commit_count": 0, "heavy_count": 0, "total_added": 0, "total_removed": 0}
PEOPLE = {"provider": "human", "session_id": "__human__"}


def seen(sql, sessions=(), commits=()):
    """The view over a task's sessions (counted) and commits (heavy and counted, unless told otherwise)."""
    lines = {"heavy_ai_flag": True, "total_added": 3, "total_removed": 1, "counted_flag": True}
    given = {"task_key": "T-1", "provider": "claude", "counted_in_sessions_flag": True, "commit_within_window_flag": False}
    outcomes = [{name: value for name, value in row.items() if name != "task_key"} for row in commits]
    tasks = [{name: row[name] for name in row if name in ("task_key", "commit_sha", "counted_flag")} for row in commits]
    shas = [{"commit_sha": row["commit_sha"]} for row in commits]
    return viewed(
        NAME,
        sql,
        event_task_session=rows_in("event_task_session", sessions, **given),
        event_task_commit=rows_in("event_task_commit", tasks, task_key="T-1", branch_name="T-1", counted_flag=True),
        event_commit_outcome=rows_in("event_commit_outcome", outcomes, **lines),
        event_commit_churn=rows_in("event_commit_churn", shas),
    )


def test_sessions_weigh_by_their_lines(sql):
    """Weights 2 and 1: 4 and 10 turns are 6 a session, a loop in the lighter one 1 of 3, a commit by the heavier one 2 of 3."""
    known = {"mid_session_error_paste_flag": False}
    sessions = [
        {
            "session_id": "s1",
            "attribution_weight": 2.0,
            "user_turn_count": 4,
            "debug_loop_flag": False,
            "commit_within_window_flag": True,
            "minutes_to_first_accepted_change": 30.0,
            **known,
        },
        {"session_id": "s2", "attribution_weight": 1.0, "user_turn_count": 10, "debug_loop_flag": True, **known},
    ]

    found = seen(sql, sessions)

    expected = {
        "task_key": "T-1",
        "session_count": 2,
        "weighted_turns": 18.0,
        "turn_weight": 3.0,
        "turns_per_session": 6.0,
        "weighted_minutes_to_first_change": 60.0,
        "first_change_weight": 2.0,
        "minutes_to_first_change": 30.0,
        "loop_count": 1.0,
        "loop_known_count": 3.0,
        "loop_rate": 1 / 3,
        "paste_count": 0.0,
        "paste_known_count": 3.0,
        "paste_rate": 0.0,
        "to_commit_count": 2.0,
        "to_commit_known_count": 3.0,
        "to_commit_rate": 2 / 3,
        "no_output_count": 3.0,
        "no_output_known_count": 3.0,
        "no_output_rate": 1.0,
        **NO_COMMITS,
    }
    assert_rows(found, tables()[NAME], [expected])


@pytest.mark.parametrize(
    ("weights", "turns", "expected"),
    [
        ((10.0, 1.0), (2, 10), 30 / 11),
        ((0.0, 1.0), (2, 10), 6.0),
        ((0.5, 1.0), (2, 10), 11 / 1.5),
        ((None, 3.0), (2, 10), 8.0),
        ((10.0, 1.0), (None, 10), 10.0),
        ((10.0, 1.0), (None, None), None),
    ],
)
def test_turns_per_session(sql, weights, turns, expected):
    """A weight of 0 or none counts as 1, a fraction as it is; a session without a user turn has no say."""
    pairs = zip(("s1", "s2"), weights, turns, strict=True)
    sessions = [{"session_id": name, "attribution_weight": weight, "user_turn_count": count} for name, weight, count in pairs]

    found = seen(sql, sessions)

    assert found["turns_per_session"].to_list() == [pytest.approx(expected)]


def test_a_session_without_a_user_turn(sql):
    """It weighs in the share that led to a commit, and in nothing else; so do people."""
    sessions = [
        {"session_id": "mute", "attribution_weight": 2.0, "commit_within_window_flag": True},
        {**PEOPLE, "attribution_weight": 0.0},
    ]

    found = seen(sql, sessions)

    told = {"session_count": 2, "to_commit_count": 2.0, "to_commit_known_count": 3.0, "to_commit_rate": 2 / 3}
    assert_rows(found, tables()[NAME], [{"task_key": "T-1", **NO_SESSIONS, **told, **NO_COMMITS}])


def test_output_weighs_too(sql):
    """Of weights 2, 1 and 4 the first brought output and the last has no user turn: 1 of 3 is without."""
    sessions = [
        {"session_id": "s1", "attribution_weight": 2.0, "user_turn_count": 1, "accepted_output_flag": True},
        {"session_id": "s2", "attribution_weight": 1.0, "user_turn_count": 1, "accepted_output_flag": False},
        {"session_id": "mute", "attribution_weight": 4.0},
    ]

    found = seen(sql, sessions)

    columns = ("no_output_count", "no_output_known_count", "no_output_rate")
    assert found.select(columns).rows() == [(1.0, 3.0, pytest.approx(1 / 3))]


def test_commits_without_sessions(sql):
    """A task of commits alone has counts of them and no rate of sessions; uncounted commits and sessions are left out."""
    commits = [
        {"commit_sha": "a"},
        {"commit_sha": "b", "heavy_ai_flag": False, "total_added": 0, "total_removed": 9},
        {"commit_sha": "gone", "counted_flag": False},
        {"commit_sha": "c", "task_key": "main"},
    ]
    sessions = [{**PEOPLE, "counted_in_sessions_flag": False}]

    found = seen(sql, sessions, commits)

    expected = [
        {"task_key": "T-1", "commit_count": 2, "heavy_count": 1, "heavy_rate": 0.5, "total_added": 3, "total_removed": 10},
        {"task_key": "main", "commit_count": 1, "heavy_count": 1, "heavy_rate": 1.0, "total_added": 3, "total_removed": 1},
    ]
    assert_rows(found, tables()[NAME], expected, **NO_SESSIONS)
