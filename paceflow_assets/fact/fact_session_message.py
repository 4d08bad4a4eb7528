"""What was said in the sessions?"""

import polars as pl

from paceflow_assets.runtime.nested import own
from paceflow_assets.runtime.table import count, table, text, time

KEY = ["provider", "session_id"]
COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent that wrote the log"),
    "session_id": text("the agent's own id of the session"),
    "agent_id": text("'' = main thread, else the sub-agent"),
    "message_index": count("number of the message in its thread, from 0"),
    "message_ts": time("when it was said; null = the log does not tell"),
    "role": text("user or assistant"),
    "kind": text("typed, reply, or why nobody typed it: compact_summary, interrupt, command, command_output, notification"),
    "content": text("the text", private=True),
    "content_words": count("runs without white space"),
    "source_file": text("log that holds the record", private=True),
    "source_line": count("line of the log, from 1"),
}


@table(
    grain=(*KEY, "agent_id", "message_index"),
    columns=COLUMNS,
    parents={"metadata_sessions": ("repository", *KEY)},
    reads={
        "raw_session": ("repository", *KEY, "touches", "copied_keys", "messages"),
        "metadata_sessions": ("repository", *KEY),
    },
)
def fact_session_message(raw_session: pl.DataFrame, metadata_sessions: pl.DataFrame) -> pl.DataFrame:
    """One row per visible text of a session, in the session's order; the text of another session's copy is left out."""
    said = own(raw_session, "messages", ["repository", *KEY])
    return said.join(metadata_sessions, on=["repository", *KEY], how="semi", maintain_order="left").select(
        "repository",
        *KEY,
        "agent_id",
        pl.int_range(pl.len(), dtype=pl.Int64).over(*KEY, "agent_id").alias("message_index"),
        pl.col("at").alias("message_ts"),
        "role",
        "kind",
        "content",
        pl.col("word_count").alias("content_words"),
        pl.col("log_path").alias("source_file"),
        pl.col("position").alias("source_line"),
    )
