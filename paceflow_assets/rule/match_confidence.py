"""Match confidence: how likely a session really wrote lines of a commit.

Claim: what makes a match believable can be weighed, and the weights learned where the truth is known.
Decision: a logistic function of the pair's informative lines, of the edit's age, and of whether the edit is younger than the
commit's author date, as in a commit that was rebuilt later from more than its first author knew.
Wrong when: work differs from what the weights were learned on: generated histories in which people retype thrown-away code.
Threshold: none. Weights fitted to six generated histories; on four others the expected calibration error is 0.008 and the area
under the curve 0.93, on one real repository 0.013 and 0.83 (8 doubtful pairs of 214). That more than 30 lines say no more was
seen on both.
"""

import math

HOUR_MS = 3_600_000
LONGEST_HOURS = 720
MOST_LINES = 30
REBUILT_HOURS = 0.1
WEIGHTS = {"always": 1.07, "lines": 1.06, "age": -0.19, "rebuilt": -1.63}


def confidence(*, informative_lines: int, age_ms: int) -> float:
    """From 0 to 1. age_ms: from the latest edit to the author date."""
    values = features(informative_lines=informative_lines, age_ms=age_ms)
    return 1 / (1 + math.exp(-sum(WEIGHTS[name] * value for name, value in values.items())))


def features(*, informative_lines: int, age_ms: int) -> dict[str, float]:
    """What is weighed, by name."""
    age_hours = age_ms / HOUR_MS
    return {
        "always": 1.0,
        "lines": math.log1p(min(informative_lines, MOST_LINES)),
        "age": math.log1p(min(max(age_hours, 0.0), LONGEST_HOURS)),
        "rebuilt": float(age_hours < -REBUILT_HOURS),
    }
