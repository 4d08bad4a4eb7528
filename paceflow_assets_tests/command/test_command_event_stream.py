"""`paceflow event-stream`: which rows, in which order, under which keys."""

import json

import pytest
from samples import printed, sample

KEYS = ["stream_type", "category", "event_time", "repo_root", "provider", "model", "task_key", "branch_name", "fields"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The sample home; no test changes it."""
    return sample(tmp_path_factory.mktemp("home"))


def told(home, *arguments):
    """The objects that the command writes."""
    code, out, err = printed(home, "event-stream", *arguments)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_each_line_is_one_object_with_the_known_keys(stored):
    """In this order; fields are the columns of the view, sorted, flags as 0 or 1, times in UTC, numbers with their point."""
    code, out, _ = printed(stored, "event-stream", "--stream", "commit-session-base", "--provider", "claude")

    (line,) = out.splitlines()
    found = json.loads(line)
    assert code == 0
    assert list(found) == KEYS
    assert [found[key] for key in KEYS[:3]] == ["commit-session-base", "delivery", "2026-03-02T09:30:00.000Z"]
    assert found["repo_root"].startswith("local/settings-")
    assert [found[key] for key in KEYS[4:8]] == ["claude", "claude/claude-opus-4-6", None, None]
    assert list(found["fields"]) == sorted(found["fields"])
    assert (found["fields"]["heavy_ai_flag"], found["fields"]["week_start"]) == (1, "2026-03-02")
    assert '"share_of_ai":1.0,' in line
    assert ": " not in line


def test_rows_come_in_the_order_of_time_then_stream_then_identity(stored):
    """What has one time is sorted by its stream's name."""
    found = told(stored)

    order = [(row["event_time"], row["stream_type"]) for row in found]
    assert order == sorted(order)
    assert {row["stream_type"] for row in found} == {
        "session-base",
        "task-session-base",
        "change-base",
        "commit-session-base",
        "task-commit-base",
    }


@pytest.mark.parametrize(
    ("arguments", "streams"),
    [
        (("--category", "session"), {("session-base", "session"), ("task-session-base", "session")}),
        (
            ("--category", "quality"),
            {("change-base", "quality"), ("commit-session-base", "quality"), ("task-commit-base", "quality")},
        ),
        (("--category", "quality", "--stream", "session-base"), {("session-base", "quality")}),
        (
            ("--provider", "claude", "--model", "claude/claude-opus-4-6"),
            {("session-base", "session"), ("commit-session-base", "delivery"), ("task-session-base", "session")},
        ),
        (("--task", "DEMO-7"), {("task-session-base", "session"), ("task-commit-base", "delivery")}),
        (("--branch", "main"), {("task-commit-base", "delivery")}),
    ],
)
def test_categories_and_filters_choose_streams(stored, arguments, streams):
    """A category relabels; a stream that lacks what a filter asks for is left out as a whole."""
    assert {(row["stream_type"], row["category"]) for row in told(stored, *arguments)} == streams


def test_days_and_limit(stored):
    """Both days are included; the limit takes the earliest."""
    found = told(stored, "--stream", "change-base", "--from", "2026-03-03", "--to", "2026-03-03")

    assert len(found) == 4
    assert told(stored, "--limit", "1")[0]["event_time"] == "2026-03-02T09:00:00.000Z"


def test_pretty_is_indented_with_a_blank_line_between(stored):
    """Two blanks a level."""
    _, out, _ = printed(stored, "event-stream", "--limit", "2", "--pretty")

    first, second, rest = out.split("\n\n")
    assert first.startswith('{\n  "stream_type": ')
    assert json.loads(second)["category"]
    assert rest == ""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--task", "DEMO-8"), "--task DEMO-8: no such task in all repositories (did you mean DEMO-7?)"),
        (("--stream", "change-base", "--provider", "claude"), "--provider: no stream asked for has all of that"),
        (("--to", "2020-01-01"), "no events are left in all repositories; nothing was shown; without --to there are some"),
    ],
)
def test_nothing_left_has_a_reason(stored, arguments, reason):
    """As for the other reports."""
    code, out, err = printed(stored, "event-stream", *arguments)

    assert (code, out) == (1, "")
    assert reason in err
