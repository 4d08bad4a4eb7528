"""Fix words: whether a commit says that it mends something.

Claim: a commit that mends a defect says so in its message.
Decision: by whole words in any case, anywhere in the subject or body; `fix-up` and `fix:` count, `bugfix` and
`fixing` do not.
Wrong when: the message speaks of something else ("fix the date of the party", "patch version"); a mend is called
"correct" or told in another language. Whether the message is a revert is asked elsewhere.
Threshold: one word; the words are those of paceflow 0.2.1.
"""

import re
from dataclasses import dataclass
from functools import cache

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class FixWords:
    """Words that mark a mending commit."""

    words: tuple[str, ...] = parameter(
        (
            "fix",
            "fixes",
            "fixed",
            "bug",
            "bugs",
            "hotfix",
            "hotfixes",
            "patch",
            "patches",
            "broken",
            "regression",
            "regressions",
        ),
        meaning="whole words of a commit message, in any case, that mark it as mending a defect; [] = no commit does",
    )


def is_fix(rule: FixWords, message: str) -> bool:
    """Whether a whole message (subject and body) holds one of the words."""
    return _pattern(rule.words).search(message) is not None


def matching_words(rule: FixWords, message: str) -> list[str]:
    """The words of a whole message that mark it, as they are written there, each once."""
    return list(dict.fromkeys(_pattern(rule.words).findall(message)))


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word) for word in words if word)
    return re.compile(rf"\b(?:{alternatives})\b" if alternatives else r"(?!)", re.IGNORECASE)
