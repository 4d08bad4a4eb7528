"""Codex CLI: rollout logs, one JSON record a line (seen: 0.20, 0.50, 0.106, 0.142, 0.146 in parts, 0.169).

What lives here: where the logs lie, and what their records say: messages, applied edits, tokens, and whose they are.
What belongs here: everything that is known about this format and nowhere else.
What stays out: patch texts and shell commands (patch.py), repositories, rules, storage.

Four generations are told apart by the shape of each record, never by a version:
- bare items without an envelope and without times; line 1 is the header (up to 0.31);
- `{timestamp, type, payload}`; edits are requests, and the output of the call says whether they were applied;
- the same with `patch_apply_end`, which holds what was applied;
- `ordinal` in every record; `item_completed` holds prompts, applied edits and finished commands.

Where one fact is written more than once, one copy counts: replies from response items (their events are copies),
prompts from events (response items also hold texts that nobody typed), edits from the result, else from the request;
a token snapshot only when the running total moved.

Forks. Until they became references (`history_base`), a fork and many a sub-agent began with a copy of the parent's
records, stamped anew, the parent's header among them. The first header owns the log; own records begin, by the first
sign found:
1. at the ordinal that the header names (`subagent_history_start_ordinal`);
2. at a repeated header of the owner;
3. at the first turn that is not older than the thread: UUIDv7 ids carry their time, `started_at` does in seconds;
4. if no turn shows its age: after the first pause of more than a second behind the copied header. A copy is written in
   one go; so a prompt within that second is taken for a copy, and a copy that stalled is kept from there on.
A log whose copied turns are followed by no own turn is a copy from end to end. If a fork shows none of these signs,
nothing is dropped; its token records then carry the keys they would have in the parent (parent and running total), so
that copies meet the originals. Its messages and edits cannot be told from copies.
"""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any
from urllib.parse import unquote

import msgspec

from paceflow_assets.lines import diff, encoded, measure, split_lines, whole, word_count
from paceflow_assets.records import Change, Committed, Message, ParsedLog, ParseError, SessionPart, Usage, instant_ms
from paceflow_assets.source import commit_result, patch
from paceflow_assets.source.commit_result import GIT

NAME = "codex"
KEPT_BY = ""

READ_BUFFER_BYTES = 1 << 18
# A token count beyond this is damage, and would not fit the columns.
MOST_TOKENS = 1 << 53
# A copied prefix is written in one go; a longer pause is a person or a model at work.
PAUSE_MS = 1000

# Beginning of every record as Codex writes it. Anything else is decoded in full before it is judged.
HEAD = re.compile(
    rb'\{"timestamp": ?"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)", ?(?:"ordinal": ?(\d{1,15}), ?)?'
    rb'"type": ?"([a-z_]{1,40})", ?"payload": ?\{(?:"type": ?"([a-z_]{1,40})")?'
)
CALL_ID = re.compile(rb', ?(?:"id": ?(?:null|"[^"\\]{0,99}"), ?)?"call_id": ?"([^"\\]{1,99})"')
LATE_CALL_ID = re.compile(rb'"call_id": ?"([^"\\]{1,99})"')
ROLE = re.compile(rb', ?(?:"id": ?(?:null|"[^"\\]{0,99}"), ?)?"role": ?"(user|assistant|developer|system)"')
ARGUMENTS = re.compile(
    rb', ?(?:"id": ?(?:null|"[^"\\]{0,99}"), ?)?"name": ?"[^"\\]{1,99}", ?'
    rb'(?:"namespace": ?(?:null|"[^"\\]{0,99}"), ?)?"arguments": ?"\{'
)
ITEM = re.compile(rb'"item": ?\{"type": ?"(\w{1,40})", ?"id": ?"([^"\\]{0,99})"')
TURN_ID = re.compile(rb'"turn_id": ?"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})"')
STARTED_AT = re.compile(rb'"started_at": ?(\d{9,11})[,}]')

UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
UUID_7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
USER_INFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)@")

# What a tool says before the output of a command, and how it names the exit code there.
OUTPUT_HEADER = re.compile(
    r"(?:(?:Chunk ID|Wall time|Exit code|Process exited with code|Process running with session ID|Original token count"
    r"|Total output lines)\b[^\n]*\n)*Output:(?:\n|\Z)"
)
EXIT_CODE = re.compile(r"^(?:Exit code: |Process exited with code )(-?\d{1,9})[ \r]*$", re.MULTILINE)
PATCH_APPLIED = "Success. Updated the following files:"
CUT_SHORT = re.compile(r"…\d+ (?:tokens|chars|lines) truncated…|\[\.\.\. omitted \d+ of \d+ lines \.\.\.\]")

# Beginning of a user record that nobody typed.
NOT_TYPED = (
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions for",
    "<INSTRUCTIONS>",
    "<turn_aborted>",
    "<skill>",
    "<user_shell_command>",
    "<subagent_notification>",
    "Warning: apply_patch was requested via ",
)
CWD = re.compile(r"<cwd>([^<]+)</cwd>")

PATCH_TOOLS = frozenset({"apply_patch", "applypatch"})
SHELL_TOOLS = frozenset({"shell", "local_shell", "exec_command", "shell_command", "container.exec"})
SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "pwsh", "powershell", "cmd"})
SHELL_FLAGS = frozenset({"-c", "-lc", "-ic", "-lic", "-command", "/c"})


def roots(home: Path, env: Mapping[str, str]) -> list[Path]:
    """`sessions` and `archived_sessions` below CODEX_HOME, else below ~/.codex."""
    named = (env.get("CODEX_HOME") or "").strip() or "~/.codex"
    folder = home / named[2:] if named.startswith("~/") else Path(named)
    return [folder / "sessions", folder / "archived_sessions"]


def discover(home: Path, env: Mapping[str, str]) -> list[Path]:
    """Every `*.jsonl` below the roots that is a regular file, once. Of one file name, the log in sessions/ counts."""
    files: set[tuple[int, int]] = set()
    folders: set[tuple[int, int]] = set()
    found: dict[str, Path] = {}
    for root in roots(home, env):
        here: list[Path] = []
        _walk(root, folders, files, here)
        active = set(found)
        # One name in two folders of the same root is two logs; the same name in the archive is a copy that lags behind.
        for path in here:
            if path.name not in active:
                found[path.name if path.name not in found else str(path)] = path
    return sorted(found.values(), key=_components)


def kept_days(home: Path, env: Mapping[str, str]) -> dict[Path, float]:
    """Codex deletes no rollout by itself (seen to 0.169)."""
    return {}


def _components(path: Path) -> list[bytes]:
    return [os.fsencode(part) for part in path.parts]


def _walk(folder: Path, folders: set[tuple[int, int]], files: set[tuple[int, int]], found: list[Path]) -> None:
    """Add the logs below a folder. A folder that is missing or unreadable holds none; links lead nowhere twice."""
    waiting = [folder]
    while waiting:
        for path in _listed(waiting.pop(), folders):
            try:
                status = path.stat()
            except OSError:
                continue  # a link to nothing, or a file that went away meanwhile
            identity = (status.st_dev, status.st_ino)
            if S_ISDIR(status.st_mode):
                waiting.append(path)
            elif S_ISREG(status.st_mode) and path.suffix == ".jsonl" and identity not in files:
                files.add(identity)
                found.append(path)


def _listed(folder: Path, folders: set[tuple[int, int]]) -> list[Path]:
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in folders:
            return []
        folders.add((status.st_dev, status.st_ino))
        return sorted((folder / name for name in os.listdir(folder)), key=_components)
    except OSError:
        return []


def parse(path: Path) -> ParsedLog:
    """Everything a log holds. A file that cannot be read, or not to its end, is an error at line 0."""
    log = _Log(path)
    try:
        with path.open("rb", buffering=READ_BUFFER_BYTES) as file:
            log.read(file)
    except OSError as error:
        kept = f"only its first {log.position} lines are kept" if log.position else "nothing of it is known"
        log.fail(f"file cannot be read ({error.strerror or error}); {kept}", line=0)
    return log.finished()


def parse_lines(lines: Iterable[bytes], path: Path) -> ParsedLog:
    """The same from the log's lines, with their line ends."""
    log = _Log(path)
    log.read(lines)
    return log.finished()


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What came back from a call. exit_code: None = not told, or still running. whole: the text is not cut short."""

    exit_code: int | None
    text: str
    whole: bool

    @property
    def patched(self) -> bool:
        """apply_patch says that it changed the files."""
        return self.exit_code == 0 or (self.exit_code is None and self.text.startswith(PATCH_APPLIED))


def outcome(output: object) -> Outcome:
    """Read the output of a call: plain text with a header, JSON in a text, an object, or a list of texts.

    Only the header speaks of the exit code; the same words inside the output of a command say nothing.
    """
    if isinstance(output, str):
        inner = decoded(output.encode("utf-8", "replace")) if output.startswith("{") else None
        return outcome(inner) if isinstance(inner, dict) and "output" in inner else _headed(output)
    if isinstance(output, list):
        return _headed("".join(_text(part, "text") or "" for part in output if isinstance(part, dict)))
    if not isinstance(output, dict):
        return Outcome(None, "", False)
    metadata, success = output.get("metadata"), output.get("success")
    text = _text(output, "output") or _text(output, "content") or _text(output, "text") or ""
    code = metadata.get("exit_code") if isinstance(metadata, dict) else None
    if isinstance(code, int) and not isinstance(code, bool):
        return Outcome(code, text, not CUT_SHORT.search(text))
    if isinstance(success, bool):
        return Outcome(0 if success else 1, text, not CUT_SHORT.search(text))
    return _headed(text)


def _headed(text: str) -> Outcome:
    """Text below a header. An apply_patch asked for through a shell has its own header inside the shell's."""
    header = OUTPUT_HEADER.match(text)
    if header is None:
        return Outcome(None, text, not CUT_SHORT.search(text))
    code = EXIT_CODE.search(header[0])
    rest = text[header.end() :]
    if code is None and "running with session" not in header[0]:
        inner = OUTPUT_HEADER.match(rest)
        if inner is not None:
            return _headed(rest)
    return Outcome(int(code[1]) if code else None, rest, "Total output lines" not in header[0] and not CUT_SHORT.search(rest))


def decoded(line: bytes) -> object:
    """The JSON value of a line, NOTHING when there is none. Bytes that are no UTF-8, half surrogate pairs: U+FFFD."""
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = line.decode("utf-8", "replace").strip("\ufeff \t\r\n")
        value = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
        return msgspec.json.decode(encoded(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return NOTHING


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


NOTHING = object()


def _text(source: Mapping[str, Any], name: str) -> str | None:
    value = source.get(name)
    return value if isinstance(value, str) else None


def _object(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def _texts(content: object) -> list[str]:
    """Texts of a message: a list of parts with a text, or a text."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    parts = (_text(part, "text") for part in content if isinstance(part, dict))
    return [text for text in parts if text]


def typed(texts: Iterable[str]) -> str:
    """What a person typed: the texts without those that the program put in."""
    return "\n".join(text for text in texts if not text.lstrip().startswith(NOT_TYPED))


def without_credentials(address: str | None) -> str | None:
    """A remote address without user, password or token. An ssh user stays: it is part of the address."""
    if not address:
        return None
    found = USER_INFO.match(address)
    if found is None:
        return address
    is_web = found[1].lower() in ("http", "https")
    user = "" if is_web else found[2].partition(":")[0] + "@"
    return f"{found[1]}://{user}{address[found.end() :]}"


def is_absolute(path: str) -> bool:
    """A POSIX path from the root, one with a drive, or a network share."""
    return path.startswith(("/", "\\\\")) or DRIVE.match(path) is not None


def joined(folder: str | None, path: str) -> str:
    """A path as the agent meant it, absolute if a folder is known. `.` and `..` stay as written."""
    path = path.strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
        path = path[1:-1]
    path = unquote(path[7:], errors="replace") if path.startswith("file://") else path
    if DRIVE.match(path):
        return path[0].upper() + path[1:].replace("\\", "/")
    if is_absolute(path) or path.startswith("~") or not folder:
        return path
    below = path.replace("\\", "/") if DRIVE.match(folder) else path
    return f"{joined(None, folder).rstrip('/')}/{below}"


def may_write(line: bytes) -> bool:
    """Whether a call may write from a heredoc, patch, or read a whole file. An escape could hide any of the signs."""
    return b"<<" in line or b"cat " in line or b"apply" in line or b"\\u00" in line


def uuid_ms(text: str | None) -> int | None:
    """Time in a UUIDv7, epoch ms; None for another kind of id."""
    found = UUID_7.match(text or "")
    return int(found[1] + found[2], 16) if found else None


def shell_text(command: object) -> tuple[str | None, str | None]:
    """(script, patch) of a command: a text, `[shell, -c, script]` or `[apply_patch, patch]`; else (None, None)."""
    if isinstance(command, str):
        return command, None
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command) or len(command) < 2:
        return None, None
    if len(command) == 2 and command[0] in PATCH_TOOLS:
        return None, command[1]
    name = re.split(r"[\\/]", command[0])[-1].lower().removesuffix(".exe")
    if name in SHELLS and command[-2].lower() in SHELL_FLAGS:
        return command[-1], None
    return None, None


class Counts(msgspec.Struct, frozen=True, gc=False):
    """One usage object. input includes cached and written input, output includes reasoning."""

    input: int
    cached: int
    written: int
    output: int
    reasoning: int
    total: int

    @classmethod
    def of(cls, value: object) -> "Counts | None":
        """None when it is no usage object."""
        if not isinstance(value, dict):
            return None
        fields = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens")
        counts = [_count(value.get(name)) for name in (*fields, "reasoning_output_tokens", "total_tokens")]
        return cls(*counts) if "input_tokens" in value or "output_tokens" in value else None

    def since(self, before: "Counts | None") -> "Counts":
        """What was added to a running total; a total that fell adds nothing."""
        if before is None:
            return self
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(before), strict=True)
        return Counts(*(max(0, now - then) for now, then in pairs))

    @property
    def is_empty(self) -> bool:
        """No token of any kind. A compaction writes such a record: its `total_tokens` is an estimate of the context."""
        return not (self.input or self.cached or self.output or self.reasoning)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= MOST_TOKENS else 0


class _Tokens:
    """Which token records stand for a response of their own."""

    def __init__(self) -> None:
        self.total: Counts | None = None
        self.last: Counts | None = None
        self.repeats = 0

    def response(self, total: Counts | None, last: Counts | None, continues: bool) -> Counts | None:
        """Tokens of one response; None when the record repeats what was known.

        continues: the totals go on from a thread that this log does not hold, so a first total alone tells nothing.
        """
        before = self.total
        if (total is not None and total == before) or (total is None and last == self.last):
            self.repeats += 1
            return None
        if total is not None:
            self.total = total
            if last is None and not (before is None and continues):
                last = total.since(before)
        self.last = last
        return None if last is None or last.is_empty else last


class _Prefix:
    """Finds the first record of a fork or sub-agent that is its own (see the module's text)."""

    def __init__(self, created_ms: int | None, own_ordinal: int | None) -> None:
        self.created_ms, self.own_ordinal = created_ms, own_ordinal
        self.copied_header = False
        self.older_turn = False
        self.after_pause: int | None = None
        self.last_ms: int | None = None
        self.prompt: int | None = None  # first record of the prompt that may open the next turn

    @property
    def is_known(self) -> bool:
        """The log shows that it begins with copies."""
        return self.copied_header or self.older_turn or self.own_ordinal is not None

    def begins(self, position: int, at_ms: int | None, ordinal: int | None, sign: tuple[str, str], line: bytes) -> bool:
        """Whether own records begin at this record, or at the prompt before it (`start`)."""
        if self.own_ordinal is not None and ordinal is not None:
            return ordinal >= self.own_ordinal
        self._watch_pause(position, at_ms)
        if sign in TURN_SIGNS:
            return self._is_own_turn(sign, line)
        if sign == ("event_msg", "user_message") or (sign == ("response_item", "message") and _is_user(line)):
            self.prompt = position if self.prompt is None else self.prompt
        elif sign[0] in ("response_item", "event_msg") and sign[1] not in QUIET_SIGNS:
            self.prompt = None
        return False

    def start(self, position: int, sign: tuple[str, str]) -> int:
        """First own record, when `begins` said so: some versions write the prompt before the turn's context."""
        return self.prompt if sign == ("turn_context", "") and self.prompt is not None else position

    def _watch_pause(self, position: int, at_ms: int | None) -> None:
        if at_ms is None:
            return
        paused = self.last_ms is not None and at_ms - self.last_ms > PAUSE_MS
        if paused and self.copied_header and self.after_pause is None:
            self.after_pause = position
        self.last_ms = at_ms

    def _is_own_turn(self, sign: tuple[str, str], line: bytes) -> bool:
        if self.created_ms is None:
            return False
        beginning = line[:2000]
        found = TURN_ID.search(beginning)
        turn_ms = uuid_ms(found[1].decode()) if found else None
        if turn_ms is None and sign == ("event_msg", "task_started"):
            started = STARTED_AT.search(beginning)
            # Whole seconds: a turn of the second in which the thread was made is its own.
            turn_ms = int(started[1]) * 1000 + 999 if started else None
        if turn_ms is None:
            return False
        if turn_ms < self.created_ms:
            self.older_turn = True
            return False
        return True

    def verdict(self, end: int) -> int | None:
        """First own position when the log ended without a sign; None = nothing can be said."""
        if not self.is_known:
            return None
        if self.older_turn or self.own_ordinal is not None:
            return end
        return self.after_pause or end


TURN_SIGNS = frozenset({("event_msg", "task_started"), ("turn_context", ""), ("event_msg", "item_completed")})
QUIET_SIGNS = frozenset({"thread_settings_applied", "task_started", "thread_name_updated", "context_compacted"})


def _is_user(line: bytes) -> bool:
    head = HEAD.match(line)
    role = ROLE.match(line, head.end()) if head else None
    return role is not None and role[1] == b"user"


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One file operation before it has its place in the session."""

    path: str
    moved_from: str | None
    write_mode: str
    before_known: bool
    evidence: str
    parser_name: str
    rows: list[patch.Row]


class _Texts:
    """Whole texts of files that the session read or wrote, so that an overwrite shows what it replaced."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.names: dict[str, str] = {}

    def keep(self, path: str, text: str) -> None:
        self.texts[path] = text
        self.names[path] = path.rpartition("/")[2]

    def drop(self, path: str | None) -> None:
        if path is not None and self.texts.pop(path, None) is not None:
            del self.names[path]

    def forget_named(self, command: bytes) -> None:
        """Another command names the file: what it did to it is not known."""
        for path, name in list(self.names.items()):
            if name.encode("utf-8", "replace") in command:
                self.drop(path)

    def write(self, write: patch.Write, path: str) -> Operation:
        """A heredoc that was written."""
        before = self.texts.get(path)
        if write.append:
            rows = whole("+", write.text)
            if before is not None:
                self.keep(path, before + write.text)
        else:
            after = split_lines(write.text)
            rows = whole("+", write.text) if before is None else diff(split_lines(before), after)
            self.keep(path, write.text)
        mode = "append" if write.append else "overwrite"
        return Operation(path, None, mode, before is not None, "heredoc", "exec_heredoc", rows)

    def patched(self, file: patch.FilePatch, folder: str | None, parser_name: str) -> Operation:
        """One file of an applied patch text."""
        path = joined(folder, file.path)
        old = joined(folder, file.moved_from) if file.moved_from is not None else None
        rows, mode, known = file.rows, "patch", True
        if file.kind == "delete" and not rows:
            before = self.texts.get(path)
            mode, known, rows = "delete", before is not None, whole("-", before or "")
        elif file.kind == "delete":
            mode = "delete"
        self.drop(path)
        self.drop(old)
        if file.kind == "add":
            self.keep(path, "".join(f"{text}\n" for _, _, text in rows))
        return Operation(path, old, mode, known, "request_diff", parser_name, rows)

    def result(self, path: str, change: dict[str, Any], parser_name: str) -> tuple[Operation | None, str | None]:
        """One file of a result: what was applied, with its lines. -> (operation, error)."""
        kind, content, moved = _text(change, "type"), _text(change, "content"), _text(change, "move_path")
        before = self.texts.get(path)
        self.drop(path)
        if kind == "add" and content is not None:
            self.keep(path, content)
            return Operation(path, None, "patch", True, "result_hunk", parser_name, whole("+", content)), None
        if kind == "delete":
            content = before if content is None else content
            rows = whole("-", content or "")
            return Operation(path, None, "delete", content is not None, "result_hunk", parser_name, rows), None
        hunks = _text(change, "unified_diff")
        if kind != "update" or hunks is None:
            return None, "an applied change of unknown shape; its lines are not counted"
        rows, error = patch.hunks(hunks)
        if error is not None:
            return None, f"the diff of an applied change cannot be read ({error}); its lines are not counted"
        target = joined(None, moved) if moved else path
        self.drop(target)
        old = path if moved else None
        return Operation(target, old, "patch", True, "result_hunk", parser_name, rows), None


class _Call(msgspec.Struct, gc=False):
    """A call that waits for its result. patch_text or script is set; folder: where its relative paths start."""

    call_id: str
    position: int
    record_key: str
    at_ms: int | None
    folder: str | None
    parser_name: str
    patch_text: str | None = None
    script: patch.Script | None = None


class _Header(msgspec.Struct):
    """What the owner's header says."""

    thread: str | None = None
    parent: str | None = None
    session: str | None = None
    agent: str = ""
    cwd: str | None = None
    origin: str | None = None
    branch: str | None = None
    version: str | None = None
    started_ms: int | None = None


class _Log:
    """State of reading one log: memory is bounded by one line, what is found, and texts of files just written."""

    def __init__(self, path: Path) -> None:
        names = UUID.findall(path.stem)
        # A thread that was rolled back goes on in a second file, `…-<thread>_<rollout>`; ordinals are given anew there.
        self.named = names[0].lower() if names else None
        self.key_stem = "_".join(name.lower() for name in names[:2])
        self.stem = path.stem
        self.header = _Header()
        self.position = 0
        self.stamp: bytes = b""
        self.ordinal: bytes | None = None
        self.at_known: int | None = None
        self.last_stamp: bytes = b""
        self.last_ms: int | None = None
        self.first_ms: int | None = None
        self.recognised = False
        self.prefix: _Prefix | None = None
        self.prefix_start = 2
        self.copied = 0
        self.cwd: str | None = None
        self.model: str | None = None
        self.tokens = _Tokens()
        self.texts = _Texts()
        self.calls: dict[str, _Call] = {}
        self.git_calls: set[str] = set()
        self.commits: dict[tuple[str, str], Committed] = {}  # by call and name: an output can be told twice
        self.applied: dict[str, tuple[str, int]] = {}
        self.changes: dict[tuple[str, int], list[Change]] = {}
        self.first_use: dict[str, int] = {}  # call id -> position of the call that had it first
        self.messages: list[Message] = []
        self.spare_prompts: list[Message] | None = []  # from response items; None once an event told a prompt
        self.spare_replies: list[Message] | None = []  # from events; None once a response item told a reply
        self.last_prompt: tuple[str, str] | None = None
        self.usage: list[Usage] = []
        self.errors: list[ParseError] = []

    def read(self, lines: Iterable[bytes]) -> None:
        """Take in lines, in order."""
        for line in lines:
            self.position += 1
            self._take(line)

    def fail(self, reason: str, call_id: str | None = None, line: int | None = None) -> None:
        """Note what could not be read."""
        self.errors.append(ParseError(self.position if line is None else line, reason, None, call_id))

    def _take(self, line: bytes) -> None:
        """Read one line: its beginning tells what it is, and most lines need no more than that."""
        head = HEAD.match(line)
        if head is None or line[-2:] != b"}\n":
            self._take_whole(line)
            return
        self.stamp, self.ordinal, kind, what = head.groups()
        if what is None and (kind == b"response_item" or kind == b"event_msg"):
            self._take_whole(line)
            return
        self.last_stamp = self.stamp
        if not self.recognised:
            self._begin()
        if self.prefix is not None:
            self._watch(kind.decode(), (what or b"").decode(), line)
        route = route_of(kind, what)
        if route is None:
            return
        wanted, handler = route
        if wanted is not None and not wanted(self, line, head.end()):
            return
        record = decoded(line)
        payload = record.get("payload") if isinstance(record, dict) else None
        if isinstance(payload, dict):
            handler(self, payload)
        elif record is NOTHING:
            self.fail("no JSON; line skipped")

    def _take_whole(self, line: bytes) -> None:
        """A line that does not begin as Codex writes it now: older logs, other key orders, damage, the last line."""
        if not line.strip():
            return
        record = decoded(line)
        if record is NOTHING:
            torn = not line.endswith(b"\n")
            self.fail("unfinished last line; it is read again when the log grows" if torn else "no JSON; line skipped")
            return
        if not isinstance(record, dict):
            self.fail("JSON, but no object; line skipped")
            return
        kind, payload = _text(record, "type") or "", record.get("payload")
        if not isinstance(payload, dict):
            kind, payload = self._bare(record, kind)
        what = _text(payload, "type") or ""
        self._stamp_of(record, payload)
        if kind not in KINDS:
            return
        if not self.recognised:
            self._begin()
        if self.prefix is not None:
            self._watch(kind, what if kind in ("response_item", "event_msg") else "", line)
        route = route_of(kind.encode(), what.encode())
        if route is not None:
            route[1](self, payload)

    def _begin(self) -> None:
        """The first record of a kind that is known."""
        self.recognised, self.first_ms = True, self._at()

    def _bare(self, record: dict[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
        """A record without an envelope (up to 0.31): its header is line 1, the others are response items."""
        if kind.encode() in RESPONSE_ITEMS or kind in BARE_KINDS:
            return "response_item", record
        if "record_type" in record:
            return "state", record
        if not kind and isinstance(record.get("id"), str) and ("timestamp" in record or "instructions" in record):
            return "session_meta", record
        return "", record

    def _stamp_of(self, record: dict[str, Any], payload: dict[str, Any]) -> None:
        at_ms = instant_ms(record.get("timestamp"))
        at_ms = instant_ms(payload.get("timestamp")) if at_ms is None else at_ms
        ordinal = record.get("ordinal")
        is_number = isinstance(ordinal, int) and not isinstance(ordinal, bool) and ordinal >= 0
        self.stamp, self.at_known = b"", at_ms
        self.ordinal = str(ordinal).encode() if is_number else None
        if at_ms is not None:
            self.last_stamp, self.last_ms = b"", at_ms

    def _at(self) -> int | None:
        """Time of the present record."""
        return instant_ms(self.stamp.decode()) if self.stamp else self.at_known

    def _key(self) -> str:
        """Identity of the present record: who wrote it, and its ordinal, else its line."""
        return f"{self._key_stem()}:{self.ordinal.decode() if self.ordinal else self.position}"

    def _key_stem(self) -> str:
        thread = self._thread()
        return self.key_stem if thread == self.named else thread

    def _thread(self) -> str:
        return self.header.thread or self.named or self.stem

    def _session_meta(self, payload: dict[str, Any]) -> None:
        thread = _text(payload, "id") or _text(payload, "session_id")
        if self.header.thread is None and (self.position == 1 or self.named in (None, thread)):
            self._own_header(thread or self._thread(), payload)
        elif thread == self._thread():
            self._own_header(thread, payload, again=True)
            if self.prefix is not None and self.prefix.copied_header:
                self._own_from(self.position)
        elif self.prefix is not None or not self._holds_anything():
            # The first header owns the log; a second one is the parent's, at the head of the records copied from it.
            if self.prefix is None:
                self.prefix = _Prefix(self._created_ms(), None)
                self.prefix_start = min(self.position, 2)
            self.prefix.copied_header = True

    def _created_ms(self) -> int | None:
        """When the thread was made: its id tells if it is a UUIDv7, else its header."""
        made_ms = uuid_ms(self._thread())
        return self.header.started_ms if made_ms is None else made_ms

    def _holds_anything(self) -> bool:
        return bool(self.messages or self.spare_prompts or self.spare_replies or self.usage or self.changes or self.calls)

    def _own_header(self, thread: str, payload: dict[str, Any], again: bool = False) -> None:
        header, git = self.header, _object(payload, "git")
        branch = _text(git, "branch")
        header.thread = thread
        header.branch = (branch if branch != "HEAD" else None) or header.branch
        header.origin = without_credentials(_text(git, "repository_url")) or header.origin
        header.version = _text(payload, "cli_version") or header.version
        header.cwd = header.cwd or _text(payload, "cwd")
        if again:
            return
        self.cwd = header.cwd
        header.started_ms = instant_ms(payload.get("timestamp"))
        header.started_ms = self._at() if header.started_ms is None else header.started_ms
        forked_from = _text(payload, "forked_from_id")
        source = _object(payload, "source")
        header.parent = forked_from if forked_from != thread else None
        if "subagent" in source:
            spawn = _object(_object(source, "subagent"), "thread_spawn")
            session = _text(payload, "session_id")
            parent = _text(spawn, "parent_thread_id") or _text(payload, "parent_thread_id")
            # A sub-agent of a sub-agent belongs to the session at the root, which newer headers name.
            header.session = session if session not in (None, thread) and parent else parent
            header.agent = thread
        own_ordinal = payload.get("subagent_history_start_ordinal")
        own_ordinal = own_ordinal if isinstance(own_ordinal, int) and not isinstance(own_ordinal, bool) else None
        by_reference = isinstance(payload.get("history_base"), dict) and own_ordinal is None
        if (header.parent or header.agent) and not by_reference:
            self.prefix = _Prefix(self._created_ms(), own_ordinal)
            self.prefix_start = self.position + 1

    def _watch(self, kind: str, what: str, line: bytes) -> None:
        """Look for the end of a copied prefix."""
        prefix = self.prefix
        if prefix is None or kind == "session_meta":
            return
        sign = (kind, what if kind in ("response_item", "event_msg") else "")
        ordinal = int(self.ordinal) if self.ordinal is not None else None
        if prefix.begins(self.position, self._at(), ordinal, sign, line):
            self._own_from(prefix.start(self.position, sign) if prefix.is_known else self.prefix_start)

    def _own_from(self, position: int) -> None:
        """Drop what stands before a position: copies. The running token total stays: the thread goes on from it."""
        self.prefix = None
        if position <= self.prefix_start:
            return
        self.copied += position - self.prefix_start
        self.messages = [message for message in self.messages if message.position >= position]
        self.spare_prompts = [message for message in self.spare_prompts or [] if message.position >= position]
        self.spare_replies = [message for message in self.spare_replies or [] if message.position >= position]
        self.usage = [usage for usage in self.usage if usage.position >= position]
        self.changes = {key: changes for key, changes in self.changes.items() if key[1] >= position}
        self.calls = {name: call for name, call in self.calls.items() if call.position >= position}
        self.commits = {key: made for key, made in self.commits.items() if made.position >= position}
        self.first_use = {name: first for name, first in self.first_use.items() if first >= position}
        self.errors = [error for error in self.errors if error.line >= position]
        self.tokens.repeats = 0
        if any(message.role == "user" for message in self.messages):
            self.spare_prompts = None

    def _turn_context(self, payload: dict[str, Any]) -> None:
        self.model = _text(payload, "model") or self.model
        cwd = _text(payload, "cwd")
        if cwd is not None and is_absolute(cwd):
            self.cwd = cwd
            self.header.cwd = self.header.cwd or cwd

    def _message_wanted(self, line: bytes, end: int) -> bool:
        role = ROLE.match(line, end)
        if role is None or role[1] == b"assistant":
            return True
        return role[1] == b"user" and (self.spare_prompts is not None or self.header.cwd is None)

    def _message(self, payload: dict[str, Any]) -> None:
        role, texts = payload.get("role"), _texts(payload.get("content"))
        if role == "assistant":
            self._reply(payload.get("content"))
        elif role == "user":
            if self.header.cwd is None:
                self._cwd_of(texts)
            if self.spare_prompts is not None:
                self.spare_prompts.extend(self._said("user", "typed", typed(texts)))

    def _cwd_of(self, texts: list[str]) -> None:
        for text in texts:
            found = CWD.search(text) if text.lstrip().startswith("<environment_context>") else None
            if found is not None:
                self.cwd = self.header.cwd = found[1].strip()

    def _reply(self, content: object) -> None:
        parts = content if isinstance(content, list) else []
        outputs = [part for part in parts if isinstance(part, dict) and part.get("type") == "output_text"]
        said = self._said("assistant", "reply", "".join(_text(part, "text") or "" for part in outputs))
        self.messages.extend(said)
        if said:
            self.spare_replies = None
            self.last_prompt = None

    def _prompt(self, form: str, text: str) -> None:
        """A prompt that an event tells. A version that writes both forms of event writes the same prompt twice."""
        said = self._said("user", "typed", typed([text]))
        if not said:
            return
        again = self.last_prompt is not None and self.last_prompt[0] != form and self.last_prompt[1] == text
        self.last_prompt = (form, text)
        self.spare_prompts = None
        if not again:
            self.messages.extend(said)

    def _user_message(self, payload: dict[str, Any]) -> None:
        self._prompt("user_message", _text(payload, "message") or "")

    def _spare_wanted(self, line: bytes, end: int) -> bool:
        return self.spare_replies is not None

    def _agent_message(self, payload: dict[str, Any]) -> None:
        if self.spare_replies is not None:
            self.spare_replies.extend(self._said("assistant", "reply", _text(payload, "message") or ""))

    def _said(self, role: str, kind: str, content: str) -> list[Message]:
        """The message, if it has a word."""
        words = word_count(content)
        if not words:
            return []
        agent, at_ms = self.header.agent, self._at()
        return [Message(self._key(), self.position, agent, role, kind, at_ms, content, words)]

    def _token_count(self, payload: dict[str, Any]) -> None:
        info = _object(payload, "info")
        total, last = Counts.of(info.get("total_token_usage")), Counts.of(info.get("last_token_usage"))
        self._tokens(total, last, (payload, info, _object(payload, "metadata"), _object(info, "metadata")))

    def _token_usage_record(self, payload: dict[str, Any]) -> None:
        total, last = Counts.of(payload.get("thread_token_usage")), Counts.of(payload.get("usage"))
        self._tokens(total, last, (payload,))

    def _tokens(self, total: Counts | None, last: Counts | None, sources: Iterable[dict[str, Any]]) -> None:
        if total is None and last is None:
            return
        counts = self.tokens.response(total, last, continues=self.header.parent is not None)
        if counts is None:
            return
        named = (_text(source, name) for source in sources for name in ("model", "model_name"))
        model = next((name for name in named if name), self.model)
        cached = min(counts.cached, counts.input)
        written = min(counts.written, counts.input - cached)
        self.usage.append(
            Usage(
                record_key=self._usage_key(total),
                position=self.position,
                agent_id=self.header.agent,
                at_ms=self._at(),
                model_name=model,
                input_tokens=counts.input - cached - written,
                cached_input_tokens=cached,
                cache_creation_tokens=written,
                cache_creation_1h_tokens=0,
                output_tokens=counts.output,
                reasoning_tokens=counts.reasoning,
                speed=None,
            )
        )

    def _usage_key(self, total: Counts | None) -> str:
        """Ordinal, else the running total: unlike the line, it is the same in a copy, and no thread has it twice."""
        if self.ordinal is not None or total is None:
            return self._key()
        running = (total.input, total.cached, total.output, total.reasoning, total.total)
        return f"{self._key_stem()}:total:{'/'.join(map(str, running))}"

    def _call_wanted(self, line: bytes, end: int) -> bool:
        """A call whose arguments are an object without any sign of a write can be left alone."""
        if ARGUMENTS.match(line, end) is None or may_write(line):
            return True
        if GIT in line:
            self._git_called(line)
        if self.texts.texts:
            self.texts.forget_named(line)
        return False

    def _git_called(self, line: bytes) -> None:
        """Remember a call of git without decoding it: its id stands behind the arguments."""
        found = LATE_CALL_ID.match(line, max(line.rfind(b'"call_id"'), 0))
        if found is not None:
            self.git_calls.add(found[1].decode("utf-8", "replace"))

    def _function_call(self, payload: dict[str, Any]) -> None:
        self._called(_text(payload, "name") or "", payload.get("arguments"), _text(payload, "call_id"))

    def _custom_tool_call(self, payload: dict[str, Any]) -> None:
        """A tool with free text. Code mode (`exec`, JavaScript) is not read: what it did comes back as items."""
        self._called(_text(payload, "name") or "", payload.get("input"), _text(payload, "call_id"))

    def _local_shell_call(self, payload: dict[str, Any]) -> None:
        action = _object(payload, "action")
        folder = _text(action, "working_directory")
        self._command(_text(payload, "call_id"), action.get("command"), folder)

    def _called(self, name: str, arguments: object, call_id: str | None) -> None:
        if name in PATCH_TOOLS:
            self._wait(call_id, "apply_patch", patch_text=_patch_argument(arguments))
            return
        if name not in SHELL_TOOLS:
            if self.texts.texts and isinstance(arguments, str):
                self.texts.forget_named(arguments.encode("utf-8", "replace"))
            return
        options = decoded(arguments.encode("utf-8", "replace")) if isinstance(arguments, str) else arguments
        if not isinstance(options, dict):
            self.fail(f"arguments of {name} are no JSON object; what it wrote is not counted", call_id)
            return
        folder = _text(options, "workdir") or _text(options, "working_directory")
        self._command(call_id, options.get("cmd") if "cmd" in options else options.get("command"), folder)

    def _command(self, call_id: str | None, command: object, workdir: str | None) -> None:
        text, patch_text = shell_text(command)
        if call_id is not None and "git" in (text or f"{command}"):
            self.git_calls.add(call_id)
        folder = joined(self.cwd, workdir) if workdir else self.cwd
        if patch_text is not None:
            self._wait(call_id, "shell_apply_patch", folder, patch_text=patch_text)
        elif text is not None:
            script = patch.script(text)
            if script.steps or script.read is not None or script.errors:
                self._wait(call_id, "shell", folder, script=script)
            if not script.steps:
                self._touched(script)

    def _touched(self, script: patch.Script) -> None:
        if self.texts.texts and script.other_words:
            self.texts.forget_named(" ".join(script.other_words).encode("utf-8", "replace"))

    def _wait(
        self,
        call_id: str | None,
        parser_name: str,
        folder: str | None = None,
        *,
        patch_text: str | None = None,
        script: patch.Script | None = None,
    ) -> None:
        if call_id is None:
            return  # nothing can answer it, so nothing can say that it was applied
        self.applied.pop(call_id, None)
        self.calls[call_id] = _Call(
            call_id, self.position, self._key(), self._at(), folder or self.cwd, parser_name, patch_text, script
        )

    def _output_wanted(self, line: bytes, end: int) -> bool:
        if not self.calls and not self.git_calls:
            return False
        found = CALL_ID.match(line, end)
        if found is None:
            return True
        call_id = found[1].decode("utf-8", "replace")
        if call_id in self.git_calls and not commit_result.may_name_commits(line):
            self.git_calls.discard(call_id)
        return call_id in self.calls or call_id in self.git_calls

    def _ended_wanted(self, line: bytes, end: int) -> bool:
        return b"<<" in line or commit_result.may_name_commits(line) or self._output_wanted(line, end)

    def _output(self, payload: dict[str, Any]) -> None:
        call_id = _text(payload, "call_id") or ""
        call = self.calls.get(call_id)
        if call is None and call_id not in self.git_calls:
            return
        result = outcome(payload.get("output"))
        self._committed(call_id, result.text)
        if call is not None:
            self._answered(call, result)

    def _committed(self, call_id: str, output: str) -> None:
        """Commits that the output of a git command names, whatever its exit code: a later command may have failed."""
        if call_id not in self.git_calls:
            return
        for made in commit_result.commits(output):
            row = Committed(self._key(), self.position, self.header.agent, self._at(), made.sha, made.branch)
            self.commits.setdefault((call_id, made.sha), row)

    def _answered(self, call: _Call, result: Outcome) -> None:
        """The result of a call decides whether what it asked for was done."""
        if call.script is not None and result.exit_code is None:
            return  # still running, or not told: a later record may know
        del self.calls[call.call_id]
        if call.script is None:
            if result.patched:
                self._apply(call, self._patch(call, call.patch_text, call.folder, call.parser_name))
        elif result.exit_code == 0:
            self._run(call, call.script, result)
        else:
            for step in call.script.steps:
                if isinstance(step, patch.Write):  # it may have been written before something else failed
                    self.texts.drop(joined(call.folder, step.path))
            self._touched(call.script)

    def _patch(self, call: _Call, text: str | None, folder: str | None, parser_name: str) -> list[Operation]:
        """Operations of a patch text that was applied."""
        if text is None:
            self.fail("input of apply_patch is no text; its lines are not counted", call.call_id, call.position)
            return []
        is_envelope = patch.BEGIN in text or "\n--- " not in f"\n{text}"
        read = patch.apply_patch(text) if is_envelope else patch.unified(text)
        if read.error is not None:
            reason = f"an applied patch cannot be read ({read.error}); its lines are not counted"
            self.fail(reason, call.call_id, call.position)
        return [self.texts.patched(file, folder, parser_name) for file in read.files]

    def _run(self, call: _Call, script: patch.Script, result: Outcome) -> None:
        """A command that ended well: the files it wrote, the patches it applied, the file it read."""
        operations: list[Operation] = []
        for step in script.steps:
            if isinstance(step, patch.Write):
                operations.append(self.texts.write(step, joined(call.folder, step.path)))
            else:
                folder = joined(call.folder, step.directory) if step.directory else call.folder
                operations.extend(self._patch(call, step.text, folder, "shell_apply_patch"))
        for reason in script.errors:
            self.fail(reason, call.call_id, call.position)
        if script.read is not None:
            path = joined(call.folder, script.read)
            self.texts.drop(path)
            if result.whole:
                self.texts.keep(path, result.text)
        self._touched(script)
        self._apply(call, operations)

    def _apply(self, call: _Call, operations: list[Operation]) -> None:
        if not operations:
            return
        key = (call.call_id, call.position)
        self.applied[call.call_id] = key
        # A provider that gives one call id twice must not make two changes one.
        is_first = self.first_use.setdefault(call.call_id, call.position) == call.position
        name = call.call_id if is_first else f"{call.call_id}@{call.position}"
        self.changes[key] = [
            Change(
                change_id=f"{name}#{index}",
                record_key=call.record_key,
                position=call.position,
                call_id=None if call.call_id.startswith("@") else call.call_id,
                op_index=index,
                agent_id=self.header.agent,
                at_ms=call.at_ms,
                path=operation.path,
                moved_from=operation.moved_from,
                write_mode=operation.write_mode,
                parser_name=operation.parser_name,
                user_modified=None,
                before_known=operation.before_known,
                evidence=operation.evidence,
                git_branch=self.header.branch,
                lines=measure(operation.rows),
            )
            for index, operation in enumerate(operations)
        ]

    def _patch_apply_end(self, payload: dict[str, Any]) -> None:
        done = payload.get("success") is True or ("success" not in payload and payload.get("status") == "completed")
        self._result(_text(payload, "call_id"), done, payload.get("changes"), "patch_apply_end")

    def _result(self, call_id: str | None, done: bool, changes: object, parser_name: str) -> None:
        """A record that holds what was applied. It outdoes what the request says, whichever came first."""
        call_id = call_id or f"@{self._key().rpartition(':')[2]}"
        call = self.calls.pop(call_id, None)
        if not done or not isinstance(changes, dict):
            return
        if call is None:
            position, key, at_ms = self.position, self._key(), self._at()
            earlier = self.changes.pop(self.applied.get(call_id, ("", 0)), None)
            if earlier:
                position, key, at_ms = earlier[0].position, earlier[0].record_key, earlier[0].at_ms
            call = _Call(call_id, position, key, at_ms, self.cwd, parser_name)
        operations: list[Operation] = []
        for path, change in changes.items():
            fields = change if isinstance(change, dict) else {}
            operation, error = self.texts.result(joined(self.cwd, path), fields, parser_name)
            if operation is not None:
                operations.append(operation)
            if error is not None:
                self.fail(error, call_id)
        self._apply(call, operations)

    def _item_wanted(self, line: bytes, end: int) -> bool:
        found = ITEM.search(line, end, end + 600)
        if found is None:
            return True
        if found[1] == b"CommandExecution":
            is_awaited = found[2].decode("utf-8", "replace") in self.calls
            return is_awaited or b"<<" in line or commit_result.may_name_commits(line)
        return found[1] in (b"UserMessage", b"FileChange") or (found[1] == b"AgentMessage" and self._spare_wanted(line, 0))

    def _item_completed(self, payload: dict[str, Any]) -> None:
        item = _object(payload, "item")
        kind = _text(item, "type")
        if kind == "UserMessage":
            self._prompt("item", "\n".join(_texts(item.get("content"))))
        elif kind == "AgentMessage":
            self._agent_message({"message": "".join(_texts(item.get("content")))})
        elif kind == "FileChange":
            self._result(_text(item, "id"), item.get("status") == "completed", item.get("changes"), "file_change")
        elif kind == "CommandExecution":
            self._command_ended(_text(item, "id"), item)

    def _exec_command_end(self, payload: dict[str, Any]) -> None:
        self._command_ended(_text(payload, "call_id"), payload)

    def _command_ended(self, call_id: str | None, item: dict[str, Any]) -> None:
        """A finished command. In code mode no call in the log names it, so the item itself says what ran."""
        code, source = item.get("exit_code"), _text(item, "source") or ""
        if call_id is None or not isinstance(code, int) or isinstance(code, bool) or "user" in source:
            return
        if call_id not in self.calls and call_id not in self.applied:
            self._command(call_id, item.get("command"), _text(item, "cwd"))
        self._committed(call_id, _text(item, "aggregated_output") or "")
        call = self.calls.get(call_id)
        if call is not None and call.script is not None:
            self._answered(call, Outcome(code, _text(item, "aggregated_output") or "", True))

    def finished(self) -> ParsedLog:
        """Everything that was found."""
        continued = self._settle_prefix()
        session = self.header.session or self._thread()
        errors = [msgspec.structs.replace(error, session_id=session) for error in self.errors]
        if not self.recognised:
            if self.position and not errors:
                errors = [ParseError(0, "no record of a kind that is known; nothing of this log is kept")]
            return ParsedLog(NAME, [], errors, self.position)
        messages = self.messages + (self.spare_prompts or []) + (self.spare_replies or [])
        usage = self._usage_of(continued)
        duplicates = {"fork_prefix": self.copied, "token_snapshot": self.tokens.repeats}
        header = self.header
        part = SessionPart(
            session_id=session,
            parent_session_id=header.parent if not header.agent else None,
            agent_id=header.agent,
            cwd=header.cwd,
            origin=header.origin,
            git_branch=header.branch,
            model_name=self.model,
            client_version=header.version,
            started_ms=self.first_ms if header.started_ms is None else header.started_ms,
            ended_ms=self._ended(),
            messages=sorted(messages, key=lambda message: message.position),
            changes=sorted((change for made in self.changes.values() for change in made), key=lambda made: made.position),
            usage=usage,
            commits=list(self.commits.values()),
            duplicates={reason: number for reason, number in duplicates.items() if number},
        )
        return ParsedLog(NAME, [part], errors, self.position)

    def _settle_prefix(self) -> bool:
        """Decide about a prefix whose end did not show. True: what may be a copy was kept."""
        prefix = self.prefix
        if prefix is None:
            return False
        start = prefix.verdict(self.position + 1)
        if start is None:
            return True
        self._own_from(start)
        return False

    def _usage_of(self, continued: bool) -> list[Usage]:
        header = self.header
        usage = self.usage
        if continued and header.agent:
            usage = _without_replay(usage)
            self.copied += len(self.usage) - len(usage)
        elif continued and header.parent is not None:
            own = self._key_stem() + ":total:"
            copied = header.parent + ":total:"
            usage = [
                msgspec.structs.replace(row, record_key=copied + row.record_key.removeprefix(own))
                if row.record_key.startswith(own)
                else row
                for row in usage
            ]
        seen: dict[str, int] = {}
        for index, row in enumerate(usage):
            times = seen[row.record_key] = seen.get(row.record_key, 0) + 1
            if times > 1:
                usage[index] = msgspec.structs.replace(row, record_key=f"{row.record_key}#{times}")
        return usage

    def _ended(self) -> int | None:
        ended = instant_ms(self.last_stamp.decode()) if self.last_stamp else self.last_ms
        return max(filter(None, (self.first_ms, self.header.started_ms)), default=None) if ended is None else ended


def _without_replay(usage: list[Usage]) -> list[Usage]:
    """Tokens of a sub-agent without the parent's, which some versions wrote first, all of them within one second.

    Two responses of one model do not end in the same second: if the first two do, they are no responses of its own.
    """
    seconds = [row.at_ms // 1000 if row.at_ms is not None else None for row in usage]
    if len(seconds) < 2 or seconds[0] is None or seconds[0] != seconds[1]:
        return usage
    own = next((index for index, second in enumerate(seconds) if second != seconds[0]), len(usage))
    return usage[own:]


def _patch_argument(arguments: object) -> str | None:
    """The patch text of an apply_patch call: a text, or an object (maybe in a text) that holds it."""
    if isinstance(arguments, str):
        if arguments.lstrip().startswith("{"):
            options = decoded(arguments.encode("utf-8", "replace"))
            return _patch_argument(options) if isinstance(options, dict) else arguments
        return arguments
    if not isinstance(arguments, dict):
        return None
    return _text(arguments, "input") or _text(arguments, "patch")


Wanted = Callable[[_Log, bytes, int], bool]
Handler = Callable[[_Log, dict[str, Any]], None]
Route = tuple[Wanted | None, Handler]
Routes = dict[bytes | None, Route]


def route_of(kind: bytes, what: bytes | None) -> Route | None:
    """How a kind of record is read: whether its line is wanted at all, and what takes it in. None = it is skipped."""
    if kind == b"response_item":
        return RESPONSE_ITEMS.get(what)
    return EVENTS.get(what) if kind == b"event_msg" else RECORDS.get(kind)


# What is read of each kind. Every other kind is skipped on purpose: reasoning is encrypted or a summary of itself;
# developer and system messages, world_state, additional_tools and ghost_snapshot are context that nobody in the session
# wrote; compacted and retained context repeat what stands above; web searches, images, MCP and collaboration events
# change no file of the session; task_complete, turn_aborted tell nothing that a message or a missing result does not;
# and kinds that are not known yet cannot be counted without knowing what they repeat.
RESPONSE_ITEMS: Routes = {
    b"message": (_Log._message_wanted, _Log._message),
    b"function_call": (_Log._call_wanted, _Log._function_call),
    b"function_call_output": (_Log._output_wanted, _Log._output),
    b"custom_tool_call": (None, _Log._custom_tool_call),
    b"custom_tool_call_output": (_Log._output_wanted, _Log._output),
    b"local_shell_call": (None, _Log._local_shell_call),
}
EVENTS: Routes = {
    b"user_message": (None, _Log._user_message),
    b"agent_message": (_Log._spare_wanted, _Log._agent_message),
    b"token_count": (None, _Log._token_count),
    b"patch_apply_end": (None, _Log._patch_apply_end),
    b"item_completed": (_Log._item_wanted, _Log._item_completed),
    b"exec_command_end": (_Log._ended_wanted, _Log._exec_command_end),
}
RECORDS: Routes = {
    b"session_meta": (None, _Log._session_meta),
    b"turn_context": (None, _Log._turn_context),
    b"token_usage_record": (None, _Log._token_usage_record),
}
KINDS = frozenset(
    {
        "session_meta",
        "turn_context",
        "token_usage_record",
        "response_item",
        "event_msg",
        "compacted",
        "world_state",
        "state",
    }
)
BARE_KINDS = frozenset({"reasoning", "web_search_call"})
