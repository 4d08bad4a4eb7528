"""Anchor: must an edit's surroundings stand beside the lines in the commit?

Claim: lines that an edit put between known lines are the edit's only where those lines are near; the same text elsewhere in the
file was written again.
Decision: an edit whose hunk shows informative unchanged lines needs one of them near the matched lines in the commit's patch,
unless the same session has such a place in that file. It is asked of edits that are not quite new, and of all that another
commit passed over.
Wrong when: the surroundings were rewritten in the same commit; a file repeats them in many places.
Threshold: four lines, on generated histories with known truth and on a real one; a commit that follows within minutes needs no
such proof.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Anchor:
    """How near the surroundings must be, and of which edits that is asked."""

    span_lines: int = parameter(4, low=0, high=1000, unit="lines", meaning="how far from the matched lines, at most")
    after_hours: float = parameter(0.1, low=0, unit="hours", meaning="edits made so long before the commit are asked for it")


def is_asked(rule: Anchor, age_ms: int, is_passed: bool) -> bool:
    """Whether an edit needs its surroundings. age_ms: from the edit to the author date; is_passed: a commit lies between."""
    return is_passed or age_ms > rule.after_hours * HOUR_MS
