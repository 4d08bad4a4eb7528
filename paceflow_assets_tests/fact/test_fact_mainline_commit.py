import pytest
from building import assert_rows, built, raw_commit, raw_ref, reference
from logs import at

from paceflow_assets.fact.fact_mainline_commit import fact_mainline_commit
from paceflow_assets.rule.mainline import Mainline

MAIN, ORIGIN, TRUNK = "refs/heads/main", "refs/remotes/origin/main", "refs/remotes/origin/trunk"
# m1 - m2 - merge - m3      origin/main: m3, main: merge; work came in by the merge, side nowhere
#   \- work -/
#   \- side                 origin/trunk
COMMITS = [
    raw_commit("m1", ["unknown"], commit_time=at(1)),
    raw_commit("m2", ["m1"], files=None, commit_time=at(2)),
    raw_commit("work", ["m1"], commit_time=at(3)),
    raw_commit("merge", ["m2", "work"], files=None, commit_time=at(4)),
    raw_commit("m3", ["merge"]),
    raw_commit("side", ["m1"], commit_time=at(6)),
]
REFS = [
    raw_ref(MAIN, "merge"),
    raw_ref(ORIGIN, "m3"),
    raw_ref(TRUNK, "side", is_default=True),
    raw_ref("refs/heads/side", "side"),
]


def test_nothing():
    """Without commits there is no main line."""
    assert_rows(built(fact_mainline_commit), fact_mainline_commit, [])


def test_what_the_main_branch_contains():
    """Everything that can be reached, through merges too; merges and unread commits are passed through and have no row."""
    found = built(fact_mainline_commit, raw_commit=COMMITS, raw_ref=REFS)

    expected = [
        {"commit_sha": "m1", "mainline_ref": MAIN, "commit_time": at(1)},
        {"commit_sha": "work", "mainline_ref": MAIN, "commit_time": at(3)},
    ]
    assert_rows(found, fact_mainline_commit, expected)


def test_both_sides_together():
    """United, the remote ref adds what the local one lacks; a commit without time keeps its row."""
    found = built(fact_mainline_commit, reference(Mainline, unites_local_and_remote=True), raw_commit=COMMITS, raw_ref=REFS)

    expected = [
        {"commit_sha": "m1", "mainline_ref": MAIN, "commit_time": at(1)},
        {"commit_sha": "m3", "mainline_ref": ORIGIN, "commit_time": None},
        {"commit_sha": "work", "mainline_ref": MAIN, "commit_time": at(3)},
    ]
    assert_rows(found, fact_mainline_commit, expected)


@pytest.mark.parametrize(
    ("rule", "refs", "shas"),
    [
        (reference(Mainline), [], []),
        (reference(Mainline), [raw_ref("refs/heads/side", "side")], []),
        (reference(Mainline), [raw_ref(MAIN, "never seen")], []),
        (reference(Mainline), [raw_ref(MAIN, "m3", is_head=False), raw_ref(ORIGIN, "side")], ["m1", "side"]),
        (reference(Mainline), [raw_ref(MAIN, "side", kind="detached"), raw_ref(ORIGIN, "m1")], ["m1"]),
        (reference(Mainline), [raw_ref(MAIN, "work"), raw_ref(MAIN, "side", checkout="r-2")], ["m1", "side", "work"]),
        (reference(Mainline, refs=("refs/heads/side",)), REFS, ["m1", "side"]),
        (reference(Mainline, refs=()), REFS, []),
        (reference(Mainline, prefers_origin_head=True), REFS, ["m1", "side"]),
        (reference(Mainline, prefers_origin_head=True), REFS[:2], ["m1", "work"]),
    ],
)
def test_which_refs(rule, refs, shas):
    """Only refs that are there now count; two checkouts of one branch count together; the rule names the branch."""
    found = built(fact_mainline_commit, rule, raw_commit=COMMITS, raw_ref=refs)

    assert found["commit_sha"].to_list() == shas
