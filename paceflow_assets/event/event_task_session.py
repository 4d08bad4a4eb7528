"""Which sessions worked on the task, how much, and how did they go?"""

import polars as pl

from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.table import count, flag, number, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "task_key": text("ticket in the branch name, else the branch name; (unknown) without a branch"),
    "provider": text("agent; human for what no session explains"),
    "session_id": text("session; __human__ for what no session explains"),
    "branch_name": text("first branch of the task, by name"),
    "model_name": text("agent/model; agent/(unknown) when no log names one; human/(unknown) for people"),
    "started_at": time("earliest record; null = the session has no user turn"),
    "attribution_weight": number("lines of the task's counted commits that fall to the session"),
    "commit_within_window_flag": flag("one of these commits was made during the session or soon after it (rule commit_window)"),
    "user_turn_count": count("user turns; null = the session has none"),
    "debug_loop_flag": flag("the same error was reported again and again; null = no user turn"),
    "mid_session_error_paste_flag": flag("a later user message shows an error; null = no user turn"),
    "accepted_output_flag": flag("a change of lines was applied; null = no user turn"),
    "first_accepted_change_at": time("first applied change of lines; null = none, or no user turn"),
    "minutes_to_first_accepted_change": number("minutes from the start to it; null = none, or no user turn"),
    "counted_in_sessions_flag": flag("session reports count the session (rule session_report)"),
}
SESSION = ("repository", "provider", "session_id")
WORK = """
    select task.task_key, task.branch_name, written.*
    from task
    inner join written using (repository, commit_sha)
    where task.counted_flag
"""


@table(
    grain=("task_key", "provider", "session_id"),
    columns=COLUMNS,
    reads={"event_task_commit": ("repository", "task_key", "commit_sha", "branch_name", "counted_flag")},
)
def event_task_session(
    event_task_commit: pl.DataFrame, event_commit_session: pl.DataFrame, event_session_quality: pl.DataFrame, sql: Sql
) -> pl.DataFrame:
    """One row per (task, session with lines in its counted commits); people are a session of their own, with weight 0."""
    return sql(
        f"""
        with work as ({WORK})

        select
            work.repository,
            work.task_key,
            work.provider,
            work.session_id,
            min(work.branch_name) as branch_name,
            max(work.model_name) as model_name,
            max(quality.started_at) as started_at,
            sum(work.matched_lines order by work.commit_sha) as attribution_weight,
            bool_or(work.commit_within_window_flag) as commit_within_window_flag,
            max(quality.user_turn_count) as user_turn_count,
            bool_or(quality.debug_loop_flag) as debug_loop_flag,
            bool_or(quality.mid_session_error_paste_flag) as mid_session_error_paste_flag,
            bool_or(quality.accepted_output_flag) as accepted_output_flag,
            max(quality.first_accepted_change_at) as first_accepted_change_at,
            max(quality.minutes_to_first_accepted_change) as minutes_to_first_accepted_change,
            bool_and(work.counted_in_sessions_flag) as counted_in_sessions_flag
        from work
        left join quality
            on quality.repository = work.repository
                and quality.provider = work.provider
                and quality.session_id = work.session_id
        group by work.repository, work.task_key, work.provider, work.session_id
        """,
        task=event_task_commit,
        written=event_commit_session,
        quality=event_session_quality,
    )


def work_of(sql: Sql, task_commits: pl.DataFrame, commit_sessions: pl.DataFrame) -> pl.DataFrame:
    """What rows of the table add up: sessions' rows of commits, each with the commit's task and branch."""
    return sql(f"{WORK} order by task.task_key, commit_sha", task=task_commits, written=commit_sessions)
