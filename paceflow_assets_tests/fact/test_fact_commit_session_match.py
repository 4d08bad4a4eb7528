import pytest
from building import assert_rows, built, by_bags, commit_facts, edit_facts, reference
from logs import at

from paceflow_assets.fact.fact_commit_session_match import fact_commit_session_match
from paceflow_assets.rule.human_remainder import HumanRemainder
from paceflow_assets.rule.line_match import LineMatch
from paceflow_assets.rule.path_fallback import PathFallback

BLOCK = [f"+line number {number}" for number in range(50)]
NOBODY = {"provider": "human", "session_id": "__human__", "share_of_commit": 1.0, "share_of_ai": 0.0}
NO_LINES = {"matched_lines": 0.0, "matched_added_lines": 0.0, "matched_removed_lines": 0.0}


def matches(sql, commits, edits, *rules, branches=()):
    """The table from commits and edits; branches: (sha, branch that owns it)."""
    owners = [{"commit_sha": sha, "branch_name": branch} for sha, branch in branches]
    facts = {**commit_facts(*commits), **edit_facts(*edits)}
    return built(fact_commit_session_match, *by_bags(rules), sql=sql, fact_task_commit_assignment=owners, **facts)


def credited(frame):
    """(commit, session) -> matched lines, without people."""
    rows = frame.filter(frame["provider"] != "human").select("commit_sha", "session_id", "matched_lines").rows()
    return {(sha, session): lines for sha, session, lines in rows}


def test_nothing(sql):
    """Without commits there are no rows, whatever was edited."""
    edits = [("claude", "s1", at(0), "a.py", ["+x"])]

    assert_rows(built(fact_commit_session_match, sql=sql), fact_commit_session_match, [])
    assert_rows(matches(sql, [], edits), fact_commit_session_match, [])


def test_nobody_s_commits(sql):
    """A commit that no session explains, and an empty one, is a person's, whole."""
    edits = [("claude", "s1", at(0), "a.py", ["+x", " y"]), ("claude", "s1", at(0), None, ["+y"])]
    commits = [("c1", at(1), {"a.py": ["-x", "+y"], "b.py": ["+x"]}), ("c2", None, {})]

    found = matches(sql, commits, edits)

    expected = [{"commit_sha": sha, **NOBODY, **NO_LINES} for sha in ("c1", "c2")]
    assert_rows(found, fact_commit_session_match, expected)


def test_a_session_explains_what_its_largest_edit_holds(sql):
    """Ten equal lines against an edit of four and one of three: four lines, and no row for people."""
    edits = [("claude", "s1", at(0), "a.py", ["+x"] * 4), ("claude", "s1", at(0), "a.py", ["+x"] * 3)]

    found = matches(sql, [("c1", at(1), {"a.py": ["+x"] * 10})], edits)

    expected = {
        "commit_sha": "c1",
        "provider": "claude",
        "session_id": "s1",
        "matched_lines": 4.0,
        "matched_added_lines": 4.0,
        "matched_removed_lines": 0.0,
        "share_of_commit": 0.4,
        "share_of_ai": 1.0,
    }
    assert_rows(found, fact_commit_session_match, [expected])


def test_lines_that_several_sessions_offer(sql):
    """The worked example of the definition: lines are shared out by what each session offers, blank ones too."""
    lines = [*(f"+ai {number}" for number in range(10)), "+", "+"]
    edits = [
        ("codex", "s1", at(0), "a.py", lines),
        ("claude", "s2", at(0), "a.py", ["+ai 0", "+ai 1", "+"]),
        ("claude", "s2", at(1), "a.py", ["+ai 0"] * 3),
    ]

    found = matches(sql, [("c1", at(1), {"a.py": lines})], edits)

    first = 8 + 1 / 4 + 1 / 2 + 2 * 2 / 3
    second = 3 / 4 + 1 / 2 + 2 / 3
    expected = [
        {
            "commit_sha": "c1",
            "provider": provider,
            "session_id": session,
            "matched_lines": matched,
            "matched_added_lines": matched,
            "matched_removed_lines": 0.0,
            "share_of_commit": matched / 12,
            "share_of_ai": matched / 12,
        }
        for provider, session, matched in (("claude", "s2", second), ("codex", "s1", first))
    ]
    assert (first, second) == pytest.approx((10.083333333333332, 1.9166666666666665))
    assert_rows(found, fact_commit_session_match, expected)


def test_both_sides_and_several_files(sql):
    """Added and removed lines are told apart; a session is one row for all files of the commit."""
    edits = [("claude", "s1", at(0), "a.py", ["+x", "-y"]), ("claude", "s1", at(0), "b.py", ["-z", "-z"])]
    commits = [("c1", at(1), {"a.py": ["+x", "-y", "+own", " x"], "b.py": ["-z", "-z", "-z", "+y"]})]

    found = matches(sql, commits, edits)

    expected = {
        "commit_sha": "c1",
        "provider": "claude",
        "session_id": "s1",
        "matched_lines": 4.0,
        "matched_added_lines": 1.0,
        "matched_removed_lines": 3.0,
        "share_of_commit": 4 / 7,
        "share_of_ai": 1.0,
    }
    assert_rows(found, fact_commit_session_match, [expected])


@pytest.mark.parametrize("session_id", ["two\nlines", "\n", "a\n", "ünï\tcode", "__human__"])
def test_session_ids_come_back_as_they_were(sql, session_id):
    """Whatever characters an id holds, the row bears it whole."""
    found = matches(sql, [("c1", at(1), {"a.py": ["+x"]})], [("claude", session_id, at(0), "a.py", ["+x"])])

    assert found.select("provider", "session_id").rows() == [("claude", session_id)]


def test_human_remainder(sql):
    """The unmatched part of every commit is people's when the rule says so; a commit that is all AI leaves none."""
    commits = [
        ("all", at(1), {"a.py": ["+x"]}),
        ("mixed", at(1), {"a.py": ["+x", "+y", "-z", "-z"]}),
        ("none", at(1), {"a.py": ["+y"]}),
    ]
    edits = [("claude", "s1", at(0), "a.py", ["+x"])]

    found = matches(sql, commits, edits, reference(HumanRemainder, always=True))

    session = {"provider": "claude", "session_id": "s1", "matched_lines": 1.0, "matched_added_lines": 1.0, "share_of_ai": 1.0}
    expected = [
        {"commit_sha": "all", **session, "matched_removed_lines": 0.0, "share_of_commit": 1.0},
        {"commit_sha": "mixed", **session, "matched_removed_lines": 0.0, "share_of_commit": 0.25},
        {"commit_sha": "mixed", **NOBODY, **NO_LINES, "share_of_commit": 0.75},
        {"commit_sha": "none", **NOBODY, **NO_LINES},
    ]
    assert_rows(found, fact_commit_session_match, expected)


@pytest.mark.parametrize(
    ("rule", "sessions"),
    [
        (LineMatch(), {"before", "at", "near", "late", "undated"}),
        (LineMatch(time_order="edit_first"), {"before", "at", "near", "undated"}),
        (LineMatch(time_order="edit_first", tolerance_seconds=0), {"before", "at", "undated"}),
        (LineMatch(time_order="edit_first", tolerance_seconds=3600), {"before", "at", "near", "late", "undated"}),
    ],
)
def test_order_in_time(sql, rule, sessions):
    """With an order in time an edit explains what was committed after it, or so little before that clocks may differ."""
    times = {"before": at(1), "at": at(5), "near": at(5 + 1 / 6), "late": at(5 + 11 / 60), "undated": None}
    edits = [("claude", name, time, "a.py", ["+x"]) for name, time in times.items()]

    found = matches(sql, [("c1", at(5), {"a.py": ["+x"]})], edits, rule)

    assert set(found["session_id"]) == sessions


def test_a_commit_without_time(sql):
    """With an order in time nothing dated explains a commit that has no time."""
    edits = [("claude", "dated", at(0), "a.py", ["+x"]), ("claude", "undated", None, "a.py", ["+x"])]

    found = matches(sql, [("c1", None, {"a.py": ["+x"]})], edits, LineMatch(time_order="edit_first"))

    assert credited(found) == {("c1", "undated"): 1.0}


def test_consumption(sql):
    """A session's line is credited once on each branch, to the earliest commit; without that, in every commit."""
    commits = [(f"c{number}", at(number), {"a.py": ["+x", "+x"]}) for number in range(1, 5)]
    edits = [("claude", "s1", at(0), "a.py", ["+x"] * 3)]
    branches = [("c1", "main"), ("c2", "main"), ("c3", "main"), ("c4", "fix")]

    unlimited, once = (
        matches(sql, commits, edits, LineMatch(consumption=choice), branches=branches)
        for choice in ("unlimited", "once_per_lineage")
    )

    assert credited(unlimited) == {(f"c{number}", "s1"): 2.0 for number in range(1, 5)}
    assert credited(once) == {("c1", "s1"): 2.0, ("c2", "s1"): 1.0, ("c4", "s1"): 2.0}
    assert once.filter(once["provider"] == "human")["commit_sha"].to_list() == ["c3"]


def test_consumption_through_another_path(sql):
    """What a branch took in the old file is not credited again in a copy under another name."""
    commits = [("c1", at(1), {"old.py": BLOCK}), ("c2", at(2), {"new.py": BLOCK})]
    edits = [("claude", "s1", at(0), "old.py", BLOCK)]
    branches = [("c1", "main"), ("c2", "main")]

    found = matches(sql, commits, edits, LineMatch(consumption="once_per_lineage"), branches=branches)

    assert credited(found) == {("c1", "s1"): 50.0}


DULL_COMMITS = [
    ("c1", at(1), {"a.py": ["+}", "+the same text"], "b.py": ["+}"]}),
    ("c2", at(2), {"a.py": ["-}", "+five"], "c.py": ["+the same text"]}),
]
DULL_EDITS = [
    ("claude", "both", at(0), "a.py", ["+}", "-}", "+the same text"]),
    ("claude", "dull", at(0), "b.py", ["+}"]),
    ("claude", "five", at(0), "a.py", ["+five"]),
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (LineMatch(), {("c1", "both"): 2.0, ("c1", "dull"): 1.0, ("c2", "both"): 1.0, ("c2", "five"): 1.0}),
        (LineMatch(dull_lines="beside_informative"), {("c1", "both"): 2.0, ("c2", "five"): 1.0}),
        (LineMatch(dull_lines="beside_informative", informative_characters=5), {("c1", "both"): 2.0}),
        (LineMatch(dull_lines="beside_informative", informative_files=2), {("c2", "five"): 1.0}),
        (
            LineMatch(dull_lines="alone", informative_characters=80, informative_files=1),
            {("c1", "both"): 2.0, ("c1", "dull"): 1.0, ("c2", "both"): 1.0, ("c2", "five"): 1.0},
        ),
    ],
)
def test_dull_lines(sql, rule, expected):
    """A line that says nothing counts by itself, or only beside one that the same session wrote in that file of the commit."""
    assert credited(matches(sql, DULL_COMMITS, DULL_EDITS, rule)) == expected


@pytest.mark.parametrize(("trim", "lines"), [("end", 2.0), ("both", 4.0)])
def test_indentation(sql, trim, lines):
    """Blanks at the end never take part; those at the start only if the rule says so."""
    commits = [("c1", at(1), {"a.py": ["+x  ", "+  x", "-y\t", "-\ty"]})]
    edits = [("claude", "s1", at(0), "a.py", ["+x", "+x\r", "-y", "-y "])]

    assert credited(matches(sql, commits, edits, LineMatch(trim=trim))) == {("c1", "s1"): lines}


def copy(lines: int, of: int = 50) -> list[str]:
    """The first lines of a block, filled up with others."""
    return BLOCK[:lines] + [f"+other {number}" for number in range(of - lines)]


@pytest.mark.parametrize(
    ("files", "edited", "lines"),
    [
        ({"new/a.py": BLOCK[:40]}, {"old/a.py": BLOCK[:40], "x/a.py": BLOCK[:10]}, 40.0),
        ({"new/a.py": BLOCK[:29]}, {"old/a.py": BLOCK[:29]}, None),
        ({"new/a.py": BLOCK[:30]}, {"old/a.py": BLOCK[:30]}, 30.0),
        ({"new/a.py": copy(39)}, {"old/a.py": BLOCK[:39]}, None),
        ({"new/a.py": copy(40)}, {"old/a.py": BLOCK[:40]}, 40.0),
        ({"new/a.py": BLOCK}, {"old/a.py": BLOCK, "x/a.py": BLOCK[:40]}, None),
        ({"new/a.py": BLOCK}, {"old/a.py": BLOCK, "x/a.py": BLOCK[:39]}, 50.0),
        ({"new/a.py": BLOCK}, {"old/a.py": BLOCK, "x/b.py": BLOCK}, 50.0),
        ({"new/a.py": BLOCK}, {"old/b.py": BLOCK, "x/b.py": BLOCK}, None),
        ({"new/a.py": BLOCK}, {"old/b.py": BLOCK}, 50.0),
        ({"new/a.py": BLOCK}, {"new/a.py": BLOCK[:10], "old/a.py": BLOCK}, 10.0),
        ({"new/a.py": BLOCK}, {"new/a.py": BLOCK[:9], "old/a.py": BLOCK}, 50.0),
        ({"new/a.py": BLOCK, "b.py": ["+x"]}, {"old/a.py": BLOCK, "b.py": ["+x"]}, 51.0),
        ({"new/a.py": [f"-{line[1:]}" for line in BLOCK]}, {"old/a.py": BLOCK}, None),
    ],
)
def test_other_paths(sql, files, edited, lines):
    """A file that its own path explains too little is taken for one that explains nearly all of it, and clearly the most."""
    edits = [("claude", "s1", at(0), path, changed) for path, changed in edited.items()]

    found = matches(sql, [("c1", at(1), files)], edits)

    assert credited(found) == ({} if lines is None else {("c1", "s1"): lines})


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (PathFallback(), 10.0),
        (PathFallback(weak_ratio=0.3), 40.0),
        (PathFallback(weak_ratio=0.3, min_ratio=0.9), 10.0),
        (PathFallback(weak_ratio=0.3, min_lines=41), 10.0),
        (PathFallback(weak_ratio=0.3, margin=0.7), 10.0),
    ],
)
def test_path_fallback_is_the_rule_s(sql, rule, lines):
    """Each constant of the fallback decides."""
    edits = [("claude", "s1", at(0), path, BLOCK[:size]) for path, size in (("a.py", 10), ("b.py", 40), ("c.py", 20))]

    found = matches(sql, [("c1", at(1), {"a.py": BLOCK})], edits, rule)

    assert credited(found) == {("c1", "s1"): lines}


def test_small_files_under_another_path(sql):
    """Ten lines are enough for another path where the rule says so."""
    edits = [("claude", "s1", at(0), "old.py", BLOCK[:10])]

    found = matches(sql, [("c1", at(1), {"new.py": BLOCK[:10]})], edits, PathFallback(min_lines=10))

    assert credited(found) == {("c1", "s1"): 10.0}


def test_another_path_must_explain_more(sql):
    """The best other path by one session's edit may explain no more than all sessions in the own one: then the own stays."""
    edits = [("claude", "own", at(0), "a.py", ["+x"] * 3), ("claude", "other", at(0), "b.py", ["+x"] * 3)]

    found = matches(sql, [("c1", at(1), {"a.py": ["+x"] * 4})], edits, PathFallback(weak_ratio=1.0, min_ratio=0.5, min_lines=1))

    assert credited(found) == {("c1", "own"): 3.0}


def test_another_path_is_shared_out_too(sql):
    """At the other path all sessions that worked there have their part."""
    edits = [("claude", name, at(0), "old.py", BLOCK[:size]) for name, size in (("s1", 50), ("s2", 20))]

    found = matches(sql, [("c1", at(1), {"new.py": BLOCK})], edits)

    assert credited(found) == {("c1", "s1"): 40.0, ("c1", "s2"): 10.0}


def test_other_paths_keep_the_order_in_time(sql):
    """An edit of another path after the commit does not explain it either."""
    edits = [("claude", "s1", at(9), "old.py", BLOCK)]
    commits = [("c1", at(1), {"new.py": BLOCK})]

    found = [matches(sql, commits, edits, LineMatch(time_order=order)) for order in ("any", "edit_first")]

    assert [credited(frame) for frame in found] == [{("c1", "s1"): 50.0}, {}]


def test_dull_lines_at_another_path(sql):
    """Dull lines alone do not make another path better than the own one."""
    edits = [("claude", "s1", at(0), "old.py", ["+}"] * 40)]

    found = matches(sql, [("c1", at(1), {"new.py": ["+}"] * 40})], edits, LineMatch(dull_lines="beside_informative"))

    assert credited(found) == {}
