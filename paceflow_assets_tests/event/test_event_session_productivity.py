import pytest
from building import assert_rows, built, reference
from logs import at

from paceflow_assets.event.event_session_productivity import event_session_productivity
from paceflow_assets.rule.user_turn import UserTurn

S1 = {"provider": "claude", "session_id": "s1"}
NO_CHANGES = {"change_count": 0, "lines_added": 0, "lines_removed": 0}


def session(session_id, **fields):
    """A row of metadata_sessions without changes."""
    return {
        "provider": "claude",
        "session_id": session_id,
        "home_repository": "r",
        "is_home": True,
        "model_name": "claude/opus",
        **NO_CHANGES,
        **fields,
    }


def message(session_id, words, time=None, **fields):
    """A row of fact_session_message: a typed prompt in the main thread, unless told otherwise."""
    row = {"provider": "claude", "session_id": session_id, "agent_id": "", "role": "user", "kind": "typed"}
    return {**row, "message_ts": time, "content_words": words, **fields}


def test_nothing():
    """Without sessions there are no rows."""
    assert_rows(built(event_session_productivity), event_session_productivity, [])


def test_sessions():
    """Words of the user's turns and lines of applied changes; times span what was said and changed, else the stored start."""
    sessions = [
        session(
            "s1",
            home_repository="o",
            is_home=False,
            project_path="~/r",
            started_at=at(0),
            ended_at=at(99),
            first_change_at=at(3),
            last_change_at=at(40),
            change_count=2,
            lines_added=7,
            lines_removed=2,
        ),
        session("s2", started_at=at(10), ended_at=at(20)),
        session("s3", model_name="claude/(unknown)"),
        session("s4", change_count=1, lines_added=1, first_change_at=at(8), last_change_at=at(9)),
        session("silent", ended_at=at(5)),
        session("unasked"),
    ]
    messages = [
        message("s1", 5, at(4)),
        message("s1", 3, at(30), kind="interrupt"),
        message("s1", 100, at(50), role="assistant", kind="reply"),
        message("s1", 20, at(45), agent_id="a1"),
        message("s1", 11, at(41), kind="command"),
        message("s3", 1),
        message("unasked", 9, at(7), role="assistant", kind="reply"),
        message("elsewhere", 9, at(7)),
    ]

    rule = reference(UserTurn, sidechain=False)
    found = built(event_session_productivity, rule, metadata_sessions=sessions, fact_session_message=messages)

    columns = (
        *("session_id", "is_home", "home_repository", "model_name", "project_path", "started_at", "ended_at"),
        *("accepted_lines_added", "accepted_lines_removed", "accepted_total_changed_lines", "user_word_count"),
    )
    rows = [
        ("s1", False, "o", "claude/opus", "~/r", at(3), at(50), 7, 2, 9, 8),
        ("s2", True, "r", "claude/opus", "(unknown)", at(10), at(10), 0, 0, 0, 0),
        ("s3", True, "r", "claude/(unknown)", "(unknown)", None, None, 0, 0, 0, 1),
        ("s4", True, "r", "claude/opus", "(unknown)", at(8), at(9), 1, 0, 1, 0),
    ]
    expected = [{"provider": "claude", **dict(zip(columns, row, strict=True))} for row in rows]
    assert_rows(found, event_session_productivity, expected)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (reference(UserTurn, sidechain=False), 1 + 2 + 4),
        (reference(UserTurn, sidechain=True), 1 + 2 + 4 + 16),
        (reference(UserTurn, sidechain=False, kinds=("typed",)), 1),
        (reference(UserTurn, sidechain=False, kinds=("typed", "command")), 1 + 8),
        (reference(UserTurn, sidechain=False, kinds=()), 0),
    ],
)
def test_whose_words_count_is_the_rule_s(rule, words):
    """Which kinds and threads are the user's is the rule's to say; the assistant's words never are."""
    messages = [
        message("s1", 1),
        message("s1", 2, kind="compact_summary"),
        message("s1", 4, kind="notification"),
        message("s1", 8, kind="command"),
        message("s1", 16, agent_id="a1"),
        message("s1", 32, role="assistant", kind="reply"),
    ]

    found = built(event_session_productivity, rule, metadata_sessions=[session("s1")], fact_session_message=messages)

    assert found["user_word_count"].to_list() == [words]


def test_the_same_id_of_two_agents():
    """Words go to the session of their agent."""
    sessions = [session("s1"), {**session("s1"), "provider": "codex"}]
    messages = [message("s1", 1), {**message("s1", 2), "provider": "codex"}]

    found = built(event_session_productivity, metadata_sessions=sessions, fact_session_message=messages)

    assert found.select("provider", "user_word_count").rows() == [("claude", 1), ("codex", 2)]
