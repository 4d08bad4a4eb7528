"""`paceflow rules`: what is shown of beliefs."""

import pytest
from conftest import Home

from paceflow_assets.cli import main


@pytest.fixture
def shown(home: Home, monkeypatch, capsys):
    """Run the command in this process: (exit code, what it wrote, what it complained of)."""
    monkeypatch.setenv("HOME", str(home.path))
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("PACEFLOW_HOME", "PACEFLOW_RULES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["rules", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_show_tells_each_value_and_where_it_comes_from(home, shown):
    """A value of the user's file stands with its line; rules without parameters are listed too."""
    home.settings.paceflow_home.mkdir()
    home.settings.rules_file.write_text("[churn]\nwindow_days = 30\n")

    code, out, _ = shown("show")

    lines = [line.split() for line in out.split("\n")]
    assert code == 0
    assert ["churn", "window_days", "30", "days", "rules.toml:2"] in lines
    assert ["heavy_ai", "share", "0.5", "share", "from", "0", "to", "1", "default"] in lines
    assert ["revert", "no", "parameters"] in lines


def test_show_takes_one_rule_and_another_preset(shown):
    """To compare before changing."""
    _, out, _ = shown("show", "squash_merge", "--preset", "paceflow-0.2.4")

    assert [line.split() for line in out.split("\n")[1:3]] == [
        ["squash_merge", "min_ratio", "0.6", "share", "preset", "paceflow-0.2.4"],
        ["min_lines", "10", "lines", "preset", "paceflow-0.2.4"],
    ]


def test_presets_are_listed_with_their_distance(shown):
    """And which is in force."""
    _, out, _ = shown("presets")

    assert [line.split()[0] for line in out.split("\n")[1:4]] == ["default", "paceflow-0.2.1", "paceflow-0.2.4"]
    assert "in force: default" in out


def test_explain_tells_a_rule_in_full(shown):
    """What it claims, its parameters with what is allowed, the table that reads it and the views below."""
    code, out, _ = shown("explain", "churn")

    assert code == 0
    for told in ("wrong when", "window_days = 14 days  (default)", "whole number from 1 to 3650"):
        assert told in out
    readers, below = out.split("read by")[1].split("\n", 1)
    assert readers.split() == ["event_commit_churn"]
    assert "view_repository_churn_summary" in below
    assert "event_commit_outcome" not in below


def test_an_unknown_rule_is_told_with_the_nearest_one(shown):
    """Nothing is shown."""
    code, out, err = shown("explain", "chrun")

    assert (code, out) == (1, "")
    assert err.startswith("paceflow: chrun: no such rule (did you mean churn?)")
