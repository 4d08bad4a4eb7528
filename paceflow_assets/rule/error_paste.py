"""Error paste: whether a person brought an error back into a running session.

Claim: an error reported after the first message means that the agent's work did not run at once.
Decision: by phrases of compilers, test runners and stack traces, and by a count of errors ("3 errors").
Wrong when: people merely talk about errors ("we had 5 errors last week", "the build failed yesterday"); errors in
other languages or with other words are missed; the first message is spared by its position, whatever it says.
Threshold: one such message; the phrases are those of paceflow 0.2.1.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from paceflow_assets.lines import WORDS

PHRASES = (
    "traceback",
    "error:",
    "error[",
    "error ts",
    "cannot find module",
    "module not found",
    "build failed",
    "test failed",
    "tests failed",
    "compilation failed",
    "failed with exit code",
    "panic:",
    "assertionerror",
    "exception:",
    "stack trace",
)
FAILED = " failed"
WHAT_FAILED = ("test", "build", "compile", "lint")
ERROR = re.compile("[^a-z]*errors?[^a-z]*")
COUNT = re.compile("[^0-9]*([0-9]+)[^0-9]*")
LARGEST_COUNT = 2**64 - 1


def is_mid_session_error_paste(user_texts: Sequence[str]) -> bool:
    """Whether any user text but the first shows an error. Blank texts keep their place in the order."""
    return any(error_signal(text) is not None for text in user_texts[1:])


def error_signal(text: str) -> str | None:
    """By what a text shows an error, in lower case ASCII letters; None = it shows none."""
    text = text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")  # ASCII letters only
    phrase = next((phrase for phrase in PHRASES if phrase in text), None)
    if phrase is not None:
        return phrase
    what = next((what for what in WHAT_FAILED if what in text), None)
    if what is not None and FAILED in text:
        return f"{what} …{FAILED}"
    return _counted_errors(text) if "error" in text else None


def _counted_errors(text: str) -> str | None:
    """The first two neighbouring words that read like "3 errors", whatever else sticks to them."""
    pairs = pairwise(WORDS.findall(text))
    return next((f"{first} {second}" for first, second in pairs if ERROR.fullmatch(second) and _is_count(first)), None)


def _is_count(word: str) -> bool:
    number = COUNT.fullmatch(word)
    if not number:
        return False
    digits = number[1].lstrip("0")
    return len(digits) <= len(str(LARGEST_COUNT)) and int(digits or "0") <= LARGEST_COUNT
