"""Computing one table: read, build, check, write; and what is stale."""

import dataclasses

import msgspec
import polars as pl
import pytest
from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.rule.heavy_ai import HeavyAi
from paceflow_assets.runtime import compute, warehouse
from paceflow_assets.runtime import table as declare
from paceflow_assets.runtime.compute import Workshop, code_versions, event_counts, headline_rates, preview, time_range
from paceflow_assets.runtime.errors import NewerWarehouse, TableDamaged, TableInvalid
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.versions import column_versions
from paceflow_assets.runtime.warehouse import SCHEMA_VERSION, schema_text
from paceflow_assets.runtime.worker import workshop_of

KEY = "r"


def columns(**more: declare.Column) -> dict[str, declare.Column]:
    """A key and more."""
    return {"repository": declare.text("key"), "k": declare.text("key"), **more}


def made(name: str, build, *, upstreams: tuple[str, ...] = (), **more) -> Table:
    """A table of the layer that its name says."""
    layer = name.partition("_")[0]
    told = {"grain": ("k",), "columns": columns(n=declare.count("number")), **more}
    return Table(name=name, layer=layer, description="", upstreams=upstreams, build=build, module=__name__, **told)


def frame(*rows: tuple[str, int | None]) -> pl.DataFrame:
    """Rows of (k, n)."""
    return pl.DataFrame(
        [("r", k, n) for k, n in rows], schema={"repository": pl.String, "k": pl.String, "n": pl.Int64}, orient="row"
    )


@dataclasses.dataclass
class Bench:
    """A workshop with tables of its own. shown: what the fact table's builder gives."""

    workshop: Workshop
    register: dict[str, Table]
    shown: dict[str, pl.DataFrame]

    def __getattr__(self, name: str):
        return getattr(self.workshop, name)


@pytest.fixture
def shop(home, monkeypatch) -> Bench:
    """A workshop whose tables are two: a fact that is given, and an event that reads one column of it."""
    fact = made("fact_f", lambda: shown["fact"])
    event = made(
        "event_e",
        lambda fact_f: fact_f.with_columns(pl.lit(1).alias("n")),
        upstreams=("fact_f",),
        reads={"fact_f": ("repository", "k")},
    )
    whole = made("view_global_v", lambda event_e: event_e, upstreams=("event_e",), per_repository=False)
    register = {each.name: each for each in (fact, event, whole)}
    shown = {"fact": frame(("b", 2), ("a", 1))}
    monkeypatch.setattr(compute, "tables", lambda: register)
    monkeypatch.setattr(
        compute, "code_versions", lambda rules: {name: f"{name}=1" for name in (*register, "fact_g", "event_l")}
    )
    return Bench(workshop_of(home.settings), register, shown)


def stale(shop: Bench) -> dict[str, str]:
    """Why each table is stale; fresh ones are left out."""
    found = {name: shop.stale(table, KEY if table.per_repository else ALL) for name, table in shop.register.items()}
    return {name: why for name, why in found.items() if why}


def build_all(shop: Bench) -> None:
    """Compute whatever is stale, in order."""
    for table in shop.register.values():
        repository = KEY if table.per_repository else ALL
        if shop.stale(table, repository):
            shop.compute(table, repository)


def test_a_table_is_written_with_its_provenance(shop):
    """In key order; the footer tells versions, rows, and what was read."""
    built = shop.compute(shop.register["fact_f"], KEY)
    event = shop.compute(shop.register["event_e"], KEY)

    assert shop.warehouse.read(shop.register["fact_f"], KEY).rows() == [("r", "a", 1), ("r", "b", 2)]
    assert built.verdict.passed
    found = shop.warehouse.provenance("event_e", KEY)
    assert found == event.provenance
    assert (found.rows, found.code_version, found.rules) == (2, "event_e=1", shop.rules.fingerprint)
    assert found.inputs == {"fact_f": built.provenance.version_of(("repository", "k"))}
    assert found.data_version.startswith("2-")


def test_nothing_is_stale_after_everything_was_computed(shop):
    """Each table says why before, and nothing after."""
    assert set(stale(shop).values()) == {"not built yet"}

    build_all(shop)

    assert stale(shop) == {}


def test_a_column_that_is_not_read_makes_nothing_stale(shop):
    """A changed key does, step by step; a row that comes and goes as well."""
    build_all(shop)
    shop.shown["fact"] = frame(("a", 1), ("b", 3))
    shop.compute(shop.register["fact_f"], KEY)
    assert stale(shop) == {}

    shop.shown["fact"] = frame(("a", 1), ("c", 3))
    shop.compute(shop.register["fact_f"], KEY)
    assert stale(shop) == {"event_e": "fact_f changed"}
    shop.compute(shop.register["event_e"], KEY)
    assert stale(shop) == {"view_global_v": "event_e changed"}
    build_all(shop)
    assert stale(shop) == {}


def test_a_table_whose_rows_mix_repositories_sees_all_of_them(shop):
    """A new repository makes it stale."""
    build_all(shop)
    shop.shown["fact"] = frame(("x", 1)).with_columns(repository=pl.lit("s"))
    for name in ("fact_f", "event_e"):
        shop.compute(shop.register[name], "s")

    assert stale(shop) == {"view_global_v": "event_e changed"}
    build_all(shop)
    found = shop.warehouse.read(shop.register["view_global_v"], ALL)
    assert found.select("repository", "k").rows() == [("r", "a"), ("r", "b"), ("s", "x")]


def test_code_and_columns_make_stale(shop, monkeypatch):
    """Only the table itself."""
    build_all(shop)
    event = shop.register["event_e"]
    shop.register["event_e"] = dataclasses.replace(event, columns={**event.columns, "m": declare.count("more")})
    assert stale(shop) == {"event_e": "its columns changed"}

    shop.register["event_e"] = event
    shop.workshop.__dict__.pop("code_versions")
    monkeypatch.setattr(compute, "code_signature", lambda: "another program")
    monkeypatch.setattr(compute, "code_versions", lambda rules: {name: f"{name}=other" for name in shop.register})
    assert set(stale(shop).values()) == {"its own code changed", "its own SQL changed"}


@pytest.mark.parametrize("broken", [frame(("a", 1), ("a", 2)), frame((None, 1)), frame(("a", 1)).drop("n")])
def test_a_table_that_breaks_its_declaration_is_not_written(shop, broken):
    """The rows before stay; the error carries the verdict."""
    fact = shop.register["fact_f"]
    shop.compute(fact, KEY)
    shop.shown["fact"] = broken

    with pytest.raises(TableInvalid, match=r"fact_f: r: .*; not written, the rows before stay") as error:
        shop.compute(fact, KEY)

    assert shop.warehouse.read(fact, KEY).height == 2
    assert (error.value.table, error.value.verdict.blocks) == ("fact_f", True)


def test_a_missing_parent_is_written_and_told(shop):
    """The rest of the table is right."""
    shop.compute(shop.register["fact_f"], KEY)
    event = dataclasses.replace(shop.register["event_e"], build=lambda fact_f: frame(("lost", 1)), parents={"fact_f": ("k",)})

    built = shop.compute(event, KEY)

    assert (built.verdict.passed, built.verdict.told) == (False, "1 keys without their fact_f")
    assert shop.warehouse.read(event, KEY)["k"].to_list() == ["lost"]


SPREAD = columns(
    n=declare.count("number"), at=declare.time("when"), total=declare.count("sum"), part=declare.number("n of total")
)


def spreading(shop: Bench, monkeypatch, share_bytes: int) -> Table:
    """A table that gives two rows for each row of the fact, computed in shares of so many bytes."""
    monkeypatch.setattr(compute, "SHARE_BYTES", share_bytes)
    shop.shown["fact"] = frame(*[(f"k{number}", number) for number in range(9)])
    shop.compute(shop.register["fact_f"], KEY)

    def build(fact_f: pl.DataFrame) -> pl.DataFrame:
        first = fact_f.with_columns(pl.col("n") + 1, pl.from_epoch("n", "s").cast(declare.TIME).alias("at"), total=10, part=0.5)
        return pl.concat([first.with_columns(pl.col("k") + "b"), first])

    return made("fact_g", build, upstreams=("fact_f",), columns=SPREAD, spreads="fact_f")


def test_a_table_computed_in_shares_is_the_same_table(shop, monkeypatch):
    """Rows, versions, times, rates and preview do not tell how many shares there were; nothing is left beside the file."""
    whole = spreading(shop, monkeypatch, 1_000_000)
    at_once = shop.compute(whole, KEY)
    before = shop.warehouse.read(whole, KEY)

    in_shares = shop.compute(spreading(shop, monkeypatch, 1), KEY)

    same = msgspec.structs.replace(in_shares.provenance, built_ms=at_once.provenance.built_ms)
    assert same == at_once.provenance
    assert in_shares.verdict == at_once.verdict
    assert shop.warehouse.read(whole, KEY).equals(before)
    assert before.height == 18
    assert at_once.provenance.rates == {"part": pytest.approx(before["n"].sum() / before["total"].sum())}
    assert [path.name for path in shop.warehouse.path("fact_g", KEY).parent.iterdir()] == [
        shop.warehouse.path("fact_g", KEY).name
    ]


def test_a_share_that_breaks_the_declaration_leaves_the_file_before(shop, monkeypatch):
    """The shares before it are thrown away."""
    table = spreading(shop, monkeypatch, 1)
    shop.compute(table, KEY)

    def doubled(fact_f: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([table.build(fact_f), table.build(fact_f).filter(pl.col("k") == "k7")])

    with pytest.raises(TableInvalid, match="1 rows repeat the key"):
        shop.compute(dataclasses.replace(table, build=doubled), KEY)

    assert shop.warehouse.read(table, KEY).height == 18
    assert not list(shop.warehouse.root.rglob("*.tmp"))


def test_parents_that_shares_lack_are_told_together(shop, monkeypatch):
    """Nine shares with a lost key each."""
    table = dataclasses.replace(spreading(shop, monkeypatch, 1), parents={"fact_f": ("k",)})

    built = shop.compute(table, KEY)

    (part,) = [part for part in built.verdict.parts if not part.passed]
    assert (part.name, part.rows, part.told) == ("parents_present", 9, "1 keys without their fact_f")


def test_a_large_upstream_is_scanned_and_a_damaged_one_is_told(shop, monkeypatch):
    """The builder gets rows that are not read yet; when they cannot be read, the file goes, because it can be built again."""
    monkeypatch.setattr(warehouse, "MANY_ROWS", 1)
    lazy = made(
        "event_l", lambda fact_f: fact_f.select("k").collect().with_columns(repository=pl.lit("r"), n=1), upstreams=("fact_f",)
    )
    lazy = dataclasses.replace(lazy, lazy=frozenset({"fact_f"}))
    shop.compute(shop.register["fact_f"], KEY)
    shop.compute(lazy, KEY)
    assert shop.warehouse.read(lazy, KEY)["k"].to_list() == ["a", "b"]
    assert isinstance(shop.warehouse.scan(shop.register["fact_f"], KEY), pl.LazyFrame)

    path = shop.warehouse.path("fact_f", KEY)
    content = path.read_bytes()
    shop.warehouse.let_go()
    rows_end = len(content) - int.from_bytes(content[-8:-4], "little") - 8  # the footer stays
    path.write_bytes(content[:4] + b"\0" * (rows_end - 4) + content[rows_end:])

    with pytest.raises(TableDamaged, match="it was removed"):
        shop.compute(lazy, KEY)
    assert not path.exists()


def test_a_newer_table_is_never_replaced(shop):
    """A derived one neither."""
    fact = shop.register["fact_f"]
    built = shop.compute(fact, KEY).provenance
    newer = msgspec.structs.replace(built, schema_version=SCHEMA_VERSION + 1)
    shop.warehouse.replace(fact, KEY, frame(("a", 1)), newer)

    with pytest.raises(NewerWarehouse, match="update paceflow"):
        shop.stale(fact, KEY)


def test_rules_reach_their_builders(home):
    """With the effective parameters, which are part of the version."""
    default, changed = rules(), rules()
    changed = dataclasses.replace(default, by_section={**default.by_section, "heavy_ai": HeavyAi(share=0.9)})
    taker = next(table for table in tables().values() if HeavyAi in table.rules.values())

    shop = dataclasses.replace(workshop_of(home.settings), rules=changed)
    arguments, _ = shop._inputs(taker, KEY)

    assert HeavyAi(share=0.9) in arguments.values()
    assert code_versions(default)[taker.name] != code_versions(changed)[taker.name]


SHOWN = {
    "repository": declare.text("key"),
    "k": declare.text("key"),
    "words": declare.text("content", private=True),
    "hash": declare.hash64("hash"),
    "list": declare.nested(pl.List(pl.Int64), "nested"),
    "seen": declare.time("bookkeeping"),
    "at": declare.time("when"),
    "hits": declare.count("hits"),
    "tries": declare.count("tries"),
    "hit_rate": declare.number("hits of tries"),
}
VIEW = made("view_v", None, columns=SHOWN, bookkeeping=frozenset({"seen"}))


def shown(rows: int) -> pl.DataFrame:
    """Rows that hold something in every column."""
    return VIEW.shaped(
        pl.DataFrame(
            {
                "repository": ["r"] * rows,
                "k": [f"key|{number}\n\x07{'x' * 60}" for number in range(rows)],
                "words": ["secret"] * rows,
                "hash": [7] * rows,
                "list": [[1]] * rows,
                "seen": [9_000_000_000] * rows,
                "at": [number * 1000 for number in range(rows)],
                "hits": list(range(rows)),
                "tries": [10] * rows,
                "hit_rate": [0.123456] * rows,
            }
        )
    )


def test_previews_show_nothing_private():
    """Keys, times and counts of the first rows; no words, hashes, lists; cells are short and break no table."""
    text = preview(VIEW, shown(9))

    lines = text.split("\n")
    assert lines[0] == "| k | seen | at | hits | tries | hit_rate |"
    assert len(lines) == 2 + 5
    assert all(line.count("| ") == 6 for line in lines)
    assert "secret" not in text
    assert "0.1235" in text
    assert max(map(len, text.split(" | "))) <= 42
    assert preview(VIEW, shown(0)) == ""


def test_the_time_range_is_of_content():
    """Not of bookkeeping; none without rows or without a time."""
    assert time_range(VIEW, shown(3)) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:02.000Z")
    assert time_range(VIEW, shown(0)) == (None, None)
    assert time_range(made("fact_f", None), frame(("a", 1))) == (None, None)


def test_headline_rates_are_sums_divided_by_sums():
    """As the column's meaning names them; nothing to divide by is no rate."""
    assert headline_rates(VIEW, shown(4)) == {"hit_rate": 6 / 40}
    assert headline_rates(VIEW, shown(0)) == {}


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("view_global_session_quality", {"turns_per_session", "minutes_to_first_change"}),
        ("view_repository_commit_quality", set()),
        ("view_repository_churn_summary", set()),
        ("view_task_execution_quality", {"turns_per_session", "minutes_to_first_change"}),
    ],
)
def test_the_named_views_tell_all_their_rates(name, own):
    """Each rate says what it divides, so that an asset's page can show it; the preview shows rows."""
    view = tables()[name]
    values = {column: [1.0 if view.schema[column].is_numeric() else None] for column in view.columns}
    one = pl.DataFrame(values).cast(view.schema)

    found = headline_rates(view, one)

    assert set(found) == {column for column in view.columns if column.endswith("_rate")} | own
    assert set(found.values()) == {1.0}
    assert preview(view, one).count("\n") == 2


def test_events_are_counted():
    """Rows in which a flag is true, null not; sums of counts; neither lengths of windows nor other layers."""
    counted = columns(
        heavy_flag=declare.flag("f"), lines=declare.count("l"), window_days=declare.count("w"), share=declare.number("s")
    )
    rows = pl.DataFrame(
        {
            "repository": ["r"] * 3,
            "k": ["a", "b", "c"],
            "heavy_flag": [True, None, True],
            "lines": [1, None, 4],
            "window_days": [14] * 3,
            "share": [0.5] * 3,
        }
    )

    assert event_counts(made("event_e", None, columns=counted), rows) == {"heavy_flag": 2, "lines": 5}
    assert event_counts(made("event_e", None, columns=counted), rows.clear()) == {"heavy_flag": 0, "lines": 0}
    assert event_counts(made("fact_f", None, columns=counted), rows) == {}


def test_no_table_of_the_program_previews_words_or_paths(home):
    """Of anything that a real repository and a session hold."""
    app = Repository(home.path / "src" / "app")
    app.commit({"a.py": "codelineinfile\n"}, message="commitwords")
    ClaudeLog(home.path, "s1", app.folder).says(0, "promptwords").writes(1, app.folder / "a.py", "codelineinfile\n").save()
    home.ingest()
    shop = workshop_of(home.settings)

    (key,) = shop.warehouse.repositories("raw_session")
    places = {name: key if table.per_repository else ALL for name, table in tables().items()}
    previews = {name: shop.warehouse.provenance(name, place).preview for name, place in places.items()}
    for told in ("promptwords", "codelineinfile", "ann@example.test", str(home.path)):
        assert [name for name, text in previews.items() if told in text] == []
    assert column_versions(shop.warehouse.read(tables()["fact_commit"], key))
    assert schema_text(tables()["fact_commit"]) == shop.warehouse.provenance("fact_commit", key).columns
