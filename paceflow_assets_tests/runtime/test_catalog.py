"""SQL over all tables: readers that see the warehouse only, and the DuckDB file for people."""

import dataclasses

import duckdb
import polars as pl
import pytest
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime import catalog
from paceflow_assets.runtime.catalog import ensure_folders, ingest_summary, macros, reader, rows, write_catalog
from paceflow_assets.runtime.errors import TableDamaged, WarehouseError
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.table import tables, text
from paceflow_assets.runtime.warehouse import Warehouse


@pytest.fixture
def where(tmp_path):
    """Settings of an empty home whose name holds what a pattern would hold."""
    return settings({"HOME": str(tmp_path), "PACEFLOW_HOME": str(tmp_path / "it's [a] *home")})


def test_every_table_can_be_read_before_anything_arrived(where):
    """Each by name, with its columns and no rows."""
    sql = reader(where)

    for name, table in tables().items():
        assert sql(f"select * from {name}").columns == list(table.columns)


def test_a_reader_may_know_some_tables_only(where):
    """Those asked for, and what a view among them reads; the others are not there."""
    sql = reader(where, reads=["view_repository_churn_summary"])

    assert sql("select * from view_repository_churn_summary").height == 0
    with pytest.raises(duckdb.CatalogException):
        sql("select * from raw_session")


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('{home}/outside.csv')",
        "copy (select 1) to '{home}/out.csv'",
        "attach '{home}/other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_reader_reaches_the_warehouse_only(where, query):
    """Nothing else on this machine, and it cannot be talked out of that."""
    (where.home / "outside.csv").write_text("a\n1\n")

    with pytest.raises(duckdb.Error):
        reader(where)(query.format(home=where.home))


def test_an_empty_file_follows_its_tables_shape(where, monkeypatch):
    """After an update, a column that no file has yet is null, not an error; one empty file stays."""
    ensure_folders(where)
    fact = tables()["fact_commit"]
    wider = dataclasses.replace(fact, columns={**fact.columns, "note": text("new")})
    monkeypatch.setattr(catalog, "tables", lambda: {"fact_commit": wider})

    assert rows(where, "select note from fact_commit").schema == {"note": pl.String}
    assert len(list((where.warehouse / "fact_commit").glob("_empty*"))) == 1


def test_the_catalog_is_for_any_duckdb_client(home):
    """Every table, view and macro by name, in a plain connection; private files."""
    app = Repository(home.path / "src" / "app")
    ClaudeLog(home.path, "s1", app.folder).says(0, "hi").writes(1, app.folder / "a.py", "one\n").save()
    app.commit({"a.py": "one\n"})
    home.ingest()
    where = home.settings

    assert write_catalog(where) == ""

    with duckdb.connect(where.catalog, read_only=True) as client:
        for name, table in tables().items():
            assert client.sql(f"select * from {name}").columns == list(table.columns)
        assert client.sql("select count(*) from fact_commit").fetchall() == [(1,)]
        assert client.sql("select count(*) from view_session_productivity").fetchall() == [(1,)]
        assert client.sql("select rate(1, 2), week_start(timestamp '2026-01-07')").fetchall()[0][0] == 0.5
        assert client.sql("select commit_count from delivery_report(group_by := [])").fetchall()[0] == (1,)
    assert where.catalog.stat().st_mode & 0o777 == 0o600
    modes = {path.stat().st_mode & 0o777 for path in where.paceflow_home.rglob("*") if path.is_file()}
    assert modes == {0o600}
    folders = [where.paceflow_home, *(path for path in where.paceflow_home.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_the_catalog_is_written_when_its_text_changed(where, monkeypatch):
    """And when it is gone; otherwise it stays as it is."""
    marks = []
    write_catalog(where)
    marks.append(where.catalog.stat().st_mtime_ns)
    write_catalog(where)
    marks.append(where.catalog.stat().st_mtime_ns)
    where.catalog.unlink()
    write_catalog(where)
    marks.append(where.catalog.stat().st_mtime_ns)
    text = macros()
    monkeypatch.setattr(catalog, "macros", lambda: f"{text}\n-- new\n")
    write_catalog(where)
    marks.append(where.catalog.stat().st_mtime_ns)

    assert [marks[0] == marks[1], marks[1] == marks[2], marks[2] == marks[3]] == [True, False, False]
    assert not list(where.paceflow_home.glob(".paceflow.*"))


def test_a_catalog_that_cannot_be_replaced_is_a_warning(where):
    """The old one stays, and nothing is left beside it."""
    where.catalog.mkdir(parents=True)

    warning = write_catalog(where)

    assert warning.startswith(f"{where.catalog}: could not be replaced")
    assert not list(where.paceflow_home.glob(".paceflow.*"))


def test_a_damaged_file_is_named(where):
    """A derived table's file goes, so that the next ingest builds it; a raw one stays, with what can be done."""
    ensure_folders(where)
    damaged = {name: Warehouse(where).path(name, "r") for name in ("fact_commit", "raw_commit")}
    for path in damaged.values():
        path.write_bytes(b"PAR1 no table PAR1")

    with pytest.raises(WarehouseError, match="previous in its place") as raw:
        rows(where, "select * from raw_commit")
    with pytest.raises(WarehouseError):
        rows(where, "select * from fact_commit")
    damaged["raw_commit"].unlink()
    with pytest.raises(TableDamaged, match="it was removed"):
        rows(where, "select * from fact_commit")

    assert str(damaged["raw_commit"]) in str(raw.value)
    assert rows(where, "select * from fact_commit").height == 0


def test_the_summary_leaves_a_damaged_raw_table_out(where):
    """The other repositories are shown."""
    ensure_folders(where)
    Warehouse(where).path("raw_parse_error", "r").write_bytes(b"PAR1 no table PAR1")

    assert ingest_summary(where) == []


def test_a_query_of_ours_that_is_wrong_is_not_hidden(where):
    """It is no damage."""
    with pytest.raises(duckdb.Error):
        rows(where, "select nothing from fact_commit")
