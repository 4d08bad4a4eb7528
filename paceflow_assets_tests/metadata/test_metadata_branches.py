import pytest
from building import assert_rows, built, raw_ref
from logs import at

from paceflow_assets.metadata.metadata_branches import metadata_branches
from paceflow_assets.rule.task_key import TaskKey


def owner(branch: str, sha: str = "c1") -> dict:
    """A commit that belongs to a branch."""
    return {"task_key": branch, "commit_sha": sha, "branch_name": branch}


def test_nothing():
    """Without refs and commits there are no branches."""
    assert_rows(built(metadata_branches), metadata_branches, [])


def test_branches():
    """A branch is one row, wherever it pointed; one that only commits know was never seen; remotes are no branches here."""
    refs = [
        raw_ref("refs/heads/main", "c1", is_default=True, first_seen_at=at(5)),
        raw_ref("refs/heads/main", "c0", is_head=False, is_default=False, first_seen_at=at(1)),
        raw_ref("refs/heads/feature/pac-12-x", "c2", first_seen_at=at(3)),
        raw_ref("refs/heads/old", "c3", is_head=False, first_seen_at=at(2)),
        raw_ref("refs/remotes/origin/trunk", "c9", is_default=True, first_seen_at=at(0)),
        raw_ref("HEAD", "c9", kind="detached", first_seen_at=at(0)),
    ]

    found = built(
        metadata_branches,
        raw_ref=refs,
        fact_task_commit_assignment=[owner("(unknown)"), owner("main", "c2"), owner("trunk", "c3"), owner("trunk", "c4")],
    )

    no = {"is_default_branch": False, "is_integration_branch": False}
    expected = [
        {"branch_name": "(unknown)", **no, "is_present": False},
        {"branch_name": "feature/pac-12-x", "task_key": "PAC-12", **no, "is_present": True, "first_seen_at": at(3)},
        {
            "branch_name": "main",
            "is_default_branch": True,
            "is_integration_branch": True,
            "is_present": True,
            "first_seen_at": at(1),
        },
        {"branch_name": "old", **no, "is_present": False, "first_seen_at": at(2)},
        {"branch_name": "trunk", **no, "is_present": False},
    ]
    assert_rows(found, metadata_branches, expected)


@pytest.mark.parametrize(
    ("name", "told", "is_default", "is_integration"),
    [
        ("master", None, True, True),
        ("master", False, False, True),
        ("trunk", True, True, False),
        ("dev", None, False, True),
        ("release/1", None, False, True),
        ("release", None, False, False),
        ("Main", None, False, False),
    ],
)
def test_flags(name, told, is_default, is_integration):
    """What origin says of the default branch goes before its name."""
    found = built(metadata_branches, raw_ref=[raw_ref(f"refs/heads/{name}", "c1", is_default=told)])

    assert found.select("is_default_branch", "is_integration_branch").rows() == [(is_default, is_integration)]


def test_denied_words_are_no_tickets():
    """A ticket whose word the rule denies is none, even if the branch is called just so."""
    refs = [raw_ref(f"refs/heads/{name}", "c1") for name in ("fix/utf-8", "utf-8", "utf-8-pac-7")]

    keys = [built(metadata_branches, rule, raw_ref=refs)["task_key"].to_list() for rule in (TaskKey(()), TaskKey(("utf",)))]

    assert keys == [["UTF-8", "UTF-8", "UTF-8"], [None, None, "PAC-7"]]
