"""Under the preset `paceflow-0.2.1` our tables hold the numbers of that program, cell by cell.

Not compared, on purpose: accepted lines of Codex sessions (it reads only some of its forms) and session costs (not built yet).
"""

import csv
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Home

from paceflow_assets.runtime.catalog import rows

TESTS = Path(__file__).parents[1]
WORKLOAD = [*["--repos", "2", "--commits", "120", "--sessions", "25", "--size-mb", "4", "--seed", "21"]]
SHORT = "split_part(repository, '/', -1)"
# table -> (key columns, compared columns, our query for them, their rows that count)
COMPARED = {
    "fact_commit": (
        ["repo_root", "commit_sha"],
        "parent_sha commit_time subject total_added total_removed matched_total_lines matched_added_lines matched_removed_lines"
        " ai_share heavy_ai",
        f"select {SHORT} as repo_root, c.*, matched_total_lines, matched_added_lines, matched_removed_lines, ai_share,"
        " heavy_ai_flag as heavy_ai from fact_commit as c inner join event_commit_outcome using (repository, commit_sha)",
    ),
    "fact_commit_file_change": (["repo_root", "commit_sha", "rel_path"], "change_type added_lines removed_lines", ""),
    "fact_commit_session_match": (
        ["repo_root", "commit_sha", "provider", "session_id"],
        "matched_lines share_of_commit share_of_ai",
        "",
    ),
    "fact_task_commit_assignment": (
        ["repo_root", "commit_sha"],
        "branch_name task_key source is_fallback candidate_count distance_to_tip confidence",
        "",
    ),
    "fact_session_message": (
        ["provider", "session_id", "message_index"],
        "message_ts role content_words",
        "select * from fact_session_message where agent_id = ''",
    ),
    "fact_session_code_change": (
        ["provider", "session_id", "call_id", "op_index"],
        "change_ts rel_path lines_added lines_removed write_mode",
        "",
    ),
    "event_commit_outcome": (
        ["repo_root", "commit_sha"],
        "commit_time mainline_reached_at heavy_ai_flag merged_to_mainline_flag reverted_later_flag total_matched_ai_lines"
        " commit_total_changed_lines",
        "",
    ),
    "event_commit_churn": (
        ["repo_root", "commit_sha"],
        "ai_added_lines_reaching_mainline ai_added_lines_removed_within_window churn_window_days",
        "",
    ),
    "event_commit_bug_signal": (
        ["repo_root", "commit_sha"],
        "bug_after_merge_flag first_bug_signal_commit_sha first_bug_signal_commit_time bug_signal_count"
        " window_days signal_source",
        "",
    ),
    "event_commit_session": (
        ["repo_root", "commit_sha", "provider", "session_id"],
        "commit_time model_name matched_lines share_of_commit share_of_ai",
        "",
    ),
    "event_task_commit": (
        ["repo_root", "task_key", "commit_sha"],
        "branch_name fallback_flag confidence commit_time",
        "",
    ),
    "event_task_session": (
        ["repo_root", "task_key", "provider", "session_id"],
        "branch_name model_name started_at attribution_weight commit_within_window_flag user_turn_count debug_loop_flag"
        " mid_session_error_paste_flag accepted_output_flag first_accepted_change_at minutes_to_first_accepted_change",
        "",
    ),
    "event_session_quality": (
        ["provider", "session_id"],
        "repo_root model_name started_at ended_at user_turn_count debug_loop_flag mid_session_error_paste_flag"
        " accepted_output_flag first_accepted_change_at minutes_to_first_accepted_change session_commit_within_4h_flag",
        "",
    ),
    "event_session_productivity": (
        ["provider", "session_id"],
        "repo_root model_name started_at ended_at accepted_lines_added accepted_lines_removed accepted_total_changed_lines"
        " user_word_count",
        f"select *, {SHORT} as repo_root from event_session_productivity where provider = 'claude'",
    ),
    "metadata_branches": (
        ["repository", "branch_name"],
        "task_key is_default_branch is_integration_branch",
        f"select * replace ({SHORT} as repository) from metadata_branches",
    ),
    "metadata_tasks": (["task_key"], "task_prefix task_number", "select distinct on (task_key) * from metadata_tasks"),
}


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The reference's workload, ingested under the preset."""
    path = tmp_path_factory.mktemp("parity") / "home"
    command = [sys.executable, str(TESTS / "workload" / "gen_workload.py"), "--home", str(path), *WORKLOAD]
    subprocess.run(command, check=True, capture_output=True)
    home = Home(path.resolve(), {"PACEFLOW_RULES": "paceflow-0.2.1"})
    outcomes = home.ingest()
    assert not any(outcome.failures for outcome in outcomes.values())
    return home


def recorded(table: str) -> list[dict[str, str]]:
    """Rows of the reference's table."""
    with (TESTS / "golden" / "parity" / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def as_recorded(value: object) -> object:
    """One of our values as the reference writes it."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    return "" if value is None else value


def agrees(column: str, ours: object, theirs: str) -> bool:
    """Whether two cells hold the same: numbers to 1e-9, minutes to 1e-3 (the reference goes through julian days)."""
    if isinstance(ours, int | float):
        return theirs != "" and abs(ours - float(theirs)) <= (1e-3 if column.startswith("minutes") else 1e-9)
    return str(ours) == theirs


@pytest.mark.parametrize("table", COMPARED)
def test_cells_are_the_reference_s(workload, table):
    """Every key and every compared cell of the table is what the reference computed."""
    keys, columns, query = COMPARED[table]
    found = rows(workload.settings, query or f"select *, {SHORT} as repo_root from {table}").to_dicts()
    ours = {tuple(str(row[key]) for key in keys): row for row in found}
    theirs = {tuple(row[key] for key in keys): row for row in recorded(table)}
    if table == "event_session_productivity":
        theirs = {key: row for key, row in theirs.items() if key[0] == "claude"}

    differing = [
        (key, column, as_recorded(ours[key][column]), theirs[key][column])
        for key in sorted(theirs.keys() & ours.keys())
        for column in columns.split()
        if not agrees(column, as_recorded(ours[key][column]), theirs[key][column])
    ]

    assert sorted(ours) == sorted(theirs)
    assert differing == []


def test_the_workload_holds_nothing_that_we_do_otherwise_in_every_preset(workload):
    """No sub-agents, no header-like lines, no remote-only commits, one repository per session: parity must be exact."""
    logs = [path.read_text() for path in workload.path.rglob("*.jsonl")]
    records = [json.loads(line) for text in logs for line in text.split("\n") if line]

    assert not any(record.get("isSidechain") for record in records)
    assert not any(path.name.startswith("agent-") for path in workload.path.rglob("*.jsonl"))
    assert rows(workload.settings, "select 1 from raw_ref where kind = 'remote_head' and is_default").height == 0
    spread = "select count(*) from metadata_sessions where not is_home"
    assert rows(workload.settings, spread).item() == 0
    for repository in (workload.path / "work").iterdir():
        patch = subprocess.run(["git", "-C", repository, "log", "-p", "--all"], capture_output=True, check=True).stdout
        assert b"\n+++ " in patch
        assert not any(
            line.startswith((b"+++ ", b"--- ")) and line[4:6] not in (b"a/", b"b/", b"/d") for line in patch.split(b"\n")
        )
