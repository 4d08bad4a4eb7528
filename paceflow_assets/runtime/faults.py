"""Faults: what becomes of an error that is nobody's but ours.

What lives here: keeping the traceback where a report can be made of it, and the words that say so.
What stays out: errors with a message for people (errors).
"""

import time
import traceback

from paceflow_assets.runtime.settings import Settings, write_private


def noted(settings: Settings, error: BaseException) -> str:
    """Keep a fault of ours for a report, in a private file; the text that says where."""
    path = settings.paceflow_home / "log" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() // 1000 % 1_000_000:06d}.txt"
    write_private(path, "".join(traceback.format_exception(error)).encode())
    return f"this is a fault of paceflow ({type(error).__name__}), told in {path}; please report it"
