"""Durable and incremental: nothing is lost, nothing is doubled, an unchanged run does nothing, any order will do."""

import os
import shutil
import subprocess
import sys
import textwrap

import msgspec
import polars as pl
import pytest
from ingests import RAW, contents, homes, is_quiet, raw, raw_of, sessions
from logs import ClaudeLog, CodexLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.runtime import warehouse as storage
from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

SEEN = ("fingerprint", "first_seen_at", "last_seen_at")  # differ between two ways to the same logs


@pytest.fixture
def app(home) -> Repository:
    """A repository with two commits."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "one\n"}, date=FIRST_SECOND + 600)
    made.branch("ABC-1-topic")
    made.commit({"b.py": "two\nthree\n"}, date=FIRST_SECOND + 6000)
    return made


@pytest.fixture
def logs(home, app) -> list:
    """Logs that share sessions and records: an original, a resume, a fork, a sub-agent, and another agent's session."""
    lib = Repository(home.path / "src" / "lib")
    lib.commit({"l.py": "l\n"})
    first = ClaudeLog(home.path, "s1", app.folder).says(0, "go").writes(1, app.folder / "a.py", "one\n").replies(2, "done")
    resumed = ClaudeLog(home.path, "s1", app.folder, name="resumed")
    resumed.records, resumed.calls = [dict(record) for record in first.records], 1
    resumed.says(30, "on").writes(31, lib.folder / "l.py", "l\n")
    fork = ClaudeLog(home.path, "s2", app.folder)
    forked = {"sessionId": "s2", "forkedFrom": {"sessionId": "s1", "messageUuid": "x"}}
    fork.records = [{**record, **forked} for record in first.records]
    fork.says(40, "else").writes(41, app.folder / "b.py", "two\nthree\n")
    agent = ClaudeLog(home.path, "s1", app.folder, name="agent-1")
    agent.path = agent.path.parent / "s1" / "subagents" / "agent-1.jsonl"
    agent.replies(50, "working").writes(51, app.folder / "c.py", "four\n")
    for record in agent.records:
        record["uuid"] = f"agent {record['uuid']}"
        for block in record["message"]["content"]:
            for name in ("id", "tool_use_id"):
                if name in block:
                    block[name] = f"agent {block[name]}"
    other = CodexLog(home.path, "c1", app.folder).says(60, "codex").patches(61, "*** Update File: a.py\n@@\n-one\n+five")
    return [first, resumed, fork, agent, other]


def test_twice_is_once(home, app, logs):
    """A second ingest computes nothing, and every table is what it was."""
    for log in logs:
        log.save()
    first = home.ingest()
    before = contents(home)

    second = home.ingest()

    assert all(outcome.failures == [] for outcome in [*first.values(), *second.values()])
    assert [outcome.built for outcome in second.values()] == [0] * len(second)
    assert contents(home) == before
    assert is_quiet(home)


@pytest.mark.parametrize("order", [(4, 3, 2, 1, 0), (2, 0, 4, 1, 3)])
def test_any_order_of_files_gives_the_same_tables(home, app, logs, order):
    """One by one, whichever comes first, or all at once."""
    paths = [log.save() for log in logs]
    raw(home)
    together = contents(home, RAW, without=SEEN)
    shutil.rmtree(home.settings.paceflow_home)
    for number, path in enumerate(paths):
        path.rename(home.path / str(number))

    for number in order:
        (home.path / str(number)).rename(paths[number])
        raw(home)

    assert contents(home, RAW, without=SEEN) == together
    assert all(len(places) == 1 for places in homes(home).values())
    assert is_quiet(home)


def test_derived_tables_do_not_depend_on_the_way(home, app, logs):
    """Step by step with ingests between, or at once from raw."""
    for log in logs[:2]:
        log.save()
    home.ingest()
    for log in logs[2:]:
        log.save()
    app.commit({"c.py": "four\n"}, date=FIRST_SECOND + 9000)
    home.ingest()
    stepwise = contents(home)
    for name in tables():
        if name not in RAW:
            shutil.rmtree(home.settings.warehouse / name)

    home.ingest()

    assert contents(home) == stepwise


def test_what_is_gone_is_not_lost(home, app, logs):
    """All logs deleted, the branch deleted, then the checkout, then everything that can be rebuilt."""
    for log in (logs[0], logs[4]):
        log.save()
    home.ingest()
    kept = ("raw_session", "fact_session_message", "fact_session_code_change", "fact_commit_line")
    before = contents(home, kept)
    for log in (logs[0], logs[4]):
        log.path.unlink()
    app.switch("main")
    app.git("branch", "-D", "ABC-1-topic")
    home.ingest()
    assert contents(home, kept) == before

    shutil.rmtree(app.folder)
    home.ingest()
    assert contents(home, kept) == before
    shutil.rmtree(home.settings.state)
    outcomes = home.ingest()

    assert all(outcome.failures == [] for outcome in outcomes.values())
    assert contents(home, kept) == before
    assert is_quiet(home)


def test_a_lost_inventory_is_made_from_raw(home, app, logs):
    """Nothing is doubled, nothing is lost; what did not change is not computed again below raw."""
    for log in logs[:2]:
        log.save()
    home.ingest()
    before = contents(home)
    shutil.rmtree(home.settings.state)

    outcomes = home.ingest()

    assert contents(home) == before
    assert all(outcome.failures == [] for outcome in outcomes.values())
    assert sum(outcome.built for outcome in outcomes.values()) <= len(RAW) * len(outcomes)
    assert is_quiet(home)


def test_a_lost_inventory_does_not_hide_what_is_new(home, app, logs):
    """A log that grew, a log that came, a folder that became a repository meanwhile."""
    plain = home.path / "src" / "plain"
    plain.mkdir()
    grown = ClaudeLog(home.path, "grown", plain).says(0, "hi").writes(1, plain / "p.py", "p\n")
    grown.save()
    raw(home)
    (home.settings.state / "inventory.json").unlink()
    grown.says(9, "more").save()
    logs[0].save()
    Repository(plain)

    raw(home)

    found = {row[1]: row for row in sessions(home) if row[3]}
    assert found["grown"][0].startswith("local/plain-")
    assert found["grown"][5:] == (2, 1)
    assert set(found) == {"grown", "s1"}
    assert all(len(places) == 1 for places in homes(home).values())
    assert is_quiet(home)


def test_a_lost_inventory_beside_a_damaged_raw_table(home, app, logs):
    """The others go on; the damaged one says what is wrong."""
    for log in logs[:2]:
        log.save()
    app_key, lib_key = raw(home).repositories
    path = Warehouse(home.settings).path("raw_session", app_key)
    good = path.read_bytes()
    path.write_bytes(b"PAR1" + bytes(400) + good[404:])
    (home.settings.state / "inventory.json").unlink()

    raw(home, lib_key)
    with pytest.raises(WarehouseError, match="previous in its place"):
        raw_of(home, app_key)

    path.write_bytes(good)
    raw(home)
    assert homes(home) == {"s1": [app_key]}
    assert is_quiet(home)


@pytest.mark.parametrize("done", [3, 5])
def test_a_kill_between_raw_tables(home, app, logs, done):
    """Whatever was written counts as unread until the ledger vouches for it; the next ingest ends it."""
    logs[0].save()
    raw(home)
    logs[4].save()
    logs[0].says(5, "more").save()
    app.commit({"c.py": "four\n"})
    for key in home.discover().repositories:
        raw_of(home, key, RAW[:done])

    assert home.discover().changed
    raw(home)

    found = {row[1]: row[5:] for row in sessions(home) if row[3]}
    assert found == {"s1": (3, 1), "c1": (1, 1)}
    assert home.table("raw_commit").height == 3
    assert is_quiet(home)


def test_a_kill_in_the_middle_of_a_write(home, app, logs, monkeypatch):
    """The file before stays; what was begun does not count."""
    logs[0].save()
    raw(home)
    before = contents(home, RAW)
    logs[4].save()
    (key,) = home.discover().repositories

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(storage.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            raw_of(home, key)

    assert contents(home, RAW) == before
    raw(home)
    assert {row[1] for row in sessions(home)} == {"s1", "c1"}
    assert is_quiet(home)


INGEST = """
    import os, sys
    from paceflow_assets.runtime.compute import now_ms
    from paceflow_assets.runtime.discovery import discover
    from paceflow_assets.runtime.partitions import ALL
    from paceflow_assets.runtime.settings import settings
    from paceflow_assets.runtime.worker import brought_up_to_date, workshop_of
    where = settings({"HOME": sys.argv[1]})
    print("ready", flush=True)
    sys.stdin.readline()
    found = discover(where, now_ms())
    shop = workshop_of(where)
    for key in [*found.repositories, ALL]:
        for failure in brought_up_to_date(shop, key, lambda built: None).failures:
            print(failure)
"""


def test_two_ingests_at_once_are_both_right(home, app, logs):
    """From a terminal and from the daemon: neither fails, nothing is lost or doubled."""
    for log in (logs[0], logs[4]):
        log.save()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(INGEST), str(home.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60) for process in both]

    assert told == [("", ""), ("", "")]
    together = contents(home)
    assert [outcome.built for outcome in home.ingest().values()] == [0, 0]
    shutil.rmtree(home.settings.paceflow_home)
    home.ingest()
    assert contents(home, without=SEEN) == {name: _cut(name, rows) for name, rows in together.items()}


def _cut(name: str, rows: list[tuple]) -> list[tuple]:
    table = tables()[name]
    shown = [column for column in table.columns if column not in table.bookkeeping]
    kept = [place for place, column in enumerate(shown) if column not in SEEN]
    return [tuple(row[place] for place in kept) for row in rows]


def test_a_log_replaced_by_another_of_the_same_size_and_time(home, app):
    """It is another file, and read again."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one")
    path = log.save()
    raw(home)
    stat = path.stat()
    beside = path.with_suffix(".new")
    beside.write_text(path.read_text().replace('"one"', '"two"').replace("s1-0", "s1-1"))
    os.utime(beside, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    os.replace(beside, path)

    raw(home)

    assert [message["content"] for message in home.table("raw_session")["messages"].to_list()[0]] == ["one", "two"]


def test_a_previous_schema_is_widened(home, app, logs):
    """Raw files that lack a column or a field open, keep every row, and gain it; derived ones are built again."""
    for log in (logs[0], logs[4]):
        log.save()
    (key, _) = home.ingest()
    before = contents(home)
    older_logs = pl.col("read_logs").list.eval(_without_last(pl.element()))
    _made_older(home, "raw_session", key, lambda frame: frame.drop("client_version").with_columns(older_logs))
    _made_older(home, "raw_commit", key, lambda frame: frame.drop("read_error"))
    _made_older(home, "fact_commit", key, lambda frame: frame.drop("subject"))

    outcomes = home.ingest()

    assert all(outcome.failures == [] for outcome in outcomes.values())
    after = contents(home)
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    assert home.table("raw_session")["client_version"].to_list() == [None, None]
    assert home.table("raw_session").schema == tables()["raw_session"].schema
    assert after["fact_session_message"] == before["fact_session_message"]
    assert after["fact_commit"] == before["fact_commit"]


def _without_last(element: pl.Expr) -> pl.Expr:
    names = ["log_path", "fingerprint", "parser_fingerprint", "first_read_at"]
    return pl.struct(element.struct.field(name).alias(name) for name in names)


def _made_older(home, name: str, key: str, change) -> None:
    """Write a table's file as a program with another schema would have written it."""
    found = Warehouse(home.settings)
    frame = change(pl.read_parquet(found.path(name, key)))
    shape = ",".join(f"{column}:{dtype}" for column, dtype in frame.schema.items())
    found.overwrite(tables()[name], key, frame, msgspec.structs.replace(found.provenance(name, key), columns=shape))


@pytest.mark.parametrize("name", ["raw_session", "fact_commit"])
def test_a_newer_warehouse_stops_its_repository_with_a_message(home, app, logs, name):
    """Nothing is changed."""
    logs[0].save()
    (key, _) = home.ingest()
    found = Warehouse(home.settings)
    newer = msgspec.structs.replace(found.provenance(name, key), schema_version=storage.SCHEMA_VERSION + 1)
    found.overwrite(tables()[name], key, found.read(tables()[name], key), newer)
    logs[0].says(50, "more").save()

    outcomes = home.ingest()

    (told,) = outcomes[key].failures
    assert "written by a newer paceflow" in told
    assert Warehouse(home.settings).provenance(name, key) == newer
