import pytest
from building import reference

from paceflow_assets.rule.task_key import LOOKALIKES, TaskKey, parts, task_key


@pytest.mark.parametrize(
    ("branch", "by_reference", "without_lookalikes"),
    [
        ("", "", ""),
        ("(unknown)", "(unknown)", "(unknown)"),
        ("main", "main", "main"),
        ("v2-1", "v2-1", "v2-1"),
        ("1abc-2", "1abc-2", "1abc-2"),
        ("abc-", "abc-", "abc-"),
        ("abc--1", "abc--1", "abc--1"),
        ("-1", "-1", "-1"),
        ("abc-١٢", "abc-١٢", "abc-١٢"),
        ("é-12", "é-12", "é-12"),
        ("éabc-12", "ABC-12", "ABC-12"),
        ("ABC-12x", "ABC-12", "ABC-12"),
        ("abc-007", "ABC-007", "ABC-007"),
        ("x_1_2", "X-1", "X-1"),
        ("feature/abc-12-thing", "ABC-12", "ABC-12"),
        ("pac_8_small", "PAC-8", "PAC-8"),
        ("feature/my_branch-PAC-123", "PAC-123", "PAC-123"),
        ("team/ABC-1-XYZ-2", "ABC-1", "ABC-1"),
        ("release-2024", "RELEASE-2024", "release-2024"),
        ("utf-8-x", "UTF-8", "utf-8-x"),
        ("fix_1", "FIX-1", "fix_1"),
        ("Utf-8-fix-abc-7", "UTF-8", "ABC-7"),
        ("revert-12-feature/abc-7", "REVERT-12", "ABC-7"),
        ("octocat-patch-1", "PATCH-1", "octocat-patch-1"),
        ("release-1-hotfix-2", "RELEASE-1", "release-1-hotfix-2"),
        ("hotfix/prefix-7", "PREFIX-7", "PREFIX-7"),
        ("a" * 5000 + "-" + "9" * 5000, "A" * 5000 + "-" + "9" * 5000, "A" * 5000 + "-" + "9" * 5000),
    ],
)
def test_task_key(branch, by_reference, without_lookalikes):
    """The first ticket-like word is the task; denied words are passed over."""
    assert task_key(reference(TaskKey), branch) == by_reference
    assert task_key(reference(TaskKey, denied_prefixes=LOOKALIKES), branch) == without_lookalikes


def test_denied_words_in_any_case():
    """A user may write denied words as they like."""
    assert task_key(reference(TaskKey, denied_prefixes=("utf",)), "UTF-8-abc-1") == "ABC-1"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("", None),
        ("main", None),
        ("(unknown)", None),
        ("-12", None),
        (" -12", None),
        ("PAC-", None),
        ("PAC-1-x", None),
        ("PAC-+1", None),
        ("PAC-1 ", None),
        ("PAC-1\n", None),
        ("PAC-١", None),
        ("PAC_12", None),
        ("fix/x", None),
        ("PAC-9223372036854775808", None),
        ("PAC-" + "9" * 5000, None),
        ("PAC-9223372036854775807", ("PAC", 2**63 - 1)),
        ("PAC-" + "0" * 5000 + "7", ("PAC", 7)),
        ("PAC-0", ("PAC", 0)),
        ("feature/x-12", ("feature/x", 12)),
        ("PAC-12", ("PAC", 12)),
    ],
)
def test_parts(key, expected):
    """A ticket is a prefix and a number that fits 64 bits; everything else is a branch name."""
    assert parts(key) == expected
