"""Claude Code: session logs, one JSON record a line (seen in full: 1.0.98 to 2.1.41; in parts: 2.1.80 to 2.1.29x).

What lives here: where the logs lie, and what their records say: messages, applied edits, tokens, whole-file texts.
What belongs here: everything that is known about this format and nowhere else.
What stays out: repositories, rules, storage; what a line is (lines.py); matching the records of several logs (raw).

A line is decoded once, into the fields named below. Only where a field has another type, or the line is no clean JSON,
a slower and more patient way reads the same fields. Results and requests stay bytes until somebody needs them.

Files that Claude writes through its Bash tool (`cat > file <<EOF`) are not read: the result says nothing of the file,
and the reference leaves them out as well. Of Bash results only the commits are read that git says it made.
"""

import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import unquote

import msgspec
from xxhash import xxh3_64_intdigest

from paceflow_assets.lines import diff, encoded, measure, split_lines, text_hash, whole, word_count
from paceflow_assets.records import (
    Change,
    Committed,
    Message,
    ParsedLog,
    ParseError,
    SessionPart,
    Snapshot,
    Usage,
    instant_ms,
)
from paceflow_assets.source import commit_result
from paceflow_assets.source.commit_result import GIT

NAME = "claude"
KEPT_BY = "cleanupPeriodDays in the settings.json of ~/.claude or CLAUDE_CONFIG_DIR"

SHELL = "Bash"
# The journal of a workflow is no session: its steps are in the agent logs beside it.
NO_LOGS = frozenset({"journal.jsonl"})
READ_BUFFER_BYTES = 1 << 18
# First characters of the lines of a patch: an empty one is context; others mark the missing newline at the end.
SIDES = frozenset({"+", "-", " ", ""})
# Index of a line that no text has.
NOWHERE = 1 << 40
# A token count beyond this is damage.
MOST_TOKENS = 1 << 53

# Unicode White_Space, as in lines.WORDS; str.strip() would take more.
WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

# A user record that begins like this was typed by nobody.
NOT_TYPED = (
    ("This session is being continued from", "compact_summary"),
    ("[Request interrupted by user", "interrupt"),
    ("<local-command-stdout>", "command_output"),
    ("<local-command-stderr>", "command_output"),
    ("<bash-input>", "command_output"),
    ("<bash-stdout>", "command_output"),
    ("<bash-stderr>", "command_output"),
    ("<system-reminder>", "notification"),
    ("<task-notification>", "notification"),
    ("<ide_", "notification"),
    ("Caveat: The messages below", "notification"),
)
COMMAND_ARGUMENTS = re.compile(r"<command-args>(.*)</command-args>", re.DOTALL)
EDITOR_CONTEXT = re.compile(r"(?:\s*<(ide_\w+)>.*?</\1>)+", re.DOTALL)
QUEUED_COMMAND = re.compile(r"/[A-Za-z][\w:.-]*(?:\s+(.*))?", re.DOTALL)
# Why a queued prompt left the queue, when the model saw it; versions before 2.1.246 give no reason.
SEEN_BY_MODEL = frozenset({None, "absorbed_mid_turn", "delivered_to_agent"})

# What the edit tools say when they succeed; only asked when a result has no fields.
CREATED = "File created successfully at"
APPLIED = re.compile(
    rf"The file .+ has been updated|{CREATED}|Applied \d+ edits? to|(Updated|Inserted|Deleted) cell\b", re.DOTALL
)
PLAN_FOLDER = "/.claude/plans/"

FILE_URL = re.compile(r"file://(?:localhost(?=/))?")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")

# What may stand between values: blanks, a byte order mark, the zeros that a crash leaves.
BETWEEN = "\ufeff\0 \t\r\n"
RECORD_START = re.compile(r'\{"(?:parentUuid|type|isSidechain|sessionId)"\s*:')

Rows = list[tuple[str, int, str]]
T = TypeVar("T")


class Fields(msgspec.Struct, gc=False):
    """Fields of one kind of JSON object, under the log's names; None or empty bytes: absent, or of a wrong type.

    They stand in the order in which the logs have them, which is the order that decodes fastest.
    """


class CacheCreation(Fields):
    """Tokens written to the cache, by how long they stay."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(Fields):
    """Parts of the output tokens."""

    thinking_tokens: int | None = None


class Tokens(Fields):
    """`message.usage`: every line of a response repeats it, the early ones with an unfinished output count."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None
    speed: str | None = None


class Block(Fields):
    """One item of a message: `text`, `tool_use` (id, name, input), `tool_result` (the rest); others are left alone."""

    tool_use_id: str | None = None
    type: str | None = None
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    content: msgspec.Raw = msgspec.Raw()
    is_error: bool | None = None
    toolUseId: str | None = None


class Body(Fields):
    """`message`, as the model's interface has it. id: of the response, which is written as one line for each block."""

    model: str | None = None
    id: str | None = None
    content: str | list[Block] | None = None
    usage: Tokens | None = None


class Origin(Fields):
    """Who sent a prompt: 'human', 'task-notification', 'peer', 'coordinator', 'plugin', 'auto-continuation'."""

    kind: str | None = None


class Fork(Fields):
    """Where a copied record was written first."""

    sessionId: str | None = None
    messageUuid: str | None = None


class Inner(Fields):
    """A sub-agent's record, as `progress` records of 2.1.x carry it."""

    type: str | None = None
    timestamp: str | None = None
    requestId: str | None = None
    message: Body | None = None
    toolUseResult: msgspec.Raw = msgspec.Raw()


class Progress(Fields):
    """`data` of a progress record; only `agent_progress` has a message."""

    type: str | None = None
    agentId: str | None = None
    message: Inner | None = None


class Attachment(Fields):
    """`attachment` of a record; only `queued_command` has a prompt. timestamp: when the person sent it."""

    type: str | None = None
    prompt: msgspec.Raw = msgspec.Raw()
    commandMode: str | None = None
    source_uuid: str | None = None
    timestamp: str | None = None
    isMeta: bool | None = None
    origin: Origin | None = None


class Record(Fields):
    """One line of a log."""

    isSidechain: bool | None = None
    cwd: str | None = None
    sessionId: str | None = None
    version: str | None = None
    gitBranch: str | None = None
    agentId: str | None = None
    type: str | None = None
    message: Body | None = None
    requestId: str | None = None
    uuid: str | None = None
    timestamp: str | None = None
    toolUseResult: msgspec.Raw = msgspec.Raw()
    isMeta: bool | None = None
    isCompactSummary: bool | None = None
    origin: Origin | None = None
    forkedFrom: Fork | None = None
    data: Progress | None = None
    attachment: Attachment | None = None
    operation: str | None = None
    reason: str | None = None
    content: msgspec.Raw = msgspec.Raw()


class FileText(Fields):
    """`file` in the result of a Read: numLines lines from startLine (from 1) on, of totalLines."""

    filePath: str | None = None
    content: str | None = None
    startLine: int | None = None
    numLines: int | None = None
    totalLines: int | None = None
    truncated: bool | None = None


class Result(Fields):
    """A `toolUseResult`, as far as it tells whose it is."""

    file: FileText | None = None
    structuredPatch: msgspec.Raw = msgspec.Raw()
    edits: msgspec.Raw = msgspec.Raw()
    oldString: msgspec.Raw = msgspec.Raw()
    notebook_path: msgspec.Raw = msgspec.Raw()

    def edit_tool(self) -> str | None:
        """The edit tool whose results have this shape."""
        if bytes(self.notebook_path):
            return "NotebookEdit"
        if not bytes(self.structuredPatch):
            return None
        if bytes(self.edits):
            return "MultiEdit"
        return "Edit" if bytes(self.oldString) else "Write"


RECORD = msgspec.json.Decoder(Record)
RESULT = msgspec.json.Decoder(Result)
PLAIN = msgspec.json.Decoder()
REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Place(msgspec.Struct, gc=False):
    """Where a record stands and what everything found in it shares. key: '' when it names no identity."""

    position: int
    key: str
    agent_id: str
    at_ms: int | None
    cwd: str | None
    git_branch: str | None


class ToolUse(msgspec.Struct):
    """A requested edit. digest: of the request, to tell an id used again from a copied record. number: of such uses."""

    call_id: str
    tool: str
    request: bytes
    digest: int
    at_ms: int | None
    number: int = 0
    is_applied: bool = False


class Edit(msgspec.Struct):
    """What an edit did to its file: rows as in `lines.measure`, the rest as in `Change`."""

    rows: Rows
    write_mode: str
    before_known: bool
    evidence: str


class Queued(msgspec.Struct):
    """A prompt typed while the model worked. is_told: a record of its own was met, so it says nothing new."""

    text: str
    place: Place
    is_told: bool = False


class Response(msgspec.Struct, gc=False):
    """Token counts of one line of a model response. total: of all kinds, tells a later line from an earlier one."""

    key: str
    place: Place
    part: "Part"
    model_name: str | None
    tokens: Tokens
    total: int

    def gives_way_to(self, other: "Response") -> bool:
        """Main thread before sidechain, then the larger total, then the one that tells its speed, as in ccusage."""
        if bool(self.place.agent_id) != bool(other.place.agent_id):
            return bool(self.place.agent_id)
        if self.total != other.total:
            return other.total > self.total
        return not self.tokens.speed and bool(other.tokens.speed)

    def usage(self) -> Usage:
        """The response as a record."""
        tokens, place = self.tokens, self.place
        split, details = tokens.cache_creation, tokens.output_tokens_details
        return Usage(
            record_key=self.key,
            position=place.position,
            agent_id=place.agent_id,
            at_ms=place.at_ms,
            model_name=self.model_name,
            input_tokens=count(tokens.input_tokens),
            cached_input_tokens=count(tokens.cache_read_input_tokens),
            cache_creation_tokens=cache_writes(tokens),
            cache_creation_1h_tokens=count(split.ephemeral_1h_input_tokens) if split else 0,
            output_tokens=count(tokens.output_tokens),
            reasoning_tokens=count(details.thinking_tokens) if details else 0,
            speed=tokens.speed or None,
        )


class Span:
    """First and last of the instants it was shown."""

    first_ms: int | None = None
    last_ms: int | None = None

    def cover(self, at_ms: int) -> None:
        """Widen to an instant."""
        if self.first_ms is None or self.last_ms is None:
            self.first_ms = self.last_ms = at_ms
        elif at_ms > self.last_ms:
            self.last_ms = at_ms
        elif at_ms < self.first_ms:
            self.first_ms = at_ms


class Part:
    """One session's share of a log, while it is read."""

    def __init__(self, session_id: str, agent_id: str) -> None:
        self.session_id = session_id
        self.agent_id = agent_id
        self.parent_session_id: str | None = None
        self.cwd: str | None = None
        self.git_branch: str | None = None
        self.model_name: str | None = None
        self.agent_model_name: str | None = None
        self.client_version: str | None = None
        self.own = Span()
        self.copied = Span()
        self.messages: list[Message] = []
        self.changes: list[Change] = []
        self.usage: list[Usage] = []
        self.snapshots: list[Snapshot] = []
        self.commits: list[Committed] = []
        self.queue: list[Queued] = []
        self.absorbed: list[Queued] = []
        self.duplicates: Counter[str] = Counter()

    def meet(self, record: Record, at_ms: int | None) -> None:
        """What a record of any type tells of its session."""
        span, fork = self.own, record.forkedFrom
        if fork is not None and fork.sessionId and fork.sessionId != self.session_id:
            span = self.copied
            self.parent_session_id = self.parent_session_id or fork.sessionId
        if at_ms is not None:
            span.cover(at_ms)
        if record.cwd and self.cwd is None:
            self.cwd = record.cwd
        if record.gitBranch and record.gitBranch != "HEAD":
            self.git_branch = record.gitBranch
        if record.version:
            self.client_version = record.version

    def answered_by(self, model: str | None, agent_id: str) -> None:
        """Note which model wrote a record."""
        if model and agent_id:
            self.agent_model_name = model
        elif model:
            self.model_name = model

    def finished(self) -> SessionPart:
        """The part as a record, everything in the order of the log."""
        # Copied records were written in another session's time, so they only speak when nothing else does.
        span = self.copied if self.own.first_ms is None else self.own
        return SessionPart(
            session_id=self.session_id,
            parent_session_id=self.parent_session_id,
            agent_id=self.agent_id,
            cwd=self.cwd,
            git_branch=self.git_branch,
            model_name=self.model_name or self.agent_model_name,
            client_version=self.client_version,
            started_ms=span.first_ms,
            ended_ms=span.last_ms,
            messages=sorted(self.messages, key=attrgetter("position")),
            changes=self.changes,
            usage=sorted(self.usage, key=attrgetter("position")),
            snapshots=self.snapshots,
            commits=self.commits,
            duplicates=dict(sorted(self.duplicates.items())),
        )


def roots(home: Path, env: Mapping[str, str]) -> list[Path]:
    """`projects` folders: of CLAUDE_CONFIG_DIR (a comma list) when it is set, else of ~/.claude and the XDG folder."""
    named = [entry.strip() for entry in (env.get("CLAUDE_CONFIG_DIR") or "").split(",")]
    folders = [home / entry[2:] if entry.startswith("~/") else Path(entry) for entry in named if entry]
    if not folders:
        xdg = env.get("XDG_CONFIG_HOME")
        folders = [home / ".claude", (Path(xdg) if xdg else home / ".config") / "claude"]
    return list(dict.fromkeys(path if path.name == "projects" else path / "projects" for path in folders))


def discover(home: Path, env: Mapping[str, str]) -> list[Path]:
    """Every `*.jsonl` below the roots that is a regular file; each file once, however many links lead to it."""
    found: dict[tuple[int, int], Path] = {}
    visited: set[tuple[int, int]] = set()
    folders = roots(home, env)[::-1]
    # Links wait until the end, so that a log is known by a path that does not hang on one.
    linked: list[Path] = []
    while folders or linked:
        for path, status, is_link in _entries(folders.pop() if folders else linked.pop(0), visited):
            if S_ISDIR(status.st_mode):
                (linked if is_link else folders).append(path)
            elif S_ISREG(status.st_mode) and path.suffix == ".jsonl" and path.name not in NO_LOGS:
                found.setdefault((status.st_dev, status.st_ino), path)
    return sorted(found.values(), key=lambda path: [os.fsencode(part) for part in path.parts])


class Cleanup(msgspec.Struct):
    """What settings.json says of deleting logs."""

    cleanupPeriodDays: Annotated[float, msgspec.Meta(ge=0)] = 30


def kept_days(home: Path, env: Mapping[str, str]) -> dict[Path, float]:
    """Root -> days after its last change from which Claude Code deletes a log when it starts.

    Source: code.claude.com/docs/en/settings, `cleanupPeriodDays`: "deleted at startup (default: 30 days, minimum 1)". 0 counts
    as it stands: it deleted every log, and is refused since 2.1.89. A file that is damaged or holds nonsense counts as empty.
    What managed settings, those of a project or a command line say instead is not known.
    """
    return {root: _cleanup(root.parent / "settings.json").cleanupPeriodDays for root in roots(home, env)}


def _cleanup(path: Path) -> Cleanup:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Cleanup)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return Cleanup()


def _entries(folder: Path, visited: set[tuple[int, int]]) -> list[tuple[Path, os.stat_result, bool]]:
    """What lies in a folder: path, status of what it leads to, is it a link? [] if unreadable or seen before."""
    try:
        own = folder.stat()
        if (own.st_dev, own.st_ino) in visited:
            return []
        visited.add((own.st_dev, own.st_ino))
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return []
    known = []
    for entry in entries:
        try:
            known.append((folder / entry.name, entry.stat(), entry.is_symlink()))
        except OSError:
            continue  # a link to nothing, or a file that went away meanwhile
    return known


def parse(path: Path) -> ParsedLog:
    """Everything a log holds. A file that cannot be read, or not to its end, is an error at line 0."""
    reader = Reader(path)
    try:
        with path.open("rb", buffering=READ_BUFFER_BYTES) as file:
            reader.read(file)
    except OSError as error:
        kept = f"its first {reader.position} lines are kept" if reader.position else "nothing of it is known"
        reader.errors.append(ParseError(0, f"file cannot be read ({error.strerror or error}); {kept}"))
    return reader.finished()


def parse_lines(lines: Iterable[bytes], path: Path) -> ParsedLog:
    """The same from the log's lines, with their line ends."""
    reader = Reader(path)
    reader.read(lines)
    return reader.finished()


class Reader:
    """One log being read. Memory is bounded by the longest line, the edits without a result, and what is found."""

    def __init__(self, path: Path) -> None:
        self.stem = path.stem
        self.agent_id, self.parent = _agent_of(path)
        self.position = 0
        self.parts: dict[str, Part] = {}
        self.errors: list[ParseError] = []
        self.seen: set[str] = set()
        self.tool_uses: dict[str, ToolUse] = {}
        self.git_calls: set[str] = set()
        # By message id; a message by several requests has several.
        self.responses: dict[str, list[Response]] = {}
        self.numbers: Counter[str] = Counter()
        self.enqueued: set[tuple[str, str, str]] = set()

    def read(self, lines: Iterable[bytes]) -> None:
        """Take in lines, in order."""
        decode = RECORD.decode
        for line in lines:
            self.position += 1
            try:
                record = decode(line)
            except REFUSALS:
                for patient in self.patient(line):
                    self.take(patient)
            else:
                self.take(record)

    def patient(self, line: bytes) -> list[Record]:
        """The records of a line that the fast way refused: none of a blank line, several when writers met in one."""
        if not line.strip():
            return []
        try:
            values, is_torn = lenient(line)
        except RecursionError:
            self.fail("nested too deeply; line skipped")
            return []
        records = [fitted(Record, value) for value in values if isinstance(value, dict)]
        if is_torn and not line.endswith(b"\n"):
            self.fail("unfinished last line; read again when the log grows")
        elif is_torn:
            self.fail(f"no JSON; {len(records)} other records of the line kept" if records else "no JSON; line skipped")
        elif len(records) < len(values):
            self.fail("JSON, but no object; skipped")
        return records

    def fail(self, reason: str, session_id: str | None = None, call_id: str | None = None) -> None:
        """Note what could not be read in the present line."""
        self.errors.append(ParseError(self.position, reason, session_id, call_id))

    def take(self, record: Record) -> None:
        """Add what a record says to its session's part."""
        part = self.parts.get(record.sessionId or "") or self.part_of(record)
        if part is None:
            return
        body, fork, key = record.message, record.forkedFrom, record.uuid or ""
        if fork is not None and fork.messageUuid:
            key = fork.messageUuid
        agent_id = ""
        if record.isSidechain or self.agent_id:
            agent_id = record.agentId or self.agent_id or "sidechain"
        at_ms = instant_ms(record.timestamp)
        place = Place(self.position, key, agent_id, at_ms, record.cwd or part.cwd, record.gitBranch)
        if key and key in self.seen:
            part.duplicates["record_uuid"] += 1
            # The copy may still be the line of a response that was written last.
            if body is not None and body.usage is not None and body.id:
                self.tokens(part, place, body, record.requestId)
            return
        # A record whose message cannot be read must not keep out a readable one of the same name.
        if key and (body is not None or record.type not in ("user", "assistant")):
            self.seen.add(key)
        part.meet(record, at_ms)
        if body is None:
            self.aside(part, place, record)
        else:
            self.message(part, place, record, body)

    def part_of(self, record: Record) -> Part | None:
        """The part of a record's session; None: it names no session and has neither time nor message (`summary`)."""
        session_id = record.sessionId
        if not session_id or (self.agent_id and session_id == self.stem):
            if not session_id and not record.timestamp and record.message is None:
                return None
            session_id = self.parent
        part = self.parts.get(session_id)
        if part is None:
            part = self.parts[session_id] = Part(session_id, self.agent_id)
        return part

    def message(self, part: Part, place: Place, record: Record, body: Body) -> None:
        """A record with a message."""
        if body.usage is not None:
            self.tokens(part, place, body, record.requestId)
        if record.type == "assistant":
            self.assistant(part, place, body)
        elif record.type == "user":
            if not self.results(part, place, body, record.toolUseResult):
                self.user(part, place, record, body)
        elif record.type is None:
            part.answered_by(real_model(body.model), place.agent_id)  # very old logs: tokens and nothing else

    def aside(self, part: Part, place: Place, record: Record) -> None:
        """A record without one.

        Every other type is skipped on purpose: `system`, `summary`, `file-history-snapshot`, titles, modes, links,
        hooks and whatever comes new hold no word of a person or a model, no edit, no tokens. Only `meet` reads them.
        """
        if record.type == "progress":
            if record.data is not None and record.data.type == "agent_progress":
                self.progress(part, place, record.data, record.toolUseResult)
        elif record.type == "queue-operation":
            self.queue(part, place, record)
        elif record.attachment is not None and record.attachment.type == "queued_command":
            self.queued_command(part, place, record.attachment)

    def assistant(self, part: Part, place: Place, body: Body) -> None:
        """A model's reply, and the edits it asks for. Content that is no list is no reply, as in the reference."""
        part.answered_by(real_model(body.model), place.agent_id)
        if not isinstance(body.content, list):
            return
        texts = []
        for block in body.content:
            if block.type == "text":
                if block.text is not None:
                    texts.append(block.text)
            elif block.type == "tool_use" and block.id and block.name in EDITS:
                self.register(block.id, block.name, bytes(block.input), place.at_ms)
            elif block.name == SHELL and block.id and GIT in bytes(block.input):
                self.git_calls.add(block.id)
        if texts:
            if not place.key and body.id:
                place.key = self.numbered(body.id)
            self.say(part, place, "assistant", "reply", "\n".join(texts))

    def user(self, part: Part, place: Place, record: Record, body: Body) -> None:
        """The text of a user record without tool results."""
        if record.isMeta or body.content is None:
            return
        if isinstance(body.content, str):
            texts = [body.content]
        else:
            texts = [block.text for block in body.content if block.type == "text" and block.text is not None]
        kind, text = user_kind(texts)
        if kind is None:
            return
        if record.isCompactSummary:
            kind = "compact_summary"
        elif kind == "typed" and record.origin is not None and record.origin.kind not in (None, "human"):
            kind = "notification"
        if kind == "typed" and not place.agent_id:
            tell(part.queue, text)
        self.say(part, place, "user", kind, text)

    def say(self, part: Part, place: Place, role: str, kind: str, content: str) -> None:
        """Add a message; one without a word is none."""
        words = word_count(content)
        if words:
            key = self.key_of(place)
            part.messages.append(Message(key, place.position, place.agent_id, role, kind, place.at_ms, content, words))

    def key_of(self, place: Place) -> str:
        """Identity of a record, made from where it stands when it names none."""
        return place.key or f"@{place.position}:{self.stem}"

    def numbered(self, name: str) -> str:
        """Identity of the next record of those that have nothing but a name in common."""
        self.numbers[name] += 1
        return f"{name}#{self.numbers[name]}"

    def progress(self, part: Part, place: Place, data: Progress, outer: msgspec.Raw) -> None:
        """A sub-agent's record inside a progress record. outer: the latter's own tool result, if it has one."""
        inner = data.message
        if inner is None or inner.message is None:
            return
        place.agent_id = data.agentId or place.agent_id or "sidechain"
        at_ms = instant_ms(inner.timestamp)
        place.at_ms = place.at_ms if at_ms is None else at_ms
        if inner.message.usage is not None:
            self.tokens(part, place, inner.message, inner.requestId)
        if inner.type == "assistant":
            self.assistant(part, place, inner.message)
        elif inner.type == "user":
            result = outer if is_object(outer) else inner.toolUseResult
            if not self.results(part, place, inner.message, result):
                self.user(part, place, Record(), inner.message)

    def tokens(self, part: Part, place: Place, body: Body, request_id: str | None) -> None:
        """Count a response once, by that of its lines that `Response.gives_way_to` prefers."""
        tokens = body.usage
        if tokens is None or (tokens.input_tokens is None and tokens.output_tokens is None):
            return
        total = (tokens.input_tokens or 0) + (tokens.output_tokens or 0) + (tokens.cache_read_input_tokens or 0)
        total += cache_writes(tokens)
        if not total and body.model == "<synthetic>":
            return
        message_id = body.id
        key = f"{message_id}:{request_id or ''}" if message_id else self.key_of(place)
        new = Response(key, place, part, real_model(body.model), tokens, total)
        known = self.responses.get(message_id or key)
        if known is None:
            self.responses[message_id or key] = [new]
            return
        number = same_response(known, new)
        if number is None:
            known.append(new)
            return
        part.duplicates["response_line"] += 1
        if known[number].gives_way_to(new):
            known[number] = new

    def register(self, call_id: str, tool: str, request: bytes, at_ms: int | None) -> None:
        """Remember a requested edit. An id that comes again with another request is another call (of some proxies)."""
        digest = xxh3_64_intdigest(request)
        before = self.tool_uses.get(call_id)
        if before is None:
            self.tool_uses[call_id] = ToolUse(call_id, tool, request, digest, at_ms)
        elif before.digest != digest:
            self.tool_uses[call_id] = ToolUse(call_id, tool, request, digest, at_ms, before.number + before.is_applied)

    def results(self, part: Part, place: Place, body: Body, raw: msgspec.Raw) -> bool:
        """Edits that the tool results of a record say were applied, and whole texts they show. False: it holds none."""
        content = body.content
        blocks = [block for block in content if block.type == "tool_result"] if isinstance(content, list) else []
        if not blocks:
            return False
        is_only = len(blocks) == 1
        uses = [self.tool_uses.get(block.tool_use_id or block.toolUseId or "") for block in blocks]
        if None in uses and is_object(raw):
            about = decoded(RESULT, Result, raw)
            if about.file is not None:
                self.file_text(part, place, about.file)
            if is_only:
                uses = [self.unrequested(blocks[0], about)]
        for block, use in zip(blocks, uses, strict=True):
            if use is not None and not block.is_error:
                self.result(part, place, use, outcome(block, raw, use.request, is_only))
            elif block.tool_use_id in self.git_calls:
                self.committed(part, place, block)
        return True

    def committed(self, part: Part, place: Place, block: Block) -> None:
        """Commits that the result of a git command names, also of one that failed later on (`git commit && git push`)."""
        self.git_calls.discard(block.tool_use_id or "")
        if not commit_result.may_name_commits(bytes(block.content)):
            return
        content = plain(block.content)
        key = self.key_of(place)
        part.commits += [
            Committed(key, place.position, place.agent_id, place.at_ms, made.sha, made.branch)
            for made in commit_result.commits(content if isinstance(content, str) else texts_of(content))
        ]

    def unrequested(self, block: Block, about: Result) -> ToolUse | None:
        """The call of an edit result whose request is in a damaged line or another log; None if it is no edit's."""
        call_id, tool = block.tool_use_id or block.toolUseId, about.edit_tool()
        if call_id is None or tool is None:
            return None
        use = self.tool_uses[call_id] = ToolUse(call_id, tool, b"", 0, None)
        return use

    def result(self, part: Part, place: Place, use: ToolUse, result: dict[str, Any] | None) -> None:
        """Add the change of an edit, if its result says that it was applied."""
        if result is None:
            return
        if use.is_applied:
            part.duplicates["call_result"] += 1
            return
        request = plain_object(use.request)
        path = path_in(result) or path_in(request)
        edit = EDITS[use.tool](result, request)
        if path is None or edit is None:
            what = "file" if path is None else "text"
            reason = f"{use.tool} was applied, but neither result nor request tells its {what}; change not counted"
            self.fail(reason, part.session_id, use.call_id)
            return
        use.is_applied = True
        use.request = b""
        path = resolved(path, place.cwd)
        self.before_text(part, place, path, result)
        lines = measure(edit.rows)
        if PLAN_FOLDER in path or not (lines.added or lines.removed):
            return
        modified = result.get("userModified")
        part.changes.append(
            Change(
                change_id=f"{use.call_id}~{use.number}#0" if use.number else f"{use.call_id}#0",
                record_key=self.key_of(place),
                position=place.position,
                call_id=use.call_id,
                op_index=0,
                agent_id=place.agent_id,
                at_ms=place.at_ms if use.at_ms is None else use.at_ms,
                path=path,
                moved_from=None,
                write_mode=edit.write_mode,
                parser_name=f"claude_{use.tool.lower()}_v1",
                user_modified=modified if isinstance(modified, bool) else None,
                before_known=edit.before_known,
                evidence=edit.evidence,
                git_branch=None if place.git_branch in ("", "HEAD") else place.git_branch,
                lines=lines,
            )
        )

    def before_text(self, part: Part, place: Place, path: str, result: dict[str, Any]) -> None:
        """The whole text from before an edit, when its result has it."""
        for name in ("originalFile", "originalFileContents", "original_file"):
            content = result.get(name)
            if isinstance(content, str) and content:
                self.snapshot(part, place, path, content)
                return

    def file_text(self, part: Part, place: Place, file: FileText) -> None:
        """The text that a Read showed, when it showed all of it."""
        is_whole = file.startLine == 1 and file.numLines is not None and file.numLines == file.totalLines
        if is_whole and not file.truncated and file.filePath and file.content:
            self.snapshot(part, place, resolved(file.filePath, place.cwd), file.content)

    def snapshot(self, part: Part, place: Place, path: str, content: str) -> None:
        """Keep the hash of a whole text."""
        line_count = content.count("\n") + (not content.endswith("\n"))
        key = self.key_of(place)
        part.snapshots.append(Snapshot(key, place.position, place.at_ms, path, text_hash(content), line_count))

    def queue(self, part: Part, place: Place, record: Record) -> None:
        """One move of the prompt queue, which has an order and texts but no ids.

        A prompt leaves it by `dequeue` (its user record follows), by `remove` (the model saw it within its turn: no
        user record, at best a `queued_command`) or by `popAll` (back into the input box).
        """
        content = plain(record.content)
        text = content if isinstance(content, str) else None
        if record.operation == "enqueue":
            if text is not None:
                self.enqueue(part, place, text, record.timestamp or "")
        elif record.operation == "popAll" and text is None:
            part.queue.clear()
        elif record.operation in ("dequeue", "remove", "popAll"):
            number = leaving(part.queue, text)
            if number is None:
                return
            entry = part.queue.pop(number)
            if record.operation == "remove" and record.reason in SEEN_BY_MODEL and not entry.is_told:
                part.absorbed.append(entry)

    def enqueue(self, part: Part, place: Place, text: str, timestamp: str) -> None:
        """Put a prompt into the queue."""
        if timestamp:
            same = (part.session_id, timestamp, text)
            if same in self.enqueued:
                part.duplicates["enqueue"] += 1
                return
            self.enqueued.add(same)
            place.key = place.key or self.numbered(f"enqueue:{part.session_id}:{timestamp}")
        part.queue.append(Queued(text, place))

    def queued_command(self, part: Part, place: Place, attachment: Attachment) -> None:
        """A prompt that the model saw within its turn."""
        prompt = plain(attachment.prompt)
        text = prompt if isinstance(prompt, str) else texts_of(prompt)
        if not tell(part.queue, text):
            tell(part.absorbed, text)  # its `remove` may stand before it
        if attachment.source_uuid:
            if attachment.source_uuid in self.seen:
                part.duplicates["queued_command"] += 1
                return
            self.seen.add(attachment.source_uuid)
        sender = attachment.origin.kind if attachment.origin is not None else None
        if attachment.isMeta or sender not in (None, "human") or attachment.commandMode not in (None, "prompt"):
            return
        at_ms = instant_ms(attachment.timestamp)
        place.at_ms = place.at_ms if at_ms is None else at_ms
        self.say_queued(part, place, text)

    def say_queued(self, part: Part, place: Place, text: str) -> None:
        """A queued text as a message, if a person typed it; a slash command without arguments says nothing."""
        kind, content = user_kind([text])
        command = QUEUED_COMMAND.fullmatch(text.strip(WHITE))
        if kind == "typed" and command is not None:
            kind, content = "command", command[1] or ""
        if kind in ("typed", "command"):
            self.say(part, place, "user", kind, content)

    def finished(self) -> ParsedLog:
        """Everything that was found."""
        for part in self.parts.values():
            for entry in part.absorbed + part.queue:
                if not entry.is_told:
                    self.say_queued(part, entry.place, entry.text)
        for known in self.responses.values():
            for response in known:
                response.part.usage.append(response.usage())
        return ParsedLog(NAME, [part.finished() for part in self.parts.values()], self.errors, self.position)


def _agent_of(path: Path) -> tuple[str, str]:
    """(sub-agent whose log this is, or '', and the session of its records that name none).

    Sub-agents write `agent-<id>.jsonl`, beside the session or below `<session>/subagents`.
    """
    stem, folders = path.stem, path.parent.parts
    if not stem.startswith("agent-"):
        return "", stem
    if "subagents" not in folders[1:]:
        return stem.removeprefix("agent-") or stem, stem
    below = folders[::-1].index("subagents")
    return stem.removeprefix("agent-") or stem, folders[-below - 2]


def leaving(queue: list[Queued], text: str | None) -> int | None:
    """Which prompt a move takes out: the one with its text; without a text one that was told, else the first."""
    if text is not None:
        return next((number for number, entry in enumerate(queue) if entry.text == text), None)
    return next((number for number, entry in enumerate(queue) if entry.is_told), 0 if queue else None)


def tell(queue: list[Queued], text: str) -> bool:
    """A queued prompt was met as a record of its own. False: it is not in this queue."""
    text = text.strip(WHITE)
    for entry in queue:
        if not entry.is_told and entry.text.strip(WHITE) == text:
            entry.is_told = True
            return True
    return False


@lru_cache(maxsize=64)
def real_model(name: str | None) -> str | None:
    """A model's name; None for texts that the program made up itself (`<synthetic>`)."""
    model = name.strip(WHITE) if name else ""
    return None if not model or model == "<synthetic>" else model


def same_response(known: list[Response], new: Response) -> int | None:
    """Which of a message's responses a line belongs to: the same request, else any copy in or from a sidechain."""
    for number, old in enumerate(known):
        if old.key == new.key:
            return number
    for number, old in enumerate(known):
        if old.place.agent_id or new.place.agent_id:
            return number
    return None


def cache_writes(tokens: Tokens) -> int:
    """Tokens written to the cache. Their split, where given, is right when it differs from the flat sum."""
    split = tokens.cache_creation
    if split is None or (split.ephemeral_5m_input_tokens is None and split.ephemeral_1h_input_tokens is None):
        return count(tokens.cache_creation_input_tokens)
    return count(split.ephemeral_5m_input_tokens) + count(split.ephemeral_1h_input_tokens)


def count(value: int | None) -> int:
    """A token count; 0 for one that is missing or impossible."""
    return value if value is not None and 0 <= value < MOST_TOKENS else 0


def user_kind(texts: list[str]) -> tuple[str | None, str]:
    """(kind, content) of a user record with these text blocks; kind None: no message, by the reference's rules."""
    content = "\n".join(texts)
    trimmed = content.strip(WHITE)
    if not trimmed or trimmed == "[Request interrupted by user for tool use]":
        return None, ""
    if trimmed.startswith("<command-"):
        arguments = COMMAND_ARGUMENTS.search(trimmed)
        typed = arguments[1].strip(WHITE) if arguments else ""
        return ("command", typed) if typed else (None, "")
    if "<local-command-caveat>" in content or "<command-name>/" in content:
        return None, ""
    # An editor puts what it shows into blocks before the prompt.
    kinds = [_text_kind(text) for text in texts if text.strip(WHITE)]
    return "typed" if kinds[0] == "notification" and "typed" in kinds else kinds[0], content


def _text_kind(text: str) -> str:
    start = text.lstrip(WHITE)
    for beginning, kind in NOT_TYPED:
        if start.startswith(beginning):
            context = EDITOR_CONTEXT.match(start)
            return "typed" if context and start[context.end() :].strip(WHITE) else kind
    return "typed"


def outcome(block: Block, raw: msgspec.Raw, request: bytes, is_only: bool) -> dict[str, Any] | None:
    """What the result of one edit says, {} if it only says that it was applied; None: it was not.

    raw: the record's `toolUseResult`. When the record holds several results, it is one's, and its path tells whose.
    """
    if is_object(raw):
        result = plain_object(raw)
        if is_only or path_in(result) == path_in(plain_object(request)):
            return None if result.get("is_error") is True else result
    said = plain(raw) if is_only else None
    if not isinstance(said, str):
        content = plain(block.content)
        said = content if isinstance(content, str) else texts_of(content)
    said = said.lstrip(WHITE)
    if not APPLIED.match(said):
        return None
    return {"type": "create"} if said.startswith(CREATED) else {}


def path_in(fields: dict[str, Any]) -> str | None:
    """The file that a result or request names."""
    paths = [text_in(fields, name) for name in ("filePath", "file_path", "notebook_path")]
    return next((path for path in paths if path), None)


def text_in(fields: dict[str, Any], name: str) -> str | None:
    """A text field; None for anything else."""
    value = fields.get(name)
    return value if isinstance(value, str) else None


def patch_rows(patch: object, before: str | None, after: str | None, *pieces: str) -> Rows:
    """Lines of a `structuredPatch`, none of which is a header; [] unless it adds or removes something.

    before, after: the whole text, pieces: parts of it, where they are known; see `with_tabs`.
    """
    hunks = [hunk for hunk in patch if isinstance(hunk, dict)] if isinstance(patch, list) else []
    rows = []
    for number, hunk in enumerate(hunks):
        lines = hunk.get("lines")
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, str) and line[:1] in SIDES:
                rows.append((line[:1] or " ", number, line[1:]))
    if all(side == " " for side, _, _ in rows):
        return []
    has_tabs = any(text and "\t" in text for text in (before, after, *pieces))
    return with_tabs(rows, hunks, (before, after), pieces) if has_tabs else rows


def with_tabs(rows: Rows, hunks: list[dict[str, Any]], texts: tuple[str | None, str | None], pieces: tuple[str, ...]) -> Rows:
    """Patch lines as they are in the file: the patch shows each leading tab as two blanks (2.0.64 to 2.1.37, always).

    The line is taken from where the hunk says it is, before or after the edit, else from the pieces, if it looks alike.
    """
    before, after = (text.split("\n") if text else [] for text in texts)
    known: dict[str, str] | None = None
    real = []
    hunk = old = new = -1
    for side, number, text in rows:
        if number != hunk:
            hunk, old, new = number, first_line(hunks[number], "oldStart"), first_line(hunks[number], "newStart")
        if text[:2] == "  ":
            lines, at = (after, new) if side == "+" else (before, old)
            line = lines[at] if 0 <= at < len(lines) else ""
            if shown(line) != text:
                if known is None:
                    known = {shown(line): line for piece in pieces for line in piece.split("\n") if line[:1] == "\t"}
                line = known.get(text, text)
            text = line
        real.append((side, number, text))
        if side != "+":
            old += 1
        if side != "-":
            new += 1
    return real


def shown(line: str) -> str:
    """A line as a patch shows it."""
    rest = line.lstrip("\t")
    return "  " * (len(line) - len(rest)) + rest


def first_line(hunk: dict[str, Any], name: str) -> int:
    """Index of a hunk's first line in one of the texts."""
    start = hunk.get(name)
    return start - 1 if type(start) is int else NOWHERE


def line_diff(before: str, after: str) -> Rows:
    """Changed lines between two texts, with the unchanged ones around them."""
    return diff(split_lines(before), split_lines(after))


def replaced(text: str | None, old: str, new: str, everywhere: bool) -> str | None:
    """A text after a replacement, as the edit tools make it; None if it is unknown or does not hold the old text."""
    if text is None or (old not in text if old else text):
        return None
    return text.replace(old, new, -1 if everywhere else 1) if old else new


def edited(patch: object, before: str | None, steps: list[tuple[str, str, bool]], evidence: str) -> Edit | None:
    """An edit from its patch, else from the whole text before it, else from its steps, hunk after hunk.

    steps: old text, new text, everywhere? evidence: where they come from.
    """
    after = before if steps else None
    for old, new, everywhere in steps:
        after = replaced(after, old, new, everywhere)
    rows = patch_rows(patch, before, after, *(text for old, new, _ in steps for text in (old, new)))
    if rows:
        return Edit(rows, "patch", True, "result_hunk")
    if not steps:
        return None
    if before is not None and after is not None:
        return Edit(line_diff(before, after), "patch", True, evidence)
    for old, new, _ in steps:
        first = rows[-1][1] + 1 if rows else 0
        rows += [(side, first + hunk, text) for side, hunk, text in line_diff(old, new)]
    return Edit(rows, "patch", True, evidence)


def _edit(result: dict[str, Any], request: dict[str, Any]) -> Edit | None:
    old, new, evidence = text_in(result, "oldString"), text_in(result, "newString"), "result_text"
    if old is None or new is None:
        old, new, evidence = text_in(request, "old_string"), text_in(request, "new_string"), "request_diff"
    everywhere = result.get("replaceAll", request.get("replace_all")) is True
    steps = [(old, new, everywhere)] if old is not None and new is not None else []
    return edited(result.get("structuredPatch"), text_in(result, "originalFile"), steps, evidence)


def _multi_edit(result: dict[str, Any], request: dict[str, Any]) -> Edit | None:
    steps, evidence = _steps(result.get("edits")), "result_text"
    if not steps:
        steps, evidence = _steps(request.get("edits")), "request_diff"
    return edited(result.get("structuredPatch"), text_in(result, "originalFileContents"), steps, evidence)


def _steps(edits: object) -> list[tuple[str, str, bool]]:
    """Old text, new text, everywhere? of each edit of a MultiEdit."""
    steps = []
    for item in edits if isinstance(edits, list) else []:
        if isinstance(item, dict):
            old, new = text_in(item, "old_string"), text_in(item, "new_string")
            if old is not None and new is not None:
                steps.append((old, new, item.get("replace_all") is True))
    return steps


def _write(result: dict[str, Any], request: dict[str, Any]) -> Edit | None:
    is_new, patch = result.get("type") == "create", result.get("structuredPatch")
    before, content, evidence = text_in(result, "originalFile"), text_in(result, "content"), "result_text"
    if content is None:
        content, evidence = text_in(request, "content"), "request_diff"
    rows = [] if is_new else patch_rows(patch, before, content)
    if rows:
        return Edit(rows, "patch", True, "result_hunk")
    if content is None:
        return None
    if before is not None and not is_new:
        return Edit(line_diff(before, content), "overwrite", True, evidence)
    if result.get("type") == "update" and patch == []:
        # The program compared both texts and found nothing (3 of 3 such results of 1.0.98 wrote what was there).
        return Edit([], "overwrite", True, evidence)
    return Edit(whole("+", content), "overwrite", is_new, evidence)


def _notebook_edit(result: dict[str, Any], request: dict[str, Any]) -> Edit | None:
    before, after = text_in(result, "original_file"), text_in(result, "updated_file")
    if before is not None and after is not None:
        return Edit(line_diff(before, after), "patch", True, "result_text")
    mode = text_in(result, "edit_mode") or text_in(request, "edit_mode") or "replace"
    if mode == "delete" or text_in(result, "error"):
        return Edit([], "patch", False, "result_text")  # nothing tells the cell that went
    source, evidence = text_in(result, "new_source"), "result_text"
    if source is None:
        source, evidence = text_in(request, "new_source"), "request_diff"
    if source is None:
        return None
    return Edit(whole("+", source), "patch", mode == "insert", evidence)


EDITS: dict[str | None, Callable[[dict[str, Any], dict[str, Any]], Edit | None]] = {
    "Edit": _edit,
    "MultiEdit": _multi_edit,
    "Write": _write,
    "NotebookEdit": _notebook_edit,
}


def resolved(path: str, cwd: str | None) -> str:
    """A path as the agent meant it: absolute when a working directory is known. `.` and `..` stay as written."""
    if path.startswith(("/", "~/")):
        return path
    url = FILE_URL.match(path)
    if url:
        path = unquote(path[url.end() :], errors="replace")
        path = path[1:] if DRIVE.match(path[1:]) else path
    if DRIVE.match(path):
        return path[0].upper() + path[1:].replace("\\", "/")
    if path.startswith("\\\\"):
        return path.replace("\\", "/")
    if path.startswith("/") or not cwd:
        return path
    folder = resolved(cwd, None)
    # A backslash is a letter in a POSIX name, and a separator below a Windows folder.
    below = path.replace("\\", "/") if DRIVE.match(folder) or folder.startswith("//") else path
    return f"{folder.rstrip('/')}/{below}"


def is_object(raw: msgspec.Raw) -> bool:
    """An undecoded value is a JSON object."""
    return bytes(memoryview(raw)[:1]) == b"{"


def texts_of(blocks: object) -> str:
    """Text blocks of a decoded content list, joined."""
    items = [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    texts = [block.get("text") for block in items if block.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str))


def plain(raw: msgspec.Raw | bytes) -> object:
    """The value of undecoded bytes; None if there are none, or they cannot be read."""
    if not bytes(memoryview(raw)[:1]):
        return None
    try:
        return PLAIN.decode(raw)
    except REFUSALS:
        pass
    try:
        values, is_torn = lenient(bytes(raw))
    except RecursionError:
        return None
    return None if is_torn or not values else values[0]


def plain_object(raw: msgspec.Raw | bytes) -> dict[str, Any]:
    """The same; {} if it is no object."""
    value = plain(raw)
    return value if isinstance(value, dict) else {}


def decoded(decoder: "msgspec.json.Decoder[T]", kind: type[T], raw: msgspec.Raw) -> T:
    """An object of a known kind, field by field where the fast way refuses it."""
    try:
        return decoder.decode(raw)
    except REFUSALS:
        return fitted(kind, plain_object(raw))


def lenient(data: bytes) -> tuple[list[Any], bool]:
    """(JSON values in a text, whether something else is in it), for JSON that is almost right.

    That is: bytes that are no UTF-8, half surrogate pairs, NaN, control characters, a BOM, several values in a row, and
    whole records behind the beginning of one that was never finished. Raises RecursionError when it is too deep.
    """
    text = data.decode("utf-8", "replace").strip(BETWEEN)
    values: list[Any] = []
    is_torn = False
    at = 0
    while at < len(text):
        try:
            value, at = LENIENT.raw_decode(text, at)
        except ValueError:
            is_torn = True
            restart = RECORD_START.search(text, at + 1)
            at = restart.start() if restart else len(text)
            continue
        # Behind a break, a part of the broken record looks like a value as well.
        if not is_torn or _is_record(value):
            values.append(value)
        at += len(text) - at - len(text[at:].lstrip(BETWEEN))
    # Half a surrogate pair is legal in JSON and nowhere else; through bytes and back it becomes U+FFFD.
    return json.loads(as_bytes(values)) if "\\u" in text else values, is_torn


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("type", "sessionId"))


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


LENIENT = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_float=_finite)


def as_bytes(value: object) -> bytes:
    """JSON of a decoded value, in clean UTF-8."""
    return encoded(json.dumps(value, ensure_ascii=False))


def fitted(kind: type[T], plain_fields: dict[str, Any]) -> T:
    """An object from those of its fields that have the right type."""
    values = {}
    for field in msgspec.structs.fields(kind):
        if field.name in plain_fields:
            value = _fit(field.type, plain_fields[field.name])
            if value is not None:
                values[field.name] = value
    return kind(**values)


def _fit(kind: Any, value: object) -> object:
    """A value as one of the types of a field; None if it is of none."""
    for option in get_args(kind) or (kind,):
        if option is msgspec.Raw:
            return msgspec.Raw(as_bytes(value))
        if get_origin(option) is list:
            if isinstance(value, list):
                return [_fit(get_args(option)[0], item) for item in value if isinstance(item, dict)]
        elif issubclass(option, msgspec.Struct):
            if isinstance(value, dict):
                return fitted(option, value)
        elif type(value) is option:
            return value
    return None
