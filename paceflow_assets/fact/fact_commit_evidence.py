"""Which commits are said to be the work of an agent or a session, by whom, other than by their lines?"""

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from paceflow_assets.rule.agent_trailer import AgentTrailer, signing_agents
from paceflow_assets.runtime.nested import own, rows_of, spread
from paceflow_assets.runtime.table import count, table, text
from paceflow_assets.trailers import trailers

UNKNOWN = "(unknown)"
DETACHED = "detached HEAD"
SPEAKS = r"(?i)co-authored-by|generated with|entire-(?:checkpoint|session)"
CHECKPOINT, SESSION, SUBJECT = "entire-checkpoint", "entire-session", "Checkpoint: "
DATE = len("2026-02-18-")  # older Entire sessions are called by their day and the agent's own id
TOOLS = ("composer", "tab")  # of Cursor: its agent, its completions
COUNTS = tuple(f"{tool}_{side}_lines" for tool in TOOLS for side in ("added", "removed"))
COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "source": text("co_author_trailer, checkpoint_trailer, git_ai_note, session_commit or cursor_score"),
    "provider": text("agent, as session tables name it where they know it; (unknown) where none is named"),
    "session_id": text("the agent's own id of a session that is stored here; (unknown) where none such is named"),
    "detail": text("what named it: mail domain or `generated with`; checkpoint; tool and model; branch; composer or tab"),
    "lines": count("AI lines of the commit that the source claims; null = it does not say"),
}


class Claim(NamedTuple):
    """One thing that one source says of a commit."""

    commit_sha: str
    source: str
    provider: str
    session_id: str
    detail: str
    lines: int | None = None


@table(
    grain=("commit_sha", "source", "provider", "session_id"),
    columns=COLUMNS,
    reads={
        "raw_commit": ("repository", "commit_sha", "message"),
        "raw_commit_note": ("commit_sha", "claims"),
        "raw_commit_score": ("commit_sha", "branch_name", *COUNTS),
        "raw_session": ("provider", "session_id", "touches", "copied_keys", "commits"),
    },
)
def fact_commit_evidence(
    raw_commit: pl.DataFrame,
    raw_commit_note: pl.DataFrame,
    raw_commit_score: pl.DataFrame,
    raw_session: pl.DataFrame,
    agent_trailer: AgentTrailer,
) -> pl.DataFrame:
    """One row per (commit, source, agent, session) that something beside the commit's lines names; merges included.

    Keys are never null: a session that is not named, or that is not stored here, is `(unknown)`, and so is an agent that is not
    named. It stands beside the line match and never enters it.
    """
    providers = dict(raw_session.filter("touches").select("session_id", "provider").sort("session_id", "provider").rows())
    messages = dict(raw_commit.filter(pl.col("message").str.contains(SPEAKS)).select("commit_sha", "message").rows())
    notes = spread(raw_commit_note.drop_nulls("claims"), "claims", ["commit_sha"])
    claims = [
        *signed(messages, agent_trailer),
        *checkpoints(messages, providers),
        *noted(notes.rows(named=True), providers),
        *scored(raw_commit_score.rows(named=True)),
        *made(own(raw_session, "commits", ["provider", "session_id"]).rows(named=True), sorted(raw_commit["commit_sha"])),
    ]
    repository = raw_commit["repository"].first() if raw_commit.height else None
    fields = {name: column.type for name, column in COLUMNS.items()}
    return rows_of(fields, [(repository, *claim) for claim in united(claims)])


def united(claims: Iterable[Claim]) -> list[Claim]:
    """One claim for each key: details joined, lines summed."""
    found: dict[tuple, list[Claim]] = defaultdict(list)
    for claim in claims:
        found[claim[:4]].append(claim)
    return [
        Claim(
            *key,
            detail=", ".join(sorted({claim.detail for claim in same if claim.detail})),
            lines=sum(told) if (told := [claim.lines for claim in same if claim.lines is not None]) else None,
        )
        for key, same in found.items()
    ]


def signed(messages: Mapping[str, str], rule: AgentTrailer) -> Iterator[Claim]:
    """Agents that sign as co-authors, or say that they generated the commit."""
    for sha, message in messages.items():
        for agent, detail in signing_agents(rule, trailers(message), message):
            yield Claim(sha, "co_author_trailer", agent, UNKNOWN, detail)


def checkpoints(messages: Mapping[str, str], providers: Mapping[str, str]) -> Iterator[Claim]:
    """Checkpoints of Entire that commits name (github.com/entireio/cli, CLAUDE.md, "Commit Trailers").

    `Entire-Checkpoint: <id>` on a commit of the user names no session. The commit `Checkpoint: <id>` on the branch
    entire/checkpoints/v1 does, by `Entire-Session: <session>`, where that branch was fetched. On other commits of Entire's own
    branches the session stands alone; they are no work of a session.
    """
    told: dict[str, list[str]] = {}
    sessions: dict[str, list[str]] = defaultdict(list)
    for sha, message in messages.items():
        named = [(token.lower(), value) for token, value in trailers(message)]
        told[sha] = [value for token, value in named if token == CHECKPOINT and value]
        if message.startswith(SUBJECT):
            checkpoint = message.removeprefix(SUBJECT).partition("\n")[0].strip()
            sessions[checkpoint] += [value for token, value in named if token == SESSION]
        elif told[sha]:
            sessions[sha] += [value for token, value in named if token == SESSION]
    for sha, named_checkpoints in told.items():
        for checkpoint in named_checkpoints:
            ids = [name for value in sessions[checkpoint] + sessions[sha] for name in (value, value[DATE:])]
            known = [name for name in dict.fromkeys(ids) if name in providers]
            for session_id in known or [UNKNOWN]:
                yield Claim(sha, "checkpoint_trailer", providers.get(session_id, UNKNOWN), session_id, checkpoint)


def noted(claims: Iterable[Mapping], providers: Mapping[str, str]) -> Iterator[Claim]:
    """Conversations that notes of git-ai name; a conversation is a session of ours if it has its id and its tool is our agent.

    A key alone, whose record lies in another commit's note, is known by its digits: git-ai makes them of tool and id.
    """
    keys = {key: session_id for session_id, provider in providers.items() for key in note_keys(provider, session_id)}
    for claim in claims:
        session_id = claim["conversation_id"] or keys.get(claim["key"])
        tool = claim["tool"]
        is_known = session_id in providers and tool in ("", providers[session_id])
        provider = providers[session_id] if is_known else tool or UNKNOWN
        detail = "/".join(word for word in (tool, claim["model_name"]) if word)
        yield Claim(claim["commit_sha"], "git_ai_note", provider, session_id if is_known else UNKNOWN, detail, claim["lines"])


def note_keys(tool: str, conversation_id: str) -> tuple[str, str]:
    """The keys by which git-ai's notes name a conversation: since 1.4, and before (source/git_ai.py)."""
    digits = hashlib.sha256(f"{tool}:{conversation_id}".encode()).hexdigest()
    return f"s_{digits[:14]}", digits[:16]


def scored(scores: Iterable[Mapping]) -> Iterator[Claim]:
    """Commits of which Cursor says that its agent or its completions wrote lines; it names no session.

    Of a commit that it counted on several branches, the branch with most of these lines counts. That Cursor counts none is no
    evidence: other agents write into its editor too.
    """
    best: dict[str, Mapping] = {}
    for score in sorted(scores, key=lambda score: (-added_lines(score), score["branch_name"])):
        best.setdefault(score["commit_sha"], score)
    for sha, score in best.items():
        tools = [tool for tool in TOOLS if score[f"{tool}_added_lines"] or score[f"{tool}_removed_lines"]]
        if tools:
            yield Claim(sha, "cursor_score", "cursor", UNKNOWN, ", ".join(tools), added_lines(score))


def added_lines(score: Mapping) -> int:
    """Lines that Cursor's tools added."""
    return sum(score[f"{tool}_added_lines"] or 0 for tool in TOOLS)


def made(commits: Iterable[Mapping], shas: Sequence[str]) -> Iterator[Claim]:
    """Commits that git said it made for a session, as far as they are known here: amended and rebased ones have other names.

    shas: names of all commits, sorted. A short name that begins two of them says nothing.
    """
    for row in commits:
        first = bisect_left(shas, row["sha"])
        matching = [sha for sha in shas[first : first + 2] if sha.startswith(row["sha"])]
        if len(matching) == 1:
            yield Claim(matching[0], "session_commit", row["provider"], row["session_id"], row["branch"] or DETACHED)
