"""Diffs on a terminal."""

import datetime as dt
import io

import pytest
from rich.console import Console

from paceflow_assets.explanation.finding import Diff, FileDiff
from paceflow_assets.report.diff import NO_LINE_END, diff_lines, visible

CLAUDE = "0d3f6b1e-5c1a-4e6e-9d2d-0123456789ab"
CODEX = ("019b8de0-0000-7000-8000-000000000001", "019b8de0-0001-7000-8000-000000000001")


def line(text, side="+", *, session=None, provider="claude", model="claude/claude-opus-4-6", hunk=0, **fields):
    """A line of a session, or without one of people."""
    wrote = {"model": model, "change": "e1", "edited": dt.timedelta(minutes=-26), "evidence": "block", "sure": 0.9}
    nobody = dict.fromkeys(wrote)
    who = {"provider": provider, "session": session, **wrote} if session else {"provider": "human", "session": None, **nobody}
    unchanged = {"provider": None} if side == " " else {}
    return {"position": 0, "hunk": hunk, "side": side, "text": text, "ends": True, **who, **unchanged, **fields}


def file(*lines, path="src/queue.py", **fields):
    """A changed file."""
    given = {"old_path": None, "change": "modify", "is_binary": False, "heads": ["@@ -1,3 +1,4 @@ def load():", "@@ -9 +10 @@"]}
    sides = [each["side"] for each in lines]
    counts = {"added": sides.count("+"), "removed": sides.count("-")}
    return FileDiff(**{"path": path, **given, **counts, "lines": lines, **fields})


def diff(*files, notes=()):
    """A diff with its writers."""
    found = {}
    for each in (each for one in files for each in one.lines if each["side"] != " "):
        key = (each["provider"], each["session"], each["model"])
        found[key] = found.get(key, 0) + 1
    names = ("provider", "session", "model")
    return Diff(list(notes), [{**dict(zip(names, key, strict=True)), "lines": count} for key, count in found.items()], files)


def shown(told, width=80):
    """The lines that a terminal of so many columns would show, or a pipe if None; without colours."""
    console = Console(file=io.StringIO(), width=width or 80)
    for each in diff_lines(told, width):
        console.print(each, soft_wrap=True)
    return console.file.getvalue().rstrip("\n").split("\n")


def test_a_margin_stands_beside_each_line():
    """Session, model, time and evidence; human; nothing beside what is unchanged."""
    told = diff(file(line("def load():", " "), line("new", session=CLAUDE), line("old", "-"), line("typed", hunk=1)))

    assert shown(told) == [
        "lines  fact_commit_line_origin",
        "  1 by 0d3f6b1e, 2 human",
        "  session   model     edited   evidence",
        "  src/queue.py  modified +2 −1",
        "                                         @@ -1,3 +1,4 @@ def load():",
        "                                          def load():",
        "  0d3f6b1e  opus-4-6  −26 min  block     +new",
        "  human                                  -old",
        "                                         @@ -9 +10 @@",
        "  human                                  +typed",
    ]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_long_lines_are_cropped_to_the_terminal(width):
    """Wide letters count twice; with room the model is named in full, with too little not at all."""
    told = diff(file(line("x" * 500, session=CLAUDE), line("漢" * 300), path="a/long/way/" * 30 + "queue.py"))

    lines = shown(told, width)

    assert max(Console().render_str(each).cell_len for each in lines) == width
    assert [each[-1] for each in lines if "xxx" in each or "漢" in each] == ["…", "…"]
    assert any(each.strip().startswith("…") and "queue.py  modified" in each for each in lines)
    model = {40: "", 80: "opus-4-6", 160: "claude/claude-opus-4-6"}[width]
    assert [each.split("−26 min")[0].split() for each in lines if "xxx" in each] == [
        ["0d3f6b1e", model] if model else ["0d3f6b1e"]
    ]


def test_a_pipe_gets_whole_lines():
    """No line is cropped or wrapped, and there are no colours."""
    told = diff(file(line("x" * 500, session=CLAUDE), path="way/" * 50))

    text = "\n".join(shown(told, None))

    assert f"+{'x' * 500}" in text
    assert "way/" * 50 in text
    assert "\x1b" not in text
    assert "…" not in text


def test_nothing_that_a_terminal_would_obey_gets_through():
    """In code, paths, heads, ids, models and notes; what was there can still be seen."""
    evil = "\x1b[31m\x9b2J\x07\u202e\r\x7f\udcff\U000e0001"
    told = diff(
        file(line(evil, session=evil, model=f"claude/{evil}"), path=evil, old_path=evil, heads=[evil]), notes=[f"{evil}: gone"]
    )

    lines = [*shown(told), *shown(told, None)]

    assert [letter for each in lines for letter in each if not letter.isprintable()] == []
    assert visible(evil) == "␛[31m\\u009b2J␇\\u202e␍␡\\udcff\\U000e0001"


def test_tabs_are_blanks():
    """Up to the next of every four columns."""
    assert visible("\tif x:\ty") == "    if x:   y"


def test_sessions_that_begin_alike_are_told_apart():
    """Ids that begin with the same time are shown longer."""
    told = diff(file(*(line("new", session=session, provider="codex", model="codex/gpt-5.4") for session in CODEX)))

    margins = [each.split()[0] for each in shown(told) if "+new" in each]

    assert margins == ["019b8de0-0000", "019b8de0-0001"]


def test_files_without_lines_say_why():
    """Binary, renamed, deleted."""
    told = diff(
        file(path="logo.png", change="add", is_binary=True),
        file(path="new.py", old_path="old.py", change="rename"),
        file(line("gone", "-"), change="delete", path="gone.py"),
    )

    lines = [each.strip() for each in shown(told)]

    assert lines[2:4] == ["logo.png  added binary", "old.py → new.py  renamed no lines"]
    assert lines[4] == "gone.py  deleted −1"


def test_lines_without_text_keep_their_margin():
    """And a note says why, whole, however narrow the terminal is."""
    note = f"git: {'/way' * 40}: no repository there; the lines stand here without their text"
    told = diff(file(line(None, session=CLAUDE, ends=None), heads=[]), notes=[note])

    lines = shown(told)

    assert lines[1] == f"  {note}"
    assert lines[-2].strip() == "@@"
    assert lines[-1].endswith("block     +")


def test_a_missing_line_end_is_told_as_git_does():
    """Below its line."""
    assert shown(diff(file(line("last", ends=False))))[-1].strip() == NO_LINE_END


def test_a_line_that_says_too_little_has_no_margin():
    """It is counted apart from people's."""
    lines = shown(diff(file(line("}", provider=None, session=None) | {"provider": None})))

    assert lines[1] == "  1 too short or common to tell"
    assert lines[-1].strip() == "+}"


def test_nothing_changed():
    """An empty commit; one of which only a note is told."""
    assert shown(diff()) == ["lines  fact_commit_line_origin", "  no line changed"]
    assert shown(diff(notes=["because"])) == ["lines  fact_commit_line_origin", "  because"]
