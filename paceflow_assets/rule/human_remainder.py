"""Human remainder: when people get a row of their own beside the sessions of a commit.

Claim: what no session wrote, a person wrote.
Decision: a commit without any match has one human row; with `always`, so has every commit that is not fully matched.
Wrong when: an agent's log is lost or not read; a formatter or generator wrote the rest.
Threshold: none. paceflow 0.2.1 shows people only in commits without any match, so that their part of mixed ones is unseen.
"""

from dataclasses import dataclass
from typing import NamedTuple

from paceflow_assets.rule import parameter

NOISE_LINES = 1e-6  # shares of a line that several sessions have in common do not add up exactly


@dataclass(frozen=True)
class HumanRemainder:
    """Whether partly matched commits have a human row."""

    always: bool = parameter(
        True,
        meaning=(
            "true: the unmatched part of every commit is a row of the provider human; false: only commits without any "
            "match have one"
        ),
    )


class Shares(NamedTuple):
    """A human row's share of the commit's changed lines, and of its AI lines (always 0). Its matched lines are 0."""

    share_of_commit: float
    share_of_ai: float


def remainder(rule: HumanRemainder, matched_lines: float, changed_lines: int) -> Shares | None:
    """The human row of a commit; None = it has none. An empty commit is a person's, whole."""
    if matched_lines <= 0:
        return Shares(1.0, 0.0)
    unmatched_lines = changed_lines - matched_lines
    if not rule.always or unmatched_lines < NOISE_LINES:
        return None
    return Shares(unmatched_lines / changed_lines, 0.0)
