"""What a generator planted comes out: exact counts, on several seeds, whatever the values are."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from conftest import Home

GENERATOR = Path(__file__).parents[1] / "workload" / "gen_workload.py"
SIZE = [*["--repos", "1", "--commits", "60", "--sessions", "14", "--size-mb", "1"]]


@pytest.fixture(scope="module", params=[3, 11, 1234])
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict]:
    """A generated home, ingested under the preset, and what was planted in it."""
    path = tmp_path_factory.mktemp(f"seed{request.param}") / "home"
    command = [sys.executable, str(GENERATOR), "--home", str(path), "--seed", str(request.param), *SIZE]
    subprocess.run(command, check=True, capture_output=True)
    home = Home(path.resolve(), {"PACEFLOW_RULES": "paceflow-0.2.1"})
    assert not any(outcome.failures for outcome in home.ingest().values())
    return home, json.loads((path / "ground_truth.json").read_text())


def test_sessions(planted):
    """Turns, loops, pastes and sessions without output are those that were planted."""
    home, truth = planted

    found = home.table("event_session_quality").select(
        "session_id", "user_turn_count", "debug_loop_flag", "mid_session_error_paste_flag", ~pl.col("accepted_output_flag")
    )

    wanted = [(s["id"], s["user_turns"], s["debug_loop"], s["error_paste"], s["no_output"]) for s in truth["sessions"]]
    assert sorted(found.rows()) == sorted(wanted)


def test_applied_changes(planted):
    """Applied edits are counted, failed ones are not."""
    home, truth = planted

    found = dict(home.table("metadata_sessions").select("session_id", "change_count").rows())

    assert found == {session["id"]: session["edits"] for session in truth["sessions"]}


def test_commits(planted):
    """Matched lines, main line, churn, bugs and reverts of each commit are those that were planted."""
    home, truth = planted
    outcome = home.table("event_commit_outcome")
    churn = home.table("event_commit_churn").drop("repository", "commit_time", "counted_flag")
    bug = home.table("event_commit_bug_signal").select("commit_sha", "bug_after_merge_flag")
    joined = outcome.join(churn, on="commit_sha").join(bug, on="commit_sha")

    found = joined.select(
        "commit_sha",
        "commit_total_changed_lines",
        "matched_added_lines",
        "matched_removed_lines",
        "heavy_ai_flag",
        "merged_to_mainline_flag",
        "ai_added_lines_reaching_mainline",
        "ai_added_lines_removed_within_window",
        "bug_after_merge_flag",
        "reverted_later_flag",
    )

    names = "sha changed matched_added matched_removed heavy mainline ai_added_mainline churn_14d bug_after_merge reverted"
    commits = [commit for repository in truth["repos"] for commit in repository["commits"] if commit["in_scope"]]
    assert sorted(found.rows()) == sorted(tuple(commit[name] for name in names.split()) for commit in commits)
