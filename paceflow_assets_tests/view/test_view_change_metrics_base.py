"""Every commit with what became of it."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_change_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)
SUNDAY = dt.datetime(2026, 3, 8, 23, 59, 59, 999_000)


def outcomes(*rows, **same):
    """Commits of some sessions' work, counted unless told otherwise."""
    given = {"counted_flag": True, "heavy_ai_flag": True, "merged_to_mainline_flag": False, "reverted_later_flag": False}
    lines = {"commit_total_changed_lines": 5, "total_added": 3, "total_removed": 2}
    return rows_in("event_commit_outcome", rows, **{**given, **lines, **same})


def churns(*shas, **same):
    """Churn rows of these commits."""
    given = {"ai_added_lines_reaching_mainline": 3, "ai_added_lines_removed_within_window": 1, **same}
    return rows_in("event_commit_churn", [{"commit_sha": sha} for sha in shas], **given)


def test_all_columns(sql):
    """A commit takes its columns from outcome, churn and bug signal; the week is that of the commit."""
    rows = [{"commit_sha": "a", "commit_time": MONDAY, "merged_to_mainline_flag": True, "mainline_reached_at": MONDAY}]
    signal = {
        "commit_sha": "a",
        "bug_after_merge_flag": True,
        "bug_signal_count": 2,
        "first_bug_signal_commit_sha": "fix",
        "first_bug_signal_commit_time": dt.datetime(2026, 3, 20),
        "szz_bug_flag": True,
        "szz_signal_count": 1,
        "first_szz_commit_sha": "other",
        "first_szz_commit_time": dt.datetime(2026, 3, 21),
    }

    found = viewed(
        NAME, sql, event_commit_outcome=outcomes(*rows), event_commit_churn=churns("a"), event_commit_bug_signal=[signal]
    )

    expected = {
        "commit_sha": "a",
        "commit_time": MONDAY,
        "week_start": dt.date(2026, 3, 9),
        "heavy_ai_flag": True,
        "merged_to_mainline_flag": True,
        "mainline_reached_at": MONDAY,
        "reverted_later_flag": False,
        "commit_total_changed_lines": 5,
        "total_added": 3,
        "total_removed": 2,
        "ai_added_lines_reaching_mainline": 3,
        "ai_added_lines_removed_within_window": 1,
        "bug_after_merge_flag": True,
        "bug_signal_count": 2,
        "first_bug_signal_commit_sha": "fix",
        "first_bug_signal_commit_time": dt.datetime(2026, 3, 20),
        "szz_bug_flag": True,
        "szz_signal_count": 1,
        "first_szz_commit_sha": "other",
        "first_szz_commit_time": dt.datetime(2026, 3, 21),
    }
    assert_rows(found, tables()[NAME], [expected])


def test_ugly_commits(sql):
    """No bug row is no bug, no time is no week, an unknown flag stays unknown; an uncounted commit has no row."""
    rows = [
        {"commit_sha": "a"},
        {"commit_sha": "b", "commit_time": SUNDAY, "heavy_ai_flag": None},
        {"commit_sha": "c", "commit_time": MONDAY},
        {"commit_sha": "gone", "commit_time": MONDAY, "counted_flag": False},
        {"commit_sha": "without churn", "commit_time": MONDAY},
    ]
    signal = {"commit_sha": "c", "bug_after_merge_flag": None, "bug_signal_count": None}

    found = viewed(
        NAME,
        sql,
        event_commit_outcome=outcomes(*rows),
        event_commit_churn=churns("a", "b", "c", "gone"),
        event_commit_bug_signal=[signal],
    )

    expected = [
        {"commit_sha": "a", "heavy_ai_flag": True},
        {"commit_sha": "b", "commit_time": SUNDAY, "week_start": dt.date(2026, 3, 2), "heavy_ai_flag": None},
        {"commit_sha": "c", "commit_time": MONDAY, "week_start": dt.date(2026, 3, 9), "heavy_ai_flag": True},
    ]
    assert_rows(
        found,
        tables()[NAME],
        expected,
        merged_to_mainline_flag=False,
        reverted_later_flag=False,
        commit_total_changed_lines=5,
        total_added=3,
        total_removed=2,
        ai_added_lines_reaching_mainline=3,
        ai_added_lines_removed_within_window=1,
        bug_after_merge_flag=False,
        bug_signal_count=0,
        szz_bug_flag=False,
        szz_signal_count=0,
    )


def test_the_same_commit_in_two_repositories(sql):
    """Rows of one repository never meet those of another."""
    rows = [
        {"repository": "r1", "commit_sha": "a", "total_added": 1},
        {"repository": "r2", "commit_sha": "a", "total_added": 2},
    ]
    churn = rows_in("event_commit_churn", [{"repository": name, "commit_sha": "a"} for name in ("r1", "r2")])
    signal = {"repository": "r2", "commit_sha": "a", "bug_after_merge_flag": True, "bug_signal_count": 1}

    found = viewed(NAME, sql, event_commit_outcome=outcomes(*rows), event_commit_churn=churn, event_commit_bug_signal=[signal])

    columns = ("repository", "commit_sha", "total_added", "bug_after_merge_flag")
    assert found.select(columns).rows() == [("r1", "a", 1, False), ("r2", "a", 2, True)]
