from hypothesis import given
from hypothesis import strategies as st

from paceflow_assets.rule.match_confidence import HOUR_MS, WEIGHTS, confidence, features

CERTAIN = {
    "informative_lines": 40,
    "age_ms": 60_000,
    "share": 0.9,
    "is_passed": False,
    "completeness": 1.0,
    "anchored_share": 0.5,
}
SHARE = st.floats(0, 1)


def test_many_lines_of_a_new_edit_are_believed_and_few_of_an_old_one_doubted():
    """Age and lines weigh most."""
    doubtful = {**CERTAIN, "informative_lines": 2, "age_ms": 40 * HOUR_MS, "completeness": 0.1}

    assert confidence(**CERTAIN) > 0.95
    assert confidence(**doubtful) < 0.6


@given(st.integers(0, 10**6), st.integers(-(10**12), 10**12), SHARE, st.booleans(), SHARE, SHARE)
def test_it_is_always_a_share(lines, age, share, passed, completeness, anchored):
    """Whatever is weighed."""
    values = (lines, age, share, passed, completeness, anchored)

    assert 0 <= confidence(**dict(zip(CERTAIN, values, strict=True))) <= 1


def test_every_feature_has_a_weight():
    """And every weight a feature."""
    assert set(features(**CERTAIN)) == set(WEIGHTS)
