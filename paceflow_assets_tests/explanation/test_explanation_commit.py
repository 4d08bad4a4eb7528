"""Commits explained: a small history with each kind of evidence in it."""

from typing import Any

import pytest
from conftest import Home
from logs import ClaudeLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.explanation import commit as commits
from paceflow_assets.explanation.finding import Explanation, Finding
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.ruleset import adopt
from paceflow_assets.runtime.worker import workshop_of

MINUTE = 60
BEGINS = "alpha one\nbeta two\ngamma three\n"
MENDED = "alpha one\nbeta two\ngamma mended\n"


def explained(home: Home, sha: str) -> Explanation:
    """The commit, as the one repository of the home has it."""
    workshop = workshop_of(home.settings)
    (repository,) = workshop.warehouse.repositories("fact_commit")
    return commits.explain(Stored.of(workshop, repository), sha)


def finding(explanation: Explanation, name: str) -> Finding:
    """The one finding of this name."""
    (found,) = [each for each in explanation.findings if each.name == name]
    return found


def shown(found: Finding, title: str, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of the evidence whose title begins so."""
    (evidence,) = [each for each in found.evidence if each.title.startswith(title)]
    return [tuple(row[name] for name in names) for row in evidence.rows]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of this module's own."""
    return Home(tmp_path_factory.mktemp("home").resolve(), {})


@pytest.fixture(scope="module")
def story(home) -> dict[str, str]:
    """A session's file, an empty commit, a fix that removes a line of it, and a branch that was squashed: name -> sha."""
    repository = Repository(home.path / "src" / "app")
    file, other = repository.folder / "a.py", repository.folder / "b.py"
    squashed = "".join(f"squashed line {number}\n" for number in range(35))
    log = ClaudeLog(home.path, "s1", repository.folder).says(0, "write it").writes(1, file, BEGINS).replies(2, "done")
    log.says(3, "more").writes(4, other, squashed).save()
    shas = {"begin": repository.commit({"a.py": BEGINS, "notes.txt": "by hand\n"}, date=FIRST_SECOND + 5 * MINUTE)}
    shas["empty"] = repository.commit(message="Nothing", date=FIRST_SECOND + 6 * MINUTE)
    shas["fix"] = repository.commit({"a.py": MENDED}, "Fix: gamma", date=FIRST_SECOND + 600 * MINUTE)
    repository.branch("feature/APP-1-b", shas["begin"])
    shas["branch"] = repository.commit({"b.py": squashed}, "APP-1 b", date=FIRST_SECOND + 7 * MINUTE)
    repository.switch("main")
    shas["squash"] = repository.commit({"b.py": squashed}, "APP-1 squashed", date=FIRST_SECOND + 700 * MINUTE)
    shas["revert"] = repository.revert(shas["squash"], date=FIRST_SECOND + 800 * MINUTE)
    adopt(home.settings, rules())
    home.ingest()
    return shas


def test_a_heavy_commit_shows_sessions_and_files(home, story):
    """Lines by session with its time before the commit, lines by file, and a file that no session explains."""
    found = finding(explained(home, story["begin"]), "heavy_ai_flag")

    assert found.value is True
    assert found.reasons == ["sessions explain 3 of 4 changed lines, a share of 0.75; heavy from 0.5"]
    assert shown(found, "lines by session", "session", "lines", "added") == [("s1", 3.0, 3.0)]
    assert shown(found, "lines by file", "path", "changed", "lines", "session") == [
        ("a.py", 3, 3.0, "s1"),
        ("notes.txt", 1, 0.0, None),
    ]
    assert next((each.rule, each.value, each.origin) for each in found.parameters) == ("heavy_ai", 0.5, "default")


def test_churn_and_bug_name_the_commit_that_removed(home, story):
    """The removing commit with its line, and the word that makes it a fix."""
    told = explained(home, story["begin"])
    churn, bug = finding(told, "ai_added_lines_removed_within_window"), finding(told, "bug_after_merge_flag")

    assert (churn.value, churn.beside["ai_added_lines_reaching_mainline"]) == (1, 3)
    assert shown(churn, "removals", "commit", "lines", "path", "subject") == [(story["fix"], 1, "a.py", "Fix: gamma")]
    assert bug.value is True
    assert shown(bug, "fixes", "commit", "lines", "words", "is_signal") == [(story["fix"], 1, "Fix", True)]


def test_git_names_the_same_fix(home, story):
    """The second signal has a finding of its own, with what git blame traces to the commit."""
    szz = finding(explained(home, story["begin"]), "szz_bug_flag")

    assert (szz.value, szz.beside["first_szz_commit_sha"]) == (True, story["fix"])
    assert szz.reasons[0].endswith("removed at least 1 line that git blame traces to it")
    assert shown(szz, "fixes", "commit", "lines", "path", "is_signal") == [(story["fix"], 1, "a.py", True)]


def test_a_squashed_commit_shows_where_its_lines_landed(home, story):
    """The main line does not contain it, but added its lines."""
    found = finding(explained(home, story["branch"]), "merged_to_mainline_flag")

    assert found.value is True
    assert found.reasons[0] == "the main line does not contain it"
    assert shown(found, "AI lines looked for", "path", "asked", "found") == [("b.py", 35, 35)]
    assert shown(found, "main-line commits", "commit", "lines") == [(story["squash"], 35)]


def test_a_reverted_commit_names_the_revert(home, story):
    """By git's own sentence."""
    found = finding(explained(home, story["squash"]), "reverted_later_flag")

    assert found.value is True
    assert shown(found, "reverts", "commit") == [(story["revert"],)]


def test_the_task_is_told_with_its_branch(home, story):
    """An owned commit and one of the fallback order."""
    owned, fallen = (finding(explained(home, story[name]), "task_key") for name in ("branch", "fix"))

    assert (owned.value, owned.beside["fallback_flag"]) == ("APP-1", False)
    assert owned.reasons[0] == "feature/APP-1-b owns it by its line of first parents"
    assert (fallen.value, fallen.beside["confidence"]) == ("main", 0.5)
    assert "first branch of the fallback order" in fallen.reasons[0]


def test_an_empty_commit_is_explained(home, story):
    """It is people's, not heavy, and nothing of it can be removed."""
    told = explained(home, story["empty"])

    assert "never heavy" in finding(told, "heavy_ai_flag").reasons[0]
    assert finding(told, "heavy_ai_flag").evidence[0].rows == []
    assert finding(told, "ai_added_lines_removed_within_window").reasons == [
        "it brought no line that a session wrote in the same file"
    ]
    assert "this one is not heavy" in finding(told, "bug_after_merge_flag").reasons[0]
    people = finding(told, "commit_within_window_flag")
    assert (people.beside["provider"], people.beside["share_of_commit"]) == ("human", 1.0)


def test_values_are_those_of_the_last_ingest(home, story):
    """A rule changed since explains what is stored, and says that its value is of the last ingest."""
    later = home.path / "later.toml"
    later.write_text("[heavy_ai]\nshare = 0.9\n[churn]\nwindow_days = 14\n")

    told = explained(Home(home.path, {"PACEFLOW_RULES": str(later)}), story["begin"])

    heavy, churn = finding(told, "heavy_ai_flag"), finding(told, "ai_added_lines_removed_within_window")
    assert (heavy.value, heavy.parameters[0].value, heavy.parameters[0].origin) == (True, 0.5, "as of the last ingest")
    assert churn.parameters[0].origin == "later.toml:4"
