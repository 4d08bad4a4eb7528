"""Chains of history, names of renamed files, and what lies before a commit."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceflow_assets.tracing import chains, newest_before, one_name


@st.composite
def histories(draw):
    """A random history: commit -> parents, each made earlier."""
    parents = {}
    for number in range(draw(st.integers(0, 25))):
        earlier = list(parents)
        count = draw(st.integers(0, min(2, number)))
        parents[f"c{number:02}"] = (
            draw(st.lists(st.sampled_from(earlier), min_size=count, max_size=count, unique=True)) if count else []
        )
    return parents


def first_parents(parents, sha):
    """The commits before one, following first parents."""
    found = []
    while parents[sha]:
        sha = parents[sha][0]
        found.append(sha)
    return found


@given(histories(), st.data())
def test_what_lies_before_a_commit_is_its_line_of_first_parents(parents, data):
    """However chains were cut: the own one to the place before, then base after base."""
    trunk = data.draw(st.lists(st.sampled_from(sorted(parents)), max_size=2, unique=True)) if parents else []
    places = chains(parents, trunk)
    by_place = {(chain, place): sha for sha, (chain, place, _, _) in places.items()}
    base = {chain: (left, at) for chain, _, left, at in places.values()}

    assert set(places) == set(parents)
    assert len(by_place) == len(parents)
    for sha, (chain, place, _, _) in places.items():
        before = [by_place[chain, at] for at in range(place - 1, -1, -1)]
        while base[chain][0] is not None:
            chain, at = base[chain]
            before += [by_place[chain, number] for number in range(at, -1, -1)]
        assert before == first_parents(parents, sha)


@pytest.mark.parametrize(
    ("renames", "expected"),
    [
        ([], {}),
        ([("a", "b")], {"a": "a", "b": "a"}),
        ([("b", "c"), ("a", "b"), ("c", "a")], {"a": "a", "b": "a", "c": "a"}),
        ([("d", "c"), ("y", "x"), ("c", "a")], {"a": "a", "c": "a", "d": "a", "x": "x", "y": "x"}),
    ],
)
def test_renamed_files_have_one_name(renames, expected):
    """Whatever the order of the renames, circles too."""
    assert one_name(renames) == one_name(renames[::-1]) == expected


def test_the_newest_before_an_item_follows_its_lineage():
    """Places up to the one that the lineage tells, the same keys, the newest and not the last."""
    lineage = pl.DataFrame({"item": [1, 1, 2], "chain": [0, 1, 0], "upto": [2, 0, -1]}, schema_overrides={"upto": pl.Int64})
    supply = pl.DataFrame(
        {
            "path": ["a", "a", "a", "b", "a"],
            "chain": [0, 0, 0, 0, 1],
            "place": [0, 2, 3, 1, 0],
            "happened": [50, 40, 99, 70, 45],
        }
    )
    demand = pl.DataFrame({"item": [1, 1, 2], "path": ["a", "c", "a"]})

    found = newest_before(demand, supply, lineage, ["path"])

    assert found.rows() == [(1, "a", 50)]
    assert newest_before(demand.select("item"), supply.drop("path"), lineage).rows() == [(1, 70)]
