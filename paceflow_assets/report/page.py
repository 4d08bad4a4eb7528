"""Page: everything that the reports tell, as one HTML page that needs nothing but itself.

What lives here: which numbers, charts and tables stand on the page, the words around them, and what is said where there is
nothing. What belongs here: rows of sql/report into text. What stays out: arithmetic (sql/), marks and axes (charts), how it
looks (page.html.jinja).

Names of models, branches, tasks and repositories come from outside: the template escapes them, and what is not printable is
replaced before.
"""

import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from paceflow_assets.report.figures import (
    BUGS,
    CHURN,
    HEAVY,
    MAINLINE,
    NOTHING,
    PEOPLE,
    PROMPTS,
    REVERTS,
    SZZ,
    TO_COMMIT,
    UNKNOWN,
    Figure,
    status,
)
from paceflow_assets.report.page_charts import compared_charts, survival_chart, weekly_charts, writers
from paceflow_assets.report.page_text import INGEST, MARK, Row, Table, amount, fraction, percent, printable, rate_cell
from paceflow_assets.report.trust_line import trust_told
from paceflow_assets.runtime.ruleset import told_choice
from paceflow_assets.runtime.trust import Trust

TASKS = 50


class Found(NamedTuple):
    """Rows of sql/report that a page is made of. whole: a report -> one row, and one of people; by_model: a row per model."""

    whole: Mapping[str, Sequence[Row]]
    lines: Row
    by_model: Mapping[str, Sequence[Row]]
    weekly_delivery: Sequence[Row]
    weekly_quality: Sequence[Row]
    survival: Sequence[Row]
    tasks: Sequence[Row]
    sessions: Sequence[Row]
    counts: Row


class Tile(NamedTuple):
    """One number of the first row. parts: its numerator and denominator; people: the same number of people."""

    title: str
    value: str
    parts: str
    people: str = ""
    status: str = ""


class Session(NamedTuple):
    """A session worth a look. place: its model and repository; command: what tells more of it."""

    title: str
    place: str
    reasons: Sequence[str]
    facts: str
    command: str


def page(found: Found, known: Trust, repository: str | None) -> str:
    """The page of one repository, or of all."""
    names = writers([*found.by_model["delivery"], *found.weekly_delivery, *found.by_model["session"]])
    return _template().render(
        scope=printable(repository or "All repositories"),
        as_of=_as_of(found.counts, known),
        warning=printable(known.warning),
        is_empty=False,
        tiles=tiles(found),
        weekly=weekly_charts(found.weekly_delivery, found.weekly_quality, names),
        compared=compared_charts(found.by_model, names),
        models=models_table(found.by_model["session"], found.by_model["delivery"]),
        survival=survival_chart(found.survival),
        tasks=tasks_table(found.tasks),
        tasks_told=tasks_told(found.tasks),
        sessions=[session(row) for row in found.sessions],
        sessions_told=sessions_told(found),
        trust=trust_rows(found.counts, known, repository),
        few_mark=MARK.strip("\u00a0"),
    )


def empty_page(repository: str | None) -> str:
    """A page that says that nothing is stored yet, and which commands change that."""
    return _template().render(scope=printable(repository or "All repositories"), as_of="", warning="", is_empty=True)


@cache
def _template() -> Any:
    made = Environment(
        loader=PackageLoader("paceflow_assets.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["coded"] = coded
    return made.get_template("page.html.jinja")


def coded(text: str) -> Markup:
    """A text as markup, what stands between two ` as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(text.split("`"))
    )


def tiles(found: Found) -> list[Tile]:
    """The numbers to begin with."""
    session, _ = _both(found.whole["session"])
    delivery, people_delivery = _both(found.whole["delivery"])
    quality, people_quality = _both(found.whole["quality"])
    lines = found.lines
    counted = [
        Tile("sessions", amount(session.get("session_count", 0)), f"{_number(PROMPTS, session)} prompts per session"),
        Tile("commits", amount(delivery.get("commit_count", 0)), f"{amount(delivery.get('heavy_count', 0))} heavy AI commits"),
        Tile(
            "lines explained by sessions",
            percent(lines["ai_share_of_lines"]),
            f"{amount(lines['matched_lines'] or 0)} of {amount(lines['changed_lines'])} changed lines",
        ),
    ]
    rates = [(MAINLINE, delivery, people_delivery), *((each, quality, people_quality) for each in (CHURN, BUGS, SZZ, REVERTS))]
    return [*counted, *(_tile(*rate) for rate in rates), _tile(TO_COMMIT, session, {})]


def _tile(figure: Figure, row: Row, people: Row) -> Tile:
    told = status(figure, row.get(figure.name))
    known = people.get(figure.name) is not None
    return Tile(
        figure.title,
        percent(row.get(figure.name)) + (MARK if row.get("is_few") else ""),
        fraction(figure, row),
        f"{PEOPLE} {percent(people[figure.name])} ({fraction(figure, people)})" if known else "",
        "" if told == UNKNOWN else told,
    )


def models_table(by_session: Sequence[Row], by_commit: Sequence[Row]) -> Table | None:
    """Every model in one line: sessions, commits, lines; people last."""
    sessions = {row["model_name"]: row for row in by_session}
    commits = {row["model_name"]: row for row in by_commit}
    lines = []
    for name in dict.fromkeys([*(name for name, row in commits.items() if not row["is_baseline"]), *sessions, *commits]):
        session, delivery = sessions.get(name, {}), commits.get(name, {})
        is_people = bool(delivery.get("is_baseline"))
        lines.append(
            [
                PEOPLE if is_people else printable(name),
                NOTHING if is_people else amount(session.get("session_count", 0)),
                amount(delivery.get("commit_count", 0)),
                NOTHING if is_people else rate_cell(HEAVY, delivery),
                rate_cell(MAINLINE, delivery),
                f"+{amount(delivery.get('total_added', 0))} −{amount(delivery.get('total_removed', 0))}",
            ]
        )
    heads = ["model", "sessions", "commits", "heavy AI", "main line", "lines of the commits"]
    return Table("Models: sessions and commits", heads, lines) if lines else None


def tasks_table(rows: Sequence[Row]) -> Table | None:
    """Tasks, in natural order."""
    heads = ["task", "sessions", "commits", "heavy AI", "main line", "lines"]
    lines = [
        [
            printable(row["task_key"]) + (MARK if row["is_few"] else ""),
            amount(row["session_count"]),
            amount(row["commit_count"]),
            rate_cell(HEAVY, row),
            rate_cell(MAINLINE, row),
            f"+{amount(row['total_added'])} −{amount(row['total_removed'])}",
        ]
        for row in rows
    ]
    return Table("Tasks: sessions and commits", heads, lines) if lines else None


def tasks_told(rows: Sequence[Row]) -> str:
    """Which tasks the table has."""
    more = max((row["group_rank"] for row in rows), default=0) >= TASKS
    which = f"The {TASKS} tasks with most commits; `paceflow tasks --limit N` shows more." if more else "Every task."
    return (
        f"{which} A session counts in each task whose commits hold its lines. (no task): commits on branches without a ticket."
    )


def session(row: Row) -> Session:
    """A session, and in words why it is worth a look."""
    reasons = [
        *(["The same error came back again and again: a debug loop."] if row["is_loop"] else []),
        *(["An error was pasted after work had begun."] if row["is_paste"] else []),
        *(["No change of lines was applied: no output."] if row["is_without_output"] else []),
    ]
    count = row["user_turn_count"]
    lines = f", {amount(row['total_added'] or 0)} lines added, {amount(row['total_removed'] or 0)} removed"
    after = "its lines were committed soon" if row["is_committed"] else "no commit of its lines followed soon"
    facts = f"{amount(count)} {'prompt' if count == 1 else 'prompts'}{'' if row['is_without_output'] else lines}; {after}"
    title = f"{row['started_at']:%Y-%m-%d %H:%M} UTC"
    place = f"{printable(row['model_name'])} in {printable(row['repository'])}"
    return Session(title, place, reasons, facts, f"paceflow explain session {shlex.quote(printable(row['session_id']))}")


def sessions_told(found: Found) -> str:
    """How many sessions are worth a look, or that there are none."""
    if found.sessions:
        first = found.sessions[0]
        shown = len(found.sessions)
        told = f"{amount(first['notable_count'])} of the last {amount(first['looked_count'])} sessions"
        return f"{told}; the {shown} with most to see." if shown < first["notable_count"] else f"{told}."
    if found.counts["session_count"]:
        return "None of the last sessions went in circles, was given an error or ended without a change."
    return f"No session is known yet. {INGEST}"


def trust_rows(counts: Row, known: Trust, repository: str | None) -> list[tuple[str, str, str]]:
    """Name, value, and what it means for the numbers."""
    sessions, commits = counts["session_count"], counts["commit_count"]
    changed = ", ".join(printable(each) for each in known.changed)
    places = [
        ("repositories", amount(counts["repository_count"]), "with a session or a commit"),
        (
            "sessions without a repository",
            f"{amount(counts['homeless_session_count'])} of {amount(sessions)}",
            "they count as sessions; none of their lines can be found in a commit",
        ),
    ]
    return [
        ("data as of", _as_of(counts, known) or "an unknown time", "the oldest repository's last look; " + INGEST),
        *([] if repository else places),
        *([("sessions", amount(sessions), "at home in this repository")] if repository else []),
        (
            "commits without a match",
            f"{amount(counts['unmatched_commit_count'])} of {amount(commits)}",
            "no session explains a line of them: people wrote them, or logs are missing",
        ),
        (
            "parse errors",
            amount(counts["parse_error_count"]),
            "records that could not be read and are left out; table raw_parse_error tells which",
        ),
        (
            "rules in force",
            printable(known.preset) + (f", {told_choice(known.choice)}" if known.choice else ""),
            f"changed: {changed}" if changed else "none changed; `paceflow rules show` tells each value",
        ),
    ]


def _as_of(counts: Row, known: Trust) -> str:
    told = trust_told(counts, known)["data_as_of"]
    return f"{told[:10]} {told[11:16]} UTC" if told else ""


def _both(rows: Sequence[Row]) -> tuple[Row, Row]:
    """The row of all, and that of people; empty where there is none."""
    mine = next((row for row in rows if not row.get("is_baseline")), {})
    return mine, next((row for row in rows if row.get("is_baseline")), {})


def _number(figure: Figure, row: Row) -> str:
    return NOTHING if row.get(figure.name) is None else f"{row[figure.name]:,.1f}"
