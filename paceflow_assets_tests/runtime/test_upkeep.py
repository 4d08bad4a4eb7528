"""Upkeep: what only a person can mend is found and named."""

import shutil

from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import upkeep
from paceflow_assets.runtime.partitions import ALL


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


def test_nothing_is_found_in_a_healthy_home(home):
    """Two repositories that have nothing in common."""
    for name in ("app", "lib"):
        repository = Repository(home.path / "src" / name)
        repository.commit({"a.py": f"{name}\n"})
        ClaudeLog(home.path, name, repository.folder).says(0, "hello").save()
    home.ingest()
    assert upkeep.findings(home.settings) == {"one_key": [], "checkout_there": [], "read_in_time": []}


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


def test_changes_that_wait_for_days_are_named_until_they_are_read(home):
    """A repository waits from the first look that saw its change."""
    copied(home)
    home.now_ms -= 3 * 86_400_000
    home.discover()
    home.now_ms += 3 * 86_400_000
    home.discover()
    found = upkeep.findings(home.settings)["read_in_time"]
    assert [line.partition(":")[0] for line in found] == sorted((stock.load(home.settings) or stock.Inventory()).waiting_ms)
    assert "what changed since 2026-01-03 was not read yet" in found[0]

    home.ingest()
    home.discover()
    assert upkeep.findings(home.settings)["read_in_time"] == []


def test_a_change_of_today_may_wait(home, monkeypatch):
    """Less than two days are no finding."""
    copied(home)
    home.discover()
    monkeypatch.setattr(upkeep, "now_ms", lambda: home.now_ms + upkeep.LONGEST_WAIT_MS)
    assert upkeep.findings(home.settings)["read_in_time"] == []
