"""What numbers stand on: their age and their rules."""

import pytest
from commands import worked
from samples import ingest

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.inventory import Inventory, remember_look
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.trust import as_of_ms, nearest_preset, trust


@pytest.mark.parametrize(
    ("looked", "waiting", "repository", "expected"),
    [
        (None, {}, None, None),
        (9, {}, None, 9),
        (9, {"a": 5, "b": 7}, None, 5),
        (9, {"a": 5, "b": 7}, "b", 7),
        (9, {"a": 5}, "c", 9),
        (None, {"a": 5}, None, 5),
    ],
)
def test_data_is_as_old_as_what_waits(tmp_path, looked, waiting, repository, expected):
    """What was seen and not read yet counts from when it was seen; everything else from the last look."""
    where = settings({"HOME": str(tmp_path)})
    if looked is not None:
        remember_look(where, looked)

    assert as_of_ms(where, Inventory(waiting_ms=waiting), repository) == expected


@pytest.mark.parametrize("name", ["default", "paceflow-0.2.1", "paceflow-0.2.4"])
def test_rules_are_named_by_the_preset_that_they_are_near_to(name):
    """And by what differs from it."""
    changed = rules(name).with_text("[churn]\nwindow_days = 99\n", "test")

    assert nearest_preset(rules(name)) == (name, [])
    (found, (change,)) = nearest_preset(changed)
    assert (found, change.section, change.after) == (name, "churn", 99)


def test_a_preset_that_was_chosen_is_told(home):
    """The rules of the last ingest count, and what is in force now is a warning if it differs."""
    worked(home)
    home.env["PACEFLOW_RULES"] = "paceflow-0.2.1"
    ingest(home)

    then = trust(home.settings, stock.load(home.settings), None)
    del home.env["PACEFLOW_RULES"]
    now = trust(home.settings, stock.load(home.settings), None)

    assert (then.choice, then.preset, then.changed, then.warning) == ("paceflow-0.2.1", "paceflow-0.2.1", (), "")
    assert (now.choice, now.preset) == ("paceflow-0.2.1", "paceflow-0.2.1")
    assert now.warning.startswith("the tables are of other rules (")
