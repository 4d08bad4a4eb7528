"""The `paceflow` command.

What lives here: arguments, progress, what is printed, exit codes.
What belongs here: the terminal. What stays out: everything that computes; heavy modules are imported when they are needed,
so that an ingest that finds nothing to do ends at once.

Exit codes: 0 all is well, 1 something failed (what, why and what to do stands on stderr), 2 wrong arguments.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.settings import Settings, settings
from paceflow_assets.source.git import GitError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    asked = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no such letter shows a mark
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
    ingest.add_argument("--plan", action="store_true", help="tell what would be computed, and why; compute nothing")
    ingest.add_argument("--json", action="store_true", help="with --plan: a JSON object per table and repository")
    ingest.set_defaults(run=_later("ingest", "run"))

    _add_rules(commands)
    _add_explain(commands)
    _add_figures(commands)
    _add_event_stream(commands)
    _add_report(commands)

    query = commands.add_parser("sql", help="ask every table in SQL, read-only; without a query: which tables there are")
    query.add_argument("query", nargs="?", metavar="QUERY", help="one select, over the tables, views and macros by name")
    _add_formats(query)
    query.set_defaults(run=_later("query", "run"))

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


def _add_rules(commands: "argparse._SubParsersAction") -> None:
    family = commands.add_parser("rules", help="what is believed, and what another belief would change")
    actions = family.add_subparsers(required=True, metavar="action")

    show = actions.add_parser("show", help="every parameter, its value, and where that comes from")
    show.add_argument("rule", nargs="?", help="only this rule")
    show.add_argument("--preset", metavar="P", help="as this preset has them")
    show.set_defaults(run=_later("rules", "show"))

    actions.add_parser("presets", help="named sets of values").set_defaults(run=_later("rules", "show_presets"))

    explain = actions.add_parser("explain", help="what a rule claims, how it decides, when it is wrong")
    explain.add_argument("rule")
    explain.set_defaults(run=_later("rules", "explain"))

    diff = actions.add_parser("diff", help="what other rules would change; without options: those in force, not ingested yet")
    diff.add_argument("--preset", metavar="P", help="try this preset")
    diff.add_argument("--set", action="append", metavar="RULE.PARAMETER=VALUE", help="try this value; may be given again")
    diff.add_argument("--repository", metavar="K", help="only this repository")
    diff.add_argument("--parquet", metavar="FOLDER", type=Path, help="write the rows that differ, a file per table")
    diff.add_argument("--json", action="store_true", help="one JSON object")
    diff.add_argument("--jobs", type=_positive, metavar="N", help="processes that compute; default: one per processor")
    diff.add_argument("--apply", action="store_true", help="keep the rules in rules.toml, and the tables")
    diff.set_defaults(run=_later("rules", "diff"))


def _add_explain(commands: "argparse._SubParsersAction") -> None:
    family = commands.add_parser("explain", help="why the numbers of a commit or session are what they are")
    actions = family.add_subparsers(required=True, metavar="what")
    for name, argument, meaning in (
        ("commit", "sha", "the facts and rules behind each flag of a commit"),
        ("session", "id", "the facts and rules behind each flag of a session"),
    ):
        action = actions.add_parser(name, help=meaning)
        action.add_argument(argument, metavar=argument.upper(), help="its beginning is enough, from 4 characters")
        action.add_argument("--repository", metavar="K", help="as it stands in this repository")
        action.add_argument("--json", action="store_true", help="as JSON, with every row")
        action.set_defaults(run=_later("explain", name))
        if name == "commit":
            action.add_argument("--diff", action="store_true", help="each line with who wrote it, however long the diff is")


def _add_figures(commands: "argparse._SubParsersAction") -> None:
    for name, aliases, meaning in (
        ("session", (), "how sessions went: prompts, first change, debug loops, error pastes, commits"),
        ("delivery", (), "commits, which of them are AI's, and what reached the main line"),
        ("quality", (), "whether it held up: churn, bugs, reverts"),
        ("tasks", ("task-stats",), "sessions and commits, task by task"),
        ("stats", (), "sessions, delivery and quality, all together"),
    ):
        action = commands.add_parser(name, aliases=aliases, help=meaning)
        action.set_defaults(run=_later("figures", name), weekly=False, overall=False, group_by=None, limit=50)
        if name != "stats":
            action.add_argument("--weekly", action="store_true", help="week by week")
            action.add_argument(
                "--limit", type=_positive, default=50, metavar="N", help="groups at most, those with most first"
            )
        if name in ("session", "delivery", "quality"):
            groups = action.add_mutually_exclusive_group()
            dimensions = ("repository", "provider", "model", "task", "branch")
            groups.add_argument("--group-by", choices=dimensions, help="one row per what; default: model")
            groups.add_argument("--overall", action="store_true", help="all together")
        if name == "session":
            groups.add_argument("--list-sessions", action="store_true", help="the sessions themselves, last active first")
        _add_filters(action)
        _add_formats(action)


def _add_event_stream(commands: "argparse._SubParsersAction") -> None:
    stream = commands.add_parser("event-stream", help="what happened, one JSON object per line")
    stream.add_argument("--category", choices=("session", "delivery", "quality", "all"), default="all")
    streams = ("session-base", "task-session-base", "change-base", "commit-session-base", "task-commit-base", "all")
    stream.add_argument("--stream", choices=streams, default="all", help="one stream, whatever the category")
    stream.add_argument("--limit", type=_positive, metavar="N", help="only so many, the earliest")
    stream.add_argument("--pretty", action="store_true", help="indented, with a blank line between")
    _add_filters(stream)
    stream.set_defaults(run=_later("event_stream", "run"), weekly=False)


def _add_report(commands: "argparse._SubParsersAction") -> None:
    report = commands.add_parser("report", help="all of it as one HTML page, for a browser or to hand on")
    report.add_argument("--out", metavar="FILE", type=Path, help="write the page here; default: report.html in PACEFLOW_HOME")
    report.add_argument("--open", action="store_true", help="open it in the browser")
    _add_place(report)
    unlimited = dict.fromkeys(("first_day", "last_day", "provider", "model", "task", "branch"))
    report.set_defaults(run=_later("report", "run"), weekly=False, limit=1, **unlimited)


def _add_place(action: argparse.ArgumentParser) -> None:
    place = action.add_mutually_exclusive_group()
    place.add_argument("--repository", metavar="K", help="only this repository; default: the one you are in")
    place.add_argument("--all-projects", action="store_true", help="every repository")


def _add_filters(action: argparse.ArgumentParser) -> None:
    _add_place(action)
    action.add_argument("--from", dest="first_day", metavar="DATE", type=_date, help="from this day on (UTC, 2026-01-31)")
    action.add_argument("--to", dest="last_day", metavar="DATE", type=_date, help="to this day, included")
    for name in ("provider", "model", "task", "branch"):
        action.add_argument(f"--{name}", metavar=name.upper(), help=f"only this {name}")


def _add_formats(action: argparse.ArgumentParser) -> None:
    form = action.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object, with intervals and what the numbers stand on")
    form.add_argument("--csv", action="store_true", help="the rows as CSV")
    form.add_argument("--parquet", metavar="FILE", type=Path, help="write the rows as Parquet")


def _later(module: str, name: str) -> Callable[[Settings, argparse.Namespace], int]:
    """A command whose module is imported when it runs."""

    def run(where: Settings, asked: argparse.Namespace) -> int:
        from importlib import import_module

        return getattr(import_module(f"paceflow_assets.command.{module}"), name)(where, asked)

    return run


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


def _demo(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.command.ingest import bring_up_to_date
    from paceflow_assets.demo import demo

    return demo(lambda home, started: bring_up_to_date(home, [], 1, started))


def _init(where: Settings, asked: argparse.Namespace) -> int:
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
    from paceflow_assets.command.ingest import bring_up_to_date
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
    return bring_up_to_date(where, [], 1, time.perf_counter())


def _merge(where: Settings, asked: argparse.Namespace) -> int:
    from paceflow_assets.command.ingest import bring_up_to_date
    from paceflow_assets.runtime.discovery import merge

    merge(where, asked.old, asked.new)
    print(f"{asked.old} is {asked.new} now")
    return bring_up_to_date(where, [], 1, time.perf_counter())


if __name__ == "__main__":
    sys.exit(main())
