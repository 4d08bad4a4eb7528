"""Every session of every branch: how much of it, and how it went."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_branch_session_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)
PEOPLE = {"provider": "human", "session_id": "__human__"}
QUALITY = {
    "started_at": MONDAY,
    "user_turn_count": 4,
    "debug_loop_flag": True,
    "mid_session_error_paste_flag": False,
    "accepted_output_flag": True,
    "first_accepted_change_at": dt.datetime(2026, 3, 9, 0, 5),
    "minutes_to_first_accepted_change": 5.0,
}


def seen(sql, commits, sessions, quality=()):
    """The view over sha -> branch, sessions of these commits, and how they went."""
    tasks = [
        {"commit_sha": sha, "task_key": branch, "branch_name": branch, "counted_flag": sha != "gone"}
        for sha, branch in commits.items()
    ]
    given = {"counted_in_sessions_flag": True, "commit_within_window_flag": False, "matched_lines": 1.0}
    return viewed(
        NAME,
        sql,
        event_task_commit=tasks,
        event_commit_session=rows_in("event_commit_session", sessions, **given),
        event_session_quality=rows_in("event_session_quality", quality),
    )


def test_a_session_in_several_commits(sql):
    """Lines add up over the branch's commits, one commit in the window is enough; other branches have rows of their own."""
    session = {"provider": "claude", "session_id": "s1", "model_name": "claude/opus"}
    sessions = [
        {"commit_sha": "a", **session, "matched_lines": 2.5},
        {"commit_sha": "b", **session, "matched_lines": 1.5, "commit_within_window_flag": True},
        {"commit_sha": "c", **session, "matched_lines": 7.0},
    ]

    found = seen(sql, {"a": "x", "b": "x", "c": "y"}, sessions, [{**session, **QUALITY}])

    expected = [
        {"branch_name": "x", "attribution_weight": 4.0, "commit_within_window_flag": True},
        {"branch_name": "y", "attribution_weight": 7.0, "commit_within_window_flag": False},
    ]
    assert_rows(found, tables()[NAME], expected, **session, **QUALITY, week_start=dt.date(2026, 3, 9))


def test_ugly_sessions(sql):
    """Without quality nothing is known but the weight; people count as the rule says; a blank model is unknown."""
    sessions = [
        {"commit_sha": "a", **PEOPLE, "model_name": "human/(unknown)", "matched_lines": 0.0},
        {"commit_sha": "a", "provider": "claude", "session_id": "mute", "model_name": ""},
        {"commit_sha": "b", "provider": "claude", "session_id": "mute"},
        {"commit_sha": "b", **PEOPLE, "counted_in_sessions_flag": False},
        {"commit_sha": "b", "provider": "codex", "session_id": "s2", "model_name": "gpt-5"},
        {"commit_sha": "without a task", "provider": "codex", "session_id": "s2"},
    ]
    told_little = {"provider": "codex", "session_id": "s2", "started_at": dt.datetime(2026, 3, 8, 23), "user_turn_count": 1}

    found = seen(sql, {"a": "x", "b": "y"}, sessions, [told_little])

    unknown = {"accepted_output_flag": False, "commit_within_window_flag": False}
    expected = [
        {"branch_name": "x", "provider": "claude", "session_id": "mute", "model_name": "claude/(unknown)"},
        {"branch_name": "x", **PEOPLE, "model_name": "human/(unknown)", "attribution_weight": 0.0},
        {"branch_name": "y", "provider": "claude", "session_id": "mute", "model_name": "claude/(unknown)"},
        {"branch_name": "y", **told_little, "model_name": "codex/gpt-5", "week_start": dt.date(2026, 3, 2)},
    ]
    assert_rows(found, tables()[NAME], expected, **{"attribution_weight": 1.0, **unknown})


def test_uncounted_commits(sql):
    """A commit that views do not count weighs nothing, and a session with no other one has no row."""
    session = {"provider": "claude", "session_id": "s1", "model_name": "claude/opus"}
    sessions = [
        {"commit_sha": "a", **session, "matched_lines": 2.0},
        {"commit_sha": "gone", **session, "matched_lines": 9.0, "commit_within_window_flag": True},
        {"commit_sha": "gone", **session, "session_id": "s2"},
    ]

    found = seen(sql, {"a": "x", "gone": "x"}, sessions)

    expected = {"branch_name": "x", **session, "attribution_weight": 2.0}
    assert_rows(found, tables()[NAME], [expected], accepted_output_flag=False, commit_within_window_flag=False)


def test_equal_names_elsewhere(sql):
    """A commit of the same sha in another repository, and a session of the same id of another agent, have no part in it."""
    tasks = [{"repository": name, "commit_sha": "a", "branch_name": f"branch of {name}"} for name in ("r1", "r2")]
    session = {"commit_sha": "a", "session_id": "s1", "matched_lines": 1.0}
    sessions = [
        {"repository": "r1", **session, "provider": "claude"},
        {"repository": "r1", **session, "provider": "codex"},
        {"repository": "r2", **session, "provider": "codex"},
    ]
    quality = [
        {"repository": "r1", "provider": "codex", "session_id": "s1", "user_turn_count": 1},
        {"repository": "r2", "provider": "codex", "session_id": "s1", "user_turn_count": 2},
    ]

    found = viewed(
        NAME,
        sql,
        event_task_commit=rows_in("event_task_commit", tasks, task_key="T-1", counted_flag=True),
        event_commit_session=rows_in("event_commit_session", sessions, counted_in_sessions_flag=True),
        event_session_quality=quality,
    )

    assert found.select("branch_name", "provider", "attribution_weight", "user_turn_count").rows() == [
        ("branch of r1", "claude", 1.0, None),
        ("branch of r1", "codex", 1.0, 1),
        ("branch of r2", "codex", 1.0, 2),
    ]


def test_fractions_add_up_alike_in_any_order(sql):
    """The order of the rows does not change a sum's last digit."""
    session = {"provider": "claude", "session_id": "s1", "model_name": "claude/opus"}
    lines = {"a": 0.1, "b": 0.7, "c": 1e9, "d": 0.2, "e": -1e9 + 0.3}
    sessions = [{"commit_sha": sha, **session, "matched_lines": value} for sha, value in lines.items()]
    branches = dict.fromkeys(lines, "x")

    forward, backward = seen(sql, branches, sessions), seen(sql, branches, sessions[::-1])

    assert forward["attribution_weight"].to_list() == backward["attribution_weight"].to_list()
