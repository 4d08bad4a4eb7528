"""Which file operations did the sessions really apply in this repository?"""

import polars as pl

from paceflow_assets.runtime.nested import own
from paceflow_assets.runtime.table import count, flag, table, text, time

KEY = ["provider", "session_id"]
COLUMNS = {
    "repository": text("partition key: repository of the changed path"),
    "provider": text("agent that wrote the log"),
    "session_id": text("the agent's own id of the session"),
    "change_id": text("call id + # + number in the call, else @ + ordinal of the record"),
    "change_index": count("number of the change among the session's changes here, from 0"),
    "change_ts": time("when it was asked for; null = the log does not tell"),
    "agent_id": text("'' = main thread, else the sub-agent"),
    "call_id": text("tool call; null = not one call"),
    "op_index": count("number of the operation in the call, from 0"),
    "rel_path": text("path in the repository; null = outside every repository"),
    "abs_path": text("path as the agent named it, ~/… or … + hash + name", private=True),
    "moved_from": text("old path of a renamed file; null = not renamed", private=True),
    "lines_added": count("added lines"),
    "lines_removed": count("removed lines, as far as the text before is known"),
    "write_mode": text("patch, overwrite, append or delete"),
    "parser_name": text("how the log was read"),
    "evidence": text("result_hunk, result_text, request_diff or heredoc"),
    "before_known": flag("the text before is known, so lines_removed is exact"),
    "user_modified": flag("the user changed the text before it was applied; null = the log does not tell"),
    "git_branch": text("branch at that time; null = not told"),
    "source_file": text("log that holds the record", private=True),
    "source_line": count("line of the log, from 1"),
}


@table(
    grain=(*KEY, "change_id"),
    columns=COLUMNS,
    parents={"metadata_sessions": ("repository", *KEY)},
    reads={
        "raw_session": ("repository", *KEY, "touches", "copied_keys", "changes"),
        "metadata_sessions": ("repository", *KEY),
    },
)
def fact_session_code_change(raw_session: pl.DataFrame, metadata_sessions: pl.DataFrame) -> pl.DataFrame:
    """One row per file operation whose result says that it was applied; failed and rejected ones have none."""
    sessions = raw_session.rename({"repository": "stored_in"})
    applied = own(sessions, "changes", ["stored_in", *KEY]).filter(pl.col("repository") == pl.col("stored_in"))
    sides = pl.col("lines").struct.field("sides").str
    return applied.join(metadata_sessions, on=["repository", *KEY], how="semi", maintain_order="left").select(
        "repository",
        *KEY,
        "change_id",
        pl.int_range(pl.len(), dtype=pl.Int64).over(KEY).alias("change_index"),
        pl.col("at").alias("change_ts"),
        "agent_id",
        "call_id",
        "op_index",
        "rel_path",
        pl.col("path").alias("abs_path"),
        "moved_from",
        sides.count_matches("+", literal=True).alias("lines_added"),
        sides.count_matches("-", literal=True).alias("lines_removed"),
        "write_mode",
        "parser_name",
        "evidence",
        "before_known",
        "user_modified",
        "git_branch",
        pl.col("log_path").alias("source_file"),
        pl.col("position").alias("source_line"),
    )
