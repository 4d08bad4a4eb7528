"""Charts: what is drawn, told by the marks that stand in the picture."""

import datetime as dt
import re
from xml.etree import ElementTree

import pytest

from paceflow_assets.report import charts

SERIES = charts.series_of(["claude/a", "codex/b"], "people")
MONDAY = dt.date(2026, 1, 5)


def week(number, label, rate, *, is_few=False):
    """A row of a weekly report."""
    return {"week_start": MONDAY + dt.timedelta(weeks=number), "label": label, "rate": rate, "is_few": is_few}


def drawn(svg, role):
    """The elements of marks of a kind."""
    root = ElementTree.fromstring(svg)  # noqa: S314 (ours)
    groups = [
        group for group in root.iter() if f"mark-{role}" in group.get("class", "") and "role-mark" in group.get("class", "")
    ]
    return [element for group in groups for element in group if element.get("aria-label") or element.get("d")]


def test_every_series_has_a_colour_and_a_shape_of_its_own():
    """As long as there are some; people are told apart by a dash too."""
    series = charts.series_of([f"m{number}" for number in range(7)], "people")

    assert len({one.color for one in series.values()}) == 7
    assert len({one.shape for one in list(series.values())[:5]}) == 5
    assert [label for label, one in series.items() if one.is_dashed] == ["people"]


def test_a_point_per_week_and_a_line_per_series():
    """Colours are those of the page."""
    rows = [week(0, "claude/a", 0.5), week(1, "claude/a", 0.7), week(0, "people", 0.2), week(1, "people", 0.3)]

    svg = charts.lines(rows, "rate", SERIES)

    assert len(drawn(svg, "line")) == 2
    assert len(drawn(svg, "symbol")) == 4
    assert set(re.findall(r'stroke="(var\(--(?:series-\d|people)\))"', svg)) == {"var(--series-1)", "var(--people)"}
    assert 'stroke-dasharray="4,3"' in svg


def test_points_far_from_each_other_are_not_joined():
    """A line over months without a commit would say that something was there."""
    rows = [week(0, "claude/a", 0.5), week(1, "claude/a", 0.5), week(20, "claude/a", 0.5), week(21, "claude/a", 0.5)]

    assert [row["stretch"] for row in charts.joined(rows)] == [0, 0, 1, 1]
    assert len(drawn(charts.lines(rows, "rate", SERIES), "line")) == 2


def test_few_observations_are_hollow():
    """Filled with what is behind them."""
    svg = charts.lines([week(0, "claude/a", 0.5, is_few=True), week(1, "claude/a", 0.5)], "rate", SERIES)

    assert [point.get("fill") for point in drawn(svg, "symbol")] == ["var(--series-1)", "var(--card)"]


@pytest.mark.parametrize(
    ("highest", "end"), [(0.0, "10%"), (0.09, "10%"), (0.11, "20%"), (0.5, "80%"), (0.81, "100%"), (1.0, "100%")]
)
def test_an_axis_ends_where_no_value_is_beyond(highest, end):
    """Small rates can be told apart, and none is cut off."""
    svg = charts.lines([week(0, "claude/a", highest)], "rate", SERIES)

    assert re.findall(r">(\d+)%<", svg)[-1] + "%" == end


def test_an_interval_has_a_name_its_parts_and_a_span():
    """A rate without bounds is a point alone."""
    rows = [
        {"label": "claude/a", "told": "3 of 4", "is_few": True, "rate": 0.75, "rate_low": 0.3, "rate_high": 0.95},
        {"label": "people", "told": "5 of 9", "is_few": False, "rate": 0.55, "rate_low": None, "rate_high": None},
    ]

    svg = charts.intervals(rows, "rate", SERIES)

    assert all(f">{text}<" in svg for text in ("claude/a", "people", "3 of 4", "5 of 9"))
    assert len(drawn(svg, "symbol")) == 2
    assert len(re.findall(r"mark-rule role-mark.*?</g>", svg)[0].split("<line")) == 2


def test_bars_and_steps():
    """Counts by week stand on each other; lines that last go down in steps."""
    rows = [{**week(0, label, None), "count": count} for label, count in (("claude/a", 3), ("codex/b", 2))]
    ages = [{"label": "people", "age_days": age, "surviving_share": share} for age, share in ((0, 1.0), (9, 0.8))]

    assert len(drawn(charts.bars(rows, "count", SERIES), "rect")) == 2
    assert len(drawn(charts.survival(ages, SERIES), "line")) == 1


def test_texts_of_others_stay_texts():
    """A model may have any name."""
    evil = '<script>alert("1")</script>&'
    row = {"label": evil, "told": evil, "is_few": False, "rate": 0.5, "rate_low": 0.1, "rate_high": 0.9}

    svg = charts.intervals([row], "rate", charts.series_of([evil], "people"))

    assert "<script" not in svg
    assert ElementTree.fromstring(svg) is not None  # noqa: S314 (ours)
