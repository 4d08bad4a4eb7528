"""`paceflow ingest --plan`: what would be computed, in words and as JSON lines."""

import json

from commands import paceflow, worked

from paceflow_assets.report.plan_table import plan_lines, plan_shown
from paceflow_assets.runtime.plan import Plan, Step


def words(output: str) -> str:
    """The output on one line."""
    return " ".join(output.split())


def test_a_plan_tells_why_and_computes_nothing(home):
    """Before the first ingest, when nothing changed, and after a rule changed, which it does not take over."""
    worked(home)
    first = paceflow(home, "ingest", "--plan")
    nothing = home.settings.warehouse.exists()
    paceflow(home, "ingest", "--jobs", "1")
    quiet = paceflow(home, "ingest", "--plan")
    home.settings.rules_file.write_text("[churn]\nwindow_days = 30\n")
    plans = [paceflow(home, "ingest", "--plan") for _ in range(2)]

    (key,) = home.discover().repositories
    assert f"raw_session {key} logs changed" in words(first.stdout)
    assert f"event_commit_churn {key} not built yet" in words(first.stdout)
    assert not nothing
    assert "nothing would be computed" in words(quiet.stdout)
    assert plans[0].stdout == plans[1].stdout
    assert words(plans[0].stdout).startswith(
        f"rule changed: churn.window_days 14 → 30 1 table would be computed: event_commit_churn {key} rule churn changed "
        f"may follow, where the rows of what they read change: view_change_metrics_base {key} "
    )
    assert {done.returncode for done in (first, quiet, *plans)} == {0}


def test_a_plan_of_one_repository_names_it(home):
    """Another one that does not exist is told with the nearest."""
    worked(home, "app", "s1")
    worked(home, "lib", "s2")
    app, lib = home.discover().repositories

    steps = [json.loads(line) for line in paceflow(home, "ingest", "--plan", "--json", "--repository", lib).stdout.splitlines()]
    unknown = paceflow(home, "ingest", "--plan", "--repository", app[:-1])

    assert {step["repository"] for step in steps} == {lib, "all repositories"}
    assert unknown.returncode == 1
    assert f"did you mean {app}?" in unknown.stderr


def test_many_repositories_are_counted():
    """A line per table and reason; JSON names each."""
    plan = Plan([Step(f"r{number}", "event_e", "rule x changed") for number in range(3)], [("r0", "view_v")])

    (heading, table, _, follows) = plan_shown(plan, []).renderables

    assert heading.plain == "3 tables would be computed:"
    assert [list(column.cells) for column in table.columns] == [["event_e"], ["3 repositories"], ["rule x changed"]]
    assert next(iter(follows.columns[1].cells)) == "r0"
    assert [json.loads(line)["reason"] for line in plan_lines(plan)] == ["rule x changed"] * 3 + [None]
