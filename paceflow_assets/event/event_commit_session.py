"""Which sessions wrote the commit, with which model, and how much of it?"""

import polars as pl

from paceflow_assets.rule import model_name
from paceflow_assets.rule.commit_window import CommitWindow, is_within
from paceflow_assets.rule.session_report import SessionReport, is_counted
from paceflow_assets.runtime.table import flag, number, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "provider": text("agent; human for what no session explains"),
    "session_id": text("session; __human__ for what no session explains"),
    "commit_time": time("committer date"),
    "model_name": text("agent/model; agent/(unknown) when no log names one; human/(unknown) for people"),
    "matched_lines": number("lines of the commit that fall to the session"),
    "share_of_commit": number("share of the commit's changed lines, from 0 to 1"),
    "share_of_ai": number("share of the lines that any session explains, from 0 to 1"),
    "commit_within_window_flag": flag("made during the session or soon after it (rule commit_window)"),
    "counted_in_sessions_flag": flag("session reports count the session (rule session_report)"),
}
SESSION = ["repository", "provider", "session_id"]


@table(
    grain=("commit_sha", "provider", "session_id"),
    columns=COLUMNS,
    parents={"event_commit_outcome": ("repository", "commit_sha")},
    reads={
        "fact_commit_session_match": (*SESSION, "commit_sha", "matched_lines", "share_of_commit", "share_of_ai"),
        "metadata_sessions": (*SESSION, "model_name"),
        "event_commit_outcome": ("repository", "commit_sha", "commit_time"),
        "event_session_quality": (*SESSION, "started_at", "ended_at"),
    },
)
def event_commit_session(
    fact_commit_session_match: pl.DataFrame,
    event_commit_outcome: pl.DataFrame,
    event_session_quality: pl.DataFrame,
    metadata_sessions: pl.DataFrame,
    commit_window: CommitWindow,
    session_report: SessionReport,
) -> pl.DataFrame:
    """One row per (commit, session that explains lines of it), and one for people where no session does.

    The window is measured on sessions with a user turn; the flag of any other session is false.
    """
    joined = (
        fact_commit_session_match.join(event_commit_outcome, on=["repository", "commit_sha"], how="left")
        .join(metadata_sessions, on=SESSION, how="left")
        .join(event_session_quality, on=SESSION, how="left")
    )
    names = [model_name.qualified(*row) for row in joined.select("provider", "model_name").rows()]
    times = joined.select(pl.col("started_at", "ended_at", "commit_time").dt.epoch("ms")).rows()
    within = [
        is_within(commit_window, started, started if ended is None else ended, commit) for started, ended, commit in times
    ]
    counted = [is_counted(session_report, provider) for provider in joined["provider"]]
    return joined.with_columns(
        pl.Series("model_name", names, dtype=pl.String),
        pl.Series("commit_within_window_flag", within, dtype=pl.Boolean),
        pl.Series("counted_in_sessions_flag", counted, dtype=pl.Boolean),
    )
