"""Agent trailer: which words of a commit message say that an agent helped to write the commit.

Claim: an agent that signs a commit does so with an identity of its own, as a co-author, or with a line "Generated with …".
Decision: by `Co-authored-by` trailers whose `name <address>` fits a pattern of the list, upper and lower case being the same,
and by lines that begin, behind signs that are no letters, with "Generated with" and a name of the list, bracketed or not.
Wrong when: the user switched the trailer off (then nothing is said, which is no evidence for people); an agent signs another
agent's work; a person uses such an address, or copies the line; a squash keeps the trailer of a commit that it undoes.
Threshold: none. The addresses are those that the agents write by default: Claude Code `noreply@anthropic.com` (its setting
`attribution`), Codex `noreply@openai.com` (github.com/openai/codex/pull/11617), aider `aider (model) <aider@aider.chat>` (seen
in 0.86), Amp `amp@ampcode.com` (its setting amp.git.commit.coauthor.enabled), OpenCode, Copilot, Devin, Cursor, Roo and the
cloud agents as git-ai's src/authorship/agent_detection.rs and other public lists have them. Gemini and Windsurf add none by
themselves; theirs are the ones that people are told to write.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from paceflow_assets.rule import parameter

CO_AUTHOR = "co-authored-by"
GENERATED = "generated with"
GITHUB = "users.noreply.github.com"
ADDRESS = re.compile(r"<[^<>@]*@([A-Za-z0-9.-]{1,100})>\s*$")


@dataclass(frozen=True)
class AgentTrailer:
    """Who counts as an agent."""

    co_authors: tuple[str, ...] = parameter(
        (
            "claude = *<noreply@anthropic.com>",
            "claude = claude* <noreply@*>",
            f"claude = *<*+claude[bot]@{GITHUB}>",
            "codex = *<noreply@openai.com>",
            "codex = codex* <codex@openai.com>",
            f"codex = *<*+chatgpt-codex-connector[bot]@{GITHUB}>",
            "cursor = *<cursoragent@cursor.com>",
            f"cursor = *<*+cursor[bot]@{GITHUB}>",
            f"cursor = *<*+cursoragent[bot]@{GITHUB}>",
            "copilot = *<copilot@github.com>",
            f"copilot = *<*+copilot@{GITHUB}>",
            f"copilot = *<*+copilot-swe-agent[bot]@{GITHUB}>",
            "gemini = gemini* <noreply@google.com>",
            f"gemini = *<*+gemini-code-assist[bot]@{GITHUB}>",
            f"gemini = *<*+gemini-cli[bot]@{GITHUB}>",
            f"devin = *<*+devin-ai-integration[bot]@{GITHUB}>",
            "aider = aider (*) <*>",
            "aider = *<aider@aider.chat>",
            "aider = *<noreply@aider.chat>",
            "opencode = *<noreply@opencode.ai>",
            f"opencode = *<*+opencode-agent[bot]@{GITHUB}>",
            "amp = *<amp@ampcode.com>",
            f"jules = *<*+google-labs-jules[bot]@{GITHUB}>",
            "windsurf = *<windsurf@codeium.com>",
            "windsurf = windsurf* <noreply@codeium.com>",
            "openhands = *<openhands@all-hands.dev>",
            "roo = *<roomote@roocode.com>",
        ),
        meaning="`agent = pattern`: a co-author whose `name <address>` fits the pattern, * being anything, is this agent",
    )
    generators: tuple[str, ...] = parameter(
        ("claude = claude code", "codex = codex", "opencode = opencode", "amp = amp", "gemini = gemini cli"),
        meaning="`agent = name`: a line `Generated with name` speaks of this agent",
    )


def signing_agents(rule: AgentTrailer, trailers: Iterable[tuple[str, str]], message: str) -> list[tuple[str, str]]:
    """(agent, what names it) of every agent that signs, each pair once, sorted.

    trailers: (token, value) of the message. What names it: the domain of the address, '' = the trailer has none; or
    "generated with".
    """
    found = set()
    for token, value in trailers:
        agent = _agent_of(value, rule.co_authors) if token.lower() == CO_AUTHOR else None
        if agent is not None:
            address = ADDRESS.search(value)
            found.add((agent, address[1].lower() if address else ""))
    if GENERATED in message.lower():
        for agent, line in _generators(rule.generators):
            if line.search(message):
                found.add((agent, GENERATED))
    return sorted(found)


def _agent_of(identity: str, patterns: Sequence[str]) -> str | None:
    return next((agent for agent, pattern in _identities(tuple(patterns)) if pattern.fullmatch(identity)), None)


@cache
def _identities(patterns: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    pairs = [_pair(entry) for entry in patterns]
    return [
        (agent, re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE | re.DOTALL))
        for agent, pattern in pairs
    ]


@cache
def _generators(names: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    pairs = [_pair(entry) for entry in names]
    return [
        (agent, re.compile(rf"^[^A-Za-z\n]*{GENERATED} \[?{re.escape(name)}\b", re.IGNORECASE | re.MULTILINE))
        for agent, name in pairs
    ]


def _pair(entry: str) -> tuple[str, str]:
    agent, _, pattern = entry.partition("=")
    return agent.strip(), pattern.strip()
