"""Ingest: bring every repository up to date, from a terminal, without a daemon.

What lives here: which repositories and tables have to be computed, in which order, and what is told about it.
What belongs here: what worker and parent share. What stays out: computing (compute), finding (discovery), Dagster's log
(reporting), the command line (cli).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from paceflow_assets.runtime.compute import Built, Workshop, now_ms
from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.warehouse import ALL

LOGS = "logs"
GIT = "git"


@dataclass
class Outcome:
    """What became of one repository. failure: one line for people, '' if all went well."""

    repository: str
    built: list[str] = field(default_factory=list)
    failure: str = ""
    seconds: float = 0.0


def brought_up_to_date(workshop: Workshop, repository: str) -> Iterator[Built]:
    """Compute what is stale or changed outside, in order; the repository's lock is held meanwhile."""
    with workshop.warehouse.lock(repository):
        look = workshop.look(repository, now_ms())
        waits = changed_outside(look)
        for table in tables().values():
            if table.per_repository and (table.watches in waits or workshop.stale(table, repository)):
                yield workshop.compute(table, repository, look if table.layer == "raw" else None)
        return


def changed_outside(look: Look) -> set[str]:
    """Which parts of the outside this repository's raw tables do not hold: logs, git."""
    unread = any(log.read.get(look.repository) != log.state for log in look.logs.values())
    moved = any(seat.checkout.read != seat.signature for seat in look.seats)
    return {name for name, waits in ((LOGS, unread), (GIT, moved)) if waits}


def global_tables() -> list[Table]:
    """Tables whose rows mix repositories, upstream first."""
    return [table for table in tables().values() if not table.per_repository]


def global_views(workshop: Workshop) -> Iterator[Built]:
    """Compute the stale ones of the tables whose rows mix repositories."""
    for table in global_tables():
        if workshop.stale(table, ALL):
            yield workshop.compute(table, ALL)


Report = Callable[[Built], None]
