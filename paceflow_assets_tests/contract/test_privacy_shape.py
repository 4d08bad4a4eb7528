"""What nobody sees by looking at Dagster: words, code, addresses and absolute paths."""

import dataclasses
import datetime as dt
import re

import polars as pl
import pytest
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.runtime import compute
from paceflow_assets.runtime.compute import preview
from paceflow_assets.runtime.table import TIME, tables
from paceflow_assets.runtime.worker import workshop_of

TABLES = tables()
WORDS = {"content", "message", "subject", "reason", "read_error"}
PATHS = {
    "abs_path",
    "common_dir",
    "cwd",
    "log_path",
    "moved_from",
    "project_path",
    "source_file",
    "source_path",
    "worktrees",
}
PLACES = re.compile(r"~/|\babsolute\b")  # a meaning that speaks of a place on this machine
ADDRESSES = re.compile(r"\be-?mail\b|\baddress\b")
HASHED = re.compile(r"\bhash of\b|\bwithout credentials\b|\bnormal form\b")  # an address that may be seen says why
MARK = "zebra"
PLAIN = {
    pl.String(): "plain",
    pl.Int64(): 1,
    pl.Float64(): 0.5,
    pl.Boolean(): True,
    pl.UInt64(): 7,
    pl.Date(): dt.date(2026, 3, 9),
    TIME: dt.datetime(2026, 3, 9),
}


def test_columns_with_words_or_paths_are_private():
    """Columns of these names are private in every table that has them, and each name still exists."""
    columns = [(table.name, name, column) for table in TABLES.values() for name, column in table.columns.items()]

    assert [(table, name) for table, name, column in columns if name in WORDS | PATHS and not column.private] == []
    assert {name for _, name, _ in columns} >= WORDS | PATHS


def test_columns_that_speak_of_places_are_private():
    """A new column with a path of this machine is noticed by its meaning, whatever its name."""
    found = [
        (table.name, name)
        for table in TABLES.values()
        for name, column in table.columns.items()
        if PLACES.search(column.meaning) and not column.private
    ]

    assert found == []


def test_no_address_of_a_person_is_stored():
    """A column that speaks of addresses holds their hash, or a repository's address without credentials."""
    found = [
        (table.name, name)
        for table in TABLES.values()
        for name, column in table.columns.items()
        if ADDRESSES.search(column.meaning) and not HASHED.search(column.meaning)
    ]

    assert found == []


def test_nested_columns_are_private():
    """What is nested holds messages, changes or paths, and is private but for addresses and commits of the repository."""
    open_ones = {
        name
        for table in TABLES.values()
        for name, column in table.columns.items()
        if column.type.is_nested() and not column.private
    }

    assert open_ones == {"origin_keys", "parents", "root_commits"}


@pytest.mark.parametrize("name", TABLES)
def test_a_preview_leaves_out_what_is_private(name):
    """With a mark in every private text, the preview does not show it, and shows every other plain column."""
    table = TABLES[name]
    plain = {column: declared for column, declared in table.columns.items() if not declared.type.is_nested()}
    flat = dataclasses.replace(table, columns=plain)
    row = {column: MARK if declared.private else PLAIN[declared.type] for column, declared in plain.items()}
    open_ones = [
        column
        for column, declared in plain.items()
        if not declared.private and declared.type != pl.UInt64() and column != "repository"
    ]

    shown = preview(flat, pl.DataFrame([row], schema=flat.schema))

    assert MARK not in shown
    assert shown.split("\n")[0].strip("| ").split(" | ") == open_ones[: shown.split("\n")[0].count("|") - 1]


def test_nothing_told_shows_words_code_addresses_or_paths(home, monkeypatch):
    """From real logs and a real repository, nothing that is told of a table gives them away, however much it shows."""
    for limit in ("PREVIEW_ROWS", "PREVIEW_COLUMNS", "CELL_CHARACTERS"):
        monkeypatch.setattr(compute, limit, 1_000)
    repository = Repository(home.path / "src" / "app")
    outside = home.path.parent / f"{MARK}-outside"
    claude = ClaudeLog(home.path, "s1", repository.folder).says(0, f"{MARK} Traceback: it fails")
    claude.writes(1, repository.folder / "a.py", f"{MARK} = 1\n").writes(2, outside / "b.py", f"{MARK}\n").replies(3, MARK)
    claude.fails(4, repository.folder / "a.py", MARK, f"{MARK} again")
    encoded = re.sub(r"[^A-Za-z0-9]", "-", str(repository.folder))
    claude.path = home.path / ".claude" / "projects" / f"{encoded}-{MARK}" / "s1.jsonl"
    with claude.save().open("a") as file:
        file.write(f'{{"type": "user", "{MARK}\n')
    CodexLog(home.path, "s2", outside).says(5, f"{MARK} too").save()
    repository.commit({"a.py": f"{MARK} = 1\n"}, f"{MARK} subject\n\n{MARK} body", author=f"{MARK} <{MARK}@example.test>")

    outcomes = home.ingest()

    assert [outcome.failures for outcome in outcomes.values()] == [[]] * len(outcomes)
    warehouse = workshop_of(home.settings).warehouse
    told = {
        (name, key): str(warehouse.provenance(name, key)) + preview(table, warehouse.read(table, key))
        for name, table in TABLES.items()
        for key in warehouse.repositories(name)
    }
    assert {name for name, _ in told} == set(TABLES)
    assert home.table("raw_parse_error").height > 0
    assert home.table("fact_session_message")["content"].str.contains(MARK).any()
    for forbidden in (MARK, str(home.path), encoded, str(outside.parent)):
        assert [where for where, text in told.items() if forbidden in text] == [], forbidden
