import pytest

from paceflow_assets.rule.weak_pair import HOUR_MS, WeakPair, is_weak

STRONG = {"informative_lines": 7, "age_ms": 48 * HOUR_MS, "is_passed": True, "completeness": 0.5}


@pytest.mark.parametrize(
    ("changed", "weak"),
    [
        ({}, False),
        ({"informative_lines": 6}, True),
        ({"informative_lines": 6, "is_passed": False, "completeness": 1.0}, True),
        ({"informative_lines": 6, "age_ms": 6 * HOUR_MS}, False),
        ({"completeness": 0.19}, True),
        ({"completeness": 0.19, "is_passed": False}, False),
        ({"completeness": 0.19, "age_ms": 24 * HOUR_MS}, False),
        ({"completeness": 0.0, "age_ms": -HOUR_MS}, False),
    ],
)
def test_few_lines_of_old_edits_and_left_over_edits_are_weak(changed, weak):
    """Either is enough; what is new is believed."""
    assert is_weak(WeakPair(), **{**STRONG, **changed}) is weak


def test_limits_are_the_rule_s():
    """A rule that drops nothing."""
    assert not is_weak(WeakPair(lines=0, completeness=0), **{**STRONG, "informative_lines": 1, "completeness": 0.0})
