"""What every test may ask for: an empty home, a way to ingest it, and typed frames."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import hypothesis
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that tests import `logs` and `repositories` by their names

from paceflow_assets.runtime.catalog import calculator
from paceflow_assets.runtime.discovery import Discovery, discover
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.settings import Settings, settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.runtime.worker import Outcome, brought_up_to_date, workshop_of

# the same examples each time, on every machine; one that fails prints how to run it again
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True, database=None)
hypothesis.settings.load_profile("fixed")
NOON = 1_767_700_800_000  # 2026-01-06T12:00:00Z


class Home:
    """A home with its own paceflow. `ingest` computes in this process, without Dagster."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        self.path = path
        self.env = {"HOME": str(path), **env}
        self.now_ms = NOON

    @property
    def settings(self) -> Settings:
        """Settings as a command started now would have them."""
        return settings(self.env)

    def discover(self) -> Discovery:
        """Look around, a minute later each time."""
        self.now_ms += 60_000
        return discover(self.settings, self.now_ms)

    def ingest(self, *only: str) -> dict[str, Outcome]:
        """Look around and compute every repository, or some; repository -> outcome."""
        found = self.discover()
        workshop = workshop_of(self.settings)
        names = [*(only or found.repositories), ALL]
        return {name: brought_up_to_date(workshop, name, lambda built: None) for name in names}

    def table(self, name: str, repository: str | None = None) -> pl.DataFrame:
        """Rows of a table, of one repository or of all."""
        warehouse = Warehouse(self.settings)
        return warehouse.read_all(tables()[name]) if repository is None else warehouse.read(tables()[name], repository)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home in a temporary folder."""
    path = tmp_path / "home"
    path.mkdir()
    return Home(path.resolve(), {})


@pytest.fixture
def sql() -> Iterator[Sql]:
    """DuckDB in memory with the macros."""
    made = calculator()
    yield made
    made.connection.close()


def rows_in(name: str, rows: Sequence[Mapping[str, object]], **same: object) -> pl.DataFrame:
    """Rows of a table in its types. What a row leaves out is null, or what `same` says; repository is `r` by default."""
    table = tables()[name]
    given = {"repository": "r", **same} if "repository" in table.columns else same
    filled = [{column: {**given, **row}.get(column) for column in table.columns} for row in rows]
    return pl.DataFrame(filled, schema=table.schema, orient="row")
