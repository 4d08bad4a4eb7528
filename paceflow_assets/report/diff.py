"""Diffs as people read them: each line with its writer in the margin, as in `git blame`.

What lives here: a diff into lines for a terminal or a pipe. What stays out: who wrote what (explanation/diff).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from paceflow_assets.explanation.finding import Diff, FileDiff, Row
from paceflow_assets.report.explanation import INDENT, WIDE, distance

TABLE = "fact_commit_line_origin"
PEOPLE = "human"
COLUMNS = ("session", "model", "edited", "evidence")
IDS = (8, 13)  # characters of a session's id; ids that begin with a time may differ only behind the eighth
NARROWEST_MODEL, GAP = 6, 2
TAB_COLUMNS = 4
COLOURS = ("cyan", "magenta", "yellow", "blue")
SIDES = {"+": "green", "-": "red", " ": "dim"}
CHANGES = {"add": "added", "delete": "deleted", "modify": "modified", "rename": "renamed", "copy": "copied"}
PICTURES = {**{code: chr(0x2400 + code) for code in range(0x20)}, 0x7F: "\u2421"}
NO_LINE_END = "\\ No newline at end of file"  # git's words

Writer = tuple[object, object]
Widths = Mapping[str, int]


def diff_lines(diff: Diff, width: int | None) -> Iterator[Text]:
    """A commit's diff, line by line; files cropped to so many columns, or whole if None."""
    yield Text.assemble(("lines", "bold"), (f"  {TABLE}", "dim"))
    yield from (_indented(Text(visible(note), "yellow")) for note in diff.notes)
    sessions = [_writer(row) for row in diff.writers if row["session"] is not None]
    characters = _id_characters([str(session) for _, session in sessions])
    if diff.writers:
        yield _indented(Text(", ".join(_counted(row, characters) for row in diff.writers)))
    elif not diff.notes:
        yield _indented(Text("no line changed"))
    colours = {writer: COLOURS[number % len(COLOURS)] for number, writer in enumerate(sessions)}
    for line in _files(diff.files, characters, colours, width):
        if width is not None:
            line.truncate(width, overflow="ellipsis")
        yield line


def visible(text: str) -> str:
    """The text on one line, tabs as blanks, with a picture or a number for all that a terminal would obey or not show."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _picture(letter) for letter in text.expandtabs(TAB_COLUMNS))


def _picture(letter: str) -> str:
    code = ord(letter)
    return PICTURES.get(code) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _files(files: Sequence[FileDiff], characters: int, colours: Mapping[Writer, str], width: int | None) -> Iterator[Text]:
    """Every file under the titles of the margin, whole."""
    is_narrow = width is not None and width < WIDE
    margins = [[_margin(line, characters, is_narrow=is_narrow) for line in file.lines] for file in files]
    widths = _widths([cells for own in margins for cells in own], width)
    if colours:
        yield _indented(Text(_row({name: name for name in widths}, widths).rstrip(), "dim"))
    for file, cells in zip(files, margins, strict=True):
        yield _indented(_title(file, width))
        yield from map(_indented, _file(file, [_row(each, widths) for each in cells], colours))


def _counted(row: Row, characters: int) -> str:
    """`7 by 0d3f6b1e`, `2 human`: how many lines fall to whom."""
    nobody = PEOPLE if row["provider"] == PEOPLE else "too short or common to tell"
    who = nobody if row["session"] is None else f"by {visible(str(row['session'])[:characters])}"
    return f"{row['lines']:,} {who}"


def _writer(row: Row) -> Writer:
    return row["provider"], row["session"]


def _id_characters(ids: Sequence[str]) -> int:
    """How many characters of the ids tell them apart."""
    return next((length for length in IDS if len({each[:length] for each in ids}) == len(ids)), max(map(len, ids), default=0))


def _margin(line: Row, characters: int, *, is_narrow: bool) -> dict[str, str]:
    """What stands beside a line."""
    if line["session"] is None:
        return {"session": PEOPLE} if line["provider"] == PEOPLE else {}
    edited = line["edited"]
    model = visible(str(line["model"]))
    return {
        "session": visible(str(line["session"])[:characters]),
        "model": model.partition("/")[2].removeprefix(f"{line['provider']}-") if is_narrow else model,
        "edited": distance(edited) if isinstance(edited, dt.timedelta) else "",
        "evidence": str(line["evidence"]).replace("_", " "),
    }


def _widths(margins: Sequence[Mapping[str, str]], width: int | None) -> Widths:
    """Columns of the margin with their widths: nearly half of the terminal is the code's, the model's name gives way."""
    used = [name for name in COLUMNS if any(cells.get(name) for cells in margins)]
    widths = {name: max(cell_len(name), *(cell_len(cells.get(name, "")) for cells in margins)) for name in used}
    if width is None or "model" not in widths:
        return widths
    room = width * 11 // 20 - INDENT - sum(widths[name] + GAP for name in used if name != "model") - GAP
    fitting = min(widths["model"], room)
    return {name: fitting if name == "model" else widths[name] for name in used if name != "model" or room >= NARROWEST_MODEL}


def _row(cells: Mapping[str, str], widths: Widths) -> str:
    """The margin of a line, with the gap behind it."""
    return "".join(_fitted(cells.get(name, ""), width) + " " * GAP for name, width in widths.items())


def _fitted(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def _title(file: FileDiff, width: int | None) -> Text:
    """Path and kind of change; of a path that is too long its end."""
    told = [CHANGES[file.change]]
    told += [f"+{file.added:,}"] if file.added else []
    told += [f"−{file.removed:,}"] if file.removed else []
    told += ["binary"] if file.is_binary else [] if file.lines else ["no lines"]
    about = "  " + " ".join(told)
    path = visible(file.path if file.old_path is None else f"{file.old_path} → {file.path}")
    room = None if width is None else width - INDENT - len(about)
    if room is not None and cell_len(path) > room:
        while cell_len(path) >= room > 1:
            path = path[1:]
        path = f"…{path}"
    return Text.assemble((path, "bold"), about)


def _file(file: FileDiff, margins: Sequence[str], colours: Mapping[Writer, str]) -> Iterator[Text]:
    """The hunks of a file, each line behind its margin."""
    blank = " " * cell_len(margins[0]) if margins else ""
    hunk = -1
    for line, margin in zip(file.lines, margins, strict=True):
        if line["hunk"] != hunk:
            hunk = line["hunk"]
            yield Text.assemble(blank, (visible(file.heads[hunk]) if file.heads else "@@", "dim"))
        side = str(line["side"])
        code = side if line["text"] is None else f"{side}{visible(str(line['text']))}"
        yield Text.assemble((margin, colours.get(_writer(line), "")), (code, SIDES[side]))
        if line["ends"] is False:
            yield Text.assemble(blank, (NO_LINE_END, "dim"))


def _indented(text: Text) -> Text:
    text.pad_left(INDENT)
    return text
