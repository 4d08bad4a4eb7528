"""Which files were touched, by commits or by sessions?"""

import polars as pl

from paceflow_assets.runtime.table import count, table, text

COLUMNS = {
    "repository": text("partition key"),
    "relative_path": text("path in the repository"),
    "file_name": text("last part of the path"),
    "extension": text("behind the last dot, case kept; null = none (.bashrc has none)"),
    "commit_count": count("commits that changed the file"),
    "session_count": count("sessions that changed the file"),
}


@table(
    grain=("relative_path",),
    columns=COLUMNS,
    reads={
        "fact_commit_file_change": ("repository", "commit_sha", "rel_path"),
        "fact_session_code_change": ("repository", "provider", "session_id", "rel_path"),
    },
)
def metadata_files(fact_commit_file_change: pl.DataFrame, fact_session_code_change: pl.DataFrame) -> pl.DataFrame:
    """One row per file that a commit of the scan window or a session changed."""
    key = ["repository", "relative_path"]
    commits = fact_commit_file_change.rename({"rel_path": "relative_path"}).group_by(key).len("commit_count")
    sessions = (
        fact_session_code_change.filter(pl.col("rel_path").is_not_null())
        .rename({"rel_path": "relative_path"})
        .group_by(key)
        .agg(pl.struct("provider", "session_id").n_unique().alias("session_count"))
    )
    name = pl.col("relative_path").str.split("/").list.last()
    return commits.join(sessions, on=key, how="full", coalesce=True).with_columns(
        name.alias("file_name"),
        name.str.extract(r"(?s)^.+\.([^.]+)$").alias("extension"),
        pl.col("commit_count", "session_count").fill_null(0).cast(pl.Int64),
    )
