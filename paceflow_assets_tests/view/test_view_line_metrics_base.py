"""What became of the lines of each main-line commit, by the kind of their author."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_line_metrics_base"
MONDAY = dt.datetime(2026, 3, 9)


def seen(sql, *ends, **same):
    """The view over (author, age, lines, were they removed?) of one commit, where the churn window is 14 days."""
    rows = [
        {"author_kind": author, "session_id": f"s{number}", "age_days": age, "line_count": lines, "removed_flag": removed}
        for number, (author, age, lines, removed) in enumerate(ends)
    ]
    given = {"commit_sha": "c", "provider": "p", "commit_time": MONDAY, "counted_flag": True, **same}
    return viewed(
        NAME,
        sql,
        event_line_lifetime=rows_in("event_line_lifetime", rows, **given),
        event_commit_churn=rows_in("event_commit_churn", [{"commit_sha": "other", "churn_window_days": 14}]),
    )


def test_lines_removed_within_the_window(sql):
    """A line counts as removed when it went before the window's days were over; one that stands, or went later, does not."""
    found = seen(sql, ("human", 13, 2, True), ("human", 14, 4, True), ("human", 3, 8, False), ("ai", 0, 1, True))

    expected = [
        {"author_kind": "ai", "added_lines": 1, "removed_within_window_lines": 1},
        {"author_kind": "human", "added_lines": 14, "removed_within_window_lines": 2},
    ]
    same = {"commit_sha": "c", "commit_time": MONDAY, "week_start": dt.date(2026, 3, 9)}
    assert_rows(found, tables()[NAME], expected, **same)


def test_ugly_lines(sql):
    """Commits that do not count have no row; an unknown author, age or number of lines is no error."""
    assert seen(sql, ("human", 1, 2, True), counted_flag=False).height == 0

    found = seen(sql, (None, None, None, None), commit_time=None)

    expected = {"commit_sha": "c", "author_kind": "(unknown)", "added_lines": 0, "removed_within_window_lines": 0}
    assert_rows(found, tables()[NAME], [expected])
