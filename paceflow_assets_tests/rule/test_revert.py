import pytest

from paceflow_assets.rule.revert import is_revert, reverted_shas

A, B = "a1" * 20, "b2" * 20


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", []),
        (f"This reverts commit {A[:39]}.", []),
        (f"This reverts commit {A}0", []),
        (f"This reverts commit {A}{B[:24]}", []),
        (f"this reverts commit {A}", []),
        (f"This reverts commit  {A}", []),
        (f"This reverts commit\n{A}", []),
        (f"This reverts commit {A[:39]}g", []),
        (f"This reverts commit {A.upper()}.", [A]),
        (f"x This reverts commit {A}x", [A]),
        (f"This reverts commit {A}. This reverts commit {B}.", [A]),
        (f"This reverts commit {A[:7]}, This reverts commit {B}", [B]),
        (f"This reverts commit {A}, reversing\nchanges made to {B}.", [A]),
        (f"Revert\n\nThis reverts commit {B}.\r\nThis reverts commit {A}.\nThis reverts commit {B}.", [B, A, B]),
    ],
)
def test_reverted_shas(message, expected):
    """A line names at most one commit, by its full hash."""
    assert reverted_shas(message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", False),
        ("Revert", False),
        ("Reverts a thing", False),
        (" Revert x", False),
        ("REVERT x", False),
        ("fix: Revert x", False),
        ("x\n\nThis reverts commit", False),
        ("Revert x", True),
        ("revert x", True),
        ("x\n\nThis reverts commit abc", True),
    ],
)
def test_is_revert(message, expected):
    """The subject or git's sentence makes a revert."""
    assert is_revert(message) is expected
