"""What notes of git-ai say, kept."""

import json

import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog
from repositories import Repository


@pytest.fixture
def app(home) -> Repository:
    """A repository that a session worked in."""
    made = Repository(home.path / "src" / "app")
    ClaudeLog(home.path, "s1", made.folder).writes(0, made.folder / "a.py", "a\n").save()
    return made


def noted(repository: Repository, sha: str, lines: str = "1-3", text: str | None = None) -> None:
    """A note of git-ai on a commit: session s1 wrote these lines."""
    agent = {"tool": "claude", "id": "s1", "model": "opus"}
    sessions = {"s_1": {"agent_id": agent, "human_author": "Zebra <zebra@example.test>"}}
    below = json.dumps({"schema_version": "authorship/3.0.0", "sessions": sessions})
    whole = f"a.py\n  s_1::t_2 {lines}\n---\n{below}" if text is None else text
    repository.git("notes", "--ref=ai", "add", "-f", "-F", "-", sha, text=whole)


def rows(home, *columns: str) -> list[tuple]:
    """The notes' rows."""
    return home.table("raw_commit_note").select(columns).rows()


def test_a_note_is_kept_without_people(home, app):
    """The conversation, its agent, model and lines are; an address is not. A note of an unknown object is left alone."""
    sha = app.commit({"a.py": "a\n"})
    noted(app, sha)
    noted(app, app.git("rev-parse", "HEAD^{tree}"))

    raw(home)

    claim = {"key": "s_1", "tool": "claude", "conversation_id": "s1", "model_name": "opus", "lines": 3}
    assert rows(home, "commit_sha", "claims", "read_error") == [(sha, [claim], None)]
    assert "zebra" not in str(home.table("raw_commit_note").to_dicts()).lower()
    assert is_quiet(home)


def test_a_changed_note_is_read_again_and_a_lost_one_stays(home, app):
    """Nothing that was stored goes; what changed is renewed."""
    first, second = app.commit({"a.py": "a\n"}), app.commit({"a.py": "b\n"})
    noted(app, first)
    noted(app, second)
    raw(home)

    noted(app, first, "1-5")
    app.git("notes", "--ref=ai", "remove", second)
    raw(home)

    lines = {sha: [claim["lines"] for claim in claims] for sha, claims in rows(home, "commit_sha", "claims")}
    assert lines == {first: [5], second: [3]}
    app.git("update-ref", "-d", "refs/notes/ai")
    raw(home)
    assert len(rows(home, "commit_sha")) == 2


def test_damage_is_an_error_of_the_commit(home, app):
    """A note that cannot be read is told with its commit, and is read as soon as it can be."""
    bad, lost, good = (app.commit({"a.py": text}) for text in "abc")
    noted(app, bad, text="free words")
    noted(app, lost, "1-2")
    noted(app, good)
    blob = app.git("notes", "--ref=ai", "list", lost)
    content = app.git("cat-file", "blob", blob)
    app.lose(blob)

    raw(home)

    errors = home.table("raw_parse_error").select("provider", "log_path", "line", "reason").sort("reason").rows()
    assert [error[:3] for error in errors] == [("git", lost, 0), ("git", bad, 0)]
    assert [error[3].split(";")[0] for error in errors] == [
        "note of git-ai: missing, damaged or too large",
        "note of git-ai: no line --- between lines and metadata",
    ]
    app.git("hash-object", "-w", "--stdin", text=f"{content}\n")
    app.commit({"a.py": "d\n"})
    raw(home)
    assert home.table("raw_parse_error")["log_path"].to_list() == [bad]


def test_notes_that_cannot_be_listed_are_an_error_of_the_checkout(home, app):
    """Everything else of the repository is read."""
    sha = app.commit({"a.py": "a\n"})
    noted(app, sha)
    app.lose("refs/notes/ai^{tree}")

    raw(home)

    assert rows(home, "commit_sha") == []
    assert home.table("raw_commit")["commit_sha"].to_list() == [sha]
    ((path, reason),) = home.table("raw_parse_error").select("log_path", "reason").rows()
    assert path.startswith("app-")
    assert reason.startswith("notes of git-ai: git: ~/src/app/.git")


def test_two_checkouts(home, app):
    """A note of either counts; where both have one, that of the first by folder."""
    app.origin("https://example.test/team/app.git")
    first, second = app.commit({"a.py": "a\n"}), app.commit({"a.py": "b\n"})
    copy = Repository.clone(app, home.path / "src" / "zcopy")
    copy.git("remote", "set-url", "origin", "https://example.test/team/app.git")
    ClaudeLog(home.path, "s2", copy.folder).says(0, "hi").save()
    noted(app, first, "1")
    noted(copy, first, "1-2")
    noted(copy, second, "1-4")

    raw(home)

    assert {sha: claims[0]["lines"] for sha, claims in rows(home, "commit_sha", "claims")} == {first: 1, second: 4}
    assert is_quiet(home)
