"""`paceflow session`, `delivery`, `quality`, `tasks`, `stats`: what they print, and what they say when there is nothing.

`python paceflow_assets_tests/command/test_command_figures.py` renews golden/report.
"""

import csv
import io
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that renewing finds what tests import by name

import polars as pl
import pytest
from commands import PACEFLOW, environment, paceflow, run, worked
from conftest import Home
from repositories import Repository
from samples import ingest, printed, sample

from paceflow_assets.cli import main

GOLDEN = Path(__file__).parents[1] / "golden" / "report"
WIDTHS = (80, 160)
SCREENS = {
    "session": ["session"],
    "session_overall": ["session", "--overall"],
    "session_weekly": ["session", "--weekly"],
    "session_by_task": ["session", "--group-by", "task"],
    "session_list": ["session", "--list-sessions"],
    "delivery": ["delivery"],
    "delivery_overall": ["delivery", "--overall"],
    "delivery_by_repository": ["delivery", "--group-by", "repository", "--weekly"],
    "quality": ["quality"],
    "quality_overall": ["quality", "--overall"],
    "tasks": ["tasks"],
    "stats": ["stats"],
}
REPORTS = ("session", "delivery", "quality", "tasks", "stats")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The sample home; no test changes it."""
    return sample(tmp_path_factory.mktemp("home"))


def screen(home: Home, name: str, width: int) -> str:
    """What a command prints, without blanks at the ends of lines."""
    code, out, err = printed(home, *SCREENS[name], width=width)
    assert (code, err) == (0, "")
    return "\n".join(line.rstrip() for line in out.split("\n"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_a_report_looks_like_the_golden_one(stored, name, width):
    """Word for word; no line is longer than the terminal is wide."""
    found = screen(stored, name, width)

    assert found == (GOLDEN / f"{name}_{width}.txt").read_text()
    assert max(map(len, found.split("\n"))) <= width


@pytest.mark.parametrize("report", REPORTS)
def test_json_holds_rows_and_what_they_stand_on(stored, report):
    """Each rate beside its parts and its interval; when the data was looked at, and under which rules."""
    code, out, err = printed(stored, report, "--json")

    told = json.loads(out)
    rows = told["rows"] if "rows" in told else [row for part in ("session", "delivery", "quality") for row in told[part]]
    assert (code, err, told["report"]) == (0, "", report)
    assert rows
    for row in rows:
        assert "group_rank" not in row
        for rate in (name for name in row if name.endswith("_rate")):
            assert {f"{rate}_low", f"{rate}_high"} <= set(row), rate
            assert row[rate] is None or row[f"{rate}_low"] <= row[rate] <= row[f"{rate}_high"]
    assert told["trust"] == {
        "data_as_of": "2026-01-06T12:01:00.000Z",
        "repository_count": 1,
        "session_count": 2,
        "homeless_session_count": 0,
        "commit_count": 7,
        "unmatched_commit_count": 5,
        "parse_error_count": 0,
        "rules": {"choice": "", "preset": "default", "changed": []},
        "warning": None,
    }


def test_csv_and_parquet_hold_the_rows_of_json(stored, tmp_path):
    """Flags are 0 or 1 in CSV, null is empty; Parquet keeps types."""
    path = tmp_path / "quality.parquet"

    rows = json.loads(printed(stored, "quality", "--json")[1])["rows"]
    lines = list(csv.DictReader(io.StringIO(printed(stored, "quality", "--csv")[1])))
    code, out, err = printed(stored, "quality", "--parquet", str(path))

    assert [[float(line["judged_count"]), int(line["is_baseline"])] for line in lines] == [
        [row["judged_count"], int(row["is_baseline"])] for row in rows
    ]
    assert [line["bug_rate"] == "" for line in lines] == [row["bug_rate"] is None for row in rows]
    assert (code, out, err) == (0, "", f"3 rows → {path}\n")
    assert pl.read_parquet(path).to_dicts() == rows


def test_a_week_of_a_stats_row_is_one_row(stored):
    """The overall figures of all three reports stand in one row for other programs."""
    _, out, _ = printed(stored, "stats", "--csv")

    (line,) = csv.DictReader(io.StringIO(out))
    assert (line["session_count"], line["commit_count"], line["heavy_count"], line["churn_rate"] != "") == ("2", "7", "2", True)


@pytest.mark.parametrize("report", REPORTS)
def test_before_any_ingest_it_says_what_to_run(home, report):
    """Nothing is stored."""
    code, out, err = printed(home, report)

    assert (code, out) == (1, "")
    assert "nothing is stored yet" in err
    assert "run `paceflow ingest` first" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--provider", "claud"), "--provider claud: no such provider in all repositories (did you mean claude?)"),
        (("--model", "opus-4-6"), "(did you mean claude/claude-opus-4-6?)"),
        (("--task", "DEMO-8"), "(did you mean DEMO-7?)"),
        (("--branch", "zzz"), "no such branch in all repositories; known are: feature/DEMO-7-parser, main"),
        (("--repository", "local/setting"), "--repository local/setting: no such repository (did you mean local/settings-"),
        (("--from", "2026-03-05", "--to", "2026-03-01"), "ends before it begins; nothing was shown; swap the days"),
        (("--from", "2030-01-01"), "are left in all repositories; nothing was shown; without --from there are some"),
        (("--provider", "codex", "--model", "claude/claude-opus-4-6"), "without --provider or --model there are some"),
        (("--provider", "codex", "--model", "claude/claude-opus-4-6", "--to", "2020-01-01"), "leave out more than one"),
    ],
)
@pytest.mark.parametrize("report", ["session", "quality"])
def test_nothing_left_has_a_reason(stored, report, arguments, told):
    """One line that names the filter and what is near, on stderr; nothing on stdout."""
    code, out, err = printed(stored, report, *arguments)

    assert (code, out) == (1, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_list_has_no_weeks(stored):
    """Asked for both, the command says so."""
    assert "a list has no weeks" in printed(stored, "session", "--list-sessions", "--weekly")[2]


def test_people_have_commits_and_no_sessions(stored):
    """Asked for people, delivery shows the baseline alone, and session says why there is none."""
    delivery, session = printed(stored, "delivery", "--provider", "human"), printed(stored, "session", "--provider", "human")

    assert delivery[1].count("\npeople ") == 1
    assert "claude" not in delivery[1]
    assert "people have no sessions" in session[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--list-sessions", "--overall"),
        ("--overall", "--group-by", "model"),
        ("--from", "soon"),
        ("--limit", "0"),
        ("--group-by", "x"),
    ],
)
def test_wrong_arguments_are_told(stored, arguments, capsys):
    """Exit code 2, before anything is read."""
    with pytest.raises(SystemExit) as ended:
        main(["session", *arguments])

    assert ended.value.code == 2
    assert "error: argument" in capsys.readouterr().err


def test_inside_a_repository_the_report_is_about_it(home):
    """In a folder of its checkout or a linked worktree; elsewhere, or with --all-projects, about all."""
    first, second = worked(home, "one", "session-1"), worked(home, "two", "session-2")
    ingest(home)
    first.git("worktree", "add", "-q", str(home.path / "linked"))
    (first.folder / "deep").mkdir()

    def count(cwd: Path, *arguments: str) -> int:
        _, out, err = printed(home, "session", "--overall", "--json", *arguments, cwd=cwd)
        assert err == ""
        return json.loads(out)["rows"][0]["session_count"]

    assert [count(folder) for folder in (first.folder, first.folder / "deep", home.path / "linked", second.folder)] == [1] * 4
    assert [count(home.path), count(first.folder, "--all-projects")] == [2, 2]
    title = printed(home, "session", cwd=first.folder)[1].split("\n")[0]
    assert title.startswith("session  by model · local/one-")
    assert "1 session" in printed(home, "session", cwd=first.folder)[1]


def test_in_a_repository_that_nobody_worked_in_all_others_are_shown(stored, tmp_path):
    """As in the checkout of paceflow, where newcomers are; the reason stands beside the report, not in it."""
    stranger = Repository(tmp_path / "stranger")

    code, out, err = printed(stored, "session", cwd=stranger.folder)

    assert (code, out) == (0, printed(stored, "session", "--all-projects")[1])
    assert err == "paceflow: stranger: no session touched this repository; all others are shown\n"


def test_a_limit_says_what_it_leaves_out(stored):
    """Those with most are shown."""
    _, out, _ = printed(stored, "session", "--limit", "1")

    assert "… and 1 more; --limit 2 shows all" in out
    assert ("claude/" in out) != ("codex/" in out)


def test_other_rules_are_told_below(home):
    """What differs from the defaults in the tables, and what an ingest would change."""
    worked(home)
    home.settings.paceflow_home.mkdir()
    home.settings.rules_file.write_text("[churn]\nwindow_days = 30\n")
    ingest(home)
    home.settings.rules_file.write_text("[churn]\nwindow_days = 7\n")

    _, out, _ = printed(home, "session", width=200)

    assert "rules default but churn.window_days 14 → 30" in out
    assert "the tables are of other rules (churn.window_days 30 → 7); `paceflow ingest` brings them up to date" in out


def test_a_damaged_table_is_named(home):
    """With the remedy, which works."""
    worked(home)
    ingest(home)
    (path,) = home.settings.warehouse.glob("event_session_quality/local-*.parquet")
    path.write_bytes(b"PAR1 no table PAR1")

    code, out, err = printed(home, "session")

    assert (code, out) == (1, "")
    assert "event_session_quality: cannot be read" in err
    assert "`paceflow ingest` builds anew" in err
    ingest(home)
    assert printed(home, "session")[0] == 0


def test_hostile_names_stay_on_their_line(home):
    """Control characters of a branch or model reach no terminal."""
    repository = worked(home)
    repository.branch("evil-PAC-1-\u202ex")
    repository.switch("evil-PAC-1-\u202ex")
    repository.commit({"b.py": "b\n"}, date=1_767_604_000)
    ingest(home)

    _, out, _ = printed(home, "delivery", "--group-by", "branch")

    assert "evil-PAC-1-?x" in out
    assert "\u202e" not in out


def test_a_pipe_gets_plain_text_and_light_modules(stored):
    """No control sequences; neither Dagster nor polars is loaded for a table or for JSON."""
    done = paceflow(stored, "session", cwd=stored.path, COLUMNS="80")
    code = "import sys; from paceflow_assets.cli import main; main(sys.argv[1:]); print([*sys.modules], file=sys.stderr)"
    loaded = run(stored, [PACEFLOW[0], "-c", code, "stats", "--json"], cwd=stored.path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "'duckdb'" in loaded.stderr
    assert not {"'dagster'", "'polars'"} & set(loaded.stderr.strip("[]\n").split(", "))
    assert environment(stored, {})["HOME"] == str(stored.path)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        renewed = sample(Path(temporary))
        for each in SCREENS:
            for columns in WIDTHS:
                (GOLDEN / f"{each}_{columns}.txt").write_text(screen(renewed, each, columns))
