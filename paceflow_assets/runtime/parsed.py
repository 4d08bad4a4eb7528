"""Parsed logs on their way to raw: what a log holds, with the repository of each path.

What lives here: placing a parsed log and keeping it until every repository that it touches has stored it.
What belongs here: the hand-over from discovery, which must parse a log to know whose it is, to the raw tables.
What stays out: meaning, and anything kept for good (raw).
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Self, TypeVar

import msgspec

from paceflow_assets.records import ParsedLog, ParseError, SessionPart
from paceflow_assets.runtime.partitions import NO_REPOSITORY, Places
from paceflow_assets.runtime.settings import Settings, make_private, unwritable


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


class PartOutline(msgspec.Struct, frozen=True, gc=False):
    """What tells whose a part is; the fields are `SessionPart`'s."""

    session_id: str


class PlacedPartOutline(msgspec.Struct, frozen=True, gc=False):
    """A `PlacedPart` without what it holds."""

    part: PartOutline


class Outline(msgspec.Struct, frozen=True):
    """A `PlacedLog` without what its parts hold: read from the same bytes, at a fraction of the time and the memory."""

    log_path: str
    provider: str
    fingerprint: str
    parser: str
    parts: list[PlacedPartOutline]
    errors: list[ParseError]


Content = TypeVar("Content", PlacedLog, Outline)


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


class Kept(msgspec.Struct, frozen=True):
    """Where a parsed log waits for raw: a file of the folder for parsed logs, and the bytes in it."""

    file: str
    offset: int
    size: int


def folder(settings: Settings) -> Path:
    """Where parsed logs wait for raw."""
    return settings.state / "parsed"


class Keeper:
    """Keeps the parsed logs of one look, one after the other in one file, so that many small logs cost one file."""

    def __init__(self, settings: Settings, now_ms: int) -> None:
        self.folder = folder(settings)
        self.name = f"{now_ms}-{os.getpid()}.msgpack"
        self.file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.file is not None:
            try:
                self.file.close()
            except OSError as full:
                raise unwritable(self.folder / self.name, full) from full

    def keep(self, log: PlacedLog) -> Kept:
        """Add a log; where it is."""
        content = msgspec.msgpack.encode(log)
        try:
            if self.file is None:
                make_private(self.folder)
                private = os.open(self.folder / self.name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                self.file = open(private, "ab")  # noqa: SIM115
                self.file.seek(0, os.SEEK_END)
            offset = self.file.tell()
            self.file.write(content)
        except OSError as error:
            raise unwritable(self.folder / self.name, error) from error
        return Kept(self.name, offset, len(content))


def is_kept(settings: Settings, kept: Kept | None) -> bool:
    """Whether the log still waits for raw."""
    return kept is not None and (folder(settings) / kept.file).exists()


def read(settings: Settings, kept: Kept | None) -> PlacedLog | None:
    """The parsed log that waits for raw; None if it does not, or if its file is damaged."""
    return _read(settings, kept, PlacedLog)


def outline(settings: Settings, kept: Kept | None) -> Outline | None:
    """The outline of the log that waits for raw; None as with `read`. Damage inside a part may show only there."""
    return _read(settings, kept, Outline)


def _read(settings: Settings, kept: Kept | None, wanted: type[Content]) -> Content | None:
    if kept is None:
        return None
    try:
        with open(folder(settings) / kept.file, "rb") as file:
            file.seek(kept.offset)
            return msgspec.msgpack.decode(file.read(kept.size), type=wanted)
    except (OSError, msgspec.MsgspecError):
        return None


def clean(settings: Settings, needed: Iterable[Kept | None]) -> None:
    """Remove the files in which no log waits any more."""
    names = {kept.file for kept in needed if kept is not None}
    for path in folder(settings).glob("*.msgpack"):
        if path.name not in names:
            path.unlink(missing_ok=True)
