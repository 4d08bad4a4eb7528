"""Checks: what a declaration promises, and which broken promises keep a table from being written."""

import dataclasses

import polars as pl
import pytest

from paceflow_assets.runtime import table as declare
from paceflow_assets.runtime.checks import FEW, checked
from paceflow_assets.runtime.table import Column, Table

COLUMNS = {
    "repository": declare.text("key"),
    "k": declare.text("key"),
    "week": Column(pl.Date(), "key", optional=True),
    "n": declare.count("number"),
}
TABLE = Table("fact_x", "fact", ("k", "week"), COLUMNS, "", (), lambda: None, "m", parents={"fact_parent": ("repository", "k")})


def frame(*rows: tuple, **columns: object) -> pl.DataFrame:
    """Rows of (k, n) in the table's shape."""
    filled = [{"repository": "r", "k": k, "week": None, "n": n} for k, n in rows]
    return pl.DataFrame(filled, schema=TABLE.schema).with_columns(**columns)


def verdict(rows: pl.DataFrame, parents: tuple[str, ...] = ("a", "b")):
    """Verdict on rows whose parents are these."""
    known = pl.DataFrame(
        {"repository": ["r"] * len(parents), "k": list(parents)}, schema={"repository": pl.String, "k": pl.String}
    )
    return checked(TABLE, rows, lambda name, columns: known.select(columns))


def test_a_table_that_holds_its_declaration_passes():
    """An optional key may be null; no rows are fine."""
    for rows in (frame(("a", 1), ("b", None)), frame()):
        found = verdict(rows)
        assert (found.passed, found.blocks, found.told) == (True, False, "")
        assert [part.name for part in found.parts] == ["types", "keys_not_null", "grain_unique", "parents_present"]


@pytest.mark.parametrize("more", [0, FEW])
@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((("a", 1), ("a", 2)), "1 rows repeat the key repository, k, week"),
        ((("a", 1), (None, 2)), "1 rows with a null in repository, k"),
    ],
)
def test_a_broken_key_blocks(rows, told, more):
    """Whether the table is small or large."""
    found = verdict(frame(*rows, *((f"x{number}", 0) for number in range(more))))

    assert (found.passed, found.blocks) == (False, True)
    assert told in found.told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (frame(("a", 1)).drop("n"), "no column n"),
        (frame(("a", 1), m=pl.lit(1)), "unknown column m"),
        (frame(("a", 1), n=pl.lit("1")), "n is String, not Int64"),
    ],
)
def test_wrong_types_block_and_nothing_else_is_asked(rows, told):
    """Every wrong column is named."""
    found = verdict(rows)

    assert found.blocks
    assert found.told == told
    assert found.parts[0].rows == 1


def test_a_missing_parent_is_told_and_does_not_block():
    """The rest of the table is right."""
    found = verdict(frame(("a", 1), ("c", 2)))

    assert (found.passed, found.blocks, found.told) == (False, False, "1 keys without their fact_parent")


def test_a_table_without_parents_is_not_asked_for_them():
    """Nor are they read."""
    orphan = dataclasses.replace(TABLE, parents={})

    assert [part.name for part in checked(orphan, frame(), lambda name, columns: pytest.fail("read")).parts][
        -1
    ] == "grain_unique"
