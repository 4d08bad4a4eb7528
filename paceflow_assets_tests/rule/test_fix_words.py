import pytest

from paceflow_assets.rule.fix_words import FixWords, is_fix, matching_words


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", False),
        ("bugfix", False),
        ("fixing", False),
        ("debug prefix suffixes", False),
        ("fix_it", False),
        ("fix2", False),
        ("éfix", False),
        ("fixé", False),
        ("patched", False),
        ("fix-up", True),
        ("FIX: x", True),
        ("«bug»", True),
        ("add x\n\nno regression", True),
        ("Hotfixes", True),
        ("broken", True),
    ],
)
def test_is_fix(message, expected):
    """Whole words in any case and place mark a mending commit."""
    assert is_fix(FixWords(), message) is expected


def test_every_default_word():
    """Each listed word is enough."""
    assert all(is_fix(FixWords(), f"a {word} b") for word in FixWords().words)


def test_own_words():
    """Words are taken literally, and without words nothing mends."""
    assert is_fix(FixWords(words=("a.b", "")), "x a.b y")
    assert not is_fix(FixWords(words=("a.b",)), "x aab y")
    assert not is_fix(FixWords(words=()), "fix")
    assert not is_fix(FixWords(words=("",)), "fix")


def test_matching_words():
    """As they are written in the message, each once."""
    assert matching_words(FixWords(), "Fix the bug\n\nfix, Fix, bugfix") == ["Fix", "bug", "fix"]
    assert matching_words(FixWords(words=()), "fix") == []
