from building import assert_rows, built, raw_message, raw_session
from logs import at

from paceflow_assets.fact.fact_session_message import fact_session_message

SESSIONS = [{"provider": "claude", "session_id": name} for name in ("s1", "s2")]


def test_nothing():
    """Without sessions nothing was said."""
    assert_rows(built(fact_session_message), fact_session_message, [])


def test_messages():
    """Texts are numbered in each thread; copies, sessions that left and sessions without a row are left out."""
    sessions = [
        raw_session(
            "s1",
            messages=[
                raw_message("m1", "hello you", at(2), position=7),
                raw_message("m2", "look", None, agent_id="a1", kind="typed", log_path="~/agent.jsonl"),
                raw_message("m3", "copied", at(1)),
                raw_message("m4", "", at(0), role="assistant", kind="reply", position=9),
                raw_message("m5", "done", at(9), agent_id="a1", role="assistant", kind="reply", position=2),
            ],
            copied_keys=["m3"],
        ),
        raw_session("s2", touches=False, messages=[raw_message("m6", "gone")]),
        raw_session("s3", messages=[raw_message("m7", "no row in metadata_sessions")]),
    ]

    found = built(fact_session_message, raw_session=sessions, metadata_sessions=SESSIONS)

    same = {"provider": "claude", "session_id": "s1", "source_file": "~/log.jsonl"}
    expected = [
        {
            **same,
            "agent_id": "",
            "message_index": 0,
            "message_ts": at(2),
            "role": "user",
            "kind": "typed",
            "content": "hello you",
            "content_words": 2,
            "source_line": 7,
        },
        {
            **same,
            "agent_id": "",
            "message_index": 1,
            "message_ts": at(0),
            "role": "assistant",
            "kind": "reply",
            "content": "",
            "content_words": 0,
            "source_line": 9,
        },
        {
            **same,
            "agent_id": "a1",
            "message_index": 0,
            "role": "user",
            "kind": "typed",
            "content": "look",
            "content_words": 1,
            "source_file": "~/agent.jsonl",
            "source_line": 1,
        },
        {
            **same,
            "agent_id": "a1",
            "message_index": 1,
            "message_ts": at(9),
            "role": "assistant",
            "kind": "reply",
            "content": "done",
            "content_words": 1,
            "source_line": 2,
        },
    ]
    assert_rows(found, fact_session_message, expected)
