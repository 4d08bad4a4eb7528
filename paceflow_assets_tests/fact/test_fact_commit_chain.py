"""Lines of first parents, and what lies before a commit."""

from building import built, raw_commit, raw_ref, reference

from paceflow_assets.fact.fact_commit_chain import fact_commit_chain
from paceflow_assets.rule.mainline import Mainline

PLACES = ("commit_sha", "chain", "chain_place", "base_chain", "base_place")


def places(commits, refs, *rules):
    """Rows of the table without the repository."""
    return built(fact_commit_chain, *rules, raw_commit=commits, raw_ref=refs).select(PLACES).rows()


def test_the_main_line_comes_first_and_a_branch_leaves_it():
    """However long the branch is; a merge counts as a place, what it merges stays a chain of its own."""
    commits = [
        raw_commit("a"),
        raw_commit("b", ["a"]),
        raw_commit("m", ["b", "y"], files=None),
        raw_commit("c", ["m"]),
        raw_commit("x", ["a"]),
        raw_commit("y", ["x"]),
        raw_commit("z", ["y"]),
        raw_commit("w", ["z"]),
        raw_commit("v", ["w"]),
    ]

    found = places(commits, [raw_ref("refs/heads/main", "c"), raw_ref("refs/heads/topic", "v")])

    assert found == [
        ("a", "a", 0, None, None),
        ("b", "a", 1, None, None),
        ("c", "a", 3, None, None),
        ("v", "x", 4, "a", 0),
        ("w", "x", 3, "a", 0),
        ("x", "x", 0, "a", 0),
        ("y", "x", 1, "a", 0),
        ("z", "x", 2, "a", 0),
    ]


def test_without_a_main_line_the_longest_comes_first():
    """Branches of branches name their bases; an unknown parent ends a chain."""
    commits = [
        raw_commit("b", ["gone"]),
        raw_commit("c", ["b"]),
        raw_commit("d", ["c"]),
        raw_commit("e", ["c"]),
        raw_commit("f", ["e"]),
        raw_commit("g", ["e"]),
    ]

    assert places(commits, []) == [
        ("b", "b", 0, None, None),
        ("c", "b", 1, None, None),
        ("d", "d", 0, "b", 1),
        ("e", "b", 2, None, None),
        ("f", "b", 3, None, None),
        ("g", "g", 0, "b", 2),
    ]


def test_the_main_line_is_the_rule_s():
    """Another ref, another trunk."""
    commits = [raw_commit("a"), raw_commit("b", ["a"]), raw_commit("c", ["b"]), raw_commit("t", ["a"])]
    refs = [raw_ref("refs/heads/next", "t"), raw_ref("refs/heads/main", "c")]

    assert places(commits, refs, reference(Mainline, refs=("refs/heads/next",)))[-1] == ("t", "a", 1, None, None)
