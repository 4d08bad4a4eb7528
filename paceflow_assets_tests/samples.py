"""The sample home of `paceflow demo`, and commands that are run in this process.

What lives here: `sample`, an ingested home whose story is known; `printed`, what a command says there.
What belongs here: what the tests of several commands need alike. What stays out: assertions on what is said.
"""

import contextlib
import datetime as dt
import io
import os
from pathlib import Path

from conftest import Home

from paceflow_assets import demo
from paceflow_assets.cli import main
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.ruleset import adopt

BEGUN = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def sample(folder: Path) -> Home:
    """The sample home, ingested in this process."""
    home = Home(folder.resolve(), {})
    demo.build(home.path, BEGUN)
    ingest(home)
    return home


def ingest(home: Home) -> None:
    """What `paceflow ingest` does, without Dagster."""
    adopt(home.settings, rules(home.settings.rules_source))
    assert not any(outcome.failures for outcome in home.ingest().values())


def printed(home: Home, *arguments: str, width: int = 120, cwd: Path | None = None) -> tuple[int, str, str]:
    """Exit code, output and complaints of a command that is run in this process, in a folder outside of every checkout."""
    before, here = dict(os.environ), Path.cwd()
    out, err = io.StringIO(), io.StringIO()
    for name in ("PACEFLOW_HOME", "PACEFLOW_RULES"):
        os.environ.pop(name, None)
    os.environ |= {"HOME": str(home.path), "COLUMNS": str(width)}
    os.chdir(cwd or home.path)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(arguments))
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
    return code, out.getvalue(), err.getvalue()
