from building import assert_rows, built, raw_commit, raw_file

from paceflow_assets.fact.fact_commit_file_change import fact_commit_file_change
from paceflow_assets.rule.lock_file import LockFile


def test_nothing():
    """Without commits there are no rows."""
    assert_rows(built(fact_commit_file_change), fact_commit_file_change, [])


def test_files():
    """One row for each file, with or without lines; unread commits and lock files have none."""
    commits = [
        raw_commit("unread", files=None),
        raw_commit("empty", files=[]),
        raw_commit(
            "c1",
            files=[
                raw_file("new name.py", ["+x", "-y", "-z"], old_path="old.py", change_type="rename"),
                raw_file("logo.png", change_type="add", is_binary=True),
                raw_file("a/Cargo.lock", ["+x"]),
            ],
        ),
        raw_commit("c2", files=[raw_file("logo.png", change_type="delete", is_binary=True)]),
    ]

    found = built(fact_commit_file_change, raw_commit=commits)

    picture = {"rel_path": "logo.png", "is_binary": True, "added_lines": 0, "removed_lines": 0}
    expected = [
        {"commit_sha": "c1", "change_type": "add", **picture},
        {
            "commit_sha": "c1",
            "rel_path": "new name.py",
            "old_path": "old.py",
            "change_type": "rename",
            "is_binary": False,
            "added_lines": 1,
            "removed_lines": 2,
        },
        {"commit_sha": "c2", "change_type": "delete", **picture},
    ]
    assert_rows(found, fact_commit_file_change, expected)


def test_lock_files_are_the_rule_s():
    """Which names are lock files is the rule's to say."""
    commits = [raw_commit("c1", files=[raw_file("uv.lock", ["+x"]), raw_file("go.sum", ["+x"])])]

    found = built(fact_commit_file_change, LockFile(names=("uv.lock",)), raw_commit=commits)

    assert found["rel_path"].to_list() == ["go.sum"]
