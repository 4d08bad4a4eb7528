"""Trial: the tables as other rules would make them, in a home of its own; nothing is published.

What lives here: preparing a trial, comparing its tables with the warehouse's, and taking them over.
What belongs here: files and rows. What stays out: computing (worker) and printing (command/rules).

A trial's table files are links to those of the warehouse; what is computed is written beside and moved in, so it replaces a
link and never what the link leads to. It has no inventory: it computes what the rules make stale, and looks at nothing outside.
"""

import dataclasses
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import polars as pl

from paceflow_assets.runtime.rules import Rules
from paceflow_assets.runtime.rules_file import whole_text
from paceflow_assets.runtime.settings import Settings, make_private, write_private
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.warehouse import Warehouse, is_running, linked

NAME = "trial-"


class Difference(NamedTuple):
    """How many rows of a table differ, over all repositories. rows: in the warehouse."""

    table: str
    rows: int
    changed: int
    new: int
    gone: int


@contextmanager
def trial(settings: Settings, rules: Rules, repositories: Sequence[str]) -> Iterator[Settings]:
    """A home with these rules and links to the tables of these repositories; it is gone afterwards."""
    make_private(settings.state)
    _tidy(settings)
    folder = make_private(settings.state / f"{NAME}{os.getpid()}")
    try:
        aside = dataclasses.replace(settings, paceflow_home=folder, rules_choice="", dagster_home=folder / "dagster")
        write_private(aside.rules_file, whole_text(rules).encode())
        warehouse, links = Warehouse(settings), Warehouse(aside)
        for name in tables():
            make_private(links.root / name)
        for repository in repositories:
            with warehouse.lock(repository):
                for name in tables():
                    present = warehouse.path(name, repository)
                    if present.exists():
                        linked(present, links.path(name, repository))
        yield aside
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tidy(settings: Settings) -> None:
    """Remove the trials of processes that died."""
    for left in settings.state.glob(f"{NAME}*"):
        number = left.name.removeprefix(NAME)
        if not number.isdecimal() or not is_running(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def differing(settings: Settings, aside: Settings, repositories: Sequence[str]) -> dict[str, list[str]]:
    """Table -> repositories in which the trial's rows differ, tables in order."""
    before, after = Warehouse(settings), Warehouse(aside)
    found: dict[str, list[str]] = {}
    for name in tables():
        for repository in repositories:
            old, new = before.provenance(name, repository), after.provenance(name, repository)
            if new is not None and (old is None or old.data_version != new.data_version):
                found.setdefault(name, []).append(repository)
    return found


def changed_rows(settings: Settings, aside: Settings, table: Table, repositories: Sequence[str]) -> pl.DataFrame:
    """Rows of a table that differ: the key, `change` (changed, new, gone), each column before and after."""
    before, after = Warehouse(settings), Warehouse(aside)
    return pl.concat(
        [rows_between(table, before.read(table, repository), after.read(table, repository)) for repository in repositories]
    )


def rows_between(table: Table, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """What two states of a table differ in, as `changed_rows` gives it."""
    key = list(table.key)
    content = [name for name in table.columns if name not in key and name not in table.bookkeeping]
    both = before.select(*key, pl.lit(True).alias("was"), *(pl.col(name).alias(f"{name}_before") for name in content)).join(
        after.select(*key, pl.lit(True).alias("is"), *(pl.col(name).alias(f"{name}_after") for name in content)),
        on=key,
        how="full",
        coalesce=True,
        nulls_equal=True,
    )
    differs = [pl.col(f"{name}_before").ne_missing(pl.col(f"{name}_after")) for name in content]
    change = pl.when(pl.col("was").is_null()).then(pl.lit("new")).when(pl.col("is").is_null()).then(pl.lit("gone"))
    sides = [f"{name}_{side}" for name in content for side in ("before", "after")]
    return (
        both.filter(pl.any_horizontal(pl.col("was").is_null(), pl.col("is").is_null(), *differs))
        .select(*key, change.otherwise(pl.lit("changed")).alias("change"), *sides)
        .sort(key, nulls_last=True)
    )


def counted(settings: Settings, table: Table, rows: pl.DataFrame, repositories: Sequence[str]) -> Difference:
    """The rows that differ as counts. repositories: all that were compared."""
    before = Warehouse(settings)
    footers = [before.provenance(table.name, repository) for repository in repositories]
    counts = dict(rows["change"].value_counts().rows())
    total = sum(footer.rows for footer in footers if footer)
    return Difference(table.name, total, *(counts.get(kind, 0) for kind in ("changed", "new", "gone")))


def take_over(settings: Settings, aside: Settings, repositories: Sequence[str]) -> int:
    """Move what the trial computed into the warehouse; the number of files. What went stale meanwhile, an ingest rebuilds."""
    warehouse, links = Warehouse(settings), Warehouse(aside)
    moved = 0
    for repository in repositories:
        with warehouse.lock(repository):
            for name in tables():
                computed, present = links.path(name, repository), warehouse.path(name, repository)
                if computed.exists() and not _is_same_file(computed, present):
                    os.replace(computed, present)
                    moved += 1
    return moved


def _is_same_file(one: Path, other: Path) -> bool:
    return other.exists() and (one.samefile(other) or _state(one) == _state(other))


def _state(path: Path) -> tuple[int, int]:
    """What a copy shares with its original, on a disk without links."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns
