"""Checks: does a built table hold what its declaration says? Run before the file is swapped in.

What lives here: the checks that follow from `@table`, for every table alike.
What belongs here: grain, keys, types, parents. What stays out: opinions about numbers.

A table that breaks its grain, its keys or its types is not written; a row without its parent is reported only, because the
rest of the table is right.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from paceflow_assets.runtime.table import Table

BLOCKING = ("types", "keys_not_null", "grain_unique")


class Check(NamedTuple):
    """One verdict. rows: how many rows break it. told: what is wrong, '' if nothing."""

    name: str
    passed: bool
    rows: int
    told: str

    @property
    def blocks(self) -> bool:
        """Whether the table must not be written."""
        return not self.passed and self.name in BLOCKING


def names(table: Table) -> list[str]:
    """Checks that a table has."""
    return [*BLOCKING, *(["parents_present"] if table.parents else [])]


def checked(
    table: Table, frame: pl.DataFrame, parent_keys: Callable[[str, Sequence[str]], pl.DataFrame]
) -> list[Check]:
    """Every check of the table. parent_keys(table, columns) gives the key columns of a parent table's rows."""
    wrong = _wrong_types(table, frame)
    found = [Check("types", not wrong, frame.height if wrong else 0, wrong)]
    if wrong:
        return found
    key = list(table.key)
    needed = [name for name in key if not table.columns[name].optional]
    nulls = frame.filter(pl.any_horizontal(pl.col(needed).is_null())).height if needed else 0
    told = f"{nulls} rows with a null in {', '.join(needed)}" if nulls else ""
    found.append(Check("keys_not_null", not nulls, nulls, told))
    twice = frame.height - frame.select(key).n_unique() if key and frame.height else 0
    found.append(
        Check("grain_unique", not twice, twice, f"{twice} rows repeat the key {', '.join(key)}" if twice else "")
    )
    if table.parents:
        found.append(_orphans(table, frame, parent_keys))
    return found


def _wrong_types(table: Table, frame: pl.DataFrame) -> str:
    expected = table.schema
    missing = [name for name in expected if name not in frame.columns]
    surplus = [name for name in frame.columns if name not in expected]
    differing = [
        f"{name} is {frame.schema[name]}, not {dtype}"
        for name, dtype in expected.items()
        if name in frame.columns and frame.schema[name] != dtype
    ]
    told = [f"no column {name}" for name in missing] + [f"unknown column {name}" for name in surplus] + differing
    return "; ".join(told)


def _orphans(table: Table, frame: pl.DataFrame, parent_keys: Callable[[str, Sequence[str]], pl.DataFrame]) -> Check:
    told, rows = [], 0
    for parent, columns in table.parents.items():
        lost = (
            frame.select(columns).drop_nulls().join(parent_keys(parent, columns), on=list(columns), how="anti").height
        )
        rows += lost
        if lost:
            told.append(f"{lost} rows without their {parent}")
    return Check("parents_present", not rows, rows, "; ".join(told))
