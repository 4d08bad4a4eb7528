"""Records: the shape of what was seen, the same for every provider and for git.

What lives here: frozen structs that parsers return, and the one way to read a time.
What belongs here: observed values, in the provider's own words.
What stays out: repositories, rules, tables; a parser knows none of them.

Times are epoch milliseconds, UTC (`*_ms`); None means that the log does not tell.
"""

from datetime import UTC, datetime

import msgspec


class Lines(msgspec.Struct, frozen=True, gc=False):
    """Changed and context lines of one file operation, in order, as five parallel lists.

    sides: '+' added, '-' removed, ' ' unchanged context. hunks: 0-based hunk each line stands in.
    hashes / trimmed: `lines.line_hash`, `lines.line_hash_trimmed`. words: word characters in the line.
    The text itself is not kept.
    """

    sides: list[str]
    hunks: list[int]
    hashes: list[int]
    trimmed: list[int]
    words: list[int]

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

    record_key: identity of the log record, equal in every copy of it. position: line number in the log (1-based).
    agent_id: '' in the main thread. kind: 'typed', 'reply', or the reason why a user record is not typed text
    ('compact_summary', 'interrupt', 'command_output', 'notification').
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

    change_id: call id + '#' + index of the operation in the call, else '@' + position of the record.
    path: as the agent meant it, absolute where the log tells a working directory. moved_from: old path of a rename.
    write_mode: 'patch', 'overwrite', 'append', 'delete'. evidence: 'result_hunk' (hunks from the result), 'result_text'
    (texts from the result), 'request_diff' (diff of the request, the result says it was applied), 'heredoc'.
    user_modified: the user changed the text in the diff view; None when the log does not tell.
    before_known: the previous text was known, so removed lines are exact.
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
    """Tokens of one model response. input_tokens excludes cached input for every provider.

    record_key: identity of the response (Claude: message id + request id), so that copies count once.
    output_tokens includes reasoning_tokens. cache_creation_1h_tokens is the part of cache_creation_tokens with one hour to live.
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

    text_hash: `lines.text_hash`, line ends normalised.
    """

    record_key: str
    at_ms: int | None
    path: str
    text_hash: int
    line_count: int


class SessionPart(msgspec.Struct, frozen=True):
    """What one log holds of one session. A session may have parts in several logs.

    parent_session_id: the session this one was forked or resumed from. origin: remote address named in the log.
    duplicates: reason -> number of records of this log that were dropped as copies.
    """

    session_id: str
    parent_session_id: str | None
    cwd: str | None
    origin: str | None
    git_branch: str | None
    model_name: str | None
    client_version: str | None
    started_ms: int | None
    ended_ms: int | None
    messages: list[Message]
    changes: list[Change]
    usage: list[Usage]
    snapshots: list[Snapshot]
    duplicates: dict[str, int]


class ParseError(msgspec.Struct, frozen=True, gc=False):
    """One thing that could not be read. line: 1-based, 0 = the whole file. reason: what, and with what consequence."""

    line: int
    reason: str
    session_id: str | None = None
    call_id: str | None = None


class ParsedLog(msgspec.Struct, frozen=True):
    """Everything one log holds. No session at all is a valid answer."""

    provider: str
    sessions: list[SessionPart]
    errors: list[ParseError]


EARLIEST_MS = -62_135_596_800_000  # 0001-01-01, the earliest time a datetime can hold
LATEST_MS = 253_402_300_799_999  # 9999-12-31


def instant_ms(text: object) -> int | None:
    """ISO 8601 text with a zone (or 'Z') -> epoch ms. None for anything else: a time without zone is not an instant."""
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


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
