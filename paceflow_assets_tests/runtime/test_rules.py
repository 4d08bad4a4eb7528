"""Rules in force: defaults, presets, the user's file, and what stops."""

import json

import pytest

from paceflow_assets.rule.churn import Churn
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import allowed, of_values, parameters, presets, rule_types, rules, section_of


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
        ('[churn]\nwindow_days = "3"\n', r":2: \[churn\] window_days: must be a whole number, not '3'"),
        ("[churn]\nwindow_days = true\n", "must be a whole number, not True"),
        ("[churn]\nwindow_days = 2.5\n", "must be a whole number, not 2.5"),
        ("[churn]\nwindow_days = -1\n", "must be a whole number from 1 to 3650, not -1"),
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


SEVERAL = """# what I believe
churn.window_day = 30

line_match = { trim = "start", dull = 1 }
[task_branch]
integration = [
    "main",
    "next",
]
fallback_order = [
    "main",
    7,
]
"heavy_ai".share = 0.5
"""


def test_every_problem_is_told_on_its_own_line_however_it_is_written(tmp_path):
    """Dotted and quoted keys, inline tables, values over several lines: the line is where the key begins."""
    with pytest.raises(RulesError) as error:
        rules(written(tmp_path, SEVERAL))

    places = [line.removeprefix(f"{tmp_path}/rules.toml:").partition(":")[0] for line in str(error.value).split("\n")]
    assert places == ["2", "4", "4", "10", "14"]
    assert "did you mean window_days?" in str(error.value)
    assert "[line_match] trim: must be one of end, both, not 'start'" in str(error.value)


def test_a_file_may_begin_with_a_preset(tmp_path):
    """What it does not name is the preset's; each value tells where it comes from."""
    found = rules(written(tmp_path, 'preset = "paceflow-0.2.4"\n\n[churn]\nwindow_days = 30\n'))

    assert (found.of(Churn).window_days, found.by_section["line_match"].trim) == (30, "both")
    assert found.origins["churn", "window_days"] == "rules.toml:4"
    assert found.origins["line_match", "trim"] == "preset paceflow-0.2.4"
    assert found.origins["debug_loop", "repeats"] == "preset paceflow-0.2.1"
    assert rules(written(tmp_path, "[churn]\nwindow_days = 30\n")).origins == {("churn", "window_days"): "rules.toml:2"}


def test_a_preset_that_is_not_there_is_told_with_its_line(tmp_path):
    """And the nearest one."""
    with pytest.raises(RulesError, match=r"rules.toml:2: no such preset 'paceflow-0.2.3' \(did you mean paceflow-0.2"):
        rules(written(tmp_path, '# mine\npreset = "paceflow-0.2.3"\n'))


def test_values_that_were_kept_make_the_same_rules(tmp_path):
    """What this program does not know, or would not take, is passed over."""
    found = rules("paceflow-0.2.4")
    kept = json.loads(json.dumps(found.values))
    kept["churn"] |= {"colour": "red"}
    kept["fact_checking"] = {"on": True}

    assert of_values("kept", kept).fingerprint == found.fingerprint
    assert of_values("kept", {"churn": {"window_days": "many"}}).fingerprint == rules().fingerprint


@pytest.mark.parametrize(
    ("section", "name", "told"),
    [
        ("churn", "window_days", "whole number from 1 to 3650"),
        ("heavy_ai", "share", "number from 0 to 1"),
        ("debug_loop", "repeats", "whole number from 2"),
        ("churn", "counts_moves", "true or false"),
        ("churn", "window_from", "one of commit, mainline"),
        ("lock_file", "names", "list of texts"),
    ],
)
def test_what_is_allowed_is_told_in_words(section, name, told):
    """As in `paceflow rules explain`."""
    assert allowed(parameters(section)[name]) == told


@pytest.mark.parametrize(
    ("source", "told"), [("paceflow-0.2.2", r"did you mean paceflow-0\.2\."), ("/no/such.toml", "cannot be read")]
)
def test_a_source_that_is_not_there_stops(source, told):
    """A preset that nobody knows, a file that is gone."""
    with pytest.raises(RulesError, match=told):
        rules(source)


def test_whole_numbers_are_taken_for_fractions(tmp_path):
    """`share = 1` means 1.0, so that equal rules have equal fingerprints."""
    path = written(tmp_path, "[heavy_ai]\nshare = 1\n")

    assert rules(path).fingerprint == rules(written(tmp_path, "[heavy_ai]\nshare = 1.0\n")).fingerprint
