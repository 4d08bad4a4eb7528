"""Tables as other rules would make them, aside."""

import polars as pl
import pytest
from commands import worked
from conftest import Home, rows_in

from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.trial import counted, differing, rows_between, take_over, trial
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.runtime.worker import brought_up_to_date, workshop_of


@pytest.fixture
def ingested(home: Home) -> Home:
    """A home with two ingested repositories."""
    worked(home, "app", "session-app")
    worked(home, "lib", "session-lib")
    home.ingest()
    return home


def footers(settings) -> dict:
    """(table, repository) -> footer of each file."""
    warehouse = Warehouse(settings)
    return {(name, key): warehouse.provenance(name, key) for name in tables() for key in warehouse.repositories(name)}


def tried(home: Home, text: str):
    """A trial of rules, computed, with the repositories that it holds."""
    keys = [*home.discover().repositories, ALL]
    context = trial(home.settings, rules().with_text(text, "--set"), keys)
    return context, keys


def compute(aside, keys) -> None:
    """What the trial's workers do."""
    workshop = workshop_of(aside)
    for key in keys:
        assert not brought_up_to_date(workshop, key, lambda built: None).failures


def test_a_trial_changes_nothing_but_itself(ingested):
    """The warehouse keeps every file; the trial holds what differs and is gone afterwards."""
    before = footers(ingested.settings)
    context, keys = tried(ingested, "churn.window_days = 30")

    with context as aside:
        compute(aside, keys)
        found = differing(ingested.settings, aside, keys)
        folder = aside.paceflow_home

    assert found == {"event_commit_churn": keys[:-1]}
    assert footers(ingested.settings) == before
    assert not folder.exists()


def test_what_is_taken_over_is_what_an_ingest_would_build(ingested):
    """After the rule is kept, nothing is stale."""
    context, keys = tried(ingested, "churn.window_days = 30")

    with context as aside:
        compute(aside, keys)
        take_over(ingested.settings, aside, keys)
    ingested.settings.rules_file.write_text("[churn]\nwindow_days = 30\n")

    workshop = workshop_of(ingested.settings)
    stale = {(name, key) for name, key in footers(ingested.settings) if workshop.stale(tables()[name], key)}
    assert stale == set()
    assert ingested.table("event_commit_churn")["churn_window_days"].to_list() == [30, 30]


def test_a_trial_of_the_same_rules_takes_nothing_over(ingested):
    """Links to the same files are left alone."""
    context, keys = tried(ingested, "")

    with context as aside:
        compute(aside, keys)

        assert differing(ingested.settings, aside, keys) == {}
        assert take_over(ingested.settings, aside, keys) == 0


def test_what_a_killed_trial_left_is_removed(ingested):
    """The next trial tidies up."""
    left = ingested.settings.state / "trial-999999999"
    left.mkdir()

    context, _ = tried(ingested, "")
    with context:
        pass

    assert not left.exists()


def test_rows_between_two_states_are_told_with_both_values():
    """New and gone rows by their key; a null that stays is no change, one that comes is."""
    table = tables()["event_commit_churn"]
    before = rows_in(
        table.name, [{"commit_sha": sha, "churn_window_days": days} for sha, days in (("a", 1), ("b", 2), ("c", 3))]
    )
    after = rows_in(
        table.name, [{"commit_sha": sha, "churn_window_days": days} for sha, days in (("b", None), ("c", 3), ("d", 4))]
    )

    found = rows_between(table, before, after)

    shown = found.select("commit_sha", "change", "churn_window_days_before", "churn_window_days_after").rows()
    assert shown == [("a", "gone", 1, None), ("b", "changed", 2, None), ("d", "new", None, 4)]


def test_changes_are_counted_beside_all_rows(ingested):
    """Rows of all repositories that were compared."""
    table = tables()["event_commit_churn"]
    keys = ingested.discover().repositories
    rows = pl.DataFrame({"change": ["changed", "changed", "gone"]})

    assert counted(ingested.settings, table, rows, keys) == ("event_commit_churn", 2, 2, 0, 1)
