"""Commit result: what git prints about a commit that a command has just made.

What lives here: reading that line, `[branch abc1234] subject`, from the output of a command.
What belongs here: git's words about a new commit, which every agent's log repeats. Nothing else of an output is read.
What stays out: session logs; which commit of which repository is meant.

Git writes it after commit, commit --amend, cherry-pick, revert and at each commit that a rebase stops for: the branch or
`detached HEAD`, `(root-commit)` for a first one, and the shortened name (builtin/commit.c and sequencer.c,
`print_commit_summary`, 1.5 to 2.5x). Some of these words are translated, so they are known by their place.
"""

import re
from typing import NamedTuple

# Stands in every command that may start git; asked of every call of a log, so it is no function.
GIT = b"git"
# Ends the line's head; in undecoded bytes the line end before it may be an escape.
END = b"] "
END_TEXT = "] "
MARK = re.compile(rb"[0-9a-f]{7}\] ")
# A rebase clears its progress, which ends in CR, before the line.
LINE = re.compile(r"(?:^|\r)(?:\x1b\[K)?\[([^\[\]\r\n]{1,250}) ([0-9a-f]{7,64})\] ", re.MULTILINE)
ROOT = re.compile(r" \([^()]*\)$")


class Made(NamedTuple):
    """One commit that git says it made. sha: as shortened. branch: None = no branch, HEAD was detached."""

    sha: str
    branch: str | None


def may_name_commits(output: bytes) -> bool:
    """Whether undecoded output may hold such a line."""
    return END in output and MARK.search(output) is not None


def commits(output: str) -> list[Made]:
    """The commits that an output names, each once, in order."""
    found: dict[str, Made] = {}
    if END_TEXT not in output:
        return []
    for words, sha in LINE.findall(output):
        branch = ROOT.sub("", words)
        found.setdefault(sha, Made(sha, None if " " in branch else branch))
    return list(found.values())
