"""The README's table "what happens when I change …": each row is done, and what is rebuilt is compared with what it says.

What stands under "at once" must be planned and rebuilt; what stands under "may follow" may be, and nothing else.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import pytest
from commands import COMMITTED, PROJECT, environment, worked
from conftest import Home
from logs import ClaudeLog, CodexLog
from repositories import Repository
from scores import CursorScores

from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.table import below, tables

Cells = set[tuple[str, str]]
REBUILD = """
import json
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.discovery import discover
from paceflow_assets.runtime.worker import brought_up_to_date, workshop_of

where, built = settings(), []
found = discover(where, 1_767_800_000_000)
workshop = workshop_of(where)
for repository in [*found.repositories, ALL]:
    outcome = brought_up_to_date(workshop, repository, lambda each: built.append((each.table, each.repository)))
    assert not outcome.failures, outcome.failures
print(json.dumps(built))
"""


def rewritten(path: str, old: str, new: str) -> Callable[[Path, Home], None]:
    """A change of the program: a text in a file."""

    def change(tree: Path, home: Home) -> None:
        file = tree / path
        text = file.read_text()
        assert old in text, f"{path} holds no {old!r}"
        file.write_text(text.replace(old, new))

    return change


def ruled(text: str) -> Callable[[Path, Home], None]:
    """A change of rules.toml."""
    return lambda tree, home: home.settings.rules_file.write_text(text) and None


def said(tree: Path, home: Home) -> None:
    """A new message in the session of the first repository."""
    folder = home.path / "src" / "app"
    text = "app one\napp two\n"
    log = ClaudeLog(home.path, "session-app", folder).says(0, "write it").writes(1, folder / "a.py", text).replies(2, "done")
    log.says(9, "thanks").save()


def committed(tree: Path, home: Home) -> None:
    """A new commit in the first repository."""
    repository = home.path / "src" / "app"
    (repository / "b.py").write_text("by hand\n")
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.test"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Add b"], check=True, env={"GIT_COMMITTER_DATE": f"{COMMITTED + 600} +0000"})


def scored(tree: Path, home: Home) -> None:
    """A score of the newest commit of the first repository."""
    sha = subprocess.run(
        ["git", "-C", str(home.path / "src" / "app"), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    CursorScores(home.path).score(sha, tabLinesAdded=1)


CHANGES = {
    "a comment, a docstring, a blank line anywhere": rewritten(
        "paceflow_assets/rule/churn.py", '"""Which removals count."""', '"""Removals."""  # that count\n'
    ),
    "anything in `runtime/`": rewritten("paceflow_assets/runtime/upkeep.py", "NAMED = 5", "NAMED = 6"),
    "`window_days` under `[churn]` in `rules.toml`": ruled("[churn]\nwindow_days = 30\n"),
    "the code of `rule/churn.py`": rewritten("paceflow_assets/rule/churn.py", "start + 1 if", "start + 2 if"),
    "the code of `rule/heavy_ai.py`": rewritten("paceflow_assets/rule/heavy_ai.py", "changed_lines > 0", "changed_lines > 1"),
    '`preset = "paceflow-0.2.4"` in `rules.toml`': ruled('preset = "paceflow-0.2.4"\n'),
    "the code of `event/event_task_commit.py`": rewritten(
        "paceflow_assets/event/event_task_commit.py", "fill_null(True)", "fill_null(value=True)"
    ),
    "`sql/view/view_repository_churn_summary.sql`": rewritten(
        "sql/view/view_repository_churn_summary.sql", "select", "select distinct"
    ),
    "the macro `sum_where`": rewritten("sql/macro/sum_where.sql", "where condition", "where (condition)"),
    "the macro `session_totals`": rewritten(
        "sql/macro/session_totals.sql", "not accepted_output_flag", "(not accepted_output_flag)"
    ),
    "the macro `delivery_report`, or any that only reports call": rewritten(
        "sql/macro/delivery_report.sql", "size desc", "(size) desc"
    ),
    "the parser `source/codex.py`": rewritten("paceflow_assets/source/codex.py", "1 << 18", "1 << 19"),
    "a message more in a log": said,
    "a commit more": committed,
    "a commit more that Cursor scored": scored,
}


def cells(told: str) -> Cells:
    """What a cell of the table means: tables in backquotes, `name+` what is below one; of every repository, or of one."""
    keys = ["app"] if "that repository" in told else ["app", "lib"]
    found: set[str] = set()
    for name in re.findall(r"`([^`]+)`", told):
        found |= set(below([name[:-1]])) if name.endswith("+") else {name}
    return {(name, key) for name in found for key in (keys if tables()[name].per_repository else [ALL])}


def promised() -> dict[str, tuple[Cells, Cells]]:
    """The README's rows: change -> (at once, may follow)."""
    lines = (PROJECT / "README.md").read_text().split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("| I change"))
    rows = [line.strip("| ").split(" | ") for line in takewhile(lambda line: line.startswith("|"), lines[start + 2 :])]
    return {change: (cells(at_once), cells(follows) - cells(at_once)) for change, at_once, follows in rows}


@pytest.fixture
def home_of_two(home: Home) -> Home:
    """A home with two ingested repositories: Claude wrote in one, Codex in the other."""
    worked(home, "app", "session-app")
    lib = Repository(home.path / "src" / "lib")
    lib.commit({"a.py": "lib one\nlib two\n"}, date=COMMITTED)
    log = CodexLog(home.path, "019b8de0-0000-7000-8000-000000000001", lib.folder).says(0, "write it")
    log.patches(1, f"*** Add File: {lib.folder}/a.py\n+lib one\n+lib two").replies(2, "done").save()
    home.ingest()
    return home


def test_the_readme_tells_every_row_that_is_tried():
    """And no other."""
    assert list(promised()) == list(CHANGES)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_rebuilds_what_the_readme_says(home_of_two, tmp_path, change):
    """The plan names exactly what is rebuilt at once and what may follow; an ingest rebuilds the first, of the others some."""
    home, tree = home_of_two, tmp_path / "tree"
    for folder in ("paceflow_assets", "sql"):
        shutil.copytree(PROJECT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    at_once, may_follow = promised()[change]
    CHANGES[change](tree, home)

    def run(*command: str) -> str:
        env = environment(home, {"PYTHONPATH": str(tree)})
        done = subprocess.run([sys.executable, *command], env=env, cwd=tree, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    planned = [json.loads(line) for line in run("-m", "paceflow_assets.cli", "ingest", "--plan", "--json").split("\n") if line]
    rebuilt = {(table, short(repository)) for table, repository in json.loads(run("-c", REBUILD))}

    assert {(step["table"], short(step["repository"])) for step in planned if step["reason"]} == at_once
    assert {(step["table"], short(step["repository"])) for step in planned if not step["reason"]} == may_follow
    assert at_once <= rebuilt <= at_once | may_follow
    assert json.loads(run("-c", REBUILD)) == []


def short(repository: str) -> str:
    """`app` for `local/app-12345678`."""
    return repository if repository == ALL else repository.removeprefix("local/").rpartition("-")[0]
