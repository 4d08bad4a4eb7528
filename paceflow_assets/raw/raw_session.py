"""Which sessions have the logs ever shown, and everything they hold?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import LINE, TIME, count, flag, nested, table, text, time

MESSAGE = pl.Struct(
    {
        "record_key": pl.String,
        "log_path": pl.String,
        "position": pl.Int64,
        "agent_id": pl.String,
        "role": pl.String,
        "kind": pl.String,
        "at": TIME,
        "content": pl.String,
        "word_count": pl.Int64,
    }
)
CHANGE = pl.Struct(
    {
        "record_key": pl.String,
        "log_path": pl.String,
        "position": pl.Int64,
        "change_id": pl.String,
        "call_id": pl.String,
        "op_index": pl.Int64,
        "agent_id": pl.String,
        "at": TIME,
        "repository": pl.String,
        "rel_path": pl.String,
        "path": pl.String,
        "moved_from": pl.String,
        "write_mode": pl.String,
        "parser_name": pl.String,
        "user_modified": pl.Boolean,
        "before_known": pl.Boolean,
        "evidence": pl.String,
        "git_branch": pl.String,
        "lines": pl.List(LINE),
    }
)
USAGE = pl.Struct(
    {
        "record_key": pl.String,
        "log_path": pl.String,
        "position": pl.Int64,
        "agent_id": pl.String,
        "at": TIME,
        "model_name": pl.String,
        "input_tokens": pl.Int64,
        "cached_input_tokens": pl.Int64,
        "cache_creation_tokens": pl.Int64,
        "cache_creation_1h_tokens": pl.Int64,
        "output_tokens": pl.Int64,
        "reasoning_tokens": pl.Int64,
        "speed": pl.String,
    }
)
SNAPSHOT = pl.Struct(
    {
        "record_key": pl.String,
        "log_path": pl.String,
        "at": TIME,
        "repository": pl.String,
        "rel_path": pl.String,
        "path": pl.String,
        "text_hash": pl.UInt64,
        "line_count": pl.Int64,
    }
)
PART = pl.Struct(
    {
        "log_path": pl.String,
        "started_at": TIME,
        "ended_at": TIME,
        "cwd": pl.String,
        "git_branch": pl.String,
        "model_name": pl.String,
        "client_version": pl.String,
    }
)

COLUMNS = {
    "repository": text("partition key: a repository that the session's working directory or one of its changes lies in"),
    "provider": text("agent that wrote the log"),
    "session_id": text("the agent's own id of the session"),
    "home_repository": text("repository of the first working directory, else where most changed lines fall"),
    "is_home": flag("this row lies in the session's home repository; true in exactly one repository"),
    "parent_session_id": text("session this one was forked or resumed from; null = none named"),
    "cwd": text("first working directory, ~/… or the marked form of a path outside the home; null = not told"),
    "origin": text("remote address named in the log, without credentials; null = not told"),
    "git_branch": text("last branch named; null = not told"),
    "model_name": text("the session's model as the log names it; null = not told"),
    "client_version": text("version of the agent that wrote last; null = not told"),
    "started_at": time("earliest record"),
    "ended_at": time("latest record"),
    "parts": nested(pl.List(PART), "header of each log that holds records of the session"),
    "messages": nested(pl.List(MESSAGE), "visible texts, copies included once"),
    "changes": nested(pl.List(CHANGE), "applied file operations with their lines (hashes, not text)"),
    "usage": nested(pl.List(USAGE), "tokens of each model response"),
    "snapshots": nested(pl.List(SNAPSHOT), "hashes of whole-file texts the session saw"),
    "copied_keys": nested(pl.List(pl.String), "record keys that another session of this repository wrote first"),
    "duplicates": nested(
        pl.List(pl.Struct({"reason": pl.String, "records": pl.Int64})), "records dropped as copies, by reason"
    ),
    "last_read_at": time("when a log of the session was last read"),
    "change_count": count("applied file operations in all repositories"),
}


@table(grain=("provider", "session_id"), columns=COLUMNS, bookkeeping=("last_read_at",))
def raw_session(stored: pl.DataFrame, look: Look) -> pl.DataFrame:
    """One row per session, whole, in every repository that it touches.

    Items carry the log they came from: when one log of a session is read again, what it no longer shows stays if the log
    is gone or was cut short, and is replaced if it was read by another parser.
    """
    return assembled(stored, look, COLUMNS)
