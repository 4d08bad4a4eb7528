"""Inventory: what discovery must know across repositories, in one JSON file. No table; rebuilt from raw when it is lost.

It says for every log in which state raw has *read* it, repository by repository, never merely that it is known: a failed run
must not look done. Light on purpose: the unchanged run reads this file, stats the logs and ends.
"""

import os
from pathlib import Path

import msgspec

from paceflow_assets.runtime.partitions import Checkout
from paceflow_assets.runtime.settings import Settings, make_private

VERSION = 1


class Log(msgspec.Struct):
    """One log. fingerprint, parser: the state that discovery looked into. sessions: session id -> repositories it touches here.

    read: repository -> `fingerprint parser` that its raw tables hold. missing_ms: when it was first found gone.
    """

    provider: str
    fingerprint: str
    parser: str
    sessions: dict[str, list[str]] = {}
    read: dict[str, str] = {}
    missing_ms: int | None = None
    unplaced: list[str] = []
    error: str | None = None

    @property
    def state(self) -> str:
        """What `read` must say for a repository that is up to date."""
        gone = "missing" if self.missing_ms is not None else ""
        return f"{self.fingerprint} {self.parser} {gone}".rstrip()


class Inventory(msgspec.Struct):
    """Everything discovery remembers. done: signature of code, rules and warehouse that the last ingest left complete."""

    version: int = VERSION
    logs: dict[str, Log] = {}
    checkouts: dict[str, Checkout] = {}
    done: str = ""
    reported: dict[str, str] = {}
    summary: dict[str, float] = {}
    looked_ms: int = 0

    def repositories(self) -> list[str]:
        """Every repository that some session touches, sorted."""
        return sorted({name for log in self.logs.values() for names in log.sessions.values() for name in names})


def load(settings: Settings) -> Inventory:
    """The stored inventory, or an empty one when there is none that can be used."""
    try:
        found = msgspec.json.decode((settings.state / "inventory.json").read_bytes(), type=Inventory)
    except (OSError, msgspec.MsgspecError):
        return Inventory()
    return found if found.version == VERSION else Inventory()


def save(settings: Settings, inventory: Inventory) -> None:
    """Store the inventory: written beside, then moved in."""
    folder = make_private(settings.state)
    beside = folder / f".inventory.{os.getpid()}.tmp"
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(inventory))
    os.replace(beside, folder / "inventory.json")


def fingerprint(path: Path) -> str:
    """Size, nanoseconds of the last change and inode of a log."""
    stat = path.stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}"
