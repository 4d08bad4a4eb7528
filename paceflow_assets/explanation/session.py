"""Session: why the events say of a session what they say.

What lives here: a finding for each flag and measure of the session's event rows. What stays out: counting, which the events do.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from paceflow_assets.event import event_session_productivity, event_session_quality, event_task_session
from paceflow_assets.event.event_session_quality import Course
from paceflow_assets.explanation.finding import Evidence, Explanation, Finding, Row, counted, excerpt, moment
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.lines import WORDS
from paceflow_assets.rule.commit_window import CommitWindow, is_within
from paceflow_assets.rule.debug_loop import DebugLoop, signatures
from paceflow_assets.rule.error_paste import error_signal
from paceflow_assets.rule.first_change import MINUTE_MS, FirstChange, idle_gaps
from paceflow_assets.rule.session_end import SessionEnd
from paceflow_assets.rule.user_turn import UserTurn, left_out_as
from paceflow_assets.runtime.table import tables

CHANGE = ("rel_path", "change_ts", "lines_added", "lines_removed", "evidence")
EPOCH = dt.datetime(1970, 1, 1)


def explain(stored: Stored, provider: str, session_id: str) -> Explanation:
    """Every event row of a session in one repository, with what is behind it."""
    session = Session(stored, provider, session_id)
    about = session.about
    facts = {
        "session": session_id,
        "provider": provider,
        "model": about["model_name"],
        "home": "here" if about["is_home"] else about["home_repository"],
        "started": about["started_at"],
        "ended": about["ended_at"],
        "branch": about["git_branch"],
    }
    return Explanation(f"session {provider} {session_id[:13]}", stored.repository, facts, tuple(_findings(session)))


@dataclass(frozen=True)
class Session:
    """A session and what several findings need of its repository."""

    stored: Stored
    provider: str
    session_id: str

    @property
    def key(self) -> dict[str, str]:
        """Its key in the repository."""
        return {"provider": self.provider, "session_id": self.session_id}

    @cached_property
    def about(self) -> Row:
        """Its row of metadata_sessions."""
        return self.stored.row("metadata_sessions", **self.key) or {}

    @cached_property
    def quality(self) -> Row | None:
        """Its row of event_session_quality; None if nobody spoke to it."""
        return self.stored.row("event_session_quality", **self.key)

    @cached_property
    def productivity(self) -> Row | None:
        """Its row of event_session_productivity."""
        return self.stored.row("event_session_productivity", **self.key)

    @cached_property
    def messages(self) -> pl.DataFrame:
        """Everything that was said."""
        return self.stored.frame("fact_session_message", **self.key)

    @cached_property
    def changes(self) -> pl.DataFrame:
        """Its applied changes in this repository."""
        return self.stored.frame("fact_session_code_change", *CHANGE, "repository", **self.key)

    @cached_property
    def talk(self) -> Row | None:
        """The session as its quality is judged by; None if nothing was said."""
        frames = [
            self.stored.frame("metadata_sessions", **self.key),
            self.messages,
            self.changes,
            self.stored.frame("event_session_productivity", **self.key),
        ]
        return next(event_session_quality.with_talk(*frames).iter_rows(named=True), None)

    @cached_property
    def course(self) -> Course:
        """Its turns and times; without a word said there are none."""
        rules = self.stored.rule(UserTurn), self.stored.rule(SessionEnd)
        return event_session_quality.course(*rules, self.talk) if self.talk else Course([], [], [], None, None, None)

    @cached_property
    def spoken(self) -> list[Row]:
        """Messages that open a turn, each with the turn's number; in the order of `course`."""
        taken = event_session_productivity.with_counts(self.messages, self.stored.rule(UserTurn)).filter("counts")
        return [{"turn": number, **row} for number, row in enumerate(taken.iter_rows(named=True), 1)]


def _findings(session: Session) -> Iterator[Finding]:
    yield _turns(session)
    if session.quality:
        yield _debug_loop(session, session.quality)
        yield _error_paste(session, session.quality)
        yield _first_change(session, session.quality)
        yield _commits(session, session.quality)
        yield _output(session, session.quality)
    if session.productivity:
        yield _productivity(session, session.productivity)
    yield from _tasks(session)


def _turns(session: Session) -> Finding:
    rule, stored = session.stored.rule(UserTurn), session.stored
    number_of = {(row["agent_id"], row["message_index"]): row["turn"] for row in session.spoken}
    rows = []
    for message in session.messages.filter(pl.col("role") == "user").iter_rows(named=True):
        why_not = left_out_as(rule, message["role"], message["kind"], message["agent_id"])
        is_blank = not WORDS.search(message["content"])
        rows.append(
            {
                "turn": number_of.get((message["agent_id"], message["message_index"])),
                "time": message["message_ts"],
                "kind": message["kind"],
                "words": message["content_words"],
                "left_out": why_not or ("blank" if is_blank else None),
                "says": excerpt(message["content"]),
            }
        )
    left_out = Counter(row["left_out"] for row in rows if row["left_out"])
    told = ", ".join(f"{count:,} {why}" for why, count in sorted(left_out.items()))
    reasons = [f"{counted(len(rows), 'user message')}, left out: {told or 'none'}"]
    quality = session.quality
    if quality is None:
        reasons.append("without a user turn event_session_quality has no row")
    else:
        reasons.append(f"it ended: {moment(quality['ended_at'])} (rule session_end)")
    return Finding(
        "event_session_quality",
        "user_turn_count",
        quality and quality["user_turn_count"],
        {name: quality[name] for name in ("started_at", "ended_at")} if quality else {},
        reasons,
        [Evidence("user messages", rows)],
        [*stored.parameters("user_turn"), *stored.parameters("session_end")],
    )


def _debug_loop(session: Session, quality: Row) -> Finding:
    rule = session.stored.rule(DebugLoop)
    found = list(signatures(rule, session.course.turns))
    counts = Counter(signature for signature in found if signature is not None).most_common()
    turns = [
        {"turn": row["turn"], "time": row["message_ts"], "says": excerpt(row["content"])}
        for row, signature in zip(session.spoken, found, strict=True)
        if counts and signature == counts[0][0]
    ]
    if counts:
        reasons = [f"the most frequent error is reported {counted(counts[0][1], 'time')}; a loop from {rule.repeats}"]
    else:
        reasons = ["no turn reports an error"]
    rows = [{"count": count, "signature": excerpt(signature)} for signature, count in counts]
    return Finding(
        "event_session_quality",
        "debug_loop_flag",
        quality["debug_loop_flag"],
        {},
        reasons,
        [Evidence("errors by signature", rows), Evidence("turns with the first signature", turns)],
        list(session.stored.parameters("debug_loop")),
    )


def _error_paste(session: Session, quality: Row) -> Finding:
    rows = []
    for row, text in zip(session.spoken, session.course.user_texts, strict=True):
        signal = error_signal(text)
        if signal is not None:
            decides = row["turn"] > 1
            says = excerpt(text, about=signal)
            rows.append({"turn": row["turn"], "time": row["message_ts"], "decides": decides, "phrase": signal, "says": says})
    count = sum(bool(row["decides"]) for row in rows)
    told = f"{counted(count, 'user message')} behind the first with an error; one is enough"
    return Finding(
        "event_session_quality",
        "mid_session_error_paste_flag",
        quality["mid_session_error_paste_flag"],
        {},
        [told],
        [Evidence("messages that show an error", rows)],
    )


def _first_change(session: Session, quality: Row) -> Finding:
    rule, run = session.stored.rule(FirstChange), session.course
    first, first_ms = quality["first_accepted_change_at"], session.talk["first_change_at_ms"]
    gaps = idle_gaps(rule, run.started_ms, first_ms, run.said_ms) if None not in (run.started_ms, first_ms) else []
    rows = [{"from": _instant(start), "to": _instant(end), "minutes": (end - start) / MINUTE_MS} for start, end in gaps]
    if first is None:
        reasons = ["no change of lines with a known time was applied"]
    else:
        of_lines = pl.col("lines_added") + pl.col("lines_removed") > 0
        here = session.changes.filter(pl.col("change_ts") == first, of_lines)
        path = f", in {here['rel_path'][0]}" if here.height else ", in another repository"
        left_out = f"; pauses of more than {rule.idle_gap_minutes:g} minutes are left out" if rule.idle_gap_minutes else ""
        reasons = [f"from {moment(_instant(run.started_ms))} to the first change of lines on {moment(first)}{path}{left_out}"]
    return Finding(
        "event_session_quality",
        "minutes_to_first_accepted_change",
        quality["minutes_to_first_accepted_change"],
        {"first_accepted_change_at": first},
        reasons,
        [Evidence("pauses left out", rows)],
        list(session.stored.parameters("first_change")),
    )


def _instant(ms: int | None) -> dt.datetime | None:
    return None if ms is None else EPOCH + dt.timedelta(milliseconds=ms)


def _commits(session: Session, quality: Row) -> Finding:
    stored, rule, run = session.stored, session.stored.rule(CommitWindow), session.course
    commits = stored.frame("fact_commit", "commit_sha", "commit_time", "subject")
    matches = stored.frame("fact_commit_session_match", "commit_sha", "matched_lines", "share_of_commit", **session.key)
    joined = matches.join(commits, on="commit_sha").with_columns(pl.col("commit_time").dt.epoch("ms").alias("ms"))
    rows = [
        {
            "commit": row["commit_sha"],
            "time": row["commit_time"],
            "lines": row["matched_lines"],
            "share": row["share_of_commit"],
            "within": is_within(rule, run.started_ms, run.ended_ms, row["ms"]),
            "subject": excerpt(row["subject"] or ""),
        }
        for row in joined.sort("commit_time", "commit_sha").iter_rows(named=True)
    ]
    count = sum(bool(row["within"]) for row in rows)
    told = (
        f"{count:,} of {counted(len(rows), 'commit')} with its lines made from {moment(_instant(run.started_ms))} "
        f"to {rule.hours:g} hours after {moment(_instant(run.ended_ms))}"
    )
    return Finding(
        "event_session_quality",
        "session_commit_within_4h_flag",
        quality["session_commit_within_4h_flag"],
        {},
        [told if rows else "no commit here holds lines of it"],
        [Evidence("commits with its lines", rows)],
        list(stored.parameters("commit_window")),
    )


def _output(session: Session, quality: Row) -> Finding:
    here = (
        session.changes.group_by("rel_path")
        .agg(pl.len().alias("changes"), pl.col("lines_added", "lines_removed").sum(), pl.col("change_ts").min().alias("first"))
        .sort("rel_path", nulls_last=True)
    )
    files = [
        {"path": path, "changes": count, "added": added, "removed": removed, "first": first}
        for path, count, added, removed, first in here.rows()
    ]
    return Finding(
        "event_session_quality",
        "accepted_output_flag",
        quality["accepted_output_flag"],
        {},
        [f"{counted(session.about['change_count'], 'change')} applied in all repositories; one of lines is enough"],
        [Evidence("changes here, by file", files), Evidence("changes elsewhere", _elsewhere(session))],
    )


def _productivity(session: Session, productivity: Row) -> Finding:
    names = ("accepted_lines_added", "accepted_lines_removed", "user_word_count", "started_at", "ended_at")
    return Finding(
        "event_session_productivity",
        "accepted_total_changed_lines",
        productivity["accepted_total_changed_lines"],
        {name: productivity[name] for name in names},
        ["from the first to the last message or change; words are those of the messages that count as turns"],
        (),
        list(session.stored.parameters("user_turn")),
    )


def _elsewhere(session: Session) -> list[Row]:
    """What the session changed in other repositories."""
    warehouse, name = session.stored.warehouse, "fact_session_code_change"
    rows = []
    for repository in warehouse.repositories(name):
        if repository != session.stored.repository:
            read = warehouse.read(tables()[name], repository, [*session.key, "lines_added", "lines_removed"])
            own = read.filter(*(pl.col(column) == value for column, value in session.key.items()))
            if own.height:
                added, removed = own["lines_added"].sum(), own["lines_removed"].sum()
                rows.append({"repository": repository, "changes": own.height, "added": added, "removed": removed})
    return rows


def _tasks(session: Session) -> Iterator[Finding]:
    """A finding for each row of event_task_session."""
    stored = session.stored
    rows = stored.frame("event_task_session", **session.key)
    if not rows.height:
        return
    own = stored.frame("event_commit_session", **session.key)
    work = event_task_session.work_of(stored.sql, stored.frame("event_task_commit"), own)
    for row in rows.iter_rows(named=True):
        commits = [
            {
                "task": row["task_key"],
                "commit": made["commit_sha"],
                "time": made["commit_time"],
                "lines": made["matched_lines"],
                "within": made["commit_within_window_flag"],
            }
            for made in work.filter(pl.col("task_key") == row["task_key"]).iter_rows(named=True)
        ]
        yield Finding(
            "event_task_session",
            "attribution_weight",
            row["attribution_weight"],
            {name: row[name] for name in ("task_key", "branch_name", "commit_within_window_flag", "counted_in_sessions_flag")},
            [f"lines of {counted(len(commits), 'counted commit')} of the task {row['task_key']} that fall to the session"],
            [Evidence("counted commits of its tasks", commits)],
            list(stored.parameters("session_report")),
        )
