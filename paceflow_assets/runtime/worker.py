"""Worker: a process that computes. Knows neither Dagster nor the terminal.

What lives here: the loop of a worker process and what becomes of a repository that fails: the others go on.
What belongs here: everything between a repository's name and its outcome.
What stays out: what is stale (compute), who is told (reporting), how many workers there are (ingest).
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import NamedTuple

from paceflow_assets.runtime import ruleset, upkeep
from paceflow_assets.runtime.catalog import calculator
from paceflow_assets.runtime.checks import Verdict
from paceflow_assets.runtime.compute import Computed, Workshop, now_ms, reason_outside
from paceflow_assets.runtime.errors import PaceflowError, TableDamaged, TableInvalid
from paceflow_assets.runtime.faults import noted
from paceflow_assets.runtime.inventory import GIT, LOGS, SCORES
from paceflow_assets.runtime.loading import loading
from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.partitions import ALL, NO_REPOSITORY
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.source.git import GitError


class Shown(NamedTuple):
    """What Dagster has to show of a stored table. upstreams: upstream -> the data version that Dagster compares."""

    data_version: str
    code_version: str
    upstreams: dict[str, str]


class Built(NamedTuple):
    """One table of one repository that was computed and written. seconds: wall clock of this table."""

    repository: str
    table: str
    verdict: Verdict
    shown: Shown
    seconds: float


@dataclass
class Outcome:
    """What became of one repository. failures: one line each for people. seconds: wall clock.

    broken: the table that was not written, with its verdict; None if there was none. built: tables that were computed.
    findings: of `ALL`, name of each upkeep check -> what it finds. shown: every table that is stored now.
    """

    repository: str
    built: int = 0
    failures: list[str] = field(default_factory=list)
    broken: tuple[str, Verdict] | None = None
    findings: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    shown: dict[str, Shown] = field(default_factory=dict)


def work(settings: Settings, pipe: Connection) -> None:
    """A worker process: compute each repository that comes through the pipe and send what becomes of it, until it is closed."""
    try:
        with loading():
            workshop = workshop_of(settings)
        while True:
            pipe.send(brought_up_to_date(workshop, pipe.recv(), pipe.send))
    except (EOFError, ConnectionError):  # the ingest is over, or was killed
        return
    except PaceflowError as error:
        pipe.send(PaceflowError(str(error)))
    except Exception as error:  # a fault of ours: told, not shown
        pipe.send(PaceflowError(noted(settings, error)))


def workshop_of(settings: Settings) -> Workshop:
    """Everything that computing needs, under the rules in force."""
    return Workshop(settings, rules(settings.rules_source), calculator(), Warehouse(settings))


def brought_up_to_date(workshop: Workshop, repository: str, on_built: Callable[[Built], None]) -> Outcome:
    """Compute what is stale or changed outside; `ALL` stands for the tables whose rows mix repositories."""
    outcome = Outcome(repository)
    started = last = time.perf_counter()
    try:
        stale = stale_globals(workshop) if repository == ALL else stale_tables(workshop, repository, outcome.failures)
        for computed in stale:
            outcome.built += 1
            now = time.perf_counter()
            name = computed.table.name
            shown = shown_tables(workshop, repository, [name])[name]
            on_built(Built(repository, name, computed.verdict, shown, now - last))
            last = now
        if repository == ALL:
            outcome.findings = upkeep.findings(workshop.settings, now_ms())
    except TableInvalid as error:
        outcome.failures.append(str(error))
        outcome.broken = (error.table, error.verdict) if error.verdict else None
    except ConnectionError:  # whoever listened is gone
        raise
    except (PaceflowError, GitError) as error:
        outcome.failures.append(str(error))
    except Exception as error:  # a fault of ours must not stop the other repositories
        outcome.failures.append(f"{repository}: its tables stay as they were; {noted(workshop.settings, error)}")
    outcome.seconds = time.perf_counter() - started
    own = [name for name, table in tables().items() if table.per_repository == (repository != ALL)]
    outcome.shown = shown_tables(workshop, repository, own)
    return outcome


def shown_tables(workshop: Workshop, repository: str, names: Iterable[str]) -> dict[str, Shown]:
    """What Dagster has to show of those of the tables that are stored, as the files' footers tell it."""
    versions: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in versions:
            versions[name] = shown_version(workshop, name, repository)
        return versions[name]

    found = {}
    for name in names:
        provenance = workshop.warehouse.provenance(name, repository)
        if provenance is not None:
            versions[name] = provenance.data_version
            upstreams = {upstream: version(upstream) for upstream in tables()[name].upstreams}
            found[name] = Shown(provenance.data_version, provenance.code_version, upstreams)
    return found


def shown_version(workshop: Workshop, name: str, repository: str) -> str:
    """The data version of an upstream that Dagster compares: of the repository, or of all of them for a global table."""
    is_mixed = repository == ALL and tables()[name].per_repository
    keys = workshop.warehouse.repositories(name) if is_mixed else [repository]
    provenances = [workshop.warehouse.provenance(name, key) for key in keys]
    return "".join(each.data_version for each in provenances if each)


def stale_tables(workshop: Workshop, repository: str, failures: list[str]) -> Iterator[Computed]:
    """Compute the repository's tables in order, where they have to be; its lock is held meanwhile.

    failures: gets why git cannot read a checkout; what is stored of it stays, everything else is computed.
    """
    with workshop.warehouse.lock(repository):
        ruleset.still(workshop.settings, workshop.rules)
        yield from _stale_raw(workshop, repository, failures)
        yield from _stale_derived(workshop, repository, len(tables()))
    workshop.warehouse.let_go()


def _stale_derived(workshop: Workshop, repository: str, patience: int) -> Iterator[Computed]:
    """The tables below raw. A damaged one is gone once it was read: then from the top, so often as there is patience."""
    try:
        yield from _stale_in_order(workshop, repository)
    except TableDamaged:
        if not patience:
            raise
        yield from _stale_derived(workshop, repository, patience - 1)


def _stale_in_order(workshop: Workshop, repository: str) -> Iterator[Computed]:
    for table in tables().values():
        if table.per_repository and table.layer != "raw" and workshop.stale(table, repository):
            yield workshop.compute(table, repository)


def _stale_raw(workshop: Workshop, repository: str, failures: list[str]) -> Iterator[Computed]:
    """The raw tables, all from one look; what the look holds of the logs goes with it."""
    look = workshop.look(repository, now_ms())
    waits = changed_outside(look)
    if waits:
        home = f"{workshop.settings.home}/"
        failures.extend(f"{repository}: {reason.replace(home, '~/')}" for reason in look.broken.values())
    for table in tables().values():
        if table.layer == "raw" and (reason_outside(table, waits) or workshop.stale(table, repository)):
            yield workshop.compute(table, repository, look)


def changed_outside(look: Look) -> set[str]:
    """Which parts of the outside this repository's raw tables do not hold: logs, git, scores."""
    logs = any(log.read.get(look.repository) != log.state for log in look.logs.values())
    error = look.repository == NO_REPOSITORY and look.inventory.scores.is_error_untold
    git = any(seat.checkout.read != seat.signature for seat in look.seats)
    scores = any(look.inventory.scores.is_unread(seat.common_dir) for seat in look.seats)
    return {name for name, waits in ((LOGS, logs or error), (GIT, git), (SCORES, scores)) if waits}


def stale_globals(workshop: Workshop) -> Iterator[Computed]:
    """Compute the tables whose rows mix repositories, where they have to be."""
    with workshop.warehouse.lock(ALL):
        ruleset.still(workshop.settings, workshop.rules)
        workshop.warehouse.tidy()
        for table in tables().values():
            if not table.per_repository and workshop.stale(table, ALL):
                yield workshop.compute(table, ALL)
