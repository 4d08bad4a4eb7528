"""Tombstones: what the user had forgotten, so that a later ingest does not bring it back.

What lives here: reading, adding and asking. What stays out: deleting what is stored (forget).
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from paceflow_assets.records import instant_ms
from paceflow_assets.runtime.errors import SettingsError
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.settings import Settings, write_private


class Tombstone(msgspec.Struct, frozen=True):
    """One thing that must not come back. value: session id, repository key, or ISO date (UTC) for `before`."""

    kind: Literal["session", "repository", "before"]
    value: str
    at_ms: int


class Forgotten(msgspec.Struct, frozen=True):
    """All tombstones. before_ms: sessions that ended before it are forgotten; None = none are for their age."""

    sessions: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    before_ms: int | None = None

    def __bool__(self) -> bool:
        return bool(self.sessions or self.repositories or self.before_ms is not None)

    def session(self, session_id: str, home: str, ended_ms: int | None) -> bool:
        """Whether a session is forgotten: itself, with its home repository, or for its age."""
        too_old = self.before_ms is not None and ended_ms is not None and ended_ms < self.before_ms
        return session_id in self.sessions or home in self.repositories or too_old


def tombstones(settings: Settings) -> list[Tombstone]:
    """Everything that was ever forgotten, in that order."""
    if not settings.forgotten.exists():
        return []
    try:
        return msgspec.json.decode(settings.forgotten.read_bytes(), type=list[Tombstone])
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(
            f"{settings.forgotten}: cannot be read ({error}); nothing ran, because forgotten sessions would come back; "
            "mend the file, or delete it to allow that"
        ) from error


def bury(settings: Settings, new: Sequence[Tombstone]) -> None:
    """Add tombstones; one that is there already is not repeated."""
    if not new:
        return
    with held(settings.locks, "forgotten", str(settings.forgotten)):
        present = tombstones(settings)
        known = {(stone.kind, stone.value) for stone in present}
        added = [stone for stone in new if (stone.kind, stone.value) not in known]
        if added:
            write_private(settings.forgotten, msgspec.json.encode([*present, *added]))


def forgotten(settings: Settings) -> Forgotten:
    """The tombstones, ready to be asked."""
    stones = tombstones(settings)
    dates = [instant_ms(f"{stone.value}T00:00:00Z") for stone in stones if stone.kind == "before"]
    return Forgotten(
        sessions=frozenset(stone.value for stone in stones if stone.kind == "session"),
        repositories=frozenset(stone.value for stone in stones if stone.kind == "repository"),
        before_ms=max((date for date in dates if date is not None), default=None),
    )
