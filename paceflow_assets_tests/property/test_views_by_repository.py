"""A view of several repositories is the views of each, side by side."""

import datetime as dt

import polars as pl
import pytest
from conftest import rows_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from viewing import events_behind, viewed

from paceflow_assets.runtime.table import TIME, Column, tables

REPOSITORIES = ("r1", "r2")
POOLS = {
    "repository": REPOSITORIES,
    "commit_sha": ("a", "b", "c", "d"),
    "provider": ("claude", "codex", "human"),
    "session_id": ("s1", "s2"),
    "task_key": ("PAC-1", "main"),
    "branch_name": ("PAC-1", "main", "(unknown)"),
}
TIMES = (None, dt.datetime(2026, 3, 8, 23, 59), dt.datetime(2026, 3, 9), dt.datetime(2026, 3, 17, 12))
BY_TYPE = {
    pl.Boolean(): st.sampled_from([True, True, False, None]),
    pl.Int64(): st.integers(0, 9) | st.none(),
    pl.Float64(): st.sampled_from([None, 0.0, 0.1, 0.7, 1 / 3, 12.5]),
    pl.String(): st.sampled_from([None, " ", "opus", "claude/opus"]),
    TIME: st.sampled_from(TIMES),
}
UNIQUE = {"event_task_commit": ("repository", "commit_sha")}  # a commit has one task
VIEWS = [table.name for table in tables().values() if table.layer == "view" and table.per_repository]


def values(name: str, column: Column) -> st.SearchStrategy:
    """What may stand in a column: few keys, so that rows meet; nulls wherever a type allows them."""
    return st.sampled_from(POOLS[name]) if name in POOLS else BY_TYPE[column.type]


def events(name: str) -> st.SearchStrategy[pl.DataFrame]:
    """Rows of an event table in both repositories, unique by key."""
    table = tables()[name]
    key = UNIQUE.get(name, table.key)
    row = st.fixed_dictionaries({column: values(column, declared) for column, declared in table.columns.items()})
    rows = st.lists(row, max_size=8, unique_by=lambda made: tuple(made[column] for column in key))
    return rows.map(lambda made: rows_in(name, made))


@pytest.mark.parametrize("view", VIEWS)
@given(data=st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_repositories_do_not_meet(view, sql, data):
    """The view over two repositories at once has the rows of the view over each, and no others."""
    upstreams = {name: data.draw(events(name), label=name) for name in sorted(events_behind(view))}

    together = viewed(view, sql, **upstreams)

    apart = [
        viewed(view, sql, **{name: rows.filter(pl.col("repository") == key) for name, rows in upstreams.items()})
        for key in REPOSITORIES
    ]
    assert_frame_equal(together, pl.concat(apart))


def test_every_view_of_one_repository_is_asked():
    """Only the views whose rows mix repositories are left out."""
    left_out = {table.name for table in tables().values() if table.layer == "view"} - set(VIEWS)

    assert left_out == {"view_global_session_quality"}
