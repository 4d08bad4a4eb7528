"""Inventory: what discovery remembers, and what follows from it."""

import os

import pytest

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.inventory import Inventory, Log
from paceflow_assets.runtime.parsed import Kept
from paceflow_assets.runtime.partitions import Checkout
from paceflow_assets.runtime.settings import settings


def log(sessions: dict[str, list[str]], *, provider: str = "codex", **fields) -> Log:
    """A log with these sessions."""
    return Log(provider, "/log", "1:2:3", "parser", sessions=sessions, **fields)


def test_an_inventory_is_stored_and_loaded(tmp_path):
    """Everything it holds, in a private file."""
    where = settings({"HOME": str(tmp_path)})
    made = Inventory(
        logs={"~/a.jsonl": log({"s": ["r"]}, read={"r": "x"}, kept=Kept("f", 1, 2), unplaced=["/a"])},
        checkouts={"/a\x00ff/.git": Checkout("r", "a", ["/a"])},
        adopted={"/gone": "r"},
        merging=[("old", "new")],
    )

    stock.save(where, made)

    assert stock.load(where) == made
    assert (where.state / "inventory.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"logs": 3}', b'{"version": 99}', b"\xff"])
def test_a_lost_or_damaged_inventory_is_none(tmp_path, content):
    """It can be made again from raw; so can one that another version of paceflow wrote."""
    where = settings({"HOME": str(tmp_path)})
    if content is not None:
        where.state.mkdir(parents=True)
        (where.state / "inventory.json").write_bytes(content)

    assert stock.load(where) is None


@pytest.mark.parametrize("content", [None, b"", b"soon", b"\xff"])
def test_a_look_is_remembered(tmp_path, content):
    """What was lost or damaged is not known, until the next look."""
    where = settings({"HOME": str(tmp_path)})
    if content is not None:
        where.state.mkdir(parents=True)
        (where.state / "looked").write_bytes(content)
    lost = stock.looked_ms(where)

    stock.remember_look(where, 17)

    assert (lost, stock.looked_ms(where)) == (None, 17)


def test_a_log_is_read_in_a_state():
    """A repository is up to date with a log's content, and with whether it is there."""
    there = log({}, read={"r": "1:2:3 parser", "gone": "1:2:3 parser missing", "old": "1:1:3 parser"})
    missing = log({}, missing_ms=5)

    assert (there.state, missing.state) == ("1:2:3 parser", "1:2:3 parser missing")
    assert [there.is_content_read(key) for key in ("r", "gone", "old", "none")] == [True, True, False, False]


def test_a_sub_agents_thread_counts_for_the_session_above():
    """Through any number of sub-agents; logs are known in any order."""
    logs = {
        "c": log({"b": ["r3"]}, agents={"c": "b"}),
        "a": log({"a": ["r1"]}),
        "b": log({"a": ["r2"]}, agents={"b": "a"}),
        "other": log({"b": ["r4"]}, provider="claude"),
    }

    found = Inventory(logs=logs)

    assert found.sessions_of_threads() == {("codex", "b"): "a", ("codex", "c"): "a"}
    assert found.repositories_of_sessions() == {("codex", "a"): {"r1", "r2", "r3"}, ("claude", "b"): {"r4"}}
    assert found.repositories_of_logs() == {
        "a": ["r1", "r2", "r3"],
        "b": ["r1", "r2", "r3"],
        "c": ["r1", "r2", "r3"],
        "other": ["r4"],
    }


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ({"a": "a"}, {}),
        ({"a": "b", "b": "a"}, {"b": "a"}),
        ({"t": "b", "a": "b", "b": "a"}, {"t": "a", "b": "a"}),
        ({"a": "b", "b": "c", "c": "b"}, {"a": "b", "c": "b"}),
    ],
)
def test_threads_that_name_each_other(agents, expected):
    """One of them counts as the session, so that nothing lies nowhere."""
    logs = {thread: log({}, agents={thread: owner}) for thread, owner in agents.items()}

    found = Inventory(logs=logs).sessions_of_threads()

    assert {thread: owner for (_, thread), owner in found.items()} == expected


def test_a_log_lies_where_its_session_lies_and_where_it_was_read():
    """A log of nothing but errors lies in `no-repository`; one of nothing at all lies nowhere."""
    logs = {
        "one": log({"s": ["r1"]}),
        "two": log({"s": ["r2"]}, read={"r0": "x"}),
        "errors": log({}, error_count=1),
        "errors and a session": log({"t": ["r3"]}, error_count=1),
        "empty": log({}),
    }

    found = Inventory(logs=logs, named=["r9"])

    assert found.repositories_of_logs() == {
        "one": ["r1", "r2"],
        "two": ["r0", "r1", "r2"],
        "errors": ["no-repository"],
        "errors and a session": ["r3"],
        "empty": [],
    }
    assert found.repositories() == ["no-repository", "r0", "r1", "r2", "r3", "r9"]


def test_fingerprints_tell_states_apart(tmp_path):
    """Size, time in nanoseconds, and which file it is; None when there is none."""
    path = tmp_path / "a"
    path.write_text("a")
    marks = [stock.fingerprint(str(path))]
    os.utime(path, ns=(1, 1))
    marks.append(stock.fingerprint(str(path)))
    os.utime(path, ns=(2, 2))
    marks.append(stock.fingerprint(str(path)))
    (tmp_path / "b").write_text("b")
    os.utime(tmp_path / "b", ns=(2, 2))
    os.replace(tmp_path / "b", path)
    marks.append(stock.fingerprint(str(path)))

    assert len(set(marks)) == 4
    assert stock.fingerprint(str(tmp_path / "none")) is None
    assert stock.files_signature([tmp_path / "none", path]) == f"{path}={marks[-1]}"
