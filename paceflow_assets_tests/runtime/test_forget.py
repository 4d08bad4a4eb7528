"""`forget`: gone from raw and everything below, and not coming back."""

import pytest
from ingests import is_quiet, raw, sessions
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.forget import doomed, forget
from paceflow_assets.runtime.forgotten import Tombstone, tombstones
from paceflow_assets.runtime.inventory import load
from paceflow_assets.runtime.warehouse import Warehouse

WORDS = "a very private prompt"


@pytest.fixture
def app(home) -> Repository:
    """A repository with a commit and two sessions; one of them is secret."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "secret", made.folder).says(0, WORDS).writes(1, made.folder / "a.py", "a\n").save()
    ClaudeLog(home.path, "plain", made.folder).says(60, "plain prompt").writes(61, made.folder / "b.py", "b\n").save()
    return made


@pytest.fixture
def lib(home) -> Repository:
    """Another repository with a commit."""
    made = Repository(home.path / "src" / "lib")
    made.commit({"l.py": "l\n"})
    return made


def forget_it(home, kind: str, value: str):
    """Forget, as the command does."""
    what = doomed(home.settings, Tombstone(kind, value, home.now_ms))
    forget(home.settings, what)
    return what


def stored_sessions(home) -> list[str]:
    """Ids of all stored sessions."""
    return sorted(set(home.table("raw_session")["session_id"]))


def is_anywhere(home, text: str) -> bool:
    """Whether a file of the warehouse or of the waiting logs holds the text, whatever its name."""
    found = Warehouse(home.settings)
    for path in [*found.root.rglob("*"), *(home.settings.state / "parsed").glob("*")]:
        if path.is_file() and (text.encode() in path.read_bytes() or (path.suffix == ".parquet" and text in _text(path))):
            return True
    return False


def _text(path) -> str:
    import polars as pl

    return str(pl.read_parquet(path).to_dicts())


def test_a_session_is_gone_for_good(home, app):
    """From every table, from the files kept aside, from what waits; also after its log grew and was read again."""
    home.ingest()
    log = ClaudeLog(home.path, "secret", app.folder).says(0, WORDS).says(5, "more")
    log.save()
    home.discover()
    assert is_anywhere(home, WORDS)

    what = forget_it(home, "session", "secret")

    assert (what.sessions, len(what.repositories)) == ([("claude", "secret")], 1)
    assert not is_anywhere(home, WORDS)
    home.ingest()
    log.says(9, "even more").save()
    home.ingest()
    assert not is_anywhere(home, WORDS)
    for name in ("raw_session", "metadata_sessions", "fact_session_message", "event_session_quality"):
        assert home.table(name)["session_id"].unique().to_list() == ["plain"]
    assert home.table("raw_log")["log_path"].to_list() == ["~/.claude/projects/project/plain.jsonl"]
    assert home.table("fact_commit").height == 1
    assert is_quiet(home)


def test_a_forgotten_session_stays_away_when_the_inventory_is_lost(home, app):
    """Its log is read again, and nothing of it is stored."""
    raw(home)
    forget_it(home, "session", "secret")
    raw(home)
    (home.settings.state / "inventory.json").unlink()

    raw(home)

    assert stored_sessions(home) == ["plain"]
    assert is_quiet(home)


def test_a_session_in_two_repositories_goes_from_both(home, app, lib):
    """Wherever it lay."""
    log = ClaudeLog(home.path, "both", app.folder).writes(1, app.folder / "a.py", "a\n").writes(2, lib.folder / "b.py", "b\n")
    log.save()
    raw(home)

    what = forget_it(home, "session", "both")
    raw(home)

    assert len(what.repositories) == 2
    assert stored_sessions(home) == ["plain", "secret"]
    assert is_quiet(home)


def test_a_repository_is_gone_with_the_sessions_at_home_in_it(home, app, lib):
    """Its commits too; sessions at home elsewhere lose what they did there, and keep the rest."""
    lib_log = ClaudeLog(home.path, "visitor", lib.folder).says(0, "hello")
    lib_log.writes(1, app.folder / "a.py", "a\n").writes(2, lib.folder / "b.py", "b\n").save()
    found = raw(home)
    app_key, lib_key = found.repositories

    forget_it(home, "repository", app_key)

    assert raw(home).repositories == [lib_key]
    assert stored_sessions(home) == ["visitor"]
    ((changes,),) = home.table("raw_session").select("changes").rows()
    assert [change["repository"] for change in changes] == [lib_key]
    assert is_quiet(home)
    ClaudeLog(home.path, "later", app.folder).says(200, "again").save()
    lib_log.writes(9, app.folder / "c.py", "c\n").says(10, "bye").save()
    assert raw(home).repositories == [lib_key]
    assert stored_sessions(home) == ["visitor"]
    ((changes, messages),) = home.table("raw_session").select("changes", "messages").rows()
    assert ([change["rel_path"] for change in changes], len(messages)) == (["b.py"], 2)
    assert home.table("raw_commit")["repository"].unique().to_list() == [lib_key]
    assert is_quiet(home)


def test_a_forgotten_repository_stays_away_when_the_inventory_is_lost(home, app):
    """Also when it would get another key now: that of an address it got later."""
    (key,) = raw(home).repositories
    app.origin("https://example.test/a/app")
    raw(home)
    forget_it(home, "repository", key)
    (home.settings.state / "inventory.json").unlink()

    assert raw(home).repositories == []
    assert is_quiet(home)


def test_a_forgotten_repository_stays_away_when_it_gets_its_first_commit(home):
    """The tombstone follows its key."""
    made = Repository(home.path / "src" / "new")
    ClaudeLog(home.path, "s1", made.folder).says(0, WORDS).save()
    (key,) = raw(home).repositories
    forget_it(home, "repository", key)
    raw(home)
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s2", made.folder).says(0, WORDS).save()

    assert raw(home).repositories == []
    assert not is_anywhere(home, WORDS)


def test_what_ended_before_a_day(home, app):
    """Sessions that went on after it stay; new logs of old sessions are not stored."""
    ClaudeLog(home.path, "next day", app.folder).says(0, "old").says(24 * 60, "new").save()
    raw(home)

    what = forget_it(home, "before", "2026-01-06")
    ClaudeLog(home.path, "found later", app.folder).says(5, "old").save()
    raw(home)

    assert {session for _, session in what.sessions} == {"plain", "secret"}
    assert stored_sessions(home) == ["next day"]
    assert is_quiet(home)


def test_a_forgotten_session_does_not_come_back_when_it_is_resumed(home, app):
    """Even if it was forgotten for its age: nobody asked for it again."""
    raw(home)
    forget_it(home, "before", "2026-01-06")
    log = ClaudeLog(home.path, "secret", app.folder).says(0, WORDS).says(3 * 24 * 60, "resumed")
    log.save()

    raw(home)

    assert stored_sessions(home) == []
    assert {stone.value for stone in tombstones(home.settings)} == {"2026-01-06", "plain", "secret"}


def test_a_sub_agents_log_alone_brings_nothing_back(home, app, lib):
    """A new session of a forgotten repository is forgotten as a whole, also what its sub-agents did elsewhere."""
    key = next(key for key in raw(home).repositories if "app" in key)
    forget_it(home, "repository", key)
    ClaudeLog(home.path, "s9", app.folder).says(0, "go").save()
    agent = ClaudeLog(home.path, "s9", lib.folder, name="agent-1")
    agent.path = agent.path.parent / "s9" / "subagents" / "agent-1.jsonl"
    agent.replies(1, "working").save()
    raw(home)
    agent.replies(2, "still working").save()

    raw(home)

    assert stored_sessions(home) == []
    assert is_quiet(home)


def test_a_parse_error_of_a_forgotten_session_goes_too(home, app):
    """And its log's other errors; those of other logs stay."""
    for session in ("bad", "other"):
        path = CodexLog(home.path, session, app.folder).says(0, "x").save()
        path.write_text(path.read_text() + "{\n")
    raw(home)

    forget_it(home, "session", "bad")
    raw(home)

    assert [path.endswith("-other.jsonl") for path in home.table("raw_parse_error")["log_path"]] == [True]


def test_what_nobody_stored_is_remembered(home, app):
    """A session that was not read yet is never stored."""
    what = forget_it(home, "session", "secret")

    raw(home)

    assert (what.sessions, what.repositories) == ([], [])
    assert stored_sessions(home) == ["plain"]
    assert is_quiet(home)


def test_only_what_is_asked_for_is_rewritten(home, app, lib):
    """A repository that holds nothing of it keeps its derived tables."""
    ClaudeLog(home.path, "visitor", lib.folder).says(0, "hello").save()
    home.ingest()
    app_key = next(key for key in load(home.settings).repositories() if "app" in key)

    forget_it(home, "repository", app_key)

    assert home.table("metadata_sessions")["session_id"].to_list() == ["visitor"]


def test_a_damaged_raw_file_stops_forgetting(home, app):
    """Because what is in it would stay."""
    (key,) = raw(home).repositories
    path = Warehouse(home.settings).path("raw_session", key)
    path.write_bytes(b"PAR1")

    with pytest.raises(WarehouseError, match="nothing was forgotten; mend it first"):
        doomed(home.settings, Tombstone("session", "secret", 1))


def test_forgetting_ends_nothing_else(home, app):
    """What the other session did is counted as before."""
    home.ingest()
    before = [row for row in sessions(home) if row[1] == "plain"]

    forget_it(home, "session", "secret")
    outcomes = home.ingest()

    assert sessions(home) == before
    assert [outcome.failures for outcome in outcomes.values()] == [[], []]
