"""DuckDB over Polars frames.

What lives here: `Sql`, what a builder receives to run a query over its frames.
What belongs here: how frames pass in and out. What stays out: which tables exist (catalog) and where they lie (warehouse).

Frames pass through the Arrow capsule interface, so that neither pyarrow nor numpy is needed.
"""

from collections.abc import Mapping

import duckdb
import polars as pl

from paceflow_assets.runtime.connection import CONFIG, SETTINGS


class Stream:
    """A frame as an Arrow stream: what DuckDB takes from any library."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The frame's capsule; each scan asks for a new one."""
        return self.frame.__arrow_c_stream__(requested_schema)


class Sql:
    """Runs a query over frames in one DuckDB connection. The connection holds macros, never data."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        connection.execute(SETTINGS)

    def __call__(self, query: str, params: Mapping[str, object] | None = None, /, **frames: pl.DataFrame) -> pl.DataFrame:
        """Rows of `query`. Each keyword is a frame seen under its name; `$name` in the text is a prepared parameter."""
        for name, frame in frames.items():
            self.connection.register(name, Stream(frame))
        try:
            return pl.DataFrame(self.connection.sql(query, params=dict(params) if params else None))
        finally:
            for name in frames:
                self.connection.unregister(name)


def in_memory() -> Sql:
    """A new in-memory DuckDB that reaches no network."""
    return Sql(duckdb.connect(config=CONFIG))
