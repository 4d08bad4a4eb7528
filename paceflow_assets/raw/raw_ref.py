"""Which refs has the repository had, and where did they point?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "checkout": text("folder name of the checkout and 8 hex of its common directory"),
    "ref_name": text("full name: refs/heads/main; HEAD or worktrees/<name>/HEAD for a detached one"),
    "sha": text("commit that it pointed to"),
    "kind": text("head, remote_head (a branch of origin that may be the mainline) or detached"),
    "is_head": flag("the ref points to this commit, as of the last look"),
    "is_default": flag("origin/HEAD names this branch; null = origin does not say"),
    "first_seen_at": time("first look that found it there"),
    "last_seen_at": time("last look that found it there"),
}
REF = ["checkout", "ref_name", "sha"]


@table(
    watches="git",
    grain=tuple(REF),
    columns=COLUMNS,
    bookkeeping=("first_seen_at", "last_seen_at"),
    reads={"raw_checkout": ("checkout",)},
)
def raw_ref(stored: pl.DataFrame, look: Look, raw_checkout: pl.DataFrame) -> pl.DataFrame:
    """One row per (checkout, ref, commit it ever pointed to); a moved or deleted ref keeps its old rows.

    A checkout that is not there, or that git cannot read, keeps its rows as they are.
    """
    there = [seat for seat in look.readable if seat.name in set(raw_checkout["checkout"])]
    rows = [
        (look.repository, seat.name, ref.ref_name, ref.sha, ref.kind, True, ref.is_default, look.now_ms, look.now_ms)
        for seat in there
        for ref in look.refs(seat)
    ]
    seen = rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
    firsts = stored.select(*REF, pl.col("first_seen_at").alias("earlier"))
    seen = (
        seen.join(firsts, on=REF, how="left")
        .with_columns(pl.coalesce("earlier", "first_seen_at").alias("first_seen_at"))
        .drop("earlier")
    )
    looked_at = pl.col("checkout").is_in([seat.name for seat in there])
    past = stored.join(seen, on=REF, how="anti").with_columns(
        pl.when(looked_at).then(False).otherwise("is_head").alias("is_head")
    )
    return pl.concat([past, seen])
