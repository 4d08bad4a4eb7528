import pytest
from building import reference

from paceflow_assets.rule.session_report import SessionReport, is_counted


@pytest.mark.parametrize(
    ("provider", "by_reference", "agents_only"),
    [("human", True, False), ("Human", True, True), ("", True, True), ("claude", True, True)],
)
def test_is_counted(provider, by_reference, agents_only):
    """Human rows count as sessions only when the rule says so."""
    assert is_counted(reference(SessionReport), provider) is by_reference
    assert is_counted(reference(SessionReport, counts_human=False), provider) is agents_only
