"""Several processes, or one that dies: an ingest that is killed, two at once, Dagster's own terminal."""

import os
import random
import shutil
import signal
import subprocess
import time

from commands import PACEFLOW, PROJECT, environment, materialize, paceflow, versions, worked
from conftest import Home
from logs import ClaudeLog

from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

SEED = 20261124


def begin(home: Home, *arguments: str) -> subprocess.Popen:
    """An ingest in a process group of its own."""
    return subprocess.Popen(
        [*PACEFLOW, "ingest", *arguments],
        env=environment(home, {}),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def other(home: Home, name: str) -> Home:
    """The same home with another, empty paceflow."""
    return Home(home.path, {"PACEFLOW_HOME": str(home.path / name)})


def ingest(home: Home) -> subprocess.CompletedProcess:
    """An ingest of a home with its own PACEFLOW_HOME."""
    return paceflow(home, "ingest", "--jobs", "2", **{name: value for name, value in home.env.items() if name != "HOME"})


def test_an_ingest_that_was_killed_is_made_good_by_the_next(home):
    """Killed at moments spread over its whole run, an ingest leaves nothing that the next one does not heal."""
    for number in range(3):
        worked(home, f"app{number}", f"s{number}")
    clean = other(home, "clean")
    started = time.monotonic()
    assert ingest(clean).returncode == 0
    whole = time.monotonic() - started
    chance = random.Random(SEED)  # noqa: S311
    moments = [whole * (part + chance.random()) / 5 for part in range(5)]
    print(f"seed {SEED}, moments {moments}")

    for moment in moments:
        running = begin(home)
        try:
            running.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
    done = ingest(home)

    assert done.returncode == 0, done.stderr
    assert versions(home) == versions(clean)
    assert [str(path) for path in home.settings.paceflow_home.rglob("*.tmp")] == []


def test_two_ingests_at_once_are_both_right(home):
    """Two start together, and logs arrive meanwhile: both end well, and what they leave is what one alone would leave."""
    repository = worked(home)
    running = []
    for number in range(2):
        ClaudeLog(home.path, f"early{number}", repository.folder).says(20 + number, "early").save()
        running.append(begin(home, "--jobs", "2"))
        time.sleep(0.3)
        ClaudeLog(home.path, f"late{number}", repository.folder).says(30 + number, "late").save()

    told = [process.communicate(timeout=120)[0] for process in running]
    done = ingest(home)
    clean = other(home, "clean")
    ingest(clean)

    assert [process.returncode for process in running] == [0, 0], told
    assert done.returncode == 0
    assert versions(home) == versions(clean)
    assert home.table("event_session_quality").height == 5


def test_dagsters_own_terminal_builds_the_same(home):
    """After an ingest that registered the partition, `dagster asset materialize` computes every table to the same content."""
    repository = worked(home)
    paceflow(home, "ingest")
    (key,) = set(home.table("raw_session")["repository"])
    before = versions(home)
    for folder in home.settings.warehouse.glob("[!r]*_*"):
        shutil.rmtree(folder)
    ClaudeLog(home.path, "s2", repository.folder).says(40, "another").save()

    done = materialize(home, "*", key)

    after = versions(home)
    assert done.returncode == 0, done.stderr
    assert {name for name, repository in after if repository == key} == {
        name for name, table in tables().items() if table.per_repository
    }
    assert home.table("event_session_quality")["session_id"].to_list() == ["s1", "s2"]
    assert after["event_commit_outcome", key] == before["event_commit_outcome", key]


def test_dagsters_own_terminal_names_the_table_that_failed(home):
    """A damaged raw file: the run fails and says which file, what it means and what to do, without a traceback of ours."""
    repository = worked(home)
    paceflow(home, "ingest")
    (key,) = set(home.table("raw_session")["repository"])
    (damaged,) = home.settings.warehouse.glob("raw_commit/[!_]*.parquet")
    damaged.write_bytes(b"nonsense")
    ClaudeLog(home.path, "s2", repository.folder).says(40, "another").save()

    done = materialize(home, "fact_commit", key)
    told = paceflow(home, "ingest")

    assert done.returncode != 0
    assert damaged.name in done.stdout + done.stderr
    assert told.returncode == 1
    assert f"{damaged.name}.previous" in told.stderr


def test_a_repository_that_is_held_is_waited_for(home):
    """An ingest waits for the process that holds a repository, and then does its work."""
    repository = worked(home)
    paceflow(home, "ingest")
    (key,) = set(home.table("raw_session")["repository"])
    ClaudeLog(home.path, "s2", repository.folder).says(50, "more").save()

    with Warehouse(home.settings).lock(key):
        running = begin(home)
        time.sleep(2.5)
        waits = running.poll() is None
    told, _ = running.communicate(timeout=60)

    assert waits
    assert running.returncode == 0, told
    assert home.table("event_session_quality").height == 2
