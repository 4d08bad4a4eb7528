"""What the page's charts draw, and how names get into them."""

import datetime as dt

import pytest
from markup import found, handlers, loads, read_markup

from paceflow_assets.report.charts import Dot, Series, Step, curves, intervals, weekly_counts, weekly_rates

MONDAY = dt.date(2026, 3, 2)
HOSTILE = "</svg><script>alert(1)</script>\"'&{{7*7}}"
OPUS, GPT, PEOPLE = Series("claude/opus", "var(--c1)"), Series("codex/gpt", "var(--c2)"), Series("people", "var(--people)")


def weeks(series, *values, few=()):
    """A dot per week from the first one on; None leaves a week out."""
    return [
        Dot(series.name, value, value / 2, (1 + value) / 2, number in few, MONDAY + dt.timedelta(weeks=number))
        for number, value in enumerate(values)
        if value is not None
    ]


def texts(svg):
    """The words of a drawing, in their order."""
    return [each.text for each in read_markup(svg) if each.tag == "text"]


def marks(svg, kind):
    """The marks of a kind: `symbol`, `line`, `rule`, `rect`, of all layers."""
    return [
        each
        for each in read_markup(svg)
        if each.within and each.within[-1].attributes.get("class", "").startswith(f"mark-{kind} role-mark")
    ]


@pytest.mark.parametrize(
    "draw",
    [
        lambda each: weekly_rates(weeks(each, 0.5), [each]),
        lambda each: weekly_counts(weeks(each, 3), [each]),
        lambda each: intervals([Dot(each.name, 0.5, 0.2, 0.8, told="50.0 % (2/4)")], [each], 0.4),
        lambda each: curves([Step(each.name, 0, 1.0)], [each]),
    ],
    ids=["weekly_rates", "weekly_counts", "intervals", "curves"],
)
def test_a_name_is_nothing_but_text(draw):
    """Markup and templates in a name are shown as they are; a drawing runs and fetches nothing and names no element."""
    elements = read_markup(draw(Series(HOSTILE, "var(--c1)")))

    shown = next(each.text for each in elements if each.tag == "text" and "script" in each.text)
    assert shown.removesuffix("…") in HOSTILE
    assert [each.tag for each in elements if not each.within] == ["svg"]
    assert (handlers(elements), loads(elements)) == ([], [])
    assert [each for each in elements if "id" in each.attributes] == []


def test_colours_are_those_of_the_style_sheet():
    """Every colour is a variable, so that the page's theme decides; a screen reader passes the drawing by."""
    svg = weekly_rates([*weeks(OPUS, 0.5, 1.0, few={0}), *weeks(PEOPLE, 0.25)], [OPUS, PEOPLE])

    (drawing,) = found(read_markup(svg), "svg", aria_hidden="true", focusable="false")
    colours = {each.attributes.get(name, "none") for each in read_markup(svg) for name in ("fill", "stroke")}
    assert drawing.attributes["viewbox"].startswith("0 0 ")
    assert {"var(--c1)", "var(--people)", "var(--paper)"} <= colours
    assert {each for each in colours if not each.startswith("var(--")} <= {"none", "transparent"}


def test_a_strip_per_series_in_their_order():
    """Named above, the people last, whatever the alphabet says."""
    svg = weekly_counts([*weeks(PEOPLE, 9), *weeks(OPUS, 4, 2), *weeks(GPT, 1)], [GPT, OPUS, PEOPLE])

    names = [text for text in texts(svg) if "/" in text or text == "people"]
    assert names == ["codex/gpt", "claude/opus", "people"]
    assert len(marks(svg, "rect")) == 4


def test_few_observations_are_hollow_dots():
    """Filled with the paper's colour and drawn all the same."""
    svg = weekly_rates(weeks(OPUS, 0.5, 0.5, 0.5, few={1}), [OPUS])

    assert [each.attributes["fill"] for each in marks(svg, "symbol")] == ["var(--c1)", "var(--paper)", "var(--c1)"]


def test_a_line_joins_only_weeks_that_follow_each_other():
    """A week without a number breaks it; every dot is there."""
    joined, broken = (weekly_rates(weeks(OPUS, *values), [OPUS]) for values in ((0.2, 0.4, 0.6, 0.8), (0.2, 0.4, None, 0.8)))

    assert (len(marks(joined, "line")), len(marks(joined, "symbol"))) == (1, 4)
    assert (len(marks(broken, "line")), len(marks(broken, "symbol"))) == (2, 3)


def test_scales_of_rates_end_above_the_highest():
    """At 100 % at most, and not so low that 1 % looks like much; a scale of counts ends at a round number."""
    low = weekly_rates([Dot(OPUS.name, 0.01, week=MONDAY)], [OPUS])
    high = weekly_rates([Dot(OPUS.name, 1.0, 0.8, 1.0, week=MONDAY)], [OPUS])
    counts = weekly_counts([Dot(OPUS.name, 1234, week=MONDAY)], [OPUS])

    assert "10 %" in texts(low)
    assert "100 %" in texts(high)
    assert "1,300" in texts(counts)


def test_nothing_but_zeros_is_drawn():
    """No week with a heavy commit, no bug at all: bars and dots on the ground."""
    bars = weekly_counts([Dot(OPUS.name, 0, week=MONDAY)], [OPUS])
    dots = weekly_rates([Dot(OPUS.name, 0.0, 0.0, 0.5, week=MONDAY)], [OPUS])

    assert len(marks(bars, "rect")) == 1
    assert len(marks(dots, "symbol")) == 1


def test_an_interval_goes_from_its_low_to_its_high_end():
    """As far along the axis as the numbers say, with the dot between; people's rate is a tick in each lane."""
    told = [Dot(OPUS.name, 0.5, 0.25, 0.75, told="50.0 % (5/10)"), Dot(GPT.name, 1.0, 0.75, 1.0, True, told="100.0 % (2/2) *")]

    svg = intervals(told, [OPUS, GPT], 0.1)

    lanes = [each.attributes for each in marks(svg, "rule")]
    spans = [(float(lane["transform"].split("(")[1].split(",")[0]), float(lane["x2"])) for lane in lanes]
    assert [sorted((start, start + length)) for start, length in spans] == [[80, 240], [240, 320]]
    assert {"50.0 % (5/10)", "100.0 % (2/2) *", "claude/opus", "codex/gpt"} <= set(texts(svg))
    assert len(marks(svg, "rect")) == 2
    assert len(marks(intervals(told, [OPUS, GPT], None), "rect")) == 0


def test_curves_differ_in_more_than_colour():
    """One line each, one of them dashed; the axis begins lower when a curve falls lower."""
    steps = [Step(OPUS.name, day, 1 - day / 900) for day in range(91)] + [Step(PEOPLE.name, 0, 0.95)]
    deep = [*steps, Step(PEOPLE.name, 1, 0.3)]

    svg = curves(steps, [OPUS, PEOPLE])

    dashes = {each.attributes.get("stroke-dasharray", "") for each in marks(svg, "line")}
    assert len(dashes) == 2
    assert "80 %" in texts(svg)
    assert "0 %" not in texts(svg)
    assert "0 %" in texts(curves(deep, [OPUS, PEOPLE]))
