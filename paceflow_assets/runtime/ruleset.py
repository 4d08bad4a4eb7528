"""Rule set of the warehouse: one at a time, and known.

What lives here: remembering which rules the tables were computed with, and saying what differs.
What stays out: reading rules (rules) and rebuilding (compute: a table's version holds the parameters that it uses).
"""

import dataclasses
from typing import Any

import msgspec

from paceflow_assets.runtime.rules import Rules
from paceflow_assets.runtime.settings import Settings, write_private


def changes(settings: Settings, rules: Rules) -> list[str]:
    """What differs from the rules that the warehouse was computed with, a line each; they are remembered from now on."""
    path = settings.state / "rules.json"
    present = {name: dataclasses.asdict(rule) for name, rule in rules.by_section.items()}
    plain = msgspec.json.decode(msgspec.json.encode(present))  # as it will be read again: lists for tuples
    try:
        before = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
    except (OSError, msgspec.MsgspecError):
        before = None
    write_private(path, msgspec.json.encode(plain))
    return [] if before is None else differences(before, plain)


def differences(before: dict, present: dict) -> list[str]:
    """Parameters whose value changed: `rule changed: churn.window_days 14 → 30`."""
    return [
        f"rule changed: {section}.{name} {before[section][name]} → {value}; what depends on it is computed again"
        for section, values in present.items()
        for name, value in values.items()
        if section in before and name in before[section] and before[section][name] != value
    ]
