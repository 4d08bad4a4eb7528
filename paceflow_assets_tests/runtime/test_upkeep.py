"""Upkeep: what only a person can mend is found and named."""

import os
import shutil

import pytest
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import upkeep
from paceflow_assets.runtime.inventory import Inventory
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.upkeep import DAY_MS, HOUR_MS
from paceflow_assets.runtime.warehouse import Warehouse


def copied(home):
    """Two repositories that began as one: each has one commit of its own, and three that they share."""
    app = Repository(home.path / "src" / "app")
    for number in range(3):
        app.commit({"a.py": f"{number}\n"})
    shutil.copytree(app.folder, home.path / "src" / "copy")
    copy = Repository(home.path / "src" / "copy")
    copy.git("remote", "add", "origin", "https://example.com/me/copy")
    for repository in (app, copy):
        repository.commit({"b.py": f"{repository.folder}\n"})
        ClaudeLog(home.path, repository.folder.name, repository.folder).says(0, "hello").save()


def two_repositories(home) -> dict[str, ClaudeLog]:
    """Two repositories that have nothing in common, each with a session; name -> its log."""
    logs = {}
    for name in ("app", "lib"):
        repository = Repository(home.path / "src" / name)
        repository.commit({"a.py": f"{name}\n"})
        logs[name] = ClaudeLog(home.path, name, repository.folder).says(0, "hello")
        logs[name].save()
    return logs


def found(home, name: str) -> list[str]:
    """What one check finds at the time of this home."""
    return upkeep.findings(home.settings, home.now_ms)[name]


def aged(home, log: ClaudeLog | CodexLog, days: float) -> None:
    """Write a log that changed for the last time so many days ago."""
    seconds = home.now_ms / 1000 - days * 86_400
    os.utime(log.save(), (seconds, seconds))


def test_nothing_is_found_in_a_healthy_home(home):
    """All is read, and nothing is shared."""
    two_repositories(home)
    home.ingest()

    found = upkeep.findings(home.settings, home.now_ms)

    assert found == {"one_key": [], "checkout_there": [], "read_in_time": [], "read_before_purge": []}


def test_two_keys_of_one_repository_are_found_until_they_are_merged(home):
    """The finding names the command that unites them, with the local key as the one that goes."""
    from paceflow_assets.runtime.discovery import merge

    copied(home)
    found = home.ingest()[ALL].findings["one_key"]
    local = next(key for key in home.discover().repositories if key.startswith("local/app"))
    remedy = f"paceflow repository merge {local} example.com/me/copy"
    assert len(found) == 1
    assert found[0].startswith(f"{local} and example.com/me/copy share 3 commits")
    assert found[0].endswith(remedy)

    merge(home.settings, local, "example.com/me/copy")
    assert home.ingest()[ALL].findings["one_key"] == []


def test_repositories_that_share_few_commits_are_two(home):
    """A template's first commit is in many repositories."""
    copied(home)
    for name in ("app", "copy"):
        repository = Repository(home.path / "src" / name)
        for number in range(6):
            repository.commit({f"{name}.py": f"{number}\n"})
    assert home.ingest()[ALL].findings["one_key"] == []


def test_a_repository_whose_checkouts_are_all_gone_is_named(home):
    """What was read of it stays; the finding goes when the checkout comes back."""
    copied(home)
    home.ingest()
    (home.path / "src" / "copy").rename(home.path / "moved-out")
    found = home.ingest()[ALL].findings["checkout_there"]
    assert len(found) == 1
    assert found[0].startswith("example.com/me/copy: no checkout is there since 2026-01-06; what was read of it stays")
    assert str(home.path) not in found[0]
    assert home.table("raw_commit", "example.com/me/copy").height == 4

    (home.path / "moved-out").rename(home.path / "src" / "copy")
    assert home.ingest()[ALL].findings["checkout_there"] == []


def test_a_repository_that_cannot_be_read_is_named_until_it_is(home):
    """It waits from the first look that saw its change; the other one is as fresh as the last look."""
    logs = two_repositories(home)
    app, lib, _ = home.ingest()
    path = Warehouse(home.settings).path("raw_session", app)
    good = path.read_bytes()
    path.write_bytes(b"PAR1")
    for log in logs.values():
        log.says(1, "more").save()
    failures = {key: len(outcome.failures) for key, outcome in home.ingest().items()}

    home.now_ms += 37 * HOUR_MS
    home.discover()
    late = found(home, "read_in_time")
    path.write_bytes(good)
    home.ingest()

    assert failures == {app: 1, lib: 0, ALL: 0}
    assert len(late) == 1
    assert late[0].startswith(f"{app}: what changed since 2026-01-06 was not read yet; its numbers lack it; `paceflow ingest`")
    assert found(home, "read_in_time") == []


def test_a_look_that_finds_nothing_new_counts(home):
    """All is as fresh as the last look, and no look is due for 36 hours."""
    two_repositories(home)
    home.ingest()
    home.now_ms += 3 * DAY_MS
    home.discover()

    home.now_ms += 36 * HOUR_MS

    assert found(home, "read_in_time") == []


def test_when_nobody_looked_one_sentence_names_all(home):
    """The first few by name."""
    two_repositories(home)
    app, lib, _ = home.ingest()
    home.now_ms += 2 * DAY_MS

    (told,) = found(home, "read_in_time")
    many = stock.load(home.settings) or Inventory()
    many.named = list("bcdef")
    stock.save(home.settings, many)
    (counted,) = found(home, "read_in_time")

    assert told.startswith(f"{app}, {lib}: nobody looked since 2026-01-06; their numbers lack what is new; `paceflow ingest`")
    assert counted.startswith("b, c, d, e, f and 2 more: nobody looked since 2026-01-06;")


def test_a_repository_that_waits_is_told_apart_from_those_nobody_looked_at(home):
    """What waits says so itself; the other sentence is about the others."""
    two_repositories(home)
    app, lib = home.discover().repositories
    home.ingest(lib)
    home.now_ms += 2 * DAY_MS

    waiting, unlooked = found(home, "read_in_time")

    assert waiting.startswith(f"{app}: what changed since")
    assert unlooked.startswith(f"{lib}: nobody looked since")


def test_a_log_that_nobody_looked_into_is_named_a_week_before_it_goes(home):
    """Claude Code deletes it on the 30th day; neither its path nor its words are told."""
    log = two_repositories(home)["app"]
    aged(home, log, 22.9)
    before = found(home, "read_before_purge")

    aged(home, log, 23)
    (told,) = found(home, "read_before_purge")

    assert before == []
    assert told == (
        "no repository known yet: session logs that are not read yet: 1; claude deletes the first of them when it starts on "
        "2026-01-13 or later, and it will be gone unread; `paceflow ingest` reads them or says why not, a higher "
        "cleanupPeriodDays in the settings.json of ~/.claude or CLAUDE_CONFIG_DIR keeps them longer"
    )


def test_a_known_log_is_named_until_its_repository_has_read_it(home):
    """To have looked into it is not enough; a log that is late already is no other case."""
    logs = two_repositories(home)
    for name, days in (("app", 24), ("lib", 40)):
        aged(home, logs[name], days)
    app, lib = home.discover().repositories
    unread = found(home, "read_before_purge")

    home.ingest(lib)
    half = found(home, "read_before_purge")
    home.ingest()

    assert [line.partition(":")[0] for line in unread] == [app, lib]
    assert "starts on 2026-01-12 or later" in unread[0]
    assert "starts on 2025-12-27 or later" in unread[1]
    assert half == unread[:1]
    assert found(home, "read_before_purge") == []


def test_a_log_that_went_on_after_it_was_read_is_named(home):
    """Its present state is not read; logs of one repository are told together, with the day of the first."""
    log = two_repositories(home)["app"]
    other = ClaudeLog(home.path, "other", log.cwd).says(0, "hello")
    other.save()
    app, _, _ = home.ingest()

    aged(home, log.says(1, "more"), 25)
    aged(home, other.says(1, "more"), 26)
    (told,) = found(home, "read_before_purge")

    assert told.startswith(f"{app}: session logs that are not read yet: 2; claude deletes the first of them")
    assert "starts on 2026-01-10 or later" in told


@pytest.mark.parametrize(
    ("settings", "days", "is_named"),
    [
        ('{"cleanupPeriodDays": 99999}', 400, False),
        ('{"cleanupPeriodDays": 60}', 52, False),
        ('{"cleanupPeriodDays": 60}', 54, True),
        ('{"cleanupPeriodDays": 3}', 0.4, False),
        ('{"cleanupPeriodDays": 3}', 0.6, True),
        ('{"cleanupPeriodDays": 0}', 0.4, False),
        ('{"cleanupPeriodDays": 0}', 0.6, True),
        ('{"cleanupPeriodDays": 99999', 24, True),
        ('{"cleanupPeriodDays": 99999', 22, False),
    ],
)
def test_claude_codes_settings_say_when_a_log_goes(home, settings, days, is_named):
    """A log of the last half day may be in use, however soon it goes; damaged settings are none."""
    aged(home, two_repositories(home)["app"], days)
    (home.path / ".claude" / "settings.json").write_text(settings)

    assert bool(found(home, "read_before_purge")) == is_named


def test_an_agent_that_deletes_nothing_is_no_matter(home):
    """Codex keeps its logs."""
    aged(home, CodexLog(home.path, "019b8de0-0000-7000-8000-000000000001", home.path).says(0, "hello"), 400)

    assert found(home, "read_before_purge") == []
