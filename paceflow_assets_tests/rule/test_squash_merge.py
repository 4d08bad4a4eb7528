import pytest
from building import reference

from paceflow_assets.rule.squash_merge import SquashMerge, is_merged

REFERENCE = reference(SquashMerge)
LATER_RELEASE = reference(SquashMerge, min_ratio=0.60, min_lines=10)
SMALL_ONES_TOO = reference(SquashMerge, takes_all=True)


@pytest.mark.parametrize(
    ("found", "lines", "by_reference", "by_later_release", "small_ones_too"),
    [
        (0, 0, False, False, False),
        (5, 0, False, False, False),
        (0, 1, False, False, False),
        (1, 1, False, False, True),
        (2, 3, False, False, False),
        (9, 9, False, False, True),
        (10, 10, False, True, True),
        (29, 29, False, True, True),
        (29, 30, False, True, False),
        (30, 30, True, True, True),
        (40, 50, True, True, True),
        (39, 50, False, True, False),
        (30, 50, False, True, False),
        (29, 50, False, False, False),
        (399, 500, False, True, False),
        (400, 500, True, True, True),
    ],
)
def test_is_merged(found, lines, by_reference, by_later_release, small_ones_too):
    """Enough lines and enough of them; a small commit counts only if the rule takes it whole."""
    assert is_merged(REFERENCE, found, lines) is by_reference
    assert is_merged(LATER_RELEASE, found, lines) is by_later_release
    assert is_merged(SMALL_ONES_TOO, found, lines) is small_ones_too


def test_limits():
    """At its lowest limits one line of many is enough, but not none."""
    lowest = reference(SquashMerge, min_ratio=0.0, min_lines=1)

    assert is_merged(lowest, 1, 1000)
    assert not is_merged(lowest, 0, 1000)
    assert not is_merged(reference(SquashMerge, min_ratio=1.0), 999, 1000)
