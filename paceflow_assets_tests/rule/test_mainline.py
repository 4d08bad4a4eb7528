import pytest
from building import reference

from paceflow_assets.rule.mainline import LISTED_REFS, Mainline, chosen

MAIN, MASTER, DEVELOP, TRUNK = (f"refs/heads/{name}" for name in ("main", "master", "develop", "trunk"))
O_MAIN, O_MASTER, O_DEVELOP = (f"refs/remotes/origin/{name}" for name in ("main", "master", "develop"))
REFERENCE = reference(Mainline)
WIDE = reference(Mainline, refs=LISTED_REFS, prefers_origin_head=True, unites_local_and_remote=True)


@pytest.mark.parametrize(
    ("available", "origin_head", "by_reference", "wide"),
    [
        ([], None, [], []),
        ([], O_MAIN, [], []),
        (["refs/heads/feature/main", "refs/tags/main", "main"], None, [], []),
        (["refs/heads/feature"], "refs/remotes/origin/gone", [], []),
        ([MASTER, MAIN], None, [MAIN], [MAIN]),
        ([MAIN, O_MAIN], None, [MAIN], [MAIN, O_MAIN]),
        ([O_MAIN, MASTER], None, [MASTER], [MASTER]),
        ([O_MAIN], None, [O_MAIN], [O_MAIN]),
        ([O_MASTER, O_MAIN], None, [O_MAIN], [O_MAIN]),
        ([MAIN, O_MAIN, O_DEVELOP], O_DEVELOP, [MAIN], [O_DEVELOP]),
        ([MAIN, DEVELOP, O_DEVELOP], O_DEVELOP, [MAIN], [O_DEVELOP, DEVELOP]),
        ([MAIN, DEVELOP], O_DEVELOP, [MAIN], [DEVELOP]),
        ([MAIN], O_DEVELOP, [MAIN], [MAIN]),
        ([TRUNK, O_DEVELOP], None, [], [TRUNK]),
        ([DEVELOP, TRUNK, O_DEVELOP], None, [], [DEVELOP, O_DEVELOP]),
        (
            ["refs/heads/v2/next", "refs/remotes/origin/v2/next", MAIN],
            "refs/remotes/origin/v2/next",
            [MAIN],
            ["refs/remotes/origin/v2/next", "refs/heads/v2/next"],
        ),
    ],
)
def test_chosen(available, origin_head, by_reference, wide):
    """The first ref that exists is the mainline; the wide belief asks origin first and unites both sides."""
    assert chosen(REFERENCE, available, origin_head) == by_reference
    assert chosen(WIDE, frozenset(available), origin_head) == wide


def test_switches_are_independent():
    """Asking origin does not unite, uniting does not ask origin."""
    available = {MAIN, O_MAIN, DEVELOP, O_DEVELOP}

    assert chosen(reference(Mainline, prefers_origin_head=True), available, O_DEVELOP) == [O_DEVELOP]
    assert chosen(reference(Mainline, unites_local_and_remote=True), available, O_DEVELOP) == [MAIN, O_MAIN]


def test_another_remote():
    """A listed ref of another remote is united with the local branch and with origin's."""
    rule = reference(Mainline, refs=("refs/remotes/upstream/main",), unites_local_and_remote=True)

    refs = chosen(rule, {"refs/remotes/upstream/main", MAIN, O_MAIN}, None)

    assert refs == ["refs/remotes/upstream/main", MAIN, O_MAIN]


def test_an_empty_list():
    """Without refs there is no mainline."""
    assert chosen(reference(Mainline, refs=()), {MAIN}, None) == []
