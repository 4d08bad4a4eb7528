"""Which commits were ever seen, and what they changed."""

import datetime as dt
import shutil

import polars as pl
import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.raw.raw_commit import errors_by_sha, reachable_from, with_reachability
from paceflow_assets.records import ParseError

HOUR = 3600


@pytest.fixture
def app(home) -> Repository:
    """A repository in which a session has changed a file at nine o'clock on the first day."""
    made = Repository(home.path / "src" / "app")
    ClaudeLog(home.path, "s1", made.folder).writes(0, made.folder / "a.py", "a\n").save()
    return made


def commits(home, *columns: str) -> list[tuple]:
    """The commits' rows, by time."""
    found = home.table("raw_commit").sort("commit_time", "commit_sha")
    return found.select(*columns).rows()


def files(home, sha: str) -> dict[str, str] | None:
    """Path -> sides of a commit's lines; None = not read."""
    row = home.table("raw_commit").row(by_predicate=pl.col("commit_sha") == sha, named=True)
    return None if row["files"] is None else {file["rel_path"]: file["lines"]["sides"] for file in row["files"]}


def test_a_commit_is_stored_as_it_was_seen(home, app):
    """Header and files with their lines; the author is a hash."""
    app.commit({"a.py": "a\n"}, message="Begin\n\nbody")
    sha = app.commit({"a.py": "b\n", "d/ü.py": "x\ny\n"})

    raw(home)

    assert commits(home, "message", "reachable", "files_read", "read_error") == [
        ("Begin\n\nbody", True, True, None),
        ("Change", True, True, None),
    ]
    assert files(home, sha) == {"a.py": "-+", "d/ü.py": "++"}
    row = home.table("raw_commit").row(by_predicate=pl.col("commit_sha") == sha, named=True)
    assert row["commit_time"] == dt.datetime.fromtimestamp(FIRST_SECOND + HOUR, dt.UTC).replace(tzinfo=None)
    assert len(row["parents"]) == 1
    assert "ann" not in row["author_key"]
    totals = [(file["added_lines"], file["removed_lines"], file["change_type"]) for file in row["files"]]
    assert totals == [(1, 1, "modify"), (2, 0, "add")]


def test_files_are_read_inside_the_scan_window(home, app):
    """From a day before the first change on, and not of merges; headers are read of all."""
    old = app.commit({"a.py": "a\n"}, date=FIRST_SECOND - 25 * HOUR)
    edge = app.commit({"a.py": "b\n"}, date=FIRST_SECOND - 24 * HOUR)
    app.branch("topic")
    side = app.commit({"b.py": "b\n"}, date=FIRST_SECOND)
    app.switch("main")
    app.commit({"c.py": "c\n"}, date=FIRST_SECOND + HOUR)
    merged = app.merge("topic", date=FIRST_SECOND + 2 * HOUR)

    raw(home)

    assert [files(home, sha) is not None for sha in (old, edge, side, merged)] == [False, True, True, False]
    assert len(commits(home, "commit_sha")) == 5


def test_without_a_change_no_files_are_read(home):
    """There is nothing to compare them with; when a change comes, they are."""
    made = Repository(home.path / "src" / "app")
    sha = made.commit({"a.py": "a\n"})
    log = ClaudeLog(home.path, "s1", made.folder).says(0, "hi")
    log.save()
    raw(home)
    before = files(home, sha)
    log.writes(5, made.folder / "a.py", "a\n").save()

    raw(home)

    assert (before, files(home, sha)) == (None, {"a.py": "+"})


def test_a_deleted_branch_loses_no_commit(home, app):
    """Its commits are reachable no more, and stay."""
    app.commit({"a.py": "a\n"})
    app.branch("topic")
    sha = app.commit({"b.py": "b\n"})
    raw(home)
    app.switch("main")
    app.git("branch", "-D", "topic")
    app.git("reflog", "expire", "--expire=now", "--all")
    app.git("gc", "-q", "--prune=now")

    raw(home)

    assert commits(home, "reachable", "files_read") == [(True, True), (False, True)]
    assert files(home, sha) == {"b.py": "+"}
    assert is_quiet(home)


def test_a_rewritten_history_is_read_where_it_is_new(home, app):
    """The commits before it stay."""
    app.commit({"a.py": "a\n"})
    first = app.commit({"b.py": "b\n"})
    raw(home)
    app.git("commit", "-q", "--amend", "-m", "Other words")

    raw(home)

    assert commits(home, "message", "reachable") == [("Change", True), *sorted([("Change", False), ("Other words", True)])] or (
        commits(home, "message", "reachable") == [("Change", True), ("Other words", True), ("Change", False)]
    )
    assert files(home, first) == files(home, app.head) == {"b.py": "+"}


def test_nothing_is_read_twice(home, app, monkeypatch):
    """Only commits that are not known yet are asked for."""
    from paceflow_assets.source import git

    app.commit({"a.py": "a\n"})
    raw(home)
    second = app.commit({"b.py": "b\n"})
    asked = []
    patches = git.patches
    monkeypatch.setattr(git, "patches", lambda folder, shas, errors: asked.append(list(shas)) or patches(folder, shas, errors))

    raw(home)

    assert asked == [[second]]


def test_a_missing_object_in_history_ends_nothing_but_itself(home, app):
    """The commits behind and before it are read; the row of its child says what is missing; once it is back, all is."""
    app.commit({"a.py": "a\n"})
    lost = app.commit({"a.py": "b\n"})
    child = app.commit({"a.py": "c\n"})
    last = app.commit({"a.py": "d\n"})
    path = app.common_dir / "objects" / lost[:2] / lost[2:]
    content = path.read_bytes()
    app.lose(lost)

    raw(home)

    assert files(home, last) == {"a.py": "-+"}
    told = dict(commits(home, "commit_sha", "read_error"))
    assert lost not in told
    assert lost in told[child]
    errors = home.table("raw_parse_error").filter(pl.col("provider") == "git")
    assert errors.height >= 1
    assert all(lost in reason for reason in errors["reason"])
    assert is_quiet(home)
    path.write_bytes(content)
    app.commit({"e.py": "e\n"})
    raw(home)
    assert {error for _, error in commits(home, "commit_sha", "read_error")} == {None}
    assert files(home, lost) == {"a.py": "-+"}
    assert home.table("raw_parse_error").height == 0


def test_a_missing_blob_leaves_the_commit_unread(home, app):
    """Its header stands, its files are null and tried again."""
    app.commit({"a.py": "a\n"})
    sha = app.commit({"b.py": "b\n"})
    blob = app.git("rev-parse", f"{sha}:b.py")
    path = app.common_dir / "objects" / blob[:2] / blob[2:]
    content = path.read_bytes()
    path.unlink()

    raw(home)

    assert files(home, sha) is None
    assert home.table("raw_parse_error")["provider"].to_list() == ["git"]
    path.write_bytes(content)
    app.commit({"c.py": "c\n"})
    raw(home)
    assert files(home, sha) == {"b.py": "+"}
    assert home.table("raw_parse_error").height == 0


def test_a_shallow_clone_grows(home, app):
    """What is there is read; the rest when it is fetched."""
    app.commit({"a.py": "a\n"})
    app.commit({"a.py": "b\n"})
    third = app.commit({"a.py": "c\n"})
    clone = Repository.clone(app, home.path / "clone", "--depth=1")
    clone.git("remote", "set-url", "origin", "https://example.test/a/clone")
    ClaudeLog(home.path, "s2", clone.folder).writes(0, clone.folder / "a.py", "a\n").save()
    key = next(key for key in raw(home).repositories if "clone" in key)
    before = home.table("raw_commit", key)["commit_sha"].to_list()

    clone.git("fetch", "-q", "--unshallow", app.folder.as_uri())
    raw(home)

    after = home.table("raw_commit", key)
    assert before == [third]
    assert after["read_error"].to_list() == [None, None, None]
    assert after["files_read"].to_list() == [True, True, True]
    assert is_quiet(home)


def test_two_checkouts_unite_by_commit(home, app):
    """What one lacks the other has; nothing is there twice."""
    app.origin("https://example.test/a/app")
    app.commit({"a.py": "a\n"})
    clone = Repository.clone(app, home.path / "clone")
    clone.git("remote", "set-url", "origin", "https://example.test/a/app")
    app.commit({"here.py": "h\n"})
    clone.commit({"there.py": "t\n"}, date=FIRST_SECOND + 5 * HOUR)
    ClaudeLog(home.path, "s2", clone.folder).says(0, "hi").save()

    raw(home)

    assert commits(home, "reachable", "files_read") == [(True, True)] * 3


def test_a_detached_head_and_a_revert_on_no_branch(home, app):
    """A commit that only HEAD shows is reachable; a revert that only a tag shows is known and is not."""
    app.commit({"a.py": "a\n"})
    bad = app.commit({"a.py": "b\n"})
    app.branch("side")
    revert = app.revert(bad)
    app.tag("kept")
    app.switch("main")
    app.git("branch", "-D", "side")
    app.switch(app.head)
    detached = app.commit({"c.py": "c\n"})

    raw(home)

    reachable = dict(commits(home, "commit_sha", "reachable"))
    assert (reachable[detached], reachable[revert]) == (True, False)
    assert (files(home, detached), files(home, revert)) == ({"c.py": "+"}, None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({b"caf\xe9.py": b"\xff\xfe\n"}, {"caf\\xe9.py": "+"}),
        ({"with blank.py": "a\r\nb\r\n"}, {"with blank.py": "++"}),
        ({"line\nend\t.py": "a"}, {"line\nend\t.py": "+"}),
        ({"bin": b"\0\1\2"}, {"bin": ""}),
        ({"a/b/i.py": "--- a/x\n+++ b/x\n@@ -1 +1 @@\ndiff --git a/y b/y\n"}, {"a/b/i.py": "++++"}),
    ],
)
def test_odd_names_and_contents(home, app, content, expected):
    """Bytes that are no text, blanks and line ends in names, CRLF, binary files, lines that look like a patch."""
    sha = app.commit(content)

    raw(home)

    assert files(home, sha) == expected
    assert home.table("raw_parse_error").height == 0


def test_symlinks_and_submodules(home, app):
    """A link is a file that holds its target; a submodule is its own repository."""
    inner = Repository(home.path / "inner")
    inner.commit({"i.py": "i\n"})
    app.commit({"a.py": "a\n"})
    (app.folder / "link").symlink_to("a.py")
    sha = app.commit()
    app.submodule(inner, "lib")
    with_submodule = app.commit()

    raw(home)

    assert files(home, sha) == {"link": "+"}
    assert set(files(home, with_submodule)) == {".gitmodules", "lib"}


def test_a_checkout_that_is_gone_keeps_its_commits_as_they_were(home, app):
    """Reachable ones stay so; nothing says otherwise."""
    app.commit({"a.py": "a\n"})
    raw(home)
    before = commits(home, "commit_sha", "reachable", "files_read")
    shutil.rmtree(app.folder)

    raw(home)

    assert commits(home, "commit_sha", "reachable", "files_read") == before
    assert is_quiet(home)


def test_reachable_from_the_tips():
    """Through all parents; what is not known ends the way."""
    parents = {"a": [], "b": ["a"], "c": ["b", "x"], "d": ["a"]}

    assert reachable_from(["c", "nowhere"], parents) == {"a", "b", "c"}
    assert reachable_from([], parents) == set()


def test_an_unreadable_commit_is_told_of_at_its_children():
    """Or at itself, if its header is known; each commit tells one reason."""
    headers = pl.DataFrame({"commit_sha": ["a", "b", "c"], "parents": [["lost"], ["lost", "a"], ["b"]]})
    errors = [ParseError(0, "lost: gone"), ParseError(0, "c: bad"), ParseError(0, "c: worse"), ParseError(0, "other: x")]

    assert errors_by_sha(headers, errors) == [("a", "lost: gone"), ("b", "lost: gone"), ("c", "c: bad")]


def test_without_a_readable_checkout_reachability_stays():
    """It is what it was at the last look."""

    class Blind:
        readable = ()

    headers = pl.DataFrame({"commit_sha": ["a"], "parents": [[]], "reachable": [True]})

    assert with_reachability(headers, pl.DataFrame(), Blind()).equals(headers)
