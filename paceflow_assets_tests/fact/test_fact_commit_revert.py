from building import assert_rows, built, raw_commit
from logs import at

from paceflow_assets.fact.fact_commit_revert import fact_commit_revert

ONE, TWO = "1" * 40, "ab" * 20


def says(*shas: str) -> str:
    """A message in git's words."""
    return 'Revert "Work"\n\n' + "".join(f"This reverts commit {sha}.\n" for sha in shas)


def test_nothing():
    """Without commits there are no reverts."""
    assert_rows(built(fact_commit_revert), fact_commit_revert, [])


def test_reverts():
    """Every named commit is a row, known or not, once; unread commits and such of other branches speak too."""
    commits = [
        raw_commit("r1", message=says(ONE, TWO.upper(), ONE), commit_time=at(3)),
        raw_commit("r2", files=None, reachable=False, message=says(ONE)),
        raw_commit("r3", message=says("1" * 39)),
        raw_commit("r4", message=says("1" * 41)),
        raw_commit("r5", message=f"this reverts commit {ONE}"),
        raw_commit(ONE, message="Work\n"),
    ]

    found = built(fact_commit_revert, raw_commit=commits)

    expected = [
        {"commit_sha": ONE, "revert_commit_sha": "r1", "revert_time": at(3)},
        {"commit_sha": ONE, "revert_commit_sha": "r2", "revert_time": None},
        {"commit_sha": TWO, "revert_commit_sha": "r1", "revert_time": at(3)},
    ]
    assert_rows(found, fact_commit_revert, expected)
