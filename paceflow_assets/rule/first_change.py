"""First change: how long a session took to its first accepted change.

Claim: time to the first change shows how soon the agent was of use.
Decision: from the start of the session to the first change; with an idle gap, pauses longer than that are left out
whole.
Wrong when: a session is opened and left (wall clock); the agent works in silence for longer than the idle gap, for
its log then shows no sign of life and the work is taken for a pause.
Threshold: 30 minutes, as in paceflow 0.2.4; its release 0.2.1 takes the wall clock (0).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from paceflow_assets.rule import parameter

MINUTE_MS = 60_000


@dataclass(frozen=True)
class FirstChange:
    """Which pauses count on the way to the first change."""

    idle_gap_minutes: float = parameter(
        30.0,
        meaning="a longer pause between two signs of life does not count as work; 0 = wall clock",
        unit="minutes",
        low=0,
    )


def minutes_to_first_change(
    rule: FirstChange, started_ms: int | None, first_change_ms: int | None, signals_ms: Sequence[int]
) -> float | None:
    """Minutes from the start to the first change; None when one of them is unknown.

    signals_ms: times of messages and changes, in any order. The wall clock may be negative (a change dated before the
    start); without idle gaps it is at least 0.
    """
    if started_ms is None or first_change_ms is None:
        return None
    elapsed_ms = first_change_ms - started_ms
    if not rule.idle_gap_minutes:
        return elapsed_ms / MINUTE_MS
    idle_ms = sum(later - earlier for earlier, later in idle_gaps(rule, started_ms, first_change_ms, signals_ms))
    return max(0.0, (elapsed_ms - idle_ms) / MINUTE_MS)


def idle_gaps(rule: FirstChange, started_ms: int, first_change_ms: int, signals_ms: Sequence[int]) -> list[tuple[int, int]]:
    """(from, to) of the pauses on the way to the first change that do not count as work; by the wall clock there are none."""
    if not rule.idle_gap_minutes:
        return []
    between = (time for time in signals_ms if started_ms < time < first_change_ms)
    signals = [started_ms, *sorted(between), first_change_ms]
    limit_ms = rule.idle_gap_minutes * MINUTE_MS
    return [(earlier, later) for earlier, later in pairwise(signals) if later - earlier > limit_ms]
