"""Reporting: telling Dagster what was built outside of its own runs.

What lives here: what an event says, the provenance tags that keep the UI's stale list right, and the ledger of what was told.
What belongs here: everything that a materialization carries, for the assets and for ingest alike.
What stays out: building tables (compute) and defining assets (assets).

The ledger says, per repository, which version of each table Dagster shows and from which versions of its upstreams. When a
process dies between a file and its event, or DAGSTER_HOME is a new one, the ledger differs, and the next ingest tells again.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import dagster as dg
import msgspec

from paceflow_assets.runtime import checks, dagster_home, upkeep
from paceflow_assets.runtime.checks import Verdict
from paceflow_assets.runtime.compute import Workshop, now_ms
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.loading import loading
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.settings import Settings, file_stem, write_private
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.upkeep import Upkeep
from paceflow_assets.runtime.warehouse import Provenance
from paceflow_assets.runtime.worker import Built, Outcome, Shown, workshop_of

CODE_VERSION = "dagster/code_version"
DATA_VERSION = "dagster/data_version"
IS_USER_PROVIDED = "dagster/data_version_is_user_provided"
INPUT_DATA_VERSION = "dagster/input_data_version/"
INPUT_EVENT_POINTER = "dagster/input_event_pointer/"
Event = dg.AssetMaterialization | dg.AssetCheckEvaluation
TELL_AGAIN_DAYS = 25  # before runs of that age are purged, and with them what they told


class Told(msgspec.Struct, frozen=True):
    """What Dagster shows of one table. upstreams: table -> its data version then."""

    data_version: str
    code_version: str
    upstreams: dict[str, str]
    told_ms: int


NOTHING = Told("", "", {}, 0)


class Wrong(msgspec.Struct, frozen=True):
    """How a table of one repository breaks its declaration. blocks: it was not written for it."""

    told: str
    blocks: bool


class Ledger(msgspec.Struct):
    """What one Dagster instance was told of one repository, under `ALL` also of the checks.

    failing: table -> repository -> what is wrong; a table whose check was never told is missing. due: tables whose check has
    to be told. found: upkeep check -> what it found when it was told.
    """

    instance: str = ""
    tables: dict[str, Told] = {}
    failing: dict[str, dict[str, Wrong]] = {}
    due: set[str] = set()
    found: dict[str, list[str]] = {}


def load_ledger(settings: Settings, repository: str, instance: str) -> Ledger:
    """The ledger of a repository; an empty one for another instance."""
    path = settings.state / "told" / f"{file_stem(repository)}.json"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Ledger)
    except (OSError, msgspec.MsgspecError):
        return Ledger(instance)
    return found if found.instance == instance else Ledger(instance)


def save_ledger(settings: Settings, repository: str, ledger: Ledger) -> None:
    """Keep the ledger of a repository."""
    write_private(settings.state / "told" / f"{file_stem(repository)}.json", msgspec.json.encode(ledger))


def metadata(workshop: Workshop, provenance: Provenance) -> dict[str, dg.MetadataValue]:
    """What an asset's page shows of a materialization: counts, times, rates, and a preview without anybody's words."""
    errors = workshop.warehouse.provenance("raw_parse_error", provenance.repository)
    shown: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(provenance.rows),
        "parse_errors": dg.MetadataValue.int(errors.rows if errors else 0),
    }
    for name, value in (("oldest", provenance.oldest), ("newest", provenance.newest)):
        if value:
            shown[name] = dg.MetadataValue.text(value)
    shown |= {name: dg.MetadataValue.float(value) for name, value in provenance.rates.items()}
    shown |= {name: dg.MetadataValue.int(value) for name, value in provenance.counts.items()}
    if provenance.preview:
        shown["preview"] = dg.MetadataValue.md(provenance.preview)
    return shown


def check_evaluation(table: str, failing: Mapping[str, Wrong]) -> dg.AssetCheckEvaluation:
    """The verdict on a table over all repositories, for Dagster's log. failing: repository -> what is wrong there."""
    wrong = {repository: dg.MetadataValue.text(each.told) for repository, each in sorted(failing.items())}
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(table),
        check_name=checks.NAME,
        passed=not failing,
        severity=severity(blocks=any(each.blocks for each in failing.values())),
        metadata=wrong or {"holds in": dg.MetadataValue.text("every repository")},
    )


def severity(*, blocks: bool) -> dg.AssetCheckSeverity:
    """ERROR for what keeps a table from being written, else WARN."""
    return dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN


def check_metadata(verdict: Verdict, repository: str) -> dict[str, dg.MetadataValue]:
    """Each part of the declaration: holds, or what is wrong."""
    told = {part.name: dg.MetadataValue.text(part.told or "holds") for part in verdict.parts}
    return {"repository": dg.MetadataValue.text(repository), **told}


def findings_metadata(found: Sequence[str]) -> dict[str, dg.MetadataValue]:
    """What an upkeep check found, one entry each."""
    return {f"found {number}": dg.MetadataValue.text(line) for number, line in enumerate(found, 1)}


def upkeep_evaluation(check: Upkeep, found: Sequence[str]) -> dg.AssetCheckEvaluation:
    """What an upkeep check found, for Dagster's log."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(check.table),
        check_name=check.name,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=findings_metadata(found),
    )


class News(NamedTuple):
    """One table that Dagster shows otherwise than it is."""

    table: Table
    provenance: Provenance
    told: Told


def news_of(workshop: Workshop, table: Table, repository: str, shown: Shown, before: Told, now_ms: int) -> News | None:
    """What Dagster has to be told of a table: another version or other inputs, or the same again if that was long ago."""
    is_old = before.told_ms < now_ms - TELL_AGAIN_DAYS * 86_400_000
    if not is_old and (before.data_version, before.code_version, before.upstreams) == shown:
        return None
    provenance = workshop.warehouse.provenance(table.name, repository)
    return None if provenance is None else News(table, provenance, Told(*shown, now_ms))


def materialization(workshop: Workshop, news: News, pointer: int | None) -> dg.AssetMaterialization:
    """The event of a table, with the tags that Dagster's own runs give it. pointer: id of the newest event before it."""
    provenance = news.provenance
    tags = {
        CODE_VERSION: provenance.code_version,
        DATA_VERSION: provenance.data_version,
        IS_USER_PROVIDED: "true",
    }
    for name, versions in news.told.upstreams.items():
        tags[INPUT_DATA_VERSION + name] = hashlib.sha256(versions.encode()).hexdigest()
        tags[INPUT_EVENT_POINTER + name] = "NULL" if pointer is None else str(pointer)
    return dg.AssetMaterialization(
        asset_key=news.table.name,
        partition=provenance.repository if news.table.per_repository else None,
        metadata=metadata(workshop, provenance),
        tags=tags,
    )


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PARTITIONS = "repository"


def report(settings: Settings, results: Iterator[Built | Outcome], repositories: Sequence[str]) -> str:
    """Tell Dagster of results as they come. Returns why it could not be told, '' if it was.

    Tables do not depend on Dagster: when its home or its storage fails, the results are taken all the same, and the ledger
    lets the next ingest tell them.
    """
    stopped: list[PaceflowError] = []

    def watched() -> Iterator[Built | Outcome]:
        try:
            yield from results
        except PaceflowError as error:  # Dagster would take it for a failure of its step
            stopped.append(error)
            raise

    told = ""
    try:
        tell(settings, watched(), repositories)
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        told = (
            f"{settings.dagster_home}: {reason or type(error).__name__}; the tables are up to date, but Dagster was not told; "
        )
        told += "mend or move that folder and ingest again"
        for _ in results if not stopped else ():
            pass
    if stopped:
        raise stopped[0]
    return told


def tell(settings: Settings, results: Iterator[Built | Outcome], repositories: Sequence[str]) -> None:
    """Tell Dagster of results in one run of one op; make its partitions the present repositories."""
    with loading():
        workshop = workshop_of(settings)
        opened = dagster_home.opened(settings)
    with opened as instance:
        with loading():  # its storage loads most of what it needs when it is asked for the first time
            settle_partitions(instance, repositories)
            reporter = Reporter(workshop, instance)

        @dg.op(out={}, name="bring_up_to_date")
        def bring_up_to_date(context: dg.OpExecutionContext) -> Iterator[Event]:
            with dagster_home.kept_open(settings, context.run_id):
                for result in results:
                    yield from reporter.events(result)
            if reporter.failed:
                raise dg.Failure(f"failed: {', '.join(reporter.failed)}", allow_retries=False)

        @dg.job(name="paceflow_ingest")
        def paceflow_ingest() -> None:
            bring_up_to_date()

        paceflow_ingest.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
        dagster_home.purge(instance, dt.datetime.now(dt.UTC))


def settle_partitions(instance: dg.DagsterInstance, repositories: Sequence[str]) -> None:
    """Make Dagster's partitions the present repositories."""
    known = set(instance.get_dynamic_partitions(PARTITIONS))
    new = sorted(set(repositories) - known)
    if new:
        instance.add_dynamic_partitions(PARTITIONS, new)
    for key in sorted(known - set(repositories)):
        instance.delete_dynamic_partition(PARTITIONS, key)


class Reporter:
    """Tells one Dagster instance what was built, and keeps the ledger of it."""

    def __init__(self, workshop: Workshop, instance: dg.DagsterInstance) -> None:
        self.workshop = workshop
        self.instance = instance
        self.identity = instance.run_storage.get_run_storage_id()
        self.ledgers: dict[str, Ledger] = {}
        self.moved: set[str] = set()  # ledgers that are not saved as they are
        self.failed: list[str] = []
        # The pointer must lie behind the events of a table's upstreams: it is asked for again once one of them was told.
        self.newest = newest_event(instance)
        self.since: set[str] = set()

    def ledger(self, repository: str) -> Ledger:
        """What was told of a repository."""
        if repository not in self.ledgers:
            self.ledgers[repository] = load_ledger(self.workshop.settings, repository, self.identity)
        return self.ledgers[repository]

    def events(self, result: Built | Outcome) -> Iterator[Event]:
        """The events of a table that was built; at a repository's end also what Dagster does not show for another reason."""
        repository = result.repository
        if isinstance(result, Built):
            yield from self._tell(tables()[result.table], repository, result.shown)
            self._note_verdict(result.table, repository, result.verdict)
            return
        for name, shown in result.shown.items():
            yield from self._tell(tables()[name], repository, shown)
        if result.broken:
            self._note_verdict(result.broken[0], repository, result.broken[1])
        if repository == ALL:
            yield from self._tell_checks(result.findings)
        if result.failures:
            self.failed.append(repository)
        for name in self.moved:
            save_ledger(self.workshop.settings, name, self.ledger(name))
        self.moved.clear()

    def _tell(self, table: Table, repository: str, shown: Shown) -> Iterator[dg.AssetMaterialization]:
        told = self.ledger(repository).tables
        news = news_of(self.workshop, table, repository, shown, told.get(table.name, NOTHING), now_ms())
        if news is not None:
            if self.since & set(table.upstreams):
                self.newest, self.since = newest_event(self.instance), set()
            yield materialization(self.workshop, news, self.newest)
            told[table.name] = news.told
            self.moved.add(repository)
            self._owe(table.name)
            self.since.add(table.name)

    def _note_verdict(self, table: str, repository: str, verdict: Verdict) -> None:
        """Keep what has to be told of a table's check, in the end: Dagster shows no verdict that is older than its table."""
        ledger = self.ledger(ALL)
        failing = {key: wrong for key, wrong in ledger.failing.get(table, {}).items() if key != repository}
        if not verdict.passed:
            failing[repository] = Wrong(verdict.told, verdict.blocks)
        if failing != ledger.failing.get(table):
            ledger.failing[table] = failing
            self._owe(table)

    def _forget_gone(self, ledger: Ledger) -> None:
        """A repository that was forgotten or merged breaks nothing any more."""
        if any(ledger.failing.values()):
            present = {*self.instance.get_dynamic_partitions(PARTITIONS), ALL}
            for table, failing in ledger.failing.items():
                if failing.keys() - present:
                    ledger.failing[table] = {key: wrong for key, wrong in failing.items() if key in present}
                    self._owe(table)

    def _owe(self, table: str) -> None:
        self.ledger(ALL).due.add(table)
        self.moved.add(ALL)

    def _tell_checks(self, findings: Mapping[str, list[str]]) -> Iterator[dg.AssetCheckEvaluation]:
        """Tell the checks of all tables that were told or judged otherwise, and the upkeep checks that find something else."""
        ledger = self.ledger(ALL)
        self._forget_gone(ledger)
        evaluations = [check_evaluation(name, ledger.failing.get(name, {})) for name in tables() if name in ledger.due]
        for check in upkeep.CHECKS:
            found = findings.get(check.name)
            if found is not None and ledger.found.get(check.name) != found:
                evaluations.append(upkeep_evaluation(check, found))
                ledger.found[check.name] = found
        ledger.due = set()
        self.moved.add(ALL)
        yield from evaluations


def newest_event(instance: dg.DagsterInstance) -> int | None:
    """Id of the newest event that Dagster stored; None when its storage does not tell."""
    try:
        return instance.event_log_storage.get_maximum_record_id()
    except NotImplementedError:
        return None
