"""Where on this machine does the repository live?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import nested, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "common_dir": text("git common directory, absolute: the only table with absolute paths"),
    "checkout": text("folder name and 8 hex of the common directory, as raw_ref names it"),
    "worktrees": nested(pl.List(pl.String), "top folders of the checkout and its linked worktrees, absolute"),
    "origin": text("remote address without credentials; null = none"),
    "root_commits": nested(pl.List(pl.String), "commits without parent, oldest first; empty = no commit yet"),
    "first_seen_at": time("first look"),
    "last_seen_at": time("last look that found it"),
    "missing_since": time("first look that did not find it; null = it is there"),
}


@table(grain=("common_dir",), columns=COLUMNS, bookkeeping=("first_seen_at", "last_seen_at"))
def raw_checkout(stored: pl.DataFrame, look: Look) -> pl.DataFrame:
    """One row per checkout of the repository ever seen; one that is gone keeps its row."""
    return look.checkouts(stored, COLUMNS)
