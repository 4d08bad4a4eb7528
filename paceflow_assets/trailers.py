"""Trailers: the `Token: value` lines at the end of a commit message.

What lives here: reading them as git does, more or less: see below.
What belongs here: the form of a message's end. What stays out: what a trailer means (rule/, fact/).

Git takes the last paragraph for trailers unless it is the first, when all of its lines are trailers, or one of them is its
own and a quarter are (git-interpret-trailers(1), trailer.c). Here every trailer of the last paragraph counts: agents put prose
above theirs without a blank line ("Generated with …"), and git then sees none.
"""

import re

BLANKS = " \t"
LINE_END = re.compile(r"\r?\n")
TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*)")
COMMENT = "#"  # git leaves such lines out wherever they stand


def trailers(message: str) -> list[tuple[str, str]]:
    """(token as it is written, value) of each trailer in order; a value that is folded over lines stands on one."""
    found: list[tuple[str, str]] = []
    is_open = False
    for line in _last_paragraph(message):
        trailer = TRAILER.fullmatch(line)
        if trailer:
            found.append((trailer[1], trailer[2].strip(BLANKS)))
        elif is_open and line[0] in BLANKS:
            token, value = found.pop()
            found.append((token, f"{value} {line.strip(BLANKS)}".strip(BLANKS)))
        is_open = trailer is not None or (is_open and line[0] in BLANKS)
    return found


def _last_paragraph(message: str) -> list[str]:
    """Lines of the last paragraph; [] if it is the only one, which is the subject."""
    paragraphs: list[list[str]] = [[]]
    for line in LINE_END.split(message):
        if line.startswith(COMMENT):
            continue
        if line.strip(BLANKS):
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    filled = [lines for lines in paragraphs if lines]
    return filled[-1] if len(filled) > 1 else []
