"""Parsed logs on their way to raw."""

import pytest
from ingests import applied
from repositories import Repository

from paceflow_assets.records import ParsedLog, ParseError, SessionPart, Snapshot
from paceflow_assets.runtime import parsed
from paceflow_assets.runtime.parsed import Keeper, Kept, Place
from paceflow_assets.runtime.partitions import NO_REPOSITORY, Places
from paceflow_assets.runtime.settings import settings


@pytest.fixture
def where(tmp_path):
    """Settings of an empty home."""
    return settings({"HOME": str(tmp_path.resolve())})


def placed(where, *parts: SessionPart) -> parsed.PlacedLog:
    """A log with these parts, placed."""
    log = ParsedLog("claude", list(parts), [ParseError(3, "bad")], 9)
    return parsed.place(log, Places({}, 1), where.portable, log_path="~/l.jsonl", fingerprint="1:1:1", parser="p")


def test_each_path_gets_its_repository(where):
    """Changes, their old paths and snapshots; nothing absolute is left."""
    app = Repository(where.home / "src" / "app")
    outside = "/opt/x/b.py"
    part = SessionPart(
        "s",
        cwd=f"{app.folder}/sub",
        changes=[applied(f"{app.folder}/a.py", f"{app.folder}/old.py"), applied(outside, outside), applied("rel.py")],
        snapshots=[Snapshot("k", 1, None, f"{app.folder}/a.py", 7, 1)],
    )

    (found,) = placed(where, part).parts

    key = found.cwd_repository
    assert key.startswith("local/app-")
    assert found.cwd == "~/src/app/sub"
    assert found.change_places == [
        Place(key, "a.py", "~/src/app/a.py", "old.py"),
        Place(NO_REPOSITORY, None, where.portable(outside), where.portable(outside)),
        Place(NO_REPOSITORY, None, "rel.py", None),
    ]
    assert found.snapshot_places == [Place(key, "a.py", "~/src/app/a.py")]
    assert found.repositories == {key, NO_REPOSITORY}


def test_a_part_that_tells_no_place_lies_nowhere(where):
    """Neither a working directory nor a change."""
    (found,) = placed(where, SessionPart("s")).parts

    assert (found.cwd, found.cwd_repository, found.repositories) == (None, None, {NO_REPOSITORY})


def test_folders_outside_every_checkout_are_remembered(where):
    """So that a later `git init` is noticed; relative paths cannot be."""
    log = placed(where, SessionPart("s", cwd="/opt/w", changes=[applied("/opt/x/b.py"), applied("rel.py"), applied("/c.py")]))

    assert parsed.unplaced_folders(log) == ["/", "/opt/w", "/opt/x"]


def test_logs_are_kept_and_read_again(where):
    """Several in one private file, each as it was."""
    first, second = placed(where, SessionPart("s")), placed(where, SessionPart("t", cwd="/opt"))

    with Keeper(where, 5) as keeper:
        kept = [keeper.keep(first), keeper.keep(second)]
    with Keeper(where, 5) as keeper:  # the same file: it is continued
        kept.append(keeper.keep(first))

    assert [parsed.read(where, each) for each in kept] == [first, second, first]
    outline = parsed.outline(where, kept[1])
    assert (outline.log_path, [part.part.session_id for part in outline.parts], outline.errors) == (
        "~/l.jsonl",
        ["t"],
        second.errors,
    )
    assert all(parsed.is_kept(where, each) for each in kept)
    (file,) = parsed.folder(where).iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (kept[0].file, 0o600)


def test_what_is_not_kept_any_more_is_none(where):
    """A file that is gone, damaged or cut, and what was never kept."""
    with Keeper(where, 5) as keeper:
        kept = keeper.keep(placed(where, SessionPart("s")))
    path = parsed.folder(where) / kept.file
    content = path.read_bytes()

    found = []
    for damage in (content[:-3], b"\xc1" * len(content), b""):
        path.write_bytes(damage)
        found.append(parsed.read(where, kept))
    path.unlink()

    assert found == [None, None, None]
    assert parsed.read(where, kept) is parsed.read(where, None) is parsed.outline(where, kept) is None
    assert not parsed.is_kept(where, kept)
    assert not parsed.is_kept(where, None)


def test_files_in_which_no_log_waits_are_removed(where):
    """A file with one that waits stays whole."""
    with Keeper(where, 1) as one, Keeper(where, 2) as other:
        done, waits = one.keep(placed(where, SessionPart("s"))), other.keep(placed(where, SessionPart("s")))

    parsed.clean(where, [waits, None])

    assert [path.name for path in parsed.folder(where).iterdir()] == [waits.file]
    assert not parsed.is_kept(where, done)
    assert isinstance(waits, Kept)


def test_nothing_kept_makes_no_file(where):
    """A look that parses nothing writes nothing."""
    with Keeper(where, 1):
        pass

    assert not parsed.folder(where).exists()
