"""How much did the session bring for how many words?"""

import polars as pl

from paceflow_assets.rule.user_turn import UserTurn, is_user_turn
from paceflow_assets.runtime.table import count, flag, table, text, time

KEY = ["repository", "provider", "session_id"]
COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent"),
    "session_id": text("the agent's own id of the session"),
    "is_home": flag("this row lies in the home repository; true in exactly one repository"),
    "home_repository": text("repository that the session belongs to"),
    "model_name": text("agent/model; agent/(unknown) when no log names one"),
    "project_path": text("first working directory; (unknown) = not told", private=True),
    "started_at": time("first message or applied change, else the session's start"),
    "ended_at": time("last message or applied change, else the session's start"),
    "accepted_lines_added": count("lines added by applied changes, in all repositories"),
    "accepted_lines_removed": count("lines removed by applied changes, in all repositories"),
    "accepted_total_changed_lines": count("sum of both"),
    "user_word_count": count("words of the messages that count as user turns"),
}


@table(
    grain=("provider", "session_id"),
    columns=COLUMNS,
    parents={"metadata_sessions": tuple(KEY)},
    reads={"fact_session_message": (*KEY, "agent_id", "role", "kind", "message_ts", "content_words")},
)
def event_session_productivity(
    metadata_sessions: pl.DataFrame, fact_session_message: pl.DataFrame, user_turn: UserTurn
) -> pl.DataFrame:
    """One row per session with a start, a user message or a change; null times were not told."""
    said = (
        with_counts(fact_session_message, user_turn)
        .group_by(KEY)
        .agg(
            pl.col("message_ts").min().alias("first_said"),
            pl.col("message_ts").max().alias("last_said"),
            pl.col("content_words").filter("counts").sum().alias("user_word_count"),
            (pl.col("role") == "user").any().alias("was_asked"),
        )
    )
    sessions = metadata_sessions.join(said, on=KEY, how="left")
    seen = pl.col("started_at").is_not_null() | pl.col("was_asked").fill_null(False) | (pl.col("change_count") > 0)
    return sessions.filter(seen).with_columns(
        pl.coalesce(pl.min_horizontal("first_said", "first_change_at"), "started_at").alias("started_at"),
        pl.coalesce(pl.max_horizontal("last_said", "last_change_at"), "started_at").alias("ended_at"),
        pl.col("lines_added").alias("accepted_lines_added"),
        pl.col("lines_removed").alias("accepted_lines_removed"),
        (pl.col("lines_added") + pl.col("lines_removed")).alias("accepted_total_changed_lines"),
        pl.col("user_word_count").fill_null(0),
        pl.col("project_path").fill_null("(unknown)"),
    )


def with_counts(messages: pl.DataFrame, rule: UserTurn) -> pl.DataFrame:
    """Messages with `counts`: whether each is a user turn."""
    counts = [is_user_turn(rule, *row) for row in messages.select("role", "kind", "agent_id").rows()]
    return messages.with_columns(pl.Series("counts", counts, dtype=pl.Boolean))
