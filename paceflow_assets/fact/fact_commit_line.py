"""Which lines did each commit add, remove, and leave beside them?"""

import polars as pl

from paceflow_assets.rule.lock_file import LockFile, is_lock_file
from paceflow_assets.runtime.nested import spread, spread_lines
from paceflow_assets.runtime.table import count, hash64, table, text

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "rel_path": text("path, as in fact_commit_file_change"),
    "position": count("number of the line in the file's patch, from 0"),
    "side": text("+ added, - removed, blank = unchanged context"),
    "hunk_index": count("hunk that the line stands in, from 0"),
    "line_hash": hash64("xxh3_64 of the line without trailing blanks, tabs, CR"),
    "line_hash_trimmed": hash64("xxh3_64 of the line without leading ones too"),
    "word_characters": count("letters, digits, _ and non-ASCII characters in the line"),
}


@table(
    grain=("commit_sha", "rel_path", "position"),
    columns=COLUMNS,
    parents={"fact_commit_file_change": ("repository", "commit_sha", "rel_path")},
    reads={"raw_commit": ("repository", "commit_sha", "files")},
    spreads="raw_commit",
)
def fact_commit_line(raw_commit: pl.DataFrame, lock_file: LockFile) -> pl.DataFrame:
    """One row per line of a commit's patch, up to three unchanged lines around each change; only hashes are kept."""
    files = spread(raw_commit, "files", ["repository", "commit_sha"])
    locked = [path for path in files["rel_path"].unique() if is_lock_file(lock_file, path)]
    return spread_lines(files.filter(~pl.col("rel_path").is_in(locked)), ["repository", "commit_sha", "rel_path"])
