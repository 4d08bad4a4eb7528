"""Automation, tick after tick: what it wants of one home, and building exactly that.

What lives here: `Ticks`, which does what the daemon does, without its clock; as a program, the same for a copy of the source.
What belongs here: evaluating and running. What stays out: changing something, and what should follow from it (the tests).

`python automation.py HOME PACEFLOW_HOME CURSOR` is what a reload of the code location starts: a process that reads the code
anew. It writes what was wanted at each tick as JSON.
"""

import copy
import datetime as dt
import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import dagster as dg
from conftest import Home
from telling import NO_TELEMETRY, QUIET, graph

MOST_TICKS = 12  # the graph has fewer layers: more means that it does not come to rest

Wanted = dict[str, set[str | None]]  # table -> repositories; None for a table that mixes them


class Ticks:
    """The automation of a home. instance: where Dagster remembers. cursor: what the last tick left."""

    def __init__(self, home: Home, instance: dg.DagsterInstance, cursor: str = "") -> None:
        self.home = home
        self.instance = instance
        self.cursor = dg.deserialize_value(cursor) if cursor else None
        self.reload()

    def reload(self) -> None:
        """Make the definitions anew, as a reload of the code location does."""
        self.definitions = graph(self.home)

    def tick(self, at: dt.datetime | None = None) -> Wanted:
        """What the automation wants now."""
        return self.evaluate(at)[0]

    def evaluate(self, at: dt.datetime | None = None) -> tuple[Wanted, int]:
        """The tables wanted now, and how many checks."""
        # Asked for the partitions 2,600 times, SQLite takes 4 s. The daemon asks once per tick, too.
        asked_once = copy.copy(self.instance)
        asked_once.get_dynamic_partitions = cache(self.instance.get_dynamic_partitions)
        result = dg.evaluate_automation_conditions(self.definitions, asked_once, cursor=self.cursor, evaluation_time=at)
        self.cursor = result.cursor
        keys = self.definitions.resolve_asset_graph().get_all_asset_keys()
        wanted = {key.to_user_string(): set(result.get_requested_partitions(key)) for key in keys}
        tables = {table: repositories for table, repositories in wanted.items() if repositories}
        return tables, result.total_requested - sum(map(len, tables.values()))

    def build(self, wanted: Wanted) -> None:
        """What the daemon does with it: one run per repository."""
        for repository in sorted({each for repositories in wanted.values() for each in repositories}, key=str):
            self.run([table for table, repositories in wanted.items() if repository in repositories], repository)

    def run(self, tables: list[str], repository: str | None) -> None:
        """One run of some tables."""
        dg.materialize(
            list(self.definitions.assets),
            selection=dg.AssetSelection.assets(*tables),
            partition_key=repository,
            instance=self.instance,
            resources=self.definitions.resources,
            run_config=QUIET,
        )

    def cascade(self) -> list[Wanted]:
        """Tick and build until nothing is wanted: what was wanted at each tick."""
        found = []
        while wanted := self.tick():
            found.append(wanted)
            if len(found) > MOST_TICKS:
                raise AssertionError(f"the automation does not come to rest: {found}")
            self.build(wanted)
        return found


def opened(home: Home) -> dg.DagsterInstance:
    """The Dagster instance of a home."""
    home.settings.dagster_home.mkdir(exist_ok=True)
    return dg.DagsterInstance.local_temp(str(home.settings.dagster_home), overrides=NO_TELEMETRY)


def encoded(ticks: list[Wanted]) -> list[dict[str, list[str | None]]]:
    """As JSON can hold it."""
    return [{table: sorted(repositories, key=str) for table, repositories in wanted.items()} for wanted in ticks]


def decoded(ticks: list[Mapping[str, list[str | None]]]) -> list[Wanted]:
    """The inverse of `encoded`."""
    return [{table: set(repositories) for table, repositories in wanted.items()} for wanted in ticks]


def main(home: str, paceflow_home: str, cursor: str) -> None:
    """The cascade under the code that this process imports."""
    made = Home(Path(home), {"PACEFLOW_HOME": paceflow_home})
    with opened(made) as instance:
        ticks = Ticks(made, instance, Path(cursor).read_text())
        json.dump(encoded(ticks.cascade()), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
