"""Heavy AI: whether a commit counts as written by an agent.

Claim: a commit of which agents wrote at least this share stands for agents' work in every quality rate.
Decision: lines found in sessions divided by changed lines, added and removed together.
Wrong when: few lines matter more than many (a one-line human fix on top of generated code); lines are matched to a
session that did not write them.
Threshold: half, in every release of paceflow.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class HeavyAi:
    """From which share a commit counts as an agent's."""

    share: float = parameter(
        0.5,
        meaning="a commit is heavy when at least this share of its added and removed lines is an agent's",
        unit="share from 0 to 1",
        low=0,
        high=1,
    )


def is_heavy(rule: HeavyAi, matched_lines: float, changed_lines: int) -> bool:
    """Whether a commit is heavy; one without changed lines never is."""
    return changed_lines > 0 and matched_lines / changed_lines >= rule.share
