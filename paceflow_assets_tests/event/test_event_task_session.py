import pytest
from building import assert_rows, built
from logs import at

from paceflow_assets.event.event_task_session import event_task_session

S1 = {"provider": "claude", "session_id": "s1"}
S2 = {"provider": "codex", "session_id": "s1"}
HUMAN = {"provider": "human", "session_id": "__human__"}


def work(sha, session, lines, *, within=False, counted=True, model="m"):
    """A row of event_commit_session."""
    return {
        "commit_sha": sha,
        **session,
        "model_name": model,
        "matched_lines": lines,
        "commit_within_window_flag": within,
        "counted_in_sessions_flag": counted,
    }


def done(sha, task, branch, *, counted=True):
    """A row of event_task_commit."""
    return {"task_key": task, "commit_sha": sha, "branch_name": branch, "counted_flag": counted}


def test_nothing(sql):
    """Without commits there are no rows."""
    assert_rows(built(event_task_session, sql=sql), event_task_session, [])


def test_sessions_of_tasks(sql):
    """Lines of all counted commits of a task add up; without user turn there are no figures; people weigh nothing."""
    quality = {
        **S1,
        "started_at": at(0),
        "user_turn_count": 4,
        "debug_loop_flag": False,
        "mid_session_error_paste_flag": True,
        "accepted_output_flag": True,
        "first_accepted_change_at": at(5),
        "minutes_to_first_accepted_change": 5.0,
    }

    found = built(
        event_task_session,
        sql=sql,
        event_task_commit=[
            done("c1", "PAC-1", "pac-1-b"),
            done("c2", "PAC-1", "pac-1-a"),
            done("c3", "(unknown)", "(unknown)"),
            done("c4", "main", "main"),
            done("c5", "PAC-1", "pac-1-0", counted=False),
        ],
        event_commit_session=[
            work("c1", S1, 1.5, model="claude/opus"),
            work("c2", S1, 2.0, within=True, model="claude/haiku"),
            work("c2", S2, 0.25, model="codex/(unknown)"),
            work("c3", S1, 1.0, model="claude/opus"),
            work("c3", HUMAN, 0.0, counted=False, model="human/(unknown)"),
            work("c5", S1, 5.0, within=True),
            work("c9", S1, 9.0),
        ],
        event_session_quality=[quality, {**quality, "session_id": "s9"}],
    )

    figures = {name: value for name, value in quality.items() if name not in S1}
    expected = [
        {
            "task_key": "(unknown)",
            **S1,
            "branch_name": "(unknown)",
            "model_name": "claude/opus",
            "attribution_weight": 1.0,
            "commit_within_window_flag": False,
            **figures,
            "counted_in_sessions_flag": True,
        },
        {
            "task_key": "(unknown)",
            **HUMAN,
            "branch_name": "(unknown)",
            "model_name": "human/(unknown)",
            "attribution_weight": 0.0,
            "commit_within_window_flag": False,
            "counted_in_sessions_flag": False,
        },
        {
            "task_key": "PAC-1",
            **S1,
            "branch_name": "pac-1-a",
            "model_name": "claude/opus",
            "attribution_weight": 3.5,
            "commit_within_window_flag": True,
            **figures,
            "counted_in_sessions_flag": True,
        },
        {
            "task_key": "PAC-1",
            **S2,
            "branch_name": "pac-1-a",
            "model_name": "codex/(unknown)",
            "attribution_weight": 0.25,
            "commit_within_window_flag": False,
            "counted_in_sessions_flag": True,
        },
    ]
    assert_rows(found, event_task_session, expected)


@pytest.mark.parametrize("order", [1, -1])
def test_sums_do_not_depend_on_order(sql, order):
    """A weight is the same to the last digit, however the rows arrive."""
    lines = [0.1, 0.2, 0.3, 1e16, -1e16, 0.7]
    shas = [f"c{number}" for number in range(len(lines))]

    found = built(
        event_task_session,
        sql=sql,
        event_task_commit=[done(sha, "main", "main") for sha in shas][::order],
        event_commit_session=[work(sha, S1, value) for sha, value in zip(shas, lines, strict=True)][::order],
    )

    assert found["attribution_weight"].to_list() == [sum(lines)]
