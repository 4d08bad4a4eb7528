"""Scope: which repository a command that is run in a folder is about.

What lives here: from a folder, or a name that was given, to a repository's key. What stays out: giving keys (partitions).
"""

from pathlib import Path

from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.partitions import storable
from paceflow_assets.runtime.rules import nearest
from paceflow_assets.source import git

LISTED = 8


def repository_of(known: Inventory, folder: Path) -> str | None:
    """Repository of the checkout that a folder lies in; None outside of every checkout."""
    place = git.find(folder)
    if place is None:
        return None
    checkout = known.checkouts.get(storable(str(place.common_dir)))
    if checkout is None:
        raise PaceflowError(
            f"{place.worktree.name}: no session touched this repository; nothing was shown; "
            "--all-projects shows all others, `paceflow ingest` looks for new ones"
        )
    return checkout.key


def known_repository(known: Inventory, key: str) -> str:
    """A repository's key that was given, if there is such a repository."""
    keys = known.repositories()
    if key not in keys:
        hint = nearest(key, keys) or f"; known are: {', '.join(keys[:LISTED])}"
        raise PaceflowError(f"--repository {key}: no such repository{hint}; nothing was shown")
    return key
