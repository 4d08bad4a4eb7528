"""What a report reads: the tables that it needs, of one repository or of all, each file once."""

import duckdb
import pytest
from commands import worked
from samples import ingest

from paceflow_assets.runtime.errors import WarehouseError
from paceflow_assets.runtime.reading import Reading, behind
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.sql_files import report_macros
from paceflow_assets.runtime.warehouse import Warehouse


@pytest.fixture
def two(home):
    """A home with two ingested repositories."""
    worked(home, "one", "session-1")
    worked(home, "two", "session-2")
    ingest(home)
    return home


def test_a_view_brings_what_it_reads():
    """Each table and view behind what it reads, once."""
    found = behind(["view_task_commit_metrics_base", "view_change_metrics_base"])

    assert found == [
        "event_task_commit",
        "event_commit_outcome",
        "event_commit_churn",
        "event_commit_bug_signal",
        "view_change_metrics_base",
        "view_task_commit_metrics_base",
    ]


def test_rows_of_all_repositories_or_of_one(two):
    """The other repositories' files stay closed: a damaged one among them does no harm."""
    first, second = sorted(two.table("metadata_repositories")["repository"].to_list())
    query, reads = "select repository from view_session_metrics_base order by all", ["view_session_metrics_base"]

    assert Reading(two.settings, reads).rows(query) == [{"repository": first}, {"repository": second}]
    Warehouse(two.settings).path("event_session_quality", second).write_bytes(b"PAR1 no table PAR1")

    assert Reading(two.settings, reads, first).rows(query) == [{"repository": first}]
    with pytest.raises(WarehouseError, match="cannot be read"):
        Reading(two.settings, reads)


def test_a_repository_without_a_file_has_no_rows(two):
    """Its columns are those of the other repositories."""
    reading = Reading(two.settings, ["view_session_metrics_base"], "local/elsewhere-00000000")

    assert reading.rows("select count(*) as n from view_session_metrics_base") == [{"n": 0}]


def test_macros_are_there_when_a_query_calls_them(two):
    """With those that they call; parameters may be lists and nulls."""
    reading = Reading(two.settings, ["view_change_metrics_base", "view_commit_session_metrics_base"])
    everything = Reading(two.settings, ["view_task_commit_metrics_base", "view_commit_session_metrics_base"])
    query = "select sum(commit_count)::int as n from delivery_report(group_by := $by, of_task := $task, with_people := false)"

    assert everything.rows(query, {"by": [], "task": None}) == [{"n": 2}]
    with pytest.raises(duckdb.CatalogException, match="view_task_commit_metrics_base"):
        reading.rows(query, {"by": [], "task": None})


def test_no_query_reaches_files(two):
    """Neither outside of the warehouse nor within: what is read is in memory."""
    reading = Reading(two.settings, ["view_session_metrics_base"])

    for query in (f"select * from read_parquet('{two.settings.warehouse}/*/*.parquet')", "set enable_external_access = true"):
        with pytest.raises(duckdb.Error):
            reading.rows(query)


def test_nothing_stored_is_told(tmp_path):
    """With what to run."""
    with pytest.raises(WarehouseError, match="nothing is stored yet; nothing was shown; run `paceflow ingest` first"):
        Reading(settings({"HOME": str(tmp_path)}), ["event_commit_outcome"])


def test_report_macros_stand_behind_those_that_they_call():
    """So that each can be defined when its turn comes."""
    names = list(report_macros())

    assert names.index("report_session") < names.index("session_report")
    assert names.index("report_commit") < min(names.index("delivery_report"), names.index("quality_report"))
    assert "session_totals" not in names
