"""Which commits belong to the task?"""

import polars as pl

from paceflow_assets.runtime.table import flag, number, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "task_key": text("ticket in the branch name, else the branch name; (unknown) without a branch"),
    "commit_sha": text("full object name"),
    "branch_name": text("branch that owns the commit; (unknown) = no head contains it"),
    "fallback_flag": flag("no task branch owns the commit"),
    "confidence": number("1 with one owner, less the nearer the next one is, 0.5 for a fallback, 0 without a branch"),
    "commit_time": time("committer date"),
    "counted_flag": flag("views count it (rule orphaned_commit)"),
}
COMMIT = ["repository", "commit_sha"]


@table(
    grain=("task_key", "commit_sha"),
    columns=COLUMNS,
    parents={"event_commit_outcome": tuple(COMMIT)},
    reads={"event_commit_outcome": (*COMMIT, "commit_time", "counted_flag")},
)
def event_task_commit(fact_task_commit_assignment: pl.DataFrame, event_commit_outcome: pl.DataFrame) -> pl.DataFrame:
    """One row per commit of fact_commit, under its one task."""
    return fact_task_commit_assignment.join(event_commit_outcome, on=COMMIT, how="left").with_columns(
        pl.col("is_fallback").alias("fallback_flag"), pl.col("counted_flag").fill_null(True)
    )
