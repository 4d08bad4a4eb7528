"""Nested columns: building list columns from records and spreading them again."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from paceflow_assets.lines import measure
from paceflow_assets.records import Lines
from paceflow_assets.runtime.nested import LINES, cut, grouped, lines_column, own, rows_of, spread, spread_lines

SIDED = st.tuples(st.sampled_from("+- "), st.integers(0, 3), st.text("ab {}\t", max_size=4))


def test_cut_gives_each_row_its_share():
    """Rows without a value get an empty list, not null."""
    flat = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})

    assert cut(flat, [0, 2, 0, 1]).rows() == [([], []), ([1, 2], ["x", "y"]), ([], []), ([3], ["z"])]
    assert cut(flat.clear(), []).rows() == []
    assert cut(flat.clear(), [0, 0]).rows() == [([], []), ([], [])]


@settings(max_examples=25)
@given(st.lists(st.lists(SIDED, max_size=5), max_size=5))
def test_lines_come_out_as_they_went_in(operations):
    """Property: building `lines` and spreading it gives every line with its position."""
    items = [measure(rows) for rows in operations]
    frame = pl.DataFrame({"id": pl.Series(range(len(items)), dtype=pl.Int64)}).with_columns(lines_column(items))

    found = spread_lines(frame, ["id"]).rows()

    assert frame.schema["lines"] == LINES
    assert found == [
        (number, position, *values)
        for number, lines in enumerate(items)
        for position, values in enumerate(zip(lines.sides, lines.hunks, lines.hashes, lines.trimmed, lines.words, strict=True))
    ]


def test_a_frame_of_nothing_has_its_types():
    """No rows, no lines, no structs: the schema stands all the same."""
    assert rows_of({"a": pl.Int64, "b": pl.List(pl.String)}, []).schema == {"a": pl.Int64, "b": pl.List(pl.String)}
    assert lines_column([]).dtype == LINES
    assert lines_column([Lines()]).to_list() == [{"sides": "", "hunks": [], "hashes": [], "trimmed": [], "words": []}]
    empty = pl.DataFrame(schema={"k": pl.String, "lines": LINES})
    assert spread_lines(empty, ["k"]).rows() == []


def test_grouped_and_spread_undo_each_other():
    """Items find their owner, in order; an owner without items has an empty list; a null is a key like any other."""
    owners = pl.DataFrame({"k": ["a", None, "b"]})
    items = pl.DataFrame({"k": ["b", "a", "b", None], "n": [1, 2, 3, 4]})

    together = grouped(items, owners, ["k"], "items")

    assert together.rows() == [("a", [{"n": 2}]), (None, [{"n": 4}]), ("b", [{"n": 1}, {"n": 3}])]
    assert spread(together, "items", ["k"]).rows() == [("a", 2), (None, 4), ("b", 1), ("b", 3)]
    assert grouped(items.clear(), owners, ["k"], "items")["items"].to_list() == [[], [], []]


def test_own_leaves_out_copies_and_sessions_that_lie_elsewhere():
    """What another session wrote first, and what moved away, counts elsewhere."""
    item = pl.List(pl.Struct({"record_key": pl.String, "n": pl.Int64}))
    sessions = pl.DataFrame(
        {
            "s": ["first", "copy", "gone"],
            "touches": [True, True, False],
            "copied_keys": [[], ["x"], []],
            "items": [
                [{"record_key": "x", "n": 1}],
                [{"record_key": "x", "n": 2}, {"record_key": "y", "n": 3}],
                [{"record_key": "z", "n": 4}],
            ],
        },
        schema_overrides={"items": item, "copied_keys": pl.List(pl.String)},
    )

    assert own(sessions, "items", ["s"]).rows() == [("first", "x", 1), ("copy", "y", 3)]
