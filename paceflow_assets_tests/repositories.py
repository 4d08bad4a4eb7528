"""Real git repositories in a temporary folder, made step by step and alike on every machine.

What lives here: `Repository`, a small builder over git itself; dates, identities and configuration are its own.
What belongs here: steps that more than one test needs to build a history.
What stays out: reading a history, which is `paceflow_assets.source.git` under test.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

FIRST_SECOND = 1_767_603_600  # 2026-01-05T09:00:00Z, a Monday
STEP_SECONDS = 3600
AUTHOR = "Ann Author <ann@example.test>"


class Repository:
    """A git repository with a worktree. Each commit is an hour later than the one before, unless a date is given.

    A file's path is text or bytes below the worktree; its content is text, bytes, or None to delete it. Dates are Unix
    seconds, UTC. Everything that makes a commit returns its sha.
    """

    def __init__(self, folder: Path, *, branch: str = "main", object_format: str = "sha1") -> None:
        self.folder = folder
        self.seconds = FIRST_SECOND - STEP_SECONDS
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", f"--object-format={object_format}", f"--initial-branch={branch}")

    @classmethod
    def clone(cls, source: Self, folder: Path, *options: str) -> Self:
        """A clone of another repository, for example `--depth=1`; it goes on where the source's clock stands."""
        copy = cls.__new__(cls)
        copy.folder, copy.seconds = folder, source.seconds
        source.git("clone", "-q", *options, source.folder.as_uri(), os.fspath(folder))
        return copy

    @property
    def common_dir(self) -> Path:
        """The git common directory, canonical."""
        text = self.git("rev-parse", "--git-common-dir")
        return (self.folder / text).resolve()

    @property
    def head(self) -> str:
        """The commit checked out."""
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, text: str | bytes = "", date: int | None = None, author: str = AUTHOR) -> str:
        """Output of one git command, without the final line end."""
        return os.fsdecode(self.git_bytes(*arguments, text=text, date=date, author=author)).removesuffix("\n")

    def git_bytes(self, *arguments: str, text: str | bytes = "", date: int | None = None, author: str = AUTHOR) -> bytes:
        """Output of one git command, as it is."""
        name, _, address = author.rstrip(">").partition(" <")
        at = f"{self.seconds if date is None else date} +0000"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_NAME": "Cob Committer",
            "GIT_COMMITTER_EMAIL": "cob@example.test",
            "GIT_COMMITTER_DATE": at,
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        fixed = ["-c", "core.autocrlf=false", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", *fixed, *arguments],
            cwd=self.folder,
            env=environment,
            input=text.encode() if isinstance(text, str) else text,
            check=True,
            capture_output=True,
        ).stdout

    def write(self, files: Mapping[str | bytes, str | bytes | None]) -> None:
        """Files of the worktree as given; None deletes one. Nothing is committed."""
        for name, content in files.items():
            path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
            if content is None:
                os.remove(path)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)

    def commit(
        self,
        files: Mapping[str | bytes, str | bytes | None] | None = None,
        message: str | bytes = "Change",
        *,
        date: int | None = None,
        author: str = AUTHOR,
    ) -> str:
        """Commit these files and whatever else the worktree has; no change at all is an empty commit."""
        self.write(files or {})
        self.git("add", "--all")
        self._tick(date)
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", text=message, date=date, author=author)
        return self.head

    def load(self, steps: Iterable[Mapping[bytes, bytes | None]], branch: str = "main") -> list[str]:
        """A line of commits in one process, much faster than `commit`; the worktree is left as it was."""
        stream, count = [b"feature done\n"], 0
        for count, files in enumerate(steps, 1):
            self._tick(None)
            who = b"Ann Author <ann@example.test> %d +0000\n" % self.seconds
            stream.append(b"commit refs/heads/%b\nmark :%d\ncommitter %b" % (branch.encode(), count, who))
            stream.append(b"data 4\nStep\n" + (b"from :%d\n" % (count - 1) if count > 1 else b""))
            for path, content in files.items():
                quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
                change = b"D %b\n" % quoted
                if content is not None:
                    change = b"M 100644 inline %b\ndata %d\n%b\n" % (quoted, len(content), content)
                stream.append(change)
        marks = self.common_dir / "marks"
        stream.append(b"done\n")
        self.git("fast-import", "--quiet", "--force", f"--export-marks={marks}", text=b"".join(stream))
        shas = dict(line.split() for line in marks.read_text().splitlines())
        return [shas[f":{mark}"] for mark in range(1, count + 1)]

    def move(self, old: str, new: str) -> None:
        """Rename a file; committed with the next commit."""
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

    def branch(self, name: str, at: str = "HEAD") -> None:
        """A new branch, checked out."""
        self.git("checkout", "-q", "-b", name, at)

    def switch(self, name: str) -> None:
        """Check out a branch; a commit detaches HEAD."""
        self.git("checkout", "-q", name)

    def merge(self, name: str, message: str = "Merge", *, date: int | None = None) -> str:
        """Merge a branch into the one checked out, always with a merge commit."""
        self._tick(date)
        self.git("merge", "-q", "--no-ff", "-m", message, name, date=date)
        return self.head

    def revert(self, sha: str, *, date: int | None = None) -> str:
        """Revert a commit, in git's own words."""
        self._tick(date)
        self.git("revert", "--no-edit", sha, date=date)
        return self.head

    def tag(self, name: str, at: str = "HEAD", message: str = "") -> None:
        """A tag; with a message it is an annotated one."""
        self.git("tag", *(["-a", "-m", message] if message else []), name, at)

    def origin(self, address: str) -> None:
        """Name the remote `origin`. It is never contacted."""
        self.git("remote", "add", "origin", address)

    def origin_branch(self, name: str, sha: str, *, default: bool = False) -> None:
        """A branch of origin as a fetch would have left it; the default one is what origin/HEAD names."""
        self.git("update-ref", f"refs/remotes/origin/{name}", sha)
        if default:
            self.git("symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{name}")

    def worktree(self, folder: Path, branch: str, at: str = "HEAD") -> None:
        """A linked worktree on a new branch."""
        self.git("worktree", "add", "-q", "-b", branch, os.fspath(folder), at)

    def submodule(self, source: Self, path: str) -> None:
        """Another repository as a submodule; committed with the next commit."""
        self.git("submodule", "--quiet", "add", source.folder.as_uri(), path)

    def lose(self, name: str) -> None:
        """Remove an object, as a damaged disk would. It must be loose, as those of a fresh repository are."""
        sha = self.git("rev-parse", name)
        (self.common_dir / "objects" / sha[:2] / sha[2:]).unlink()

    def _tick(self, date: int | None) -> None:
        if date is None:
            self.seconds += STEP_SECONDS
