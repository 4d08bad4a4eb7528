"""Cursor's database of scores in a temporary home, with the columns that Cursor gives it.

What lives here: `CursorScores`, which writes it as Cursor does, in WAL mode. What belongs here: rows that more than one test
needs. What stays out: reading it, which is `paceflow_assets.source.cursor_scores` under test.
"""

import sqlite3
from pathlib import Path

from paceflow_assets.source.cursor_scores import database

SCHEMA = """
    create table scored_commits (
        commitHash TEXT NOT NULL,
        branchName TEXT NOT NULL,
        scoredAt INTEGER NOT NULL,
        linesAdded INTEGER,
        linesDeleted INTEGER,
        tabLinesAdded INTEGER,
        tabLinesDeleted INTEGER,
        composerLinesAdded INTEGER,
        composerLinesDeleted INTEGER,
        humanLinesAdded INTEGER,
        humanLinesDeleted INTEGER,
        blankLinesAdded INTEGER,
        blankLinesDeleted INTEGER,
        commitMessage TEXT,
        commitDate TEXT,
        v1AiPercentage TEXT,
        v2AiPercentage TEXT,
        PRIMARY KEY (commitHash, branchName)
    );
    create table ai_code_hashes (
        hash TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        fileExtension TEXT,
        fileName TEXT,
        requestId TEXT,
        conversationId TEXT,
        timestamp INTEGER,
        model TEXT,
        createdAt INTEGER NOT NULL
    );
"""
SCORED_MS = 1_767_607_200_000  # 2026-01-05T10:00:00Z


class CursorScores:
    """The database of a home, open as a running Cursor has it until it is closed."""

    def __init__(self, home: Path, *, schema: str = SCHEMA, journal: str = "wal") -> None:
        self.path = database(home)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.execute(f"pragma journal_mode={journal}")
        self.connection.executescript(schema)

    def score(self, sha: str, branch: str = "main", *, scored_ms: int = SCORED_MS, **lines: object) -> None:
        """One row, instead of an older one; lines by their columns, `tabLinesAdded=3`, null where not given."""
        row = {"commitHash": sha, "branchName": branch, "scoredAt": scored_ms, "commitMessage": "Secret words", **lines}
        marks = ", ".join("?" * len(row))
        self.connection.execute(
            f"insert or replace into scored_commits ({', '.join(row)}) values ({marks})", list(row.values())
        )

    def writes_code(self, name: str) -> None:
        """What Cursor writes at every edit, beside the scores."""
        self.connection.execute(
            "insert into ai_code_hashes (hash, source, fileName, createdAt) values (?, 'composer', 'a.py', 1)", [name]
        )

    def drops(self, sha: str) -> None:
        """Cursor tidies up."""
        self.connection.execute("delete from scored_commits where commitHash = ?", [sha])

    def close(self) -> None:
        """Cursor ends: what is in the log moves into the database."""
        self.connection.close()
