"""Finding logs and checkouts, and saying which repositories have to be looked at again."""

import os
import shutil

import msgspec
import polars as pl
import pytest
from ingests import is_quiet, raw, raw_of
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.records import ParsedLog
from paceflow_assets.runtime import discovery, fingerprint
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime.discovery import Waiting, encoded_logs, parsed_logs, surveyed
from paceflow_assets.runtime.errors import SettingsError
from paceflow_assets.source import claude


@pytest.fixture
def app(home) -> Repository:
    """A repository with a commit and a session."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s1", made.folder).says(0, "hi").writes(1, made.folder / "a.py", "a\n").save()
    return made


def test_an_empty_home_has_nothing(home):
    """No log, no repository, no warning; and nothing but the state folder is made."""
    found = home.discover()

    assert (found.repositories, found.changed, found.renamed, found.parsed_logs, found.warnings) == ([], {}, [], 0, ())
    assert home.settings.paceflow_home.stat().st_mode & 0o777 == 0o700


def test_a_repository_counts_as_changed_until_raw_has_read_it(home, app):
    """Looking again changes nothing: neither the state's name nor what is parsed."""
    first, second = home.discover(), home.discover()

    assert first.repositories == second.repositories == list(first.changed)
    assert first.changed == second.changed
    assert (first.parsed_logs, second.parsed_logs) == (1, 0)
    raw_of(home, first.repositories[0])
    assert is_quiet(home)


def test_an_unchanged_look_writes_its_time_only(home, app):
    """The inventory is stored when it changed only."""
    raw(home)
    before = stock.fingerprint(str(home.settings.state / "inventory.json"))

    assert is_quiet(home)

    assert stock.fingerprint(str(home.settings.state / "inventory.json")) == before
    assert stock.looked_ms(home.settings) == home.now_ms


def test_what_changes_a_repository(home, app):
    """Each names another state, until raw has read it."""
    log = home.path / ".claude" / "projects" / "project" / "s1.jsonl"
    (key,) = raw(home).repositories
    steps = {
        "a log grew": lambda: log.write_text(log.read_text() * 2),
        "a log was touched": lambda: os.utime(log),
        "a commit": lambda: app.commit({"b.py": "b\n"}),
        "a branch": lambda: app.git("branch", "topic"),
        "an origin": lambda: app.origin("https://example.test/a/b"),
        "a new log": lambda: CodexLog(home.path, "s2", app.folder).says(0, "hi").save(),
        "a log is gone": log.unlink,
        "the checkout is gone": lambda: shutil.rmtree(app.folder),
    }

    states = set()
    for name, step in steps.items():
        step()
        found = home.discover()
        assert (name, list(found.changed)) == (name, [key])
        assert home.discover().changed == found.changed
        raw_of(home, key)
        assert (name, is_quiet(home)) == (name, True)
        states.update(found.changed.values())

    assert len(states) == len(steps)


def test_a_repository_that_nobody_touched_is_no_partition(home, app):
    """Git alone makes none."""
    Repository(home.path / "src" / "other").commit({"a.py": "a\n"})

    assert len(home.discover().repositories) == 1


def test_a_named_repository_is_a_partition(home):
    """Without a session; until it is named no more."""
    made = Repository(home.path / "src" / "named")
    made.commit({"a.py": "a\n"})
    config = home.settings.paceflow_home / "settings.toml"
    config.parent.mkdir()
    config.write_text('repositories = ["~/src/named/"]')

    (key,) = raw(home).repositories
    assert home.table("raw_commit")["repository"].to_list() == [key]
    assert is_quiet(home)
    config.unlink()
    assert home.discover().repositories == []


def test_a_named_folder_without_a_repository_is_passed_over(home, app):
    """With a warning; one that was a repository keeps its name when it is gone."""
    config = home.settings.paceflow_home / "settings.toml"
    config.parent.mkdir()
    config.write_text('repositories = ["~/src/app", "~/nowhere"]')

    first = raw(home)
    shutil.rmtree(app.folder)
    second = home.discover()

    assert len(first.repositories) == 1
    (warning,) = first.warnings
    assert "nowhere lies in no git repository; it is passed over" in warning
    assert (second.repositories, second.warnings) == (first.repositories, first.warnings)


def test_settings_that_cannot_be_read_stop_before_anything(home, app):
    """Nothing is parsed."""
    config = home.settings.paceflow_home / "settings.toml"
    config.parent.mkdir()
    config.write_text("repositories = 3")

    with pytest.raises(SettingsError):
        home.discover()
    assert not (home.settings.state / "parsed").exists()


def test_progress_tells_bytes(home, app):
    """What was read of what has to be read."""
    ClaudeLog(home.path, "s2", app.folder).says(0, "hello").save()
    told = []

    discovery.discover(home.settings, 1, lambda done, total: told.append((done, total)))

    sizes = [path.stat().st_size for path in sorted((home.path / ".claude").rglob("*.jsonl"))]
    assert told == [(sizes[0], sum(sizes)), (sum(sizes), sum(sizes))]


def test_parsed_logs_that_are_lost_are_parsed_again(home, app):
    """Whether their file is gone or damaged, between two looks or just before they are read."""
    (key,) = home.discover().repositories
    (kept,) = (home.settings.state / "parsed").iterdir()
    kept.unlink()
    assert home.discover().parsed_logs == 1
    (kept,) = (home.settings.state / "parsed").iterdir()
    kept.write_bytes(b"damaged")

    raw_of(home, key)

    assert home.table("raw_session").height == 0
    assert not is_quiet(home)
    raw(home)
    assert home.table("raw_session")["session_id"].to_list() == ["s1"]
    assert is_quiet(home)


def test_parsed_logs_go_when_raw_has_read_them(home, app):
    """Also when a log beside them holds nothing for anyone."""
    empty = ClaudeLog(home.path, "empty", app.folder).path
    empty.write_text("")
    lib = Repository(home.path / "src" / "lib")
    ClaudeLog(home.path, "s2", lib.folder).says(0, "hi").save()
    first, second = home.discover().repositories

    raw_of(home, first)
    assert list((home.settings.state / "parsed").iterdir())
    raw_of(home, second)
    assert not list((home.settings.state / "parsed").iterdir())


def test_a_changed_parser_reads_again_what_is_still_there(home, app, monkeypatch):
    """Once; a log that is gone keeps what the parser before read."""
    gone = ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()
    raw(home)
    gone.unlink()
    raw(home)
    inventory = stock.load(home.settings)
    inventory.code = "an older program"
    stock.save(home.settings, inventory)
    monkeypatch.setattr(fingerprint, "parser_fingerprint", lambda *modules: "new parser")

    assert raw(home).parsed_logs == 1
    assert home.table("raw_log")["parser_fingerprint"].n_unique() == 2
    assert home.table("raw_session")["session_id"].to_list() == ["s1", "s2"]
    assert is_quiet(home)


def test_another_program_with_the_same_parsers_reads_nothing_again(home, app):
    """Parser fingerprints are computed anew, and are what they were."""
    raw(home)
    inventory = stock.load(home.settings)
    inventory.code = "an older program"
    stock.save(home.settings, inventory)

    assert is_quiet(home)


def test_sub_agents_are_known_in_any_order(home, app):
    """A thread whose log came before its parent's belongs to the session at the top once that is known."""
    lib = Repository(home.path / "src" / "lib")
    lib.commit({"l.py": "l\n"})
    top = CodexLog(home.path, "top", app.folder).says(0, "go")
    middle, low = _sub_agent(home, "middle", "top", lib), _sub_agent(home, "low", "middle", lib)
    low.patches(5, "*** Add File: x.py\n+x").save()
    raw(home)
    assert home.table("raw_session").filter("touches")["session_id"].to_list() == ["s1", "middle"]

    middle.calls = low.calls
    middle.patches(4, "*** Add File: y.py\n+y").save()
    top.save()
    raw(home)

    found = home.table("raw_session").filter("touches").filter(pl.col("provider") == "codex")
    assert found["session_id"].unique().to_list() == ["top"]
    assert {change["rel_path"] for change in found["changes"].to_list()[0]} == {"x.py", "y.py"}
    assert found.filter("is_home").height == 1
    assert is_quiet(home)


def test_a_sub_agent_whose_log_is_gone_follows_its_session(home, app):
    """What raw holds of it moves with it."""
    low = _sub_agent(home, "low", "middle", app)
    low.patches(5, "*** Add File: x.py\n+x").save()
    raw(home)
    low.path.unlink()
    raw(home)
    _sub_agent(home, "middle", "top", app).says(1, "hi").save()
    CodexLog(home.path, "top", app.folder).says(0, "go").save()

    raw(home)

    found = home.table("raw_session").filter("touches").filter(pl.col("provider") == "codex")
    assert found["session_id"].to_list() == ["top"]
    assert [change["rel_path"] for change in found["changes"].to_list()[0]] == ["x.py"]
    assert is_quiet(home)


@pytest.mark.parametrize("order", [("claude", "codex"), ("codex", "claude"), ("both",)])
def test_a_gone_folder_is_placed_by_whichever_log_names_its_origin(home, order):
    """A log that only knows the folder lies there too, whether it was read before, with it or after."""
    gone = home.path / "gone" / "app"
    logs = {
        "claude": ClaudeLog(home.path, "s1", gone).writes(0, gone / "a.py", "a\n"),
        "codex": CodexLog(home.path, "s2", gone, origin="https://example.test/a/app.git").says(0, "hi"),
    }
    for step in order:
        for name, log in logs.items():
            if step in (name, "both"):
                log.save()
        raw(home)

    found = home.table("raw_session").filter("touches")
    assert found.select("repository", "session_id", "is_home").rows() == [
        ("example.test/a/app", "s1", True),
        ("example.test/a/app", "s2", True),
    ]
    assert is_quiet(home)


def test_a_second_process_parses_the_same(home, app, monkeypatch):
    """With much to read; each log once, as bytes between processes."""
    for number in range(5):
        ClaudeLog(home.path, f"n{number}", app.folder).says(0, f"hi {number}").save()
    waiting = surveyed(home.settings, stock.Inventory()).waiting
    alone = {each.log_path: content for each, content in parsed_logs(waiting, 1)}
    monkeypatch.setattr(discovery, "SHARED_BYTES", 1)
    monkeypatch.setattr(discovery, "SHARE", 2)

    shared = {each.log_path: content for each, content in parsed_logs(waiting, 2)}

    assert len(waiting) == 6
    assert shared == alone
    assert msgspec.msgpack.decode(encoded_logs(waiting[:1]), type=list[ParsedLog]) == [alone[waiting[0].log_path]]


def test_a_log_that_vanishes_while_it_is_read(home, app, tmp_path):
    """Is an error row, and missing at the next look."""
    waiting = Waiting("~/x.jsonl", tmp_path / "x.jsonl", "claude", "1:1:1", 1)

    ((_, content),) = parsed_logs([waiting], 1)

    assert (content.sessions, [error.line for error in content.errors]) == ([], [0])
    assert content == claude.parse(tmp_path / "x.jsonl")


def test_a_pipe_a_folder_and_a_dead_link_are_no_logs(home, app):
    """They are not waited for."""
    folder = home.path / ".claude" / "projects" / "project"
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    (folder / "link.jsonl").symlink_to("nowhere.jsonl")
    (folder / "loop").symlink_to(folder)

    assert home.discover().parsed_logs == 1


def _sub_agent(home, thread: str, parent: str, repository: Repository) -> CodexLog:
    """A rollout of a sub-agent, as older versions wrote it: it names its parent thread only."""
    log = CodexLog(home.path, thread, repository.folder)
    log.records[0]["payload"]["source"] = {"subagent": {"thread_spawn": {"parent_thread_id": parent, "depth": 1}}}
    return log
