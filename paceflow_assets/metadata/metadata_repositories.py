"""What is this repository?"""

import polars as pl

from paceflow_assets.runtime.table import count, flag, table, text, time

COLUMNS = {
    "repository": text("partition key: host/owner/name of origin, or local/<folder>-<hash>, or no-repository"),
    "repo_name": text("last part of the key, without the hash of a local one"),
    "origin_url": text("address of remote origin without credentials; null = none"),
    "default_branch": text("branch that origin/HEAD names; null = origin does not say"),
    "root_commit": text("oldest commit without parent; null = no commit"),
    "checkout_count": count("checkouts on this machine, gone ones included"),
    "is_present": flag("some checkout is there; null = the repository has none"),
    "first_seen_at": time("first look at a checkout; null = it has none"),
}


@table(
    grain=(),
    columns=COLUMNS,
    reads={
        "raw_checkout": ("repository", "common_dir", "origin", "root_commits", "missing_since", "first_seen_at"),
        "raw_ref": ("ref_name", "is_head", "is_default"),
        "raw_session": ("repository",),
    },
)
def metadata_repositories(raw_checkout: pl.DataFrame, raw_ref: pl.DataFrame, raw_session: pl.DataFrame) -> pl.DataFrame:
    """One row per repository; what is null no checkout tells."""
    default = raw_ref.filter("is_head", "is_default").sort("ref_name")["ref_name"]
    branch = default[0].removeprefix("refs/heads/").removeprefix("refs/remotes/origin/") if len(default) else None
    checkouts = (
        raw_checkout.sort("missing_since", "first_seen_at", "common_dir", nulls_last=False)
        .group_by("repository")
        .agg(
            pl.col("origin").drop_nulls().first().alias("origin_url"),
            pl.col("root_commits").filter(pl.col("root_commits").list.len() > 0).first().list.first().alias("root_commit"),
            pl.len().cast(pl.Int64).alias("checkout_count"),
            pl.col("missing_since").is_null().any().alias("is_present"),
            pl.col("first_seen_at").min(),
        )
    )
    keys = pl.concat([raw_checkout.select("repository"), raw_session.select("repository")]).unique()
    name = pl.col("repository").str.split("/").list.last()
    is_local = pl.col("repository").str.starts_with("local/")
    return keys.join(checkouts, on="repository", how="left").with_columns(
        pl.when(is_local).then(name.str.replace(r"-[0-9a-f]{8}$", "")).otherwise(name).alias("repo_name"),
        pl.lit(branch, dtype=pl.String).alias("default_branch"),
        pl.col("checkout_count").fill_null(0),
    )
