"""Records: the shape of what was seen, the same for every agent and for git.

What lives here: frozen structs that parsers return, and the one way to read a time.
What belongs here: observed values, in the log's own words.
What stays out: repositories, rules, tables; a parser knows none of them.

Times are epoch milliseconds, UTC (`*_ms`); None means that the log does not tell.
"""

from datetime import UTC, datetime

import msgspec


class Lines(msgspec.Struct, frozen=True, gc=False):
    """Changed and context lines of one file operation, in order: five parallel sequences. The text is not kept.

    sides: one character a line, '+' added, '-' removed, ' ' unchanged context. hunks: 0-based hunk of each line.
    hashes, trimmed: `lines.line_hash`, `lines.line_hash_trimmed`. words: word characters in the line.
    """

    sides: str = ""
    hunks: list[int] = []
    hashes: list[int] = []
    trimmed: list[int] = []
    words: list[int] = []

    @property
    def added(self) -> int:
        """Number of added lines."""
        return self.sides.count("+")

    @property
    def removed(self) -> int:
        """Number of removed lines."""
        return self.sides.count("-")


class Message(msgspec.Struct, frozen=True, gc=False):
    """One visible text of a person or a model.

    record_key: identity of the log record, equal in every copy of it. position: line of the log, from 1.
    agent_id: '' in the main thread, else the sub-agent. role: 'user' or 'assistant'.
    kind: 'typed' and 'reply'; a user record that nobody typed says what it is: 'compact_summary', 'interrupt',
    'command' (a slash command's arguments), 'command_output', 'notification'.
    """

    record_key: str
    position: int
    agent_id: str
    role: str
    kind: str
    at_ms: int | None
    content: str
    word_count: int


class Change(msgspec.Struct, frozen=True, gc=False):
    """One file operation that was really applied.

    change_id: call id + '#' + index of the operation in the call, else '@' + ordinal of the record.
    path: as the agent meant it, absolute where the log tells a working directory. moved_from: old path of a rename.
    write_mode: 'patch', 'overwrite', 'append' or 'delete'. evidence: 'result_hunk' (hunks in the result), 'result_text'
    (texts in the result), 'request_diff' (the request's texts; the result says it was applied), 'heredoc'.
    user_modified: the user changed the text in the diff view; None when the log does not tell.
    before_known: the text before is known, so removed lines are exact.
    """

    change_id: str
    record_key: str
    position: int
    call_id: str | None
    op_index: int
    agent_id: str
    at_ms: int | None
    path: str
    moved_from: str | None
    write_mode: str
    parser_name: str
    user_modified: bool | None
    before_known: bool
    evidence: str
    git_branch: str | None
    lines: Lines


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one model response. input_tokens excludes cached input, for every agent.

    record_key: identity of the response (Claude: message id + request id), so that copies count once.
    output_tokens includes reasoning_tokens. cache_creation_1h_tokens is the part of cache_creation_tokens kept for an hour.
    """

    record_key: str
    position: int
    agent_id: str
    at_ms: int | None
    model_name: str | None
    input_tokens: int
    cached_input_tokens: int
    cache_creation_tokens: int
    cache_creation_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    speed: str | None


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """A whole-file text that the session saw (Claude: originalFile of an edit, complete Read results).

    text_hash: `lines.text_hash`. path: as in `Change`.
    """

    record_key: str
    position: int
    at_ms: int | None
    path: str
    text_hash: int
    line_count: int


class Committed(msgspec.Struct, frozen=True, gc=False):
    """One commit that a command of the session says it made.

    sha: as git shortened it, at least 7 digits. branch: None when HEAD was detached. at_ms: of the result.
    """

    record_key: str
    position: int
    agent_id: str
    at_ms: int | None
    sha: str
    branch: str | None


class SessionPart(msgspec.Struct, frozen=True):
    """What one log holds of one session. A session may have parts in several logs.

    parent_session_id: the session this one was forked or resumed from; None when the log names none.
    agent_id: the sub-agent whose log this is, '' for a main log. cwd: first working directory. origin: remote address.
    model_name: the last real model. git_branch, client_version: the last one named.
    duplicates: reason -> number of records of this log that were dropped as copies.
    """

    session_id: str
    parent_session_id: str | None = None
    agent_id: str = ""
    cwd: str | None = None
    origin: str | None = None
    git_branch: str | None = None
    model_name: str | None = None
    client_version: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    messages: list[Message] = []
    changes: list[Change] = []
    usage: list[Usage] = []
    snapshots: list[Snapshot] = []
    commits: list[Committed] = []
    duplicates: dict[str, int] = {}


class ParseError(msgspec.Struct, frozen=True, gc=False):
    """One thing that could not be read. line: from 1, 0 = the whole file. reason: what, and with what consequence."""

    line: int
    reason: str
    session_id: str | None = None
    call_id: str | None = None


class ParsedLog(msgspec.Struct, frozen=True):
    """Everything one log holds. No session at all is a valid answer. line_count: lines read, blank ones included."""

    provider: str
    sessions: list[SessionPart]
    errors: list[ParseError]
    line_count: int


class Ref(msgspec.Struct, frozen=True, gc=False):
    """One ref of a checkout. kind: 'head', 'remote_head' (a branch of origin that may be the mainline), 'detached'.

    is_default: origin/HEAD names it; None = origin does not say.
    """

    ref_name: str
    sha: str
    kind: str
    is_default: bool | None


class Commit(msgspec.Struct, frozen=True, gc=False):
    """Header of one commit. author_key: hash of the author's lower-cased address; the address is not kept."""

    sha: str
    parents: list[str]
    author_ms: int | None
    commit_ms: int | None
    author_key: str
    message: str


class FileChange(msgspec.Struct, frozen=True, gc=False):
    r"""What one commit did to one file. change_type: 'add', 'delete', 'modify', 'rename' or 'copy'.

    rel_path: the new path, the old one of a deleted file; bytes that are no UTF-8 stand as `\xNN`.
    """

    rel_path: str
    old_path: str | None
    change_type: str
    is_binary: bool
    lines: Lines


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_ms(text: object) -> int | None:
    """ISO 8601 text with a zone (or 'Z') -> epoch ms. None for anything else: a time without zone is no instant."""
    if not isinstance(text, str) or not text:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    if value.tzinfo is None:
        return None
    since = value - EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
