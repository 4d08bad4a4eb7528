"""Ingest: bring every repository up to date, from a terminal, without a daemon.

What lives here: when nothing has to be done, and remembering it.
What belongs here: the parts of `paceflow ingest` that look before anything is computed.
What stays out: computing (workers, worker, compute), finding (discovery), events (reporting), printing (cli).

`unchanged` is light on purpose: it imports neither Dagster nor polars nor DuckDB.
"""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.discovery import (
    Discovery,
    Progress,
    changed,
    checkout_signatures,
    code_signature,
    discover,
    scores_changed,
    surveyed,
)
from paceflow_assets.runtime.errors import SettingsError
from paceflow_assets.runtime.inventory import Inventory, files_signature
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.settings import Settings


def unchanged(settings: Settings, now_ms: int) -> Inventory | None:
    """What the last ingest remembered, if nothing has changed since; None if there may be something to do."""
    inventory = stock.load(settings)
    if inventory is None or inventory.code != code_signature():
        return None
    if inventory.done != done_signature(settings, inventory) or settings.named_repositories:
        return None
    if not surveyed(settings, inventory).is_quiet:
        return None
    if changed(inventory, checkout_signatures(inventory.checkouts)) or scores_changed(settings, inventory):
        return None
    with suppress(SettingsError):  # a home that cannot be written is up to date all the same
        stock.remember_look(settings, now_ms)
    return inventory


def done_signature(settings: Settings, inventory: Inventory) -> str:
    """Changes when a table file, the rules, the program or Dagster's storage is not what the last whole ingest left."""
    folders = sorted(settings.warehouse.iterdir()) if settings.warehouse.is_dir() else []
    rules = Path(settings.rules_source) if settings.rules_source else settings.rules_file
    marks = files_signature([*folders, rules, settings.forgotten, settings.catalog])
    storage = "there" if (settings.dagster_home / "history").is_dir() else "gone"
    text = f"{inventory.code} {settings.rules_source} {settings.dagster_home} {storage} {marks}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def remember_done(settings: Settings, summary: list[dict], said: list[str]) -> None:
    """Remember that everything is up to date as of now, and what was printed."""
    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or Inventory()
        inventory.done = done_signature(settings, inventory)
        inventory.summary = summary
        inventory.said = said
        stock.save(settings, inventory)


def found(settings: Settings, progress: Progress, jobs: int) -> Discovery:
    """What there is to ingest."""
    return discover(settings, time.time_ns() // 1_000_000, progress, jobs)


def default_jobs() -> int:
    """Processes to use when nobody says: one per processor that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
