"""The `paceflow` command as people run it: another process, its output, its exit code, what it leaves behind."""

import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from importlib.metadata import version

import pytest
from commands import PACEFLOW, PROJECT, environment, paceflow, versions, worked
from conftest import Home
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.runtime.table import tables


def summary(output: str) -> dict[str, list[str]]:
    """Rows of the summary table: repository -> cells."""
    found = [re.split(r" {2,}", line.strip()) for line in output.splitlines()]
    return {cells[0]: cells[1:] for cells in found if len(cells) > 3 and cells[0] != "repository"}


def dagster_runs(home: Home) -> int:
    """Runs that Dagster knows of."""
    with sqlite3.connect(home.settings.dagster_home / "history" / "runs.db") as connection:
        return connection.execute("select count(*) from runs").fetchone()[0]


def alive(group: int) -> list[str]:
    """Processes of a process group that still run."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    found = [line.split(maxsplit=2) for line in listed.splitlines()]
    return [args for pgid, state, args in found if pgid == str(group) and not state.startswith("Z")]


def test_ingest_prints_what_it_found_and_a_second_one_starts_no_run(home):
    """The summary counts sessions, commits and matched lines; with nothing changed it is printed again at once."""
    repository = worked(home)
    CodexLog(home.path, "019b8de0-0000-7000-8000-000000000001", repository.folder).says(3, "look").replies(4, "fine").save()

    first = paceflow(home, "ingest", "--jobs", "2")
    runs = dagster_runs(home)
    second = paceflow(home, "ingest")

    (row,) = summary(first.stdout).values()
    assert first.returncode == 0
    assert first.stderr == ""
    assert row[:4] == ["2", "1", "2 / 2", "0"]
    assert f"export DAGSTER_HOME={home.path}/.paceflow/dagster" in first.stdout
    assert second.returncode == 0
    assert "nothing changed" in second.stdout
    assert next(iter(summary(second.stdout).values()))[:4] == row[:4]
    assert dagster_runs(home) == runs == 1


def test_an_ingest_that_finds_nothing_to_do_loads_no_heavy_library(home):
    """Neither Dagster nor polars nor DuckDB is imported when nothing changed."""
    worked(home)
    paceflow(home, "ingest", "--jobs", "1")
    program = "import sys; from paceflow_assets.cli import main; main(['ingest']); print(sorted({*sys.modules} & {*sys.argv}))"

    done = subprocess.run(
        [sys.executable, "-c", program, "dagster", "polars", "duckdb"],
        env=environment(home, {}),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "nothing changed" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_told(home):
    """That of the installed package."""
    done = paceflow(home, "--version")

    assert (done.returncode, done.stdout) == (0, f"paceflow {version('paceflow-assets')}\n")


def test_without_logs_it_says_where_it_looked(home):
    """A home without logs: the folders, the way to the demo, and no failure."""
    done = paceflow(home, "ingest", CODEX_HOME=str(home.path / "elsewhere"))

    assert done.returncode == 0
    for folder in (".claude/projects", ".config/claude/projects", "elsewhere/sessions", "elsewhere/archived_sessions"):
        assert f"{home.path}/{folder}" in done.stdout
    assert "paceflow demo" in done.stdout


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_the_summary_fits_the_terminal(home, columns):
    """No line is wider than the terminal, and every count stays whole."""
    worked(home, "a-repository-with-a-rather-long-name-that-says-much")

    done = paceflow(home, "ingest", "--jobs", "1", COLUMNS=str(columns))

    table = done.stdout.partition("to see it")[0]
    assert max(map(len, table.splitlines())) <= columns
    assert "2 / 2" in table


def test_a_broken_repository_fails_alone(home):
    """The others finish; the message says which repository, why and what to do; the exit code tells."""
    worked(home, "good")
    broken = worked(home, "bad", "s2")
    assert paceflow(home, "ingest").returncode == 0
    (broken.folder / ".git" / "HEAD").write_bytes(b"\0nonsense")
    ClaudeLog(home.path, "s3", home.path / "src" / "good").says(50, "and this").save()

    done = paceflow(home, "ingest")
    again = paceflow(home, "ingest")
    (broken.folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    mended = paceflow(home, "ingest")

    rows = {key.partition("-")[0]: cells for key, cells in summary(done.stdout).items()}
    assert done.returncode == again.returncode == 1
    assert rows["local/good"][0] == "2"
    assert rows["local/bad"][:2] == ["1", "1"]
    assert "local/bad-" in done.stderr
    assert f"~/{broken.folder.relative_to(home.path)}" in done.stderr
    assert "1 of 2 repositories failed; the others are up to date" in done.stderr
    assert mended.returncode == 0


def test_a_repository_that_nobody_knows_is_refused(home):
    """A wrong key computes nothing and proposes the nearest one."""
    worked(home)

    done = paceflow(home, "ingest", "--repository", "local/ap")

    assert done.returncode == 1
    assert "no such repository" in done.stderr
    assert "did you mean local/app-" in done.stderr


def test_one_repository_alone_can_be_ingested(home):
    """The others wait, and the next ingest does them."""
    worked(home, "one")
    worked(home, "two", "s2")
    first, _ = home.discover().repositories

    done = paceflow(home, "ingest", "--repository", first)
    computed = {repository for _, repository in versions(home)}
    then = paceflow(home, "ingest")

    assert done.returncode == then.returncode == 0
    assert {key for key in computed if key.startswith("local/")} == {first}
    assert len(summary(then.stdout)) >= 2


@pytest.mark.parametrize("arguments", [["ingest", "--jobs", "0"], ["ingest", "--jobs", "x"], ["forget"], [], ["nonsense"]])
def test_wrong_arguments_are_told(home, arguments):
    """Exit code 2 and a usage line."""
    done = paceflow(home, *arguments)

    assert done.returncode == 2
    assert "usage: paceflow" in done.stderr


def test_wrong_rules_are_told(home):
    """A rules file with a parameter that nobody knows stops the ingest and says which one."""
    worked(home)
    home.settings.paceflow_home.mkdir()
    (home.settings.paceflow_home / "rules.toml").write_text("[churn]\nwindow_dayz = 30\n")

    done = paceflow(home, "ingest")

    assert done.returncode == 1
    assert "window_dayz" in done.stderr
    assert "rules.toml" in done.stderr


def test_what_only_a_person_can_mend_is_told(home):
    """Two keys of one repository are told, once, with the command that unites them; a repository that is gone is not."""
    repository = worked(home)
    shutil.copytree(repository.folder, home.path / "src" / "copy")
    copy = Repository(home.path / "src" / "copy")
    copy.git("remote", "add", "origin", "https://example.com/me/copy")
    ClaudeLog(home.path, "s2", copy.folder).says(0, "hello").save()

    first = paceflow(home, "ingest", "--jobs", "1")
    copy.commit({"b.py": "b\n"})
    second = paceflow(home, "ingest", "--jobs", "1")
    merged = paceflow(home, "repository", "merge", *first.stderr.split("repository merge ")[1].split())
    shutil.rmtree(home.path / "src")
    last = paceflow(home, "ingest", "--jobs", "1")

    assert [done.returncode for done in (first, second, merged, last)] == [0, 0, 0, 0]
    assert "share 1 commits: they count twice" in first.stderr
    assert [second.stderr, merged.stderr, last.stderr] == ["", "", ""]


def test_a_changed_rule_is_told_and_heals_its_table(home):
    """Ingest says which parameter changed, and computes the table that uses it."""
    worked(home)
    paceflow(home, "ingest")
    (home.settings.paceflow_home / "rules.toml").write_text("[churn]\nwindow_days = 30\n")

    done = paceflow(home, "ingest")

    assert "churn.window_days 14 → 30" in done.stderr
    assert home.table("event_commit_churn")["churn_window_days"].to_list() == [30]


def test_a_home_that_cannot_be_written_is_told(home):
    """A PACEFLOW_HOME inside a file: the place and what to do."""
    worked(home)
    (home.path / "file").write_text("")

    done = paceflow(home, "ingest", PACEFLOW_HOME=str(home.path / "file" / "inside"))

    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_init_writes_absolute_homes_once(home, tmp_path):
    """`paceflow init` adds what is missing to .env and keeps what stands there."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    refused = paceflow(home, "init", cwd=checkout)
    shutil.copy(PROJECT / "workspace.yaml", checkout)
    (checkout / ".env").write_text("DAGSTER_HOME=/kept")

    done = paceflow(home, "init", cwd=checkout)
    again = paceflow(home, "init", cwd=checkout)

    assert refused.returncode == 1
    assert "workspace.yaml" in refused.stderr
    assert done.returncode == 0
    assert (checkout / ".env").read_text() == f"DAGSTER_HOME=/kept\nPACEFLOW_HOME={home.path}/.paceflow\n"
    assert "nothing to add" in again.stdout


def test_forget_asks_deletes_and_keeps_it_so(home):
    """Without a yes nothing goes; with it the session leaves every table, and no later ingest brings it back."""
    repository = worked(home)
    ClaudeLog(home.path, "s2", repository.folder).says(9, "a secret").save()
    paceflow(home, "ingest")

    kept = paceflow(home, "forget", "--session", "s2", text="n\n")
    before = set(home.table("raw_session")["session_id"])
    gone = paceflow(home, "forget", "--session", "s2", "--yes")
    ClaudeLog(home.path, "s2", repository.folder).says(9, "a secret").says(10, "more").save()
    later = paceflow(home, "ingest")

    assert kept.returncode == 1
    assert "nothing was deleted" in kept.stdout
    assert before == {"s1", "s2"}
    assert gone.returncode == later.returncode == 0
    assert set(home.table("raw_session")["session_id"]) == {"s1"}
    assert not [path for path in home.settings.paceflow_home.rglob("*") if path.is_file() and b"a secret" in path.read_bytes()]


def test_two_keys_can_be_united(home):
    """`paceflow repository merge` puts the sessions of both under one key; an unknown key is refused."""
    worked(home, "one")
    worked(home, "two", "s2")
    paceflow(home, "ingest")
    old, new = sorted(set(home.table("raw_session")["repository"]))

    refused = paceflow(home, "repository", "merge", "nonsense", new)
    done = paceflow(home, "repository", "merge", old, new)

    assert refused.returncode == 1
    assert "nonsense" in refused.stderr
    assert done.returncode == 0
    assert home.table("event_session_quality").select("repository", "session_id").rows() == [(new, "s1"), (new, "s2")]
    assert set(home.table("event_commit_outcome")["repository"]) == {new}


def test_the_demo_shows_every_table(home):
    """A newcomer without logs sees a sample home ingested, and what it means."""
    done = paceflow(home, "demo", TMPDIR=str(home.path))

    assert done.returncode == 0
    for name in tables():
        assert re.search(rf"^{name} +[1-9,\d]*\d ", done.stdout, re.MULTILINE), name
    assert "DEMO-7" in done.stdout
    assert "rm -r" in done.stdout
    assert not (home.path / ".paceflow").exists()


def test_an_interrupted_ingest_says_so_and_the_next_goes_on(home):
    """Ctrl-C: one line, exit code 130, no process left; the next ingest leads to the same tables."""
    for number in range(6):
        worked(home, f"app{number}", f"s{number}")
    running = subprocess.Popen(
        [*PACEFLOW, "ingest", "--jobs", "2"],
        env=environment(home, {}),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    warehouse = home.settings.warehouse
    while not list(warehouse.glob("raw_log/[!_]*.parquet")) and running.poll() is None:
        time.sleep(0.01)

    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=30)
    left = alive(running.pid)
    then = paceflow(home, "ingest")

    assert left == []
    assert running.returncode == 130
    assert told.startswith("paceflow: stopped")
    assert "Traceback" not in told
    assert then.returncode == 0
    assert len(summary(then.stdout)) >= 6


def test_everything_that_is_written_is_private(home):
    """Folders 0700, files 0600, whatever the umask is, and nothing outside PACEFLOW_HOME."""
    worked(home)
    before = set(home.path.rglob("*"))
    old = os.umask(0)
    try:
        done = paceflow(home, "ingest")
    finally:
        os.umask(old)

    written = set(home.path.rglob("*")) - before
    inside = home.settings.paceflow_home
    assert done.returncode == 0
    assert {path for path in written if path != inside and inside not in path.parents} == set()
    assert stat.S_IMODE(inside.stat().st_mode) == 0o700
    assert [str(path) for path in written if not path.is_symlink() and path.stat().st_mode & 0o077] == []


def test_a_terminal_without_our_letters_shows_marks(home):
    """As of LANG=C with an old Python; nothing stops."""
    repository = worked(home)

    done = [
        paceflow(home, *arguments, PYTHONIOENCODING="ascii")
        for arguments in (["ingest"], ["stats", "--all-projects"], ["explain", "commit", repository.head])
    ]

    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 3
    assert "?" in done[1].stdout
