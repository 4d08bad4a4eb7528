"""Codex logs: four generations with literal values, forks, results, heredocs, damage."""

import json
import random
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paceflow_assets.lines import line_hash
from paceflow_assets.records import Change, ParsedLog, SessionPart, Usage, instant_ms
from paceflow_assets.source import codex

GOLDEN = Path(__file__).parents[1] / "golden" / "codex"
GENERATED = {
    "0.20.0": ("0.20.0/rollout-2026-11-23T17-44-14-ec403f8e-dca9-4745-be47-a2e14247fd9f.jsonl"),
    "0.50.0": ("0.50.0/rollout-2026-11-23T17-44-43-01a20982-998f-7f43-875c-3cf020d54eaf.jsonl"),
    "0.106.0": ("0.106.0/rollout-2026-11-23T17-44-56-01a20982-cc99-7fa0-9030-3b9f67cfc90f.jsonl"),
    "0.142.0": ("0.142.0/rollout-2026-11-23T17-45-29-01a20983-4b84-7c00-83c2-a3f44beaebb7.jsonl"),
    "0.169.0": ("0.169.0/rollout-2026-11-23T17-48-58-01a20986-7e5e-7c22-b618-88fe47223811.jsonl"),
    "0.169.0 fork": ("0.169.0/rollout-2026-11-23T17-50-32-01a20987-edda-7be2-9708-194de329e87d.jsonl"),
}
QUICK = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])

OWN = "019f0000-0000-7000-8000-00000000000b"  # a thread made at 2026-06-25T18:17:07.840Z
PARENT = "019e0000-0000-7000-8000-00000000000a"
CREATED = "2026-06-25T18:17:07.840Z"
OLD_TURN, OWN_TURN = "019e0000-1111-7000-8000-000000000001", "019f0000-1111-7000-8000-000000000001"
APPLIED = "Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\nM f\n"
RAN = "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\n"


def generated(version: str) -> Path:
    """Path of a generated log."""
    return GOLDEN / "generated" / GENERATED[version]


def the_part(log: ParsedLog) -> SessionPart:
    """The only part of a log without errors."""
    assert log.errors == []
    (part,) = log.sessions
    return part


def line(kind: str, payload: dict[str, Any], at: str = "2026-06-25T19:00:00.000Z", **envelope: Any) -> bytes:
    """One record as Codex writes it."""
    record = {"timestamp": at, **envelope, "type": kind, "payload": payload}
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def meta(thread: str = OWN, at: str = CREATED, **fields: Any) -> bytes:
    """A header."""
    return line("session_meta", {"id": thread, "timestamp": at, "cwd": "/r", **fields}, at)


def item(payload: dict[str, Any], at: str = "2026-06-25T19:00:00.000Z") -> bytes:
    """A response item."""
    return line("response_item", payload, at)


def event(payload: dict[str, Any], at: str = "2026-06-25T19:00:00.000Z") -> bytes:
    """An event."""
    return line("event_msg", payload, at)


def prompt(text: str, at: str = "2026-06-25T19:00:00.000Z") -> bytes:
    """A prompt as an event."""
    return event({"type": "user_message", "message": text}, at)


def said(role: str, text: str, at: str = "2026-06-25T19:00:00.000Z") -> bytes:
    """A message as a response item."""
    part = {"type": "output_text" if role == "assistant" else "input_text", "text": text}
    return item({"type": "message", "role": role, "content": [part]}, at)


def tokens(total: int, last: int | None = None, at: str = "2026-06-25T19:00:00.000Z") -> bytes:
    """A token snapshot; output is a tenth of the input."""

    def usage(number: int) -> dict[str, int]:
        return {"input_tokens": number, "cached_input_tokens": number // 2, "output_tokens": number // 10}

    info = {"total_token_usage": usage(total)} | ({"last_token_usage": usage(last)} if last is not None else {})
    return event({"type": "token_count", "info": info}, at)


def turn(turn_id: str, at: str = "2026-06-25T19:00:00.000Z") -> bytes:
    """The start of a turn."""
    return event({"type": "task_started", "turn_id": turn_id}, at)


def shell(call_id: str, command: str, output: object, **arguments: Any) -> bytes:
    """A shell command and its output."""
    options = json.dumps({"cmd": command, **arguments})
    call = {"type": "function_call", "name": "exec_command", "arguments": options, "call_id": call_id}
    return item(call) + item({"type": "function_call_output", "call_id": call_id, "output": output})


def patched(call_id: str, text: str, output: object) -> bytes:
    """An apply_patch call and its output."""
    call = {"type": "custom_tool_call", "name": "apply_patch", "input": text, "call_id": call_id}
    return item(call) + item({"type": "custom_tool_call_output", "call_id": call_id, "output": output})


def read(*records: bytes, name: str = f"rollout-2026-06-25T18-17-07-{OWN}.jsonl") -> ParsedLog:
    """Parse lines."""
    return codex.parse_lines(b"".join(records).splitlines(keepends=True), Path(name))


def counted(changes: Iterable[Change]) -> list[tuple[str, str, str]]:
    """(last two parts of the path, mode, lines) of each change."""
    return [
        ("/".join(change.path.split("/")[-2:]), change.write_mode, f"+{change.lines.added} -{change.lines.removed}")
        for change in changes
    ]


def all_tokens(usage: Iterable[Usage]) -> int:
    """Every token, as `total_tokens` counts them."""
    return sum(row.input_tokens + row.cached_input_tokens + row.cache_creation_tokens + row.output_tokens for row in usage)


def typed(part: SessionPart) -> list[str]:
    """Texts of the prompts."""
    return [message.content for message in part.messages if message.role == "user"]


FIRST, SECOND = "FIRST TASK: add docs and a mul function", "SECOND TASK: comment please"
APP_PATCH = ("src/app.py", "patch", "+4 -1")
MUL_NEW = ("src/mul.py", "patch", "+2 -0")
APP_SHELL = ("src/app.py", "patch", "+1 -0")
HELPER_MOVED = ("src/helpers.py", "patch", "+1 -1")
MUL_SECOND = ("src/mul.py", "patch", "+1 -0")


def notes(version: str, lines: str) -> tuple[str, str, str]:
    """The deletion of NOTES.md. Before results held texts, what it removed is not known."""
    folder = f"codex-{version}/" if version != "0.20.0" else ""
    return f"{folder}NOTES.md", "delete", lines


@pytest.mark.parametrize(
    ("version", "prompts", "responses", "token_count", "changes"),
    [
        ("0.20.0", [FIRST], 0, 0, [APP_PATCH, MUL_NEW, APP_SHELL, HELPER_MOVED, notes("0.20.0", "+0 -0")]),
        ("0.50.0", [FIRST], 7, 13_191, [APP_PATCH, MUL_NEW, APP_SHELL, HELPER_MOVED, notes("0.50.0", "+0 -0")]),
        (
            "0.106.0",
            [FIRST, SECOND],
            9,
            23_761,
            [APP_PATCH, MUL_NEW, APP_SHELL, HELPER_MOVED, notes("0.106.0", "+0 -0"), MUL_SECOND],
        ),
        (
            "0.142.0",
            [FIRST, SECOND],
            9,
            34_453,
            [MUL_NEW, APP_PATCH, APP_SHELL, notes("0.142.0", "+0 -2"), HELPER_MOVED, MUL_SECOND],
        ),
        (
            "0.169.0",
            [FIRST, SECOND],
            9,
            15_148,
            [APP_PATCH, MUL_NEW, APP_SHELL, HELPER_MOVED, notes("0.169.0", "+0 -2"), MUL_SECOND],
        ),
        ("0.169.0 fork", ["SECOND TASK: again in a fork"], 2, 3_805, []),
    ],
)
def test_generated_log(
    version: str, prompts: list[str], responses: int, token_count: int, changes: list[tuple[str, str, str]]
) -> None:
    """Prompts, model responses, tokens and applied edits of each generation; the failed edits count nothing."""
    log = codex.parse(generated(version))

    part = the_part(log)

    assert typed(part) == prompts
    assert len(part.usage) == responses
    assert all_tokens(part.usage) == token_count
    assert counted(part.changes) == changes


@pytest.mark.parametrize(
    ("version", "parser_name", "shell_parser_name", "evidence"),
    [
        ("0.20.0", "shell_apply_patch", "shell_apply_patch", "request_diff"),
        ("0.50.0", "apply_patch", "shell_apply_patch", "request_diff"),
        ("0.106.0", "apply_patch", "shell_apply_patch", "request_diff"),
        ("0.142.0", "patch_apply_end", "patch_apply_end", "result_hunk"),
        ("0.169.0", "file_change", "file_change", "result_hunk"),
    ],
)
def test_generated_log_tells_the_best_evidence(version: str, parser_name: str, shell_parser_name: str, evidence: str) -> None:
    """Results are used where the generation has them, the request otherwise, never both."""
    part = the_part(codex.parse(generated(version)))

    through_shell = [change for change in part.changes if counted([change]) == [APP_SHELL]]

    assert {change.parser_name for change in part.changes} == {parser_name, shell_parser_name}
    assert [change.parser_name for change in through_shell] == [shell_parser_name]
    assert {change.evidence for change in part.changes} == {evidence}
    assert [change.before_known for change in part.changes if change.write_mode == "delete"] == [evidence == "result_hunk"]


@pytest.mark.parametrize("version", ["0.20.0", "0.50.0", "0.106.0", "0.142.0", "0.169.0"])
def test_generated_log_agrees_with_git(version: str, tmp_path: Path) -> None:
    """Added lines per file equal those of the commits that were made of them; gen.py came from a failed command."""
    bundle = generated(version).parent / "repo.bundle"
    subprocess.run(["git", "clone", "-q", bundle, tmp_path / "r"], check=True, capture_output=True)
    log = ["git", "-C", tmp_path / "r", "log", "--numstat", "--no-renames", "--format=", "origin/main..HEAD"]
    numstat = subprocess.run(log, check=True, capture_output=True, text=True).stdout
    in_git: dict[str, int] = {}
    for added, _, path in (row.split("\t") for row in numstat.splitlines() if row):
        in_git[path] = in_git.get(path, 0) + int(added)

    made: dict[str, int] = {}
    for change in the_part(codex.parse(generated(version))).changes:
        path = change.path.removeprefix(f"/home/dev/src/codex-{version}/")
        made[path] = made.get(path, 0) + change.lines.added

    assert in_git.pop("src/gen.py") == 2
    assert in_git.pop("src/helper.py") == 0
    assert made == in_git


def test_header_of_each_generation() -> None:
    """Working directory, branch, address, model, version, times; the oldest logs tell less."""
    parts = {version: the_part(codex.parse(generated(version))) for version in GENERATED}

    headers = {
        version: (part.session_id[:8], part.cwd, part.model_name, part.client_version, part.started_ms, part.ended_ms)
        for version, part in parts.items()
    }

    assert headers == {
        "0.20.0": ("ec403f8e", None, None, None, 1795455854052, 1795455854052),
        "0.50.0": ("01a20982", "/home/dev/src/codex-0.50.0", "gpt-5-codex", "0.50.0", 1795455883663, 1795455884202),
        "0.106.0": (
            "01a20982",
            "/home/dev/src/codex-0.106.0",
            "gpt-5.2-codex",
            "0.106.0",
            1795455896745,
            1795455897685,
        ),
        "0.142.0": ("01a20983", "/home/dev/src/codex-0.142.0", "gpt-5.5", "0.142.0", 1795455929236, 1795455930764),
        "0.169.0": ("01a20986", "/home/dev/src/codex-0.169.0", "gpt-5.6-sol", "0.169.0", 1795456138855, 1795456140103),
        "0.169.0 fork": (
            "01a20987",
            "/home/dev/src/codex-0.169.0",
            "gpt-5.6-sol",
            "0.169.0",
            1795456232980,
            1795456233207,
        ),
    }
    assert {part.origin for part in parts.values()} == {"https://example.com/demo/app.git"}
    assert {part.git_branch for part in parts.values()} == {"feature/DEMO-12-calc"}
    assert parts["0.169.0 fork"].parent_session_id == parts["0.169.0"].session_id


def test_one_change_in_full() -> None:
    """All fields of a change: time, key and place are those of the call."""
    change = the_part(codex.parse(generated("0.169.0"))).changes[3]

    assert change.change_id == "call_56#0"
    assert change.record_key == "01a20986-7e5e-7c22-b618-88fe47223811:36"
    assert (change.position, change.call_id, change.op_index, change.agent_id) == (37, "call_56", 0, "")
    assert change.at_ms == 1795456139336
    assert change.path == "/home/dev/src/codex-0.169.0/src/helpers.py"
    assert change.moved_from == "/home/dev/src/codex-0.169.0/src/helper.py"
    assert (change.user_modified, change.git_branch) == (None, "feature/DEMO-12-calc")
    assert change.lines.sides == "-+"
    assert change.lines.hashes == [line_hash(b"helper = 1"), line_hash(b"helper = 2")]


def test_one_response_in_full() -> None:
    """Cached input stands apart from input; reasoning is inside output."""
    usage = the_part(codex.parse(generated("0.142.0"))).usage[0]

    assert (usage.input_tokens, usage.cached_input_tokens, usage.cache_creation_tokens) == (3370 - 737, 737, 0)
    assert (usage.output_tokens, usage.reasoning_tokens, usage.model_name, usage.speed) == (287, 7, "gpt-5.5", None)
    assert (usage.position, usage.at_ms) == (14, 1795455929486)


def test_results_that_are_objects() -> None:
    """An output may be an object; a patch without a file is no error; a missing call id costs the change."""
    part = the_part(codex.parse(GOLDEN / "claude-replay" / "fixture-codex-patch.jsonl"))

    assert counted(part.changes) == [
        ("src/app.js", "patch", "+1 -1"),
        ("src/new.js", "patch", "+1 -0"),
        ("src/old.js", "patch", "+1 -1"),
    ]
    assert part.changes[0].lines.sides == " -+ "


def test_a_call_without_a_result_counts_nothing() -> None:
    """The log of an interrupted call still has its messages."""
    part = the_part(codex.parse(GOLDEN / "claude-replay" / "fixture-codex-edges.jsonl"))

    assert (len(typed(part)), len(part.messages), part.changes) == (4, 12, [])


def test_code_mode_is_not_guessed_from_its_script() -> None:
    """A JavaScript call alone proves no edit, even if it contains a patch."""
    for name in ("functions_exec_single", "functions_exec_multiple"):
        part = the_part(codex.parse(GOLDEN / "polylogue" / f"{name}.jsonl"))

        assert (part.cwd, part.changes) == ("/repo", [])


def test_messages_without_events() -> None:
    """A log that has response items only still shows what was typed; times inside the payload are used."""
    polylogue = the_part(codex.parse(GOLDEN / "polylogue" / "interleaved_stream.jsonl"))
    engram = the_part(codex.parse(GOLDEN / "engram" / "rollout-sample.jsonl"))

    assert typed(polylogue) == ["Check git status, then read README.", "Thanks."]
    assert (polylogue.cwd, polylogue.git_branch) == ("/repo/polylogue", "feature/x")
    assert polylogue.messages[0].at_ms == 1736942403000
    assert [(message.role, message.word_count) for message in engram.messages] == [
        ("user", 2),
        ("assistant", 1),
        ("user", 1),
    ]


@pytest.mark.parametrize(
    ("family", "members", "hand_count", "ours"),
    [
        ("archived-fork-33ce-3869", {"parent": 13_398_113, "child": 15_309_178}, 15_352_834, 15_309_178),
        ("live-fork-4d90-52bf", {"parent": 24_992_392, "child": 26_801_911}, 26_938_802, 26_801_911),
        ("missing-parent-siblings", {"sibling-a": 15_309_178, "sibling-b": 13_401_206}, 15_355_927, 15_312_271),
        ("harness-smoke", {"parent": 11, "child": 17}, 17, 17),
    ],
)
def test_copied_tokens_meet_the_originals(family: str, members: dict[str, int], hand_count: int, ours: int) -> None:
    """Copies whose end does not show carry the parent's keys, so that a family's tokens count once.

    The hand count differs by what is no response: estimates of the context and one repeated snapshot (README.md there).
    """
    parts = {name: the_part(codex.parse(GOLDEN / "CodexBar" / family / f"{name}.jsonl")) for name in members}

    once = {row.record_key: row for part in parts.values() for row in part.usage}

    assert {name: all_tokens(part.usage) for name, part in parts.items()} == members
    assert all_tokens(once.values()) == ours
    assert abs(ours - hand_count) / hand_count < 0.006


WRAPPERS = [
    "<environment_context>\n  <cwd>/r</cwd>",
    "<user_instructions>x",
    "# AGENTS.md instructions for /r\n\n<INSTRUCTIONS>",
    "<INSTRUCTIONS>x",
    "<turn_aborted>x",
    "<skill>x",
    "<user_shell_command>x",
    "<subagent_notification>x",
    "\n <skill>x",
    "Warning: apply_patch was requested via exec_command. Use the apply_patch tool instead of exec_command.",
]


@pytest.mark.parametrize("text", WRAPPERS)
def test_what_nobody_typed(text: str) -> None:
    """Texts that the program puts into the user's mouth are no prompts, as item or as event."""
    in_items = the_part(read(meta(), said("user", text), said("user", "real words")))
    in_events = the_part(read(meta(), prompt(text), prompt("real words")))

    assert typed(in_items) == typed(in_events) == ["real words"]


def test_each_text_counts_once() -> None:
    """Prompts from events, replies from items; both have copies of the other form."""
    part = the_part(
        read(
            meta(),
            said("user", "do it"),
            prompt("do it"),
            event({"type": "agent_message", "message": "done"}),
            said("assistant", "done"),
            said("user", "do it"),
            prompt("do it"),
            event(
                {
                    "type": "item_completed",
                    "item": {"type": "UserMessage", "content": [{"type": "text", "text": "do it"}]},
                }
            ),
            said("developer", "rules"),
        )
    )

    assert [(message.position, message.role, message.kind) for message in part.messages] == [
        (3, "user", "typed"),
        (5, "assistant", "reply"),
        (7, "user", "typed"),
    ]


def test_replies_that_only_events_tell() -> None:
    """Without response items, the events' texts are all there is."""
    agent = {
        "type": "item_completed",
        "item": {"type": "AgentMessage", "id": "m", "content": [{"type": "Text", "text": "b"}]},
    }

    part = the_part(read(meta(), prompt("go"), event({"type": "agent_message", "message": "a"}), event(agent)))

    assert [message.content for message in part.messages] == ["go", "a", "b"]


def test_parts_of_a_message() -> None:
    """Output texts are joined without a separator; images and blank texts are no message."""
    content = [
        {"type": "output_text", "text": "A"},
        {"type": "refusal", "text": "x"},
        {"type": "output_text", "text": "B c"},
    ]

    part = the_part(
        read(
            meta(),
            item({"type": "message", "role": "assistant", "content": content}),
            said("assistant", " \u00a0 "),
            prompt("  "),
            item({"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "x"}]}),
        )
    )

    assert [(message.content, message.word_count) for message in part.messages] == [("AB c", 2)]


PATCH = "*** Begin Patch\n*** Update File: f\n@@\n-a\n+b\n*** End Patch\n"


@pytest.mark.parametrize(
    ("output", "applied"),
    [
        ('{"output":"Success.","metadata":{"exit_code":0}}', True),
        ({"output": "Success.", "metadata": {"exit_code": 0}}, True),
        ({"content": "Success.", "success": True}, True),
        (APPLIED, True),
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\n", True),
        ("Wall time: 0.0 seconds\nOutput:\n" + APPLIED, True),
        ("Success. Updated the following files:\nM f\n", True),
        ([{"type": "input_text", "text": APPLIED}], True),
        ('{"output":"x","metadata":{"exit_code":1}}', False),
        ('{"output":"Exit code: 0\\nOutput:\\n","metadata":{"exit_code":1}}', False),
        ({"output": "x", "metadata": {"exit_code": True}}, False),
        ({"content": "no", "success": False}, False),
        ("Exit code: 1\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\nM f\n", False),
        ("apply_patch verification failed: Failed to find expected lines in /r/f:\nExit code: 0", False),
        ("error: he said Success. Updated the following files:", False),
        ("aborted by user after 3.1s", False),
        ("unsupported custom tool call: apply_patch", False),
        ("", False),
        (None, False),
        (7, False),
        ([], False),
        ([7, {"text": 7}], False),
        ({}, False),
    ],
)
def test_only_the_result_says_that_a_patch_was_applied(output: object, applied: bool) -> None:
    """Success is read where the tool reports it, in all its forms, and never from a phrase somewhere in a text."""
    part = the_part(read(meta(), patched("c", PATCH, output)))

    assert counted(part.changes) == ([("r/f", "patch", "+1 -1")] if applied else [])


@pytest.mark.parametrize(
    ("output", "written"),
    [
        (RAN, True),
        ("Exit code: 0\nWall time: 0.1 seconds\nTotal output lines: 3\nOutput:\nx", True),
        ('{"output":"","metadata":{"exit_code":0,"duration_seconds":0.0}}', True),
        ("Process exited with code 0\nOutput:\n", True),
        (RAN.replace("code 0", "code 1"), False),
        (RAN.replace("code 0", "code 1") + "Process exited with code 0\n", False),
        ("Process running with session ID 7\nOutput:\nExit code: 0\nOutput:\n", False),
        ("Success. Updated the following files:\n", False),
        ('{"output":"","metadata":{"exit_code":-1}}', False),
    ],
)
def test_only_the_exit_code_says_that_a_command_went_well(output: str, written: bool) -> None:
    """A heredoc counts when its command exited with 0."""
    part = the_part(read(meta(), shell("c", "cat > f <<EOF\na\nEOF", output)))

    assert counted(part.changes) == ([("r/f", "overwrite", "+1 -0")] if written else [])


@pytest.mark.parametrize(
    "call",
    [
        {"type": "function_call", "name": "shell", "arguments": '{"command":["apply_patch",%s]}', "call_id": "c"},
        {"type": "function_call", "name": "apply_patch", "arguments": '{"input":%s}', "call_id": "c"},
        {"type": "function_call", "name": "apply_patch", "arguments": '{"patch":%s}', "call_id": "c"},
        {
            "type": "function_call",
            "name": "shell",
            "arguments": '{"command":["bash","-lc",%s]}',
            "call_id": "c",
            "heredoc": 1,
        },
        {"type": "function_call", "name": "shell_command", "arguments": '{"command":%s}', "call_id": "c", "heredoc": 1},
        {"type": "function_call", "name": "exec_command", "arguments": '{"cmd":%s}', "call_id": "c", "heredoc": 1},
        {
            "type": "custom_tool_call",
            "name": "shell",
            "input": '{"command":["/bin/zsh","-c",%s]}',
            "call_id": "c",
            "heredoc": 1,
        },
    ],
)
def test_ways_to_hand_over_a_patch(call: dict[str, Any]) -> None:
    """Array, object, heredoc, function or custom tool: the same edit."""
    text = f"apply_patch <<'P'\n{PATCH}P\n" if call.pop("heredoc", 0) else PATCH
    name = "input" if "input" in call else "arguments"
    call[name] = call[name] % json.dumps(text)

    part = the_part(read(meta(), item(call), item({"type": "function_call_output", "call_id": "c", "output": APPLIED})))

    assert [(change.path, change.lines.sides, change.change_id) for change in part.changes] == [("/r/f", "-+", "c#0")]


def test_local_shell_call() -> None:
    """The hosted shell tool keeps its command in an action, with a folder of its own."""
    action = {"type": "exec", "command": ["bash", "-lc", "cat > f <<EOF\na\nEOF"], "working_directory": "sub"}
    call = {"type": "local_shell_call", "call_id": "c", "status": "completed", "action": action}

    part = the_part(read(meta(), item(call), item({"type": "function_call_output", "call_id": "c", "output": RAN})))

    assert [change.path for change in part.changes] == ["/r/sub/f"]


def test_unified_diff_in_an_old_call() -> None:
    """The oldest apply_patch function took a unified diff."""
    diff = "--- a/u.txt\n+++ b/u.txt\n@@ -1 +1,2 @@\n-a\n+b\n+c\n"
    call = {"type": "function_call", "name": "apply_patch", "arguments": json.dumps({"patch": diff}), "call_id": "c"}

    part = the_part(read(meta(), item(call), item({"type": "function_call_output", "call_id": "c", "output": APPLIED})))

    assert counted(part.changes) == [("r/u.txt", "patch", "+2 -1")]


@pytest.mark.parametrize("result_first", [True, False])
@pytest.mark.parametrize("form", ["patch_apply_end", "item"])
def test_a_result_outdoes_its_request(form: str, result_first: bool) -> None:
    """One call, told twice: what was applied counts, in either order of the records."""
    changes = {"/r/f": {"type": "update", "unified_diff": "@@ -1 +1,2 @@\n-a\n+b\n+c\n", "move_path": None}}
    request, output = patched("c", PATCH, APPLIED).splitlines(keepends=True)
    if form == "item":
        result = event(
            {
                "type": "item_completed",
                "item": {"type": "FileChange", "id": "c", "changes": changes, "status": "completed"},
            }
        )
    else:
        result = event({"type": "patch_apply_end", "call_id": "c", "success": True, "changes": changes})

    part = the_part(read(meta(), request, *((result, output) if result_first else (output, result))))

    assert [(change.change_id, change.evidence, change.position) for change in part.changes] == [("c#0", "result_hunk", 2)]
    assert counted(part.changes) == [("r/f", "patch", "+2 -1")]


@pytest.mark.parametrize("status", ["failed", "declined", "in_progress", None])
def test_results_that_were_not_applied(status: str | None) -> None:
    """A failed or declined change counts nothing, whatever else stands in it."""
    changes = {"/r/f": {"type": "add", "content": "a\n"}}
    file_change = {"type": "FileChange", "id": "c", "changes": changes, "status": status}

    part = the_part(
        read(
            meta(),
            event({"type": "item_completed", "item": file_change}),
            event({"type": "patch_apply_end", "call_id": "d", "success": False, "status": status, "changes": changes}),
        )
    )

    assert part.changes == []


def test_code_mode() -> None:
    """The call is a script; the items that come back name no call, and tell what was applied and what ran."""
    changes = {"/r/f": {"type": "add", "content": "a\nb\n"}, "/r/g": {"type": "delete", "content": "c\n"}}
    command = ["/bin/bash", "-lc", "cat > h <<'EOF'\nx\nEOF"]
    ran = {"type": "CommandExecution", "id": "exec-2", "command": command, "cwd": "file:///r/my%20dir", "exit_code": 0}

    part = the_part(
        read(
            meta(),
            item({"type": "custom_tool_call", "name": "exec", "call_id": "c", "input": "await tools.apply_patch(`x`)"}),
            event(
                {
                    "type": "item_completed",
                    "item": {"type": "FileChange", "id": "exec-1", "changes": changes, "status": "completed"},
                }
            ),
            event({"type": "item_completed", "item": ran | {"source": "agent"}}),
            event({"type": "item_completed", "item": ran | {"id": "exec-3", "source": "user_shell"}}),
            event({"type": "item_completed", "item": ran | {"id": "exec-4", "exit_code": 1}}),
            item({"type": "custom_tool_call_output", "call_id": "c", "output": "Script completed\nOutput:\n"}),
        )
    )

    assert [(change.change_id, change.path, change.position) for change in part.changes] == [
        ("exec-1#0", "/r/f", 3),
        ("exec-1#1", "/r/g", 3),
        ("exec-2#0", "/r/my dir/h", 4),
    ]
    assert counted(part.changes) == [
        ("r/f", "patch", "+2 -0"),
        ("r/g", "delete", "+0 -1"),
        ("my dir/h", "overwrite", "+1 -0"),
    ]


MADE = [
    (3, "d61b494", "main"),
    (5, "065658b", "main"),
    (5, "c315674", "main"),
    (7, "530969a", None),
    (9, "7a4ad7c", "feat/x"),
    (11, "fc5fadd", None),
]


def test_commits_that_git_said_it_made() -> None:
    """Of the outputs of git commands the commits are kept, also where a later part failed; no other words, no other command."""
    part = the_part(codex.parse(GOLDEN.parent / "commits" / "codex.jsonl"))

    assert [(made.position, made.sha, made.branch) for made in part.commits] == MADE
    assert part.commits[0].at_ms == instant_ms("2026-01-05T09:01:00.000Z")
    assert len({made.record_key for made in part.commits}) == 5
    assert part.changes == []


def test_a_commit_that_is_told_twice_counts_once() -> None:
    """An output and the item of the same call; in code mode the item alone; what the user ran by hand is no session's."""
    output = "[main abc1234] x\n 1 file changed\n"
    ran = {"type": "CommandExecution", "id": "c1", "command": ["git", "commit"], "exit_code": 0, "aggregated_output": output}
    ended = {"type": "exec_command_end", "call_id": "c1", "command": ["git", "commit"], "exit_code": 0}

    part = the_part(
        read(
            meta(),
            shell("c1", "git commit -m x", RAN + output),
            event({"type": "item_completed", "item": ran}),
            event(ended | {"aggregated_output": output}),
            event({"type": "item_completed", "item": ran | {"id": "exec-2", "aggregated_output": "[main abc2222] y"}}),
            event(
                {
                    "type": "item_completed",
                    "item": ran | {"id": "u", "source": "user_shell", "aggregated_output": "[m 3333333] z"},
                }
            ),
        )
    )

    assert [made.sha for made in part.commits] == ["abc1234", "abc2222"]


def test_commits_of_a_copied_prefix_are_the_parents() -> None:
    """What a fork copied it did not do."""
    copies = restamped(CREATED, meta(PARENT), *shell("c1", "git commit", RAN + "[main abc1234] x\n").splitlines(keepends=True))

    part = the_part(
        read(meta(**FORK), *copies, turn(OWN_TURN), shell("c2", "git commit", RAN + "[main abc2222] y\n"), prompt("go"))
    )

    assert [made.sha for made in part.commits] == ["abc2222"]


def test_a_call_id_that_comes_twice() -> None:
    """Two changes of one call id stay two changes."""
    part = the_part(read(meta(), patched("c", PATCH, APPLIED), patched("c", PATCH, APPLIED)))

    assert [change.change_id for change in part.changes] == ["c#0", "c@4#0"]


def test_paths() -> None:
    """Relative paths start at the call's folder, else where the turn stood at that time."""
    move = PATCH.replace("f\n@@", "f\n*** Move to: g/h\n@@")

    part = the_part(
        read(
            meta(),
            patched("a", PATCH, APPLIED),
            line("turn_context", {"cwd": "/r/sub", "model": "m"}),
            patched("b", move, APPLIED),
            shell("c", "cat > f <<EOF\na\nEOF", RAN, workdir="../x"),
            shell("d", "cd y && cat > f <<EOF\na\nEOF", RAN, workdir="/w"),
            patched("e", PATCH.replace("f\n@@", "C:\\p\\f\n@@"), APPLIED),
            patched("g", PATCH.replace("f\n@@", "'q r'\n@@"), APPLIED),
        )
    )

    assert [(change.path, change.moved_from) for change in part.changes] == [
        ("/r/f", None),
        ("/r/sub/g/h", "/r/sub/f"),
        ("/r/sub/../x/f", None),
        ("/w/y/f", None),
        ("C:/p/f", None),
        ("/r/sub/q r", None),
    ]
    assert (part.cwd, part.model_name) == ("/r", "m")


def test_overwritten_text_that_is_known_is_diffed() -> None:
    """A whole read, or an own write, tells what an overwrite replaces; after anything else nothing is known."""
    part = the_part(
        read(
            meta(),
            shell("1", "cat f", RAN + "old\nline\n"),
            shell("2", "cat > f <<EOF\nold\nnew\nEOF", RAN),
            shell("3", "cat >> f <<EOF\nmore\nEOF", RAN),
            shell("4", "cat > f <<EOF\nold\nmore\nEOF", RAN),
            shell("5", "sed -i s/old/older/ f", RAN),
            shell("6", "cat > f <<EOF\nx\nEOF", RAN),
            shell("7", "cat > f <<EOF\nx\nEOF", RAN),
        )
    )

    assert [
        (change.write_mode, change.before_known, f"+{change.lines.added} -{change.lines.removed}") for change in part.changes
    ] == [
        ("overwrite", True, "+1 -1"),
        ("append", True, "+1 -0"),
        ("overwrite", True, "+0 -1"),
        ("overwrite", False, "+1 -0"),
        ("overwrite", True, "+0 -0"),
    ]


@pytest.mark.parametrize(
    "between",
    [
        shell("x", "cat f", RAN + "…12 tokens truncated…\n"),
        shell("x", "cat f", "Exit code: 0\nTotal output lines: 900\nOutput:\nold\n"),
        shell("x", "cat > f <<EOF\nq\nEOF\nsed -i s/q/r/ f", RAN),
        shell("x", "cat > f <<EOF\nq\nEOF", RAN.replace("code 0", "code 1")),
        patched("x", PATCH, APPLIED),
        shell("x", "git checkout f", RAN),
    ],
)
def test_what_makes_a_known_text_unknown(between: bytes) -> None:
    """A text that was cut, changed or maybe changed is forgotten."""
    part = the_part(read(meta(), shell("1", "cat f", RAN + "old\n"), between, shell("2", "cat > f <<EOF\na\nEOF", RAN)))

    assert part.changes[-1].before_known is False


def test_a_deleted_file_whose_text_is_known() -> None:
    """A deletion names its lines when the session itself wrote them."""
    add = "*** Begin Patch\n*** Add File: f\n+a\n+b\n*** End Patch"
    delete = "*** Begin Patch\n*** Delete File: f\n*** Delete File: g\n*** End Patch"

    part = the_part(read(meta(), patched("1", add, APPLIED), patched("2", delete, APPLIED)))

    assert [(change.write_mode, change.before_known, change.lines.sides) for change in part.changes] == [
        ("patch", True, "++"),
        ("delete", True, "--"),
        ("delete", False, ""),
    ]


def test_repeated_snapshots_count_once() -> None:
    """A response counts when the running total moved; zero and empty records never do."""
    part = the_part(
        read(
            meta(),
            event({"type": "token_count", "info": None}),
            tokens(100, 100),
            tokens(100, 100),
            tokens(100, 40),
            tokens(300, 200),
            tokens(400),
            tokens(50),
            event({"type": "token_count", "info": {"prompt": 7}}),
        )
    )

    assert [row.input_tokens + row.cached_input_tokens for row in part.usage] == [100, 200, 100]
    assert part.duplicates == {"token_snapshot": 2}


def test_the_model_of_a_response() -> None:
    """A record's own model, else that of the turn, else unknown."""
    info = {"total_token_usage": {"input_tokens": 5, "output_tokens": 1}, "model": "m2"}

    part = the_part(
        read(
            meta(),
            tokens(1, 1),
            line("turn_context", {"model": "m1"}),
            tokens(2, 1),
            event({"type": "token_count", "info": info}),
        )
    )

    assert [row.model_name for row in part.usage] == [None, "m1", "m2"]


def test_cache_writes() -> None:
    """Written and cached input are parts of the input; damaged counts do not exceed it."""
    usage = {"input_tokens": 100, "cached_input_tokens": 30, "cache_write_input_tokens": 20, "output_tokens": 9}
    odd = usage | {"cached_input_tokens": 500, "output_tokens": -4, "reasoning_output_tokens": 10**30}

    part = the_part(
        read(
            meta(),
            line("token_usage_record", {"usage": usage, "thread_token_usage": usage}),
            line("token_usage_record", {"usage": odd, "thread_token_usage": odd}),
        )
    )

    assert [
        (row.input_tokens, row.cached_input_tokens, row.cache_creation_tokens, row.output_tokens, row.reasoning_tokens)
        for row in part.usage
    ] == [(50, 30, 20, 9, 0), (0, 100, 0, 0, 0)]


def test_a_fork_never_counts_the_total_it_starts_with() -> None:
    """Without the parent's records, a first total alone says nothing of this thread."""
    part = the_part(read(meta(forked_from_id=PARENT), tokens(5000), tokens(5100)))

    assert [row.input_tokens + row.cached_input_tokens for row in part.usage] == [100]


def restamped(at: str, *records: bytes) -> list[bytes]:
    """Records as a fork writes its copies: the same, stamped anew."""
    return [re.sub(rb'"timestamp":"[^"]+"', f'"timestamp":"{at}"'.encode(), record, count=1) for record in records]


PARENT_LOG = [
    meta(PARENT, "2026-06-19T10:00:00.000Z"),
    turn(OLD_TURN),
    prompt("parent's prompt"),
    patched("p", PATCH, APPLIED),
    tokens(1000, 1000),
    said("assistant", "parent's reply"),
]
OWN_PART = [prompt("own prompt"), patched("o", PATCH, APPLIED), tokens(1200, 200), said("assistant", "own reply")]
FORK = {"forked_from_id": PARENT}
SPAWNED = {"source": {"subagent": {"thread_spawn": {"parent_thread_id": PARENT, "depth": 1}}}}


def is_own(part: SessionPart) -> bool:
    """Nothing but the own part was kept."""
    return (
        [message.content for message in part.messages] == ["own prompt", "own reply"]
        and [change.change_id for change in part.changes] == ["o#0"]
        and [row.input_tokens + row.cached_input_tokens for row in part.usage] == [200]
    )


PREFIXES = {
    "turn": (PARENT_LOG, [turn(OWN_TURN)]),
    "turn-without-header": (PARENT_LOG[1:], [turn(OWN_TURN)]),
    "repeated-header": (PARENT_LOG, [meta()]),
    "nested": ([*PARENT_LOG[:2], meta(PARENT.replace("a", "c")), *PARENT_LOG[2:]], [turn(OWN_TURN)]),
    "started-at": (PARENT_LOG, [event({"type": "task_started", "turn_id": "1", "started_at": 1782411427})]),
}
KINDS = {"fork": FORK, "spawned": SPAWNED, "both": FORK | SPAWNED, "silent": {}}


@pytest.mark.parametrize(
    ("kind", "prefix"),
    # A log that neither names a parent nor holds its header shows no copy.
    [(kind, prefix) for kind in KINDS for prefix in PREFIXES if (kind, prefix) != ("silent", "turn-without-header")],
)
def test_a_copied_prefix_is_dropped(kind: str, prefix: str) -> None:
    """Copies end at the first own turn or at the owner's repeated header, whatever made the thread."""
    copies, begin = PREFIXES[prefix]
    copied = restamped(CREATED, *b"".join(copies).splitlines(keepends=True))

    part = the_part(read(meta(**KINDS[kind]), *copied, *begin, *OWN_PART))

    assert is_own(part)
    assert part.duplicates["fork_prefix"] == len(copied)
    assert (part.agent_id != "") == ("source" in KINDS[kind])


def test_a_prompt_before_its_turn_is_own() -> None:
    """Versions without `task_started` write the prompt before the turn's context; it is no copy."""
    prefix = restamped(CREATED, *b"".join(PARENT_LOG).splitlines(keepends=True))
    context = line("turn_context", {"turn_id": OWN_TURN, "cwd": "/r", "model": "m"})

    part = the_part(read(meta(**FORK), *prefix, said("user", "own prompt"), OWN_PART[0], context, *OWN_PART[1:]))

    assert is_own(part)


def test_a_pause_ends_a_prefix_without_turns() -> None:
    """Where no turn shows its age, the copy ends at the first pause behind the copied header."""
    copies = [record for record in PARENT_LOG if record != PARENT_LOG[1]]
    prefix = restamped(CREATED, *b"".join(copies).splitlines(keepends=True))

    part = the_part(read(meta(), *prefix, *OWN_PART))

    assert is_own(part)


def test_a_fork_that_was_never_used() -> None:
    """A copy from end to end leaves a session without records of its own."""
    prefix = restamped(CREATED, *b"".join(PARENT_LOG).splitlines(keepends=True))

    part = the_part(read(meta(**FORK), *prefix))

    assert (part.session_id, part.parent_session_id) == (OWN, PARENT)
    assert (part.messages, part.changes, part.usage, part.duplicates) == ([], [], [], {"fork_prefix": 7})


def test_ordinals_end_a_prefix() -> None:
    """A header that names the first own ordinal leaves nothing to guess."""
    header = {"id": OWN, "timestamp": CREATED, "cwd": "/r", "subagent_history_start_ordinal": 3, **SPAWNED}
    user = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
    records = [line("session_meta", header, ordinal=0)]
    for ordinal in range(1, 6):
        payload = user | {"content": [{"type": "input_text", "text": f"text {ordinal}"}]}
        records.append(line("response_item", payload, ordinal=ordinal))

    part = the_part(read(*records))

    assert typed(part) == ["text 3", "text 4", "text 5"]
    assert [message.record_key for message in part.messages] == [f"{OWN}:{ordinal}" for ordinal in (3, 4, 5)]
    assert part.duplicates == {"fork_prefix": 2}


def test_a_fork_by_reference_holds_only_its_own() -> None:
    """Without copies, everything in the log is the fork's."""
    part = the_part(read(meta(**FORK), turn(OWN_TURN), *OWN_PART))

    assert is_own(part)
    assert part.duplicates == {}


def test_sub_agents_belong_to_the_parent() -> None:
    """Records of a spawned thread count for the session that spawned it, under the thread's own name."""
    spawned = the_part(read(meta(**SPAWNED), turn(OWN_TURN), *OWN_PART))
    deeper = the_part(read(meta(**SPAWNED, session_id="root"), turn(OWN_TURN), *OWN_PART))
    alone = the_part(read(meta(source={"subagent": "review"}), turn(OWN_TURN), *OWN_PART))

    assert (spawned.session_id, spawned.parent_session_id, spawned.agent_id) == (PARENT, None, OWN)
    assert {row.agent_id for row in [*spawned.messages, *spawned.changes, *spawned.usage]} == {OWN}
    assert (deeper.session_id, deeper.agent_id) == ("root", OWN)
    assert (alone.session_id, alone.agent_id) == (OWN, OWN)


def test_a_sub_agent_that_replays_tokens() -> None:
    """If the first two token records share a second, those of that second are the parent's."""
    burst, later = "2026-06-25T18:17:08.%03dZ", "2026-06-25T18:20:00.000Z"
    replayed = the_part(
        read(
            meta(**SPAWNED),
            tokens(10, 10, burst % 1),
            tokens(30, 20, burst % 2),
            tokens(60, 30, burst % 3),
            tokens(100, 40, later),
        )
    )
    fresh = the_part(read(meta(**SPAWNED), tokens(10, 10, burst % 1), tokens(30, 20, later)))

    assert [row.input_tokens + row.cached_input_tokens for row in replayed.usage] == [40]
    assert replayed.duplicates == {"fork_prefix": 3}
    assert [row.input_tokens + row.cached_input_tokens for row in fresh.usage] == [10, 20]


def test_a_header_in_the_middle_changes_nothing() -> None:
    """A foreign header behind own records is no prefix."""
    part = the_part(read(meta(), prompt("first"), meta(PARENT), prompt("second")))

    assert (part.session_id, typed(part)) == (OWN, ["first", "second"])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://User:tok@GitHub.com/Own/Repo.git", "https://GitHub.com/Own/Repo.git"),
        ("https://token@host/a/b", "https://host/a/b"),
        ("https://a@b:c@host/r", "https://host/r"),
        ("ssh://git:secret@host:22/o/r", "ssh://git@host:22/o/r"),
        ("git@github.com:own/repo.git", "git@github.com:own/repo.git"),
        ("https://host/a@b/c", "https://host/a@b/c"),
        ("/srv/x.git", "/srv/x.git"),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_addresses_carry_no_credentials(address: object, expected: str | None) -> None:
    """User names, passwords and tokens are cut; the user of an ssh address is part of it."""
    part = the_part(read(meta(git={"repository_url": address, "branch": "HEAD"})))

    assert (part.origin, part.git_branch) == (expected, None)


def test_a_torn_first_line() -> None:
    """Without a header, the file name tells the session; everything behind it is kept."""
    log = read(meta()[:-40] + b"\n", prompt("hello"), said("assistant", "hi"))

    (part,) = log.sessions

    assert [(error.line, error.reason, error.session_id) for error in log.errors] == [(1, "no JSON; line skipped", OWN)]
    assert (part.session_id, part.started_ms, len(part.messages)) == (OWN, part.messages[0].at_ms, 2)
    assert part.messages[0].record_key == f"{OWN}:2"


def test_a_torn_first_line_of_a_fork() -> None:
    """The parent's copied header does not become the owner."""
    prefix = restamped(CREATED, *b"".join(PARENT_LOG).splitlines(keepends=True))

    log = read(meta(**FORK)[:-40] + b"\n", *prefix, turn(OWN_TURN), *OWN_PART)

    assert log.sessions[0].session_id == OWN
    assert is_own(log.sessions[0])


def test_a_header_alone_is_a_session() -> None:
    """A session that never got a prompt exists."""
    part = the_part(read(meta()))

    assert (part.session_id, part.started_ms, part.ended_ms, part.messages) == (OWN, 1782411427840, 1782411427840, [])


def test_logs_that_hold_nothing() -> None:
    """An empty file is no session and no error; a file of another kind is an error."""
    empty, blank, other = read(), read(b"\n", b" \r\n"), read(b'{"role":"user","content":"hi"}\n')

    assert (empty.sessions, empty.errors, empty.line_count) == ([], [], 0)
    assert (blank.sessions, blank.line_count) == ([], 2)
    assert [(error.line, error.reason) for error in other.errors] == [
        (0, "no record of a kind that is known; nothing of this log is kept")
    ]


def test_a_thread_that_was_rolled_back() -> None:
    """Its second file gives ordinals anew, so its keys differ from those of the first."""
    other = "019f0001-0000-7000-8000-00000000000c"
    base = {"history_base": {"thread_id": OWN, "end_ordinal_exclusive": 5}}
    records = [
        line("session_meta", {"id": OWN, **base}, ordinal=5),
        line("event_msg", {"type": "user_message", "message": "x"}, ordinal=6),
    ]

    log = read(*records, name=f"rollout-2026-06-26T10-00-00-{OWN}_{other}.jsonl")

    assert log.sessions[0].session_id == OWN
    assert log.sessions[0].messages[0].record_key == f"{OWN}_{other}:6"


def test_what_could_not_be_read() -> None:
    """Each fault has its line, its call and its reason; what stands around it is kept."""
    log = read(
        meta(),
        b"not json\n",
        b"[1, 2]\n",
        b"\n",
        shell("s", "cat > f <<EOF\na", RAN),
        patched("p", "garbage", APPLIED),
        patched("q", "*** Begin Patch\n@@\n+x\n*** End Patch", APPLIED),
        item({"type": "function_call", "name": "exec_command", "arguments": "not json", "call_id": "e"}),
        event(
            {
                "type": "patch_apply_end",
                "call_id": "h",
                "success": True,
                "changes": {"/r/f": {"type": "update", "unified_diff": "?"}},
            }
        ),
        event({"type": "patch_apply_end", "call_id": "i", "success": True, "changes": {"/r/f": 7}}),
        prompt("still here"),
        b'{"timestamp":"2026-06-25T19:00:00.000Z","type":"event_msg","payl',
    )

    assert [(error.line, error.call_id, error.reason) for error in log.errors] == [
        (2, None, "no JSON; line skipped"),
        (3, None, "JSON, but no object; line skipped"),
        (5, "s", "heredoc terminator 'EOF' not found; its lines are not counted"),
        (7, "p", "an applied patch cannot be read (no '*** Begin Patch' line); its lines are not counted"),
        (9, "q", "an applied patch cannot be read (no file header in the patch); its lines are not counted"),
        (11, "e", "arguments of exec_command are no JSON object; what it wrote is not counted"),
        (
            12,
            "h",
            "the diff of an applied change cannot be read (no hunk header where one is due); its lines are not counted",
        ),
        (13, "i", "an applied change of unknown shape; its lines are not counted"),
        (15, None, "unfinished last line; it is read again when the log grows"),
    ]
    assert typed(log.sessions[0]) == ["still here"]
    assert log.line_count == 15


def test_a_last_line_without_its_end_is_read_if_it_is_whole() -> None:
    """A log that is written at this moment may lack only the line end."""
    part = the_part(read(meta(), prompt("hello")[:-1]))

    assert typed(part) == ["hello"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"caf\xe9 ol\xc3\xa9", "caf\ufffd olé"),
        (b"half \\ud83d pair", "half \ufffd pair"),
        (b"\\ud83d\\ude00 smile", "😀 smile"),
        (b"line \\u2028 sep", "line \u2028 sep"),
    ],
)
def test_bytes_and_escapes_that_are_no_text(text: bytes, expected: str) -> None:
    """Invalid UTF-8 and half surrogate pairs are replaced; the message is kept."""
    part = the_part(read(meta(), prompt("TEXT").replace(b"TEXT", text)))

    assert typed(part) == [expected]


@pytest.mark.parametrize("spelling", [(",", ":"), (", ", ": ")])
def test_both_spellings_of_json(spelling: tuple[str, str]) -> None:
    """Blanks behind commas and colons change nothing; neither does CRLF or another order of the keys."""
    plain = [meta(), *PARENT_LOG[1:], *OWN_PART]
    records = [json.loads(record) for record in b"".join(plain).splitlines()]
    spelled = [json.dumps(record, separators=spelling).encode() + b"\n" for record in records]
    crlf = [record[:-1] + b"\r\n" for record in spelled]
    reordered = [json.dumps(dict(sorted(record.items())), separators=spelling).encode() + b"\n" for record in records]

    parsed = [the_part(read(*lines)) for lines in (plain, spelled, crlf, reordered)]

    assert parsed[0] == parsed[1] == parsed[2] == parsed[3]
    assert len(parsed[0].messages) == 4


def test_an_escaped_command_is_read_like_a_plain_one() -> None:
    """Some writers escape `<` and `>`; the beginning of a line must not decide that nothing is written."""
    record = (
        shell("c", "cat > f <<EOF\na\nEOF", RAN)
        .replace(b"<<EOF", b"\\\\u003c\\\\u003cEOF")
        .replace(b"cat > ", b"cat\\\\t\\\\u003e ")
    )

    part = the_part(read(meta(), record))

    assert counted(part.changes) == [("r/f", "overwrite", "+1 -0")]


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A missing log or a folder in its place is an error row."""
    (tmp_path / "dir.jsonl").mkdir()

    logs = [codex.parse(tmp_path / name) for name in ("missing.jsonl", "dir.jsonl")]

    assert [(log.sessions, log.line_count, log.errors[0].line) for log in logs] == [([], 0, 0), ([], 0, 0)]
    assert logs[0].errors[0].reason == "file cannot be read (No such file or directory); nothing of it is known"


def everything(log: ParsedLog) -> set[tuple[str, int, str]]:
    """What was found, without keys: (kind, line, content)."""
    found: set[tuple[str, int, str]] = set()
    for part in log.sessions:
        found.update(("message", message.position, message.content) for message in part.messages)
        found.update(("change", change.position, change.change_id) for change in part.changes)
        found.update(("usage", row.position, str(row.output_tokens)) for row in part.usage)
    return found


def related(lines: list[bytes], number: int) -> set[int]:
    """Line numbers of the records that share a call with a line (from 1), itself included."""
    names = set(re.findall(rb"call_\d+", lines[number - 1]))
    return {at for at, text in enumerate(lines, 1) if at == number or names & set(re.findall(rb"call_\d+", text))}


@pytest.mark.parametrize("version", GENERATED)
@QUICK
@given(data=st.data())
def test_any_prefix_of_a_log_parses(version: str, data: st.DataObject) -> None:
    """Property: a log cut anywhere is read without an exception, with at most its last line in error."""
    content = generated(version).read_bytes()
    size = data.draw(st.integers(0, len(content)))

    log = codex.parse_lines(content[:size].splitlines(keepends=True), generated(version))

    assert {error.line for error in log.errors} <= {log.line_count}
    assert all(message.position <= log.line_count for part in log.sessions for message in part.messages)


@pytest.mark.parametrize("version", GENERATED)
@QUICK
@given(seed=st.integers(0, 2**32))
def test_damage_costs_its_own_line(version: str, seed: int) -> None:
    """Property: changed bytes in one line lose no record of another line (a change spans the lines of its call)."""
    chance = random.Random(seed)  # noqa: S311 - damage, no secret
    path = generated(version)
    lines = path.read_bytes().splitlines(keepends=True)
    number = chance.randint(1, len(lines))
    damaged = bytearray(lines[number - 1])
    for _ in range(chance.randint(1, 20)):
        damaged[chance.randrange(len(damaged) - 1)] = chance.choice(b'\x00\xff{}[]",:\\az09 ')

    whole = everything(codex.parse_lines(lines, path))
    broken = everything(codex.parse_lines([*lines[: number - 1], bytes(damaged), *lines[number:]], path))

    lost = {record for record in whole - broken if record[1] not in related(lines, number)}
    assert lost == set()


ODD = st.sampled_from([None, True, -1, 1.5, 10**30, "", "x", [], [None], {}, {"type": 7}, [["a"]], "\ud800", {"text": {}}])


def swapped(value: object, chance: random.Random, odd: object) -> object:
    """The value with one thing somewhere in it replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(sorted(value))
        return value | {name: swapped(value[name], chance, odd)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], swapped(value[at], chance, odd), *value[at + 1 :]]
    return odd


@pytest.mark.parametrize("version", GENERATED)
@QUICK
@given(seed=st.integers(0, 2**32), odd=ODD)
def test_wrong_types_cost_their_own_line(version: str, seed: int, odd: object) -> None:
    """Property: any value of any type anywhere in a record neither raises nor loses another record."""
    chance = random.Random(seed)  # noqa: S311 - damage, no secret
    path = generated(version)
    lines = path.read_bytes().splitlines(keepends=True)
    number = chance.randint(1, len(lines))
    record = json.dumps(swapped(json.loads(lines[number - 1]), chance, odd)).encode() + b"\n"

    whole = everything(codex.parse_lines(lines, path))
    broken = everything(codex.parse_lines([*lines[: number - 1], record, *lines[number:]], path))

    lost = {found for found in whole - broken if found[1] not in related(lines, number)}
    assert lost == set()


@QUICK
@given(
    st.lists(
        st.sampled_from([*PARENT_LOG, *OWN_PART, meta(**FORK), meta(**SPAWNED), turn(OWN_TURN), b"{}\n", b"\n"]),
        max_size=12,
    )
)
def test_any_order_of_records_parses(records: list[bytes]) -> None:
    """Property: records in any order, headers in any place, are read; nothing counts twice under one key."""
    log = read(*records)

    keys = [row.record_key for part in log.sessions for row in part.usage]
    names = [change.change_id for part in log.sessions for change in part.changes]
    assert len(keys) == len(set(keys))
    assert len(names) == len(set(names))


def touch(path: Path) -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(meta())
    return path


def test_roots_follow_the_environment(tmp_path: Path) -> None:
    """CODEX_HOME moves both folders; an empty value does not."""
    assert codex.roots(tmp_path, {}) == [tmp_path / ".codex/sessions", tmp_path / ".codex/archived_sessions"]
    assert codex.roots(tmp_path, {"CODEX_HOME": " "})[0] == tmp_path / ".codex/sessions"
    assert codex.roots(tmp_path, {"CODEX_HOME": "~/x"})[0] == tmp_path / "x/sessions"
    assert codex.roots(tmp_path, {"CODEX_HOME": "/srv/codex"})[0] == Path("/srv/codex/sessions")


def test_logs_are_kept_for_good(tmp_path: Path) -> None:
    """No root has a term."""
    assert codex.kept_days(tmp_path, {}) == {}


def test_logs_are_found_once_and_in_order(tmp_path: Path) -> None:
    """Any depth, files only, by path components; an archived copy or a link to a log is no second log."""
    home = tmp_path / ".codex"
    first = touch(home / "sessions/2026/01/a.jsonl")
    second = touch(home / "sessions/2026-b/b.jsonl")
    third = touch(home / "archived_sessions/c.jsonl")
    touch(home / "archived_sessions/a.jsonl")
    touch(home / "sessions/2026/01/note.txt")
    touch(home / "sessions/2026/dir.jsonl/d.jsonl")
    (home / "sessions/2026/01/link.jsonl").symlink_to(first)
    (home / "sessions/2026/loop").symlink_to(home / "sessions")
    (home / "sessions/2026/nowhere.jsonl").symlink_to(home / "missing")

    found = codex.discover(tmp_path, {})

    assert found == [third, first, home / "sessions/2026/dir.jsonl/d.jsonl", second]


def test_missing_folders_hold_no_logs(tmp_path: Path) -> None:
    """A home without Codex is no fault."""
    assert codex.discover(tmp_path, {}) == []
