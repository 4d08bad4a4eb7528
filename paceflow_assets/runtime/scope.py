"""Scope: which repository a command that is run in a folder is about.

What lives here: from a folder, or a name that was given, to a repository's key. What stays out: giving keys (partitions).
"""

from pathlib import Path
from typing import NamedTuple

from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.partitions import storable
from paceflow_assets.runtime.rules import nearest
from paceflow_assets.source import git

LISTED = 8


class Place(NamedTuple):
    """Where a command is run. repository: None = all; note: why all, although the folder lies in one; '' = it does not."""

    repository: str | None
    note: str = ""


def place_of(known: Inventory, folder: Path) -> Place:
    """The repository of the checkout that a folder lies in; all outside of every checkout that paceflow knows."""
    place = git.find(folder)
    if place is None:
        return Place(None)
    checkout = known.checkouts.get(storable(str(place.common_dir)))
    if checkout is None:
        return Place(None, f"{place.worktree.name}: no session touched this repository; all others are shown")
    return Place(checkout.key)


def known_repository(known: Inventory, key: str) -> str:
    """A repository's key that was given, if there is such a repository."""
    keys = known.repositories()
    if key not in keys:
        hint = nearest(key, keys) or f"; known are: {', '.join(keys[:LISTED])}"
        raise PaceflowError(f"--repository {key}: no such repository{hint}; nothing was shown")
    return key
