"""Every session of every commit, with what became of the commit."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_commit_session_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)
PEOPLE = {"provider": "human", "session_id": "__human__"}
COMMIT = {
    "heavy_ai_flag": True,
    "merged_to_mainline_flag": True,
    "reverted_later_flag": False,
    "commit_total_changed_lines": 8,
    "total_added": 6,
    "total_removed": 2,
}
NO_BUG = {"bug_after_merge_flag": False, "bug_signal_count": 0, "szz_bug_flag": False, "szz_signal_count": 0}
CHURN = {"ai_added_lines_reaching_mainline": 6, "ai_added_lines_removed_within_window": 3}


def seen(sql, commits, sessions):
    """The view over these commits and sessions."""
    churn = rows_in("event_commit_churn", [{"commit_sha": commit["commit_sha"]} for commit in commits], **CHURN)
    return viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in("event_commit_outcome", commits, **{"counted_flag": True, **COMMIT}),
        event_commit_churn=churn,
        event_commit_session=sessions,
    )


def test_two_sessions_share_a_commit(sql):
    """The commit's columns repeat for each session; its own are the matched lines, the shares and the model."""
    sessions = [
        {"commit_sha": "a", "provider": "claude", "session_id": "s1", "model_name": "claude/opus", "matched_lines": 4.5},
        {"commit_sha": "a", "provider": "codex", "session_id": "s1", "model_name": "codex/gpt-5", "matched_lines": 1.5},
    ]
    shares = [{"share_of_commit": 0.5625, "share_of_ai": 0.75}, {"share_of_commit": 0.1875, "share_of_ai": 0.25}]
    rows = [{**session, **share} for session, share in zip(sessions, shares, strict=True)]

    found = seen(sql, [{"commit_sha": "a", "commit_time": MONDAY, "mainline_reached_at": MONDAY}], rows)

    commit = {"commit_time": MONDAY, "week_start": dt.date(2026, 3, 9), "mainline_reached_at": MONDAY, **COMMIT, **CHURN}
    assert_rows(found, tables()[NAME], rows, **commit, **NO_BUG)


def test_ugly_rows(sql):
    """People keep their row, a blank model is unknown, no time is no week; without a counted commit there is no row."""
    sessions = [
        {"commit_sha": "a", **PEOPLE, "model_name": "human/(unknown)", "share_of_commit": 1.0, "share_of_ai": 0.0},
        {"commit_sha": "b", "provider": "claude", "session_id": "s1", "model_name": " "},
        {"commit_sha": "b", "provider": "claude", "session_id": "s2"},
        {"commit_sha": "b", "provider": "codex", "session_id": "s3", "model_name": "CODEX/gpt-5"},
        {"commit_sha": "gone", "provider": "claude", "session_id": "s1"},
        {"commit_sha": "unknown", "provider": "claude", "session_id": "s1"},
    ]
    commits = [
        {"commit_sha": "a", "commit_time": dt.datetime(2026, 3, 8, 12)},
        {"commit_sha": "b"},
        {"commit_sha": "gone", "counted_flag": False},
    ]

    found = seen(sql, commits, sessions)

    sunday = {"commit_time": dt.datetime(2026, 3, 8, 12), "week_start": dt.date(2026, 3, 2)}
    expected = [
        {**sessions[0], **sunday},
        {**sessions[1], "model_name": "claude/(unknown)"},
        {**sessions[2], "model_name": "claude/(unknown)"},
        sessions[3],
    ]
    assert_rows(found, tables()[NAME], expected, **COMMIT, **CHURN, **NO_BUG)


def test_the_same_commit_in_two_repositories(sql):
    """A commit's sessions are those of its own repository."""
    commits = [{"repository": name, "commit_sha": "a", "total_added": added} for name, added in (("r1", 1), ("r2", 2))]
    churn = [{"repository": commit["repository"], "commit_sha": "a"} for commit in commits]
    session = {"repository": "r2", "commit_sha": "a", "provider": "claude", "session_id": "s1"}

    found = viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in("event_commit_outcome", commits, counted_flag=True),
        event_commit_churn=churn,
        event_commit_session=[session],
    )

    assert found.select("repository", "session_id", "total_added").rows() == [("r2", "s1", 2)]
