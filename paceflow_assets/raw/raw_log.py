"""Which logs were read, in which state, by which parser?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import rows_of, spread
from paceflow_assets.runtime.table import count, table, text, time

COLUMNS = {
    "repository": text("partition key: one row in each repository that the log touches"),
    "provider": text("agent that wrote the log"),
    "log_path": text("~/… or … + hash + name for a log outside the home, never absolute", private=True),
    "fingerprint": text("size, time and inode when it was read"),
    "parser_fingerprint": text("version of the parser that read it"),
    "session_count": count("sessions of this repository with records in the log"),
    "error_count": count("records that could not be read"),
    "first_seen_at": time("when it was first read"),
    "last_seen_at": time("when it was last read"),
    "missing_since": time("first look that did not find it; null = it is there"),
}
LOG = ["provider", "log_path"]


@table(
    watches="logs",
    grain=tuple(LOG),
    columns=COLUMNS,
    bookkeeping=("first_seen_at", "last_seen_at"),
    reads={"raw_session": ("provider", "read_logs"), "raw_parse_error": ("provider", "log_path")},
)
def raw_log(stored: pl.DataFrame, look: Look, raw_session: pl.DataFrame, raw_parse_error: pl.DataFrame) -> pl.DataFrame:
    """One row per log that was read for this repository: a ledger that vouches for what the other raw tables hold."""
    read = (
        spread(raw_session, "read_logs", ["provider"])
        .sort("last_read_at", "fingerprint")
        .group_by(LOG)
        .agg(
            pl.col("fingerprint", "parser_fingerprint").last(),
            pl.len().cast(pl.Int64).alias("session_count"),
            pl.col("first_read_at").min().alias("first_seen_at"),
            pl.col("last_read_at").max().alias("last_seen_at"),
        )
    )
    fields = {name: COLUMNS[name].type for name in read.columns}
    barren = rows_of(
        fields,
        [
            (log.provider, log.log_path, log.fingerprint, log.parser, 0, look.now_ms, look.now_ms)
            for log in look.waiting
            if log.errors and not log.parts
        ],
    )
    gone = rows_of(
        {**dict.fromkeys(LOG, pl.String), "missing_since": COLUMNS["missing_since"].type},
        [(log.provider, name, log.missing_ms) for name, log in look.logs.items()],
    )
    errors = raw_parse_error.group_by(LOG).len("error_count")
    seen = (
        pl.concat([read.cast(fields), barren.join(read, on=LOG, how="anti")])
        .join(gone, on=LOG, how="left")
        .join(errors, on=LOG, how="left")
        .with_columns(pl.lit(look.repository).alias("repository"), pl.col("error_count").fill_null(0).cast(pl.Int64))
        .select(list(COLUMNS))
    )
    return pl.concat([stored.join(seen, on=LOG, how="anti"), seen])
