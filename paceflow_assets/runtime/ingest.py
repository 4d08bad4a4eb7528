"""Ingest: bring every repository up to date, from a terminal, without a daemon.

What lives here: when nothing has to be done, and spreading the work over processes: workers compute, this one finds what
changed and tells Dagster. What belongs here: the whole of `paceflow ingest` except the terminal.
What stays out: computing (worker, compute), finding (discovery), events (reporting), printing (cli).

`unchanged` is light on purpose: it imports neither Dagster nor polars nor DuckDB.
"""

import hashlib
import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.discovery import (
    Discovery,
    Progress,
    changed,
    checkout_signatures,
    code_signature,
    discover,
    surveyed,
)
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.inventory import Inventory, files_signature
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from paceflow_assets.runtime.worker import Built, Outcome

Taken = TypeVar("Taken")
REPOSITORIES_PER_WORKER = 4  # fewer are not worth the start of another process


def unchanged(settings: Settings) -> Inventory | None:
    """What the last ingest remembered, if nothing has changed since; None if there may be something to do."""
    inventory = stock.load(settings)
    if inventory is None or inventory.code != code_signature():
        return None
    if inventory.done != done_signature(settings, inventory) or settings.named_repositories:
        return None
    if not surveyed(settings, inventory).is_quiet:
        return None
    return None if changed(inventory, checkout_signatures(inventory.checkouts)) else inventory


def done_signature(settings: Settings, inventory: Inventory) -> str:
    """Changes when a table file, the rules, the program or Dagster's storage is not what the last whole ingest left."""
    folders = sorted(settings.warehouse.iterdir()) if settings.warehouse.is_dir() else []
    rules = Path(settings.rules_source) if settings.rules_source else settings.paceflow_home / "rules.toml"
    marks = files_signature([*folders, rules, settings.forgotten, settings.catalog])
    storage = "there" if (settings.dagster_home / "history").is_dir() else "gone"
    text = f"{inventory.code} {settings.rules_source} {settings.dagster_home} {storage} {marks}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def remember_done(settings: Settings, summary: list[dict]) -> None:
    """Remember that everything is up to date as of now, and what was printed."""
    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or Inventory()
        inventory.done = done_signature(settings, inventory)
        inventory.summary = summary
        stock.save(settings, inventory)


def found(settings: Settings, progress: Progress, jobs: int) -> Discovery:
    """What there is to ingest."""
    return discover(settings, time.time_ns() // 1_000_000, progress, jobs)


def default_jobs() -> int:
    """Processes to use when nobody says: one per processor that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """The worker processes of one ingest. The first starts at once: it gets ready while this process looks around."""

    def __init__(self, settings: Settings, jobs: int) -> None:
        self.settings = settings
        self.jobs = jobs
        self.spawn = multiprocessing.get_context("spawn")
        self.asked = self.spawn.Queue()
        self.news = self.spawn.Queue()
        self.processes: list[multiprocessing.process.BaseProcess] = []
        self.left: set[str] = set()
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.terminate()
            process.join()

    def _start(self) -> None:
        from paceflow_assets.runtime import start

        process = self.spawn.Process(target=start.work, args=(self.settings, self.asked, self.news), daemon=True)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: it is this process that ends a worker
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        self.processes.append(process)

    def begin(self, repositories: Sequence[str], busy: int) -> None:
        """Let the workers compute the repositories, in this order. busy: how many of them will take time."""
        self.left = set(repositories)
        for repository in repositories:
            self.asked.put(repository)
        # this process tells Dagster meanwhile, which takes half as long as computing: it is not one of them
        while len(self.processes) < min(self.jobs, -(-busy // REPOSITORIES_PER_WORKER)):
            self._start()

    def taken(self, take: "Callable[[Iterator[Built | Outcome]], Taken]") -> Taken:
        """What `take` makes of the results, in a thread, so that Ctrl-C ends it between two of them, not inside a library."""
        with ThreadPoolExecutor(1) as thread:
            taking = thread.submit(take, self.results())
            try:
                return taking.result()
            except KeyboardInterrupt:
                self.news.put(KeyboardInterrupt())
                raise

    def results(self) -> "Iterator[Built | Outcome]":
        """Tables as they are built and repositories as they are done; the global views, under `ALL`, come last."""
        yield from self._until_done()
        self.left = {ALL}
        self.asked.put(ALL)
        yield from self._until_done()

    def _until_done(self) -> "Iterator[Built | Outcome]":
        from paceflow_assets.runtime.worker import Outcome

        while self.left:
            try:
                result = self.news.get(timeout=1)
            except queue.Empty:
                if any(process.is_alive() for process in self.processes):
                    continue
                died = "the computing process died; its tables stay as they were; ingest again"
                yield from (Outcome(repository, failures=[f"{repository}: {died}"]) for repository in sorted(self.left))
                return
            if isinstance(result, PaceflowError | KeyboardInterrupt):
                raise result
            if isinstance(result, Outcome):
                self.left.discard(result.repository)
            yield result
