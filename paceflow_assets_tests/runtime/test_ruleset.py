"""Which rules the tables were computed with, and what differs."""

import pytest

from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.ruleset import changes, differences
from paceflow_assets.runtime.settings import settings


@pytest.fixture
def where(tmp_path):
    """Settings of an empty home."""
    return settings({"HOME": str(tmp_path)})


def test_changes_are_told_once(where, tmp_path):
    """The first rules are no change; another value is one, until it is known."""
    path = tmp_path / "rules.toml"
    path.write_text("[churn]\nwindow_days = 30\n")

    told = [changes(where, rules(source)) for source in ("", "", str(path), str(path), "")]

    line = "rule changed: churn.window_days {} → {}; what depends on it is computed again"
    assert told == [[], [], [line.format(14, 30)], [], [line.format(30, 14)]]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"churn": 3}'])
def test_a_damaged_memory_is_no_memory(where, damage):
    """It is written anew."""
    changes(where, rules())
    (where.state / "rules.json").write_bytes(damage)

    assert changes(where, rules()) == []
    assert changes(where, rules()) == []


def test_new_rules_and_parameters_are_no_changes():
    """A rule that an older paceflow did not know has no value before."""
    before = {"churn": {"window_days": 14}}
    present = {"churn": {"window_days": 14, "moves": True}, "revert": {"days": 1}}

    assert differences(before, present) == []
