"""The `paceflow` command.

What lives here: arguments, progress, what is printed, exit codes.
What belongs here: the terminal. What stays out: everything that computes; heavy modules are imported when they are needed,
so that an ingest that finds nothing to do ends at once.

Exit codes: 0 all is well, 1 something failed (what, why and what to do stands on stderr), 2 wrong arguments.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from paceflow_assets.runtime.errors import PaceflowError, WarehouseError
from paceflow_assets.runtime.settings import Settings, settings
from paceflow_assets.source.git import GitError

if TYPE_CHECKING:
    from paceflow_assets.runtime.discovery import Discovery


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    asked = parser().parse_args(arguments)
    os.umask(0o077)  # what Dagster writes is the user's alone, too
    try:
        return asked.run(settings(), asked)
    except (PaceflowError, GitError) as error:
        print(f"paceflow: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("paceflow: stopped; what was computed stays, the next ingest goes on from there", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:  # a fault of ours: told, not shown
        from paceflow_assets.runtime.faults import noted

        print(f"paceflow: {noted(settings(), error)}", file=sys.stderr)
        return 1


class _Version(argparse.Action):
    """Prints the version; it is looked up only then, because that takes a tenth of a quick ingest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"paceflow {version('paceflow-assets')}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="paceflow", description="AI coding sessions and git history as engineering analytics, on your own machine."
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    commands = top.add_subparsers(required=True, metavar="command")

    ingest = commands.add_parser("ingest", help="bring every table up to date with the logs and repositories")
    ingest.add_argument("--repository", action="append", metavar="K", help="only this repository; may be given again")
    ingest.add_argument("--jobs", type=_positive, metavar="N", help="processes that compute; default: one per processor")
    ingest.set_defaults(run=_ingest)

    demo = commands.add_parser("demo", help="build a small sample home, ingest it and show the tables")
    demo.set_defaults(run=_demo)

    init = commands.add_parser("init", help="write a .env for `dagster dev` in this checkout")
    init.set_defaults(run=_init)

    forget = commands.add_parser("forget", help="delete sessions or a repository for good")
    what = forget.add_mutually_exclusive_group(required=True)
    what.add_argument("--session", metavar="ID", help="this session")
    what.add_argument("--repository", metavar="K", help="this repository and the sessions at home in it")
    what.add_argument("--before", metavar="DATE", type=_date, help="sessions that ended before this day (UTC, 2026-01-31)")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    forget.set_defaults(run=_forget)

    repository = commands.add_parser("repository", help="the keys of repositories")
    actions = repository.add_subparsers(required=True, metavar="action")
    merge = actions.add_parser("merge", help="unite what is stored under two keys")
    merge.add_argument("old", help="key that goes")
    merge.add_argument("new", help="key that stays")
    merge.set_defaults(run=_merge)
    return top


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def _date(text: str) -> str:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day like 2026-01-31, not {text!r}") from None


def _ingest(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.runtime import ingest

    started = time.perf_counter()
    known = None if asked.repository else ingest.unchanged(where, time.time_ns() // 1_000_000)
    if known is not None:
        _show(known.summary, time.perf_counter() - started)
        print("nothing changed since the last ingest")
        return 0
    return _bring_up_to_date(where, asked.repository or [], asked.jobs or ingest.default_jobs(), started)


def _bring_up_to_date(where: Settings, only: Sequence[str], jobs: int, started: float) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from paceflow_assets.runtime import ingest
    from paceflow_assets.runtime.loading import loading
    from paceflow_assets.runtime.rules import rules
    from paceflow_assets.runtime.ruleset import changes
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
        for line in changes(where, rules(where.rules_source)):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
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
    told = [line for outcome in failed for line in outcome.failures]
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


def _demo(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.demo import demo

    return demo(lambda home, started: _bring_up_to_date(home, [], 1, started))


def _init(where: Settings, asked: argparse.Namespace) -> int:
    from pathlib import Path

    from paceflow_assets.runtime.dagster_home import prepare

    env = Path(".env")
    if not Path("workspace.yaml").exists():
        raise PaceflowError("workspace.yaml: not here; nothing was written; run `paceflow init` in a checkout of paceflow")
    present = env.read_text() if env.exists() else ""
    named = {line.partition("=")[0].strip().removeprefix("export ") for line in present.split("\n")}
    wanted = {"DAGSTER_HOME": where.dagster_home.absolute(), "PACEFLOW_HOME": where.paceflow_home}
    added = [f"{name}={value}\n" for name, value in wanted.items() if name not in named]
    prepare(where)
    env.write_text(present + ("" if present.endswith("\n") or not present else "\n") + "".join(added))
    print("".join(added).rstrip() or "nothing to add", "→ .env")
    return 0


def _forget(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.runtime.compute import now_ms
    from paceflow_assets.runtime.forget import doomed, forget
    from paceflow_assets.runtime.forgotten import Tombstone

    kind = "session" if asked.session else "repository" if asked.repository else "before"
    meant = asked.session or asked.repository or asked.before
    what = doomed(where, Tombstone(kind, meant, now_ms()))
    told = f"{len(what.sessions)} sessions in {len(what.repositories)} repositories"
    if not asked.yes:
        if what.sessions or what.repositories:
            print(f"deletes {told} from raw and every table below; a later ingest will not bring them back.")
        else:
            print(f"{meant}: nothing of it is stored; a later ingest will not store it either.")
        if input("forget? [y/N] ").strip().lower() not in ("y", "yes"):
            print("nothing was deleted")
            return 1
    forget(where, what)
    print(f"forgot {told}")
    return _bring_up_to_date(where, [], 1, time.perf_counter())


def _merge(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.runtime.discovery import merge

    merge(where, asked.old, asked.new)
    print(f"{asked.old} is {asked.new} now")
    return _bring_up_to_date(where, [], 1, time.perf_counter())


if __name__ == "__main__":
    sys.exit(main())
