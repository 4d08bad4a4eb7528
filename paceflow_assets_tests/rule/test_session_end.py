import pytest

from paceflow_assets.rule.session_end import SessionEnd, ended_ms

BY_RECORD = SessionEnd(by_message=())
BY_MESSAGE = SessionEnd(by_message=("claude", "codex"))


@pytest.mark.parametrize(
    ("provider", "last_record", "signs", "by_reference", "by_record", "by_message"),
    [
        ("codex", None, [], None, None, None),
        ("codex", 9, [], 9, 9, 9),
        ("codex", None, [3], 3, None, 3),
        ("codex", 9, [4, 7, 5], 7, 9, 7),
        ("codex", 9, [12], 12, 9, 12),
        ("codex", 9, [0], 0, 9, 0),
        ("claude", None, [3], None, None, 3),
        ("claude", 9, [4, 7, 5], 9, 9, 7),
        ("Codex", 9, [4], 9, 9, 9),
        ("codexx", 9, [4], 9, 9, 9),
        ("", 9, [4], 9, 9, 9),
    ],
)
def test_ended(provider, last_record, signs, by_reference, by_record, by_message):
    """The named agents end with their last sign of life, if there is any; all others with their last record."""
    assert ended_ms(SessionEnd(), provider, last_record, signs) == by_reference
    assert ended_ms(BY_RECORD, provider, last_record, signs) == by_record
    assert ended_ms(BY_MESSAGE, provider, last_record, signs) == by_message
