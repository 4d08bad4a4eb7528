from building import assert_rows, built, hash_of, raw_commit, raw_file

from paceflow_assets.fact.fact_commit_line import fact_commit_line
from paceflow_assets.rule.lock_file import LockFile


def test_nothing():
    """Without commits there are no rows."""
    assert_rows(built(fact_commit_line), fact_commit_line, [])


def test_lines():
    """Every line of a patch in order, context too; files without lines, lock files and unread commits have none."""
    lines = {
        "sides": " +-+",
        "hunks": [0, 0, 1, 1],
        "hashes": [hash_of("ctx"), hash_of("  x"), hash_of(""), 2**64 - 1],
        "trimmed": [hash_of("ctx"), hash_of("x"), hash_of(""), 0],
        "words": [3, 1, 0, 9],
    }
    commits = [
        raw_commit("unread", files=None),
        raw_commit("c1", files=[raw_file("logo.png"), {**raw_file("a.py"), "lines": lines}, raw_file("yarn.lock", ["+x"])]),
    ]

    found = built(fact_commit_line, raw_commit=commits)

    key = {"commit_sha": "c1", "rel_path": "a.py"}
    names = ("position", "side", "hunk_index", "line_hash", "line_hash_trimmed", "word_characters")
    rows = [
        (0, " ", 0, hash_of("ctx"), hash_of("ctx"), 3),
        (1, "+", 0, hash_of("  x"), hash_of("x"), 1),
        (2, "-", 1, hash_of(""), hash_of(""), 0),
        (3, "+", 1, 2**64 - 1, 0, 9),
    ]
    assert_rows(found, fact_commit_line, [{**key, **dict(zip(names, row, strict=True))} for row in rows])


def test_lock_files_are_the_rule_s():
    """Which names are lock files is the rule's to say."""
    commits = [raw_commit("c1", files=[raw_file("uv.lock", ["+x"]), raw_file("go.sum", ["+x", "-y"])])]

    found = built(fact_commit_line, LockFile(names=("uv.lock",)), raw_commit=commits)

    assert found.select("rel_path", "side").rows() == [("go.sum", "+"), ("go.sum", "-")]
