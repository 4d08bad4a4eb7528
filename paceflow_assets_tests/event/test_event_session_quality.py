import pytest
from building import assert_rows, built, reference
from logs import at

from paceflow_assets.event.event_session_quality import event_session_quality
from paceflow_assets.rule.commit_window import CommitWindow
from paceflow_assets.rule.debug_loop import DebugLoop
from paceflow_assets.rule.first_change import FirstChange
from paceflow_assets.rule.session_end import SessionEnd
from paceflow_assets.rule.user_turn import UserTurn

LOOP = [
    "Please help with the lexer",
    "RuntimeError: bad state 7",
    "same issue",
    "still broken",
    "didn't work, same error",
    "RuntimeError: bad state 12",
]


def session(session_id="s1", **fields):
    """A row of metadata_sessions without changes."""
    return {
        "provider": "claude",
        "session_id": session_id,
        "home_repository": "r",
        "is_home": True,
        "model_name": "claude/opus",
        "lines_added": 0,
        "lines_removed": 0,
        **fields,
    }


def message(content, time=None, session_id="s1", **fields):
    """A row of fact_session_message: a typed prompt in the main thread, unless told otherwise."""
    row = {"provider": "claude", "session_id": session_id, "agent_id": "", "role": "user", "kind": "typed"}
    return {**row, "message_ts": time, "content": content, **fields}


def reply(content="ok", time=None, session_id="s1", **fields):
    """An answer."""
    return message(content, time, session_id, **{"role": "assistant", "kind": "reply", **fields})


def talk(texts):
    """Prompts, each answered."""
    return [said for text in texts for said in (message(text), reply())]


def quality(messages, *rules, of=None, **upstreams):
    """The one row of a session, as a dictionary."""
    sessions = [of or session(started_at=at(0), ended_at=at(30))]
    found = built(event_session_quality, *rules, metadata_sessions=sessions, fact_session_message=messages, **upstreams)
    return found.to_dicts()[0]


def test_nothing():
    """Without sessions there are no rows."""
    assert_rows(built(event_session_quality), event_session_quality, [])


def test_sessions():
    """Turns, output, first change and a commit in time; sessions to which nobody spoke have no row."""
    sessions = [
        session(
            "s1",
            home_repository="o",
            is_home=False,
            started_at=at(0),
            ended_at=at(30),
            first_change_at=at(5),
            last_change_at=at(9),
            lines_removed=1,
        ),
        session("s2"),
        session("s3", started_at=at(20), ended_at=at(25), lines_added=3),
        session("blank", started_at=at(0)),
        session("unasked", started_at=at(0)),
        session("silent", started_at=at(0)),
    ]
    messages = [
        message("begin", at(1), "s1"),
        reply("done", at(6), "s1"),
        message("  \n", at(7), "s1"),
        message("we had 5 errors", at(8), "s1"),
        message("hello", None, "s2"),
        message("hello", at(21), "s3"),
        message(" \u2003 ", None, "blank"),
        reply("hello", None, "unasked"),
    ]

    found = built(
        event_session_quality,
        metadata_sessions=sessions,
        fact_session_message=messages,
        fact_commit=[{"commit_sha": "c1", "commit_time": at(200)}, {"commit_sha": "c2", "commit_time": at(900)}],
        fact_commit_session_match=[
            {"commit_sha": "c1", "provider": "claude", "session_id": "s1"},
            {"commit_sha": "c2", "provider": "claude", "session_id": "s3"},
            {"commit_sha": "c1", "provider": "codex", "session_id": "s2"},
            {"commit_sha": "c1", "provider": "human", "session_id": "__human__"},
        ],
    )

    same = {"provider": "claude", "model_name": "claude/opus", "debug_loop_flag": False}
    expected = [
        {
            **same,
            "session_id": "s1",
            "is_home": False,
            "home_repository": "o",
            "started_at": at(0),
            "ended_at": at(30),
            "user_turn_count": 2,
            "mid_session_error_paste_flag": True,
            "accepted_output_flag": True,
            "first_accepted_change_at": at(5),
            "minutes_to_first_accepted_change": 5.0,
            "session_commit_within_4h_flag": True,
        },
        {
            **same,
            "session_id": "s2",
            "is_home": True,
            "home_repository": "r",
            "user_turn_count": 1,
            "mid_session_error_paste_flag": False,
            "accepted_output_flag": False,
            "session_commit_within_4h_flag": False,
        },
        {
            **same,
            "session_id": "s3",
            "is_home": True,
            "home_repository": "r",
            "started_at": at(20),
            "ended_at": at(25),
            "user_turn_count": 1,
            "mid_session_error_paste_flag": False,
            "accepted_output_flag": True,
            "session_commit_within_4h_flag": False,
        },
    ]
    assert_rows(found, event_session_quality, expected)


def test_a_debug_loop():
    """The same error five times, told in words that differ only in numbers or merely repeat it; six turns, an error pasted."""
    row = quality(talk(LOOP))

    assert (row["user_turn_count"], row["debug_loop_flag"], row["mid_session_error_paste_flag"]) == (6, True, True)


@pytest.mark.parametrize(
    ("texts", "rule", "expected"),
    [
        (LOOP, DebugLoop(repeats=6), False),
        (LOOP[:5], DebugLoop(), False),
        (LOOP[:5], DebugLoop(repeats=4), True),
        ([f"error: boom {word}" for word in ("one", "two", "three", "four", "five")], DebugLoop(), False),
        ([f"error: boom {word}" for word in ("one", "two", "three", "four", "five")], DebugLoop(signature_tokens=2), True),
    ],
)
def test_debug_loops_are_the_rule_s(texts, rule, expected):
    """How often, and by how many words, is the rule's to say."""
    assert quality(talk(texts), rule)["debug_loop_flag"] is expected


def test_an_unanswered_turn_is_no_repetition():
    """The last report needs an answer too."""
    assert quality(talk(LOOP)[:-1])["debug_loop_flag"] is False


@pytest.mark.parametrize(
    ("rule", "turns", "pasted"),
    [
        (reference(UserTurn, sidechain=False), 3, False),
        (reference(UserTurn, sidechain=True), 4, True),
        (reference(UserTurn, sidechain=False, kinds=("typed",)), 1, False),
        (reference(UserTurn, sidechain=False, kinds=("typed", "command")), 2, False),
        (reference(UserTurn, sidechain=True, kinds=("command", "typed")), 3, True),
    ],
)
def test_who_speaks_is_the_rule_s(rule, turns, pasted):
    """Which messages are a person's, and whether a sub-agent's thread takes part, is the rule's to say."""
    messages = [
        message("begin"),
        reply("Traceback in an answer is no paste"),
        message("summary", kind="compact_summary"),
        message("/help", kind="command"),
        message("interrupted", kind="interrupt"),
        message("panic: told to the sub-agent", agent_id="a1"),
        reply("fine", agent_id="a1"),
    ]

    row = quality(messages, rule)

    assert (row["user_turn_count"], row["mid_session_error_paste_flag"]) == (turns, pasted)


def test_a_session_without_counted_turns():
    """A session whose messages are none of a person's has no row."""
    found = built(
        event_session_quality,
        reference(UserTurn, sidechain=False, kinds=("typed",)),
        metadata_sessions=[session()],
        fact_session_message=[message("summary", kind="compact_summary"), message("prompt", agent_id="a1")],
    )

    assert found.height == 0


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({"started_at": at(0), "first_change_at": at(5)}, 5.0),
        ({"started_at": at(5), "first_change_at": at(0)}, -5.0),
        ({"first_change_at": at(5)}, 3.0),
        ({"first_change_at": at(1)}, 0.0),
        ({"started_at": at(0)}, None),
        ({}, None),
    ],
)
def test_minutes_to_first_change(fields, minutes):
    """From the stored start, else from the first sign of life; null without a dated change."""
    row = quality([message("begin", at(2)), message("undated")], of=session(**fields))

    assert row["minutes_to_first_accepted_change"] == minutes


def test_output_without_time():
    """A change without time is output all the same."""
    row = quality([message("begin", at(2))], of=session(started_at=at(0), lines_added=1))

    assert (row["accepted_output_flag"], row["first_accepted_change_at"], row["minutes_to_first_accepted_change"]) == (
        True,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("rule", "minutes"), [(reference(FirstChange), 100.0), (reference(FirstChange, idle_gap_minutes=30), 20.0)]
)
def test_idle_gaps(rule, minutes):
    """A pause between messages that is longer than the rule allows is left out."""
    messages = [message("begin", at(5)), reply("…", at(85)), message("after", at(200))]

    assert quality(messages, rule, of=session(started_at=at(0), first_change_at=at(100)))[
        "minutes_to_first_accepted_change"
    ] == pytest.approx(minutes)


def shell(time, evidence="heredoc", session_id="s1", provider="codex"):
    """A row of fact_session_code_change."""
    return {"provider": provider, "session_id": session_id, "change_id": "e", "change_ts": time, "evidence": evidence}


@pytest.mark.parametrize(
    ("provider", "rule", "changes", "ended"),
    [
        ("claude", SessionEnd(), [], at(90)),
        ("codex", SessionEnd(), [], at(7)),
        ("codex", SessionEnd(by_message=()), [], at(90)),
        ("claude", SessionEnd(by_message=("claude",)), [], at(7)),
        ("codex", SessionEnd(), [shell(at(40)), shell(None)], at(40)),
        ("codex", SessionEnd(), [shell(at(40), evidence="result_hunk")], at(7)),
        ("codex", SessionEnd(), [shell(at(40), session_id="s2"), shell(at(50), provider="claude")], at(7)),
        ("claude", SessionEnd(), [shell(at(99), provider="claude")], at(90)),
    ],
)
def test_the_end_is_the_rule_s(provider, rule, changes, ended):
    """An agent's session ends with its last record, or with the last message or file that the shell wrote."""
    messages = [{**message(text, time), "provider": provider} for text, time in (("begin", at(2)), ("more", at(7)))]
    of = {**session(started_at=at(0), ended_at=at(90), last_change_at=at(60)), "provider": provider}

    assert quality(messages, rule, of=of, fact_session_code_change=changes)["ended_at"] == ended


MS = 1 / 60_000


@pytest.mark.parametrize(
    ("fields", "commit", "within"),
    [
        ({"started_at": at(0), "ended_at": at(30)}, at(-MS), False),
        ({"started_at": at(0), "ended_at": at(30)}, at(0), True),
        ({"started_at": at(0), "ended_at": at(30)}, at(270), True),
        ({"started_at": at(0), "ended_at": at(30)}, at(270 + MS), False),
        ({"started_at": at(0), "ended_at": at(30)}, None, False),
        ({"started_at": at(0)}, at(240), True),
        ({"started_at": at(0)}, at(241), False),
        ({}, at(9), False),
        ({}, at(10), True),
        ({}, at(20 + 240), True),
        ({}, at(21 + 240), False),
        ({"ended_at": at(30)}, at(270), True),
    ],
)
def test_a_commit_soon_after(fields, commit, within):
    """From the start to four hours after the end, both included; without start and end the signs of life stand for them."""
    row = quality(
        [message("begin", at(10)), reply("done", at(12))],
        of=session(**fields),
        fact_commit=[{"commit_sha": "c1", "commit_time": commit}],
        fact_commit_session_match=[{"commit_sha": "c1", "provider": "claude", "session_id": "s1"}],
        event_session_productivity=[{"provider": "claude", "session_id": "s1", "ended_at": at(20)}],
    )

    assert row["session_commit_within_4h_flag"] is within


@pytest.mark.parametrize(("hours", "within"), [(0, False), (0.5, True), (4, True)])
def test_the_window_is_the_rule_s(hours, within):
    """How long after the session a commit counts is the rule's to say."""
    row = quality(
        [message("begin", at(10))],
        CommitWindow(hours=hours),
        fact_commit=[{"commit_sha": "c1", "commit_time": at(60)}, {"commit_sha": "c2", "commit_time": at(999)}],
        fact_commit_session_match=[{"commit_sha": sha, "provider": "claude", "session_id": "s1"} for sha in ("c1", "c2")],
    )

    assert row["session_commit_within_4h_flag"] is within


def test_every_commit_of_the_session_is_looked_at():
    """One commit in time is enough; a commit of another session is none."""
    row = quality(
        [message("begin", at(10))],
        fact_commit=[{"commit_sha": f"c{number}", "commit_time": at(number * 500)} for number in range(3)],
        fact_commit_session_match=[
            {"commit_sha": "c0", "provider": "claude", "session_id": "s2"},
            {"commit_sha": "c1", "provider": "claude", "session_id": "s1"},
            {"commit_sha": "c2", "provider": "claude", "session_id": "s1"},
        ],
    )

    assert row["session_commit_within_4h_flag"] is False
