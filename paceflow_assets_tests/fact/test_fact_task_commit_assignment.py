import pytest
from building import assert_rows, built, raw_commit, raw_ref, reference
from logs import at

from paceflow_assets.fact.fact_task_commit_assignment import fact_task_commit_assignment
from paceflow_assets.rule.task_branch import TaskBranch
from paceflow_assets.rule.task_key import TaskKey

# m1 - m2 ------- merge     main
#   \- f1 - f2 -/           feature/abc-12-thing
#   \- x - y                x: team/ABC-1-a, y: XYZ-2-b and aaa-copy
COMMITS = [
    raw_commit("m1", ["unknown"], commit_time=at(1)),
    raw_commit("f1", ["m1"], commit_time=at(2)),
    raw_commit("m2", ["m1"], commit_time=at(3)),
    raw_commit("f2", ["f1"], commit_time=at(4)),
    raw_commit("merge", ["m2", "f2"], files=None, commit_time=at(5)),
    raw_commit("x", ["m1"], commit_time=at(6)),
    raw_commit("y", ["x"], commit_time=at(7)),
    raw_commit("lost", ["x"], commit_time=at(8)),
    raw_commit("unread", ["x"], files=None, commit_time=at(9)),
]
HEADS = {"main": "merge", "feature/abc-12-thing": "f2", "team/ABC-1-a": "x", "XYZ-2-b": "y", "aaa-copy": "y"}


def refs(**changes: str) -> list[dict]:
    """The heads, some of them elsewhere."""
    return [raw_ref(f"refs/heads/{name}", sha) for name, sha in {**HEADS, **changes}.items()]


def owned(sha: str, task: str, branch: str, candidates: int, distance: int, confidence: float) -> dict:
    """A row of a task branch."""
    return {
        "task_key": task,
        "commit_sha": sha,
        "branch_name": branch,
        "source": "task_branch",
        "is_fallback": False,
        "candidate_count": candidates,
        "distance_to_tip": distance,
        "confidence": confidence,
    }


def fallen(sha: str, branch: str, distance: int | None, confidence: float = 0.5) -> dict:
    """A row of an integration branch, or of none."""
    row = owned(sha, branch, branch, 0, distance, confidence)
    return {**row, "source": "integration_fallback", "is_fallback": True}


def test_nothing():
    """Without commits there are no tasks."""
    assert_rows(built(fact_task_commit_assignment), fact_task_commit_assignment, [])


def test_owners():
    """A merged branch keeps its commits; the nearest owner wins, then the first name; the rest falls to main or to nobody."""
    found = built(fact_task_commit_assignment, raw_commit=COMMITS, raw_ref=refs())

    expected = [
        fallen("lost", "(unknown)", None, 0.0),
        owned("x", "ABC-1", "team/ABC-1-a", 3, 0, 0.75),
        owned("f1", "ABC-12", "feature/abc-12-thing", 1, 1, 1.0),
        owned("f2", "ABC-12", "feature/abc-12-thing", 1, 0, 1.0),
        owned("y", "XYZ-2", "XYZ-2-b", 2, 0, 0.6),
        fallen("m1", "main", 4),
        fallen("m2", "main", 2),
    ]
    assert_rows(found, fact_task_commit_assignment, expected)


def test_no_heads():
    """Without a head every commit is nobody's."""
    found = built(fact_task_commit_assignment, raw_commit=COMMITS[:2])

    assert_rows(found, fact_task_commit_assignment, [fallen(sha, "(unknown)", None, 0.0) for sha in ("f1", "m1")])


def test_what_is_no_head():
    """A detached HEAD and other branches of origin own nothing; the default branch of origin stands for a local one."""
    others = [
        raw_ref("HEAD", "f1", kind="detached"),
        raw_ref("refs/remotes/origin/ABC-9", "f1"),
        raw_ref("refs/remotes/origin/develop", "f1", is_default=False),
        raw_ref("refs/remotes/origin/main", "m2", is_default=True),
    ]

    found = built(fact_task_commit_assignment, raw_commit=COMMITS[:3], raw_ref=others)

    expected = [fallen("f1", "(unknown)", None, 0.0), fallen("m1", "main", 1), fallen("m2", "main", 0)]
    assert_rows(found, fact_task_commit_assignment, expected)


def test_a_branch_that_merely_contains_a_commit():
    """A branch that merged another one contains its commits and does not own them."""
    merged = raw_commit("into", ["m1", "f2"], files=None, commit_time=at(10))

    found = built(
        fact_task_commit_assignment, raw_commit=[*COMMITS, merged], raw_ref=[*refs(), raw_ref("refs/heads/ABC-99", "into")]
    )

    assert owned("f1", "ABC-12", "feature/abc-12-thing", 1, 1, 1.0) in found.drop("repository").to_dicts()
    assert "ABC-99" not in found["task_key"].to_list()


def test_a_branch_without_ticket():
    """A task without a ticket is called like its branch; denied words are no tickets."""
    heads = [raw_ref("refs/heads/fix-7-it", "f1")]

    keys = [
        built(fact_task_commit_assignment, rule, raw_commit=COMMITS[1:2], raw_ref=heads)["task_key"][0]
        for rule in (reference(TaskKey), TaskKey(("FIX",)))
    ]

    assert keys == ["FIX-7", "fix-7-it"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (reference(TaskBranch), fallen("m2", "main", 2)),
        (reference(TaskBranch, integration=("aaa-copy",)), owned("m2", "main", "main", 1, 2, 1.0)),
        (reference(TaskBranch, fallback_order=("develop",)), fallen("m2", "(unknown)", None, 0.0)),
    ],
)
def test_integration_branches_are_the_rule_s(rule, expected):
    """Which branches collect work, and which of them a commit falls to, is the rule's to say."""
    found = built(fact_task_commit_assignment, rule, raw_commit=COMMITS, raw_ref=refs())

    assert expected.items() <= next(row for row in found.to_dicts() if row["commit_sha"] == "m2").items()


def test_a_deleted_branch():
    """Its commits lose it under the present heads, and keep it when the history of refs counts."""
    gone = {"is_head": False, "first_seen_at": at(10), "last_seen_at": at(20)}
    history = [
        raw_ref("refs/heads/ABC-3", "f2", **gone),
        raw_ref("refs/heads/main", "m2", is_head=False, first_seen_at=at(10), last_seen_at=at(20)),
        raw_ref("refs/heads/main", "f2", first_seen_at=at(30), last_seen_at=at(40)),
    ]

    now, ever = (
        built(fact_task_commit_assignment, reference(TaskBranch, history=choice), raw_commit=COMMITS[:4], raw_ref=history)
        for choice in ("current_heads", "observed_refs")
    )

    on_main = [fallen("f1", "main", 1), fallen("f2", "main", 0), fallen("m1", "main", 2)]
    expected = [fallen("m2", "(unknown)", None, 0.0), *on_main]
    assert_rows(now, fact_task_commit_assignment, expected)
    columns = ("commit_sha", "task_key", "source", "candidate_count", "distance_to_tip", "confidence")
    assert sorted(ever.select(columns).rows()) == [
        ("f1", "ABC-3", "task_branch", 1, 1, 1.0),
        ("f2", "ABC-3", "task_branch", 1, 0, 1.0),
        ("m1", "main", "integration_fallback", 0, 2, 0.5),
        ("m2", "main", "integration_fallback", 0, 0, 0.5),
    ]
