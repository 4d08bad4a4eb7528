"""The page: what stands on it, that it needs nothing but itself, and what it says where there is nothing."""

import datetime as dt
from collections import Counter
from itertools import pairwise

import pytest
from commands import worked
from logs import ClaudeLog
from markup import found, handlers, loads, read_markup
from samples import ingest, printed, sample

from paceflow_assets.report.page import Found, coded, empty_page, page
from paceflow_assets.report.page_text import printable
from paceflow_assets.runtime.trust import Trust

HOSTILE = "<img src=http://example.test/x onerror=alert(1)>\u202e\x1b]0;x\x07`\"'&amp;{{7*7}}"
SHOWN = printable(HOSTILE)
KNOWN = Trust(1_767_700_800_000, "", "default", (), "")
NO_COUNTS = dict.fromkeys(
    (
        "repository_count",
        "session_count",
        "homeless_session_count",
        "commit_count",
        "unmatched_commit_count",
        "parse_error_count",
    ),
    0,
)
NO_LINES = {"ai_share_of_lines": None, "matched_lines": None, "changed_lines": 0}
REPORTS = ("session", "delivery", "quality")
NOTHING = Found(dict.fromkeys(REPORTS, ()), NO_LINES, dict.fromkeys(REPORTS, ()), (), (), (), (), (), NO_COUNTS)
MODEL = {"model_name": HOSTILE, "is_few": True, "is_baseline": False, "group_rank": 1, "week_start": None}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of the sample home, its text and its elements."""
    home = sample(tmp_path_factory.mktemp("home"))
    code, _, err = printed(home, "report", "--all-projects")
    assert (code, err) == (0, "")
    text = (home.settings.paceflow_home / "report.html").read_text("utf-8")
    return text, read_markup(text)


def rate(name, above, below, value=0.5, **counts):
    """Columns of a rate."""
    return {name: value, f"{name}_low": value / 2, f"{name}_high": (1 + value) / 2, above: 1, below: 2, **counts}


def cells(elements, caption):
    """The texts of a table, row by row, by its caption."""
    (table,) = [
        each for each in elements if each.tag == "table" and any(e.text == caption and each in e.within for e in elements)
    ]
    rows = [each for each in elements if each.tag == "tr" and table in each.within]
    return [[each.text for each in elements if each.tag in ("th", "td") and row in each.within] for row in rows]


def test_the_page_needs_nothing_but_itself(written):
    """No script, no handler, nothing to load or to lead away, and a policy that would forbid it."""
    text, elements = written

    (policy,) = found(elements, "meta", http_equiv="Content-Security-Policy")
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert (handlers(elements), loads(elements)) == ([], [])
    assert "https:" not in text
    assert text.count("http:") == text.count("http://www.w3.org/")


def test_the_page_is_well_formed(written):
    """One heading of the first rank and no rank left out, names of elements once, tables with heads, a language and a title."""
    _, elements = written

    ranks = [int(each.tag[1]) for each in elements if each.tag in ("h1", "h2", "h3")]
    names = Counter(each.attributes["id"] for each in elements if "id" in each.attributes)
    assert ranks[0] == 1
    assert ranks.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(ranks))
    assert {name for name, times in names.items() if times > 1} == set()
    assert found(elements, "html", lang="en")
    assert [each.text for each in elements if each.tag == "title"] == ["Paceflow: All repositories"]
    for table in (each for each in elements if each.tag == "table"):
        heads = [each for each in elements if each.tag == "th" and table in each.within]
        assert {each.attributes["scope"] for each in heads} == {"col", "row"}


def test_every_chart_has_its_text(written):
    """A title and a description that exist, and a table of the numbers that can be opened."""
    _, elements = written

    texts = {each.attributes["id"]: each.text for each in elements if "id" in each.attributes}
    drawn = [each for each in elements if each.tag == "div" and each.attributes.get("role") == "img"]
    assert len(drawn) == len([each for each in elements if each.tag == "svg"]) == 16
    for each in drawn:
        assert texts[each.attributes["aria-labelledby"]]
        assert len(texts[each.attributes["aria-describedby"]]) > 40
        card = each.within[-1]
        (details,) = [other for other in elements if other.tag == "details" and card in other.within]
        assert [other.tag for other in elements if other.tag == "table" and details in other.within] == ["table"]


def test_the_first_row_has_the_headline_numbers(written):
    """Each rate with what it divides, people beside it, and a mark where few commits stand behind it."""
    _, elements = written

    tiles = [each.text for each in elements if each.tag == "li" and each.within[-1].attributes.get("class") == "grid tiles"]
    assert tiles == [
        "sessions 2 1.5 prompts per session",
        "commits 7 2 heavy AI commits",
        "lines explained by sessions 52.9 % 9 of 17 changed lines",
        "main line reach 100.0 % * good 2/2 people 100.0 % (5/5)",
        "code churn 11.1 % * good 1/9 people 16.7 % (1/6)",
        "bug after merge 50.0 % * risk 1/2",
        "bug by blame 50.0 % * risk 1/2 people 0.0 % (0/5)",
        "reverts 0.0 % * good 0/2 people 20.0 % (1/5)",
        "sessions to commit 100.0 % * good 2/2",
    ]


def test_models_are_compared_with_people(written):
    """A line per model, people last; a group with few observations is marked, not hidden."""
    _, elements = written

    assert cells(elements, "Main line reach by model") == [
        ["model", "rate", "of", "95 % interval"],
        ["claude/claude-opus-4-6 *", "100.0 %", "1/1", "20.7 % – 100.0 %"],
        ["codex/gpt-5.4 *", "100.0 %", "1/1", "20.7 % – 100.0 %"],
        ["people", "100.0 %", "5/5", "56.6 % – 100.0 %"],
    ]
    assert cells(elements, "Models: sessions and commits")[1:] == [
        ["claude/claude-opus-4-6", "1", "1", "100.0 % * 1/1", "100.0 % * 1/1", "+7 −0"],
        ["codex/gpt-5.4", "1", "1", "100.0 % * 1/1", "100.0 % * 1/1", "+2 −0"],
        ["people", "–", "5", "–", "100.0 % 5/5", "+6 −2"],
    ]


def test_weeks_and_tasks_have_their_tables(written):
    """The week of the commits, and the tickets before all else."""
    _, elements = written

    assert cells(elements, "Code churn per week") == [
        ["week of", "claude/claude-opus-4-6", "codex/gpt-5.4", "people"],
        ["2026-03-02", "14.3 % * 1/7", "0.0 % * 0/2", "16.7 % 1/6"],
    ]
    assert [row[:4] for row in cells(elements, "Tasks: sessions and commits")] == [
        ["task", "sessions", "commits", "heavy AI"],
        ["DEMO-7 *", "2", "2", "100.0 % * 2/2"],
        ["(no task)", "0", "5", "0.0 % 0/5"],
    ]


def test_names_from_outside_are_text():
    """Models, tasks, repositories, sessions and rules with markup, templates and control characters in their names."""
    weekly = {**MODEL, "week_start": dt.date(2026, 3, 2), "judged_count": 1}
    delivery = {
        **weekly,
        "commit_count": 1,
        "total_added": 1,
        "total_removed": 0,
        **rate("heavy_rate", "heavy_count", "commit_count"),
        **rate("mainline_rate", "mainline_count", "judged_count"),
    }
    quality = {
        **weekly,
        **rate("churn_rate", "removed_lines", "reached_lines"),
        **rate("bug_rate", "bug_count", "bug_eligible_count"),
        **rate("szz_bug_rate", "szz_bug_count", "szz_bug_eligible_count"),
        **rate("revert_rate", "revert_count", "revert_eligible_count"),
    }
    session = {
        "repository": HOSTILE,
        "model_name": HOSTILE,
        "session_id": HOSTILE,
        "started_at": dt.datetime(2026, 3, 2),
        "user_turn_count": 1,
        **dict.fromkeys(("is_loop", "is_paste", "is_without_output", "is_committed"), True),
        **dict.fromkeys(("total_added", "total_removed", "looked_count", "notable_count"), 1),
    }
    task = {**delivery, "task_key": HOSTILE, "session_count": 1}
    made = NOTHING._replace(
        by_model={"session": (), "delivery": [delivery], "quality": [quality]},
        weekly_delivery=[delivery],
        weekly_quality=[quality],
        tasks=[task],
        sessions=[session],
    )

    elements = read_markup(page(made, KNOWN._replace(changed=(HOSTILE,), warning=HOSTILE, preset=HOSTILE), HOSTILE))

    assert (handlers(elements), loads(elements)) == ([], [])
    assert [each.tag for each in elements if each.tag == "img"] == []
    assert [each.text for each in elements if each.tag == "h1"] == [SHOWN]
    assert cells(elements, "Models: sessions and commits")[1][0] == SHOWN
    assert cells(elements, "Tasks: sessions and commits")[1][0] == f"{SHOWN} *"
    assert cells(elements, "Code churn per week")[0][1] == SHOWN
    whole = elements[0].text
    assert "{{7*7}}" in whole
    assert {letter for letter in whole if not letter.isprintable()} == set()


def test_a_command_can_be_copied(written):
    """Whatever a session is called, the shell takes its name as one word; words say why it is worth a look."""
    _, elements = written
    session = {
        **dict.fromkeys(("is_loop", "is_without_output", "is_committed"), False),
        "is_paste": True,
        "repository": "r",
        "model_name": "m",
        "session_id": "a; rm -rf $HOME",
        "started_at": dt.datetime(2026, 3, 2, 9, 5),
        "user_turn_count": 1,
        "total_added": 3,
        "total_removed": 1,
        "looked_count": 9,
        "notable_count": 4,
    }

    made = read_markup(page(NOTHING._replace(sessions=[session]), KNOWN, None))

    assert [each.text for each in found(made, "code", class_="command")] == ["paceflow explain session 'a; rm -rf $HOME'"]
    (told,) = [each.text for each in made if each.tag == "li" and each.within[-1].tag == "ol"]
    assert told.startswith("2026-03-02 09:05 UTC m in r An error was pasted after work had begun. 1 prompt, 3 lines added, 1")
    assert "4 of the last 9 sessions; the 1 with most to see." in made[0].text
    assert [each.text for each in found(elements, "code", class_="command")] == [
        "paceflow explain session 0d3f6b1e-5c1a-4a57-9a39-7d0d2f6f0c11"
    ]


def test_without_data_each_part_says_what_brings_it():
    """No empty axis and no table without a row; the command stands where the numbers would."""
    elements = read_markup(page(NOTHING, KNOWN, None))

    missing = [each for each in elements if each.attributes.get("class") == "nothing"]
    assert len(missing) == 4
    for each in missing:
        assert [other.text for other in elements if other.tag == "code" and each in other.within] == ["paceflow ingest"]
    assert [each.tag for each in elements if each.tag in ("svg", "table")] == []
    assert "No session is known yet." in elements[0].text


def test_without_commits_sessions_are_told(home):
    """A home whose logs are of no repository: rates of sessions, and for each other part what it needs."""
    ClaudeLog(home.path, "s1", home.path / "nowhere").says(0, "why?").replies(1, "so").save()
    ingest(home)

    assert printed(home, "report")[0] == 0
    elements = read_markup((home.settings.paceflow_home / "report.html").read_text("utf-8"))

    ids = {each.attributes["id"] for each in elements if "id" in each.attributes}
    assert {"compared-loops", "compared-no-output"} <= ids
    assert [each.text.split(":")[0] for each in elements if each.attributes.get("class") == "nothing"] == [
        "No commit is judged yet",
        "No line on a main line is known yet",
        "No task is known yet",
    ]
    assert "1 of 1" in elements[0].text


def test_one_repository_is_told_alone(home):
    """Its name is the page's; what only all repositories have is left out."""
    worked(home)
    worked(home, "other", "s2")
    ingest(home)
    key = next(key for key in home.table("metadata_repositories")["repository"] if key.startswith("local/other"))

    assert printed(home, "report", "--repository", key)[0] == 0
    elements = read_markup((home.settings.paceflow_home / "report.html").read_text("utf-8"))

    assert [each.text for each in elements if each.tag == "h1"] == [key]
    terms = [each.text for each in elements if each.tag == "dt"]
    assert terms == ["data as of", "sessions", "commits without a match", "parse errors", "rules in force"]


def test_a_page_without_any_table_says_what_to_run():
    """The same look, and three commands."""
    elements = read_markup(empty_page(None))

    commands = [each.text for each in elements if each.tag == "code"]
    assert commands == ["paceflow ingest", "paceflow report", "paceflow demo", "paceflow report"]
    assert [each.tag for each in elements if each.tag in ("svg", "table")] == []


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("run `paceflow ingest` now", "run <code>paceflow ingest</code> now"),
        ("<b> & `<i>`", "&lt;b&gt; &amp; <code>&lt;i&gt;</code>"),
        ("no end `of it", "no end <code>of it</code>"),
        ("", ""),
    ],
)
def test_commands_in_a_text_are_code(text, markup):
    """What stands between two grave accents; everything is escaped all the same."""
    assert coded(text) == markup
