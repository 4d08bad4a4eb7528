"""What could not be read, where, and with what consequence?"""

import polars as pl

from paceflow_assets.runtime.look import Look
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.partitions import NO_REPOSITORY
from paceflow_assets.runtime.table import count, table, text, time
from paceflow_assets.source import cursor_scores

COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent that wrote the log or database, or git"),
    "log_path": text("~/… of the log or database; for git the checkout, commit or ref", private=True),
    "line": count("line of the log, from 1; 0 = the whole file"),
    "error_index": count("number of the error on that line, from 0"),
    "session_id": text("session that the record belongs to; null = not known"),
    "call_id": text("tool call; null = not one call"),
    "reason": text("what is wrong and with what consequence", private=True),
    "seen_at": time("when it was read"),
}
PLACE = ["provider", "log_path"]
GIT = "git"
AT_EACH_LOOK = (GIT, cursor_scores.NAME)


@table(
    watches="logs",
    grain=("provider", "log_path", "line", "error_index"),
    columns=COLUMNS,
    bookkeeping=("seen_at",),
    reads={
        "raw_commit": ("commit_sha", "read_error"),
        "raw_commit_note": ("commit_sha", "read_error"),
        "raw_ref": ("ref_name", "sha", "is_head"),
        "raw_fix_blame": ("commit_sha", "read_error"),
    },
    keeps_rows=False,  # the rows of a log are replaced when it is read again, those of git and of Cursor's scores at each look
)
def raw_parse_error(
    stored: pl.DataFrame,
    look: Look,
    raw_commit: pl.DataFrame,
    raw_commit_note: pl.DataFrame,
    raw_ref: pl.DataFrame,
    raw_fix_blame: pl.DataFrame,
) -> pl.DataFrame:
    """One row per thing that could not be read; nothing else is lost by it.

    What belongs to no repository, Cursor's scores among it, lies in `no-repository`.
    """
    reread = [(log.provider, log.log_path) for log in look.waiting]
    rows = [
        (
            look.repository,
            log.provider,
            log.log_path,
            error.line,
            0,
            error.session_id,
            error.call_id,
            error.reason,
            look.now_ms,
        )
        for log in look.waiting
        for error in log.errors
        if not look.is_forgotten(log.provider, error.session_id)
    ]
    rows += [
        (look.repository, GIT, name, 0, 0, None, None, look.portable(reason), look.now_ms)
        for name, reason in sorted([*look.broken.items(), *look.unread_notes.items()])
    ]
    told = [
        row
        for frame in (raw_commit, raw_commit_note, raw_fix_blame)
        for row in frame.filter(pl.col("read_error").is_not_null()).unique().sort("commit_sha", "read_error").rows()
    ]
    rows += [(look.repository, GIT, sha, 0, 0, None, None, reason, look.now_ms) for sha, reason in told]
    lost = raw_ref.filter("is_head").join(raw_commit, left_on="sha", right_on="commit_sha", how="anti")
    rows += [
        (
            look.repository,
            GIT,
            name,
            0,
            0,
            None,
            None,
            f"points to {sha}, which cannot be read; its history is unknown",
            look.now_ms,
        )
        for name, sha, _ in lost.select("ref_name", "sha", "is_head").unique("ref_name").sort("ref_name").rows()
    ]
    if look.repository == NO_REPOSITORY and look.scores_error:
        place = look.settings.portable(str(cursor_scores.database(look.settings.home)))
        reason = f"{look.scores_error}; what Cursor says of commits is left out; it is tried again at each ingest"
        rows.append((look.repository, cursor_scores.NAME, place, 0, 0, None, None, reason, look.now_ms))
    fresh = rows_of({name: column.type for name, column in COLUMNS.items()}, rows).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).over(*PLACE, "line").alias("error_index")
    )
    again = pl.DataFrame(reread, schema=dict.fromkeys(PLACE, pl.String), orient="row")
    kept = stored.filter(~pl.col("provider").is_in(AT_EACH_LOOK)).join(again, on=PLACE, how="anti")
    return pl.concat([kept, fresh])
