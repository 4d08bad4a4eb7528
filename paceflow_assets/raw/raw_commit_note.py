"""What do git-ai's notes say about the commits?"""

from collections.abc import Iterable

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import nested, table, text, time
from paceflow_assets.source.git_ai import NoteError, claims

CLAIM = {
    "key": pl.String,
    "tool": pl.String,
    "conversation_id": pl.String,
    "model_name": pl.String,
    "lines": pl.Int64,
}
COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "note_sha": text("object of the note; a note that changed has another one"),
    "claims": nested(
        pl.List(pl.Struct(CLAIM)), "conversations that it names and lines of each; null = unreadable", private=True
    ),
    "read_error": text("why the note could not be read; null = it could", private=True),
    "first_seen_at": time("when paceflow first read this note"),
}


@table(
    watches="git",
    grain=("commit_sha",),
    columns=COLUMNS,
    bookkeeping=("first_seen_at",),
    reads={"raw_commit": ("commit_sha",)},
    also=("paceflow_assets.source.git",),
)
def raw_commit_note(stored: pl.DataFrame, look: Look, raw_commit: pl.DataFrame) -> pl.DataFrame:
    """One row per known commit that has, or ever had, a note of git-ai; a note that is gone keeps its row.

    Its prompts, messages and addresses of people are not stored. A note is read again when it changed or could not be read.
    Of two checkouts the first by folder counts; a note whose commit raw_commit does not hold is left alone until it does.
    """
    known = set(raw_commit["commit_sha"])
    had = dict(stored.filter(pl.col("read_error").is_null()).select("commit_sha", "note_sha").rows())
    done: set[str] = set()
    rows = []
    for seat in look.readable:
        listed = {sha: note for sha, note in look.notes(seat).items() if sha in known and sha not in done}
        done |= listed.keys()
        wanted = {sha: note for sha, note in listed.items() if had.get(sha) != note}
        contents = dict(read(look.texts(seat, sorted(set(wanted.values())))))
        rows += [(look.repository, sha, note, *contents[note], look.now_ms) for sha, note in sorted(wanted.items())]
    fresh = rows_of({name: column.type for name, column in COLUMNS.items()}, rows)
    return pl.concat([stored.join(fresh, on="commit_sha", how="anti"), fresh])


def read(notes: Iterable[tuple[str, bytes | None]]) -> Iterable[tuple[str, tuple[list[dict] | None, str | None]]]:
    """Note -> (claims, why there are none)."""
    for name, content in notes:
        if content is None:
            yield name, (None, "note of git-ai: missing, damaged or too large; it is not read; `git fsck` says more")
            continue
        try:
            found = claims(content)
        except NoteError as error:
            yield name, (None, f"note of git-ai: {error}; it is not read")
            continue
        yield name, ([{field: getattr(claim, field) for field in CLAIM} for claim in found], None)
