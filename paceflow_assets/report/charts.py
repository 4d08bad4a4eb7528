"""Charts: rows of sql/report as pictures for a page, SVG with no script, in the colours of whatever page they stand in.

What lives here: which mark stands for what. What belongs here: the grammar of graphics, by Altair. What stays out:
arithmetic, which SQL has done; the colours themselves, which the page names for each of its themes (`--series-1`, `--muted`).

Every series has a colour and a shape of its own, so that either is enough. A hollow point has few observations.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt
import vl_convert

Row = Mapping[str, Any]
WIDTH, HEIGHT = 300, 150
ROW_HEIGHT = 36
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
PEOPLE_SHAPE = "triangle-down"
STEPS = (0.1, 0.2, 0.4, 0.8, 1.0)  # where an axis of rates may end
TICKS = 5  # weeks that are named
GAP_DAYS = 35  # points farther from each other are not joined
INK, MUTED, GRID, CARD = "var(--ink)", "var(--muted)", "var(--grid)", "var(--card)"
FONT = "Arial, Liberation Sans, Helvetica, sans-serif"


class Series(NamedTuple):
    """One thing that is compared. color: of the page; shape: of its points; is_dashed: its line."""

    label: str
    color: str
    shape: str
    is_dashed: bool = False


def series_of(labels: Sequence[str], people: str) -> dict[str, Series]:
    """A series for each label, the first of them with colours of their own; people have theirs."""
    others = [label for label in labels if label != people]
    found = {
        label: Series(label, f"var(--series-{number + 1})" if number < len(SHAPES) else MUTED, SHAPES[number % len(SHAPES)])
        for number, label in enumerate(others)
    }
    return found | {people: Series(people, "var(--people)", PEOPLE_SHAPE, is_dashed=True)}


def bars(rows: Sequence[Row], column: str, series: Mapping[str, Series]) -> str:
    """Counts by week, one on top of the other. rows: week_start, label and the column."""
    chart = (
        alt.Chart(_data(rows, column))
        .mark_bar(size=max(3, min(16, WIDTH // max(1, _weeks(rows)) - 2)))
        .encode(
            x=_week(rows),
            y=alt.Y(f"{column}:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4, format="d")),
            color=_color(series),
            order=alt.Order("rank:Q"),
        )
    )
    return _svg(chart)


def lines(rows: Sequence[Row], column: str, series: Mapping[str, Series]) -> str:
    """A rate by week. rows by week_start, with label, is_few and the column, which is not null."""
    base = alt.Chart(_data(joined(rows), column, "is_few", "stretch")).encode(
        x=_week(rows), y=_share(column, [row[column] for row in rows]), color=_color(series)
    )
    line = base.mark_line(strokeWidth=2).encode(strokeDash=_dash(series), detail="stretch:N")
    return _svg(line + _points(base.encode(shape=_shape(series)), size=42))


def intervals(rows: Sequence[Row], column: str, series: Mapping[str, Series]) -> str:
    """A rate of each group with its 95 % interval.

    rows: label, told (what the rate divides, as text), is_few, the column, which is not null, and its bounds _low and _high.
    """
    low, high = f"{column}_low", f"{column}_high"
    base = alt.Chart(_data(rows, column, low, high, "told", "is_few")).encode(
        y=alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0)), color=_color(series)
    )
    end = _end([row[high] for row in rows])
    across = alt.X(f"{column}:Q", title=None, scale=alt.Scale(domain=[0, end]), axis=_percent(end))
    span = (
        base.mark_rule(strokeWidth=2, yOffset=7)
        .encode(x=alt.X(f"{low}:Q"), x2=f"{high}:Q")
        .transform_filter(f"datum.{low} != null")
    )
    points = _points(base.encode(x=across, shape=_shape(series)), size=60, yOffset=7)
    name = base.mark_text(align="left", baseline="middle", yOffset=-9, limit=190, fontSize=11).encode(
        x=alt.value(0), text="label:N", color=alt.value(INK)
    )
    parts = base.mark_text(align="right", baseline="middle", yOffset=-9, fontSize=11).encode(
        x=alt.value(WIDTH), text="told:N", color=alt.value(MUTED)
    )
    return _svg(span + points + name + parts, height=ROW_HEIGHT * len(rows))


def survival(rows: Sequence[Row], series: Mapping[str, Series]) -> str:
    """The share of lines that outlives each age, as steps. rows: label, age_days, surviving_share."""
    days = alt.X(
        "age_days:Q",
        title="days since the commit",
        scale=alt.Scale(domain=[0, 90]),
        axis=alt.Axis(values=[0, 15, 30, 45, 60, 75, 90], grid=False),
    )
    chart = (
        alt.Chart(_data(rows, "age_days", "surviving_share"))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(x=days, y=_share("surviving_share", [1.0]), color=_color(series), strokeDash=_dash(series))
    )
    return _svg(chart)


def joined(rows: Sequence[Row]) -> list[Row]:
    """The rows with `stretch`: points of a label with the same number are joined by a line."""
    found, before = [], {}
    for row in rows:
        label, week = row["label"], row["week_start"]
        last, stretch = before.get(label, (week, 0))
        before[label] = (week, stretch + ((week - last).days > GAP_DAYS))
        found.append({**row, "stretch": before[label][1]})
    return found


def _data(rows: Sequence[Row], *columns: str) -> alt.Data:
    kept = [
        {
            "place": number,
            "rank": number,
            "label": row["label"],
            **({"week_start": str(row["week_start"])} if row.get("week_start") else {}),
            **{name: row[name] for name in columns},
        }
        for number, row in enumerate(rows)
    ]
    return alt.Data(values=kept)


def _weeks(rows: Sequence[Row]) -> int:
    days = [row["week_start"] for row in rows]
    return (max(days) - min(days)).days // 7 + 1 if days else 1


def _week(rows: Sequence[Row]) -> alt.X:
    weeks = sorted({row["week_start"] for row in rows})
    shown = weeks[:: -(-len(weeks) // TICKS)] if weeks else []
    ticks = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in shown]
    axis = alt.Axis(format="%-d %b", values=ticks, grid=False, labelOverlap=True)
    return alt.X("week_start:T", title=None, scale=alt.Scale(type="utc"), axis=axis)


def _share(column: str, values: Sequence[float | None]) -> alt.Y:
    end = _end(values)
    return alt.Y(f"{column}:Q", title=None, scale=alt.Scale(domain=[0, end]), axis=_percent(end))


def _end(values: Sequence[float | None]) -> float:
    """Where the axis ends: the first step that no value is beyond."""
    most = max((value for value in values if value is not None), default=1.0)
    return next((step for step in STEPS if most <= step), STEPS[-1])


def _percent(end: float) -> alt.Axis:
    return alt.Axis(format=".0%" if end > STEPS[0] else ".1~%", values=[end * quarter / 4 for quarter in range(5)])


def _color(series: Mapping[str, Series]) -> alt.Color:
    return alt.Color("label:N", legend=None, scale=_scale(series, lambda one: one.color))


def _dash(series: Mapping[str, Series]) -> alt.StrokeDash:
    return alt.StrokeDash("label:N", legend=None, scale=_scale(series, lambda one: [4, 3] if one.is_dashed else [1, 0]))


def _shape(series: Mapping[str, Series]) -> alt.Shape:
    return alt.Shape("label:N", legend=None, scale=_scale(series, lambda one: one.shape))


def _points(placed: Any, **look: Any) -> Any:
    """Filled points, and hollow ones where there are few observations."""
    filled = placed.mark_point(filled=True, opacity=1, **look).transform_filter("!datum.is_few")
    return filled + placed.mark_point(fill=CARD, strokeWidth=1.5, opacity=1, **look).transform_filter("datum.is_few")


def _scale(series: Mapping[str, Series], look: Any) -> alt.Scale:
    return alt.Scale(domain=list(series), range=[look(one) for one in series.values()])


def _svg(chart: Any, height: int = HEIGHT) -> str:
    whole = (
        chart.properties(width=WIDTH, height=height, background="transparent", padding=4)
        .configure(font=FONT)
        .configure_axis(
            labelColor=MUTED,
            titleColor=MUTED,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelFontSize=11,
            titleFontSize=11,
        )
        .configure_view(stroke=None)
    )
    return vl_convert.vegalite_to_svg(whole.to_dict())
