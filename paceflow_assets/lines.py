"""Lines: what a line is, the bridge between a session's edit and a commit.

What lives here: splitting, normalising, hashing, counting words and diffing, once for logs and for git.
What belongs here: anything both sides must do to the letter alike.
What stays out: file formats (source/) and beliefs about lines (rule/).

xxh3_64 is used because its values are the same on every machine and version; polars' and DuckDB's own hashes are not.
"""

import re
from collections.abc import Iterable, Sequence

from xxhash import xxh3_64_intdigest

from paceflow_assets.records import Lines

TRAILING = b" \t\r"
NOT_WORD = bytes(b for b in range(0xC0) if not (b < 0x80 and (chr(b).isalnum() or b == 0x5F)))
WORDS = re.compile(
    "[^\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
)  # Unicode White_Space; str.split() would also cut at U+001C..U+001F
CONTEXT_LINES = 3


def split_lines(text: str) -> list[str]:
    """Lines of a text: cut at LF only, one CR before it dropped, nothing after a final LF. '' has no line."""
    if not text:
        return []
    pieces = text.split("\n")
    if not pieces[-1]:
        pieces.pop()
    return [piece[:-1] if piece.endswith("\r") else piece for piece in pieces]


def word_count(text: str) -> int:
    """Number of runs without white space (Unicode White_Space)."""
    return len(WORDS.findall(text))


def canonical(line: bytes) -> bytes:
    """UTF-8 bytes of a line; invalid bytes become U+FFFD, as they do in a session log."""
    return line if line.isascii() else line.decode("utf-8", "replace").encode()


def encoded(text: str) -> bytes:
    """UTF-8 bytes of a text; lone surrogates (legal in JSON escapes) become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def line_hash(line: bytes) -> int:
    """xxh3_64 of the line without trailing blanks, tabs and CR."""
    return xxh3_64_intdigest(line.rstrip(TRAILING))


def line_hash_trimmed(line: bytes) -> int:
    """xxh3_64 of the line without leading and trailing blanks, tabs and CR."""
    return xxh3_64_intdigest(line.strip(TRAILING))


def word_characters(line: bytes) -> int:
    """ASCII letters, digits and '_', and every non-ASCII character."""
    return len(line.translate(None, NOT_WORD))


def text_hash(text: str) -> int:
    """xxh3_64 of a whole text, CRLF read as LF."""
    return xxh3_64_intdigest(encoded(text.replace("\r\n", "\n") if "\r" in text else text))


def measure(rows: Iterable[tuple[str, int, str]]) -> Lines:
    """(side, hunk index, text of the line) in order -> `Lines`."""
    sides: list[str] = []
    hunks: list[int] = []
    hashes: list[int] = []
    trimmed: list[int] = []
    words: list[int] = []
    for side, hunk, text in rows:
        line = encoded(text).rstrip(TRAILING)
        sides.append(side)
        hunks.append(hunk)
        hashes.append(xxh3_64_intdigest(line))
        trimmed.append(xxh3_64_intdigest(line.lstrip(TRAILING)))
        words.append(len(line.translate(None, NOT_WORD)))
    return Lines("".join(sides), hunks, hashes, trimmed, words)


def whole(side: str, text: str) -> list[tuple[str, int, str]]:
    """A text that came ('+') or went ('-') as a whole: every line of it, in hunk 0."""
    return [(side, 0, line) for line in split_lines(text)]


def diff(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, str]]:
    """Minimal line diff as (side, hunk index, text), with up to three unchanged lines around each hunk.

    Myers' algorithm in its linear-space form, with the reference's walk, so that equal repeated lines are reported alike.
    Line ends take no part. `git diff --minimal` gives the same counts.
    """
    in_before, in_after = set(before), set(after)
    keep_before = [line in in_after for line in before]
    keep_after = [line in in_before for line in after]
    # A line that the other side lacks can only be removed or added: leaving it out first keeps whole rewrites linear.
    i = [k for k, shared in enumerate(keep_before) if shared]
    j = [k for k, shared in enumerate(keep_after) if shared]
    shared_before, shared_after = [True] * len(i), [True] * len(j)
    _mark([before[k] for k in i], [after[k] for k in j], shared_before, shared_after)
    for k, keep in zip(i, shared_before, strict=True):
        keep_before[k] = keep
    for k, keep in zip(j, shared_after, strict=True):
        keep_after[k] = keep
    return _hunks(before, after, keep_before, keep_after)


def _hunks(
    before: Sequence[str], after: Sequence[str], keep_before: list[bool], keep_after: list[bool]
) -> list[tuple[str, int, str]]:
    rows: list[tuple[str, int, str]] = []
    gap: list[str] = []
    hunk = -1
    i = j = 0
    while i < len(before) or j < len(after):
        if i < len(before) and keep_before[i] and j < len(after) and keep_after[j]:
            gap.append(before[i])
            i += 1
            j += 1
            continue
        if hunk < 0 or len(gap) > 2 * CONTEXT_LINES:
            if hunk >= 0:
                rows.extend((" ", hunk, line) for line in gap[:CONTEXT_LINES])
            hunk += 1
            rows.extend((" ", hunk, line) for line in gap[-CONTEXT_LINES:])
        else:
            rows.extend((" ", hunk, line) for line in gap)
        gap = []
        while i < len(before) and not keep_before[i]:
            rows.append(("-", hunk, before[i]))
            i += 1
        while j < len(after) and not keep_after[j]:
            rows.append(("+", hunk, after[j]))
            j += 1
    if hunk >= 0:
        rows.extend((" ", hunk, line) for line in gap[:CONTEXT_LINES])
    return rows


def _mark(a: list[str], b: list[str], keep_a: list[bool], keep_b: list[bool]) -> None:
    """Clear keep_a / keep_b where a line was removed / added."""
    pending = [(0, len(a), 0, len(b))]
    while pending:
        a0, a1, b0, b1 = pending.pop()
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            a0, b0 = a0 + 1, b0 + 1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
        split = _middle_snake(a, a0, a1, b, b0, b1) if a0 < a1 and b0 < b1 else None
        if split is None or split in ((a0, b0), (a1, b1)):
            keep_a[a0:a1] = [False] * (a1 - a0)
            keep_b[b0:b1] = [False] * (b1 - b0)
        else:
            x, y = split
            pending.append((a0, x, b0, y))
            pending.append((x, a1, y, b1))


def _middle_snake(a: list[str], a0: int, a1: int, b: list[str], b0: int, b1: int) -> tuple[int, int] | None:
    """A point on a shortest edit path of a[a0:a1] -> b[b0:b1], found from both ends at once; None when nothing is shared."""
    n, m = a1 - a0, b1 - b0
    delta = n - m
    odd = delta % 2 != 0
    forward = {1: 0}
    backward = {1: 0}
    for d in range((n + m + 1) // 2 + 1):
        for k in range(d, -d - 1, -2):
            down = k == -d or (k != d and forward.get(k - 1, 0) < forward.get(k + 1, 0))
            x = forward.get(k + 1, 0) if down else forward.get(k - 1, 0) + 1
            y = x - k
            x0, y0 = x, y
            while x < n and y < m and a[a0 + x] == b[b0 + y]:
                x, y = x + 1, y + 1
            forward[k] = x
            if odd and abs(k - delta) <= d - 1 and x + backward.get(delta - k, 0) >= n:
                return a0 + x0, b0 + y0
        for k in range(d, -d - 1, -2):
            down = k == -d or (k != d and backward.get(k - 1, 0) < backward.get(k + 1, 0))
            x = backward.get(k + 1, 0) if down else backward.get(k - 1, 0) + 1
            y = x - k
            while x < n and y < m and a[a1 - x - 1] == b[b1 - y - 1]:
                x, y = x + 1, y + 1
            backward[k] = x
            if not odd and abs(k - delta) <= d and x + forward.get(delta - k, 0) >= n:
                return a1 - x, b1 - y
    return None
