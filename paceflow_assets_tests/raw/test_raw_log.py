"""The ledger: which logs were read, in which state, by which parser."""

import os

import pytest
from ingests import is_quiet, raw, raw_of
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime import inventory as stock


@pytest.fixture
def app(home) -> Repository:
    """A repository of the home."""
    return Repository(home.path / "src" / "app")


def ledger(home, *columns: str) -> list[tuple]:
    """The ledger's rows, by log."""
    return home.table("raw_log").sort("log_path", "repository").select(columns).rows()


def test_a_log_has_a_row_in_each_repository_that_it_touches(home, app):
    """With the state in which it was read; never with an absolute path."""
    lib = Repository(home.path / "src" / "lib")
    log = ClaudeLog(home.path, "s1", app.folder).writes(0, app.folder / "a.py", "a\n").writes(1, lib.folder / "b.py", "b\n")
    path = log.save()
    found = raw(home)

    mark = stock.fingerprint(str(path))
    row = ("claude", "~/.claude/projects/project/s1.jsonl", mark, 1, 0, None)
    assert ledger(home, "provider", "log_path", "fingerprint", "session_count", "error_count", "missing_since") == [row, row]
    assert ledger(home, "repository") == [(key,) for key in found.repositories]


def test_a_log_that_vanishes_says_since_when(home, app):
    """Its row stays, and nothing else changes; when it comes back, it is there again."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "hi")
    log.save()
    raw(home)
    before = ledger(home, "log_path", "fingerprint")
    log.path.unlink()

    raw(home)

    assert ledger(home, "log_path", "fingerprint") == before
    ((since,),) = ledger(home, "missing_since")
    assert since is not None
    assert is_quiet(home)
    log.save()
    raw(home)
    assert ledger(home, "missing_since") == [(None,)]
    assert is_quiet(home)


def test_a_log_of_nothing_but_errors_lies_in_no_repository(home):
    """It is counted, so that a person can find it; once its records are right, they count."""
    path = ClaudeLog(home.path, "s1", home.path).path
    path.parent.mkdir(parents=True)
    path.write_text("{\n")

    raw(home)

    assert ledger(home, "repository", "session_count", "error_count") == [("no-repository", 0, 1)]
    assert is_quiet(home)


def test_a_log_of_nothing_at_all_leaves_no_trace(home):
    """An empty file is no error; it is not read again either."""
    path = ClaudeLog(home.path, "s1", home.path).path
    path.parent.mkdir(parents=True)
    path.write_text("")

    assert raw(home).repositories == []
    assert is_quiet(home)


def test_the_ledger_vouches_only_for_what_raw_holds(home, app):
    """A log whose session was not stored yet counts as unread, whatever else was computed."""
    ClaudeLog(home.path, "s1", app.folder).says(0, "hi").save()
    (key,) = home.discover().repositories

    raw_of(home, key, ["raw_log"])
    assert not is_quiet(home)

    raw_of(home, key, ["raw_checkout", "raw_ref", "raw_session", "raw_commit", "raw_parse_error"])
    assert not is_quiet(home)

    raw_of(home, key)
    assert is_quiet(home)
    assert home.table("raw_session")["session_id"].to_list() == ["s1"]


def test_a_log_whose_name_is_no_utf8(home, app):
    """Its path is printable; it is read once, and missed when it is gone."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "hi")
    path = os.fsencode(log.save())
    odd = path.replace(b"s1.jsonl", b"\xff.jsonl")
    os.rename(path, odd)

    raw(home)

    assert ledger(home, "log_path", "missing_since") == [("~/.claude/projects/project/\\xff.jsonl", None)]
    assert is_quiet(home)
    os.unlink(odd)
    raw(home)
    assert ledger(home, "missing_since")[0][0] is not None
    assert is_quiet(home)


def test_a_log_outside_the_home(home, app, tmp_path):
    """The folder that a variable names; its place stands as a hash."""
    home.env["CLAUDE_CONFIG_DIR"] = str(tmp_path / "elsewhere")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "hi")
    log.path = tmp_path / "elsewhere" / "projects" / "project" / "s1.jsonl"
    log.save()

    raw(home)

    ((name,),) = ledger(home, "log_path")
    assert name.startswith("…")
    assert name.endswith("/s1.jsonl")
    assert str(tmp_path) not in name
    assert is_quiet(home)
