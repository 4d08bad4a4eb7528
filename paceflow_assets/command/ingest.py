"""`paceflow ingest`: bring every table up to date, or tell what that would be.

What lives here: progress, the summary, the plan. What stays out: everything that computes; heavy modules are imported when they
are needed, so that an ingest that finds nothing to do ends at once.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from paceflow_assets.runtime.errors import PaceflowError, WarehouseError
from paceflow_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from paceflow_assets.runtime.discovery import Discovery


def run(where: Settings, asked: argparse.Namespace) -> int:
    """Bring every repository, or those asked for, up to date; or tell what that would be."""
    from paceflow_assets.runtime import ingest

    if asked.plan:
        return plan(where, asked.repository or [], as_json=asked.json)
    started = time.perf_counter()
    known = None if asked.repository else ingest.unchanged(where, time.time_ns() // 1_000_000)
    if known is not None:
        _show(known.summary, time.perf_counter() - started)
        print("nothing changed since the last ingest")
        return 0
    return bring_up_to_date(where, asked.repository or [], asked.jobs or ingest.default_jobs(), started)


def plan(where: Settings, only: Sequence[str], *, as_json: bool) -> int:
    """Tell what an ingest would compute, and why, and what may follow. Logs are looked at, and nothing else is done."""
    from rich.console import Console

    from paceflow_assets.report.plan_table import plan_lines, plan_shown
    from paceflow_assets.runtime import ingest
    from paceflow_assets.runtime.plan import planned
    from paceflow_assets.runtime.ruleset import changes
    from paceflow_assets.runtime.worker import workshop_of

    found = ingest.found(where, lambda done, total: None, 1)
    if not found.repositories:
        return _no_logs(where)
    workshop = workshop_of(where)
    would = planned(workshop, found, _chosen(only, found))
    if as_json:
        print("\n".join(plan_lines(would)))
    else:
        Console().print(plan_shown(would, changes(where, workshop.rules)))
    return 0


def bring_up_to_date(where: Settings, only: Sequence[str], jobs: int, started: float) -> int:
    """Look around, compute what is stale or changed, tell Dagster, print the summary. only: repositories; none = all."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from paceflow_assets.runtime import ingest
    from paceflow_assets.runtime.loading import loading
    from paceflow_assets.runtime.rules import rules
    from paceflow_assets.runtime.ruleset import adopt
    from paceflow_assets.runtime.workers import Workers

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    outcomes: list = []
    with (
        Workers(where, jobs) as workers,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("reading logs", total=None)
        found = ingest.found(where, lambda done, total: progress.update(task, completed=done, total=total), jobs)
        if not found.repositories:
            return _no_logs(where)
        chosen = _chosen(only, found)
        for warning in found.warnings:
            print(f"paceflow: {warning}", file=sys.stderr)
        for change in adopt(where, rules(where.rules_source)):
            told = f"rule changed: {change}; what depends on it is computed again"
            console.print(told, highlight=False, markup=False, soft_wrap=True)
        workers.begin(chosen, len(found.changed))
        progress.update(task, description="computing", completed=0, total=len(chosen) + 1)

        def noticed(results: Iterator) -> Iterator:
            for result in results:
                if hasattr(result, "table"):
                    progress.update(task, description=f"computing {_shortened(result.repository)} {result.table}")
                else:
                    outcomes.append(result)
                    progress.advance(task)
                yield result

        def report(results: Iterator) -> tuple[str, str]:
            with loading():  # while the workers compute
                from paceflow_assets.runtime.catalog import write_catalog
                from paceflow_assets.runtime.reporting import report

                warning = write_catalog(where)  # soonest with few files in the warehouse: DuckDB looks into each
            return warning, report(where, noticed(results), found.repositories)

        warning, untold = workers.taken(report)
    return _finish(where, outcomes, warning, untold, said=found.inventory.said, whole=not only, started=started)


def _finish(
    where: Settings, outcomes: Sequence, warning: str, untold: str, *, said: Sequence[str], whole: bool, started: float
) -> int:
    from paceflow_assets.runtime import ingest
    from paceflow_assets.runtime.catalog import ingest_summary
    from paceflow_assets.runtime.partitions import ALL
    from paceflow_assets.runtime.upkeep import pressing

    failed = [outcome for outcome in outcomes if outcome.failures]
    told = list(dict.fromkeys(line for outcome in failed for line in outcome.failures))
    if failed:
        count = sum(outcome.repository != ALL for outcome in failed)
        told.append(f"{count} of {len(outcomes) - 1} repositories failed; the others are up to date")
    if untold:
        told.append(untold)
    findings = [line for outcome in outcomes for line in pressing(outcome.findings)]
    rows = []
    try:
        rows = ingest_summary(where)
    except WarehouseError as error:
        told.append(str(error))
    seconds = {outcome.repository: outcome.seconds for outcome in outcomes if outcome.built}
    _show([{**row, "seconds": seconds.get(row["repository"])} for row in rows], time.perf_counter() - started)
    if not where.dagster_home_is_set:
        print(f"to see it in the Dagster UI: export DAGSTER_HOME={where.dagster_home}")
    new = [line for line in findings if line not in said]
    for line in (*new, *([warning] if warning else ()), *told):
        print(f"paceflow: {line}", file=sys.stderr)
    if whole and not told:
        ingest.remember_done(where, [{**row, "seconds": None} for row in rows], findings)
    return 1 if told else 0


def _show(rows: Sequence[dict], seconds: float) -> None:
    from rich.console import Console

    from paceflow_assets.report.summary import summary_table

    console = Console()
    console.print(summary_table(rows, seconds, console.width))


def _shortened(repository: str) -> str:
    return repository if len(repository) <= 30 else f"…{repository[-29:]}"


def _chosen(only: Sequence[str], found: "Discovery") -> list[str]:
    """The repositories to work on, changed ones first: all, or those asked for."""
    from difflib import get_close_matches

    for key in only:
        if key not in found.repositories:
            near = get_close_matches(key, found.repositories, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(found.repositories[:10])}"
            raise PaceflowError(f"--repository {key}: no such repository; nothing was computed; {hint}")
    return sorted(only or found.repositories, key=lambda key: key not in found.changed)


def _no_logs(where: Settings) -> int:
    from paceflow_assets.source import PROVIDERS

    print("no session logs found. Looked in:")
    for provider in PROVIDERS.values():
        for root in provider.roots(where.home, where.env):
            print(f"  {root}")
    print("`paceflow demo` shows what paceflow does, on a sample home of its own.")
    return 0
