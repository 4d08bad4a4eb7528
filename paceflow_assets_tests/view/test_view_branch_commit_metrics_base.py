"""Every commit of every branch, with what became of it."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_branch_commit_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)
COMMIT = {
    "heavy_ai_flag": False,
    "merged_to_mainline_flag": True,
    "reverted_later_flag": False,
    "commit_total_changed_lines": 8,
    "total_added": 6,
    "total_removed": 2,
}
CHURN = {"ai_added_lines_reaching_mainline": 6, "ai_added_lines_removed_within_window": 3}


def test_commits_of_branches(sql):
    """Two tasks on one branch are one branch, a branch without a ticket counts too; uncounted commits have no row."""
    shas = ("a", "b", "c", "gone")
    commits = [{"commit_sha": sha, "commit_time": MONDAY, "counted_flag": sha != "gone"} for sha in shas]
    tasks = [
        {"commit_sha": "a", "task_key": "PAC-1", "branch_name": "PAC-1-PAC-2"},
        {"commit_sha": "b", "task_key": "PAC-2", "branch_name": "PAC-1-PAC-2"},
        {"commit_sha": "c", "task_key": "fix/x", "branch_name": "fix/x"},
        {"commit_sha": "gone", "task_key": "fix/x", "branch_name": "fix/x", "counted_flag": False},
        {"commit_sha": "lost", "task_key": "fix/x", "branch_name": "fix/x", "commit_time": None},
    ]
    given = {"commit_time": MONDAY, "counted_flag": True, "fallback_flag": False, "confidence": 1.0}

    found = viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in("event_commit_outcome", commits, **COMMIT),
        event_commit_churn=rows_in("event_commit_churn", [{"commit_sha": sha} for sha in shas], **CHURN),
        event_task_commit=rows_in("event_task_commit", tasks, **given),
    )

    known = {"commit_time": MONDAY, "week_start": dt.date(2026, 3, 9), "bug_after_merge_flag": False, "bug_signal_count": 0}
    expected = [
        {"branch_name": "PAC-1-PAC-2", "commit_sha": "a", **known, **COMMIT, **CHURN},
        {"branch_name": "PAC-1-PAC-2", "commit_sha": "b", **known, **COMMIT, **CHURN},
        {"branch_name": "fix/x", "commit_sha": "c", **known, **COMMIT, **CHURN},
        {"branch_name": "fix/x", "commit_sha": "lost"},
    ]
    assert_rows(found, tables()[NAME], expected, fallback_flag=False, confidence=1.0)
