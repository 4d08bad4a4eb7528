"""Diffs explained: who wrote each line, and what is told when git cannot show it."""

import datetime as dt
import shutil

import polars as pl
import pytest
from conftest import Home
from logs import ClaudeLog, CodexLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.explanation import diff
from paceflow_assets.explanation.finding import Diff, FileDiff
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.ruleset import adopt
from paceflow_assets.runtime.worker import workshop_of

MINUTE = 60
WRITTEN = "load the queue\n}\ncheck the batch\n"


def told(home: Home, sha: str, **options: int) -> Diff:
    """The diff of a commit, as the one repository of the home has it."""
    workshop = workshop_of(home.settings)
    (repository,) = workshop.warehouse.repositories("fact_commit")
    return diff.explain(Stored.of(workshop, repository), sha, **options)


def ingest(home: Home) -> None:
    """What `paceflow ingest` does, in this process."""
    adopt(home.settings, rules(home.settings.rules_source))
    assert not any(outcome.failures for outcome in home.ingest().values())


def rows(file: FileDiff, *names: str) -> list[tuple]:
    """Some columns of a file's lines."""
    return [tuple(line[name] for name in names) for line in file.lines]


@pytest.fixture
def app(home: Home) -> Repository:
    """A repository of which a session wrote `a.py`."""
    repository = Repository(home.path / "src" / "app")
    repository.commit({"old.txt": "first line\nsecond line\n"})
    ClaudeLog(home.path, "s1", repository.folder).says(0, "go").writes(1, repository.folder / "a.py", WRITTEN).replies(
        2, "done"
    ).save()
    return repository


def test_each_line_has_its_writer(home, app):
    """Sessions with model, edit, time and evidence; people's lines; nobody's, which say too little; unchanged ones."""
    patch = "*** Update File: old.txt\n@@\n first line\n-second line\n+second line by codex"
    CodexLog(home.path, "c1", app.folder).says(3, "go").patches(4, patch).save()
    sha = app.commit(
        {"a.py": f"{WRITTEN}typed by hand\n", "b.py": "x\n", "old.txt": "first line\nsecond line by codex\n"},
        date=FIRST_SECOND + 31 * MINUTE,
    )
    ingest(home)

    found = told(home, sha)

    a, b, old = found.files
    assert found.notes == []
    assert rows(a, "side", "text", "provider", "session", "model", "evidence") == [
        ("+", "load the queue", "claude", "s1", "claude/claude-opus-4-6", "block"),
        ("+", "}", "claude", "s1", "claude/claude-opus-4-6", "context"),
        ("+", "check the batch", "claude", "s1", "claude/claude-opus-4-6", "block"),
        ("+", "typed by hand", "human", None, None, None),
    ]
    assert (a.lines[0]["edited"], a.lines[0]["change"]) == (dt.timedelta(minutes=-30), "toolu-s1-1#0")
    assert rows(b, "text", "provider", "session") == [("x", None, None)]
    assert rows(old, "side", "provider") == [(" ", None), ("-", "codex"), ("+", "codex")]
    assert (old.heads, old.change, old.added, old.removed) == (["@@ -1,2 +1,2 @@"], "modify", 1, 1)
    assert [(row["session"], row["provider"], row["lines"]) for row in found.writers] == [
        ("s1", "claude", 3),
        ("c1", "codex", 2),
        (None, "human", 1),
        (None, None, 1),
    ]


def test_a_text_in_many_files_is_nobody_s(home, app):
    """As the tracing judges it: a text that came to three files says nothing; a renamed file is one."""
    app.commit({"x.py": "common line\n", "y.py": "common line\nother line\n"})
    app.move("y.py", "z.py")
    app.commit({"z.py": "common line\nother line\n"})
    sha = app.commit({"z.py": "other line\n"})
    ingest(home)
    before = rows(told(home, sha).files[0], "side", "provider")
    last = app.commit({"a.py": "common line\n"})
    ingest(home)

    assert before == [("-", "human"), (" ", None)]
    assert rows(told(home, last).files[0], "provider") == [(None,)]


def test_files_without_lines_and_files_left_out(home, app):
    """Renames, deletions and binary files are told as such; a lock file is named."""
    app.move("old.txt", "new.txt")
    sha = app.commit({"logo.png": b"\0\1", "a.py": WRITTEN, "package-lock.json": "{}\n"})
    gone = app.commit({"a.py": None})
    ingest(home)

    found, deleted = told(home, sha), told(home, gone)

    assert [(file.path, file.old_path, file.change, file.is_binary, len(file.lines)) for file in found.files] == [
        ("a.py", None, "add", False, 3),
        ("logo.png", None, "add", True, 0),
        ("new.txt", "old.txt", "rename", False, 0),
    ]
    assert found.notes == ["package-lock.json: a lock file; it is left out"]
    assert [(file.path, file.change, rows(file, "side", "text")[0]) for file in deleted.files] == [
        ("a.py", "delete", ("-", "load the queue"))
    ]


def test_line_ends_and_odd_bytes_are_told(home, app):
    """CR stands in the text, a missing line end beside it, bytes that are no UTF-8 are replaced."""
    sha = app.commit({"a.py": b"load the queue\r\nodd \xff byte"})
    ingest(home)

    assert rows(told(home, sha).files[0], "text", "ends") == [("load the queue\r", True), ("odd \ufffd byte", False)]


def test_without_the_repository_the_margin_stands_alone(home, app):
    """One note says what is missing and what helps; writers are the same."""
    sha = app.commit({"a.py": WRITTEN})
    ingest(home)
    whole = told(home, sha)
    shutil.rmtree(app.folder)

    found = told(home, sha)

    (note,) = found.notes
    assert note.startswith(f"git: {app.folder}/.git: no repository there (any more); the lines stand here without their text;")
    assert found.writers == whole.writers
    assert rows(found.files[0], "text", "ends", "session") == [(None, None, "s1")] * 3
    assert found.files[0].heads == []


def test_another_checkout_has_the_commit(home, app):
    """A checkout that is gone or lacks the commit is passed over."""
    app.origin("https://github.com/ann/app.git")
    clone = Repository.clone(app, home.path / "src" / "clone")
    clone.git("remote", "set-url", "origin", "https://github.com/ann/app.git")
    sha = app.commit({"a.py": WRITTEN})
    ClaudeLog(home.path, "s2", clone.folder).says(5, "look").writes(6, clone.folder / "z.py", "z\n").save()
    ingest(home)
    assert told(home, sha).notes == []

    clone.git("fetch", "-q", app.folder.as_uri(), "main")
    shutil.rmtree(app.folder)
    assert told(home, sha).notes == []

    shutil.rmtree(clone.folder)
    (note,) = told(home, sha).notes
    assert note.count("no repository there") == 2


def test_a_lost_commit_is_said_to_be_lost(home, app):
    """The repository is there, the commit is not."""
    sha = app.commit({"a.py": WRITTEN})
    ingest(home)
    app.lose(sha)

    (note,) = told(home, sha).notes

    assert note.startswith(f"git: {app.folder}/.git: {sha}: no such commit here; the lines stand here without their text;")


def test_lines_that_git_tells_otherwise_stand_without_text(home, app):
    """The file is named; the commit's other files have their text."""
    sha = app.commit({"a.py": WRITTEN, "b.py": "typed by hand\n"})
    ingest(home)
    (path,) = home.settings.warehouse.glob("fact_commit_line/local-*.parquet")
    is_changed = (pl.col("commit_sha") == sha) & (pl.col("rel_path") == "b.py")
    other = pl.when(is_changed).then(pl.lit(7, dtype=pl.UInt64)).otherwise("line_hash")
    changed, footer = pl.read_parquet(path).with_columns(line_hash=other), pl.read_parquet_metadata(path)
    changed.write_parquet(path, metadata={name: text for name, text in footer.items() if name != "ARROW:schema"})

    found = told(home, sha)

    assert found.notes == [
        "git: b.py: other lines than those that were read; the lines stand here without their text; `git fsck` says more"
    ]
    assert [rows(file, "text")[0] for file in found.files] == [("load the queue",), (None,)]


def test_long_diffs_are_counted(home, app):
    """Unless they are asked for."""
    sha = app.commit({"a.py": WRITTEN})
    ingest(home)

    assert told(home, sha, longest=2) == Diff(["3 lines; --diff shows who wrote each"])
    assert len(told(home, sha, longest=3).files[0].lines) == 3


def test_bags_have_no_origins(home, app):
    """One note, however long the diff."""
    sha = app.commit({"a.py": WRITTEN})
    home.env["PACEFLOW_RULES"] = "paceflow-0.2.1"
    ingest(home)

    assert told(home, sha, longest=1) == Diff([diff.BAGS])


def test_an_empty_commit_has_nothing(home, app):
    """Neither files nor notes."""
    sha = app.commit()
    ingest(home)

    assert told(home, sha) == Diff([], [], [])
