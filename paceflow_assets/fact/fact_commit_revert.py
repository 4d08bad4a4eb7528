"""Which commits say that they revert which?"""

import polars as pl

from paceflow_assets.rule.revert import reverted_shas
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("commit that is reverted, as the message names it; it may be unknown here"),
    "revert_commit_sha": text("commit whose message says so, on any ref"),
    "revert_time": time("its committer date"),
}


@table(
    grain=("commit_sha", "revert_commit_sha"),
    columns=COLUMNS,
    reads={"raw_commit": ("repository", "commit_sha", "commit_time", "message")},
)
def fact_commit_revert(raw_commit: pl.DataFrame) -> pl.DataFrame:
    """One row per (commit, commit whose message says "This reverts commit" of it)."""
    says = raw_commit.filter(pl.col("message").str.contains("This reverts commit ", literal=True))
    rows = [
        (repository, target, sha, commit_time)
        for repository, sha, commit_time, message in says.select("repository", "commit_sha", "commit_time", "message").rows()
        for target in dict.fromkeys(reverted_shas(message))
    ]
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
