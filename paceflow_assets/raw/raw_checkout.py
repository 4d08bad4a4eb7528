"""Where on this machine does the repository live?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import flag, nested, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "common_dir": text("git common directory, absolute: this is the only table with absolute paths", private=True),
    "checkout": text("folder name and 8 hex of the common directory, as raw_ref names it"),
    "folder": text("folder name by which a person knows it"),
    "worktrees": nested(pl.List(pl.String), "top folders of the checkout and its linked worktrees, absolute", private=True),
    "origin": text("remote address without credentials; null = none"),
    "origin_keys": nested(pl.List(pl.String), "every address it ever had, in normal form"),
    "root_commits": nested(pl.List(pl.String), "commits without parent, oldest first; empty = no commit yet"),
    "is_provisional": flag("the key comes from the path, because there was neither commit nor origin"),
    "first_seen_at": time("first look"),
    "last_seen_at": time("last look that found it"),
    "missing_since": time("first look that did not find it; null = it is there"),
    "signature": text("state of refs, HEAD and origin before they were read for this row's repository"),
}


@table(watches="git", grain=("common_dir",), columns=COLUMNS, bookkeeping=("first_seen_at", "last_seen_at", "signature"))
def raw_checkout(stored: pl.DataFrame, look: Look) -> pl.DataFrame:
    """One row per checkout of the repository ever seen; one that is gone keeps its row."""
    rows = []
    readable = {seat.name for seat in look.readable}
    for seat in look.seats:
        known = seat.checkout
        identity = look.identity(seat) if seat.name in readable else None
        origin = identity.origin if identity else known.origin
        keys = [*known.origin_keys, *([identity.origin_key] if identity and identity.origin_key else [])]
        rows.append(
            (
                look.repository,
                seat.common_dir,
                seat.name,
                known.folder,
                sorted(known.worktrees),
                origin,
                list(dict.fromkeys(keys)),
                list(identity.root_commits) if identity and identity.root_commits else known.root_commits,
                known.provisional,
                known.first_seen_ms,
                look.now_ms if seat.is_there else None,
                None if seat.is_there else known.missing_ms or look.now_ms,
                seat.signature,
            )
        )
    seen = rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
    before = stored.select("common_dir", pl.col("last_seen_at").alias("earlier"))
    seen = seen.join(before, on="common_dir", how="left").with_columns(
        pl.coalesce("last_seen_at", "earlier").alias("last_seen_at")
    )
    return pl.concat([stored.join(seen, on="common_dir", how="anti"), seen.drop("earlier")])
