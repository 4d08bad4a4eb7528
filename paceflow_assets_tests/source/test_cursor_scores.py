"""Cursor's scores, as Cursor writes them and damaged."""

import sqlite3

import pytest
from scores import SCHEMA, SCORED_MS, CursorScores

from paceflow_assets.source import cursor_scores as module
from paceflow_assets.source.cursor_scores import Score, ScoresError, database, files, scores

ONE, TWO = "1" * 40, "2" * 40
NOTHING = (None,) * 10


def beside(path):
    """Names of the files in the database's folder."""
    return sorted(found.name for found in path.parent.iterdir())


def test_rows(tmp_path):
    """Each branch has its own; what is null or no sane number is not told; words and percentages are not read."""
    cursor = CursorScores(tmp_path)
    cursor.score(TWO, "b", linesAdded=9, linesDeleted="4", tabLinesAdded=0, composerLinesDeleted="many", humanLinesAdded=-1)
    cursor.score("A" * 40, scored_ms="soon", v2AiPercentage="60.0", tabLinesAdded=10**14)
    cursor.connection.execute("update scored_commits set branchName = cast(x'6d61ff' as text) where commitHash = ?", ["A" * 40])
    cursor.score(ONE, "b")
    cursor.score(
        ONE,
        "a",
        **{name: number for number, name in enumerate(module.COUNTS)},
    )

    assert scores(cursor.path) == [
        Score(ONE, "a", SCORED_MS, *range(10)),
        Score(ONE, "b", SCORED_MS, *NOTHING),
        Score(TWO, "b", SCORED_MS, 9, 4, 0, *NOTHING[3:]),
        Score("a" * 40, "ma\ufffd", None, *NOTHING),
    ]


def test_a_running_cursor_is_read_and_not_kept_waiting(tmp_path):
    """What is only in the log counts; what is not committed does not, and holds nobody up."""
    cursor = CursorScores(tmp_path)
    cursor.score(ONE)
    assert files(cursor.path)[1].stat().st_size > 0
    cursor.connection.execute("begin exclusive")
    cursor.score(TWO)

    found = scores(cursor.path)

    assert [score.commit_sha for score in found] == [ONE]
    cursor.connection.execute("commit")
    assert len(scores(cursor.path)) == 2


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_database_at_rest_is_left_as_it_is(tmp_path, journal):
    """No file appears beside it, and it does not change."""
    cursor = CursorScores(tmp_path, journal=journal)
    cursor.score(ONE)
    cursor.close()
    before = cursor.path.read_bytes()

    found = scores(cursor.path)

    assert [score.commit_sha for score in found] == [ONE]
    assert beside(cursor.path) == [cursor.path.name]
    assert cursor.path.read_bytes() == before


def test_a_log_that_a_killed_cursor_left_is_read(tmp_path):
    """What it holds is not in the database yet."""
    cursor = CursorScores(tmp_path / "running")
    cursor.score(ONE)
    left = database(tmp_path / "left")
    left.parent.mkdir(parents=True)
    for name, copy in zip(files(cursor.path), files(left), strict=True):
        copy.write_bytes(name.read_bytes())

    assert [score.commit_sha for score in scores(left)] == [ONE]


def test_no_table_yet(tmp_path):
    """An older Cursor has the database without scores."""
    cursor = CursorScores(tmp_path, schema="create table ai_code_hashes (hash TEXT)")

    assert scores(cursor.path) == []


def test_another_shape(tmp_path):
    """A table without a column that is read says which; one with more is fine."""
    fewer = CursorScores(tmp_path / "fewer", schema=SCHEMA.replace("tabLinesAdded INTEGER,", ""))
    more = CursorScores(tmp_path / "more", schema=SCHEMA.replace("commitDate TEXT,", "commitDate TEXT, other TEXT,"))

    with pytest.raises(ScoresError, match=r"^scored_commits has no column tabLinesAdded$"):
        scores(fewer.path)
    assert scores(more.path) == []


def test_damage(tmp_path):
    """No database, one cut off, or none there: told in few words, without a path."""
    path = tmp_path / "a.db"
    with pytest.raises(ScoresError, match=r"^No such file or directory$"):
        scores(path)
    path.write_bytes(b"no database at all, but long enough for a header" * 3)
    with pytest.raises(ScoresError, match=r"^file is not a database$"):
        scores(path)
    cursor = CursorScores(tmp_path, journal="delete")
    for number in range(200):
        cursor.score(f"{number:040}")
    cursor.close()
    cursor.path.write_bytes(cursor.path.read_bytes()[:9000])
    with pytest.raises(ScoresError, match="malformed"):
        scores(cursor.path)


def test_a_locked_database(tmp_path, monkeypatch):
    """Outside WAL mode a writer can hold all of it; then it is not read now."""
    monkeypatch.setattr(module, "WAIT_SECONDS", 0)
    cursor = CursorScores(tmp_path, journal="delete")
    cursor.connection.execute("begin exclusive")

    with pytest.raises(ScoresError, match=r"^database is locked$"):
        scores(cursor.path)
    cursor.connection.execute("commit")
    assert scores(cursor.path) == []


def test_nothing_can_be_written(tmp_path):
    """The connection refuses to, whoever asks."""
    cursor = CursorScores(tmp_path)
    connection = sqlite3.connect(module._address(cursor.path, cursor.path.read_bytes()[:20]), uri=True)

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("delete from scored_commits")
    connection.close()
