"""How often each source of evidence and the line match agree."""

from building import assert_rows
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_evidence_agreement"
FLAGS = ("co_author_trailer_flag", "checkpoint_trailer_flag", "git_ai_note_flag", "session_commit_flag", "cursor_score_flag")
TRAILER, CHECKPOINT, NOTE, COMMITTED, SCORE = FLAGS


def row(sha, provider, session_id, *flags, matched=0.0, of_agent=0.0, top=False, read=True):
    """An event row: whom somebody names, by which sources, and the lines of the match."""
    return {
        "commit_sha": sha,
        "provider": provider,
        "session_id": session_id,
        **{flag: flag in flags for flag in FLAGS},
        "matched_lines": matched,
        "agent_matched_lines": of_agent,
        "top_match_flag": top,
        "agent_read_flag": read,
    }


def test_nothing(sql):
    """A match that nobody speaks of is no pair, nor is an agent whose sessions are not read."""
    rows = [row("c1", "claude", "s1", matched=1.0, top=True), row("c1", "cursor", "(unknown)", SCORE, read=False)]

    assert_rows(viewed(NAME, sql, event_commit_evidence=rows), tables()[NAME], [])


def test_pairs_of_each_source(sql):
    """A row that two sources name counts for both; sessions and agents are counted apart."""
    rows = [
        row("c1", "claude", "s1", COMMITTED, NOTE, matched=2.0, of_agent=2.0, top=True),
        row("c2", "claude", "s1", COMMITTED, matched=1.0, of_agent=3.0),
        row("c3", "claude", "s1", COMMITTED),
        row("c1", "claude", "(unknown)", TRAILER, NOTE, of_agent=2.0),
        row("c4", "claude", "(unknown)", TRAILER),
        row("c1", "(unknown)", "(unknown)", CHECKPOINT, of_agent=2.0),
        row("c1", "cursor", "(unknown)", SCORE, of_agent=1.0),
        row("c2", "cursor", "(unknown)", SCORE),
    ]

    found = viewed(NAME, sql, event_commit_evidence=rows)

    def counts(source, provider, named, matched, top, agents, agents_matched):
        return {
            "source": source,
            "provider": provider,
            "named_session_count": named,
            "named_matched_count": matched,
            "named_matched_rate": matched / named if named else None,
            "named_top_count": top,
            "named_top_rate": top / named if named else None,
            "named_agent_count": agents,
            "agent_matched_count": agents_matched,
            "agent_matched_rate": agents_matched / agents if agents else None,
        }

    expected = [
        counts("checkpoint_trailer", "(unknown)", 0, 0, 0, 1, 1),
        counts("co_author_trailer", "claude", 0, 0, 0, 2, 1),
        counts("cursor_score", "cursor", 0, 0, 0, 2, 1),
        counts("git_ai_note", "claude", 1, 1, 1, 1, 1),
        counts("session_commit", "claude", 3, 2, 1, 0, 0),
    ]
    assert_rows(found, tables()[NAME], expected)
