"""Lock file: which files are written by a package manager and left out of all line counts.

Claim: nobody writes a lock file's lines, so they say nothing about people or agents.
Decision: by the file's name, in any folder, upper and lower case of ASCII letters being the same.
Wrong when: a project keeps a hand-written file under such a name; a package manager that is not listed writes another
one.
Threshold: none; the list is that of paceflow 0.2.1.
"""

from dataclasses import dataclass
from functools import cache

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class LockFile:
    """Names of lock files."""

    names: tuple[str, ...] = parameter(
        (
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "npm-shrinkwrap.json",
            "Cargo.lock",
            "Gemfile.lock",
            "poetry.lock",
            "Pipfile.lock",
            "composer.lock",
            "go.sum",
            "mix.lock",
        ),
        meaning="file names, without folders, whose lines are not counted and not matched; add yours, e.g. uv.lock",
    )


def is_lock_file(rule: LockFile, rel_path: str) -> bool:
    """Whether a path of a repository, with '/' between folders, is a lock file."""
    return _folded(rel_path.rpartition("/")[2]) in _folded_names(rule.names)


@cache
def _folded_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_folded(name) for name in names)


def _folded(name: str) -> str:
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")  # ASCII letters only
