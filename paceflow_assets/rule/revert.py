"""Revert: which commits a message takes back.

Claim: `git revert` leaves its sentence in the message, so the message tells what was taken back.
Decision: by that sentence with a full commit hash; by it or by the subject, whether a message is a revert at all.
Wrong when: a revert is squashed or its message rewritten; a message quotes the sentence; work is undone by hand. A
revert of a revert is a revert.
Threshold: none; the sentence is git's own.
"""

import re

SENTENCE = "This reverts commit "
REVERTED = re.compile(SENTENCE + "([0-9A-Fa-f]{40})(?![0-9A-Fa-f])")
SUBJECTS = ("Revert ", "revert ")


def reverted_shas(message: str) -> list[str]:
    """Lower-case hashes that a message says it reverts, in order, at most one a line."""
    if SENTENCE not in message:
        return []
    hits = (REVERTED.search(line) for line in message.split("\n"))
    return [hit[1].lower() for hit in hits if hit]


def is_revert(message: str) -> bool:
    """Whether a whole message (subject and body) is that of a revert."""
    return message.startswith(SUBJECTS) or SENTENCE in message
