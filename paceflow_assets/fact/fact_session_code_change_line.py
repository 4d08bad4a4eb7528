"""Which lines did the sessions write, remove, and leave beside them?"""

import polars as pl

from paceflow_assets.runtime.nested import own, spread_lines
from paceflow_assets.runtime.table import count, hash64, table, text

KEY = ["provider", "session_id", "change_id"]
COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent that wrote the log"),
    "session_id": text("the agent's own id of the session"),
    "change_id": text("file operation, as in fact_session_code_change"),
    "position": count("number of the line in the operation, from 0"),
    "side": text("+ added, - removed, blank = unchanged context"),
    "hunk_index": count("hunk that the line stands in, from 0"),
    "line_hash": hash64("xxh3_64 of the line without trailing blanks, tabs, CR"),
    "line_hash_trimmed": hash64("xxh3_64 of the line without leading ones too"),
    "word_characters": count("letters, digits, _ and non-ASCII characters in the line"),
}


@table(
    grain=(*KEY, "position"),
    columns=COLUMNS,
    parents={"fact_session_code_change": ("repository", *KEY)},
    reads={
        "raw_session": ("repository", "provider", "session_id", "touches", "copied_keys", "changes"),
        "fact_session_code_change": ("repository", *KEY),
    },
    spreads="raw_session",
)
def fact_session_code_change_line(raw_session: pl.DataFrame, fact_session_code_change: pl.DataFrame) -> pl.DataFrame:
    """One row per line of an applied file operation; the text is not kept, only its hashes."""
    sessions = raw_session.rename({"repository": "stored_in"})
    applied = own(sessions, "changes", ["stored_in", "provider", "session_id"]).filter(
        pl.col("repository") == pl.col("stored_in")
    )
    kept = applied.join(fact_session_code_change, on=["repository", *KEY], how="semi")
    return spread_lines(kept, ["repository", *KEY])
