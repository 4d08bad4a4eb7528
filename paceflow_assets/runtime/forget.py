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
from paceflow_assets.runtime.forgotten import Tombstone, bury
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.versions import column_versions, table_version
from paceflow_assets.runtime.warehouse import Warehouse

SESSION = ["provider", "session_id"]


@dataclass(frozen=True)
class Doomed:
    """What a request to forget would delete. sessions: (provider, session id); repositories: those that hold them."""

    tombstone: Tombstone
    sessions: list[tuple[str, str]]
    repositories: list[str]


def doomed(settings: Settings, tombstone: Tombstone) -> Doomed:
    """The sessions that a tombstone is about, and every repository that stores something of them."""
    table = tables()["raw_session"]
    stored = Warehouse(settings).read_all(table, ["repository", *SESSION, "home_repository", "ended_at"])
    if tombstone.kind == "session":
        meant = pl.col("session_id") == tombstone.value
    elif tombstone.kind == "repository":
        meant = pl.col("home_repository") == tombstone.value
    else:
        before = instant_ms(f"{tombstone.value}T00:00:00Z")
        meant = pl.col("ended_at").dt.epoch("ms") < before
    found = stored.filter(meant)
    held_by = set(found["repository"])
    if tombstone.kind == "repository":
        held_by |= {tombstone.value} & set(stored["repository"])
    return Doomed(tombstone, sorted(set(found.select(SESSION).rows())), sorted(held_by))


def forget(settings: Settings, what: Doomed) -> None:
    """Delete it: raw rows, kept previous files, parsed logs that wait, everything derived. Then set the tombstone."""
    warehouse = Warehouse(settings)
    bury(settings, what.tombstone)
    gone = pl.DataFrame(what.sessions, schema=dict.fromkeys(SESSION, pl.String), orient="row")
    whole = {what.tombstone.value} if what.tombstone.kind == "repository" else set()
    for repository in warehouse.repositories("raw_session"):
        with warehouse.lock(repository):
            if repository in whole:
                warehouse.drop(repository)
            elif repository in what.repositories or whole:
                _delete_sessions(warehouse, repository, gone, whole)
                warehouse.drop(repository, ("metadata", "fact", "event", "view"))
    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or Inventory()
        for log in inventory.logs.values():
            log.kept = None
        parsed.clean(settings, [])
        inventory.done, inventory.summary = "", []
        stock.save(settings, inventory)


def _delete_sessions(warehouse: Warehouse, repository: str, gone: pl.DataFrame, whole: set[str]) -> None:
    sessions, errors = tables()["raw_session"], tables()["raw_parse_error"]
    before = warehouse.read(sessions, repository)
    after = before.join(gone, on=SESSION, how="anti")
    if whole:
        after = after.with_columns(
            pl.col(name).list.filter(~pl.element().struct.field("repository").is_in(list(whole)))
            for name in ("changes", "snapshots")
        )
    _rewrite(warehouse, sessions, repository, before, after)
    told = warehouse.read(errors, repository)
    _rewrite(warehouse, errors, repository, told, told.join(gone, on=SESSION, how="anti"))


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
