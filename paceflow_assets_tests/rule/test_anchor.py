import pytest

from paceflow_assets.rule.anchor import HOUR_MS, Anchor, is_asked


@pytest.mark.parametrize(
    ("rule", "hours", "is_passed", "asked"),
    [
        (Anchor(), 0.05, False, False),
        (Anchor(), 0.05, True, True),
        (Anchor(), 0.1, False, False),
        (Anchor(), 0.11, False, True),
        (Anchor(), -3, False, False),
        (Anchor(after_hours=2), 1, False, False),
    ],
)
def test_old_edits_and_those_that_a_commit_passed_over_are_asked(rule, hours, is_passed, asked):
    """The commit that follows within minutes is believed."""
    assert is_asked(rule, round(hours * HOUR_MS), is_passed) is asked
