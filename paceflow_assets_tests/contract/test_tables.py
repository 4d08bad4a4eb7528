"""What every table says of itself: grain, columns, types, meanings; and that the views' SQL keeps their headers."""

import re

import polars as pl
import pytest

from paceflow_assets.runtime.catalog import reader
from paceflow_assets.runtime.compute import PARTS
from paceflow_assets.runtime.table import TIME, tables

TABLES = tables()
VIEWS = [name for name, table in TABLES.items() if table.layer == "view"]
TYPES = {pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.UInt64(), TIME, pl.Date()}
TIME_NAMES = re.compile(r"(_at|_time|_ts|_since)$|^last_active$")  # _ts and last_active are the reference's names
FLAG_NAMES = re.compile(r"_flag$|^is_")
BOOLEANS_WITH_OTHER_NAMES = {
    "touches": "a verb says it better: the session touches the repository",
    "reachable": "a word of git's, and the reference's name",
    "files_read": "what was done; is_files_read is no English",
    "before_known": "what is known; the name that the parsers' records have",
    "user_modified": "the name that the agents' logs have",
}
NAMES_WITH_TWO_TYPES = {
    "removed_lines": "whole lines of a file; lines shared out among models",
    "matched_added_lines": "lines shared out among sessions; whole lines of a commit",
    "matched_removed_lines": "lines shared out among sessions; whole lines of a commit",
    "loop_count": "sessions; the weight of a task's sessions",
    "loop_known_count": "sessions; the weight of a task's sessions",
    "paste_count": "sessions; the weight of a task's sessions",
    "paste_known_count": "sessions; the weight of a task's sessions",
    "to_commit_count": "sessions; the weight of a task's sessions",
    "no_output_count": "sessions; the weight of a task's sessions",
}


@pytest.fixture(params=TABLES, ids=str)
def table(request):
    """Each table of the program in turn."""
    return TABLES[request.param]


def test_the_key_stands_first_and_is_never_null(table):
    """Key columns exist and come before all others, repository first; only a week may be missing from a key."""
    key = list(table.key)

    assert key, table.name
    assert list(table.columns)[: len(key)] == key
    assert len(key) == len(set(key))
    assert [name for name in key if table.columns[name].optional] == [name for name in key if name == "week_start"]


def test_repository_is_the_partition(table):
    """Every table of a repository begins with it; only a table whose rows mix repositories has none."""
    assert (next(iter(table.columns)) == "repository") == table.per_repository
    assert ("repository" in table.columns) == table.per_repository
    assert table.per_repository != table.name.startswith("view_global_")


def test_the_description_begins_with_the_grain(table):
    """A description says first what a row is, and a view names its key there."""
    assert re.match(r"One row per \S", table.description)
    if table.layer == "view":
        assert table.description.startswith(f"One row per ({', '.join(table.grain)})")


def test_columns_explain_themselves(table):
    """Every column has a name in small letters and a meaning on one line."""
    for name, column in table.columns.items():
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name), name
        assert column.meaning.strip() == column.meaning != "", name
        assert "\n" not in column.meaning, name


def test_types(table):
    """Below raw a column has one of seven plain types; only weeks are dates."""
    for name, column in table.columns.items():
        assert column.type in TYPES or (table.layer == "raw" and column.type.is_nested()), name
        assert (column.type == pl.Date()) == (name == "week_start"), name


def test_names_tell_types(table):
    """Flags, times, hashes, counts and shares are known by their names."""
    for name, column in table.columns.items():
        is_flag = FLAG_NAMES.search(name) is not None or name in BOOLEANS_WITH_OTHER_NAMES
        assert (column.type == pl.Boolean()) == is_flag, name
        assert (column.type == TIME) == (TIME_NAMES.search(name) is not None), name
        assert column.type != pl.UInt64() or "hash" in name, name
        assert column.type in (pl.Int64(), pl.Float64()) or not name.endswith("_count"), name
        assert column.type == pl.Float64() or not re.search(r"_rate$|_share$|^share_of_|^minutes_to_", name), name


def test_bookkeeping_is_no_key(table):
    """Columns that take no part in a version exist, and tell no row from another."""
    assert table.bookkeeping <= set(table.columns) - set(table.key)


def test_a_name_has_one_type():
    """A column of one name has one type in all tables, but for those named above."""
    types: dict[str, set[pl.DataType]] = {}
    for table in TABLES.values():
        for name, column in table.columns.items():
            types.setdefault(name, set()).add(column.type)

    assert {name for name, found in types.items() if len(found) > 1} == set(NAMES_WITH_TWO_TYPES)


def test_exceptions_are_still_needed():
    """No exception outlives its column."""
    columns = {name for table in TABLES.values() for name in table.columns}

    assert set(BOOLEANS_WITH_OTHER_NAMES) <= columns


@pytest.mark.parametrize("name", VIEWS)
def test_a_rate_stands_beside_its_parts(name):
    """Every rate names numerator and denominator in its meaning, and both are columns before it."""
    columns = TABLES[name].columns
    order = list(columns)

    for rate in (column for column in order if column.endswith("_rate")):
        parts = PARTS.match(columns[rate].meaning)
        assert parts, rate
        assert order.index(parts[1]) < order.index(rate)
        assert order.index(parts[2]) < order.index(rate)


@pytest.mark.parametrize("name", VIEWS)
def test_sql_gives_the_columns_of_the_header(name, sql):
    """Run on empty upstreams, the query has exactly the header's columns, in its order and types."""
    upstreams = {upstream: TABLES[upstream].empty() for upstream in TABLES[name].upstreams}

    found = TABLES[name].build(sql=sql, **upstreams)

    assert dict(found.schema) == TABLES[name].schema
    assert found.height == 0


def test_people_see_the_same_columns(home):
    """In the catalog, where a view is a view of DuckDB's, tables and views have the declared columns and types too."""
    catalog = reader(home.settings)

    found = {name: in_microseconds(catalog(f"select * from {name}").schema) for name in TABLES}

    catalog.connection.close()
    assert found == {name: in_microseconds(table.schema) for name, table in TABLES.items()}


def in_microseconds(schema):
    """Column -> type, times as DuckDB has them."""
    return {name: re.sub("time_unit='ms'", "time_unit='us'", str(dtype)) for name, dtype in schema.items()}
