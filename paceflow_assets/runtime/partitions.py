"""Partitions: which repository a path belongs to, and the key that a repository keeps.

What lives here: giving a checkout its repository's key, and placing paths.
What belongs here: identity. What stays out: when to look (discovery) and what is stored of it (raw_checkout).

A key is given once and then remembered: `host/owner/name` of origin, else `local/<folder>-<8 hex of the oldest root commit>`
(no commit yet: of the path, replaced at the first commit). A checkout is recognised by its common directory, then by origin,
then by root commit and folder name, so that a move or a new origin keeps the key.
"""

import hashlib
import os
import re
from pathlib import Path

import msgspec

from paceflow_assets.source import git

NO_REPOSITORY = "no-repository"
ALL = "all repositories"  # key of a table whose rows mix repositories; no partition
# Where agents put linked worktrees inside the main one; once removed, nothing on disk tells that the folder was one.
GONE_WORKTREE = re.compile(r"^(\.claude/worktrees|\.worktrees)/[^/]+/")


class Checkout(msgspec.Struct):
    """One known checkout: whose it is, where it is, and the state of its refs that raw has read.

    provisional: the key comes from the path, because there was no commit and no origin yet.
    origin_keys: every address it ever had, normal form. missing_ms: first look that did not find it.
    """

    key: str
    folder: str
    worktrees: list[str]
    origin: str | None = None
    origin_keys: list[str] = []
    root_commits: list[str] = []
    provisional: bool = False
    first_seen_ms: int = 0
    missing_ms: int | None = None
    read: str = ""


def partition_key(text: str) -> str:
    """A key that Dagster takes: control characters, `...` and percent signs are percent-encoded."""
    encoded = re.sub(r"[\x00-\x1f\x7f%]", lambda found: f"%{ord(found[0]):02X}", text)
    return encoded.replace("...", "%2E%2E%2E")


def folder_of(common_dir: str) -> str:
    """Name of the folder by which a person knows the checkout."""
    path = Path(common_dir)
    return path.parent.name if path.name == ".git" else path.name


def checkout_name(common_dir: str) -> str:
    """Folder name of the checkout and 8 hex of its common directory: stable, and no absolute path."""
    return f"{folder_of(common_dir)}-{hashlib.sha256(os.fsencode(common_dir)).hexdigest()[:8]}"


def is_absolute(path: str) -> bool:
    """Whether a path says where it starts, on this system."""
    return path.startswith("/") or (os.name == "nt" and path[1:2] == ":")


class Places:
    """Resolves paths to (repository, path in the repository), and learns checkouts as it meets them."""

    def __init__(self, checkouts: dict[str, Checkout], now_ms: int) -> None:
        self.checkouts = checkouts
        self.now_ms = now_ms
        self.learned = False
        self._folders: dict[str, tuple[str, str] | None] = {}

    def file(self, path: str) -> tuple[str, str | None]:
        """(repository, relative path) of a file; (NO_REPOSITORY, None) if it lies in no checkout or its path is relative."""
        if not is_absolute(path):
            return NO_REPOSITORY, None
        path = os.path.normpath(path)
        found = self._placed(os.path.dirname(path))
        if found is None:
            return NO_REPOSITORY, None
        key, top = found
        relative = _relative(path, top)
        return (key, relative) if relative else (NO_REPOSITORY, None)

    def folder(self, path: str) -> str:
        """Repository of a folder, a session's working directory for instance."""
        found = self._placed(os.path.normpath(path)) if is_absolute(path) else None
        return found[0] if found else NO_REPOSITORY

    def adopt(self, folder: str, origin: str) -> None:
        """Take a folder that is gone for the top of a checkout of `origin`, which the log itself names."""
        key = git.normal_origin(origin)
        if key and is_absolute(folder) and not os.path.isdir(folder) and self._placed(os.path.normpath(folder)) is None:
            self._folders[os.path.normpath(folder)] = (self._key_of_origin(key) or partition_key(key), folder)

    def _placed(self, folder: str) -> tuple[str, str] | None:
        if folder in self._folders:
            return self._folders[folder]
        found = git.find(Path(folder))
        result = (self._key(str(found.common_dir), str(found.worktree)), str(found.worktree)) if found else None
        remembered = self._remembered(folder)
        if remembered and (result is None or len(remembered[1]) > len(result[1])) and not os.path.isdir(remembered[1]):
            result = remembered
        if result is None and not os.path.isdir(folder):
            result = self._folders.get(os.path.dirname(folder)) or self._adopted(folder)
        self._folders[folder] = result
        return result

    def _adopted(self, folder: str) -> tuple[str, str] | None:
        parent = os.path.dirname(folder)
        return None if parent == folder or os.path.isdir(parent) else self._placed(parent)

    def _remembered(self, folder: str) -> tuple[str, str] | None:
        """The known worktree that held the folder, for checkouts that are gone from the disk."""
        tops = [
            (checkout.key, top)
            for checkout in self.checkouts.values()
            for top in checkout.worktrees
            if folder == top or folder.startswith(top + "/")
        ]
        return max(tops, key=lambda place: len(place[1]), default=None)

    def _key(self, common_dir: str, worktree: str) -> str:
        known = self.checkouts.get(common_dir)
        if known is None:
            known = self.checkouts[common_dir] = self.identified(common_dir)
            self.learned = True
        if worktree not in known.worktrees:
            known.worktrees.append(worktree)
            self.learned = True
        return known.key

    def identified(self, common_dir: str) -> Checkout:
        """A checkout as git tells it, with its repository's key."""
        identity = git.identity(Path(common_dir))
        checkout = Checkout(
            key="",
            folder=folder_of(common_dir),
            worktrees=[],
            origin=identity.origin,
            origin_keys=[identity.origin_key] if identity.origin_key else [],
            root_commits=list(identity.root_commits),
            provisional=not identity.origin_key and not identity.root_commits,
            first_seen_ms=self.now_ms,
        )
        checkout.key = self.known_key(checkout) or new_key(checkout, common_dir)
        return checkout

    def known_key(self, new: Checkout) -> str | None:
        """Key of the known repository that a checkout belongs to; None = it resembles none."""
        for key in new.origin_keys:
            found = self._key_of_origin(key)
            if found:
                return found
        for old in self.checkouts.values():
            same_root = bool(new.root_commits) and new.root_commits[:1] == old.root_commits[:1]
            # Two forks share root and folder name too: an address on both sides tells them apart.
            if same_root and old.folder == new.folder and not (new.origin_keys and old.origin_keys):
                return old.key
        return None

    def _key_of_origin(self, origin_key: str) -> str | None:
        for old in self.checkouts.values():
            if origin_key in old.origin_keys or partition_key(origin_key) == old.key:
                return old.key
        return None


def new_key(checkout: Checkout, common_dir: str) -> str:
    """Key of a checkout that nothing known resembles."""
    if checkout.origin_keys:
        return partition_key(checkout.origin_keys[0])
    seed = checkout.root_commits[0] if checkout.root_commits else common_dir
    return partition_key(f"local/{checkout.folder}-{hashlib.sha256(os.fsencode(seed)).hexdigest()[:8]}")


def _relative(path: str, top: str) -> str | None:
    if not path.startswith(top + "/"):
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if not path.startswith(top + "/"):
            return None
    relative = path[len(top) + 1 :]
    inside = GONE_WORKTREE.match(relative)
    if inside and not os.path.isdir(os.path.join(top, inside[0])):
        relative = relative[inside.end() :]
    return relative.replace("\\", "/") if os.name == "nt" else relative
