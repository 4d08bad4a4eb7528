"""`paceflow rules`: what is believed, and what another belief would change.

What lives here: show, presets, explain, diff. What stays out: reading rules (runtime/rules), computing with others
(runtime/trial), and how it looks (report).
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from paceflow_assets.report.rows import plain_table
from paceflow_assets.report.rule_table import rule_explained, rules_table
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import DEFAULT, Rules, nearest, preset_text, presets, rule_modules, rules
from paceflow_assets.runtime.rules_file import assignments, edited
from paceflow_assets.runtime.ruleset import adopt, differences, rules_of
from paceflow_assets.runtime.settings import Settings, write_private

if TYPE_CHECKING:
    from paceflow_assets.runtime.trial import Difference


def show(where: Settings, asked: argparse.Namespace) -> int:
    """Every parameter with its value and where that comes from."""
    effective = rules(asked.preset or where.rules_source)
    sections = [_known(asked.rule)] if asked.rule else list(rule_modules())
    Console().print(rules_table(effective, sections))
    print(f"\nrules: {asked.preset or told_source(where)}")
    print("`paceflow rules explain RULE` tells what a rule claims, how it decides and when it is wrong")
    return 0


def show_presets(where: Settings, asked: argparse.Namespace) -> int:
    """The presets, and how far each is from the defaults."""
    table = plain_table()
    for title in ("preset", "differs from default in", "is"):
        table.add_column(title, overflow="fold")
    for name in presets():
        count = len(differences(rules().values, rules(name).values))
        table.add_row(
            Text(name), f"{count} parameter{'s' if count > 1 else ''}" if count else "–", Text(_first_words(preset_text(name)))
        )
    Console().print(table)
    print(f'\nin force: {told_source(where)}; to take another: preset = "NAME" as first line of {where.rules_file}')
    return 0


def explain(where: Settings, asked: argparse.Namespace) -> int:
    """One rule in full."""
    from paceflow_assets.runtime.fingerprint import takes_part
    from paceflow_assets.runtime.table import below, tables

    name = _known(asked.rule)
    readers = [made.name for made in tables().values() if made.sql is None and takes_part(name, (made.module, *made.also))]
    Console().print(rule_explained(name, rule_modules()[name], rules(where.rules_source), readers, below(readers)))
    return 0


def diff(where: Settings, asked: argparse.Namespace) -> int:
    """Compute aside what other rules would change, and tell it; with --apply, keep the rules and the tables."""
    from paceflow_assets.report.rule_diff import difference_shown, difference_told
    from paceflow_assets.runtime.catalog import headline, headline_rates
    from paceflow_assets.runtime.partitions import ALL
    from paceflow_assets.runtime.trial import take_over, trial

    assigned = assignments(asked.set or ())
    before, after = _computed_with(where), _wanted(where, asked.preset, assigned)
    target = _file_to_write(where) if asked.apply else None
    repositories = _stored(where, asked.repository)
    _tell_stale(where, before, repositories, is_asked=bool(asked.preset or asked.set))
    compared = repositories if asked.repository else [*repositories, ALL]
    with trial(where, after, compared) as aside:
        _compute(aside, repositories, asked.jobs)
        tables = _differences(where, aside, compared, asked.parquet)
        changes = differences(before.values, after.values)
        old, new = (headline(home, asked.repository) for home in (where, aside))
        if asked.json:
            print(json.dumps(difference_told(changes, old, new, tables), default=str))
        else:
            Console().print(difference_shown(changes, headline_rates(), old, new, tables))
        if target is None:
            return 0
        _keep_rules(target, asked.preset, assigned, after)
        adopt(where, after)
        take_over(where, aside, compared)
    print(f"\nkept the rules in {target}, and the tables", file=sys.stderr)
    from paceflow_assets.command.ingest import bring_up_to_date
    from paceflow_assets.runtime.ingest import default_jobs

    return bring_up_to_date(where, [], asked.jobs or default_jobs(), time.perf_counter())


def _computed_with(where: Settings) -> Rules:
    found = rules_of(where)
    if found is None:
        raise RulesError("there are no tables yet; nothing was compared; run `paceflow ingest` first")
    return found


def _wanted(where: Settings, preset: str | None, assigned: str) -> Rules:
    """The rules to try: a preset or those in force, with what is set on the command line."""
    if preset is not None and preset not in presets():
        raise RulesError(f"--preset {preset}: no such preset{nearest(preset, presets())}; nothing ran")
    return rules(preset or where.rules_source).with_text(assigned, "--set", "--set")


def _file_to_write(where: Settings) -> Path:
    if where.rules_choice in presets():
        raise RulesError(
            f"PACEFLOW_RULES={where.rules_choice}: is a preset, which cannot be written; nothing ran; "
            f"unset it to keep rules in {where.rules_file}"
        )
    return Path(where.rules_choice) if where.rules_choice else where.rules_file


def _stored(where: Settings, only: str | None) -> list[str]:
    from paceflow_assets.runtime.warehouse import Warehouse

    known = Warehouse(where).repositories("metadata_repositories")
    if only is None:
        return known
    if only not in known:
        raise RulesError(f"--repository {only}: no such repository{nearest(only, known)}; nothing was compared")
    return [only]


def _tell_stale(where: Settings, before: Rules, repositories: Sequence[str], *, is_asked: bool) -> None:
    """What is stale already would be counted as a change of the rules that are tried: it is told; raw has to be read first."""
    from paceflow_assets.runtime.catalog import calculator
    from paceflow_assets.runtime.compute import Workshop
    from paceflow_assets.runtime.plan import stale_steps
    from paceflow_assets.runtime.table import tables
    from paceflow_assets.runtime.warehouse import Warehouse

    workshop = Workshop(where, before, calculator(), Warehouse(where))
    steps = [step for repository in repositories for step in stale_steps(workshop, repository)]
    for step in steps:
        if tables()[step.table].layer == "raw":
            raise RulesError(
                f"{step.table} of {step.repository} is out of date ({step.reason}); nothing was compared; "
                "run `paceflow ingest` first"
            )
    if steps and is_asked:
        print(
            f"paceflow: {len(steps)} tables are stale already (first: {steps[0].table}, {steps[0].reason}); what that changes "
            "is counted too; `paceflow ingest` first tells it apart",
            file=sys.stderr,
        )


def _compute(aside: Settings, repositories: Sequence[str], jobs: int | None) -> None:
    """Compute the trial's stale tables in worker processes; the first failure ends it."""
    from rich.progress import Progress

    from paceflow_assets.runtime.ingest import default_jobs
    from paceflow_assets.runtime.worker import Outcome
    from paceflow_assets.runtime.workers import Workers

    console = Console(stderr=True)
    with (
        Workers(aside, jobs or default_jobs()) as workers,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("computing aside", total=len(repositories) + 1)
        workers.begin(repositories, len(repositories))
        for result in workers.results():
            if isinstance(result, Outcome):
                progress.advance(task)
                if result.failures:
                    raise RulesError(f"{'; '.join(result.failures)}; nothing was compared")


def _differences(where: Settings, aside: Settings, compared: Sequence[str], parquet: Path | None) -> "list[Difference]":
    """How many rows differ, table by table; the rows themselves go to a folder, if one is named."""
    from paceflow_assets.runtime.table import tables
    from paceflow_assets.runtime.trial import changed_rows, counted, differing

    found = []
    for name, repositories in differing(where, aside, compared).items():
        rows = changed_rows(where, aside, tables()[name], repositories)
        found.append(counted(where, tables()[name], rows, compared))
        if parquet is not None:
            try:
                parquet.mkdir(parents=True, exist_ok=True)
                rows.write_parquet(parquet / f"{name}.parquet")
            except OSError as error:
                raise RulesError(f"{parquet}: cannot be written ({error.strerror}); name another folder") from error
    return found


def _keep_rules(target: Path, preset: str | None, assigned: str, wanted: Rules) -> None:
    """Write what was tried into the user's file; what stood there stays beside it as `*.previous`."""
    text = target.read_text("utf-8") if target.exists() else ""
    new = edited(text, preset, assigned)
    if rules().with_text(new, str(target)).fingerprint != wanted.fingerprint:
        raise RulesError(f"{target}: would not say what was tried; nothing was kept; edit it by hand")
    if new != text:
        if text:
            write_private(target.with_name(target.name + ".previous"), text.encode())
        write_private(target, new.encode())


def told_source(where: Settings) -> str:
    """Where the rules come from, as people read it."""
    if where.rules_choice:
        return f"PACEFLOW_RULES={where.rules_choice}"
    return where.rules_source or DEFAULT


def _known(name: str) -> str:
    if name not in rule_modules():
        raise RulesError(f"{name}: no such rule{nearest(name, rule_modules())}; nothing was shown; see `paceflow rules show`")
    return name


def _first_words(text: str) -> str:
    """The first paragraph of a preset's comment."""
    first = text.partition("\n#\n")[0]
    return " ".join(line.removeprefix("#").strip() for line in first.split("\n")) or "what we believe is right"
