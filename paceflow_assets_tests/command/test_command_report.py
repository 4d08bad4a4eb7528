"""`paceflow report`: a page where it was asked for, or one line that says why there is none."""

import stat
import sys

import pytest
from commands import paceflow, worked


@pytest.fixture
def ingested(home):
    """A home in which a session wrote two lines that were committed."""
    worked(home)
    assert paceflow(home, "ingest").returncode == 0
    return home


def test_a_page_for_this_folder(ingested, tmp_path):
    """Where it is stands on the output; nobody else may read it."""
    done = paceflow(ingested, "report", cwd=tmp_path)

    page = tmp_path / "report.html"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    assert "1 session, 1 commit" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_inside_a_repository_it_is_about_that_one(ingested, tmp_path):
    """As git tools behave; --all-projects is about all."""
    worked(ingested, "other", "s2")
    paceflow(ingested, "ingest")
    out = tmp_path / "page.html"

    paceflow(ingested, "report", "--out", str(out), cwd=ingested.path / "src" / "app")
    assert "<title>paceflow: local/app-" in out.read_text()
    assert "1 session, 1 commit" in out.read_text()

    paceflow(ingested, "report", "--out", str(out), "--all-projects", cwd=ingested.path / "src" / "app")
    assert "<title>paceflow: all repositories" in out.read_text()
    assert "2 sessions, 2 commits" in out.read_text()


def test_days_without_anything_give_a_page_that_says_so(ingested, tmp_path):
    """The days stand at its top."""
    out = tmp_path / "page.html"

    done = paceflow(ingested, "report", "--out", str(out), "--to", "2020-01-01", cwd=tmp_path)

    assert done.returncode == 0
    assert "0 sessions, 0 commits · to 2020-01-01" in out.read_text()
    assert "Nothing to show: " in out.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="the browser is a shell script")
def test_open_shows_it(ingested, tmp_path):
    """In the browser that the environment names."""
    browser, told = tmp_path / "browser", tmp_path / "told"
    browser.write_text(f'#!/bin/sh\necho "$1" > {told}\n')
    browser.chmod(0o700)

    paceflow(ingested, "report", "--open", cwd=tmp_path, BROWSER=str(browser))

    assert told.read_text() == f"{(tmp_path / 'report.html').as_uri()}\n"


def test_no_page_without_data_or_a_place_for_it(home, ingested, tmp_path):
    """Why, and what to do."""
    nowhere = paceflow(ingested, "report", "--out", str(tmp_path / "none" / "page.html"), cwd=tmp_path)
    unknown = paceflow(ingested, "report", "--repository", "local/ap", cwd=tmp_path)

    assert nowhere.returncode == unknown.returncode == 1
    assert "no page was written; name another file with --out" in nowhere.stderr
    assert "local/app-" in unknown.stderr
    assert not (tmp_path / "report.html").exists()


def test_nothing_stored_yet(home, tmp_path):
    """The command that brings it."""
    done = paceflow(home, "report", cwd=tmp_path)

    assert done.returncode == 1
    assert "run `paceflow ingest` first" in done.stderr
