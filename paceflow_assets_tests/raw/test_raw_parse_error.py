"""What could not be read, where, and with what consequence."""

import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.runtime.forgotten import Tombstone, bury


@pytest.fixture
def app(home) -> Repository:
    """A repository of the home."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    return made


def errors(home, *columns: str) -> list[tuple]:
    """The errors' rows."""
    return home.table("raw_parse_error").select(columns or ("provider", "log_path", "line", "error_index", "session_id")).rows()


def test_a_bad_line_is_a_row_and_loses_nothing_else(home, app):
    """With its place, and why."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").says(1, "two")
    path = log.save()
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{broken", lines[1], '{"type": "user", "message": 3}', ""]))

    raw(home)

    place = ("claude", "~/.claude/projects/project/s1.jsonl")
    assert errors(home)[0][:4] == (*place, 2, 0)
    assert all(reason for (reason,) in errors(home, "reason"))
    assert [m["content"] for m in home.table("raw_session")["messages"].to_list()[0]] == ["one", "two"]
    assert is_quiet(home)


def test_a_logs_errors_are_replaced_when_it_is_read_again(home, app):
    """They are not added up; once the log is right, there are none. Those of other logs stay."""
    for session in ("s1", "s2"):
        path = ClaudeLog(home.path, session, app.folder).says(0, "one").save()
        path.write_text(path.read_text() + "{broken\n")
    raw(home)
    path.write_text(path.read_text() + "{broken too\n")
    raw(home)
    worse = [row[1:3] for row in errors(home)]
    ClaudeLog(home.path, "s2", app.folder).says(0, "one").says(1, "two").save()
    raw(home)

    name = "~/.claude/projects/project/{}.jsonl".format
    assert worse == [(name("s1"), 2), (name("s2"), 2), (name("s2"), 3)]
    assert [row[1:3] for row in errors(home)] == [(name("s1"), 2)]


def test_several_errors_on_one_line_are_numbered(home, app):
    """So that each has its own key."""
    log = CodexLog(home.path, "s1", app.folder).says(0, "one")
    path = log.save()
    path.write_text(path.read_text() + "{\n" * 3)
    raw(home)

    keys = [row[:4] for row in errors(home)]
    assert len(set(keys)) == len(keys)


def test_a_truncated_log_is_told_at_its_last_line(home, app):
    """A log that is being written, or whose disk was full."""
    path = ClaudeLog(home.path, "s1", app.folder).says(0, "one").says(1, "two").save()
    path.write_bytes(path.read_bytes()[:-40])

    raw(home)

    assert [row[2] for row in errors(home)] == [2]
    assert [m["content"] for m in home.table("raw_session")["messages"].to_list()[0]] == ["one"]


def test_a_log_that_vanishes_keeps_its_errors(home, app):
    """What could not be read never will be."""
    path = ClaudeLog(home.path, "s1", app.folder).says(0, "one").save()
    path.write_text(path.read_text() + "{\n")
    raw(home)
    before = errors(home)
    path.unlink()

    raw(home)

    assert errors(home) == before


def test_a_broken_repository_is_told_without_its_absolute_path(home, app):
    """As long as it is broken."""
    ClaudeLog(home.path, "s1", app.folder).says(0, "one").save()
    head = (app.folder / ".git" / "HEAD").read_text()
    (app.folder / ".git" / "HEAD").write_text("garbage\n")
    raw(home)
    ((provider, place, reason),) = errors(home, "provider", "log_path", "reason")
    (app.folder / ".git" / "HEAD").write_text(head)
    raw(home)

    assert (provider, place.startswith("app-")) == ("git", True)
    assert "~/src/app/.git" in reason
    assert str(home.path) not in reason
    assert errors(home) == []


def test_a_ref_to_nothing_is_told(home, app):
    """Its history is unknown; that of others is known."""
    app.commit({"b.py": "b\n"})
    app.branch("topic")
    lost = app.commit({"c.py": "c\n"})
    app.switch("main")
    app.lose(lost)
    ClaudeLog(home.path, "s1", app.folder).says(0, "one").save()

    raw(home)

    ((place, reason),) = errors(home, "log_path", "reason")
    assert place == "refs/heads/topic"
    assert lost in reason
    assert home.table("raw_commit").height == 2


def test_errors_of_a_forgotten_session_are_not_stored(home, app):
    """They might tell of what it held."""
    path = CodexLog(home.path, "s1", app.folder).says(0, "one").save()
    path.write_text(path.read_text() + "{\n")
    bury(home.settings, [Tombstone("session", "s1", 0)])

    raw(home)

    assert errors(home) == []
