"""What a raw table of one repository gets to see."""

import pytest
from ingests import applied, raw, raw_of
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.records import SessionPart
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import parsed
from paceflow_assets.runtime.forgotten import Tombstone, bury
from paceflow_assets.runtime.look import Look, connected, home_of, remembered
from paceflow_assets.runtime.parsed import Place, PlacedPart
from paceflow_assets.runtime.partitions import NO_REPOSITORY
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse


@pytest.fixture
def app(home) -> Repository:
    """A repository with a commit and a session."""
    made = Repository(home.path / "src" / "app")
    made.commit({"a.py": "a\n"})
    ClaudeLog(home.path, "s1", made.folder).says(0, "hi").save()
    return made


def look(home, repository: str) -> Look:
    """A look now."""
    return Look(home.settings, Warehouse(home.settings), repository, home.now_ms)


def test_a_look_shows_what_waits_for_its_repository(home, app):
    """Its logs, its checkouts; nothing once raw holds it."""
    lib = Repository(home.path / "src" / "lib")
    ClaudeLog(home.path, "s2", lib.folder).says(0, "hi").save()
    (key, _) = home.discover().repositories

    before = look(home, key)
    assert [log.log_path.rpartition("/")[2] for log in before.waiting] == ["s1.jsonl"]
    (batch,) = before.batches
    assert [(part.session, part.placed.part.cwd) for part in before.parts(batch)] == [(("claude", "s1"), str(app.folder))]
    assert [(seat.path, seat.is_there) for seat in before.seats] == [(app.common_dir, True)]
    raw_of(home, key)
    after = look(home, key)
    assert (after.waiting, list(after.logs)) == ([], ["~/.claude/projects/project/s1.jsonl"])


def test_a_repository_that_nobody_knows_shows_nothing(home, app):
    """And is no error."""
    empty = look(home, "nobody/knows")

    assert (empty.waiting, empty.seats, empty.readable, empty.broken, empty.touching) == ([], [], [], {}, set())


def test_a_broken_checkout_is_told_and_the_others_are_read(home, app):
    """By its name; its place can be said without an absolute path."""
    app.origin("https://example.test/a/app")
    clone = Repository.clone(app, home.path / "clone")
    clone.git("remote", "set-url", "origin", "https://example.test/a/app")
    ClaudeLog(home.path, "s2", clone.folder).says(0, "hi").save()
    (key,) = home.discover().repositories
    (clone.folder / ".git" / "HEAD").write_text("garbage")

    found = look(home, key)

    assert [seat.path for seat in found.readable] == [app.common_dir]
    ((name, reason),) = found.broken.items()
    assert name.startswith("clone-")
    assert found.portable(reason).startswith("git: ~/clone/.git: ")


def test_forgotten_sessions_do_not_wait(home, app):
    """The log is there, its part is not; what is stored already stays."""
    ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()
    (key,) = home.discover().repositories
    bury(home.settings, [Tombstone("session", "s2", 0)])

    found = look(home, key)

    assert len(found.waiting) == 2
    assert [batch.sessions for batch in found.batches] == [{("claude", "s1")}]
    assert found.buried == {("claude", "s2"): key}
    assert [found.is_forgotten("claude", session) for session in ("s1", "s2", None)] == [False, True, False]


def test_sessions_that_share_a_log_are_read_together(home, app):
    """A sub-agent's log comes with its session's, whatever the size of a batch; other sessions come apart."""
    agent = ClaudeLog(home.path, "s1", app.folder, name="agent-1")
    agent.path = agent.path.parent / "s1" / "subagents" / "agent-1.jsonl"
    agent.replies(1, "working").save()
    ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()
    (key,) = home.discover().repositories
    found = Look(home.settings, Warehouse(home.settings), key, home.now_ms, batch_bytes=1)

    batches = [
        ({session for _, session in batch.sessions}, [name.rpartition("/")[2] for name in batch.log_paths])
        for batch in found.batches
    ]

    assert batches == [({"s1"}, ["s1.jsonl", "agent-1.jsonl"]), ({"s2"}, ["s2.jsonl"])]
    assert {(part.session[1], part.placed.part.agent_id) for part in found.parts(found.batches[0])} == {("s1", ""), ("s1", "1")}


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ({}, []),
        ({"a": ""}, []),
        ({"a": "1", "b": "2", "c": "1"}, [["a", "c"], ["b"]]),
        ({"a": "1", "b": "2", "c": "12"}, [["a", "b", "c"]]),
        ({"a": "1", "b": "23", "c": "34", "d": "14", "e": "5"}, [["a", "b", "c", "d"], ["e"]]),
    ],
)
def test_logs_that_share_sessions_are_connected(logs, expected):
    """Through any number of others."""
    assert connected({name: {("p", session) for session in sessions} for name, sessions in logs.items()}) == expected


def test_a_log_whose_parsed_form_is_damaged_is_parsed_again(home, app):
    """Even if its outline could be read: nothing of it is stored until then, and nothing is lost."""
    ClaudeLog(home.path, "s1", app.folder).says(3, "more").save()
    ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()
    (key,) = home.discover().repositories
    kept = {name.rpartition("/")[2]: log.kept for name, log in stock.load(home.settings).logs.items()}["s1.jsonl"]
    file = parsed.folder(home.settings) / kept.file
    content = file.read_bytes()
    damaged = content.replace(b"\xa4more", b"\xc4\x03mor", 1)  # the message's text is no text any more
    assert len(damaged) == len(content)
    file.write_bytes(damaged)

    raw_of(home, key)
    assert home.table("raw_session")["session_id"].to_list() == ["s2"]
    assert list(raw(home).changed) == [key]
    assert home.table("raw_session")["session_id"].to_list() == ["s1", "s2"]


def test_a_parsed_log_waits_until_every_repository_has_read_it(home, app):
    """Each has its own state."""
    lib = Repository(home.path / "src" / "lib")
    ClaudeLog(home.path, "s1", app.folder).says(0, "hi").writes(1, lib.folder / "b.py", "b\n").save()
    first, second = home.discover().repositories

    raw_of(home, first)
    (log,) = stock.load(home.settings).logs.values()
    assert (log.read, log.kept is None) == ({first: log.state}, False)
    raw_of(home, second)
    (log,) = stock.load(home.settings).logs.values()
    assert (log.read, log.kept) == ({first: log.state, second: log.state}, None)


def test_a_log_that_changes_during_a_look_is_read_by_the_next(home, app):
    """What was looked at is what counts as read."""
    (key,) = home.discover().repositories
    early = look(home, key)
    _ = early.waiting
    ClaudeLog(home.path, "s1", app.folder).says(0, "hi").says(5, "more").save()
    home.discover()

    workshop_compute(home, key, early)

    assert list(home.discover().changed) == [key]
    raw(home)
    assert len(home.table("raw_session")["messages"].to_list()[0]) == 2


def test_the_inventory_can_be_made_from_raw(home, app):
    """Logs with what was read of them, checkouts with their keys, sub-agents with their sessions."""
    agent = ClaudeLog(home.path, "s1", app.folder, name="agent-1")
    agent.path = agent.path.parent / "s1" / "subagents" / "agent-1.jsonl"
    agent.replies(1, "working").save()
    gone = ClaudeLog(home.path, "s2", app.folder).says(0, "hi").save()
    raw(home)
    gone.unlink()
    raw(home)
    kept = stock.load(home.settings)

    found = remembered(home.settings)

    for name, log in kept.logs.items():
        made = found.logs[name]
        assert (made.path, made.content, made.sessions, made.agents, made.read) == (
            log.path,
            log.content,
            log.sessions,
            log.agents,
            log.read,
        )
        assert (made.missing_ms is None) == (log.missing_ms is None)
    assert set(found.checkouts) == set(kept.checkouts)
    for name, checkout in kept.checkouts.items():
        made = found.checkouts[name]
        assert (made.key, made.worktrees, made.root_commits, made.read) == (
            checkout.key,
            checkout.worktrees,
            checkout.root_commits,
            "",
        )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], NO_REPOSITORY),
        ([("", None, [])], NO_REPOSITORY),
        ([("", "a", ["b", "b"])], "a"),
        ([("x", "b", []), ("", None, []), ("", "a", [])], "a"),
        ([("", None, ["b"]), ("x", "c", [])], "c"),
        ([("", None, ["b", "a", "a"])], "a"),
        ([("", None, ["b", "a"])], "a"),
    ],
)
def test_home_of_a_session_that_is_not_stored(parts, expected):
    """First working directory, main log first; else most changed lines, else the name."""
    placed = [
        PlacedPart(
            part=SessionPart("s", agent_id=agent, changes=[applied(f"/{key}/a") for key in changed]),
            cwd=cwd and f"/{cwd}",
            cwd_repository=cwd,
            change_places=[Place(key, "a", "a") for key in changed],
            snapshot_places=[],
        )
        for agent, cwd, changed in parts
    ]

    assert home_of(placed) == expected


def workshop_compute(home, key: str, seen: Look) -> None:
    """Compute the raw tables from a look."""
    from paceflow_assets.runtime.worker import workshop_of

    workshop = workshop_of(home.settings)
    for table in tables().values():
        if table.layer == "raw":
            workshop.compute(table, key, seen)
