import pytest
from building import reference

from paceflow_assets.rule.churn import DAY_MS, Churn, window_ms

COMMIT, REACHED = 5 * DAY_MS, 8 * DAY_MS


@pytest.mark.parametrize(
    ("rule", "reached", "first", "last"),
    [
        (reference(Churn), None, COMMIT, COMMIT + 14 * DAY_MS),
        (reference(Churn), REACHED, COMMIT, COMMIT + 14 * DAY_MS),
        (reference(Churn, window_from="mainline"), None, COMMIT, COMMIT + 14 * DAY_MS),
        (reference(Churn, window_from="mainline"), REACHED, REACHED, REACHED + 14 * DAY_MS),
        (reference(Churn, window_from="mainline"), 0, 0, 14 * DAY_MS),
        (reference(Churn, strictly_later=True), REACHED, COMMIT + 1, COMMIT + 14 * DAY_MS),
        (reference(Churn, strictly_later=True, window_from="mainline"), REACHED, REACHED + 1, REACHED + 14 * DAY_MS),
        (reference(Churn, window_days=1), REACHED, COMMIT, COMMIT + DAY_MS),
        (reference(Churn, window_days=3650, window_from="mainline"), REACHED, REACHED, REACHED + 3650 * DAY_MS),
        (reference(Churn, counts_moves=False), REACHED, COMMIT, COMMIT + 14 * DAY_MS),
    ],
)
def test_window(rule, reached, first, last):
    """Both ends count; what the commit itself removes counts unless only later removals do."""
    assert window_ms(rule, COMMIT, reached) == (first, last)
