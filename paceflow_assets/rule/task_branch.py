"""Task branch: which branch a commit was made for.

Claim: a commit belongs to the branch whose own line of first parents it lies on, outside the integration branches.
Decision: by that ownership; among several owners the one whose tip is nearest, counted in `git rev-list` order, then
by name. A commit that nobody owns falls to the first integration branch that contains it, else to "(unknown)". With
"observed_refs" the owners at the earliest look that found any decide, so deleting, squashing or fast-forwarding a
branch changes nothing.
Wrong when: a branch is fast-forwarded or deleted before the first look; two branches share commits and the nearer one
came later; the trunk has a name that is not listed as integration branch (then it owns like a task branch).
Threshold: names, order and confidence are those of paceflow 0.2.1. The distance is an index in date order, not a
graph distance, so the confidence depends on how much else was merged in between.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from typing import NamedTuple

from paceflow_assets.rule import parameter

UNKNOWN = "(unknown)"
ONE_OWNER = 1.0
CLEAR_MARGIN, CLEAR = 2, 0.9
NARROW_MARGIN, NARROW = 1, 0.75
TIED = 0.6
FALLBACK = 0.5

NONE = -1
NEVER = 1 << 62


@dataclass(frozen=True)
class TaskBranch:
    """Which branches collect the work of others, and how far back we look for an owner."""

    integration: tuple[str, ...] = parameter(
        ("main", "master", "staging", "develop"),
        meaning="branches that collect work: what lies on their first-parent line belongs to no task branch",
    )
    fallback_order: tuple[str, ...] = parameter(
        ("staging", "main", "master", "develop"),
        meaning="a commit without an owner goes to the first of these branches that contains it",
    )
    history: str = parameter(
        "observed_refs",
        choices=("current_heads", "observed_refs"),
        meaning=(
            "current_heads: branches as they are now decide, so a deleted branch loses its commits; observed_refs: "
            "every position of a branch that was ever seen counts, and the earliest owner keeps the commit"
        ),
    )


class Head(NamedTuple):
    """One position of a branch. Short name, commit; first and last look that found it there (None = still there).

    All refs found by one look carry the same time. With "current_heads" the times take no part.
    """

    name: str
    sha: str
    first_seen_ms: int = 0
    last_seen_ms: int | None = None


class Assignment(NamedTuple):
    """The branch of one commit. source: 'task_branch' or 'integration_fallback'.

    candidate_count: owning branches the winner was chosen from, 0 for a fallback. distance_to_tip: commits that `git
    rev-list` of the branch lists before this one, None without a branch. confidence: 0 to 1.
    """

    branch_name: str
    source: str
    is_fallback: bool
    candidate_count: int
    distance_to_tip: int | None
    confidence: float


NOBODY = Assignment(UNKNOWN, "integration_fallback", True, 0, None, 0.0)


def assign(
    rule: TaskBranch,
    parents: Mapping[str, Sequence[str]],
    commit_ms: Mapping[str, int],
    heads: Sequence[Head],
    commits: Collection[str],
) -> dict[str, Assignment]:
    """Branch of each asked commit.

    parents: sha -> parents in order, of every known commit; a parent that is no key (shallow clone) ends its line.
    commit_ms: committer time; a missing one counts as 0, as in git. heads: a name may have several positions (two
    clones, or its history); they count as one branch. A head whose commit is unknown owns nothing.
    """
    graph = _Graph(parents, commit_ms)
    tips = _tips(rule, graph, heads)
    asked = [graph.number[sha] for sha in commits if sha in graph.number]
    owners = _owners(graph, _Trunk(graph, tips, rule.integration), tips, asked, rule.integration)
    orphans = [commit for commit in asked if commit not in owners]
    found = owners | _fallbacks(rule, graph, tips, orphans)
    return {sha: found.get(graph.number.get(sha, NONE), NOBODY) for sha in commits}


class _Tip(NamedTuple):
    name: str
    commit: int
    first: int
    last: int


class _Graph:
    """The commits as numbers: parents, first parents, and git's order of visiting them."""

    def __init__(self, parents: Mapping[str, Sequence[str]], commit_ms: Mapping[str, int]) -> None:
        number = {sha: index for index, sha in enumerate(parents)}
        self.number = number
        self.sha = list(parents)
        self.size = len(number)
        self.parents = [tuple(number[sha] for sha in given if sha in number) for given in parents.values()]
        self.first_parent = [number.get(given[0], NONE) if given else NONE for given in parents.values()]
        times = [commit_ms.get(sha) or 0 for sha in parents]
        newest_first = {time: rank for rank, time in enumerate(sorted(set(times), reverse=True))}
        self.rank = [newest_first[time] for time in times]
        self.children_first = self._children_first()

    def _children_first(self) -> list[int]:
        """All commits, each behind the commits whose first parent it is."""
        children = [0] * self.size
        for parent in self.first_parent:
            if parent != NONE:
                children[parent] += 1
        order = [commit for commit, count in enumerate(children) if not count]
        for commit in order:
            parent = self.first_parent[commit]
            if parent != NONE:
                children[parent] -= 1
                if not children[parent]:
                    order.append(parent)
        return order

    def walk(self, start: int) -> Iterator[int]:
        """Commits in the order of `git rev-list <start>`: newest first, equal times in the order they were met."""
        width = self.size.bit_length()
        mask = (1 << width) - 1
        rank, parents = self.rank, self.parents
        seen = bytearray(self.size)
        seen[start] = 1
        met = 0
        queue = [start]  # one number holds time rank, order of meeting and commit: it compares faster than a tuple
        while queue:
            commit = queue[0] & mask
            yield commit
            is_replaced = False
            for parent in parents[commit]:
                if seen[parent]:
                    continue
                seen[parent] = 1
                met += 1
                entry = ((rank[parent] << width | met) << width) | parent
                if is_replaced:
                    heappush(queue, entry)
                else:
                    heapreplace(queue, entry)
                    is_replaced = True
            if not is_replaced:
                heappop(queue)


class _Trunk:
    """When each commit lay on the first-parent line of an integration branch: from `since` until `until`.

    since = NEVER: on none, ever. The first known position of a branch is dated at the beginning of time: what a branch
    held when it was first seen, it may have held long before.
    """

    def __init__(self, graph: _Graph, tips: Sequence[_Tip], integration: Collection[str]) -> None:
        self.since = [NEVER] * graph.size
        self.until = [-NEVER] * graph.size
        earliest: dict[str, int] = {}
        tips = [tip for tip in tips if tip.name in integration]
        for tip in tips:
            earliest[tip.name] = min(tip.first, earliest.get(tip.name, NEVER))
        for tip in tips:
            first = -NEVER if tip.first == earliest[tip.name] else tip.first
            self.since[tip.commit] = min(first, self.since[tip.commit])
            self.until[tip.commit] = max(tip.last, self.until[tip.commit])
        for commit in graph.children_first:
            parent = graph.first_parent[commit]
            if parent != NONE:
                self.since[parent] = min(self.since[parent], self.since[commit])
                self.until[parent] = max(self.until[parent], self.until[commit])


def _tips(rule: TaskBranch, graph: _Graph, heads: Sequence[Head]) -> list[_Tip]:
    """Heads whose commit is known; without times when only the present counts."""
    known = [head for head in heads if head.sha in graph.number]
    if rule.history == "current_heads":
        return sorted({_Tip(head.name, graph.number[head.sha], 0, NEVER) for head in known})
    return sorted(
        _Tip(
            head.name,
            graph.number[head.sha],
            head.first_seen_ms,
            NEVER if head.last_seen_ms is None else head.last_seen_ms,
        )
        for head in known
    )


class _Lines:
    """The first-parent lines of the tips, walked as far as they can own an asked commit."""

    def __init__(self, graph: _Graph, trunk: _Trunk, tips: Sequence[_Tip], asked: Collection[int]) -> None:
        self.first_parent = graph.first_parent
        self.trunk = trunk
        self.looks = sorted({time for tip in tips for time in (tip.first, tip.last) if time < NEVER})
        self.is_asked = bytearray(graph.size)
        for commit in asked:
            self.is_asked[commit] = 1
        self.earliest = [NEVER] * graph.size
        self.asked_below = [0] * graph.size  # asked commits on the line from here on, itself included
        self.trunk_below = [NONE] * graph.size  # first commit of the line, itself included, that ever lay on the trunk
        for commit in reversed(graph.children_first):
            parent = graph.first_parent[commit]
            self.asked_below[commit] = self.is_asked[commit] + (self.asked_below[parent] if parent != NONE else 0)
            is_trunk = trunk.since[commit] != NEVER
            self.trunk_below[commit] = commit if is_trunk else self.trunk_below[parent] if parent != NONE else NONE

    def owned(self, tip: _Tip, settled: int) -> Iterator[tuple[int, int]]:
        """(commit, time from which the tip owned it) along the line.

        Stretches that never lay on the trunk and have an owner from before `settled` are left out: there the owner of a
        commit owns all commits below it too.
        """
        since, earliest = self.trunk.since, self.earliest
        commit = tip.commit
        while commit != NONE and self.asked_below[commit]:
            if since[commit] == NEVER:
                if earliest[commit] < settled:
                    commit = self.trunk_below[commit]
                    continue
                yield commit, tip.first
            else:
                time = self._time(tip, commit)
                if time == NEVER:
                    return
                yield commit, time
            commit = self.first_parent[commit]

    def _time(self, tip: _Tip, commit: int) -> int:
        """First look at which the tip held a commit that was not on the trunk; NEVER if there was none."""
        until = self.trunk.until[commit]
        if tip.first < self.trunk.since[commit] or tip.first > until:
            return tip.first
        if tip.last <= until:
            return NEVER
        later = bisect_right(self.looks, until)
        return self.looks[later] if later < len(self.looks) else until + 1


class _Ranking:
    """Per commit: how many branches own it, the nearest one, and the distance of the second nearest."""

    def __init__(self, size: int) -> None:
        self.count = [0] * size
        self._last_name: list[str | None] = [None] * size
        self.best: list[tuple[int, str]] = [(NEVER, "")] * size
        self.second = [NEVER] * size

    def enter(self, commits: Iterable[int], name: str) -> None:
        """Count an owner of these commits; the positions of one branch come in a row and count once."""
        count, last_name = self.count, self._last_name
        for commit in commits:
            if last_name[commit] != name:
                last_name[commit] = name
                count[commit] += 1

    def place(self, commit: int, distance: int, name: str) -> None:
        """Take in the distance of one owner."""
        entry, best = (distance, name), self.best[commit]
        if entry < best:
            self.best[commit] = entry
            if name != best[1]:
                self.second[commit] = best[0]
        elif distance < self.second[commit] and name != best[1]:
            self.second[commit] = distance

    def assignment(self, commit: int) -> Assignment:
        """The nearest owner, with a confidence by how far it is ahead of the next."""
        distance, name = self.best[commit]
        count = self.count[commit]
        margin = self.second[commit] - distance
        if count == 1:
            confidence = ONE_OWNER
        elif margin >= CLEAR_MARGIN:
            confidence = CLEAR
        else:
            confidence = NARROW if margin >= NARROW_MARGIN else TIED
        return Assignment(name, "task_branch", False, count, distance, confidence)


def _owners(
    graph: _Graph, trunk: _Trunk, tips: Sequence[_Tip], asked: Collection[int], integration: Collection[str]
) -> dict[int, Assignment]:
    """Asked commit -> its owning branch, for those that have one."""
    lines = _Lines(graph, trunk, tips, asked)
    candidates = [tip for tip in tips if tip.name not in integration]
    for tip in sorted(candidates, key=lambda tip: tip.first):
        for commit, time in lines.owned(tip, settled=tip.first + 1):
            lines.earliest[commit] = min(time, lines.earliest[commit])
    ranking = _Ranking(graph.size)
    for tip in candidates:
        claimed = [
            commit
            for commit, time in lines.owned(tip, settled=tip.first)
            if lines.is_asked[commit] and time == lines.earliest[commit]
        ]
        ranking.enter(claimed, tip.name)
        _measure(graph, tip, claimed, ranking)
    return {commit: ranking.assignment(commit) for commit in asked if ranking.count[commit]}


def _measure(graph: _Graph, tip: _Tip, claimed: Sequence[int], ranking: _Ranking) -> None:
    """Place the tip at each claimed commit; the walk ends when all are found."""
    missing = set(claimed)
    if not missing:
        return
    for distance, commit in enumerate(graph.walk(tip.commit)):
        if commit in missing:
            missing.remove(commit)
            ranking.place(commit, distance, tip.name)
            if not missing:
                return


def _fallbacks(rule: TaskBranch, graph: _Graph, tips: Sequence[_Tip], orphans: Sequence[int]) -> dict[int, Assignment]:
    """Commit without owner -> first branch of the fallback order that contains it."""
    found: dict[int, Assignment] = {}
    missing = set(orphans)
    for name in rule.fallback_order:
        reached = bytearray(graph.size)
        latest_first = sorted(
            (tip for tip in tips if tip.name == name),
            key=lambda tip: (-tip.first, graph.rank[tip.commit], graph.sha[tip.commit]),
        )
        for tip in latest_first:
            if reached[tip.commit]:
                continue
            for distance, commit in enumerate(graph.walk(tip.commit)):
                if not missing:
                    return found
                reached[commit] = 1
                if commit in missing:
                    missing.remove(commit)
                    found[commit] = Assignment(name, "integration_fallback", True, 0, distance, FALLBACK)
    return found
