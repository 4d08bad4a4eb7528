"""Where evidence and line match agree, commit by commit."""

import datetime as dt

import pytest
from building import assert_rows
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_commit_evidence"
FLAGS = ("co_author_trailer_flag", "checkpoint_trailer_flag", "git_ai_note_flag", "session_commit_flag", "cursor_score_flag")
TRAILER, CHECKPOINT, NOTE, COMMITTED, SCORE = FLAGS


def row(provider, session_id, *flags, matched=0.0, of_agent=None, top=False, read=True, lines=None, sha="c1"):
    """An event row: whom somebody names, by which sources, and the lines of the match."""
    return {
        "commit_sha": sha,
        "provider": provider,
        "session_id": session_id,
        **{flag: flag in flags for flag in FLAGS},
        "evidence_lines": lines,
        "matched_lines": matched,
        "agent_matched_lines": matched if of_agent is None else of_agent,
        "top_match_flag": top,
        "agent_read_flag": read,
    }


NAMED_FOUND = row("claude", "s1", COMMITTED, matched=2.0, top=True)
NAMED_LOST = row("claude", "s9", COMMITTED)
OTHER = row("claude", "s2", matched=1.0)
AGENT_FOUND = row("claude", "(unknown)", TRAILER, of_agent=3.0)
AGENT_LOST = row("codex", "(unknown)", TRAILER)
SCORED = row("cursor", "(unknown)", SCORE, read=False)
NOBODY = row("(unknown)", "(unknown)", CHECKPOINT, of_agent=3.0)


@pytest.mark.parametrize(
    ("rows", "agreement"),
    [
        ([OTHER], "only_match"),
        ([NAMED_FOUND], "agree"),
        ([NAMED_FOUND, OTHER, AGENT_LOST], "agree"),
        ([NAMED_FOUND, NAMED_LOST], "partly"),
        ([NAMED_LOST, OTHER, AGENT_FOUND, NOBODY], "disagree"),
        ([NAMED_LOST, AGENT_LOST], "only_evidence"),
        ([AGENT_FOUND, OTHER], "agree"),
        ([NOBODY, OTHER], "agree"),
        ([AGENT_FOUND, AGENT_LOST, OTHER], "partly"),
        ([AGENT_LOST, OTHER], "disagree"),
        ([AGENT_LOST], "only_evidence"),
        ([SCORED], "only_evidence"),
        ([SCORED, OTHER], "disagree"),
        ([SCORED, NAMED_FOUND], "agree"),
    ],
)
def test_agreement(sql, rows, agreement):
    """Named sessions are asked first; agents only where no session is named."""
    assert viewed(NAME, sql, event_commit_evidence=rows)["agreement"].to_list() == [agreement]


def test_nothing(sql):
    """Without rows there is no commit."""
    assert_rows(viewed(NAME, sql), tables()[NAME], [])


def test_counts(sql):
    """Who is named, who is matched, and how many of them are the same, with null rates where nobody is."""
    monday = dt.datetime(2026, 3, 9, 12)
    rows = [
        {**NAMED_FOUND, NOTE: True, "evidence_lines": 4},
        NAMED_LOST,
        {**OTHER, NOTE: True},
        row("cursor", "(unknown)", NOTE, SCORE, lines=3, read=False),
        AGENT_FOUND,
        row("codex", "t1", matched=0.5),
        row("claude", "s1", matched=1.0, top=True, sha="c2"),
    ]

    found = viewed(NAME, sql, event_commit_evidence=[{**each, "commit_time": monday} for each in rows])

    time = {"commit_time": monday, "week_start": dt.date(2026, 3, 9)}
    none = dict.fromkeys(("named_session_count", "named_matched_count", "named_top_count", "named_agent_count"), 0)
    expected = [
        {
            "commit_sha": "c1",
            **time,
            "agreement": "partly",
            "named_session_count": 3,
            "named_matched_count": 2,
            "named_matched_rate": 2 / 3,
            "named_top_count": 1,
            "named_top_rate": 1 / 3,
            "named_agent_count": 2,
            "agent_matched_count": 1,
            "agent_matched_rate": 0.5,
            "unread_agent_count": 1,
            "matched_session_count": 3,
            "matched_named_rate": 2 / 3,
            TRAILER: True,
            CHECKPOINT: False,
            NOTE: True,
            COMMITTED: True,
            SCORE: True,
            "evidence_lines": 7,
            "matched_lines": 3.5,
        },
        {
            "commit_sha": "c2",
            **time,
            "agreement": "only_match",
            **none,
            "agent_matched_count": 0,
            "unread_agent_count": 0,
            "matched_session_count": 1,
            "matched_named_rate": 0.0,
            **dict.fromkeys(FLAGS, False),
            "matched_lines": 1.0,
        },
    ]
    assert_rows(found, tables()[NAME], expected)
