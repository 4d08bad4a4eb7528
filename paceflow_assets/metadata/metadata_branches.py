"""Which branches has the repository had, and which task does each serve?"""

import polars as pl

from paceflow_assets.rule import branch_kind
from paceflow_assets.rule import task_key as ticket
from paceflow_assets.rule.task_key import TaskKey
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "branch_name": text("short name; (unknown) for commits that no branch owns"),
    "task_key": text("ticket in the name; null = none"),
    "is_default_branch": flag("origin/HEAD names it; where origin does not say: main or master"),
    "is_integration_branch": flag("collects work: main, master, staging, develop, development, dev, release/…"),
    "is_present": flag("a head of that name exists, as of the last look"),
    "first_seen_at": time("first look that found the head; null = it was never seen"),
}


@table(
    grain=("branch_name",),
    columns=COLUMNS,
    reads={
        "raw_ref": ("repository", "ref_name", "kind", "is_head", "is_default", "first_seen_at"),
        "fact_task_commit_assignment": ("repository", "branch_name"),
    },
)
def metadata_branches(raw_ref: pl.DataFrame, fact_task_commit_assignment: pl.DataFrame, task_key: TaskKey) -> pl.DataFrame:
    """One row per local branch ever seen, and one for (unknown) if commits belong to no branch."""
    heads = (
        raw_ref.filter(pl.col("kind") == "head")
        .with_columns(pl.col("ref_name").str.strip_prefix("refs/heads/").alias("branch_name"))
        .group_by("repository", "branch_name")
        .agg(
            pl.col("is_head").any().alias("is_present"),
            pl.col("is_default").sort_by("first_seen_at").drop_nulls().last(),
            pl.col("first_seen_at").min(),
        )
    )
    owners = fact_task_commit_assignment.select("repository", "branch_name").unique()
    branches = heads.join(owners, on=["repository", "branch_name"], how="full", coalesce=True)
    columns = ("repository", "branch_name", "is_default", "is_present", "first_seen_at")
    rows = []
    for repository, branch, is_default, is_present, first_seen_at in branches.select(columns).rows():
        key = ticket.task_key(task_key, branch)
        rows.append(
            (
                repository,
                branch,
                key if ticket.is_ticket(task_key, key) else None,
                branch_kind.is_default_branch(branch) if is_default is None else is_default,
                branch_kind.is_integration_branch(branch),
                bool(is_present),
                first_seen_at,
            )
        )
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
