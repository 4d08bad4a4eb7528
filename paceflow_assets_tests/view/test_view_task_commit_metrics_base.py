"""Every commit of every task, with what became of it."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_task_commit_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)
COMMIT = {
    "heavy_ai_flag": True,
    "merged_to_mainline_flag": False,
    "reverted_later_flag": True,
    "commit_total_changed_lines": 8,
    "total_added": 6,
    "total_removed": 2,
}
CHURN = {"ai_added_lines_reaching_mainline": 0, "ai_added_lines_removed_within_window": 0}


def test_commits_of_tasks(sql):
    """A commit stands under its one task; ticket, plain branch and unknown branch alike."""
    commits = [{"commit_sha": sha, "commit_time": MONDAY} for sha in ("a", "b", "c")]
    tasks = [
        {"commit_sha": "a", "task_key": "(unknown)", "branch_name": "(unknown)", "confidence": 0.0},
        {"commit_sha": "b", "task_key": "PAC-1", "branch_name": "feat/PAC-1-x", "fallback_flag": False, "confidence": 0.75},
        {"commit_sha": "c", "task_key": "main", "branch_name": "main", "fallback_flag": True, "confidence": 0.5},
    ]

    found = viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in("event_commit_outcome", commits, counted_flag=True, **COMMIT),
        event_commit_churn=rows_in("event_commit_churn", commits, **CHURN),
        event_task_commit=rows_in("event_task_commit", tasks, commit_time=MONDAY, counted_flag=True),
    )

    same = {"commit_time": MONDAY, "week_start": dt.date(2026, 3, 9), "bug_after_merge_flag": False, "bug_signal_count": 0}
    assert_rows(found, tables()[NAME], tasks, **same, **COMMIT, **CHURN)


def test_ugly_commits(sql):
    """Of a commit without an outcome nothing is known but its task; no time is no week; an uncounted commit has no row."""
    tasks = [
        {"commit_sha": "lost", "commit_time": dt.datetime(2026, 3, 8)},
        {"commit_sha": "timeless"},
        {"commit_sha": "gone", "commit_time": MONDAY, "counted_flag": False},
    ]
    orphan = rows_in("event_commit_outcome", [{"commit_sha": "gone", "counted_flag": False}], **COMMIT)

    found = viewed(
        NAME,
        sql,
        event_commit_outcome=orphan,
        event_commit_churn=rows_in("event_commit_churn", [{"commit_sha": "gone"}], **CHURN),
        event_task_commit=rows_in("event_task_commit", tasks, task_key="T-1", branch_name="T-1", counted_flag=True),
    )

    expected = [
        {"commit_sha": "lost", "commit_time": dt.datetime(2026, 3, 8), "week_start": dt.date(2026, 3, 2)},
        {"commit_sha": "timeless"},
    ]
    assert_rows(found, tables()[NAME], expected, task_key="T-1", branch_name="T-1")


def test_the_same_commit_in_two_repositories(sql):
    """A task that spans repositories has the commits of each under that repository."""
    commits = [{"repository": name, "commit_sha": "a", "total_added": added} for name, added in (("r1", 1), ("r2", 2))]
    keys = [{"repository": commit["repository"], "commit_sha": "a"} for commit in commits]

    found = viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in("event_commit_outcome", commits, counted_flag=True),
        event_commit_churn=keys,
        event_task_commit=rows_in("event_task_commit", keys, task_key="T-1", counted_flag=True),
    )

    assert found.select("repository", "task_key", "total_added").rows() == [("r1", "T-1", 1), ("r2", "T-1", 2)]
