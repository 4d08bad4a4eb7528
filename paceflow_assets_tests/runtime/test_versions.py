"""Data versions: equal content has one version, on every machine and however it was built."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceflow_assets.runtime.nested import LINES
from paceflow_assets.runtime.versions import FEW, column_versions, combined, table_version

SMALL = pl.DataFrame(
    {
        "text": ["a", None, "ü"],
        "count": [1, None, -3],
        "flag": [True, None, False],
        "share": [0.0, None, 0.1],
        "at": [dt.datetime(2026, 1, 5, 9), None, dt.datetime(1969, 12, 31)],
        "day": [dt.date(2026, 1, 5), None, dt.date(1969, 12, 31)],
        "hash": pl.Series([2**64 - 1, None, 0], dtype=pl.UInt64),
        "list": [[1, 2], None, []],
        "lines": pl.Series(
            [{"sides": "+", "hunks": [0], "hashes": [7], "trimmed": [7], "words": [1]}, None, {"sides": ""}], dtype=LINES
        ),
    },
    schema_overrides={"at": pl.Datetime("ms")},
)


def test_versions_are_the_same_on_every_machine():
    """Pinned: a library that hashes otherwise would make everything look changed."""
    assert {name: version[:8] for name, version in column_versions(SMALL).items()} == {
        "text": "6db58c82",
        "count": "52f726b2",
        "flag": "4fa9cf22",
        "share": "d8d0a84b",
        "at": "aa5c80ad",
        "day": "e4d7f39b",
        "hash": "47330b93",
        "list": "dd9b1b97",
        "lines": "a792421f",
    }


def test_versions_of_many_values_are_the_same_on_every_machine():
    """Pinned for columns that are summed instead of hashed whole."""
    many = pl.concat([SMALL] * (FEW // 2))

    assert {name: version[:8] for name, version in column_versions(many).items()} == {
        "text": "8c6e0d3f",
        "count": "c414cd22",
        "flag": "1313e3c6",
        "share": "2b077548",
        "at": "c56dedb6",
        "day": "49e18661",
        "hash": "b4f417c9",
        "list": "b7eb6d8e",
        "lines": "cd0cd0e0",
    }


@pytest.mark.parametrize("rows", [3, FEW + 5])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2, 2], [2, 1, 2]),
        ([0, 1, 2], [None, 1, 2]),
        (["a", "", "b"], ["a", None, "b"]),
        (["ab", "c", "d"], ["a", "bc", "d"]),
        (["a", "a", "b"], ["a", "b", "b"]),
        ([True, False, False], [True, False, None]),
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.30000000000000004]),
        ([[1], [2, 3], []], [[1, 2], [3], []]),
        ([[1], [], [2]], [[1], None, [2]]),
        ([["a", None], [], []], [["a"], [], []]),
    ],
)
def test_different_content_has_different_versions(one, other, rows):
    """A moved value, a null, a shifted boundary: each tells."""
    frames = [pl.DataFrame({"c": (values * rows)[:rows]}) for values in (one, other)]

    first, second = (column_versions(frame)["c"] for frame in frames)
    assert first != second


@pytest.mark.parametrize("rows", [2, FEW + 1])
def test_types_take_part(rows):
    """The same numbers as text, or as another width, are other content."""
    numbers = pl.Series("c", [7] * rows)

    versions = {column_versions(numbers.cast(dtype).to_frame())["c"] for dtype in (pl.Int64, pl.Int32, pl.UInt64, pl.String)}
    assert len(versions) == 4


@pytest.mark.parametrize("rows", [2, FEW + 2])
def test_how_a_frame_was_built_is_no_matter(rows):
    """Chunks, slices and a negative zero change nothing."""
    whole = pl.DataFrame({"t": ["x", "y"] * rows, "f": [0.0, 1.5] * rows, "l": [[1], [2, 3]] * rows})
    pieces = pl.concat([whole.head(1), whole.slice(1)], rechunk=False).with_columns(pl.col("f") * pl.lit(1.0))
    negative = whole.with_columns(pl.when(pl.col("f") == 0).then(-0.0).otherwise("f").alias("f"))

    assert column_versions(pieces) == column_versions(whole) == column_versions(negative)


@settings(max_examples=30)
@given(st.lists(st.integers(-(2**62), 2**62) | st.none(), min_size=1, max_size=6), st.integers(0, FEW + 9))
def test_a_change_of_one_value_among_many_tells(values, place):
    """Property: beyond FEW values, changing any one of them changes the version."""
    many = (values * (FEW + 10))[: FEW + 10]
    changed = [*many[:place], (many[place] or 0) + 1, *many[place + 1 :]]

    one, other = (column_versions(pl.DataFrame({"c": pl.Series(each, dtype=pl.Int64)}))["c"] for each in (many, changed))
    assert one != other


def test_bookkeeping_takes_no_part():
    """A table's version tells its rows and the digests of its content, by name and in any order."""
    assert table_version(3, {"a": "1", "seen": "2"}, {"seen"}) == table_version(3, {"a": "1", "seen": "9"}, {"seen"})
    assert table_version(3, {"a": "1", "b": "2"}) == table_version(3, {"b": "2", "a": "1"})
    assert table_version(3, {"a": "1"}) != table_version(4, {"a": "1"})
    assert table_version(3, {"a": "1"}) != table_version(3, {"b": "1"})
    assert table_version(3, {}).startswith("3-")


def test_combined_names_its_parts():
    """One version of many changes with any part, and with its name."""
    assert combined({"a": "1", "b": "2"}) == combined({"b": "2", "a": "1"})
    assert len({combined({"a": "1"}), combined({"a": "2"}), combined({"b": "1"}), combined({})}) == 4
