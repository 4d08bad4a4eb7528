import pytest

from paceflow_assets.rule.heavy_ai import HeavyAi, is_heavy


@pytest.mark.parametrize(
    ("matched", "changed", "expected"),
    [
        (0, 0, False),
        (5, 0, False),
        (0, 1, False),
        (4, 9, False),
        (4.999999, 10, False),
        (5, 10, True),
        (1, 1, True),
    ],
)
def test_is_heavy(matched, changed, expected):
    """Half of the changed lines is enough; a commit without lines is never heavy."""
    assert is_heavy(HeavyAi(), matched, changed) is expected


def test_share():
    """The share can be moved to both ends."""
    assert is_heavy(HeavyAi(share=0), 0, 1)
    assert not is_heavy(HeavyAi(share=0), 0, 0)
    assert not is_heavy(HeavyAi(share=1), 9, 10)
