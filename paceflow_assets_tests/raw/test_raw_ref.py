"""Which refs the repository has had, and where they pointed."""

import shutil

import polars as pl
import pytest
from ingests import is_quiet, raw
from logs import ClaudeLog
from repositories import Repository


@pytest.fixture
def app(home) -> Repository:
    """A repository with a session and a commit."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s1", made.folder).says(0, "hi").save()
    return made


def refs(home) -> list[tuple]:
    """(name, commit, kind, is it a present head, is it the default branch)."""
    return home.table("raw_ref").select("ref_name", "sha", "kind", "is_head", "is_default").rows()


def test_heads_detached_heads_and_origins_mainline(home, app):
    """Each with the commit that it names."""
    first = app.head
    app.branch("topic")
    second = app.commit({"b.py": "b\n"})
    app.switch(first)
    app.origin_branch("main", first, default=True)
    app.origin_branch("other", second)

    raw(home)

    assert refs(home) == [
        ("HEAD", first, "detached", True, False),
        ("refs/heads/main", first, "head", True, True),
        ("refs/heads/topic", second, "head", True, False),
        ("refs/remotes/origin/main", first, "remote_head", True, True),
    ]


def test_a_moved_and_a_deleted_branch_keep_their_rows(home, app):
    """They are no heads any more."""
    first = app.head
    app.branch("topic")
    raw(home)
    second = app.commit({"b.py": "b\n"})
    raw(home)
    app.switch("main")
    app.git("branch", "-D", "topic")

    raw(home)

    assert refs(home) == [
        ("refs/heads/main", first, "head", True, None),
        *sorted([("refs/heads/topic", first, "head", False, None), ("refs/heads/topic", second, "head", False, None)]),
    ]
    assert is_quiet(home)


def test_a_ref_that_comes_back_keeps_when_it_was_first_seen(home, app):
    """And is a head again."""
    first = app.head
    raw(home)
    app.git("checkout", "-q", "--detach")
    app.git("branch", "-D", "main")
    raw(home)
    app.git("branch", "main", first)

    raw(home)

    main = home.table("raw_ref").filter(pl.col("ref_name") == "refs/heads/main")
    assert main["is_head"].to_list() == [True]
    assert (main["last_seen_at"] - main["first_seen_at"]).to_list()[0].total_seconds() > 0


def test_a_checkout_that_is_gone_keeps_its_refs_as_they_were(home, app):
    """Nothing says that its branches were deleted."""
    raw(home)
    before = refs(home)
    shutil.rmtree(app.folder)

    raw(home)

    assert refs(home) == before
    assert is_quiet(home)


def test_two_checkouts_have_their_own_refs(home, app):
    """A linked worktree has none of its own but its detached HEAD; a clone has."""
    app.worktree(home.path / "wt", "topic")
    app.origin("https://example.test/a/app.git")
    clone = Repository.clone(app, home.path / "clone")
    clone.git("remote", "set-url", "origin", "https://example.test/a/app.git")
    ClaudeLog(home.path, "s2", clone.folder).says(0, "hi").save()
    ClaudeLog(home.path, "s3", home.path / "wt").says(0, "hi").save()

    (repository,) = raw(home).repositories

    assert repository == "example.test/a/app"
    names = home.table("raw_ref").group_by("checkout").agg(pl.col("ref_name").sort()).sort("checkout")["ref_name"].to_list()
    assert names == [
        ["refs/heads/main", "refs/heads/topic"],
        ["refs/heads/main", "refs/remotes/origin/main"],
    ]


def test_a_repository_without_commits_has_no_refs(home):
    """And that is no error."""
    made = Repository(home.path / "src" / "new")
    ClaudeLog(home.path, "s1", made.folder).says(0, "hi").save()

    raw(home)

    assert refs(home) == []
    assert home.table("raw_parse_error").height == 0
    assert is_quiet(home)
