"""Upkeep: what no single table shows: repositories under two keys, gone from disk or read late; logs deleted unread.

What lives here: checks across repositories, as sentences that name the repository, the consequence and the remedy.
What belongs here: what only a person can mend. What stays out: whether a table holds its declaration (checks).

None of these makes an ingest fail: the tables are right as far as they go. No path is named, because Dagster stores this.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.inventory import Inventory, Log
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.source import PROVIDERS

SHARED_PART = 0.5  # two keys are one repository when they share more of the smaller one's commits
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LONGEST_AGE_MS = 36 * HOUR_MS  # one night may be missed until noon
NOTICE_MS = 7 * DAY_MS
IN_USE_MS = 12 * HOUR_MS  # a log that changed since then may be in use, and is read in the next night
NAMED = 5  # repositories that one sentence names
NOT_PLACED = "no repository known yet"


class Upkeep(NamedTuple):
    """One check. table: the asset on whose page it stands. find: now in ms -> one sentence per finding; none = it passes.

    is_pressing: numbers are wrong or will be while it is found, so the terminal says it too, once.
    """

    name: str
    table: str
    meaning: str
    find: Callable[[Settings, Inventory, int], list[str]]
    is_pressing: bool = True


def findings(settings: Settings, now_ms: int) -> dict[str, list[str]]:
    """Name of each check -> what it finds now."""
    inventory = stock.load(settings) or Inventory()
    return {check.name: check.find(settings, inventory, now_ms) for check in CHECKS}


def findings_of(check: Upkeep, settings: Settings, now_ms: int) -> list[str]:
    """What one check finds now."""
    return check.find(settings, stock.load(settings) or Inventory(), now_ms)


def pressing(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Those findings that the terminal tells."""
    return [line for check in CHECKS if check.is_pressing for line in found.get(check.name, ())]


def _two_keys(settings: Settings, inventory: Inventory, now_ms: int) -> list[str]:
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


def _gone(settings: Settings, inventory: Inventory, now_ms: int) -> list[str]:
    since: dict[str, list[int | None]] = {key: [] for key in inventory.repositories()}
    for checkout in inventory.checkouts.values():
        since.get(checkout.key, []).append(checkout.missing_ms)
    return [
        f"{key}: no checkout is there since {_day(max(times))}; what was read of it stays, new commits are not seen; "
        f"put it back, or: paceflow forget --repository {key}"
        for key, times in sorted(since.items())
        if times and all(times)
    ]


def _out_of_date(settings: Settings, inventory: Inventory, now_ms: int) -> list[str]:
    """What waits is as old as the first look that saw it; everything else as the last look."""
    found = [
        f"{key}: what changed since {_day(begun)} was not read yet; its numbers lack it; "
        "`paceflow ingest` reads it or says why not"
        for key, begun in sorted(inventory.waiting_ms.items())
        if now_ms - begun > LONGEST_AGE_MS
    ]
    others = [key for key in inventory.repositories() if key not in inventory.waiting_ms]
    looked_ms = stock.looked_ms(settings)
    if others and looked_ms is not None and now_ms - looked_ms > LONGEST_AGE_MS:
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        found.append(
            f"{', '.join(others[:NAMED])}{more}: nobody looked since {_day(looked_ms)}; their numbers lack what is new; "
            "`paceflow ingest` looks"
        )
    return found


def _deleted_unread(settings: Settings, inventory: Inventory, now_ms: int) -> list[str]:
    return [
        f"{repository}: session logs that are not read yet: {len(times)}; {provider} deletes the first of them when it starts "
        f"on {_day(min(times))} or later, and it will be gone unread; `paceflow ingest` reads them or says why not, "
        f"a higher {PROVIDERS[provider].KEPT_BY} keeps them longer"
        for (repository, provider), times in sorted(_deletions(settings, inventory, now_ms).items())
    ]


def _deletions(settings: Settings, inventory: Inventory, now_ms: int) -> dict[tuple[str, str], list[int]]:
    """(repository, provider) -> when each log that it has not read may be deleted, of those that are due."""
    touched = inventory.repositories_of_logs()
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for provider in PROVIDERS.values():
        kept_days = provider.kept_days(settings.home, settings.env)
        for path in provider.discover(settings.home, settings.env) if kept_days else ():
            mark = stock.fingerprint(str(path))
            days = min((days for root, days in kept_days.items() if path.is_relative_to(root)), default=math.inf)
            if mark is None or not _is_due(stock.changed_ms(mark), days, now_ms=now_ms):
                continue
            name = settings.portable(str(path))
            for repository in _lacking(inventory.logs.get(name), mark, touched.get(name, [])):
                found[repository, provider.NAME].append(stock.changed_ms(mark) + round(days * DAY_MS))
    return found


def _is_due(changed_ms: int, days: float, *, now_ms: int) -> bool:
    return now_ms >= max(changed_ms + days * DAY_MS - NOTICE_MS, changed_ms + IN_USE_MS)


def _lacking(log: Log | None, mark: str, touched: list[str]) -> list[str]:
    """Repositories that have not read a log as it is on disk."""
    if log is None or log.fingerprint != mark:
        return touched or [NOT_PLACED]
    return [key for key in touched if not log.is_content_read(key)]


def _day(ms: int | None) -> str:
    return dt.datetime.fromtimestamp((ms or 0) / 1000, dt.UTC).date().isoformat()


CHECKS = (
    Upkeep("one_key", "raw_commit", "No two repositories share more than half of the smaller one's commits.", _two_keys),
    Upkeep("checkout_there", "raw_checkout", "Every repository with a known checkout still has one here.", _gone, False),
    Upkeep("read_in_time", "raw_log", "Every repository was looked at, and what changed read, within 36 hours.", _out_of_date),
    Upkeep("read_before_purge", "raw_log", "No agent is about to delete a log that was not read.", _deleted_unread),
)
