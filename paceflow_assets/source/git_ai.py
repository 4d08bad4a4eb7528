"""git-ai: the note that it writes on a commit, which says what agents wrote of it (authorship/3.0.0).

What lives here: reading the text of one note.
What belongs here: everything that is known about this format and nowhere else.
What stays out: reading notes from a repository (git.py), which sessions are known, what a note is worth.

A note is, by git-ai's docs/migrations/sessions-v2-note-format.md and src/authorship/authorship_log_serialization.rs:
- for each file a line with its path, then indented `  key ranges` (`1,2,19-222`, lines of the file after the commit);
- a line `---`;
- JSON with `schema_version`, `prompts`, `humans` and, since 1.4, `sessions`.
A key is `s_<14 hex>::t_<14 hex>` (session and trace; the session is in `sessions`), `h_…` (a person, in `humans`), else a
prompt's (16 hex, in `prompts`). The hex of sessions and prompts begins SHA-256 of `tool:id`, where id is the agent's own name
of its conversation (`generate_session_id`; presets/claude.rs, presets/codex.rs): tools `claude` and `codex` are our providers.

Addresses of people, prompts and messages that a note may hold are not read.
"""

import re

import msgspec

REF = "refs/notes/ai"
SCHEMA = "authorship/3."
DIVIDER = "---"
RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
PERSON = "h_"


class NoteError(Exception):
    """A text is no note of this format. Says what is wrong."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What a note says of one conversation. lines: lines that it wrote, over all files. conversation_id: None = not told."""

    key: str
    tool: str
    conversation_id: str | None
    model_name: str | None
    lines: int


class _Agent(msgspec.Struct, gc=False):
    """`agent_id` of a session or prompt."""

    tool: str = ""
    id: str | None = None
    model: str | None = None


class _Record(msgspec.Struct, gc=False):
    """A session or a prompt, without what it says of people."""

    agent_id: _Agent = msgspec.field(default_factory=_Agent)


class _Metadata(msgspec.Struct, gc=False):
    """What stands below the divider."""

    schema_version: str
    prompts: dict[str, _Record] = {}
    sessions: dict[str, _Record] = {}


def claims(note: bytes) -> list[Claim]:
    """What a note says of each conversation that it names, by key. Raises `NoteError`."""
    head, divider, tail = _parted(note.decode("utf-8", "replace"))
    if not divider:
        raise NoteError("no line --- between lines and metadata")
    try:
        metadata = msgspec.json.decode(tail, type=_Metadata)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise NoteError(f"metadata cannot be read ({error})") from error
    if not metadata.schema_version.startswith(SCHEMA):
        raise NoteError("metadata of another version than authorship/3")
    written = _written(head)
    records = metadata.prompts | metadata.sessions
    unknown = _Record()
    return [
        Claim(key, agent.tool, agent.id or None, agent.model or None, written.get(key, 0))
        for key in sorted(records.keys() | written.keys())
        for agent in [records.get(key, unknown).agent_id]
    ]


def _parted(text: str) -> tuple[str, bool, str]:
    lines = text.split("\n")
    at = next((number for number, line in enumerate(lines) if line.rstrip("\r") == DIVIDER), None)
    return (text, False, "") if at is None else ("\n".join(lines[:at]), True, "\n".join(lines[at + 1 :]))


def _written(head: str) -> dict[str, int]:
    """Key of a session or prompt -> lines; a line that two entries of a file name counts for both, though it is the later's."""
    found: dict[str, int] = {}
    is_in_file = False
    for line in head.split("\n"):
        entry = line.rstrip()
        if not entry:
            continue
        if not entry.startswith("  "):
            is_in_file = True
            continue
        key, _, ranges = entry[2:].partition(" ")
        if not is_in_file or not key or not ranges:
            raise NoteError("a line above --- is neither a path nor a key with lines")
        key = key.partition("::")[0]
        if not key.startswith(PERSON):
            found[key] = found.get(key, 0) + sum(map(_length, ranges.split(",")))
    return found


def _length(piece: str) -> int:
    """Lines of a range; 0 of nothing between two commas."""
    found = RANGE.fullmatch(piece)
    if found is None and piece:
        raise NoteError("lines above --- are not numbers like 1,2,19-222")
    return max(0, int(found[2] or found[1]) - int(found[1]) + 1) if found else 0
