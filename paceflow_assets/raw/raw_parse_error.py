"""What could not be read, where, and with what consequence?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import count, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent that wrote the log, or git"),
    "log_path": text("~/… of the log; the checkout for git"),
    "line": count("line in the log, from 1; 0 = the whole file"),
    "error_index": count("number of the error on that line, from 0"),
    "session_id": text("session the record belongs to; null = not known"),
    "call_id": text("tool call; null = not one call"),
    "reason": text("what is wrong and with what consequence"),
    "seen_at": time("when it was read"),
}


@table(grain=("provider", "log_path", "line", "error_index"), columns=COLUMNS, bookkeeping=("seen_at",))
def raw_parse_error(stored: pl.DataFrame, look: Look) -> pl.DataFrame:
    """One row per thing that could not be read; the rows of a log are replaced when it is read again."""
    return look.errors(stored, COLUMNS)
