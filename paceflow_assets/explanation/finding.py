"""Finding: what an explanation says, as plain data.

What lives here: the shapes that commit and session explanations share, and how a time or a message is put into a sentence.
What stays out: reading tables (stored), and the terminal (report/explanation).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHOWN_CHARACTERS = 80

Row = dict[str, object]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a rule as the tables were computed with. origin: where the value comes from."""

    rule: str
    name: str
    value: object
    unit: str
    origin: str


@dataclass(frozen=True)
class Evidence:
    """Facts of one kind, a row each. Times are naive UTC; a duration says how far from the commit or session."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Finding:
    """A flag or measure of an event and what is behind it.

    table, name, value: the event's column as it is stored. beside: other columns of that row that belong to it.
    """

    table: str
    name: str
    value: object
    beside: Mapping[str, object]
    reasons: Sequence[str]
    evidence: Sequence[Evidence] = ()
    parameters: Sequence[Parameter] = ()


@dataclass(frozen=True)
class FileDiff:
    """A file of a commit. old_path: before a rename or copy. heads: `@@ … @@` of each hunk; none when git was not asked.

    lines: position, hunk, side, text, ends, provider, session, model, change, edited, evidence, sure. text: None = not known.
    ends: False = no line end follows. provider: agent, or human for a line that no session wrote; None for an unchanged line,
    and one that says too little to tell. edited: when the edit was made, counted from the commit.
    """

    path: str
    old_path: str | None
    change: str
    is_binary: bool
    added: int
    removed: int
    heads: Sequence[str]
    lines: Sequence[Row]


@dataclass(frozen=True)
class Diff:
    """A commit's lines with who wrote each. notes: what is not shown, and why. writers: how many lines fall to each."""

    notes: Sequence[str]
    writers: Sequence[Row] = ()
    files: Sequence[FileDiff] = ()


@dataclass(frozen=True)
class Explanation:
    """One commit or session in one repository. facts: what it is; findings: what events say of it, and why.

    diff: the lines of a commit, if they are told.
    """

    title: str
    repository: str
    facts: Mapping[str, object]
    findings: Sequence[Finding]
    diff: Diff | None = None


def moment(time: object) -> str:
    """A time in a sentence, UTC."""
    return time.isoformat(sep=" ", timespec="minutes") if isinstance(time, dt.datetime) else "an unknown time"


def counted(number: float, noun: str, plural: str = "") -> str:
    """`1 line`, `2 lines`, `2.5 lines`; `2 fixes` with its own plural."""
    return f"{number:,.10g} {noun if number == 1 else plural or f'{noun}s'}"


def excerpt(text: str, about: str = "") -> str:
    """The beginning of a text on one line, or of its first line that holds `about`, in any case."""
    lines = [line for line in text.split("\n") if about and about.lower() in line.lower()]
    words = " ".join((lines[0] if lines else text[: SHOWN_CHARACTERS * 20]).split())
    return words if len(words) <= SHOWN_CHARACTERS else f"{words[: SHOWN_CHARACTERS - 1]}…"
