import pytest

from paceflow_assets.rule.path_fallback import PathFallback, chosen_path, is_weak, least_useful_lines

REFERENCE = PathFallback()
LATER_RELEASE = PathFallback(min_ratio=0.60, min_lines=10)


@pytest.mark.parametrize(
    ("matched", "lines", "expected"),
    [(0, 0, True), (0, 1, True), (5, 30, True), (6, 30, False), (1.99, 10, True), (2.0, 10, False), (30, 30, False)],
)
def test_is_weak(matched, lines, expected):
    """A fifth of the file's lines is enough to keep its path; a file without changed lines has none."""
    assert is_weak(REFERENCE, matched, lines) is expected


@pytest.mark.parametrize(("weak_ratio", "matched", "expected"), [(0.0, 0, False), (1.0, 29, True), (1.0, 30, False)])
def test_weak_ratio(weak_ratio, matched, expected):
    """0 turns the fallback off, 1 asks for it unless everything is explained."""
    assert is_weak(PathFallback(weak_ratio=weak_ratio), matched, 30) is expected


@pytest.mark.parametrize(
    ("rel_path", "lines", "scores", "expected"),
    [
        ("a.py", 0, [], None),
        ("a.py", 0, [("b.py", 0)], None),
        ("a.py", 40, [], None),
        ("new/a.py", 40, [("old/a.py", 40), ("x.py", 10)], "old/a.py"),
        ("new/a.py", 40, [("x.py", 10), ("old/b.py", 40)], "old/b.py"),
        ("new/a.py", 29, [("old/a.py", 29)], None),
        ("new/a.py", 30, [("old/a.py", 30)], "old/a.py"),
        ("new/a.py", 100, [("old/a.py", 79)], None),
        ("new/a.py", 100, [("old/a.py", 80)], "old/a.py"),
        ("new/a.py", 40, [("old/a.py", 33), ("old/b.py", 40)], "old/a.py"),
        ("new/a.py", 40, [("old/a.py", 31), ("old/b.py", 40)], "old/b.py"),
        ("new/a.py", 40, [("old/a.py", 40), ("very/old/a.py", 33)], None),
        ("new/a.py", 40, [("old/a.py", 33), ("old/b.py", 40), ("old/c.py", 40)], "old/a.py"),
        ("new/a.py", 40, [("old/b.py", 40), ("old/c.py", 40)], None),
        ("new/a.py", 50, [("old/b.py", 40), ("old/c.py", 30)], "old/b.py"),
        ("new/a.py", 50, [("old/b.py", 40), ("old/c.py", 31)], None),
        ("new/a.py", 40, [("old/b.py", 40), ("old/c.py", 32)], None),
        ("new/a.py", 40, [("old/b.py", 40), ("old/c.py", 31)], "old/b.py"),
        ("a.py", 40, [("old/a.py", 40)], "old/a.py"),
        ("new/a.py", 40, [("aa.py", 40), ("a.py", 36), ("old/xa.py", 40)], "a.py"),
        ("new/a", 40, [("a/b", 40)], "a/b"),
    ],
)
def test_chosen_path(rel_path, lines, scores, expected):
    """Paths of the same file name come first, whoever scores more; ratios are compared as floats (1.0 - 0.8 < 0.2)."""
    assert chosen_path(REFERENCE, rel_path, lines, scores) == expected
    assert chosen_path(REFERENCE, rel_path, lines, scores[::-1]) == expected


@pytest.mark.parametrize(
    ("rule", "lines", "scores", "expected"),
    [
        (LATER_RELEASE, 10, [("b.py", 9)], None),
        (LATER_RELEASE, 10, [("b.py", 10)], "b.py"),
        (LATER_RELEASE, 20, [("b.py", 12)], "b.py"),
        (LATER_RELEASE, 20, [("b.py", 11)], None),
        (PathFallback(min_lines=1), 1, [("b.py", 1)], "b.py"),
        (PathFallback(min_ratio=1.0), 40, [("b.py", 39)], None),
        (PathFallback(min_ratio=0.0), 100, [("b.py", 30)], "b.py"),
        (PathFallback(margin=0.0), 40, [("c.py", 40), ("b.py", 40)], "b.py"),
        (PathFallback(margin=1.0), 40, [("b.py", 40), ("c.py", 1)], None),
        (PathFallback(margin=1.0), 40, [("b.py", 40)], "b.py"),
    ],
)
def test_parameters(rule, lines, scores, expected):
    """Each constant can be moved; of equal paths the first by name is taken when no margin is asked."""
    assert chosen_path(rule, "a.py", lines, scores) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (REFERENCE, 60.0),
        (LATER_RELEASE, 40.0),
        (PathFallback(min_ratio=0.1), 0.0),
        (PathFallback(margin=0.0), 80.0),
        (PathFallback(margin=1.0), 0.0),
    ],
)
def test_least_useful_lines(rule, expected):
    """What lies further below the least acceptable best than the margin can neither win nor prevent a winner."""
    assert least_useful_lines(rule, 100) == pytest.approx(expected)


@pytest.mark.parametrize("rule", [REFERENCE, LATER_RELEASE, PathFallback(margin=0.0, min_lines=1), PathFallback(min_ratio=0.9)])
@pytest.mark.parametrize("lines", [1, 5, 10, 30, 35, 100])
def test_useless_scores_change_nothing(rule, lines):
    """Leaving out every score below the useful ones never changes the choice."""
    for best in range(lines + 1):
        for other in range(lines + 1):
            scores = [("x/b.py", best), ("x/a.py", other)]
            useful = [score for score in scores if score[1] >= least_useful_lines(rule, lines)]

            assert chosen_path(rule, "a.py", lines, useful) == chosen_path(rule, "a.py", lines, scores), (best, other)
