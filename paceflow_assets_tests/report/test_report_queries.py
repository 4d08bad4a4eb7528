"""The queries of the page: curves day by day, weeks with something to judge, sessions worth a look."""

import datetime as dt

import pytest
from conftest import rows_in
from viewing import events_behind, macros_in, viewed

from paceflow_assets.runtime.sql_files import reads_of, report_macros, report_query

MONDAY = dt.datetime(2026, 3, 2, 9)
WEEK = dt.timedelta(weeks=1)
AI = {"provider": "claude", "author_kind": "ai", "model_name": "claude/opus"}
PEOPLE = {"provider": "human", "author_kind": "human", "model_name": "human/(unknown)"}


def asked(name, sql, /, *, repository=None, limit=10, **events):
    """Rows of a query of the page. An event table that is not given has no rows."""
    text = report_query(name)
    frames = {
        view: viewed(view, sql, **{event: rows for event, rows in events.items() if event in events_behind(view)})
        for view in reads_of(text)
    }
    sql("\n".join([*(macro for called, macro in report_macros().items() if called in macros_in(text)), "select 1"]), **frames)
    params = {key: value for key, value in {"repository": repository, "limit": limit}.items() if f"${key}" in text}
    return sql(text, params, **frames)


def lifetimes(*ends):
    """Lifetimes of lines: (repository, writer, age, lines, were they removed?)."""
    names = ("repository", "age_days", "line_count", "removed_flag")
    rows = [
        {**dict(zip(names, (repository, age, count, removed), strict=True)), "commit_sha": f"c{number}", **writer}
        for number, (repository, writer, age, count, removed) in enumerate(ends)
    ]
    return {"event_line_lifetime": rows_in("event_line_lifetime", rows, counted_flag=True, session_id="s")}


def shares(found, kind):
    """Day -> share of the lines of a kind."""
    return {row["age_days"]: row["surviving_share"] for row in found.iter_rows(named=True) if row["author_kind"] == kind}


def test_a_curve_has_every_day(sql):
    """A day on which nothing ended has the share of the day before, the first days have all; after 90 days it ends."""
    found = asked("survival", sql, **lifetimes(("r", AI, 2, 1, True), ("r", AI, 100, 3, False)))

    expected = {day: 1.0 if day < 2 else 0.75 for day in range(91)}
    assert shares(found, "ai") == expected
    assert found["at_risk_lines"].to_list() == [4] * 3 + [3] * 88
    assert set(found["line_count"]) == {4}


def test_a_curve_ends_with_the_last_line_that_is_watched(sql):
    """Nobody knows what becomes of lines that are too young; people's curve may be longer."""
    found = asked("survival", sql, **lifetimes(("r", AI, 1, 1, False), ("r", PEOPLE, 3, 2, True)))

    assert shares(found, "ai") == {0: 1.0, 1: 1.0}
    assert shares(found, "human") == {0: 1.0, 1: 1.0, 2: 1.0, 3: 0.0}


def test_repositories_are_one_curve(sql):
    """Their lines are added up before anything is divided, whatever the model; a repository asked for stands alone."""
    sonnet = {**AI, "model_name": "claude/sonnet"}
    events = lifetimes(("r", AI, 0, 1, True), ("r", AI, 5, 1, False), ("s", sonnet, 0, 1, True), ("s", sonnet, 5, 7, False))

    assert shares(asked("survival", sql, **events), "ai")[5] == 8 / 10
    assert shares(asked("survival", sql, repository="r", **events), "ai")[5] == 1 / 2
    assert asked("survival", sql, repository="none", **events).rows() == []


def test_lines_of_unknown_writers_are_on_no_curve(sql):
    """Neither agents' nor people's."""
    found = asked("survival", sql, **lifetimes(("r", {**AI, "author_kind": None}, 1, 1, True)))

    assert found.rows() == []


def sessions(*rows):
    """Events of sessions at home, harmless unless told otherwise, an hour later each time."""
    given = {
        "is_home": True,
        "provider": "claude",
        "model_name": "claude/opus",
        "user_turn_count": 1,
        "debug_loop_flag": False,
        "mid_session_error_paste_flag": False,
        "accepted_output_flag": True,
        "session_commit_within_4h_flag": False,
    }
    told = [
        {"session_id": f"s{number:03}", "started_at": MONDAY + dt.timedelta(hours=number), **row}
        for number, row in enumerate(rows)
    ]
    written = [{"session_id": row["session_id"], "accepted_lines_added": 5, "accepted_lines_removed": 2} for row in told]
    return {
        "event_session_quality": rows_in("event_session_quality", told, **given),
        "event_session_productivity": rows_in("event_session_productivity", written, is_home=True, provider="claude"),
    }


LOOP, PASTE, IDLE = {"debug_loop_flag": True}, {"mid_session_error_paste_flag": True}, {"accepted_output_flag": False}


def test_sessions_with_most_to_see_come_first(sql):
    """By the number of reasons, then of prompts, then the latest; harmless ones and those of elsewhere are left out."""
    found = asked(
        "notable_sessions",
        sql,
        **sessions(PASTE, {}, LOOP | PASTE, IDLE | {"user_turn_count": 9}, LOOP, IDLE | {"is_home": False}),
    )

    assert found["session_id"].to_list() == ["s002", "s003", "s004", "s000"]
    assert found.select("is_loop", "is_paste", "is_without_output").rows()[:2] == [(True, True, False), (False, False, True)]
    assert found.select("looked_count", "notable_count", "total_added", "total_removed").row(0) == (5, 4, 5, 2)


def test_what_is_not_known_is_no_reason(sql):
    """A flag that nobody could tell counts as none; a change that cannot be told counts as none, as in every report."""
    found = asked(
        "notable_sessions", sql, **sessions({"debug_loop_flag": None, "mid_session_error_paste_flag": None, **IDLE}, {})
    )

    assert found.select("session_id", "is_loop", "is_paste").rows() == [("s000", False, False)]


def test_only_the_last_sessions_are_looked_at(sql):
    """Two hundred by their start; a limit leaves rows out and counts them all the same."""
    events = sessions(*[LOOP] * 3, *[{}] * 198, LOOP, {"started_at": None, **LOOP})

    found = asked("notable_sessions", sql, limit=1, **events)

    assert found.select("session_id", "looked_count", "notable_count").rows() == [("s201", 200, 2)]


def commits(*weeks, people=()):
    """Events of commits on the main line, one per week number: heavy ones of one session, and people's."""
    made = [(week, True) for week in weeks] + [(week, False) for week in people]
    keys = [{"commit_sha": f"c{number:03}"} for number in range(len(made))]
    outcomes = [
        {**key, "commit_time": MONDAY + week * WEEK, "heavy_ai_flag": is_heavy}
        for key, (week, is_heavy) in zip(keys, made, strict=True)
    ]
    judged = {"merged_to_mainline_flag": True, "reverted_later_flag": False, "counted_flag": True}
    churn = {"ai_added_lines_reaching_mainline": 4, "ai_added_lines_removed_within_window": 1, "churn_window_days": 14}
    signals = {"bug_after_merge_flag": False, "szz_bug_flag": False}
    writer = {"provider": "claude", "session_id": "s", "model_name": "claude/opus", "share_of_ai": 1.0}
    return {
        "event_commit_outcome": rows_in("event_commit_outcome", outcomes, **judged),
        "event_commit_churn": rows_in("event_commit_churn", keys, **churn),
        "event_commit_bug_signal": rows_in("event_commit_bug_signal", keys, **signals),
        "event_commit_session": rows_in("event_commit_session", keys[: len(weeks)], **writer),
    }


@pytest.mark.parametrize("name", ["weekly_delivery", "weekly_quality"])
def test_weeks_are_the_last_with_something_to_judge(sql, name):
    """Twenty-six at most, however far apart, the first of them first."""
    weeks = [*range(26), 40]

    found = asked(name, sql, **commits(0, 0, *weeks))

    assert found["week_start"].to_list() == [MONDAY.date() + week * WEEK for week in weeks[1:]]
    assert set(found["judged_count"]) == {1}


@pytest.mark.parametrize("name", ["weekly_delivery", "weekly_quality"])
def test_people_are_never_left_out(sql, name):
    """The limit is of models; commits that are not heavy are people's."""
    found = asked(name, sql, limit=0, **commits(0, 1, people=[0]))

    assert found.select("is_baseline", "week_start", "judged_count").rows() == [(True, MONDAY.date(), 1)]
