import pytest

from paceflow_assets.rule.branch_kind import is_default_branch, is_integration_branch


@pytest.mark.parametrize(
    ("name", "is_default", "is_integration"),
    [
        ("", False, False),
        ("Main", False, False),
        ("main2", False, False),
        ("feature/main", False, False),
        ("release", False, False),
        ("releases/1", False, False),
        ("trunk", False, False),
        ("(unknown)", False, False),
        ("release/", False, True),
        ("release/1.2", False, True),
        ("staging", False, True),
        ("develop", False, True),
        ("development", False, True),
        ("dev", False, True),
        ("master", True, True),
        ("main", True, True),
    ],
)
def test_branch_kind(name, is_default, is_integration):
    """Branches are known by exact names, release branches by their prefix."""
    assert is_default_branch(name) is is_default
    assert is_integration_branch(name) is is_integration
