"""Partitions: which repository a path belongs to, and the key that a repository keeps.

What lives here: giving a checkout its repository's key, and placing paths.
What belongs here: identity. What stays out: when to look (discovery) and what is stored of it (raw_checkout).

A key is given once and then remembered: `host/owner/name` of origin, else `local/<folder>-<8 hex of the oldest root commit>`
(no commit yet: of the path, replaced at the first commit). A checkout is recognised by its common directory, then by origin,
then by root commit and folder name, or by root commit alone when the checkout known so far is gone: a move, a new name or a
new origin keeps the key.

Folders of this system stand as `storable` texts, because a folder's name may be no UTF-8.
"""

import hashlib
import os
import re
from pathlib import Path

import msgspec

from paceflow_assets.runtime.settings import printable
from paceflow_assets.source import git

NO_REPOSITORY = "no-repository"
ALL = "all repositories"  # key of a table whose rows mix repositories; no partition
# Where agents put linked worktrees inside the main one; once removed, nothing on disk tells that the folder was one.
GONE_WORKTREE = re.compile(r"^(\.claude/worktrees|\.worktrees)/[^/]+/")
STRAY_BYTE = re.compile("[\udc80-\udcff]")
ESCAPED_BYTE = re.compile("\0([0-9a-f]{2})")


class Checkout(msgspec.Struct):
    """One known checkout: whose it is, where it is, and the state of its refs that raw has read.

    provisional: the key comes from the path, because there was no commit and no origin yet, or git could not read it.
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


def storable(path: str) -> str:
    """A path of this system as text that can be stored: NUL, which no path holds, marks a byte that is no UTF-8."""
    return path if path.isprintable() else STRAY_BYTE.sub(lambda found: f"\0{ord(found[0]) - 0xDC00:02x}", path)


def on_disk(path: str) -> str:
    """The inverse of `storable`."""
    return ESCAPED_BYTE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), path) if "\0" in path else path


def folder_of(common_dir: str) -> str:
    """Name of the folder by which a person knows the checkout."""
    path = Path(on_disk(common_dir))
    return printable(path.parent.name if path.name == ".git" else path.name)


def checkout_name(common_dir: str) -> str:
    """Folder name of the checkout and 8 hex of its common directory: stable, and no absolute path."""
    return f"{folder_of(common_dir)}-{hashlib.sha256(os.fsencode(on_disk(common_dir))).hexdigest()[:8]}"


def is_absolute(path: str) -> bool:
    """Whether a path says where it starts, on this system. A NUL makes it no path at all."""
    return (path.startswith("/") or (os.name == "nt" and path[1:2] == ":")) and "\0" not in path


class Places:
    """Resolves paths to (repository, path in the repository), and learns checkouts as it meets them.

    adopted: folder that is gone -> repository whose checkout it was, because a log names its origin.
    """

    def __init__(self, checkouts: dict[str, Checkout], now_ms: int, adopted: dict[str, str] | None = None) -> None:
        self.checkouts = checkouts
        self.now_ms = now_ms
        self.adopted = {} if adopted is None else adopted
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
        if key and is_absolute(folder):
            top = os.path.normpath(folder)
            if not os.path.isdir(top) and self._placed(top) is None:
                self.adopted[top] = self._key_of_origin(key) or partition_key(key)
                self._folders.clear()  # what was looked up below it lay nowhere

    def _placed(self, folder: str) -> tuple[str, str] | None:
        """(repository, top of the checkout) of a folder; a checkout that is gone keeps what lay in it."""
        if folder in self._folders:
            return self._folders[folder]
        found = git.find(Path(folder))
        result = None
        if found:
            result = self._key(storable(str(found.common_dir)), storable(str(found.worktree))), str(found.worktree)
        remembered = self._remembered(folder)
        if result is None:
            result = remembered or self._remembered(os.path.realpath(folder)) or self._of_gone(folder)
        elif remembered and len(remembered[1]) > len(result[1]) and not os.path.isdir(remembered[1]):
            result = remembered
        self._folders[folder] = result
        return result

    def _of_gone(self, folder: str) -> tuple[str, str] | None:
        """Place of a folder that is gone and lay in no known checkout, as far as a log tells."""
        while not os.path.isdir(folder):
            if folder in self.adopted:
                return self.adopted[folder], folder
            folder = os.path.dirname(folder)
        return None

    def _remembered(self, folder: str) -> tuple[str, str] | None:
        """The known worktree that held the folder, whether it is still there or not."""
        tops = [
            (checkout.key, on_disk(top))
            for checkout in self.checkouts.values()
            for top in checkout.worktrees
            if folder == top or folder.startswith(top + "/")
        ]
        return max(tops, key=lambda place: len(place[1]), default=None)

    def _key(self, common_dir: str, worktree: str) -> str:
        known = self.checkouts.get(common_dir)
        if known is None:
            known = self.checkouts[common_dir] = self.identified(common_dir)
        if worktree not in known.worktrees:
            known.worktrees.append(worktree)
        return known.key

    def identified(self, common_dir: str) -> Checkout:
        """A checkout as git tells it, with its repository's key."""
        try:
            identity = git.identity(Path(on_disk(common_dir)))
        except git.GitError:  # told when its repository is computed; what the logs say of it is stored all the same
            identity = git.Identity(None, None, [], None)
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
        alike = {
            common_dir: old for common_dir, old in self.checkouts.items() if new.root_commits[:1] == old.root_commits[:1] != []
        }
        same_address = [old.key for common_dir, old in alike.items() if self._has_address_now(common_dir, old, new)]
        # Two forks share root and folder name too: an address on both sides tells them apart.
        alike = {common_dir: old for common_dir, old in alike.items() if not (new.origin_keys and old.origin_keys)}
        same_name = [old.key for old in alike.values() if old.folder == new.folder]
        gone = [old.key for common_dir, old in alike.items() if not os.path.isdir(on_disk(common_dir))]
        return next(iter([*same_address, *same_name, *gone]), None)

    def _has_address_now(self, common_dir: str, old: Checkout, new: Checkout) -> bool:
        """Whether a checkout known since an earlier look got the new one's address meanwhile."""
        if not new.origin_keys or old.first_seen_ms == self.now_ms:
            return False
        try:
            return git.identity(Path(on_disk(common_dir))).origin_key in new.origin_keys
        except git.GitError:
            return False

    def _key_of_origin(self, origin_key: str) -> str | None:
        for old in self.checkouts.values():
            if origin_key in old.origin_keys or partition_key(origin_key) == old.key:
                return old.key
        return None


def new_key(checkout: Checkout, common_dir: str) -> str:
    """Key of a checkout that nothing known resembles."""
    if checkout.origin_keys:
        return partition_key(checkout.origin_keys[0])
    seed = checkout.root_commits[0] if checkout.root_commits else on_disk(common_dir)
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
    return printable(relative.replace("\\", "/") if os.name == "nt" else relative)
