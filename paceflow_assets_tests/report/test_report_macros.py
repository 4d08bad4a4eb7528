"""What the report macros count: sessions, delivery, quality and tasks, from event rows."""

import datetime as dt
import itertools

import polars as pl
import pytest
from conftest import rows_in
from viewing import reported, seen_by, viewed

MONDAY = dt.datetime(2026, 3, 9)
OPUS = {"provider": "claude", "model_name": "claude/opus"}
GPT = {"provider": "codex", "model_name": "codex/gpt-5"}
PEOPLE = {"provider": "human", "session_id": "__human__", "model_name": "human/(unknown)", "share_of_ai": 0.0}


def sessions(*rows):
    """Events of sessions at home: quality, with what a row leaves out known and harmless."""
    given = {
        "is_home": True,
        "started_at": MONDAY,
        "user_turn_count": 1,
        "debug_loop_flag": False,
        "mid_session_error_paste_flag": False,
        "accepted_output_flag": True,
        "session_commit_within_4h_flag": False,
        **OPUS,
    }
    return {"event_session_quality": rows_in("event_session_quality", rows, **given)}


def task_sessions(*rows):
    """Events of sessions in tasks."""
    given = {"started_at": MONDAY, "task_key": "PAC-1", "branch_name": "PAC-1", "counted_in_sessions_flag": True, **OPUS}
    return {"event_task_session": rows_in("event_task_session", rows, **given)}


def commits(*rows, sessions=(), bugs=(), blamed=(), tasks=(), **same):
    """Events of commits: heavy and counted unless told otherwise, with their churn and signals. tasks: (sha, key, branch)."""
    given = {
        "commit_time": MONDAY,
        "heavy_ai_flag": True,
        "merged_to_mainline_flag": False,
        "reverted_later_flag": False,
        "counted_flag": True,
        "total_added": 0,
        "total_removed": 0,
        **same,
    }
    churn = {"ai_added_lines_reaching_mainline": 0, "ai_added_lines_removed_within_window": 0, "churn_window_days": 14}
    keys = [{name: row[name] for name in row if name in {"repository", "commit_sha", *churn}} for row in rows]
    signals = [
        {
            "commit_sha": row["commit_sha"],
            "bug_after_merge_flag": row["commit_sha"] in bugs,
            "szz_bug_flag": row["commit_sha"] in blamed,
        }
        for row in rows
    ]
    keyed = [{"commit_sha": sha, "task_key": key, "branch_name": branch} for sha, key, branch in tasks]
    return {
        "event_commit_outcome": rows_in("event_commit_outcome", rows, **given),
        "event_commit_churn": rows_in("event_commit_churn", keys, **churn),
        "event_commit_bug_signal": rows_in("event_commit_bug_signal", signals),
        "event_commit_session": rows_in("event_commit_session", sessions, share_of_ai=1.0, session_id="s"),
        "event_task_commit": rows_in("event_task_commit", keyed, counted_flag=True, commit_time=given["commit_time"]),
    }


def table(found, *names):
    """Some columns of the rows, by rank."""
    return found.sort("week_start", "group_rank", nulls_last=True).select(names).rows()


def test_a_session_counts_where_it_has_no_change_and_where_its_time_is_unknown(sql):
    """A session without a change is no output, and takes no part in the time to the first one."""
    events = sessions(
        {"session_id": "a", "minutes_to_first_accepted_change": 5.0},
        {"session_id": "b", "accepted_output_flag": False},
    )

    found = reported("select * from session_report(group_by := [])", sql, **events)

    assert table(found, "minutes_to_first_change", "first_change_count", "no_output_count", "no_output_rate") == [
        (5.0, 1.0, 1.0, 0.5)
    ]


def test_output_without_a_time_is_output(sql):
    """The time to the first change is not known then, and the session is not without output."""
    found = reported("select * from session_report(group_by := [])", sql, **sessions({"session_id": "a"}))

    assert table(found, "minutes_to_first_change", "no_output_count", "no_output_known_count") == [(None, 0.0, 1.0)]


def test_people_have_no_sessions(sql):
    """A filter that asks for people leaves no row, and no error."""
    found = reported("select * from session_report(of_provider := 'human')", sql, **sessions({"session_id": "a"}))

    assert found.height == 0


def test_sessions_of_a_task_weigh_as_much_as_their_lines(sql):
    """Two lines and one: prompts (2 · 4 + 10) / 3, loops 1 of 3, to commit 2 of 3; no output where none was applied."""
    known = {"mid_session_error_paste_flag": False, "accepted_output_flag": None}
    rows = (
        {
            "session_id": "a",
            "attribution_weight": 2.0,
            "user_turn_count": 4,
            "debug_loop_flag": False,
            "commit_within_window_flag": True,
        },
        {
            "session_id": "b",
            "attribution_weight": 1.0,
            "user_turn_count": 10,
            "debug_loop_flag": True,
            "commit_within_window_flag": False,
        },
    )

    found = reported(
        "select * from session_report(group_by := ['task'])", sql, **task_sessions(*({**known, **row} for row in rows))
    )

    names = (
        "task_key",
        "session_count",
        "turns_per_session",
        "loop_count",
        "loop_known_count",
        "to_commit_count",
        "no_output_count",
    )
    assert table(found, *names) == [("PAC-1", 2, 6.0, 1.0, 3.0, 2.0, 3.0)]


def test_weights_of_ten_and_one(sql):
    """(10 · 2 + 1 · 10) / 11 prompts; without lines a session weighs 1; without turns it says only if it led to a commit."""
    rows = (
        {
            "session_id": "a",
            "attribution_weight": 10.0,
            "user_turn_count": 2,
            "commit_within_window_flag": True,
            "debug_loop_flag": False,
        },
        {
            "session_id": "b",
            "attribution_weight": 0.0,
            "user_turn_count": 10,
            "commit_within_window_flag": False,
            "debug_loop_flag": True,
        },
        {"session_id": "c", "attribution_weight": 4.0, "user_turn_count": None, "commit_within_window_flag": True},
    )

    found = reported("select * from session_report(of_task := 'PAC-1', group_by := [])", sql, **task_sessions(*rows))

    assert table(found, "session_count", "turns_per_session", "to_commit_count", "to_commit_known_count", "loop_rate") == [
        (3, 30 / 11, 14.0, 15.0, 1 / 11)
    ]


def test_an_interval_of_lines_is_that_of_their_sessions(sql):
    """Two sessions of a thousand lines each are two observations, not two thousand."""
    rows = [
        {"session_id": name, "attribution_weight": 1000.0, "user_turn_count": 1, "debug_loop_flag": name == "a"}
        for name in "ab"
    ]

    weighted = reported("select * from session_report(group_by := ['task'])", sql, **task_sessions(*rows))
    plain = reported(
        "select * from session_report()", sql, **sessions({"session_id": "a", "debug_loop_flag": True}, {"session_id": "b"})
    )

    ends = ("loop_rate_low", "loop_rate_high")
    assert weighted.select(ends).row(0) == pytest.approx(plain.select(ends).row(0))


def test_a_limit_takes_the_greatest_tickets_and_what_is_none_is_one_row_at_the_end(sql):
    """`main`, (unknown) and a branch without a ticket are (no task) among tasks, and have their names among branches."""
    tasks = [
        ("a", "main", "main"),
        ("b", "(unknown)", "(unknown)"),
        ("c", "fix/x", "fix/x"),
        ("d", "PAC-2", "PAC-2"),
        ("e", "PAC-1", "x"),
    ]
    events = commits(*({"commit_sha": sha} for sha in "abcdef"), tasks=[*tasks, ("f", "PAC-1", "x")])

    by_task = reported("select * from task_report()", sql, **events)
    by_branch = reported("select * from delivery_report(group_by := ['branch'], with_people := false)", sql, **events)

    assert table(by_task, "task_key", "commit_count", "group_rank") == [("PAC-1", 2, 1), ("PAC-2", 1, 2), ("(no task)", 3, 3)]
    assert {"fix/x", "main", "(unknown)"} < set(by_branch["branch_name"])


def test_models_with_most_heavy_commits_come_first_and_people_last(sql):
    """Four and three heavy commits; the row of people holds the commits that are not heavy."""
    heavy = [{"commit_sha": f"h{number}"} for number in range(7)]
    written = [{"commit_sha": f"h{number}", **(OPUS if number < 3 else GPT)} for number in range(7)]
    light = {"commit_sha": "p", "heavy_ai_flag": False, "merged_to_mainline_flag": True}
    events = commits(*heavy, light, sessions=[*written, {"commit_sha": "p", **PEOPLE}])

    found = reported("select * from delivery_report()", sql, **events)

    assert table(found, "model_name", "is_baseline", "judged_count", "mainline_rate") == [
        ("codex/gpt-5", False, 4, 0.0),
        ("claude/opus", False, 3, 0.0),
        ("human/(unknown)", True, 1, 1.0),
    ]


def test_a_bug_counts_on_the_main_line(sql):
    """Of three heavy commits two are merged; bugs in one of these and in the third are 1 of 2."""
    merged = [{"commit_sha": sha, "merged_to_mainline_flag": sha != "c"} for sha in "abc"]

    found = reported(
        "select * from quality_report(group_by := [], with_people := false)", sql, **commits(*merged, bugs="ac", blamed="bc")
    )

    names = ("bug_count", "bug_eligible_count", "bug_rate", "szz_bug_rate", "revert_eligible_count")
    assert table(found, *names) == [(1.0, 2.0, 0.5, 0.5, 3.0)]


def test_people_beside_the_models(sql):
    """Reach, reverts and bugs by blame of commits that are not heavy, and churn of their own lines; of bugs by text nothing."""
    light = {"heavy_ai_flag": False, "merged_to_mainline_flag": True}
    rows = [
        {"commit_sha": sha, **light, "reverted_later_flag": sha == "a", "ai_added_lines_reaching_mainline": 9} for sha in "abcd"
    ]
    ends = [("human", 3, 8, True), ("human", 20, 2, True), ("human", 1, 30, False), ("ai", 1, 99, True)]
    lifetimes = [
        {
            "commit_sha": "b",
            "author_kind": kind,
            "session_id": str(age),
            "age_days": age,
            "line_count": lines,
            "removed_flag": removed,
        }
        for kind, age, lines, removed in ends
    ]
    lines = rows_in("event_line_lifetime", lifetimes, counted_flag=True, provider="p")
    events = commits(*rows, {"commit_sha": "heavy"}, bugs="abcd", blamed="a")

    found = reported("select * from quality_report(group_by := [])", sql, **events, event_line_lifetime=lines)

    (people,) = found.filter("is_baseline").to_dicts()
    assert (people["judged_count"], people["mainline_count"], people["revert_rate"]) == (4, 4, 0.25)
    assert (people["removed_lines"], people["reached_lines"], people["churn_rate"]) == (8.0, 40.0, 0.2)
    assert (people["bug_rate"], people["szz_bug_count"], people["szz_bug_eligible_count"]) == (None, 1.0, 4.0)


def test_a_commit_of_two_models_is_shared_out(sql):
    """It counts for each; churn, bugs and reverts by share. All together it is one commit, exactly."""
    shared = {
        "commit_sha": "a",
        "merged_to_mainline_flag": True,
        "reverted_later_flag": True,
        "ai_added_lines_reaching_mainline": 10,
        "ai_added_lines_removed_within_window": 4,
    }
    written = [
        {"commit_sha": "a", **OPUS, "session_id": "s1", "share_of_ai": 0.1},
        {"commit_sha": "a", **OPUS, "session_id": "s2", "share_of_ai": 0.2},
        {"commit_sha": "a", **GPT, "share_of_ai": 0.7},
        {"commit_sha": "a", **PEOPLE},
    ]
    events = commits(shared, sessions=written, bugs="a")

    by_model = reported("select * from quality_report()", sql, **events)
    together = reported("select * from quality_report(group_by := [])", sql, **events)

    names = ("model_name", "judged_count", "removed_lines", "reached_lines", "bug_count", "revert_count")
    assert [(*row[:2], *(round(value, 9) for value in row[2:])) for row in table(by_model, *names)] == [
        ("claude/opus", 1, 1.2, 3.0, 0.3, 0.3),
        ("codex/gpt-5", 1, 2.8, 7.0, 0.7, 0.7),
    ]
    assert table(together, *names[1:]) == [(1, 4.0, 10.0, 1.0, 1.0)]


@pytest.mark.parametrize("filters", ["of_branch := 'topic'", "of_task := 'PAC-1'"])
@pytest.mark.parametrize("group", ["model", "provider", "repository", "task", "branch"])
def test_any_filter_goes_with_any_group(sql, group, filters):
    """Commits of a branch can be told apart by model, and by everything else."""
    events = commits(
        {"commit_sha": "a"}, {"commit_sha": "b"}, tasks=[("a", "PAC-1", "topic")], sessions=[{"commit_sha": "a", **OPUS}]
    )

    for report in ("delivery_report", "quality_report"):
        found = reported(f"select * from {report}(group_by := ['{group}'], {filters})", sql, **events)
        assert table(found, "judged_count") == [(1,)]


def test_two_repositories_that_share_a_commit_have_one_each(sql):
    """However they are grouped, so that parts add up to the whole."""
    rows = [{"commit_sha": "a", "repository": key} for key in ("r1", "r2")]
    written = [{"commit_sha": "a", "repository": key, **OPUS} for key in ("r1", "r2")]
    events = {
        name: frame.with_columns(pl.Series("repository", ["r1", "r2"])) if frame.height == 2 else frame
        for name, frame in commits(*rows, sessions=written).items()
    }

    for by in ("[]", "['model']", "['repository']"):
        found = reported(f"select sum(commit_count) as n from delivery_report(group_by := {by})", sql, **events)
        assert found.item() == 2


def test_days_are_included_and_what_has_no_time_is_in_no_week(sql):
    """A filter of days leaves out what has no time; without one it has a row of its own."""
    times = [dt.datetime(2026, 3, 8, 23, 59, 59), MONDAY, None]
    events = sessions(*({"session_id": str(number), "started_at": time} for number, time in enumerate(times)))

    limited = reported("select * from session_report(first_day := '2026-03-09', last_day := '2026-03-09')", sql, **events)
    weekly = reported("select * from session_report(weekly := true)", sql, **events)

    assert table(limited, "session_count") == [(1,)]
    assert table(weekly, "week_start", "session_count", "group_rank") == [
        (dt.date(2026, 3, 2), 1, 1),
        (dt.date(2026, 3, 9), 1, 1),
        (None, 1, 1),
    ]


def test_a_small_group_is_marked(sql):
    """Fewer than five sessions; the group stays."""
    rows = [{"session_id": str(number), **(GPT if number == 5 else OPUS)} for number in range(6)]

    found = reported("select * from session_report()", sql, **sessions(*rows))

    assert table(found, "model_name", "session_count", "is_few") == [("claude/opus", 5, False), ("codex/gpt-5", 1, True)]


def test_known_figures(sql):
    """Four sessions and nine commits whose figures are known: in all, and by week and agent."""
    monday, second = dt.datetime(2026, 3, 3), dt.datetime(2026, 3, 10)
    codex, cursor = {"provider": "codex", "model_name": "codex/m"}, {"provider": "cursor", "model_name": "cursor/m"}
    asked = [
        (codex, monday, 117, 342.46601666666666, True, True),
        (cursor, monday, 1, 0.01, False, True),
        (OPUS, second, 1, 0.01, False, True),
        (codex, second, 15, 298.26966666666667, True, False),
    ]
    rows = [
        {
            "session_id": f"s{number}",
            **writer,
            "started_at": time,
            "user_turn_count": turns,
            "minutes_to_first_accepted_change": minutes,
            "mid_session_error_paste_flag": paste,
            "session_commit_within_4h_flag": soon,
        }
        for number, (writer, time, turns, minutes, paste, soon) in enumerate(asked)
    ]
    lines = itertools.chain([(4000, 57), (6, 2), (0, 0)], itertools.repeat((0, 0)))
    changed = [
        {
            "commit_sha": f"c{number}",
            "heavy_ai_flag": number < 3,
            "merged_to_mainline_flag": number < 3,
            "ai_added_lines_reaching_mainline": reached,
            "ai_added_lines_removed_within_window": removed,
        }
        for number, (reached, removed) in zip(range(9), lines, strict=False)
    ]

    whole = reported("select * from session_report(group_by := [])", sql, **sessions(*rows)).to_dicts()[0]
    weekly = reported("select * from session_report(group_by := ['provider'], weekly := true)", sql, **sessions(*rows))
    quality = reported("select * from quality_report(group_by := [])", sql, **commits(*changed, bugs=("c1",))).to_dicts()[0]
    delivery = reported("select * from delivery_report(group_by := [])", sql, **commits(*changed)).to_dicts()[0]

    assert (whole["session_count"], whole["turns_per_session"]) == (4, 33.5)
    assert round(whole["minutes_to_first_change"], 2) == 160.19
    assert (whole["loop_count"], whole["paste_count"], whole["to_commit_count"], whole["no_output_count"]) == (0, 2, 3, 0)
    assert sorted(weekly.select("week_start", "provider", "turns_per_session").rows()) == [
        (dt.date(2026, 3, 2), "codex", 117.0),
        (dt.date(2026, 3, 2), "cursor", 1.0),
        (dt.date(2026, 3, 9), "claude", 1.0),
        (dt.date(2026, 3, 9), "codex", 15.0),
    ]
    assert (delivery["commit_count"], delivery["heavy_count"], delivery["mainline_count"]) == (9, 3, 3)
    assert (quality["removed_lines"], quality["reached_lines"], round(100 * quality["churn_rate"], 2)) == (59, 4006, 1.47)
    assert (quality["bug_count"], quality["bug_eligible_count"], quality["revert_count"]) == (1, 3, 0)


def events_of_both():
    """Sessions and commits with all that differs between groups: models, weeks, tasks, shares, nulls."""
    time = [MONDAY, dt.datetime(2026, 3, 17), None]
    made = [
        {
            "commit_sha": f"c{number}",
            "commit_time": time[number % 3],
            "heavy_ai_flag": number % 4 != 0,
            "merged_to_mainline_flag": number % 3 != 0,
            "reverted_later_flag": number % 5 == 0,
            "ai_added_lines_reaching_mainline": number,
            "ai_added_lines_removed_within_window": number // 2,
            "total_added": number,
            "total_removed": 1,
        }
        for number in range(12)
    ]
    written = [
        {"commit_sha": f"c{number}", **OPUS, "session_id": f"s{number % 3}", "share_of_ai": 1 / 3} for number in range(12)
    ]
    written += [{"commit_sha": f"c{number}", **OPUS, "session_id": "t", "share_of_ai": 1 / 6} for number in range(0, 12, 2)]
    written += [{"commit_sha": f"c{number}", **GPT, "share_of_ai": 0.5} for number in range(9)]
    events = commits(
        *made,
        sessions=written,
        bugs=("c1", "c2", "c5"),
        blamed=("c2", "c7"),
        tasks=[(f"c{n}", f"PAC-{n % 3}", "x") for n in range(12)],
    )
    home = [
        {
            "session_id": f"s{number}",
            **(OPUS if number % 2 else GPT),
            "started_at": time[number % 3],
            "user_turn_count": number,
            "minutes_to_first_accepted_change": None if number == 3 else 0.1 * number,
            "debug_loop_flag": None if number == 4 else number % 3 == 0,
            "accepted_output_flag": number != 2,
            "session_commit_within_4h_flag": number > 2,
            "is_home": number != 5,
        }
        for number in range(7)
    ]
    in_tasks = task_sessions(
        *(
            {
                "task_key": f"PAC-{number % 3}",
                "session_id": f"s{number}",
                "attribution_weight": 0.3 * number,
                "user_turn_count": None if number == 1 else number,
                "debug_loop_flag": number % 2 == 0,
                "minutes_to_first_accepted_change": 0.7,
                "commit_within_window_flag": number % 2 == 1,
            }
            for number in range(5)
        )
    )
    return {**events, **sessions(*home), **in_tasks}


SAME = [
    (
        "view_repository_commit_quality",
        "delivery_report(group_by := ['repository', 'model'], weekly := true, with_people := false)",
        (
            "repository",
            "model_name",
            "week_start",
            "commit_count",
            "heavy_count",
            "heavy_rate",
            "mainline_count",
            "mainline_rate",
        ),
    ),
    (
        "view_repository_commit_quality",
        "quality_report(group_by := ['repository', 'model'], weekly := true, with_people := false)",
        (
            "repository",
            "model_name",
            "week_start",
            "bug_count",
            "bug_eligible_count",
            "bug_rate",
            "szz_bug_count",
            "revert_rate",
        ),
    ),
    (
        "view_global_session_quality",
        "session_report(group_by := ['provider', 'model'], weekly := true)",
        ("provider", "model_name", "week_start", "session_count", "turn_count", "turns_per_session", "minutes_to_first_change"),
    ),
    (
        "view_global_session_quality",
        "session_report(group_by := ['provider', 'model'], weekly := true)",
        ("provider", "model_name", "week_start", "loop_rate", "paste_rate", "to_commit_rate", "no_output_rate"),
    ),
    (
        "view_task_execution_quality",
        "task_report()",
        (
            "task_key",
            "session_count",
            "turns_per_session",
            "minutes_to_first_change",
            "loop_rate",
            "to_commit_rate",
            "no_output_rate",
        ),
    ),
    (
        "view_task_execution_quality",
        "task_report()",
        ("task_key", "commit_count", "heavy_count", "heavy_rate", "total_added", "total_removed"),
    ),
]


@pytest.mark.parametrize(("view", "report", "names"), SAME)
def test_views_and_reports_agree(sql, view, report, names):
    """A named view is the report with its grain for arguments, to the last digit."""
    events = events_of_both()

    asked = {event: events[event] for event in events if event in seen_by(report)}
    found = reported(f"select {', '.join(names)} from {report}", sql, **asked)
    stored = viewed(view, sql, **{event: rows for event, rows in events.items() if event in seen_by(view)})

    assert stored.height > 2
    assert sorted(found.rows(), key=repr) == sorted(stored.select(names).rows(), key=repr)


def test_the_churn_view_and_the_quality_report_agree(sql):
    """In weeks in which a model has heavy commits; the view has no row for others."""
    events = events_of_both()
    report = "quality_report(group_by := ['repository', 'model'], weekly := true, with_people := false)"
    names = ("repository", "model_name", "week_start", "removed_lines", "reached_lines", "churn_rate")

    asked = {event: events[event] for event in events if event in seen_by(report)}
    found = reported(f"select {', '.join(names)} from {report} where judged_count > 0", sql, **asked)
    stored = viewed(
        "view_repository_churn_summary",
        sql,
        **{event: rows for event, rows in events.items() if event in seen_by("view_repository_churn_summary")},
    )

    assert stored.height > 2
    assert sorted(found.rows(), key=repr) == sorted(stored.select(names).rows(), key=repr)
