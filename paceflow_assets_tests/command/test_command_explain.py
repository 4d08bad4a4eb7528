"""`paceflow explain`: which commit or session is meant, and what is told when that is not clear."""

import json

import pytest
from commands import paceflow, worked
from conftest import Home
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.cli import main
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.ruleset import adopt


@pytest.fixture
def shown(monkeypatch, capsys):
    """Run the command in this process, in some home: (exit code, what it wrote, what it complained of)."""
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("PACEFLOW_HOME", "PACEFLOW_RULES"):
        monkeypatch.delenv(name, raising=False)

    def run(home: Home, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("HOME", str(home.path))
        code = main(["explain", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def ingest(home: Home) -> None:
    """What `paceflow ingest` does, in this process."""
    adopt(home.settings, rules(home.settings.rules_source))
    assert not any(outcome.failures for outcome in home.ingest().values())


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """An ingested home in which session `s1` wrote a commit, and its sha."""
    home = Home(tmp_path_factory.mktemp("home").resolve(), {})
    sha = worked(home).head
    ingest(home)
    return home, sha


def test_a_commit_is_explained_by_its_beginning(stored, shown):
    """In upper case too; nothing is said of being out of date."""
    home, sha = stored

    code, out, err = shown(home, "commit", sha[:7].upper())

    assert (code, err) == (0, "")
    assert out.startswith(f"commit {sha[:10]}  local/app-")
    assert "sessions explain 2 of 2 changed lines, a share of 1.00; heavy from 0.5" in out


def test_a_session_is_explained_by_its_whole_id_however_short(stored, shown):
    """A whole id needs no four characters."""
    home, _ = stored

    code, out, _ = shown(home, "session", "s1")

    assert code == 0
    assert out.startswith("session claude s1  local/app-")
    assert "1 user message, left out: none" in out


def test_json_has_the_same_content(stored, shown):
    """A list with one object per repository; times are UTC, hashes and ids stand in full."""
    home, sha = stored

    code, out, _ = shown(home, "commit", sha, "--json")

    (told,) = json.loads(out)
    heavy = told["findings"][0]
    assert code == 0
    assert (told["facts"]["commit"], told["note"]) == (sha, None)
    assert told["facts"]["time"] == "2026-01-05T09:05:00.000Z"
    assert (heavy["table"], heavy["name"], heavy["value"]) == ("event_commit_outcome", "heavy_ai_flag", True)
    assert heavy["evidence"][0]["rows"][0]["began"] == -300.0
    assert heavy["parameters"][0] == {
        "rule": "heavy_ai",
        "name": "share",
        "value": 0.5,
        "unit": "share from 0 to 1",
        "origin": "default",
    }


@pytest.mark.parametrize("what", ["commit", "session"])
def test_before_any_ingest_it_says_what_to_run(home, shown, what):
    """Nothing is stored."""
    code, out, err = shown(home, what, "abcdef")

    assert (code, out) == (1, "")
    assert "nothing is stored yet" in err
    assert "run `paceflow ingest` first" in err


def test_an_unknown_name_is_told_with_the_newest(stored, shown):
    """And with the remedy; a name that is too short as well, and a repository that nobody knows."""
    home, sha = stored

    unknown, session = shown(home, "commit", "0000000")[2], shown(home, "session", "nobody")[2]
    short, elsewhere = shown(home, "commit", "0")[2], shown(home, "commit", sha, "--repository", "local/ap")[2]

    assert f"commit 0000000: not stored; the newest are: {sha} in local/app-" in unknown
    assert "`paceflow ingest` brings what is new" in unknown
    assert "the newest are: claude s1 in local/app-" in session
    assert "give at least 4 characters" in short
    assert "did you mean local/app-" in elsewhere


def test_an_ambiguous_beginning_lists_the_candidates(home, shown):
    """With their repositories."""
    worked(home, "one", "session-1")
    worked(home, "two", "session-2")
    ingest(home)

    code, out, err = shown(home, "session", "session")
    limited = shown(home, "session", "session", "--repository", home.table("metadata_sessions")["repository"][0])

    assert (code, out) == (1, "")
    assert "2 begin so" in err
    assert "\n  claude session-1 in local/one-" in err
    assert "\n  claude session-2 in local/two-" in err
    assert limited[0] == 0


def test_people_and_merges_are_no_unknowns(home, shown):
    """What no event looks at is said to be that."""
    repository = worked(home)
    repository.branch("side")
    repository.commit({"b.py": "b\n"})
    repository.switch("main")
    repository.commit({"c.py": "c\n"})
    merge = repository.merge("side")
    ingest(home)

    assert "stands for people" in shown(home, "session", "__human__")[2]
    assert f"{merge} in local/app-" in shown(home, "commit", merge[:8])[2]
    assert "merges others, so no event looks at it" in shown(home, "commit", merge[:8])[2]


def test_a_commit_of_two_forks_is_explained_in_each(home, shown):
    """Each under its repository's name, or only in the one asked for."""
    first = worked(home, "app")
    first.origin("https://github.com/ann/app.git")
    fork = Repository.clone(first, home.path / "src" / "fork")
    fork.git("remote", "set-url", "origin", "https://github.com/bob/app.git")
    ClaudeLog(home.path, "s2", fork.folder).says(0, "look").writes(1, fork.folder / "z.py", "z\n").save()
    ingest(home)

    _, both, _ = shown(home, "commit", first.head)
    _, one, _ = shown(home, "commit", first.head, "--repository", "github.com/bob/app")

    title = f"commit {first.head[:10]}  github.com/"
    assert f"{title}ann/app" in both
    assert f"{title}bob/app" in both
    assert both.count(title) == 2
    assert one.startswith(f"{title}bob/app")
    assert one.count(title) == 1


def test_a_session_in_two_repositories_is_explained_at_home(home, shown):
    """The other one is named, and can be asked for."""
    app, other = Repository(home.path / "src" / "app"), Repository(home.path / "src" / "lib")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "both").writes(1, app.folder / "a.py", "a\n")
    log.writes(2, other.folder / "b.py", "b\nb\n").save()
    app.commit({"a.py": "a\n"})
    other.commit({"b.py": "b\nb\n"})
    ingest(home)

    _, out, _ = shown(home, "session", "s1")
    key = next(key for key in home.table("metadata_sessions")["repository"] if "/lib-" in key)
    _, there, _ = shown(home, "session", "s1", "--repository", key)

    assert out.startswith("session claude s1  local/app-")
    assert f"it also touches {key}" in out
    assert "changes elsewhere:" in out
    assert there.startswith(f"session claude s1  {key}")


def test_tables_of_other_rules_are_explained_with_a_warning(home, shown):
    """One line at the top with what differs and the remedy; the numbers are those that are stored."""
    sha = worked(home).head
    ingest(home)
    home.settings.rules_file.write_text("[heavy_ai]\nshare = 0.9\n")

    _, out, _ = shown(home, "commit", sha)

    first, *_ = out.split("\n")
    assert first.startswith(
        "the tables are of other rules (heavy_ai.share 0.5 → 0.9); this is what is stored; `paceflow ingest`"
    )
    assert "heavy from 0.5" in out


def test_a_table_that_is_missing_is_no_traceback(home, shown):
    """What is stored is told, and what is not up to date."""
    sha = worked(home).head
    ingest(home)
    for path in home.settings.warehouse.glob("event_*/local-*.parquet"):
        path.unlink()

    code, out, _ = shown(home, "commit", sha)

    assert code == 0
    assert "is not up to date (not built yet)" in out


def test_a_pipe_gets_plain_text(stored):
    """No control sequences, and nobody's terminal is asked for its width."""
    home, sha = stored

    done = paceflow(home, "explain", "commit", sha[:8], COLUMNS="80")

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.split("\n"))) <= 80


def test_a_short_commit_shows_who_wrote_each_line(stored, shown):
    """Behind the flags; JSON has the same rows."""
    home, sha = stored

    _, out, _ = shown(home, "commit", sha)
    (told,) = json.loads(shown(home, "commit", sha, "--json")[1])

    lines = [line.split() for line in out.split("\n")]
    assert lines[-4:-1] == [
        ["@@", "-0,0", "+1,2", "@@"],
        ["s1", "claude/claude-opus-4-6", "−4", "min", "block", "+app", "one"],
        ["s1", "claude/claude-opus-4-6", "−4", "min", "block", "+app", "two"],
    ]
    rows = told["diff"]["files"][0]["lines"]
    assert [(row["session"], row["edited"], row["evidence"], row["text"]) for row in rows] == [
        ("s1", -240.0, "block", "app one"),
        ("s1", -240.0, "block", "app two"),
    ]


def test_a_long_commit_shows_its_lines_if_asked(home, shown):
    """JSON has them without being asked."""
    repository = worked(home)
    sha = repository.commit({"b.py": "".join(f"line {number}\n" for number in range(61))})
    ingest(home)

    _, brief, _ = shown(home, "commit", sha)
    _, whole, _ = shown(home, "commit", sha, "--diff")
    (told,) = json.loads(shown(home, "commit", sha, "--json")[1])

    assert brief.endswith("  61 lines; --diff shows who wrote each\n")
    assert "+line 60" not in brief
    assert whole.count("+line ") == 61
    assert len(told["diff"]["files"][0]["lines"]) == 61


def test_what_a_terminal_would_obey_is_escaped(home, shown):
    """In JSON too, where it can still be read back."""
    repository = worked(home)
    evil = "\x1b[31m \x9b2J \u202e \U000e0001 end"
    sha = repository.commit({"b.py": f"{evil}\n"})
    ingest(home)

    _, out, _ = shown(home, "commit", sha)
    _, lines, _ = shown(home, "commit", sha, "--json")

    assert [letter for letter in out + lines if letter != "\n" and not letter.isprintable()] == []
    assert json.loads(lines)[0]["diff"]["files"][0]["lines"][0]["text"] == evil


def test_a_session_has_no_diff(stored, shown):
    """Nor does its command take the option."""
    home, _ = stored

    (told,) = json.loads(shown(home, "session", "s1", "--json")[1])

    assert told["diff"] is None
    with pytest.raises(SystemExit):
        shown(home, "session", "s1", "--diff")
