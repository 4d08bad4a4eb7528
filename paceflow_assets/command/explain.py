"""`paceflow explain`: why a commit's or a session's numbers are what they are.

What lives here: which one is meant, and in which form it is told. What stays out: reasons (explanation/), their look (report/).
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from paceflow_assets.explanation import commit as commits
from paceflow_assets.explanation import diff as diffs
from paceflow_assets.explanation import lookup
from paceflow_assets.explanation import session as sessions
from paceflow_assets.explanation.finding import Explanation
from paceflow_assets.explanation.lookup import Place
from paceflow_assets.explanation.stored import Stored, outdated
from paceflow_assets.report.diff import diff_lines
from paceflow_assets.report.explanation import explanation_lines, explanation_shown
from paceflow_assets.runtime.compute import Workshop
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.worker import workshop_of

SHORT_LINES = 60  # of a diff that is shown without being asked for: two screens with what stands before it


def commit(where: Settings, asked: argparse.Namespace) -> int:
    """One commit, in each repository that holds it, with its diff if that is short or asked for."""
    workshop = workshop_of(where)
    places = lookup.commits(workshop.warehouse, asked.sha, asked.repository)

    def explain(stored: Stored, place: Place) -> Explanation:
        longest = None if asked.diff or asked.json else SHORT_LINES
        return replace(commits.explain(stored, place.name), diff=diffs.explain(stored, place.name, longest=longest))

    return _told(workshop, places, explain, as_json=asked.json)


def session(where: Settings, asked: argparse.Namespace) -> int:
    """One session, in its home; in another repository if that is asked for."""
    workshop = workshop_of(where)
    home, *others = lookup.sessions(workshop.warehouse, asked.id, asked.repository)
    code = _told(
        workshop, [home], lambda stored, place: sessions.explain(stored, place.provider, place.name), as_json=asked.json
    )
    if others and not asked.json:
        also = ", ".join(place.repository for place in others)
        Console().print(Text(f"\nit also touches {also}; --repository K tells what it is there"))
    return code


def _told(
    workshop: Workshop, places: Sequence[Place], explain: Callable[[Stored, Place], Explanation], *, as_json: bool
) -> int:
    notes = {place.repository: outdated(workshop, place.repository) for place in places}
    told = [explain(Stored.of(workshop, place.repository), place) for place in places]
    if as_json:
        print(explanation_lines(told, notes))
        return 0
    console = Console()
    for number, each in enumerate(told):
        if number:
            console.print()
        note = notes[each.repository]
        if note:
            console.print(Text(f"{note}; this is what is stored; `paceflow ingest` brings it up to date", "yellow"))
        console.print(explanation_shown(each, console.width))
        if each.diff is not None:
            console.print()
            for line in diff_lines(each.diff, console.width if console.is_terminal else None):
                console.print(line, soft_wrap=True)
    return 0
