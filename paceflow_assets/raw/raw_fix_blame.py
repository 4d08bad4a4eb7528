"""Which commits brought the lines that mending commits remove?"""

import re
from collections.abc import Iterable, Sequence

import polars as pl

from paceflow_assets.records import ParseError
from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import cut, rows_of
from paceflow_assets.runtime.table import TIME, nested, table, text, time
from paceflow_assets.source.git import Origin, Removal

# What may say that a commit mends something: wider than the rule's own words, and no rule, so that a rule's change asks git
# nothing. Blame costs some 10 ms a file, so words of every third message (error, issue, fail) are left out; a word that is
# not here can be a rule's, and is then a signal by equal text only.
HINTS = re.compile(
    r"fix|bug|patch|broke|regress|repair|defect|crash|correct|wrong|typo|resolv|\b(?:mend|fault|leak|hang)", re.IGNORECASE
)
DAYS = 180  # lines older than that before the commit are not looked for: git walks through all commits in between
DAY_MS = 86_400_000
LINE = {
    "line": pl.Int64,
    "origin_sha": pl.String,
    "line_hash": pl.UInt64,
    "line_hash_trimmed": pl.UInt64,
    "word_characters": pl.Int64,
}
COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("commit whose message has a word that may say it mends something"),
    "rel_path": text("file that it removes lines of, as in raw_commit"),
    "origins": nested(
        pl.List(pl.Struct(LINE)),
        f"removed lines that are at most {DAYS} days older, each with the commit that brought it; null = not read",
        private=True,
    ),
    "read_error": text("why git could not tell; null = it could", private=True),
    "first_seen_at": time("when git was asked"),
}
FILE = ["commit_sha", "rel_path"]


@table(
    watches="git",
    grain=tuple(FILE),
    columns=COLUMNS,
    parents={"raw_commit": ("repository", "commit_sha")},
    bookkeeping=("first_seen_at",),
    reads={
        "raw_commit": ("repository", "commit_sha", "commit_time", "message", "files"),
        "raw_session": ("changes",),
    },
    also=("paceflow_assets.source.git",),
)
def raw_fix_blame(stored: pl.DataFrame, look: Look, raw_commit: pl.LazyFrame, raw_session: pl.LazyFrame) -> pl.DataFrame:
    """One row per file of a mending commit that sessions changed, under this name or an earlier one, and that loses lines.

    Git is asked once for each file; what it could not tell is asked again. Only commits whose files were read have rows.
    """
    known = stored.filter(pl.col("origins").is_not_null())
    wanted = touched(removing(raw_commit), renames(raw_commit), session_paths(raw_session, look.repository))
    told, failed = read_origins(look, wanted.join(known, on=FILE, how="anti"))
    left = wanted.join(pl.concat([known.select(FILE), told.select(FILE)]), on=FILE, how="anti")
    before = stored.join(told, on=FILE, how="anti").join(left, on=FILE, how="anti")
    reasons = [error.reason for error in failed]
    unread = left.with_columns(
        pl.lit(None, dtype=COLUMNS["origins"].type).alias("origins"),
        pl.Series("read_error", [reason_of(sha, reasons) for sha in left["commit_sha"]], dtype=pl.String),
    )
    fresh = pl.concat([told, unread.select(told.columns)] if look.readable else [told]).with_columns(
        pl.lit(look.repository).alias("repository"),
        pl.lit(look.now_ms).cast(TIME).alias("first_seen_at"),
    )
    return pl.concat([before, fresh.select(list(COLUMNS))])


def removing(commits: pl.LazyFrame) -> pl.DataFrame:
    """commit_sha, rel_path, old_path, commit_time of files that mending commits remove lines of; a copy removes none."""
    headers = commits.filter(pl.col("files").is_not_null()).select("commit_sha", "message").collect()
    mending = headers.filter(pl.Series([HINTS.search(text) is not None for text in headers["message"]], dtype=pl.Boolean))
    fields = pl.col("files").struct
    return (
        commits.join(mending.lazy().select("commit_sha"), on="commit_sha", how="semi")
        .select("commit_sha", "commit_time", "files")
        .explode("files")
        .filter(fields.field("removed_lines") > 0, fields.field("change_type") != "copy")
        .select("commit_sha", fields.field("rel_path"), fields.field("old_path"), "commit_time")
        .collect()
    )


def renames(commits: pl.LazyFrame) -> list[tuple[str, str]]:
    """(old path, new path) of every rename."""
    fields = pl.col("files").struct
    moved = commits.select(pl.col("files").explode()).filter(fields.field("change_type") == "rename")
    return moved.select(fields.field("old_path"), fields.field("rel_path")).collect().unique().sort("rel_path").rows()


def session_paths(sessions: pl.LazyFrame, repository: str) -> set[str]:
    """Files of the repository that sessions changed."""
    fields = pl.col("changes").struct
    inside = sessions.select(pl.col("changes").explode()).filter(fields.field("repository") == repository)
    return set(inside.select(fields.field("rel_path")).collect().to_series().drop_nulls())


def touched(files: pl.DataFrame, moves: Sequence[tuple[str, str]], paths: set[str]) -> pl.DataFrame:
    """The files whose path, before the commit or after it, a session changed, or one that was renamed to it."""
    found, size = set(paths), -1
    while size < len(found):
        size = len(found)
        found.update(new for old, new in moves if old in found)
    known = pl.Series(sorted(found), dtype=pl.String).implode()
    return files.filter(pl.any_horizontal(pl.col("rel_path", "old_path").is_in(known))).select(*FILE, "commit_time")


def read_origins(look: Look, wanted: pl.DataFrame) -> tuple[pl.DataFrame, list[ParseError]]:
    """(commit_sha, rel_path, origins, read_error) of the wanted files, and what could not be read.

    A second checkout is asked for the rest.
    """
    rows: dict[tuple[str, str], list[Origin]] = {}
    failed: list[ParseError] = []
    left = [
        Removal(sha, path, since_ms(at)) for sha, path, at in wanted.with_columns(pl.col("commit_time").dt.epoch("ms")).rows()
    ]
    for seat in look.readable:
        if left:
            failed = []
            rows.update(((sha, path), found) for sha, path, found in look.origins(seat, left, failed))
            left = [removal for removal in left if (removal.sha, removal.rel_path) not in rows]
    return origins_frame(rows.items()), failed


def since_ms(commit_ms: int | None) -> int | None:
    """How far back git looks."""
    return None if commit_ms is None else commit_ms - DAYS * DAY_MS


def origins_frame(files: Iterable[tuple[tuple[str, str], list[Origin]]]) -> pl.DataFrame:
    """commit_sha, rel_path, origins, read_error."""
    told = list(files)
    flat = [origin for _, found in told for origin in found]
    lists = cut(rows_of(LINE, flat).to_struct("origins").to_frame(), [len(found) for _, found in told])
    keys = rows_of(dict.fromkeys(FILE, pl.String), [key for key, _ in told])
    return keys.hstack(lists).with_columns(pl.lit(None, dtype=pl.String).alias("read_error"))


def reason_of(sha: str, reasons: Sequence[str]) -> str:
    """Why git could not tell of a commit."""
    return next((reason for reason in reasons if reason.startswith(sha)), f"{sha}: git says nothing of this file")
