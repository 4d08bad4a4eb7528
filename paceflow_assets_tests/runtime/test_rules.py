"""Rules in force: defaults, presets, the user's file, and what stops."""

import pytest

from paceflow_assets.rule.churn import Churn
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import presets, rule_types, rules, section_of


def written(tmp_path, text):
    """A rules.toml with this text."""
    path = tmp_path / "rules.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_without_a_source_every_rule_has_its_defaults():
    """Each rule file with parameters is a section."""
    found = rules()

    assert found.source == "default"
    assert found.by_section == {section: rule() for section, rule in rule_types().items()}
    assert found.of(Churn) == Churn()
    assert section_of(Churn) == "churn"


def test_a_file_changes_what_it_names(tmp_path):
    """One parameter; the others keep their defaults; the fingerprint tells."""
    found = rules(written(tmp_path, "[churn]\nwindow_days = 30\n"))

    assert found.of(Churn) == Churn(window_days=30)
    assert found.fingerprint != rules().fingerprint
    assert rules(written(tmp_path, "")).fingerprint == rules().fingerprint


def test_presets_are_whole(tmp_path):
    """Each preset loads; `default` changes nothing."""
    assert {"default", "paceflow-0.2.1"} <= set(presets())
    for name in presets():
        assert set(rules(name).by_section) == set(rule_types())
    assert rules("default").fingerprint == rules().fingerprint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[churn\n", "nothing ran"),
        ("[chrun]\nwindow_days = 3\n", r":1: unknown rule \[chrun\] \(did you mean churn\?\)"),
        ("\n[churn]\n\nwindow_day = 3\n", r":4: \[churn\] window_day: unknown parameter \(did you mean window_days\?\)"),
        ("churn = 3\n", "churn must be a section"),
        ('[churn]\nwindow_days = "3"\n', r":2: \[churn\] window_days: must be a int, not '3'"),
        ("[churn]\nwindow_days = true\n", "must be a int, not True"),
        ("[churn]\nwindow_days = 2.5\n", "must be a int, not 2.5"),
        ("[churn]\nwindow_days = -1\n", "must be from 1"),
        ("[heavy_ai]\nshare = nan\n", "must be a finite number"),
        ("[heavy_ai]\nshare = inf\n", "must be a finite number"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_what_is_not_understood_stops_with_place_and_remedy(tmp_path, text, told):
    """With a wrong rule every number would be wrong silently."""
    with pytest.raises(RulesError, match=told) as error:
        rules(written(tmp_path, text))

    assert str(error.value).startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("source", "told"), [("paceflow-0.2.2", "did you mean paceflow-0.2.1"), ("/no/such.toml", "cannot be read")]
)
def test_a_source_that_is_not_there_stops(source, told):
    """A preset that nobody knows, a file that is gone."""
    with pytest.raises(RulesError, match=told):
        rules(source)


def test_whole_numbers_are_taken_for_fractions(tmp_path):
    """`share = 1` means 1.0, so that equal rules have equal fingerprints."""
    path = written(tmp_path, "[heavy_ai]\nshare = 1\n")

    assert rules(path).fingerprint == rules(written(tmp_path, "[heavy_ai]\nshare = 1.0\n")).fingerprint
