"""`@table`: everything a table must say of itself, once.

What lives here: the column helpers, the `Table` that a decorated builder becomes, and the register of all tables.
What belongs here: what is true of every table.
What stays out: storage (warehouse), computing (compute), Dagster (assets), any single table.

A builder's parameters say what it needs: one annotated `pl.DataFrame` is the upstream table of that name (in a raw table,
`stored` is what the table holds already), one annotated with a rule's dataclass receives the rule's effective parameters, one
annotated `Sql` receives DuckDB, one annotated `Look` (raw tables only) receives what is to be seen outside.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import cache

import polars as pl

import paceflow_assets

LAYERS = ("raw", "metadata", "fact", "event", "view")
STORED = "stored"
TIME = pl.Datetime("ms")


@dataclass(frozen=True)
class Column:
    """Type and meaning of one column; the meaning says the unit and what null means.

    private: never shown in a preview or a log, because it holds somebody's words or an absolute path.
    optional: may be null although it is a key column.
    """

    type: pl.DataType
    meaning: str
    private: bool = False
    optional: bool = False


def text(meaning: str, *, private: bool = False) -> Column:
    """A String column."""
    return Column(pl.String(), meaning, private)


def count(meaning: str) -> Column:
    """A whole number."""
    return Column(pl.Int64(), meaning)


def number(meaning: str) -> Column:
    """A fraction: a share from 0 to 1, or minutes, or lines split among sessions."""
    return Column(pl.Float64(), meaning)


def flag(meaning: str) -> Column:
    """True, false, or null = unknown (never the same as false)."""
    return Column(pl.Boolean(), meaning)


def time(meaning: str) -> Column:
    """An instant: UTC, milliseconds, no zone."""
    return Column(TIME, meaning)


def date(meaning: str) -> Column:
    """A calendar day, UTC."""
    return Column(pl.Date(), meaning)


def hash64(meaning: str) -> Column:
    """An xxh3_64 hash."""
    return Column(pl.UInt64(), meaning)


def nested(dtype: pl.DataType, meaning: str, *, private: bool = False) -> Column:
    """A list or struct column (raw tables only)."""
    return Column(dtype, meaning, private)


@dataclass(frozen=True)
class Table:
    """One table: name, grain, columns, how it is built and what from.

    grain: key columns behind `repository`, which is part of every key. parents: table -> key columns that must be found there.
    bookkeeping: columns that are no content: a later look at an unchanged log changes no version.
    reads: upstream -> the columns of it that matter here; an upstream that is not named is read whole.
    spreads: upstream, each row of which gives rows of its own in the same key order: many are spread some at a time.
    lazy: upstreams of many rows, of which the builder collects what it needs.
    rules: builder parameter -> rule dataclass. per_repository is False for tables whose rows mix repositories.
    also: modules outside the table's own imports that take part in its version. sql: text of a view.
    keeps_rows is False for the one raw table whose rows may go. watches: what of the outside a raw table shows, 'logs',
    'git' or 'scores'; None for tables below raw.
    """

    name: str
    layer: str
    grain: tuple[str, ...]
    columns: Mapping[str, Column]
    description: str
    upstreams: tuple[str, ...]
    build: Callable[..., pl.DataFrame]
    module: str
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bookkeeping: frozenset[str] = frozenset()
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spreads: str | None = None
    lazy: frozenset[str] = frozenset()
    rules: Mapping[str, type] = field(default_factory=dict)
    sql_parameter: str | None = None
    look_parameter: str | None = None
    per_repository: bool = True
    also: tuple[str, ...] = ()
    keeps_rows: bool = True
    watches: str | None = None
    sql: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """All key columns, `repository` first."""
        return ("repository", *self.grain) if "repository" in self.columns else self.grain

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name -> type."""
        return {name: column.type for name, column in self.columns.items()}

    @property
    def private_columns(self) -> frozenset[str]:
        """Columns that no preview shows."""
        return frozenset(name for name, column in self.columns.items() if column.private)

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return pl.DataFrame(schema=self.schema)

    def shaped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame's rows in this table's columns, types and order. A column that the frame lacks is an error."""
        columns = [frame.get_column(name) for name in self.columns]
        cast = [
            values if values.dtype == column.type else values.cast(column.type)
            for values, column in zip(columns, self.columns.values(), strict=True)
        ]
        rows = pl.DataFrame(cast)
        return rows if is_in_order(rows, self.key) else rows.sort(list(self.key), nulls_last=True)


def is_in_order(rows: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether no row comes before its predecessor by the key. False when a key is null: looking costs less than sorting."""
    fine = pl.lit(True)
    for name in reversed(key):
        now, before = pl.col(name).slice(1), pl.col(name).head(pl.len() - 1)
        fine = (now > before) | ((now == before) & fine)
    return rows.height < 2 or rows.select(fine.fill_null(False).all()).item()


REGISTER: dict[str, Table] = {}


def table(
    *,
    grain: tuple[str, ...],
    columns: Mapping[str, Column],
    parents: Mapping[str, tuple[str, ...]] | None = None,
    bookkeeping: Iterable[str] = (),
    reads: Mapping[str, tuple[str, ...]] | None = None,
    spreads: str | None = None,
    also: tuple[str, ...] = (),
    keeps_rows: bool = True,
    watches: str | None = None,
) -> Callable[[Callable[..., pl.DataFrame]], Table]:
    """Make a builder a table. The first line of its docstring names the grain and becomes the description's first words."""

    def decorate(build: Callable[..., pl.DataFrame]) -> Table:
        needs = _needs(build)
        made = Table(
            name=build.__name__,
            layer=build.__module__.split(".")[1],
            grain=grain,
            columns=columns,
            description=inspect.cleandoc(build.__doc__ or ""),
            upstreams=tuple(name for name in needs["tables"] if name != STORED),
            build=build,
            module=build.__module__,
            parents=parents or {},
            bookkeeping=frozenset(bookkeeping),
            reads=reads or {},
            spreads=spreads,
            lazy=frozenset(needs["lazy"]),
            rules=needs["rules"],
            sql_parameter=needs["sql"],
            look_parameter=needs["look"],
            also=also,
            keeps_rows=keeps_rows,
            watches=watches,
        )
        REGISTER[made.name] = made
        return made

    return decorate


def _needs(build: Callable[..., pl.DataFrame]) -> dict:
    needs: dict = {"tables": [], "rules": {}, "sql": None, "look": None, "lazy": []}
    for parameter in inspect.signature(build).parameters.values():
        wanted = parameter.annotation
        kind = getattr(wanted, "__name__", "")
        if wanted in (pl.DataFrame, pl.LazyFrame):
            needs["tables"].append(parameter.name)
            if wanted is pl.LazyFrame:
                needs["lazy"].append(parameter.name)
        elif kind == "Sql":
            needs["sql"] = parameter.name
        elif kind == "Look":
            needs["look"] = parameter.name
        elif is_dataclass(wanted):
            needs["rules"][parameter.name] = wanted
        else:
            raise TypeError(f"{build.__name__}: parameter {parameter.name} is neither a table, a rule, Sql nor Look")
    return needs


@cache
def tables() -> dict[str, Table]:
    """Every table of the program by name, each behind its upstreams."""
    for layer in LAYERS:
        package = importlib.import_module(f"{paceflow_assets.__name__}.{layer}")
        for found in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{found.name}")
    return ordered(REGISTER)


def ordered(register: Mapping[str, Table]) -> dict[str, Table]:
    """The same tables, each behind its upstreams, otherwise in layer and name order."""
    done: dict[str, Table] = {}
    waiting = sorted(register.values(), key=lambda made: (LAYERS.index(made.layer), made.name))
    while waiting:
        ready = next((made for made in waiting if all(name in done for name in made.upstreams)), None)
        if ready is None:
            raise ValueError(f"tables wait for each other or for nothing: {', '.join(made.name for made in waiting)}")
        done[ready.name] = ready
        waiting.remove(ready)
    return done


def below(names: Iterable[str]) -> list[str]:
    """Every table that reads one of these, directly or through others, in order; not they themselves."""
    found = set(names)
    asked = frozenset(found)
    for name, table in tables().items():
        if found.intersection(table.upstreams):
            found.add(name)
    return [name for name in tables() if name in found and name not in asked]
