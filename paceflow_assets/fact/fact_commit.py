"""Which commits does the analysis look at?"""

import polars as pl

from paceflow_assets.rule.lock_file import LockFile, is_lock_file
from paceflow_assets.runtime.nested import spread
from paceflow_assets.runtime.table import count, flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "parent_sha": text("first parent; null for a root commit"),
    "commit_time": time("committer date"),
    "author_time": time("author date"),
    "author_key": text("hash of the author's lower-cased address"),
    "subject": text("first paragraph of the message, on one line", private=True),
    "message": text("whole message", private=True),
    "total_added": count("added lines, lock files left out"),
    "total_removed": count("removed lines, lock files left out"),
    "file_count": count("changed files, lock files left out"),
    "reachable": flag("a present head, or the default branch's remote head, contains the commit"),
}


@table(grain=("commit_sha",), columns=COLUMNS)
def fact_commit(raw_commit: pl.DataFrame, lock_file: LockFile) -> pl.DataFrame:
    """One row per non-merge commit of the scan window: from a day before the first change of a session here."""
    read = raw_commit.filter("files_read")
    files = spread(read, "files", ["commit_sha"]).select("commit_sha", "rel_path", "added_lines", "removed_lines")
    locked = [path for path in files["rel_path"].unique() if is_lock_file(lock_file, path)]
    totals = (
        files.filter(~pl.col("rel_path").is_in(locked))
        .group_by("commit_sha")
        .agg(
            pl.col("added_lines").sum().alias("total_added"),
            pl.col("removed_lines").sum().alias("total_removed"),
            pl.len().cast(pl.Int64).alias("file_count"),
        )
    )
    paragraph = pl.col("message").str.replace(r"^(?:[ \t\r]*\n)+", "").str.replace(r"(?s)\n[ \t\r]*(?:\n.*)?$", "")
    subject = paragraph.str.replace_all(r"(?m)[ \t\r]+$", "").str.replace_all("\n", " ", literal=True)
    return read.join(totals, on="commit_sha", how="left").with_columns(
        pl.col("parents").list.first().alias("parent_sha"),
        subject.alias("subject"),
        pl.col("total_added", "total_removed", "file_count").fill_null(0),
    )
