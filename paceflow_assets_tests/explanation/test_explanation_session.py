"""Sessions explained: turns, loops, pastes, output, commits."""

from typing import Any

import pytest
from conftest import Home
from logs import ClaudeLog, at
from repositories import FIRST_SECOND, Repository

from paceflow_assets.explanation import session as sessions
from paceflow_assets.explanation.finding import Explanation, Finding
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.runtime.worker import workshop_of

ERROR = "TypeError: x is not a function"


def explained(home: Home, session_id: str) -> Explanation:
    """The session, as the one repository of the home has it."""
    workshop = workshop_of(home.settings)
    (repository,) = workshop.warehouse.repositories("fact_commit")
    return sessions.explain(Stored.of(workshop, repository), "claude", session_id)


def finding(explanation: Explanation, name: str) -> Finding:
    """The one finding of this name."""
    (found,) = [each for each in explanation.findings if each.name == name]
    return found


def rows(found: Finding, title: str, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of the evidence of this title."""
    (evidence,) = [each for each in found.evidence if each.title == title]
    return [tuple(row[name] for name in names) for row in evidence.rows]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of this module's own."""
    path = tmp_path_factory.mktemp("home").resolve()
    return Home(path, {})


@pytest.fixture(scope="module")
def looping(home) -> str:
    """A session that went round in circles, with a pause and a command; the sha of its commit."""
    home.settings.paceflow_home.mkdir()
    home.settings.rules_file.write_text('[first_change]\nidle_gap_minutes = 30\n[user_turn]\nkinds = ["typed"]\n')
    repository = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", repository.folder).says(0, "make it work").replies(1, "looking")
    for turn in range(5):
        log.says(60 + turn, ERROR if turn != 2 else "still failing").replies(60.5 + turn, "try again")
    log.says(66, "[Request interrupted by user]").writes(70, repository.folder / "a.py", "one\ntwo\n").says(71, "thanks").save()
    ClaudeLog(home.path, "quiet", repository.folder).replies(0, "hello").save()
    sha = repository.commit({"a.py": "one\ntwo\n"}, "Work", date=FIRST_SECOND + 80 * 60)
    home.ingest()
    return sha


def test_turns_name_what_was_left_out(home, looping):
    """An interrupt is no typed turn, and the reason says so."""
    found = finding(explained(home, "s1"), "user_turn_count")

    assert found.value == 7
    assert found.reasons[0] == "8 user messages, left out: 1 interrupt"
    assert rows(found, "user messages", "turn", "left_out")[-2:] == [(None, "interrupt"), (7, None)]


def test_a_loop_shows_the_signature_and_its_turns(home, looping):
    """`still failing` counts for the error before it."""
    found = finding(explained(home, "s1"), "debug_loop_flag")

    assert found.value is True
    assert rows(found, "errors by signature", "count", "signature") == [(5, ERROR.lower())]
    assert rows(found, "turns with the first signature", "turn", "says") == [
        (turn, "still failing" if turn == 4 else ERROR) for turn in range(2, 7)
    ]


def test_a_paste_shows_the_phrase_that_decided(home, looping):
    """Every message with an error, and whether it stands behind the first one."""
    found = finding(explained(home, "s1"), "mid_session_error_paste_flag")

    assert found.value is True
    assert rows(found, "messages that show an error", "turn", "decides", "phrase")[0] == (2, True, "error:")


def test_the_first_change_shows_pauses_left_out(home, looping):
    """A pause longer than the idle gap is named with its ends."""
    found = finding(explained(home, "s1"), "minutes_to_first_accepted_change")

    assert found.value == 11.0
    assert rows(found, "pauses left out", "from", "to", "minutes") == [(at(1), at(60), 59.0)]
    assert "in a.py" in found.reasons[0]


def test_output_and_commits_are_told(home, looping):
    """Changes by file, the commits with the session's lines, and the task that they count for."""
    told = explained(home, "s1")

    output, commits = finding(told, "accepted_output_flag"), finding(told, "session_commit_within_4h_flag")
    task = finding(told, "attribution_weight")
    assert output.value is commits.value is True
    assert rows(output, "changes here, by file", "path", "added", "removed") == [("a.py", 2, 0)]
    assert rows(commits, "commits with its lines", "commit", "lines", "within") == [(looping, 2.0, True)]
    assert (task.value, task.beside["task_key"]) == (2.0, "main")


def test_a_session_that_nobody_spoke_to_is_explained(home, looping):
    """It has no quality, and the explanation says why."""
    told = explained(home, "quiet")

    turns = finding(told, "user_turn_count")
    assert turns.value is None
    assert "without a user turn event_session_quality has no row" in turns.reasons
    assert finding(told, "accepted_total_changed_lines").value == 0
