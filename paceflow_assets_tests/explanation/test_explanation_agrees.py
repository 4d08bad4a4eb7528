"""Explanations agree with events: every row of every event table of a generated home, under two rule sets."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Home

from paceflow_assets.explanation import commit, diff, session
from paceflow_assets.explanation.finding import Explanation, Finding
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.lines import encoded, line_hash
from paceflow_assets.rule.debug_loop import DebugLoop
from paceflow_assets.rule.line_match import LineMatch
from paceflow_assets.rule.squash_merge import SquashMerge, is_merged
from paceflow_assets.runtime.worker import workshop_of

GENERATOR = Path(__file__).parents[1] / "workload" / "gen_workload.py"
SIZE = ["--seed", "11", "--repos", "1", "--commits", "16", "--sessions", "8", "--size-mb", "1", "--common", "0.3"]
STRICT = """
[line_match]
method = "bags"
trim = "both"
time_order = "edit_first"
consumption = "once_per_lineage"
dull_lines = "beside_informative"
[squash_merge]
min_lines = 3
takes_all = true
informative_only = true
[churn]
strictly_later = true
counts_moves = false
window_from = "mainline"
[bug_after_merge]
min_lines = 2
informative_only = true
[first_change]
idle_gap_minutes = 1
[user_turn]
kinds = ["typed"]
[human_remainder]
always = true
"""


@pytest.fixture(scope="module", params=["", STRICT], ids=["default", "strict"])
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A generated home, ingested."""
    path = (tmp_path_factory.mktemp("generated") / "home").resolve()
    subprocess.run([sys.executable, str(GENERATOR), "--home", str(path), *SIZE], check=True, capture_output=True)
    (path / "rules.toml").write_text(request.param)
    home = Home(path, {"PACEFLOW_RULES": str(path / "rules.toml")})
    assert not any(outcome.failures for outcome in home.ingest().values())
    return home


def everything(home: Home, table: str, explain: Any, *key: str) -> list[tuple[Stored, Explanation]]:
    """Every commit or session of the home, explained."""
    workshop = workshop_of(home.settings)
    places = [
        (Stored.of(workshop, repository), row)
        for repository in workshop.warehouse.repositories(table)
        for row in home.table(table, repository).select(key).rows()
    ]
    assert places
    return [(stored, explain(stored, *row)) for stored, row in places]


def rows(finding: Finding, title: str) -> list[dict[str, Any]]:
    """Rows of the evidence whose title begins so."""
    return [row for evidence in finding.evidence if evidence.title.startswith(title) for row in evidence.rows]


def total(found: list[dict[str, Any]], name: str) -> float:
    """Sum of a column."""
    return sum(row[name] or 0 for row in found)


def assert_stored(stored: Stored, explanation: Explanation, tables: dict[str, dict[str, str]]) -> None:
    """Every finding is a row of its table, and every row has a finding."""
    told: dict[str, list[dict[str, Any]]] = {}
    for finding in explanation.findings:
        if finding.table in tables:
            told.setdefault(finding.table, []).append({finding.name: finding.value, **finding.beside})
    for table, key in tables.items():
        kept = stored.frame(table, **key).to_dicts()
        own = [{name: value for name, value in row.items() if name in kept[0]} for row in told.get(table, [])] if kept else []
        assert all(any(row.items() <= each.items() for each in kept) for row in own)
        assert len({tuple(sorted(map(repr, row.items()))) for row in own}) >= len(kept)


def matched(stored: Stored, sha: str) -> Counter:
    """(provider, session, side) -> lines of the commit, as the table of matches has them."""
    columns = ("provider", "session_id", "matched_added_lines", "matched_removed_lines")
    rows = stored.frame("fact_commit_session_match", *columns, commit_sha=sha).select(columns).rows()
    return +Counter({(*key, side): lines for *key, added, removed in rows for side, lines in (("+", added), ("-", removed))})


def test_commits(generated):
    """Values are the rows', and evidence adds up to them: sessions, files, landed lines, removals, fixes."""
    for stored, told in everything(generated, "event_commit_outcome", commit.explain, "commit_sha"):
        key = {"commit_sha": told.facts["commit"]}
        tables = ("outcome", "churn", "bug_signal", "session")
        assert_stored(stored, told, {"event_task_commit": key, **{f"event_commit_{name}": key for name in tables}})
        found = {finding.name: finding for finding in told.findings}
        heavy, merged = found["heavy_ai_flag"], found["merged_to_mainline_flag"]
        sessions, files = rows(heavy, "lines by session"), rows(heavy, "lines by file")
        for name in ("added", "removed"):
            assert round(total(sessions, name)) == heavy.beside[f"matched_{name}_lines"]
        assert total(files, "lines") == pytest.approx(total(sessions, "lines"))
        for row in sessions:
            own = [file for file in files if file["session"] == row["session"]]
            assert total(own, "lines") == pytest.approx(row["lines"])
        looked = rows(merged, "AI lines looked for")
        if looked:
            rule = stored.rule(SquashMerge)
            assert merged.value is is_merged(rule, total(looked, "found"), total(looked, "asked"))
            firsts = [row["time"] for row in rows(merged, "main-line commits")]
            assert merged.beside["mainline_reached_at"] == (min(firsts) if merged.value else None)
        churn = found["ai_added_lines_removed_within_window"]
        assert total(rows(churn, "removals"), "lines") == churn.value
        for flag, names in commit.BUG_SIGNALS.items():
            bug = found[flag]
            signals = list(dict.fromkeys(row["commit"] for row in rows(bug, "fixes") if row["is_signal"]))
            assert bug.value is bool(signals)
            assert (len(signals), next(iter(signals), None)) == tuple(bug.beside[name] for name in names[:2])
        assert bool(rows(found["reverted_later_flag"], "reverts")) is found["reverted_later_flag"].value


def test_lines(generated):
    """In every diff the lines of a session add up to its matched lines, and every text has the hash that is stored."""
    traced = 0
    for stored, (sha, told) in everything(
        generated, "fact_commit", lambda stored, sha: (sha, diff.explain(stored, sha)), "commit_sha"
    ):
        if stored.rule(LineMatch).method == "bags":
            assert (told.notes, told.files) == ([diff.BAGS], ())
            continue
        assert told.notes == []
        lines = [line for file in told.files for line in file.lines]
        margin = Counter((line["provider"], line["session"], line["side"]) for line in lines if line["session"])
        assert margin == matched(stored, sha)
        assert Counter({(row["provider"], row["session"]): row["lines"] for row in told.writers}) == Counter(
            (line["provider"], line["session"]) for line in lines if line["side"] != " "
        )
        assert all(line["provider"] is None for line in lines if line["side"] == " ")
        hashes = stored.frame("fact_commit_line", "rel_path", "position", "line_hash", commit_sha=sha)
        assert [line_hash(encoded(line["text"])) for line in lines] == hashes.sort("rel_path", "position")[
            "line_hash"
        ].to_list()
        traced += margin.total()
    assert traced or stored.rule(LineMatch).method == "bags"


def test_sessions(generated):
    """Values are the rows', and evidence adds up to them: turns, words, signatures, pastes, changes, commits, tasks."""
    for stored, told in everything(generated, "metadata_sessions", session.explain, "provider", "session_id"):
        key = {"provider": told.facts["provider"], "session_id": told.facts["session"]}
        assert_stored(
            stored, told, {f"event_{name}": key for name in ("session_quality", "session_productivity", "task_session")}
        )
        found = {finding.name: finding for finding in told.findings}
        turns = found["user_turn_count"]
        said = rows(turns, "user messages")
        taken = sum(row["turn"] is not None and row["left_out"] is None for row in said)
        assert taken == (turns.value or 0)
        if not taken:
            continue
        assert (
            total([row for row in said if row["turn"]], "words")
            == found["accepted_total_changed_lines"].beside["user_word_count"]
        )
        loop = found["debug_loop_flag"]
        counts = [row["count"] for row in rows(loop, "errors by signature")]
        assert loop.value is (max(counts, default=0) >= stored.rule(DebugLoop).repeats)
        assert len(rows(loop, "turns")) == max(counts, default=0)
        paste = found["mid_session_error_paste_flag"]
        assert paste.value is any(row["decides"] for row in rows(paste, "messages"))
        first = found["minutes_to_first_accepted_change"]
        if first.value is not None:
            began = session.Session(stored, *key.values()).course.started_ms
            wall_ms = session.Session(stored, *key.values()).talk["first_change_at_ms"] - began
            assert first.value == pytest.approx(wall_ms / 60_000 - total(rows(first, "pauses"), "minutes"))
        commits = found["session_commit_within_4h_flag"]
        assert commits.value is any(row["within"] for row in rows(commits, "commits"))
        output = found["accepted_output_flag"]
        changes = [*rows(output, "changes here"), *rows(output, "changes elsewhere")]
        for name in ("added", "removed"):
            assert total(changes, name) == found["accepted_total_changed_lines"].beside[f"accepted_lines_{name}"]
        for finding in told.findings:
            if finding.name == "attribution_weight":
                assert total(rows(finding, "counted commits"), "lines") == pytest.approx(finding.value)
