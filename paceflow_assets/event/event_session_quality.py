"""Did the session go well: turns, loops, pasted errors, output, a commit soon after?"""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from paceflow_assets.rule.commit_window import CommitWindow, is_within
from paceflow_assets.rule.debug_loop import DebugLoop, is_debug_loop
from paceflow_assets.rule.error_paste import is_mid_session_error_paste
from paceflow_assets.rule.first_change import FirstChange, minutes_to_first_change
from paceflow_assets.rule.session_end import SessionEnd, ended_ms
from paceflow_assets.rule.user_turn import UserTurn, is_in_conversation, is_user_turn, turn_count, turns
from paceflow_assets.runtime.nested import rows_of
from paceflow_assets.runtime.table import TIME, count, flag, number, table, text, time

KEY = ["repository", "provider", "session_id"]
COLUMNS = {
    "repository": text("partition key"),
    "provider": text("agent"),
    "session_id": text("the agent's own id of the session"),
    "is_home": flag("this row lies in the home repository; true in exactly one repository"),
    "home_repository": text("repository that the session belongs to"),
    "model_name": text("agent/model; agent/(unknown) when no log names one"),
    "started_at": time("earliest record"),
    "ended_at": time("when it was over (rule session_end)"),
    "user_turn_count": count("user messages with text that count as turns (rule user_turn)"),
    "debug_loop_flag": flag("the same error was reported again and again (rule debug_loop)"),
    "mid_session_error_paste_flag": flag("a user message after the first one shows an error (rule error_paste)"),
    "accepted_output_flag": flag("a change of lines was applied, in any repository"),
    "first_accepted_change_at": time("first applied change of lines; null = none with a time"),
    "minutes_to_first_accepted_change": number("minutes from the start to it (rule first_change); null = either is missing"),
    "session_commit_within_4h_flag": flag(
        "a commit here, made during the session or soon after it, holds its lines (rule commit_window; 4 h unless set)"
    ),
}
TALK = ["agent_id", "role", "kind", "message_ts", "content"]


@table(
    grain=("provider", "session_id"),
    columns=COLUMNS,
    parents={"metadata_sessions": tuple(KEY)},
    reads={
        "fact_session_message": (*KEY, "message_index", *TALK),
        "fact_session_code_change": (*KEY, "change_ts", "evidence"),
        "fact_commit": ("repository", "commit_sha", "commit_time"),
        "fact_commit_session_match": (*KEY, "commit_sha"),
        "event_session_productivity": (*KEY, "ended_at"),
    },
)
def event_session_quality(
    metadata_sessions: pl.DataFrame,
    fact_session_message: pl.DataFrame,
    fact_session_code_change: pl.DataFrame,
    fact_commit: pl.DataFrame,
    fact_commit_session_match: pl.DataFrame,
    event_session_productivity: pl.DataFrame,
    user_turn: UserTurn,
    debug_loop: DebugLoop,
    first_change: FirstChange,
    commit_window: CommitWindow,
    session_end: SessionEnd,
) -> pl.DataFrame:
    """One row per session with a user turn; a session that nobody spoke to has none. Null = it cannot be told."""
    sessions = with_talk(metadata_sessions, fact_session_message, fact_session_code_change, event_session_productivity)
    commits = (
        fact_commit_session_match.join(fact_commit, on=["repository", "commit_sha"])
        .group_by(KEY)
        .agg(pl.col("commit_time").dt.epoch("ms").alias("commits_ms"))
    )
    sessions = sessions.join(commits, on=KEY, how="left")
    measured = {
        "user_turn_count": pl.Int64,
        "debug_loop_flag": pl.Boolean,
        "mid_session_error_paste_flag": pl.Boolean,
        "minutes_to_first_accepted_change": pl.Float64,
        "session_commit_within_4h_flag": pl.Boolean,
        "ended_at": TIME,
    }
    rows = []
    for session in sessions.iter_rows(named=True):
        run = course(user_turn, session_end, session)
        rows.append(
            (
                turn_count(run.turns),
                is_debug_loop(debug_loop, run.turns),
                is_mid_session_error_paste(run.user_texts),
                minutes_to_first_change(first_change, run.started_ms, session["first_change_at_ms"], run.said_ms),
                has_commit(commit_window, run.started_ms, run.ended_ms, session["commits_ms"] or ()),
                run.over_ms,
            )
        )
    return (
        pl.concat([sessions.drop("ended_at"), rows_of(measured, rows)], how="horizontal")
        .filter(pl.col("user_turn_count") > 0)
        .with_columns(
            (pl.col("lines_added") + pl.col("lines_removed") > 0).alias("accepted_output_flag"),
            pl.col("first_change_at").alias("first_accepted_change_at"),
        )
    )


def with_talk(
    sessions: pl.DataFrame, messages: pl.DataFrame, changes: pl.DataFrame, productivity: pl.DataFrame
) -> pl.DataFrame:
    """Sessions in which something was said, each with its messages as lists and its times in epoch ms."""
    talk = messages.group_by(KEY, maintain_order=True).agg(TALK)
    last_signs = productivity.select(*KEY, pl.col("ended_at").alias("last_sign"))
    shell = (
        changes.filter(pl.col("evidence") == "heredoc")
        .group_by(KEY)
        .agg(pl.col("change_ts").dt.epoch("ms").drop_nulls().alias("shell_ms"))
    )
    return (
        sessions.join(talk, on=KEY)
        .join(shell, on=KEY, how="left")
        .join(last_signs, on=KEY, how="left")
        .with_columns(
            pl.col("message_ts").list.eval(pl.element().dt.epoch("ms")).alias("said_ms"),
            pl.col("started_at", "ended_at", "first_change_at", "last_change_at", "last_sign")
            .dt.epoch("ms")
            .name.suffix("_ms"),
        )
    )


class Course(NamedTuple):
    """What a session's flags are judged by. Times are epoch ms; None = not known.

    turns: user texts with their replies. user_texts: the same user texts, alone. said_ms: of every message. started_ms,
    ended_ms: between which a commit is the session's outcome. over_ms: when the session was over.
    """

    turns: list[tuple[str, str]]
    user_texts: list[str]
    said_ms: list[int]
    started_ms: int | None
    ended_ms: int | None
    over_ms: int | None


def course(user_turn: UserTurn, session_end: SessionEnd, session: dict) -> Course:
    """The course of a session, a row as from `with_talk`."""
    heard, user_texts = conversation(user_turn, session)
    said_ms = [ms for ms in session["said_ms"] if ms is not None]
    changed_ms = [ms for ms in (session["first_change_at_ms"], session["last_change_at_ms"]) if ms is not None]
    started = session["started_at_ms"]
    spoken = [ms for ms in (started, *said_ms, *(session["shell_ms"] or ())) if ms is not None]
    over = ended_ms(session_end, session["provider"], session["ended_at_ms"], spoken)
    started = min([*said_ms, *changed_ms], default=None) if started is None else started
    ended = next((ms for ms in (over, session["started_at_ms"], session["last_sign_ms"], started) if ms is not None), None)
    return Course(turns(heard), user_texts, said_ms, started, ended, over)


def conversation(rule: UserTurn, session: dict) -> tuple[list[tuple[str, str]], list[str]]:
    """((role, text) of everything that takes part in turns, texts of the user's turns), in order."""
    said = list(zip(session["role"], session["kind"], session["agent_id"], session["content"], strict=True))
    heard = [(role, content) for role, kind, agent, content in said if is_in_conversation(rule, role, kind, agent)]
    by_user = [content for role, kind, agent, content in said if is_user_turn(rule, role, kind, agent)]
    return heard, by_user


def has_commit(rule: CommitWindow, started_ms: int | None, ended_ms: int | None, commits_ms: Iterable[int]) -> bool:
    """Whether one of the session's commits was made during it or soon after."""
    return any(is_within(rule, started_ms, ended_ms, commit_ms) for commit_ms in commits_ms)
