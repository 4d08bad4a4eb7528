import pytest
from building import assert_rows, built, by_bags, commit_facts, edit_facts, hash_of
from logs import at

from paceflow_assets.fact.fact_commit_ai_line import fact_commit_ai_line
from paceflow_assets.rule.line_match import LineMatch


def ai_lines(sql, commits, edits, *rules):
    """The table from commits and edits."""
    facts = {**commit_facts(*commits), **edit_facts(*edits)}
    return built(fact_commit_ai_line, *by_bags(rules), sql=sql, **facts)


def test_nothing(sql):
    """Without commits or without edits there are no AI lines."""
    assert_rows(built(fact_commit_ai_line, sql=sql), fact_commit_ai_line, [])
    assert_rows(ai_lines(sql, [("c1", at(0), {"a.py": ["+x"]})], []), fact_commit_ai_line, [])
    assert_rows(ai_lines(sql, [], [("claude", "s1", at(0), "a.py", ["+x"])]), fact_commit_ai_line, [])


def test_agents_add_up_and_sessions_do_not(sql):
    """Each agent offers the largest edit of any of its sessions; agents together never more than the commit adds."""
    commits = [
        ("c1", at(9), {"a.py": ["+one"] * 9 + ["+two"] * 6 + ["+three"] * 2 + ["-one", " two"], "b.py": ["+one"]}),
        ("c2", None, {"a.py": ["+two"], "c.py": ["-one"]}),
    ]
    edits = [
        ("codex", "s1", at(1), "a.py", ["+one"] * 5 + ["+two", "-three", " three"]),
        ("codex", "s1", at(2), "a.py", ["+one"] * 4),
        ("cursor", "s2", at(99), "a.py", ["+one"] * 2),
        ("cursor", "s3", None, "a.py", ["+one"] * 3 + ["+two"] * 4),
        ("cursor", "s3", None, None, ["+three"] * 9),
        ("cursor", "s3", None, "d.py", ["+three"] * 9),
    ]

    found = ai_lines(sql, commits, edits)

    expected = [
        {"commit_sha": "c1", "rel_path": "a.py", "line_hash": hash_of("one"), "commit_time": at(9), "lines": 8},
        {"commit_sha": "c1", "rel_path": "a.py", "line_hash": hash_of("two"), "commit_time": at(9), "lines": 5},
        {"commit_sha": "c2", "rel_path": "a.py", "line_hash": hash_of("two"), "lines": 1},
    ]
    assert_rows(found, fact_commit_ai_line, sorted(expected, key=lambda row: (row["commit_sha"], row["line_hash"])))


def test_a_budget_that_one_agent_fills(sql):
    """What the agents offer beyond the commit's lines is left over."""
    commits = [("c1", at(9), {"a.py": ["+one"] * 3 + ["+two"] * 2})]
    edits = [
        ("codex", "s1", at(1), "a.py", ["+one"] * 5 + ["+two"]),
        ("cursor", "s2", at(1), "a.py", ["+one"] * 2),
        ("cursor", "s3", at(1), "a.py", ["+one"] + ["+two"] * 4),
    ]

    found = ai_lines(sql, commits, edits)

    assert dict(found.select("line_hash", "lines").rows()) == {hash_of("one"): 3, hash_of("two"): 2}


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (LineMatch(), 5),
        (LineMatch(time_order="edit_first"), 3),
        (LineMatch(time_order="edit_first", tolerance_seconds=0), 2),
        (LineMatch(time_order="edit_first", tolerance_seconds=60), 4),
    ],
)
def test_order_in_time(sql, rule, lines):
    """With an order in time the largest edit before the commit, or little later, counts."""
    edits = [("claude", "s1", at(5 + late / 60), "a.py", ["+x"] * size) for late, size in ((0, 2), (10, 3), (60, 4), (61, 5))]

    found = ai_lines(sql, [("c1", at(5), {"a.py": ["+x"] * 9})], edits, rule)

    assert found["lines"].to_list() == [lines]


def test_indentation(sql):
    """Trimmed on both sides, an indented line is the same line, and its hash is the trimmed one."""
    commits = [("c1", at(5), {"a.py": ["+x", "+  x"]})]
    edits = [("claude", "s1", at(1), "a.py", ["+\tx", "+x  "])]

    by_end, by_both = (ai_lines(sql, commits, edits, LineMatch(trim=trim)) for trim in ("end", "both"))

    assert by_end.select("line_hash", "lines").rows() == [(hash_of("x"), 1)]
    assert by_both.select("line_hash", "lines").rows() == [(hash_of("x"), 2)]
