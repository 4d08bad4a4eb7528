"""Repositories that come, go, move and change; sessions that lie in several: each counts in one place."""

import os
import shutil
from pathlib import Path

import pytest
from ingests import homes, is_quiet, raw, raw_of, sessions
from logs import ClaudeLog, CodexLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.runtime.partitions import NO_REPOSITORY
from paceflow_assets.runtime.table import tables

MINUTE = 60


def touching(home, name: str = "raw_session") -> list[tuple]:
    """(repository, session) of every row that lies where it is stored."""
    return home.table(name).filter("touches").sort("repository", "session_id").select("repository", "session_id").rows()


def test_a_session_in_two_repositories_counts_in_both_and_once(home):
    """Its changes and its commits in each; its messages and itself as one session."""
    app, lib = Repository(home.path / "src" / "app"), Repository(home.path / "src" / "lib")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "both").writes(1, app.folder / "a.py", "alpha\nbeta\n")
    log.writes(2, lib.folder / "l.py", "gamma\n").save()
    for repository, files in ((app, {"a.py": "alpha\nbeta\n"}), (lib, {"l.py": "gamma\n"})):
        repository.commit(files, date=FIRST_SECOND + 5 * MINUTE)

    outcomes = home.ingest()

    app_key, lib_key = (key for key in outcomes if key.startswith("local/"))
    assert all(outcome.failures == [] for outcome in outcomes.values())
    assert homes(home) == {"s1": [app_key]}
    for key, path in ((app_key, "a.py"), (lib_key, "l.py")):
        assert home.table("fact_session_code_change", key)["rel_path"].to_list() == [path]
        assert home.table("fact_commit_session_match", key)["session_id"].to_list() == ["s1"]
        assert home.table("event_session_quality", key)["session_commit_within_4h_flag"].to_list() == [True]
        assert home.table("fact_session_message", key).height == 1
    assert home.table("metadata_sessions")["change_count"].to_list() == [2, 2]
    (row,) = home.table("view_global_session_quality").rows(named=True)
    assert row["session_count"] == 1


def test_a_repository_appears_after_its_session(home):
    """`git init`, then the first commit: the session moves, and is at home in one place all the time."""
    folder = home.path / "src" / "app"
    folder.mkdir(parents=True)
    ClaudeLog(home.path, "s1", folder).says(0, "new").writes(1, folder / "a.py", "alpha\nbeta\n").save()
    ClaudeLog(home.path, "stays", home.path).says(0, "outside").save()
    home.ingest()
    assert homes(home) == {"s1": [NO_REPOSITORY], "stays": [NO_REPOSITORY]}

    app = Repository(folder)
    home.ingest()
    ((provisional,),) = home.table("raw_checkout").select("repository").rows()
    assert homes(home) == {"s1": [provisional], "stays": [NO_REPOSITORY]}
    assert touching(home) == [(provisional, "s1"), (NO_REPOSITORY, "stays")]
    assert home.table("metadata_sessions", NO_REPOSITORY)["session_id"].to_list() == ["stays"]

    sha = app.commit({"a.py": "alpha\nbeta\n"}, date=FIRST_SECOND + 5 * MINUTE)
    outcomes = home.ingest()

    assert all(outcome.failures == [] for outcome in outcomes.values())
    ((lasting,),) = home.table("raw_checkout").select("repository").rows()
    assert lasting != provisional
    assert homes(home) == {"s1": [lasting], "stays": [NO_REPOSITORY]}
    assert not [name for name in tables() if provisional in str(home.table(name).to_dicts())]
    assert home.table("fact_commit_session_match").select("commit_sha", "session_id", "matched_lines").rows() == [
        (sha, "s1", 2.0)
    ]
    assert [outcome.built for outcome in home.ingest().values()] == [0, 0, 0]


def test_a_repository_appears_after_an_ingest_that_was_cut_off(home):
    """What was stored of the session before is told that it moved."""
    folder = home.path / "src" / "app"
    folder.mkdir(parents=True)
    ClaudeLog(home.path, "s1", folder).says(0, "new").writes(1, folder / "a.py", "a\n").save()
    home.discover()
    raw_of(home, NO_REPOSITORY, ["raw_checkout", "raw_ref", "raw_session"])

    Repository(folder)
    raw(home)

    ((key,),) = home.table("raw_checkout").select("repository").rows()
    assert touching(home) == [(key, "s1")]
    assert homes(home) == {"s1": [key]}
    assert is_quiet(home)


def test_first_commit_and_new_records_between_two_looks(home):
    """What is read under the key that goes waits for nobody: it is read under the one that comes."""
    app = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    log.save()
    raw(home)
    log.says(3, "two").save()
    ClaudeLog(home.path, "s2", app.folder).says(0, "other").save()
    app.commit({"a.py": "a\n"}, date=FIRST_SECOND + 600)

    found = raw(home)

    (key,) = found.repositories
    assert [new for _, new in found.renamed] == [key]
    assert [row[:2] + row[5:] for row in sessions(home)] == [(key, "s1", 2, 1), (key, "s2", 1, 0)]
    assert is_quiet(home)


def test_logs_that_are_gone_move_with_their_repository(home):
    """Under its lasting key they are read, as they were under the other."""
    app = Repository(home.path / "src" / "app")
    path = ClaudeLog(home.path, "s1", app.folder).says(0, "one").save()
    raw(home)
    path.unlink()
    app.commit({"a.py": "a\n"})

    (key,) = raw(home).repositories

    assert touching(home) == [(key, "s1")]
    assert is_quiet(home)


def test_a_new_repository_that_gets_the_origin_of_a_known_one(home):
    """It is that repository: what was stored under its provisional key goes there."""
    known = Repository(home.path / "src" / "known")
    known.commit({"a.py": "a\n"})
    known.origin("https://example.test/a/app")
    ClaudeLog(home.path, "s1", known.folder).says(0, "one").save()
    new = Repository(home.path / "src" / "new")
    ClaudeLog(home.path, "s2", new.folder).says(0, "two").save()
    raw(home)

    new.origin("git@example.test:a/app.git")
    found = raw(home)

    assert found.repositories == ["example.test/a/app"]
    assert touching(home) == [("example.test/a/app", "s1"), ("example.test/a/app", "s2")]
    assert home.table("raw_checkout").height == 2
    assert is_quiet(home)


@pytest.mark.parametrize("target", ["moved/app", "renamed"])
def test_a_repository_that_moves(home, target):
    """Under another folder, or another name: one key, each commit and each session once; old and new paths count."""
    app = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    log.save()
    app.commit({"a.py": "a\n"}, date=FIRST_SECOND + 600)
    (key,) = raw(home).repositories
    new = home.path / target
    new.parent.mkdir(exist_ok=True)
    app.folder.rename(new)
    ClaudeLog(home.path, "s2", new).says(9, "two").writes(10, new / "b.py", "b\n").save()
    log.says(20, "three").writes(21, app.folder / "c.py", "c\n").save()

    assert raw(home).repositories == [key]

    assert touching(home) == [(key, "s1"), (key, "s2")]
    paths = {change["rel_path"] for changes in home.table("raw_session")["changes"] for change in changes}
    assert paths == {"a.py", "b.py", "c.py"}
    assert home.table("raw_commit").height == 1
    assert home.table("raw_checkout").sort("first_seen_at")["missing_since"].is_null().to_list() == [False, True]
    assert is_quiet(home)


@pytest.mark.parametrize("gone", ["all", ".git"])
def test_a_repository_that_is_missing(home, gone):
    """Deleted, or only its `.git`: what was there stays there, and logs that grow still lie there."""
    app = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    log.save()
    app.commit({"a.py": "a\n"}, date=FIRST_SECOND + 600)
    (key,) = raw(home).repositories
    shutil.rmtree(app.folder if gone == "all" else app.folder / ".git")
    log.says(20, "two").writes(21, app.folder / "c.py", "c\n").save()

    assert raw(home).repositories == [key]

    assert [row[:2] + row[5:] for row in sessions(home)] == [(key, "s1", 2, 2)]
    assert home.table("raw_commit")["reachable"].to_list() == [True]
    assert is_quiet(home)


def test_worktrees_clones_and_submodules(home):
    """A linked worktree is its repository, a clone of the same origin too; a submodule is its own."""
    inner = Repository(home.path / "inner")
    inner.commit({"i.py": "i\n"})
    app = Repository(home.path / "src" / "app")
    app.commit({"a.py": "a\n"}, date=FIRST_SECOND)
    app.submodule(inner, "lib")
    app.commit(date=FIRST_SECOND + 60)
    app.origin("https://example.test/a/app")
    app.worktree(home.path / "wt", "topic")
    clone = Repository.clone(app, home.path / "clone")
    clone.git("remote", "set-url", "origin", "ssh://git@example.test/a/app.git")
    places = {"main": app.folder, "worktree": home.path / "wt", "clone": clone.folder, "submodule": app.folder / "lib"}
    for session, folder in places.items():
        ClaudeLog(home.path, session, folder).writes(1, folder / "x.py", "x\n").save()

    found = raw(home)

    (own,) = (key for key in found.repositories if key != "example.test/a/app")
    assert own.startswith("local/lib-")
    assert touching(home) == [
        ("example.test/a/app", "clone"),
        ("example.test/a/app", "main"),
        ("example.test/a/app", "worktree"),
        (own, "submodule"),
    ]
    assert {change["rel_path"] for changes in home.table("raw_session")["changes"] for change in changes} == {"x.py"}
    assert home.table("raw_commit", "example.test/a/app").height == 2
    assert is_quiet(home)


def test_a_removed_worktree_stays_with_its_repository(home):
    """Also for logs that are read after it was removed."""
    app = Repository(home.path / "src" / "app")
    app.commit({"a.py": "a\n"})
    app.worktree(home.path / "wt", "topic")
    log = ClaudeLog(home.path, "s1", home.path / "wt").writes(1, home.path / "wt" / "x.py", "x\n")
    log.save()
    (key,) = raw(home).repositories
    app.git("worktree", "remove", "--force", str(home.path / "wt"))
    log.writes(5, home.path / "wt" / "y.py", "y\n").save()

    assert raw(home).repositories == [key]

    assert [change["rel_path"] for change in home.table("raw_session")["changes"].to_list()[0]] == ["x.py", "y.py"]
    assert is_quiet(home)


def test_a_home_that_is_itself_a_repository(home):
    """Dotfiles: sessions in repositories below it are not its own; others are."""
    dotfiles = Repository(home.path)
    dotfiles.commit({".profile": "x\n"}, date=FIRST_SECOND)
    app = Repository(home.path / "src" / "app")
    app.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "in app", app.folder).says(0, "hi").save()
    ClaudeLog(home.path, "at home", home.path / "notes").says(0, "hi").save()

    raw(home)

    assert {session: places[0].partition("-")[0] for session, places in homes(home).items()} == {
        "in app": "local/app",
        "at home": "local/home",
    }


def test_names_that_are_no_utf8_blanks_and_line_ends(home):
    """A repository in such a folder, such files in it, an agent that reaches it through a link."""
    odd = os.fsdecode(os.fsencode(home.path) + b"/na\xefve dir")
    app = Repository(Path(odd))
    (home.path / "link").symlink_to(odd)
    sha = app.commit({b"d\xff/a b\n.py": b"one\n"}, date=FIRST_SECOND + 600)
    CodexLog(home.path, "s1", home.path / "link").says(0, "hi").patches(1, "*** Add File: new.py\n+one").save()

    outcomes = home.ingest()

    assert all(outcome.failures == [] for outcome in outcomes.values())
    (key, _) = outcomes
    assert key.startswith("local/na\\xefve dir-")
    assert home.table("fact_commit_file_change").select("commit_sha", "rel_path").rows() == [(sha, "d\\xff/a b\n.py")]
    assert home.table("fact_session_code_change")["rel_path"].to_list() == ["new.py"]
    assert is_quiet(home)


def test_a_broken_repository_stops_nobody(home):
    """At first sight and later: its sessions are stored, the others are whole, and it is read once it is mended."""
    bad, good = Repository(home.path / "src" / "bad"), Repository(home.path / "src" / "good")
    for repository in (bad, good):
        repository.commit({"a.py": "alpha\n"}, date=FIRST_SECOND + 600)
        ClaudeLog(home.path, repository.folder.name, repository.folder).writes(1, repository.folder / "a.py", "alpha\n").save()
    head = (bad.folder / ".git" / "HEAD").read_text()
    (bad.folder / ".git" / "HEAD").write_text("garbage\n")

    outcomes = home.ingest()

    bad_key, good_key = (key for key in outcomes if key.startswith("local/"))
    (told,) = outcomes[bad_key].failures
    assert told.startswith(f"{bad_key}: git: ~/src/bad/.git: ")
    assert outcomes[good_key].failures == []
    assert touching(home) == [(bad_key, "bad"), (good_key, "good")]
    assert home.table("fact_commit_session_match")["repository"].to_list() == [good_key]
    (bad.folder / ".git" / "HEAD").write_text(head)
    outcomes = home.ingest()
    assert all(outcome.failures == [] for outcome in outcomes.values())
    assert home.table("fact_commit_session_match").height == 2
    assert home.table("raw_parse_error").height == 0
    assert is_quiet(home)
