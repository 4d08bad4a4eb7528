"""Code versions: what moves them and what does not."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import paceflow_assets
from paceflow_assets.runtime import fingerprint
from paceflow_assets.runtime.compute import code_versions
from paceflow_assets.runtime.fingerprint import code_hash, code_version, import_names, reached, sql_hash
from paceflow_assets.runtime.rules import rule_types, rules
from paceflow_assets.runtime.table import tables

CODE = '''
"""What a module is about."""

from paceflow_assets.rule import parameter  # reason

WINDOW_DAYS = 14
NAMES = ("a", "b")


class Rule:
    """A belief."""

    days: int = 14


def holds(value: int, *, low: float = 0.5) -> bool:
    """Whether it holds."""
    # a reason
    if value > WINDOW_DAYS and low:
        return True
    return f"{value:>3} of" " many" == "x"
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What a module is about."""\n', ""),
        ('"""A belief."""', '"""Another belief, in more words."""'),
        ('    """Whether it holds."""\n', ""),
        ("    # a reason\n", ""),
        ("  # reason", ""),
        ("    if value > WINDOW_DAYS and low:", "    if (\n        value > WINDOW_DAYS  # why\n        and low\n    ):"),
        ('("a", "b")', '(\n    "a",\n    "b",\n)'),
        ('("a", "b")', "('a', 'b')"),
        ('of" " many"', 'of many"'),
        ("\n\n\ndef", "\n\n\n\n\ndef"),
        ("return True", "return (True)"),
    ],
)
def test_comments_docstrings_and_formatting_keep_the_version(old, new):
    """What does not run does not count."""
    assert old in CODE

    assert code_hash(CODE.replace(old, new)) == code_hash(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WINDOW_DAYS = 14", "WINDOW_DAYS = 30"),
        ("WINDOW_DAYS = 14", "WINDOW_DAYS = 14.0"),
        ("days: int = 14", "days: int = 7"),
        ("low: float = 0.5", "low: float = 0.6"),
        ("value > WINDOW_DAYS", "value >= WINDOW_DAYS"),
        (" and low", ""),
        ("return True", "return None"),
        ('"a", "b"', '"a", "c"'),
        ("*, low", "low"),
        (":>3", ":>4"),
        ("class Rule:", "class Belief:"),
    ],
)
def test_whatever_runs_moves_the_version(old, new):
    """A threshold, a comparison, a default, a name."""
    assert old in CODE

    assert code_hash(CODE.replace(old, new)) != code_hash(CODE)


def test_the_whole_program_formatted_otherwise_keeps_every_version(tmp_path):
    """Each module of ours, with very short lines."""
    package = Path(paceflow_assets.__file__).parent
    copy = shutil.copytree(package, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [Path(sys.executable).with_name("ruff"), "format", "--isolated", "--quiet", "--line-length=60", copy], check=True
    )

    moved = [path for path in package.rglob("*.py") if _hash(path) != _hash(copy / path.relative_to(package))]
    assert moved == []


def test_imports_are_found_however_they_are_written():
    """Comments among the names, several names, nested imports; a docstring that speaks of an import is none."""
    text = '''
"""Says:
from paceflow_assets.rule import nothing
"""
import os
import paceflow_assets.lines as lines
from paceflow_assets.rule import (
    churn,  # (a reason),
    # line_match is next
    line_match as match,
)


def later():
    from paceflow_assets.records import Lines
'''

    assert import_names(text) == {
        "paceflow_assets.lines",
        "paceflow_assets.rule",
        "paceflow_assets.rule.churn",
        "paceflow_assets.rule.line_match",
        "paceflow_assets.records",
        "paceflow_assets.records.Lines",
    }


def test_a_module_reaches_what_its_imports_reach():
    """A parser counts the shapes and the lines that it imports, and those that they import; runtime/ never counts."""
    found = reached("paceflow_assets.source.codex")

    assert {"paceflow_assets.lines", "paceflow_assets.records", "paceflow_assets.source.patch"} <= set(found)
    assert not [name for name in found if ".runtime" in name]
    assert list(found) == sorted(found)


def test_versions_name_the_modules_that_take_part():
    """The table's own code first, then each rule and shared module with its parameters."""
    version = code_versions(rules())["event_commit_churn"]

    names = [part.partition("=")[0] for part in version.split()]
    assert names[0] == "event_commit_churn"
    assert {"churn", "line_match"} <= set(names[1:])
    assert all(len(part.partition("=")[2]) == 8 for part in version.split())


@pytest.mark.parametrize("section", sorted(rule_types()))
def test_a_parameter_moves_exactly_the_tables_that_take_the_rule(section):
    """Any parameter of a rule; no other table becomes stale."""
    rule = rule_types()[section]
    default = rules()
    field = dataclasses.fields(rule)[0]
    changed = dataclasses.replace(default, by_section={**default.by_section, section: rule(**{field.name: _other(field)})})

    before, after = code_versions(default), code_versions(changed)

    takers = {name for name, table in tables().items() if rule in table.rules.values()}
    assert {name for name in before if before[name] != after[name]} == takers


def test_every_rule_with_parameters_is_taken_by_some_table():
    """A parameter that nobody takes would change nothing silently."""
    taken = {rule for table in tables().values() for rule in table.rules.values()}

    assert {section for section, rule in rule_types().items() if rule not in taken} == set()


def test_a_changed_module_moves_the_tables_that_reach_it(monkeypatch):
    """The code of a rule file counts wherever it is reached, and nowhere else."""
    before = code_versions(rules())
    real = fingerprint.module_hash
    monkeypatch.setattr(fingerprint, "module_hash", lambda name: "moved" if name.endswith("rule.churn") else real(name))

    after = code_versions(rules())

    moved = {name for name in before if before[name] != after[name]}
    reaching = {
        name
        for name, table in tables().items()
        if table.sql is None
        and "paceflow_assets.rule.churn" in {module for m in (table.module, *table.also) for module in reached(m)}
    }
    assert moved == reaching != set()


def test_code_version_counts_modules_named_directly():
    """A module that a table names beside its imports takes part itself."""
    version = code_version("t", "00000000", ("paceflow_assets.source.git",), ())

    assert version.startswith("t=00000000 ")
    assert " git=" in version


MACROS = """-- share
create or replace macro rate(n, d) as
case when d > 0 then n / d end;
-- in percent
create or replace macro percent(n, d) as
100 * rate(n, d);
-- another
create or replace macro week(at) as date_trunc('week', at);
"""


@pytest.mark.parametrize(
    ("sql", "macros", "is_moved"),
    [
        ("-- other words\nselect percent(a, b) from t", MACROS, False),
        ("select percent(a, c) from t", MACROS, True),
        ("select percent(a, b) from t", MACROS.replace("100 *", "1000 *"), True),
        ("select percent(a, b) from t", MACROS.replace("d > 0", "d >= 0"), True),
        ("select percent(a, b) from t", MACROS.replace("'week'", "'month'"), False),
        ("select percent(a, b) from t", MACROS.replace("-- share", "-- other").replace("-- in percent", ""), False),
    ],
)
def test_a_views_version_counts_its_text_and_the_macros_it_calls(sql, macros, is_moved):
    """Also macros that a macro calls; comments and other macros do not count."""
    before = sql_hash("-- what\nselect percent(a, b) from t", MACROS)

    assert (sql_hash(sql, macros) != before) == is_moved


def _hash(path: Path) -> str:
    return code_hash(path.read_text())


def _other(field: dataclasses.Field) -> object:
    default = field.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, tuple):
        return (*default, "other")
    return f"{default} other" if isinstance(default, str) else default + 1
