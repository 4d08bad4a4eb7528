"""Plan: what an ingest would compute, and why, without computing it.

What lives here: the stale and changed tables of each repository, and what may follow below them.
What belongs here: the same questions that a worker asks (compute.stale, changes outside), asked of all repositories at once.
What stays out: computing (worker) and printing (command/ingest).
"""

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from paceflow_assets.runtime.compute import Workshop, reason_outside
from paceflow_assets.runtime.discovery import Discovery
from paceflow_assets.runtime.inventory import checkout_signatures, unread_parts
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.table import below, tables


class Step(NamedTuple):
    """One table of one repository that would be computed. reason: why, in words."""

    repository: str
    table: str
    reason: str


class Plan(NamedTuple):
    """steps: what would be computed, in order. may_follow: (repository, table), if the rows of what it reads change."""

    steps: list[Step]
    may_follow: list[tuple[str, str]]


def planned(workshop: Workshop, found: Discovery, repositories: Sequence[str]) -> Plan:
    """What an ingest of these repositories would do now."""
    parts = unread_parts(found.inventory, checkout_signatures(found.inventory.checkouts))
    steps: list[Step] = []
    may_follow: list[tuple[str, str]] = []
    due: set[str] = set()
    for repository in repositories:
        own = list(stale_steps(workshop, repository, parts.get(repository, frozenset())))
        steps += own
        names = {step.table for step in own}
        due |= names
        may_follow += [(repository, name) for name in below(names) if tables()[name].per_repository]
    across = list(stale_steps(workshop, ALL))
    mixed = {name for name in below(due) if not tables()[name].per_repository}
    steps += across
    may_follow += [(ALL, name) for name in tables() if name in mixed - {step.table for step in across}]
    return Plan(steps, may_follow)


def stale_steps(workshop: Workshop, repository: str, changed: Set[str] = frozenset()) -> Iterator[Step]:
    """The tables that are not what code and upstreams would give now; `ALL`: those that mix repositories.

    changed: the parts of the outside that raw has not read.
    """
    for table in tables().values():
        if table.per_repository == (repository != ALL):
            reason = reason_outside(table, changed) or workshop.stale(table, repository)
            if reason:
                yield Step(repository, table.name, reason)
