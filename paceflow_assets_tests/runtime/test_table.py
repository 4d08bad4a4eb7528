"""`@table`: what a declaration becomes."""

import dataclasses

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceflow_assets.rule import parameter
from paceflow_assets.runtime import table as declare
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import LAYERS, Table, is_in_order, ordered, table, tables


@dataclasses.dataclass(frozen=True)
class Belief:
    """A rule."""

    days: int = parameter(3, meaning="days", low=1)


@pytest.fixture(autouse=True)
def register(monkeypatch):
    """A register of its own, so that a test's tables are not the program's."""
    tables()
    monkeypatch.setattr(declare, "REGISTER", {})


def made(name: str, layer: str = "fact", upstreams: tuple[str, ...] = ()) -> Table:
    """A table with nothing but a name and upstreams."""
    return Table(name, layer, (), {}, "", upstreams, lambda: pl.DataFrame(), "m")


def test_a_builders_parameters_say_what_it_needs():
    """Frames are upstream tables, dataclasses rules; `stored`, DuckDB and the look have their own places."""
    columns = {"repository": declare.text("key"), "k": declare.text("key"), "n": declare.count("number")}

    def fact_x(
        stored: pl.DataFrame, raw_y: pl.DataFrame, raw_z: pl.LazyFrame, belief: Belief, sql: Sql, look: Look
    ) -> pl.DataFrame:
        """One row per k.

        More.
        """

    fact_x.__module__ = "paceflow_assets.fact.fact_x"
    fact_x = table(grain=("k",), columns=columns)(fact_x)

    assert fact_x.layer == "fact"
    assert fact_x.upstreams == ("raw_y", "raw_z")
    assert fact_x.lazy == {"raw_z"}
    assert fact_x.rules == {"belief": Belief}
    assert (fact_x.sql_parameter, fact_x.look_parameter) == ("sql", "look")
    assert fact_x.key == ("repository", "k")
    assert fact_x.description == "One row per k.\n\nMore."
    assert fact_x.schema == {"repository": pl.String(), "k": pl.String(), "n": pl.Int64()}
    assert list(declare.REGISTER.items()) == [("fact_x", fact_x)]


def test_a_parameter_of_another_kind_is_refused():
    """A builder gets nothing that the runtime does not know."""
    with pytest.raises(TypeError, match="parameter path is neither"):

        @table(grain=(), columns={})
        def fact_x(path: str) -> pl.DataFrame:
            """Nothing."""


def test_shaped_orders_columns_types_and_rows():
    """Rows come in key order, nulls last; a missing column is an error, another one is dropped."""
    columns = {"k": declare.text("key"), "n": declare.count("number"), "at": declare.time("time")}
    plain = dataclasses.replace(made("fact_x"), columns=columns, grain=("k",))

    frame = pl.DataFrame({"n": [1, 2, 3], "more": [0, 0, 0], "at": [0, 1, None], "k": ["b", None, "a"]})

    shaped = plain.shaped(frame)
    assert shaped.select("k", "n").rows() == [("a", 3), ("b", 1), (None, 2)]
    assert shaped.schema == plain.empty().schema
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        plain.shaped(frame.drop("n"))


@given(st.lists(st.tuples(st.none() | st.sampled_from(["", "a", "é", "z"]), st.none() | st.integers(-2, 2), st.integers(0, 9))))
def test_what_is_taken_for_ordered_is_what_sorting_gives(rows):
    """Whatever stands in the keys; rows of equal keys stay as they came."""
    frame = pl.DataFrame(rows, schema={"k": pl.String, "n": pl.Int64, "row": pl.Int64}, orient="row")
    in_order = frame.sort("k", "n", nulls_last=True, maintain_order=True)

    assert not is_in_order(frame, ("k", "n")) or frame.equals(in_order)
    assert is_in_order(in_order.drop_nulls(), ("k", "n"))


def test_columns_say_whether_they_may_be_shown():
    """Somebody's words and absolute paths are private."""
    columns = {"k": declare.text("key"), "words": declare.text("content", private=True)}

    assert dataclasses.replace(made("fact_x"), columns=columns).private_columns == {"words"}


def test_tables_stand_behind_their_upstreams():
    """Layer by layer, then by need, then by name."""
    loose = [made("view_v", "view", ("event_e",)), made("event_e", "event", ("fact_b",)), made("fact_a", "fact", ("fact_b",))]
    register = {each.name: each for each in [*loose, made("fact_b"), made("raw_r", "raw")]}

    assert list(ordered(register)) == ["raw_r", "fact_b", "fact_a", "event_e", "view_v"]


@pytest.mark.parametrize("upstreams", [("fact_b",), ("fact_none",)])
def test_a_circle_and_a_gap_are_refused(upstreams):
    """Tables that wait for each other, or for a table that nobody made."""
    register = {"fact_a": made("fact_a", upstreams=upstreams), "fact_b": made("fact_b", upstreams=("fact_a",))}

    with pytest.raises(ValueError, match="wait for each other or for nothing: fact_a, fact_b"):
        ordered(register)


def test_every_table_of_the_program_is_found():
    """From all layers, each behind its upstreams, and each upstream column that is named exists."""
    found = tables()

    places = {name: place for place, name in enumerate(found)}
    assert {each.layer for each in found.values()} == set(LAYERS)
    for each in found.values():
        assert all(places[name] < places[each.name] for name in each.upstreams)
        for upstream, columns in each.reads.items():
            assert upstream in each.upstreams
            assert set(columns) <= set(found[upstream].columns)
        assert each.bookkeeping <= set(each.columns)
