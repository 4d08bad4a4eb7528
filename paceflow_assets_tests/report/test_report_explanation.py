"""Explanations on a terminal."""

import datetime as dt
import io
import json

import pytest
from rich.console import Console

from paceflow_assets.explanation.finding import Evidence, Explanation, Finding, Parameter
from paceflow_assets.report.explanation import explanation_lines, explanation_shown

NOON = dt.datetime(2026, 1, 5, 12)
ROWS = [
    {
        "time": NOON,
        "commit": f"{number:040d}",
        "lines": 1234.5,
        "began": dt.timedelta(minutes=-29),
        "path": f"a/rather/long/way/down/into/the/tree/of/files/file_{number}.py",
        "subject": "a subject that says very much about very little, and then some more",
        "nothing": None,
    }
    for number in range(14)
]


def explanation(*findings: Finding) -> Explanation:
    """An explanation of a commit."""
    return Explanation("commit 0123456789", "local/app", {"time": NOON, "task": None}, findings)


def finding(name: str = "heavy_ai_flag", **fields: object) -> Finding:
    """A finding with everything in it."""
    rules = [
        Parameter("heavy_ai", "share", 0.9, "share", "rules.toml:2"),
        Parameter("line_match", "trim", "end", "", "default"),
        Parameter("line_match", "time_order", "any", "", "default"),
    ]
    given = {"beside": {"ai_share": 0.25}, "reasons": ["because"], "evidence": [Evidence("facts", ROWS)], "parameters": rules}
    return Finding("event_commit_outcome", name, True, **{**given, **fields})


def shown(told: Explanation, width: int = 80) -> str:
    """What a terminal of so many columns would show, without colours."""
    console = Console(file=io.StringIO(), width=width)
    console.print(explanation_shown(told, width))
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 160])
def test_it_fits_the_terminal(width):
    """Numbers, times and hashes stay whole; paths keep their end and subjects their beginning."""
    text = shown(explanation(finding()), width)

    line = next(line for line in text.split("\n") if "file_3" in line)
    assert max(map(len, text.split("\n"))) <= width
    assert line.strip().startswith("2026-01-05 12:00  0000000000  1,234.50  −29 min")
    assert ("…" in line) is (width == 80) or "tree/of/files/file_3.py" in line
    assert "a subject" in line


def test_the_first_rows_are_shown_and_the_rest_counted():
    """Columns without any value are left out."""
    text = shown(explanation(finding()))

    assert "file_11" in text
    assert "file_12" not in text
    assert "… and 2 more; --json shows all" in text
    assert "nothing" not in text


def test_rules_stand_in_a_line_each():
    """An origin is named unless it is the default."""
    lines = [line.split() for line in shown(explanation(finding())).split("\n")]

    assert ["rule", "heavy_ai", "share", "0.9", "(rules.toml:2)"] in lines
    assert ["rule", "line_match", "trim", "end,", "time_order", "any"] in lines


def test_rows_of_one_table_stand_together():
    """Each with what belongs to it; the reasons only where there is room."""
    alike = [finding(beside={"session_id": f"s{number}", "model_name": "claude/opus"}, evidence=[]) for number in range(2)]

    narrow, wide = (shown(explanation(*alike), width) for width in (80, 160))

    assert "heavy_ai_flag  2 rows  event_commit_outcome" in narrow
    assert ["s1", "claude/opus", "yes"] in [line.split() for line in narrow.split("\n")]
    assert ["s1", "claude/opus", "yes", "because"] in [line.split() for line in wide.split("\n")]


def test_nothing_that_a_terminal_would_obey_gets_through():
    """A message may hold anything."""
    text = shown(explanation(finding(reasons=["\x1b[31mred\x07"], evidence=[Evidence("x", [{"says": "\x1b]0;title\x07"}])])))

    assert not [letter for letter in text if letter != "\n" and not letter.isprintable()]


def test_json_holds_every_row():
    """Durations in seconds, times in UTC, and the note."""
    (told,) = json.loads(explanation_lines([explanation(finding())], {"local/app": "stale"}))

    rows = told["findings"][0]["evidence"][0]["rows"]
    assert (len(rows), rows[0]["began"], rows[0]["time"]) == (14, -1740.0, "2026-01-05T12:00:00.000Z")
    assert told["note"] == "stale"
