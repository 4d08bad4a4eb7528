"""DAGSTER_HOME: where Dagster keeps its log of what was built.

What lives here: making the folder, its configuration, and opening the instance.
What belongs here: what must be true of the instance: private, no telemetry, freshness on, old runs purged.
What stays out: what is told to it (reporting).
"""

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dagster as dg

from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.settings import Settings, make_private, write_private

KEPT_DAYS = 30
CONFIGURATION = b"""# written by paceflow; change it as you like, it is not written again
telemetry:
  enabled: false
nux:
  enabled: false
freshness:
  enabled: true
retention:
  schedule:
    purge_after_days: 30
  sensor:
    purge_after_days: 30
"""
NO_CAPTURE = {"compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}}


def prepare(settings: Settings) -> None:
    """Make DAGSTER_HOME if it is not there, and let this process use it."""
    if not settings.dagster_home.is_dir() or not settings.dagster_home_is_set:
        make_private(settings.dagster_home)
        if not (settings.dagster_home / "dagster.yaml").exists():
            write_private(settings.dagster_home / "dagster.yaml", CONFIGURATION)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def opened(settings: Settings) -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME, for this process: what we print is not captured, which takes two more processes.

    Two processes must not create its storage at the same time, hence the lock.
    """
    prepare(settings)
    with held(settings.locks, "dagster", "Dagster's storage"):
        if not (settings.dagster_home / "history").is_dir():
            _create(settings.dagster_home)
        return dg.DagsterInstance.local_temp(str(settings.dagster_home), overrides=NO_CAPTURE)


@contextmanager
def kept_open(settings: Settings, run_id: str) -> Iterator[None]:
    """Hold Dagster's SQLite files open while many events are written to one run.

    Dagster connects anew for each statement; the last connection that closes writes the log back and removes it, which takes
    a third of the time of an event. Nothing is done where Dagster stores elsewhere.
    """
    history = settings.dagster_home / "history"
    with ExitStack() as files:
        for path in (history / "runs.db", history / "runs" / "index.db", history / "runs" / f"{run_id}.db"):
            if path.exists():
                connection = files.enter_context(closing(sqlite3.connect(path)))
                connection.execute("select count(*) from sqlite_master").fetchall()  # only a reader holds the log
        yield


def _create(home: Path) -> None:
    """Create Dagster's storage aside and move it in when it is whole: cut off half-way, Dagster could never open it again."""
    aside = home / ".creating"
    shutil.rmtree(aside, ignore_errors=True)
    make_private(aside)
    if (home / "dagster.yaml").exists():
        shutil.copy(home / "dagster.yaml", aside)
    with dg.DagsterInstance.local_temp(str(aside), overrides=NO_CAPTURE):
        pass
    made = sorted(path for path in aside.iterdir() if path.is_dir())
    for folder in sorted(made, key=lambda path: path.name == "history"):
        if not (home / folder.name).exists():
            folder.rename(home / folder.name)
    shutil.rmtree(aside)


def purge(instance: dg.DagsterInstance, now: dt.datetime, most: int = 50) -> int:
    """Delete runs older than `KEPT_DAYS`, a few at a time. What they told must have been told again since."""
    old = instance.get_run_records(
        filters=dg.RunsFilter(created_before=now - dt.timedelta(days=KEPT_DAYS), statuses=FINISHED), limit=most
    )
    for record in old:
        instance.delete_run(record.dagster_run.run_id)
    return len(old)


FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
