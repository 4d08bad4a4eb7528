"""Definitions: the whole program for Dagster. Assembles, and does nothing else."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from paceflow_assets.runtime import nightly
from paceflow_assets.runtime.assets import assets, upkeep_checks
from paceflow_assets.runtime.settings import Settings, settings
from paceflow_assets.runtime.warehouse import Warehouse


def definitions(of: Settings) -> dg.Definitions:
    """Assets, checks, job, schedule, sensors and resources of one user's paceflow."""
    job, stale_job = nightly.repository_job(), nightly.stale_job(of)
    return dg.Definitions(
        assets=assets(of),
        asset_checks=upkeep_checks(of),
        jobs=[job, stale_job],
        schedules=[nightly.schedule(of, job), nightly.rules_schedule(of, stale_job)],
        sensors=[nightly.sensor(of, job), nightly.automation_sensor()],
        resources={"duckdb": DuckDBResource(database=":memory:"), "warehouse": Warehouse(of)},
        executor=dg.in_process_executor,
    )


defs = definitions(settings())
