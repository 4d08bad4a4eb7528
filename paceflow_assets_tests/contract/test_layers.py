"""Who may import whom: the contracts of pyproject.toml, kept by the package, and each of them able to fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import paceflow_assets

PACKAGE = Path(paceflow_assets.__file__).parent
CONFIGURATION = PACKAGE.parent / "pyproject.toml"

BROKEN = [
    ("flow", "runtime/table.py", "from paceflow_assets.event import event_commit_churn"),
    ("flow", "runtime/compute.py", "import paceflow_assets.report.summary"),
    ("flow", "rule/churn.py", "from paceflow_assets.runtime.table import flag"),
    ("flow", "source/git.py", "from paceflow_assets.rule.revert import is_revert"),
    ("flow", "lines.py", "from paceflow_assets import matching"),
    ("flow", "records.py", "from paceflow_assets import lines"),
    ("flow", "event/event_commit_churn.py", "from paceflow_assets.view import register"),
    ("flow", "event/event_commit_churn.py", "from paceflow_assets.explanation import finding"),
    ("flow", "explanation/commit.py", "from paceflow_assets.report import explanation"),
    ("flow", "misc.py", "import json"),
    ("pure", "rule/churn.py", "import duckdb"),
    ("pure", "source/claude.py", "import dagster as dg"),
    ("builders", "event/event_commit_churn.py", "import dagster as dg"),
    ("builders", "fact/fact_commit.py", "from paceflow_assets.runtime.assets import asset"),
    ("outside", "fact/fact_commit.py", "from paceflow_assets.source import git"),
    ("outside", "event/event_task_commit.py", "from paceflow_assets.runtime.compute import now_ms"),
    ("views-are-sql", "view/__init__.py", "from paceflow_assets.rule import model_name"),
    ("one-rule-one-file", "rule/fix_words.py", "from paceflow_assets.rule.revert import is_revert"),
    ("one-table-one-file", "event/event_commit_churn.py", "from paceflow_assets.event.event_commit_outcome import KEY"),
    ("one-table-one-file", "raw/raw_log.py", "from paceflow_assets.raw.raw_parse_error import GIT"),
    ("one-provider-one-module", "source/claude.py", "from paceflow_assets.source.codex import NAME"),
    ("report-reads-only", "report/summary.py", "from paceflow_assets.fact.fact_commit import COLUMNS"),
    ("no-circles", "runtime/table.py", "from paceflow_assets.runtime import compute"),
]


def checked(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the package that lies in the folder, on all contracts or on some."""
    limits = [word for contract in contracts for word in ("--contract", contract)]
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, str(CONFIGURATION), "--no-cache", "--no-logo", *limits],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PYTHONUTF8": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_kept():
    """The package keeps its import contracts."""
    found = checked(PACKAGE.parent)

    assert found.returncode == 0, found.stdout + found.stderr
    assert " 0 broken" in found.stdout


@pytest.mark.parametrize(("contract", "module", "line"), BROKEN, ids=[f"{kind}: {name}" for kind, name, _ in BROKEN])
def test_a_wrong_import_is_found(contract, module, line, tmp_path):
    """One wrong import in a copy of the package breaks its contract."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / PACKAGE.name / module).open("a") as file:
        file.write(f"\n{line}\n")

    found = checked(tmp_path, contract)

    assert found.returncode == 1, found.stdout + found.stderr
    assert " 0 kept, 1 broken" in found.stdout, found.stdout + found.stderr


def test_no_contract_is_without_proof():
    """Each contract of the configuration has a case above that breaks it."""
    contracts = tomllib.loads(CONFIGURATION.read_text())["tool"]["importlinter"]["contracts"]

    assert {contract["id"] for contract in contracts} == {contract for contract, _, _ in BROKEN}
