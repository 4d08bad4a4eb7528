"""`paceflow sql`: what may be asked, and what is told of the rest."""

import json

import polars as pl
import pytest
from samples import printed, sample

from paceflow_assets.command.query import tables_in
from paceflow_assets.runtime.table import tables


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The sample home; no test changes it."""
    return sample(tmp_path_factory.mktemp("home"))


def test_a_query_prints_its_rows(stored):
    """Of tables, views and report macros alike."""
    code, out, err = printed(stored, "sql", "select subject, total_added from fact_commit order by commit_time limit 1")
    _, macro, _ = printed(stored, "sql", "select model_name from delivery_report() where is_baseline")

    assert (code, err) == (0, "")
    assert [line.split() for line in out.strip().split("\n")] == [["subject", "total_added"], ["Start", "1"]]
    assert "human/(unknown)" in macro


def test_alone_it_lists_every_table_with_grain_and_rows(stored):
    """One line each."""
    _, out, _ = printed(stored, "sql", "--json")
    _, text, _ = printed(stored, "sql", width=160)

    rows = {row["table"]: row for row in json.loads(out)}
    assert set(rows) == set(tables())
    assert (rows["fact_commit"]["rows"], rows["view_change_metrics_base"]["rows"]) == (7, 7)
    assert rows["view_change_metrics_base"]["one row per"] == "(commit_sha)"
    assert any(line.split()[:2] == ["fact_commit", "7"] for line in text.split("\n"))


def test_rows_for_other_programs(stored, tmp_path):
    """JSON, CSV and Parquet have the same rows; nested values stay nested."""
    query = "select commit_time, heavy_ai_flag, [1, 2] as listed from event_commit_outcome order by commit_time limit 1"
    path = tmp_path / "rows.parquet"

    (row,) = json.loads(printed(stored, "sql", query, "--json")[1])
    csv = printed(stored, "sql", query, "--csv")[1]
    printed(stored, "sql", query, "--parquet", str(path))

    assert row == {"commit_time": "2026-03-02T09:00:00.000Z", "heavy_ai_flag": False, "listed": [1, 2]}
    assert csv == 'commit_time,heavy_ai_flag,listed\n2026-03-02T09:00:00.000Z,0,"[1, 2]"\n'
    assert pl.read_parquet(path).to_dicts()[0]["listed"] == [1, 2]


@pytest.mark.parametrize(
    "query",
    [
        "drop table fact_commit",
        "create table x as select 1",
        "copy (select 1) to '{warehouse}/x.parquet'",
        "insert into fact_commit select * from fact_commit",
        "attach '{warehouse}/x.duckdb'",
        "set enable_external_access = true",
        "select 1; select 2",
        "",
    ],
)
def test_what_does_anything_is_refused(stored, query):
    """One select reads; nothing is written."""
    before = sorted(stored.settings.warehouse.rglob("*"))

    code, out, err = printed(stored, "sql", query.format(warehouse=stored.settings.warehouse) or ";")

    assert (code, out) == (1, "")
    assert "takes one select, which reads and does nothing else" in err
    assert sorted(stored.settings.warehouse.rglob("*")) == before


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from fact_comit", "Table with name fact_comit does not exist!"),
        ("select nothing from fact_commit", 'Referenced column "nothing" not found'),
        ("selec 1", "syntax error"),
        ("select * from read_text('/etc/hostname')", "Permission Error"),
        ("select 1 as a, 2 as a", "more than one occurrence"),
    ],
)
def test_a_wrong_query_is_one_line(stored, query, told):
    """What DuckDB says, and where the tables' names stand."""
    code, out, err = printed(stored, "sql", query)

    assert (code, out) == (1, "")
    assert told in err
    assert err.endswith("`paceflow sql` lists the tables\n")
    assert err.count("\n") == 1


def test_no_rows_and_many_rows_are_told(stored):
    """An empty answer names its columns; a long one says how much is left."""
    _, none, _ = printed(stored, "sql", "select commit_sha from fact_commit where false")
    _, many, _ = printed(stored, "sql", "select * from range(500)")

    assert none.strip() == "no rows; columns: commit_sha"
    assert "… and 300 more; --csv and --json give all" in many


def test_before_any_ingest_it_says_what_to_run(home):
    """Nothing is stored."""
    code, _, err = printed(home, "sql", "select 1")

    assert code == 1
    assert "nothing is stored yet; nothing was shown; run `paceflow ingest` first" in err


def test_only_what_is_named_is_opened():
    """A macro stands for what it reads; names within other words are none."""
    assert tables_in("select * from FACT_COMMIT join view_line_survival using (repository)") == {
        "fact_commit",
        "view_line_survival",
    }
    assert "view_session_metrics_base" in tables_in("from session_report()")
    assert "fact_commit" not in tables_in("select * from fact_commit_line")
