"""Which tickets do the branches name?"""

import polars as pl

from paceflow_assets.rule import task_key
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import count, table, text

COLUMNS = {
    "repository": text("partition key"),
    "task_key": text("PREFIX-number, as the branch names it"),
    "task_prefix": text("part before the first -"),
    "task_number": count("number behind it"),
    "commit_count": count("commits of the task"),
}


@table(
    grain=("task_key",),
    columns=COLUMNS,
    reads={"fact_task_commit_assignment": ("repository", "task_key", "commit_sha")},
)
def metadata_tasks(fact_task_commit_assignment: pl.DataFrame) -> pl.DataFrame:
    """One row per ticket that commits belong to; a branch without a ticket in its name gives none."""
    counted = fact_task_commit_assignment.group_by("repository", "task_key").len("commit_count")
    rows = [
        (repository, key, *parts, commits)
        for repository, key, commits in counted.select("repository", "task_key", "commit_count").rows()
        if (parts := task_key.parts(key)) is not None
    ]
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
