import pytest
from building import assert_rows, built, raw_commit, raw_file
from logs import at
from repositories import Repository

from paceflow_assets.fact.fact_commit import fact_commit
from paceflow_assets.rule.lock_file import LockFile

NO_LINES = {"total_added": 0, "total_removed": 0, "file_count": 0}


def test_nothing():
    """Without commits there are no rows."""
    assert_rows(built(fact_commit), fact_commit, [])


def test_commits():
    """Merge commits and unread ones have no row; lock files take no part; a file without lines is still a file."""
    commits = [
        raw_commit("merge", ["a", "b"], files=None, commit_time=at(9)),
        raw_commit("unread", ["a"], files=None, read_error="unread: object missing"),
        raw_commit("root", files=[], message="Begin\n\nwith nothing\n", commit_time=at(0), author_time=at(1), author_key="bob"),
        raw_commit("lost", ["gone", "x"], files=[], reachable=False, message=""),
        raw_commit(
            "work",
            ["root", "x"],
            commit_time=at(5),
            author_time=at(4),
            message="Two\nlines\n",
            files=[
                raw_file("a.py", ["+x", "+y", "-z", " context"]),
                raw_file("deep/YARN.LOCK", ["+x"]),
                raw_file("go.sum", ["-x"]),
                raw_file("logo.png", is_binary=True),
                raw_file("yarn.lock/b.py", ["-x"]),
            ],
        ),
    ]

    found = built(fact_commit, raw_commit=commits)

    expected = [
        {
            "commit_sha": "lost",
            "parent_sha": "gone",
            "author_key": "ann",
            "subject": "",
            "message": "",
            **NO_LINES,
            "reachable": False,
        },
        {
            "commit_sha": "root",
            "commit_time": at(0),
            "author_time": at(1),
            "author_key": "bob",
            "subject": "Begin",
            "message": "Begin\n\nwith nothing\n",
            **NO_LINES,
            "reachable": True,
        },
        {
            "commit_sha": "work",
            "parent_sha": "root",
            "commit_time": at(5),
            "author_time": at(4),
            "author_key": "ann",
            "subject": "Two lines",
            "message": "Two\nlines\n",
            "total_added": 2,
            "total_removed": 2,
            "file_count": 3,
            "reachable": True,
        },
    ]
    assert_rows(found, fact_commit, expected)


@pytest.mark.parametrize(
    ("rule", "totals"), [(LockFile(), (1, 0, 1)), (LockFile(names=("uv.lock",)), (5, 0, 1)), (LockFile(names=()), (6, 0, 2))]
)
def test_lock_files_are_the_rule_s(rule, totals):
    """Which names are lock files is the rule's to say."""
    files = [raw_file("uv.lock", ["+x"]), raw_file("go.sum", ["+x"] * 5)]

    found = built(fact_commit, rule, raw_commit=[raw_commit("c1", files=files)])

    assert found.select("total_added", "total_removed", "file_count").rows() == [totals]


MESSAGES = [
    "",
    "\n\n",
    "   ",
    "Fix\n",
    "Fix\nmore\n\nbody\n",
    "  \t\n\n  Late start  \n more \n \t \nbody",
    "Squash (#12)\r\n\r\n* one\r\n\r\n* two\r\n",
    "Two\r\nlines\r\n",
    "form\x0c\n\x0c\nfeed",
    "\u00a0no-break\u00a0\n\u3000\nwide",
]


def test_subjects_are_git_s(tmp_path):
    """The subject is what git itself shows: first paragraph on one line, whatever blanks and line ends there are."""
    repository = Repository(tmp_path / "r")
    commits = []
    for number, message in enumerate(MESSAGES):
        repository.git(
            *("commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-F", "-"), text=message
        )
        subject = repository.git("log", "-1", "--format=%s")
        commits.append((subject, raw_commit(f"c{number}", message=message)))

    found = built(fact_commit, raw_commit=[commit for _, commit in commits])

    assert found["subject"].to_list() == [subject for subject, _ in commits]
