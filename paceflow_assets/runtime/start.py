"""Start: the entrance of a worker process, light to import, so that the parent need not load what only the worker needs."""

from multiprocessing import Queue

from paceflow_assets.runtime.settings import Settings


def work(settings: Settings, asked: "Queue[str | None]", news: Queue) -> None:
    """Compute the repositories that are asked for, until None is. Ctrl-C reaches polars even where Python ignores it."""
    try:
        from paceflow_assets.runtime import worker

        worker.work(settings, asked, news)
    except KeyboardInterrupt:
        return
