from hypothesis import given
from hypothesis import strategies as st

from paceflow_assets.rule.match_confidence import HOUR_MS, WEIGHTS, confidence, features


def test_many_lines_of_a_new_edit_are_believed_and_few_of_an_old_one_doubted():
    """One line of yesterday is little."""
    assert confidence(informative_lines=40, age_ms=60_000) > 0.98
    assert confidence(informative_lines=1, age_ms=40 * HOUR_MS) < 0.8


def test_edits_after_the_author_date_are_doubted_but_not_for_clocks_that_differ():
    """A commit that was rebuilt holds what came between; minutes are not days."""
    assert confidence(informative_lines=1, age_ms=-100 * HOUR_MS) < 0.6
    assert confidence(informative_lines=1, age_ms=-60_000) == confidence(informative_lines=1, age_ms=0)


@given(st.integers(0, 10**6), st.integers(-(10**12), 10**12))
def test_it_is_always_a_share(lines, age):
    """Whatever is weighed."""
    assert 0 <= confidence(informative_lines=lines, age_ms=age) <= 1


@given(st.integers(0, 10**6), st.integers(0, 10**12))
def test_a_line_more_never_makes_it_less_likely_nor_an_hour_more_likelier(lines, age):
    """Both go one way."""
    here = confidence(informative_lines=lines, age_ms=age)

    assert (
        confidence(informative_lines=lines + 1, age_ms=age) >= here >= confidence(informative_lines=lines, age_ms=age + HOUR_MS)
    )


def test_every_feature_has_a_weight():
    """And every weight a feature."""
    assert set(features(informative_lines=1, age_ms=0)) == set(WEIGHTS)
