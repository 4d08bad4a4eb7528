"""What Cursor says of commits, kept in the repositories that have them."""

import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog
from repositories import Repository
from scores import SCORED_MS, CursorScores

from paceflow_assets.runtime import ingest
from paceflow_assets.runtime import inventory as stock

PLACE = "~/.cursor/ai-tracking/ai-code-tracking.db"


def worked_in(home, name: str) -> Repository:
    """A repository that a session worked in."""
    made = Repository(home.path / "src" / name)
    ClaudeLog(home.path, f"s-{name}", made.folder).writes(0, made.folder / "a.py", f"{name}\n").save()
    return made


@pytest.fixture
def app(home) -> Repository:
    """A repository that a session worked in."""
    return worked_in(home, "app")


def rows(home, *columns: str) -> list[tuple]:
    """The scores' rows."""
    return home.table("raw_commit_score").select(columns).rows()


def errors(home) -> list[tuple]:
    """What could not be read."""
    return home.table("raw_parse_error").select("repository", "provider", "log_path", "line", "reason").rows()


def test_a_score_belongs_to_the_repositories_that_have_the_commit(home, app):
    """Whatever branch it names; of an unknown commit there is no row. Words of the message are not kept."""
    other = worked_in(home, "other")
    first, second = app.commit({"a.py": "a\n"}), other.commit({"b.py": "b\n"})
    cursor = CursorScores(home.path)
    for sha in (first, second, "0" * 40, "HEAD", ""):
        cursor.score(sha, linesAdded=3, tabLinesAdded=1, composerLinesAdded=2)

    raw(home)

    keys = {repository.partition("-")[0]: sha for repository, sha in rows(home, "repository", "commit_sha")}
    assert keys == {"local/app": first, "local/other": second}
    lines = ("branch_name", "added_lines", "tab_added_lines", "composer_added_lines", "human_added_lines")
    assert rows(home, *lines) == [("main", 3, 1, 2, None)] * 2
    assert {time.timestamp() for (time,) in rows(home, "scored_at")} == {SCORED_MS / 1000}
    assert "secret" not in str(home.table("raw_commit_score").to_dicts()).lower()
    assert is_quiet(home)


def test_only_the_repository_with_a_new_score_is_looked_at_again(home, app):
    """Also while it stands only in Cursor's log; what else Cursor writes changes nothing."""
    other = worked_in(home, "other")
    first, second = app.commit({"a.py": "a\n"}), other.commit({"b.py": "b\n"})
    cursor = CursorScores(home.path)
    cursor.score(first, tabLinesAdded=1)
    home.ingest()
    ingest.remember_done(home.settings, [], [])
    database = cursor.path.read_bytes()

    cursor.writes_code("h1")
    busy = ingest.unchanged(home.settings, home.now_ms)
    cursor.score(second, tabLinesAdded=5)
    scored = ingest.unchanged(home.settings, home.now_ms)
    found = home.discover()

    assert cursor.path.read_bytes() == database
    assert busy is not None
    assert scored is None
    assert [key.partition("-")[0] for key in found.changed] == ["local/other"]
    home.ingest()
    assert dict(rows(home, "commit_sha", "tab_added_lines")) == {first: 1, second: 5}
    evidence = home.table("view_commit_evidence").filter("cursor_score_flag")
    assert dict(evidence.select("commit_sha", "evidence_lines").rows()) == {first: 1, second: 5}
    assert "cursor" not in home.table("fact_commit_session_match")["provider"].to_list()
    assert is_quiet(home)


def test_a_changed_score_is_read_again_and_a_dropped_one_stays(home, app):
    """Nothing that was stored goes, not even with the whole database."""
    first, second = app.commit({"a.py": "a\n"}), app.commit({"a.py": "b\n"})
    cursor = CursorScores(home.path)
    cursor.score(first, tabLinesAdded=1)
    cursor.score(second, tabLinesAdded=2)
    raw(home)

    cursor.score(first, tabLinesAdded=7)
    cursor.drops(second)
    raw(home)

    assert dict(rows(home, "commit_sha", "tab_added_lines")) == {first: 7, second: 2}
    cursor.close()
    cursor.path.unlink()
    raw(home)
    assert len(rows(home, "commit_sha")) == 2
    assert is_quiet(home)


def test_a_commit_that_comes_after_its_score(home, app):
    """A score waits until the commit is known."""
    app.commit({"a.py": "a\n"})
    copy = Repository.clone(app, home.path / "elsewhere")
    later = copy.commit({"a.py": "b\n"})
    CursorScores(home.path).score(later, tabLinesAdded=1)
    raw(home)
    before = rows(home, "commit_sha")

    app.git("fetch", "-q", str(copy.folder), "main:topic")
    raw(home)

    assert before == []
    assert rows(home, "commit_sha") == [(later,)]
    raw(home)
    assert is_quiet(home)


def test_a_database_that_cannot_be_read_is_one_error(home, app):
    """It belongs to no repository; everything else is read, what was stored stays, and it is read as soon as it can be."""
    first, second = app.commit({"a.py": "a\n"}), app.commit({"a.py": "b\n"})
    cursor = CursorScores(home.path)
    cursor.score(first, tabLinesAdded=1)
    home.ingest()
    cursor.score(second, tabLinesAdded=2)
    cursor.close()
    content = cursor.path.read_bytes()
    cursor.path.write_bytes(b"no database at all, but long enough for a header" * 3)

    outcomes = home.ingest()

    assert not any(outcome.failures for outcome in outcomes.values())
    reason = "file is not a database; what Cursor says of commits is left out; it is tried again at each ingest"
    assert errors(home) == [("no-repository", "cursor", PLACE, 0, reason)]
    assert rows(home, "commit_sha") == [(first,)]
    assert is_quiet(home)
    ingest.remember_done(home.settings, [], [])
    assert ingest.unchanged(home.settings, home.now_ms) is not None
    cursor.path.write_bytes(content)
    assert ingest.unchanged(home.settings, home.now_ms) is None
    home.ingest()
    assert errors(home) == []
    assert len(rows(home, "commit_sha")) == 2
    assert is_quiet(home)


def test_a_broken_database_that_goes_away(home, app):
    """Then there is nothing to complain about."""
    app.commit({"a.py": "a\n"})
    path = CursorScores(home.path, schema="create table scored_commits (commitHash TEXT)").path
    home.ingest()
    ingest.remember_done(home.settings, [], [])
    told = errors(home)

    for file in path.parent.iterdir():
        file.unlink()
    assert ingest.unchanged(home.settings, home.now_ms) is None
    home.ingest()

    assert [error[1] for error in told] == ["cursor"]
    assert errors(home) == []


def test_a_lost_inventory(home, app):
    """Everything is looked at again, and nothing changes."""
    sha = app.commit({"a.py": "a\n"})
    CursorScores(home.path).score(sha, tabLinesAdded=1)
    raw(home)

    (home.settings.state / "inventory.json").unlink()
    raw(home)

    assert stock.load(home.settings).scores.read.values()
    assert rows(home, "commit_sha", "tab_added_lines") == [(sha, 1)]
    assert is_quiet(home)
