"""Which models worked here?"""

import polars as pl

from paceflow_assets.rule import model_name
from paceflow_assets.runtime.nested import own
from paceflow_assets.runtime.table import count, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent that used the model"),
    "model_name": text("agent/model; agent/(unknown) when the logs do not tell"),
    "session_count": count("sessions that named the model, as theirs or for a response"),
    "first_used_at": time("first response, else the start of the first session; null = no time known"),
}


@table(
    grain=("provider", "model_name"),
    columns=COLUMNS,
    reads={
        "raw_session": (
            "repository",
            "provider",
            "session_id",
            "touches",
            "copied_keys",
            "model_name",
            "started_at",
            "usage",
        )
    },
)
def metadata_models(raw_session: pl.DataFrame, metadata_sessions: pl.DataFrame) -> pl.DataFrame:
    """One row per model that an agent used in the repository's sessions."""
    columns = ["repository", "provider", "session_id", "model_name", "at"]
    responses = own(
        raw_session.rename({"model_name": "session_model"}), "usage", ["repository", "provider", "session_id"]
    ).select(columns)
    sessions = metadata_sessions.select(pl.col("started_at").alias("at"), "*").select(columns)
    named = pl.concat(
        [
            responses.filter(pl.col("model_name").is_not_null()).with_columns(pl.lit(True).alias("is_response")),
            sessions.with_columns(pl.lit(False).alias("is_response")),
        ]
    )
    names = [model_name.qualified(*row) for row in named.select("provider", "model_name").rows()]
    return (
        named.with_columns(pl.Series("model_name", names, dtype=pl.String))
        .group_by("repository", "provider", "model_name")
        .agg(
            pl.col("session_id").n_unique().cast(pl.Int64).alias("session_count"),
            pl.coalesce(pl.col("at").filter("is_response").min(), pl.col("at").min()).alias("first_used_at"),
        )
    )
