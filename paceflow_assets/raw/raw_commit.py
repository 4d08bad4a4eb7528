"""Which commits were ever seen, and what did they change?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.table import LINE, flag, nested, table, text, time

FILE = pl.Struct(
    {
        "rel_path": pl.String,
        "old_path": pl.String,
        "change_type": pl.String,
        "is_binary": pl.Boolean,
        "added_lines": pl.Int64,
        "removed_lines": pl.Int64,
        "lines": pl.List(LINE),
    }
)

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "parents": nested(pl.List(pl.String), "parents as recorded, first parent first; empty for a root commit"),
    "author_time": time("author date"),
    "commit_time": time("committer date"),
    "author_key": text("hash of the author's lower-cased address; the address itself is not stored"),
    "message": text("subject and body"),
    "reachable": flag("some present head, or the default branch's remote head, contains the commit"),
    "files_read": flag("files and lines were read; false outside the scan window and for merge commits"),
    "files": nested(pl.List(FILE), "changed files with their hunks and up to three unchanged lines; null = not read"),
    "first_seen_at": time("when paceflow first saw the commit"),
}


@table(grain=("commit_sha",), columns=COLUMNS, bookkeeping=("first_seen_at",))
def raw_commit(stored: pl.DataFrame, look: Look, raw_session: pl.DataFrame) -> pl.DataFrame:
    """One row per commit that a head, the default branch's remote head or a revert ever showed.

    Files are read for non-merge commits of the scan window: committer date not earlier than the first change of a session
    in this repository, less a day.
    """
    return look.commits(stored, raw_session, COLUMNS)
