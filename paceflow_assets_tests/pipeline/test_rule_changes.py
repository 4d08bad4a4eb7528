"""A changed belief inside Dagster: who follows it, who refuses, and what the night rebuilds."""

import dataclasses
import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from commands import versions, worked
from conftest import Home

from paceflow_assets.definitions import definitions
from paceflow_assets.runtime import nightly, ruleset
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
CHURN_30 = "[churn]\nwindow_days = 30\n"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance of its own."""
    with dg.DagsterInstance.local_temp(overrides={"telemetry": {"enabled": False}}) as made:
        yield made


@pytest.fixture
def ingested(home: Home) -> Home:
    """A home with two repositories that were ingested under the home's own rules."""
    for name in ("app", "lib"):
        worked(home, name, f"session-{name}")
    ruleset.adopt(home.settings, rules())
    home.ingest()
    return home


def built_ms(home: Home) -> dict[tuple[str, str], int]:
    """(table, repository) -> when it was built."""
    warehouse = Warehouse(home.settings)
    return {(name, key): warehouse.provenance(name, key).built_ms for name in tables() for key in warehouse.repositories(name)}


def run(home: Home, instance: dg.DagsterInstance, job: str, repository: str, **execute: object) -> dg.ExecuteInProcessResult:
    """Run a job of the definitions for one repository."""
    instance.add_dynamic_partitions("repository", [repository])
    made = definitions(home.settings).resolve_job_def(job)
    return made.execute_in_process(
        instance=instance, partition_key=repository, run_config=QUIET, raise_on_error=False, **execute
    )


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def sensor_of(home: Home) -> dg.SensorDefinition:
    """The sensor, defined under the rules of now."""
    return nightly.sensor(home.settings, nightly.repository_job())


def sensed(sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> dg.SensorResult:
    """A tick of the sensor."""
    with dg.build_sensor_context(instance=instance) as context:
        return sensor(context)


def night(home: Home, instance: dg.DagsterInstance) -> list[str]:
    """The repositories for which the nightly tick for rules asks for a run."""
    made = definitions(home.settings)
    schedule = nightly.rules_schedule(home.settings, nightly.stale_job(home.settings))
    context = dg.build_schedule_context(
        instance=instance, repository_def=made.get_repository_def(), scheduled_execution_time=dt.datetime.now(dt.UTC)
    )
    return [request.partition_key for request in schedule.evaluate_tick(context).run_requests]


def test_a_daemon_does_not_undo_what_other_rules_built(ingested, instance):
    """A terminal with a preset changed over: the sensor says why it waits, a run writes nothing and says what to do."""
    preset = dataclasses.replace(ingested.settings, rules_choice="paceflow-0.2.4")
    ruleset.adopt(preset, rules("paceflow-0.2.4"))
    before = built_ms(ingested)
    repository = ingested.discover().repositories[0]
    worked(ingested, "new", "session-new")

    tick = sensed(sensor_of(ingested), instance)
    result = run(ingested, instance, nightly.JOB, repository, asset_selection=[dg.AssetKey("event_commit_churn")])

    assert "with PACEFLOW_RULES=paceflow-0.2.4, this process has the home's own rules" in tick.skip_reason.skip_message
    assert [len(change.partition_keys) for change in tick.dynamic_partitions_requests] == [3]
    assert "to change over: paceflow ingest" in failure_of(result)
    assert built_ms(ingested) == before


def test_definitions_that_are_out_of_date_compute_nothing(ingested, instance):
    """What a run would write would bear the version of rules that are no longer in force."""
    before = built_ms(ingested)
    repository = ingested.discover().repositories[0]
    old = definitions(ingested.settings).resolve_job_def(nightly.JOB)
    ingested.settings.rules_file.write_text(CHURN_30)
    instance.add_dynamic_partitions("repository", [repository])

    result = old.execute_in_process(
        instance=instance,
        partition_key=repository,
        run_config=QUIET,
        raise_on_error=False,
        asset_selection=[dg.AssetKey("event_commit_churn")],
    )

    assert "reload the definitions" in failure_of(result)
    assert built_ms(ingested) == before


def test_rules_that_cannot_be_read_start_no_run(ingested, instance):
    """The sensor names the line and the nearest key."""
    sensor = sensor_of(ingested)
    ingested.settings.rules_file.write_text("[churn]\nwindow_day = 30\n")
    worked(ingested, "new", "session-new")

    tick = sensed(sensor, instance)

    assert not tick.run_requests
    assert "rules.toml:2: [churn] window_day: unknown parameter (did you mean window_days?)" in tick.skip_reason.skip_message


def test_a_quiet_sensor_asks_for_a_reload_when_the_rules_changed(ingested, instance):
    """What a rule makes stale shows only in definitions that know it."""
    sensor = sensor_of(ingested)

    before = sensed(sensor, instance)
    ingested.settings.rules_file.write_text(CHURN_30)
    after = sensed(sensor, instance)

    assert before.skip_reason is None
    assert after.skip_reason.skip_message == nightly.RELOAD


def test_the_night_rebuilds_what_a_rule_made_stale_and_nothing_else(ingested, instance):
    """Each repository once; the same data stops at once below; the next night has nothing to do."""
    ingested.settings.rules_file.write_text(CHURN_30)
    repositories = ingested.discover().repositories
    before, old = built_ms(ingested), versions(ingested)

    asked = night(ingested, instance)
    results = [run(ingested, instance, nightly.STALE_JOB, repository) for repository in asked]

    rebuilt = {key for key, ms in built_ms(ingested).items() if ms != before.get(key)}
    changed = {key for key, content in versions(ingested).items() if content != old[key]}
    told = [
        {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.partition}
        for result in results
    ]
    assert asked == repositories
    assert all(result.success for result in results)
    assert {table for table, _ in changed} == {"event_commit_churn"}
    assert {repository for _, repository in changed} == set(repositories)
    assert all("event_commit_churn" in names for names in told)
    assert rebuilt == changed | {
        (name, repository)
        for repository in repositories
        for name in tables()
        if "event_commit_churn" in tables()[name].upstreams
    }
    assert night(ingested, instance) == []


def test_the_night_takes_the_global_views_even_alone(ingested, instance):
    """One run of one repository rebuilds a view over all of them."""
    Warehouse(ingested.settings).path("view_global_session_quality", "all repositories").unlink()

    asked = night(ingested, instance)
    result = run(ingested, instance, nightly.STALE_JOB, asked[0])

    assert len(asked) == 1
    assert result.success
    assert ("view_global_session_quality", "all repositories") in built_ms(ingested)
    assert night(ingested, instance) == []
