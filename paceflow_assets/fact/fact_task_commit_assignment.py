"""Which branch, and with it which task, does each commit belong to?"""

from collections.abc import Iterable

import polars as pl

from paceflow_assets.rule.task_branch import Head, TaskBranch, assign
from paceflow_assets.rule.task_key import TaskKey
from paceflow_assets.rule.task_key import task_key as ticket
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import count, flag, number, table, text

COLUMNS = {
    "repository": text("partition key"),
    "task_key": text("ticket in the branch name, else the branch name; (unknown) without a branch"),
    "commit_sha": text("full object name"),
    "branch_name": text("branch that owns the commit; (unknown) = no head contains it"),
    "source": text("task_branch, or integration_fallback when no task branch owns the commit"),
    "is_fallback": flag("source is integration_fallback"),
    "candidate_count": count("task branches that own the commit; 0 for a fallback"),
    "distance_to_tip": count("commits that git lists before it from the branch's tip; null = no branch"),
    "confidence": number("1 with one owner, less the nearer the next one is, 0.5 for a fallback, 0 without a branch"),
}


@table(
    grain=("task_key", "commit_sha"),
    columns=COLUMNS,
    parents={"fact_commit": ("repository", "commit_sha")},
    reads={
        "raw_commit": ("repository", "commit_sha", "parents", "commit_time", "files_read"),
        "raw_ref": ("ref_name", "sha", "kind", "is_head", "is_default", "first_seen_at", "last_seen_at"),
    },
)
def fact_task_commit_assignment(
    raw_commit: pl.DataFrame, raw_ref: pl.DataFrame, task_branch: TaskBranch, task_key: TaskKey
) -> pl.DataFrame:
    """One row per commit of fact_commit, under the one task that its branch names."""
    refs = raw_ref.filter(
        (pl.col("kind") == "head") | ((pl.col("kind") == "remote_head") & pl.col("is_default").fill_null(False))
    )
    if task_branch.history == "current_heads":
        refs = refs.filter("is_head")
    times = raw_commit.select("commit_sha", pl.col("commit_time").dt.epoch("ms")).drop_nulls()
    read = raw_commit.filter("files_read")
    found = assign(
        task_branch,
        dict(raw_commit.select("commit_sha", "parents").rows()),
        dict(times.rows()),
        list(heads(refs)),
        read["commit_sha"].to_list(),
    )
    rows = [
        (repository, ticket(task_key, found[sha].branch_name), sha, *found[sha])
        for repository, sha in read.select("repository", "commit_sha").rows()
    ]
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)


def heads(refs: pl.DataFrame) -> Iterable[Head]:
    """Heads by short name, with when they were seen there; the remote default branch stands under its own short name."""
    seen = refs.select(
        "ref_name", "sha", pl.col("first_seen_at").dt.epoch("ms"), pl.col("last_seen_at").dt.epoch("ms"), "is_head"
    )
    for ref_name, sha, first_ms, last_ms, is_head in seen.sort("ref_name", "first_seen_at", "sha").rows():
        name = ref_name.removeprefix("refs/heads/").removeprefix("refs/remotes/origin/")
        yield Head(name, sha, first_ms or 0, None if is_head else last_ms)
