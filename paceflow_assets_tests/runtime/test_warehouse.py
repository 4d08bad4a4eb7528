"""The warehouse: files that are whole or not there, and raw rows that are never lost."""

import dataclasses
import os
import subprocess
import sys

import msgspec
import polars as pl
import pytest

from paceflow_assets.runtime import table as declare
from paceflow_assets.runtime.errors import NewerWarehouse, TableDamaged, TableInvalid, WarehouseError
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.table import Table
from paceflow_assets.runtime.versions import column_versions
from paceflow_assets.runtime.warehouse import SCHEMA_VERSION, Provenance, Warehouse, file_stem, schema_text, widened

ITEM = pl.List(pl.Struct({"a": pl.Int64, "b": pl.List(pl.Struct({"c": pl.String}))}))
COLUMNS = {
    "repository": declare.text("key"),
    "k": declare.text("key"),
    "n": declare.count("number"),
    "items": declare.nested(ITEM, "items"),
}


def made(layer: str, columns: dict = COLUMNS) -> Table:
    """A table of a layer."""
    return Table(f"{layer}_x", layer, ("k",), columns, "", (), lambda: None, "m")


RAW, FACT = made("raw"), made("fact")
WIDER_ITEM = pl.Struct({"a": pl.Int64, "new": pl.String, "b": pl.List(pl.Struct({"c": pl.String, "d": pl.Float64}))})
WIDER = {**COLUMNS, "note": declare.text("note"), "items": declare.nested(pl.List(WIDER_ITEM), "items")}


def rows(*keys: str, repository: str = "r", n: int = 1) -> pl.DataFrame:
    """Rows of both tables."""
    items = [{"a": 1, "b": [{"c": "x"}]}, {"a": None, "b": []}]
    return pl.DataFrame([{"repository": repository, "k": k, "n": n, "items": items} for k in keys], schema=RAW.schema)


def provenance(table: Table, frame: pl.DataFrame, repository: str = "r", **more) -> Provenance:
    """What a footer tells of a frame."""
    told = {"schema_version": SCHEMA_VERSION, "data_version": f"{frame.height}", "columns": schema_text(table), **more}
    return Provenance(
        table=table.name,
        repository=repository,
        code_version="c",
        column_versions=column_versions(frame),
        rules="",
        inputs={},
        rows=frame.height,
        built_ms=1,
        **told,
    )


@pytest.fixture
def where(tmp_path):
    """Settings of an empty home whose name holds what a pattern would hold."""
    return settings({"HOME": str(tmp_path), "PACEFLOW_HOME": str(tmp_path / "it's [a] *home")})


@pytest.fixture
def warehouse(where):
    """An empty warehouse."""
    return Warehouse(where)


def store(warehouse: Warehouse, table: Table, frame: pl.DataFrame, repository: str = "r", **more) -> None:
    """Write a table of a repository."""
    write = warehouse.merge if table.layer == "raw" else warehouse.replace
    write(table, repository, frame, provenance(table, frame, repository, **more))


def damage(path, *, whole: bool = False) -> None:
    """Spoil the rows of a file, or all of it."""
    content = path.read_bytes()
    path.write_bytes(b"PAR1" if whole else b"PAR1" + bytes(40) + content[44:])


class TestReading:
    """Rows come back as they were written."""

    @pytest.mark.parametrize("table", [RAW, FACT], ids=["raw", "fact"])
    def test_what_is_written_can_be_read(self, where, warehouse, table):
        """By whoever wrote it and by another process; whole or some columns, in the table's order."""
        frame = rows("a", "b")
        store(warehouse, table, frame)

        for reader in (warehouse, Warehouse(where)):
            assert reader.read(table, "r").equals(frame)
            assert reader.read(table, "r", ["n", "repository"]).columns == ["repository", "n"]
            assert reader.provenance(table.name, "r").rows == 2
            assert reader.repositories(table.name) == ["r"]

    def test_no_file_is_no_rows(self, warehouse):
        """With the right types."""
        assert warehouse.read(RAW, "r").equals(RAW.empty())
        assert warehouse.read_all(RAW, ["k"]).equals(RAW.empty().select("k"))
        assert warehouse.repositories("raw_x") == []
        assert warehouse.provenance("raw_x", "r") is None

    def test_all_repositories_together(self, warehouse):
        """In key order; files that are no repository's do not count."""
        for repository in ("s", "r"):
            store(warehouse, FACT, rows("b", "a", repository=repository), repository)
        FACT.empty().write_parquet(warehouse.root / "fact_x" / "_empty.parquet")

        assert warehouse.read_all(FACT, ["repository", "k"]).rows() == [("r", "a"), ("r", "b"), ("s", "a"), ("s", "b")]

    def test_what_was_kept_in_memory_is_not_older_than_the_file(self, where, warehouse):
        """Another process may have written meanwhile."""
        store(warehouse, FACT, rows("a"))
        store(Warehouse(where), FACT, rows("a", "b"))

        assert warehouse.read(FACT, "r")["k"].to_list() == ["a", "b"]

    def test_a_callers_frame_stays_as_it_was(self, warehouse):
        """A reader that changes its frame changes nobody else's."""
        store(warehouse, FACT, rows("a"))

        warehouse.read(FACT, "r").insert_column(0, pl.Series("more", [1]))

        assert warehouse.read(FACT, "r").columns == list(COLUMNS)


class TestWriting:
    """A file is the old one or the new one."""

    def test_files_are_private_and_nothing_is_left_beside_them(self, where, warehouse):
        """Folders 0700, files 0600."""
        store(warehouse, RAW, rows("a"))
        store(warehouse, RAW, rows("a", "b"))

        names = sorted(path.name for path in (where.warehouse / "raw_x").iterdir())
        assert names == [f"{file_stem('r')}.parquet", f"{file_stem('r')}.parquet.previous"]
        for folder, _, files in os.walk(where.paceflow_home):
            assert os.stat(folder).st_mode & 0o777 == 0o700
            assert {os.stat(os.path.join(folder, name)).st_mode & 0o777 for name in files} <= {0o600}

    def test_only_what_dead_processes_left_is_tidied_away(self, where, warehouse):
        """A file that a living process writes stays."""
        warehouse.replace(FACT, "r", rows("a"), provenance(FACT, rows("a")))
        path = warehouse.path("fact_x", "r")
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        living, left = (
            [path.with_name(name.format(pid)) for name in (f".{path.name}.{{}}.0.tmp", "._empty.{}.tmp")]
            for pid in (os.getpid(), dead.pid)
        )
        for file in (*living, *left):
            file.touch()

        warehouse.tidy()

        assert [file.exists() for file in (*living, *left)] == [True, True, False, False]

    def test_a_write_that_fails_leaves_the_file_before_it(self, where, warehouse):
        """The message says where and what to do."""
        store(warehouse, FACT, rows("a"))
        blocked = warehouse.path("fact_x", "s")
        blocked.mkdir()

        with pytest.raises(WarehouseError, match=r"cannot be written .* the file before it stays; make room"):
            store(warehouse, FACT, rows("b", repository="s"), "s")

        assert warehouse.read(FACT, "r")["k"].to_list() == ["a"]
        assert sorted(path.name for path in blocked.parent.iterdir()) == sorted([blocked.name, f"{file_stem('r')}.parquet"])

    def test_raw_is_merged_never_replaced(self, warehouse):
        """There is no way around."""
        with pytest.raises(WarehouseError, match="raw is merged"):
            warehouse.replace(RAW, "r", rows("a"), provenance(RAW, rows("a")))

    def test_a_merge_that_would_lose_a_row_is_refused(self, warehouse):
        """The file stays as it was."""
        store(warehouse, RAW, rows("a", "b"))

        with pytest.raises(TableInvalid, match="raw_x: r: 1 stored rows would be lost; the file stays as it was"):
            store(warehouse, RAW, rows("b", "c"))

        assert warehouse.read(RAW, "r")["k"].to_list() == ["a", "b"]

    def test_a_raw_table_whose_rows_may_go(self, warehouse):
        """Its declaration says so."""
        passing = dataclasses.replace(RAW, keeps_rows=False)
        store(warehouse, passing, rows("a"))

        store(warehouse, passing, rows("b"))

        assert warehouse.read(passing, "r")["k"].to_list() == ["b"]

    def test_the_file_before_a_merge_is_kept(self, warehouse):
        """Until the next success."""
        for keys in ("a", "ab", "abc"):
            store(warehouse, RAW, rows(*keys))

        previous = warehouse.path("raw_x", "r").with_name(f"{file_stem('r')}.parquet.previous")
        assert pl.read_parquet(previous, glob=False)["k"].to_list() == ["a", "b"]

    def test_overwriting_keeps_nothing(self, where, warehouse):
        """Neither the file before nor what a process that died had begun to write."""
        store(warehouse, RAW, rows("a"))
        store(warehouse, RAW, rows("a", "b"))
        path = warehouse.path("raw_x", "r")
        (path.parent / f".{path.name}.123.tmp").write_bytes(b"PAR1")

        warehouse.overwrite(RAW, "r", rows("b"), provenance(RAW, rows("b")))

        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
        assert warehouse.read(RAW, "r")["k"].to_list() == ["b"]

    def test_dropping_a_repository(self, warehouse):
        """All of its files, or those of some layers; other repositories stay."""
        for table in (RAW, FACT):
            store(warehouse, table, rows("a"))
            store(warehouse, table, rows("a", repository="s"), "s")
        store(warehouse, RAW, rows("a", "b"))
        path = warehouse.path("raw_x", "r")
        (path.parent / f".{path.name}.123.tmp").write_bytes(b"PAR1")

        warehouse.drop("r", ("fact",))
        after_fact = warehouse.repositories("raw_x"), warehouse.repositories("fact_x")
        warehouse.drop("r")

        assert after_fact == (["r", "s"], ["s"])
        assert [entry.name for entry in path.parent.iterdir()] == [f"{file_stem('s')}.parquet"]


class TestShapes:
    """Files of another shape, another version, or of none."""

    def test_raw_gains_columns_and_fields(self, where, warehouse):
        """What an older file lacks is null, also inside lists of structs; nothing is lost."""
        store(warehouse, RAW, rows("a"))
        wider = made("raw", WIDER)

        found = Warehouse(where).read(wider, "r")

        assert found.schema == wider.schema
        assert found.rows() == [
            ("r", "a", 1, [{"a": 1, "new": None, "b": [{"c": "x", "d": None}]}, {"a": None, "new": None, "b": []}], None)
        ]
        store(warehouse, wider, found)
        assert Warehouse(where).read(wider, "r").equals(found)

    def test_a_column_of_a_wider_table_can_be_read_alone(self, where, warehouse):
        """Also one that the file lacks."""
        store(warehouse, RAW, rows("a"))

        assert Warehouse(where).read(made("raw", WIDER), "r", ["k", "note"]).rows() == [("a", None)]

    def test_another_table_of_another_shape_is_no_rows(self, where, warehouse):
        """It is built again."""
        store(warehouse, FACT, rows("a"))
        wider = made("fact", WIDER)

        assert Warehouse(where).read(wider, "r").equals(wider.empty())

    @pytest.mark.parametrize(
        ("values", "before", "after", "expected"),
        [
            ([1, None], pl.Int32, pl.Int64, [1, None]),
            ([[1], [], None], pl.List(pl.Int32), pl.List(pl.Int64), [[1], [], None]),
            ([{"a": 1}], pl.Struct({"a": pl.Int64}), pl.Struct({"b": pl.String, "a": pl.Int64}), [{"b": None, "a": 1}]),
            ([[], []], pl.List(pl.Struct({"a": pl.Int64})), pl.List(pl.Struct({"a": pl.Int64, "b": pl.String})), [[], []]),
            ([], pl.List(pl.Struct({"a": pl.Int64})), pl.List(pl.Struct({"a": pl.Int64, "b": pl.String})), []),
        ],
    )
    def test_widened(self, values, before, after, expected):
        """Old fields keep their values; lengths and nulls stay."""
        found = widened(pl.Series("v", values, dtype=before), after)

        assert (found.dtype, found.to_list()) == (after, expected)

    @pytest.mark.parametrize("table", [RAW, FACT], ids=["raw", "fact"])
    def test_a_newer_warehouse_stops(self, where, warehouse, table):
        """The message says so, and what to do."""
        store(warehouse, table, rows("a"), schema_version=SCHEMA_VERSION + 1)

        with pytest.raises(NewerWarehouse, match=r"written by a newer paceflow .* nothing was changed; update paceflow"):
            Warehouse(where).read(table, "r")

    @pytest.mark.parametrize("whole", [True, False], ids=["whole", "rows"])
    def test_a_damaged_raw_file_says_what_can_be_done(self, where, warehouse, whole):
        """It is left as it is, and its repository with it."""
        store(warehouse, RAW, rows("a", "b"))
        path = warehouse.path("raw_x", "r")
        damage(path, whole=whole)

        for act in (lambda: Warehouse(where).read(RAW, "r"), lambda: store(Warehouse(where), RAW, rows("a", "b", "c"))):
            with pytest.raises(WarehouseError, match=r"put .*\.parquet\.previous in its place, or delete it"):
                act()
        assert path.exists()

    def test_a_damaged_derived_file_is_as_if_it_were_not_there(self, where, warehouse):
        """A file without a footer is no file; one with spoiled rows goes when it is read."""
        store(warehouse, FACT, rows("a"))
        store(warehouse, FACT, rows("a", repository="s"), "s")
        damage(warehouse.path("fact_x", "r"), whole=True)
        damage(warehouse.path("fact_x", "s"))
        fresh = Warehouse(where)

        assert fresh.read(FACT, "r").equals(FACT.empty())
        assert fresh.repositories("fact_x") == ["s"]
        assert fresh.damaged("fact_x") == [warehouse.path("fact_x", "r")]
        with pytest.raises(TableDamaged, match="it was removed; ingest again builds it anew"):
            fresh.read(FACT, "s")
        assert fresh.provenance("fact_x", "s") is None

    def test_examining_a_table_finds_what_is_wrong(self, where, warehouse):
        """The first file that cannot be read."""
        store(warehouse, RAW, rows("a"))
        store(warehouse, FACT, rows("a"))
        warehouse.examine(RAW)
        damage(warehouse.path("raw_x", "r"), whole=True)
        damage(warehouse.path("fact_x", "r"), whole=True)

        with pytest.raises(WarehouseError, match=r"\.previous in its place"):
            Warehouse(where).examine(RAW)
        with pytest.raises(TableDamaged):
            Warehouse(where).examine(FACT)
        Warehouse(where).examine(FACT)


class TestNames:
    """File names of repositories."""

    @pytest.mark.parametrize("key", ["github.com/Acme/App", "local/a b", "x" * 300, "ä", "..", "a/../../etc", "A", "a", "_x"])
    def test_file_names_are_safe_and_short(self, key):
        """On every disk, never hidden, never a path."""
        stem = file_stem(key)

        assert len(stem) <= 97
        assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
        assert not stem.startswith((".", "_"))

    def test_keys_that_look_alike_have_their_own_files(self):
        """Also where a disk does not tell case apart."""
        keys = ["a/B", "a/b", "a-b", "a b", "A/b"]

        assert len({file_stem(key).lower() for key in keys}) == len(keys)


def test_a_version_of_some_columns_ignores_the_others():
    """What a reader reads decides whether it is stale."""
    one, other = (provenance(FACT, frame) for frame in (rows("a", n=1), rows("a", n=2)))

    assert one.version_of(["k"]) == other.version_of(["k"])
    assert one.version_of(["k", "n"]) != other.version_of(["k", "n"])
    assert one.version_of(None) == one.data_version
    assert msgspec.json.decode(msgspec.json.encode(one), type=Provenance) == one
