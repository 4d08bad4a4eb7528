"""Which rules the tables were computed with, what differs, and who may change that."""

import dataclasses

import msgspec
import pytest

from paceflow_assets.runtime import ruleset
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.ruleset import adopt, changes, differences, follow, recorded, refusal, still
from paceflow_assets.runtime.settings import settings

CHURN_30 = "[churn]\nwindow_days = 30\n"


@pytest.fixture
def where(tmp_path):
    """Settings of an empty home."""
    return settings({"HOME": str(tmp_path)})


@pytest.fixture
def churn_30(tmp_path):
    """Rules with another churn window."""
    path = tmp_path / "rules.toml"
    path.write_text(CHURN_30)
    return rules(str(path))


def chosen(where, choice):
    """The same home, with PACEFLOW_RULES."""
    return dataclasses.replace(where, rules_choice=choice)


def test_changes_are_told_once(where, churn_30):
    """The first rules are no change; another value is one, until it is known."""
    told = [[str(change) for change in adopt(where, each)] for each in (rules(), rules(), churn_30, churn_30, rules())]

    assert told == [[], [], ["churn.window_days 14 → 30"], [], ["churn.window_days 30 → 14"]]


def test_asking_what_differs_changes_nothing(where, churn_30):
    """A plan tells it, and so does the ingest after it."""
    adopt(where, rules())

    assert [len(changes(where, churn_30)) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"churn": 3}'])
def test_a_damaged_memory_is_no_memory(where, damage):
    """It is written anew."""
    adopt(where, rules())
    (where.state / "rules.json").write_bytes(damage)

    assert adopt(where, rules()) == []
    assert recorded(where) is not None


def test_new_rules_and_parameters_are_no_changes():
    """A rule that an older paceflow did not know has no value before."""
    before = {"churn": {"window_days": 14}}
    present = {"churn": {"window_days": 14, "moves": True}, "revert": {"days": 1}}

    assert differences(before, present) == []


def test_the_same_choice_follows_what_it_says_now(where, churn_30):
    """An edited rules.toml takes effect in whatever process reads it."""
    adopt(where, rules())

    told = follow(where, churn_30)

    assert [str(change) for change in told] == ["churn.window_days 14 → 30"]
    assert recorded(where).values["churn"]["window_days"] == 30


def test_another_choice_computes_nothing_until_it_is_asked_for(where):
    """A daemon with the home's rules does not undo what a terminal with a preset has built, nor the other way round."""
    preset = chosen(where, "paceflow-0.2.4")
    adopt(preset, rules("paceflow-0.2.4"))

    with pytest.raises(RulesError, match=r"with PACEFLOW_RULES=paceflow-0\.2\.4, this process has the home's own rules"):
        follow(where, rules())
    assert recorded(where).choice == "paceflow-0.2.4"

    adopt(where, rules())
    assert refusal(where, rules()) == ""
    assert "PACEFLOW_RULES=paceflow-0.2.4 paceflow ingest" in refusal(preset, rules("paceflow-0.2.4"))


def test_another_choice_of_the_same_values_is_no_other(where):
    """`PACEFLOW_RULES=default` is what a home without rules.toml has."""
    adopt(chosen(where, "default"), rules("default"))

    assert refusal(where, rules()) == ""


def test_another_program_computes_nothing_until_it_is_asked_for(where):
    """Two checkouts whose code differs do not rebuild each other's tables; an edit in place is followed."""
    ours = ruleset.own(where, rules())
    elsewhere = {"program": "~/other", "code": "0" * 16}

    def refused(**other):
        written = ruleset.Record(**{name: other.get(name, getattr(ours, name)) for name in ours.__struct_fields__})
        (where.state / "rules.json").write_bytes(msgspec.json.encode(written))
        return refusal(where, rules())

    adopt(where, rules())
    assert refused(**elsewhere).startswith("the tables are computed by the program in ~/other")
    assert refused(program="~/other") == ""
    assert refused(code="0" * 16) == ""


def test_a_worker_stops_when_the_rules_are_changed_under_it(where, churn_30):
    """What it would write would be overwritten, or worse, would stay."""
    adopt(where, rules())
    still(where, rules())
    adopt(where, churn_30)

    with pytest.raises(RulesError, match="ingest again"):
        still(where, rules())
