"""Which logs were read, in which state, by which parser?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import count, table, text, time

COLUMNS = {
    "repository": text("partition key: one row in each repository that the log touches"),
    "provider": text("agent that wrote the log"),
    "log_path": text("~/… or the marked form of a path outside the home, never absolute"),
    "fingerprint": text("size, time and inode when it was read"),
    "parser_fingerprint": text("version of the parser that read it"),
    "session_count": count("sessions with records in the log"),
    "error_count": count("records that could not be read"),
    "first_seen_at": time("when it was first read"),
    "last_seen_at": time("when it was last read"),
    "missing_since": time("first look that did not find it; null = it is there"),
}


@table(grain=("provider", "log_path"), columns=COLUMNS, bookkeeping=("first_seen_at", "last_seen_at"))
def raw_log(stored: pl.DataFrame, look: Look, raw_session: pl.DataFrame, raw_parse_error: pl.DataFrame) -> pl.DataFrame:
    """One row per log that was read for this repository: a ledger, written after what it vouches for."""
    return look.ledger(stored, COLUMNS)
