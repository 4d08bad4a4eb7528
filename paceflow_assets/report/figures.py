"""Figures: sessions, delivery, quality and tasks as tables and cards for a terminal.

What lives here: which figures a report shows, when one is good, and rows of sql/report into text.
What stays out: arithmetic, which SQL has done; which rows there are (command/figures).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from paceflow_assets.report.rows import ending, plain_table

Row = Mapping[str, Any]
COUNT, NUMBER, MINUTES, RATE = "count", "number", "minutes", "rate"
NOTHING = "–"
GOOD, FAIR, POOR, UNKNOWN = "good", "watch", "risk", "unavailable"
STYLES = {GOOD: "green", FAIR: "yellow", POOR: "red", UNKNOWN: "dim"}
DIMENSIONS = {
    "repository": "repository",
    "provider": "provider",
    "model": "model_name",
    "task": "task_key",
    "branch": "branch_name",
}
PEOPLE = "people"
WRITERS = ("provider", "model_name")
GAP = 2
WEEK = 10
NARROWEST = 12  # columns that a group's name is given at least
ROOMY = 100  # from here on a card has room for intervals


class Bands(NamedTuple):
    """Where a figure is good, and where it is still to be watched; beyond is a risk. is_high_good: the higher the better."""

    good: float
    fair: float
    is_high_good: bool = False


class Figure(NamedTuple):
    """One figure. name: its column; above, below: the columns that it divides, '' = it divides none.

    title: in a card; short: above a column, LF where it may break.
    """

    name: str
    title: str
    short: str
    unit: str = COUNT
    above: str = ""
    below: str = ""
    bands: Bands | None = None


class Report(NamedTuple):
    """One report. query: file in sql/report. heading: figures told before a card; figures: of its columns; card: of its rows.

    things: what is counted, as people call it; observations: those that a group has to have some of. legend: what is to be
    known of the figures. spare: figures that a narrow terminal does without, the first of them first.
    """

    name: str
    query: str
    heading: tuple[Figure, ...]
    figures: tuple[Figure, ...]
    card: tuple[Figure, ...]
    things: str
    observations: str
    legend: tuple[str, ...]
    spare: tuple[Figure, ...]


SESSIONS = Figure("session_count", "sessions", "sessions")
PROMPTS = Figure("turns_per_session", "prompts per session", "prompts", NUMBER, "turn_count", "turn_known_count", Bands(4, 7))
FIRST_CHANGE = Figure(
    "minutes_to_first_change",
    "time to first change",
    "first\nchange",
    MINUTES,
    "first_change_minutes",
    "first_change_count",
    Bands(15, 45),
)
LOOPS = Figure("loop_rate", "debug loops", "debug\nloops", RATE, "loop_count", "loop_known_count", Bands(0.10, 0.25))
PASTES = Figure("paste_rate", "error pastes", "error\npastes", RATE, "paste_count", "paste_known_count", Bands(0.10, 0.25))
TO_COMMIT = Figure(
    "to_commit_rate",
    "sessions to commit",
    "to\ncommit",
    RATE,
    "to_commit_count",
    "to_commit_known_count",
    Bands(0.50, 0.25, is_high_good=True),
)
NO_OUTPUT = Figure(
    "no_output_rate", "no-output sessions", "no\noutput", RATE, "no_output_count", "no_output_known_count", Bands(0.15, 0.35)
)
COMMITS = Figure("commit_count", "commits", "commits")
HEAVY = Figure("heavy_rate", "heavy AI commits", "heavy\nAI", RATE, "heavy_count", "commit_count")
MAINLINE = Figure(
    "mainline_rate",
    "main line reach",
    "main\nline",
    RATE,
    "mainline_count",
    "judged_count",
    Bands(0.75, 0.50, is_high_good=True),
)
ADDED = Figure("total_added", "lines added", "lines\nadded")
REMOVED = Figure("total_removed", "lines removed", "lines\nremoved")
JUDGED = Figure("judged_count", "heavy AI commits", "heavy\nAI")
LANDED = Figure("mainline_count", "on the main line", "main\nline")
CHURN = Figure("churn_rate", "code churn", "churn", RATE, "removed_lines", "reached_lines", Bands(0.15, 0.30))
BUGS = Figure("bug_rate", "bug after merge", "bugs", RATE, "bug_count", "bug_eligible_count", Bands(0.15, 0.30))
SZZ = Figure(
    "szz_bug_rate", "bug by blame", "bugs by\nblame", RATE, "szz_bug_count", "szz_bug_eligible_count", Bands(0.15, 0.30)
)
REVERTS = Figure("revert_rate", "reverts", "reverts", RATE, "revert_count", "revert_eligible_count", Bands(0.02, 0.05))

WEIGHED = "by task or branch a session weighs as much as it has lines in those commits, 1 when it has none"
PEOPLE_TOLD = "people: commits that are not heavy, to compare with"
SESSION = Report(
    "session",
    "session",
    (SESSIONS,),
    (SESSIONS, PROMPTS, FIRST_CHANGE, LOOPS, PASTES, TO_COMMIT, NO_OUTPUT),
    (FIRST_CHANGE, NO_OUTPUT, TO_COMMIT, PASTES, PROMPTS, LOOPS),
    "sessions",
    "sessions",
    (
        "first change: minutes from a session's start to its first applied change, idle gaps left out",
        "to commit: a commit made from the start to soon after the end holds lines of the session",
        "no output: no applied change of lines; error pastes, debug loops: rules error_paste, debug_loop",
    ),
    (LOOPS, FIRST_CHANGE, PASTES),
)
DELIVERY = Report(
    "delivery",
    "delivery",
    (COMMITS, HEAVY),
    (COMMITS, HEAVY, MAINLINE, ADDED, REMOVED),
    (MAINLINE,),
    "commits",
    "judged commits",
    (
        "heavy AI: sessions explain at least half of the changed lines (rule heavy_ai); commits in which a model has lines",
        "main line: heavy commits that reached it, themselves or by squash or rebase",
    ),
    (REMOVED, ADDED),
)
QUALITY = Report(
    "quality",
    "quality",
    (JUDGED, LANDED),
    (JUDGED, CHURN, BUGS, SZZ, REVERTS),
    (CHURN, BUGS, SZZ, REVERTS),
    "commits",
    "judged commits",
    (
        "churn: AI lines on the main line that were removed again within the window (rule churn)",
        "bugs: a later fix removed AI lines of a commit on the main line (rule bug_after_merge); by blame: lines that git "
        "traces to it, in files that sessions changed",
        "a commit of several models counts for each by its share of the AI lines",
    ),
    (SZZ,),
)
TASKS = Report(
    "tasks",
    "tasks",
    (),
    (SESSIONS, PROMPTS, FIRST_CHANGE, LOOPS, TO_COMMIT, NO_OUTPUT, COMMITS, HEAVY, MAINLINE, ADDED, REMOVED),
    (),
    "commits",
    "commits",
    (WEIGHED, "(no task): commits on branches without a ticket; `--group-by branch` of the other reports tells them apart"),
    (LOOPS, NO_OUTPUT, FIRST_CHANGE, PROMPTS, REMOVED, ADDED),
)


def table_shown(report: Report, rows: Sequence[Row], by: Sequence[str], width: int, *, weekly: bool) -> RenderableType:
    """Rows as a table of so many columns. by: the dimensions that they are grouped by."""
    names = [DIMENSIONS[dimension] for dimension in by]
    figures, joint = layout(report, rows, by, width, weekly=weekly)
    columns = [_column(figure, rows, joint) for figure in figures]
    left = width - _taken(columns, weekly=weekly)
    labels = [_labels(row, names, left // max(1, len(names)) - GAP) for row in rows]
    table = plain_table()
    for title in [*(["week"] if weekly else []), *(by or [""])]:
        table.add_column(title, no_wrap=True)
    for head, *_ in columns:
        table.add_column(head, justify="right", no_wrap=True)
    week: object = ""
    for row, label, cells in zip(rows, labels, zip(*(column[1:] for column in columns), strict=True), strict=True):
        first = [Text("" if row["week_start"] == week else str(row["week_start"] or NOTHING))] if weekly else []
        week = row["week_start"]
        table.add_row(*first, *label, *(Text(cell) for cell in cells), style="dim" if row["is_few"] else None)
    return table


def layout(
    report: Report, rows: Sequence[Row], by: Sequence[str], width: int, *, weekly: bool
) -> tuple[tuple[Figure, ...], str]:
    """The figures that fit beside the groups' names, and what stands between a rate and its parts: a blank or a line's end."""
    needed = (NARROWEST + GAP) * max(1, len(by))
    for dropped in range(len(report.spare) + 1):
        figures = tuple(figure for figure in report.figures if figure not in report.spare[:dropped])
        for joint in (" ", "\n"):
            taken = _taken([_column(figure, rows, joint) for figure in figures], weekly=weekly)
            if width - taken >= needed and (joint == "\n" or not dropped):
                return figures, joint
    return figures, joint


def _column(figure: Figure, rows: Sequence[Row], joint: str) -> list[str]:
    """Title and cells of a figure."""
    return [figure.short.replace("\n", joint), *(_cell(figure, row, joint) for row in rows)]


def _taken(columns: Sequence[Sequence[str]], *, weekly: bool) -> int:
    """Columns of the terminal that figures, and a week, take with the gaps between them."""
    return sum(_width(cells) + GAP for cells in columns) + (WEEK + GAP if weekly else 0)


def card_shown(report: Report, rows: Sequence[Row], width: int) -> RenderableType:
    """All together as one card: signal, value, status; people beside it. rows: one, and one of people if there are any."""
    row = next((row for row in rows if not row.get("is_baseline")), None) or {}
    people = next((row for row in rows if row.get("is_baseline")), None)
    is_roomy = width >= ROOMY
    table = plain_table()
    for title in ("signal", "value", "status", *(["95 % interval"] if is_roomy else []), *([PEOPLE] if people else [])):
        table.add_column(title, no_wrap=True)
    for figure in report.card:
        told = status(figure, row.get(figure.name))
        interval = [Text(_interval(figure, row))] if is_roomy else []
        beside = [Text(_value(figure, people))] if people else []
        table.add_row(Text(figure.title), Text(_value(figure, row)), Text(told, STYLES[told]), *interval, *beside)
    heading = ", ".join(f"{figure.title} {_value(figure, row)}" for figure in report.heading)
    heading += " *" if row.get("is_few") else ""
    return Group(Text(heading), Text(""), table)


def legend_shown(
    report: Report, rows: Sequence[Row], by: Sequence[str], *, card: bool, figures: Sequence[Figure] = ()
) -> RenderableType:
    """What is to be known of the figures. figures: those that a table shows."""
    lines = list(report.legend)
    if report is SESSION and {"task", "branch"} & set(by):
        lines.append(WEIGHED)
    if any(row.get("is_baseline") for row in rows):
        extra = "; churn of their own lines; – = not known of people" if report is QUALITY else ""
        lines.append(f"{PEOPLE_TOLD}{extra}")
    if any(row["is_few"] for row in rows):
        lines.append(f"*: fewer than 5 {report.observations}, which say little")
    if card:
        bands = "; ".join(_bands(figure) for figure in report.card if figure.bands)
        lines.append(f"{GOOD} / {FAIR}: {bands}")
    elif len(figures) < len(report.figures):
        missing = ", ".join(figure.title for figure in report.figures if figure not in figures)
        lines.append(f"for want of room without {missing}; a wider terminal and --json have all")
    return Padding(Group(*(Text(line, "dim") for line in lines)), (0, 0, 0, 2))


def status(figure: Figure, value: float | None) -> str:
    """How good a figure is."""
    bands = figure.bands
    if value is None or bands is None:
        return UNKNOWN
    if bands.is_high_good:
        return GOOD if value >= bands.good else FAIR if value >= bands.fair else POOR
    return GOOD if value < bands.good else FAIR if value <= bands.fair else POOR


def _bands(figure: Figure) -> str:
    good, fair = (_amount(figure.unit, limit).removesuffix(" %").removesuffix(" min") for limit in figure.bands[:2])
    good, fair = (text.rstrip("0").rstrip(".") for text in (good, fair))
    unit = {RATE: " %", MINUTES: " min"}.get(figure.unit, "")
    return f"{figure.title} {'≥' if figure.bands.is_high_good else '<'} {good} / {fair}{unit}"


def _labels(row: Row, names: Sequence[str], width: int) -> list[Text]:
    """A group's names; a mark behind the last one if it has few observations."""
    told = [str(row[name] or NOTHING) for name in names] or ["all"]
    if row.get("is_baseline"):
        told = [PEOPLE if name in WRITERS else label for name, label in zip(names, told, strict=True)] if names else [PEOPLE]
        told = told if PEOPLE in told else [*told[:-1], f"{told[-1]} ({PEOPLE})"]
    mark = " *" if row["is_few"] else ""
    shortened = [ending(name, max(NARROWEST, width) - len(mark)) for name in told]
    return [*(Text(name) for name in shortened[:-1]), Text(shortened[-1] + mark)]


def _width(cells: Sequence[str]) -> int:
    return max(len(line) for cell in cells for line in cell.split("\n"))


def _cell(figure: Figure, row: Row, joint: str) -> str:
    value = row.get(figure.name)
    if value is None or (figure is HEAVY and row.get("is_baseline")):
        return NOTHING
    if figure.unit == COUNT:
        return f"{value:,}"
    if figure.unit == RATE:
        return f"{100 * value:.1f} %{joint}{'/'.join(parts(figure, row))}"
    return f"{value:,.1f}"


def _value(figure: Figure, row: Row) -> str:
    """A figure with what it divides: `2.90 % (106/3,659)`."""
    value = row.get(figure.name)
    if value is None:
        return NOTHING
    told = _amount(figure.unit, value)
    return f"{told} ({'/'.join(parts(figure, row))})" if figure.unit == RATE else told


def parts(figure: Figure, row: Row) -> tuple[str, str]:
    """What a rate divides, and by what."""
    return _count(row[figure.above]), _count(row[figure.below])


def _interval(figure: Figure, row: Row) -> str:
    low, high = row.get(f"{figure.name}_low"), row.get(f"{figure.name}_high")
    return "" if low is None or high is None else f"{100 * low:.1f} – {100 * high:.1f} %"


def _amount(unit: str, value: float) -> str:
    if unit == COUNT:
        return f"{value:,}"
    return f"{100 * value:.2f} %" if unit == RATE else f"{value:,.2f} min" if unit == MINUTES else f"{value:,.2f}"


def _count(amount: float) -> str:
    """A count; a small sum of weights that is none, with one digit."""
    return f"{amount:,.0f}" if amount >= 100 or abs(amount - round(amount)) < 0.05 else f"{amount:,.1f}"
