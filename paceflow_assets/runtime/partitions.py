"""Partitions: which repository a path belongs to, and the key a repository keeps.

A key is given once and then remembered: `host/owner/name` of origin, else `local/<folder>-<8 hex of the oldest root commit>`
(no commit yet: of the path). A checkout is recognised by its common directory, then by origin, then by root commit and
folder name, so that a move or a new origin keeps the key.
"""

import hashlib
import os
import re
from pathlib import Path

import msgspec

from paceflow_assets.source import git

NO_REPOSITORY = "no-repository"


class Checkout(msgspec.Struct):
    """One known checkout: where it is, whose it is, and the state of its refs that raw has read."""

    key: str
    worktrees: list[str]
    origin: str | None = None
    origin_key: str | None = None
    root_commits: list[str] = []
    folder: str = ""
    read_signature: str = ""
    missing: bool = False


def slug_key(text: str) -> str:
    """A partition key that Dagster takes: control characters, `...` and percent signs are percent-encoded."""
    encoded = re.sub(r"[\x00-\x1f\x7f%]", lambda found: f"%{ord(found[0]):02X}", text)
    return encoded.replace("...", "%2E%2E%2E")


def checkout_name(common_dir: str) -> str:
    """Folder name of the checkout and 8 hex of its common directory: stable, and tells no absolute path."""
    return f"{folder_of(common_dir)}-{hashlib.sha256(os.fsencode(common_dir)).hexdigest()[:8]}"


def folder_of(common_dir: str) -> str:
    """Name of the folder that a person knows the checkout by."""
    path = Path(common_dir)
    return path.parent.name if path.name == ".git" else path.name


class Places:
    """Resolves paths to (repository, path in the repository), learning checkouts as it meets them."""

    def __init__(self, checkouts: dict[str, Checkout]) -> None:
        self.checkouts = checkouts
        self.by_folder: dict[str, tuple[str, str] | None] = {}
        self.learned: set[str] = set()

    def resolve(self, path: str) -> tuple[str, str | None]:
        """(repository, relative path) of an absolute path; (NO_REPOSITORY, None) outside every checkout, or if relative."""
        if not path.startswith("/") and path[1:2] != ":":
            return NO_REPOSITORY, None
        path = os.path.normpath(path)
        found = self._folder(os.path.dirname(path), 0)
        if found is None:
            return NO_REPOSITORY, None
        key, top = found
        return key, self._relative(path, top)

    def folder(self, path: str) -> str:
        """Repository of a directory (a session's working directory)."""
        if not path.startswith("/") and path[1:2] != ":":
            return NO_REPOSITORY
        found = self._folder(os.path.normpath(path), 0)
        return found[0] if found else NO_REPOSITORY

    def _relative(self, path: str, top: str) -> str | None:
        if path.startswith(top + "/"):
            return path[len(top) + 1 :]
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        return real[len(top) + 1 :] if real.startswith(top + "/") else None

    def _folder(self, folder: str, depth: int) -> tuple[str, str] | None:
        if folder in self.by_folder:
            return self.by_folder[folder]
        found = git.common_dir(Path(folder))
        result: tuple[str, str] | None = None
        if found is not None and found.worktree is not None:
            result = (self.key_of(str(found.common_dir), str(found.worktree)), str(found.worktree))
        remembered = self._remembered(folder)
        if remembered and (result is None or len(remembered[1]) > len(result[1])) and not os.path.isdir(remembered[1]):
            result = remembered
        self.by_folder[folder] = result
        return result

    def _remembered(self, folder: str) -> tuple[str, str] | None:
        """The known worktree that holds the folder, for checkouts that are gone from the disk."""
        best: tuple[str, str] | None = None
        for checkout in self.checkouts.values():
            for top in checkout.worktrees:
                if (folder == top or folder.startswith(top + "/")) and (best is None or len(top) > len(best[1])):
                    best = (checkout.key, top)
        return best

    def key_of(self, common_dir: str, worktree: str) -> str:
        """Key of a checkout; a new one is identified and remembered."""
        known = self.checkouts.get(common_dir)
        if known is not None:
            if worktree not in known.worktrees:
                known.worktrees.append(worktree)
                self.learned.add(common_dir)
            return known.key
        identity = git.identity(Path(common_dir))
        origin_key = git.normal_origin(identity.origin) if identity.origin else None
        checkout = Checkout(
            key="",
            worktrees=[worktree],
            origin=identity.origin,
            origin_key=origin_key,
            root_commits=list(identity.root_commits),
            folder=folder_of(common_dir),
        )
        checkout.key = self._known_key(checkout) or self._new_key(checkout, common_dir)
        self.checkouts[common_dir] = checkout
        self.learned.add(common_dir)
        return checkout.key

    def _known_key(self, new: Checkout) -> str | None:
        for old in self.checkouts.values():
            if new.origin_key and new.origin_key in (old.origin_key, old.key):
                return old.key
        for common_dir, old in self.checkouts.items():
            same_roots = new.root_commits and new.root_commits[:1] == old.root_commits[:1]
            if same_roots and old.folder == new.folder and not (new.origin_key and old.origin_key):
                moved = not os.path.isdir(common_dir)
                if moved or not new.origin_key:
                    return old.key
        return None

    def _new_key(self, new: Checkout, common_dir: str) -> str:
        if new.origin_key:
            return slug_key(new.origin_key)
        seed = new.root_commits[0] if new.root_commits else common_dir
        return slug_key(f"local/{new.folder}-{hashlib.sha256(os.fsencode(seed)).hexdigest()[:8]}")
