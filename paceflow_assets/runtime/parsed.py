"""Parsed logs on their way to raw: what a log holds, with the repository of each path.

What lives here: placing a parsed log and keeping it until every repository that it touches has stored it.
What belongs here: the hand-over from discovery, which must parse a log to know whose it is, to the raw tables.
What stays out: meaning, and anything kept for good (raw).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from paceflow_assets.records import ParsedLog, ParseError, SessionPart
from paceflow_assets.runtime.partitions import NO_REPOSITORY, Places
from paceflow_assets.runtime.settings import Settings, write_private


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a path lies. path: as it may be stored, never absolute. moved_from: old path of a renamed file, likewise."""

    repository: str
    rel_path: str | None
    path: str
    moved_from: str | None = None


class PlacedPart(msgspec.Struct, frozen=True):
    """What one log holds of one session. change_places, snapshot_places: the place of each item's path.

    cwd: first working directory as it may be stored; cwd_repository: its repository; both None when the log names none.
    """

    part: SessionPart
    cwd: str | None
    cwd_repository: str | None
    change_places: list[Place]
    snapshot_places: list[Place]

    @property
    def repositories(self) -> set[str]:
        """Repositories that these records touch: where the session works and where its changes lie."""
        found = {place.repository for place in self.change_places}
        if self.cwd_repository is not None:
            found.add(self.cwd_repository)
        return found or {NO_REPOSITORY}


class PlacedLog(msgspec.Struct, frozen=True):
    """A parsed log and the state of the file when it was parsed. log_path: as it may be stored."""

    log_path: str
    provider: str
    fingerprint: str
    parser: str
    parts: list[PlacedPart]
    errors: list[ParseError]
    line_count: int


def place(
    parsed: ParsedLog, places: Places, portable: Callable[[str], str], *, log_path: str, fingerprint: str, parser: str
) -> PlacedLog:
    """Find the repository of every path in a parsed log."""

    def placed(path: str, moved_from: str | None = None) -> Place:
        before = (places.file(moved_from)[1] or portable(moved_from)) if moved_from else None
        return Place(*places.file(path), portable(path), before)

    def placed_part(part: SessionPart) -> PlacedPart:
        if part.cwd and part.origin:
            places.adopt(part.cwd, part.origin)
        return PlacedPart(
            part=part,
            cwd=portable(part.cwd) if part.cwd else None,
            cwd_repository=places.folder(part.cwd) if part.cwd else None,
            change_places=[placed(change.path, change.moved_from) for change in part.changes],
            snapshot_places=[placed(snapshot.path) for snapshot in part.snapshots],
        )

    return PlacedLog(
        log_path=log_path,
        provider=parsed.provider,
        fingerprint=fingerprint,
        parser=parser,
        parts=[placed_part(part) for part in parsed.sessions],
        errors=parsed.errors,
        line_count=parsed.line_count,
    )


def unplaced_folders(log: PlacedLog) -> list[str]:
    """Folders of the log that lie in no checkout, so that a later `git init` is noticed."""
    folders = {part.part.cwd for part in log.parts if part.part.cwd and part.cwd_repository == NO_REPOSITORY}
    for part in log.parts:
        for change, where in zip(part.part.changes, part.change_places, strict=True):
            if where.repository == NO_REPOSITORY and change.path.startswith("/"):
                folders.add(change.path.rpartition("/")[0] or "/")
    return sorted(folders)


def _path(settings: Settings, log_path: str) -> Path:
    return settings.state / "parsed" / f"{hashlib.sha256(log_path.encode()).hexdigest()[:32]}.msgpack"


def keep(settings: Settings, log: PlacedLog) -> None:
    """Keep a parsed log until raw has stored it."""
    write_private(_path(settings, log.log_path), msgspec.msgpack.encode(log))


def kept(settings: Settings, log_path: str) -> PlacedLog | None:
    """The parsed log that waits for raw, if there is one."""
    try:
        return msgspec.msgpack.decode(_path(settings, log_path).read_bytes(), type=PlacedLog)
    except (OSError, msgspec.MsgspecError):
        return None


def is_kept(settings: Settings, log_path: str) -> bool:
    """Whether the log waits for raw."""
    return _path(settings, log_path).exists()


def drop(settings: Settings, log_path: str) -> None:
    """Every repository has stored the log: the parsed form goes."""
    _path(settings, log_path).unlink(missing_ok=True)
