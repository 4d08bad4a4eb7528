"""Which refs has the repository had, and where did they point?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "checkout": text("folder name of the checkout and 8 hex of its common directory"),
    "ref_name": text("full name, refs/heads/main; HEAD for a detached head"),
    "sha": text("commit it pointed to"),
    "kind": text("head, remote_head (the default branch at origin) or detached"),
    "is_head": flag("the ref still points to this commit, as of the last look"),
    "is_default": flag("origin/HEAD names this branch; null = origin does not say"),
    "first_seen_at": time("first look that found it there"),
    "last_seen_at": time("last look that found it there"),
}


@table(grain=("checkout", "ref_name", "sha"), columns=COLUMNS, bookkeeping=("first_seen_at", "last_seen_at"))
def raw_ref(stored: pl.DataFrame, look: Look) -> pl.DataFrame:
    """One row per (checkout, ref, commit it ever pointed to); a moved or deleted ref keeps its old rows."""
    return look.refs(stored, COLUMNS)
