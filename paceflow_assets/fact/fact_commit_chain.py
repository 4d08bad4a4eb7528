"""On which line of history does each commit lie, and what lies before it?"""

import polars as pl

from paceflow_assets.rule.mainline import Mainline, chosen
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import count, table, text
from paceflow_assets.tracing import chains

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "chain": text("oldest commit of the line of first parents that the commit lies on; the main line's comes first"),
    "chain_place": count("number of the commit on its chain, from 0, merges counted"),
    "base_chain": text("chain that this one left; null = it begins with a root commit, or the history before is not known"),
    "base_place": count("place on it of the last common commit; null as base_chain"),
}


@table(
    grain=("commit_sha",),
    columns=COLUMNS,
    parents={"fact_commit": ("repository", "commit_sha")},
    reads={
        "raw_commit": ("repository", "commit_sha", "parents", "files_read"),
        "raw_ref": ("ref_name", "sha", "kind", "is_head", "is_default"),
    },
)
def fact_commit_chain(raw_commit: pl.DataFrame, raw_ref: pl.DataFrame, mainline: Mainline) -> pl.DataFrame:
    """One row per commit of fact_commit. What lies before it: its chain to its place, then the base of each chain."""
    present = raw_ref.filter("is_head", pl.col("kind") != "detached")
    default = present.filter("is_default", pl.col("kind") == "remote_head")["ref_name"].sort()
    refs = chosen(mainline, set(present["ref_name"]), default[0] if len(default) else None)
    tips = [sha for ref in refs for sha in present.filter(pl.col("ref_name") == ref)["sha"].unique().sort()]
    places = chains(dict(raw_commit.select("commit_sha", "parents").rows()), tips)
    read = raw_commit.filter("files_read").select("repository", "commit_sha").rows()
    rows = [(repository, sha, *places[sha]) for repository, sha in read if sha in places]
    return rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
