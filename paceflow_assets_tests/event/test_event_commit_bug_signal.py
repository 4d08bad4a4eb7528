import pytest
from building import assert_rows, brought, built, commit_facts, day, hash_of, reference

from paceflow_assets.event.event_commit_bug_signal import event_commit_bug_signal
from paceflow_assets.rule.bug_after_merge import BugAfterMerge
from paceflow_assets.rule.fix_words import FixWords
from paceflow_assets.rule.line_match import LineMatch

SECOND = 1 / 86_400
FIRST = day(1)
TEXTS = ["first line", "second line", "}"]


def outcome(sha="c", time=FIRST, *, heavy=True, merged=True, counted=True):
    """A row of event_commit_outcome, as far as bug signals read it."""
    return {
        "commit_sha": sha,
        "commit_time": time,
        "heavy_ai_flag": heavy,
        "merged_to_mainline_flag": merged,
        "counted_flag": counted,
    }


def signals(sql, later, *rules, commit=None):
    """(flag, count, first, its time) of a commit of day 1 with `TEXTS` in f; later: (sha, time, message, path -> lines)."""
    facts = commit_facts(*((sha, time, files) for sha, time, _, files in later))
    messages = {sha: message for sha, _, message, _ in later}
    found = built(
        event_commit_bug_signal,
        *rules,
        sql=sql,
        event_commit_outcome=[commit or outcome()],
        fact_commit=[{**row, "message": messages[row["commit_sha"]]} for row in facts["fact_commit"]],
        fact_commit_line=facts["fact_commit_line"],
        fact_commit_ai_line=brought("c", day(1), {"f": TEXTS}),
    )
    columns = ("bug_after_merge_flag", "bug_signal_count", "first_bug_signal_commit_sha", "first_bug_signal_commit_time")
    return found.select(columns).row(0)


NONE = (False, 0, None, None)


def test_nothing(sql):
    """Without commits there are no signals."""
    assert_rows(built(event_commit_bug_signal, sql=sql), event_commit_bug_signal, [])


def test_signals(sql):
    """Every fix that removes a line counts; the earliest is named, of equal times the smaller name; others have none."""
    lines = commit_facts(
        ("z", day(9), {"f": ["-first line"]}), ("y", day(9), {"f": ["-second line"]}), ("w", day(20), {"f": ["-}"]})
    )

    found = built(
        event_commit_bug_signal,
        sql=sql,
        event_commit_outcome=[outcome("a"), outcome("b", day(10), counted=False), outcome("n", None), outcome("o", day(2))],
        fact_commit=[{**row, "message": "Fix it"} for row in lines["fact_commit"]],
        fact_commit_line=lines["fact_commit_line"],
        fact_commit_ai_line=[row for sha in "abn" for row in brought(sha, day(1), {"f": TEXTS})],
    )

    same = {"window_days": 60, "signal_source": "git_fix_commit", "counted_flag": True}
    quiet = {"bug_after_merge_flag": False, "bug_signal_count": 0}
    same |= {"szz_bug_flag": False, "szz_signal_count": 0}
    expected = [
        {
            "commit_sha": "a",
            "commit_time": day(1),
            "bug_after_merge_flag": True,
            "first_bug_signal_commit_sha": "y",
            "first_bug_signal_commit_time": day(9),
            "bug_signal_count": 3,
            **same,
        },
        {
            "commit_sha": "b",
            "commit_time": day(10),
            "bug_after_merge_flag": True,
            "first_bug_signal_commit_sha": "w",
            "first_bug_signal_commit_time": day(20),
            "bug_signal_count": 1,
            **same,
            "counted_flag": False,
        },
        {"commit_sha": "n", **quiet, **same},
        {"commit_sha": "o", "commit_time": day(2), **quiet, **same},
    ]
    assert_rows(found, event_commit_bug_signal, expected)


@pytest.mark.parametrize(
    ("time", "message", "files", "is_signal"),
    [
        (day(10), "fix: wrong\n", {"f": ["-first line"]}, True),
        (day(10), "Adapt\n\nThe patch is in the body", {"f": ["-first line", "+other"]}, True),
        (day(10), "Fix blank\n", {"f": ["-}"]}, True),
        (day(1), "Fix\n", {"f": ["-first line"]}, False),
        (day(1 + SECOND), "Fix\n", {"f": ["-first line"]}, True),
        (day(61), "Fix\n", {"f": ["-first line"]}, True),
        (day(61 + SECOND), "Fix\n", {"f": ["-first line"]}, False),
        (day(66), "Fix\n", {"f": ["-first line"]}, False),
        (None, "Fix\n", {"f": ["-first line"]}, False),
        (day(10), "Fix\n", {"g": ["-first line"]}, False),
        (day(10), "Fix\n", {"f": ["-another line"]}, False),
        (day(10), "Fix\n", {"f": ["+first line", " second line"]}, False),
        (day(10), "Fix\n", {}, False),
        (day(10), 'Revert "Fix"\n', {"f": ["-first line"]}, False),
        (day(10), f"Fix\n\nThis reverts commit {'1' * 40}.", {"f": ["-first line"]}, False),
        (day(10), "Bugfix, prefix, debug, fixing\n", {"f": ["-first line"]}, False),
        (day(10), "", {"f": ["-first line"]}, False),
    ],
)
def test_what_is_a_signal(sql, time, message, files, is_signal):
    """A later mending commit that is no revert and removes one of the lines from the same file."""
    expected = (True, 1, "fix", time) if is_signal else NONE

    assert signals(sql, [("fix", time, message, files)]) == expected


@pytest.mark.parametrize(
    "commit", [outcome(heavy=False), outcome(merged=False), outcome(heavy=False, merged=False), outcome(time=None)]
)
def test_only_heavy_merged_commits(sql, commit):
    """A commit that is not heavy, not on the main line or not dated has no signal."""
    assert signals(sql, [("fix", day(10), "Fix", {"f": ["-first line"]})], commit=commit) == NONE


@pytest.mark.parametrize(
    ("rule", "shas"),
    [
        (reference(BugAfterMerge), ["one", "two"]),
        (reference(BugAfterMerge, min_lines=2), ["two"]),
        (reference(BugAfterMerge, min_lines=3), []),
        (reference(BugAfterMerge, window_days=10), ["one"]),
        (reference(BugAfterMerge, window_days=300), ["one", "two", "late"]),
        (reference(BugAfterMerge, informative_only=True), ["two"]),
        (reference(BugAfterMerge, informative_only=True, min_lines=2), []),
        (FixWords(words=("mend",)), ["other"]),
        (FixWords(words=()), []),
    ],
)
def test_parameters(sql, rule, shas):
    """Window, number of lines, information and words each decide."""
    later = [
        ("one", day(9), "Fix", {"f": ["-}"]}),
        ("two", day(20), "Fix", {"f": ["-}", "-first line"]}),
        ("late", day(90), "Fix", {"f": ["-second line"]}),
        ("other", day(9), "Mend", {"f": ["-second line"]}),
    ]

    found = signals(sql, later, rule)

    assert found[:3] == (bool(shas), len(shas), shas[0] if shas else None)


@pytest.mark.parametrize(
    ("line_match", "count"),
    [(LineMatch(), 1), (LineMatch(informative_characters=10), 0), (LineMatch(informative_files=1), 1)],
)
def test_what_is_informative_is_the_line_rule_s(sql, line_match, count):
    """A line that the line rule calls dull is no signal when only informative ones count; nobody added this one here."""
    later = [("fix", day(9), "Fix", {"f": ["-first line"]})]

    assert signals(sql, later, reference(BugAfterMerge, informative_only=True), line_match)[1] == count


def test_lines_are_counted_up_to_what_the_commit_brought(sql):
    """A fix that removes a line five times removes one line of a commit that brought one."""
    later = [("fix", day(9), "Fix", {"f": ["-first line"] * 5})]

    assert signals(sql, later, reference(BugAfterMerge, min_lines=2)) == NONE


@pytest.mark.parametrize(("trim", "count"), [("end", 0), ("both", 1)])
def test_indentation(sql, trim, count):
    """An indented line that the fix removes is the line, if blanks at the start take no part."""
    assert signals(sql, [("fix", day(9), "Fix", {"f": ["-\tfirst line"]})], LineMatch(trim=trim))[1] == count


def traced(*lines):
    """(fix, path, text, origin) of removed lines -> rows of fact_fix_blame_line."""
    return [
        {
            "commit_sha": fix,
            "rel_path": path,
            "line": number,
            "origin_sha": origin,
            "line_hash": hash_of(text),
            "line_hash_trimmed": hash_of(text.strip()),
            "word_characters": len(text),
        }
        for number, (fix, path, text, origin) in enumerate(lines, 1)
    ]


def blamed(sql, fixes, lines, *rules, commit=None):
    """(flag, count, first, its time) of a commit of day 1 by blame; fixes: (sha, time, message)."""
    found = built(
        event_commit_bug_signal,
        *rules,
        sql=sql,
        event_commit_outcome=[commit or outcome()],
        fact_commit=[{"commit_sha": sha, "commit_time": time, "message": message} for sha, time, message in fixes],
        fact_commit_line=commit_facts(("c", FIRST, {"f": ["+}", "+first line"]}))["fact_commit_line"],
        fact_fix_blame_line=traced(*lines),
    )
    assert found.select("bug_after_merge_flag", "bug_signal_count").row(0) == (False, 0)
    return found.select("szz_bug_flag", "szz_signal_count", "first_szz_commit_sha", "first_szz_commit_time").row(0)


FIXES = [("x", day(9), "Fix"), ("y", day(9), "fix it"), ("z", day(20), "hotfix"), ("late", day(62), "Fix")]


def test_blame_is_a_signal_of_its_own(sql):
    """Each fix counts once however many lines and files git traces; the earliest is named; equal text plays no part."""
    lines = [(sha, path, "whatever", "c") for sha in "zyx" for path in "fg"]

    assert blamed(sql, FIXES, lines) == (True, 3, "x", day(9))
    assert blamed(sql, FIXES, [("x", "f", "first line", "another")]) == NONE


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        (reference(BugAfterMerge), 3),
        (reference(BugAfterMerge, min_lines=2), 1),
        (reference(BugAfterMerge, window_days=10), 2),
        (reference(BugAfterMerge, window_days=300), 4),
        (reference(BugAfterMerge, informative_only=True), 2),
        (FixWords(words=("hotfix",)), 1),
        (FixWords(words=()), 0),
    ],
)
def test_blame_asks_the_same_rules(sql, rule, count):
    """Window, number of lines, information and words decide as they do for equal text."""
    lines = [("x", "f", "}", "c"), ("y", "f", "first line", "c"), ("y", "g", "}", "c"), ("z", "f", "one", "c")]

    assert blamed(sql, FIXES, [*lines, ("late", "f", "two", "c")], rule)[1] == count


@pytest.mark.parametrize(
    ("commit", "fix"),
    [
        (outcome(merged=False), ("x", day(9), "Fix")),
        (outcome(time=None), ("x", day(9), "Fix")),
        (outcome(), ("x", None, "Fix")),
        (outcome(), ("x", day(1), "Fix")),
        (outcome(), ("x", day(9), "Change")),
        (outcome(), ("x", day(9), 'Revert "Fix"')),
    ],
)
def test_what_blame_does_not_count(sql, commit, fix):
    """A commit that is not merged and dated; a removal that is not later, no fix, or a revert."""
    assert blamed(sql, [fix], [("x", "f", "first line", "c")], commit=commit) == NONE


def test_blame_counts_for_commits_of_people_too(sql):
    """A commit on the main line that is not heavy has the second signal, and never the first."""
    assert blamed(sql, [("x", day(9), "Fix")], [("x", "f", "first line", "c")], commit=outcome(heavy=False)) == (
        True,
        1,
        "x",
        day(9),
    )
