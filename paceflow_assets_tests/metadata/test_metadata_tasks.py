from building import assert_rows, built

from paceflow_assets.metadata.metadata_tasks import metadata_tasks
from paceflow_assets.rule.task_key import TaskKey


def test_nothing():
    """Without commits there are no tasks."""
    assert_rows(built(metadata_tasks), metadata_tasks, [])


def test_tasks():
    """Tickets only: a branch name, no branch, and a number that does not fit are no tasks; zeros before a number are kept."""
    keys = ["main", "(unknown)", "fix/x", "v2-1", "ABC-99999999999999999999", "-7", "PAC-12", "PAC-012", "PAC-12"]
    assignments = [{"task_key": key, "commit_sha": f"c{number}", "branch_name": "b"} for number, key in enumerate(keys)]

    found = built(metadata_tasks, fact_task_commit_assignment=assignments)

    expected = [
        {"task_key": "PAC-012", "task_prefix": "PAC", "task_number": 12, "commit_count": 1},
        {"task_key": "PAC-12", "task_prefix": "PAC", "task_number": 12, "commit_count": 2},
        {"task_key": "v2-1", "task_prefix": "v2", "task_number": 1, "commit_count": 1},
    ]
    assert_rows(found, metadata_tasks, expected)


def test_denied_words_are_no_tickets():
    """A branch that is called like a denied ticket gives no task."""
    assignments = [
        {"task_key": key, "commit_sha": key, "branch_name": "b"} for key in ("release-2024", "PAC-12", "a/release-3")
    ]

    found = built(metadata_tasks, TaskKey(("RELEASE",)), fact_task_commit_assignment=assignments)

    assert found["task_key"].to_list() == ["PAC-12"]
