"""What is written into the user's rules.toml."""

import pytest

from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import presets, rules
from paceflow_assets.runtime.rules_file import assignments, edited, whole_text

MINE = """# mine
[churn]  # what I believe
counts_moves = true  # for now
"""


@pytest.mark.parametrize("preset", presets())
def test_a_whole_text_gives_the_same_rules(preset):
    """Whatever the defaults are when it is read."""
    assert rules().with_text(whole_text(rules(preset)), "whole").fingerprint == rules(preset).fingerprint


def test_assignments_of_a_command_line_are_toml():
    """A text needs no quotes; lists and numbers are written as in the file."""
    told = assignments(["churn.window_days=30", "line_match.trim = both", 'fix_words.words=["mend"]', "heavy_ai.share=0.6"])

    found = rules().with_text(told, "--set")
    assert found.by_section["churn"].window_days == 30
    assert found.by_section["line_match"].trim == "both"
    assert found.by_section["fix_words"].words == ("mend",)
    assert found.by_section["heavy_ai"].share == 0.6


@pytest.mark.parametrize("text", ["churn.window_days", "churn=3", "churn.window_days=", "a.b.c=1", "=", ""])
def test_what_is_no_assignment_is_told(text):
    """With an example."""
    with pytest.raises(RulesError, match=r"is not rule\.parameter=value"):
        assignments([text])


def test_values_are_set_and_comments_stay():
    """In a section that is there, and in a new one."""
    text = edited(MINE, None, 'churn.window_days = 30\nline_match.trim = "both"')

    assert text.startswith(MINE.rstrip("\n"))
    assert rules().with_text(text, "f").origins == {
        ("churn", "counts_moves"): "f:3",
        ("churn", "window_days"): "f:4",
        ("line_match", "trim"): "f:7",
    }


def test_a_preset_takes_the_place_of_everything():
    """Its values would be hidden by what stood there; the default preset needs no line."""
    text = edited(MINE, "paceflow-0.2.4", "churn.window_days = 30")

    assert text.startswith('preset = "paceflow-0.2.4"\n')
    assert "counts_moves" not in text
    assert rules().with_text(text, "f").by_section["churn"].window_days == 30
    assert edited(MINE, "default", "") == ""
