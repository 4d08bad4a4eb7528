"""Session report: which rows of a task or branch count as sessions.

Claim: only an agent's session is a session.
Decision: by the provider; commits without any match have a row of the provider `human`, which is nobody's session.
Wrong when: people are wanted as a baseline beside the agents; commit reports show them in any case. Counting them as
sessions moves "sessions to commit" by rows that have no prompts.
Threshold: none. paceflow 0.2.1 counts the human rows.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter

HUMAN = "human"


@dataclass(frozen=True)
class SessionReport:
    """What session reports count."""

    counts_human: bool = parameter(False, meaning="whether the human rows of a task or branch count as sessions, with weight 1")


def is_counted(rule: SessionReport, provider: str) -> bool:
    """Whether a row of this provider counts as a session."""
    return rule.counts_human or provider != HUMAN
