"""Demo: a small sample home with a real git repository, ingested and shown. For people who have no logs yet.

What lives here: the story of the sample (who wrote and committed what), and showing the tables.
What belongs here: nothing that real use needs. What stays out: parsing and computing, which are the program itself.

The story, five days old: Claude Code writes a parser on a ticket's branch, Codex extends it, a person edits on the main line,
a fix removes a line that Claude wrote, and one commit is reverted.
"""

import datetime as dt
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paceflow_assets.runtime.settings import Settings, settings

Ingest = Callable[[Settings, float], int]

PARSER = """def parse(line):
    key, _, value = line.partition("=")
    return key.strip(), value.strip()


def parse_all(text):
    return dict(parse(line) for line in text.split("\\n"))
"""
FIXED = """def parse(line):
    key, _, value = line.partition("=")
    return key.strip(), value.strip()


def parse_all(text):
    lines = [line for line in text.split("\\n") if line.strip()]
    return dict(parse(line) for line in lines)
"""
WRITER = """def render(values):
    return "\\n".join(f"{key}={value}" for key, value in sorted(values.items())) + "\\n"
"""
WRITER_PATCH = "*** Begin Patch\n*** Add File: settings/writer.py\n" + "".join(f"+{line}\n" for line in WRITER.splitlines())


def demo(ingest: Ingest) -> int:
    """Build the sample home in a temporary folder, ingest it, and show what is in the tables."""
    started = time.perf_counter()
    home = Path(tempfile.mkdtemp(prefix="paceflow-demo-")).resolve()
    build(home, dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=5))
    where = settings({"HOME": str(home)})
    print(f"sample home: {home}")
    failed = ingest(where, started)
    show(where)
    print(f"\nlook further: duckdb {where.catalog}")
    print(
        f"the same in the Dagster UI: HOME={home} DAGSTER_HOME={where.dagster_home} dagster dev -m paceflow_assets.definitions"
    )
    print(f"throw it away: rm -r {home}")
    return failed


def build(home: Path, start: dt.datetime) -> None:
    """Write the sample's repository and logs; `start` is when the first session begins."""
    repository = Checkout(home / "src" / "settings", start)
    repository.commit(0, "Start", {"README.md": "# settings\n"})
    repository.git("checkout", "-q", "-b", "feature/DEMO-7-parser")
    parser = str(repository.folder / "settings" / "parser.py")
    claude = ClaudeSession(home, repository.folder, "feature/DEMO-7-parser", start)
    claude.user(1, "Please write a parser for key=value lines in settings/parser.py")
    claude.writes(4, parser, PARSER)
    claude.replies(5, "The parser is in settings/parser.py; parse_all reads a whole text.")
    claude.user(20, "Traceback (most recent call last): ValueError: dictionary update sequence element, can you look?")
    claude.replies(22, "That comes from a blank line at the end; I would leave it for the fix ticket.")
    claude.save()
    repository.commit(30, "DEMO-7 Parse key=value lines", {"settings/parser.py": PARSER})
    codex = CodexSession(home, repository.folder, start)
    codex.user(60, "Add a writer that renders the values again, sorted by key")
    codex.patches(64, WRITER_PATCH + "*** End Patch")
    codex.replies(65, "Added settings/writer.py with render().")
    codex.save()
    repository.commit(70, "DEMO-7 Render the values again", {"settings/writer.py": WRITER})
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge DEMO-7", "feature/DEMO-7-parser", minutes=90)
    repository.commit(1500, "Tell how to use it", {"README.md": "# settings\n\nparse_all(text) gives a dict.\n"})
    repository.commit(1600, "fix: blank lines broke parse_all", {"settings/parser.py": FIXED})
    repository.commit(1700, "Try another name", {"settings/names.py": "NAME = 'settings'\n"})
    repository.git("revert", "--no-edit", "HEAD", minutes=1760)


class Checkout:
    """A git repository of the sample. Minutes are counted from the first session's start."""

    def __init__(self, folder: Path, start: dt.datetime) -> None:
        self.folder, self.start = folder, start
        folder.mkdir(parents=True)
        self.git("init", "-q", "--initial-branch=main")

    def git(self, *arguments: str, minutes: float = 0) -> str:
        """Output of a git command, with a date and an identity of the sample's own."""
        when = (self.start + dt.timedelta(minutes=minutes)).isoformat()
        own = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Demo",
            "GIT_AUTHOR_EMAIL": "demo@example.invalid",
            "GIT_COMMITTER_NAME": "Demo",
            "GIT_COMMITTER_EMAIL": "demo@example.invalid",
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], env=kept | own, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, minutes: float, message: str, files: dict[str, str]) -> str:
        """Write the files and commit them; the sha."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message, minutes=minutes)
        return self.git("rev-parse", "HEAD").strip()


class Log:
    """A session log that grows record by record."""

    def __init__(self, path: Path, start: dt.datetime) -> None:
        self.path, self.start = path, start
        self.records: list[dict[str, Any]] = []

    def at(self, minutes: float) -> str:
        """An instant as logs write it."""
        return (self.start + dt.timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def save(self) -> None:
        """Write the log."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(record) + "\n" for record in self.records))


class ClaudeSession(Log):
    """A Claude Code log."""

    ID = "0d3f6b1e-5c1a-4a57-9a39-7d0d2f6f0c11"

    def __init__(self, home: Path, cwd: Path, branch: str, start: dt.datetime) -> None:
        super().__init__(home / ".claude" / "projects" / "settings" / f"{self.ID}.jsonl", start)
        self.envelope = {"sessionId": self.ID, "cwd": str(cwd), "gitBranch": branch, "version": "2.1.40"}

    def _add(self, kind: str, minutes: float, **fields: Any) -> None:
        number = len(self.records)
        own = {"type": kind, "uuid": f"{self.ID}-{number}", "timestamp": self.at(minutes)}
        self.records.append({**own, **self.envelope, **fields})

    def _assistant(self, minutes: float, block: dict[str, Any]) -> None:
        number = len(self.records)
        usage = {"input_tokens": 900, "output_tokens": 240, "cache_read_input_tokens": 5200, "cache_creation_input_tokens": 300}
        message = {"id": f"msg_{number}", "role": "assistant", "model": "claude-opus-4-6", "content": [block], "usage": usage}
        self._add("assistant", minutes, message=message, requestId=f"req_{number}")

    def user(self, minutes: float, text: str) -> None:
        """A typed prompt."""
        self._add("user", minutes, message={"role": "user", "content": text})

    def replies(self, minutes: float, text: str) -> None:
        """A visible answer."""
        self._assistant(minutes, {"type": "text", "text": text})

    def writes(self, minutes: float, path: str, content: str) -> None:
        """A new file, applied."""
        call = f"toolu_{len(self.records)}"
        self._assistant(
            minutes, {"type": "tool_use", "id": call, "name": "Write", "input": {"file_path": path, "content": content}}
        )
        told = {"type": "tool_result", "tool_use_id": call, "content": "File created"}
        result = {"type": "create", "filePath": path, "content": content, "structuredPatch": [], "originalFile": None}
        self._add("user", minutes, message={"role": "user", "content": [told]}, toolUseResult=result)


class CodexSession(Log):
    """A Codex rollout."""

    ID = "019c9f52-3a10-7f43-8c37-5e0f4f0c2d22"

    def __init__(self, home: Path, cwd: Path, start: dt.datetime) -> None:
        day = start.strftime("%Y/%m/%d")
        super().__init__(home / ".codex" / "sessions" / day / f"rollout-{start:%Y-%m-%dT%H-%M-%S}-{self.ID}.jsonl", start)
        meta = {"id": self.ID, "timestamp": self.at(59), "cwd": str(cwd), "cli_version": "0.106.0"}
        self._add("session_meta", 59, meta)
        self._add("turn_context", 59, {"cwd": str(cwd), "model": "gpt-5.4"})

    def _add(self, kind: str, minutes: float, payload: dict[str, Any]) -> None:
        self.records.append({"timestamp": self.at(minutes), "type": kind, "payload": payload})

    def user(self, minutes: float, text: str) -> None:
        """A typed prompt."""
        self._add("event_msg", minutes, {"type": "user_message", "message": text})

    def replies(self, minutes: float, text: str) -> None:
        """A visible answer."""
        content = [{"type": "output_text", "text": text}]
        self._add("response_item", minutes, {"type": "message", "role": "assistant", "content": content})

    def patches(self, minutes: float, patch: str) -> None:
        """An apply_patch call that succeeded."""
        call = f"call_{len(self.records)}"
        asked = {"type": "custom_tool_call", "name": "apply_patch", "call_id": call, "input": patch}
        told = json.dumps({"output": "Success. Updated the following files:", "metadata": {"exit_code": 0}})
        self._add("response_item", minutes, asked)
        self._add("response_item", minutes, {"type": "custom_tool_call_output", "call_id": call, "output": told})


def show(where: Settings) -> None:
    """Print how many rows each table has, and the views that answer most."""
    from rich.console import Console
    from rich.table import Table

    from paceflow_assets.report.rows import rows_table
    from paceflow_assets.runtime.catalog import reader
    from paceflow_assets.runtime.table import tables

    console = Console()
    sql = reader(where)
    listed = Table(box=None, pad_edge=False, header_style="bold", title="tables", title_justify="left")
    for title in ("table", "rows", "one row per"):
        listed.add_column(title, justify="right" if title == "rows" else "left", no_wrap=title == "table")
    for table in tables().values():
        rows = sql(f"select count(*) as row_count from {table.name}")["row_count"][0]
        listed.add_row(table.name, f"{rows:,}", re.split(r"[.;:]", table.description)[0].removeprefix("One row per "))
    console.print(listed)
    for name, columns in SHOWN.items():
        console.print()
        console.print(rows_table(name, sql(f"select {', '.join(columns)} from {name} order by all").to_dicts()))


SHOWN = {
    "view_session_metrics_base": (
        "model_name",
        "user_turn_count as turns",
        "minutes_to_first_accepted_change as first_change_minutes",
        "mid_session_error_paste_flag as error_paste",
        "session_commit_within_4h_flag as commit_soon",
    ),
    "view_task_execution_quality": ("task_key", "session_count", "commit_count", "heavy_count", "total_added"),
    "view_repository_commit_quality": ("model_name", "commit_count", "heavy_count", "mainline_rate", "bug_rate", "revert_rate"),
}
