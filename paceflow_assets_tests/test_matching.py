"""The joins between commits and sessions, one by one, and the whole matcher against a plain re-telling of its definition."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import polars as pl
import pytest
from building import built, by_bags, hash_of, line_rows, reference
from conftest import rows_in
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from logs import at

from paceflow_assets import matching
from paceflow_assets.event.event_commit_bug_signal import event_commit_bug_signal
from paceflow_assets.event.event_commit_churn import event_commit_churn
from paceflow_assets.event.event_commit_outcome import event_commit_outcome
from paceflow_assets.fact.fact_commit_ai_line import fact_commit_ai_line
from paceflow_assets.fact.fact_commit_session_match import fact_commit_session_match
from paceflow_assets.rule.line_match import LineMatch, is_informative, latest_edit_ms
from paceflow_assets.rule.path_fallback import PathFallback, chosen_path, least_useful_lines
from paceflow_assets.rule.squash_merge import SquashMerge
from paceflow_assets.runtime.catalog import calculator
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.table import tables

BAG = {"rel_path": pl.String, "side": pl.String, "line_hash": pl.UInt64, "lines": pl.Int64, "happened_at": pl.Datetime("ms")}
DEMAND = {"item": pl.String, **BAG}
SUPPLY = {"source": pl.String, **BAG}
PAIRS = {**DEMAND, "source": pl.String, "found_path": pl.String, "offered": pl.Int64}
ASKED = {"item": pl.String, "rel_path": pl.String, "file_lines": pl.Int64, "least": pl.Float64}
RANDOM = {
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],  # a smaller seed is no simpler example
    "suppress_health_check": [HealthCheck.function_scoped_fixture],  # the connection holds macros, never data
}


class Chance(random.Random):
    """A random generator that shows its seed, so that hypothesis prints it when an example fails."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.start = seed

    def __repr__(self) -> str:
        return f"Chance({self.start})"


CHANCES = st.integers(min_value=0, max_value=2**32 - 1).map(Chance)


def frame(schema: Mapping[str, pl.DataType], *rows: tuple) -> pl.DataFrame:
    """Rows of a frame; a last column that a row leaves out is null."""
    filled = [(*row, *[None] * (len(schema) - len(row))) for row in rows]
    return pl.DataFrame(filled, schema=schema, orient="row")


def pairs(*rows: tuple[str, str, int, int, str, int]) -> pl.DataFrame:
    """Pairs of one file `a.py` of added lines: item, source, hash, lines, offered; an item is dated by its own number."""
    filled = [
        (item, "a.py", "+", line, lines, at(int(item[1:])), source, "a.py", offered)
        for item, source, line, lines, offered in rows
    ]
    return frame(PAIRS, *filled)


def with_texts(bags: pl.DataFrame, **names: matching.Names) -> pl.DataFrame:
    """Bags with texts for the numbers of some columns."""
    return bags.with_columns(known.text(bags[column]).alias(column) for column, known in names.items())


def with_numbers(rows: pl.DataFrame, **names: matching.Names) -> pl.DataFrame:
    """Rows with numbers for the texts of some columns."""
    return rows.with_columns(known.number(column).alias(column) for column, known in names.items())


def names(*texts: str) -> matching.Names:
    """Names of some texts."""
    return matching.Names.of("text", pl.DataFrame({"text": texts}, schema={"text": pl.String}))


def test_numbers_sort_as_their_texts(sql):
    """Numbers stand for distinct texts in order, as both polars and DuckDB sort them; null is no text and has no number."""
    texts = ["b", "a", None, "Ä", "a\nb", "", "Z", "\U0001f600", "\uffee"]
    known = matching.Names.of("text", pl.LazyFrame({"text": texts}), pl.DataFrame({"text": ["b", "c"]}))
    rows = pl.DataFrame({"text": texts}).with_columns(known.number("text").alias("number"))

    by_number = rows.filter(pl.col("number").is_not_null()).sort("number")["text"].to_list()

    assert by_number == sorted({text for text in texts if text is not None})
    assert by_number == sql("select text from rows where text is not null order by text", rows=rows)["text"].to_list()
    assert known.text(rows["number"]).to_list() == texts


def picked(result: pl.DataFrame, *columns: str) -> list[tuple]:
    """Rows of some columns, sorted."""
    return sorted(result.select(columns).rows())


COMMITS = [{"commit_sha": "c1", "commit_time": at(1)}, {"commit_sha": "c2"}]
COMMIT_LINES = [
    *line_rows(["+x", "+x", "+  x", "-x", " x"], commit_sha="c1", rel_path="a.py"),
    *line_rows(["+x"], commit_sha="c1", rel_path="b.py"),
    *line_rows(["-x  ", "+"], commit_sha="c2", rel_path="a.py"),
    *line_rows(["+x"], commit_sha="unknown", rel_path="a.py"),
]
X, INDENTED, BLANK = hash_of("x"), hash_of("  x"), hash_of("")


def bags_of_commits(sql: Sql, commits: list[dict], hash_column: str, *sides: str) -> pl.DataFrame:
    """Bags of `COMMIT_LINES`, with texts."""
    known = {"item": names("c2", "c1"), "rel_path": names("b.py", "a.py")}
    lines = rows_in("fact_commit_line", COMMIT_LINES).lazy()
    return with_texts(
        matching.commit_bags(sql, lines, rows_in("fact_commit", commits), hash_column, *known.values(), *sides), **known
    )


def test_commit_bags(sql):
    """Changed lines are counted by file, side and text; context and lines of unknown commits are left out."""
    bags = bags_of_commits(sql, COMMITS, "line_hash")

    assert bags.schema == DEMAND
    assert sorted(bags.rows(), key=lambda row: row[:4]) == sorted(
        [
            ("c1", "a.py", "+", X, 2, at(1)),
            ("c1", "a.py", "+", INDENTED, 1, at(1)),
            ("c1", "a.py", "-", X, 1, at(1)),
            ("c1", "b.py", "+", X, 1, at(1)),
            ("c2", "a.py", "-", X, 1, None),
            ("c2", "a.py", "+", BLANK, 1, None),
        ],
        key=lambda row: row[:4],
    )


def test_commit_bags_without_indentation(sql):
    """The other hash column takes an indented line for the same line."""
    bags = bags_of_commits(sql, COMMITS, "line_hash_trimmed")

    assert ("c1", "a.py", "+", X, 3, at(1)) in bags.rows()


@pytest.mark.parametrize(("side", "items"), [("+", ["c1", "c1", "c1"]), ("-", ["c1"])])
def test_commit_bags_of_one_side(sql, side, items):
    """Bags of one side, of the commits that are given."""
    bags = bags_of_commits(sql, COMMITS[:1], "line_hash", side)

    assert bags["item"].to_list() == items
    assert set(bags["side"]) == {side}


def test_session_bags(sql):
    """Each file operation is a bag of its own; operations outside the repository and context are left out."""
    key = {"provider": "claude", "session_id": "s1"}
    changes = [
        {**key, "change_id": "e1", "rel_path": "a.py", "change_ts": at(1)},
        {**key, "change_id": "e2", "rel_path": "a.py"},
        {**key, "change_id": "e3"},
        {**key, "change_id": "e1", "session_id": "s2", "rel_path": "b.py", "change_ts": at(3)},
    ]
    lines = [
        *line_rows(["+x", "+x", " x"], **key, change_id="e1"),
        *line_rows(["+x", "-x"], **key, change_id="e2"),
        *line_rows(["+x"], **key, change_id="e3"),
        *line_rows(["+x"], **key, change_id="unknown"),
        *line_rows(["+x"], **{**key, "session_id": "s2"}, change_id="e1"),
    ]

    facts = rows_in("fact_session_code_change", changes)
    known = {"rel_path": names("a.py", "b.py"), "source": matching.Names.of(matching.SESSION, facts)}
    bags = with_texts(
        matching.session_bags(
            sql,
            rows_in("fact_session_code_change_line", lines).lazy(),
            facts,
            "line_hash",
            *known.values(),
            matching.SESSION,
        ),
        **known,
    )

    assert bags.schema == SUPPLY
    assert sorted(bags.rows(), key=str) == [
        ("claude\ns1", "a.py", "+", X, 1, None),
        ("claude\ns1", "a.py", "+", X, 2, at(1)),
        ("claude\ns1", "a.py", "-", X, 1, None),
        ("claude\ns2", "b.py", "+", X, 1, at(3)),
    ]


def test_largest(sql):
    """A source offers what its largest operation holds, not the sum."""
    bags = frame(
        SUPPLY, ("s", "a", "+", 1, 3, at(5)), ("s", "a", "+", 1, 2, at(2)), ("s", "a", "-", 1, 9), ("t", "a", "+", 1, 1)
    )

    result = matching.largest(sql, bags)

    assert picked(result, "source", "side", "lines", "happened_at") == [
        ("s", "+", 3, at(2)),
        ("s", "-", 9, None),
        ("t", "+", 1, None),
    ]


def test_explained_needs_file_side_and_text(sql):
    """A pair is the same file, side and text; a source that has it several times offers the most at once."""
    demand = frame(DEMAND, ("c1", "a", "+", 1, 2, at(1)), ("c1", "a", "+", 2, 1, at(1)), ("c2", "b", "-", 1, 1))
    supply = frame(
        SUPPLY,
        ("s", "a", "+", 1, 4),
        ("s", "a", "+", 1, 5),
        ("s", "a", "-", 2, 1),
        ("s", "b", "+", 2, 1),
        ("t", "a", "+", 1, 1),
        ("t", "b", "-", 1, 7),
    )

    result = matching.explained(sql, demand, supply)

    assert result.schema == PAIRS
    assert sorted(result.rows(), key=str) == [
        ("c1", "a", "+", 1, 2, at(1), "s", "a", 5),
        ("c1", "a", "+", 1, 2, at(1), "t", "a", 1),
        ("c2", "b", "-", 1, 1, None, "t", "b", 7),
    ]


def test_explained_under_another_path(sql):
    """A demand that says where to look is looked for there only; one that says nothing, under its own path."""
    demand = frame(DEMAND, ("c1", "a", "+", 1, 2), ("c2", "a", "+", 1, 2)).with_columns(
        pl.Series("supply_path", ["b", None], dtype=pl.String)
    )
    supply = frame(SUPPLY, ("s", "a", "+", 1, 4), ("t", "b", "+", 1, 4))

    result = matching.explained(sql, demand, supply)

    assert picked(result, "item", "rel_path", "found_path", "source") == [("c1", "a", "b", "t"), ("c2", "a", "a", "s")]


@pytest.mark.parametrize("tolerance_ms", [0, 10_000, 60_000])
def test_order_in_time_is_the_rule_s(sql, tolerance_ms):
    """An edit explains a commit up to the moment that the rule says, to the millisecond; one without time always does."""
    rule = LineMatch(time_order="edit_first", tolerance_seconds=tolerance_ms // 1000)
    commit_ms = 1_767_603_600_000
    offsets = [-1, 0, 1, tolerance_ms - 1, tolerance_ms, tolerance_ms + 1]
    times = [dt.datetime(2026, 1, 5, 9) + dt.timedelta(milliseconds=offset) for offset in offsets]
    demand = frame(DEMAND, ("c", "a", "+", 1, 1, dt.datetime(2026, 1, 5, 9)))
    supply = frame(SUPPLY, *[(str(number), "a", "+", 1, 1, time) for number, time in enumerate(times)], ("?", "a", "+", 1, 1))

    result = matching.explained(sql, demand, supply, order=matching.SUPPLY_FIRST, tolerance_ms=tolerance_ms)

    allowed = [str(number) for number, offset in enumerate(offsets) if commit_ms + offset <= latest_edit_ms(rule, commit_ms)]
    assert sorted(result["source"]) == sorted([*allowed, "?"])


def test_largest_operation_before_the_commit(sql):
    """With an order in time a later, larger operation takes no part."""
    demand = frame(DEMAND, ("c", "a", "+", 1, 9, at(5)))
    supply = frame(SUPPLY, ("s", "a", "+", 1, 2, at(1)), ("s", "a", "+", 1, 1, at(4)), ("s", "a", "+", 1, 9, at(6)))

    result = matching.explained(sql, demand, supply, order=matching.SUPPLY_FIRST)

    assert result["offered"].to_list() == [2]


def test_explained_by_something_later(sql):
    """The other order takes what happened at the same time or after, and nothing without a time."""
    demand = frame(DEMAND, ("c", "a", "+", 1, 1, at(5)))
    supply = frame(
        SUPPLY,
        ("before", "a", "+", 1, 1, at(4)),
        ("same", "a", "+", 1, 1, at(5)),
        ("after", "a", "+", 1, 1, at(6)),
        ("never", "a", "+", 1, 1),
    )

    result = matching.explained(sql, demand, supply, order=matching.SUPPLY_LATER)

    assert sorted(result["source"]) == ["after", "same"]


def test_dull_hashes(sql):
    """Dull is what has too few word characters or was added to too many files, by side `+` alone."""
    lines = rows_in(
        "fact_commit_line",
        [
            *line_rows(["+abc", " abcd", "-abcd"], commit_sha="c1", rel_path="a"),
            *(row for path in "abc" for row in line_rows(["+everywhere", "-removed"], commit_sha="c1", rel_path=path)),
            *(row for commit in ("c1", "c2", "c3") for row in line_rows(["+often"], commit_sha=commit, rel_path="a")),
            *line_rows([" }", "+ünï"], commit_sha="c2", rel_path="a"),
        ],
    )

    dull = matching.dull_hashes(sql, lines.lazy(), "line_hash", 4, 3, names("a", "b", "c"))

    assert set(dull["line_hash"]) == {hash_of("abc"), hash_of("everywhere"), hash_of("ünï")} - informative(lines)


def informative(lines: pl.DataFrame) -> set[int]:
    """Hashes of the changed lines that the rule calls informative."""
    rule = LineMatch(informative_characters=4, informative_files=3)
    changed = lines.filter(pl.col("side") != " ")
    counted = changed.group_by("line_hash").agg(
        pl.col("word_characters").max(), pl.col("rel_path").filter(pl.col("side") == "+").n_unique().alias("files")
    )
    return {line for line, words, files in counted.rows() if is_informative(rule, words, files)}


@settings(max_examples=25, **RANDOM)
@given(chance=CHANCES)
def test_dull_is_what_the_rule_calls_uninformative(sql, chance):
    """Every changed line is either dull or informative in the rule's own words."""
    texts = ["", "}", "ab", "abc", "abcd", "a b c d", "longer line"]
    rows = [
        row
        for commit in range(3)
        for path in "abcd"
        for row in line_rows(
            [chance.choice("+-  ") + chance.choice(texts) for _ in range(chance.randrange(4))],
            commit_sha=f"c{commit}",
            rel_path=path,
        )
    ]
    lines = rows_in("fact_commit_line", rows)

    dull = set(matching.dull_hashes(sql, lines.lazy(), "line_hash", 4, 3, names(*"abcd"))["line_hash"])

    assert dull == set(lines.filter(pl.col("side") != " ")["line_hash"]) - informative(lines)


def test_without_lone_dull(sql):
    """A dull line counts beside an informative one of the same source, in the same file of the same item."""
    rows = frame(
        PAIRS,
        ("c1", "a", "+", 1, 1, None, "both", "a", 1),
        ("c1", "a", "-", 9, 1, None, "both", "a", 1),
        ("c1", "b", "+", 9, 1, None, "both", "b", 1),
        ("c2", "a", "+", 9, 1, None, "both", "a", 1),
        ("c1", "a", "+", 9, 1, None, "dull", "a", 1),
        ("c1", "a", "+", 1, 1, None, "bright", "a", 1),
    )

    result = matching.without_lone_dull(sql, rows, pl.DataFrame({"line_hash": [9, 8]}, schema={"line_hash": pl.UInt64}))

    assert result.columns == rows.columns
    assert picked(result, "item", "rel_path", "source", "line_hash") == [
        ("c1", "a", "both", 1),
        ("c1", "a", "both", 9),
        ("c1", "a", "bright", 1),
    ]


LINEAGES = {"item": pl.String, "lineage": pl.String}


@pytest.mark.parametrize(
    ("rows", "lineages", "expected"),
    [
        ([], [], []),
        ([("c1", "s", 1, 2, 2)], [], [("c1", "s", 1, 2)]),
        ([("c1", "s", 1, 2, 2), ("c2", "s", 1, 1, 2)], [("c1", "main"), ("c2", "main")], [("c1", "s", 1, 2)]),
        (
            [("c1", "s", 1, 1, 3), ("c2", "s", 1, 1, 3), ("c3", "s", 1, 5, 3), ("c4", "s", 1, 1, 3)],
            [(f"c{number}", "main") for number in range(1, 5)],
            [("c1", "s", 1, 3), ("c2", "s", 1, 2), ("c3", "s", 1, 1)],
        ),
        ([("c10", "s", 1, 1, 1), ("c9", "s", 1, 1, 1)], [("c9", "main"), ("c10", "main")], [("c9", "s", 1, 1)]),
        (
            [("c1", "s", 1, 1, 1), ("c2", "s", 1, 1, 1)],
            [("c1", "main"), ("c2", "fix")],
            [("c1", "s", 1, 1), ("c2", "s", 1, 1)],
        ),
        ([("c1", "s", 1, 1, 1), ("c2", "s", 1, 1, 1)], [], [("c1", "s", 1, 1), ("c2", "s", 1, 1)]),
        (
            [("c1", "s", 1, 1, 1), ("c2", "s", 2, 1, 1), ("c2", "t", 1, 1, 1)],
            [("c1", "main"), ("c2", "main")],
            [("c1", "s", 1, 1), ("c2", "s", 2, 1), ("c2", "t", 1, 1)],
        ),
    ],
)
def test_consumed(sql, rows, lineages, expected):
    """What earlier items of a lineage took of a source's line, later ones do not get; other lineages start anew."""
    result = matching.consumed(sql, pairs(*rows), pl.DataFrame(lineages, schema=LINEAGES, orient="row"))

    assert dict(result.schema) == dict(PAIRS)
    assert picked(result, "item", "source", "line_hash", "offered") == expected


def test_consumed_of_equal_times(sql):
    """Items of the same moment take in the order of their names."""
    rows = pairs(("c2", "s", 1, 1, 1), ("c1", "s", 1, 1, 1)).with_columns(
        pl.lit(at(0)).cast(pl.Datetime("ms")).alias("happened_at")
    )
    lineages = pl.DataFrame([("c1", "m"), ("c2", "m")], schema=LINEAGES, orient="row")

    result = matching.consumed(sql, rows, lineages)

    assert result["item"].to_list() == ["c1"]


def test_consumed_through_another_path(sql):
    """A line that was taken in its own file is gone for a file that was moved; a file of the same old name is not its rival."""
    rows = frame(
        PAIRS,
        ("c1", "old", "+", 1, 1, at(1), "s", "old", 1),
        ("c2", "new", "+", 1, 1, at(2), "s", "old", 1),
        ("c3", "new", "+", 1, 1, at(3), "s", "new", 1),
    )
    lineages = pl.DataFrame([(f"c{number}", "main") for number in range(1, 4)], schema=LINEAGES, orient="row")

    result = matching.consumed(sql, rows, lineages)

    assert picked(result, "item") == [("c1",), ("c3",)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([("c1", "s", 1, 10, 4)], [4.0]),
        ([("c1", "s", 1, 4, 10)], [4.0]),
        ([("c1", "s", 1, 2, 1), ("c1", "t", 1, 2, 3)], [0.5, 1.5]),
        ([("c1", "s", 1, 9, 1), ("c1", "t", 1, 9, 3)], [1.0, 3.0]),
        ([("c1", "s", 1, 1, 1), ("c1", "s", 2, 1, 1), ("c2", "t", 1, 1, 1)], [1.0, 1.0, 1.0]),
    ],
)
def test_shared_out(sql, rows, expected):
    """A line falls to its sources in proportion to what they offer, and never more of it than the item has."""
    result = matching.shared_out(sql, pairs(*rows)).sort("item", "source", "line_hash")

    assert result["matched"].to_list() == expected


def test_file_totals(sql):
    """Every file has all its lines and those that some source explains; a line of many sources counts once."""
    demand = frame(DEMAND, ("c1", "a", "+", 1, 5), ("c1", "a", "-", 1, 2), ("c1", "b", "+", 1, 7), ("c2", "a", "+", 1, 1))
    explained = frame(
        PAIRS,
        ("c1", "a", "+", 1, 5, None, "s", "a", 3),
        ("c1", "a", "+", 1, 5, None, "t", "a", 3),
        ("c1", "a", "-", 1, 2, None, "s", "a", 1),
        ("c2", "a", "+", 1, 1, None, "s", "z", 4),
    )

    files = demand.group_by("item", "rel_path").agg(pl.col("lines").sum().alias("file_lines"))
    result = matching.file_totals(sql, files, explained)

    assert result.schema == {"item": pl.String, "rel_path": pl.String, "file_lines": pl.Int64, "matched_lines": pl.Int64}
    assert picked(result, *result.columns) == [("c1", "a", 7, 6), ("c1", "b", 7, 0), ("c2", "a", 1, 1)]


def test_path_scores_of_nothing(sql):
    """Nobody asks: no score, in the same columns."""
    empty = frame(ASKED)

    result = matching.path_scores(sql, frame(DEMAND), frame(SUPPLY), least_lines=empty)

    assert result.schema == {"item": pl.String, "rel_path": pl.String, "other_path": pl.String, "score": pl.Int64}
    assert result.height == 0


def test_path_scores(sql):
    """Another path scores the lines that its largest operation explains, by side; the own path and unasked files do not."""
    demand = frame(DEMAND, ("c", "a", "+", 1, 3), ("c", "a", "-", 1, 1), ("c", "z", "+", 1, 3))
    supply = frame(
        SUPPLY,
        ("s", "b", "+", 1, 1),
        ("t", "b", "+", 1, 2),
        ("s", "b", "-", 1, 9),
        ("s", "d", "+", 1, 9),
        ("s", "a", "+", 1, 9),
        ("s", "e", "-", 2, 9),
    )
    asked = frame(ASKED, ("c", "a", 4, 0.0))

    result = matching.path_scores(sql, demand, supply, least_lines=asked)

    assert picked(result, "item", "rel_path", "other_path", "score") == [("c", "a", "b", 3), ("c", "a", "d", 3)]


def test_lines_that_no_supply_holds_may_be_left_out(sql):
    """They count in file_lines: a file of ten lines, of which the demand names five, finds the same paths."""
    supply = frame(SUPPLY, *[("s", f"p{number}", "+", 1, 3) for number in range(3)], ("s", "b", "+", 2, 2))
    shared = [("c", "a", "+", 1, 3), ("c", "a", "+", 2, 2)]
    asked = frame(ASKED, ("c", "a", 10, 2.0))

    whole = matching.path_scores(sql, frame(DEMAND, *shared, ("c", "a", "+", 9, 5)), supply, least_lines=asked)
    cut = matching.path_scores(sql, frame(DEMAND, *shared), supply, least_lines=asked)

    assert picked(cut, "other_path", "score") == picked(whole, "other_path", "score")
    assert ("b", 2) in picked(cut, "other_path", "score")


def test_a_line_that_stands_everywhere_is_no_way_in(sql):
    """Paths that share only a common line cannot reach the least score and are not looked at."""
    demand = frame(DEMAND, ("c", "a", "+", 1, 4), ("c", "a", "+", 2, 6))
    supply = frame(
        SUPPLY, *[("s", f"p{number}", "+", 1, 4) for number in range(50)], ("s", "b", "+", 2, 6), ("s", "b", "+", 1, 1)
    )
    asked = frame(ASKED, ("c", "a", 10, 6.0))

    result = matching.path_scores(sql, demand, supply, least_lines=asked)

    assert picked(result, "other_path", "score") == [("b", 7)]


def test_chosen_paths():
    """Files for which the rule takes no other path have no row; the rule sees paths in order, whatever the scores' order."""
    scores = frame(
        {"item": pl.String, "rel_path": pl.String, "other_path": pl.String, "score": pl.Int64},
        ("c", "a", "y", 1),
        ("c", "a", "x", 2),
        ("c", "b", "x", 3),
        ("d", "a", "x", 4),
    )
    files = frame(
        {"item": pl.String, "rel_path": pl.String, "file_lines": pl.Int64},
        ("c", "a", 9),
        ("c", "b", 8),
        ("d", "a", 7),
        ("d", "b", 6),
    )
    seen = []

    def choose(rel_path: str, lines: int, given: list[tuple[str, int]]) -> str | None:
        seen.append((rel_path, lines, given))
        return None if rel_path == "b" else given[0][0]

    paths = names(*"yxba")
    numbered = with_numbers(scores, rel_path=paths, other_path=paths)
    result = with_texts(
        matching.chosen_paths(numbered, with_numbers(files, rel_path=paths), choose, paths), rel_path=paths, supply_path=paths
    )

    assert seen == [("a", 9, [("x", 2), ("y", 1)]), ("b", 8, [("x", 3)]), ("a", 7, [("x", 4)])]
    assert picked(result, "item", "rel_path", "supply_path") == [("c", "a", "x"), ("d", "a", "x")]


# A plain re-telling of the definition, in dictionaries: nothing below uses the code under test.

PATHS = ("a/x.py", "b/x.py", "x.py", "a/y.py", "c/z.py", "b")
Bag = Counter[tuple[str, int]]


class Edit(NamedTuple):
    """One file operation. minutes: None = not dated."""

    provider: str
    session_id: str
    path: str | None
    minutes: int | None
    bag: Bag


class Made(NamedTuple):
    """One commit: its changed lines by path."""

    sha: str
    minutes: int
    files: dict[str, Bag]
    message: str = "Change"
    on_mainline: bool = False

    def lines(self, side: str) -> int:
        """Number of changed lines of a side."""
        return sum(count for bag in self.files.values() for (of, _), count in bag.items() if of == side)


def random_bag(chance: random.Random, size: int) -> Bag:
    """Some of few texts, each some times."""
    return Counter({(chance.choice("++-"), chance.randrange(7)): chance.randint(1, size) for _ in range(chance.randint(1, 5))})


def varied(chance: random.Random, bag: Bag) -> Bag:
    """Nearly the same bag."""
    mixed = Counter(
        {line: max(0, count + chance.choice((-2, -1, 0, 0, 0, 0, 3))) for line, count in bag.items() if chance.random() > 0.1}
    )
    return +(mixed + (random_bag(chance, 2) if chance.random() < 0.2 else Counter()))


def random_history(chance: random.Random) -> tuple[list[Made], list[Edit]]:
    """Commits that hold edits, more or less, at their own or at another path."""
    size = chance.choice((2, 6, 25))
    edits = [
        Edit(
            chance.choice(("claude", "codex")),
            chance.choice(("s1", "s2", "s3")),
            chance.choice((*PATHS, None)),
            chance.choice((None, 1, 2, 3, 4)),
            random_bag(chance, size),
        )
        for _ in range(chance.randint(0, 6))
    ]
    sources = [edit.bag for edit in edits] or [Counter()]
    commits = []
    for number in range(chance.randint(1, 3)):
        files = {
            chance.choice(PATHS): varied(chance, chance.choice(sources)) if chance.random() < 0.8 else random_bag(chance, size)
            for _ in range(chance.randint(0, 3))
        }
        commits.append(Made(f"c{number}", chance.randint(1, 4), {path: bag for path, bag in files.items() if bag}))
    return commits, edits


def offers(edits: Iterable[Edit], may: Callable[[Edit], bool]) -> dict[tuple, dict[tuple[str, str], int]]:
    """(path, side, text) -> session -> its largest operation."""
    found: dict[tuple, dict[tuple[str, str], int]] = {}
    for edit in edits:
        if edit.path is not None and may(edit):
            for (side, line), count in edit.bag.items():
                by_session = found.setdefault((edit.path, side, line), {})
                session = (edit.provider, edit.session_id)
                by_session[session] = max(by_session.get(session, 0), count)
    return found


def other_path(rule: PathFallback, own: str, bag: Bag, available: Mapping[tuple, Mapping[tuple, int]]) -> str | None:
    """The path that explains the file instead of its own, if it does so clearly."""
    total = sum(bag.values())
    scores = {}
    for path in {path for path, _, _ in available} - {own}:
        score = sum(min(count, max(available.get((path, *line), {"": 0}).values())) for line, count in bag.items())
        if score:
            scores[path] = score
    for name in (own.split("/")[-1], None):
        ranked = sorted((-score, path) for path, score in scores.items() if name in (None, path.split("/")[-1]))
        if ranked:
            best, second = -ranked[0][0], -ranked[1][0] if len(ranked) > 1 else 0
            if best / total >= rule.min_ratio and best >= rule.min_lines and best / total - second / total >= rule.margin:
                return ranked[0][1]
    return None


def explained_at(path: str | None, bag: Bag, available: Mapping[tuple, Mapping[tuple, int]]) -> int:
    """Lines of the bag that anybody wrote at the path."""
    return sum(min(count, sum(available.get((path, *line), {}).values())) for line, count in bag.items())


def matched_at(path: str, bag: Bag, available: Mapping[tuple, Mapping[tuple, int]]) -> dict[tuple, float]:
    """(side, session) -> lines of the bag that fall to it at the path."""
    found: dict[tuple, float] = {}
    for line, count in bag.items():
        by_session = available.get((path, *line), {})
        total = sum(by_session.values())
        for session, offered in by_session.items():
            key = (line[0], session)
            found[key] = found.get(key, 0.0) + min(count, total) * (offered / total)
    return found


def best_path(rule: PathFallback, path: str, bag: Bag, available: Mapping[tuple, Mapping[tuple, int]]) -> str:
    """The path at which the file is matched: its own, unless another one is chosen and explains more."""
    own = explained_at(path, bag, available)
    other = other_path(rule, path, bag, available) if own / sum(bag.values()) < rule.weak_ratio else None
    return path if other is None or explained_at(other, bag, available) <= own else other


def plain_matches(
    commits: list[Made], edits: list[Edit], rule: PathFallback, last: Callable[[int], float]
) -> dict[tuple, tuple]:
    """(commit, provider, session) -> matched, added, removed lines, share of the commit, share of AI."""
    rows = {}
    for commit in commits:
        until = last(commit.minutes)
        available = offers(edits, lambda edit, until=until: edit.minutes is None or edit.minutes <= until)
        credited: dict[tuple, float] = {}
        for path, bag in commit.files.items():
            for key, lines in matched_at(best_path(rule, path, bag, available), bag, available).items():
                credited[key] = credited.get(key, 0.0) + lines
        changed = sum(sum(bag.values()) for bag in commit.files.values())
        matched = sum(credited.values())
        for session in {session for _, session in credited}:
            added, removed = credited.get(("+", session), 0.0), credited.get(("-", session), 0.0)
            lines = added + removed
            rows[(commit.sha, *session)] = (lines, added, removed, lines / changed, lines / matched)
        if not matched:
            rows[(commit.sha, "human", "__human__")] = (0.0, 0.0, 0.0, 1.0, 0.0)
    return rows


def line_table(name: str, bags: Iterable[tuple[dict, Bag]]) -> pl.DataFrame:
    """Line rows of bags under their keys; the text's number stands for its hash. Built by column, for there are many."""
    rows = [
        {"repository": "r", **key, "side": side, "line_hash": text}
        for key, bag in bags
        for (side, text), count in sorted(bag.items())
        for _ in range(count)
    ]
    given = rows[0].keys() if rows else ()
    columns = {
        column: [row[column] for row in rows] if column in given else [None] * len(rows) for column in tables()[name].columns
    }
    return pl.DataFrame(columns, schema=tables()[name].schema)


def facts(commits: list[Made], edits: list[Edit]) -> dict[str, pl.DataFrame]:
    """Commits and edits as tables."""
    keys = [{"provider": edit.provider, "session_id": edit.session_id, "change_id": str(n)} for n, edit in enumerate(edits)]
    made = [
        {
            "commit_sha": commit.sha,
            "commit_time": at(commit.minutes),
            "total_added": commit.lines("+"),
            "total_removed": commit.lines("-"),
            "message": commit.message,
            "reachable": True,
        }
        for commit in commits
    ]
    changes = [
        {**key, "rel_path": edit.path, "change_ts": None if edit.minutes is None else at(edit.minutes)}
        for key, edit in zip(keys, edits, strict=True)
    ]
    patches = (({"commit_sha": commit.sha, "rel_path": path}, bag) for commit in commits for path, bag in commit.files.items())
    written = ((key, edit.bag) for key, edit in zip(keys, edits, strict=True))
    return {
        "fact_commit": rows_in("fact_commit", made),
        "fact_commit_line": line_table("fact_commit_line", patches),
        "fact_session_code_change": rows_in("fact_session_code_change", changes),
        "fact_session_code_change_line": line_table("fact_session_code_change_line", written),
    }


def matches(sql: Sql, commits: list[Made], edits: list[Edit], *rules: object) -> dict[tuple, tuple]:
    """The same rows from the table under test."""
    result = built(fact_commit_session_match, *by_bags(rules), sql=sql, **facts(commits, edits))
    return {row[1:4]: row[4:9] for row in result.rows()}


FALLBACKS = (
    PathFallback(),
    PathFallback(min_ratio=0.60, min_lines=10),
    PathFallback(min_lines=1),
    PathFallback(min_lines=1, min_ratio=0.5, margin=0.0, weak_ratio=1.0),
    PathFallback(min_lines=1, min_ratio=0.1, margin=0.5, weak_ratio=0.5),
)


@settings(max_examples=60, **RANDOM)
@given(chance=CHANCES, rule=st.sampled_from(FALLBACKS))
def test_rarity_loses_no_path(sql, chance, rule):
    """Looking through rare lines only finds the same other paths as looking through everything."""
    commits, edits = random_history(chance)
    files = [(commit, path, bag) for commit in commits for path, bag in commit.files.items()]
    demand = frame(
        DEMAND,
        *[(commit.sha, path, *line, count, at(commit.minutes)) for commit, path, bag in files for line, count in bag.items()],
    )
    supply = frame(
        SUPPLY,
        *[
            (f"{edit.provider} {edit.session_id}", edit.path, *line, count, None if edit.minutes is None else at(edit.minutes))
            for edit in edits
            for line, count in edit.bag.items()
            if edit.path is not None
        ],
    )
    sizes = [(commit.sha, path, sum(bag.values())) for commit, path, bag in files]
    least = [(sha, path, lines, least_useful_lines(rule, lines)) for sha, path, lines in sizes]

    scores = matching.path_scores(sql, demand, supply, least_lines=frame(ASKED, *least))
    paths = names(*PATHS)
    totals = frame({"item": pl.String, "rel_path": pl.String, "file_lines": pl.Int64}, *sizes)
    chosen = with_texts(
        matching.chosen_paths(
            with_numbers(scores, rel_path=paths, other_path=paths),
            with_numbers(totals, rel_path=paths),
            lambda *file: chosen_path(rule, *file),
            paths,
        ),
        rel_path=paths,
        supply_path=paths,
    )

    available = offers(edits, lambda edit: True)
    expected = [(commit.sha, path, other_path(rule, path, bag, available)) for commit, path, bag in files]
    assert picked(chosen, "item", "rel_path", "supply_path") == sorted(row for row in expected if row[2] is not None)


@settings(max_examples=40, **RANDOM)
@given(chance=CHANCES, rule=st.sampled_from(FALLBACKS))
def test_matches_are_the_definition_s(sql, chance, rule):
    """Who wrote how much of each commit, as the definition says it in dictionaries."""
    commits, edits = random_history(chance)

    result = matches(sql, commits, edits, rule)

    assert_same(result, plain_matches(commits, edits, rule, lambda minutes: float("inf")))


@settings(max_examples=20, **RANDOM)
@given(chance=CHANCES, minutes=st.sampled_from([0, 1, 2]))
def test_matches_in_order_of_time(sql, chance, minutes):
    """With an order in time the definition is the same, over the edits up to the commit and its tolerance."""
    commits, edits = random_history(chance)
    rule = LineMatch(time_order="edit_first", tolerance_seconds=minutes * 60)

    result = matches(sql, commits, edits, rule, PathFallback(min_lines=1))

    assert_same(result, plain_matches(commits, edits, PathFallback(min_lines=1), lambda at_minutes: at_minutes + minutes))


def assert_same(result: dict[tuple, tuple], expected: dict[tuple, tuple]) -> None:
    """Fail unless the same keys hold the same figures."""
    assert result.keys() == expected.keys()
    for key, values in expected.items():
        assert result[key] == pytest.approx(values, abs=1e-9), key


def test_random_histories_reach_every_branch():
    """The random commits hold what the comparison is for: other paths, shared lines, empty commits, people."""
    seen = Counter()
    for seed in range(150):
        commits, edits = random_history(Chance(seed))
        available = offers(edits, lambda edit: True)
        for commit in commits:
            seen["empty"] += not commit.files
            for path, bag in commit.files.items():
                found_lines = matched_at(path, bag, available)
                seen["shared"] += len({session for _, session in found_lines}) > 1
                seen["people"] += not found_lines
                seen["moved"] += not found_lines and other_path(PathFallback(), path, bag, available) is not None

    assert min(seen[name] for name in ("empty", "shared", "people", "moved")) >= 10, seen


def test_a_connection_keeps_nothing(sql):
    """The same question, asked again or over another connection, has the same answer to the last digit."""
    commits, edits = random_history(Chance(7))

    answers = [matches(connection, commits, edits) for connection in (sql, sql, calculator())]

    assert answers[0] == answers[1] == answers[2]


# What follows from the matches, told in the same plain way.

DAY = 24 * 60
SQUASHES = (reference(SquashMerge), reference(SquashMerge, min_lines=3, min_ratio=0.5), reference(SquashMerge, takes_all=True))


def random_mainline(chance: random.Random) -> tuple[list[Made], list[Edit]]:
    """More commits over more days, some on the main line, some fixes; each at a time that is no other's."""
    unit = chance.choice((1, 7 * DAY, 14 * DAY, 30 * DAY))
    commits, edits = random_history(chance)
    commits += [commit._replace(sha=f"d{number}") for number, commit in enumerate(random_history(chance)[0])]
    dated = [
        commit._replace(
            minutes=chance.randint(1, 6) * unit,
            on_mainline=chance.random() < 0.6,
            message=chance.choice(("Change", "Fix", "Revert a fix")),
        )
        for commit in commits
    ]
    twins = [  # landed again: a squash or a pick of an earlier commit
        commit._replace(sha=f"t{number}", minutes=commit.minutes + unit, on_mainline=True)
        for number, commit in enumerate(dated)
        if chance.random() < 0.4
    ]
    undone = [
        commit._replace(
            sha=f"u{number}",
            minutes=commit.minutes + chance.choice((0, 1, 2)) * unit,
            files={
                path: Counter({("-", text): count for (_, text), count in bag.items()}) for path, bag in commit.files.items()
            },
            on_mainline=chance.random() < 0.6,
            message=chance.choice(("Change", "Fix", "fixed again", "Revert a fix")),
        )
        for number, commit in enumerate(dated)
        if chance.random() < 0.3
    ]
    return dated + twins + undone, edits


def plain_budget(commit: Made, edits: list[Edit]) -> dict[str, Counter[int]]:
    """AI lines by path and text: the largest edit of each agent, all agents together, up to what the commit adds."""
    budget: dict[str, Counter[int]] = {}
    for path, bag in commit.files.items():
        for (side, text), count in bag.items():
            largest: dict[str, int] = {}
            for edit in edits:
                if edit.path == path:
                    largest[edit.provider] = max(largest.get(edit.provider, 0), edit.bag[("+", text)])
            if side == "+" and sum(largest.values()):
                budget.setdefault(path, Counter())[text] = min(count, sum(largest.values()))
    return budget


def plain_merged(
    commit: Made, budget: dict[str, Counter[int]], commits: list[Made], rule: PathFallback, squash: SquashMerge
) -> bool:
    """Whether the main line holds the commit or, at the same time or later, added its AI lines."""
    if commit.on_mainline:
        return True
    most: dict[tuple, dict[tuple, int]] = {}
    for other in commits:
        if other.on_mainline and other.minutes >= commit.minutes:
            for path, bag in other.files.items():
                for (side, text), count in bag.items():
                    line = most.setdefault((path, side, text), {("mainline",): 0})
                    line[("mainline",)] = max(line[("mainline",)], count)
    asked = {path: Counter({("+", text): count for text, count in bag.items()}) for path, bag in budget.items()}
    found = sum(explained_at(best_path(rule, path, bag, most), bag, most) for path, bag in asked.items())
    total = sum(sum(bag.values()) for bag in asked.values())
    enough = found >= squash.min_lines or (squash.takes_all and found == total)
    return total > 0 and found / total >= squash.min_ratio and enough


def shared(budget: dict[str, Counter[int]], removed: Callable[[str, int], int]) -> int:
    """AI lines that were removed, up to as many as there were."""
    return sum(min(count, removed(path, text)) for path, bag in budget.items() for text, count in bag.items())


def plain_events(
    commits: list[Made], edits: list[Edit], heavy: set[str], rule: PathFallback, squash: SquashMerge
) -> dict[str, tuple]:
    """Of each commit: merged, AI lines that reached the main line, those removed in 14 days, fixes in 60, the first fix."""
    rows = {}
    for commit in commits:
        budget = plain_budget(commit, edits)
        total = sum(sum(bag.values()) for bag in budget.values())
        merged = plain_merged(commit, budget, commits, rule, squash)
        soon = [c for c in commits if c.on_mainline and commit.minutes <= c.minutes <= commit.minutes + 14 * DAY]
        removed = shared(budget, lambda path, text, soon=soon: sum(c.files.get(path, Counter())[("-", text)] for c in soon))
        fixes = [
            (other.minutes, other.sha)
            for other in commits
            if other.message in ("Fix", "fixed again")
            and commit.minutes < other.minutes <= commit.minutes + 60 * DAY
            and shared(budget, lambda path, text, other=other: other.files.get(path, Counter())[("-", text)])
        ]
        fixes = sorted(fixes) if merged and commit.sha in heavy else []
        rows[commit.sha] = (merged, total * merged, removed * merged, len(fixes), fixes[0][1] if fixes else None)
    return rows


@settings(max_examples=20, **RANDOM)
@given(chance=CHANCES, rule=st.sampled_from(FALLBACKS), squash=st.sampled_from(SQUASHES))
def test_events_are_the_definition_s(sql, chance, rule, squash):
    """What reached the main line, was removed soon and had to be mended, as the definitions say it in dictionaries."""
    commits, edits = random_mainline(chance)
    given_facts = facts(commits, edits)
    lines, made = given_facts["fact_commit_line"], given_facts["fact_commit"]
    mainline = rows_in(
        "fact_mainline_commit",
        [{"commit_sha": commit.sha, "commit_time": at(commit.minutes)} for commit in commits if commit.on_mainline],
    )
    matched = built(fact_commit_session_match, *by_bags([rule]), sql=sql, **given_facts)
    ai = built(fact_commit_ai_line, *by_bags(()), sql=sql, **given_facts)
    upstreams = {"fact_commit_line": lines, "fact_commit_ai_line": ai}

    outcome = built(
        event_commit_outcome,
        rule,
        squash,
        sql=sql,
        **upstreams,
        fact_commit=made,
        fact_commit_session_match=matched,
        fact_mainline_commit=mainline,
    )
    churn = built(event_commit_churn, sql=sql, **upstreams, event_commit_outcome=outcome, fact_mainline_commit=mainline)
    bugs = built(event_commit_bug_signal, sql=sql, **upstreams, event_commit_outcome=outcome, fact_commit=made)

    figures = [
        outcome["merged_to_mainline_flag"],
        churn["ai_added_lines_reaching_mainline"],
        churn["ai_added_lines_removed_within_window"],
        bugs["bug_signal_count"],
        bugs["first_bug_signal_commit_sha"],
    ]
    found = dict(zip(outcome["commit_sha"], zip(*figures, strict=True), strict=True))
    heavy = set(outcome.filter("heavy_ai_flag")["commit_sha"])
    assert found == plain_events(commits, edits, heavy, rule, squash)
    has_time = (outcome["mainline_reached_at"] >= outcome["commit_time"]).fill_null(False)
    assert has_time.to_list() == outcome["merged_to_mainline_flag"].to_list()


def test_random_main_lines_reach_every_branch():
    """The random commits hold what the comparison is for: merges by lines, at another path too, removals and fixes."""
    seen = Counter()
    for seed in range(150):
        commits, edits = random_mainline(Chance(seed))
        shas = {commit.sha for commit in commits}
        events = plain_events(commits, edits, shas, PathFallback(), reference(SquashMerge, min_lines=3, min_ratio=0.5))
        for commit in commits:
            merged, _, removed, fixes, _ = events[commit.sha]
            seen["by lines"] += merged and not commit.on_mainline
            seen["not merged"] += not merged
            seen["removed"] += removed > 0
            seen["mended"] += fixes > 0

    assert min(seen[name] for name in ("by lines", "not merged", "removed", "mended")) >= 10, seen
