"""`paceflow rules`: what is believed, and what another belief would change.

What lives here: show, presets, explain. What stays out: reading rules (runtime/rules), and how they look (report/rule_table).
"""

import argparse

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paceflow_assets.report.rule_table import rule_explained, rules_table
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import DEFAULT, nearest, preset_text, presets, rule_modules, rules
from paceflow_assets.runtime.ruleset import differences
from paceflow_assets.runtime.settings import Settings


def show(where: Settings, asked: argparse.Namespace) -> int:
    """Every parameter with its value and where that comes from."""
    effective = rules(asked.preset or where.rules_source)
    sections = [_known(asked.rule)] if asked.rule else list(rule_modules())
    Console().print(rules_table(effective, sections))
    print(f"\nrules: {asked.preset or told_source(where)}")
    print("`paceflow rules explain RULE` tells what a rule claims, how it decides and when it is wrong")
    return 0


def show_presets(where: Settings, asked: argparse.Namespace) -> int:
    """The presets, and how far each is from the defaults."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("preset", "differs from default in", "is"):
        table.add_column(title, overflow="fold")
    for name in presets():
        count = len(differences(rules().values, rules(name).values))
        table.add_row(
            Text(name), f"{count} parameter{'s' if count > 1 else ''}" if count else "–", Text(_first_words(preset_text(name)))
        )
    Console().print(table)
    print(f'\nin force: {told_source(where)}; to take another: preset = "NAME" as first line of {where.rules_file}')
    return 0


def explain(where: Settings, asked: argparse.Namespace) -> int:
    """One rule in full."""
    from paceflow_assets.runtime.fingerprint import takes_part
    from paceflow_assets.runtime.table import below, tables

    name = _known(asked.rule)
    readers = [made.name for made in tables().values() if made.sql is None and takes_part(name, (made.module, *made.also))]
    Console().print(rule_explained(name, rule_modules()[name], rules(where.rules_source), readers, below(readers)))
    return 0


def told_source(where: Settings) -> str:
    """Where the rules come from, as people read it."""
    if where.rules_choice:
        return f"PACEFLOW_RULES={where.rules_choice}"
    return where.rules_source or DEFAULT


def _known(name: str) -> str:
    if name not in rule_modules():
        raise RulesError(f"{name}: no such rule{nearest(name, rule_modules())}; nothing was shown; see `paceflow rules show`")
    return name


def _first_words(text: str) -> str:
    """The first paragraph of a preset's comment."""
    first = text.partition("\n#\n")[0]
    return " ".join(line.removeprefix("#").strip() for line in first.split("\n")) or "what we believe is right"
