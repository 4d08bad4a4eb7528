"""User turn: which user messages count as something a person said.

Claim: effort shows in how often a person has to speak up.
Decision: by the kind of the message and by its thread; a user message opens a turn, the replies up to the next one
belong to it.
Wrong when: an agent's log gives a generated text the shape of a typed one; a paste of many questions is one turn.
Threshold: paceflow 0.2.1 takes compacted summaries, interrupts, output of local commands, notifications and the
prompts that the main agent writes to its sub-agents for turns; ("typed",) and false count what a person typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paceflow_assets.lines import WORDS
from paceflow_assets.rule import parameter

KINDS = ("typed", "compact_summary", "interrupt", "command", "command_output", "notification")


@dataclass(frozen=True)
class UserTurn:
    """What counts as a user turn."""

    kinds: tuple[str, ...] = parameter(
        ("typed",),
        choices=KINDS,
        meaning=(
            "kinds of user messages that count as turns, words and error pastes: typed, compact_summary (the agent's "
            "summary after compacting), interrupt, command (arguments of a slash command), command_output, notification"
        ),
    )
    sidechain: bool = parameter(
        False,
        meaning="whether the prompts that an agent writes to its sub-agents count too; false: the main thread only",
    )


def is_user_turn(rule: UserTurn, role: str, kind: str, agent_id: str) -> bool:
    """Whether a message is a user turn. agent_id: '' = main thread. A message of the assistant never is."""
    return role == "user" and kind in rule.kinds and (rule.sidechain or not agent_id)


def left_out_as(rule: UserTurn, role: str, kind: str, agent_id: str) -> str:
    """Why a user message is no turn: its kind, or `sub-agent`; '' if it is one."""
    if is_user_turn(rule, role, kind, agent_id):
        return ""
    return kind if kind not in rule.kinds else "sub-agent"


def is_in_conversation(rule: UserTurn, role: str, kind: str, agent_id: str) -> bool:
    """Whether a message takes part in `turns`: user turns, and replies in a thread whose prompts count."""
    if role == "assistant":
        return rule.sidechain or not agent_id
    return is_user_turn(rule, role, kind, agent_id)


def turns(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """(role, text) in order -> (user text, its replies joined by LF). Two user messages in a row are two turns.

    A reply before the first user message belongs to no turn; other roles are left out.
    """
    opened: list[tuple[str, list[str]]] = []
    for role, text in messages:
        if role == "user":
            opened.append((text, []))
        elif role == "assistant" and opened:
            opened[-1][1].append(text)
    return [(text, "\n".join(replies)) for text, replies in opened]


def turn_count(turns: Sequence[tuple[str, str]]) -> int:
    """Number of turns whose user text is not blank."""
    return sum(1 for text, _ in turns if WORDS.search(text))
