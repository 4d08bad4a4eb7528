from building import assert_rows, built
from logs import at

from paceflow_assets.event.event_task_commit import event_task_commit


def assignment(sha: str, task: str, *, fallback: bool, confidence: float) -> dict:
    """A row of fact_task_commit_assignment."""
    source = "integration_fallback" if fallback else "task_branch"
    return {
        "task_key": task,
        "commit_sha": sha,
        "branch_name": task.lower(),
        "source": source,
        "is_fallback": fallback,
        "candidate_count": 0,
        "confidence": confidence,
    }


def test_nothing():
    """Without commits there are no rows."""
    assert_rows(built(event_task_commit), event_task_commit, [])


def test_commits_of_tasks():
    """Time and whether it counts come from the commit; a commit without outcome counts and has no time."""
    found = built(
        event_task_commit,
        fact_task_commit_assignment=[
            assignment("c1", "PAC-1", fallback=False, confidence=0.75),
            assignment("c2", "main", fallback=True, confidence=0.5),
            assignment("c3", "main", fallback=True, confidence=0.5),
            assignment("c4", "(unknown)", fallback=True, confidence=0.0),
        ],
        event_commit_outcome=[
            {"commit_sha": "c1", "commit_time": at(1), "counted_flag": True},
            {"commit_sha": "c2", "counted_flag": False},
            {"commit_sha": "c4", "commit_time": at(4), "counted_flag": False},
            {"commit_sha": "c9", "commit_time": at(9), "counted_flag": True},
        ],
    )

    columns = ("task_key", "commit_sha", "branch_name", "fallback_flag", "confidence", "commit_time", "counted_flag")
    rows = [
        ("(unknown)", "c4", "(unknown)", True, 0.0, at(4), False),
        ("PAC-1", "c1", "pac-1", False, 0.75, at(1), True),
        ("main", "c2", "main", True, 0.5, None, False),
        ("main", "c3", "main", True, 0.5, None, True),
    ]
    assert_rows(found, event_task_commit, [dict(zip(columns, row, strict=True)) for row in rows])
