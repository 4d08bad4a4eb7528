import pytest

from paceflow_assets.rule.commit_window import CommitWindow, is_within, window_ms

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("started", "ended", "commit", "expected"),
    [
        (None, 0, 0, False),
        (0, None, 0, False),
        (0, 0, None, False),
        (10, 5, 7, False),
        (10, 5, 10, True),
        (0, 0, 0, True),
        (0, 0, -1, False),
        (0, HOUR, 5 * HOUR, True),
        (0, HOUR, 5 * HOUR + 1, False),
    ],
)
def test_window(started, ended, commit, expected):
    """Both ends belong to the window; an unknown time is outside."""
    assert is_within(CommitWindow(), started, ended, commit) is expected


def test_hours():
    """The window follows its parameter, fractions of an hour included."""
    assert window_ms(CommitWindow()) == 4 * HOUR
    assert window_ms(CommitWindow(hours=0.0005)) == 1800
    assert not is_within(CommitWindow(hours=0), 0, 10, 11)
