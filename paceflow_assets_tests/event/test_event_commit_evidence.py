"""Evidence beside the line match."""

from building import assert_rows, built
from logs import at

from paceflow_assets.event.event_commit_evidence import event_commit_evidence

FLAGS = ("co_author_trailer_flag", "checkpoint_trailer_flag", "git_ai_note_flag", "session_commit_flag", "cursor_score_flag")
NONE = dict.fromkeys(FLAGS, False)
S1 = {"provider": "claude", "session_id": "s1"}
S2 = {"provider": "claude", "session_id": "s2"}
CLAUDE = {"provider": "claude", "session_id": "(unknown)"}
CURSOR = {"provider": "cursor", "session_id": "(unknown)"}
NOBODY = {"provider": "(unknown)", "session_id": "(unknown)"}
HUMAN = {"provider": "human", "session_id": "__human__"}


def test_nothing():
    """Without commits there are no rows, whatever is said."""
    found = built(event_commit_evidence, fact_commit_evidence=[{"commit_sha": "c1", "source": "git_ai_note", **S1}])

    assert_rows(found, event_commit_evidence, [])


def test_evidence_and_match():
    """One row for everybody who is named or matched; people have none, nor have commits outside the scan window."""
    found = built(
        event_commit_evidence,
        fact_commit_evidence=[
            {"commit_sha": "c1", "source": "session_commit", **S1},
            {"commit_sha": "c1", "source": "git_ai_note", **S1, "lines": 4},
            {"commit_sha": "c1", "source": "co_author_trailer", **CLAUDE},
            {"commit_sha": "c1", "source": "git_ai_note", **CURSOR, "lines": 2},
            {"commit_sha": "c1", "source": "cursor_score", **CURSOR, "lines": 3},
            {"commit_sha": "c1", "source": "checkpoint_trailer", **NOBODY},
            {"commit_sha": "c2", "source": "session_commit", **S2},
            {"commit_sha": "merge", "source": "session_commit", **S2},
        ],
        fact_commit_session_match=[
            {"commit_sha": "c1", **S1, "matched_lines": 2.5},
            {"commit_sha": "c1", **S2, "matched_lines": 2.5},
            {"commit_sha": "c1", "provider": "codex", "session_id": "s1", "matched_lines": 1.0},
            {"commit_sha": "c1", **HUMAN, "matched_lines": 0.0},
            {"commit_sha": "c2", **HUMAN, "matched_lines": 0.0},
            {"commit_sha": "c3", **S1, "matched_lines": 0.0},
        ],
        event_commit_outcome=[{"commit_sha": "c1", "commit_time": at(5)}, {"commit_sha": "c2"}, {"commit_sha": "c3"}],
        metadata_sessions=[S1, S2, {"provider": "codex", "session_id": "s1"}],
    )

    c1 = {
        "commit_sha": "c1",
        "commit_time": at(5),
        **NONE,
        "matched_lines": 0.0,
        "top_match_flag": False,
        "agent_read_flag": True,
    }
    expected = [
        {**c1, **NOBODY, "checkpoint_trailer_flag": True, "agent_matched_lines": 6.0},
        {**c1, **CLAUDE, "co_author_trailer_flag": True, "agent_matched_lines": 5.0},
        {
            **c1,
            **S1,
            "git_ai_note_flag": True,
            "session_commit_flag": True,
            "evidence_lines": 4,
            "matched_lines": 2.5,
            "agent_matched_lines": 5.0,
            "top_match_flag": True,
        },
        {**c1, **S2, "matched_lines": 2.5, "agent_matched_lines": 5.0, "top_match_flag": True},
        {**c1, "provider": "codex", "session_id": "s1", "matched_lines": 1.0, "agent_matched_lines": 1.0},
        {
            **c1,
            **CURSOR,
            "git_ai_note_flag": True,
            "cursor_score_flag": True,
            "evidence_lines": 3,
            "agent_matched_lines": 0.0,
            "agent_read_flag": False,
        },
        {**c1, **S2, "commit_sha": "c2", "commit_time": None, "session_commit_flag": True, "agent_matched_lines": 0.0},
    ]
    assert_rows(found, event_commit_evidence, expected)


def test_a_repository_without_sessions():
    """There nobody's sessions are read, so no evidence can be confirmed."""
    found = built(
        event_commit_evidence,
        fact_commit_evidence=[{"commit_sha": "c1", "source": "checkpoint_trailer", **NOBODY}],
        event_commit_outcome=[{"commit_sha": "c1"}],
    )

    assert found["agent_read_flag"].to_list() == [False]
