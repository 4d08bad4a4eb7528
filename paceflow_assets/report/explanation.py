"""Explanations as people read them: each flag, why it is so, the facts as short tables, the rules in one line each.

What lives here: findings into text for a terminal, and into JSON. What stays out: where they come from (explanation/).
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from textwrap import wrap

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from paceflow_assets.explanation.finding import Evidence, Explanation, Finding, Parameter, Row
from paceflow_assets.report.rows import label_grid, printable, shown
from paceflow_assets.report.rule_table import shortened

SHOWN_ROWS = 12
INDENT, GAP = 2, 2
NARROWEST = 9
WIDE = 120  # from here on there is room for a sentence beside a row
SHORT = {"commit": 10, "session": 13, "session_id": 13, "first_bug_signal_commit_sha": 10}
CUT_AT_THE_END = {
    "says",
    "subject",
    "signature",
    "phrase",
    "words",
    "model",
    "model_name",
    "because",
    "task",
    "task_key",
    "branch_name",
}
CUT_AT_THE_BEGINNING = {"path", "written_as", "found_in"}
STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def explanation_lines(explanations: Sequence[Explanation], notes: Mapping[str, str]) -> str:
    """The same as JSON: a list, one object per repository. notes: repository -> why its tables may be of before."""
    told = [{**asdict(each), "note": notes.get(each.repository) or None} for each in explanations]
    text = json.dumps(told, ensure_ascii=False, indent=2, default=_plain)
    return text if text.replace("\n", "").isprintable() else "\n".join(map(_escaped, text.split("\n")))


def explanation_shown(explanation: Explanation, width: int) -> RenderableType:
    """One explanation, for a terminal of so many columns."""
    parts: list[RenderableType] = [Text.assemble((explanation.title, "bold"), f"  {explanation.repository}")]
    facts = label_grid()
    for name, value in explanation.facts.items():
        if value is not None:
            facts.add_row(Text(name, "dim"), Text(_cell("", value)))
    parts.append(facts)
    for _, same in groupby(explanation.findings, key=lambda finding: (finding.table, finding.name)):
        findings = list(same)
        told = _finding(findings[0], width) if len(findings) == 1 else _alike(findings, width)
        parts += [Text(""), *told]
    return Group(*parts)


def _finding(finding: Finding, width: int) -> Iterator[RenderableType]:
    yield _heading(finding, _cell(finding.name, finding.value))
    for reason in finding.reasons:
        yield _indented(Text(printable(reason, " ")))
    beside = [f"{name} {_cell(name, value)}" for name, value in finding.beside.items()]
    if beside:
        yield _indented(Text(" · ".join(beside), "dim"))
    yield from _evidence(finding.evidence, width)
    if finding.parameters:
        yield _indented(_rules(finding.parameters))


def _alike(findings: Sequence[Finding], width: int) -> Iterator[RenderableType]:
    """Findings of several rows of one table, as a table of their own; evidence of one kind under one title."""
    first = findings[0]
    yield _heading(first, f"{len(findings)} rows")
    rows = [
        {**each.beside, first.name: each.value, **({"because": "; ".join(each.reasons)} if width >= WIDE else {})}
        for each in findings
    ]
    together: dict[str, list[Row]] = {}
    for each in findings:
        for evidence in each.evidence:
            together.setdefault(evidence.title, []).extend(evidence.rows)
    yield from _evidence([Evidence("", rows), *(Evidence(title, rows) for title, rows in together.items())], width)
    yield _indented(_rules(list(dict.fromkeys(rule for each in findings for rule in each.parameters))))


def _evidence(evidence: Sequence[Evidence], width: int) -> Iterator[RenderableType]:
    for each in evidence:
        if each.rows:
            yield _indented(_rows(each, width - INDENT))


def _heading(finding: Finding, value: str) -> Text:
    return Text.assemble((finding.name, "bold"), "  ", (value, "bold cyan"), (f"  {finding.table}", "dim"))


def _rules(parameters: Sequence[Parameter]) -> Table:
    """A line per rule: its parameters with their values, and where values that are not the default come from."""
    table = label_grid()
    for rule, own in groupby(parameters, key=lambda parameter: parameter.rule):
        told = [
            f"{each.name} {shortened(each.value)}" + ("" if each.origin == "default" else f" ({each.origin})") for each in own
        ]
        table.add_row(Text(f"rule {rule}", "dim"), Text(", ".join(told), "dim"))
    return table


def _rows(evidence: Evidence, width: int) -> RenderableType:
    """The first rows under their titles; a column without any value is left out, and so is an agent beside its model."""
    has_model = "model" in evidence.rows[0] or "model_name" in evidence.rows[0]
    names = [
        name
        for name in evidence.rows[0]
        if any(row[name] is not None for row in evidence.rows) and not (name == "provider" and has_model)
    ]
    cells = {name: [_cell(name, row[name]) for row in evidence.rows[:SHOWN_ROWS]] for name in names}
    titles = {name: _title(name, max(map(len, cells[name]))) for name in names}
    widths = {name: max(len(text) for text in (*titles[name].split("\n"), *cells[name])) for name in names}
    widths = _fitting(widths, width)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
    for name in names:
        is_number = all(_is_number(row[name]) for row in evidence.rows)
        table.add_column(
            titles[name],
            justify="right" if is_number else "left",
            vertical="top",
            width=widths[name],
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in zip(*cells.values(), strict=True):
        table.add_row(*(Text(_cut(name, text, widths[name])) for name, text in zip(names, row, strict=True)))
    lines: list[RenderableType] = [Text(f"{evidence.title}:", "italic")] if evidence.title else []
    lines.append(table)
    if len(evidence.rows) > SHOWN_ROWS:
        lines.append(Text(f"… and {len(evidence.rows) - SHOWN_ROWS:,} more; --json shows all", "dim"))
    return Group(*lines)


def _fitting(widths: Mapping[str, int], width: int) -> dict[str, int]:
    """Widths of columns that fit: what is left beside numbers, times and names is dealt out among the texts."""
    elastic = sorted((name for name in widths if name in CUT_AT_THE_END | CUT_AT_THE_BEGINNING), key=lambda name: widths[name])
    left = width - sum(wide + GAP for name, wide in widths.items()) + sum(widths[name] for name in elastic)
    fitting = dict(widths)
    for number, name in enumerate(elastic):
        fitting[name] = min(widths[name], max(NARROWEST, left // (len(elastic) - number)))
        left -= fitting[name]
    return fitting


def _cut(name: str, text: str, width: int) -> str:
    """A path that is too long by its end, which tells more; anything else is cut where it is shown."""
    return f"…{text[len(text) - width + 1 :]}" if name in CUT_AT_THE_BEGINNING and len(text) > width else text


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _title(name: str, width: int) -> str:
    """A column's name, on several lines if it is wider than what stands below it."""
    return "\n".join(wrap(name.removesuffix("_flag").replace("_", " "), max(width, NARROWEST), break_long_words=False))


def _cell(name: str, value: object) -> str:
    if isinstance(value, dt.timedelta):
        return distance(value)
    if isinstance(value, float) and value.is_integer():
        return f"{value:,.0f}"
    return printable(shown(value)[: SHORT.get(name)], " ")


def distance(span: dt.timedelta) -> str:
    """`−29 min`, `+2 h`: in the largest unit of which there are at least two."""
    seconds = abs(span.total_seconds())
    size, unit = next(((size, unit) for size, unit in STEPS if seconds >= 2 * size), STEPS[-1])
    return f"{'−' if span < dt.timedelta() else '+'}{seconds / size:,.0f} {unit}"


def _escaped(text: str) -> str:
    """JSON with escapes for what a terminal would obey; such characters stand inside of its texts only."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def _plain(value: object) -> object:
    """What JSON does not know: times as ISO 8601 UTC, durations as seconds."""
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return f"{value.isoformat(timespec='milliseconds')}Z" if isinstance(value, dt.datetime) else str(value)


def _indented(what: RenderableType) -> Padding:
    return Padding(what, (0, 0, 0, INDENT), expand=False)
