"""Plan as people read it: what would be computed, for how many repositories, and why.

What lives here: steps into text and into JSON lines. What stays out: what is stale (runtime/plan).
"""

import json
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from paceflow_assets.report.rows import label_grid
from paceflow_assets.runtime.plan import Plan
from paceflow_assets.runtime.ruleset import Change

NAMED = 2


def plan_lines(plan: Plan) -> Iterator[str]:
    """A JSON object per table and repository; reason is null for what may follow."""
    for step in plan.steps:
        yield json.dumps({"repository": step.repository, "table": step.table, "reason": step.reason}, ensure_ascii=False)
    for repository, table in plan.may_follow:
        yield json.dumps({"repository": repository, "table": table, "reason": None}, ensure_ascii=False)


def plan_shown(plan: Plan, changes: Sequence[Change]) -> RenderableType:
    """The plan by table and reason, with what changed in the rules above it."""
    lines: list[RenderableType] = [Text(f"rule changed: {change}") for change in changes]
    if not plan.steps:
        return Group(*lines, Text("nothing would be computed: every table is what its logs, git, code and rules give"))
    by_reason: dict[tuple[str, str], list[str]] = {}
    for step in plan.steps:
        by_reason.setdefault((step.table, step.reason), []).append(step.repository)
    lines.append(Text(f"{len(plan.steps)} table{'s' if len(plan.steps) > 1 else ''} would be computed:", "bold"))
    table = label_grid(3)
    for (name, reason), repositories in by_reason.items():
        table.add_row(name, _counted(repositories), reason)
    lines.append(table)
    if plan.may_follow:
        follows: dict[str, list[str]] = {}
        for repository, name in plan.may_follow:
            follows.setdefault(name, []).append(repository)
        lines.append(Text("may follow, where the rows of what they read change:", "bold"))
        table = label_grid(3)
        for name, repositories in follows.items():
            table.add_row(name, _counted(repositories), "")
        lines.append(table)
    return Group(*lines)


def _counted(repositories: Sequence[str]) -> str:
    return ", ".join(repositories) if len(repositories) <= NAMED else f"{len(repositories)} repositories"
