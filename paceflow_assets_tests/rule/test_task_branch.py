import os
import subprocess
from pathlib import Path

import pytest
from building import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paceflow_assets.rule.task_branch import NOBODY, Assignment, Head, TaskBranch, assign

NOW = reference(TaskBranch)
OBSERVED = reference(TaskBranch, history="observed_refs")
NAMES = ("main", "staging", "develop", "aaa-copy", "XYZ-2-b", "team/ABC-1-a", "feature/é", "docs")


def owned(name, distance, candidates=1, confidence=1.0):
    """Expected assignment to a task branch."""
    return Assignment(name, "task_branch", False, candidates, distance, confidence)


def fallback(name, distance):
    """Expected assignment to an integration branch."""
    return Assignment(name, "integration_fallback", True, 0, distance, 0.5)


def history(text):
    """'a b:a m:a,b' -> parents and committer times; each commit is a second later than the one before."""
    parents = {}
    for word in text.split():
        sha, _, given = word.partition(":")
        parents[sha] = given.split(",") if given else []
    return parents, {sha: 1000 * second for second, sha in enumerate(parents)}


def heads(text):
    """'main@c x@d' -> heads; 'x@d/3-5' -> seen first at 3 and last at 5, 'x@d/3' -> still there."""
    found = []
    for word in text.split():
        name, _, place = word.partition("@")
        sha, _, times = place.partition("/")
        first, _, last = times.partition("-")
        found.append(Head(name, sha, int(first or 0), int(last) if last else None))
    return found


def assigned(rule, commits, refs, asked):
    """Assignment of one commit."""
    return assign(rule, *history(commits), heads(refs), [asked])[asked]


LINE = "a b:a c:b d:c"
MERGED = "a b:a x:a y:x m:b,y"
SHARED = "a b:a f:b g:f h:g"


@pytest.mark.parametrize(
    ("commits", "refs", "asked", "expected"),
    [
        ("", "", "a", NOBODY),
        (LINE, "", "a", NOBODY),
        (LINE, "main@d", "unheard-of", NOBODY),
        (LINE, "main@gone x@gone", "a", NOBODY),
        (LINE, "main@b", "c", NOBODY),
        (LINE, "main@d", "a", fallback("main", 3)),
        (LINE, "main@d develop@d master@d staging@b", "b", fallback("staging", 0)),
        (LINE, "main@d develop@d master@d staging@b", "c", fallback("main", 1)),
        (LINE, "develop@d release/1@c", "c", fallback("develop", 1)),
        (LINE, "main@d x@d", "d", fallback("main", 0)),
        (LINE, "main@b x@d", "d", owned("x", 0)),
        (LINE, "trunk@d", "a", owned("trunk", 3)),
        ("b:a c:b", "main@c", "b", fallback("main", 1)),
        ("b:a,c c d:b", "x@d", "c", NOBODY),
        (MERGED, "main@m feature/abc-12-thing@y", "y", owned("feature/abc-12-thing", 0)),
        (MERGED, "main@m feature/abc-12-thing@y", "x", owned("feature/abc-12-thing", 1)),
        (MERGED, "main@m", "y", fallback("main", 1)),
        (MERGED, "main@m other@m", "y", fallback("main", 1)),
        (MERGED, "other@m", "y", NOBODY),
        (SHARED, "main@b team/ABC-1-a@f XYZ-2-b@g aaa-copy@g", "f", owned("team/ABC-1-a", 0, 3, 0.75)),
        (SHARED, "main@b team/ABC-1-a@f XYZ-2-b@g aaa-copy@g", "g", owned("XYZ-2-b", 0, 2, 0.6)),
        (SHARED, "main@b XYZ-2-b@g", "f", owned("XYZ-2-b", 1)),
        (SHARED, "main@b near@f far@h", "f", owned("near", 0, 2, 0.9)),
        (SHARED, "main@b x@f x@h", "f", owned("x", 0)),
        (SHARED, "main@b x@f x@h y@g", "f", owned("x", 0, 2, 0.75)),
        (SHARED, "main@a main@b x@h", "b", fallback("main", 0)),
    ],
)
def test_present_heads(commits, refs, asked, expected):
    """Own line of first parents, then distance, then name; else the first integration branch that holds the commit."""
    assert assigned(NOW, commits, refs, asked) == expected


def test_names_are_parameters():
    """A trunk of another name stops owning when it is listed."""
    rule = reference(TaskBranch, integration=("trunk",), fallback_order=("trunk",))

    assert assigned(rule, MERGED, "trunk@m x@y", "b") == fallback("trunk", 3)
    assert assigned(rule, MERGED, "trunk@m x@y", "y") == owned("x", 0)


def test_equal_times_are_visited_in_the_order_they_are_met():
    """Among equal committer times the parent that was met first comes first, whatever its name."""
    parents = {"m": ["z", "a"], "z": ["r"], "a": ["r"], "r": []}

    found = assign(NOW, parents, dict.fromkeys(parents, 5000), [Head("main", "m")], list(parents))

    assert [found[sha].distance_to_tip for sha in ("m", "z", "a", "r")] == [0, 1, 2, 3]


def test_a_missing_time_counts_as_the_oldest():
    """A commit without committer time is visited last."""
    parents = {"m": ["x", "y"], "x": [], "y": []}

    found = assign(NOW, parents, {"m": 3000, "y": 1000}, [Head("main", "m")], ["x", "y"])

    assert [found["x"].distance_to_tip, found["y"].distance_to_tip] == [2, 1]


SQUASHED = "a x:a y:x s:a t:s"


@pytest.mark.parametrize(
    ("commits", "refs", "asked", "now", "observed"),
    [
        # squashed and deleted
        (SQUASHED, "main@a/1-2 x@y/2-2 main@s/3", "y", owned("x", 0), owned("x", 0)),
        # fast-forwarded, then deleted
        (LINE, "main@b/1-2 x@d/2-2 main@d/3", "d", fallback("main", 0), owned("x", 0)),
        # fast-forwarded before the first look: nobody can tell
        (LINE, "main@d/1 x@d/1", "d", fallback("main", 0), fallback("main", 0)),
        # the earliest owner keeps the commit although a later one is nearer by name and as near
        (SHARED, "main@b/1 x@f/2-2 aaa@f/3 x@h/3", "f", owned("aaa", 0, 2, 0.6), owned("x", 0)),
        # owners found by one look are ranked by distance
        (SHARED, "main@b/1 x@h/2 y@g/2 z@f/3", "f", owned("z", 0, 3, 0.75), owned("y", 1, 2, 0.75)),
        # first on main by mistake, then moved to a branch: main gives it up at the second look
        (LINE, "main@b/1 main@d/1-1 x@d/2", "d", fallback("main", 0), owned("x", 0)),
        (LINE, "main@b/1 main@d/1-1 x@d/1", "d", fallback("main", 0), owned("x", 0)),
        # both branches own it from the look on that no longer finds it on main
        (LINE, "main@b/1 main@d/1-1 x@d/1 y@d/5", "d", fallback("main", 0), owned("x", 0, 2, 0.6)),
        # what an integration branch holds when first seen is not taken by an older head
        (LINE, "x@c/1 main@d/2", "c", fallback("main", 1), fallback("main", 1)),
        # an integration branch that was rewritten still contains what it held
        (SQUASHED, "main@y/1-1 main@t/2", "x", fallback("main", 1), fallback("main", 1)),
        (LINE, "main@b/1-1 main@d/2", "a", fallback("main", 3), fallback("main", 3)),
    ],
)
def test_observed_refs(commits, refs, asked, now, observed):
    """With history, the owners at the first look that found any keep the commit."""
    assert assigned(NOW, commits, refs, asked) == now
    assert assigned(OBSERVED, commits, refs, asked) == observed


commit_graphs = st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=3), st.integers(0, 12)), min_size=1, max_size=30)
"""Per commit: which earlier commits are its parents (taken modulo their number), and its committer time in seconds."""


def git(folder: Path, *arguments: str, data: str = "") -> list[str]:
    """Lines that git prints, without any configuration of this machine."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *arguments]
    result = subprocess.run(command, input=data.encode(), capture_output=True, check=True, env=env)
    return result.stdout.decode().splitlines()


def build(folder: Path, graph, tips) -> None:
    """A repository with these commits and heads; times repeat and run backwards."""
    git(folder, "init", "--quiet", "--bare")
    script = []
    for number, (chosen, second) in enumerate(graph):
        links = list(dict.fromkeys(choice % number for choice in chosen)) if number else []
        words = ["from", *["merge"] * len(links)]
        script.append(f"commit refs/hidden/{number}\nmark :{number + 1}\ncommitter a <a@example.org> {10**9 + second} +0000")
        script.append(f"data {len(str(number))}\n{number}")
        script.extend(f"{word} :{link + 1}" for word, link in zip(words, links, strict=False))
    script.extend(f"reset refs/heads/{name}\nfrom :{tip % len(graph) + 1}\n" for name, tip in tips.items())
    git(folder, "fast-import", "--quiet", data="\n".join(script) + "\n")


class Truth:
    """The rule told by git itself, one command per question."""

    def __init__(self, folder: Path) -> None:
        self.shas = dict(
            line.split() for line in git(folder, "for-each-ref", "refs/heads", "--format=%(refname) %(objectname)")
        )
        self.shas = {ref.removeprefix("refs/heads/"): sha for ref, sha in self.shas.items()}
        self.order = {name: git(folder, "rev-list", sha) for name, sha in self.shas.items()}
        line = {name: set(git(folder, "rev-list", "--first-parent", sha)) for name, sha in self.shas.items()}
        trunk = set().union(*(line[name] for name in line if name in NOW.integration))
        self.owned = {name: line[name] - trunk for name in line if name not in NOW.integration}

    def assignment(self, commit: str) -> Assignment:
        """What the rule says about a commit."""
        ranked = sorted((self.order[name].index(commit), name) for name, own in self.owned.items() if commit in own)
        if ranked:
            margin = ranked[1][0] - ranked[0][0] if len(ranked) > 1 else None
            confidence = 1.0 if margin is None else 0.9 if margin >= 2 else 0.75 if margin == 1 else 0.6
            return owned(ranked[0][1], ranked[0][0], len(ranked), confidence)
        for name in NOW.fallback_order:
            if commit in self.order.get(name, ()):
                return fallback(name, self.order[name].index(commit))
        return NOBODY


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    graph=commit_graphs,
    tips=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 30), max_size=7),
    every=st.integers(1, 3),
)
def test_like_git(tmp_path_factory, graph, tips, every):
    """On real repositories, with equal and backward times, every answer is the one that git's own lists give."""
    folder = tmp_path_factory.mktemp("repository")
    build(folder, graph, tips)
    truth = Truth(folder)
    log = [line.split(" ") for line in git(folder, "log", "--all", "--format=%H %ct %P")]
    parents = {sha: [parent for parent in given if parent] for sha, _, *given in log}
    times = {sha: int(second) * 1000 for sha, second, *_ in log}
    refs = [Head(name, sha) for name, sha in truth.shas.items()]
    asked = sorted(parents)[::every]

    found = assign(NOW, parents, times, refs, asked)

    assert found == {sha: truth.assignment(sha) for sha in asked}
    assert assign(OBSERVED, parents, times, list(reversed(refs)), asked) == found


looks_of_heads = st.lists(st.dictionaries(st.sampled_from(NAMES[3:]), st.integers(0, 30), max_size=4), min_size=1, max_size=5)
"""Per look: where the task branches point (modulo the number of commits); a branch that is not named is gone."""


@settings(max_examples=150)
@given(graph=commit_graphs, looks=looks_of_heads, steps=st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_observed_refs_keep_what_the_first_look_found(graph, looks, steps):
    """History answers like looking each time and never taking back an owner once found."""
    parents = {"0": []} | {
        str(n): list(dict.fromkeys(str(choice % n) for choice in chosen)) for n, (chosen, _) in enumerate(graph) if n
    }
    times = {str(n): 1000 * second for n, (_, second) in enumerate(graph)}
    commits = list(parents)
    trunk = [commits[-1]]
    while parents[trunk[-1]]:
        trunk.append(parents[trunk[-1]][0])
    trunk.reverse()  # main only moves forward along it
    seen: dict[tuple[str, str], tuple[int, int]] = {}
    expected: dict[str, Assignment] = {}
    position = 0
    for look, branches in enumerate(looks):
        position = min(position + steps[look], len(trunk) - 1)
        refs = {name: str(tip % len(graph)) for name, tip in branches.items()} | {"main": trunk[position]}
        for ref in refs.items():
            seen[ref] = (seen.get(ref, (look, look))[0], look)
        answers = assign(NOW, parents, times, [Head(*ref) for ref in refs.items()], commits)
        for sha, answer in answers.items():
            if not answer.is_fallback:
                expected.setdefault(sha, answer)

    found = assign(OBSERVED, parents, times, [Head(*ref, *seen[ref]) for ref in seen], commits)

    assert {sha: answer for sha, answer in found.items() if not answer.is_fallback} == expected
