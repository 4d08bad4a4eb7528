"""What the macros say of single values; each file in sql/macro holds the macro of its name."""

import datetime as dt
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceflow_assets.rule.model_name import qualified
from paceflow_assets.runtime.catalog import calculator, sql_folder

MACROS = {path.stem: path.read_text() for path in (sql_folder() / "macro").glob("*.sql")}
QUERIES = {path.stem: path.read_text() for folder in ("view", "report") for path in (sql_folder() / folder).glob("*.sql")}


def body(text):
    """Statements without comments."""
    return re.sub(r"--[^\n]*", "", text)


def calls(text, name):
    """Whether a query calls a macro."""
    return re.search(rf"\b{name}\(", body(text)) is not None


def value(sql, expression, **arguments):
    """An expression over one row of columns."""
    schema = {name: None if given is not None else pl.Float64 for name, given in arguments.items()}
    return sql(f"select {expression} as answer from rows", rows=pl.DataFrame([arguments], schema=schema)).item()


@pytest.mark.parametrize(
    ("n", "d", "expected"),
    [(1, 3, 1 / 3), (0, 3, 0.0), (3, 0, None), (0, 0, None), (None, 3, None), (3, None, None), (1, -1, None), (0.25, 0.5, 0.5)],
)
def test_rate(sql, n, d, expected):
    """A share of nothing, or of what is not known, is null; whole numbers are divided as fractions."""
    assert value(sql, "rate(n, d)", n=n, d=d) == expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (dt.datetime(2026, 3, 8, 23, 59, 59, 999_000), dt.date(2026, 3, 2)),
        (dt.datetime(2026, 3, 9), dt.date(2026, 3, 9)),
        (dt.datetime(2026, 3, 11, 12), dt.date(2026, 3, 9)),
        (dt.datetime(2026, 1, 1), dt.date(2025, 12, 29)),
        (dt.datetime(1969, 12, 31, 23), dt.date(1969, 12, 29)),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_week_start(sql, instant, expected, zone):
    """The Monday of the UTC day, whatever zone the connection has."""
    sql.connection.execute(f"set TimeZone = '{zone}'")

    assert value(sql, "week_start(instant)", instant=instant) == expected


def test_week_start_of_no_time(sql):
    """No time, no week."""
    assert value(sql, "week_start(instant::timestamp)", instant=None) is None


@pytest.mark.parametrize("model", [None, "", "  ", "claude/", "claude", " opus ", "CLAUDE/opus", "claude/opus", "codex/gpt-5"])
def test_model_label(sql, model):
    """A model that stands in a table is called as the rule calls it."""
    assert value(sql, "model_label('claude', model::varchar)", model=model) == qualified("claude", model)


@given(st.lists(st.tuples(st.sampled_from(["claude", "codex", "human"]), st.none() | st.text(max_size=8)), max_size=20))
@settings(max_examples=40)
def test_model_label_keeps_what_events_hold(pairs):
    """A name that the rule made stays as it is."""
    sql = calculator()
    names = [qualified(agent, model) for agent, model in pairs]
    rows = pl.DataFrame(
        {"agent": [agent for agent, _ in pairs], "name": names}, schema=dict.fromkeys(["agent", "name"], pl.String)
    )

    found = sql("select model_label(agent, name) as label from rows", rows=rows)

    assert found["label"].to_list() == names


@pytest.mark.parametrize(
    ("condition", "expected"), [("true", 6.0), ("counts", 2.0), ("not counts", 4.0), ("false", 0), ("counts is null", 0)]
)
def test_sum_where(sql, condition, expected):
    """Only rows for which the condition holds are added; none is 0, and a missing amount adds nothing."""
    rows = pl.DataFrame({"row_key": ["a", "b", "c"], "amount": [2.0, 4.0, None], "counts": [True, False, None]})

    found = sql(f"select sum_where(amount, {condition}, row_key) as answer from rows", rows=rows)

    assert found.item() == expected


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_sum_where_takes_rows_by_key(amounts, random):
    """Fractions add up to the same last digit in whatever order the rows come."""
    sql = calculator()
    rows = pl.DataFrame({"row_key": range(len(amounts)), "amount": amounts})
    order = list(range(len(amounts)))
    random.shuffle(order)
    query = "select sum_where(amount, true, (row_key, 'x')) as answer from rows"

    assert sql(query, rows=rows).item() == sql(query, rows=rows[order]).item()


@pytest.mark.parametrize("name", sorted(MACROS))
def test_a_file_is_one_macro(name):
    """A file defines the macro of its name and no other, says what null means or gives, and some query calls it."""
    assert re.findall(r"create or replace macro (\w+)\(", body(MACROS[name])) == [name]
    assert MACROS[name].startswith("-- ")
    assert any(calls(text, name) for text in QUERIES.values())
