"""Which commits were ever seen, and what did they change?"""

from collections.abc import Iterable, Sequence

import polars as pl

from paceflow_assets.records import Commit, FileChange, ParseError
from paceflow_assets.runtime.look import Look, Seat
from paceflow_assets.runtime.nested import LINES, cut, lines_column, rows_of, united
from paceflow_assets.runtime.table import flag, nested, table, text, time

WINDOW_MARGIN_MS = 24 * 3_600_000  # commits this much older than the first change are read too
CHUNK_LINES = 100_000  # lines that wait as Python objects before they become columns
TIPS = ("head", "detached")
FILE = {
    "rel_path": pl.String,
    "old_path": pl.String,
    "change_type": pl.String,
    "is_binary": pl.Boolean,
    "added_lines": pl.Int64,
    "removed_lines": pl.Int64,
    "lines": LINES,
}
COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "parents": nested(pl.List(pl.String), "parents, first parent first; empty for a root commit"),
    "author_time": time("author date"),
    "commit_time": time("committer date"),
    "author_key": text("hash of the author's lower-cased address; the address itself is not stored"),
    "message": text("subject and body", private=True),
    "reachable": flag("a present head, or the default branch's remote head, contains the commit"),
    "files_read": flag("files and lines were read; false outside the scan window and for merge commits"),
    "files": nested(pl.List(pl.Struct(FILE)), "changed files with their lines, by path; null = not read", private=True),
    "read_error": text("why the commit, or its history, could not be read whole; null = it could", private=True),
    "first_seen_at": time("when paceflow first saw the commit"),
}
HEADER = [name for name in COLUMNS if name != "files"]


@table(
    watches="git",
    grain=("commit_sha",),
    columns=COLUMNS,
    bookkeeping=("first_seen_at",),
    reads={"raw_session": ("changes",)},
    also=("paceflow_assets.source.git",),
)
def raw_commit(stored: pl.DataFrame, look: Look, raw_ref: pl.DataFrame, raw_session: pl.DataFrame) -> pl.DataFrame:
    """One row per commit that a head, a mainline of origin or a revert ever showed.

    Files are read for the non-merge commits of the scan window: reachable, and committed not earlier than the first change
    of a session in this repository, less a day. What could not be read stays null and is tried again.
    """
    headers, errors = known_headers(stored, look, raw_ref)
    headers = with_reachability(headers, raw_ref, look)
    wanted = in_window(headers, first_change_ms(raw_session, look.repository))
    files, unread = read_files(look, wanted)
    errors.extend(unread)
    before = stored.select("commit_sha", "files", "files_read").filter("files_read").drop("files_read")
    files = united([before, *files])
    told = pl.DataFrame(errors_by_sha(headers, errors), schema={"commit_sha": pl.String, "read_error": pl.String}, orient="row")
    headers = headers.drop("files_read", "read_error").join(told, on="commit_sha", how="left")
    # headers are put in the order of the files, not the reverse: lines are most of the table and stay as they are
    read = files.select("commit_sha").join(headers, on="commit_sha", how="left", maintain_order="left")
    bare = headers.join(files, on="commit_sha", how="anti")
    none = pl.lit(None, dtype=COLUMNS["files"].type)
    return pl.concat(
        [
            read.with_columns(files["files"], files_read=True).select(list(COLUMNS)),
            bare.with_columns(none.alias("files"), files_read=False).select(list(COLUMNS)),
        ]
    )


def known_headers(stored: pl.DataFrame, look: Look, refs: pl.DataFrame) -> tuple[pl.DataFrame, list[ParseError]]:
    """Headers of all commits, stored and new, and what git could not tell."""
    known = set(stored["commit_sha"])
    parents = set(stored.select(pl.col("parents").explode()).to_series().drop_nulls())
    is_whole = parents <= known  # a shallow or damaged history may have grown below what is stored
    commits: dict[str, Commit] = {}
    errors: list[ParseError] = []
    for seat in look.readable:
        here = refs.filter(pl.col("checkout") == seat.name)
        tips = here.filter("is_head")["sha"].unique().sort().to_list()
        known_tips = [sha for sha in here["sha"].unique().sort() if sha in known] if is_whole else []
        found = look.headers(seat, tips, known_tips, errors)
        commits.update((commit.sha, commit) for commit in found if commit.sha not in known)
    rows = [
        (
            look.repository,
            c.sha,
            c.parents,
            c.author_ms,
            c.commit_ms,
            c.author_key,
            c.message,
            False,
            False,
            None,
            look.now_ms,
        )
        for c in commits.values()
    ]
    return pl.concat([stored.select(HEADER), rows_of({name: COLUMNS[name].type for name in HEADER}, rows)]), errors


def with_reachability(headers: pl.DataFrame, refs: pl.DataFrame, look: Look) -> pl.DataFrame:
    """Headers with `reachable` as of now; as it was when no checkout is there to be asked."""
    if not look.readable:
        return headers
    is_tip = pl.col("kind").is_in(TIPS) | ((pl.col("kind") == "remote_head") & pl.col("is_default").fill_null(True))
    tips = refs.filter("is_head", is_tip)["sha"].to_list()
    found = reachable_from(tips, dict(headers.select("commit_sha", "parents").rows()))
    return headers.with_columns(
        pl.col("commit_sha").is_in(pl.Series(sorted(found), dtype=pl.String).implode()).alias("reachable")
    )


def reachable_from(tips: Iterable[str], parents: dict[str, Sequence[str]]) -> set[str]:
    """Known commits that can be reached from the tips."""
    found: set[str] = set()
    pending = [sha for sha in tips if sha in parents]
    while pending:
        sha = pending.pop()
        if sha not in found:
            found.add(sha)
            pending.extend(parent for parent in parents[sha] if parent in parents and parent not in found)
    return found


def first_change_ms(sessions: pl.DataFrame, repository: str) -> int | None:
    """Time of the first applied change in the repository; None = no change with a time."""
    changes = sessions.select(pl.col("changes").explode()).to_series()
    inside = changes.struct.field("at").filter(changes.struct.field("repository") == repository)
    return inside.dt.epoch("ms").min()


def in_window(headers: pl.DataFrame, first_ms: int | None) -> pl.DataFrame:
    """Commits whose files are wanted and not read, oldest first."""
    if first_ms is None:
        return headers.clear()
    return headers.filter(
        "reachable",
        ~pl.col("files_read"),
        pl.col("parents").list.len() < 2,
        pl.col("commit_time").dt.epoch("ms") >= first_ms - WINDOW_MARGIN_MS,
    ).sort("commit_time", "commit_sha")


def read_files(look: Look, wanted: pl.DataFrame) -> tuple[list[pl.DataFrame], list[ParseError]]:
    """(commit_sha, files) of the wanted commits, and what could not be read. A second checkout is asked for the rest."""
    chunks = []
    left = wanted["commit_sha"].to_list()
    failed: list[ParseError] = []
    for seat in look.readable:
        if left:
            failed = []
            done: set[str] = set()
            for chunk in chunked(look, seat, left, failed):
                chunks.append(chunk)
                done.update(chunk["commit_sha"])
            left = [sha for sha in left if sha not in done]
    return chunks, failed


def chunked(look: Look, seat: Seat, shas: Sequence[str], failed: list[ParseError]) -> Iterable[pl.DataFrame]:
    """Frames of (commit_sha, files), cut so that few lines wait as Python objects."""
    waiting: list[tuple[str, list[FileChange]]] = []
    size = 0
    for sha, files in look.patches(seat, shas, failed):
        waiting.append((sha, files))
        size += sum(len(file.lines.sides) for file in files)
        if size >= CHUNK_LINES:
            yield files_frame(waiting)
            waiting, size = [], 0
    if waiting:
        yield files_frame(waiting)


def files_frame(commits: Sequence[tuple[str, list[FileChange]]]) -> pl.DataFrame:
    """(commit_sha, files) from records."""
    flat = [file for _, files in commits for file in files]
    fields = {name: dtype for name, dtype in FILE.items() if name != "lines"}
    frame = rows_of(
        fields,
        [
            (file.rel_path, file.old_path, file.change_type, file.is_binary, file.lines.added, file.lines.removed)
            for file in flat
        ],
    ).with_columns(lines_column([file.lines for file in flat]))
    lists = cut(frame.to_struct("files").to_frame(), [len(files) for _, files in commits])
    return lists.insert_column(0, pl.Series("commit_sha", [sha for sha, _ in commits], dtype=pl.String))


def errors_by_sha(headers: pl.DataFrame, errors: Sequence[ParseError]) -> list[tuple[str, str]]:
    """(commit, reason): an unreadable commit that is not known itself is told of at its children."""
    known = set(headers["commit_sha"])
    found: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    for sha, parents in headers.select("commit_sha", "parents").rows():
        for parent in parents:
            if parent not in known:
                children.setdefault(parent, []).append(sha)
    for error in errors:
        sha = error.reason.partition(":")[0]
        for target in [sha] if sha in known else children.get(sha, []):
            found.setdefault(target, error.reason)
    return sorted(found.items())
