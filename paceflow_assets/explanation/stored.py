"""Stored: the tables of one repository as an explanation reads them, and the rules that they were computed with.

What lives here: reading few columns and rows, the rules' values with their origins, and whether the tables are up to date.
What stays out: which repository is meant (lookup), and what the rows mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from paceflow_assets.explanation.finding import Parameter, Row
from paceflow_assets.runtime import ruleset
from paceflow_assets.runtime.compute import Workshop
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.rules import DEFAULT, Rules, parameters
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

EARLIER = "as of the last ingest"


@dataclass(frozen=True)
class Stored:
    """The tables of one repository. rules: what they were computed with; present: what is in force now."""

    warehouse: Warehouse
    repository: str
    sql: Sql
    rules: Rules
    present: Rules

    @classmethod
    def of(cls, workshop: Workshop, repository: str) -> "Stored":
        """The tables of a repository; before a rule set was recorded, the rules in force count."""
        recorded = ruleset.rules_of(workshop.settings)
        return cls(workshop.warehouse, repository, workshop.sql, recorded or workshop.rules, workshop.rules)

    def scan(self, name: str, *columns: str) -> pl.LazyFrame:
        """Some or all columns of a table, not read yet if it is large."""
        return self.warehouse.scan(tables()[name], self.repository, columns or None)

    def frame(self, name: str, *columns: str, **key: str) -> pl.DataFrame:
        """Rows with these values in these key columns; some or all columns."""
        found = self.scan(name, *(dict.fromkeys([*columns, *key]) if columns else ()))
        return found.filter(*(pl.col(column) == value for column, value in key.items())).collect()

    def row(self, name: str, **key: str) -> Row | None:
        """The row with this key; None if there is none."""
        return next(self.frame(name, **key).iter_rows(named=True), None)

    def rule(self, kind: type) -> Any:
        """A rule with the values that the tables were computed with."""
        return self.rules.of(kind)

    def parameters(self, rule: str, *names: str) -> Iterator[Parameter]:
        """Some or all parameters of a rule, and where their values come from."""
        for name, entry in parameters(rule).items():
            if names and name not in names:
                continue
            value = getattr(self.rules.by_section[rule], name)
            is_present = getattr(self.present.by_section[rule], name) == value
            origin = self.present.origins.get((rule, name), DEFAULT) if is_present else EARLIER
            yield Parameter(rule, name, value, entry.metadata["unit"], origin)


def outdated(workshop: Workshop, repository: str) -> str:
    """Why what is stored may not be what an ingest would give now; '' if rules, code and tables agree."""
    changes = ruleset.changes(workshop.settings, workshop.rules)
    if changes:
        return f"the tables are of other rules ({ruleset.brief(changes)})"
    own = [table for table in tables().values() if table.per_repository and table.layer != "view"]
    for table in own:
        reason = workshop.stale(table, repository)
        if reason:
            return f"{table.name} is not up to date ({reason})"
    return ""
