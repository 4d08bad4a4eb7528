"""What is this session: whose, where, with which model, how long, and what did it change in all?"""

import polars as pl

from paceflow_assets.rule import model_name
from paceflow_assets.runtime.nested import own, spread
from paceflow_assets.runtime.table import count, flag, table, text, time

KEY = ["provider", "session_id"]
COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent that wrote the log"),
    "session_id": text("the agent's own id of the session"),
    "home_repository": text("repository of the first working directory, else where most changed lines fall"),
    "is_home": flag("this row lies in the home repository; true in exactly one repository"),
    "parent_session_id": text("session that this one was forked or resumed from; null = none named"),
    "model_name": text("agent/model; agent/(unknown) when no log names one"),
    "project_path": text("first working directory, ~/… or … + hash + name; null = not told", private=True),
    "git_branch": text("last branch named; null = not told"),
    "client_version": text("version of the agent that wrote last; null = not told"),
    "source_path": text("first log of the session", private=True),
    "log_count": count("logs that hold records of the session, sub-agents' included"),
    "started_at": time("earliest record"),
    "ended_at": time("latest record"),
    "first_change_at": time("first applied change of lines, in any repository; null = none with a time"),
    "last_change_at": time("last applied change of lines, in any repository; null = none with a time"),
    "change_count": count("applied file operations, in all repositories"),
    "lines_added": count("lines added by them, in all repositories"),
    "lines_removed": count("lines removed by them, in all repositories"),
}
HEADER = [
    *KEY,
    "repository",
    "home_repository",
    "is_home",
    "parent_session_id",
    "model_name",
    "git_branch",
    "client_version",
    "started_at",
    "ended_at",
]


@table(
    grain=tuple(KEY),
    columns=COLUMNS,
    reads={"raw_session": (*HEADER, "cwd", "touches", "copied_keys", "parts", "messages", "changes", "usage")},
)
def metadata_sessions(raw_session: pl.DataFrame) -> pl.DataFrame:
    """One row per session that touches the repository and has a record of its own; null = no log tells."""
    records = pl.concat([own(raw_session, kind, KEY).select(KEY) for kind in ("messages", "changes", "usage")]).unique()
    changes = own(raw_session, "changes", KEY).with_columns(
        pl.col("lines").struct.field("sides").str.count_matches("+", literal=True).cast(pl.Int64).alias("added"),
        pl.col("lines").struct.field("sides").str.count_matches("-", literal=True).cast(pl.Int64).alias("removed"),
    )
    changed = pl.col("added") + pl.col("removed") > 0
    sums = changes.group_by(KEY).agg(
        pl.col("at").filter(changed).min().alias("first_change_at"),
        pl.col("at").filter(changed).max().alias("last_change_at"),
        pl.len().cast(pl.Int64).alias("change_count"),
        pl.col("added").sum().alias("lines_added"),
        pl.col("removed").sum().alias("lines_removed"),
    )
    logs = (
        spread(raw_session, "parts", KEY)
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("log_path").first().alias("source_path"),
            pl.col("log_path").n_unique().cast(pl.Int64).alias("log_count"),
        )
    )
    sessions = raw_session.filter("touches").join(records, on=KEY, how="semi")
    names = [model_name.qualified(*row) for row in sessions.select("provider", "model_name").rows()]
    return (
        sessions.select(*HEADER, pl.col("cwd").alias("project_path"))
        .with_columns(pl.Series("model_name", names, dtype=pl.String))
        .join(sums, on=KEY, how="left")
        .join(logs, on=KEY, how="left")
        .with_columns(pl.col("change_count", "lines_added", "lines_removed", "log_count").fill_null(0))
    )
