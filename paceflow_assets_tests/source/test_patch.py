"""Patch texts: the envelope, unified hunks and shell heredocs, the ugly ones first; git and bash have the last word."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paceflow_assets.source import patch
from paceflow_assets.source.patch import ShellPatch, Write

QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
# Lines that look like syntax of some kind, and ordinary ones.
SYNTAX = [
    "--- a",
    "+++ b",
    "-x",
    "+x",
    "@@ -1 +1 @@",
    "*** End Patch",
    "*** Add File: f",
    "\\ No newline",
    "EOF",
    "\tEOF",
]
WORDS = ["", " ", "a", "b", "é — ü", "\u2028", 'it\'s "quoted" `x` $HOME \\n', "cat > g <<'EOF'", "x\x0cy", "}"]
LINES = st.sampled_from([*SYNTAX, *WORDS])


def sides(rows: list[patch.Row]) -> str:
    """The rows' sides, hunks set apart."""
    return "|".join("".join(side for side, at, _ in rows if at == hunk) for hunk in sorted({row[1] for row in rows}))


def enveloped(*body: str) -> str:
    """A patch text."""
    return "\n".join([patch.BEGIN, *body, patch.END]) + "\n"


@pytest.mark.parametrize(
    ("body", "sides_of_files"),
    [
        (["*** Update File: f", "--- comment", "+++i;"], ["-+"]),
        (["*** Update File: f", "@@ def a():", " x", "-y", "+z", "@@", "", "+w"], [" -+| +"]),
        (["*** Update File: f", "@@ class A", "@@ def b():", "-y", "+z"], ["-+"]),
        (["*** Update File: f", "@@", "-y", "*** End of File"], ["-"]),
        (["*** Update File: f", "@@", " *** Add File: g", "+z"], [" +"]),
        (["*** Update File: f", "-x"], ["-"]),
        (["*** Update File: f", "*** Move to: g"], [""]),
        (["*** Add File: f", "+a", "+", "+*** End Patch"], ["+++"]),
        (["*** Add File: f"], [""]),
        (["*** Delete File: f"], [""]),
        (["*** Delete File: f", "*** Add File: f", "+a"], ["", "+"]),
        (["*** Add File: f", "+a", "  *** Delete File: g"], ["+", ""]),
        ([], []),
        (["", "   "], []),
    ],
)
def test_envelope(body: list[str], sides_of_files: list[str]) -> None:
    """Only header lines end a file; what begins with a sign is content, whatever it looks like."""
    text = enveloped(*body)

    read = patch.apply_patch(text)

    assert read.error is None
    assert [sides(file.rows) for file in read.files] == sides_of_files


def test_envelope_names_files() -> None:
    """Kind, path, and the old path of a move, in the patch's order."""
    text = enveloped(
        "*** Update File: src/helper.py",
        "*** Move to: src/helpers.py",
        "@@",
        "-helper = 1",
        "+helper = 2",
        "*** Delete File: NOTES.md",
        "*** Add File: ü/mit blank.py",
        "+x = 1",
    )

    files = patch.apply_patch(text).files

    assert [(file.kind, file.path, file.moved_from) for file in files] == [
        ("update", "src/helpers.py", "src/helper.py"),
        ("delete", "NOTES.md", None),
        ("add", "ü/mit blank.py", None),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no '*** Begin Patch' line"),
        ("garbage", "no '*** Begin Patch' line"),
        ("diff --git a/f b/f", "no '*** Begin Patch' line"),
        (enveloped("@@", "+x"), "no file header in the patch"),
    ],
)
def test_envelope_without_files(text: str, error: str) -> None:
    """A text without begin marker or file header says so."""
    read = patch.apply_patch(text)

    assert (read.files, read.error) == ([], error)


@pytest.mark.parametrize("wrapped", ["<<'EOF'\n{}EOF\n", "\n\n{}", "{}", "\r\n{}"])
def test_envelope_is_found_behind_its_wrapping(wrapped: str) -> None:
    """Models wrap a patch in a heredoc that no shell reads; CRLF and missing end markers do no harm."""
    text = wrapped.format(enveloped("*** Add File: f", "+a").replace("\n", "\r\n"))

    files = patch.apply_patch(text).files

    assert [(file.path, file.rows) for file in files] == [("f", [("+", 0, "a")])]


def test_a_line_taken_out_and_put_back_is_context() -> None:
    """A block that is rewritten to insert one line counts as one added line, like in git."""
    text = enveloped(
        "*** Update File: mul.py", "@@", " def mul(a, b):", "-    return a * b", "+    # slow", "+    return a * b"
    )

    (file,) = patch.apply_patch(text).files

    assert file.rows == [
        (" ", 0, "def mul(a, b):"),
        ("+", 0, "    # slow"),
        (" ", 0, "    return a * b"),
    ]


@QUICK
@given(st.lists(st.tuples(st.sampled_from("+- "), LINES), min_size=1), st.lists(LINES))
def test_envelope_reads_back_what_was_written(update: list[tuple[str, str]], added: list[str]) -> None:
    """Property: any text survives as content; only lines put back unchanged turn into context."""
    text = enveloped(
        "*** Update File: f",
        "@@",
        *(side + line for side, line in update),
        "*** Add File: g",
        *("+" + x for x in added),
    )

    files = patch.apply_patch(text).files

    before = [line for side, line in update if side != "+"]
    after = [line for side, line in update if side != "-"]
    net = [len([row for row in files[0].rows if row[0] == side]) for side in "+-"]
    assert [file.path for file in files] == ["f", "g"]
    assert net[0] - net[1] == len(after) - len(before)
    assert net[0] <= sum(side == "+" for side, _ in update)
    assert files[1].rows == [("+", 0, line) for line in added]


@QUICK
@given(st.text(alphabet="*@+- \n\tBeginPatchEdUFl:f", max_size=80))
def test_no_text_is_too_broken(text: str) -> None:
    """Property: damage is a value, never an exception."""
    for read in (patch.apply_patch(text), patch.apply_patch(enveloped(text)), patch.unified(text)):
        assert isinstance(read, patch.Patch)
    assert isinstance(patch.hunks(text), tuple)
    assert isinstance(patch.script(text), patch.Script)


@pytest.mark.parametrize(
    ("text", "expected", "error"),
    [
        ("@@ -1 +1 @@\n-a\n+b\n", "-+", None),
        ("@@ -1,2 +1,3 @@\n import sys\n+from mul import mul\n \n", " + ", None),
        ("@@ -1,2 +1,2 @@\n--- a\n+++ b\n c\n", "-+ ", None),
        ("@@ -1 +0,0 @@\n-@@ -1 +1 @@\n@@ -9 +8 @@ def f\n-a\n+b\n", "-|-+", None),
        ("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", "-+", None),
        ("@@ -1,3 +1,2 @@\n a\n\n-b\n", "  -", None),
        ("", "", None),
        ("\n\n", "", None),
        ("@@ -1,5 +1,5 @@\n a\n", " ", "a hunk is shorter than its header says"),
        ("@@ -1 +1 @@\n-a\n-b\n", "-", "a hunk disagrees with the counts in its header"),
        ("@@ -1 +1 @@\n-a\nzzz\n", "-", "a hunk disagrees with the counts in its header"),
        ("[trimmed]", "", "no hunk header where one is due"),
    ],
)
def test_bare_hunks(text: str, expected: str, error: str | None) -> None:
    """Hunks are read by their counts; where they do not hold, reading stops with a reason and keeps what it has."""
    rows, reason = patch.hunks(text)

    assert (sides(rows), reason) == (expected, error)


def test_unified_with_headers() -> None:
    """New, deleted, renamed and changed files; a removed line that looks like a header stays a line."""
    text = (
        "diff --git a/old.py b/new.py\nsimilarity index 50%\nrename from old.py\nrename to new.py\n"
        "--- a/old.py\n+++ b/new.py\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/made.py\n@@ -0,0 +1 @@\n+x\n"
        "--- a/gone.py\t2026-01-01\n+++ /dev/null\n@@ -1,2 +0,0 @@\n--- SQL\n-y\n"
    )

    files = patch.unified(text).files

    assert [(file.path, file.moved_from, file.kind, sides(file.rows)) for file in files] == [
        ("new.py", "old.py", "update", "-+"),
        ("made.py", None, "add", "+"),
        ("gone.py", None, "delete", "--"),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [("plain words", "no file header in the diff"), ("@@ -1 +1 @@\n-a\n+b", "a hunk before any file header")],
)
def test_unified_without_headers(text: str, error: str) -> None:
    """A diff that names no file says so."""
    assert patch.unified(text).error == error


@QUICK
@given(st.lists(LINES), st.lists(LINES), st.booleans(), st.integers(0, 4))
def test_git_diffs_are_read_with_gits_own_counts(
    tmp_path: Path, old: list[str], new: list[str], newline: bool, context: int
) -> None:
    """Property: for any two texts, rows of `git diff --no-index` add up to its own --numstat."""
    before, after = tmp_path / "before.txt", tmp_path / "after.txt"
    before.write_bytes("\n".join(old).encode() + (b"\n" if newline and old else b""))
    after.write_bytes("\n".join(new).encode() + (b"\n" if new else b""))
    git = ["git", "-c", "core.quotepath=false", "diff", "--no-index", "--text", f"-U{context}"]
    diff = subprocess.run([*git, before.name, after.name], cwd=tmp_path, capture_output=True, check=False).stdout
    counts = subprocess.run([*git, "--numstat", before.name, after.name], cwd=tmp_path, capture_output=True, check=False)

    read = patch.unified(diff.decode())
    bare = patch.hunks(diff.decode().partition("+++ b/after.txt\n")[2])

    expected = tuple(int(number) for number in counts.stdout.split()[:2]) or (0, 0)
    rows = [row for file in read.files for row in file.rows]
    assert (sum(row[0] == "+" for row in rows), sum(row[0] == "-" for row in rows)) == expected
    assert bare == (rows, None)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("cat > f <<'EOF'\na\nb\nEOF", [Write("f", "a\nb\n", False)]),
        ("cat <<EOF > f\na\nEOF\n", [Write("f", "a\n", False)]),
        ("cat >> f <<EOF\na\nEOF", [Write("f", "a\n", True)]),
        ("cat>f<<\\EOF\na\nEOF", [Write("f", "a\n", False)]),
        ("cat >| 'a b' <<\"X Y\"\nq\nX Y", [Write("a b", "q\n", False)]),
        ("cat > ü/à.txt <<EOF\né\nEOF", [Write("ü/à.txt", "é\n", False)]),
        ("(cat > f <<EOF\na\nEOF\n)", [Write("f", "a\n", False)]),
        ("mkdir -p s && cat > s/f <<EOF\na\nEOF\ncat >> 's/g' <<\"X\"\nq\nX",
         [Write("s/f", "a\n", False), Write("s/g", "q\n", True)]),
        ("true; cat > f <<EOF; cat > g <<X\na\nEOF\nb\nX", [Write("f", "a\n", False), Write("g", "b\n", False)]),
        ("cat > f <<-EOF\n\ta\n\t\tEOF\n\tEOF", [Write("f", "a\n", False)]),
        ("cat > f <<EOF\n\\$x \\` \\\\ \\n\nEOF", [Write("f", "$x ` \\ \\n\n", False)]),
        ("cat > f <<'EOF'\n\\$x\nEOF", [Write("f", "\\$x\n", False)]),
        ("tee f <<EOF\na\nEOF", [Write("f", "a\n", False)]),
        ("tee -a f g <<EOF >/dev/null\na\nEOF", [Write("f", "a\n", True), Write("g", "a\n", True)]),
        ("cat <<EOF | sudo tee f\na\nEOF", [Write("f", "a\n", False)]),
        ("cd src && cat > f <<EOF\na\nEOF", [Write("src/f", "a\n", False)]),
        ("(cd src; cat > f <<EOF\na\nEOF\n); cat > g <<EOF\nEOF",
         [Write("src/f", "a\n", False), Write("g", "", False)]),
        ("cd /x/y; cat > ../f <<EOF\na\nEOF", [Write("/x/y/../f", "a\n", False)]),
        ("cat > f 2>&1 <<EOF\na\nEOF", [Write("f", "a\n", False)]),
        ("cat > f <<EOF  # <<X\na\nEOF", [Write("f", "a\n", False)]),
        ("if true; then cat > f <<EOF\na\nEOF\nfi", [Write("f", "a\n", False)]),
        ("git commit -m \"$(cat <<'EOF'\nit's > f\nEOF\n)\"; cat > g <<EOF\na\nEOF", [Write("g", "a\n", False)]),
        ("cat > f <<EOF\ncat > g <<X\nb\nX\nEOF", [Write("f", "cat > g <<X\nb\nX\n", False)]),
        ("apply_patch <<'P'\nbody\nP", [ShellPatch("body\n", "")]),
        ("cd a && applypatch <<P\nbody\nP\n", [ShellPatch("body\n", "a")]),
        ("cat <<'P' | apply_patch\nbody\nP", [ShellPatch("body\n", "")]),
        ('apply_patch "*** Begin Patch\nx"', [ShellPatch("*** Begin Patch\nx", "")]),
        ("cat > /dev/null <<EOF\na\nEOF", []),
        ("cat head - <<EOF > f\na\nEOF", []),
        ("cat <<EOF\na\nEOF", []),
        ("cat > f <<< word", []),
        ("echo $((1 << 2)) > f; (( x << 1 ))", []),
        ("python3 - <<'PY' > f\nopen('g', 'w')\nPY", []),
        ("cat <<EOF | sort > f\na\nEOF", []),
        ("echo 'cat > f <<EOF'\na\nEOF", []),
        ("cat x > f", []),
    ],
)  # fmt: skip
def test_heredocs(text: str, steps: list[Write | ShellPatch]) -> None:
    """What a command writes, and nothing that only looks like it."""
    script = patch.script(text)

    assert (script.steps, script.errors) == (steps, [])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cat > f <<EOF\na", "heredoc terminator 'EOF' not found; its lines are not counted"),
        ("cat > f <<EOF\na\nEOF x", "heredoc terminator 'EOF' not found; its lines are not counted"),
        ("apply_patch <<P\na", "heredoc terminator 'P' not found; its patch is not counted"),
        ("cat > $f <<EOF\na\nEOF", "the path of a heredoc cannot be told from its text; its lines are not counted"),
        ('cat > "$D/f" <<EOF\na\nEOF', "the path of a heredoc cannot be told from its text; its lines are not counted"),
        (
            "cd `x`; cat > f <<EOF\na\nEOF",
            "the path of a heredoc cannot be told from its text; its lines are not counted",
        ),
        ("cd - && apply_patch <<P\na\nP", "the directory of a patch cannot be told from its text; it is not counted"),
    ],
)
def test_heredocs_that_cannot_be_read(text: str, error: str) -> None:
    """An endless heredoc or a path that only the shell knows is an error, not a guess."""
    script = patch.script(text)

    assert (script.steps, script.errors) == ([], [error])


def test_an_endless_heredoc_spares_what_stands_before_it() -> None:
    """One bad heredoc loses its own lines only."""
    script = patch.script("cat > f <<A\na\nA\ncat > g <<B\nb")

    assert script.steps == [Write("f", "a\n", False)]
    assert script.errors == ["heredoc terminator 'B' not found; its lines are not counted"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("cat f", "f"),
        (" cat  'a b' ", "a b"),
        ("cat -- f", "f"),
        ("cat -n f", None),
        ("cat f g", None),
        ("cat f | head", None),
        ("cat $f", None),
        ("cat *.py", None),
        ("cat < f", None),
        ("cat f; ls", None),
        ("head f", None),
    ],
)
def test_whole_reads(text: str, read: str | None) -> None:
    """Only a command that is `cat FILE` shows a whole file."""
    assert patch.script(text).read == read


def test_other_commands_are_named() -> None:
    """Words of commands that may change files are known, so that a reader can distrust what it knew of them."""
    words = patch.script("mkdir d; sed -i s/a/b/ src/f.py && echo x > src/g.py; ls src").other_words

    assert words == ["sed", "-i", "s/a/b/", "src/f.py", "echo", "x", "src/g.py"]


@pytest.mark.parametrize(
    "text", ["$(" * 500, "cat | " * 3000, '"' * 99 + "$(" * 99, "cat <<A <<B", "<", ">", "<<", "cat > ", "((", "$'a"]
)
def test_scripts_that_end_too_early(text: str) -> None:
    """Unfinished or absurdly nested commands are read without an exception."""
    assert patch.script(text).steps == []


@QUICK
@given(st.lists(LINES, max_size=6), st.booleans(), st.booleans(), st.sampled_from(["f", "a b", "ü.txt", "-x", "it's"]))
def test_heredocs_are_written_as_bash_writes_them(tmp_path: Path, body: list[str], tabs: bool, append: bool, name: str) -> None:
    """Property: for any body, the text that is read equals the file that bash makes of it."""
    quoted = "'" + name.replace("'", "'\\''") + "'"
    marker = "END_OF_IT"
    sign, dash = ">>" if append else ">", "-" if tabs else ""
    head = f"mkdir -p 'd' && cd d; : > ./{quoted}; cat {sign} ./{quoted} <<{dash}'{marker}'"
    text = "\n".join([head, *body, marker, "true"])

    script = patch.script(text)

    subprocess.run(["bash", "-c", text], cwd=tmp_path, check=True, capture_output=True)
    assert script.steps == [Write(f"d/./{name}", (tmp_path / "d" / name).read_bytes().decode(), append)]
