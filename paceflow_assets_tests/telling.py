"""Telling Dagster in this process, as `paceflow ingest` and the runs of the daemon do.

What lives here: `ingest_and_tell`, `run_job`, and how the instances of tests are configured.
What belongs here: what several tests do with a Dagster instance. What stays out: ticks of the automation (automation).
"""

from collections.abc import Callable

import dagster as dg
from conftest import Home

from paceflow_assets.definitions import definitions
from paceflow_assets.runtime import nightly, reporting
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.worker import Built, Outcome, brought_up_to_date, workshop_of

NO_TELEMETRY = {"telemetry": {"enabled": False}}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def graph(home: Home) -> dg.Definitions:
    """The definitions for a home."""
    return definitions(home.settings)


def run_job(home: Home, instance: dg.DagsterInstance, repository: str) -> dg.ExecuteInProcessResult:
    """Every table of a repository, by Dagster."""
    job = graph(home).resolve_job_def(nightly.JOB)
    return job.execute_in_process(instance=instance, partition_key=repository, run_config=QUIET, raise_on_error=False)


def ingest_and_tell(
    home: Home, instance: dg.DagsterInstance, seen: Callable[[Built | Outcome], Built | Outcome] = lambda result: result
) -> reporting.Reporter:
    """What `paceflow ingest` does, in this process: compute, and tell this instance. seen: what becomes of each result."""
    found = home.discover()
    workshop = workshop_of(home.settings)
    reporter = reporting.Reporter(workshop, instance)
    reporting.settle_partitions(instance, found.repositories)
    for repository in [*found.repositories, ALL]:
        results = []
        results.append(brought_up_to_date(workshop, repository, results.append))
        for result in results:
            tell(instance, reporter, seen(result))
    return reporter


def tell(instance: dg.DagsterInstance, reporter: reporting.Reporter, result: Built | Outcome) -> None:
    """What the run of an ingest does with a result."""
    for event in reporter.events(result):
        instance.report_runless_asset_event(event)
