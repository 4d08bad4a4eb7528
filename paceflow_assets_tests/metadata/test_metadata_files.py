import pytest
from building import assert_rows, built

from paceflow_assets.metadata.metadata_files import metadata_files


def test_nothing():
    """Without commits and sessions there are no files."""
    assert_rows(built(metadata_files), metadata_files, [])


def test_files():
    """Commits and sessions are counted apart; a file that one side does not know counts 0 there."""
    commits = [
        {"commit_sha": "c1", "rel_path": "src/a.py"},
        {"commit_sha": "c2", "rel_path": "src/a.py"},
        {"commit_sha": "c2", "rel_path": "only/git.c"},
    ]
    changes = [
        {"provider": "claude", "session_id": "s1", "change_id": "e1", "rel_path": "src/a.py"},
        {"provider": "claude", "session_id": "s1", "change_id": "e2", "rel_path": "src/a.py"},
        {"provider": "codex", "session_id": "s1", "change_id": "e1", "rel_path": "src/a.py"},
        {"provider": "codex", "session_id": "s1", "change_id": "e2", "rel_path": "Only Session.MD"},
        {"provider": "codex", "session_id": "s1", "change_id": "e3", "rel_path": None},
    ]

    found = built(metadata_files, fact_commit_file_change=commits, fact_session_code_change=changes)

    expected = [
        {
            "relative_path": "Only Session.MD",
            "file_name": "Only Session.MD",
            "extension": "MD",
            "commit_count": 0,
            "session_count": 1,
        },
        {"relative_path": "only/git.c", "file_name": "git.c", "extension": "c", "commit_count": 1, "session_count": 0},
        {"relative_path": "src/a.py", "file_name": "a.py", "extension": "py", "commit_count": 2, "session_count": 2},
    ]
    assert_rows(found, metadata_files, expected)


@pytest.mark.parametrize(
    ("path", "name", "extension"),
    [
        (".bashrc", ".bashrc", None),
        ("a/.bashrc", ".bashrc", None),
        ("a.b/c", "c", None),
        ("a.tar.gz", "a.tar.gz", "gz"),
        ("a.", "a.", None),
        ("..a", "..a", "a"),
        (".a.b", ".a.b", "b"),
        ("é.ü", "é.ü", "ü"),
        ("two\nlines.txt", "two\nlines.txt", "txt"),
        ("bad\\xff.py", "bad\\xff.py", "py"),
    ],
)
def test_names(path, name, extension):
    """The extension stands behind the last dot of a name that begins with something else."""
    found = built(metadata_files, fact_commit_file_change=[{"commit_sha": "c1", "rel_path": path}])

    assert found.select("file_name", "extension").rows() == [(name, extension)]
