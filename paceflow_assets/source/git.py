"""Git: what a repository on disk holds, read into records.

What lives here: which checkout a folder lies in, where a checkout comes from, its refs, its commits, their lines and notes.
What belongs here: everything that reads a `.git` folder or starts git; no other module does.
What stays out: which commits matter, what a line is (lines.py), what a message means (rule/), storage.

Checkouts are found by reading files, without a process. Objects are read by git inside an empty repository of our own
that borrows theirs (`_Objects`), so a commit reads the same whatever the configuration, the attributes or the branch
checked out: a row stays true once it is stored. What git cannot read becomes a `ParseError` with line 0 that names the
commit.

GitError    git cannot be started, or a repository cannot be read at all
└── _Stopped    one git process ended early; caught here wherever the rest can still be read
"""

import contextlib
import hashlib
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter, itemgetter
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from paceflow_assets.lines import canonical, line_hash, line_hash_trimmed, word_characters
from paceflow_assets.records import Commit, FileChange, Lines, ParseError, Ref

BLOCK_BYTES = 1 << 16  # one pipe: git fills the next one while this one is read
MARKER_BYTES = 4096  # a `.git` file, HEAD or `commondir` is one short line
WHOLE_BYTES = 1 << 20  # a ref file up to this size enters the signature with its content, a larger one with its stat
COMMIT_NAME = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class GitError(Exception):
    """Git cannot be started, or a repository cannot be read at all. Says where, what, consequence, remedy."""


class _Stopped(GitError):
    """One git process ended before its work was done. words: the last line it said."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


class Place(NamedTuple):
    """The checkout a folder lies in. common_dir: identity of the repository. worktree: top folder. Both canonical."""

    common_dir: Path
    worktree: Path


class Identity(NamedTuple):
    """Where a checkout comes from.

    origin: address of remote `origin` without credentials, None = no such remote. origin_key: `normal_origin` of it.
    root_commits: commits without parent behind any ref or HEAD, oldest first; empty = none is here, because there is no
    commit yet or a shallow clone ends before. default_branch: short name that origin/HEAD gives, None = it gives none.
    """

    origin: str | None
    origin_key: str | None
    root_commits: list[str]
    default_branch: str | None


def find(folder: Path) -> Place | None:
    """The checkout an absolute folder lies in. A folder that is gone counts as its nearest ancestor that exists.

    None: outside every checkout, inside a `.git` folder or a bare repository, a relative path, or not allowed to look.
    """
    if not folder.is_absolute():
        return None
    try:
        return _find(folder)
    except (OSError, ValueError):
        return None


def worktrees(common_dir: Path) -> list[Path]:
    """Top folders of a repository: the main worktree, then the linked ones by name, whether they still exist or not.

    The main one is missing where it cannot be known from the repository: bare, or `git init --separate-git-dir`.
    """
    found = []
    main = _main_worktree(common_dir)
    if main is not None:
        found.append(main)
    for name in _linked(common_dir):
        linked = common_dir / "worktrees" / name
        marker = os.fsdecode(_content(linked / "gitdir").strip(b"\r\n"))
        if marker and "\0" not in marker:
            found.append(Path(os.path.realpath(linked / marker)).parent)
    return list(dict.fromkeys(found))


def signature(common_dir: Path) -> str:
    """A short text that changes when a ref, a HEAD, origin's address or the depth of a shallow clone does.

    It may change without need (refs packed, a setting of a branch). '' = no repository is there (any more).
    """
    root = os.fspath(common_dir)
    names = ["HEAD", "packed-refs", "shallow", "config", "reftable/tables.list"]
    names += [f"worktrees/{name}/HEAD" for name in _linked(common_dir)]
    digest = hashlib.blake2b(digest_size=8)
    for name in [*names, *_loose_refs(root, "refs")]:
        content = _state(f"{root}/{name}")
        if content is None and name == "HEAD":
            return ""
        if content is not None:
            digest.update(b"%b\0%d\0%b" % (os.fsencode(name), len(content), content))
    return digest.hexdigest()


def _find(folder: Path) -> Place | None:
    here = os.path.realpath(folder)
    while not os.path.isdir(here):
        here = os.path.dirname(here)
    while True:
        git_dir = _git_dir(here)
        if git_dir is not None:
            common_dir = _common_dir(git_dir)
            bare = common_dir == git_dir and _is_bare(common_dir)
            return None if bare else Place(Path(common_dir), Path(here))
        above = os.path.dirname(here)
        if above == here or _is_git_dir(here):
            return None
        here = above


def _git_dir(folder: str) -> str | None:
    """The git directory that `.git` in a folder is or names; None when there is none that can be used."""
    marker = os.path.join(folder, ".git")
    try:
        mode = os.stat(marker).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    target = marker
    if not stat.S_ISDIR(mode):
        line = _content(marker) if stat.S_ISREG(mode) else b""
        if not line.startswith(b"gitdir:"):
            return None
        target = os.path.join(folder, os.fsdecode(line.removeprefix(b"gitdir:").strip(b" \r\n")))
    target = os.path.realpath(target)
    return target if _is_git_dir(target) else None


def _is_git_dir(folder: str) -> bool:
    if not os.path.lexists(os.path.join(folder, "HEAD")):
        return False
    common_dir = _common_dir(folder)
    return all(os.path.isdir(os.path.join(common_dir, name)) for name in ("objects", "refs"))


def _common_dir(git_dir: str) -> str:
    line = _content(os.path.join(git_dir, "commondir")).strip(b"\r\n")
    return os.path.realpath(os.path.join(git_dir, os.fsdecode(line))) if line else git_dir


def _main_worktree(common_dir: Path) -> Path | None:
    if _is_bare(common_dir):
        return None
    elsewhere = _settings(common_dir).get("core.worktree")
    if elsewhere:
        return Path(os.path.realpath(common_dir / elsewhere))
    return common_dir.parent if common_dir.name == ".git" else None


def _linked(common_dir: Path) -> list[str]:
    """Names of the linked worktrees, sorted."""
    try:
        return sorted(os.listdir(common_dir / "worktrees"))
    except OSError:
        return []


def _is_bare(common_dir: str | Path) -> bool:
    return _settings(common_dir).get("core.bare", "").lower() in ("true", "yes", "on", "1")


SECTION = re.compile(r'\s*\[\s*([^\]"\s]+)\s*("(?:[^"\\]|\\.)*")?\s*\]')
SETTING = re.compile(r'\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*((?:"(?:[^"\\]|\\.)*"|[^"#;])*))?')


def _settings(common_dir: str | Path) -> dict[str, str]:
    """`section.key` (lower case) -> value, from the repository's own files. Subsections and includes are left out."""
    found: dict[str, str] = {}
    for name in ("config", "config.worktree"):
        section = ""
        text = _content(os.path.join(common_dir, name), WHOLE_BYTES).decode("utf-8", "backslashreplace")
        for line in text.split("\n"):
            head = SECTION.match(line)
            if head:
                section = "" if head[2] else head[1].lower()
                line = line[head.end() :]
            setting = SETTING.match(line)
            if setting and section:
                value = "true" if setting[2] is None else re.sub(r'\\(.)|"', r"\1", setting[2].strip())
                found[f"{section}.{setting[1].lower()}"] = value
    return found


def _content(path: str | Path, limit: int = MARKER_BYTES) -> bytes:
    """The first bytes of a small file; b'' when it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(limit) or b""
    except OSError:
        return b""


def _state(path: str) -> bytes | None:
    """What tells one state of a file from the next: its content, or of a large file its stat. None = no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        content = os.read(descriptor, WHOLE_BYTES + 1)
        if len(content) > WHOLE_BYTES:
            facts = os.fstat(descriptor)
            return b"%d %d %d" % (facts.st_size, facts.st_mtime_ns, facts.st_ino)
        return content
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _loose_refs(root: str, folder: str) -> Iterator[str]:
    """Names of the files below a folder of refs, in a fixed order."""
    try:
        entries = sorted(os.scandir(f"{root}/{folder}"), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        name = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _loose_refs(root, name)
        else:
            yield name


DEFAULT_PORTS = {"ssh": "22", "git+ssh": "22", "ssh+git": "22", "https": "443", "http": "80", "git": "9418"}
CASELESS_HOSTS = ("github.com", "gitlab.com", "bitbucket.org")
URL = re.compile(r"((?:[\w.+-]+::)*)([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
HOST = re.compile(r"\[[0-9A-Fa-f:.%]+\]|[^\s/\\:@\[\]]+")
HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
BRACKETED = re.compile(r"(?:[^@/\[]*@)?\[([^\]/]+)\]:(.*)", re.DOTALL)


def normal_origin(address: str) -> str | None:
    """`host/owner/name` of a remote's address, equal for its https, ssh, git and scp forms; None for one without host.

    The host is lower-case; default ports, user, trailing `/` and `.git` are dropped; the whole key is lower-case where
    the host does not tell case apart.
    """
    address = address.strip()
    url = URL.fullmatch(address)
    parts = _url_parts(url[2].lower(), url[3]) if url else _scp_parts(address)
    if parts is None:
        return None
    host, port, path = parts
    host = host.lower()
    caseless = host in CASELESS_HOSTS
    name = "/".join(piece for piece in (path.lower() if caseless else path).split("/") if piece)
    while name.endswith(".git"):
        name = name.removesuffix(".git").rstrip("/")
    if not name or not HOST.fullmatch(host):
        return None
    return f"{host}:{port}/{name}" if port else f"{host}/{name}"


def without_credentials(address: str) -> str:
    """The address without password or token: ssh keeps its user name, which is no secret; others keep none."""
    address = address.strip()
    url = URL.fullmatch(address)
    if not url:
        return address
    helper, scheme, rest = url.groups()
    user, rest = _split_user(_without_query(scheme.lower(), rest))
    name = user.partition(":")[0] if "ssh" in scheme.lower() else ""
    return f"{helper}{scheme}://{name}@{rest}" if name else f"{helper}{scheme}://{rest}"


def _url_parts(scheme: str, rest: str) -> tuple[str, str, str] | None:
    """(host, port, path) of what follows `scheme://`; port '' = the scheme's own."""
    place, _, path = _split_user(_without_query(scheme, rest))[1].partition("/")
    found = HOST_AND_PORT.fullmatch(place)
    if scheme == "file" or not found:
        return None
    port = str(int(found[2])) if found[2] else ""
    return found[1], "" if port == DEFAULT_PORTS.get(scheme) else port, path


def _scp_parts(address: str) -> tuple[str, str, str] | None:
    """(host, port, path) of `user@host:path`; None for a local path, which has no colon before its first slash."""
    bracketed = BRACKETED.fullmatch(address)
    if bracketed:
        inside = bracketed[1].rpartition("@")[2]
        if inside.count(":") > 1:
            return f"[{inside}]", "", bracketed[2]
        parts = _url_parts("ssh", inside)
        return parts and (parts[0], parts[1], bracketed[2])
    head, colon, path = address.partition(":")
    is_drive = len(head) == 1 and head.isalpha()
    if not colon or is_drive or "/" in head or "\\" in head or path.startswith(":"):
        return None
    return head.rpartition("@")[2], "", path


def _without_query(scheme: str, rest: str) -> str:
    """A query may hold a token and names no repository."""
    return re.split(r"[?#]", rest, maxsplit=1)[0] if scheme in ("http", "https") else rest


def _split_user(rest: str) -> tuple[str, str]:
    """(user info, what follows its `@`) of what follows `scheme://`."""
    authority, slash, path = rest.partition("/")
    user, at, place = authority.rpartition("@")
    if not at and "@" in path and not HOST_AND_PORT.fullmatch(authority):
        # The text before the slash is no host and port: a password with a bare slash in it.
        user, _, place = rest.rpartition("@")
        return user, place
    return user, place + slash + path


ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "HOME": os.devnull,  # git before 2.32 does not know GIT_CONFIG_GLOBAL
    "XDG_CONFIG_HOME": os.devnull,
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_FLUSH": "0",
    "LC_ALL": "C",
}
USAGE = 129  # git's exit code for an option it does not know


def _start(
    folder: Path, arguments: Sequence[str], more: dict[str, str], stdin: IO[bytes] | int, stderr: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """A git process in a folder; of our own environment it gets everything but the GIT_* variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-pager", "-c", "safe.directory=*", "-c", "protocol.allow=never", *arguments]
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=inherited | ENVIRONMENT | more,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise _vanished(folder) from error
        raise GitError("git: not found on PATH; no repository can be read; install git or add it to PATH") from error
    except OSError as error:
        raise GitError(f"git: {folder}: cannot be started ({error.strerror}); this repository is not read") from error


def _vanished(common_dir: Path) -> GitError:
    return GitError(f"git: {common_dir}: no repository there (any more); what was read of it stays; restore it or forget it")


def _no_scratch(common_dir: Path, error: OSError) -> GitError:
    return GitError(
        f"git: temporary folder: {error.strerror}; {common_dir} is not read; make room there, or point TMPDIR elsewhere"
    )


def _blocks(
    common_dir: Path,
    folder: Path,
    arguments: Sequence[str],
    more: dict[str, str],
    lines: Iterable[str] = (),
) -> Iterator[bytes]:
    """Output of one git process that reads the lines as its input; the process ends with the iterator.

    After the last block it raises `_Stopped` when git failed, `GitError` when the repository is gone or git is too old.
    """
    with contextlib.ExitStack() as scratch:
        try:
            asked = scratch.enter_context(tempfile.TemporaryFile())
            said = scratch.enter_context(tempfile.TemporaryFile())
            asked.write("".join(f"{line}\n" for line in lines).encode())
            asked.seek(0)
        except OSError as error:
            raise _no_scratch(common_dir, error) from error
        process = _start(folder, arguments, more, asked, said)
        try:
            while block := process.stdout.read(BLOCK_BYTES):
                yield block
            code = process.wait()
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        # Git can end well although everything it was asked for had gone: it takes that for missing objects.
        if not _is_git_dir(os.fspath(common_dir)):
            raise _vanished(common_dir)
        if code:
            said.seek(0)
            raise _failure(common_dir, arguments[0], code, said.read().decode("utf-8", "replace"))


def _failure(common_dir: Path, command: str, code: int, said: str) -> GitError:
    told = [line for line in said.split("\n") if line.startswith(("fatal:", "error:"))] or said.split("\n")[:1]
    words = told[-1].removeprefix("fatal:").removeprefix("error:").strip() or f"exit code {code}"
    if code == USAGE:
        return GitError(f"git: {common_dir}: git {command} refuses ({words}); nothing is read; a newer git is needed")
    return _Stopped(
        f"git: {common_dir}: git {command} failed ({words}); this repository is not read now; `git fsck` says more",
        words,
    )


def _direct(common_dir: Path, arguments: Sequence[str]) -> bytes:
    """Output of git in the repository itself: for its refs and its configuration only."""
    return b"".join(_blocks(common_dir, common_dir, arguments, {"GIT_DIR": os.path.abspath(common_dir)}))


class _Objects:
    """Git on the objects of one repository, inside an empty repository of our own: use as a context manager.

    Only GIT_OBJECT_DIRECTORY points into theirs. What changes git's words about a commit (configuration, attributes,
    index, grafts, replacements, hooks) and what makes it fetch (promisor remotes) is not there, so no list of settings
    must be overridden, and no new setting of a new git can slip through. Nothing is written to their folder.
    """

    def __init__(self, common_dir: Path) -> None:
        self.common_dir = Path(os.path.abspath(common_dir))
        self.reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not _is_git_dir(os.fspath(self.common_dir)):
            raise _vanished(self.common_dir)
        form = _settings(self.common_dir).get("extensions.objectformat", "sha1").lower()
        version = f"repositoryformatversion = {0 if form == 'sha1' else 1}"
        extension = "" if form == "sha1" else f"[extensions]\n\tobjectFormat = {form}\n"
        try:
            self.temporary = tempfile.TemporaryDirectory(prefix="paceflow-git-", ignore_cleanup_errors=True)
            self.folder = Path(self.temporary.name)
            (self.folder / "refs").mkdir()
            (self.folder / "HEAD").write_text("ref: refs/heads/none\n")
            (self.folder / "config").write_text(f"[core]\n\t{version}\n\tbare = true\n{extension}")
        except OSError as error:
            raise _no_scratch(self.common_dir, error) from error
        self.environment = {
            "GIT_DIR": os.fspath(self.folder),
            "GIT_OBJECT_DIRECTORY": os.fspath(self.common_dir / "objects"),
        }
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end_reader()
        self.temporary.cleanup()

    def blocks(self, arguments: Sequence[str], lines: Iterable[str]) -> Iterator[bytes]:
        """As `_blocks`."""
        return _blocks(self.common_dir, self.folder, arguments, self.environment, lines)

    def peeled(self, shas: Iterable[str]) -> dict[str, str | None]:
        """Object -> the commit it is or, being a tag, names; None when that is no commit. Missing ones are left out."""
        asked = [sha for sha in dict.fromkeys(shas) if COMMIT_NAME.fullmatch(sha)]
        if not asked:
            return {}
        answers = self.check(f"{sha}^{{}}" for sha in asked)
        return {sha: name if kind == "commit" else None for sha, (name, kind) in zip(asked, answers, strict=True) if kind}

    def check(self, objects: Iterable[str]) -> list[tuple[str, str]]:
        """(object name, type) of each object, in order; type '' = missing."""
        arguments = ["cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer"]
        rows = b"".join(self.blocks(arguments, objects)).decode("ascii", "replace").split("\n")[:-1]
        pairs = (row.rpartition(" ") for row in rows)
        return [(name, "" if kind == "missing" else kind) for name, _, kind in pairs]

    def sizes(self, names: Iterable[str]) -> list[int | None]:
        """Bytes of each text, in order; None = missing, no text, or more than a note can have."""
        arguments = ["cat-file", "--batch-check=%(objecttype) %(objectsize)", "--buffer"]
        rows = b"".join(self.blocks(arguments, names)).decode("ascii", "replace").split("\n")[:-1]
        found = (int(row.removeprefix("blob ")) if row.startswith("blob ") else None for row in rows)
        return [size if size is None or size <= NOTE_BYTES else None for size in found]

    def parents(self, sha: str) -> list[str] | None:
        """Parents as the commit records them, whatever a shallow clone hides; None = no commit that can be read."""
        kind, content = self._object(sha)
        if kind == b"commit":
            return re.findall(r"^parent ([0-9a-f]+)$", content.partition(b"\n\n")[0].decode("ascii", "replace"), re.M)
        return None

    def text(self, name: str) -> bytes | None:
        """Content of a text object; None = none that can be read."""
        kind, content = self._object(name)
        return content if kind == b"blob" else None

    def _object(self, sha: str) -> tuple[bytes, bytes]:
        """(type, content) of an object; type b'missing' = not here, b'' = git died of it, and is started anew next time."""
        if self.reader is None:
            arguments = ["cat-file", "--batch"]
            self.reader = _start(self.folder, arguments, self.environment, subprocess.PIPE, subprocess.DEVNULL)
        kind, content = self._answer(sha)
        if not kind:
            self._end_reader()
            if not _is_git_dir(os.fspath(self.common_dir)):
                raise _vanished(self.common_dir)
        return kind, content

    def _answer(self, sha: str) -> tuple[bytes, bytes]:
        try:
            self.reader.stdin.write(f"{sha}\n".encode())
            self.reader.stdin.flush()
        except OSError:
            return b"", b""
        words = self.reader.stdout.readline().split()
        if len(words) != 3:
            return words[-1] if words else b"", b""
        size = int(words[2])
        content = self.reader.stdout.read(size + 1)
        return words[1] if len(content) > size else b"", content[:size]

    def _end_reader(self) -> None:
        if self.reader is None:
            return
        self.reader.kill()
        self.reader.stdout.close()
        with contextlib.suppress(OSError):  # a question may still be buffered for a process that is gone
            self.reader.stdin.close()
        self.reader.wait()
        self.reader = None

    def cut(self) -> dict[str, list[str]]:
        """Commits at which a shallow clone ends -> their parents as recorded, of which at least one is not here."""
        listed = _content(self.common_dir / "shallow", WHOLE_BYTES).decode("ascii", "replace").split()
        recorded = {sha: self.parents(sha) or [] for sha in listed if COMMIT_NAME.fullmatch(sha)}
        here = self.peeled(parent for parents in recorded.values() for parent in parents)
        return {sha: parents for sha, parents in recorded.items() if any(parent not in here for parent in parents)}

    def end_history_at(self, shas: Collection[str]) -> None:
        """From now on git takes these commits for commits without parent."""
        if shas:
            (self.folder / "shallow").write_text("".join(f"{sha}\n" for sha in shas))


def _up_to(mark: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end before a mark. What follows the last mark is unfinished and dropped."""
    held: list[bytes] = []
    for block in blocks:
        end = block.rfind(mark)
        if end < 0:
            held.append(block)
            continue
        yield b"".join((*held, block[:end]))
        held = [block[end + 1 :]]


MAINLINES = ("main", "master", "develop", "trunk")
ORIGIN = "refs/remotes/origin/"


class _Listed(NamedTuple):
    """One line of `git for-each-ref`. target: the ref that a symbolic ref names, else ''."""

    name: str
    sha: str
    target: str


def identity(common_dir: Path) -> Identity:
    """Where a checkout comes from. Raises `GitError`."""
    listed = _listed(common_dir)
    tips = [*(ref.sha for ref in listed), *_detached(common_dir).values()]
    damage: list[ParseError] = []  # told by `headers`, which reads the same history
    with _Objects(common_dir) as objects:
        roots = list(_history(objects, tips, [], damage, ["--max-parents=0"], lambda commit: not commit.parents))
    roots.sort(key=lambda commit: (commit.commit_ms is None, commit.commit_ms or 0, commit.sha))
    address = _origin(common_dir)
    return Identity(
        origin=without_credentials(address) if address else None,
        origin_key=normal_origin(address) if address else None,
        root_commits=[commit.sha for commit in roots],
        default_branch=_default_branch(common_dir, listed),
    )


def refs(common_dir: Path) -> list[Ref]:
    """Local heads, the branches of origin that may be the mainline, and detached HEADs, by name. Raises `GitError`.

    Names are full: `refs/heads/x`, `refs/remotes/origin/x`, `HEAD`, `worktrees/<name>/HEAD`. Origin's branches are the
    one that origin/HEAD names and main, master, develop, trunk. A detached HEAD in a reftable repository is not seen.
    """
    patterns = [f"{ORIGIN}{name}" for name in ("HEAD", *MAINLINES)]
    listed = _listed(common_dir, "refs/heads", *patterns)
    default = _default_branch(common_dir, listed)

    def row(name: str, sha: str, kind: str, default_name: str) -> Ref:
        return Ref(name, sha, kind, None if default is None else name == default_name)

    found = [row(ref.name, ref.sha, "head", f"refs/heads/{default}") for ref in listed if ref.name.startswith("refs/heads/")]
    remote = {ref.name: ref.sha for ref in listed if ref.name in patterns[1:]}
    remote |= {ref.target: ref.sha for ref in listed if ref.name == patterns[0] and ref.target.startswith(ORIGIN)}
    found += [row(name, sha, "remote_head", f"{ORIGIN}{default}") for name, sha in remote.items()]
    found += [row(name, sha, "detached", "") for name, sha in _detached(common_dir).items()]
    return sorted(found, key=lambda ref: ref.ref_name)


def _listed(common_dir: Path, *patterns: str) -> list[_Listed]:
    if not _is_git_dir(os.fspath(common_dir)):
        raise _vanished(common_dir)
    text = _direct(common_dir, ["for-each-ref", "--format=%(refname) %(objectname) %(symref)", *patterns])
    rows = text.decode("utf-8", "backslashreplace").split("\n")[:-1]
    return [_Listed(*row.split(" ", 2)) for row in rows]


def _default_branch(common_dir: Path, listed: Iterable[_Listed]) -> str | None:
    """Short name of the branch that origin/HEAD names, whether that branch was fetched or not."""
    target = next((ref.target for ref in listed if ref.name == f"{ORIGIN}HEAD"), "")
    if not target:
        line = _content(common_dir / ORIGIN / "HEAD").decode("utf-8", "backslashreplace")
        target = line.removeprefix("ref:").strip() if line.startswith("ref:") else ""
    return target.removeprefix(ORIGIN) or None if target.startswith(ORIGIN) else None


def _detached(common_dir: Path) -> dict[str, str]:
    """Ref name -> commit of every HEAD that names a commit instead of a branch."""
    found = {}
    for name in ("HEAD", *(f"worktrees/{linked}/HEAD" for linked in _linked(common_dir))):
        path = common_dir / name
        text = _content(path).decode("ascii", "replace").strip()
        if COMMIT_NAME.fullmatch(text) and not path.is_symlink():
            found[name] = text
    return found


def _origin(common_dir: Path) -> str | None:
    """First address of remote `origin`, as configured."""
    for entry in _direct(common_dir, ["config", "-z", "--list"]).decode("utf-8", "backslashreplace").split("\0"):
        key, _, value = entry.partition("\n")
        if key == "remote.origin.url" and value.strip():
            return value.strip()
    return None


HEADER = ("%H", "%P", "%at", "%ct", "%ae", "%B")
REVERT_WORDS = "This reverts commit"
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # the years 1 to 9999: what a date can hold
DEEPEN = "`git fetch --unshallow` brings them"


def headers(common_dir: Path, tips: Sequence[str], known_tips: Collection[str], errors: list[ParseError]) -> Iterator[Commit]:
    """Header of every commit behind the tips that is not behind a known tip; in no promised order. Raises `GitError`.

    known_tips: commits whose whole history was read before, that is, by a call that added nothing to `errors`; those
    that git no longer has are passed over, so a rewritten history is read wherever it is new. errors: gets an entry for
    each commit that cannot be read and each at which a shallow clone ends; everything else is still read. Parents are
    as the commit records them, also where a shallow clone hides them. The message is decoded as its commit declares,
    else as UTF-8 with replacement; line ends after it are dropped.
    """
    known = set(known_tips)
    wanted = [tip for tip in dict.fromkeys(tips) if tip not in known]
    if not wanted:
        return
    with _Objects(common_dir) as objects:
        yield from _history(objects, wanted, known_tips, errors)


def reverts(common_dir: Path, known_tips: Collection[str], errors: list[ParseError]) -> list[Commit]:
    """Headers of commits behind any ref (branches of any remote, tags, stash) whose message has the words of a revert.

    known_tips, errors: as in `headers`, with all refs for tips. Raises `GitError`.
    """
    tips = [*(ref.sha for ref in _listed(common_dir)), *_detached(common_dir).values()]
    words = ["--fixed-strings", f"--grep={REVERT_WORDS}"]
    with _Objects(common_dir) as objects:
        return list(_history(objects, tips, known_tips, errors, words, lambda commit: REVERT_WORDS in commit.message))


NOTE_BYTES = 1 << 24  # old notes hold whole conversations; a larger one is damage


def notes(common_dir: Path, ref_name: str) -> dict[str, str]:
    """Commit -> object of its note, of a ref such as `refs/notes/ai`; {} without such a ref. Raises `GitError`.

    A tree of notes has one file for each commit, called by its name, in folders that only cut the name (git-notes(1)).
    """
    tips = {ref.name: ref.sha for ref in _listed(common_dir, ref_name)}
    if ref_name not in tips:
        return {}
    found = {}
    with _Objects(common_dir) as objects:
        for piece in _up_to(b"\0", objects.blocks(["ls-tree", "-r", "-z", "--full-tree", tips[ref_name]], ())):
            for entry in piece.decode("utf-8", "backslashreplace").split("\0"):
                facts, _, path = entry.partition("\t")
                sha = path.replace("/", "")
                if COMMIT_NAME.fullmatch(sha):
                    found[sha] = facts.split(" ")[2]
    return found


def texts(common_dir: Path, names: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    """(object, content) of each object asked for; None = it cannot be read, or is too large to be a note. Raises `GitError`."""
    with _Objects(common_dir) as objects:
        for name, size in zip(names, objects.sizes(names), strict=True):
            yield name, None if size is None else objects.text(name)


def known_commits(common_dir: Path, names: Collection[str]) -> set[str]:
    """Those of the full names that are commits here. Raises `GitError`."""
    with _Objects(common_dir) as objects:
        return {name for name, sha in objects.peeled(names).items() if name == sha}


def _history(
    objects: _Objects,
    tips: Sequence[str],
    known_tips: Collection[str],
    errors: list[ParseError],
    narrowing: Sequence[str] = (),
    keep: Callable[[Commit], bool] = lambda commit: True,
) -> Iterator[Commit]:
    """Commits behind the tips; narrowing: options that let git pass over those that `keep` refuses."""
    found = objects.peeled([*tips, *known_tips])
    missing = [tip for tip in dict.fromkeys(tips) if tip not in found]
    errors.extend(_error(tip, "no such object here", "its history is not read") for tip in missing)
    ends = {found.get(tip) for tip in known_tips} - {None}
    starts = [sha for sha in dict.fromkeys(found.get(tip) for tip in tips) if sha is not None and sha not in ends]
    if not starts:
        return
    cut = objects.cut()
    objects.end_history_at(cut)
    seen: set[str] = set()
    try:
        for commit in _log(objects, narrowing, [*starts, *(f"^{sha}" for sha in ends)], cut):
            seen.add(commit.sha)
            if keep(commit):
                yield commit
    except _Stopped:
        # git's own walk ends at the first commit that is missing; ours goes around it.
        rest = [sha for sha in _walk(objects, starts, ends, cut, errors) if sha not in seen]
        for commit in _log(objects, ["--no-walk=unsorted"], rest, cut) if rest else ():
            seen.add(commit.sha)
            if keep(commit):
                yield commit
    passed = [sha for sha in cut if narrowing or sha in seen]
    errors.extend(_error(sha, "a shallow clone ends here", f"earlier commits are not read; {DEEPEN}") for sha in passed)


def _error(sha: str, what: str, consequence: str) -> ParseError:
    return ParseError(0, f"{sha}: {what}; {consequence}")


def _log(objects: _Objects, options: Sequence[str], lines: Sequence[str], cut: dict[str, list[str]]) -> Iterator[Commit]:
    """Commits that `git log` gives for these lines on its input."""
    keys: dict[bytes, str] = {}
    fields: list[bytes] = []
    arguments = ["log", "-z", f"--format={'%x00'.join(HEADER)}", *options, "--stdin"]
    for piece in _up_to(b"\0", objects.blocks(arguments, lines)):
        fields += piece.split(b"\0")
        whole = len(fields) - len(fields) % len(HEADER)
        for at in range(0, whole, len(HEADER)):
            sha, parents, authored, committed, address, message = fields[at : at + len(HEADER)]
            name = sha.decode("ascii")
            if address not in keys:
                keys[address] = _author_key(address)
            yield Commit(
                sha=name,
                parents=cut[name] if name in cut else parents.decode("ascii").split(),
                author_ms=_instant_ms(authored),
                commit_ms=_instant_ms(committed),
                author_key=keys[address],
                message=message.decode("utf-8", "replace").rstrip("\n"),
            )
        del fields[:whole]


def _author_key(address: bytes) -> str:
    text = address.decode("utf-8", "replace").strip().lower()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _instant_ms(seconds: bytes) -> int | None:
    """Unix seconds as git prints them -> ms; None for a commit whose date is broken or outside the years 1 to 9999."""
    if not re.fullmatch(rb"-?\d{1,12}", seconds):
        return None
    value = int(seconds)
    return value * 1000 if FIRST_SECOND <= value <= LAST_SECOND else None


def _walk(
    objects: _Objects,
    starts: Iterable[str],
    ends: Iterable[str],
    cut: dict[str, list[str]],
    errors: list[ParseError],
) -> list[str]:
    """Every commit behind the starts and not behind the ends that can be read, one by one."""
    reached: set[str] = set()
    _reach(objects, ends, cut, reached)
    read, unreadable = _reach(objects, starts, cut, reached)
    errors.extend(
        _error(sha, "commit missing or damaged", "it and what only it leads to are not read; `git fsck` says more")
        for sha in unreadable
    )
    return read


def _reach(
    objects: _Objects, starts: Iterable[str], cut: dict[str, list[str]], reached: set[str]
) -> tuple[list[str], list[str]]:
    """(commits read, commits that cannot be read) behind the starts, but for those in `reached`, which gets them."""
    read, unreadable = [], []
    waiting = list(starts)
    while waiting:
        sha = waiting.pop()
        if sha in reached:
            continue
        reached.add(sha)
        parents = objects.parents(sha)
        if parents is None:
            unreadable.append(sha)
            continue
        read.append(sha)
        if sha not in cut:
            waiting.extend(parents)
    return read, unreadable


ADDED, REMOVED, UNCHANGED, COMMIT = b"\x01", b"\x02", b"\x03", b"\x04"
CONTENT = frozenset((ADDED, REMOVED, UNCHANGED))
SIDES = bytes.maketrans(ADDED + REMOVED + UNCHANGED, b"+- ")
PATCH = [
    "diff-tree",
    "--stdin",
    "--root",
    "--always",
    "-r",
    f"--format=%x{COMMIT[0]:02x}%H",
    "--raw",
    "--patch",
    "--full-index",
    "--unified=3",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--find-renames",
    "--find-copies",
    "-l1000",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=none",
    f"--output-indicator-new={ADDED.decode()}",
    f"--output-indicator-old={REMOVED.decode()}",
    f"--output-indicator-context={UNCHANGED.decode()}",
]
CHANGE_TYPES = {"A": "add", "D": "delete", "M": "modify", "T": "modify", "R": "rename", "C": "copy"}
RANGES = re.compile(rb"\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
ESCAPED = re.compile(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})')
ESCAPES = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
LF, NO_LINE_END = b"\n", b"\\ "
NOT_COUNTED = "its files and lines are not read"


def patches(common_dir: Path, shas: Sequence[str], errors: list[ParseError]) -> Iterator[tuple[str, list[FileChange]]]:
    """(commit, its files by path) for commits with at most one parent, in the order asked. Raises `GitError`.

    Compared with the parent, a root commit with nothing; renames and copies from files of the same commit at git's own
    50 %. Up to three unchanged lines stand around the changed ones. A changed mode, an empty file, a pure rename or a
    binary file has no lines; a symbolic link has its target for its only line, a submodule `Subproject commit <sha>`. A
    merge commit has no files. What is binary is told by the content alone, not by attributes, which change with the
    branch checked out. errors: gets an entry for each commit whose files cannot be read; it is then not among the
    results, all others are.
    """
    with _Objects(common_dir) as objects:
        pending = _askable(objects, shas, errors)
        probed = False
        while pending:
            done = 0
            try:
                for sha, files in _patch_stream(objects, pending, _Patch(errors)):
                    at = pending.index(sha, done)
                    errors.extend(_error(skipped, "no such commit here", NOT_COUNTED) for skipped in pending[done:at])
                    done = at + 1
                    if files is not None:
                        yield sha, files
                errors.extend(_error(skipped, "no such commit here", NOT_COUNTED) for skipped in pending[done:])
                return
            except _Stopped:
                pending = pending[done:]
            if not probed:
                probed = True
                pending = _without_missing(objects, pending, errors)
            elif pending:
                yield from _alone(objects, pending.pop(0), _Patch(errors))


class FileText(NamedTuple):
    """A file of a commit with its lines as they can be read: for showing only, they are never stored.

    lines: in the order of `change.lines`, without line ends; bytes that are no UTF-8 are U+FFFD. unended: numbers of those
    after which no line end stands. heads: `@@ -1,2 +1,3 @@ …` of each hunk.
    """

    change: FileChange
    lines: list[str]
    unended: list[int]
    heads: list[str]


def patch_texts(common_dir: Path, sha: str, errors: list[ParseError]) -> list[FileText] | None:
    """The files of a commit that `patches` tells, with the text of their lines. Raises `GitError`.

    None: they cannot be read; errors gets the reason.
    """
    reader = _Readable(errors)
    with _Objects(common_dir) as objects:
        for askable in _askable(objects, [sha], errors):
            for _, files in _alone(objects, askable, reader):
                return [reader.texts[file.rel_path] for file in files]
    return None


def _askable(objects: _Objects, shas: Sequence[str], errors: list[ParseError]) -> list[str]:
    """The commits that git can be asked for, each once; the others become errors."""
    cut = objects.cut()
    askable = []
    for sha in dict.fromkeys(shas):
        if not COMMIT_NAME.fullmatch(sha):
            errors.append(_error(sha, "no full name of a commit", NOT_COUNTED))
        elif len(cut.get(sha, ())) == 1:
            errors.append(_error(sha, "a shallow clone ends here", f"{NOT_COUNTED}; {DEEPEN}"))
        else:
            askable.append(sha)
    return askable


def _alone(objects: _Objects, sha: str, patch: "_Patch") -> Iterator[tuple[str, list[FileChange]]]:
    """One commit in a process of its own: it is read whole, or an error of the reader says that it cannot."""
    try:
        found = list(_patch_stream(objects, [sha], patch))
    except _Stopped as stopped:
        patch.errors.append(_error(sha, stopped.words, f"{NOT_COUNTED}; `git fsck` says more"))
        return
    if not found:
        patch.errors.append(_error(sha, "no such commit here", NOT_COUNTED))
    yield from ((sha, files) for sha, files in found if files is not None)


def _without_missing(objects: _Objects, shas: list[str], errors: list[ParseError]) -> list[str]:
    """The commits that need no tree or text that is not here, as in a partial clone; the others become errors."""
    trees = objects.check(f"{sha}^{{tree}}" for sha in shas)
    lacking = {sha: "it or its tree" for sha, (_, kind) in zip(shas, trees, strict=True) if not kind}
    needed = _needed_blobs(objects, [sha for sha in shas if sha not in lacking])
    blobs = list(dict.fromkeys(blob for blobs in needed.values() for blob in blobs))
    absent = {blob for blob, (_, kind) in zip(blobs, objects.check(blobs), strict=True) if not kind} if blobs else set()
    for sha, mine in needed.items():
        gone = [blob for blob in mine if blob in absent]
        if gone:
            lacking[sha] = f"object {gone[0]}"
    errors.extend(_error(sha, f"{what} is not here", NOT_COUNTED) for sha, what in lacking.items())
    return [sha for sha in shas if sha not in lacking]


def _needed_blobs(objects: _Objects, shas: list[str]) -> dict[str, list[str]]:
    """Commit -> file contents that its patch compares, as far as git can list them."""
    needed: dict[str, list[str]] = {}
    arguments = ["diff-tree", "--stdin", "--root", "-r", "--raw", "--no-renames", "--no-abbrev"]
    mine: list[str] = []
    try:
        for piece in _up_to(b"\n", objects.blocks(arguments, shas)):
            for line in piece.decode("ascii", "replace").split("\n"):
                if not line.startswith(":"):
                    mine = needed.setdefault(line, [])
                    continue
                modes, names = line[1:].split(" ")[:2], line.split(" ")[2:4]
                mine += [name for mode, name in zip(modes, names, strict=True) if mode not in ("000000", "160000")]
    except _Stopped:
        pass  # a subtree is missing; the commits from here on are tried one by one
    return needed


def _patch_stream(objects: _Objects, shas: Sequence[str], patch: "_Patch") -> Iterator[tuple[str, list[FileChange] | None]]:
    """Commits as git streams them; raises `_Stopped` after the last whole one. None = the stream contradicts itself."""
    for piece in _up_to(b"\n", objects.blocks(PATCH, shas)):
        yield from patch.feed(piece)
    yield from patch.end()


class _Entry(NamedTuple):
    """One file as git's raw list names it. sections: in how many `diff --git` sections its lines stand."""

    change_type: str
    rel_path: str
    old_path: str | None
    sections: int


class _Patch:
    """Git's stream, piece by piece, into the files of one commit after the other.

    A commit is a line that begins with COMMIT, its raw list, then a section per file in the order of that list. Every
    line of content begins with one of three control characters and no other line does (git quotes those in a path), so
    cutting at LF + mark is exact whatever the content is; `bytes.split` does it. The ranges of the hunks are the proof.
    """

    def __init__(self, errors: list[ParseError]) -> None:
        self.errors = errors
        self.sha = ""

    def feed(self, piece: bytes) -> Iterator[tuple[str, list[FileChange] | None]]:
        """Commits that this piece of whole lines brings to their end."""
        first, *commits = (b"\n" + canonical(piece)).split(b"\n" + COMMIT)
        self._commit_text(first)
        for commit in commits:
            yield from self.end()
            sha, _, text = commit.partition(b"\n")
            self._begin(sha.decode("ascii"))
            self._commit_text(b"\n" + text)
        if self.sha:
            self._measure()

    def end(self) -> Iterator[tuple[str, list[FileChange] | None]]:
        """The commit in hand, if there is one."""
        if not self.sha:
            return
        if self.in_section:
            self._end_file()
        if self.fits and len(self.files) == len(self.entries):
            yield self.sha, self._by_path()
        else:
            self.errors.append(_error(self.sha, "git's patch contradicts its own list of files", NOT_COUNTED))
            yield self.sha, None
        self.sha = ""

    def _begin(self, sha: str) -> None:
        self.sha = sha
        self.entries: list[_Entry] = []
        self.files: list[FileChange] = []
        self.fits = True
        self.in_section = False
        self.sections_left = 0

    def _commit_text(self, text: bytes) -> None:
        """More of the commit in hand; begins with LF, or is empty."""
        first, *sections = text.split(b"\ndiff --git ")
        if not self.sha:
            return
        if self.in_section:
            self._section_text(first)
        else:
            listed = [line for line in first.split(b"\n") if line]
            self.fits = self.fits and all(line.startswith(b":") for line in listed)
            self.entries += [_entry(line) for line in listed if self.fits]
        for section in sections:
            self._begin_section()
            self._section_text(section)

    def _begin_section(self) -> None:
        if self.in_section and not self.sections_left:
            self._end_file()
        if not self.in_section:
            self.fits = self.fits and len(self.files) < len(self.entries)
            self.sections_left = self.entries[len(self.files)].sections if self.fits else 1
            self.is_binary = False
            self.hunk = -1
            self.old_lines = self.new_lines = 0
            self.rows: list[bytes] = []
            self.row_hunks: list[int] = []
            self.sides: list[str] = []
            self.hunks: list[int] = []
            self.hashes: list[int] = []
            self.trimmed: list[int] = []
            self.words: list[int] = []
        self.in_section = True
        self.in_hunk = False
        self.sections_left -= 1

    def _section_text(self, text: bytes) -> None:
        """More of the section in hand: its head up to the first hunk, then hunks."""
        first, *hunks = text.split(b"\n@@ -")
        if self.in_hunk:
            self._take(first)
        elif b"\nBinary files " in first:
            self.is_binary = True
        for hunk in hunks:
            self.in_hunk = True
            self.hunk += 1
            ranges = RANGES.match(hunk)
            if ranges:
                self.old_lines += int(ranges[1] or 1)
                self.new_lines += int(ranges[2] or 1)
            head, _, _ = hunk.partition(b"\n")
            self._take(hunk[len(head) :])

    def _take(self, text: bytes) -> None:
        """Lines of the hunk in hand; text begins with LF, or is empty."""
        if not text:
            return
        # The one other line git writes here, "\ No newline at end of file", says nothing about a line.
        rows = [row for row in text[1:].split(b"\n") if row[:1] in CONTENT]
        self.rows += rows
        self.row_hunks += [self.hunk] * len(rows)

    def _measure(self) -> None:
        """Lines read so far into numbers: of a file that never ends, no more than a piece of text is held."""
        if not (self.in_section and self.rows):
            return
        texts = [row[1:] for row in self.rows]
        self.sides.append(bytes(map(itemgetter(0), self.rows)).translate(SIDES).decode("ascii"))
        self.hunks += self.row_hunks
        self.hashes += map(line_hash, texts)
        self.trimmed += map(line_hash_trimmed, texts)
        self.words += map(word_characters, texts)
        self.rows, self.row_hunks = [], []

    def _end_file(self) -> None:
        self._measure()
        self.in_section = False
        lines = Lines("".join(self.sides), self.hunks, self.hashes, self.trimmed, self.words)
        unchanged = len(lines.sides) - lines.added - lines.removed
        counted = lines.removed + unchanged == self.old_lines and lines.added + unchanged == self.new_lines
        self.fits = self.fits and counted and not self.sections_left
        if self.fits:
            entry = self.entries[len(self.files)]
            self.files.append(FileChange(entry.rel_path, entry.old_path, entry.change_type, self.is_binary, lines))

    def _by_path(self) -> list[FileChange]:
        """Files by path, one per path: a damaged tree can name a file twice, and two odd names can read alike."""
        found: dict[str, FileChange] = {}
        for file in self.files:
            if file.rel_path in found:
                self.errors.append(_error(self.sha, f"{file.rel_path} stands there twice", "its second change is not read"))
            else:
                found[file.rel_path] = file
        return sorted(found.values(), key=lambda file: file.rel_path)


class _Readable(_Patch):
    """The same for one commit, with the text of its lines. texts: path -> the file with its lines."""

    def _begin(self, sha: str) -> None:
        super()._begin(sha)
        self.texts: dict[str, FileText] = {}
        self._begin_texts()

    def _begin_texts(self) -> None:
        self.lines: list[str] = []
        self.unended: list[int] = []
        self.heads: list[str] = []

    def _section_text(self, text: bytes) -> None:
        _, *hunks = text.split(b"\n@@ -")
        self.heads += [f"@@ -{hunk.partition(LF)[0].decode()}" for hunk in hunks]
        super()._section_text(text)

    def _take(self, text: bytes) -> None:
        for row in text[1:].split(LF):
            if row[:1] in CONTENT:
                self.lines.append(row[1:].decode())
            elif row.startswith(NO_LINE_END):
                self.unended.append(len(self.lines) - 1)
        super()._take(text)

    def _end_file(self) -> None:
        super()._end_file()
        if self.fits:
            file = self.files[-1]
            self.texts.setdefault(file.rel_path, FileText(file, self.lines, self.unended, self.heads))
        self._begin_texts()


def _entry(line: bytes) -> _Entry:
    """`:modes names status TAB path [TAB path]`."""
    facts, *paths = line.split(b"\t")
    old_mode, new_mode, _, _, status = facts[1:].decode("ascii").split(" ")
    old, new = _path(paths[0]), _path(paths[-1])
    # Another kind of object (a file that became a link) is shown as one deleted and one added.
    both = old_mode != "000000" != new_mode
    sections = 2 if both and old_mode[:3] != new_mode[:3] else 1
    return _Entry(CHANGE_TYPES[status[0]], new, old if len(paths) > 1 else None, sections)


def _path(quoted: bytes) -> str:
    r"""Text of a path in git's raw list; bytes that are no UTF-8 stand as `\xNN`."""
    return _path_bytes(quoted).decode("utf-8", "backslashreplace")


def _path_bytes(quoted: bytes) -> bytes:
    """A path in git's raw list, as it is on disk."""
    if quoted.startswith(b'"'):
        return ESCAPED.sub(lambda found: _unescaped(found[1]), quoted[1:-1])
    return quoted


def _unescaped(escape: bytes) -> bytes:
    return bytes([ESCAPES[escape[0]] if len(escape) == 1 else int(escape, 8)])


RANGES_ONLY = ["--unified=0" if option.startswith("--unified=") else option for option in PATCH]
MARKS = re.compile(rb"^(?:%b([0-9a-f]+)$|(:.*)$|(diff --git )|@@ -(\d+)(?:,(\d+))? )" % COMMIT, re.M)
BLAME = ["blame", "--porcelain", "-w", "-C", "--root"]
SUBMODULE = b":160000"  # its one line is a commit's name, which nobody wrote
BLAMED = re.compile(rb"([0-9a-f]{40}(?:[0-9a-f]{24})?) \d+ (\d+)")
FIRST_DATE = 100_000_000  # what is less, git takes for a year or an hour
AT_ONCE = 4  # blames that run at a time; each is one short process
NOT_BLAMED = "where its removed lines come from is not known"


class Removal(NamedTuple):
    """A file of which a commit removes lines. since_ms: origins before that do not matter; None = all do."""

    sha: str
    rel_path: str
    since_ms: int | None


class Origin(NamedTuple):
    """Where a line that a commit removes came from. line: its number in the parent's file, from 1. The text is not kept.

    sha: the commit that brought the line. line_hash, line_hash_trimmed, word_characters: as the functions of lines.py say.
    """

    line: int
    sha: str
    line_hash: int
    line_hash_trimmed: int
    word_characters: int


class _Asked(NamedTuple):
    """A file of the parent and its removed lines: (first line, lines) of each range."""

    old_path: bytes
    ranges: list[tuple[int, int]]


def origins(
    common_dir: Path, removals: Collection[Removal], errors: list[ParseError]
) -> Iterator[tuple[str, str, list[Origin]]]:
    """(commit, file, the removed lines with the commit that brought each) for each of the removals. Raises `GitError`.

    `git blame -w -C` of the first parent: changed blanks are no change, and a line that moved or was copied from another
    file of the same commit is followed there. A line that is older than asked for, or than a shallow clone, is left out.
    errors: gets an entry for each file that cannot be blamed; it is then not among the results.
    """
    asked: dict[str, dict[str, Removal]] = {}
    for removal in removals:
        asked.setdefault(removal.sha, {})[removal.rel_path] = removal
    with _Objects(common_dir) as objects:
        cut = objects.cut()
        shas = _askable(objects, list(asked), errors)
        objects.end_history_at(cut)
        files = [
            (asked[sha][path], found)
            for sha, removed in _removed_ranges(objects, shas, errors)
            for path, found in removed.items()
            if path in asked[sha]
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for (removal, _), found in zip(files, pool.map(lambda file: _blamed(objects, *file, cut), files), strict=True):
                if isinstance(found, _Stopped):
                    what = f"git blame failed ({found.words})"
                    errors.append(_error(removal.sha, what, f"{NOT_BLAMED}; `git fsck` says more"))
                else:
                    yield removal.sha, removal.rel_path, found


def _removed_ranges(
    objects: _Objects, shas: Sequence[str], errors: list[ParseError]
) -> Iterator[tuple[str, dict[str, _Asked]]]:
    """(commit, path -> what it removes there) for commits that can be compared with their parents."""
    found: dict[str, dict[str, _Asked]] = {}
    words = "no such commit here"  # git passes over them without a word
    whole = list(shas)
    try:
        found.update(_ranges(objects, whole))
    except _Stopped:
        whole = _without_missing(objects, [sha for sha in whole if sha not in found], errors)
        try:
            found.update(_ranges(objects, whole))
        except _Stopped as stopped:
            words = stopped.words
    errors.extend(_error(sha, words, f"{NOT_BLAMED}; `git fsck` says more") for sha in whole if sha not in found)
    yield from found.items()


def _ranges(objects: _Objects, shas: Sequence[str]) -> Iterator[tuple[str, dict[str, _Asked]]]:
    sha, files, sections = "", {}, []
    if not shas:
        return
    for piece in _up_to(b"\n", objects.blocks(RANGES_ONLY, shas)):
        for name, listed, section, first, lines in MARKS.findall(piece):
            if name:
                if sha:
                    yield sha, files
                sha, files, sections = name.decode("ascii"), {}, []
            elif listed:
                entry = _entry(listed)
                asked = _Asked(_path_bytes(listed.split(b"\t")[1]), [])
                sections += [asked] * entry.sections
                if not listed.startswith(SUBMODULE):
                    files[entry.rel_path] = asked
            elif section:
                now, sections = sections[0] if sections else _Asked(b"", []), sections[1:]
            elif lines != b"0":
                now.ranges.append((int(first), int(lines or 1)))
    if sha:
        yield sha, files


def _blamed(objects: _Objects, removal: Removal, asked: _Asked, cut: Collection[str]) -> list[Origin] | _Stopped:
    """Origins of the removed lines, by their number in the parent's file; or why git did not tell."""
    options = [f"-L{first},+{lines}" for first, lines in asked.ranges]
    if not options:
        return []
    if removal.since_ms is not None and removal.since_ms > FIRST_DATE * 1000:
        options.append(f"--since={removal.since_ms // 1000}")
    arguments = [*BLAME, *options, f"{removal.sha}^", "--", os.fsdecode(asked.old_path)]
    found: list[Origin] = []
    older = set(cut)
    sha, number = "", 0
    try:
        for piece in _up_to(b"\n", objects.blocks(arguments, ())):
            for row in piece.split(b"\n"):
                if row.startswith(b"\t"):
                    text = canonical(row[1:])
                    found.append(Origin(number, sha, line_hash(text), line_hash_trimmed(text), word_characters(text)))
                elif row == b"boundary":
                    older.add(sha)
                elif head := BLAMED.match(row):
                    sha, number = head[1].decode("ascii"), int(head[2])
    except _Stopped as stopped:
        return stopped
    return sorted((origin for origin in found if origin.sha not in older), key=attrgetter("line"))
