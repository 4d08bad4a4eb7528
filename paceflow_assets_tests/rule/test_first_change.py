import pytest
from building import reference

from paceflow_assets.rule.first_change import FirstChange, idle_gaps, minutes_to_first_change

MINUTE = 60_000
HALF_HOUR = reference(FirstChange, idle_gap_minutes=30.0)


def minutes(rule, started, first, *signals):
    """The rule with all times in minutes."""
    times = [None if time is None else round(time * MINUTE) for time in (started, first)]
    return minutes_to_first_change(rule, *times, [round(signal * MINUTE) for signal in signals])


@pytest.mark.parametrize(
    ("started", "first", "signals", "wall_clock", "without_idle"),
    [
        (None, 5, (), None, None),
        (5, None, (), None, None),
        (None, None, (1,), None, None),
        (10, 5, (), -5.0, 0.0),
        (10, 5, (7,), -5.0, 0.0),
        (7, 7, (), 0.0, 0.0),
        (0, 0.5, (), 0.5, 0.5),
        (0, 30, (), 30.0, 30.0),
        (0, 30.001, (), 30.001, 0.0),
        (0, 31, (15,), 31.0, 31.0),
        (0, 100, (90,), 100.0, 10.0),
        (0, 100, (90, 90, 10), 100.0, 20.0),
        (0, 200, (90, 100, 10, 150), 200.0, 20.0),
        (0, 100, (50, -20, 300), 100.0, 0.0),
        (0, 100, (80, 0, 100), 100.0, 20.0),
    ],
)
def test_minutes(started, first, signals, wall_clock, without_idle):
    """Gaps above the limit are left out whole; signals outside the stretch take no part."""
    assert minutes(reference(FirstChange), started, first, *signals) == wall_clock
    assert minutes(HALF_HOUR, started, first, *signals) == without_idle


def test_idle_gaps():
    """Pauses longer than the gap on the way to the first change; by the wall clock there is none."""
    signals = [10 * MINUTE, 50 * MINUTE, 300 * MINUTE]

    assert idle_gaps(HALF_HOUR, 0, 60 * MINUTE, signals) == [(10 * MINUTE, 50 * MINUTE)]
    assert idle_gaps(reference(FirstChange), 0, 60 * MINUTE, signals) == []
