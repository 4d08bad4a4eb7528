"""`paceflow report`: where the page is written, what it says on the way, and what it needs."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from commands import PACEFLOW, paceflow, run, worked
from logs import ClaudeLog
from markup import handlers, loads, read_markup
from repositories import Repository
from samples import ingest, printed, sample

HEAVY = {"'dagster'", "'polars'"}
DRAWING = {"'vl_convert'", "'jinja2'"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The sample home; no test changes its tables."""
    return sample(tmp_path_factory.mktemp("home"))


def heading(path):
    """The page's heading."""
    (told,) = [each.text for each in read_markup(path.read_text("utf-8")) if each.tag == "h1"]
    return told


def test_the_page_lies_in_the_home_for_its_owner_alone(stored):
    """Its place is all that is printed; nothing is left beside it."""
    code, out, err = printed(stored, "report")

    path = stored.settings.paceflow_home / "report.html"
    assert (code, out, err) == (0, f"{path}\n", "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.glob(".report*")) == []
    assert heading(path) == "All repositories"


def test_it_goes_where_it_is_sent(stored, tmp_path):
    """A path from where the command runs; the page that was there is replaced, by the same when nothing changed."""
    (tmp_path / "mine.html").write_text("of before")

    code, out, _ = printed(stored, "report", "--out", "mine.html", cwd=tmp_path)
    first = (tmp_path / "mine.html").read_bytes()
    printed(stored, "report", "--out", "mine.html", cwd=tmp_path)

    assert (code, out) == (0, f"{tmp_path / 'mine.html'}\n")
    assert heading(tmp_path / "mine.html") == "All repositories"
    assert (tmp_path / "mine.html").read_bytes() == first


def test_what_is_no_file_is_written_into(stored, tmp_path):
    """A pipe or a device stays what it is, and a link leads to the page."""
    pipe, link, page = tmp_path / "pipe", tmp_path / "link", tmp_path / "page.html"
    os.mkfifo(pipe)
    link.symlink_to(page)

    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text, "utf-8")
        piped, _, _ = printed(stored, "report", "--out", str(pipe))
        text = read.result()
    linked, _, _ = printed(stored, "report", "--out", str(link))

    assert (piped, linked) == (0, 0)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert page.read_text("utf-8") == text


@pytest.mark.parametrize("place", ["none/here.html", "folder"])
def test_a_place_that_cannot_be_written_is_told(stored, tmp_path, place):
    """A missing folder, or a folder of that name: one line, and nothing is left."""
    (tmp_path / "folder").mkdir()

    code, out, err = printed(stored, "report", "--out", str(tmp_path / place))

    assert (code, out) == (1, "")
    assert re.fullmatch(rf"paceflow: {tmp_path / place}: cannot be written \(.+\); no page was made; .+ --out\n", err)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_before_any_ingest_the_page_says_what_to_run(home):
    """A page all the same, and the reason on the terminal."""
    code, out, err = printed(home, "report")

    path = home.settings.paceflow_home / "report.html"
    assert (code, err) == (0, "")
    assert out.startswith(f"{path}\n")
    assert out.endswith("nothing is stored yet; nothing was shown; run `paceflow ingest` first\n")
    assert "Nothing to show yet" in path.read_text("utf-8")


def test_a_damaged_table_makes_no_page(home):
    """The table is named, and the page of before stays."""
    worked(home)
    ingest(home)
    printed(home, "report")
    page = home.settings.paceflow_home / "report.html"
    before = page.read_bytes()
    (path,) = home.settings.warehouse.glob("event_line_lifetime/local-*.parquet")
    path.write_bytes(b"PAR1 no table PAR1")

    code, out, err = printed(home, "report")

    assert (code, out) == (1, "")
    assert "event_line_lifetime: cannot be read" in err
    assert page.read_bytes() == before


def test_inside_a_repository_the_page_is_about_it(home):
    """As other reports; --all-projects widens it, an unknown name is told with the nearest."""
    repository = worked(home)
    worked(home, "other", "s2")
    ingest(home)
    page = home.settings.paceflow_home / "report.html"

    printed(home, "report", cwd=repository.folder)
    inside = heading(page)
    printed(home, "report", "--all-projects", cwd=repository.folder)
    code, _, err = printed(home, "report", "--repository", inside[:-1])

    assert inside.startswith("local/app-")
    assert heading(page) == "All repositories"
    assert code == 1
    assert inside in err


def test_names_from_logs_and_git_cannot_break_out(home):
    """A model, a session, a branch and a folder that are markup: text on the page, from the log to the drawing."""
    evil = "<img src=x onerror=alert(1)>"
    repository = Repository(home.path / "src" / evil)
    log = ClaudeLog(home.path, "s'1`x`", repository.folder, name="s1").says(0, "write it")
    log.writes(1, repository.folder / "a.py", "one\ntwo\n").replies(2, "done", model=evil)
    for record in log.records:
        if record["type"] == "assistant":
            record["message"]["model"] = evil
    log.save()
    repository.commit({"z.py": "z\n"}, date=1_767_603_800)
    repository.branch("<svg/onload=alert(1)>")
    repository.commit({"a.py": "one\ntwo\n"}, date=1_767_603_900)
    ingest(home)

    assert printed(home, "report")[0] == 0
    text = (home.settings.paceflow_home / "report.html").read_text("utf-8")
    elements = read_markup(text)

    assert (handlers(elements), loads(elements)) == ([], [])
    assert "<img" not in text
    assert any(evil in each.text for each in elements if each.tag == "th")
    assert any("img src" in each.text for each in elements if each.tag == "text")


def test_the_browser_is_given_the_page(stored, tmp_path):
    """--open hands the file to the browser that BROWSER names; without any, the page is written and that is told."""
    seen = tmp_path / "seen"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    script.chmod(0o700)
    page = tmp_path / "page.html"

    opened = paceflow(stored, "report", "--open", "--out", str(page), cwd=tmp_path, BROWSER=str(script))
    failed = paceflow(stored, "report", "--open", "--out", str(page), cwd=tmp_path, BROWSER="false")

    assert (opened.returncode, opened.stderr) == (0, "")
    assert seen.read_text() == page.as_uri()
    assert failed.returncode == 1
    assert failed.stderr == f"paceflow: {page}: no browser could be started; the page is written; open the file yourself\n"


def test_only_the_page_loads_what_draws(stored):
    """The page without Dagster and polars; other reports without what draws and fills in the page."""
    code = "import sys; from paceflow_assets.cli import main; main(sys.argv[1:]); print([*sys.modules], file=sys.stderr)"

    page, other = (run(stored, [PACEFLOW[0], "-c", code, name], cwd=stored.path) for name in ("report", "stats"))

    loaded, without = (set(each.stderr.strip("[]\n").split(", ")) for each in (page, other))
    assert loaded >= DRAWING
    assert not loaded & HEAVY
    assert "'duckdb'" in without
    assert not without & (DRAWING | HEAVY)
