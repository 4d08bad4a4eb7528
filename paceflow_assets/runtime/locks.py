"""Locks between processes: one per repository, one for the inventory.

What lives here: holding a named lock file, and saying who holds it.
What stays out: what is done under a lock. The operating system lets go of it when the process dies.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paceflow_assets.runtime.errors import Locked
from paceflow_assets.runtime.settings import make_private, unwritable, write_private

WAIT_SECONDS = 600.0


@contextmanager
def held(folder: Path, name: str, what: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold a named lock; the same process may take it again. `Locked` says who holds it after `wait_seconds`."""
    import socket

    from filelock import FileLock, Timeout  # an ingest that finds nothing to do takes no lock

    make_private(folder)
    lock = FileLock(folder / f"{name}.lock", is_singleton=True, mode=0o600)
    holder = folder / f"{name}.holder"
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        waited = f" for more than {wait_seconds:.0f} s" if wait_seconds >= 1 else ""
        raise Locked(f"{what}: held by {_who(holder)}{waited}; nothing was changed; try again later") from error
    except OSError as error:
        raise unwritable(folder / f"{name}.lock", error) from error
    try:
        if lock.lock_counter == 1:
            who = f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%H:%M:%S')}"
            write_private(holder, who.encode())
        yield
    finally:
        lock.release()


def _who(holder: Path) -> str:
    try:
        return holder.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return "another process"
