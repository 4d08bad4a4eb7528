"""`paceflow rules diff`: what other rules would change, from a terminal."""

import json

import polars as pl
import pytest
from commands import paceflow, worked
from conftest import Home

from paceflow_assets.report.rule_diff import figure
from paceflow_assets.runtime.ruleset import recorded


@pytest.fixture
def ingested(home: Home) -> Home:
    """A home that `paceflow ingest` brought up to date."""
    worked(home)
    assert paceflow(home, "ingest", "--jobs", "1").returncode == 0
    return home


def table_rows(output: str) -> dict[str, list[str]]:
    """First cell of each line -> the others."""
    return {cells[0]: cells[1:] for line in output.split("\n") if (cells := line.split())}


def test_a_diff_tells_and_changes_nothing_until_it_is_applied(ingested, tmp_path):
    """Rules, metrics, rows per table, and the rows as files; --apply keeps both, so that nothing is left to compute."""
    setting = ("--set", "heavy_ai.share=1", "--set", "churn.window_days=30")

    first = paceflow(ingested, "rules", "diff", *setting, "--parquet", str(tmp_path / "rows"))
    plan = paceflow(ingested, "ingest", "--plan")
    applied = paceflow(ingested, "rules", "diff", *setting, "--apply")
    again = paceflow(ingested, "rules", "diff")
    after = paceflow(ingested, "ingest", "--plan")

    assert (first.returncode, first.stderr) == (0, "")
    assert "rule: churn.window_days 14 → 30" in first.stdout
    assert table_rows(first.stdout)["event_commit_churn"] == ["1", "1", "0", "0"]
    rows = pl.read_parquet(tmp_path / "rows" / "event_commit_churn.parquet")
    assert rows.select("change", "churn_window_days_before", "churn_window_days_after").rows() == [("changed", 14, 30)]
    assert "nothing would be computed" in " ".join(plan.stdout.split())
    assert (applied.returncode, ingested.settings.rules_file.read_text()) == (
        0,
        "[heavy_ai]\nshare = 1\n\n[churn]\nwindow_days = 30\n",
    )
    assert "no row of any table changes" in again.stdout
    assert "nothing would be computed" in " ".join(after.stdout.split())


def test_without_options_it_tells_what_the_edited_file_would_change(ingested):
    """Before anything is ingested."""
    ingested.settings.rules_file.write_text("[churn]\nwindow_days = 30\n")

    told = json.loads(paceflow(ingested, "rules", "diff", "--json").stdout)

    assert told["rules"] == [{"section": "churn", "name": "window_days", "before": 14, "after": 30}]
    assert told["tables"][0] == {"table": "event_commit_churn", "rows": 1, "changed": 1, "new": 0, "gone": 0}
    assert told["metrics"]["session_count"] == {"before": 1, "after": 1}
    assert recorded(ingested.settings).values["churn"]["window_days"] == 14


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "churn.window_day=3"], "--set:2: [churn] window_day: unknown parameter (did you mean window_days?)"),
        (["--preset", "paceflow-0.2.3"], "--preset paceflow-0.2.3: no such preset (did you mean paceflow-0.2."),
        (["--repository", "local/ap"], "--repository local/ap: no such repository (did you mean local/app-"),
        (["--parquet", "/proc/none"], "/proc/none: cannot be written"),
    ],
)
def test_what_cannot_be_tried_is_told(ingested, arguments, told):
    """In one line, with what is nearest."""
    done = paceflow(ingested, "rules", "diff", "--set", "churn.window_days=30", *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith(f"paceflow: {told}")
    assert list(ingested.settings.state.glob("trial-*")) == []


def test_a_preset_of_the_environment_cannot_be_written(ingested):
    """Before anything is computed."""
    done = paceflow(ingested, "rules", "diff", "--set", "churn.window_days=30", "--apply", PACEFLOW_RULES="paceflow-0.2.4")

    assert done.returncode == 1
    assert "PACEFLOW_RULES=paceflow-0.2.4: is a preset, which cannot be written" in done.stderr
    assert not ingested.settings.rules_file.exists()


def test_without_tables_there_is_nothing_to_compare(home):
    """It says what to run."""
    done = paceflow(home, "rules", "diff", "--set", "churn.window_days=30")

    assert (done.returncode, done.stdout) == (1, "")
    assert "run `paceflow ingest` first" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "above", "below", "told"),
    [
        ("churn_rate", 0.029, 106, 3659, "2.90 % (106/3,659)"),
        ("turns_per_session", 3.784, 193, 51, "3.78 (193/51)"),
        ("bug_rate", None, 0, 0, "– (0/0)"),
    ],
)
def test_a_metric_is_told_with_what_it_divides(name, value, above, below, told):
    """Nobody has to believe a rate of two commits."""
    assert figure(name, {name: value, "a": above, "b": below}, ("a", "b")) == told
