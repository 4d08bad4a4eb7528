import pytest
from building import assert_rows, brought, built, commit_facts, day, reference

from paceflow_assets.event.event_commit_outcome import event_commit_outcome
from paceflow_assets.rule.heavy_ai import HeavyAi
from paceflow_assets.rule.line_match import LineMatch
from paceflow_assets.rule.orphaned_commit import OrphanedCommit
from paceflow_assets.rule.path_fallback import PathFallback
from paceflow_assets.rule.squash_merge import SquashMerge

TEXTS = [f"line number {number}" for number in range(60)]
NO_MATCH = {
    "total_matched_ai_lines": 0,
    "matched_added_lines": 0,
    "matched_removed_lines": 0,
    "matched_total_lines": 0,
    "ai_share": 0.0,
    "heavy_ai_flag": False,
}


def plus(texts):
    """Texts as added lines."""
    return [f"+{text}" for text in texts]


def outcomes(sql, commits, *rules, mainline=(), ai=(), **upstreams):
    """The table from commits, the shas on the main line, and AI lines."""
    facts = commit_facts(*commits)
    on_mainline = [{"commit_sha": sha, "commit_time": time} for sha, time, _ in commits if sha in mainline]
    given = {**facts, "fact_mainline_commit": on_mainline, "fact_commit_ai_line": ai, **upstreams}
    return built(event_commit_outcome, *rules, sql=sql, **given)


def test_nothing(sql):
    """Without commits there are no outcomes."""
    assert_rows(built(event_commit_outcome, sql=sql), event_commit_outcome, [])


def test_what_became_of_commits(sql):
    """A branch commit whose lines a main-line commit adds later is merged; a later revert is told; totals are the commit's."""
    commits = [
        ("a", day(1), {"f": plus(["one"] * 18 + ["two"] * 14)}),
        ("b", day(5), {"f": plus(["one"] * 33)}),
        ("c", day(6), {"f": plus(["one"] * 18 + ["two"] * 14)}),
        ("d", day(7), {"f": ["-one"] * 7}),
        ("e", None, {}),
    ]
    ai = [
        *brought("a", day(1), {"f": ["one"] * 18 + ["two"] * 14}),
        *brought("b", day(5), {"f": ["one"] * 18}),
        *brought("c", day(6), {"f": ["one"] * 18 + ["two"] * 14}),
    ]
    matched = [
        {"commit_sha": "a", "provider": "claude", "session_id": "s1", "matched_added_lines": 20 + 1 / 3},
        {"commit_sha": "a", "provider": "codex", "session_id": "s1", "matched_added_lines": 11 + 2 / 3},
        {"commit_sha": "b", "provider": "codex", "session_id": "s1", "matched_added_lines": 16.0},
        {"commit_sha": "c", "provider": "codex", "session_id": "s1", "matched_added_lines": 16.0},
        {"commit_sha": "d", "provider": "codex", "session_id": "s1", "matched_added_lines": 0.0, "matched_removed_lines": 2.0},
        {"commit_sha": "e", "provider": "human", "session_id": "__human__", "matched_added_lines": 0.0},
    ]
    reverts = [
        {"commit_sha": "a", "revert_commit_sha": "r", "revert_time": day(8)},
        {"commit_sha": "unknown", "revert_commit_sha": "r", "revert_time": day(8)},
    ]

    found = outcomes(
        sql,
        commits,
        mainline="bcd",
        ai=ai,
        fact_commit_session_match=[{"matched_removed_lines": 0.0, **row} for row in matched],
        fact_commit_revert=reverts,
    )

    same = {"reachable": True, "counted_flag": True, "reverted_later_flag": False}
    expected = [
        {
            "commit_sha": "a",
            "commit_time": day(1),
            "mainline_reached_at": day(5),
            "heavy_ai_flag": True,
            "merged_to_mainline_flag": True,
            "total_matched_ai_lines": 32,
            "commit_total_changed_lines": 32,
            "total_added": 32,
            "total_removed": 0,
            "matched_added_lines": 32,
            "matched_removed_lines": 0,
            "matched_total_lines": 32,
            "ai_share": 1.0,
            "ai_added_lines": 32,
            **same,
            "reverted_later_flag": True,
        },
        {
            "commit_sha": "b",
            "commit_time": day(5),
            "mainline_reached_at": day(5),
            "heavy_ai_flag": False,
            "merged_to_mainline_flag": True,
            "total_matched_ai_lines": 16,
            "commit_total_changed_lines": 33,
            "total_added": 33,
            "total_removed": 0,
            "matched_added_lines": 16,
            "matched_removed_lines": 0,
            "matched_total_lines": 16,
            "ai_share": 16 / 33,
            "ai_added_lines": 18,
            **same,
        },
        {
            "commit_sha": "c",
            "commit_time": day(6),
            "mainline_reached_at": day(6),
            "heavy_ai_flag": True,
            "merged_to_mainline_flag": True,
            "total_matched_ai_lines": 16,
            "commit_total_changed_lines": 32,
            "total_added": 32,
            "total_removed": 0,
            "matched_added_lines": 16,
            "matched_removed_lines": 0,
            "matched_total_lines": 16,
            "ai_share": 0.5,
            "ai_added_lines": 32,
            **same,
        },
        {
            "commit_sha": "d",
            "commit_time": day(7),
            "mainline_reached_at": day(7),
            "heavy_ai_flag": False,
            "merged_to_mainline_flag": True,
            "total_matched_ai_lines": 2,
            "commit_total_changed_lines": 7,
            "total_added": 0,
            "total_removed": 7,
            "matched_added_lines": 0,
            "matched_removed_lines": 2,
            "matched_total_lines": 2,
            "ai_share": 2 / 7,
            "ai_added_lines": 0,
            **same,
        },
        {
            "commit_sha": "e",
            "merged_to_mainline_flag": False,
            "commit_total_changed_lines": 0,
            "total_added": 0,
            "total_removed": 0,
            "ai_added_lines": 0,
            **NO_MATCH,
            **same,
        },
    ]
    assert_rows(found, event_commit_outcome, expected)


def test_no_main_line(sql):
    """Without a main line nothing is merged."""
    commits = [("a", day(1), {"f": plus(TEXTS)}), ("b", day(2), {"f": plus(TEXTS)})]

    found = outcomes(sql, commits, ai=brought("a", day(1), {"f": TEXTS}))

    assert found.select("merged_to_mainline_flag", "mainline_reached_at").rows() == [(False, None)] * 2


def merged(sql, brought_texts, landed, *rules, own_path="f"):
    """(merged, when) of a branch commit of day 2; landed: (day, path, added texts) of main-line commits."""
    commits = [("branch", day(2), {own_path: plus(brought_texts)})]
    commits += [(f"m{number}", day(when), {path: plus(texts)}) for number, (when, path, texts) in enumerate(landed)]
    ai = brought("branch", day(2), {own_path: brought_texts})
    shas = {sha for sha, _, _ in commits} - {"branch"}

    found = outcomes(sql, commits, *rules, mainline=shas, ai=ai)

    return found.filter(found["commit_sha"] == "branch").select("merged_to_mainline_flag", "mainline_reached_at").row(0)


@pytest.mark.parametrize(
    ("texts", "landed", "expected"),
    [
        ([], [(3, "f", TEXTS)], (False, None)),
        (TEXTS[:30], [(3, "f", TEXTS[:30])], (True, day(3))),
        (TEXTS[:29], [(3, "f", TEXTS[:29])], (False, None)),
        (TEXTS[:50], [(3, "f", TEXTS[:40])], (True, day(3))),
        (TEXTS[:50], [(3, "f", TEXTS[:39])], (False, None)),
        (TEXTS[:30], [(1.999, "f", TEXTS[:30])], (False, None)),
        (TEXTS[:30], [(2, "f", TEXTS[:30])], (True, day(2))),
        (TEXTS[:30], [(900, "f", TEXTS[:30])], (True, day(900))),
        (TEXTS[:30], [(4, "f", TEXTS[:20]), (3, "f", TEXTS[15:30])], (True, day(3))),
        (["same"] * 30, [(3, "f", ["same"] * 15), (4, "f", ["same"] * 15)], (False, None)),
        (["same"] * 30, [(3, "f", ["same"] * 15), (4, "f", ["same"] * 24)], (False, None)),
        (["same"] * 38, [(3, "f", ["same"] * 15), (4, "f", ["same"] * 31)], (True, day(3))),
        (TEXTS[:30], [(3, "g/f", TEXTS[:30])], (True, day(3))),
        (TEXTS[:30], [(3, "g/f", TEXTS[:30]), (2.5, "g/f", ["unrelated"])], (True, day(3))),
        (TEXTS[:40], [(3, "g", TEXTS[:40]), (2.5, "f", TEXTS[:7])], (True, day(3))),
        (TEXTS[:40], [(3, "g", TEXTS[:40]), (2.5, "f", TEXTS[:8])], (False, None)),
        (TEXTS[:40], [(3, "g", TEXTS[:40]), (4, "h", TEXTS[:33])], (False, None)),
    ],
)
def test_squashed_commits(sql, texts, landed, expected):
    """Enough of the AI lines in later main-line commits; of each text the largest single commit; a moved file is found."""
    assert merged(sql, texts, landed) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], False),
        ([reference(SquashMerge, min_lines=10)], True),
        ([reference(SquashMerge, min_lines=10, min_ratio=0.9)], False),
        ([reference(SquashMerge, takes_all=True)], False),
        ([reference(SquashMerge, takes_all=True, min_ratio=0.5)], False),
        ([reference(SquashMerge, min_lines=11)], False),
    ],
)
def test_squash_parameters(sql, rules, expected):
    """Ten of twelve lines landed."""
    assert merged(sql, TEXTS[:12], [(3, "f", TEXTS[:10])], *rules)[0] is expected


def test_a_small_commit_taken_whole(sql):
    """Three lines of three are a merge where the rule says so."""
    landed = [(3, "f", TEXTS[:3])]

    assert merged(sql, TEXTS[:3], landed) == (False, None)
    assert merged(sql, TEXTS[:3], landed, reference(SquashMerge, takes_all=True)) == (True, day(3))


BRACES = ["}"] * 25


@pytest.mark.parametrize(
    ("landed", "rule", "expected"),
    [
        ([*BRACES, *TEXTS[:5]], reference(SquashMerge), True),
        ([*BRACES, *TEXTS[:5]], reference(SquashMerge, informative_only=True), False),
        (TEXTS[:10], reference(SquashMerge), False),
        (TEXTS[:10], reference(SquashMerge, takes_all=True), False),
        (TEXTS[:10], reference(SquashMerge, informative_only=True, takes_all=True), True),
        (TEXTS[:10], reference(SquashMerge, informative_only=True, min_lines=10), True),
    ],
)
def test_informative_lines_only(sql, landed, rule, expected):
    """Braces neither prove nor hinder a merge when only informative lines count."""
    assert merged(sql, [*BRACES, *TEXTS[:10]], [(3, "f", landed)], rule)[0] is expected


@pytest.mark.parametrize(
    ("line_match", "expected"),
    [(LineMatch(), True), (LineMatch(informative_characters=12), False), (LineMatch(informative_files=2), False)],
)
def test_what_is_informative_is_the_line_rule_s(sql, line_match, expected):
    """A commit whose lines all say nothing is not merged by lines."""
    landed = [(3, "f", TEXTS[:9]), (4, "g", TEXTS[:9])]
    rule = reference(SquashMerge, informative_only=True, takes_all=True)

    assert merged(sql, TEXTS[:9], landed, rule, line_match)[0] is expected


@pytest.mark.parametrize(("trim", "expected"), [("end", False), ("both", True)])
def test_indented_by_the_squash(sql, trim, expected):
    """Lines that the main line has further indented are found if blanks at the start take no part."""
    landed = [(3, "f", [f"  {text}" for text in TEXTS[:30]])]

    assert merged(sql, TEXTS[:30], landed, LineMatch(trim=trim))[0] is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (PathFallback(), True),
        (PathFallback(weak_ratio=0.0), False),
        (PathFallback(min_ratio=0.96), False),
        (PathFallback(min_lines=39), False),
        (PathFallback(margin=0.96), False),
    ],
)
def test_path_fallback_is_the_rule_s(sql, rule, expected):
    """38 of 40 lines under another name: each constant of the fallback decides."""
    assert merged(sql, TEXTS[:40], [(3, "g", TEXTS[:38])], rule)[0] is expected


def test_two_files(sql):
    """Lines of all files count together, one at its own path, one under another name."""
    commits = [
        ("branch", day(2), {"f": plus(TEXTS[:10]), "old/g": plus(TEXTS[10:50])}),
        ("m", day(3), {"f": plus(TEXTS[:10]), "new/g": plus(TEXTS[10:50])}),
    ]
    ai = brought("branch", day(2), {"f": TEXTS[:10], "old/g": TEXTS[10:50]})

    found = outcomes(sql, commits, reference(SquashMerge, min_ratio=1.0), mainline="m", ai=ai)

    assert found.select("commit_sha", "merged_to_mainline_flag", "ai_added_lines").rows() == [
        ("branch", True, 50),
        ("m", True, 0),
    ]


@pytest.mark.parametrize(
    ("reverts", "expected"),
    [
        ([], False),
        ([day(1)], False),
        ([day(2)], False),
        ([day(2.001)], True),
        ([day(3), day(1)], False),
        ([None], False),
        ([None, day(3)], True),
    ],
)
def test_reverted_later(sql, reverts, expected):
    """The earliest revert decides, and it must be later than the commit."""
    rows = [{"commit_sha": "c", "revert_commit_sha": f"r{n}", "revert_time": time} for n, time in enumerate(reverts)]

    found = outcomes(sql, [("c", day(2), {})], fact_commit_revert=rows)

    assert found["reverted_later_flag"].to_list() == [expected]


@pytest.mark.parametrize(
    "parts", [(10.083333333333332, 1.9166666666666665), (10.083333333333334, 1.9166666666666667), (4.0, 4 + 1 / 3, 3 + 2 / 3)]
)
def test_shares_of_lines_make_whole_lines(sql, parts):
    """Shares of lines that several sessions have in common add up to whole lines, whatever floats make of it."""
    matches = [
        {
            "commit_sha": "c",
            "provider": "claude",
            "session_id": f"s{number}",
            "matched_added_lines": part,
            "matched_removed_lines": part,
        }
        for number, part in enumerate(parts)
    ]

    found = outcomes(sql, [("c", day(2), {"f": ["+x"] * 12 + ["-y"] * 12})], fact_commit_session_match=matches)

    assert found.select("matched_added_lines", "matched_removed_lines", "ai_share").rows() == [(12, 12, 1.0)]


@pytest.mark.parametrize(("rule", "expected"), [(HeavyAi(), True), (HeavyAi(share=0.51), False), (HeavyAi(share=0.0), True)])
def test_heavy_is_the_rule_s(sql, rule, expected):
    """Half of the changed lines is heavy, or what the rule says."""
    match = {
        "commit_sha": "c",
        "provider": "claude",
        "session_id": "s",
        "matched_added_lines": 1.0,
        "matched_removed_lines": 1.0,
    }
    commits = [("c", day(2), {"f": ["+x", "-y", "+z", "-z"]})]

    found = outcomes(sql, commits, rule, fact_commit_session_match=[match])

    assert found.select("heavy_ai_flag", "ai_share").rows() == [(expected, 0.5)]


@pytest.mark.parametrize(
    ("rule", "expected"), [(reference(OrphanedCommit), [True, True]), (reference(OrphanedCommit, counts=False), [False, True])]
)
def test_orphaned_commits(sql, rule, expected):
    """A commit that no branch holds counts, or not; it keeps its row."""
    commits = [{"commit_sha": sha, "total_added": 0, "total_removed": 0, "reachable": sha == "on"} for sha in ("lost", "on")]

    found = built(event_commit_outcome, rule, sql=sql, fact_commit=commits)

    assert found.select("commit_sha", "reachable", "counted_flag").rows() == [
        ("lost", False, expected[0]),
        ("on", True, expected[1]),
    ]
