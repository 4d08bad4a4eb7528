"""Squash merge: did the commit's AI lines reach the main line although the commit itself did not?

Claim: a commit whose AI lines were added by a main-line commit at the same time or later was merged by squash, rebase or pick.
Decision: enough of the lines, and enough lines, stand in main-line commits (per file, the largest single commit counts).
Wrong when: somebody adds the same text again; a commit of a line or two is taken for merged because that text came again.
Threshold: 0.60 of the informative lines and three of them, or all of fewer. The reference program, release 0.2.1: 30 lines and
0.80 of all (10 and 0.60 from its release 0.2.4 on), so that small squash merges never count.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class SquashMerge:
    """When lines found on the main line prove that a commit was merged."""

    min_ratio: float = parameter(
        0.60,
        low=0.0,
        high=1.0,
        unit="share",
        meaning="share of the commit's AI lines that main-line commits must have added",
    )
    min_lines: int = parameter(
        3, low=1, high=1_000_000, unit="lines", meaning="number of them that main-line commits must have added"
    )
    takes_all: bool = parameter(
        True, meaning="whether a commit with fewer lines than that counts as merged if all of them were added"
    )
    informative_only: bool = parameter(
        True, meaning="whether lines without information (see line_match) are left out on both sides"
    )


def is_merged(rule: SquashMerge, found_lines: int, ai_lines: int) -> bool:
    """Whether `found_lines` of `ai_lines` on the main line prove a merge."""
    if ai_lines <= 0 or found_lines / ai_lines < rule.min_ratio:
        return False
    return found_lines >= rule.min_lines or (rule.takes_all and found_lines == ai_lines)
