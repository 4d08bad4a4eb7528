import pytest
from building import assert_rows, brought, built, commit_facts, day, reference

from paceflow_assets.event.event_commit_churn import event_commit_churn
from paceflow_assets.rule.churn import Churn
from paceflow_assets.rule.line_match import LineMatch

SECOND = 1 / 86_400
FIRST = day(1)


def outcome(sha, time, *, merged=True, reached=None, counted=True):
    """A row of event_commit_outcome, as far as churn reads it."""
    return {
        "commit_sha": sha,
        "commit_time": time,
        "merged_to_mainline_flag": merged,
        "mainline_reached_at": reached,
        "counted_flag": counted,
    }


def churned(sql, ai, mainline, *rules, own=None, elsewhere=()):
    """(reached, removed) of commit `c` of day 1; mainline: (time, path -> changed lines) of main-line commits."""
    commits = [(f"m{number}", time, files) for number, (time, files) in enumerate(mainline)]
    facts = commit_facts(("c", FIRST, own or {}), *commits, *elsewhere)
    known = [{"commit_sha": sha, "commit_time": time} for sha, time, _ in [("c", FIRST, {}), *commits]]
    found = built(
        event_commit_churn,
        *rules,
        sql=sql,
        event_commit_outcome=[outcome("c", FIRST, reached=day(4))],
        fact_commit_ai_line=brought("c", FIRST, ai),
        fact_commit_line=facts["fact_commit_line"],
        fact_mainline_commit=known,
    )
    return found.select("ai_added_lines_reaching_mainline", "ai_added_lines_removed_within_window").row(0)


def test_nothing(sql):
    """Without commits there is no churn."""
    assert_rows(built(event_commit_churn, sql=sql), event_commit_churn, [])


def test_churn(sql):
    """Removals are summed by text, up to what the commit brought; a commit that is not merged reached nothing."""
    commits = [("d", day(7), {"f": ["-one"] * 7}), ("e", day(10), {"f": ["-two"] * 14}), ("x", day(8), {"f": ["-one"] * 18})]
    ai = [
        *brought("a", day(1), {"f": ["one"] * 18 + ["two"] * 14}),
        *brought("b", day(5), {"f": ["one"] * 18}),
        *brought("c", day(6), {"f": ["one"] * 18}),
        *brought("n", None, {"f": ["one"] * 18}),
    ]

    found = built(
        event_commit_churn,
        sql=sql,
        event_commit_outcome=[
            outcome("a", day(1)),
            outcome("b", day(5), counted=False),
            outcome("c", day(6), merged=False),
            outcome("n", None),
            outcome("o", day(6)),
        ],
        fact_commit_ai_line=ai,
        fact_commit_line=commit_facts(*commits)["fact_commit_line"],
        fact_mainline_commit=[{"commit_sha": sha, "commit_time": time} for sha, time, _ in commits[:2]],
    )

    figures = {
        "a": (day(1), 32, 21, True),
        "b": (day(5), 18, 7, False),
        "c": (day(6), 0, 0, True),
        "n": (None, 0, 0, True),
        "o": (day(6), 0, 0, True),
    }
    expected = [
        {
            "commit_sha": sha,
            "commit_time": time,
            "ai_added_lines_reaching_mainline": reached,
            "ai_added_lines_removed_within_window": removed,
            "churn_window_days": 14,
            "counted_flag": counted,
        }
        for sha, (time, reached, removed, counted) in figures.items()
    ]
    assert_rows(found, event_commit_churn, expected)


@pytest.mark.parametrize(
    ("mainline", "expected"),
    [
        ([], (3, 0)),
        ([(day(2), {"f": ["-x"]})], (3, 1)),
        ([(day(2), {"f": ["-x"] * 9})], (3, 2)),
        ([(day(2), {"f": ["-x"]}), (day(3), {"f": ["-x", "-y"]})], (3, 3)),
        ([(day(1), {"f": ["-x"]})], (3, 1)),
        ([(day(1 - SECOND), {"f": ["-x"]})], (3, 0)),
        ([(day(15), {"f": ["-x"]})], (3, 1)),
        ([(day(15 + SECOND), {"f": ["-x"]})], (3, 0)),
        ([(day(2), {"g": ["-x"], "f": ["+x", " x", "-  x", "-z"]})], (3, 0)),
        ([(None, {"f": ["-x"]})], (3, 0)),
    ],
)
def test_which_removals_count(sql, mainline, expected):
    """Same file and text, between the commit and fourteen days later, both ends included."""
    assert churned(sql, {"f": ["x", "x", "y"]}, mainline) == expected


def test_removals_elsewhere(sql):
    """What a commit off the main line removes does not count."""
    assert churned(sql, {"f": ["x"]}, [], elsewhere=[("side", day(2), {"f": ["-x"]})]) == (1, 0)


@pytest.mark.parametrize(
    ("rule", "removed"),
    [
        (reference(Churn), 1),
        (reference(Churn, strictly_later=True), 0),
        (reference(Churn, counts_moves=False), 0),
        (reference(Churn, window_from="mainline"), 0),
    ],
)
def test_a_line_that_the_commit_itself_moves(sql, rule, removed):
    """Its own removal counts by the reference; not if later ones only count, or moves do not."""
    assert churned(sql, {"f": ["x"]}, [], rule, own={"f": ["-x", "+x"]}) == (1, removed)


@pytest.mark.parametrize(
    ("rule", "removed"),
    [
        (reference(Churn), 2),
        (reference(Churn, window_days=1), 1),
        (reference(Churn, window_days=30), 4),
        (reference(Churn, window_from="mainline"), 2),
        (reference(Churn, window_from="mainline", strictly_later=True), 1),
        (reference(Churn, window_from="mainline", window_days=30), 3),
        (reference(Churn, window_from="mainline", window_days=1), 1),
    ],
)
def test_window_is_the_rule_s(sql, rule, removed):
    """Lines of day 1 that reached the main line on day 4 and are removed on days 2, 4, 18 and 28."""
    mainline = [(day(number), {"f": ["-x"]}) for number in (2, 4, 18, 28)]

    assert churned(sql, {"f": ["x"] * 9}, mainline, rule) == (9, removed)


@pytest.mark.parametrize(
    ("files", "with_moves", "without_moves"),
    [
        ({"f": ["-x"]}, 1, 1),
        ({"f": ["-x", "+x"]}, 1, 0),
        ({"f": ["-x"], "z": ["+x"]}, 1, 0),
        ({"f": ["-x", "-x"], "z": ["+x"]}, 2, 1),
        ({"f": ["-x"], "z": ["+x", "+x", "+x"]}, 1, 0),
        ({"a": ["-x"], "f": ["-x"], "z": ["+x"]}, 1, 1),
        ({"f": ["-x"], "g": ["-x"], "a": ["+x"]}, 1, 0),
        ({"a": ["-x", "+x"], "f": ["-x"]}, 1, 1),
        ({"a": ["-x"], "f": ["-x", "+x"]}, 1, 0),
        ({"a": ["-x", "+x", "+x"], "f": ["-x"]}, 1, 0),
        ({"f": ["-x", "+y"], "z": ["+  x"]}, 1, 1),
    ],
)
def test_moves(sql, files, with_moves, without_moves):
    """A line added again makes up for one removal: in its own file first, then in path order."""
    mainline = [(day(2), files)]

    assert churned(sql, {"f": ["x", "x"]}, mainline)[1] == with_moves
    assert churned(sql, {"f": ["x", "x"]}, mainline, reference(Churn, counts_moves=False))[1] == without_moves


def test_another_commit_does_not_undo_a_removal(sql):
    """Only the removing commit itself can move a line."""
    mainline = [(day(2), {"f": ["-x"]}), (day(2), {"z": ["+x"]})]

    assert churned(sql, {"f": ["x"]}, mainline, reference(Churn, counts_moves=False)) == (1, 1)


@pytest.mark.parametrize(("trim", "removed"), [("end", 0), ("both", 1)])
def test_indentation(sql, trim, removed):
    """An indented line that goes is the line, if blanks at the start take no part."""
    assert churned(sql, {"f": ["x"]}, [(day(2), {"f": ["-  x"]})], LineMatch(trim=trim)) == (1, removed)
