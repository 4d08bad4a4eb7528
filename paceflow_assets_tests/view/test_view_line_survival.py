"""How long lines live, by who wrote them."""

import math

from building import assert_rows
from conftest import rows_in
from viewing import viewed

from paceflow_assets.runtime.table import tables

NAME = "view_line_survival"
AI = {"provider": "claude", "author_kind": "ai", "model_name": "claude/opus"}
PEOPLE = {"provider": "human", "author_kind": "human", "model_name": "human/(unknown)"}


def seen(sql, *ends, **same):
    """The view over (age, lines, were they removed?), of one commit each."""
    rows = [
        {"commit_sha": f"c{number}", "age_days": age, "line_count": lines, "removed_flag": removed}
        for number, (age, lines, removed) in enumerate(ends)
    ]
    given = {"counted_flag": True, "session_id": "s", **AI, **same}
    return viewed(NAME, sql, event_line_lifetime=rows_in("event_line_lifetime", rows, **given))


def test_kaplan_meier_by_hand(sql):
    """Ten lines: two go after 1 day, one is too young after 2, three go after 4 and one is too young then, three stay."""
    found = seen(sql, (1, 1, True), (1, 1, True), (2, 1, False), (4, 3, True), (4, 1, False), (9, 3, False))

    first, second = 8 / 10, 8 / 10 * 4 / 7
    errors = (first * math.sqrt(2 / (10 * 8)), second * math.sqrt(2 / (10 * 8) + 3 / (7 * 4)))
    expected = [
        (1, 10, 2, 0, first, errors[0]),
        (2, 8, 0, 1, first, errors[0]),
        (4, 7, 3, 1, second, errors[1]),
        (9, 3, 0, 3, second, errors[1]),
    ]
    names = ("age_days", "at_risk_lines", "removed_lines", "censored_lines", "surviving_share", "standard_error")
    rows = [dict(zip(names, row, strict=True)) for row in expected]
    assert_rows(found, tables()[NAME], rows, author_kind="ai", model_name="claude/opus")


def test_without_removals_everything_survives(sql):
    """Whatever the ages are."""
    found = seen(sql, (0, 5, False), (3, 2, False), (400, 1, False))

    assert found.select("surviving_share", "standard_error").rows() == [(1.0, 0.0)] * 3


def test_when_the_last_line_goes_nothing_survives(sql):
    """Exactly 0, with no error to tell; ages are those at which something ended."""
    found = seen(sql, (0, 3, True), (7, 1, True))

    assert found.select("age_days", "at_risk_lines", "surviving_share", "standard_error").rows() == [
        (0, 4, 0.25, 0.25 * math.sqrt(3 / 4)),
        (7, 1, 0.0, None),
    ]


def test_writers_and_repositories_have_their_own_curves(sql):
    """And commits that views do not count have no part in them."""
    lines = {"age_days": 1, "line_count": 1, "commit_sha": "c", "session_id": "s", "counted_flag": True}
    rows = [
        {**lines, **AI, "removed_flag": True},
        {**lines, **AI, "removed_flag": False, "repository": "other"},
        {**lines, **AI, "removed_flag": False, "counted_flag": False},
        {**lines, **PEOPLE, "removed_flag": False},
    ]

    found = viewed(NAME, sql, event_line_lifetime=rows_in("event_line_lifetime", rows))

    assert found.select("repository", "author_kind", "at_risk_lines", "surviving_share").rows() == [
        ("other", "ai", 1, 1.0),
        ("r", "ai", 1, 0.0),
        ("r", "human", 1, 1.0),
    ]


def test_ugly_rows(sql):
    """A model that no log names is unknown; nothing that ends, or an age that is not known, is no row."""
    ends = ((1, 2, True), (1, 0, False), (2, None, True), (None, 5, True))

    found = seen(sql, *ends, model_name=" ")

    assert found.select("model_name", "age_days", "at_risk_lines", "surviving_share").rows() == [
        ("claude/(unknown)", 1, 2, 0.0)
    ]
