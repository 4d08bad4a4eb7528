"""Churn: was what the AI wrote removed again soon?

Claim: an AI line that reached the main line and whose text a main-line commit removes from the same file within the window
was churned.
Decision: removals are counted by text, up to the number of such lines that the commit brought.
Wrong when: an older identical line is removed instead; a rename hides the removal.
Threshold: 14 days, the reference program and the common industry figure. The reference program counts from the commit itself,
its own removals and lines that are merely moved included.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Churn:
    """Which removals count."""

    window_days: int = parameter(14, low=1, high=3650, unit="days", meaning="removals up to this long after count, inclusive")
    strictly_later: bool = parameter(
        True, meaning="whether a removal must be later than the commit; false: the commit's own removals count too"
    )
    counts_moves: bool = parameter(
        False, meaning="whether a line that the removing commit adds again elsewhere counts as removed"
    )
    window_from: str = parameter(
        "mainline",
        choices=("commit", "mainline"),
        meaning="where the window begins: at the commit's own time, or when its lines reached the main line",
    )


def window_ms(rule: Churn, commit_ms: int, reached_ms: int | None) -> tuple[int, int]:
    """(first, last) time of a removal that counts, both inclusive."""
    start = reached_ms if rule.window_from == "mainline" and reached_ms is not None else commit_ms
    return (start + 1 if rule.strictly_later else start, start + rule.window_days * DAY_MS)
