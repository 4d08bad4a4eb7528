import pytest
from building import reference

from paceflow_assets.rule.bug_after_merge import DAY_MS, BugAfterMerge, window_ms


@pytest.mark.parametrize(
    ("rule", "commit_ms", "expected"),
    [
        (reference(BugAfterMerge), -DAY_MS, (1 - DAY_MS, 59 * DAY_MS)),
        (reference(BugAfterMerge), 0, (1, 60 * DAY_MS)),
        (reference(BugAfterMerge, window_days=1), 7, (8, 7 + DAY_MS)),
        (reference(BugAfterMerge, window_days=3650), 0, (1, 3650 * DAY_MS)),
        (reference(BugAfterMerge, min_lines=9, informative_only=True), 0, (1, 60 * DAY_MS)),
    ],
)
def test_window(rule, commit_ms, expected):
    """A fix of the same millisecond is no later fix; the last moment of the window counts."""
    assert window_ms(rule, commit_ms) == expected
