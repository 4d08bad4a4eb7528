"""What the automation wants after a change, tick after tick: exactly these tables of exactly these repositories."""

import datetime as dt
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import automation
import commands
import dagster as dg
import pytest
from automation import Ticks, Wanted
from conftest import Home
from logs import ClaudeLog
from repositories import Repository
from telling import graph, ingest_and_tell, run_job

from paceflow_assets.runtime import nightly

APP, LIB, NEW, OTHER = (f"example.test/team/{name}" for name in ("app", "lib", "new", "other"))
DAY = 86_400
GLOBAL: Wanted = {"view_global_session_quality": {None}}
READ_CHURN = ("view_change_metrics_base", "view_line_metrics_base")
BELOW_CHANGES = [  # what reads view_change_metrics_base, layer by layer, when its rows change in APP
    {"view_commit_session_metrics_base": {APP}, "view_task_commit_metrics_base": {APP}},
    {
        "view_branch_commit_metrics_base": {APP},
        "view_repository_churn_summary": {APP},
        "view_repository_commit_quality": {APP},
        "view_task_execution_quality": {APP},
    },
]


def works(home: Home, name: str) -> Repository:
    """A repository in which a session wrote two lines that were committed."""
    repository = Repository(home.path / "src" / name)
    repository.origin(f"https://example.test/team/{name}.git")
    talks(home, name, turns=1)
    repository.commit({"a.py": f"{name} one\n{name} two\n"}, date=commands.COMMITTED)
    return repository


def talks(home: Home, name: str, *, turns: int) -> None:
    """The session of a repository: it writes a file, then there are more prompts, one every ten minutes."""
    folder = home.path / "src" / name
    log = ClaudeLog(home.path, f"{name}-session", folder)
    log.says(0, "write it").writes(1, folder / "a.py", f"{name} one\n{name} two\n").replies(2, "done")
    for turn in range(1, turns):
        log.says(10 * turn, "and now?").replies(10 * turn + 1, "done")
    log.save()


def two_repositories(home: Home) -> None:
    """APP and LIB; a line of APP was removed after 20 days, outside of the window of rule churn."""
    home.settings.paceflow_home.mkdir(parents=True)
    rule(home, "churn", "window_days = 14")
    works(home, "lib")
    works(home, "app").commit({"a.py": "app one\n"}, date=commands.COMMITTED + 20 * DAY)


def rule(home: Home, section: str, values: str) -> None:
    """The user's rules.toml."""
    (home.settings.paceflow_home / "rules.toml").write_text(f"[{section}]\n{values}\n")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home at rest, told to Dagster, and what the automation's first tick remembers. Only to be copied."""
    path = tmp_path_factory.mktemp("base").resolve()
    home = Home(path, {"PACEFLOW_HOME": str(path / "paceflow")})
    two_repositories(home)
    with automation.opened(home) as instance:
        ingest_and_tell(home, instance)
        ticks = Ticks(home, instance)
        assert ticks.evaluate() == ({}, 0)
    return home, dg.serialize_value(ticks.cursor)


@pytest.fixture
def settled(base: tuple[Home, str], tmp_path: Path) -> Iterator[Ticks]:
    """A copy of what paceflow stored, after a first tick. Logs and repositories are those of `base`: nothing looks at them."""
    home, cursor = base
    shutil.copytree(home.settings.paceflow_home, tmp_path / "paceflow")
    own = Home(home.path, {"PACEFLOW_HOME": str(tmp_path / "paceflow")})
    with automation.opened(own) as instance:
        yield Ticks(own, instance, cursor)


@pytest.fixture
def fresh(home: Home) -> Iterator[Ticks]:
    """A home at rest with logs and repositories of its own, after a first tick; Dagster keeps its log in memory."""
    two_repositories(home)
    with dg.DagsterInstance.ephemeral() as instance:
        ingest_and_tell(home, instance)
        ticks = Ticks(home, instance)
        assert ticks.tick() == {}
        yield ticks


def after_edit(ticks: Ticks, copy: Path, *edits: tuple[str, str, str]) -> list[Wanted]:
    """What is wanted tick after tick once the code was edited and loaded anew. edits: (file, old text, new text)."""
    for folder in ("paceflow_assets", "sql"):
        shutil.copytree(commands.PROJECT / folder, copy / folder)
    for name, old, new in edits:
        text = (copy / name).read_text()
        assert text.count(old) == 1
        (copy / name).write_text(text.replace(old, new))
    cursor = copy / "cursor.json"
    cursor.write_text(dg.serialize_value(ticks.cursor))
    arguments = [str(each) for each in (ticks.home.path, ticks.home.settings.paceflow_home, cursor)]
    command = [sys.executable, "-W", "ignore", automation.__file__, *arguments]
    done = commands.run(ticks.home, command, copy, PYTHONPATH=str(copy))
    assert done.returncode == 0, done.stderr
    return automation.decoded(json.loads(done.stdout))


def sensed(ticks: Ticks) -> list[str]:
    """A tick of the sensor that drives raw: partitions become what it says; the repositories of which it wants a run."""
    sensor = nightly.sensor(ticks.home.settings, nightly.repository_job())
    with dg.build_sensor_context(instance=ticks.instance, definitions=ticks.definitions) as context:
        result = sensor(context)
    for change in result.dynamic_partitions_requests:
        assert isinstance(change, dg.AddDynamicPartitionsRequest)
        ticks.instance.add_dynamic_partitions(change.partitions_def_name, list(change.partition_keys))
    return [request.partition_key for request in result.run_requests]


def test_the_automation_runs_without_a_click(home):
    """The sensor that evaluates the conditions is RUNNING by default and looks at every table and check."""
    definitions = graph(home)

    (sensor,) = [each for each in definitions.sensors if isinstance(each, dg.AutomationConditionSensorDefinition)]

    assets = definitions.resolve_asset_graph()
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.asset_selection.resolve(assets) == assets.get_all_asset_keys()
    assert sensor.asset_selection.resolve_checks(assets) == assets.asset_check_keys


def test_a_rule_bump_goes_down_only_where_rows_changed(settled, tmp_path):
    """Code of rule churn, twice the window: its table in both repositories, then what changed in one; no other view."""
    edit = ("paceflow_assets/rule/churn.py", "rule.window_days * DAY_MS", "2 * rule.window_days * DAY_MS")

    wanted = after_edit(settled, tmp_path / "copy", edit)

    assert wanted == [{"event_commit_churn": {APP, LIB}}, {name: {APP} for name in READ_CHURN}, *BELOW_CHANGES]


def test_a_rule_bump_that_changes_no_row_stops_at_its_table(settled, tmp_path):
    """Other code, same rows: one table in both repositories and nothing below. Comments and docstrings are no code."""
    wanted = after_edit(
        settled,
        tmp_path / "copy",
        ("paceflow_assets/rule/churn.py", "start + rule.window_days * DAY_MS", "rule.window_days * DAY_MS + start"),
        ("paceflow_assets/rule/heavy_ai.py", "from dataclasses", "# told otherwise\nfrom dataclasses"),
        ("sql/view/view_session_metrics_base.sql", "with quality as", "-- said otherwise\nwith quality as"),
    )

    assert wanted == [{"event_commit_churn": {APP, LIB}}]


def test_a_view_of_another_text_is_wanted_everywhere(settled, tmp_path):
    """Other rows in both repositories: the view in both, then the one below it, which mixes repositories, once."""
    edit = (
        "sql/view/view_session_metrics_base.sql",
        "    user_turn_count,\n    debug",
        "    user_turn_count + 1 as user_turn_count,\n    debug",
    )

    wanted = after_edit(settled, tmp_path / "copy", edit)

    assert wanted == [{"view_session_metrics_base": {APP, LIB}}, GLOBAL]


def test_a_parameter_in_rules_toml_is_followed(fresh):
    """A longer window: rows of the table say so in both repositories, its removals change in one. Nothing is asked twice.

    A reload without a change wants nothing, nor does a change before the reload.
    """
    fresh.reload()
    unchanged = fresh.tick()
    rule(fresh.home, "churn", "window_days = 30")
    unread = fresh.tick()
    fresh.reload()

    first, again = fresh.tick(), fresh.tick()
    fresh.build(first)

    assert unchanged == {}
    assert unread == {}
    assert first == {"event_commit_churn": {APP, LIB}}
    assert again == {}
    assert fresh.cascade() == [{name: {APP, LIB} for name in READ_CHURN}, *BELOW_CHANGES]


def test_checks_are_wanted_once_a_night_and_tables_not_for_it(fresh):
    """The tick after 02:00 wants the checks across repositories beside the tables that a rule changed; the next does not."""
    rule(fresh.home, "churn", "window_days = 30")
    fresh.reload()
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    night = tomorrow.replace(hour=2, minute=0, second=30)

    at_night, after = fresh.evaluate(night), fresh.evaluate(night + dt.timedelta(minutes=1))

    assert at_night == ({"event_commit_churn": {APP, LIB}}, len(list(fresh.definitions.asset_checks)))
    assert after == ({}, 0)


def test_a_new_repository_is_built_by_its_job(fresh):
    """Nothing of it is wanted while its raw tables are missing; after the job only what mixes repositories.

    Another new repository, whose job has not succeeded, holds up nothing.
    """
    works(fresh.home, "new")
    works(fresh.home, "other")

    asked = sensed(fresh)
    waiting = fresh.tick()
    assert run_job(fresh.home, fresh.instance, NEW).success

    assert asked == [NEW, OTHER]
    assert waiting == {}
    assert fresh.cascade() == [GLOBAL]
    assert sensed(fresh) == [OTHER]


def test_a_source_change_is_built_by_its_job(fresh):
    """A prompt more in one repository: its job builds all that is its own, the automation what mixes repositories."""
    talks(fresh.home, "app", turns=2)

    asked = sensed(fresh)
    waiting = fresh.tick()
    assert run_job(fresh.home, fresh.instance, APP).success

    assert asked == [APP]
    assert waiting == {}
    assert fresh.cascade() == [GLOBAL]


def test_no_change_is_lost_between_two_ticks(fresh):
    """Two repositories at different paces: what mixes them waits for both, and is built again if one changes after it was."""
    rule(fresh.home, "first_change", "idle_gap_minutes = 0.5")
    fresh.reload()
    below = ("event_commit_session", "event_task_session", "view_branch_session_metrics_base", "view_session_metrics_base")

    first = fresh.tick()
    fresh.build({"event_session_quality": {APP}})
    second = fresh.tick()
    fresh.build(second)
    fresh.build({"event_session_quality": {LIB}})
    third = fresh.tick()
    failed = fresh.tick()  # as if the runs of the third had failed: they are not asked for again
    fresh.build(GLOBAL)
    fresh.build(third)
    last = fresh.tick()
    fresh.build(last)
    rest = fresh.cascade()

    assert first == {"event_session_quality": {APP, LIB}}
    assert second == {table: {APP} for table in below}
    assert third == {table: {LIB} for table in below} | {"view_task_session_metrics_base": {APP}}
    assert failed == GLOBAL
    assert last == GLOBAL | {"view_task_session_metrics_base": {LIB}, "view_task_execution_quality": {APP}}
    assert rest == [{"view_task_execution_quality": {LIB}}]


def test_what_ingest_built_is_not_wanted_again(home):
    """Rule, source and repositories changed, then `paceflow ingest`: nothing is left to the automation, also after a reload."""
    two_repositories(home)
    with automation.opened(home) as instance:
        ingest_and_tell(home, instance)
        ticks = Ticks(home, instance)
        assert ticks.tick() == {}
        rule(home, "churn", "window_days = 30")
        talks(home, "app", turns=2)
        works(home, "new")

        assert commands.paceflow(home, "ingest").returncode == 0
        ticks.reload()

        assert set(instance.get_dynamic_partitions("repository")) == {APP, LIB, NEW}
        assert ticks.cascade() == []
