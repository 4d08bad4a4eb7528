"""Mainline: which refs are the line that work is meant to reach.

Claim: a repository has one branch that everything is meant for.
Decision: what origin/HEAD names, if that is asked; else the first ref of a list that exists. Its local and its remote
ref can be united, for either may be behind.
Wrong when: a team releases from several branches; origin/HEAD is out of date (git sets it when cloning and never
again); the trunk has a name that is not listed and there is no origin.
Threshold: none; the names are the usual ones. paceflow 0.2.1 knows main and master only and prefers the local one,
however old.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from paceflow_assets.rule import parameter

LOCAL = "refs/heads/"
REMOTE = "refs/remotes/"
ORIGIN = "refs/remotes/origin/"
LISTED_REFS = (
    "refs/heads/main",
    "refs/heads/master",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/develop",
    "refs/heads/trunk",
    "refs/remotes/origin/develop",
    "refs/remotes/origin/trunk",
)


@dataclass(frozen=True)
class Mainline:
    """Where the mainline is looked for."""

    refs: tuple[str, ...] = parameter(
        LISTED_REFS,
        meaning="full names of refs, refs/heads/… or refs/remotes/…; the first one that exists is the mainline",
    )
    prefers_origin_head: bool = parameter(
        True, meaning="whether the branch that origin/HEAD names, if there is one, comes before the list"
    )
    unites_local_and_remote: bool = parameter(
        True,
        meaning="whether the local and the remote ref of the mainline count together, so that neither can be behind",
    )


def chosen(rule: Mainline, available: Collection[str], origin_head: str | None) -> list[str]:
    """Full names of the refs whose commits together are the mainline; [] = there is none.

    available: full names of the refs that exist. origin_head: full name of the ref that origin/HEAD names; None when
    origin does not say.
    """
    first = next((ref for ref in _wanted(rule, origin_head) if ref in available), None)
    if first is None:
        return []
    if not rule.unites_local_and_remote:
        return [first]
    branch = _branch(first)
    others = (ref for ref in (LOCAL + branch, ORIGIN + branch) if ref != first and ref in available)
    return [first, *others]


def _wanted(rule: Mainline, origin_head: str | None) -> Iterator[str]:
    if rule.prefers_origin_head and origin_head:
        yield origin_head
        yield LOCAL + _branch(origin_head)
    yield from rule.refs


def _branch(ref: str) -> str:
    """Short branch name of a local or remote ref."""
    if ref.startswith(LOCAL):
        return ref.removeprefix(LOCAL)
    return ref.removeprefix(REMOTE).partition("/")[2]
