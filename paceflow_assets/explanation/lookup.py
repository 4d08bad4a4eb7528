"""Lookup: which stored commit or session is meant by the beginning of its name.

What lives here: finding candidates in all repositories, and what to tell when there is none or more than one.
What stays out: explaining what was found.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import polars as pl

from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.rules import nearest
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

SHORTEST = 4
LISTED = 8
KNOWN = 3
PEOPLE = "__human__"


class Place(NamedTuple):
    """Where a commit or session is stored. provider is '' for a commit."""

    repository: str
    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider} {self.name} in {self.repository}".strip()


def commits(warehouse: Warehouse, prefix: str, repository: str | None) -> list[Place]:
    """Where the one commit whose name begins so is stored: more than one place if repositories share it."""
    asked = prefix.strip().lower()
    read = _rows(warehouse, "fact_commit", ["repository", "commit_sha", "commit_time"], repository)
    found = read.select("repository", pl.lit("").alias("provider"), pl.col("commit_sha").alias("name"), "commit_time")

    def unread() -> str:
        return _why_unread(warehouse, asked, repository)

    return _one("commit", asked, found.sort("commit_time", descending=True, nulls_last=True), unread)


def sessions(warehouse: Warehouse, prefix: str, repository: str | None) -> list[Place]:
    """Where the one session whose id begins so is stored, its home first."""
    asked = prefix.strip()
    if asked == PEOPLE:
        raise PaceflowError(f"{PEOPLE}: stands for people, who have no session; explain the commit instead")
    columns = ["repository", "provider", "session_id", "is_home", "started_at"]
    read = _rows(warehouse, "metadata_sessions", columns, repository)
    found = read.select("repository", "provider", pl.col("session_id").alias("name"), "is_home", "started_at")
    newest = found.sort("is_home", "started_at", descending=True, nulls_last=True)
    return _one("session", asked, newest, lambda: "")


def _rows(warehouse: Warehouse, name: str, columns: Sequence[str], repository: str | None) -> pl.DataFrame:
    """Some columns of a table of all repositories, or of the one asked for."""
    known = warehouse.repositories(name)
    if not known:
        raise PaceflowError(f"{warehouse.root}: nothing is stored yet; nothing was explained; run `paceflow ingest` first")
    if repository is not None and repository not in known:
        hint = nearest(repository, known) or f"; known are: {', '.join(known[:LISTED])}"
        raise PaceflowError(f"--repository {repository}: no such repository{hint}; nothing was explained")
    table = tables()[name]
    return pl.concat(warehouse.read(table, key, columns) for key in known if repository in (None, key))


def _one(kind: str, asked: str, known: pl.DataFrame, unread: Callable[[], str]) -> list[Place]:
    """The places of the one candidate; else an error that names what there is. known: most likely ones first."""
    told = "".join(letter if letter.isprintable() else "?" for letter in asked)
    found = known.filter(pl.col("name") == asked)
    if not found.height and len(asked) < SHORTEST:
        raise PaceflowError(f"{kind} '{told}': too short; nothing was explained; give at least {SHORTEST} characters")
    if not found.height:
        found = known.filter(pl.col("name").str.starts_with(asked))
    places = [Place(*row) for row in found.select("repository", "provider", "name").rows()]
    candidates = _distinct(places)
    if len(candidates) > 1:
        listed = "".join(f"\n  {place}" for place in places[:LISTED])
        more = f"\n  … and {len(places) - LISTED} more" if len(places) > LISTED else ""
        raise PaceflowError(f"{kind} {told}: {len(candidates)} begin so; nothing was explained; give more of it:{listed}{more}")
    if not places:
        newest = [Place(*row) for row in known.select("repository", "provider", "name").head(KNOWN).rows()]
        names = f"the newest are: {'; '.join(map(str, newest))}" if newest else f"no {kind} is"
        why = unread() or f"not stored; {names}"
        raise PaceflowError(f"{kind} {told}: {why}; nothing was explained; `paceflow ingest` brings what is new")
    return places


def _distinct(places: Collection[Place]) -> set[tuple[str, str]]:
    return {(place.provider, place.name) for place in places}


def _why_unread(warehouse: Warehouse, asked: str, repository: str | None) -> str:
    """What is known of a commit that events do not look at; '' if nothing is."""
    read = _rows(warehouse, "raw_commit", ["repository", "commit_sha", "parents", "files_read"], repository)
    found = read.filter(pl.col("commit_sha").str.starts_with(asked), ~pl.col("files_read")).to_dicts()
    if len(found) != 1:
        return ""
    known = found[0]
    why = "merges others" if len(known["parents"]) > 1 else "is older than the first change of a session there"
    return f"{known['commit_sha']} in {known['repository']} {why}, so no event looks at it"
