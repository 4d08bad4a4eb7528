"""Where on this machine the repository lives."""

import shutil

import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime.partitions import checkout_name


@pytest.fixture
def app(home) -> Repository:
    """A repository with a session and a commit."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s1", made.folder).says(0, "hi").save()
    return made


def checkouts(home) -> list[dict]:
    """Every row."""
    return home.table("raw_checkout").rows(named=True)


def test_a_checkout_tells_where_it_is_and_where_it_comes_from(home, app):
    """The address without its credentials."""
    app.origin("https://ann:secret@example.test/Acme/App.git?token=x")
    root = app.head
    app.worktree(home.path / "wt", "topic")
    ClaudeLog(home.path, "s2", home.path / "wt" / "sub").says(0, "hi").save()

    raw(home)

    (row,) = checkouts(home)
    assert row["repository"] == "example.test/Acme/App"
    assert row["common_dir"] == str(app.common_dir)
    assert row["checkout"] == checkout_name(str(app.common_dir))
    assert row["worktrees"] == [str(app.folder), str(home.path / "wt")]
    assert row["origin"] == "https://example.test/Acme/App.git"
    assert row["origin_keys"] == ["example.test/Acme/App"]
    assert row["root_commits"] == [root]
    assert (row["is_provisional"], row["missing_since"]) == (False, None)


def test_a_checkout_that_is_gone_keeps_its_row(home, app):
    """With the look that missed it first; and without that when it is back."""
    raw(home)
    app.folder.rename(home.path / "parked")
    raw(home)
    first = checkouts(home)[0]["missing_since"]
    ClaudeLog(home.path, "s3", app.folder).says(5, "again").save()
    raw(home)

    assert first is not None
    assert checkouts(home)[0]["missing_since"] == first
    assert is_quiet(home)
    (home.path / "parked").rename(app.folder)
    raw(home)
    (row,) = checkouts(home)
    assert row["missing_since"] is None
    assert row["last_seen_at"] > row["first_seen_at"]


def test_a_repository_that_gets_an_origin_keeps_its_key(home, app):
    """The address becomes an alias, by which a clone of another name is recognised; also one that it had before."""
    key = raw(home).repositories[0]
    app.origin("https://example.test/acme/app")
    raw(home)
    app.git("remote", "set-url", "origin", "git@example.test:acme/renamed.git")
    raw(home)
    clone = Repository(home.path / "copy")
    clone.origin("ssh://git@example.test/acme/app.git")
    ClaudeLog(home.path, "s2", clone.folder).says(0, "hi").save()

    assert raw(home).repositories == [key]

    aliases = {row["folder"]: row["origin_keys"] for row in checkouts(home)}
    assert aliases == {"app": ["example.test/acme/app", "example.test/acme/renamed"], "copy": ["example.test/acme/app"]}
    assert is_quiet(home)


def test_a_clone_of_an_address_that_was_added_meanwhile(home, app):
    """Origin and clone appear between two looks: they are one repository all the same."""
    key = raw(home).repositories[0]
    app.origin("https://example.test/acme/app")
    clone = Repository.clone(app, home.path / "copy")
    clone.git("remote", "set-url", "origin", "https://example.test/acme/app")
    ClaudeLog(home.path, "s2", clone.folder).says(0, "hi").save()

    assert raw(home).repositories == [key]


def test_a_broken_checkout_keeps_what_was_known_of_it(home, app):
    """Origin and root commits do not go with a damaged HEAD; it counts as unread until it can be read."""
    app.origin("https://example.test/acme/app")
    raw(home)
    before = checkouts(home)[0]
    head = (app.folder / ".git" / "HEAD").read_text()
    (app.folder / ".git" / "HEAD").write_text("garbage\n")

    raw(home)

    row = checkouts(home)[0]
    assert [row[name] for name in ("origin", "root_commits", "missing_since")] == [
        before[name] for name in ("origin", "root_commits", "missing_since")
    ]
    assert not is_quiet(home)
    (app.folder / ".git" / "HEAD").write_text(head)
    raw(home)
    assert is_quiet(home)


def test_a_removed_git_folder_is_a_missing_checkout(home, app):
    """The files are still there, the repository is not."""
    raw(home)
    shutil.rmtree(app.folder / ".git")

    raw(home)

    assert checkouts(home)[0]["missing_since"] is not None
    assert is_quiet(home)
