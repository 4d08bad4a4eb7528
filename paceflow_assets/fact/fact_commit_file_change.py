"""What did each commit do to each file?"""

import polars as pl

from paceflow_assets.rule.lock_file import LockFile, is_lock_file
from paceflow_assets.runtime.nested import spread
from paceflow_assets.runtime.table import count, flag, table, text

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "rel_path": text("new path, the old one of a deleted file; bytes that are no UTF-8 stand as \\xNN"),
    "old_path": text("path before a rename or copy; null = neither"),
    "change_type": text("add, delete, modify, rename or copy"),
    "is_binary": flag("git takes the content for binary; it has no lines then"),
    "added_lines": count("lines that the commit added to the file; 0 for a binary one"),
    "removed_lines": count("lines that it removed; 0 for a binary one"),
}


@table(
    grain=("commit_sha", "rel_path"),
    columns=COLUMNS,
    parents={"fact_commit": ("repository", "commit_sha")},
    reads={"raw_commit": ("repository", "commit_sha", "files")},
)
def fact_commit_file_change(raw_commit: pl.DataFrame, lock_file: LockFile) -> pl.DataFrame:
    """One row per file that a commit changed, lock files left out."""
    files = spread(raw_commit, "files", ["repository", "commit_sha"]).drop("lines")
    locked = [path for path in files["rel_path"].unique() if is_lock_file(lock_file, path)]
    return files.filter(~pl.col("rel_path").is_in(locked))
