"""Rules as people read them: what is believed, with which values, and where these come from.

What lives here: rules into text for a terminal. What stays out: reading them (runtime/rules).
"""

import inspect
import re
from collections.abc import Sequence
from types import ModuleType

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from paceflow_assets.report.rows import label_grid, plain_table
from paceflow_assets.runtime.rules import DEFAULT, Rules, allowed, parameters, shown

PARTS = ("Claim", "Decision", "Wrong when", "Threshold")
LONGEST = 36


def parts(module: ModuleType) -> dict[str, str]:
    """What a rule's docstring says: `question`, then each of `PARTS`, as one line each."""
    told = inspect.cleandoc(module.__doc__ or "")
    question, _, rest = told.partition("\n\n")
    pieces = re.split(rf"^({'|'.join(PARTS)}): ", rest, flags=re.MULTILINE)
    texts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return {"question": " ".join(question.partition(": ")[2].split()), **{n: " ".join(t.split()) for n, t in texts.items()}}


def shortened(value: object) -> str:
    """A parameter's value in a cell: a long list by its first items and a count."""
    text = shown(value)
    if len(text) <= LONGEST or not isinstance(value, tuple):
        return text
    return f"{value[0]} and {len(value) - 1} more" if len(value) > 1 else text


def rules_table(effective: Rules, sections: Sequence[str]) -> Table:
    """Every parameter of some rules: its value and where that comes from. A value that is not the default is bold."""
    table = plain_table()
    for title in ("rule", "parameter", "value", "from"):
        table.add_column(title, no_wrap=title != "value", overflow="fold")
    for section in sections:
        known = parameters(section)
        name = section
        for parameter, entry in known.items():
            value = getattr(effective.by_section[section], parameter)
            style = "" if value == entry.default else "bold"
            origin = effective.origins.get((section, parameter), DEFAULT)
            told = f"{shortened(value)} {entry.metadata['unit']}".rstrip()
            table.add_row(name, Text(parameter, style), Text(told, style), Text(origin, style))
            name = ""
        if not known:
            table.add_row(section, Text("no parameters", "dim"), "", "")
    return table


def rule_explained(
    section: str, module: ModuleType, effective: Rules, readers: Sequence[str], below: Sequence[str]
) -> RenderableType:
    """One rule: claim, decision, when it is wrong, where it comes from, its parameters, and which tables it reaches."""
    told = parts(module)
    lines: list[RenderableType] = [Text.assemble((section, "bold"), f"  {told['question']}"), ""]
    table = label_grid()
    for name in PARTS:
        table.add_row(Text(name.lower(), "dim"), Text(told.get(name, "")))
    lines.append(table)
    for parameter, entry in parameters(section).items():
        note, value = entry.metadata, getattr(effective.by_section[section], parameter)
        origin = effective.origins.get((section, parameter), DEFAULT)
        beside = f"{origin}, default {shown(entry.default)}" if value != entry.default else origin
        heading = Text.assemble("\n", (f"{parameter} = {shown(value)}", "bold"), f" {note['unit']}".rstrip(), f"  ({beside})")
        lines += [heading, Padding(Text(f"{note['meaning']}; {allowed(entry)}"), (0, 0, 0, 2))]
    lines += ["", Text.assemble(("read by  ", "dim"), ", ".join(readers) or "no table")]
    if below:
        lines.append(Text.assemble(("and below, where their rows change  ", "dim"), ", ".join(below)))
    return Group(*lines)
