"""Task key: which task a branch name speaks of.

Claim: a branch named after a ticket holds the work on that ticket.
Decision: by the first word of letters, '-' or '_', and number: `feature/pac_12-login` is PAC-12. A branch without one
is its own task. Words that are denied are passed over: with "UTF" denied, `utf-8-fix-abc-7` is ABC-7.
Wrong when: a version or a standard looks like a ticket (`release-2024`, `utf-8`); a real project is called like a
denied word.
Threshold: none. `LOOKALIKES` are words before numbers that are no tickets as a rule; paceflow 0.2.1 denies no word.
"""

import re
from dataclasses import dataclass
from functools import cache

from paceflow_assets.rule import parameter

TICKET = re.compile("(?<![A-Za-z0-9])([A-Za-z]+)[-_]([0-9]+)")
DIGITS = re.compile("[0-9]+")
LARGEST_NUMBER = 2**63 - 1
LOOKALIKES = (
    *("UTF", "ISO", "RFC", "CVE", "SHA", "HTTP"),
    *("V", "VERSION", "RELEASE", "RC", "ALPHA", "BETA", "PATCH"),
    *("FIX", "BUGFIX", "HOTFIX", "PR", "REVERT", "BACKPORT", "BACKUP"),
    *("PHASE", "STEP", "PART", "SPRINT", "MILESTONE"),
    *("ATTEMPT", "TMP", "TEMP", "TEST", "WIP"),
)


@dataclass(frozen=True)
class TaskKey:
    """Which words before a number are no tickets."""

    denied_prefixes: tuple[str, ...] = parameter(
        LOOKALIKES,
        meaning=(
            'words before a number that make no ticket, in any case, e.g. ["UTF", "RELEASE", "FIX", "V"]; leave out '
            "those that are projects of yours; [] = every word before a number is a ticket"
        ),
    )


def task_key(rule: TaskKey, branch: str) -> str:
    """`LETTERS-digits`, letters in upper case, digits as written; a branch name without ticket is returned as it is."""
    denied = _upper(rule.denied_prefixes)
    for letters, digits in TICKET.findall(branch):
        prefix = letters.upper()
        if prefix not in denied:
            return f"{prefix}-{digits}"
    return branch


def parts(task_key: str) -> tuple[str, int] | None:
    """(prefix, number) of a ticket; None for a task that is a branch name.

    The key is cut at its first '-': the prefix must not be blank, the rest must be ASCII digits, at most 2^63 - 1.
    """
    prefix, _, digits = task_key.partition("-")
    if not prefix.strip() or not DIGITS.fullmatch(digits):
        return None
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(LARGEST_NUMBER)) or int(digits) > LARGEST_NUMBER:
        return None
    return prefix, int(digits)


def is_ticket(rule: TaskKey, task_key: str) -> bool:
    """Whether a key has the form of a ticket, and not of a denied one: with "UTF" denied, `utf-8` is a branch's name."""
    words = [letters.upper() for letters, _ in TICKET.findall(task_key)]
    is_denied = bool(words) and _upper(rule.denied_prefixes).issuperset(words)
    return parts(task_key) is not None and not is_denied


@cache
def _upper(prefixes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(prefix.upper() for prefix in prefixes)
