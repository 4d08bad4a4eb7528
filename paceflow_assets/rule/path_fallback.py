"""Path fallback: was a file that the session does not know by this path edited under another one?

Claim: a file whose own path explains little, but whose lines nearly all stand in one other path, is that file, moved.
Decision: files below `weak_ratio` are scored against every other path; first paths with the same file name, then all. The
best is taken if it explains enough of the file, enough lines, and clearly more than the next one.
Wrong when: two files share most of their text (templates, copies); the file was split or joined.
Threshold: the reference program, release 0.2.1: 0.80 of the file, 30 lines, 0.20 ahead (0.60 and 10 from its release 0.2.4 on).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class PathFallback:
    """When another path is taken instead of the file's own."""

    weak_ratio: float = parameter(
        0.20,
        low=0.0,
        high=1.0,
        unit="share",
        meaning="a file that its own path explains to this share or more keeps its path",
    )
    min_ratio: float = parameter(
        0.80,
        low=0.0,
        high=1.0,
        unit="share",
        meaning="the other path must explain at least this share of the file's changed lines",
    )
    min_lines: int = parameter(30, low=1, high=1_000_000, unit="lines", meaning="and at least this many of them")
    margin: float = parameter(
        0.20,
        low=0.0,
        high=1.0,
        unit="share",
        meaning="and by this share of the file's lines more than the next best path",
    )


def is_weak(rule: PathFallback, matched_lines: float, file_lines: int) -> bool:
    """Whether the file's own path explains too little."""
    return (matched_lines / file_lines if file_lines else 0.0) < rule.weak_ratio


def chosen_path(rule: PathFallback, rel_path: str, file_lines: int, scores: Sequence[tuple[str, int]]) -> str | None:
    """The path to take instead, or None. scores: (other path, lines of the file that it explains)."""
    name = rel_path.rpartition("/")[2]
    same_name = [score for score in scores if score[0].rpartition("/")[2] == name]
    return _best(rule, file_lines, same_name) or _best(rule, file_lines, scores)


def least_wanted_lines(rule: PathFallback, file_lines: int, matched_lines: int) -> float | None:
    """Lines that another path must explain to matter; None = the file is too small, or not weak, and keeps its path."""
    is_asked = file_lines >= rule.min_lines and is_weak(rule, matched_lines, file_lines)
    return least_useful_lines(rule, file_lines) if is_asked else None


def least_useful_lines(rule: PathFallback, file_lines: int) -> float:
    """Lines that a path must explain to matter at all, be it as the best or as the next best."""
    return max(0.0, rule.min_ratio - rule.margin) * file_lines


def _best(rule: PathFallback, file_lines: int, scores: Sequence[tuple[str, int]]) -> str | None:
    if not scores or not file_lines:
        return None
    ranked = sorted(scores, key=lambda score: (-score[1], score[0]))
    path, lines = ranked[0]
    following = ranked[1][1] if len(ranked) > 1 else 0
    share, next_share = lines / file_lines, following / file_lines
    is_clear = share >= rule.min_ratio and lines >= rule.min_lines and share - next_share >= rule.margin
    return path if is_clear else None
