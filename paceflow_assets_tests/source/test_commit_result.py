"""What git prints about a commit that it has just made."""

import pytest
from repositories import Repository

from paceflow_assets.source.commit_result import Made, commits, may_name_commits


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", []),
        ("[main abc1234]", []),
        ("[main abc123] x", []),
        ("[main ABC1234] x", []),
        ("[abc1234] x", []),
        ("  [main abc1234] x", []),
        ("see [main abc1234] x", []),
        ("[main abc1234] ", [Made("abc1234", "main")]),
        ("[main abc1234] a [x 7654321] b", [Made("abc1234", "main")]),
        ("[main (root-commit) abc1234] x", [Made("abc1234", "main")]),
        ("[main (Root-Commit) abc1234] x", [Made("abc1234", "main")]),
        ("[detached HEAD abc1234] x", [Made("abc1234", None)]),
        ("[detached HEAD (root-commit) abc1234] x", [Made("abc1234", None)]),
        ("[HEAD d\u00e9tach\u00e9e abc1234] x", [Made("abc1234", None)]),
        ("[feat/\u00fc-1 abc1234] x\r\n[main abc1234] x", [Made("abc1234", "feat/\u00fc-1")]),
        ("Rebasing (2/2)\r\x1b[K[detached HEAD abc1234] x", [Made("abc1234", None)]),
        (f"[main {'a' * 40}] x", [Made("a" * 40, "main")]),
        (f"[main {'a' * 65}] x", []),
        (f"[{'b' * 251} abc1234] x", []),
    ],
)
def test_lines(output, expected):
    """Branch and shortened name of each line that has git's shape from its first sign on, each commit once."""
    assert commits(output) == expected
    assert may_name_commits(output.encode()) or not expected


def test_what_git_really_prints(tmp_path):
    """The line is that of the git installed here, for a first commit, an amended one and one of no branch."""
    repository = Repository(tmp_path / "r", branch="feat/x")
    printed = [
        repository.git("commit", "--allow-empty", "-m", "one [x]"),
        repository.git("commit", "--amend", "--allow-empty", "-m", "two"),
    ]
    first = repository.head
    repository.git("checkout", "-q", "--detach")
    printed.append(repository.git("commit", "--allow-empty", "-m", "three"))

    found = [made for text in printed for made in commits(text)]

    assert [made.branch for made in found] == ["feat/x", "feat/x", None]
    assert first.startswith(found[1].sha)
    assert repository.head.startswith(found[2].sha)
