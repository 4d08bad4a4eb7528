"""Nightly: the sensor and the schedule that keep repositories up to date while a daemon runs.

What lives here: the per-repository jobs and who asks for them.
What belongs here: when to compute. What stays out: what changed (discovery), what is stale (plan) and computing (compute).

A run is asked for once per state of a repository; a failed one is asked for again, later each time. None is asked for while the
rules cannot be read, or somebody chose others for the warehouse: it would only fail.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

import dagster as dg

from paceflow_assets.runtime import reporting, ruleset, upkeep
from paceflow_assets.runtime.assets import NIGHTLY, REPOSITORIES
from paceflow_assets.runtime.compute import now_ms
from paceflow_assets.runtime.discovery import Discovery, discover
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.plan import stale_steps
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.worker import brought_up_to_date, workshop_of

SENSOR_SECONDS = 60
FIRST_RETRY = dt.timedelta(minutes=2)
LONGEST_RETRY = dt.timedelta(hours=6)
REMEMBERED_FAILURES = dt.timedelta(days=7)
STATE = "paceflow/state"
JOB = "one_repository"
RELOAD = "the rules changed since these definitions were loaded; reload them to see what became stale and have it rebuilt"
STALE_JOB = "stale_tables"


def repository_job() -> object:
    """Every table of one repository, in one run."""
    names = [table.name for table in tables().values() if table.per_repository]
    across = [dg.AssetCheckKey(dg.AssetKey(check.table), check.name) for check in upkeep.CHECKS]
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*names) - dg.AssetSelection.checks(*across),
        executor_def=dg.in_process_executor,
        description="Look at one repository again and compute all of its tables.",
    )


def stale_job(settings: Settings) -> dg.JobDefinition:
    """What is stale of one repository, and what really changes below it: one step, as `paceflow ingest` does it."""

    @dg.op(out={}, name="rebuild_stale_tables")
    def rebuild_stale_tables(context: dg.OpExecutionContext) -> Iterator[reporting.Event]:
        workshop = workshop_of(settings)
        ruleset.follow(settings, workshop.rules)
        reporter = reporting.Reporter(workshop, context.instance)
        failures: list[str] = []
        for key in (context.partition_key, ALL):
            results: list = []
            outcome = brought_up_to_date(workshop, key, results.append)
            failures += outcome.failures
            for result in (*results, outcome):
                yield from reporter.events(result)
        if failures:
            raise dg.Failure("; ".join(failures), allow_retries=False)

    @dg.job(
        name=STALE_JOB,
        partitions_def=REPOSITORIES,
        executor_def=dg.in_process_executor,
        description="Compute the tables of one repository that a changed rule made stale, and what changes below them.",
    )
    def stale_tables() -> None:
        rebuild_stale_tables()

    return stale_tables


def obstacle(settings: Settings) -> str:
    """Why no run may be asked for; '' if one may."""
    try:
        return ruleset.refusal(settings, rules(settings.rules_source))
    except RulesError as error:
        return str(error)


def request(repository: str, state: str, attempt: int) -> dg.RunRequest:
    """A run of the job for one repository in one state."""
    return dg.RunRequest(
        run_key=f"{repository}:{state}:{attempt}", partition_key=repository, tags={STATE: f"{repository}:{state}"}
    )


def partition_changes(instance: dg.DagsterInstance, repositories: Sequence[str]) -> list:
    """Requests that make Dagster's partitions the present repositories."""
    known = set(instance.get_dynamic_partitions(REPOSITORIES.name))
    new, gone = sorted(set(repositories) - known), sorted(known - set(repositories))
    requests: list = []
    if new:
        requests.append(REPOSITORIES.build_add_request(new))
    if gone:
        requests.append(REPOSITORIES.build_delete_request(gone))
    return requests


def wanted(instance: dg.DagsterInstance, found: Discovery, now: dt.datetime) -> Iterator[dg.RunRequest]:
    """Runs for the repositories that changed, and again for those whose latest run failed."""
    failed = failures(instance, now)
    for repository in sorted({*found.changed, *failed} & set(found.repositories)):
        state = found.changed.get(repository, "unchanged outside")
        attempts, last = failed.get(repository, (0, None))
        if last is None or now >= last + min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY):
            yield request(repository, state, attempts)


def failures(instance: dg.DagsterInstance, now: dt.datetime) -> dict[str, tuple[int, dt.datetime | None]]:
    """Repository -> (failed runs since its last good one, end of the latest), for those whose latest run failed."""
    records = instance.get_run_records(filters=dg.RunsFilter(job_name=JOB, created_after=now - REMEMBERED_FAILURES), limit=500)
    found: dict[str, tuple[int, dt.datetime | None]] = {}
    settled: set[str] = set()
    for record in records:  # newest first
        run = record.dagster_run
        repository = run.tags.get("dagster/partition", "")
        if repository in settled:
            continue
        if run.status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED):
            count, last = found.get(repository, (0, None))
            ended = dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.create_timestamp
            found[repository] = (count + 1, last or ended)
        else:
            settled.add(repository)
    return found


def sensor(settings: Settings, job: object) -> dg.SensorDefinition:
    """Looks around every minute; a new or changed repository gets a run without a click.

    With nothing to ask for it says when the rules changed since it was defined: what they make stale shows after a reload.
    """
    defined_with = rules(settings.rules_source).fingerprint

    @dg.sensor(
        name="changed_repositories",
        job=job,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Finds new and changed logs and repositories, and asks for a run of each repository they touch.",
    )
    def changed_repositories(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        found = discover(settings, now_ms())
        partitions = partition_changes(context.instance, found.repositories)
        reason = obstacle(settings)
        if reason:
            return dg.SensorResult(skip_reason=reason, dynamic_partitions_requests=partitions)
        requests = list(wanted(context.instance, found, dt.datetime.now(dt.UTC)))
        if not requests and rules(settings.rules_source).fingerprint != defined_with:
            return dg.SensorResult(skip_reason=RELOAD, dynamic_partitions_requests=partitions)
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=partitions)

    return changed_repositories


def schedule(settings: Settings, job: object) -> dg.ScheduleDefinition:
    """Looks around at 02:00 in the machine's zone, for people who switch the sensor off."""

    @dg.schedule(
        name="nightly",
        job=job,
        cron_schedule=NIGHTLY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Asks for a run of each repository that changed since it was looked at.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found, reason = looked_around(settings, context.instance)
        if reason:
            yield dg.SkipReason(reason)
        else:
            yield from wanted(context.instance, found, dt.datetime.now(dt.UTC))

    return nightly


def looked_around(settings: Settings, instance: dg.DagsterInstance) -> tuple[Discovery, str]:
    """What there is, with Dagster's partitions made the same; and why no run may be asked for, '' if one may."""
    found = discover(settings, now_ms())
    reporting.settle_partitions(instance, found.repositories)
    return found, obstacle(settings)


def rules_schedule(settings: Settings, job: object) -> dg.ScheduleDefinition:
    """Rebuilds at 02:00 what a changed rule made stale and the automation did not rebuild."""

    @dg.schedule(
        name="nightly_rules",
        job=job,
        cron_schedule=NIGHTLY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Asks for a run of each repository that has stale tables although nothing changed outside.",
    )
    def nightly_rules(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found, reason = looked_around(settings, context.instance)
        if reason:
            yield dg.SkipReason(reason)
        else:
            night = context.scheduled_execution_time.date().isoformat()
            unchanged = [key for key in found.repositories if key not in found.changed]
            for key in stale_repositories(settings, unchanged):
                yield dg.RunRequest(run_key=f"{key}:{night}", partition_key=key)

    return nightly_rules


def stale_repositories(settings: Settings, repositories: Sequence[str]) -> list[str]:
    """Those with a stale table. Each run takes the global views with it, so if only these are stale, the first repository."""
    workshop = workshop_of(settings)

    def is_stale(key: str) -> bool:
        return next(stale_steps(workshop, key), None) is not None

    stale = [key for key in repositories if is_stale(key)]
    return stale or (list(repositories[:1]) if is_stale(ALL) else [])


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Rebuilds what a changed rule made stale; makes the checks across repositories once a night."""
    return dg.AutomationConditionSensorDefinition(
        "changed_rules",
        target=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
