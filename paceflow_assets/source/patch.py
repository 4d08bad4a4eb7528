"""Patch texts: what an agent hands to a tool in order to change files.

What lives here: three kinds of text, read into lines: the `*** Begin Patch` envelope, unified hunks, and shell commands
that write files from heredocs.
What belongs here: texts that more than one agent uses. What cannot be read is a value with a reason, no exception.
What stays out: whether a text was ever applied, session logs, paths of a machine.

Rows are `(side, hunk index, text)`, as `lines.measure` takes them.
"""

import re
from collections.abc import Iterable

import msgspec

from paceflow_assets.lines import diff, split_lines

Row = tuple[str, int, str]

BEGIN, END, END_OF_FILE = "*** Begin Patch", "*** End Patch", "*** End of File"
MOVE = "*** Move to: "
HEADERS = {"*** Add File: ": "add", "*** Update File: ": "update", "*** Delete File: ": "delete"}
HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
HARMLESS = frozenset({"cat", "cd", "mkdir", "ls", "pwd", "echo", "printf", "grep", "rg", "head", "tail", "wc", "nl"})
DEEPEST = 40  # nested command substitutions that are followed; deeper ones are no real command


class FilePatch(msgspec.Struct, frozen=True, gc=False):
    """What a patch does to one file. kind: 'add', 'update' or 'delete'. path: as written, the new one of a move."""

    path: str
    moved_from: str | None
    kind: str
    rows: list[Row]


class Patch(msgspec.Struct, frozen=True, gc=False):
    """The files of a patch in its order. error: why the text, or its rest, could not be read; None = all was read."""

    files: list[FilePatch]
    error: str | None = None


class Write(msgspec.Struct, frozen=True, gc=False):
    """One file that a shell command writes whole or appends to. path: as written, joined to an earlier `cd`."""

    path: str
    text: str
    append: bool


class ShellPatch(msgspec.Struct, frozen=True, gc=False):
    """One patch that a shell command hands to apply_patch. directory: where, after earlier `cd`; '' = at the start."""

    text: str
    directory: str


class Script(msgspec.Struct, frozen=True, gc=False):
    """What a shell command does to files, as far as its text tells.

    steps: in order. read: the file of a command that is nothing but `cat FILE`. other_words: words of the commands that
    may change files in ways that the text does not show.
    """

    steps: list[Write | ShellPatch]
    read: str | None
    other_words: list[str]
    errors: list[str]


def apply_patch(text: str) -> Patch:
    """Read a `*** Begin Patch` text. Only lines that start with `*** ` are headers: `--- x` and `+++ x` are content."""
    patch_lines = _enveloped(text)
    if patch_lines is None:
        return Patch([], f"no '{BEGIN}' line")
    files: list[FilePatch] = []
    block: _Block | None = None
    for line in patch_lines:
        if block is not None and line[:1] in block.content:
            block.take(line)
            continue
        kind, path = _header(line)
        if kind == "end":
            break
        if kind == "move" and block is not None:
            block.move_to(path)
        elif kind in HEADERS.values():
            files.extend(_closed(block))
            block = _Block(kind, path)
        elif block is not None and line.startswith("@@"):
            block.section()
    files.extend(_closed(block))
    if not files and any(line.strip() not in ("", END) for line in patch_lines):
        return Patch([], "no file header in the patch")
    return Patch(files)


def _enveloped(text: str) -> list[str] | None:
    """Lines after the begin marker; before it may stand blank lines and the `<<EOF` of a model that meant a heredoc."""
    patch_lines = split_lines(text)
    for index, line in enumerate(patch_lines):
        bare = line.strip()
        if bare == BEGIN:
            return patch_lines[index + 1 :]
        if bare and not bare.startswith("<<"):
            return None
    return None


class _Block:
    """One file of the envelope while its lines are read."""

    def __init__(self, kind: str, path: str) -> None:
        self.kind, self.path = kind, path
        self.moved_from: str | None = None
        self.content = {"update": "+- ", "add": "+", "delete": "+- "}[kind]  # first characters of a line that is no header
        self.rows: list[Row] = []
        self.hunk = 0

    def move_to(self, path: str) -> None:
        self.path, self.moved_from = path, self.moved_from or self.path

    def section(self) -> None:
        if self.rows and self.rows[-1][1] == self.hunk:
            self.hunk += 1

    def take(self, line: str) -> None:
        """One line of content. An empty line of an update is context that lost its blank; a deletion has no content."""
        if self.kind == "update" or (self.kind == "add" and line):
            self.rows.append((line[:1] or " ", self.hunk, line[1:]))


def _header(line: str) -> tuple[str, str]:
    """('add' | 'update' | 'delete' | 'move' | 'end' | 'eof' | '', path)."""
    bare = line.strip()
    if not bare.startswith("*** "):
        return "", ""
    if bare == END:
        return "end", ""
    if bare == END_OF_FILE:
        return "eof", ""
    if bare.startswith(MOVE):
        return "move", bare[len(MOVE) :].strip()
    for marker, kind in HEADERS.items():
        if bare.startswith(marker):
            return kind, bare[len(marker) :].strip()
    return "", ""


def _closed(block: _Block | None) -> list[FilePatch]:
    return [FilePatch(block.path, block.moved_from, block.kind, settled(block.rows))] if block is not None else []


def settled(rows: list[Row]) -> list[Row]:
    """The same change without lines that are taken out and put back unchanged: those become context.

    Models rewrite a block to insert one line. A hunk whose removed and added lines share no text is minimal already.
    """
    result: list[Row] = []
    run: list[Row] = []
    for row in [*rows, (" ", -1, "")]:
        if run and (row[0] == " " or row[1] != run[0][1]):
            result.extend(_settled_run(run))
            run = []
        if row[0] == " ":
            result.append(row)
        else:
            run.append(row)
    return result[:-1]


def _settled_run(run: list[Row]) -> list[Row]:
    removed = [text for side, _, text in run if side == "-"]
    added = [text for side, _, text in run if side == "+"]
    if set(removed).isdisjoint(added):
        return run
    hunk = run[0][1]
    return [(side, hunk, text) for side, _, text in diff(removed, added)]


def hunks(text: str) -> tuple[list[Row], str | None]:
    """Rows of bare `@@ -a,b +c,d @@` hunks, and why reading stopped early (None = it did not)."""
    diff_lines = split_lines(text)
    rows: list[Row] = []
    at, hunk = 0, 0
    while at < len(diff_lines):
        header = HUNK.match(diff_lines[at])
        if header is None:
            if diff_lines[at].strip():
                return rows, "no hunk header where one is due"
            at += 1
            continue
        at, error = _hunk(diff_lines, at + 1, header, hunk, rows)
        if error is not None:
            return rows, error
        hunk += 1
    return rows, None


def unified(text: str) -> Patch:
    """Read a diff with `---`/`+++` headers (git's or plain). Headers are looked for between hunks only."""
    diff_lines = split_lines(text)
    files: list[FilePatch] = []
    open_file: _Unified | None = None
    at = 0
    while at < len(diff_lines):
        line = diff_lines[at]
        header = HUNK.match(line)
        at += 1
        if header is None:
            open_file = _unified_header(line, diff_lines[at : at + 1], open_file, files)
            continue
        if open_file is None:
            return Patch(files, "a hunk before any file header")
        at, error = _hunk(diff_lines, at, header, open_file.hunk, open_file.rows)
        open_file.hunk += 1
        if error is not None:
            return Patch([*files, *open_file.closed()], error)
    if open_file is not None:
        files.extend(open_file.closed())
    return Patch(files, None if files else "no file header in the diff")


class _Unified:
    """One file of a diff with headers while its lines are read."""

    def __init__(self) -> None:
        self.old: str | None = None
        self.new: str | None = None
        self.renamed_from: str | None = None
        self.renamed_to: str | None = None
        self.rows: list[Row] = []
        self.hunk = 0

    def closed(self) -> list[FilePatch]:
        """The file; none when the header named no path (a mode change, a binary file)."""
        new = self.renamed_to or self.new
        old = self.renamed_from or self.old
        if new is None and old is None:
            return []
        if new is None:
            return [FilePatch(old or "", None, "delete", self.rows)]
        moved = self.renamed_from if self.renamed_to is not None else None
        return [FilePatch(new, moved, "update" if old is not None else "add", self.rows)]


def _unified_header(line: str, following: list[str], open_file: _Unified | None, files: list[FilePatch]) -> _Unified | None:
    """Take one line between hunks. A new file begins at `diff --git`, or at a `---` line that a `+++` line follows."""
    if line.startswith("diff --git "):
        if open_file is not None:
            files.extend(open_file.closed())
        return _Unified()
    if line.startswith("--- ") and following and following[0].startswith("+++ "):
        if open_file is not None and (open_file.rows or open_file.new or open_file.old):
            files.extend(open_file.closed())
            open_file = None
        open_file = open_file or _Unified()
        open_file.old, open_file.new = _side(line[4:], "a/"), _side(following[0][4:], "b/")
    elif line.startswith("rename from ") and open_file is not None:
        open_file.renamed_from = line[12:]
    elif line.startswith("rename to ") and open_file is not None:
        open_file.renamed_to = line[10:]
    return open_file


def _side(text: str, prefix: str) -> str | None:
    path = text.split("\t", 1)[0].strip()
    if path == "/dev/null":
        return None
    return path.removeprefix(prefix)


def _hunk(diff_lines: list[str], at: int, header: re.Match[str], hunk: int, rows: list[Row]) -> tuple[int, str | None]:
    """Read one hunk by the counts of its header, so that no content can look like a header. -> (next line, error)."""
    old, new = (1 if count is None else int(count) for count in header.groups())
    while old > 0 or new > 0:
        if at >= len(diff_lines):
            return at, "a hunk is shorter than its header says"
        line = diff_lines[at] or " "  # some writers strip the blank of an empty context line
        side = line[0]
        at += 1
        if side == "\\":
            continue
        if side not in "+- " or (side != "+" and old < 1) or (side != "-" and new < 1):
            return at, "a hunk disagrees with the counts in its header"
        old -= side != "+"
        new -= side != "-"
        rows.append((side, hunk, line[1:]))
    if at < len(diff_lines) and diff_lines[at].startswith("\\"):
        at += 1
    return at, None


def script(text: str) -> Script:
    """What a shell command writes from heredocs, hands to apply_patch, or reads as a whole.

    Read character by character like a shell would: quotes, comments, substitutions, several heredocs on a line, `<<-`,
    bodies that look like commands. Not followed: variables, functions, loops; a path that holds one is an error.
    """
    commands = _Shell(text).commands
    steps: list[Write | ShellPatch] = []
    others: list[str] = []
    errors: list[str] = []
    for command in commands:
        if command.name in ("apply_patch", "applypatch"):
            _patch_steps(command, steps, errors)
        elif command.name in ("cat", "tee") and _write_steps(command, steps, errors):
            continue
        elif command.outputs or command.name not in HARMLESS:
            others.extend(command.words)
            others.extend(path for path, _, _ in command.outputs)
    return Script(steps, _whole_read(commands), others, errors)


class _Command:
    """One simple command: words without quotes, its heredoc, where its output goes."""

    def __init__(self, directory: str | None) -> None:
        self.words: list[str] = []
        self.changing: set[int] = set()  # words that the shell would still expand
        self.outputs: list[tuple[str, bool, bool]] = []  # path, append, still to be expanded
        self.body: str | None = None
        self.unterminated: str | None = None
        self.has_heredoc = False
        self.has_input = False
        self.directory = directory
        self.source: _Command | None = None  # left side of a pipe
        self.feeds = False  # output goes into a pipe

    @property
    def name(self) -> str:
        return self.words[0].rpartition("/")[2] if self.words else ""

    def stdin(self) -> tuple[str | None, str | None]:
        """(text on standard input when the script holds it, marker of a heredoc that never ends)."""
        command: _Command | None = self
        while command is not None:
            if command.has_heredoc:
                return command.body, command.unterminated
            command = command.source
            if command is not None and (command.name != "cat" or command.outputs or not _only_stdin(command.words[1:])):
                break
        return None, None


def _only_stdin(operands: Iterable[str]) -> bool:
    return all(word == "-" for word in operands)


def _write_steps(command: _Command, steps: list[Write | ShellPatch], errors: list[str]) -> bool:
    """Files that a `cat` or `tee` with a heredoc writes. False: the text does not tell what the command writes."""
    text, unterminated = command.stdin()
    targets = [output for output in command.outputs if not output[0].startswith("/dev/")]
    if command.name == "tee":
        operands = [(word, n in command.changing) for n, word in enumerate(command.words) if n and word[:1] != "-"]
        append = any(word in ("-a", "--append") for word in command.words)
        targets = [(path, append, changing) for path, changing in operands if not path.startswith("/dev/")]
    elif not _only_stdin(command.words[1:]):
        return False
    if unterminated is not None and targets:
        errors.append(f"heredoc terminator '{unterminated}' not found; its lines are not counted")
        return False
    if text is None:
        return False
    for path, append, changing in targets:
        joined = None if changing else _joined(command.directory, path)
        if joined is None:
            errors.append("the path of a heredoc cannot be told from its text; its lines are not counted")
        else:
            steps.append(Write(joined, text, append))
    return True


def _patch_steps(command: _Command, steps: list[Write | ShellPatch], errors: list[str]) -> None:
    text, unterminated = command.stdin()
    if len(command.words) > 1:
        text = command.words[1]
    if unterminated is not None:
        errors.append(f"heredoc terminator '{unterminated}' not found; its patch is not counted")
    elif text is not None and command.directory is None:
        errors.append("the directory of a patch cannot be told from its text; it is not counted")
    elif text is not None:
        steps.append(ShellPatch(text, command.directory or ""))


def _whole_read(commands: list[_Command]) -> str | None:
    """Path of a script that is `cat FILE` and nothing else."""
    if len(commands) != 1:
        return None
    command = commands[0]
    operands = [word for word in command.words[1:] if word != "--"]
    plain = not (command.outputs or command.has_heredoc or command.has_input or command.changing)
    if command.name != "cat" or not plain or len(operands) != 1 or operands[0].startswith("-"):
        return None
    return operands[0]


def _joined(directory: str | None, path: str) -> str | None:
    """A path after `cd directory`; None when the directory is not known."""
    if path.startswith(("/", "~")):
        return path
    if directory is None:
        return None
    return f"{directory.rstrip('/')}/{path}" if directory else path


class _Shell:
    """A shell script cut into simple commands with their heredocs."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.directory: str | None = ""
        self.commands: list[_Command] = []
        self.waiting: list[tuple[_Command, str, bool, bool]] = []  # command, marker, quoted, strip tabs
        self.depth = 0
        self.run("")

    def run(self, closer: str) -> None:
        """Read commands up to the closing character, or to the end."""
        command = _Command(self.directory)
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == closer:
                self.at += 1
                break
            if char in " \t\r":
                self.at += 1
            elif char == "#":
                self.at = self._line_end()
            elif char in "\n;&|)":
                command = self._operator(command, char)
            elif char == "(":
                command = self._group(command)
            elif char in "<>":
                self._redirect(command, "")
            else:
                self._word(command)
        self._close(command)

    def _line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _operator(self, command: _Command, char: str) -> _Command:
        """End a command at `;`, `&`, `|`, a stray `)` or the end of the line, where heredoc bodies begin."""
        pair = self.text[self.at : self.at + 2]
        if char == "&" and pair == "&>":
            self.at += 1
            self._redirect(command, "")
            return command
        self.at += 2 if pair in ("&&", "||", ";;", "|&") else 1
        self._close(command)
        if char == "\n":
            self._bodies()
        following = _Command(self.directory)
        if char == "|" and pair != "||":
            following.source, command.feeds = command, True
        return following

    def _group(self, command: _Command) -> _Command:
        """A subshell: a `cd` in it ends with it. `((` is arithmetic, which holds no command."""
        if self.text.startswith("((", self.at):
            end = self.text.find("))", self.at)
            self.at = len(self.text) if end < 0 else end + 2
            return command
        self._close(command)
        self._nested()
        return _Command(self.directory)

    def _nested(self) -> None:
        self.at += 1
        if self.depth >= DEEPEST:
            return
        self.depth += 1
        outside = self.directory
        self.run(")")
        self.directory = outside
        self.depth -= 1

    def _close(self, command: _Command) -> None:
        if not (command.words or command.outputs or command.has_heredoc):
            return
        self.commands.append(command)
        if command.name == "cd" and not command.feeds:
            known = len(command.words) == 2 and not command.changing and not command.words[1].startswith("-")
            self.directory = _joined(self.directory, command.words[1]) if known else None

    def _bodies(self) -> None:
        """Read the bodies of the heredocs that the last line announced, in order. The last one of a command counts."""
        for command, marker, quoted, tabs in self.waiting:
            body, found = self._body(marker, tabs)
            command.unterminated = None if found else marker
            command.body = body if quoted else _unescaped(body)
        self.waiting = []

    def _body(self, marker: str, tabs: bool) -> tuple[str, bool]:
        kept: list[str] = []
        while self.at < len(self.text):
            end = self._line_end()
            line = self.text[self.at : end]
            line = line.lstrip("\t") if tabs else line
            self.at = min(end + 1, len(self.text))
            if line == marker or line == marker + "\r":
                return "".join(kept), True
            kept.append(line + "\n")
        return "".join(kept), False

    def _redirect(self, command: _Command, descriptor: str) -> None:
        """`<`, `<<`, `<<-`, `<<<`, `>`, `>>`, `>|`, `>&`, and the process substitutions `<(` and `>(`."""
        sign = self.text[self.at]
        if self.text.startswith("(", self.at + 1):
            self.at += 1
            self._nested()
            return
        here = sign == "<" and self.text.startswith("<<", self.at) and not self.text.startswith("<<<", self.at)
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in "<>|&" and self.at - start < 3:
            self.at += 1
            if here and self.at - start == 2:
                break
        operator = self.text[start : self.at]
        if here:
            self._heredoc(command)
            return
        target, changing, _ = self._target()
        if sign == "<":
            command.has_input = True
        elif descriptor in ("", "1") and not operator.endswith("&") and target:
            command.outputs.append((target, operator == ">>", changing))

    def _heredoc(self, command: _Command) -> None:
        tabs = self.text.startswith("-", self.at)
        self.at += tabs
        marker, _, quoted = self._target()
        command.has_heredoc = True
        self.waiting.append((command, marker, quoted, tabs))

    def _target(self) -> tuple[str, bool, bool]:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        return self._read_word()

    def _word(self, command: _Command) -> None:
        word, changing, quoted = self._read_word()
        if not word and not quoted:
            return
        if word.isdigit() and not quoted and self.at < len(self.text) and self.text[self.at] in "<>":
            self._redirect(command, word)
            return
        first = not command.words
        if first and not quoted and (word in PREFIXES or ASSIGNMENT.match(word)):
            return
        if changing:
            command.changing.add(len(command.words))
        command.words.append(word)

    def _read_word(self) -> tuple[str, bool, bool]:
        """(word without quotes, whether the shell would expand it, whether any of it was quoted)."""
        pieces: list[str] = []
        changing = quoted = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in WORD_ENDS:
                break
            reader = READERS.get(char)
            if reader is None:
                pieces.append(char)
                changing = changing or char in "*?["
                self.at += 1
                continue
            piece, expands = reader(self)
            pieces.append(piece)
            changing = changing or expands
            quoted = quoted or char in "'\"" or (char == "\\" and piece != "")
        return "".join(pieces), changing, quoted

    def _single(self) -> tuple[str, bool]:
        end = self.text.find("'", self.at + 1)
        end = len(self.text) if end < 0 else end
        piece = self.text[self.at + 1 : end]
        self.at = min(end + 1, len(self.text))
        return piece, False

    def _double(self) -> tuple[str, bool]:
        pieces: list[str] = []
        changing = False
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                break
            if char == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                pieces.append({"\n": ""}.get(following, following if following in '"\\$`' else "\\" + following))
                self.at += 2
            elif char in "$`":
                piece, expands = READERS[char](self)
                pieces.append(piece)
                changing = changing or expands
            else:
                pieces.append(char)
                self.at += 1
        return "".join(pieces), changing

    def _escaped(self) -> tuple[str, bool]:
        following = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        return "" if following == "\n" else following, False

    def _dollar(self) -> tuple[str, bool]:
        """`$(…)` is read as commands, `${…}` and `$((…))` are passed over, `$'…'` is text."""
        rest = self.text[self.at + 1 : self.at + 3]
        start = self.at
        if rest == "((":
            end = self.text.find("))", self.at)
            self.at = len(self.text) if end < 0 else end + 2
        elif rest[:1] == "(":
            self.at += 1
            self._nested()
        elif rest[:1] == "{":
            end = self.text.find("}", self.at)
            self.at = len(self.text) if end < 0 else end + 1
        elif rest[:1] == "'":
            self.at += 1
            return self._single()[0], True
        else:
            self.at += 1
            return "$", bool(rest[:1]) and (rest[0].isalnum() or rest[0] in "_@*#?!-$")
        return self.text[start : self.at], True

    def _backtick(self) -> tuple[str, bool]:
        start = self.at
        end = self.text.find("`", self.at + 1)
        self.at = len(self.text) if end < 0 else end + 1
        return self.text[start : self.at], True


PREFIXES = frozenset({"!", "{", "then", "do", "else", "elif", "if", "while", "until", "time", "sudo", "command", "env"})
WORD_ENDS = frozenset(" \t\r\n;&|()<>")
READERS = {
    "'": _Shell._single,
    '"': _Shell._double,
    "\\": _Shell._escaped,
    "$": _Shell._dollar,
    "`": _Shell._backtick,
}


def _unescaped(body: str) -> str:
    """The body of a marker without quotes: the shell drops backslashes before `$`, backtick, backslash, newline."""
    return re.sub(r"\\([$`\\\n])", lambda found: found[1].strip("\n"), body) if "\\" in body else body
