"""DuckDB over Polars frames."""

import datetime as dt

import duckdb
import polars as pl
import pytest

from paceflow_assets.runtime.duck import in_memory


@pytest.fixture
def query():
    """A connection of its own."""
    made = in_memory()
    yield made
    made.connection.close()


def test_frames_are_seen_by_their_names(query):
    """Twice in one query, with prepared parameters; types come back as they went in."""
    frame = pl.DataFrame(
        {"h": [2**64 - 1, None], "at": [dt.datetime(2026, 1, 5, 9, 0, 0, 1000), None], "l": [["a"], []]},
        schema_overrides={"h": pl.UInt64, "at": pl.Datetime("ms")},
    )

    found = query(
        "select a.* from t a left join t b on a.h = b.h where a.h > $least or a.h is null order by h", {"least": 5}, t=frame
    )

    assert found.rows() == frame.rows()
    assert found.schema == frame.schema


def test_a_frame_is_gone_after_its_query(query):
    """Also after a query that failed."""
    frame = pl.DataFrame({"a": [1]})

    with pytest.raises(duckdb.Error):
        query("select nothing from t", t=frame)
    with pytest.raises(duckdb.CatalogException):
        query("select * from t")


def test_the_zone_is_utc_and_no_network_is_used(query):
    """A week starts when it starts in UTC; extensions are not fetched."""
    assert query("select current_setting('TimeZone') as zone")["zone"].to_list() == ["UTC"]
    with pytest.raises(duckdb.Error):
        query("select * from read_csv('https://example.invalid/x.csv')")


def test_no_rows_keep_their_types(query):
    """An empty upstream gives an empty table of the right shape."""
    frame = pl.DataFrame(schema={"a": pl.Int64, "b": pl.List(pl.String), "c": pl.Boolean})

    assert query("select * from t", t=frame).schema == frame.schema
