"""Session logs as the agents write them, built step by step.

What lives here: `ClaudeLog` and `CodexLog`, which write the records of a session line by line.
What belongs here: the plainest form of each record; odd forms stand in the tests of the parsers.
What stays out: reading logs, which is under test.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any, Self

START = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


def at(minutes: float) -> dt.datetime:
    """The instant so many minutes after `START`, naive UTC: as it stands in tables."""
    return (START + dt.timedelta(minutes=minutes)).replace(tzinfo=None)


def instant(minutes: float) -> str:
    """The same instant, as it stands in logs."""
    return f"{at(minutes).isoformat(timespec='milliseconds')}Z"


class ClaudeLog:
    """A Claude Code session log below `<home>/.claude/projects/`. Times are minutes after `START`."""

    def __init__(self, home: Path, session_id: str, cwd: Path | str, *, branch: str = "main", name: str = "") -> None:
        self.path = home / ".claude" / "projects" / "project" / f"{name or session_id}.jsonl"
        self.session_id, self.cwd, self.branch = session_id, str(cwd), branch
        self.records: list[dict[str, Any]] = []
        self.calls = 0

    def record(self, kind: str, minutes: float, **fields: Any) -> dict[str, Any]:
        """Add a record with the usual envelope."""
        number = len(self.records)
        made = {
            "type": kind,
            "uuid": f"{self.session_id}-{number}",
            "sessionId": self.session_id,
            "cwd": self.cwd,
            "gitBranch": self.branch,
            "version": "2.1.40",
            "timestamp": instant(minutes),
            **fields,
        }
        self.records.append(made)
        return made

    def says(self, minutes: float, text: str, **fields: Any) -> Self:
        """A typed prompt."""
        self.record("user", minutes, message={"role": "user", "content": text}, **fields)
        return self

    def replies(self, minutes: float, text: str, *, model: str = "claude-opus-4-6") -> Self:
        """A visible answer, with its tokens."""
        self._assistant(minutes, {"type": "text", "text": text}, model)
        return self

    def _assistant(self, minutes: float, block: dict[str, Any], model: str = "claude-opus-4-6") -> None:
        number = len(self.records)
        usage = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 1}
        message = {
            "id": f"msg-{self.session_id}-{number}",
            "role": "assistant",
            "model": model,
            "content": [block],
            "usage": usage,
        }
        self.record("assistant", minutes, message=message, requestId=f"req-{number}")

    def writes(self, minutes: float, path: Path | str, content: str) -> Self:
        """A new file, applied."""
        result = {"type": "create", "filePath": str(path), "content": content, "structuredPatch": [], "originalFile": None}
        return self._tool(minutes, "Write", {"file_path": str(path), "content": content}, result)

    def edits(
        self, minutes: float, path: Path | str, old: str, new: str, *, start: int = 1, above: str = "", below: str = ""
    ) -> Self:
        """Whole lines replaced by others, applied. above, below: unchanged lines that the patch shows; start: of the first."""
        removed, added = old.split("\n"), new.split("\n")
        before, after = ([f" {line}" for line in text.split("\n")] if text else [] for text in (above, below))
        hunk = {
            "oldStart": start,
            "oldLines": len(before) + len(removed) + len(after),
            "newStart": start,
            "newLines": len(before) + len(added) + len(after),
            "lines": [*before, *(f"-{line}" for line in removed), *(f"+{line}" for line in added), *after],
        }
        result = {
            "filePath": str(path),
            "oldString": old,
            "newString": new,
            "originalFile": None,
            "structuredPatch": [hunk],
            "userModified": False,
            "replaceAll": False,
        }
        request = {"file_path": str(path), "old_string": old, "new_string": new}
        return self._tool(minutes, "Edit", request, result)

    def fails(self, minutes: float, path: Path | str, old: str, new: str) -> Self:
        """An edit that was not applied."""
        request = {"file_path": str(path), "old_string": old, "new_string": new}
        return self._tool(minutes, "Edit", request, "Error: String to replace not found in file.", is_error=True)

    def runs(self, minutes: float, command: str, output: str, *, is_error: bool = False) -> Self:
        """A command in the shell, and what it printed."""
        result = f"Error: {output}" if is_error else {"stdout": output, "stderr": "", "interrupted": False}
        return self._tool(minutes, "Bash", {"command": command}, result, is_error=is_error, content=output)

    def _tool(
        self, minutes: float, name: str, request: dict, result: Any, *, is_error: bool = False, content: str = "done"
    ) -> Self:
        self.calls += 1
        call = f"toolu-{self.session_id}-{self.calls}"
        self._assistant(minutes, {"type": "tool_use", "id": call, "name": name, "input": request})
        told = {"type": "tool_result", "tool_use_id": call, "content": content, "is_error": is_error}
        self.record("user", minutes, message={"role": "user", "content": [told]}, toolUseResult=result)
        return self

    def save(self) -> Path:
        """Write the log as it is now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(record) + "\n" for record in self.records))
        return self.path


class CodexLog:
    """A Codex rollout below `<home>/.codex/sessions/`. Times are minutes after `START`."""

    def __init__(self, home: Path, session_id: str, cwd: Path | str, *, model: str = "gpt-5.4", origin: str = "") -> None:
        self.path = home / ".codex" / "sessions" / "2026" / "01" / "05" / f"rollout-2026-01-05T09-00-00-{session_id}.jsonl"
        self.cwd = str(cwd)
        self.records: list[dict[str, Any]] = []
        self.calls = 0
        meta: dict[str, Any] = {"id": session_id, "timestamp": instant(0), "cwd": self.cwd, "cli_version": "0.106.0"}
        if origin:
            meta["git"] = {"repository_url": origin, "branch": "main"}
        self.record("session_meta", 0, meta)
        self.record("turn_context", 0, {"cwd": self.cwd, "model": model})

    def record(self, kind: str, minutes: float, payload: dict[str, Any]) -> None:
        """Add a record."""
        self.records.append({"timestamp": instant(minutes), "type": kind, "payload": payload})

    def says(self, minutes: float, text: str) -> Self:
        """A typed prompt, in both of the forms that Codex writes."""
        content = [{"type": "input_text", "text": text}]
        self.record("response_item", minutes, {"type": "message", "role": "user", "content": content})
        self.record("event_msg", minutes, {"type": "user_message", "message": text})
        return self

    def replies(self, minutes: float, text: str) -> Self:
        """A visible answer."""
        content = [{"type": "output_text", "text": text}]
        self.record("response_item", minutes, {"type": "message", "role": "assistant", "content": content})
        return self

    def patches(self, minutes: float, patch: str, *, exit_code: int = 0) -> Self:
        """An apply_patch call with its result. patch: what stands between Begin Patch and End Patch."""
        self.calls += 1
        call = f"call-{self.calls}"
        text = f"*** Begin Patch\n{patch}\n*** End Patch"
        asked = {"type": "custom_tool_call", "name": "apply_patch", "call_id": call, "input": text}
        told = json.dumps({"output": "Success. Updated the following files:", "metadata": {"exit_code": exit_code}})
        self.record("response_item", minutes, asked)
        self.record("response_item", minutes, {"type": "custom_tool_call_output", "call_id": call, "output": told})
        return self

    def runs(self, minutes: float, command: str, output: str) -> Self:
        """A command in the shell, and what it printed."""
        self.calls += 1
        call = f"call-{self.calls}"
        asked = {"type": "function_call", "name": "exec_command", "arguments": json.dumps({"cmd": command}), "call_id": call}
        told = f"Wall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n{output}"
        self.record("response_item", minutes, asked)
        self.record("response_item", minutes, {"type": "function_call_output", "call_id": call, "output": told})
        return self

    def save(self) -> Path:
        """Write the log as it is now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(record) + "\n" for record in self.records))
        return self.path
