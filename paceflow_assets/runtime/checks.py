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

NAME = "declaration"
FEW = 2000
BLOCKING = ("types", "keys_not_null", "grain_unique")


class Part(NamedTuple):
    """Verdict on one part of the declaration. rows: how many rows break it. told: what is wrong, '' if nothing."""

    name: str
    passed: bool
    rows: int = 0
    told: str = ""


class Verdict(NamedTuple):
    """Verdict on a table: one check, of several parts, because each check costs Dagster several events."""

    parts: tuple[Part, ...]

    @property
    def passed(self) -> bool:
        """Whether every part holds."""
        return all(part.passed for part in self.parts)

    @property
    def blocks(self) -> bool:
        """Whether the table must not be written."""
        return any(not part.passed and part.name in BLOCKING for part in self.parts)

    @property
    def told(self) -> str:
        """What is wrong, '' if nothing."""
        return "; ".join(part.told for part in self.parts if part.told)


def checked(table: Table, frame: pl.DataFrame, parent_keys: Callable[[str, Sequence[str]], pl.DataFrame]) -> Verdict:
    """Does the frame, shaped for the table, hold the declaration? parent_keys(table, columns): keys of a parent's rows."""
    wrong = _wrong_types(table, frame)
    if wrong:
        return Verdict((Part("types", False, frame.height, wrong),))
    parts = [Part("types", True), _nulls(table, frame), _repeated(table, frame)]
    if table.parents:
        parts.append(_orphans(table, frame, parent_keys))
    return Verdict(tuple(parts))


def united(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict on a table that was checked in shares, none of which blocks."""
    if len(verdicts) == 1:
        return verdicts[0]
    parts = []
    for same in zip(*(verdict.parts for verdict in verdicts), strict=True):
        told = "; ".join(dict.fromkeys(part.told for part in same if part.told))
        parts.append(Part(same[0].name, all(part.passed for part in same), sum(part.rows for part in same), told))
    return Verdict(tuple(parts))


def _wrong_types(table: Table, frame: pl.DataFrame) -> str:
    expected, present = table.schema, frame.schema
    return "; ".join(
        [
            *(f"no column {name}" for name in expected if name not in present),
            *(f"unknown column {name}" for name in present if name not in expected),
            *(
                f"{name} is {present[name]}, not {dtype}"
                for name, dtype in expected.items()
                if name in present and present[name] != dtype
            ),
        ]
    )


def _nulls(table: Table, frame: pl.DataFrame) -> Part:
    needed = [name for name in table.key if not table.columns[name].optional]
    rows = max((frame[name].null_count() for name in needed), default=0)
    return Part("keys_not_null", not rows, rows, f"{rows} rows with a null in {', '.join(needed)}" if rows else "")


def _repeated(table: Table, frame: pl.DataFrame) -> Part:
    keys = [frame.get_column(name) for name in table.key]
    if frame.height <= FEW:  # polars takes longer to begin than Python to finish
        rows = frame.height - len(set(zip(*(values.to_list() for values in keys), strict=True)))
    else:
        same = [pl.col(name).eq_missing(pl.col(name).shift(1)) for name in table.key]
        rows = pl.DataFrame(keys).select(pl.all_horizontal(same).slice(1).sum()).item()
    return Part("grain_unique", not rows, rows, f"{rows} rows repeat the key {', '.join(table.key)}" if rows else "")


def _orphans(table: Table, frame: pl.DataFrame, parent_keys: Callable[[str, Sequence[str]], pl.DataFrame]) -> Part:
    told, rows = [], 0
    for parent, columns in table.parents.items():
        known = parent_keys(parent, columns)
        lost = frame.select(columns).unique().join(known, on=list(columns), how="anti").height
        rows += lost
        if lost:
            told.append(f"{lost} keys without their {parent}")
    return Part("parents_present", not rows, rows, "; ".join(told))
