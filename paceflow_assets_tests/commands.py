"""Commands as people run them: another process, with the environment of a fresh terminal.

What lives here: running `paceflow` and `dagster`, a home in which something happened, what a run left behind.
What belongs here: what several pipeline tests need. What stays out: checking in this process, which is quicker where it can be.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from conftest import Home
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

PACEFLOW = [sys.executable, "-m", "paceflow_assets.cli"]
DAGSTER = [str(Path(sys.executable).with_name("dagster"))]
PROJECT = Path(__file__).parents[1]
COMMITTED = 1_767_603_900  # five minutes after the first prompt


def environment(home: Home, env: Mapping[str, str]) -> dict[str, str]:
    """What a fresh terminal of this home would have."""
    return {"PATH": os.environ["PATH"], "HOME": str(home.path), "COLUMNS": "120", "LANG": "C.UTF-8", **env}


def run(home: Home, command: list[str], cwd: Path = PROJECT, text: str = "", **env: str) -> subprocess.CompletedProcess:
    """Run a command; what it wrote and its exit code."""
    return subprocess.run(command, env=environment(home, env), input=text, cwd=cwd, capture_output=True, text=True, check=False)


def paceflow(home: Home, *arguments: str, text: str = "", cwd: Path = PROJECT, **env: str) -> subprocess.CompletedProcess:
    """Run `paceflow`, which never shows a traceback."""
    done = run(home, [*PACEFLOW, *arguments], cwd, text, **env)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def materialize(home: Home, selection: str, repository: str) -> subprocess.CompletedProcess:
    """Run `dagster asset materialize` for one repository."""
    asked = ["asset", "materialize", "-m", "paceflow_assets.definitions", "--select", selection, "--partition", repository]
    return run(home, [*DAGSTER, *asked], DAGSTER_HOME=str(home.settings.dagster_home))


def worked(home: Home, name: str = "app", session: str = "s1") -> Repository:
    """A repository in which a session wrote two lines that were committed."""
    repository = Repository(home.path / "src" / name)
    file = repository.folder / "a.py"
    text = f"{name} one\n{name} two\n"
    ClaudeLog(home.path, session, repository.folder).says(0, "write it").writes(1, file, text).replies(2, "done").save()
    repository.commit({"a.py": text}, date=COMMITTED)
    return repository


def versions(home: Home) -> dict[tuple[str, str], dict[str, str]]:
    """(table, repository) -> version of the content of each column, but for those that say when paceflow looked."""
    warehouse = Warehouse(home.settings)
    return {
        (name, repository): {
            column: version
            for column, version in warehouse.provenance(name, repository).column_versions.items()
            if column not in {"first_seen_at", *table.bookkeeping}
        }
        for name, table in tables().items()
        for repository in warehouse.repositories(name)
    }
