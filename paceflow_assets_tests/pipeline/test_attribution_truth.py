"""A generator knows who wrote every line of hard histories: how often does the tracing say the same?"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from conftest import Home

GENERATOR = Path(__file__).parents[1] / "workload" / "gen_truth.py"
SIZE = ["--repos", "1", "--commits", "90", "--sessions", "20"]
EVERY_DIFFICULTY = (
    "common,human_edits,dup,discard,reread,two_sessions,codex_forms,failed,landings,amend,odd_paths,lock,locations,skew,resume,"
    "subagent,reverts,renames,reformat,delays"
)


def told(path: Path, seed: int, *options: str) -> tuple[Counter, Counter]:
    """(commit, provider, session) -> lines: as the tracing says, and as it is."""
    command = [sys.executable, str(GENERATOR), "--home", str(path), "--seed", str(seed), *SIZE, *options]
    subprocess.run(command, check=True, capture_output=True)
    home = Home(path.resolve(), {})
    assert not any(outcome.failures for outcome in home.ingest().values())
    truth = json.loads((path / "ground_truth.json").read_text())
    commits = [commit for repository in truth["repos"] for commit in repository["commits"]]
    true = Counter()
    for commit in commits:
        for each in commit["truth"]:
            true[commit["sha"], each["provider"], each["session_id"]] += each["added"] + each["removed"]
    matches = home.table("fact_commit_session_match").filter(
        pl.col("provider") != "human", pl.col("commit_sha").is_in([commit["sha"] for commit in commits])
    )
    lines = matches.select("commit_sha", "provider", "session_id", "matched_added_lines", "matched_removed_lines")
    return Counter({tuple(key): added + removed for *key, added, removed in lines.rows()}), true


def test_without_difficulties_every_line_is_right(tmp_path):
    """Sessions whose edits are committed as they are."""
    said, true = told(tmp_path / "home", 5, "--off", EVERY_DIFFICULTY)

    assert said == true
    assert said


@pytest.mark.parametrize("seed", [6, 7])
def test_with_all_difficulties_nearly_every_line_is_right(tmp_path, seed):
    """Squashes, rebases, reverts, retyped and thrown-away code; the benchmark measures larger ones."""
    said, true = told(tmp_path / "home", seed)

    pairs = len(said.keys() & true.keys())
    right = sum((said & true).values())
    assert pairs / len(said) > 0.85
    assert pairs / len(true) > 0.85
    assert right / said.total() > 0.93
    assert right / true.total() > 0.93
