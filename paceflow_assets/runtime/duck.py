"""DuckDB over Polars frames, through the Arrow capsule interface, so that no further package is needed for it.

Shared connection of the process, zone UTC. Frames are visible by the names under which they are passed.
"""

from collections.abc import Mapping
from functools import cache

import duckdb
import polars as pl


class Stream:
    """A frame as an Arrow stream: what DuckDB takes from any library."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The frame's capsule."""
        return self.frame.__arrow_c_stream__(requested_schema)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """In-memory connection of this process; zone UTC, no network, no progress bar."""
    con = duckdb.connect(config={"TimeZone": "UTC", "autoinstall_known_extensions": "false"})
    con.execute("set enable_progress_bar = false")
    return con


def query(sql: str, params: Mapping[str, object] | None = None, /, **frames: pl.DataFrame) -> pl.DataFrame:
    """Rows of `sql`; each keyword is a frame visible under its name, `$name` in the text is a prepared parameter."""
    con = connection().cursor()
    try:
        con.execute("set TimeZone = 'UTC'")
        for name, frame in frames.items():
            con.register(name, Stream(frame))
        relation = con.sql(sql, params=dict(params) if params else None)
        return pl.DataFrame(relation)
    finally:
        con.close()
