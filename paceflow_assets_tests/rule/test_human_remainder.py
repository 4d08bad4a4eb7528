import pytest
from building import reference

from paceflow_assets.rule.human_remainder import HumanRemainder, remainder

REFERENCE = reference(HumanRemainder)
ALWAYS = reference(HumanRemainder, always=True)


@pytest.mark.parametrize(
    ("matched", "changed", "by_reference", "always"),
    [
        (0.0, 0, (1.0, 0.0), (1.0, 0.0)),
        (0.0, 7, (1.0, 0.0), (1.0, 0.0)),
        (8 + 1 / 4 + 1 / 2 + 4 / 3 + 3 / 4 + 1 / 2 + 2 / 3, 12, None, None),
        (11.999999999999998, 12, None, None),
        (12.000000000000002, 12, None, None),
        (5.0, 0, None, None),
        (3.0, 12, None, (0.75, 0.0)),
        (0.25, 1, None, (0.75, 0.0)),
    ],
)
def test_remainder(matched, changed, by_reference, always):
    """People own what no session wrote; noise of added shares is no line."""
    assert remainder(REFERENCE, matched, changed) == by_reference
    assert remainder(ALWAYS, matched, changed) == always


@pytest.mark.parametrize("changed", [1, 3, 7, 1000])
def test_shares_never_exceed_the_commit(changed):
    """The human share and the matched share together are one."""
    for matched in range(1, changed):
        shares = remainder(ALWAYS, matched, changed)

        assert shares.share_of_commit + matched / changed == pytest.approx(1.0)
