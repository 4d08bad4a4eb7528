"""`@table`: everything a table must say of itself, once.

What lives here: the column helpers, the `Table` a decorated builder becomes, and the register of all tables.
What belongs here: what is true of every table. What stays out: storage (warehouse), Dagster (assets), any single table.

A builder's parameters say what it needs: a parameter annotated `pl.DataFrame` is the upstream table of that name, one
annotated with a rule's dataclass receives the rule's effective parameters, one annotated `Look` (raw tables only) receives
what was just seen outside.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import ModuleType

import polars as pl

import paceflow_assets

LAYERS = ("raw", "metadata", "fact", "event", "view")
TIME = pl.Datetime("ms")
LINE = pl.Struct(  # one changed or context line, as raw keeps it: hashes and counts, never text
    {
        "side": pl.String,
        "hunk_index": pl.Int64,
        "line_hash": pl.UInt64,
        "line_hash_trimmed": pl.UInt64,
        "word_characters": pl.Int64,
    }
)


@dataclass(frozen=True)
class Column:
    """Type and meaning of one column. The meaning says the unit and what null means."""

    type: pl.DataType
    meaning: str


def text(meaning: str) -> Column:
    """A String column."""
    return Column(pl.String(), meaning)


def count(meaning: str) -> Column:
    """A whole number."""
    return Column(pl.Int64(), meaning)


def number(meaning: str) -> Column:
    """A fraction, a share from 0 to 1 or minutes."""
    return Column(pl.Float64(), meaning)


def flag(meaning: str) -> Column:
    """True, false, or null = unknown (never the same as false)."""
    return Column(pl.Boolean(), meaning)


def time(meaning: str) -> Column:
    """An instant: UTC, milliseconds, no zone."""
    return Column(TIME, meaning)


def hash64(meaning: str) -> Column:
    """An xxh3_64 hash."""
    return Column(pl.UInt64(), meaning)


def nested(dtype: pl.DataType, meaning: str) -> Column:
    """A list or struct column (raw tables only)."""
    return Column(dtype, meaning)


@dataclass(frozen=True)
class Table:
    """One table: name, grain, columns, how it is built and what from.

    grain: key columns behind `repository`, which is part of every key. parents: table -> key columns that must exist there.
    bookkeeping: columns that do not count as content (a later look at an unchanged log changes no version).
    rules: builder parameter -> rule dataclass. look: builder parameter that receives the `Look`, raw tables only.
    per_repository is False for tables whose rows mix repositories. sql: text of a view.
    """

    name: str
    layer: str
    grain: tuple[str, ...]
    columns: Mapping[str, Column]
    description: str
    upstreams: tuple[str, ...]
    build: Callable[..., pl.DataFrame]
    module: str
    parents: Mapping[str, tuple[str, ...]]
    bookkeeping: frozenset[str]
    rules: Mapping[str, type]
    look: str | None = None
    per_repository: bool = True
    sql: str | None = None
    headline: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """All key columns, `repository` first."""
        return ("repository", *self.grain)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name -> type."""
        return {name: column.type for name, column in self.columns.items()}

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return pl.DataFrame(schema=self.schema)


REGISTER: dict[str, Table] = {}


def table(
    *,
    grain: tuple[str, ...],
    columns: Mapping[str, Column],
    parents: Mapping[str, tuple[str, ...]] | None = None,
    bookkeeping: Iterable[str] = (),
) -> Callable[[Callable[..., pl.DataFrame]], Table]:
    """Make a builder a table. The first line of its docstring names the grain and becomes the description's first words."""

    def decorate(build: Callable[..., pl.DataFrame]) -> Table:
        upstreams: list[str] = []
        rules: dict[str, type] = {}
        look = None
        for parameter in inspect.signature(build).parameters.values():
            if parameter.annotation is pl.DataFrame:
                upstreams.append(parameter.name)
            elif getattr(parameter.annotation, "__name__", "") == "Look":
                look = parameter.name
            elif is_dataclass(parameter.annotation):
                rules[parameter.name] = parameter.annotation
            else:
                raise TypeError(f"{build.__name__}: parameter {parameter.name} is neither a table, a rule nor the look")
        layer = build.__module__.split(".")[1]
        made = Table(
            name=build.__name__,
            layer=layer,
            grain=grain,
            columns=columns,
            description=inspect.cleandoc(build.__doc__ or ""),
            # a raw table's own stored rows are no upstream: they are what it keeps
            upstreams=tuple(name for name in upstreams if name != "stored"),
            build=build,
            module=build.__module__,
            parents=parents or {},
            bookkeeping=frozenset(bookkeeping),
            rules=rules,
            look=look,
        )
        REGISTER[made.name] = made
        return made

    return decorate


@cache
def tables() -> dict[str, Table]:
    """Every table of the program by name, upstream tables first."""
    for layer in LAYERS:
        package: ModuleType = importlib.import_module(f"{paceflow_assets.__name__}.{layer}")
        for found in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{found.name}")
    return ordered(REGISTER)


def ordered(register: Mapping[str, Table]) -> dict[str, Table]:
    """The same tables, each behind its upstreams; ties in layer and name order."""
    done: dict[str, Table] = {}
    waiting = sorted(register.values(), key=lambda made: (LAYERS.index(made.layer), made.name))
    while waiting:
        ready = [made for made in waiting if all(name in done for name in made.upstreams)]
        if not ready:
            raise ValueError(f"tables wait for each other or for nothing: {', '.join(made.name for made in waiting)}")
        done.update((made.name, made) for made in ready)
        waiting = [made for made in waiting if made.name not in done]
    return done
