"""Page: all reports as one HTML file that needs nothing else: no script, no request.

What lives here: which charts and tables there are, and what is said of them. What belongs here: rows into text.
What stays out: arithmetic (sql/), how a chart is drawn (charts), how the page looks (page.html.jinja).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from paceflow_assets.report import charts, figures
from paceflow_assets.report.charts import Series
from paceflow_assets.report.figures import Figure

Row = Mapping[str, Any]
TEMPLATE = "page.html.jinja"
PEOPLE = figures.PEOPLE
HEADLINES = (figures.HEAVY, figures.MAINLINE, figures.CHURN, figures.BUGS, figures.SZZ, figures.REVERTS)
SESSION_HEADLINES = (figures.TO_COMMIT, figures.NO_OUTPUT, figures.LOOPS)
COMPARED = (figures.MAINLINE, figures.BUGS, figures.SZZ, figures.REVERTS)
SESSIONS_COMPARED = (figures.TO_COMMIT, figures.NO_OUTPUT, figures.LOOPS, figures.PASTES)
TOLD = {
    figures.HEAVY.name: "Sessions explain at least half of the changed lines. A commit of several models counts for each.",
    figures.MAINLINE.name: "Heavy AI commits that reached the main line, themselves or by squash or rebase.",
    figures.CHURN.name: "AI lines on the main line that were removed again within the window of rule churn.",
    figures.BUGS.name: "A later fix removed AI lines of the commit, by equal text. Not known of people.",
    figures.SZZ.name: "A later fix removed lines that git traces to the commit, in files that sessions changed.",
    figures.REVERTS.name: "Commits that were reverted.",
    figures.TO_COMMIT.name: "Sessions whose lines are in a commit made from their start to soon after their end.",
    figures.NO_OUTPUT.name: "Sessions without an applied change of lines.",
    figures.LOOPS.name: "Sessions that went round in a debug loop.",
    figures.PASTES.name: "Sessions in which an error was pasted after the first prompt.",
}
AGES = (0, 7, 14, 30, 60, 90)
WRITERS = {"ai": "AI lines", "human": "lines of people"}


class Found(NamedTuple):
    """Rows of sql/report. overall: session, delivery and quality, all groups together; by_model; weekly: by model and week."""

    overall: Mapping[str, Sequence[Row]]
    by_model: Mapping[str, Sequence[Row]]
    weekly: Mapping[str, Sequence[Row]]
    tasks: Sequence[Row]
    survival: Sequence[Row]
    notable: Sequence[Row]


class Table(NamedTuple):
    """Columns with their titles, and cells as text."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Card(NamedTuple):
    """One chart. told: what it shows; svg: '' = there is nothing to draw, why stands in `missing`; table: its numbers."""

    title: str
    told: str
    svg: str
    table: Table
    missing: str = ""


class Headline(NamedTuple):
    """One number. status: good, watch, risk or unavailable; beside: the same of people, '' = not known."""

    title: str
    value: str
    parts: str
    status: str
    beside: str


class Section(NamedTuple):
    """Charts under one heading, with a legend of what is compared."""

    name: str
    title: str
    told: str
    legend: Sequence[Series]
    cards: Sequence[Card]


def page(found: Found, *, place: str, days: str, trust: str, warning: str, made_at: dt.datetime) -> str:
    """The page as HTML. place: which repositories; days: which days, '' = all; trust: what the numbers stand on."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    models = series_by_model(found)
    return environment.get_template(TEMPLATE).render(
        place=place,
        days=days,
        made_at=made_at.strftime("%Y-%m-%d %H:%M UTC"),
        counts=counts(found),
        headlines=headlines(found),
        sections=[trends(found, models), comparison(found, models), lifetimes(found)],
        tasks=task_table(found.tasks),
        notable=[notable(row) for row in found.notable],
        trust=trust.split(" · "),
        warning=warning,
    )


def series_by_model(found: Found) -> dict[str, Series]:
    """The models in the order in which reports name them, and people: in every chart they look the same."""
    rows = [*found.weekly["delivery"], *found.by_model["delivery"], *found.by_model["session"]]
    ranked = sorted((row for row in rows if not row.get("is_baseline")), key=lambda row: row["group_rank"])
    return charts.series_of(list(dict.fromkeys(row["model_name"] for row in ranked)), PEOPLE)


def counts(found: Found) -> str:
    """How many sessions and commits, in words."""
    sessions = sum(row["session_count"] for row in found.overall["session"])
    commits = next((row["commit_count"] for row in found.overall["delivery"] if not row["is_baseline"]), 0)
    return f"{sessions:,} {'session' if sessions == 1 else 'sessions'}, {commits:,} {'commit' if commits == 1 else 'commits'}"


def headlines(found: Found) -> list[Headline]:
    """The numbers at the top, people's beside them."""
    told = []
    for report, some in (("delivery", HEADLINES[:2]), ("quality", HEADLINES[2:]), ("session", SESSION_HEADLINES)):
        rows = found.overall[report]
        own = next((row for row in rows if not row.get("is_baseline")), {})
        people = next((row for row in rows if row.get("is_baseline")), {})
        told += [headline(figure, own, {} if figure is figures.HEAVY else people) for figure in some]
    return told


def headline(figure: Figure, own: Row, people: Row) -> Headline:
    """One figure of all together."""
    value, parts = split(figure, own)
    beside = split(figure, people)[0]
    bands = figures.status(figure, own.get(figure.name)) if figure.bands else ""
    return Headline(sentence(figure.title), value, parts, bands, "" if beside == figures.NOTHING else f"{PEOPLE} {beside}")


def split(figure: Figure, row: Row) -> tuple[str, str]:
    """A figure, and the parts that it divides: `12.34 %`, `123 of 997`."""
    told = figures.value_shown(figure, row)
    value, _, parts = told.partition(" (")
    return value, parts.rstrip(")").replace("/", " of ")


def trends(found: Found, models: Mapping[str, Series]) -> Section:
    """What happened week by week."""
    delivery, quality = (labelled(found.weekly[name]) for name in ("delivery", "quality"))
    agents = [row for row in delivery if row["label"] != PEOPLE]
    shown = {row["label"] for row in (*delivery, *quality)}
    why = "no commit has a time yet"
    heavy = Card(
        "Heavy AI commits per week",
        TOLD[figures.HEAVY.name],
        charts.bars(agents, "heavy_count", models) if any(row["heavy_count"] for row in agents) else "",
        week_table(agents, figures.HEAVY),
        "no heavy AI commit yet",
    )
    cards = [heavy, rate_card(delivery, figures.MAINLINE, models, why)]
    cards += [rate_card(quality, figure, models, why) for figure in (figures.CHURN, figures.BUGS, figures.SZZ)]
    return Section(
        "trends",
        "Week by week",
        "The last 26 weeks with a commit. Late weeks had less time to be reverted, churned or fixed.",
        [series for label, series in models.items() if label in shown],
        cards,
    )


def rate_card(rows: Sequence[Row], figure: Figure, models: Mapping[str, Series], why: str) -> Card:
    """A rate by week as lines."""
    known = [row for row in rows if row[figure.name] is not None]
    svg = charts.lines(known, figure.name, models) if known else ""
    return Card(f"{sentence(figure.title)} per week", TOLD[figure.name], svg, week_table(known, figure), why)


def week_table(rows: Sequence[Row], figure: Figure) -> Table:
    """The numbers of a chart by week."""
    cells = [(str(row["week_start"]), row["label"], *split(figure, row), few(row)) for row in rows]
    return Table(("week of", "model", figure.title, "parts", ""), cells)


def comparison(found: Found, models: Mapping[str, Series]) -> Section:
    """Models beside each other."""
    cards = []
    for report, some in (("delivery", COMPARED[:1]), ("quality", COMPARED[1:]), ("session", SESSIONS_COMPARED)):
        rows = labelled(found.by_model[report])
        cards += [interval_card(rows, figure, models) for figure in some]
    return Section(
        "models",
        "Models compared",
        "A point is the rate, the line its 95 % interval (Wilson). Where intervals overlap, the difference may be chance.",
        (),
        cards,
    )


def interval_card(rows: Sequence[Row], figure: Figure, models: Mapping[str, Series]) -> Card:
    """A rate of each model with its interval."""
    known = [
        {**row, "told": split(figure, row)[1] + (" *" if row["is_few"] else "")} for row in rows if row[figure.name] is not None
    ]
    cells = [(row["label"], *split(figure, row), figures.interval_shown(figure, row), few(row)) for row in known]
    svg = charts.intervals(known, figure.name, models) if known else ""
    table = Table(("model", figure.title, "parts", "95 % interval", ""), cells)
    return Card(sentence(figure.title), TOLD[figure.name], svg, table, "nothing to judge yet")


def lifetimes(found: Found) -> Section:
    """How long lines last."""
    series = {
        WRITERS["ai"]: Series(WRITERS["ai"], "var(--series-1)", "circle"),
        WRITERS["human"]: Series(WRITERS["human"], "var(--people)", charts.PEOPLE_SHAPE, is_dashed=True),
    }
    rows = [{**row, "label": WRITERS[row["author_kind"]]} for row in found.survival]
    cells = []
    for label in series:
        own = [row for row in rows if row["label"] == label]
        for age in AGES:
            past = [row for row in own if row["age_days"] <= age]
            if past and own[-1]["age_days"] >= age:
                cells.append((label, str(age), f"{100 * past[-1]['surviving_share']:.1f} %", f"{past[-1]['at_risk_lines']:,}"))
    card = Card(
        "Lines that are still there",
        "Share of the lines of main-line commits that outlives each age (Kaplan-Meier); young lines count as long as known.",
        charts.survival(rows, series) if rows else "",
        Table(("lines", "age in days", "still there", "lines looked at"), cells),
        "no line has reached the main line yet",
    )
    shown = {row["label"] for row in rows}
    return Section("survival", "How long lines last", "", [one for label, one in series.items() if label in shown], [card])


def task_table(rows: Sequence[Row]) -> Table:
    """Tasks with their sessions and commits."""
    some = (figures.SESSIONS, figures.PROMPTS, figures.COMMITS, figures.HEAVY, figures.MAINLINE, figures.ADDED, figures.REMOVED)
    cells = [
        (f"{row['task_key']}{' *' if row['is_few'] else ''}", *(figures.value_shown(figure, row) for figure in some))
        for row in rows
    ]
    return Table(("task", *(figure.title for figure in some)), cells)


def notable(row: Row) -> dict[str, str]:
    """A session worth a look: what it is, why in words, and how to see more."""
    turns = row["user_turn_count"]
    reasons = [
        *(["it went round in a debug loop"] if row["debug_loop_flag"] else []),
        *(["an error was pasted after the first prompt"] if row["mid_session_error_paste_flag"] else []),
        *(["it changed no line"] if row["no_output_flag"] else []),
    ]
    ended = (
        ""
        if row["no_output_flag"]
        else "; its lines were committed"
        if row["session_commit_within_4h_flag"]
        else "; no commit followed"
    )
    started = row["started_at"]
    changed = f"+{row['total_added'] or 0:,} −{row['total_removed'] or 0:,} lines"
    return {
        "id": row["session_id"],
        "model": row["model_name"],
        "place": row["repository"],
        "started": started.strftime("%Y-%m-%d %H:%M") if started else figures.NOTHING,
        "why": f"{sentence(', '.join(reasons))}{ended}.",
        "size": f"{turns:,} {'prompt' if turns == 1 else 'prompts'}, {changed}",
        "command": f"paceflow explain session {row['session_id']}",
    }


def labelled(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows with the label that stands for their group."""
    return [{**row, "label": PEOPLE if row.get("is_baseline") else row["model_name"]} for row in rows]


def few(row: Row) -> str:
    """The mark of a group that says little."""
    return "few" if row["is_few"] else ""


def sentence(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]
