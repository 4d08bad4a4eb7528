"""Session end: when is a session over?

Claim: a session lasts as long as its log is written, or as long as somebody speaks in it.
Decision: for the agents named in `by_message` the last message or the last file that a shell command wrote ends it, for all
others the last record of the log.
Wrong when: a tool runs on after the last message (too early), or the agent writes bookkeeping later (too late).
Threshold: the reference program, release 0.2.1, takes the last message for Codex and the last record for Claude Code.
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class SessionEnd:
    """Which agents' sessions end with the last message."""

    by_message: tuple[str, ...] = parameter(
        ("codex",), meaning="agents whose sessions end with the last message; all others end with the last record"
    )


def ended_ms(rule: SessionEnd, provider: str, last_record_ms: int | None, signs_ms: list[int]) -> int | None:
    """When the session was over; None = not known. signs_ms: times of its start, messages and files written by the shell."""
    if provider in rule.by_message and signs_ms:
        return max(signs_ms)
    return last_record_ms
