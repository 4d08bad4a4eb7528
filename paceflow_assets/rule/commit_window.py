"""Commit window: whether a commit was made during a session or soon after it.

Claim: a commit in that time is an outcome of the session.
Decision: from the start of the session to some hours after its end, both ends included, by committer time.
Wrong when: work is committed the next morning; a commit is rebased or cherry-picked later, which renews its committer
time.
Threshold: four hours, in every release of paceflow.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class CommitWindow:
    """How long after a session a commit still counts as its outcome."""

    hours: float = parameter(
        4.0, meaning="how long after the end of a session a commit still counts as its outcome", unit="hours", low=0
    )


def window_ms(rule: CommitWindow) -> int:
    """The window behind the end of a session, in milliseconds."""
    return round(rule.hours * HOUR_MS)


def is_within(rule: CommitWindow, started_ms: int | None, ended_ms: int | None, commit_ms: int | None) -> bool:
    """Whether the commit lies in the window; without one of the times it does not."""
    if started_ms is None or ended_ms is None or commit_ms is None:
        return False
    return started_ms <= commit_ms <= ended_ms + window_ms(rule)
