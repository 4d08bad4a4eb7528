"""Debug loop: whether a session went round in circles on one error.

Claim: the same error, reported again and again, means that the agent does not find the cause.
Decision: a user message about an error gets a signature, its words without what changes from run to run (paths,
addresses, hashes, numbers); "still failing" and the like repeat the signature before. A signature that comes often
enough is a loop.
Wrong when: different errors share their first words; the same error is told in new words each time; a test watcher
pastes the same harmless output.
Threshold: five times, 18 words, and the phrases are those of paceflow 0.2.1.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from paceflow_assets.lines import WORDS, split_lines
from paceflow_assets.rule import parameter

AGAIN = (
    "same error",
    "same issue",
    "still failing",
    "still fails",
    "still broken",
    "not fixed",
    "didn't work",
    "didnt work",
    "doesn't work",
    "doesnt work",
    "still not working",
)
KEYWORDS = (
    " error ",
    "error:",
    "exception",
    "traceback",
    "stack trace",
    "undefined",
    "not found",
    "failed",
    "failure",
    "cannot",
    "can't",
    "panic",
    "crash",
    "typeerror",
    "referenceerror",
    "syntaxerror",
    "runtimeerror",
    "compile error",
)
TRIMMED = re.compile(r"[a-z0-9/\\_.:-](?:.*[a-z0-9/\\_.:-])?", re.DOTALL)
SHA = re.compile("[0-9a-f]{8,64}")
NUMBER = re.compile("[0-9]+")
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True)
class DebugLoop:
    """When repeating an error becomes a loop."""

    repeats: int = parameter(
        5, meaning="how often one error must be reported in a session, not necessarily in a row", unit="times", low=2
    )
    signature_tokens: int = parameter(18, meaning="how many words of an error message are compared", unit="words", low=1)


def is_debug_loop(rule: DebugLoop, turns: Sequence[tuple[str, str]]) -> bool:
    """Whether (user text, reply) in order hold a loop. A turn with a blank side is passed over."""
    counts: Counter[str] = Counter()
    for found in signatures(rule, turns):
        if found is not None:
            counts[found] += 1
            if counts[found] >= rule.repeats:
                return True
    return False


def signatures(rule: DebugLoop, turns: Sequence[tuple[str, str]]) -> Iterator[str | None]:
    """What error each turn is about; None = none, or a blank side."""
    previous: str | None = None
    for text, reply in turns:
        if not WORDS.search(text) or not WORDS.search(reply):
            yield None
            continue
        previous = signature(rule, text, previous)
        yield previous


def signature(rule: DebugLoop, text: str, previous: str | None) -> str | None:
    """What error a user text is about; None = none. previous: signature of the turn before."""
    text = text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")  # ASCII letters only
    if previous is not None and any(phrase in text for phrase in AGAIN):
        return previous
    if not _names_error(text):
        return None
    for line in split_lines(text):
        trimmed = line.strip(WHITE_SPACE)
        if trimmed and _names_error(trimmed):
            return _normalised(rule, trimmed) or _normalised(rule, text) or None
    return _normalised(rule, text) or None


def _names_error(text: str) -> bool:
    padded = f" {text} "
    return any(keyword in padded for keyword in KEYWORDS)


def _normalised(rule: DebugLoop, text: str) -> str:
    """The first words, without what changes from run to run."""
    trimmed = (TRIMMED.search(word[0]) for word in WORDS.finditer(text))
    return " ".join(islice((_token(word[0]) for word in trimmed if word), rule.signature_tokens))


def _token(word: str) -> str:
    if word.startswith(("http://", "https://")):
        return "<url>"
    if "/" in word or "\\" in word:
        return "<path>"
    if SHA.fullmatch(word):
        return "<sha>"
    return NUMBER.sub("#", word)
