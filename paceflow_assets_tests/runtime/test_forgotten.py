"""Tombstones: what must not come back."""

import pytest

from paceflow_assets.runtime.errors import SettingsError
from paceflow_assets.runtime.forgotten import Forgotten, Tombstone, bury, forgotten, tombstones
from paceflow_assets.runtime.settings import settings

DAY = 86_400_000


@pytest.fixture
def where(tmp_path):
    """Settings of an empty home."""
    return settings({"HOME": str(tmp_path)})


def test_tombstones_add_up(where):
    """In a private file, each once; the latest day counts."""
    stones = [
        Tombstone("session", "s", 1),
        Tombstone("repository", "r", 2),
        Tombstone("before", "1970-01-03", 3),
        Tombstone("before", "1970-01-02", 4),
    ]
    bury(where, stones[:2])
    bury(where, stones[2:])
    bury(where, [Tombstone("session", "s", 9)])

    assert tombstones(where) == stones
    assert forgotten(where) == Forgotten(frozenset({"s"}), frozenset({"r"}), 2 * DAY)
    assert where.forgotten.stat().st_mode & 0o777 == 0o600


def test_nothing_forgotten(where):
    """No file, no tombstone."""
    assert tombstones(where) == []
    assert not forgotten(where)
    bury(where, [])
    assert not where.forgotten.exists()


@pytest.mark.parametrize(
    ("session", "home", "ended_ms", "expected"),
    [
        ("s", "a", 5 * DAY, True),
        ("t", "r", 5 * DAY, True),
        ("t", "a", 2 * DAY - 1, True),
        ("t", "a", 2 * DAY, False),
        ("t", "a", None, False),
    ],
)
def test_what_is_forgotten(session, home, ended_ms, expected):
    """Itself, with its home, or for its age; a session without a time is not old."""
    assert Forgotten(frozenset({"s"}), frozenset({"r"}), 2 * DAY).session(session, home, ended_ms) == expected


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"kind": "other", "value": "x", "at_ms": 1}]', b"\xff"])
def test_a_damaged_file_stops(where, content):
    """Because forgotten sessions would come back; nothing is added to it either."""
    where.paceflow_home.mkdir()
    where.forgotten.write_bytes(content)

    for act in (lambda: forgotten(where), lambda: bury(where, [Tombstone("session", "s", 1)])):
        with pytest.raises(SettingsError, match="forgotten sessions would come back; mend the file"):
            act()
    assert where.forgotten.read_bytes() == content
