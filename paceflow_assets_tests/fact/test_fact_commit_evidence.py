"""What beside its lines speaks of a commit."""

import hashlib
import json

import pytest
from building import assert_rows, built, raw_commit, raw_committed, raw_note, raw_score, raw_session
from logs import ClaudeLog, CodexLog
from repositories import Repository
from scores import CursorScores

from paceflow_assets.fact.fact_commit_evidence import fact_commit_evidence
from paceflow_assets.rule.agent_trailer import AgentTrailer

ONE, TWO = "abc1234" + "1" * 33, "abc1234" + "2" * 33
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
UNKNOWN = {"provider": "(unknown)", "session_id": "(unknown)"}
SESSIONS = [raw_session("s1"), raw_session("t1", provider="codex"), raw_session("gone", touches=False)]


def evidence(messages=(), notes=(), sessions=SESSIONS, rule=None):
    """The table over commits 1, 2, … with these messages, notes, and sessions."""
    commits = [raw_commit(str(number), message=message, files=None) for number, message in enumerate(messages, 1)]
    return built(fact_commit_evidence, rule or AgentTrailer(), raw_commit=commits, raw_commit_note=notes, raw_session=sessions)


def test_nothing():
    """Commits that say nothing have no evidence; without commits there is none either."""
    assert_rows(built(fact_commit_evidence), fact_commit_evidence, [])
    assert_rows(evidence(["Change\n", "", f"Say Co-authored-by\n\n{CLAUDE}\n\nend"]), fact_commit_evidence, [])


def test_agents_that_sign():
    """One row for each commit and agent, with everything that names it; unread and merge commits count as well."""
    messages = [
        f"Subject\n\n\U0001f916 Generated with [Claude Code](https://x.test)\n\n{CLAUDE}\n{CLAUDE}\n",
        f"Subject\n\n{CLAUDE}\nCo-authored-by: Ann <ann@example.test>\nCo-authored-by: Codex <noreply@openai.com>",
    ]

    signed = {"source": "co_author_trailer", "session_id": "(unknown)"}
    expected = [
        {"commit_sha": "1", **signed, "provider": "claude", "detail": "anthropic.com, generated with"},
        {"commit_sha": "2", **signed, "provider": "claude", "detail": "anthropic.com"},
        {"commit_sha": "2", **signed, "provider": "codex", "detail": "openai.com"},
    ]
    assert_rows(evidence(messages), fact_commit_evidence, expected)
    assert evidence(messages, rule=AgentTrailer(co_authors=(), generators=())).height == 0


def test_checkpoints():
    """A checkpoint names a session where its own commit is here, or the message does, and the session is stored here."""
    messages = [
        "Subject\n\nEntire-Checkpoint: a1",
        "Subject\n\nentire-checkpoint: b2\nEntire-Checkpoint: c3",
        "Checkpoint: b2\n\nEntire-Session: 2026-02-18-s1\nEntire-Strategy: manual-commit\nEntire-Agent: Claude Code",
        "Checkpoint: c3\n\nEntire-Session: t1\nEntire-Session: elsewhere",
        "Subject\n\nEntire-Checkpoint: d4\nEntire-Session: gone",
        "Shadow\n\nEntire-Session: s1",
    ]

    named = {"source": "checkpoint_trailer"}
    expected = [
        {"commit_sha": "1", **named, **UNKNOWN, "detail": "a1"},
        {"commit_sha": "2", **named, "provider": "claude", "session_id": "s1", "detail": "b2"},
        {"commit_sha": "2", **named, "provider": "codex", "session_id": "t1", "detail": "c3"},
        {"commit_sha": "5", **named, **UNKNOWN, "detail": "d4"},
    ]
    assert_rows(evidence(messages), fact_commit_evidence, expected)


def test_notes():
    """A conversation is a session of ours by its id or by the digits of its key; lines of those that are none add up."""
    digits = hashlib.sha256(b"codex:t1").hexdigest()
    notes = [
        raw_note("1", ("s_1", "claude", "s1", "opus", 5), ("s_2", "cursor", "c1", "gpt", 2), ("s_3", "cursor", "c2", None, 3)),
        raw_note("2", (f"s_{digits[:14]}", "", None, None, 4), (digits[:16], "", None, None, 1), ("beef", "", None, None, 0)),
        raw_note("3", ("s_1", "cursor", "s1", "gpt", 1), ("s_4", "claude", "gone", "opus", 7)),
        {"commit_sha": "4", "claims": None},
    ]

    named = {"source": "git_ai_note"}
    expected = [
        {"commit_sha": "1", **named, "provider": "claude", "session_id": "s1", "detail": "claude/opus", "lines": 5},
        {
            "commit_sha": "1",
            **named,
            "provider": "cursor",
            "session_id": "(unknown)",
            "detail": "cursor, cursor/gpt",
            "lines": 5,
        },
        {"commit_sha": "2", **named, **UNKNOWN, "detail": "", "lines": 0},
        {"commit_sha": "2", **named, "provider": "codex", "session_id": "t1", "detail": "", "lines": 5},
        {"commit_sha": "3", **named, "provider": "claude", "session_id": "(unknown)", "detail": "claude/opus", "lines": 7},
        {"commit_sha": "3", **named, "provider": "cursor", "session_id": "(unknown)", "detail": "cursor/gpt", "lines": 1},
    ]
    assert_rows(evidence(["", "", "", ""], notes), fact_commit_evidence, expected)


def test_commits_that_git_said_it_made():
    """A shortened name counts when it begins one commit only; copies of another session's records say nothing."""
    commits = [raw_commit(sha, message="", files=None) for sha in (ONE, TWO, "def5678" + "0" * 33)]
    made = [raw_committed("k1", "abc12341"), raw_committed("k2", "abc1234"), raw_committed("k3", "def5678", None)]
    sessions = [
        raw_session("s1", commits=[*made, raw_committed("k4", "abc12341", "later"), raw_committed("k5", "fff0000")]),
        raw_session("s2", commits=made, copied_keys=["k1", "k3"]),
        raw_session("gone", touches=False, commits=made),
        raw_session("old", commits=None),
    ]

    found = built(fact_commit_evidence, raw_commit=commits, raw_session=sessions)

    said = {"source": "session_commit", "provider": "claude", "session_id": "s1"}
    expected = [
        {"commit_sha": ONE, **said, "detail": "later, main"},
        {"commit_sha": commits[2]["commit_sha"], **said, "detail": "detached HEAD"},
    ]
    assert_rows(found, fact_commit_evidence, expected)


def test_what_cursor_counts():
    """Its agent and completions count, in the branch with most of them; that it counts none is no evidence, nor is a person."""
    scores = [
        raw_score("1", "main", tab_added_lines=1, composer_added_lines=2, human_added_lines=9),
        raw_score("1", "topic", tab_added_lines=4, composer_added_lines=0, composer_removed_lines=0),
        raw_score("2", composer_removed_lines=3),
        raw_score("3", tab_added_lines=0, composer_added_lines=0, human_added_lines=5),
        raw_score("4", "a"),
        raw_score("4", "b", composer_added_lines=1, tab_removed_lines=1),
    ]

    found = built(fact_commit_evidence, raw_commit=[raw_commit("1", message="", files=None)], raw_commit_score=scores)

    cursor = {"source": "cursor_score", "provider": "cursor", "session_id": "(unknown)"}
    expected = [
        {"commit_sha": "1", **cursor, "detail": "tab", "lines": 4},
        {"commit_sha": "2", **cursor, "detail": "composer", "lines": 0},
        {"commit_sha": "4", **cursor, "detail": "composer, tab", "lines": 1},
    ]
    assert_rows(found, fact_commit_evidence, expected)


@pytest.mark.parametrize("agent", ["claude", "codex"])
def test_from_real_logs_and_git(home, agent):
    """A session commits, signs and is noted, and Cursor counts: four sources speak of one commit, without people or words."""
    app = Repository(home.path / "src" / "app")
    text = "zebra one\nzebra two\n"
    sha = app.commit({"a.py": text}, "Zebra\n\nCo-Authored-By: Claude <noreply@anthropic.com>\nReviewed-by: Z <zebra@x.test>")
    told = {"schema_version": "authorship/3.0.0", "sessions": {"s_1": {"agent_id": {"tool": agent, "id": "s1", "model": "m"}}}}
    note = f"zebra.py\n  s_1::t_1 1-2\n---\n{json.dumps(told)}"
    app.git("notes", "--ref=ai", "add", "-F", "-", sha, text=note)
    log = (ClaudeLog if agent == "claude" else CodexLog)(home.path, "s1", app.folder)
    log.says(0, "zebra").runs(1, "git commit -am zebra", f"[main {sha[:9]}] zebra").save()

    CursorScores(home.path).score(sha, composerLinesAdded=1, tabLinesAdded=1)

    home.ingest()

    found = home.table("fact_commit_evidence").drop("repository", "commit_sha").sort("source").rows()
    assert found == [
        ("co_author_trailer", "claude", "(unknown)", "anthropic.com", None),
        ("cursor_score", "cursor", "(unknown)", "composer, tab", 2),
        ("git_ai_note", agent, "s1", f"{agent}/m", 2),
        ("session_commit", agent, "s1", "main", None),
    ]
