"""Rules: what we believe, one belief per file.

What belongs here: the parameters of a belief (a frozen dataclass) and functions from plain values to a plain value.
What stays out: frames, disk, clock, other rules. Changing a belief is a diff of one file, or a line in `rules.toml`.
"""

import dataclasses
from typing import Any


def parameter(
    default: Any,
    *,
    meaning: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """One parameter of a rule: its default, unit, allowed range (inclusive) or choices, and what it means."""
    note = {"meaning": meaning, "unit": unit, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=note)
