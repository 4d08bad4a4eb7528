"""Which commits lie on the main line?"""

from collections.abc import Mapping, Sequence

import polars as pl

from paceflow_assets.rule.mainline import Mainline, chosen
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "mainline_ref": text("first of the chosen refs that contains it, full name"),
    "commit_time": time("committer date"),
}


@table(
    grain=("commit_sha",),
    columns=COLUMNS,
    parents={"fact_commit": ("repository", "commit_sha")},
    reads={
        "raw_commit": ("repository", "commit_sha", "parents", "commit_time", "files_read"),
        "raw_ref": ("ref_name", "sha", "kind", "is_head", "is_default"),
    },
)
def fact_mainline_commit(raw_commit: pl.DataFrame, raw_ref: pl.DataFrame, mainline: Mainline) -> pl.DataFrame:
    """One row per commit of fact_commit that the main line contains, through any parent; no main line, no rows."""
    present = raw_ref.filter("is_head", pl.col("kind") != "detached")
    default = present.filter("is_default", pl.col("kind") == "remote_head")["ref_name"].sort()
    parents = dict(raw_commit.select("commit_sha", "parents").rows())
    ref_of: dict[str, str] = {}
    for ref in chosen(mainline, set(present["ref_name"]), default[0] if len(default) else None):
        for tip in present.filter(pl.col("ref_name") == ref)["sha"].unique().sort():
            mark_ancestors(tip, parents, ref_of, ref)
    rows = [
        (repository, sha, ref_of[sha], commit_time)
        for repository, sha, commit_time in raw_commit.filter("files_read")
        .select("repository", "commit_sha", "commit_time")
        .rows()
        if sha in ref_of
    ]
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)


def mark_ancestors(tip: str, parents: Mapping[str, Sequence[str]], ref_of: dict[str, str], ref: str) -> None:
    """Set `ref_of[sha] = ref` for the tip and every known ancestor that has none yet."""
    pending = [tip]
    while pending:
        sha = pending.pop()
        if sha in parents and sha not in ref_of:
            ref_of[sha] = ref
            pending.extend(parents[sha])
