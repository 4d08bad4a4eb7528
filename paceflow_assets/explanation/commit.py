"""Commit: why the events say of a commit what they say.

What lives here: a finding for each flag and measure of the commit's event rows. What stays out: counting, which the events do.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from paceflow_assets.event import event_commit_bug_signal, event_commit_churn, event_commit_outcome
from paceflow_assets.explanation.finding import Evidence, Explanation, Finding, Row, counted, excerpt, moment
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.fact import fact_commit_session_match
from paceflow_assets.rule.bug_after_merge import BugAfterMerge
from paceflow_assets.rule.churn import Churn
from paceflow_assets.rule.fix_words import FixWords, matching_words
from paceflow_assets.rule.heavy_ai import HeavyAi
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.rule.path_fallback import PathFallback
from paceflow_assets.rule.squash_merge import SquashMerge

LINES = ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed", "word_characters")
CHANGE_LINES = ("provider", "session_id", "change_id", "side", "line_hash", "line_hash_trimmed")
MATCHED = ("matched_lines", "matched_added_lines", "matched_removed_lines", "evidence", "confidence")
PEOPLE = "human"


def explain(stored: Stored, sha: str) -> Explanation:
    """Every event row of a commit of fact_commit, with what is behind it."""
    commit = Commit(stored, sha)
    about = commit.about
    facts = {
        "commit": sha,
        "time": about["commit_time"],
        "subject": excerpt(about["subject"] or ""),
        "changed": f"{counted(about['file_count'], 'file')}, +{about['total_added']:,} −{about['total_removed']:,} lines",
        "task": (commit.task or {}).get("task_key"),
        "reachable": about["reachable"],
    }
    return Explanation(f"commit {sha[:10]}", stored.repository, facts, tuple(_findings(commit)))


@dataclass(frozen=True)
class Commit:
    """A commit and what several findings need of its repository."""

    stored: Stored
    sha: str

    @cached_property
    def about(self) -> Row:
        """Its row of fact_commit."""
        return self.stored.row("fact_commit", commit_sha=self.sha) or {}

    @cached_property
    def outcome(self) -> Row | None:
        """Its row of event_commit_outcome."""
        return self.stored.row("event_commit_outcome", commit_sha=self.sha)

    @cached_property
    def task(self) -> Row | None:
        """Its row of event_task_commit."""
        return self.stored.row("event_task_commit", commit_sha=self.sha)

    @cached_property
    def sessions(self) -> list[Row]:
        """Its rows of event_commit_session, with the lines of each side and when the session began and ended."""
        key = ["provider", "session_id"]
        match = self.stored.frame("fact_commit_session_match", *key, *MATCHED[1:], commit_sha=self.sha).drop("commit_sha")
        spans = self.stored.frame("event_session_productivity", *key, "started_at", "ended_at")
        windows = self.stored.frame("event_session_quality", *key, "started_at", "ended_at")
        rows = self.stored.frame("event_commit_session", commit_sha=self.sha)
        return (
            rows.join(match, on=key, how="left")
            .join(windows, on=key, how="left")
            .join(spans, on=key, how="left", suffix="_of_work")
            .sort("matched_lines", *key, descending=[True, False, False])
            .to_dicts()
        )

    @cached_property
    def ai_lines(self) -> pl.LazyFrame:
        """Its AI lines."""
        return self.stored.scan("fact_commit_ai_line").filter(pl.col("commit_sha") == self.sha)

    @cached_property
    def lines(self) -> pl.LazyFrame:
        """The lines of every commit."""
        return self.stored.scan("fact_commit_line", *LINES)

    @cached_property
    def commits(self) -> pl.DataFrame:
        """Every commit of the repository."""
        return self.stored.frame("fact_commit", "commit_sha", "commit_time", "subject", "message")

    @cached_property
    def mainline(self) -> pl.DataFrame:
        """Every main-line commit."""
        return self.stored.frame("fact_mainline_commit", "commit_sha", "commit_time", "mainline_ref")

    @cached_property
    def subjects(self) -> Mapping[str, str]:
        """Commit -> its subject."""
        return dict(self.commits.select("commit_sha", "subject").rows())

    def says(self, sha: object) -> str:
        """The subject of a commit, shortened; '' if it is not known."""
        return "(this commit)" if sha == self.sha else excerpt(self.subjects.get(str(sha)) or "")


def _findings(commit: Commit) -> Iterator[Finding]:
    if commit.outcome:
        yield _heavy(commit, commit.outcome)
        yield _merged(commit, commit.outcome)
        yield _reverted(commit, commit.outcome)
        yield from _churn(commit, commit.outcome)
        yield from _bugs(commit, commit.outcome)
        yield _counted(commit, commit.outcome)
    yield from _sessions(commit)
    if commit.task:
        yield _task(commit, commit.task)


def _heavy(commit: Commit, outcome: Row) -> Finding:
    stored, changed, matched = commit.stored, outcome["commit_total_changed_lines"], outcome["matched_total_lines"]
    share = stored.rule(HeavyAi).share
    told = (
        f"sessions explain {matched:,} of {counted(changed, 'changed line')}, a share of {outcome['ai_share']:.2f}; "
        f"heavy from {share:g}"
        if changed
        else "it changes no lines, lock files left out; such a commit is never heavy"
    )
    time = outcome["commit_time"]
    by_session = [
        {
            "provider": row["provider"],
            "session": row["session_id"],
            "model": row["model_name"],
            "lines": row["matched_lines"],
            "added": row["matched_added_lines"],
            "removed": row["matched_removed_lines"],
            "share": row["share_of_commit"],
            "evidence": row["evidence"],
            "sure": row["confidence"],
            "began": _from(time, row["started_at_of_work"]),
            "ended": _from(time, row["ended_at_of_work"]),
        }
        for row in commit.sessions
        if row["provider"] != PEOPLE
    ]
    names = ("matched_added_lines", "matched_removed_lines", "total_added", "total_removed", "ai_added_lines")
    return Finding(
        "event_commit_outcome",
        "heavy_ai_flag",
        outcome["heavy_ai_flag"],
        {name: outcome[name] for name in ("ai_share", "matched_total_lines", "commit_total_changed_lines", *names)},
        [told],
        [
            Evidence("lines by session; began and ended, counted from the commit", by_session),
            Evidence("lines by file", list(_files(commit)) if by_session else []),
        ],
        [parameter for rule in ("heavy_ai", *_matching_rules(stored)) for parameter in stored.parameters(rule)],
    )


def _matching_rules(stored: Stored) -> tuple[str, ...]:
    is_traced = stored.rule(LineMatch).method == "runs"
    return ("line_match", "anchor", "weak_pair") if is_traced else ("line_match", "path_fallback")


def _from(commit_time: object, time: object) -> dt.timedelta | None:
    """How long after the commit; negative = before it."""
    return time - commit_time if isinstance(time, dt.datetime) and isinstance(commit_time, dt.datetime) else None


def _files(commit: Commit) -> Iterator[Row]:
    """Changed files with the lines that each session explains; a file that none explains has a row without session."""
    shares = _file_shares(commit).partition_by("rel_path", as_dict=True)
    changed = commit.stored.frame("fact_commit_file_change", "rel_path", "added_lines", "removed_lines", commit_sha=commit.sha)
    for path, added, removed in changed.select("rel_path", "added_lines", "removed_lines").rows():
        found = shares[path,].to_dicts() if (path,) in shares else [{"matched_lines": 0.0}]
        for row in found:
            edited = row.get("found_path")
            yield {
                "path": path,
                "changed": added + removed,
                "lines": row["matched_lines"],
                "session": row.get("session_id"),
                "written_as": edited if edited != path else None,
            }


def _file_shares(commit: Commit) -> pl.DataFrame:
    stored = commit.stored
    line_match = stored.rule(LineMatch)
    if line_match.method == "runs":
        return _origins(commit)
    assignments = stored.frame("fact_task_commit_assignment", "commit_sha", "branch_name")
    commits = commit.commits.select("commit_sha", "commit_time")
    own = assignments.filter(pl.col("commit_sha") == commit.sha)
    if line_match.consumption == "once_per_lineage" and own.height:
        commits = commits.join(assignments.join(own, on="branch_name", how="semi"), on="commit_sha", how="semi")
    else:
        commits = commits.filter(pl.col("commit_sha") == commit.sha)
    column = hash_column(line_match)
    texts = commit.lines.join(commits.lazy(), on="commit_sha", how="semi").select(column).unique()
    found = fact_commit_session_match.explained_lines(
        commits,
        commit.lines,
        stored.frame("fact_session_code_change", "provider", "session_id", "change_id", "rel_path", "change_ts"),
        stored.scan("fact_session_code_change_line", *CHANGE_LINES).join(texts, on=column, how="semi"),
        assignments,
        line_match=line_match,
        path_fallback=stored.rule(PathFallback),
        sql=stored.sql,
    )
    return fact_commit_session_match.file_shares(stored.sql, found).filter(pl.col("commit_sha") == commit.sha)


def _origins(commit: Commit) -> pl.DataFrame:
    """Lines by file and session as fact_commit_line_origin has them, and the path under which the session wrote them."""
    edit = ["provider", "session_id", "change_id"]
    lines = commit.stored.frame("fact_commit_line_origin", "rel_path", *edit, commit_sha=commit.sha)
    written = commit.stored.frame("fact_session_code_change", *edit, "rel_path").rename({"rel_path": "found_path"})
    key = ["commit_sha", "rel_path", "found_path", "provider", "session_id"]
    return (
        lines.join(written, on=edit, how="left").group_by(key).agg(pl.len().cast(pl.Float64).alias("matched_lines")).sort(key)
    )


def _merged(commit: Commit, outcome: Row) -> Finding:
    stored, rule = commit.stored, commit.stored.rule(SquashMerge)
    refs = commit.mainline.filter(pl.col("commit_sha") == commit.sha)["mainline_ref"].to_list()
    evidence: list[Evidence] = []
    if refs:
        reasons = [f"{refs[0]} contains it"]
    elif not commit.mainline.height:
        reasons = ["no commit of this repository lies on a main line"]
    else:
        event = event_commit_outcome
        sides = event.landing(
            commit.commits.filter(pl.col("commit_sha") == commit.sha),
            commit.ai_lines,
            commit.lines,
            commit.mainline,
            stored.rule(LineMatch),
            rule,
            stored.sql,
        )
        files = event.landed_files(stored.sql, sides, stored.rule(PathFallback))
        landed = event.landed_commits(stored.sql, sides, files)
        found, asked = files["found"].sum(), files["file_lines"].sum()
        takes_all = ", or all of fewer" if rule.takes_all else ""
        reasons = [
            "the main line does not contain it",
            f"of {counted(asked, 'AI line')}, main-line commits of the same time or later added {found:,}; "
            f"merged from {rule.min_ratio:g} of them and {counted(rule.min_lines, 'line')}{takes_all}",
        ]
        by_file = [
            {
                "path": path,
                "asked": wanted,
                "found": there,
                "found_in": None if other is None else sides.paths.texts[other],
            }
            for path, wanted, there, other in files.with_columns(sides.paths.text(files["rel_path"]))
            .select("rel_path", "file_lines", "found", "supply_path")
            .sort("rel_path")
            .rows()
        ]
        by_commit = [
            {"commit": sha, "time": time, "lines": lines, "subject": commit.says(sha)}
            for sha, time, lines in landed.select("mainline_sha", "found_at", "lines").rows()
        ]
        evidence = [Evidence("AI lines looked for, by file", by_file), Evidence("main-line commits with them", by_commit)]
    return Finding(
        "event_commit_outcome",
        "merged_to_mainline_flag",
        outcome["merged_to_mainline_flag"],
        {"mainline_reached_at": outcome["mainline_reached_at"]},
        reasons,
        evidence,
        [*stored.parameters("mainline"), *([] if refs else stored.parameters("squash_merge"))],
    )


def _reverted(commit: Commit, outcome: Row) -> Finding:
    reverts = commit.stored.frame("fact_commit_revert", "revert_commit_sha", "revert_time", commit_sha=commit.sha)
    rows = [
        {"commit": sha, "time": time, "subject": commit.says(sha)}
        for sha, time in reverts.sort("revert_time").select("revert_commit_sha", "revert_time").rows()
    ]
    if not rows:
        reason = "no commit says that it reverts this one"
    elif outcome["reverted_later_flag"]:
        reason = f"the message of {counted(len(rows), 'commit')} says so, first on {moment(rows[0]['time'])}"
    else:
        reason = "the earliest revert of it is not dated later than the commit"
    return Finding(
        "event_commit_outcome",
        "reverted_later_flag",
        outcome["reverted_later_flag"],
        {},
        [reason],
        [Evidence("reverts", rows)],
    )


def _churn(commit: Commit, outcome: Row) -> Iterator[Finding]:
    stored, rule = commit.stored, commit.stored.rule(Churn)
    row = stored.row("event_commit_churn", commit_sha=commit.sha)
    if row is None:
        return
    name, reaching = "ai_added_lines_removed_within_window", row["ai_added_lines_reaching_mainline"]
    evidence: list[Evidence] = []
    if not outcome["merged_to_mainline_flag"]:
        reasons = ["it did not reach the main line, so nothing of it can be removed there"]
    elif not reaching:
        reasons = ["it brought no line that a session wrote in the same file"]
    else:
        event = event_commit_churn
        outcomes = stored.frame("event_commit_outcome", commit_sha=commit.sha)
        (_, first, last), *_ = event.windows(outcomes, rule).rows()
        sides = event.sides(outcomes, commit.ai_lines, commit.lines, commit.mainline, stored.rule(LineMatch), rule, stored.sql)
        rows = [
            {"time": time, "commit": sha, "lines": lines, "path": path, "subject": commit.says(sha)}
            for sha, time, path, lines in event.removals(sides, stored.sql)
            .select("removed_by", "removed_at", "rel_path", "lines")
            .rows()
        ]
        reasons = [
            f"main-line commits from {moment(first)} to {moment(last)} removed {row[name]:,} "
            f"of {counted(reaching, 'AI line')} that it brought"
        ]
        evidence = [Evidence("removals", rows)]
    beside = {key: row[key] for key in ("ai_added_lines_reaching_mainline", "churn_window_days")}
    yield Finding("event_commit_churn", name, row[name], beside, reasons, evidence, list(stored.parameters("churn")))


BUG_SIGNALS = {
    "bug_after_merge_flag": (
        "bug_signal_count",
        "first_bug_signal_commit_sha",
        "first_bug_signal_commit_time",
        "window_days",
        "signal_source",
    ),
    "szz_bug_flag": ("szz_signal_count", "first_szz_commit_sha", "first_szz_commit_time"),
}


def _bugs(commit: Commit, outcome: Row) -> Iterator[Finding]:
    """A finding for each of the two signals: by equal text, and by git's history."""
    stored, rule = commit.stored, commit.stored.rule(BugAfterMerge)
    row = stored.row("event_commit_bug_signal", commit_sha=commit.sha)
    if row is None:
        return
    for name, beside in BUG_SIGNALS.items():
        why = _why_no_bug(name, outcome)
        found = _fixes if name == "bug_after_merge_flag" else _blaming_fixes
        reasons, evidence = ([why], []) if why else found(commit, rule, row)
        yield Finding(
            "event_commit_bug_signal",
            name,
            row[name],
            {key: row[key] for key in beside},
            reasons,
            evidence,
            [*stored.parameters("bug_after_merge"), *stored.parameters("fix_words")],
        )


def _why_no_bug(signal: str, outcome: Row) -> str:
    """Why the commit cannot have this signal; '' if it can."""
    wanted = {"heavy_ai_flag": ("heavy ", "not heavy"), "merged_to_mainline_flag": ("", "not on the main line")}
    if signal == "szz_bug_flag":
        del wanted["heavy_ai_flag"]
    missing = [told for name, (_, told) in wanted.items() if not outcome[name]]
    if missing:
        kind = "".join(kind for kind, _ in wanted.values())
        return f"only {kind}commits on the main line are looked at; this one is {' and '.join(missing)}"
    return "it has no time, so no fix can be later" if outcome["commit_time"] is None else ""


def _fixes(commit: Commit, rule: BugAfterMerge, row: Row) -> tuple[list[str], list[Evidence]]:
    stored, event = commit.stored, event_commit_bug_signal
    outcomes = stored.frame("event_commit_outcome", commit_sha=commit.sha)
    sides = event.sides(
        outcomes,
        commit.commits,
        commit.ai_lines,
        commit.lines,
        line_match=stored.rule(LineMatch),
        bug_after_merge=rule,
        fix_words=stored.rule(FixWords),
        sql=stored.sql,
    )
    found = event.shared_lines(sides, rule, stored.sql)
    told = (
        f"{counted(row['bug_signal_count'], 'fix', 'fixes')} {_span(outcomes, rule)} removed "
        f"at least {counted(rule.min_lines, 'AI line')} of it"
    )
    return [told], [Evidence("fixes", _mending(commit, found))]


def _blaming_fixes(commit: Commit, rule: BugAfterMerge, row: Row) -> tuple[list[str], list[Evidence]]:
    stored, event = commit.stored, event_commit_bug_signal
    outcomes = stored.frame("event_commit_outcome", commit_sha=commit.sha)
    found = event.blamed_lines(
        outcomes,
        commit.commits,
        stored.frame("fact_fix_blame_line", *event.BLAMED),
        commit.lines,
        line_match=stored.rule(LineMatch),
        bug_after_merge=rule,
        fix_words=stored.rule(FixWords),
        sql=stored.sql,
    )
    told = (
        f"{counted(row['szz_signal_count'], 'fix', 'fixes')} {_span(outcomes, rule)} removed "
        f"at least {counted(rule.min_lines, 'line')} that git blame traces to it"
    )
    return [told], [Evidence("fixes", _mending(commit, found))]


def _span(outcomes: pl.DataFrame, rule: BugAfterMerge) -> str:
    ((_, first, last),) = event_commit_bug_signal.windows(outcomes, rule).rows()
    return f"from {moment(first)} to {moment(last)}"


def _mending(commit: Commit, found: pl.DataFrame) -> list[Row]:
    """Rows of evidence from fix, fixed_at, rel_path, lines, is_signal."""
    words = commit.stored.rule(FixWords)
    messages = dict(commit.commits.select("commit_sha", "message").rows())
    return [
        {
            "time": time,
            "commit": sha,
            "lines": lines,
            "path": path,
            "words": ", ".join(matching_words(words, messages[sha])),
            "is_signal": is_signal,
            "subject": commit.says(sha),
        }
        for sha, time, path, lines, is_signal in found.select("fix", "fixed_at", "rel_path", "lines", "is_signal").rows()
    ]


def _counted(commit: Commit, outcome: Row) -> Finding:
    reason = (
        "a present head, or the default branch's remote head, contains it"
        if outcome["reachable"]
        else "no present head and no remote default branch contains it any more"
    )
    return Finding(
        "event_commit_outcome",
        "counted_flag",
        outcome["counted_flag"],
        {"reachable": outcome["reachable"]},
        [reason],
        (),
        list(commit.stored.parameters("orphaned_commit")),
    )


def _sessions(commit: Commit) -> Iterator[Finding]:
    """A finding for each row of event_commit_session."""
    for row in commit.sessions:
        began, ended = row["started_at"], row["ended_at"] or row["started_at"]
        if row["provider"] == PEOPLE:
            reasons = [f"a share of {row['share_of_commit']:.2f} of its lines is in no session, so it is people's"]
        elif began is None:
            reasons = ["nobody spoke in the session, so it has no window"]
        else:
            reasons = [f"the session ran from {moment(began)} to {moment(ended)}"]
        names = ("model_name", "matched_lines", "share_of_commit", "share_of_ai", "counted_in_sessions_flag")
        is_person = row["provider"] == PEOPLE
        yield Finding(
            "event_commit_session",
            "commit_within_window_flag",
            row["commit_within_window_flag"],
            {name: row[name] for name in ("provider", "session_id", *names)},
            reasons,
            (),
            [
                *(commit.stored.parameters("human_remainder") if is_person else commit.stored.parameters("commit_window")),
                *commit.stored.parameters("session_report"),
            ],
        )


def _task(commit: Commit, task: Row) -> Finding:
    found = commit.stored.row("fact_task_commit_assignment", commit_sha=commit.sha) or {}
    branch, owners = task["branch_name"], found.get("candidate_count", 0)
    if not task["fallback_flag"]:
        other = f"; the nearest of {owners}" if owners > 1 else ""
        reason = f"{branch} owns it by its line of first parents{other}"
    elif found.get("distance_to_tip") is None:
        reason = "no branch contains it"
    else:
        reason = f"no task branch owns it; {branch} is the first branch of the fallback order that contains it"
    away = found.get("distance_to_tip")
    reasons = [reason, *([] if away is None else [f"{counted(away, 'commit')} before it from the branch's tip"])]
    return Finding(
        "event_task_commit",
        "task_key",
        task["task_key"],
        {name: task[name] for name in ("branch_name", "fallback_flag", "confidence")},
        reasons,
        (),
        [*commit.stored.parameters("task_branch"), *commit.stored.parameters("task_key")],
    )
