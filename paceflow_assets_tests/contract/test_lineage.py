"""Which table may read which, and that a table's name, file, layer and declared upstreams tell one story."""

import json
from pathlib import Path

import pytest

import paceflow_assets
from paceflow_assets.runtime.assets import assets
from paceflow_assets.runtime.catalog import calculator
from paceflow_assets.runtime.sql_files import reads_of, report_macros, sql_folder
from paceflow_assets.runtime.table import LAYERS, Table, ordered, tables

PACKAGE = Path(paceflow_assets.__file__).parent
MAY_READ = {
    "raw": {"raw"},
    "metadata": {"raw", "metadata", "fact"},
    "fact": {"raw", "metadata", "fact"},
    "event": {"metadata", "fact", "event"},
    "view": {"event", "view"},
}
TABLES = tables()
VIEWS = {name: table for name, table in TABLES.items() if table.layer == "view"}
REPORTS = sorted((sql_folder() / "report").glob("*.sql"))
MACROS = report_macros()
# What an ingest found, and what could not be read, is told from what is stored; a report reads views.
READS_BEHIND_VIEWS = {"ingest_summary": {"raw", "metadata", "event"}, "trust": {"view", "raw"}}


def tables_in(query: str) -> set[str]:
    """The tables that a query names, as DuckDB's parser sees them, without its own common table expressions.

    A report macro that it calls counts for what its header says.
    """
    sql = calculator()
    try:
        parsed = json.loads(sql.connection.execute("select json_serialize_sql($query)", {"query": query}).fetchone()[0])
    finally:
        sql.connection.close()
    assert not parsed["error"], parsed
    named: set[str] = set()
    own: set[str] = set()
    pending = [parsed]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            pending.extend(node.values())
            if node.get("type") == "BASE_TABLE":
                named.add(node["table_name"])
            if node.get("type") == "TABLE_FUNCTION":
                named.update(reads_of(MACROS.get(node["function"]["function_name"], "")))
            own.update(entry["key"] for entry in node.get("cte_map", {}).get("map", ()))
    return named - own


def reads(query: str) -> list[str]:
    """The tables that a query's header says it reads."""
    found = reads_of(query)
    assert found, query
    return found


def layers_read(table: Table) -> set[str]:
    """Layers of a table's upstreams."""
    return {TABLES[name].layer for name in table.upstreams}


@pytest.mark.parametrize("name", TABLES)
def test_a_layer_reads_the_layers_before_it(name):
    """Upstreams lie in the layers that the table's own layer may read."""
    table = TABLES[name]

    assert layers_read(table) <= MAY_READ[table.layer]


@pytest.mark.parametrize("name", TABLES)
def test_name_file_and_layer_agree(name):
    """The table, its file and its builder have one name; its layer is the folder and the name's prefix."""
    table = TABLES[name]
    path = sql_folder() / "view" / f"{name}.sql" if name in VIEWS else PACKAGE / table.layer / f"{name}.py"

    assert table.name == name
    assert name.startswith(f"{table.layer}_")
    assert path.is_file()
    assert table.module == f"{PACKAGE.name}.view" if name in VIEWS else f"{PACKAGE.name}.{table.layer}.{name}"


def test_every_file_is_a_table():
    """No file of a layer, and no SQL file of a view, is without its table."""
    files = {path.stem for layer in LAYERS for path in (PACKAGE / layer).glob("*.py") if path.stem != "__init__"}
    views = {path.stem for path in (sql_folder() / "view").glob("*.sql")}

    assert files | views == set(TABLES)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_what_its_header_says(name):
    """The header's `reads` are the tables in the query, each once."""
    text = VIEWS[name].sql
    told = reads(text)

    assert len(told) == len(set(told))
    assert set(told) == tables_in(text) == set(VIEWS[name].upstreams)


@pytest.mark.parametrize("path", REPORTS, ids=[path.stem for path in REPORTS])
def test_a_report_reads_what_its_header_says(path):
    """The header's `reads` are the tables in the query; they are views, but for the exceptions named above."""
    text = path.read_text()
    told = set(reads(text))

    assert told == tables_in(text)
    assert {TABLES[name].layer for name in told} == READS_BEHIND_VIEWS.get(path.stem, {"view"})


@pytest.mark.parametrize("name", MACROS)
def test_a_report_macro_reads_what_its_header_says(name):
    """The header's `reads` are the tables in the macro and in those that it calls; they are views."""
    body = MACROS[name].partition(" as table")[2].strip().rstrip(";")
    told = reads(MACROS[name])

    assert len(told) == len(set(told))
    assert set(told) == tables_in(body)
    assert {TABLES[read].layer for read in told} == {"view"}


@pytest.mark.parametrize("name", TABLES)
def test_what_is_read_exists(name):
    """The columns that a table says it reads exist in that upstream; nobody reads a column of a table not read."""
    table = TABLES[name]

    for upstream, columns in table.reads.items():
        assert upstream in table.upstreams
        assert set(columns) <= set(TABLES[upstream].columns), upstream
        assert len(columns) == len(set(columns)), upstream


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.parents])
def test_a_parent_is_built_first_and_named_by_its_key(name):
    """The rows that must be found in a parent are named by its whole key, and the parent stands earlier in the order."""
    table, order = TABLES[name], list(TABLES)

    for parent, columns in table.parents.items():
        assert set(columns) == set(TABLES[parent].key), parent
        assert set(columns) <= set(table.columns), parent
        assert order.index(parent) < order.index(name), parent


def test_upstreams_come_first():
    """The order of the tables is one in which each finds its upstreams built, whatever order they were declared in."""
    reversed_register = dict(reversed(TABLES.items()))

    done = set()
    for name, table in ordered(reversed_register).items():
        assert set(table.upstreams) <= done, name
        done.add(name)
    assert done == set(TABLES)


def test_only_raw_tables_look_outside():
    """A look at the outside is given to raw tables alone, and every raw table says what it watches."""
    for name, table in TABLES.items():
        assert (table.look_parameter is not None) == (table.layer == "raw"), name
        assert (table.watches in ("logs", "git", "scores")) == (table.layer == "raw"), name


def test_dagster_shows_the_same_graph(home):
    """Each table is one asset of its name, in the group of its layer, below the same upstreams."""
    shown = {asset.key.to_user_string(): asset for asset in assets(home.settings)}

    assert set(shown) == set(TABLES)
    for name, asset in shown.items():
        spec = asset.specs_by_key[asset.key]
        assert {dep.asset_key.to_user_string() for dep in spec.deps} == set(TABLES[name].upstreams), name
        assert spec.group_name == TABLES[name].layer
        assert (spec.partitions_def is not None) == TABLES[name].per_repository, name


def test_a_wrong_reading_is_found():
    """The parser's view of a query sees joins, subqueries and expressions, and leaves the query's own names out."""
    query = """
    with own as (select * from fact_a), nested as (with inside as (select * from fact_b) select * from inside)
    select *, (select max(x) from fact_c) from own join event_d using (x) where x in (select y from nested)
    union all select * from metadata_e
    """

    assert tables_in(query) == {"fact_a", "fact_b", "fact_c", "event_d", "metadata_e"}
