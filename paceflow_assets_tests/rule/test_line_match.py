import pytest

from paceflow_assets.rule.line_match import LineMatch, hash_column, is_informative, latest_edit_ms

REFERENCE = LineMatch()


@pytest.mark.parametrize(("trim", "column"), [("both", "line_hash_trimmed"), ("end", "line_hash")])
def test_hash_column(trim, column):
    """Trimming chooses a column; no hash is made anew for it."""
    assert hash_column(LineMatch(trim=trim)) == column
    assert hash_column(REFERENCE) == "line_hash"


@pytest.mark.parametrize(
    ("word_characters", "file_count", "expected"),
    [
        (0, 0, False),
        (0, 99, False),
        (3, 0, False),
        (3, 2, False),
        (4, 3, False),
        (999, 3, False),
        (4, 2, True),
        (4, 0, True),
        (999, 1, True),
    ],
)
def test_is_informative(word_characters, file_count, expected):
    """Four word characters are enough, in fewer than three files; a line that no commit added stands in none."""
    assert is_informative(REFERENCE, word_characters, file_count) is expected


@pytest.mark.parametrize(
    ("rule", "word_characters", "file_count", "expected"),
    [
        (LineMatch(informative_characters=1), 0, 0, False),
        (LineMatch(informative_characters=1), 1, 0, True),
        (LineMatch(informative_characters=80), 79, 0, False),
        (LineMatch(informative_files=1), 80, 1, False),
        (LineMatch(informative_files=1), 80, 0, True),
        (LineMatch(informative_files=1_000_000), 4, 999_999, True),
    ],
)
def test_informative_parameters(rule, word_characters, file_count, expected):
    """Both limits can be moved to their ends."""
    assert is_informative(rule, word_characters, file_count) is expected


@pytest.mark.parametrize(
    ("time_order", "tolerance_seconds", "expected"),
    [
        ("any", 0, None),
        ("any", 10, None),
        ("edit_first", 0, 5_000),
        ("edit_first", 10, 15_000),
        ("edit_first", 86_400, 86_405_000),
    ],
)
def test_latest_edit(time_order, tolerance_seconds, expected):
    """An edit may be dated after its commit by the tolerance, or at any time when order plays no part."""
    assert latest_edit_ms(LineMatch(time_order=time_order, tolerance_seconds=tolerance_seconds), 5_000) == expected


def test_the_default_tolerance():
    """Ten seconds, and no order in time: the reference."""
    assert latest_edit_ms(REFERENCE, 0) is None
    assert latest_edit_ms(LineMatch(time_order="edit_first"), -1) == 9_999
