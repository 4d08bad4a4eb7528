"""Forget: delete sessions, or a repository, from raw and everything below, and see that they do not come back.

What lives here: `paceflow forget`. What belongs here: deleting rows and files, then the tombstone.
What stays out: asking the user (cli), and what a tombstone means (forgotten).
"""

from dataclasses import dataclass

import msgspec
import polars as pl

from paceflow_assets.records import instant_ms
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import parsed
from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.forgotten import Tombstone, bury
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.nested import spread
from paceflow_assets.runtime.partitions import partition_key
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.versions import column_versions, table_version
from paceflow_assets.runtime.warehouse import Warehouse

SESSION = ["provider", "session_id"]
LOG = ["provider", "log_path"]


@dataclass(frozen=True)
class Doomed:
    """What a request to forget would delete. sessions: (provider, session id); repositories: those that hold them."""

    tombstone: Tombstone
    sessions: list[tuple[str, str]]
    repositories: list[str]


def doomed(settings: Settings, tombstone: Tombstone) -> Doomed:
    """The sessions that a tombstone is about, their sub-agents too, and every repository that stores something of them."""
    warehouse, table = Warehouse(settings), tables()["raw_session"]
    for path in warehouse.damaged(table.name):
        raise WarehouseError(f"{path}: cannot be read, so nothing can be deleted from it; nothing was forgotten; mend it first")
    stored = warehouse.read_all(table, ["repository", *SESSION, "home_repository", "ended_at"])
    if tombstone.kind == "session":
        meant = pl.col("session_id") == tombstone.value
    elif tombstone.kind == "repository":
        meant = pl.col("home_repository") == tombstone.value
    else:
        before = instant_ms(f"{tombstone.value}T00:00:00Z")
        meant = pl.col("ended_at").dt.epoch("ms") < before
    sessions = set(stored.filter(meant).select(SESSION).rows())
    threads = (stock.load(settings) or Inventory()).sessions_of_threads()
    sessions |= {thread for thread, owner in threads.items() if (thread[0], owner) in sessions}
    wanted = pl.DataFrame(sorted(sessions), schema=dict.fromkeys(SESSION, pl.String), orient="row")
    found = stored.join(wanted, on=SESSION, how="semi")
    held_by = set(found["repository"])
    if tombstone.kind == "repository":
        held_by |= {tombstone.value} & set(stored["repository"])
    return Doomed(tombstone, sorted(set(found.select(SESSION).rows())), sorted(held_by))


def forget(settings: Settings, what: Doomed) -> None:
    """Delete it: raw rows, kept previous files, parsed logs that wait, everything derived.

    The tombstones come first: whoever computes meanwhile stores nothing of it any more. Each session gets one of its own, so
    that it does not come back when it is resumed.
    """
    warehouse = Warehouse(settings)
    stone = what.tombstone
    sessions = [Tombstone("session", session_id, stone.at_ms) for _, session_id in what.sessions]
    bury(settings, [stone, *_aliases(settings, stone), *sessions])
    gone = pl.DataFrame(what.sessions, schema=dict.fromkeys(SESSION, pl.String), orient="row")
    whole = {stone.value} if stone.kind == "repository" else set()
    for repository in sorted({*warehouse.repositories("raw_session"), *whole}):
        with warehouse.lock(repository):
            if repository in whole:
                warehouse.drop(repository)
            elif repository in what.repositories or whole:
                _delete_sessions(warehouse, repository, gone, whole)
    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or Inventory()
        for log in inventory.logs.values():
            log.kept = None
            log.sessions = {session: sorted({*keys} - whole) for session, keys in log.sessions.items()}
            log.read = {key: state for key, state in log.read.items() if key not in whole}
        parsed.clean(settings, [])
        inventory.named = sorted({*inventory.named} - whole)
        inventory.done, inventory.summary = "", []
        stock.save(settings, inventory)


def _aliases(settings: Settings, stone: Tombstone) -> list[Tombstone]:
    """Tombstones for the other keys that a forgotten repository would get if it were met anew."""
    inventory = stock.load(settings) if stone.kind == "repository" else None
    checkouts = inventory.checkouts.values() if inventory else ()
    addresses = {key for checkout in checkouts if checkout.key == stone.value for key in checkout.origin_keys}
    return [Tombstone("repository", partition_key(address), stone.at_ms) for address in sorted(addresses)]


def _delete_sessions(warehouse: Warehouse, repository: str, gone: pl.DataFrame, whole: set[str]) -> None:
    sessions, errors, logs = (tables()[name] for name in ("raw_session", "raw_parse_error", "raw_log"))
    before = warehouse.read(sessions, repository)
    after = before.join(gone, on=SESSION, how="anti")
    if whole:
        after = after.with_columns(
            pl.col(name).list.filter(~pl.element().struct.field("repository").is_in(list(whole)))
            for name in ("changes", "snapshots")
        )
    if after.equals(before):
        return
    _rewrite(warehouse, sessions, repository, before, after)
    told = warehouse.read(errors, repository)
    left = _read_logs(before).join(_read_logs(after), on=LOG, how="anti")
    told_after = told.join(gone, on=SESSION, how="anti").join(left, on=LOG, how="anti")
    _rewrite(warehouse, errors, repository, told, told_after)
    ledger = warehouse.read(logs, repository)
    _rewrite(warehouse, logs, repository, ledger, ledger.join(left, on=LOG, how="anti"))
    warehouse.drop(repository, ("metadata", "fact", "event", "view"))


def _read_logs(sessions: pl.DataFrame) -> pl.DataFrame:
    """(provider, log_path) of every log that holds records of the sessions."""
    return spread(sessions, "read_logs", ["provider"]).select(LOG).unique()


def _rewrite(warehouse: Warehouse, table: Table, repository: str, before: pl.DataFrame, after: pl.DataFrame) -> None:
    origin = warehouse.provenance(table.name, repository)
    if origin is None:
        return
    digests = column_versions(after)
    provenance = msgspec.structs.replace(
        origin,
        data_version=table_version(after.height, digests, table.bookkeeping),
        column_versions=digests,
        rows=after.height,
        preview="",
    )
    warehouse.overwrite(table, repository, table.shaped(after), provenance)
