import dataclasses
import importlib.util
import tomllib
from importlib import resources

import pytest

from paceflow_assets.report.rule_table import PARTS, parts
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import presets, rule_modules, rule_types, rules, section_of
from paceflow_assets.runtime.ruleset import differences

REFERENCE = "paceflow-0.2.1"


def parameters():
    """(section, field) of every parameter of every rule."""
    return [(section, field) for section, rule in sorted(rule_types().items()) for field in dataclasses.fields(rule)]


@pytest.mark.parametrize("preset", presets())
def test_a_preset_loads(preset):
    """Every preset is understood by the runtime, and each value has its parameter's type."""
    effective = rules(preset)

    for section, field in parameters():
        value = getattr(effective.by_section[section], field.name)
        assert type(value) is type(field.default), f"[{section}] {field.name}"


def test_the_reference_preset_names_every_parameter():
    """A changed default cannot change numbers under the reference preset."""
    text = (resources.files("paceflow_assets.rule") / "preset" / f"{REFERENCE}.toml").read_text()
    stated = {(section, name) for section, values in tomllib.loads(text).items() for name in values}

    assert {(section, field.name) for section, field in parameters()} - stated == set()


def test_the_later_preset_has_the_constants_of_that_release():
    """Everything that 0.2.4 changed in what numbers mean, and nothing else."""
    before, after = rules(REFERENCE).values, rules("paceflow-0.2.4").values
    trunks = tuple(f"refs/{kind}/{name}" for kind in ("heads", "remotes/origin") for name in ("develop", "trunk"))

    assert {(change.section, change.name): change.after for change in differences(before, after)} == {
        ("line_match", "trim"): "both",
        ("path_fallback", "min_ratio"): 0.6,
        ("path_fallback", "min_lines"): 10,
        ("squash_merge", "min_ratio"): 0.6,
        ("squash_merge", "min_lines"): 10,
        ("mainline", "refs"): (*before["mainline"]["refs"], *trunks),
        ("mainline", "prefers_origin_head"): True,
        ("first_change", "idle_gap_minutes"): 30.0,
    }


@pytest.mark.parametrize("module", rule_modules().values(), ids=rule_modules())
def test_a_rule_says_what_it_claims_and_when_it_is_wrong(module):
    """`paceflow rules explain` shows the four parts of its docstring."""
    told = parts(module)

    assert list(told) == ["question", *PARTS]
    assert all(told.values())


def test_sections_are_file_stems():
    """A section of rules.toml is the name of the rule's file."""
    for section, rule in rule_types().items():
        assert section_of(rule) == section
        assert importlib.util.find_spec(f"paceflow_assets.rule.{section}") is not None


@pytest.mark.parametrize(("section", "field"), parameters(), ids=lambda value: getattr(value, "name", value))
def test_a_parameter_explains_itself(section, field):
    """Every parameter has a meaning, a default of a plain type, and a default within its own bounds."""
    note = field.metadata

    assert note["meaning"], section
    assert type(field.default) in (int, float, bool, str, tuple), section
    assert note["low"] is None or note["low"] <= field.default
    assert note["high"] is None or field.default <= note["high"]
    chosen = field.default if isinstance(field.default, tuple) else (field.default,)
    assert not note["choices"] or set(chosen) <= set(note["choices"])


OURS = """
[user_turn]
kinds = ["typed", "interrupt"]
sidechain = true
[debug_loop]
repeats = 3
[first_change]
idle_gap_minutes = 0
[commit_window]
hours = 0.5
[lock_file]
names = ["uv.lock"]
[task_key]
denied_prefixes = ["UTF"]
[task_branch]
history = "current_heads"
[fix_words]
words = ["mend"]
[heavy_ai]
share = 0.6
[human_remainder]
always = false
[mainline]
prefers_origin_head = false
unites_local_and_remote = false
[session_report]
counts_human = true
[orphaned_commit]
counts = true
"""


def test_a_user_may_change_every_rule(tmp_path):
    """What a user writes in rules.toml takes effect."""
    path = tmp_path / "rules.toml"
    path.write_text(OURS)

    effective = rules(str(path)).by_section

    for section, values in tomllib.loads(OURS).items():
        for name, value in values.items():
            assert getattr(effective[section], name) == (tuple(value) if isinstance(value, list) else value)
            assert getattr(effective[section], name) != getattr(rule_types()[section](), name)


@pytest.mark.parametrize(
    "text",
    [
        '[task_branch]\nhistory = "yesterday"',
        "[debug_loop]\nrepeats = 1",
        "[debug_loop]\nrepeats = 5.5",
        "[heavy_ai]\nshare = 1.5",
        "[commit_window]\nhours = -1",
        "[first_change]\nidle_gap_minutes = true",
        '[lock_file]\nnames = "uv.lock"',
        "[orphaned_commit]\ncounts = 1",
        "[mainline]\nref = []",
    ],
)
def test_nonsense_is_refused(tmp_path, text):
    """A value outside a parameter's type, bounds or choices stops before anything runs."""
    path = tmp_path / "rules.toml"
    path.write_text(text)

    with pytest.raises(RulesError):
        rules(str(path))
