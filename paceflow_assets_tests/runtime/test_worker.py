"""A worker: what becomes of a repository, whatever happens."""

import pytest
from ingests import raw
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime import worker
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.runtime.worker import Built, Outcome, brought_up_to_date, changed_outside, noted, work, workshop_of


@pytest.fixture
def app(home) -> Repository:
    """A repository with a commit and a session."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s1", made.folder).says(0, "hi").writes(1, made.folder / "a.py", "a\n").save()
    return made


class Pipe:
    """Both ends of a pipe within this process: what a worker is asked for, and what it says."""

    def __init__(self, *asked) -> None:
        self.asked = list(asked)
        self.items = []

    def recv(self):
        """The next one, until nobody asks any more."""
        if not self.asked:
            raise EOFError
        return self.asked.pop(0)

    def send(self, item) -> None:
        """One more."""
        self.items.append(item)


def test_a_worker_tells_every_table_and_every_repository(home, app):
    """In order; it ends when it is told to."""
    (key,) = home.discover().repositories
    news = Pipe(key, ALL, key)

    work(home.settings, news)

    built = [item for item in news.items if isinstance(item, Built)]
    outcomes = [item for item in news.items if isinstance(item, Outcome)]
    assert [item.table for item in built if item.repository == key] == [
        name for name, t in tables().items() if t.per_repository
    ]
    assert [(outcome.repository, outcome.failures) for outcome in outcomes] == [(key, []), (ALL, []), (key, [])]
    assert [outcome.built for outcome in outcomes] == [len(built) - outcomes[1].built, outcomes[1].built, 0]


def test_what_is_shown_is_what_the_files_tell(home, app):
    """Of every table, built now or before, with the versions of its upstreams; a global table's cover all repositories."""
    (key, *_) = home.ingest()
    footer = Warehouse(home.settings).provenance

    again = home.ingest()

    commit = again[key].shown["fact_commit"]
    assert again[key].built == 0
    assert again[key].shown.keys() == {name for name, table in tables().items() if table.per_repository}
    assert commit.data_version == footer("fact_commit", key).data_version
    assert commit.code_version == footer("fact_commit", key).code_version
    assert commit.upstreams == {name: footer(name, key).data_version for name in tables()["fact_commit"].upstreams}
    for name, shown in again[ALL].shown.items():
        assert shown.upstreams == {upstream: footer(upstream, key).data_version for upstream in tables()[name].upstreams}


def test_what_waits_outside_is_told_apart(home, app):
    """A log makes the log tables due, a commit those of git, and afterwards nothing."""
    (key,) = raw(home).repositories
    workshop = workshop_of(home.settings)

    def waits():
        home.discover()
        return changed_outside(workshop.look(key, home.now_ms))

    assert waits() == set()
    app.commit({"b.py": "b\n"})
    assert waits() == {"git"}
    ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()
    assert waits() == {"git", "logs"}


@pytest.mark.parametrize("step", ["commit", "message"])
def test_after_any_change_nothing_is_left_to_do(home, app, step):
    """A second ingest computes nothing and finds nothing changed."""
    (key, _) = home.ingest()
    if step == "commit":
        app.commit({"b.py": "b\n"})
    else:
        ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()

    first, second = home.ingest(), home.ingest()

    assert first[key].built > 0
    assert [outcome.built for outcome in second.values()] == [0, 0]
    assert home.discover().changed == {}


def test_a_fault_of_ours_stops_one_repository_only(home, app, monkeypatch):
    """It is told, with a file for the report; its tables stay, and the next ingest goes on."""
    lib = Repository(home.path / "src" / "lib")
    lib.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s2", lib.folder).writes(0, lib.folder / "a.py", "a\n").save()
    app_key, lib_key = home.discover().repositories
    compute = worker.Workshop.compute

    def failing(self, table, repository, look=None):
        if (table.name, repository) == ("fact_commit", app_key):
            raise ZeroDivisionError("a fault")
        return compute(self, table, repository, look)

    with monkeypatch.context() as patched:
        patched.setattr(worker.Workshop, "compute", failing)
        outcomes = home.ingest()

    (told,) = outcomes[app_key].failures
    assert told.startswith(
        f"{app_key}: its tables stay as they were; this is a fault of paceflow (ZeroDivisionError), told in "
    )
    (report,) = (home.settings.paceflow_home / "log").iterdir()
    assert "a fault" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600
    assert outcomes[lib_key].failures == []
    assert home.table("fact_commit")["repository"].to_list() == [lib_key]
    assert [outcome.failures for outcome in home.ingest().values()] == [[], [], []]
    assert home.table("fact_commit").height == 2


def test_a_table_that_breaks_its_declaration_is_told_with_its_verdict(home, app, monkeypatch):
    """What stands above it is computed, what is below it is not."""
    (key,) = home.discover().repositories
    table = tables()["fact_commit"]
    monkeypatch.setitem(tables(), "fact_commit", _twice(table))

    outcome = brought_up_to_date(workshop_of(home.settings), key, lambda built: None)

    assert outcome.broken[0] == "fact_commit"
    assert "repeat the key" in outcome.failures[0]
    assert outcome.built > 6
    assert home.table("fact_commit").height == 0


def _twice(table):
    import dataclasses

    import polars as pl

    return dataclasses.replace(table, build=lambda **upstreams: pl.concat([table.build(**upstreams)] * 2))


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "rows"])
def test_a_damaged_derived_table_is_built_again(home, app, whole):
    """Within the same ingest, whoever stumbles over it."""
    (key, _) = home.ingest()
    before = home.table("event_commit_outcome").rows()
    path = Warehouse(home.settings).path("fact_commit", key)
    path.write_bytes(b"PAR1" if whole else b"PAR1" + bytes(60) + path.read_bytes()[64:])
    ClaudeLog(home.path, "s2", app.folder).says(0, "hi").writes(2, app.folder / "c.py", "c\n").save()
    app.commit({"c.py": "c\n"})

    outcomes = home.ingest()

    assert [outcome.failures for outcome in outcomes.values()] == [[], []]
    assert home.table("fact_commit").height == 2
    assert len(before) == 1
    assert home.table("event_commit_outcome").height == 2


def test_a_damaged_raw_table_stops_its_repository_only(home, app):
    """With a message; when the file before is put in its place, all goes on."""
    lib = Repository(home.path / "src" / "lib")
    ClaudeLog(home.path, "s2", lib.folder).says(0, "hi").save()
    raw(home)
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "hi").writes(1, app.folder / "a.py", "a\n").says(9, "more")
    log.save()
    app_key, lib_key = raw(home).repositories
    path = Warehouse(home.settings).path("raw_session", app_key)
    good = path.with_name(f"{path.name}.previous").read_bytes()
    path.write_bytes(b"PAR1")
    log.says(10, "and more").save()
    ClaudeLog(home.path, "s2", lib.folder).says(0, "hi").says(9, "more").save()

    outcomes = home.ingest()

    (told,) = outcomes[app_key].failures
    assert f"{path}: is no readable table file" in told
    assert f"put {path.name}.previous in its place" in told
    assert outcomes[lib_key].failures == []
    assert len(home.table("fact_session_message", lib_key)) == 2
    path.write_bytes(good)
    assert [outcome.failures for outcome in home.ingest().values()] == [[], [], []]
    assert len(home.table("fact_session_message", app_key)) == 3


def test_rules_that_cannot_be_used_end_a_worker_with_a_message(home, app):
    """Nothing is computed."""
    home.env["PACEFLOW_RULES"] = "no-such-preset"
    news = Pipe("r")

    work(home.settings, news)

    (error,) = news.items
    assert isinstance(error, PaceflowError)
    assert "no such preset" in str(error)


def test_each_fault_has_its_own_report(home):
    """Two in one second as well."""
    told = {noted(home.settings, ValueError(str(number))) for number in range(3)}

    assert len(told) == 3
    assert len(list((home.settings.paceflow_home / "log").iterdir())) == 3
