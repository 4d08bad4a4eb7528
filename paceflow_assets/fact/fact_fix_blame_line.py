"""Which commit brought each line that a mending commit removes?"""

import polars as pl

from paceflow_assets.rule.lock_file import LockFile, is_lock_file
from paceflow_assets.runtime.nested import spread
from paceflow_assets.runtime.table import count, hash64, table, text

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("commit that removes the line; its message may say that it mends something"),
    "rel_path": text("path, as in fact_commit_file_change"),
    "line": count("number of the line in the first parent's file, from 1"),
    "origin_sha": text("commit that brought the line, in the words of git blame -w -C"),
    "line_hash": hash64("xxh3_64 of the line without trailing blanks, tabs, CR"),
    "line_hash_trimmed": hash64("xxh3_64 of the line without leading ones too"),
    "word_characters": count("letters, digits, _ and non-ASCII characters in the line"),
}


@table(
    grain=("commit_sha", "rel_path", "line"),
    columns=COLUMNS,
    parents={"fact_commit_file_change": ("repository", "commit_sha", "rel_path")},
    reads={"raw_fix_blame": ("repository", "commit_sha", "rel_path", "origins")},
)
def fact_fix_blame_line(raw_fix_blame: pl.DataFrame, lock_file: LockFile) -> pl.DataFrame:
    """One row per line that a commit of raw_fix_blame removes and whose origin git knows, lock files left out."""
    lines = spread(raw_fix_blame, "origins", ["repository", "commit_sha", "rel_path"])
    locked = [path for path in lines["rel_path"].unique() if is_lock_file(lock_file, path)]
    return lines.filter(~pl.col("rel_path").is_in(locked))
