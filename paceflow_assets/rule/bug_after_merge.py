"""Bug after merge: did a later fix remove what the AI wrote?

Claim: a commit that says it fixes something and removes lines of the commit's AI text from the same file marks a bug in it.
Decision: heavy AI commits on the main line; fix commits later than them within the window, on any branch; one shared line is
enough. A second signal asks the same of the lines that git traces to the commit (SZZ) instead of equal texts, and of every
commit on the main line, so that those of people can be compared.
Wrong when: the fix removes the line for another reason, or an identical line that was always there, by which SZZ is not misled.
SZZ sees the last 180 days, files that sessions changed and the words that raw_fix_blame knows; a line that was squashed comes
from the squash.
Threshold: 60 days and one line, the reference program, which counts lines without information (a blank one, a brace) as well.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter

DAY_MS = 86_400_000


@dataclass(frozen=True)
class BugAfterMerge:
    """Which fixes count against a commit."""

    window_days: int = parameter(60, low=1, high=3650, unit="days", meaning="fixes up to this long after count, inclusive")
    min_lines: int = parameter(1, low=1, high=1_000_000, unit="lines", meaning="lines that the fix must remove")
    informative_only: bool = parameter(True, meaning="whether lines without information (see line_match) are left out")


def window_ms(rule: BugAfterMerge, commit_ms: int) -> tuple[int, int]:
    """(first, last) time of a fix that counts, both inclusive: strictly later than the commit."""
    return commit_ms + 1, commit_ms + rule.window_days * DAY_MS
