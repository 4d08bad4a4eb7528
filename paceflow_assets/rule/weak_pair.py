"""Weak pair: is what ties a session to a commit too little to believe?

Claim: few lines of an old edit, or of an edit of which hardly anything was ever committed, are more often chance, or an edit
that was thrown away and typed again, than work that waited.
Decision: a pair with few informative lines is dropped when the edit is hours older than the commit; so is one whose edits are a
day older, were passed over by another commit, and of whose added lines the commit holds nearly none. A commit that repeats most
of what others brought (squash, rebase, cherry-pick) is taken to be as old as they are.
Wrong when: a change of a few lines waits for the evening before it is committed; a commit completes one that left most of an
edit out.
Threshold: six lines, six hours and a day, 0.2; on generated histories with known truth, where it halves the people's commits
that are called heavy. On one real repository no pair is so small and so old.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class WeakPair:
    """Which pairs of a commit and a session are dropped."""

    lines: int = parameter(6, low=0, high=1000, unit="lines", meaning="so many informative lines are few")
    after_hours: float = parameter(6.0, low=0, unit="hours", meaning="an edit so much older than the commit is old")
    passed_hours: float = parameter(
        24.0, low=0, unit="hours", meaning="from so old on, edits that a commit passed over are asked"
    )
    copied_share: float = parameter(
        0.5,
        low=0,
        high=1,
        unit="share",
        meaning="a commit that holds so much of what the edits added, all of it in older commits, is as old as these",
    )
    completeness: float = parameter(0.2, low=0, high=1, unit="share", meaning="of so much of their added lines to be there")


def is_weak(rule: WeakPair, *, informative_lines: int, age_ms: int, is_passed: bool, completeness: float) -> bool:
    """Whether the pair is dropped.

    age_ms: from its latest edit to the author date. completeness: share of its edits' added lines that the commit holds.
    """
    is_small = informative_lines <= rule.lines and age_ms > rule.after_hours * HOUR_MS
    is_left_over = is_passed and age_ms > rule.passed_hours * HOUR_MS and completeness < rule.completeness
    return is_small or is_left_over
