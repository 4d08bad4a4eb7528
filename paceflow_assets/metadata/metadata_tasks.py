"""Which tickets do the branches name?"""

import polars as pl

from paceflow_assets.rule.task_key import TaskKey, is_ticket, parts
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
def metadata_tasks(fact_task_commit_assignment: pl.DataFrame, task_key: TaskKey) -> pl.DataFrame:
    """One row per ticket that commits belong to; a branch without a ticket in its name gives none."""
    counted = fact_task_commit_assignment.group_by("repository", "task_key").len("commit_count")
    rows = [
        (repository, key, *numbered, commits)
        for repository, key, commits in counted.select("repository", "task_key", "commit_count").rows()
        if is_ticket(task_key, key) and (numbered := parts(key))
    ]
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
