"""Cursor's scores: how many lines of each commit Cursor says its tools wrote (~/.cursor/ai-tracking/ai-code-tracking.db).

What lives here: finding that database, seeing whether it changed, reading its table `scored_commits`.
What belongs here: everything that is known about this table and nowhere else.
What stays out: which repository a commit lies in, what a score is worth, and Cursor's sessions.

Cursor documents none of this. How sure it is, and from where:
- place and columns, sure: programs that were written against real databases name the same ones (janekbaraniewski/openusage
  internal/providers/cursor/tracking_projection.go; kenn-io/agentsview; loschenbd/tokentrail, 567 rows,
  docs/superpowers/specs/2026-07-24-cursor-usage-integration-design.md; shubhamrasal.com/writing/inside-cursor-agent-traces,
  301 rows). The key is (commitHash, branchName), scoredAt is epoch ms. No column names a repository, a session or a model.
- numbers may be null, likely: Cursor lists commits that it did not score, and readers pass over them.
- tab = completions that were taken, composer = edits of its agent, human = neither, likely: by their names, and by Cursor's
  reports to teams, which call them so (docs.getdx.com/schema/cursor_commits). How Cursor tells them apart is not known.
- a commit on two branches has two rows, likely: by the key.
- the two percentages are texts that nobody explains, and the commit's message is in git: neither is read.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3

NAME = "cursor"
TABLE = "scored_commits"
WAIT_SECONDS = 1.0  # for a writer that holds the whole database, which one in WAL mode never does
WAL_FORMAT = 2  # bytes 18 and 19 of a database's header, sqlite.org/fileformat2.html#the_database_header
DIGITS = 13  # of a time in ms until 2286; a number with more is damage
PARTS = ("tab", "composer", "human", "blank")
COUNTS = ("linesAdded", "linesDeleted", *(f"{part}Lines{side}" for part in PARTS for side in ("Added", "Deleted")))
COLUMNS = ("commitHash", "branchName", "scoredAt", *COUNTS)


class ScoresError(Exception):
    """The database cannot be read. Says what is wrong, without its path."""


class Score(msgspec.Struct, frozen=True, gc=False):
    """What Cursor counts of one commit on one branch. scored_ms: when, epoch ms. Lines are None where it does not say."""

    commit_sha: str
    branch_name: str
    scored_ms: int | None
    added_lines: int | None
    removed_lines: int | None
    tab_added_lines: int | None
    tab_removed_lines: int | None
    composer_added_lines: int | None
    composer_removed_lines: int | None
    human_added_lines: int | None
    human_removed_lines: int | None
    blank_added_lines: int | None
    blank_removed_lines: int | None


def database(home: Path) -> Path:
    """Where Cursor keeps its scores, whether it is there or not; the same on every system."""
    return home / ".cursor" / "ai-tracking" / "ai-code-tracking.db"


def files(path: Path) -> tuple[Path, Path]:
    """The files that a write may change: the database, and its write-ahead log, which is not always there."""
    return path, path.with_name(f"{path.name}-wal")


def scores(path: Path) -> list[Score]:
    """Every row of the table, by commit and branch; none where Cursor has no such table yet. Raises `ScoresError`.

    Cursor may write meanwhile: nothing of it is locked for longer than the reading, and no file is made beside its own.
    """
    import sqlite3  # few have such a file

    try:
        with open(path, "rb") as file:
            header = file.read(20)
        connection = sqlite3.connect(_address(path, header), uri=True, timeout=WAIT_SECONDS)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            rows = _rows(connection)
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise ScoresError(str(error.strerror if isinstance(error, OSError) else error)) from error
    return sorted(map(_score, rows), key=lambda score: (score.commit_sha, score.branch_name))


def _address(path: Path, header: bytes) -> str:
    """URI of the database, for reading.

    In WAL mode a reader makes files beside the database where there are none. Without a log nothing is on its way: then the
    file alone is read.
    """
    is_at_rest = header[18:20] == bytes([WAL_FORMAT] * 2) and not os.path.exists(files(path)[1])
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_at_rest else ''}"


def _rows(connection: "sqlite3.Connection") -> list[tuple]:
    present = {name for (name,) in connection.execute("select name from pragma_table_info(?)", (TABLE,))}
    if not present:
        return []
    missing = [name for name in COLUMNS if name not in present]
    if missing:
        raise ScoresError(f"{TABLE} has no column {', '.join(missing)}")
    return connection.execute(f"select {', '.join(COLUMNS)} from {TABLE} where commitHash is not null").fetchall()


def _score(row: tuple) -> Score:
    sha, branch, *numbers = row
    return Score(str(sha).lower(), str(branch or ""), *map(_number, numbers))


def _number(value: object) -> int | None:
    """A count or a time; None of anything else, for columns have a type only by habit."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None
