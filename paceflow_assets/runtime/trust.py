"""Trust: how far the numbers of a report can be taken for what is: how old, under which rules, whether they still hold.

What lives here: what an ingest left in the state folder, as a report tells it. What stays out: counting (sql/report/trust.sql).
"""

from typing import NamedTuple

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.rules import Rules, presets, rules
from paceflow_assets.runtime.ruleset import Change, brief, changes, differences, recorded, rules_of
from paceflow_assets.runtime.settings import Settings


class Trust(NamedTuple):
    """What numbers stand on, apart from their count.

    data_as_of_ms: the oldest repository's last look, None = not known. choice: PACEFLOW_RULES of the ingest, '' = the home's
    own rules. preset: the named set that the rules are nearest to. changed: what differs from it. warning: why an ingest would
    give other numbers now; '' = nothing known.
    """

    data_as_of_ms: int | None
    choice: str
    preset: str
    changed: tuple[str, ...]
    warning: str


def trust(settings: Settings, known: Inventory, repository: str | None) -> Trust:
    """What is known of the tables of all repositories, or of one."""
    present = rules(settings.rules_source)
    stored, told = rules_of(settings) or present, recorded(settings)
    moved = changes(settings, present)
    warning = f"the tables are of other rules ({brief(moved)}); `paceflow ingest` brings them up to date" if moved else ""
    preset, differing = nearest_preset(stored)
    choice = told.choice if told else settings.rules_choice
    return Trust(as_of_ms(settings, known, repository), choice, preset, tuple(map(str, differing)), warning)


def as_of_ms(settings: Settings, known: Inventory, repository: str | None) -> int | None:
    """What waits is as old as the first look that saw it; everything else as the last look. None without any look."""
    waiting = [begun for key, begun in known.waiting_ms.items() if repository in (None, key)]
    looked = stock.looked_ms(settings)
    return min([*waiting, *([] if looked is None else [looked])], default=None)


def nearest_preset(stored: Rules) -> tuple[str, list[Change]]:
    """The preset with the fewest other values, the defaults first, and what differs from it."""
    found = {name: differences(rules(name).values, stored.values) for name in presets()}
    best = min(found, key=lambda name: (len(found[name]), name))
    return best, found[best]
