from building import assert_rows, built

from paceflow_assets.fact.fact_fix_blame_line import fact_fix_blame_line
from paceflow_assets.rule.lock_file import LockFile


def origin(line, sha):
    """A removed line, as the raw table holds it."""
    return {"line": line, "origin_sha": sha, "line_hash": line, "line_hash_trimmed": line + 1, "word_characters": 4}


def test_nothing():
    """Without fixes there is nothing to trace."""
    assert_rows(built(fact_fix_blame_line), fact_fix_blame_line, [])


def test_lines_of_files():
    """One row for each line; a file without a known origin, or that git could not blame, has none; nor has a lock file."""
    blames = [
        {"commit_sha": "x", "rel_path": "f", "origins": [origin(3, "a"), origin(9, "b")]},
        {"commit_sha": "x", "rel_path": "old", "origins": []},
        {"commit_sha": "x", "rel_path": "unread", "origins": None, "read_error": "x: no"},
        {"commit_sha": "x", "rel_path": "web/own.lock", "origins": [origin(1, "a")]},
        {"commit_sha": "y", "rel_path": "f", "origins": [origin(3, "a")]},
    ]

    found = built(fact_fix_blame_line, LockFile(("own.lock",)), raw_fix_blame=blames)

    expected = [
        {"commit_sha": "x", "rel_path": "f", **origin(3, "a")},
        {"commit_sha": "x", "rel_path": "f", **origin(9, "b")},
        {"commit_sha": "y", "rel_path": "f", **origin(3, "a")},
    ]
    assert_rows(found, fact_fix_blame_line, expected)
