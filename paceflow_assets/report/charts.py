"""Charts: rows as static SVG for the page.

What lives here: how a week, an interval and a curve are drawn, as Vega-Lite that is rendered here and now.
What belongs here: marks, axes, the place of a label. What stays out: arithmetic beyond places on paper, words around a
chart (page).

Colours are variables of the page's style sheet, so that one drawing serves light, dark and paper. A chart has no script, asks
for nothing, and says nothing to a screen reader: its text stands beside it.
"""

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import vl_convert
from markupsafe import Markup

Spec = dict[str, Any]
VEGA_LITE = "6.4"
WIDTH = 320
STRIP = 46
LANE = 40
CURVE = 200
SHORTEST = 7  # days that an axis has at least
INK, SOFT, LINE, PAPER = "var(--ink)", "var(--soft)", "var(--line)", "var(--paper)"
TEXT = 13
LETTER, ROOM = 8.2, 0.88  # what a letter takes, and what of the rest a name may take: the reader's font is not known here
SCALE_ENDS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0)  # the first is so high that a rate of 1 % does not look like much
SCALE_STARTS = (0.8, 0.5, 0.0)
WEEK = dt.timedelta(weeks=1)
HALF_WEEK = dt.timedelta(days=3, hours=12)
TAG = re.compile(r"<svg[^>]*?viewBox=\"([\d. -]+)\"[^>]*>")
PERCENT = "format(100 * datum.value, '~r') + ' %'"


class Series(NamedTuple):
    """One writer of a chart. name: as it is shown; colour: a CSS colour."""

    name: str
    colour: str


class Dot(NamedTuple):
    """One number of one series. week: None where there are no weeks; low, high: its interval, None = none is told."""

    series: str
    value: float | None
    low: float | None = None
    high: float | None = None
    is_few: bool = False
    week: dt.date | None = None
    told: str = ""


class Step(NamedTuple):
    """A curve's height from a day on."""

    series: str
    day: int
    share: float


def weekly_rates(dots: Sequence[Dot], series: Sequence[Series]) -> Markup:
    """A strip per series, one above the other: a rate week by week, with its interval."""
    top = _scale_end(dots)
    axis = {**_rate_axis(), "values": [0, top]}
    y = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"domain": [0, top]}}
    color = _colours(series)
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.3},
            "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "color": color},
        },
        {"mark": {"type": "line", "strokeWidth": 1.25}, "encoding": {"y": y, "color": color, "detail": {"field": "run"}}},
        {"mark": {"type": "point", "filled": True, "size": 26, "opacity": 1}, "encoding": {"y": y, **_dot_paint(series)}},
    ]
    return _svg(_strips(dots, series, layers))


def weekly_counts(dots: Sequence[Dot], series: Sequence[Series]) -> Markup:
    """A strip per series, one above the other: a bar per week."""
    weeks = [dot.week for dot in dots if dot.week]
    span = (max(weeks) - min(weeks)).days // 7 + 1
    bar = {"type": "bar", "width": min(14, max(2, 0.7 * WIDTH / span)), "clip": False}
    top = _round_count(max(dot.value or 0 for dot in dots))
    axis = {"values": [0, top], "format": ",d", "title": None}
    y = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"domain": [0, top]}}
    return _svg(_strips(dots, series, [{"mark": bar, "encoding": {"y": y, "color": _colours(series)}}]))


def intervals(dots: Sequence[Dot], series: Sequence[Series], beside: float | None) -> Markup:
    """A lane per series: its name and numbers, below them the rate with its interval. beside: a rate to compare with."""
    lanes = {"field": "series", "type": "nominal", "sort": [each.name for each in series], "axis": None}
    x = {"type": "quantitative", "scale": {"domain": [0, _scale_end(dots)]}, "axis": {**_rate_axis(5), "grid": False}}
    color = _colours(series)
    below, above = {"yOffset": 9}, {"yOffset": -8, "fontSize": TEXT, "baseline": "middle"}
    room = ROOM * (WIDTH - LETTER * max(len(dot.told) for dot in dots))
    name = {"type": "text", "align": "left", "limit": room, "x": 0, "color": INK, **above}
    told = {"type": "text", "align": "right", "x": WIDTH, "color": INK, **above}
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.35, **below},
            "encoding": {"y": lanes, "x": {"field": "low", **x}, "x2": {"field": "high"}, "color": color},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, **below},
            "encoding": {"y": lanes, "x": {"field": "value", **x}, **_dot_paint(series)},
        },
        {"mark": name, "encoding": {"y": lanes, "text": {"field": "series"}}},
        {"mark": told, "encoding": {"y": lanes, "text": {"field": "told"}}},
    ]
    if beside is not None:
        tick = {"type": "tick", "thickness": 2, "size": 17, "color": SOFT, **below}
        layers.insert(0, {"mark": tick, "encoding": {"y": lanes, "x": {"datum": beside, **x}}})
    return _svg(
        {
            "data": {"values": [_values(dot) for dot in dots]},
            "width": WIDTH,
            "height": {"step": LANE},
            "layer": layers,
        }
    )


def curves(steps: Sequence[Step], series: Sequence[Series]) -> Markup:
    """Shares that fall step by step, from the first day to the last one that is known."""
    last = max(SHORTEST, *(step.day for step in steps))
    axis = {"title": "days since the commit", "tickCount": 7, "tickMinStep": 1, "format": "d", "grid": False}
    names = [each.name for each in series]
    dashes = [[], [5, 3], [1, 3]][: len(names)]
    legend = {"title": None, "orient": "top", "symbolSize": 600, "symbolStrokeWidth": 2.5, "labelLimit": WIDTH}
    return _svg(
        {
            "data": {"values": [step._asdict() for step in steps]},
            "width": WIDTH,
            "height": CURVE,
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
            "encoding": {
                "x": {
                    "field": "day",
                    "type": "quantitative",
                    "scale": {"domain": [0, last], "nice": False},
                    "axis": axis,
                },
                "y": {
                    "field": "share",
                    "type": "quantitative",
                    "scale": {"domain": [lowest_share(steps), 1]},
                    "axis": _rate_axis(5),
                },
                "color": {**_colours(series), "legend": legend},
                "strokeDash": {
                    "field": "series",
                    "type": "nominal",
                    "sort": names,
                    "scale": {"domain": names, "range": dashes},
                    "legend": legend,
                },
            },
        }
    )


def lowest_share(steps: Sequence[Step]) -> float:
    """Where the axis of a curve begins: not at 0 if that would leave the curves no room to differ."""
    return next(start for start in SCALE_STARTS if min(step.share for step in steps) >= start)


def _strips(dots: Sequence[Dot], series: Sequence[Series], layers: Sequence[Spec]) -> Spec:
    weeks = [dot.week for dot in dots if dot.week]
    ends = [
        dt.datetime.combine(day, dt.time(), dt.UTC) + beyond
        for day, beyond in ((min(weeks), -HALF_WEEK), (max(weeks), HALF_WEEK))
    ]
    span = (ends[1] - ends[0]).days
    x = {
        "field": "week",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [end.timestamp() * 1000 for end in ends], "nice": False},
        "axis": {
            "title": None,
            "grid": False,
            "tickCount": 4,
            "labelOverlap": True,
            "format": "%-d %b" if span < 200 else "%b %Y",
            **({"values": [day.isoformat() for day in sorted(set(weeks))]} if len(set(weeks)) < 4 else {}),
        },
    }
    return {
        "data": {"values": _runs(dots), "format": {"parse": {"week": "utc:'%Y-%m-%d'"}}},
        "facet": {
            "row": {
                "field": "series",
                "type": "nominal",
                "sort": [each.name for each in series],
                "header": {
                    "title": None,
                    "labelAngle": 0,
                    "labelOrient": "top",
                    "labelAnchor": "start",
                    "labelLimit": WIDTH,
                    "labelPadding": 2,
                },
            }
        },
        "spacing": 12,
        "spec": {
            "width": WIDTH,
            "height": STRIP,
            "layer": [{**layer, "encoding": {"x": x, **layer["encoding"]}} for layer in layers],
        },
    }


def _values(dot: Dot) -> Spec:
    return {**dot._asdict(), "week": dot.week.isoformat() if dot.week else None}


def _runs(dots: Sequence[Dot]) -> list[Spec]:
    """The dots with the number of their run: a line joins only weeks that follow each other."""
    run, last, told = 0, (None, None), []
    for dot in sorted(dots, key=lambda dot: (dot.series, dot.week)):
        if last[0] != dot.series or dot.week - last[1] > WEEK:
            run += 1
        last = (dot.series, dot.week)
        told.append({**_values(dot), "run": run})
    return told


def _scale_end(dots: Sequence[Dot]) -> float:
    """End of a scale of rates, above the highest."""
    highest = max(dot.high or dot.value or 0 for dot in dots)
    return next(end for end in SCALE_ENDS if end >= min(1.0, highest))


def _round_count(highest: float) -> int:
    """The highest count, in two digits and zeros, rounded up."""
    zeros = 10 ** max(0, len(str(math.ceil(highest))) - 2)
    return max(1, math.ceil(highest / zeros) * zeros)


def _rate_axis(ticks: int = 2) -> Spec:
    return {"title": None, "tickCount": ticks, "labelExpr": PERCENT}


def _colours(series: Sequence[Series]) -> Spec:
    return {
        "field": "series",
        "type": "nominal",
        "sort": [each.name for each in series],
        "scale": {"domain": [each.name for each in series], "range": [each.colour for each in series]},
        "legend": None,
    }


def _dot_paint(series: Sequence[Series]) -> Spec:
    """A dot in its series' colour; hollow if it has few observations."""
    color = _colours(series)
    return {
        "stroke": color,
        "fill": {"condition": {"test": "datum.is_few", "value": PAPER}, **color},
        "strokeWidth": {"value": 1.5},
    }


def _svg(spec: Spec) -> Markup:
    """The drawing as an SVG element that fills its place and keeps its shape."""
    axis = {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "titleFontWeight": "normal",
        "domainColor": LINE,
        "tickColor": LINE,
        "gridColor": LINE,
        "labelFontSize": TEXT - 1,
        "titleFontSize": TEXT - 1,
        "labelFlush": True,
    }
    config = {
        "axis": axis,
        "legend": {"labelColor": INK, "labelFontSize": TEXT},
        "header": {"labelColor": INK, "labelFontSize": TEXT},
        "view": {"stroke": None},
        "aria": False,
        "font": "system-ui, sans-serif",
    }
    whole = {"background": None, "padding": 2, "config": config, **spec}
    drawn = vl_convert.vegalite_to_svg(whole, vl_version=VEGA_LITE, allowed_base_urls=[])
    found = TAG.match(drawn)
    if found is None:
        raise ValueError(f"a drawing begins with {drawn[:80]!r}")
    width, height = found[1].split()[2:]
    size = f'viewBox="{found[1]}" width="{width}" height="{height}"'
    return Markup(f'<svg {size} aria-hidden="true" focusable="false">{drawn[found.end() :]}')  # noqa: S704 - Vega escapes texts
