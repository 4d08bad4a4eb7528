"""Start: the entrance of a worker process, light to import, so that the parent need not load what only the worker needs."""

import os
from multiprocessing.connection import Connection

from paceflow_assets.runtime.loading import loading
from paceflow_assets.runtime.settings import Settings

# The allocator inside polars keeps freed memory for ten seconds in as many arenas as there are threads: a sixth of our peak.
FRUGAL = ("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:200,muzzy_decay_ms:0")


def work(settings: Settings, pipe: Connection) -> None:
    """Compute the repositories that are asked for, until nobody asks any more."""
    os.environ.setdefault(*FRUGAL)  # polars reads it when it loads
    with loading():
        from paceflow_assets.runtime import worker

    worker.work(settings, pipe)
