"""How many lines of the commits does Cursor say that its tools wrote?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import count, table, text, time

COLUMNS = {
    "repository": text("partition key: a repository that has the commit"),
    "commit_sha": text("full object name"),
    "branch_name": text("branch on which Cursor counted"),
    "scored_at": time("when Cursor counted; null = it does not say"),
    "added_lines": count("lines that the commit adds, as Cursor counts; null = it did not, here and below"),
    "removed_lines": count("lines that it removes"),
    "tab_added_lines": count("added lines that are taken completions"),
    "tab_removed_lines": count("removed lines, by completions"),
    "composer_added_lines": count("added lines that are edits of Cursor's agent"),
    "composer_removed_lines": count("removed lines, by its edits"),
    "human_added_lines": count("added lines that are neither"),
    "human_removed_lines": count("removed lines, by neither"),
    "blank_added_lines": count("added blank lines"),
    "blank_removed_lines": count("removed blank lines"),
    "read_at": time("when paceflow last read it"),
}
LINES = tuple(COLUMNS)[4:-1]
KEY = ["commit_sha", "branch_name"]


@table(
    watches="scores",
    grain=tuple(KEY),
    columns=COLUMNS,
    bookkeeping=("read_at",),
    reads={"raw_commit": ("commit_sha",)},
    also=("paceflow_assets.source.cursor_scores",),
)
def raw_commit_score(stored: pl.DataFrame, look: Look, raw_commit: pl.DataFrame) -> pl.DataFrame:
    """One row per (known commit, branch) that Cursor counts, or ever counted: Cursor drops old ones, the row stays.

    Cursor names no repository: a score belongs to each that has the commit.
    """
    known = set(raw_commit["commit_sha"])
    rows = [
        (
            look.repository,
            score.commit_sha,
            score.branch_name,
            score.scored_ms,
            *(getattr(score, name) for name in LINES),
            look.now_ms,
        )
        for score in look.scores or []
        if score.commit_sha in known
    ]
    fresh = rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
    return pl.concat([stored.join(fresh, on=KEY, how="anti"), fresh])
