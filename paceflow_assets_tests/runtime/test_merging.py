"""Giving what is stored of one repository another key."""

import polars as pl
import pytest
from ingests import RAW, contents, homes, is_quiet, raw, sessions
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime import discovery
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.discovery import merge
from paceflow_assets.runtime.errors import Locked, RepositoryError
from paceflow_assets.runtime.merging import merge_tables, renamed
from paceflow_assets.runtime.warehouse import Warehouse


@pytest.fixture
def two(home) -> tuple[str, str]:
    """Two keys of one repository, and a session elsewhere that touched the first."""
    app = Repository(home.path / "src" / "app")
    app.commit({"a.py": "a\n"})
    copy = Repository.clone(app, home.path / "copy")
    copy.commit({"c.py": "c\n"})
    lib = Repository(home.path / "src" / "lib")
    lib.commit({"l.py": "l\n"})
    ClaudeLog(home.path, "in both", copy.folder).writes(0, app.folder / "a.py", "a\n").writes(
        1, copy.folder / "c.py", "c\n"
    ).save()
    ClaudeLog(home.path, "in app", app.folder).says(0, "hi").save()
    ClaudeLog(home.path, "visitor", lib.folder).writes(0, app.folder / "b.py", "b\n").save()
    raw(home)
    (old,) = (key for key in home.table("raw_checkout")["repository"] if "app" in key)
    (new,) = (key for key in home.table("raw_checkout")["repository"] if "copy" in key)
    return old, new


def test_two_keys_become_one(home, two):
    """Every row speaks of the key that stays; nothing is lost, nothing is there twice."""
    old, new = two
    before = {row[1] for row in sessions(home)}

    merge(home.settings, old, new)
    found = raw(home)

    assert old not in found.repositories
    assert old not in str(home.table("raw_session").to_dicts())
    assert {row[1] for row in sessions(home)} == before
    assert home.table("raw_session", new)["session_id"].to_list() == ["in app", "in both", "visitor"]
    assert home.table("raw_commit", new)["commit_sha"].n_unique() == home.table("raw_commit", new).height == 2
    assert home.table("raw_checkout", new)["folder"].to_list() == ["copy", "app"] or home.table("raw_checkout", new).height == 2
    assert all(len(places) == 1 for places in homes(home).values())
    assert not list(Warehouse(home.settings).root.rglob(f"{Warehouse(home.settings).path('raw_log', old).name}*"))
    assert is_quiet(home)


def test_what_comes_later_lies_under_the_key_that_stays(home, two):
    """New sessions in either folder, and a session that grows."""
    old, new = two
    merge(home.settings, old, new)
    ClaudeLog(home.path, "later", home.path / "src" / "app").says(9, "hi").save()
    ClaudeLog(home.path, "in app", home.path / "src" / "app").says(0, "hi").says(9, "again").save()

    found = raw(home)

    assert old not in found.repositories
    rows = {row[1]: row for row in sessions(home)}
    assert rows["later"][0] == rows["in app"][0] == new
    assert rows["in app"][5] == 2


def test_a_lost_inventory_does_not_undo_it(home, two):
    """The raw tables know."""
    old, new = two
    merge(home.settings, old, new)
    raw(home)
    before = contents(home, ["raw_session", "raw_commit", "raw_log"], without=["fingerprint"])
    (home.settings.state / "inventory.json").unlink()

    found = raw(home)

    assert old not in found.repositories
    assert contents(home, before, without=["fingerprint"]) == before
    assert is_quiet(home)


def test_keys_that_cannot_be_merged(home, two):
    """The message says which are known."""
    _, new = two

    for old, told in (
        ("nobody", "nobody: no such repository; nothing was merged; known are: "),
        (new, "is the same repository"),
    ):
        with pytest.raises(RepositoryError, match=told):
            merge(home.settings, old, new)

    assert is_quiet(home)


def test_a_repository_in_use_keeps_its_key(home, two):
    """Nothing is done by halves."""
    old, new = two
    before = contents(home, RAW)

    with _held_elsewhere(home, new), pytest.raises(Locked):
        merge_tables(home.settings, old, new, wait_seconds=0)

    assert contents(home, RAW) == before


@pytest.mark.parametrize("steps", [0, 4])
def test_a_merge_that_was_cut_off_is_finished_by_the_next_look(home, two, monkeypatch, steps):
    """After any number of tables."""
    from paceflow_assets.runtime import merging

    old, new = two
    write, written = merging._write, []

    def failing(*arguments):
        if len(written) == steps:
            raise KeyboardInterrupt
        written.append(write(*arguments))

    with monkeypatch.context() as patched:
        patched.setattr(merging, "_write", failing)
        with pytest.raises(KeyboardInterrupt):
            merge(home.settings, old, new)
    found = raw(home)

    assert old not in found.repositories
    assert home.table("raw_session", new)["session_id"].to_list() == ["in app", "in both", "visitor"]
    assert home.table("raw_commit", new).height == 2
    assert stock.load(home.settings).merging == []
    assert is_quiet(home)


def test_renamed_reaches_into_lists():
    """Wherever a field names the repository; nothing else changes."""
    frame = pl.DataFrame(
        {
            "repository": ["old", "x"],
            "home_repository": ["x", "old"],
            "changes": [[{"repository": "old", "path": "old"}], []],
            "words": [["old"], []],
        }
    )

    found = renamed(frame, "old", "new")

    assert found.rows() == [
        ("new", "x", [{"repository": "new", "path": "old"}], ["old"]),
        ("x", "new", [], []),
    ]
    assert found.schema == frame.schema


def test_a_log_read_under_both_keys_in_different_states_counts_as_unread():
    """What one of them lacks is read again; equal states stay."""
    state = {"old": "1 p", "new": "1 p"}
    logs = {
        "same": stock.Log("claude", "/a", "1", "p", sessions={"s": ["new", "old"]}, read=dict(state)),
        "other": stock.Log("claude", "/b", "1", "p", sessions={"s": ["old"]}, read={"old": "1 p", "new": "0 p"}),
        "one": stock.Log("claude", "/c", "1", "p", sessions={"s": ["old"]}, read={"old": "1 p", "x": "1 p"}),
    }
    found = stock.Inventory(logs=logs, adopted={"/gone": "old"})

    discovery.rename(found, "old", "new")

    assert {name: log.read for name, log in logs.items()} == {
        "same": {"new": "1 p"},
        "other": {"new": ""},
        "one": {"new": "1 p", "x": "1 p"},
    }
    assert {tuple(log.sessions["s"]) for log in logs.values()} == {("new",)}
    assert found.adopted == {"/gone": "new"}


def _held_elsewhere(home, key: str):
    """The repository's lock, held by another thread as another process would."""
    import contextlib
    import threading

    @contextlib.contextmanager
    def held():
        taken, done = threading.Event(), threading.Event()

        def hold():
            with Warehouse(home.settings).lock(key):
                taken.set()
                done.wait(30)

        thread = threading.Thread(target=hold)
        thread.start()
        taken.wait(30)
        try:
            yield
        finally:
            done.set()
            thread.join()

    return held()
