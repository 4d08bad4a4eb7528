"""A generator knows who wrote every line of hard histories: how often do the tracing and lifetimes say the same?"""

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


def made(path: Path, seed: int, *options: str) -> tuple[Home, list[dict]]:
    """A generated home, ingested, and its commits with the sessions that wrote them."""
    command = [sys.executable, str(GENERATOR), "--home", str(path), "--seed", str(seed), *SIZE, *options]
    subprocess.run(command, check=True, capture_output=True)
    home = Home(path.resolve(), {})
    assert not any(outcome.failures for outcome in home.ingest().values())
    truth = json.loads((path / "ground_truth.json").read_text())
    return home, [commit for repository in truth["repos"] for commit in repository["commits"]]


@pytest.fixture(scope="module", params=[6, 7])
def hard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[dict]]:
    """A home with every difficulty, and its commits."""
    return made(tmp_path_factory.mktemp(f"seed{request.param}") / "home", request.param)


def true_lines(commits: list[dict], *sides: str) -> Counter:
    """(commit, provider, session) -> added lines, removed lines, or both, as they really are."""
    found = Counter()
    for commit in commits:
        for each in commit["truth"]:
            found[commit["sha"], each["provider"], each["session_id"]] += sum(each[side] for side in sides)
    return +found


def traced(home: Home, commits: list[dict]) -> Counter:
    """(commit, provider, session) -> lines, as the tracing says."""
    matches = home.table("fact_commit_session_match").filter(
        pl.col("provider") != "human", pl.col("commit_sha").is_in([commit["sha"] for commit in commits])
    )
    lines = matches.select("commit_sha", "provider", "session_id", "matched_added_lines", "matched_removed_lines")
    return Counter({tuple(key): added + removed for *key, added, removed in lines.rows()})


def lived(home: Home) -> Counter:
    """(commit, provider, session) -> lines that were born, as lifetimes say."""
    lines = home.table("event_line_lifetime").filter(pl.col("author_kind") == "ai")
    sums = lines.group_by("commit_sha", "provider", "session_id").agg(pl.col("line_count").sum())
    return Counter({tuple(key): count for *key, count in sums.rows()})


def test_without_difficulties_every_line_is_right(tmp_path):
    """Sessions whose edits are committed as they are."""
    home, commits = made(tmp_path / "home", 5, "--off", EVERY_DIFFICULTY)

    said, true = traced(home, commits), true_lines(commits, "added", "removed")

    assert said == true
    assert said


def test_with_all_difficulties_nearly_every_line_is_right(hard):
    """Squashes, rebases, reverts, retyped and thrown-away code; the benchmark measures larger ones."""
    home, commits = hard

    said, true = traced(home, commits), true_lines(commits, "added", "removed")

    pairs = len(said.keys() & true.keys())
    right = sum((said & true).values())
    assert pairs / len(said) > 0.85
    assert pairs / len(true) > 0.85
    assert right / said.total() > 0.93
    assert right / true.total() > 0.93


def test_lifetimes_name_the_session_that_wrote_a_line(hard):
    """On the main line, commits of several sessions too; a line that a commit only moves is not born, so a few are missing."""
    home, commits = hard
    mainline = set(home.table("fact_mainline_commit")["commit_sha"])
    added = true_lines([commit for commit in commits if commit["sha"] in mainline], "added")
    sessions = Counter(sha for sha, _, _ in added)

    said = lived(home)
    of_several = Counter({key: count for key, count in said.items() if sessions[key[0]] > 1})

    assert sum((said & added).values()) / said.total() > 0.97
    assert sum((said & added).values()) / added.total() > 0.93
    assert sum((of_several & added).values()) / of_several.total() > 0.95
