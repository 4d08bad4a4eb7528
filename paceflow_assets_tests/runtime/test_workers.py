"""The worker processes of an ingest: whatever dies, nobody waits for it."""

import os
import signal
import time

import pytest
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.worker import Outcome
from paceflow_assets.runtime.workers import DIED, Workers, uninterrupted


@pytest.fixture
def repositories(home) -> list[str]:
    """Three repositories with a session each."""
    for name in ("a", "b", "c"):
        made = Repository(home.path / "src" / name)
        made.commit({"a.py": f"{name}\n"})
        ClaudeLog(home.path, name, made.folder).says(0, "hi").save()
    return home.discover().repositories


def failures(workers: Workers) -> dict[str, list[str]]:
    """Repository -> why it failed, of every outcome."""
    return {result.repository: result.failures for result in workers.results() if isinstance(result, Outcome)}


def test_a_worker_that_is_killed_costs_the_repository_it_was_at(home, repositories):
    """The other worker does the rest, and the global views."""
    with Workers(home.settings, 2) as workers:
        workers.begin(repositories, busy=8)
        os.kill(workers.processes[0].pid, signal.SIGKILL)

        found = failures(workers)

    assert found == {repositories[0]: [f"{repositories[0]}: {DIED}"], repositories[1]: [], repositories[2]: [], ALL: []}


def test_without_a_worker_everything_fails_and_nothing_waits(home, repositories):
    """Also what nobody was asked for yet."""
    with Workers(home.settings, 1) as workers:
        workers.begin(repositories, busy=1)
        os.kill(workers.processes[0].pid, signal.SIGKILL)

        found = failures(workers)

    assert found == {key: [f"{key}: {DIED}"] for key in (*repositories, ALL)}
    assert not any(process.is_alive() for process in workers.processes)


def test_ctrl_c_waits_while_a_process_is_started():
    """It is not lost, and comes when the start is done."""
    done = []

    def start() -> None:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()

    assert done == ["started"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
