"""Whom does other evidence name for each commit, and whom do its lines?"""

import polars as pl

from paceflow_assets.runtime.table import count, flag, number, table, text, time

UNKNOWN = "(unknown)"
PEOPLE = "human"
SOURCES = ("co_author_trailer", "checkpoint_trailer", "git_ai_note", "session_commit", "cursor_score")
KEY = ["repository", "commit_sha", "provider", "session_id"]
COMMIT = ["repository", "commit_sha"]
COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("full object name"),
    "provider": text("agent; (unknown) where evidence names none"),
    "session_id": text("session; (unknown) where evidence names none"),
    "commit_time": time("committer date"),
    "co_author_trailer_flag": flag("the message says that the agent is an author"),
    "checkpoint_trailer_flag": flag("the message names a checkpoint; of the session, where the session is known"),
    "git_ai_note_flag": flag("a note of git-ai names agent or session"),
    "session_commit_flag": flag("git told the session that it made the commit"),
    "cursor_score_flag": flag("Cursor counts lines of its tools in the commit"),
    "evidence_lines": count("most AI lines that one source claims for agent and session; null = none says"),
    "matched_lines": number("lines of the commit that fall to the session by the line match; 0 = none, or no session"),
    "agent_matched_lines": number("those of all sessions of the agent; of all sessions where no agent is named"),
    "top_match_flag": flag("no session has more matched lines in the commit"),
    "agent_read_flag": flag("sessions of the agent are stored here, so the match could find them; of any, where none is named"),
}


@table(
    grain=("commit_sha", "provider", "session_id"),
    columns=COLUMNS,
    parents={"event_commit_outcome": ("repository", "commit_sha")},
    reads={
        "fact_commit_evidence": (*KEY, "source", "lines"),
        "fact_commit_session_match": (*KEY, "matched_lines"),
        "event_commit_outcome": (*COMMIT, "commit_time"),
        "metadata_sessions": ("provider",),
    },
)
def event_commit_evidence(
    fact_commit_evidence: pl.DataFrame,
    fact_commit_session_match: pl.DataFrame,
    event_commit_outcome: pl.DataFrame,
    metadata_sessions: pl.DataFrame,
) -> pl.DataFrame:
    """One row per (commit of the scan window, agent, session) that evidence or the line match names; people have none.

    A flag of a source is false where that source says nothing of the row, which is no evidence against it.
    """
    flags = [(pl.col("source") == source).any().alias(f"{source}_flag") for source in SOURCES]
    evidence = fact_commit_evidence.group_by(KEY).agg(*flags, pl.col("lines").max().alias("evidence_lines"))
    matches = fact_commit_session_match.filter(pl.col("provider") != PEOPLE, pl.col("matched_lines") > 0)
    by_agent = matches.group_by(*COMMIT, "provider").agg(pl.col("matched_lines").sum().alias("of_agent"))
    by_commit = matches.group_by(COMMIT).agg(
        pl.col("matched_lines").sum().alias("of_any"), pl.col("matched_lines").max().alias("most")
    )
    read = metadata_sessions["provider"].unique()
    names_none = pl.col("provider") == UNKNOWN
    return (
        evidence.join(matches, on=KEY, how="full", coalesce=True)
        .join(event_commit_outcome, on=COMMIT)
        .join(by_agent, on=[*COMMIT, "provider"], how="left")
        .join(by_commit, on=COMMIT, how="left")
        .with_columns(pl.col(f"{source}_flag").fill_null(False) for source in SOURCES)
        .with_columns(pl.col("matched_lines", "of_agent", "of_any").fill_null(0.0))
        .with_columns(
            pl.when(names_none).then("of_any").otherwise("of_agent").alias("agent_matched_lines"),
            (pl.col("matched_lines") > 0)
            .and_(pl.col("matched_lines") == pl.col("most"))
            .fill_null(False)
            .alias("top_match_flag"),
            pl.when(names_none)
            .then(read.len() > 0)
            .otherwise(pl.col("provider").is_in(read.implode()))
            .alias("agent_read_flag"),
        )
    )
