"""Ingests in parts, and what tables hold apart from when it was seen.

What lives here: `raw`, which computes the raw tables alone, and `contents`, for comparing two states of a warehouse.
What belongs here: steps that more than one test of the runtime needs. What stays out: assertions.
"""

from collections.abc import Iterable

import polars as pl
from conftest import Home

from paceflow_assets.lines import measure, whole
from paceflow_assets.records import Change
from paceflow_assets.runtime.compute import Workshop
from paceflow_assets.runtime.discovery import Discovery
from paceflow_assets.runtime.look import BATCH_BYTES, Look
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

LINES = measure(whole("+", "one\n"))
RAW = tuple(name for name, table in tables().items() if table.layer == "raw")
SESSION = ["session_id", "home_repository", "is_home", "touches"]


def raw(home: Home, *only: str, names: Iterable[str] = RAW, batch_bytes: int = BATCH_BYTES) -> Discovery:
    """Look around and compute the raw tables of every repository, or of some, each from one look; what was found."""
    found = home.discover()
    workshop = _workshop(home)
    for repository in only or found.repositories:
        _compute(workshop, home, repository, names, batch_bytes)
    return found


def raw_of(home: Home, repository: str, names: Iterable[str] = RAW) -> None:
    """Compute raw tables of one repository from one look."""
    _compute(_workshop(home), home, repository, names)


def _workshop(home: Home) -> Workshop:
    """A workshop without DuckDB, which no raw table needs."""
    return Workshop(home.settings, rules(home.settings.rules_source), None, Warehouse(home.settings))


def _compute(workshop: Workshop, home: Home, repository: str, names: Iterable[str], batch_bytes: int = BATCH_BYTES) -> None:
    with workshop.warehouse.lock(repository):
        look = Look(home.settings, workshop.warehouse, repository, home.now_ms, batch_bytes=batch_bytes)
        for name in names:
            workshop.compute(tables()[name], repository, look)


def contents(home: Home, names: Iterable[str] | None = None, *, without: Iterable[str] = ()) -> dict[str, list[tuple]]:
    """Table -> its rows without bookkeeping columns and those in `without`, in key order."""
    found = {}
    warehouse = Warehouse(home.settings)
    for name, table in tables().items():
        if names is None or name in names:
            shown = [column for column in table.columns if column not in table.bookkeeping and column not in without]
            found[name] = warehouse.read_all(table).select(shown).rows()
    return found


def sessions(home: Home) -> list[tuple]:
    """(repository, session, home, is_home, touches, messages, changes) of every stored session."""
    counts = [pl.col(name).list.len().cast(pl.Int64) for name in ("messages", "changes")]
    return home.table("raw_session").sort("session_id", "repository").select("repository", *SESSION, *counts).rows()


def homes(home: Home) -> dict[str, list[str]]:
    """Session -> repositories whose row says that it is at home there; exactly one is right."""
    stored = home.table("raw_session")
    found = {session: [] for session in sorted(stored["session_id"].unique())}
    for repository, session in stored.filter("is_home").sort("repository").select("repository", "session_id").rows():
        found[session].append(repository)
    return found


def is_quiet(home: Home) -> bool:
    """Whether another look finds nothing to do."""
    found = home.discover()
    return not found.changed and not found.parsed_logs


def applied(path: str, moved_from: str | None = None) -> Change:
    """An applied edit that added one line."""
    return Change("c#0", "k", 1, "c", 0, "", None, path, moved_from, "patch", "p", None, True, "heredoc", None, LINES)
