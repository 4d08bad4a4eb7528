"""Worker: one process that brings repositories up to date inside one Dagster run.

What lives here: the op that loops over repositories and tells Dagster what it built.
What belongs here: what happens to a repository that fails: the others go on.
What stays out: what is stale (ingest), what an event says (reporting), the terminal (cli).
"""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from paceflow_assets.runtime import dagster_home, reporting
from paceflow_assets.runtime.catalog import calculator
from paceflow_assets.runtime.checks import Verdict
from paceflow_assets.runtime.compute import Built, Workshop, now_ms
from paceflow_assets.runtime.errors import PaceflowError, TableInvalid
from paceflow_assets.runtime.ingest import Outcome, brought_up_to_date, global_views
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.settings import Settings, write_private
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.source.git import GitError

PARTITIONS = "repository"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Worker:
    """What one process does. on_built(repository, table) is called after each table, on_done after each repository."""

    workshop: Workshop
    instance: dg.DagsterInstance
    on_built: Callable[[str, str], None]
    on_done: Callable[[Outcome], None]

    def bring_up_to_date(self, repository: str) -> Iterator[dg.AssetMaterialization]:
        """Compute what is stale of one repository (or of the global views) and tell Dagster."""
        outcome = Outcome(repository)
        started = time.perf_counter()
        verdicts: dict[str, Verdict] = {}
        try:
            for built in self._stale(repository):
                verdicts[built.table.name] = built.verdict
                self.on_built(repository, built.table.name)
        except TableInvalid as error:
            outcome.failure = str(error)
            if error.verdict is not None:
                self.instance.report_runless_asset_event(
                    reporting.check_evaluation(tables()[error.table], repository, error.verdict)
                )
        except (PaceflowError, GitError) as error:
            outcome.failure = str(error)
        except Exception as error:  # a fault of ours must not stop the other repositories
            outcome.failure = f"{repository}: its tables stay as they were; {noted(self.workshop.settings, error)}"
        outcome.built = list(verdicts)
        outcome.notes = notes(self.workshop, repository)
        yield from self._news(repository, verdicts)
        outcome.seconds = time.perf_counter() - started
        self.on_done(outcome)

    def _stale(self, repository: str) -> Iterable[Built]:
        return global_views(self.workshop) if repository == ALL else brought_up_to_date(self.workshop, repository)

    def _news(self, repository: str, verdicts: dict[str, Verdict]) -> Iterator[dg.AssetMaterialization]:
        settings = self.workshop.settings
        identity = self.instance.run_storage.get_run_storage_id()
        ledger = reporting.load_ledger(settings, repository, identity)
        if repository != ALL and not self.instance.has_dynamic_partition(PARTITIONS, repository):
            self.instance.add_dynamic_partitions(PARTITIONS, [repository])
        for news in reporting.untold(self.workshop, repository, ledger, verdicts, now_ms()):
            yield reporting.materialization(self.workshop, news, reporting.newest_event(self.instance))
            if news.verdict is not None:
                self.instance.report_runless_asset_event(reporting.check_evaluation(news.table, repository, news.verdict))
            ledger.tables[news.table.name] = news.told
        reporting.save_ledger(settings, repository, ledger)


def run(
    settings: Settings,
    repositories: Iterable[str],
    on_built: Callable[[str, str], None],
    on_done: Callable[[Outcome], None],
) -> None:
    """Bring the repositories up to date, one after the other, in one Dagster run. `ALL` stands for the global views."""
    workshop = Workshop(settings, rules(settings.rules_source), calculator(), Warehouse(settings))
    failed: list[str] = []

    def done(outcome: Outcome) -> None:
        if outcome.failure:
            failed.append(outcome.repository)
        on_done(outcome)

    with dagster_home.opened(settings) as instance:
        worker = Worker(workshop, instance, on_built, done)

        @dg.op(out={}, name="bring_up_to_date")
        def bring_up_to_date() -> Iterator[dg.AssetMaterialization]:
            for repository in repositories:
                yield from worker.bring_up_to_date(repository)
            if failed:
                raise dg.Failure(f"failed: {', '.join(failed)}", allow_retries=False)

        @dg.job(name="paceflow_ingest")
        def paceflow_ingest() -> None:
            bring_up_to_date()

        paceflow_ingest.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)


def notes(workshop: Workshop, repository: str) -> list[str]:
    """Why git could not read a checkout of the repository, one line each."""
    if repository == ALL:
        return []
    return list(workshop.look(repository, now_ms()).broken.values())


def noted(settings: Settings, error: BaseException) -> str:
    """Keep a fault of ours for a report, in a private file; the text that says where."""
    path = settings.paceflow_home / "log" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() // 1000 % 1_000_000:06d}.txt"
    write_private(path, "".join(traceback.format_exception(error)).encode())
    return f"this is a fault of paceflow ({type(error).__name__}), told in {path}; please report it"
