"""Line match: which lines of a commit does a session explain?

Claim: a changed line that a session wrote in the same file, on the same side, is the session's line.
Decision: equal text after trimming. With `runs` a line falls to one edit that was made before the commit and holds it among the
same neighbours: not used up by an earlier commit, the latest one of several; lines without information only beside one with.
With `bags` a session offers as many copies as its largest single edit of the file held, and several sessions share a line in
proportion to what they offer.
Wrong when: people type the same text themselves, such as a change that was thrown away before. With `bags` also: lines that
stand everywhere (braces, blank lines) match everything; a session is credited for what was committed before it began.
Threshold: the reference program, release 0.2.1, is `bags` with `trim = "end"` and everything else off. Tolerance, informative
characters and files are measured on repositories with known truth (10 s, 4 characters, 3 files).
"""

from dataclasses import dataclass

from paceflow_assets.rule import parameter


@dataclass(frozen=True)
class LineMatch:
    """When a session's line and a commit's line are the same line."""

    method: str = parameter(
        "runs",
        choices=("runs", "bags"),
        meaning="'runs': lines in their order, each with one edit; 'bags': equal lines counted per file, whatever their order",
    )
    trim: str = parameter(
        "end",
        choices=("end", "both"),
        meaning="which blanks, tabs and CR take no part when lines are compared: 'end' trailing ones, 'both' leading ones too",
    )
    time_order: str = parameter(
        "any",
        choices=("any", "edit_first"),
        meaning="with bags; 'edit_first': an edit explains only commits made after it; 'any': those before it as well",
    )
    tolerance_seconds: int = parameter(
        10,
        low=0,
        high=86_400,
        unit="seconds",
        meaning="how much later than the commit an edit may be dated, for clocks that differ",
    )
    consumption: str = parameter(
        "unlimited",
        choices=("unlimited", "once_per_lineage"),
        meaning="with bags; 'once_per_lineage': a session's line is credited once on the main line and once on each branch's "
        "own line; 'unlimited': in any number of commits",
    )
    dull_lines: str = parameter(
        "alone",
        choices=("alone", "beside_informative"),
        meaning="with bags; 'beside_informative': lines without information count only if the session also has an informative "
        "line in that file of the commit; 'alone': they count by themselves",
    )
    informative_characters: int = parameter(
        4,
        low=1,
        high=80,
        unit="word characters",
        meaning="a line with fewer letters, digits and underscores carries no information",
    )
    informative_files: int = parameter(
        3,
        low=1,
        high=1_000_000,
        unit="files",
        meaning="a text that commits added in this many files or more carries no information",
    )


def hash_column(rule: LineMatch) -> str:
    """Column of the line tables that holds the hash to compare."""
    return "line_hash_trimmed" if rule.trim == "both" else "line_hash"


def is_informative(rule: LineMatch, word_characters: int, file_count: int) -> bool:
    """Whether equality of such a line says anything. file_count: files to which commits added its text."""
    return word_characters >= rule.informative_characters and file_count < rule.informative_files


def latest_edit_ms(rule: LineMatch, commit_ms: int) -> int | None:
    """Time until which an edit may explain a commit; None = at any time."""
    return commit_ms + rule.tolerance_seconds * 1000 if rule.time_order == "edit_first" else None
