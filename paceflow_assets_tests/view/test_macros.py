"""What the macros say of single values; each file in sql/macro holds the macro of its name."""

import datetime as dt
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceflow_assets.rule.model_name import qualified
from paceflow_assets.runtime.catalog import calculator
from paceflow_assets.runtime.sql_files import sql_folder

MACROS = {path.stem: path.read_text() for path in (sql_folder() / "macro").glob("*.sql")}
FOLDERS = ("view", "report", "macro")
QUERIES = {path.stem: path.read_text() for folder in FOLDERS for path in (sql_folder() / folder).glob("*.sql")}


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


def interval(sql, n, d):
    """Both ends of Wilson's interval."""
    return value(sql, "wilson_low(n, d)", n=n, d=d), value(sql, "wilson_high(n, d)", n=n, d=d)


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


@pytest.mark.parametrize(
    ("n", "d", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (1, 100, 0.0018, 0.0545),
        (2.5, 10.5, 0.0769, 0.5396),
        (1.0000001, 1, 0.2065, 1.0),
    ],
)
def test_wilson(sql, n, d, low, high):
    """The 95 % interval by Wilson's formula, from 0 to 1; sums of weights count as they are, and noise beyond d as d."""
    assert interval(sql, n, d) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("n", "d"), [(0, 0), (1, None), (None, 0), (0, -1)])
def test_wilson_of_nothing(sql, n, d):
    """No observation, no interval."""
    assert interval(sql, n, d) == (None, None)


@given(st.integers(0, 400), st.integers(1, 400))
@settings(max_examples=40)
def test_wilson_holds_the_share(n, d):
    """The interval holds the share, lies between 0 and 1, and is that of the complement turned around."""
    n = min(n, d)

    low, high = interval(calculator(), n, d)
    other_low, other_high = interval(calculator(), d - n, d)

    assert 0 <= low <= n / d
    assert n / d <= high <= 1
    assert (low, high) == pytest.approx((1 - other_high, 1 - other_low))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["PAC-100", "PAC-9", "PAC-95", "PAC-1", "PAC-10"], ["PAC-1", "PAC-9", "PAC-10", "PAC-95", "PAC-100"]),
        (["pac-10", "abc-100", "PAC-2", "ABC-5"], ["ABC-5", "abc-100", "PAC-2", "pac-10"]),
        (["staging", "PAC_837", "(unknown)", "PAC-10", "PAC_9"], ["PAC_9", "PAC-10", "PAC_837", "(unknown)", "staging"]),
        (["A-99999999999999999999999999999999999999999", "(no task)", "A-2"], ["A-2", "(no task)", "A-" + "9" * 41]),
    ],
)
def test_task_order(sql, keys, expected):
    """Numbers as numbers, letters without regard to case; what has no number, or one beyond all counting, comes last."""
    found = sql("select key from rows order by task_order(key)", rows=pl.DataFrame({"key": keys}))

    assert found["key"].to_list() == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("PAC-1", "PAC-1"), ("pac-1", "(no task)"), ("PAC-1x", "(no task)"), ("main", "(no task)"), (None, "(no task)")],
)
def test_task_label(sql, key, expected):
    """Tickets have a name of their own; everything else is one group."""
    assert value(sql, "task_label(key::varchar)", key=key) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, [True, True, True]),
        ("2026-03-09", None, [False, True, False]),
        (None, "2026-03-08", [True, False, False]),
        ("2026-03-08", "2026-03-09", [True, True, False]),
        ("2026-03-10", "2026-03-01", [False, False, False]),
    ],
)
def test_is_between_days(sql, first, last, expected):
    """Both days are included, whatever the time of day; what has no time lies within no limit."""
    times = [dt.datetime(2026, 3, 8, 23, 59, 59), dt.datetime(2026, 3, 9), None]
    rows = pl.DataFrame({"instant": times}, schema={"instant": pl.Datetime("ms")})

    found = sql("select is_between_days(instant, $first, $last) as answer from rows", {"first": first, "last": last}, rows=rows)

    assert found["answer"].to_list() == expected


@pytest.mark.parametrize(
    ("known", "wanted", "expected"),
    [("a", None, True), (None, None, True), ("a", "a", True), ("a", "b", False), (None, "a", False)],
)
def test_is_wanted(sql, known, wanted, expected):
    """No filter lets everything through; a filter never lets what is unknown through."""
    assert value(sql, "is_wanted(known::varchar, wanted::varchar)", known=known, wanted=wanted) is expected


@pytest.mark.parametrize(("observations", "expected"), [(0, True), (4, True), (5, False)])
def test_is_few(sql, observations, expected):
    """Below five observations a group is marked."""
    assert value(sql, "is_few(observations)", observations=observations) is expected


@pytest.mark.parametrize("name", sorted(MACROS))
def test_a_file_is_one_macro(name):
    """A file defines the macro of its name and no other, says what null means or gives, and some query or macro calls it."""
    assert re.findall(r"create or replace macro (\w+)\(", body(MACROS[name])) == [name]
    assert MACROS[name].startswith("-- ")
    assert any(calls(text, name) for caller, text in QUERIES.items() if caller != name)
