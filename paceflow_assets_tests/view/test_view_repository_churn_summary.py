"""AI lines that were removed again soon, by model and week."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_repository_churn_summary"
MONDAY = dt.datetime(2026, 3, 9)
WEEK = dt.date(2026, 3, 9)
OPUS = {"provider": "claude", "session_id": "s1", "model_name": "claude/opus"}
GPT = {"provider": "codex", "session_id": "s1", "model_name": "codex/gpt-5"}
PEOPLE = {"provider": "human", "session_id": "__human__", "model_name": "human/(unknown)"}


def seen(sql, commits, lines, sessions):
    """The view over commits (heavy and counted, unless told otherwise), sha -> (reached, removed), and their sessions."""
    churn = [
        {"commit_sha": sha, "ai_added_lines_reaching_mainline": reached, "ai_added_lines_removed_within_window": removed}
        for sha, (reached, removed) in lines.items()
    ]
    return viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in(
            "event_commit_outcome", commits, commit_time=MONDAY, heavy_ai_flag=True, counted_flag=True
        ),
        event_commit_churn=churn,
        event_commit_session=rows_in("event_commit_session", sessions, share_of_ai=1.0),
    )


def test_lines_are_shared_out(sql):
    """Each model has its share of a commit's lines; the rate is that of the sums, not the mean of the commits' rates."""
    commits = [{"commit_sha": "a"}, {"commit_sha": "b"}]
    sessions = [
        {"commit_sha": "a", **OPUS, "share_of_ai": 0.5},
        {"commit_sha": "a", **OPUS, "session_id": "s2", "share_of_ai": 0.25},
        {"commit_sha": "a", **GPT, "share_of_ai": 0.25},
        {"commit_sha": "b", **OPUS},
    ]

    found = seen(sql, commits, {"a": (40, 20), "b": (10, 0)}, sessions)

    expected = [
        {"model_name": "claude/opus", "reached_lines": 40.0, "removed_lines": 15.0, "churn_rate": 0.375},
        {"model_name": "codex/gpt-5", "reached_lines": 10.0, "removed_lines": 5.0, "churn_rate": 0.5},
    ]
    assert_rows(found, tables()[NAME], expected, week_start=WEEK)


def test_ugly_commits(sql):
    """Light and uncounted commits have no row; a commit without a time has; no line on the main line is no rate."""
    commits = [
        {"commit_sha": "light", "heavy_ai_flag": False},
        {"commit_sha": "untold", "heavy_ai_flag": None},
        {"commit_sha": "gone", "counted_flag": False},
        {"commit_sha": "a", "commit_time": dt.datetime(2026, 3, 8)},
        {"commit_sha": "b", "commit_time": None},
    ]
    lines = {"light": (9, 9), "untold": (9, 9), "gone": (9, 9), "a": (0, 0), "b": (4, 1)}
    sessions = [
        *({"commit_sha": sha, **OPUS} for sha in lines),
        {"commit_sha": "b", **PEOPLE, "share_of_ai": 0.0},
        {"commit_sha": "a", **GPT, "model_name": None, "share_of_ai": 0.5},
    ]

    found = seen(sql, commits, lines, sessions)

    sunday = {"week_start": dt.date(2026, 3, 2), "reached_lines": 0.0, "removed_lines": 0.0}
    expected = [
        {"model_name": "claude/opus", **sunday},
        {"model_name": "claude/opus", "reached_lines": 4.0, "removed_lines": 1.0, "churn_rate": 0.25},
        {"model_name": "codex/(unknown)", **sunday},
        {"model_name": "human/(unknown)", "reached_lines": 0.0, "removed_lines": 0.0},
    ]
    assert_rows(found, tables()[NAME], expected)
