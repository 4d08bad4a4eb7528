"""Ingest: bring every repository up to date, from a terminal, without a daemon.

What lives here: what has to be computed in which order, spreading it over processes, and when nothing has to be done at all.
What belongs here: the whole of `paceflow ingest` except the terminal.
What stays out: computing (compute), finding (discovery), the Dagster run of a process (worker), printing (cli).

`unchanged` is light on purpose: it imports neither Dagster nor polars nor DuckDB.
"""

import hashlib
import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

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
from paceflow_assets.runtime.inventory import Inventory, files_signature
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from paceflow_assets.runtime.compute import Built, Workshop
    from paceflow_assets.runtime.look import Look

LOGS, GIT = "logs", "git"


@dataclass
class Outcome:
    """What became of one repository. failure: one line for people, '' if all went well. notes: what git could not read."""

    repository: str
    built: list[str] = field(default_factory=list)
    failure: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


OnBuilt = Callable[[str, str], None]
OnDone = Callable[[Outcome], None]


def unchanged(settings: Settings) -> Inventory | None:
    """What the last ingest remembered, if nothing has changed since; None if there may be something to do."""
    inventory = stock.load(settings)
    if inventory is None or inventory.code != code_signature():
        return None
    if inventory.done != done_signature(settings, inventory) or settings.named_repositories != ():
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


def brought_up_to_date(workshop: "Workshop", repository: str) -> "Iterator[Built]":
    """Compute what is stale or changed outside, in order; the repository's lock is held meanwhile."""
    from paceflow_assets.runtime.compute import now_ms
    from paceflow_assets.runtime.table import tables

    with workshop.warehouse.lock(repository):
        look = workshop.look(repository, now_ms())
        waits = changed_outside(look)
        for table in tables().values():
            if table.per_repository and (table.watches in waits or workshop.stale(table, repository)):
                yield workshop.compute(table, repository, look if table.layer == "raw" else None)


def changed_outside(look: "Look") -> set[str]:
    """Which parts of the outside this repository's raw tables do not hold: logs, git."""
    unread = any(log.read.get(look.repository) != log.state for log in look.logs.values())
    moved = any(seat.checkout.read != seat.signature for seat in look.seats)
    return {name for name, waits in ((LOGS, unread), (GIT, moved)) if waits}


def global_views(workshop: "Workshop") -> "Iterator[Built]":
    """Compute the stale ones of the tables whose rows mix repositories."""
    from paceflow_assets.runtime.table import tables

    for table in tables().values():
        if not table.per_repository and workshop.stale(table, ALL):
            yield workshop.compute(table, ALL)


@dataclass(frozen=True)
class Plan:
    """What an ingest will do. work: repositories with something to compute; table_count: tables of one repository.

    notices: lines for people, before it begins.
    """

    work: list[str]
    table_count: int
    notices: list[str]


def found(settings: Settings, progress: Progress) -> Discovery:
    """What there is to ingest."""
    return discover(settings, time.time_ns() // 1_000_000, progress)


def planned(settings: Settings, there_is: Discovery, chosen: list[str]) -> Plan:
    """What has to be computed of the chosen repositories."""
    from paceflow_assets.runtime.catalog import calculator
    from paceflow_assets.runtime.compute import Workshop
    from paceflow_assets.runtime.rules import rules
    from paceflow_assets.runtime.ruleset import changes
    from paceflow_assets.runtime.table import tables
    from paceflow_assets.runtime.warehouse import Warehouse

    effective = rules(settings.rules_source)
    workshop = Workshop(settings, effective, calculator(), Warehouse(settings))
    own = [table for table in tables().values() if table.per_repository]
    work = [
        repository
        for repository in chosen
        if repository in there_is.changed or any(workshop.stale(table, repository) for table in own)
    ]
    return Plan(work, len(own), changes(settings, effective))


def carried_out(settings: Settings, plan: Plan, jobs: int, on_built: OnBuilt, on_done: OnDone) -> None:
    """Bring the repositories up to date, then the global views. One process does all when one is enough."""
    if min(jobs, len(plan.work)) < 2:
        from paceflow_assets.runtime.worker import run

        run(settings, [*plan.work, ALL], on_built, on_done)
        return
    spawn = multiprocessing.get_context("spawn")
    waiting, news = spawn.Queue(), spawn.Queue()
    for repository in plan.work:
        waiting.put(repository)
    workers = [
        spawn.Process(target=_work, args=(settings, waiting, news), daemon=True) for _ in range(min(jobs, len(plan.work)))
    ]
    for process in workers:
        waiting.put(None)
        process.start()
    from paceflow_assets.runtime.worker import run  # imported while the workers start

    left = set(plan.work)
    while left:
        try:
            kind, told = news.get(timeout=1)
        except queue.Empty:
            if not any(process.is_alive() for process in workers):
                break
            continue
        if kind == "built":
            on_built(*told)
        else:
            left.discard(told.repository)
            on_done(told)
    for process in workers:
        process.join()
    for repository in sorted(left):
        on_done(Outcome(repository, failure=f"{repository}: its process died; its tables stay as they were; ingest again"))
    run(settings, [ALL], on_built, on_done)


def _work(settings: Settings, waiting: multiprocessing.Queue, news: multiprocessing.Queue) -> None:
    """A worker process: repositories until there are none left."""
    from paceflow_assets.runtime.worker import run

    run(
        settings,
        iter(waiting.get, None),
        lambda repository, table: news.put(("built", (repository, table))),
        lambda outcome: news.put(("done", outcome)),
    )


def default_jobs() -> int:
    """Processes to use when nobody says: one per processor that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
