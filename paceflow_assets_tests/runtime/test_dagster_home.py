"""Dagster's home: made privately, whole or not at all."""

import sqlite3

import pytest

from paceflow_assets.runtime import dagster_home


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    """`prepare` tells this process its DAGSTER_HOME: take it back after each test."""
    monkeypatch.setenv("DAGSTER_HOME", "")


def test_its_storage_is_created_once_and_privately(home):
    """What the first opening wrote, the second reads; nobody else may look into it."""
    with dagster_home.opened(home.settings) as instance:
        instance.add_dynamic_partitions("repository", ["a"])
    with dagster_home.opened(home.settings) as instance:
        assert instance.get_dynamic_partitions("repository") == ["a"]
    made = home.settings.dagster_home
    assert {path.name for path in made.iterdir()} == {"dagster.yaml", "history", "schedules"}
    assert (made.stat().st_mode & 0o777) == 0o700


def test_a_creation_that_was_cut_off_is_begun_again_in_a_home_that_we_do_not_configure(home):
    """What a killed process left aside is thrown away, what it had moved in is kept; a user's own home gets no dagster.yaml."""
    own = home.path / "own"
    home.env["DAGSTER_HOME"] = str(own)
    (own / ".creating" / "history" / "runs").mkdir(parents=True)
    sqlite3.connect(own / ".creating" / "history" / "runs.db").close()
    (own / "schedules").mkdir()
    (own / "schedules" / "kept").touch()

    with dagster_home.opened(home.settings) as instance:
        instance.add_dynamic_partitions("repository", ["a"])
        assert instance.get_dynamic_partitions("repository") == ["a"]
    assert {path.name for path in own.iterdir()} == {"history", "schedules"}
    assert (own / "schedules" / "kept").exists()
