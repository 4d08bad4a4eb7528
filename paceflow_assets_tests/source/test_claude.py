import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceflow_assets.lines import line_hash, split_lines, text_hash
from paceflow_assets.records import Change, ParsedLog, SessionPart, instant_ms
from paceflow_assets.source import claude

GOLDEN = Path(__file__).parents[1] / "golden" / "claude"
EXPECTED = GOLDEN / "expected.json"
LOGS = sorted(path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.jsonl"))
CHECKPOINTS = sorted(GOLDEN.glob("entireio__cli/checkpoints/*/*/*/metadata.json"))
EDIT_TOOLS = ("Edit", "MultiEdit", "Write", "NotebookEdit")
CWD = "/home/dev/app"


def iso(at_ms: int | None) -> str | None:
    """An instant as a person reads it."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def token_sums(part: SessionPart) -> dict[str, int]:
    """Tokens of all responses of a part."""
    return {
        "responses": len(part.usage),
        "input": sum(usage.input_tokens for usage in part.usage),
        "cached": sum(usage.cached_input_tokens for usage in part.usage),
        "cache_creation": sum(usage.cache_creation_tokens for usage in part.usage),
        "cache_creation_1h": sum(usage.cache_creation_1h_tokens for usage in part.usage),
        "output": sum(usage.output_tokens for usage in part.usage),
    }


def described(part: SessionPart) -> dict[str, object]:
    """A part as the golden file shows it: one text for each user message and edit, sums for the rest."""
    users = [message for message in part.messages if message.role == "user"]
    return {
        "session": part.session_id,
        "parent": part.parent_session_id,
        "agent": part.agent_id,
        "cwd": part.cwd,
        "branch": part.git_branch,
        "model": part.model_name,
        "version": part.client_version,
        "started": iso(part.started_ms),
        "ended": iso(part.ended_ms),
        "user_messages": [
            f"{user.position} {user.agent_id or 'main'} {user.kind}, {user.word_count} words: {user.content[:60]!r}"
            for user in users
        ],
        "replies": dict(Counter(m.agent_id or "main" for m in part.messages if m.role == "assistant")),
        "edits": [
            f"{change.position} {change.agent_id or 'main'} {change.parser_name} {change.write_mode}"
            f" {change.evidence}{'' if change.before_known else ', before unknown'}: {change.path}"
            f" +{change.lines.added} -{change.lines.removed}"
            for change in part.changes
        ],
        "tokens": token_sums(part),
        "snapshots": len(part.snapshots),
        "duplicates": part.duplicates,
    }


def golden(name: str) -> dict[str, object]:
    """What one golden log holds, as `expected.json` has it."""
    log = claude.parse(GOLDEN / name)
    return {
        "lines": log.line_count,
        "errors": [f"{error.line}: {error.reason}" for error in log.errors],
        "sessions": [described(part) for part in log.sessions],
    }


def record(kind: str | None, uuid: str | None, second: int = 0, **fields: object) -> dict[str, object]:
    """A record of session s1, with an envelope as Claude Code writes it."""
    envelope = {"type": kind, "sessionId": "s1", "cwd": CWD, "timestamp": f"2026-01-05T09:00:{second:02d}.000Z"}
    if uuid:
        envelope["uuid"] = uuid
    return {name: value for name, value in (envelope | fields).items() if value is not None}


def user(uuid: str | None, content: object, **fields: object) -> dict[str, object]:
    """A user record."""
    return record("user", uuid, message={"role": "user", "content": content}, **fields)


def assistant(uuid: str | None, *blocks: object, message: dict[str, object] | None = None, **fields: object):
    """An assistant record of content blocks; message: further fields of the response."""
    body = {"role": "assistant", "model": "claude-opus-4-6", "content": list(blocks)} | (message or {})
    return record("assistant", uuid, message=body, **fields)


def asked(call_id: str, tool: str, **request: object) -> dict[str, object]:
    """The assistant record that asks for a tool call; its uuid is made from the call."""
    return assistant(f"ask-{call_id}", {"type": "tool_use", "id": call_id, "name": tool, "input": request})


def answered(call_id: str, result: object = None, content: object = "ok", error: object = None, **fields: object):
    """The user record with the result of a tool call."""
    block = {"type": "tool_result", "tool_use_id": call_id, "content": content}
    if error is not None:
        block["is_error"] = error
    return user(f"answer-{call_id}", [block], toolUseResult=result, **fields)


def edit_result(path: str = f"{CWD}/a.py", **fields: object) -> dict[str, object]:
    """A result of Edit with one hunk."""
    hunk = {"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 2, "lines": [" one", "-two", "+2", "+3"]}
    result = {"filePath": path, "oldString": "two", "newString": "2\n3", "originalFile": "one\ntwo\n"}
    return result | {"structuredPatch": [hunk], "userModified": False, "replaceAll": False} | fields


def as_lines(*records: object) -> list[bytes]:
    """Records as lines of a log."""
    return [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in records]


def read(*records: object, path: str = "s1.jsonl") -> ParsedLog:
    """The log of some records (bytes are lines as they are)."""
    return claude.parse_lines(iter(as_lines(*records)), Path(path))


def one(*records: object, path: str = "s1.jsonl") -> SessionPart:
    """The only part of a log without errors."""
    log = read(*records, path=path)
    assert log.errors == []
    assert len(log.sessions) == 1
    return log.sessions[0]


def said(part: SessionPart) -> list[tuple[str, str]]:
    """Kind and content of each message."""
    return [(message.kind, message.content) for message in part.messages]


def texts(change: Change, *known: str) -> list[tuple[str, str]]:
    """Side and text of a change's lines, found again among known lines."""
    by_hash = {line_hash(text.encode()): text for text in known}
    return [(side, by_hash[number]) for side, number in zip(change.lines.sides, change.lines.hashes, strict=True)]


@pytest.mark.parametrize("name", LOGS)
def test_golden_logs_hold_what_is_written_beside_them(name):
    """Logs of other people give the sessions, prompts, edits, tokens and errors that were checked once."""
    expected = json.loads(EXPECTED.read_text())

    found = golden(name)

    assert found == expected[name]


@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: "-".join(path.parts[-4:-1]))
def test_tokens_are_those_that_the_entire_cli_counted(path):
    """Another program's count of the same log, stored beside it, equals ours."""
    theirs = json.loads(path.read_text())["token_usage"]

    (part,) = claude.parse(path.with_name("full.jsonl")).sessions
    ours = token_sums(part)

    assert ours["responses"] == theirs["api_call_count"]
    assert ours["input"] == theirs["input_tokens"]
    assert ours["output"] == theirs["output_tokens"]
    assert ours["cached"] == theirs["cache_read_tokens"]
    assert ours["cache_creation"] == theirs["cache_creation_tokens"]


def test_real_logs_have_as_many_applied_and_failed_edits_as_counted_by_hand():
    """Of 65 edit calls in the real logs 49 were applied, 16 failed; three applied ones wrote what was there."""
    calls: Counter[str] = Counter()
    changed = 0

    for name in LOGS:
        if not name.startswith(("entireio__cli/checkpoints/", "d-kimuson")):
            continue
        changed += sum(len(part.changes) for part in claude.parse(GOLDEN / name).sessions)
        edits = set()
        for line in (GOLDEN / name).read_bytes().splitlines():
            try:
                content = (json.loads(line).get("message") or {}).get("content")
            except (ValueError, AttributeError):
                continue
            for block in content if isinstance(content, list) else []:
                if block["type"] == "tool_use" and block["name"] in EDIT_TOOLS:
                    edits.add(block["id"])
                elif block["type"] == "tool_result" and block["tool_use_id"] in edits:
                    calls["failed" if block.get("is_error") else "applied"] += 1

    assert calls == {"applied": 49, "failed": 16}
    assert changed == 46


def test_real_logs_sum_up_to_the_tokens_of_ccusage():
    """All logs of the viewer's project give the totals of ccusage 20.0.20 on them, responses counted once."""
    folder = GOLDEN / "d-kimuson__claude-code-viewer" / "projects" / "sample-project"
    usage = {}

    for path in sorted(folder.glob("*.jsonl")):
        for part in claude.parse(path).sessions:
            usage |= {item.record_key: item for item in part.usage}

    assert sum(item.input_tokens for item in usage.values()) == 1_240
    assert sum(item.output_tokens for item in usage.values()) == 56_535
    assert sum(item.cache_creation_tokens for item in usage.values()) == 198_421
    assert sum(item.cached_input_tokens for item in usage.values()) == 4_075_332


@pytest.mark.parametrize("name", [name for name in LOGS if name.startswith("entireio__cli")])
def test_unchanged_and_removed_lines_are_lines_of_the_file(name):
    """Every context and removed line of a real edit stands, tabs and all, in the text from before the edit."""
    before = {}
    for line in (GOLDEN / name).read_bytes().splitlines():
        if b'"originalFile"' in line:
            outer = json.loads(line)
            inner = (outer.get("data") or {}).get("message") or {}
            result = outer.get("toolUseResult") or inner.get("toolUseResult")
            before[outer["uuid"]] = {line_hash(text.encode()) for text in split_lines(result["originalFile"] or "")}

    for part in claude.parse(GOLDEN / name).sessions:
        for change in part.changes:
            old = {
                number
                for side, number in zip(change.lines.sides, change.lines.hashes, strict=True)
                if side != "+" and change.evidence == "result_hunk"
            }
            assert old <= before.get(change.record_key, set())


@pytest.mark.parametrize(
    ("content", "fields", "expected"),
    [
        ("fix the tests", {}, ("typed", "fix the tests")),
        (
            [{"type": "text", "text": "one"}, {"type": "image"}, {"type": "text", "text": "two"}],
            {},
            ("typed", "one\ntwo"),
        ),
        ("mid <command-name>foo", {}, ("typed", "mid <command-name>foo")),
        ("fix this", {"origin": {"kind": "human"}}, ("typed", "fix this")),
        ("report", {"origin": {"kind": "task-notification"}}, ("notification", "report")),
        ("meta", {"isMeta": True}, None),
        (" \u00a0\u2003\n", {}, None),
        ("", {}, None),
        ([], {}, None),
        ([{"type": "text", "text": "seen by nobody"}, {"type": "tool_result", "tool_use_id": "x"}], {}, None),
        ("[Request interrupted by user for tool use]", {}, None),
        ("[Request interrupted by user]", {}, ("interrupt", "[Request interrupted by user]")),
        ("hi <local-command-caveat>x", {}, None),
        ("see <command-name>/clear</command-name>", {}, None),
        (" <command-message>x", {}, None),
        ("<command-name>/model</command-name>\n<command-args>  </command-args>", {}, None),
        (
            "<command-message>f</command-message>\n<command-args> the tests\n</command-args>",
            {},
            ("command", "the tests"),
        ),
        ("<local-command-stdout>foo</local-command-stdout>", {}, ("command_output", None)),
        ("<bash-input>ls</bash-input>", {}, ("command_output", None)),
        ("<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>", {}, ("command_output", None)),
        ("<system-reminder>x</system-reminder>", {}, ("notification", None)),
        ("<task-notification>x</task-notification>\nRead it.", {}, ("notification", None)),
        ("Caveat: The messages below were generated", {}, ("notification", None)),
        ("<ide_opened_file>a.py</ide_opened_file>", {}, ("notification", None)),
        ("<ide_selection>x</ide_selection>\nwhat is this?", {}, ("typed", None)),
        (
            [{"type": "text", "text": "<ide_opened_file>a</ide_opened_file>"}, {"type": "text", "text": "fix"}],
            {},
            ("typed", None),
        ),
        ("This session is being continued from a previous conversation", {}, ("compact_summary", None)),
        ("Summary of it", {"isCompactSummary": True}, ("compact_summary", "Summary of it")),
        ("a\u001cb c", {}, ("typed", "a\u001cb c")),
    ],
)
def test_kinds_of_user_records(content, fields, expected):
    """A user record is no message where the reference drops it; else its kind says whether a person typed it."""
    part = one(user("u1", content, **fields))

    if expected is None:
        assert part.messages == []
    else:
        ((kind, text),) = said(part)
        assert kind == expected[0]
        assert text == expected[1] or (expected[1] is None and isinstance(content, str | list))


def test_messages_carry_identity_place_time_and_words():
    """A message has its record's uuid, line and instant, and words cut at Unicode white space only."""
    part = one(user("u1", "a\u001cb c"), assistant("a1", {"type": "text", "text": "p1"}, {"type": "text", "text": "p2"}))

    first, second = part.messages
    assert (first.record_key, first.position, first.role, first.word_count) == ("u1", 1, "user", 2)
    assert first.at_ms == instant_ms("2026-01-05T09:00:00.000Z")
    assert (second.record_key, second.position, second.kind, second.content) == ("a1", 2, "reply", "p1\np2")


def test_replies_are_text_blocks_only():
    """Text content of an assistant is ignored as in the reference; what the program says in its name is kept."""
    part = one(
        assistant("a1", message={"content": "plain"}),
        assistant("a2", {"type": "thinking", "thinking": "hm"}),
        assistant("a3", {"type": "text", "text": "API Error"}, message={"model": "<synthetic>"}, isApiErrorMessage=True),
    )

    assert said(part) == [("reply", "API Error")]
    assert part.model_name == "claude-opus-4-6"


def test_records_without_uuid_get_a_key_of_their_own():
    """Without a uuid the response names its lines; without that, the line of the log does."""
    part = one(
        user(None, "first"),
        assistant(None, {"type": "text", "text": "one"}, message={"id": "m1"}),
        assistant(None, {"type": "text", "text": "two"}, message={"id": "m1"}),
    )

    assert [message.record_key for message in part.messages] == ["@1:s1", "m1#1", "m1#2"]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        # Waited for its turn: the user record tells it.
        (["enqueue:later", "dequeue", "user:later"], ["later"]),
        # The turn took it in: nothing but the queue tells it, in old logs.
        (["enqueue:also this", "remove"], ["also this"]),
        (["enqueue:also this", "remove/absorbed_mid_turn:also this"], ["also this"]),
        # Newer ones tell it as an attachment as well, before or after.
        (["enqueue:also this", "remove:also this", "attachment:also this"], ["also this"]),
        (["enqueue:also this", "attachment:also this", "remove"], ["also this"]),
        (["attachment:only here"], ["only here"]),
        # Taken back, cancelled, interrupted.
        (["enqueue:no", "popAll"], []),
        (["enqueue:no", "enqueue:neither", "popAll:no", "popAll:neither"], []),
        (["enqueue:no", "remove/cancelled:no"], []),
        (["enqueue:no", "dequeue", "user:[Request interrupted by user]"], ["[Request interrupted by user]"]),
        # Still waiting when the log ends.
        (["enqueue:next"], ["next"]),
        (["enqueue:next", "user:next"], ["next"]),
        # A notification takes its turn in the queue, and is typed by nobody.
        (["enqueue:<task-notification>x", "enqueue:go on", "dequeue", "user:go on"], ["go on"]),
        (["enqueue:<task-notification>x", "enqueue:go on", "dequeue", "dequeue", "user:go on"], ["go on"]),
        (["enqueue:<task-notification>x", "remove"], []),
        # The same words twice are two prompts.
        (["enqueue:yes", "remove", "user:yes"], ["yes", "yes"]),
        (["enqueue:yes", "enqueue:yes", "dequeue", "user:yes", "dequeue", "user:yes"], ["yes", "yes"]),
        # A slash command says something only by its arguments; a path is no command.
        (["enqueue:/model", "remove"], []),
        (["enqueue:/fix the tests", "remove"], ["the tests"]),
        (["enqueue:/home/dev/a.py is wrong", "remove"], ["/home/dev/a.py is wrong"]),
        # Moves that are not known, or take from an empty queue, change nothing.
        (["enqueue:next", "shuffle", "move:next"], ["next"]),
        (["dequeue", "remove", "popAll", "popAll:x"], []),
    ],
)
def test_a_queued_prompt_is_told_once(records, expected):
    """A prompt typed while the model works is one message, whichever records tell it."""
    log = []
    for number, move in enumerate(records):
        operation, _, text = move.partition(":")
        operation, _, reason = operation.partition("/")
        if operation == "user":
            log.append(user(f"u{number}", text))
        elif operation == "attachment":
            log.append(record("attachment", f"a{number}", attachment={"type": "queued_command", "prompt": text}))
        else:
            content = {"content": text} if text else {}
            why = {"reason": reason} if reason else {}
            log.append(record("queue-operation", None, number, operation=operation, cwd=None, **content, **why))

    part = one(*log)

    assert [message.content for message in part.messages] == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"prompt": "stop", "commandMode": "prompt", "origin": {"kind": "human"}}, ["stop"]),
        ({"prompt": [{"type": "image"}, {"type": "text", "text": "look"}]}, ["look"]),
        ({"prompt": "done", "origin": {"kind": "task-notification"}}, []),
        ({"prompt": "hello", "origin": {"kind": "peer"}}, []),
        ({"prompt": "ls", "commandMode": "bash"}, []),
        ({"prompt": "note", "isMeta": True}, []),
        ({"prompt": "seen", "source_uuid": "u1"}, []),
        ({"prompt": 7}, []),
        ({}, []),
    ],
)
def test_queued_commands_of_people(fields, expected):
    """Of prompts taken in mid-turn only those that a person typed count, at the time they were sent."""
    sent = {"type": "queued_command", "timestamp": "2026-01-05T08:59:00.000Z"}

    part = one(user("u1", "seen"), record("attachment", "q1", attachment=sent | fields))

    queued = part.messages[1:]
    assert [message.content for message in queued] == expected
    assert {message.at_ms for message in queued} <= {instant_ms("2026-01-05T08:59:00.000Z")}


def test_an_enqueue_that_was_copied_counts_once():
    """Queue records have no uuid; the same text in the same millisecond is a copy."""
    move = record("queue-operation", None, operation="enqueue", content="next")

    part = one(move, move)

    assert said(part) == [("typed", "next")]
    assert part.duplicates == {"enqueue": 1}


WRITE = {"file_path": f"{CWD}/a.py", "content": "one\ntwo\n"}
EDIT = {"file_path": f"{CWD}/a.py", "old_string": "two", "new_string": "2\n3"}
NOTEBOOK = {"notebook_path": f"{CWD}/a.ipynb", "cell_id": "c1", "new_source": "x = 1\ny = 2", "edit_mode": "replace"}
MULTI = {
    "file_path": f"{CWD}/a.py",
    "edits": [{"old_string": "one", "new_string": "1"}, {"old_string": "two", "new_string": "2"}],
}
UPDATED = f"The file {CWD}/a.py has been updated. Here's the result of running `cat -n` on a snippet"
PATCH = edit_result()["structuredPatch"]


@pytest.mark.parametrize(
    ("tool", "request_", "result", "expected"),
    [
        ("Edit", EDIT, edit_result(), "+2 -1 patch result_hunk known"),
        ("Edit", {}, edit_result(), "+2 -1 patch result_hunk known"),
        ("Edit", EDIT, edit_result(structuredPatch=[]), "+2 -1 patch result_text known"),
        ("Edit", EDIT, edit_result(structuredPatch=None, originalFile=None), "+2 -1 patch result_text known"),
        ("Edit", EDIT, {"filePath": f"{CWD}/a.py"}, "+2 -1 patch request_diff known"),
        ("Edit", EDIT, {}, "+2 -1 patch request_diff known"),
        ("Edit", EDIT | {"new_string": "two"}, {}, None),
        (
            "Edit",
            EDIT | {"old_string": "", "new_string": "a\nb"},
            {"originalFile": ""},
            "+2 -0 patch request_diff known",
        ),
        (
            "Edit",
            EDIT | {"old_string": "a", "new_string": "b", "replace_all": True},
            {"originalFile": "a\nc\na"},
            "+2 -2 patch request_diff known",
        ),
        (
            "Edit",
            EDIT | {"old_string": "a", "new_string": "b"},
            {"originalFile": "a\nc\na"},
            "+1 -1 patch request_diff known",
        ),
        (
            "Edit",
            EDIT,
            edit_result(structuredPatch=[{"lines": ["--- a", "+++ b", "\\ No newline at end of file"]}]),
            "+1 -1 patch result_hunk known",
        ),
        (
            "Edit",
            EDIT,
            edit_result(structuredPatch=[{"lines": ["+a", "", 7, "-b"]}, "x", {"lines": "y"}]),
            "+1 -1 patch result_hunk known",
        ),
        ("Edit", EDIT, edit_result(userModified=True), "+2 -1 patch result_hunk known modified"),
        (
            "MultiEdit",
            MULTI,
            {"filePath": f"{CWD}/a.py", "edits": MULTI["edits"], "structuredPatch": PATCH},
            "+2 -1 patch result_hunk known",
        ),
        (
            "MultiEdit",
            MULTI,
            {"edits": MULTI["edits"], "originalFileContents": "one\ntwo\n"},
            "+2 -2 patch result_text known",
        ),
        ("MultiEdit", MULTI, {"edits": MULTI["edits"]}, "+2 -2 patch result_text known"),
        ("MultiEdit", MULTI, {"filePath": f"{CWD}/a.py"}, "+2 -2 patch request_diff known"),
        (
            "Write",
            WRITE,
            {"type": "create", "content": "a\nb\nc\n", "structuredPatch": [], "originalFile": None},
            "+3 -0 overwrite result_text known",
        ),
        ("Write", WRITE, {"type": "create"}, "+2 -0 overwrite request_diff known"),
        (
            "Write",
            WRITE,
            {"type": "update", "content": "x", "structuredPatch": PATCH, "originalFile": "y"},
            "+2 -1 patch result_hunk known",
        ),
        (
            "Write",
            WRITE,
            {"type": "update", "content": "one\n2\n", "structuredPatch": [], "originalFile": "one\ntwo"},
            "+1 -1 overwrite result_text known",
        ),
        ("Write", WRITE, {"type": "update", "content": "one\n", "structuredPatch": [], "originalFile": "one"}, None),
        ("Write", WRITE, {"type": "update", "content": "one\ntwo\n", "structuredPatch": []}, None),
        ("Write", WRITE, {"type": "update"}, "+2 -0 overwrite request_diff unknown"),
        ("NotebookEdit", NOTEBOOK, {"new_source": "x = 1\ny = 2", "cell_id": "c1"}, "+2 -0 patch result_text unknown"),
        ("NotebookEdit", NOTEBOOK | {"edit_mode": "insert"}, {"cell_id": "c1"}, "+2 -0 patch request_diff known"),
        (
            "NotebookEdit",
            NOTEBOOK,
            {"original_file": "a\nb\n", "updated_file": "a\nc\nd\n"},
            "+2 -1 patch result_text known",
        ),
        ("NotebookEdit", NOTEBOOK | {"edit_mode": "delete"}, {"cell_id": "c1"}, None),
        ("NotebookEdit", NOTEBOOK, {"error": "Cell not found"}, None),
    ],
)
def test_edits_that_were_applied(tool, request_, result, expected):
    """An applied edit counts by its hunks, else by the texts of its result, else by its request."""
    part = one(asked("t1", tool, **request_), answered("t1", result))

    found = [
        f"+{change.lines.added} -{change.lines.removed} {change.write_mode} {change.evidence}"
        f" {'known' if change.before_known else 'unknown'}{' modified' if change.user_modified else ''}"
        for change in part.changes
    ]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("tool", "request_", "content", "result", "is_created"),
    [
        ("Edit", EDIT, UPDATED, None, False),
        ("Edit", EDIT, [{"type": "text", "text": UPDATED}], None, False),
        ("Edit", EDIT, "", UPDATED, False),
        ("MultiEdit", MULTI, f"Applied 2 edits to {CWD}/a.py:\n1. Replaced", None, False),
        ("Write", WRITE, f"File created successfully at: {CWD}/a.py", None, True),
        ("Write", WRITE, UPDATED, None, False),
        ("NotebookEdit", NOTEBOOK, "Updated cell c1 with x = 1", None, False),
    ],
)
def test_results_that_are_only_a_text(tool, request_, content, result, is_created):
    """Logs of sub-agents may lack the result's fields; its words then say that the request was applied."""
    part = one(asked("t1", tool, **request_), answered("t1", result, content))

    (change,) = part.changes
    assert change.evidence == "request_diff"
    assert change.user_modified is None
    assert change.before_known is (is_created or tool in ("Edit", "MultiEdit"))


@pytest.mark.parametrize(
    ("result", "content", "error"),
    [
        ("Error: String to replace not found in file.", "<tool_use_error>not found</tool_use_error>", True),
        ("Error: File has not been read yet.", "File has not been read yet.", None),
        ("User rejected tool use", "The user doesn't want to proceed with this tool use.", True),
        (edit_result(), "ok", True),
        ({"is_error": True, "stderr": "no"}, "no", None),
        (None, "ok", None),
        (None, f"{CWD}/a.py has been updated", None),
        (["x"], "ok", None),
    ],
)
def test_edits_that_were_not_applied(result, content, error):
    """An error, a refusal, or a result that does not say so, is no change."""
    part = one(asked("t1", "Edit", **EDIT), answered("t1", result, content, error))

    assert part.changes == []


def test_a_request_without_a_result_is_no_change():
    """An interrupted call was not applied."""
    part = one(asked("t1", "Write", **WRITE))

    assert part.changes == []


def test_a_change_says_where_and_when():
    """A change carries call, record, path, branch of the result, and the time at which the model asked for it."""
    ask = asked("t1", "Edit", **EDIT) | {"timestamp": "2026-01-05T09:00:01.000Z"}
    answer = answered("t1", edit_result(), second=9, gitBranch="feature/x")

    (change,) = one(ask, answer).changes

    assert (change.change_id, change.call_id, change.op_index) == ("t1#0", "t1", 0)
    assert (change.record_key, change.position) == ("answer-t1", 2)
    assert (change.path, change.moved_from, change.git_branch) == (f"{CWD}/a.py", None, "feature/x")
    assert change.at_ms == instant_ms("2026-01-05T09:00:01.000Z")
    assert texts(change, "one", "two", "2", "3") == [(" ", "one"), ("-", "two"), ("+", "2"), ("+", "3")]


@pytest.mark.parametrize("branch", ["", "HEAD", None])
def test_no_branch_is_no_name(branch):
    """Outside git and on a detached head there is no branch."""
    part = one(asked("t1", "Edit", **EDIT), answered("t1", edit_result(), gitBranch=branch))

    assert part.changes[0].git_branch is None
    assert part.git_branch is None


def test_patches_get_their_tabs_back():
    """A patch shows a leading tab as two blanks; the lines are hashed as they stand in the file."""
    before = "func f() {\n\tif a {\n\t\treturn\n\t}\n  two blanks\n}\n"
    shown = [" func f() {", "   if a {", "-    return", "+    return 1", "   }", "   two blanks", " }"]
    result = edit_result(
        oldString="return",
        newString="return 1",
        originalFile=before,
        structuredPatch=[{"oldStart": 1, "newStart": 1, "lines": shown}],
    )

    (change,) = one(asked("t1", "Edit", **EDIT), answered("t1", result)).changes

    assert texts(change, *split_lines(before), "\t\treturn 1") == [
        (" ", "func f() {"),
        (" ", "\tif a {"),
        ("-", "\t\treturn"),
        ("+", "\t\treturn 1"),
        (" ", "\t}"),
        (" ", "  two blanks"),
        (" ", "}"),
    ]


def test_patches_get_their_tabs_back_from_parts_of_the_text():
    """Without the text from before, the replaced and the new text tell which blanks were tabs."""
    shown = [{"oldStart": 7, "newStart": 7, "lines": ["   context", "-  old", "+  new", "+    deeper"]}]
    result = edit_result(oldString="\told", newString="\tnew\n\t\tdeeper", originalFile=None, structuredPatch=shown)

    (change,) = one(asked("t1", "Edit", **EDIT), answered("t1", result)).changes

    known = ("  context", "\told", "\tnew", "\t\tdeeper")
    assert texts(change, *known) == list(zip(" -++", known, strict=True))


def test_one_record_may_hold_several_results():
    """The result object of such a record belongs to the call that names its file; the other one has its text only."""
    blocks = [
        {"type": "tool_result", "tool_use_id": "t1", "content": UPDATED},
        {"type": "tool_result", "tool_use_id": "t2", "content": f"File created successfully at: {CWD}/b.py"},
    ]
    part = one(
        asked("t1", "Edit", **EDIT),
        asked("t2", "Write", file_path=f"{CWD}/b.py", content="b\n"),
        user("u1", blocks, toolUseResult=edit_result()),
    )

    assert [(change.path, change.evidence) for change in part.changes] == [
        (f"{CWD}/a.py", "result_hunk"),
        (f"{CWD}/b.py", "request_diff"),
    ]


def test_a_result_without_its_request_tells_enough():
    """When the request is in a damaged line or another log, the result's own fields make the change."""
    (change,) = one(answered("t1", edit_result())).changes

    assert (change.change_id, change.parser_name) == ("t1#0", "claude_edit_v1")
    assert change.at_ms == instant_ms("2026-01-05T09:00:00.000Z")


def test_an_id_that_is_used_again_is_another_call():
    """Some proxies number calls from anew; the same request under the same id is a copy."""
    first = [asked("t1", "Edit", **EDIT), answered("t1", edit_result())]
    again = [asked("t1", "Write", **WRITE) | {"uuid": "a2"}, answered("t1", {"type": "create"}) | {"uuid": "r2"}]
    copied = [asked("t1", "Write", **WRITE) | {"uuid": "a3"}, answered("t1", {"type": "create"}) | {"uuid": "r3"}]

    part = one(*first, *again, *copied)

    assert [change.change_id for change in part.changes] == ["t1#0", "t1~1#0"]
    assert part.duplicates == {"call_result": 1}


def test_plans_are_no_changes():
    """Files below the agent's own plan folder are not the project's."""
    path = "/home/dev/.claude/plans/a.md"

    part = one(asked("t1", "Write", file_path=path, content="x"), answered("t1", {"type": "create", "filePath": path}))

    assert part.changes == []


def test_an_applied_edit_that_cannot_be_understood_is_an_error():
    """A success whose text is in neither result nor request is told, with its call."""
    log = read(asked("t1", "Edit", file_path="a.py"), answered("t1", {"filePath": "a.py", "structuredPatch": "new"}))

    (error,) = log.errors
    assert (error.line, error.session_id, error.call_id) == (2, "s1", "t1")
    assert "not counted" in error.reason
    assert log.sessions[0].changes == []


@pytest.mark.parametrize(
    ("path", "cwd", "expected"),
    [
        ("/home/dev/app/a.py", CWD, "/home/dev/app/a.py"),
        ("src/a.py", CWD, "/home/dev/app/src/a.py"),
        ("../b/./a.py", CWD, "/home/dev/app/../b/./a.py"),
        ("a.py", "/", "/a.py"),
        ("src/a.py", None, "src/a.py"),
        ("~/a.py", CWD, "~/a.py"),
        ("a\\b.txt", CWD, "/home/dev/app/a\\b.txt"),
        ("/home/dev/a\\b.txt", CWD, "/home/dev/a\\b.txt"),
        ("file:///home/dev/y%20z.txt", CWD, "/home/dev/y z.txt"),
        ("file://localhost/home/dev/a.py", CWD, "/home/dev/a.py"),
        ("file:///c%3A/dev/x.md", CWD, "C:/dev/x.md"),
        ("c:\\dev\\x.md", None, "C:/dev/x.md"),
        ("src\\x.md", "C:\\dev", "C:/dev/src/x.md"),
        ("src\\x.md", "C:\\", "C:/src/x.md"),
        ("\\\\server\\share\\x.md", CWD, "//server/share/x.md"),
        ("x.md", "\\\\server\\share", "//server/share/x.md"),
    ],
)
def test_paths_as_the_agent_meant_them(path, cwd, expected):
    """A relative path lies in the record's own working directory; separators change only where they are some."""
    answer = answered("t1", {"type": "create", "filePath": path}, cwd=cwd)

    (change,) = one(asked("t1", "Write", **WRITE) | {"cwd": None}, answer).changes

    assert change.path == expected


def test_whole_texts_are_remembered_by_their_hash():
    """The text before an edit and a complete Read are snapshots; a Read of a part is none."""
    file = {"filePath": f"{CWD}/b.py", "content": "x\ny\n", "numLines": 3, "startLine": 1, "totalLines": 3}
    part = one(
        asked("t1", "Edit", **EDIT),
        answered("t1", edit_result()),
        answered("t2", {"type": "text", "file": file}),
        answered("t3", {"type": "text", "file": file | {"startLine": 2}}),
        answered("t4", {"type": "text", "file": file | {"totalLines": 9}}),
        answered("t5", {"type": "text", "file": file | {"truncated": True}}),
        answered("t6", {"type": "text", "file": file | {"content": ""}}),
        answered("t7", {"type": "text", "file": "b.py"}),
    )

    found = [(snapshot.record_key, snapshot.path, snapshot.text_hash, snapshot.line_count) for snapshot in part.snapshots]
    assert found == [
        ("answer-t1", f"{CWD}/a.py", text_hash("one\ntwo\n"), 2),
        ("answer-t2", f"{CWD}/b.py", text_hash("x\ny\n"), 2),
    ]


def tokens(uuid: str, message_id: str | None, request_id: str | None, usage: dict[str, object], **fields: object):
    """An assistant record that holds tokens."""
    ids = {"id": message_id} if message_id else {}
    return assistant(uuid, message=ids | {"usage": usage}, requestId=request_id, **fields)


SMALL = {"input_tokens": 10, "output_tokens": 1, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000}
LARGE = SMALL | {"output_tokens": 50}
SIDE = {"isSidechain": True, "agentId": "x"}


@pytest.mark.parametrize(
    ("records", "outputs", "duplicates"),
    [
        ([("m1", "r1", SMALL, {}), ("m1", "r1", LARGE, {})], [50], 1),
        ([("m1", "r1", LARGE, {}), ("m1", "r1", SMALL, {})], [50], 1),
        ([("m1", None, SMALL, {}), ("m1", None, SMALL, {})], [1], 1),
        ([("m1", "r1", SMALL, {}), ("m1", "r2", SMALL, {})], [1, 1], 0),
        ([(None, None, SMALL, {}), (None, None, SMALL, {})], [1, 1], 0),
        ([("m1", "r1", SMALL, {}), ("m1", "r2", LARGE, SIDE)], [1], 1),
        ([("m1", "r2", LARGE, SIDE), ("m1", "r1", SMALL, {})], [1], 1),
        ([("m1", "r1", SMALL, SIDE), ("m1", "r2", LARGE, SIDE)], [50], 1),
        ([("m1", "r1", {"output_tokens": 5}, {})], [5], 0),
        ([("m1", "r1", {"cache_read_input_tokens": 5}, {})], [], 0),
        ([("m1", "r1", {"input_tokens": True, "output_tokens": "7"}, {})], [], 0),
        ([("m1", "r1", {"input_tokens": -5, "output_tokens": 7}, {})], [7], 0),
    ],
)
def test_responses_count_once(records, outputs, duplicates):
    """Lines of one response count once, by the largest; the main thread's copy goes before a sidechain's."""
    part = one(
        *(
            tokens(f"a{number}", message_id, request_id, usage, **fields)
            for number, (message_id, request_id, usage, fields) in enumerate(records)
        )
    )

    assert [usage.output_tokens for usage in part.usage] == outputs
    assert part.duplicates.get("response_line", 0) == duplicates


def test_fields_of_usage():
    """The split of cache writes wins over their sum; thinking is part of the output; speed is told or not."""
    split = {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}
    usage = LARGE | {"cache_creation": split, "output_tokens_details": {"thinking_tokens": 30}, "speed": "fast"}

    first, second = one(tokens("a1", "m1", "r1", usage), tokens("a2", "m2", None, SMALL)).usage

    assert (first.record_key, first.position, first.model_name, first.speed) == ("m1:r1", 1, "claude-opus-4-6", "fast")
    assert (first.input_tokens, first.cached_input_tokens) == (10, 1000)
    assert (first.cache_creation_tokens, first.cache_creation_1h_tokens) == (3, 2)
    assert (first.output_tokens, first.reasoning_tokens) == (50, 30)
    assert (second.record_key, second.cache_creation_tokens, second.speed) == ("m2:", 100, None)


def test_a_speed_decides_between_equal_lines():
    """Of two lines alike the one that tells its speed is kept."""
    part = one(tokens("a1", "m1", "r1", SMALL), tokens("a2", "m1", "r1", SMALL | {"speed": "standard"}))

    assert [usage.speed for usage in part.usage] == ["standard"]


def test_texts_of_the_program_are_no_model():
    """`<synthetic>` names no model, and costs nothing unless it says so."""
    zero = {"input_tokens": 0, "output_tokens": 0}
    records = [
        assistant("a1", message={"id": "m1", "model": "<synthetic>", "usage": zero}),
        assistant("a2", message={"id": "m2", "model": "<synthetic>", "usage": SMALL}),
    ]

    part = one(*records)

    assert [(usage.model_name, usage.output_tokens) for usage in part.usage] == [(None, 1)]
    assert part.model_name is None


def test_records_without_a_type_hold_tokens():
    """The oldest logs name no type; their tokens and model count, and the file names the session."""
    message = {"role": "assistant", "id": "m1", "model": "claude-sonnet-4", "usage": SMALL}

    part = one(record(None, None, message=message, sessionId=None), path="old.jsonl")

    assert (part.session_id, part.model_name, part.usage[0].output_tokens) == ("old", "claude-sonnet-4", 1)


def test_copies_within_a_log_are_dropped_and_counted():
    """The first record of a uuid counts, unless it could not be read; a copy may still hold the last line's tokens."""
    part = one(
        user("u1", "first"),
        user("u1", "not this"),
        tokens("a1", "m1", "r1", SMALL),
        tokens("a1", "m1", "r1", LARGE),
        record("user", "u2", message="broken"),
        user("u2", "whole"),
    )

    assert [message.content for message in part.messages] == ["first", "whole"]
    assert [usage.output_tokens for usage in part.usage] == [50]
    assert part.duplicates == {"record_uuid": 2, "response_line": 1}


def test_the_head_of_a_session():
    """First directory, last branch, version and main model, first and last instant of records of any type."""
    part = one(
        record("system", "s1", 5, cwd="/first", gitBranch="main", version="2.1.1"),
        user("u1", "hi", second=3, cwd="/second", gitBranch="feature"),
        assistant("a1", message={"model": "claude-haiku-4-5"}, **SIDE),
        assistant("a2", message={"model": "claude-opus-4-6"}),
        assistant("a3", message={"model": "claude-haiku-4-5"}, **SIDE),
        record("progress", "p1", 40, data={"type": "hook_progress"}, gitBranch="HEAD", version="2.1.2"),
    )

    assert (part.cwd, part.git_branch, part.client_version) == ("/first", "feature", "2.1.2")
    assert part.model_name == "claude-opus-4-6"
    assert part.started_ms == instant_ms("2026-01-05T09:00:00.000Z")
    assert part.ended_ms == instant_ms("2026-01-05T09:00:40.000Z")
    assert (part.origin, part.parent_session_id, part.agent_id) == (None, None, "")


def test_each_record_belongs_to_the_session_it_names():
    """A log may hold several sessions; a record that names none belongs to the file."""
    log = read(user("u1", "a"), user("u2", "b", sessionId="s2"), user("u3", "c", sessionId=None), path="s3.jsonl")

    assert [(part.session_id, said(part)) for part in log.sessions] == [
        ("s1", [("typed", "a")]),
        ("s2", [("typed", "b")]),
        ("s3", [("typed", "c")]),
    ]


@pytest.mark.parametrize(
    ("records", "sessions"),
    [
        ([{"type": "summary", "summary": "x", "leafUuid": "y"}], []),
        ([{"type": "file-history-snapshot", "messageId": "m", "snapshot": {"timestamp": "2026-01-05T09:00:00Z"}}], []),
        ([{"silly": "this"}], []),
        ([{"type": "custom-title", "sessionId": "s1", "customTitle": "x"}], ["s1"]),
        ([record("system", "x"), record("something-new", "y")], ["s1"]),
        ([], []),
    ],
)
def test_which_logs_hold_a_session(records, sessions):
    """A session is there when a record names it, whatever its type; a summary names none."""
    log = read(*records)

    assert [part.session_id for part in log.sessions] == sessions
    assert log.errors == []


def test_records_of_a_fork_keep_the_identity_of_what_they_copy():
    """A copied record has the key of its original; times of copies do not make the fork older."""
    fork = {"sessionId": "s0", "messageUuid": "u1"}
    part = one(
        user("copy", "old", forkedFrom=fork, timestamp="2026-01-01T00:00:00.000Z"),
        user("u2", "new", forkedFrom={"sessionId": "s1"}),
    )

    assert part.parent_session_id == "s0"
    assert [message.record_key for message in part.messages] == ["u1", "u2"]
    assert part.started_ms == instant_ms("2026-01-05T09:00:00.000Z")


def test_a_fork_of_copies_only_has_their_times():
    """When a fork holds nothing of its own, its copies tell when it was."""
    part = one(user("u1", "old", forkedFrom={"sessionId": "s0"}))

    assert part.started_ms == part.ended_ms == instant_ms("2026-01-05T09:00:00.000Z")


@pytest.mark.parametrize(
    ("path", "session_id", "agent_id", "expected"),
    [
        ("p/s1.jsonl", "s1", None, ("s1", "", "sidechain")),
        ("p/s1.jsonl", "s1", "x", ("s1", "", "x")),
        ("p/agent-x.jsonl", "s1", None, ("s1", "x", "x")),
        ("p/agent-x.jsonl", "s1", "y", ("s1", "x", "y")),
        ("p/agent-x.jsonl", None, None, ("agent-x", "x", "x")),
        ("p/s0/subagents/agent-x.jsonl", None, None, ("s0", "x", "x")),
        ("p/s0/subagents/agent-x.jsonl", "agent-x", "x", ("s0", "x", "x")),
        ("p/s0/subagents/workflows/wf_1/agent-x.jsonl", None, None, ("s0", "x", "x")),
        ("subagents/agent-x.jsonl", None, None, ("agent-x", "x", "x")),
    ],
)
def test_whose_records_a_sub_agent_writes(path, session_id, agent_id, expected):
    """Records of a sub-agent belong to its parent session, named in them or by their folder, under the agent's id."""
    part = one(user("u1", "find it", sessionId=session_id, agentId=agent_id, isSidechain=True), path=path)

    assert (part.session_id, part.agent_id, part.messages[0].agent_id) == expected


@pytest.mark.parametrize("where", ["outer", "inner"])
def test_sub_agents_inside_progress_records(where):
    """2.1.x put a sub-agent's records into the main log; messages, edits and tokens of it count under its id."""

    def wrapped(uuid, kind, body, **fields):
        inner = {"type": kind, "timestamp": "2026-01-05T09:00:30.000Z", "message": body, "requestId": "r1"}
        inner |= {"toolUseResult": fields.pop("inner")} if "inner" in fields else {}
        data = {"type": "agent_progress", "agentId": "x", "message": inner}
        return record("progress", uuid, data=data, **fields)

    ask = {"type": "tool_use", "id": "t1", "name": "Edit", "input": EDIT}
    reply = {"id": "m1", "model": "claude-haiku-4-5", "usage": SMALL, "content": [{"type": "text", "text": "ok"}, ask]}
    block = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
    result = {"toolUseResult": edit_result()} if where == "outer" else {"inner": edit_result()}
    part = one(
        wrapped("p1", "user", {"content": "do it"}),
        wrapped("p2", "assistant", reply),
        wrapped("p3", "user", {"content": [block]}, **result),
        record("progress", "p4", data={"type": "agent_progress", "message": "text"}),
    )

    assert [(m.record_key, m.agent_id, m.kind, m.content) for m in part.messages] == [
        ("p1", "x", "typed", "do it"),
        ("p2", "x", "reply", "ok"),
    ]
    assert [(c.record_key, c.agent_id, c.evidence) for c in part.changes] == [("p3", "x", "result_hunk")]
    assert part.changes[0].at_ms == instant_ms("2026-01-05T09:00:30.000Z")
    assert [(u.record_key, u.agent_id) for u in part.usage] == [("m1:r1", "x")]
    assert part.model_name == "claude-haiku-4-5"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json\n", "no JSON; line skipped"),
        (b'{"type":"user","uuid":\n', "no JSON; line skipped"),
        (b"42\n", "JSON, but no object; skipped"),
        (b'["a"]\n', "JSON, but no object; skipped"),
        (b"[" * 100_000 + b"\n", "nested too deeply; line skipped"),
        (b"\0\0\0\n", None),
        (b"\n", None),
        (b" \t\r\n", None),
    ],
)
def test_bad_lines_cost_nothing_but_themselves(line, reason):
    """A line that holds no record is an error with its number; a blank one is none."""
    log = read(user("u1", "before"), line, user("u2", "after"))

    assert [(error.line, error.reason) for error in log.errors] == ([(2, reason)] if reason else [])
    assert [message.position for message in log.sessions[0].messages] == [1, 3]
    assert log.line_count == 3


def test_an_unfinished_last_line_is_told_apart():
    """A log that is being written may end within a record."""
    whole = as_lines(user("u1", "before"), user("u2", "after"))

    log = read(whole[0], whole[1][:-20])

    assert [error.reason for error in log.errors] == ["unfinished last line; read again when the log grows"]
    assert said(log.sessions[0]) == [("typed", "before")]


def test_a_last_line_without_a_line_end_counts():
    """Only the record must be whole, not the line."""
    log = read(as_lines(user("u1", "all"))[0].rstrip(b"\n"))

    assert (log.errors, said(log.sessions[0])) == ([], [("typed", "all")])


def test_records_that_writers_put_into_one_line():
    """Two records in a row are both read, and so is a whole one behind the beginning of another."""
    first, second = (line.rstrip(b"\n") for line in as_lines(user("u1", "one"), user("u2", "two")))
    torn = as_lines(assistant("a1", {"type": "text", "text": "lost"}))[0].rstrip(b"}\n")

    glued = read(first + second + b"\n")
    broken = read(torn + second + b"\n")

    assert [message.content for message in glued.sessions[0].messages] == ["one", "two"]
    assert glued.errors == []
    assert [message.content for message in broken.sessions[0].messages] == ["two"]
    assert [error.reason for error in broken.errors] == ["no JSON; 1 other records of the line kept"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"XX", b"\xff", "a\ufffdb"),
        (b"XX", b"\\ud83d", "a\ufffdb"),
        (b"XX", b"\\ud83d\\ude00", "a\U0001f600b"),
        (b"XX", b"\x01", "a\x01b"),
        (b'"isSidechain": false', b'"isSidechain": NaN', "aXXb"),
        (b'"isSidechain": false', b'"isSidechain": 1e999', "aXXb"),
        (b'"isSidechain": false', b'"isSidechain": 7, "gitBranch": ["x"]', "aXXb"),
        (b'{"type"', b'{"type": "x", "type"', "aXXb"),
        (b'{"type"', b'\xef\xbb\xbf{"type"', "aXXb"),
        (b'{"type"', b'\0\0{"type"', "aXXb"),
    ],
)
def test_almost_json_is_read(old, new, expected):
    """Bytes that are no UTF-8, half surrogate pairs, NaN, wrong types and the like lose no record."""
    (line,) = as_lines(user("u1", "aXXb", isSidechain=False))

    part = one(line.replace(old, new))

    assert [message.content for message in part.messages] == [expected]
    assert part.messages[0].content.encode().decode() == expected


def test_the_texts_of_a_damaged_edit_are_read():
    """A byte that is no UTF-8 in a result's text costs that byte only."""
    ask, answer = as_lines(asked("t1", "Edit", **EDIT), answered("t1", edit_result()))

    (change,) = one(ask, answer.replace(b"+2", b"+\xff")).changes

    assert (change.lines.added, change.lines.removed) == (2, 1)
    assert texts(change, "one", "two", "\ufffd", "3")[2] == ("+", "\ufffd")


def test_both_spellings_of_json_are_read_alike():
    """Blanks after colons and commas make no difference."""
    records = [user("u1", "hi"), asked("t1", "Edit", **EDIT), answered("t1", edit_result())]
    tight = [json.dumps(item, separators=(",", ":")).encode() + b"\n" for item in records]

    assert read(*records) == read(*tight)


def test_parse_reads_files(tmp_path):
    """A file gives what its lines give; CRLF line ends do no harm."""
    lines = as_lines(user("u1", "hi"), user("u2", "there"))
    path = tmp_path / "s1.jsonl"
    path.write_bytes(b"".join(lines).replace(b"\n", b"\r\n"))

    log = claude.parse(path)

    assert log == claude.parse_lines(lines, path)
    assert log.provider == claude.NAME


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, kind):
    """No file is no crash: one error for the whole file."""
    path = tmp_path / "s1.jsonl"
    if kind == "folder":
        path.mkdir()

    log = claude.parse(path)

    assert (log.sessions, log.line_count) == ([], 0)
    assert [error.line for error in log.errors] == [0]
    assert "cannot be read" in log.errors[0].reason


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, ["HOME/.claude/projects", "HOME/.config/claude/projects"]),
        ({"XDG_CONFIG_HOME": "/xdg"}, ["HOME/.claude/projects", "/xdg/claude/projects"]),
        ({"CLAUDE_CONFIG_DIR": ""}, ["HOME/.claude/projects", "HOME/.config/claude/projects"]),
        ({"CLAUDE_CONFIG_DIR": "/a, /b/projects,,/a"}, ["/a/projects", "/b/projects"]),
        ({"CLAUDE_CONFIG_DIR": "~/c", "XDG_CONFIG_HOME": "/xdg"}, ["HOME/c/projects"]),
    ],
)
def test_where_logs_are_looked_for(env, expected):
    """The variable replaces the usual folders."""
    found = claude.roots(Path("/home/dev"), env)

    assert [str(path) for path in found] == [text.replace("HOME", "/home/dev") for text in expected]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, 30),
        (b"{}", 30),
        (b'{"model": "opus", "cleanupPeriodDays": 99999}', 99999),
        (b'{"cleanupPeriodDays": 0}', 0),
        (b'{"cleanupPeriodDays": 7', 30),
        (b'{"cleanupPeriodDays": -7}', 30),
        (b'{"cleanupPeriodDays": "7"}', 30),
        (b'{"cleanupPeriodDays": true}', 30),
        (b'{"cleanupPeriodDays": null}', 30),
        (b'{"cleanupPeriodDays": 1e400}', 30),
        (b'{"deep": ' + b"[" * 100_000, 30),
        (b"[7]", 30),
        (b"\xff\xfe", 30),
    ],
)
def test_how_long_logs_are_kept(tmp_path, content, expected):
    """The settings of each folder tell; nonsense tells nothing."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "b" / "settings.json").write_text('{"cleanupPeriodDays": 5}')
    if content is not None:
        (tmp_path / "a" / "settings.json").write_bytes(content)

    found = claude.kept_days(tmp_path, {"CLAUDE_CONFIG_DIR": f"{tmp_path}/a,{tmp_path}/b/projects"})

    assert found == {tmp_path / "a" / "projects": expected, tmp_path / "b" / "projects": 5}


def test_discover_finds_each_log_once(tmp_path):
    """Logs at any depth, in order of path components, once each; links to them or to folders add nothing."""
    root = tmp_path / ".claude" / "projects"
    names = [
        "a/s2.jsonl",
        "a-b/s1.jsonl",
        "a/s2/subagents/agent-x.jsonl",
        "a/s2/subagents/workflows/wf_1/agent-y.jsonl",
    ]
    for name in [*names, "a/s2/subagents/workflows/wf_1/journal.jsonl", "a/notes.txt", "a/.jsonl"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}\n")
    (root / "a" / "folder.jsonl").mkdir()
    os.mkfifo(root / "a" / "pipe.jsonl")
    (root / "0-link").symlink_to(root / "a")
    (root / "a" / "loop").symlink_to(root)
    (root / "a" / "dangling.jsonl").symlink_to(root / "nowhere")
    (tmp_path / ".config" / "claude").mkdir(parents=True)
    (tmp_path / ".config" / "claude" / "projects").symlink_to(root)

    found = claude.discover(tmp_path, {})

    assert found == [root / name for name in (names[2], names[3], names[0], names[1])]


def test_discover_follows_links_to_other_places(tmp_path):
    """A project folder that was moved away and linked back is still found."""
    moved = tmp_path / "disk" / "p"
    moved.mkdir(parents=True)
    (moved / "s1.jsonl").write_text("{}\n")
    (tmp_path / "c" / "projects").mkdir(parents=True)
    (tmp_path / "c" / "projects" / "p").symlink_to(moved)

    found = claude.discover(tmp_path, {"CLAUDE_CONFIG_DIR": str(tmp_path / "c")})

    assert found == [tmp_path / "c" / "projects" / "p" / "s1.jsonl"]


def test_discover_without_folders(tmp_path):
    """A missing root, and one that is no folder, hold no logs."""
    (tmp_path / "projects").write_text("")

    found = claude.discover(tmp_path, {"CLAUDE_CONFIG_DIR": f"{tmp_path}/projects,{tmp_path}/missing"})

    assert found == []


SESSION = [
    user("u1", "please fix a.py"),
    tokens("a1", "m1", "r1", SMALL),
    asked("t1", "Edit", **EDIT) | {"requestId": "r1"},
    answered("t1", edit_result()),
    asked("t2", "Write", **WRITE),
    answered("t2", {"type": "create", "filePath": f"{CWD}/b.py", "content": "b\n", "structuredPatch": []}),
    answered(
        "t3",
        {"type": "text", "file": {"filePath": "c", "content": "c", "numLines": 1, "startLine": 1, "totalLines": 1}},
    ),
    user("u2", [{"type": "text", "text": "and now b.py"}], isSidechain=True, agentId="x"),
    tokens("a2", "m2", "r2", LARGE),
    assistant("a3", {"type": "text", "text": "done"}, message={"id": "m3", "usage": LARGE}),
    record(
        "progress",
        "p1",
        data={"type": "agent_progress", "agentId": "y", "message": {"type": "user", "message": {"content": "look"}}},
    ),
    record("attachment", "q1", attachment={"type": "queued_command", "prompt": "stop", "commandMode": "prompt"}),
    record("queue-operation", None, operation="enqueue", content="next"),
    record("system", "y1", 50, subtype="turn_duration"),
    user("u3", "thanks", sessionId="s2", forkedFrom={"sessionId": "s1", "messageUuid": "u0"}),
]
SESSION_LINES = as_lines(*SESSION)
NAMED = [number for number, item in enumerate(SESSION) if "uuid" in item]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("\ud800"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "content"]), inner),
    max_leaves=5,
)


def keys(log: ParsedLog) -> set[tuple[str, str]]:
    """Identities of what a log holds and what does not hang on the queue, which has none."""
    found = set()
    for part in log.sessions:
        found |= {("message", m.record_key) for m in part.messages if not m.record_key.startswith("enqueue:")}
        found |= {("change", change.change_id) for change in part.changes}
        found |= {("usage", usage.record_key) for usage in part.usage}
        found |= {("snapshot", snapshot.record_key) for snapshot in part.snapshots}
    return found


def without(number: int) -> list[bytes]:
    """The session's lines with a blank one instead of one."""
    return [*SESSION_LINES[:number], b"\n", *SESSION_LINES[number + 1 :]]


@given(st.integers(0, sum(map(len, SESSION_LINES))))
@settings(max_examples=80)
def test_any_prefix_of_a_log_can_be_read(size):
    """A log that ends anywhere gives no more changes than the whole, and the same ones."""
    whole = keys(read(*SESSION_LINES))

    part = read(*b"".join(SESSION_LINES)[:size].splitlines(keepends=True))

    assert {key for key in keys(part) if key[0] == "change"} <= whole


@given(st.data())
@settings(max_examples=150)
def test_damage_costs_no_more_than_its_line(data):
    """Bytes written over, cut out or put into a line lose nothing of the other lines."""
    number = data.draw(st.integers(0, len(SESSION_LINES) - 1))
    line = SESSION_LINES[number].rstrip(b"\n")
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 30)))
    junk = data.draw(st.binary(max_size=12) | st.sampled_from([b'"', b"\\", b"}", b"{", b"\\ud800", b'{"type":"user",']))
    damaged = (line[:start] + junk.replace(b"\n", b" ") + line[end:]) + b"\n"

    log = read(*SESSION_LINES[:number], damaged, *SESSION_LINES[number + 1 :])

    assert keys(read(*without(number))) <= keys(log)


@given(st.data())
@settings(max_examples=200)
def test_wrong_types_cost_no_more_than_their_line(data):
    """Any value in any place of a record is read or skipped; the other records stay, and all texts are clean."""
    number = data.draw(st.integers(0, len(SESSION) - 1))
    changed = json.loads(SESSION_LINES[number])
    place = changed
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not (isinstance(place[key], dict | list) and place[key]) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(VALUES)

    log = read(*SESSION_LINES[:number], changed, *SESSION_LINES[number + 1 :])

    assert keys(read(*without(number))) <= keys(log)
    for part in log.sessions:
        for message in part.messages:
            message.content.encode()


MADE = [
    (2, "d61b494", "main"),
    (4, "065658b", "main"),
    (4, "c315674", "main"),
    (6, "530969a", None),
    (8, "7a4ad7c", "feat/x"),
    (10, "fc5fadd", None),
]


def test_commits_that_git_said_it_made():
    """Of the results of git commands the commits are kept, also where a later part failed; no other words, no other command."""
    log = claude.parse(GOLDEN.parent / "commits" / "claude.jsonl")

    (part,) = log.sessions
    assert log.errors == []
    assert [(made.position, made.sha, made.branch) for made in part.commits] == MADE
    assert {made.agent_id for made in part.commits} == {""}
    assert part.commits[0].at_ms == instant_ms("2026-01-05T09:01:00.000Z")
    assert [made.record_key for made in part.commits[1:3]] == ["u1", "u1"]


def test_a_sub_agents_commit_is_its_own():
    """The thread is kept; texts in blocks are read; a result whose call is not in the log says nothing."""
    output = [{"type": "text", "text": "[main abc1234] x"}]

    part = one(
        asked("c1", "Bash", command="git commit -m x") | {"isSidechain": True, "agentId": "a7"},
        answered("c1", content=output) | {"isSidechain": True, "agentId": "a7"},
        answered("c1", content=output, isMeta=True) | {"uuid": "again"},
        answered("c2", content="[main abc9999] y"),
    )

    assert [(made.agent_id, made.sha) for made in part.commits] == [("a7", "abc1234")]


@given(st.sampled_from(NAMED), st.integers(0, len(SESSION)))
@settings(max_examples=60)
def test_a_line_that_was_copied_changes_nothing(number, distance):
    """A record that stands in a log twice counts once; only the number of copies tells."""
    later = min(number + 1 + distance, len(SESSION))

    once = read(*SESSION_LINES)
    twice = read(*SESSION_LINES[:later], SESSION_LINES[number], *SESSION_LINES[later:])

    assert keys(twice) == keys(once)
    for before, after in zip(once.sessions, twice.sessions, strict=True):
        assert [m.content for m in before.messages] == [m.content for m in after.messages]
        assert [c.lines for c in before.changes] == [c.lines for c in after.changes]
        assert token_sums(before) == token_sums(after)
        assert (before.started_ms, before.ended_ms, before.cwd) == (after.started_ms, after.ended_ms, after.cwd)
    assert sum(sum(part.duplicates.values()) for part in twice.sessions) > sum(
        sum(part.duplicates.values()) for part in once.sessions
    )


if __name__ == "__main__":
    EXPECTED.write_text(json.dumps({name: golden(name) for name in LOGS}, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{len(LOGS)} logs written to {EXPECTED}\n")
