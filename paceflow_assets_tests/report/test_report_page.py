"""Page: what stands in it, that it needs nothing else, and that a browser finds nothing wrong."""

import datetime as dt
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from paceflow_assets.report.page import Found, notable, page
from paceflow_assets.report.page import headline as told_headline

EVIL = '<script>alert("1")</script>'
RATES = ("heavy_rate", "mainline_rate", "churn_rate", "bug_rate", "szz_bug_rate", "revert_rate")
SESSION_RATES = ("loop_rate", "paste_rate", "to_commit_rate", "no_output_rate")
PARTS = {
    "heavy_rate": ("heavy_count", "commit_count"),
    "mainline_rate": ("mainline_count", "judged_count"),
    "churn_rate": ("removed_lines", "reached_lines"),
    "bug_rate": ("bug_count", "bug_eligible_count"),
    "szz_bug_rate": ("szz_bug_count", "szz_bug_eligible_count"),
    "revert_rate": ("revert_count", "revert_eligible_count"),
    "loop_rate": ("loop_count", "loop_known_count"),
    "paste_rate": ("paste_count", "paste_known_count"),
    "to_commit_rate": ("to_commit_count", "to_commit_known_count"),
    "no_output_rate": ("no_output_count", "no_output_known_count"),
}
LOADS = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "source"}


def row(model="claude/a", *, rates=RATES, is_baseline=False, rank=1, week=None, **given):
    """A row of a report: two of eight, whatever the rate."""
    found = {"model_name": model, "is_baseline": is_baseline, "is_few": False, "group_rank": rank, "week_start": week}
    for rate in rates:
        above, below = PARTS[rate]
        found |= {rate: 0.25, f"{rate}_low": 0.1, f"{rate}_high": 0.5, above: 2, below: 8}
    return {**found, "session_count": 8, "turns_per_session": 3.0, "total_added": 10, "total_removed": 2, **given}


def found(model="claude/a", **parts):
    """Two models and people, two weeks."""
    people = {"is_baseline": True, "bug_rate": None, "bug_rate_low": None, "bug_rate_high": None}
    weeks = [dt.date(2026, 1, 5), dt.date(2026, 1, 12)]
    commits = [row(model), row("codex/b", rank=2), row("human/(unknown)", rank=3, **people)]
    sessions = [row(model, rates=SESSION_RATES), row("codex/b", rates=SESSION_RATES, rank=2)]
    overall = [row(None), row(None, **people)]
    weekly = [{**one, "week_start": week} for week in weeks for one in commits]
    session = {
        "session_id": "0d3f6b1e-5c1a",
        "model_name": model,
        "repository": f"local/{model}",
        "started_at": dt.datetime(2026, 1, 5, 9),
        "user_turn_count": 7,
        "debug_loop_flag": True,
        "mid_session_error_paste_flag": None,
        "no_output_flag": False,
        "session_commit_within_4h_flag": True,
        "total_added": 12,
        "total_removed": None,
    }
    every = {
        "overall": {"session": [row(None, rates=SESSION_RATES)], "delivery": overall, "quality": overall},
        "by_model": {"session": sessions, "delivery": commits, "quality": commits},
        "weekly": {"delivery": weekly, "quality": weekly},
        "tasks": [row(None, task_key=f"ABC-1 {model}", turn_count=6, turn_known_count=2)],
        "survival": [
            {"author_kind": kind, "age_days": age, "at_risk_lines": 10, "removed_lines": 1, "surviving_share": share}
            for kind in ("ai", "human")
            for age, share in ((0, 1.0), (14, 0.9), (40, 0.8))
        ],
        "notable": [session],
    }
    return Found(**{**every, **parts})


def text(shown, **given):
    """The page as HTML."""
    options = {"place": "all repositories", "days": "", "trust": "data as of today · rules default", "warning": ""}
    return page(shown, **{**options, **given}, made_at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its texts."""

    def __init__(self, html):
        super().__init__()
        self.found, self.texts, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Keep it."""
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Keep it."""
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """It ends the one that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep it."""
        self.texts.append(data)

    def count(self, tag):
        """How many there are."""
        return sum(name == tag for name, _ in self.found)


def test_every_chart_has_a_name_and_its_numbers():
    """Five trends, eight comparisons, one of lines that last."""
    shown = Elements(text(found()))

    charts = [attributes for tag, attributes in shown.found if attributes.get("role") == "img"]
    assert len(charts) == 14
    assert all(chart["aria-label"].startswith("Chart: ") for chart in charts)
    assert shown.count("figure") == shown.count("details") == 14
    assert not shown.open


def test_it_needs_nothing_else():
    """No element that loads, no address in an attribute, no rule that imports; the browser is told to allow none."""
    html = text(found())
    shown = Elements(html)

    assert not {tag for tag, _ in shown.found} & LOADS
    loading = {"src", "href", "xlink:href", "srcset", "action", "data", "style", "onload"}
    assert not [name for _, attributes in shown.found for name in attributes if name in loading]
    assert "url(" not in html
    assert "@import" not in html
    policy = next(attributes for _, attributes in shown.found if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'")


def test_texts_of_others_stay_texts():
    """Models, tasks, repositories and rules may have any name."""
    html = text(found(EVIL), place=EVIL, days=EVIL, trust=EVIL, warning=EVIL)

    assert "<script" not in html.lower()
    assert EVIL in "".join(Elements(html).texts)


def test_both_themes_name_every_colour():
    """What a chart or the page asks for is there, light and dark."""
    html = text(found())
    light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{(.*?)\}", html, re.DOTALL)[:2])

    assert light == dark
    assert set(re.findall(r"var\((--[\w-]+)\)", html)) <= light


def test_nothing_yet():
    """Each part says why it is empty; no axis without data."""
    none = {"session": [], "delivery": [], "quality": []}
    shown = text(Found(overall=none, by_model=none, weekly={"delivery": [], "quality": []}, tasks=[], survival=[], notable=[]))

    assert shown.count("Nothing to show: ") == 14
    assert "No commit of a ticket yet" in shown
    assert "None went round in a debug loop" in shown
    assert "0 sessions, 0 commits" in shown
    assert 'role="img"' not in shown


def test_a_headline_has_its_parts_a_status_and_people_beside_it():
    """What is not known of people is left out."""
    from paceflow_assets.report import figures

    assert told_headline(figures.MAINLINE, row(), row(mainline_rate=0.5)) == (
        "Main line reach",
        "25.00 %",
        "2 of 8",
        "risk",
        "people 50.00 %",
    )
    assert told_headline(figures.BUGS, row(), row(bug_rate=None)).beside == ""
    assert told_headline(figures.CHURN, {}, {})[1:4] == ("–", "", "unavailable")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, "It went round in a debug loop; its lines were committed."),
        ({"session_commit_within_4h_flag": False}, "It went round in a debug loop; no commit followed."),
        (
            {"mid_session_error_paste_flag": True, "no_output_flag": True},
            "It went round in a debug loop, an error was pasted after the first prompt, it changed no line.",
        ),
    ],
)
def test_a_session_worth_a_look_says_why(changed, why):
    """And how to see more."""
    told = notable({**found().notable[0], **changed})

    assert told["why"] == why
    assert told["command"] == "paceflow explain session 0d3f6b1e-5c1a"
    assert told["size"] == "7 prompts, +12 −0 lines"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_finds_nothing_wrong(tmp_path, width):
    """All charts are there, nothing is told to the console, no request leaves, nothing is wider than the window."""
    file, log = tmp_path / "page.html", tmp_path / "net.json"
    html = text(found(EVIL))
    measuring = "<script>document.title = document.documentElement.scrollWidth + ' of ' + innerWidth</script>"
    file.write_text(
        html.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'").replace("</body>", measuring)
    )

    done = subprocess.run(
        [
            "chromium",
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
            *("--enable-logging=stderr", "--dump-dom", f"--user-data-dir={tmp_path / 'profile'}"),
            *(f"--window-size={width},900", f"--log-net-log={log}", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert Elements(done.stdout.replace("<!DOCTYPE html>", "")).count("figure") == 14
    assert "CONSOLE" not in done.stderr
    assert not re.findall(r'"url":"(?:https?|wss?)://[^"]*', json.dumps(json.loads(log.read_text())))
    scrolled, inner = re.search(r"<title>(\d+) of (\d+)</title>", done.stdout).groups()
    assert int(scrolled) <= int(inner)
