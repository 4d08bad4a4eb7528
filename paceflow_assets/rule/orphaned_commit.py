"""Orphaned commit: whether commits that no branch holds any more still count.

Claim: a commit that was amended, rebased or squashed away lives on in its successor, so counting both counts the work
twice.
Decision: by reachability from the branches, as last seen.
Wrong when: a branch was deleted whose work went nowhere else; then its commits are no longer counted although they
were work.
Threshold: none. paceflow 0.2.1 counts a commit for ever, once seen.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class OrphanedCommit:
    """What happens to commits that are rewritten or dropped."""

    counts: bool = parameter(
        False, meaning="whether commits count that no branch holds any more (amended, rebased, squashed or deleted)"
    )


def is_counted(rule: OrphanedCommit, reachable: bool) -> bool:
    """Whether a commit counts. reachable: some branch holds it."""
    return reachable or rule.counts
