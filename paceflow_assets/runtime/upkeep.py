"""Upkeep: what no single table can show: repositories stored under two keys, gone from disk, or not read for days.

What lives here: checks across repositories, as sentences that name the repository, the consequence and the remedy.
What belongs here: what only a person can mend. What stays out: whether a table holds its declaration (checks).

None of these makes an ingest fail: the tables are right as far as they go. No path is named, because Dagster stores this.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.compute import now_ms
from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

SHARED_PART = 0.5  # two keys are one repository when they share more of the smaller one's commits
LONGEST_WAIT_MS = 2 * 86_400_000


class Upkeep(NamedTuple):
    """One check. table: the asset on whose page it stands. find: one sentence per finding, sorted; none = it passes.

    is_pressing: numbers are wrong while it is found, so the terminal says it too, once.
    """

    name: str
    table: str
    meaning: str
    find: Callable[[Settings, Inventory], list[str]]
    is_pressing: bool = True


def findings(settings: Settings) -> dict[str, list[str]]:
    """Name of each check -> what it finds now."""
    inventory = stock.load(settings) or Inventory()
    return {check.name: check.find(settings, inventory) for check in CHECKS}


def findings_of(check: Upkeep, settings: Settings) -> list[str]:
    """What one check finds now."""
    return check.find(settings, stock.load(settings) or Inventory())


def pressing(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Those findings that the terminal tells."""
    return [line for check in CHECKS if check.is_pressing for line in found.get(check.name, ())]


def _two_keys(settings: Settings, inventory: Inventory) -> list[str]:
    return sorted(
        f"{old} and {new} share {shared} commits: they count twice; if they are one repository: "
        f"paceflow repository merge {old} {new}"
        for old, new, shared in _pairs(settings, inventory)
    )


def _pairs(settings: Settings, inventory: Inventory) -> Iterator[tuple[str, str, int]]:
    """(key that would go, key that would stay, commits in both). Only keys with a common root commit can be one repository."""
    roots: dict[str, set[str]] = {}
    for checkout in inventory.checkouts.values():
        roots.setdefault(checkout.key, set()).update(checkout.root_commits)
    shas: dict[str, set[str]] = {}
    for pair in combinations(sorted(roots), 2):
        if not roots[pair[0]] & roots[pair[1]]:
            continue
        for key in pair:
            if key not in shas:
                shas[key] = _shas(settings, key)
        shared = len(shas[pair[0]] & shas[pair[1]])
        old, new = sorted(pair, key=lambda key: (not key.startswith("local/"), len(shas[key]), key))
        if shared > SHARED_PART * min(len(shas[key]) for key in pair):
            yield old, new, shared


def _shas(settings: Settings, repository: str) -> set[str]:
    try:
        return set(Warehouse(settings).read(tables()["raw_commit"], repository, ["commit_sha"])["commit_sha"])
    except WarehouseError:  # the repository itself fails for it, and says so
        return set()


def _gone(settings: Settings, inventory: Inventory) -> list[str]:
    since: dict[str, list[int | None]] = {key: [] for key in inventory.repositories()}
    for checkout in inventory.checkouts.values():
        since.get(checkout.key, []).append(checkout.missing_ms)
    return [
        f"{key}: no checkout is there since {_day(max(times))}; what was read of it stays, new commits are not seen; "
        f"put it back, or: paceflow forget --repository {key}"
        for key, times in sorted(since.items())
        if times and all(times)
    ]


def _waiting(settings: Settings, inventory: Inventory) -> list[str]:
    return [
        f"{key}: what changed since {_day(begun)} was not read yet; its numbers lack it; "
        "`paceflow ingest` reads it or says why not"
        for key, begun in sorted(inventory.waiting_ms.items())
        if now_ms() - begun > LONGEST_WAIT_MS
    ]


def _day(ms: int | None) -> str:
    return dt.datetime.fromtimestamp((ms or 0) / 1000, dt.UTC).date().isoformat()


CHECKS = (
    Upkeep("one_key", "raw_commit", "No two repositories share more than half of the smaller one's commits.", _two_keys),
    Upkeep("checkout_there", "raw_checkout", "Every repository with a known checkout still has one here.", _gone, False),
    Upkeep("read_in_time", "raw_log", "No repository has changes that wait to be read for more than two days.", _waiting),
)
