"""The graph inside Dagster: the job, the sensor, the schedule, and the same result as ingest."""

import asyncio
import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from conftest import Home
from dagster._core.loader import LoadingContextForTest
from logs import ClaudeLog
from repositories import Repository
from telling import NO_TELEMETRY, QUIET, graph, ingest_and_tell, run_job, tell

from paceflow_assets.runtime import nightly, reporting
from paceflow_assets.runtime.checks import Part, Verdict
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.runtime.worker import Built, Outcome


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance of its own."""
    with dg.DagsterInstance.local_temp(overrides=NO_TELEMETRY) as made:
        yield made


@pytest.fixture
def worked(home: Home) -> tuple[Home, Repository]:
    """A home in which a session wrote a file that was committed."""
    repository = Repository(home.path / "src" / "app")
    folder = repository.folder
    ClaudeLog(home.path, "s1", folder).says(0, "write it").writes(1, folder / "a.py", "one\ntwo\n").replies(2, "done").save()
    repository.commit({"a.py": "one\ntwo\n"}, date=1_767_603_900)
    return home, repository


def versions(home: Home, repository: str) -> dict[str, str]:
    """Data version of each table of a repository."""
    warehouse = Warehouse(home.settings)
    footers = {name: warehouse.provenance(name, repository) for name in tables()}
    return {name: footer.data_version for name, footer in footers.items() if footer}


def stale(home: Home, instance: dg.DagsterInstance, repository: str) -> dict[str, str]:
    """What the UI would colour: table -> why. Dagster has no public way to ask; this is what its UI asks."""
    from dagster._core.definitions.data_version import CachingStaleStatusResolver
    from dagster._core.definitions.events import AssetKey
    from dagster._core.loader import LoadingContextForTest

    resolver = CachingStaleStatusResolver(instance, graph(home).resolve_asset_graph(), LoadingContextForTest(instance))
    found = {}
    for name, table in tables().items():
        partition = repository if table.per_repository else None
        status = resolver.get_status(AssetKey(name), partition)
        if status.value != "FRESH":
            causes = resolver.get_stale_root_causes(AssetKey(name), partition)
            found[name] = (
                f"{status.value}: {'; '.join(f'{cause.key.asset_key.to_user_string()} {cause.reason}' for cause in causes)}"
            )
    return found


def test_the_job_computes_every_table(worked, instance):
    """One run of the job materializes every partitioned table of the repository, each with a passed check."""
    home, _ = worked
    (repository,) = home.discover().repositories
    instance.add_dynamic_partitions("repository", [repository])

    result = run_job(home, instance, repository)

    built = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert result.success
    assert built == {name for name, table in tables().items() if table.per_repository}
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert home.table("fact_commit_session_match")["matched_lines"].to_list() == [2.0]


def test_ingest_and_the_assets_build_the_same_bit_for_bit(worked, instance, tmp_path):
    """Tables have the same content versions whoever built them, and the UI shows none of them as stale."""
    home, _ = worked
    other = Home(home.path, {"PACEFLOW_HOME": str(tmp_path / "other")})
    (repository,) = home.discover().repositories
    other.discover()
    instance.add_dynamic_partitions("repository", [repository])

    run_job(home, instance, repository)
    with dg.DagsterInstance.local_temp(overrides=NO_TELEMETRY) as second:
        ingest_and_tell(other, second)
        shown = stale(other, second, repository)

    ours, theirs = versions(other, repository), versions(home, repository)
    when_looked = {"metadata_branches"}  # tells when a look first saw a branch; the two looked at different times
    assert {name for name in ours if ours[name] != theirs[name]} == when_looked
    assert shown == {}
    assert set(stale(home, instance, repository)) == {"view_global_session_quality"}  # not part of the job


def test_a_changed_rule_makes_exactly_its_tables_stale(worked, instance):
    """After a rule parameter changed, the UI shows the tables that use it, and the next ingest heals them."""
    home, _ = worked
    ingest_and_tell(home, instance)
    (repository,) = home.discover().repositories
    (home.settings.paceflow_home / "rules.toml").write_text("[churn]\nwindow_days = 30\n")

    before = stale(home, instance, repository)
    ingest_and_tell(home, instance)

    assert list(before) == ["event_commit_churn"]
    assert "new code version" in before["event_commit_churn"]
    assert home.table("event_commit_churn")["churn_window_days"].to_list() == [30]
    assert stale(home, instance, repository) == {}


def test_a_new_message_leaves_the_ui_fresh_without_rebuilding_changes(worked, instance):
    """A message that touches no change rebuilds no change table; the UI shows them fresh nevertheless."""
    home, repository = worked
    ingest_and_tell(home, instance)
    (key,) = home.discover().repositories
    before = Warehouse(home.settings).provenance("fact_session_code_change_line", key)
    log = ClaudeLog(home.path, "s1", repository.folder)
    log.says(0, "write it").writes(1, repository.folder / "a.py", "one\ntwo\n").replies(2, "done").says(9, "thanks").save()

    ingest_and_tell(home, instance)

    assert Warehouse(home.settings).provenance("fact_session_code_change_line", key) == before
    assert home.table("event_session_quality")["user_turn_count"].to_list() == [2]
    assert stale(home, instance, key) == {}


def test_the_sensor_asks_for_a_run_of_each_changed_repository_once(worked, instance):
    """A new repository becomes a partition with a run; the same state has the same run key; then there is nothing to do."""
    home, _ = worked
    definitions_ = graph(home)
    sensor = nightly.sensor(home.settings, nightly.repository_job())

    def tick() -> dg.SensorResult:
        with dg.build_sensor_context(instance=instance, definitions=definitions_) as context:
            return sensor(context)

    first, again = tick(), tick()
    (request,) = first.run_requests
    instance.add_dynamic_partitions("repository", list(first.dynamic_partitions_requests[0].partition_keys))
    result = run_job(home, instance, request.partition_key)

    assert [key for change in first.dynamic_partitions_requests for key in change.partition_keys] == [request.partition_key]
    assert [each.run_key for each in again.run_requests] == [request.run_key]
    assert result.success
    assert tick().run_requests == []


def test_a_failed_run_is_asked_for_again_later_each_time(worked, instance):
    """The sensor asks again after a failure, under another run key, and waits longer after each."""
    home, _ = worked
    (repository,) = home.discover().repositories
    found = home.discover()
    now = dt.datetime.now(dt.UTC)

    def fail() -> None:
        run = instance.create_run_for_job(
            graph(home).resolve_job_def(nightly.JOB), tags={"dagster/partition": repository}, status=dg.DagsterRunStatus.STARTED
        )
        instance.report_run_failed(run)

    fail()
    soon = list(nightly.wanted(instance, found, now + dt.timedelta(seconds=30)))
    later = list(nightly.wanted(instance, found, now + dt.timedelta(minutes=3)))
    fail()
    after_two = list(nightly.wanted(instance, found, now + dt.timedelta(minutes=3)))

    assert soon == []
    assert [each.run_key.rpartition(":")[2] for each in later] == ["1"]
    assert after_two == []


def test_the_schedule_asks_for_changed_repositories(worked, instance):
    """A nightly tick makes the partition and asks for its run."""
    home, _ = worked
    schedule = nightly.schedule(home.settings, nightly.repository_job())

    context = dg.build_schedule_context(
        instance=instance,
        repository_def=graph(home).get_repository_def(),
        scheduled_execution_time=dt.datetime.now(dt.UTC),
    )
    ticked = schedule.evaluate_tick(context)

    (repository,) = instance.get_dynamic_partitions("repository")
    assert [request.partition_key for request in ticked.run_requests] == [repository]


def test_a_table_that_breaks_its_declaration_is_not_swapped_in(worked, instance, monkeypatch):
    """A failed check is recorded, the step fails, and the rows before stay."""
    home, _ = worked
    ingest_and_tell(home, instance)
    (repository,) = home.discover().repositories
    before = versions(home, repository)["event_task_commit"]
    table = tables()["event_task_commit"]
    honest = table.build
    monkeypatch.setitem(table.__dict__, "build", lambda **frames: honest(**frames).vstack(honest(**frames)))

    asset = next(each for each in graph(home).assets if each.key == dg.AssetKey("event_task_commit"))
    result = dg.materialize(
        [asset],
        instance=instance,
        partition_key=repository,
        resources=graph(home).resources,
        raise_on_error=False,
        run_config=QUIET,
    )

    (evaluation,) = result.get_asset_check_evaluations()
    assert not result.success
    assert not evaluation.passed
    assert "repeat the key" in evaluation.metadata["grain_unique"].value
    assert versions(home, repository)["event_task_commit"] == before


def last_check(instance: dg.DagsterInstance, table: str):
    """The newest verdict on a table's declaration, if the UI shows it: none is shown that is older than the table."""
    key = dg.AssetCheckKey(dg.AssetKey(table), "declaration")
    (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    is_shown = asyncio.run(record.targets_latest_materialization(LoadingContextForTest(instance)))
    return record.event.asset_check_evaluation if is_shown else None


def test_ingest_tells_every_check_after_its_table(worked, instance):
    """Also when a table is built again; a repository that breaks a declaration is named until it does no more, or is gone."""
    home, repository = worked
    ingest_and_tell(home, instance)
    assert all(last_check(instance, name).passed for name in tables())

    other = Repository(home.path / "src" / "other")
    other.commit({"b.py": "one\n"})
    ClaudeLog(home.path, "s2", other.folder).says(0, "look").save()
    ClaudeLog(home.path, "s1", repository.folder).says(0, "write it").replies(5, "more").save()
    wrong = Verdict((Part("parents_present", False, 1, "1 keys without their parent"),))

    def spoiled(result: Built | Outcome) -> Built | Outcome:
        is_meant = getattr(result, "table", "") == "event_session_quality" and "other" in result.repository
        return result._replace(verdict=wrong) if is_meant else result

    reporter = ingest_and_tell(home, instance, spoiled)

    evaluation = last_check(instance, "event_session_quality")
    (name,) = [key for key in home.discover().repositories if "other" in key]
    assert {key: value.value for key, value in evaluation.metadata.items()} == {name: "1 keys without their parent"}
    assert all(last_check(instance, each).passed == (each != "event_session_quality") for each in tables())

    instance.delete_dynamic_partition("repository", name)
    tell(instance, reporter, Outcome(ALL))
    assert last_check(instance, "event_session_quality").passed


def test_what_upkeep_finds_is_told_once_and_by_the_nightly_check(worked, instance):
    """A repository that is gone: ingest tells it when it finds it, the check tells the same, a second ingest tells nothing."""
    home, repository = worked
    ingest_and_tell(home, instance)
    repository.folder.rename(home.path / "elsewhere")
    for _ in range(2):
        ingest_and_tell(home, instance)
    key = dg.AssetCheckKey(dg.AssetKey("raw_checkout"), "checkout_there")
    told = instance.event_log_storage.get_asset_check_execution_history(key, limit=9)

    checks = [check for check in graph(home).asset_checks or [] if key in check.check_keys]
    (evaluation,) = dg.materialize(
        checks, instance=instance, run_config=QUIET, selection=dg.AssetSelection.checks(key)
    ).get_asset_check_evaluations()

    assert [record.event.asset_check_evaluation.passed for record in told] == [False, True]
    assert evaluation.metadata == told[0].event.asset_check_evaluation.metadata
    assert "no checkout is there" in evaluation.metadata["found 1"].value
    assert evaluation.severity == dg.AssetCheckSeverity.WARN


def test_tags_are_those_that_dagster_gives(worked, instance, tmp_path):
    """An event that ingest tells has the provenance tags of one of Dagster's own runs."""
    home, _ = worked
    other = Home(home.path, {"PACEFLOW_HOME": str(tmp_path / "other")})
    (repository,) = home.discover().repositories
    instance.add_dynamic_partitions("repository", [repository])
    run_job(home, instance, repository)
    with dg.DagsterInstance.local_temp(overrides=NO_TELEMETRY) as second:
        ingest_and_tell(other, second)
        told = second.get_latest_materialization_event(dg.AssetKey("event_commit_churn")).asset_materialization

    own = instance.get_latest_materialization_event(dg.AssetKey("event_commit_churn")).asset_materialization

    pointers = {name for name in own.tags if name.startswith(reporting.INPUT_EVENT_POINTER)}
    same = own.tags.keys() - pointers
    assert told.tags.keys() == own.tags.keys()
    assert {name: told.tags[name] for name in same} == {name: own.tags[name] for name in same}
    assert all(told.tags[name].isdecimal() for name in pointers)
    assert told.metadata.keys() == own.metadata.keys()
