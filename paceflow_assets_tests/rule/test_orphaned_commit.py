import pytest
from building import reference

from paceflow_assets.rule.orphaned_commit import OrphanedCommit, is_counted


@pytest.mark.parametrize(("reachable", "by_reference", "reachable_only"), [(False, True, False), (True, True, True)])
def test_is_counted(reachable, by_reference, reachable_only):
    """Commits that no branch holds count only when the rule says so."""
    assert is_counted(reference(OrphanedCommit), reachable) is by_reference
    assert is_counted(reference(OrphanedCommit, counts=False), reachable) is reachable_only
