"""Charts of the page, each with the words and the table that tell the same.

What lives here: which charts there are, what is said of them, and why one is missing. What stays out: marks and axes (charts).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from paceflow_assets.report import charts
from paceflow_assets.report.charts import Dot, Series, Step
from paceflow_assets.report.figures import (
    BUGS,
    CHURN,
    LOOPS,
    MAINLINE,
    NO_OUTPUT,
    NOTHING,
    PASTES,
    PEOPLE,
    REVERTS,
    SZZ,
    TO_COMMIT,
    Figure,
)
from paceflow_assets.report.page_text import (
    INGEST,
    MARK,
    Cell,
    Row,
    Table,
    amount,
    fraction,
    interval,
    interval_told,
    labelled,
    percent,
    rate_cell,
    titled,
    writer,
)

COLOURS = 5  # writers with a colour of their own; all others share the last
STRIPS = 4
LANES = 8
DAYS = 90
TOLD_DAYS = (0, 1, 7, 14, 30, 60, 90)
WRITERS = {"ai": "AI agents", "human": PEOPLE}


class Chart(NamedTuple):
    """A drawing with its text. name: unique on the page; note: what is to be known of it; nothing: why there is no drawing."""

    name: str
    title: str
    note: str
    svg: Markup | None = None
    description: str = ""
    table: Table | None = None
    nothing: str = ""


def weekly_charts(delivery: Sequence[Row], quality: Sequence[Row], names: Sequence[Series]) -> list[Chart]:
    """Charts of the last weeks: heavy commits, main line, churn, bugs, reverts. delivery, quality: rows by model and week."""
    if not delivery:
        missing = "No commit is judged yet: a chart needs commits that sessions explain, or commits of people."
        return [Chart("weekly", "Week by week", "", nothing=f"{missing} {INGEST}")]
    kept = {writer(row) for row in delivery}
    series = [each for each in names if each.name in kept]
    told = "The week is that of the commit, from Monday on (UTC)."
    counts = [_dot(row, row["judged_count"], None, "") for row in delivery]
    heavy = Chart(
        "weekly-heavy",
        "Heavy AI commits",
        f"Commits of which sessions explain at least half of the changed lines. Of {PEOPLE}: all other commits. {told}",
        charts.weekly_counts(counts, series),
        _weeks_told("Commits per week", delivery, lambda row: f"{amount(row['judged_count'])} commits"),
        _weekly_table("Commits per week", delivery, lambda row: amount(row["judged_count"])),
    )
    rates = [
        (
            "mainline",
            MAINLINE,
            delivery,
            "Share of these commits that reached the main line, themselves or by squash or rebase.",
        ),
        ("churn", CHURN, quality, "Share of lines on the main line that were removed again within the window of rule churn."),
        ("bugs", BUGS, quality, f"Share of commits of which a later fix removed AI lines. Not known of {PEOPLE}."),
        ("blame", SZZ, quality, "Share of commits to which git blame traces the lines that a later fix removed."),
        ("reverts", REVERTS, quality, "Share of commits that were reverted."),
    ]
    return [heavy, *(_weekly_rate(name, figure, rows, series, note) for name, figure, rows, note in rates)]


def _weekly_rate(name: str, figure: Figure, rows: Sequence[Row], series: Sequence[Series], note: str) -> Chart:
    known = [row for row in rows if row[figure.name] is not None]
    if not known:
        why = f"Nothing to count yet: no commit has a {figure.title} that is known. {INGEST}"
        return Chart(f"weekly-{name}", titled(figure), note, nothing=why)
    shown = {writer(row) for row in known}
    dots = [_dot(row, row[figure.name], figure, "") for row in known]
    return Chart(
        f"weekly-{name}",
        titled(figure),
        note,
        charts.weekly_rates(dots, [each for each in series if each.name in shown]),
        _weeks_told(f"{titled(figure)} per week", known, lambda row: f"{percent(row[figure.name])} ({fraction(figure, row)})"),
        _weekly_table(f"{titled(figure)} per week", known, lambda row: rate_cell(figure, row)),
    )


def _weeks_told(what: str, rows: Sequence[Row], told: Callable[[Row], str]) -> str:
    """What a chart of weeks shows, in words: how many weeks, and each series' last."""
    weeks = sorted({row["week_start"] for row in rows})
    last = {writer(row): row for row in rows}
    ends = "; ".join(f"{name} {told(row)} in the week of {row['week_start']}" for name, row in last.items())
    return f"{what}, {len(weeks)} {'week' if len(weeks) == 1 else 'weeks'} from {weeks[0]} to {weeks[-1]}. The last: {ends}."


def _weekly_table(caption: str, rows: Sequence[Row], told: Callable[[Row], Cell]) -> Table:
    """A line per week, a column per writer; a dash where nothing is known."""
    names = list(dict.fromkeys(writer(row) for row in sorted(rows, key=lambda row: row["group_rank"])))
    cells = {(row["week_start"], writer(row)): told(row) for row in rows}
    weeks = sorted({row["week_start"] for row in rows}, reverse=True)
    lines = [[str(week), *(cells.get((week, name), NOTHING) for name in names)] for week in weeks]
    return Table(caption, ["week of", *names], lines)


def compared_charts(by_model: Mapping[str, Sequence[Row]], names: Sequence[Series]) -> list[Chart]:
    """Charts that set the models side by side, with 95 % intervals. by_model: a report -> its rows."""
    wanted = [
        ("mainline", MAINLINE, "delivery", "Heavy commits that reached the main line."),
        ("churn", CHURN, "quality", "AI lines removed again within the window. Lines of one commit go together: no interval."),
        ("bugs", BUGS, "quality", "Heavy commits on the main line of which a later fix removed AI lines."),
        ("blame", SZZ, "quality", "The same by git blame, in files that sessions changed."),
        ("reverts", REVERTS, "quality", "Heavy commits that were reverted."),
        ("loops", LOOPS, "session", "Sessions in which the same error came back again and again."),
        ("pastes", PASTES, "session", "Sessions in which an error was pasted after work had begun."),
        ("to-commit", TO_COMMIT, "session", "Sessions whose lines were committed soon."),
        ("no-output", NO_OUTPUT, "session", "Sessions in which no change of lines was applied."),
    ]
    made = [_compared(name, figure, by_model[report], names, note) for name, figure, report, note in wanted]
    drawn = [chart for chart in made if chart is not None]
    nothing = f"No session and no commit of a model is known yet. {INGEST}"
    return drawn or [Chart("compared", "Models compared", "", nothing=nothing)]


def _compared(name: str, figure: Figure, rows: Sequence[Row], names: Sequence[Series], note: str) -> Chart | None:
    known = [row for row in rows if row[figure.name] is not None]
    if all(row.get("is_baseline") for row in known):
        return None
    shown = [row for row in known if row.get("is_baseline") or row["group_rank"] <= LANES]
    dots = [_dot(row, row[figure.name], figure, f"{percent(row[figure.name])} ({fraction(figure, row)})") for row in shown]
    in_order = {dot.series: dot for dot in dots}
    colours = {each.name: each for each in names}
    people = next((row[figure.name] for row in known if row.get("is_baseline")), None)
    told = "; ".join(
        f"{labelled(row)} {percent(row[figure.name])} ({fraction(figure, row)}{interval_told(figure, row)})" for row in shown
    )
    return Chart(
        f"compared-{name}",
        titled(figure),
        note,
        charts.intervals(dots, [colours[each] for each in in_order], people),
        f"{titled(figure)} by model, most observations first: {told}.",
        Table(
            f"{titled(figure)} by model",
            ["model", "rate", "of", *([] if figure is CHURN else ["95 % interval"])],
            [
                [
                    labelled(row),
                    percent(row[figure.name]),
                    fraction(figure, row),
                    *([] if figure is CHURN else [interval(figure, row)]),
                ]
                for row in known
            ],
        ),
    )


def survival_chart(rows: Sequence[Row]) -> Chart:
    """How long lines of agents and of people stay."""
    note = "Estimated by Kaplan and Meier: lines too young to be older count for as long as they are known."
    title = "Lines that are still there"
    if not rows:
        why = f"No line on a main line is known yet: it needs a repository with commits on its default branch. {INGEST}"
        return Chart("survival", title, note, nothing=why)
    kinds = list(dict.fromkeys(row["author_kind"] for row in rows))
    colours = {"ai": "var(--c1)", "human": "var(--people)"}
    series = [Series(WRITERS[kind], colours[kind]) for kind in kinds]
    steps = [Step(WRITERS[row["author_kind"]], row["age_days"], row["surviving_share"]) for row in rows]
    cells = {(row["age_days"], row["author_kind"]): row for row in rows}
    last = {kind: max(row["age_days"] for row in rows if row["author_kind"] == kind) for kind in kinds}
    told = "; ".join(
        f"{WRITERS[kind]} {percent(cells[last[kind], kind]['surviving_share'])} on day {last[kind]}" for kind in kinds
    )
    table = Table(
        "Share of lines that are still there, and how many of all lines were watched so long",
        ["days", *(f"{WRITERS[kind]}, {amount(cells[0, kind]['line_count'])} lines" for kind in kinds)],
        [
            [str(day), *(_survival_cell(cells.get((day, kind))) for kind in kinds)]
            for day in TOLD_DAYS
            if any((day, kind) in cells for kind in kinds)
        ],
    )
    start = percent(charts.lowest_share(steps))
    description = f"Shares of lines, day by day, over {DAYS} days at most. The axis begins at {start}. At the end: {told}."
    return Chart("survival", title, note, charts.curves(steps, series), description, table)


def _survival_cell(row: Row | None) -> Cell:
    if row is None:
        return NOTHING
    return (percent(row["surviving_share"]), f"{amount(row['at_risk_lines'])} watched")


def writers(rows: Sequence[Row]) -> list[Series]:
    """Every writer of the rows with a colour, in their order; people last."""
    names = list(dict.fromkeys(writer(row) for row in rows if not row.get("is_baseline")))
    painted = [Series(name, f"var(--c{min(number, COLOURS)})") for number, name in enumerate(names, 1)]
    return [*painted, Series(PEOPLE, "var(--people)")]


def _dot(row: Row, value: float, figure: Figure | None, told: str) -> Dot:
    """A dot of a chart; no interval around churn, whose lines do not stand for themselves."""
    is_plain = figure is None or figure is CHURN
    low, high = (None, None) if is_plain else (row[f"{figure.name}_low"], row[f"{figure.name}_high"])
    mark = MARK if row["is_few"] and told else ""
    return Dot(writer(row), value, low, high, row["is_few"], row["week_start"], told + mark)
