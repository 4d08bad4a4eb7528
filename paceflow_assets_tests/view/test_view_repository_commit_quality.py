"""Rates of commits by model and week."""

import datetime as dt

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_repository_commit_quality"
MONDAY = dt.datetime(2026, 3, 9)
WEEK = dt.date(2026, 3, 9)
OPUS = {"provider": "claude", "session_id": "s1", "model_name": "claude/opus"}
GPT = {"provider": "codex", "session_id": "s1", "model_name": "codex/gpt-5"}
PEOPLE = {"provider": "human", "session_id": "__human__", "model_name": "human/(unknown)"}


def seen(sql, commits, sessions, bugs=(), blamed=()):
    """The view over commits (heavy and counted, unless told otherwise), their sessions, shas with a bug by text or blame."""
    given = {
        "commit_time": MONDAY,
        "heavy_ai_flag": True,
        "merged_to_mainline_flag": False,
        "reverted_later_flag": False,
        "counted_flag": True,
    }
    shas = [{"commit_sha": commit["commit_sha"]} for commit in commits]
    return viewed(
        NAME,
        sql,
        event_commit_outcome=rows_in("event_commit_outcome", commits, **given),
        event_commit_churn=rows_in("event_commit_churn", shas),
        event_commit_bug_signal=[
            {"commit_sha": sha, "bug_after_merge_flag": sha in bugs, "szz_bug_flag": sha in blamed}
            for sha in sorted({*bugs, *blamed})
        ],
        event_commit_session=rows_in("event_commit_session", sessions, share_of_ai=1.0),
    )


def test_a_bug_counts_on_the_main_line_only(sql):
    """Three heavy commits, two merged; of a merged and an unmerged one with a bug the merged one counts: 1 of 2."""
    commits = [
        {"commit_sha": "a", "merged_to_mainline_flag": True},
        {"commit_sha": "b", "merged_to_mainline_flag": True, "reverted_later_flag": True},
        {"commit_sha": "c"},
        {"commit_sha": "light", "heavy_ai_flag": False, "merged_to_mainline_flag": True, "reverted_later_flag": True},
    ]
    sessions = [{"commit_sha": commit["commit_sha"], **OPUS} for commit in commits]

    found = seen(sql, commits, sessions, bugs=("a", "c", "light"), blamed=("b", "a", "c"))

    expected = {
        "model_name": "claude/opus",
        "week_start": WEEK,
        "commit_count": 4,
        "heavy_count": 3,
        "heavy_rate": 0.75,
        "mainline_count": 2,
        "mainline_rate": 2 / 3,
        "bug_count": 1.0,
        "bug_eligible_count": 2.0,
        "bug_rate": 0.5,
        "szz_bug_count": 2.0,
        "szz_bug_rate": 1.0,
        "revert_count": 1.0,
        "revert_eligible_count": 3.0,
        "revert_rate": 1 / 3,
    }
    assert_rows(found, tables()[NAME], [expected])


def test_a_shared_commit_is_weighted(sql):
    """A commit counts once for each model however many sessions it has; bugs and reverts weigh by share of the AI lines."""
    commits = [
        {"commit_sha": "a", "merged_to_mainline_flag": True, "reverted_later_flag": True},
        {"commit_sha": "b", "merged_to_mainline_flag": True},
    ]
    sessions = [
        {"commit_sha": "a", **OPUS, "share_of_ai": 0.5},
        {"commit_sha": "a", **OPUS, "session_id": "s2", "share_of_ai": 0.25},
        {"commit_sha": "a", **GPT, "share_of_ai": 0.25},
        {"commit_sha": "b", **OPUS, "share_of_ai": 0.5},
        {"commit_sha": "b", **GPT, "share_of_ai": 0.5},
    ]

    found = seen(sql, commits, sessions, bugs=("a",), blamed=("b",))

    counts = {"commit_count": 2, "heavy_count": 2, "heavy_rate": 1.0, "mainline_count": 2, "mainline_rate": 1.0}
    opus = {
        "bug_count": 0.75,
        "bug_eligible_count": 1.25,
        "bug_rate": 0.6,
        "szz_bug_count": 0.5,
        "szz_bug_rate": 0.4,
        "revert_count": 0.75,
        "revert_eligible_count": 1.25,
        "revert_rate": 0.6,
    }
    gpt = {
        "bug_count": 0.25,
        "bug_eligible_count": 0.75,
        "bug_rate": 1 / 3,
        "szz_bug_count": 0.5,
        "szz_bug_rate": 2 / 3,
        "revert_count": 0.25,
        "revert_eligible_count": 0.75,
        "revert_rate": 1 / 3,
    }
    expected = [{"model_name": "claude/opus", **opus}, {"model_name": "codex/gpt-5", **gpt}]
    assert_rows(found, tables()[NAME], expected, week_start=WEEK, **counts)


def test_ugly_commits(sql):
    """People and commits without a time have rows of their own; uncounted commits none; nothing below is no rate."""
    commits = [
        {"commit_sha": "a", "heavy_ai_flag": False, "merged_to_mainline_flag": True},
        {"commit_sha": "b", "commit_time": dt.datetime(2026, 3, 8, 23, 59)},
        {"commit_sha": "c", "commit_time": None, "heavy_ai_flag": None},
        {"commit_sha": "gone", "counted_flag": False},
    ]
    sessions = [
        {"commit_sha": "a", **PEOPLE, "share_of_ai": 0.0},
        {"commit_sha": "b", **OPUS, "model_name": " "},
        {"commit_sha": "c", **GPT},
        {"commit_sha": "gone", **OPUS},
    ]

    found = seen(sql, commits, sessions)

    nothing = {
        "commit_count": 1,
        "heavy_count": 0,
        "heavy_rate": 0.0,
        "mainline_count": 0,
        "bug_count": 0.0,
        "bug_eligible_count": 0.0,
        "szz_bug_count": 0.0,
        "revert_count": 0.0,
        "revert_eligible_count": 0.0,
    }
    heavy = {"heavy_count": 1, "heavy_rate": 1.0, "mainline_rate": 0.0, "revert_eligible_count": 1.0, "revert_rate": 0.0}
    expected = [
        {"model_name": "claude/(unknown)", "week_start": dt.date(2026, 3, 2), **nothing, **heavy},
        {"model_name": "codex/gpt-5", **nothing},
        {"model_name": "human/(unknown)", "week_start": WEEK, **nothing},
    ]
    assert_rows(found, tables()[NAME], expected)
