"""Which commits brought the lines that mending commits remove."""

import polars as pl
import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.raw import raw_fix_blame as module
from paceflow_assets.raw.raw_fix_blame import HINTS, touched
from paceflow_assets.rule.fix_words import FixWords
from paceflow_assets.source import git

DAY = 86_400
BODY = "".join(f"line {number}\n" for number in range(9))


@pytest.fixture
def app(home) -> Repository:
    """A repository in which a session has written a.py."""
    made = Repository(home.path / "src" / "app")
    ClaudeLog(home.path, "s1", made.folder).writes(0, made.folder / "a.py", BODY).save()
    return made


@pytest.fixture
def asked(monkeypatch) -> list[list[tuple[str, str]]]:
    """What git is asked for, look by look."""
    calls: list[list[tuple[str, str]]] = []
    origins = git.origins

    def listen(common_dir, removals, errors):
        calls.append([(removal.sha, removal.rel_path) for removal in removals])
        return origins(common_dir, removals, errors)

    monkeypatch.setattr(git, "origins", listen)
    return calls


def blames(home) -> dict[tuple[str, str], list[tuple[int, str]] | None]:
    """(commit, file) -> (line, commit that brought it); None = git could not tell."""
    rows = home.table("raw_fix_blame").select("commit_sha", "rel_path", "origins").rows()
    return {
        (sha, path): None if found is None else [(line["line"], line["origin_sha"]) for line in found]
        for sha, path, found in rows
    }


def errors(home) -> list[str]:
    """Reasons of git's parse errors."""
    return home.table("raw_parse_error").filter(pl.col("provider") == "git")["reason"].to_list()


def without(*numbers: int) -> str:
    """The body without some lines."""
    return "".join(f"line {number}\n" for number in range(9) if number not in numbers)


def test_a_fix_is_traced(home, app):
    """Each removed line with the commit that brought it; other commits, other files and added lines are not asked for."""
    first = app.commit({"a.py": BODY, "b.py": BODY})
    app.commit({"a.py": without(0), "b.py": without(0)}, "Tidy")
    fix = app.commit({"a.py": without(0, 3, 4), "b.py": without(0, 3)}, "A bugfix")
    app.commit({"a.py": without(0, 3, 4) + "more\n"}, "Fix: add")

    raw(home)

    assert blames(home) == {(fix, "a.py"): [(3, first), (4, first)]}
    assert errors(home) == []
    assert is_quiet(home)


def test_a_file_is_known_by_the_names_that_a_session_knew(home, app):
    """A renamed one too, whether the fix renames it or an earlier commit did."""
    first = app.commit({"a.py": BODY})
    app.move("a.py", "src/b.py")
    app.commit()
    app.move("src/b.py", "c.py")
    fix = app.commit({"c.py": without(8)}, "Fix")
    later = app.commit({"c.py": without(7, 8)}, "Fix again")

    raw(home)

    assert blames(home) == {(fix, "c.py"): [(9, first)], (later, "c.py"): [(8, first)]}


def test_a_file_is_asked_for_once(home, app, asked):
    """Only new fixes are, and old ones of a file that a session changes now."""
    app.commit({"a.py": BODY, "b.py": BODY})
    fix = app.commit({"a.py": without(1), "b.py": without(1)}, "Fix")
    raw(home)
    raw(home)
    second = app.commit({"a.py": without(1, 2)}, "Fix")
    raw(home)
    ClaudeLog(home.path, "s2", app.folder).writes(9, app.folder / "b.py", BODY).save()
    raw(home)

    assert [call for call in asked if call] == [[(fix, "a.py")], [(second, "a.py")], [(fix, "b.py")]]
    assert set(blames(home)) == {(fix, "a.py"), (second, "a.py"), (fix, "b.py")}


def test_what_git_lost_is_an_error_and_asked_again(home, app, asked):
    """Its row says why; when the text is there again, the row is whole and the error gone."""
    app.commit({"a.py": BODY})
    fix = app.commit({"a.py": without(1)}, "Fix")
    raw(home, names=["raw_checkout", "raw_ref", "raw_session", "raw_commit"])
    blob = app.git("rev-parse", f"{fix}^:a.py")
    app.lose(blob)

    raw(home)
    lost = blames(home)
    told = errors(home)
    app.git("hash-object", "-w", "--stdin", text=BODY)
    app.commit({"c.py": "c\n"})
    raw(home)

    assert lost == {(fix, "a.py"): None}
    assert [reason.partition(":")[0] for reason in told] == [fix]
    assert blames(home)[fix, "a.py"] == [(2, app.git("rev-parse", f"{fix}^"))]
    assert errors(home) == []


def test_a_second_checkout_is_asked_for_the_rest(home, app):
    """What a shallow clone does not have, the other one may."""
    app.origin("https://example.test/a/app.git")
    first = app.commit({"a.py": BODY})
    fix = app.commit({"a.py": without(1)}, "Fix")
    clone = Repository.clone(app, home.path / "a-clone", "--depth=1")
    clone.git("remote", "set-url", "origin", "https://example.test/a/app.git")
    ClaudeLog(home.path, "s2", clone.folder).says(0, "hi").save()

    raw(home)

    assert blames(home) == {(fix, "a.py"): [(2, first)]}


def test_answers_outlive_the_repository(home, app):
    """And an old line is left out, but not forgotten that it was asked for."""
    app.commit({"a.py": BODY}, date=FIRST_SECOND)
    fix = app.commit({"a.py": without(1)}, "Fix", date=FIRST_SECOND + (module.DAYS + 1) * DAY)
    raw(home)
    before = blames(home)
    app.folder.rename(home.path / "gone")
    (home.path / "gone" / ".git").rename(home.path / "away")

    raw(home)

    assert blames(home) == before == {(fix, "a.py"): []}


def test_words_are_wider_than_the_rule_s():
    """Every word that the rule knows by itself is asked for."""
    assert [word for word in FixWords().words if not HINTS.search(word.upper())] == []


def test_touched_follows_renames_in_any_order():
    """Round a circle too; a file that no session knew stays out."""
    files = pl.DataFrame(
        [("x", path, old, None) for path, old in [("c", None), ("d", "b"), ("other", None), ("e", "other")]],
        schema={"commit_sha": pl.String, "rel_path": pl.String, "old_path": pl.String, "commit_time": pl.Datetime("ms")},
        orient="row",
    )

    found = touched(files, [("b", "c"), ("a", "b"), ("c", "a")], {"a"})

    assert found["rel_path"].to_list() == ["c", "d"]
