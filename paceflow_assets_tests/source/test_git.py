"""The git reader against real repositories: ordinary, odd, hostile and damaged ones."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydriller import Git as DrillerGit
from pydriller import Repository as Driller

from paceflow_assets.lines import canonical, line_hash, line_hash_trimmed, measure, word_characters
from paceflow_assets.records import Commit, FileChange, Lines, ParseError, Ref
from paceflow_assets.source import git
from paceflow_assets_tests.repositories import FIRST_SECOND, STEP_SECONDS, Repository

NOWHERE = "1234567890" * 4


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A new repository without a commit."""
    return Repository(tmp_path / "repo")


def read(repository: Repository, *shas: str) -> dict[str, dict[str, FileChange]]:
    """Files of commits by path; reading them leaves no error."""
    errors: list[ParseError] = []
    found = {sha: {file.rel_path: file for file in files} for sha, files in patches(repository, shas, errors)}
    assert errors == []
    return found


def patches(repository: Repository, shas, errors: list[ParseError]):
    """What `git.patches` yields."""
    return git.patches(repository.common_dir, shas, errors)


def history(repository: Repository, *tips: str, known: tuple[str, ...] = ()) -> dict[str, Commit]:
    """Headers by sha; reading them leaves no error."""
    errors: list[ParseError] = []
    found = {commit.sha: commit for commit in git.headers(repository.common_dir, tips, known, errors)}
    assert errors == []
    return found


def facts(file: FileChange) -> tuple:
    """Everything about a file but the hashes of its lines."""
    return file.change_type, file.old_path, file.is_binary, file.lines.sides


def numstat(repository: Repository, shas: list[str]) -> dict[str, dict[str, tuple[int, int] | None]]:
    """Added and removed lines of each file as `git log --numstat` tells them; None = binary."""
    text = repository.git_bytes(
        *("log", "--no-walk=unsorted", "--stdin", "-z", "--numstat", "--root", "-M", "-C", "--format=%x00%x01%H"),
        text="\n".join(shas),
    )
    counts: dict[str, dict[str, tuple[int, int] | None]] = {}
    tokens = iter(text.split(b"\0"))
    for token in tokens:
        row = token.lstrip(b"\n")
        if row.startswith(b"\x01"):
            mine = counts.setdefault(row[1:].decode(), {})
        elif row:
            added, removed, path = row.split(b"\t", 2)
            if not path:
                next(tokens)
                path = next(tokens)
            mine[path.decode("utf-8", "backslashreplace")] = None if added == b"-" else (int(added), int(removed))
    return counts


def counted(files: dict[str, FileChange]) -> dict[str, tuple[int, int] | None]:
    """The same of files that were read."""
    return {path: None if file.is_binary else (file.lines.added, file.lines.removed) for path, file in files.items()}


class TestFind:
    """Which checkout a folder lies in."""

    def test_folder_of_a_checkout(self, repository: Repository) -> None:
        """Any folder below the top belongs to the checkout, and so does one that is gone."""
        deep = repository.folder / "src" / "deep"
        deep.mkdir(parents=True)

        expected = git.Place(repository.folder / ".git", repository.folder)
        assert git.find(repository.folder) == expected
        assert git.find(deep) == expected
        assert git.find(deep / "gone" / "long ago") == expected

    def test_linked_worktree(self, repository: Repository, tmp_path: Path) -> None:
        """A linked worktree belongs to its repository and has a top folder of its own."""
        repository.commit()
        repository.worktree(tmp_path / "linked", "topic")
        (tmp_path / "linked" / "src").mkdir()

        found = git.find(tmp_path / "linked" / "src")

        assert found == git.Place(repository.folder / ".git", tmp_path / "linked")

    def test_linked_worktree_inside_the_main_one(self, repository: Repository) -> None:
        """A worktree below its own repository is found first, and the repository again once it is gone."""
        repository.commit()
        inner = repository.folder / ".agent" / "worktrees" / "topic"
        repository.worktree(inner, "topic")

        before = git.find(inner / "src")
        shutil.rmtree(inner)
        after = git.find(inner / "src")

        assert before == git.Place(repository.folder / ".git", inner)
        assert after == git.Place(repository.folder / ".git", repository.folder)

    def test_submodule(self, repository: Repository, tmp_path: Path) -> None:
        """A submodule is a repository of its own; its `.git` file holds a relative path."""
        inner = Repository(tmp_path / "inner")
        inner.commit({"a": "a\n"})
        repository.submodule(inner, "lib/inner")

        found = git.find(repository.folder / "lib" / "inner")

        assert (repository.folder / "lib" / "inner" / ".git").read_text().startswith("gitdir: ../")
        assert found == git.Place(repository.folder / ".git" / "modules" / "lib" / "inner", repository.folder / "lib/inner")

    def test_separate_git_dir(self, tmp_path: Path) -> None:
        """A `.git` file may name a folder anywhere."""
        made = Repository(tmp_path / "repo")
        shutil.move(made.folder / ".git", tmp_path / "elsewhere")
        (made.folder / ".git").write_text("gitdir: ../elsewhere\n")

        assert git.find(made.folder) == git.Place(tmp_path / "elsewhere", made.folder)

    @pytest.mark.parametrize("inside", ["", "hooks", "refs/heads", "worktrees/linked", "gone"])
    def test_inside_of_a_git_folder(self, repository: Repository, tmp_path: Path, inside: str) -> None:
        """The inside of a `.git` folder is no checkout."""
        repository.commit()
        repository.worktree(tmp_path / "linked", "topic")

        assert git.find(repository.folder / ".git" / inside) is None

    def test_bare_repository(self, repository: Repository, tmp_path: Path) -> None:
        """A bare repository is no checkout, whatever its folder is called; its linked worktrees are."""
        repository.commit({"src/a": "a\n"})
        bare = Repository.clone(repository, tmp_path / "bare.git", "--bare")
        hidden = Repository.clone(repository, tmp_path / "hub" / ".git", "--bare")
        bare.worktree(tmp_path / "linked", "topic")
        hidden.worktree(tmp_path / "hub" / "topic", "topic")

        assert git.find(bare.folder / "objects") is None
        assert git.find(tmp_path / "hub") is None
        assert git.find(tmp_path / "linked" / "src") == git.Place(bare.folder, tmp_path / "linked")
        assert git.find(tmp_path / "hub" / "topic") == git.Place(hidden.folder, tmp_path / "hub" / "topic")

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda git_path: git_path.mkdir(),
            lambda git_path: git_path.write_text(""),
            lambda git_path: git_path.write_text("gitdir: ../nowhere\n"),
            lambda git_path: git_path.write_bytes(b"gitdir: \xff\xfe\n"),
            lambda git_path: (git_path / "objects").mkdir(parents=True),
            lambda git_path: git_path.symlink_to("nowhere"),
        ],
    )
    def test_git_that_is_no_repository(self, repository: Repository, spoil: Callable[[Path], object]) -> None:
        """A `.git` that is no repository is passed over."""
        inner = repository.folder / "inner"
        inner.mkdir()
        spoil(inner / ".git")

        assert git.find(inner) == git.Place(repository.folder / ".git", repository.folder)

    def test_symbolic_link(self, repository: Repository, tmp_path: Path) -> None:
        """Both paths are canonical."""
        (tmp_path / "link").symlink_to(repository.folder)

        assert git.find(tmp_path / "link" / "src") == git.Place(repository.folder / ".git", repository.folder)

    @pytest.mark.parametrize("odd", ["", "relative", "C:\\src\\repo", "/", "/nowhere/at/all", "/a\0b", "/" + "x" * 5000])
    def test_no_place(self, odd: str) -> None:
        """A path that leads nowhere has no checkout, however odd it is."""
        assert git.find(Path(odd)) is None

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to this user")
    def test_no_permission(self, repository: Repository) -> None:
        """A folder that may not be looked into has no checkout."""
        closed = repository.folder / "closed"
        (closed / "inner").mkdir(parents=True)
        closed.chmod(0)

        found = git.find(closed / "inner")
        closed.chmod(0o700)

        assert found is None


class TestWorktrees:
    """The top folders of a repository."""

    def test_main_first(self, repository: Repository, tmp_path: Path) -> None:
        """The main worktree comes first, then the linked ones by name, also those whose folder is gone."""
        repository.commit()
        repository.worktree(tmp_path / "z", "z")
        repository.worktree(tmp_path / "b", "b")
        shutil.rmtree(tmp_path / "b")

        assert git.worktrees(repository.common_dir) == [repository.folder, tmp_path / "b", tmp_path / "z"]

    def test_bare_and_submodule(self, repository: Repository, tmp_path: Path) -> None:
        """A bare repository has linked worktrees only; a submodule's folder comes from its own configuration."""
        repository.commit({"a": "a\n"})
        bare = Repository.clone(repository, tmp_path / "bare.git", "--bare")
        bare.worktree(tmp_path / "linked", "topic")
        outer = Repository(tmp_path / "outer")
        outer.submodule(repository, "lib/inner")

        assert git.worktrees(bare.folder) == [tmp_path / "linked"]
        assert git.worktrees(outer.folder / ".git/modules/lib/inner") == [outer.folder / "lib" / "inner"]

    def test_relative_paths(self, repository: Repository, tmp_path: Path) -> None:
        """Newer versions of git can name a linked worktree by a relative path."""
        repository.commit()
        repository.worktree(tmp_path / "linked", "topic")
        marker = repository.common_dir / "worktrees" / "linked" / "gitdir"
        marker.write_text("../../../../linked/.git\n")

        assert git.worktrees(repository.common_dir) == [repository.folder, tmp_path / "linked"]

    def test_no_repository(self, tmp_path: Path) -> None:
        """Where nothing is, there is no linked worktree."""
        assert git.worktrees(tmp_path / "gone") == []


class TestSignature:
    """What `signature` notices."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda made: made.commit(),
            lambda made: made.git("branch", "new"),
            lambda made: made.git("branch", "-D", "old"),
            lambda made: made.git("branch", "-D", "packed"),
            lambda made: made.git("branch", "-f", "old", "HEAD"),
            lambda made: made.switch("old"),
            lambda made: made.git("checkout", "-q", "--detach"),
            lambda made: made.tag("new"),
            lambda made: made.origin_branch("main", made.head),
            lambda made: made.origin_branch("main", made.head, default=True),
            lambda made: made.git("update-ref", "refs/remotes/other/topic", "HEAD"),
            lambda made: (made.write({"a": "dirty\n"}), made.git("stash", "-q")),
            lambda made: made.git("-C", "../linked", "commit", "-q", "--allow-empty", "-m", "x"),
            lambda made: made.git("-C", "../linked", "checkout", "-q", "--detach"),
            lambda made: made.git("remote", "set-url", "origin", "https://example.test/new.git"),
            lambda made: (made.common_dir / "shallow").write_text(f"{made.head}\n"),
        ],
    )
    def test_changes(self, repository: Repository, tmp_path: Path, change: Callable[[Repository], object]) -> None:
        """Every kind of change that `refs`, `headers`, `reverts` or `identity` could see changes the signature."""
        repository.commit({"a": "a\n"})
        repository.git("branch", "packed")
        repository.git("pack-refs", "--all")
        repository.git("branch", "old")
        repository.commit({"a": "b\n"})
        repository.worktree(tmp_path / "linked", "linked")
        repository.origin("https://example.test/old.git")

        before = git.signature(repository.common_dir)
        change(repository)
        after = git.signature(repository.common_dir)

        assert before
        assert after
        assert before != after

    def test_same_state_same_signature(self, repository: Repository) -> None:
        """Reading, and work that is not committed, leave it as it is."""
        repository.commit({"a": "a\n"})
        before = git.signature(repository.common_dir)

        repository.write({"a": "other\n", "b": "b\n"})
        repository.git("add", "b")
        repository.git("status")

        assert git.signature(repository.common_dir) == before

    def test_no_repository(self, tmp_path: Path) -> None:
        """A repository that is gone has the empty signature."""
        assert git.signature(tmp_path / "gone") == ""


ORIGINS = [
    ("https://github.com/Own/Repo", "github.com/own/repo"),
    ("https://GitHub.com/Own/Repo.git", "github.com/own/repo"),
    ("git@github.com:Own/Repo.git", "github.com/own/repo"),
    ("github.com:Own/Repo", "github.com/own/repo"),
    ("me@github.com:/Own/Repo.git/", "github.com/own/repo"),
    ("ssh://git@github.com/Own/Repo.git", "github.com/own/repo"),
    ("ssh://git@github.com:22/Own/Repo", "github.com/own/repo"),
    ("git+ssh://git@github.com:22/Own/Repo", "github.com/own/repo"),
    ("git://github.com:9418/Own/Repo.git", "github.com/own/repo"),
    ("https://user:tok@github.com:443/Own/Repo.git.git", "github.com/own/repo"),
    ("http://github.com:80/Own/Repo.git/", "github.com/own/repo"),
    ("https://github.com/Own/Repo/.git/", "github.com/own/repo"),
    ("https://github.com//Own///Repo.git//", "github.com/own/repo"),
    ("  https://github.com/Own/Repo.GIT\n", "github.com/own/repo"),
    ("https://x-access-token:a@b@github.com/Own/Repo", "github.com/own/repo"),
    ("https://user:pa/ss@github.com/Own/Repo", "github.com/own/repo"),
    ("https://github.com/Own/Repo.git?token=s3cret#x", "github.com/own/repo"),
    ("HTTPS://GITLAB.com/Group/Sub/Repo", "gitlab.com/group/sub/repo"),
    ("git@bitbucket.org:Own/Repo.git", "bitbucket.org/own/repo"),
    ("git@Git.Example.test:Own/Repo.git", "git.example.test/Own/Repo"),
    ("ssh://git@git.example.test:2222/Own/Repo.git", "git.example.test:2222/Own/Repo"),
    ("ssh://git@git.example.test:0022/Own/Repo.git", "git.example.test/Own/Repo"),
    ("ssh://git@git.example.test:/Own/Repo.git", "git.example.test/Own/Repo"),
    ("https://git.example.test:8443/Own/Repo", "git.example.test:8443/Own/Repo"),
    ("http://git.example.test:443/Own/Repo", "git.example.test:443/Own/Repo"),
    ("https://git.example.test/Own/Repo.GIT", "git.example.test/Own/Repo.GIT"),
    ("host.xz:path/repo.git", "host.xz/path/repo"),
    ("me@host.xz:repo", "host.xz/repo"),
    ("host.xz:~me/repo.git", "host.xz/~me/repo"),
    ("ssh://me@host.xz/~me/repo.git", "host.xz/~me/repo"),
    ("git@c:own/repo", "c/own/repo"),
    ("git@host.xz:8022/own/repo", "host.xz/8022/own/repo"),
    ("[git@host.xz:22]:own/repo.git", "host.xz/own/repo"),
    ("git@[host.xz:2222]:own/repo.git", "host.xz:2222/own/repo"),
    ("git@[::1]:own/repo.git", "[::1]/own/repo"),
    ("ssh://git@[2001:DB8::1]:22/own/repo", "[2001:db8::1]/own/repo"),
    ("ssh://git@[2001:db8::1]:2222/own/repo", "[2001:db8::1]:2222/own/repo"),
    ("https://dev.azure.com/org/My%20Project/_git/repo", "dev.azure.com/org/My%20Project/_git/repo"),
    ("https://host.xz/a@b/c", "host.xz/a@b/c"),
    ("hg::https://host.xz/own/repo", "host.xz/own/repo"),
    ("https://github.com", None),
    ("https://github.com/", None),
    ("https://github.com/.git", None),
    ("https:///own/repo", None),
    ("https://host.xz:port/own/repo", None),
    (f"https://host.xz:{'9' * 5000}/own/repo", None),
    ("git@github.com:", None),
    ("git@github.com:.git", None),
    (":own/repo", None),
    ("/srv/git/repo.git", None),
    ("//server/share/repo.git", None),
    ("\\\\server\\share\\repo.git", None),
    ("file:///srv/r.git", None),
    ("file://host/srv/r.git", None),
    ("../x", None),
    ("./host:path", None),
    ("repo.git", None),
    ("C:\\src\\repo", None),
    ("C:/src/repo", None),
    ("c:repo", None),
    ("bundle.file", None),
    ("ext::ssh -i key git@host %S own/repo", None),
    ("two words:own/repo", None),
    ("", None),
]


@pytest.mark.parametrize(("address", "key"), ORIGINS)
def test_normal_origin(address: str, key: str | None) -> None:
    """All addresses of one repository have one key; an address without host has none."""
    assert git.normal_origin(address) == key


@given(st.text(max_size=40) | st.from_regex(r"(https?|ssh|git)://[a-zA-Z0-9:@\[\]./?#-]{0,30}", fullmatch=True))
@settings(max_examples=300)
def test_any_text_as_origin(address: str) -> None:
    """No text breaks it, and dropping the credentials changes no key."""
    key = git.normal_origin(address)

    assert key is None or (key and not key.endswith((".git", "/")))
    assert git.normal_origin(git.without_credentials(address)) == key
    assert git.without_credentials(git.without_credentials(address)) == git.without_credentials(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://ghp_token@github.com/o/r.git", "https://github.com/o/r.git"),
        ("https://user:pass@host.xz:8443/o/r", "https://host.xz:8443/o/r"),
        ("https://user:p@ss@host.xz/o/r", "https://host.xz/o/r"),
        ("https://user:pa/ss@host.xz/o/r", "https://host.xz/o/r"),
        ("https://host.xz/o/r?private_token=s3cret", "https://host.xz/o/r"),
        ("hg::https://user:pass@host.xz/o/r", "hg::https://host.xz/o/r"),
        ("ssh://git:pass@host.xz/o/r", "ssh://git@host.xz/o/r"),
        ("ssh://git@host.xz/o/r", "ssh://git@host.xz/o/r"),
        ("git@host.xz:o/r.git", "git@host.xz:o/r.git"),
        ("https://host.xz/o/r@v1", "https://host.xz/o/r@v1"),
        ("/srv/git/me@home/r.git", "/srv/git/me@home/r.git"),
    ],
)
def test_without_credentials(address: str, expected: str) -> None:
    """Passwords and tokens go, the rest of the address stays."""
    assert git.without_credentials(address) == expected


class TestRefs:
    """Which refs a checkout has."""

    def test_without_origin(self, repository: Repository) -> None:
        """Local heads in order; nobody says which one is the default."""
        first = repository.commit()
        repository.branch("topic/ABC-1")
        second = repository.commit()
        repository.tag("v1")

        assert git.refs(repository.common_dir) == [
            Ref("refs/heads/main", first, "head", None),
            Ref("refs/heads/topic/ABC-1", second, "head", None),
        ]

    def test_with_origin(self, repository: Repository) -> None:
        """Of origin's branches only those that may be the mainline are taken; origin/HEAD names the default."""
        sha = repository.commit()
        for name in ("main", "topic", "develop"):
            repository.origin_branch(name, sha)
        repository.origin_branch("release/next", sha, default=True)
        repository.git("branch", "release/next")

        assert git.refs(repository.common_dir) == [
            Ref("refs/heads/main", sha, "head", False),
            Ref("refs/heads/release/next", sha, "head", True),
            Ref("refs/remotes/origin/develop", sha, "remote_head", False),
            Ref("refs/remotes/origin/main", sha, "remote_head", False),
            Ref("refs/remotes/origin/release/next", sha, "remote_head", True),
        ]

    def test_origin_without_head(self, repository: Repository) -> None:
        """Without origin/HEAD the default stays unknown; a branch below such a name is not that branch."""
        sha = repository.commit()
        repository.origin_branch("master", sha)
        repository.origin_branch("trunk/old", sha)

        assert git.refs(repository.common_dir) == [
            Ref("refs/heads/main", sha, "head", None),
            Ref("refs/remotes/origin/master", sha, "remote_head", None),
        ]

    def test_dangling_origin_head(self, repository: Repository) -> None:
        """Origin/HEAD still tells the default when the branch it names was not fetched."""
        sha = repository.commit()
        repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

        assert git.refs(repository.common_dir) == [Ref("refs/heads/main", sha, "head", True)]

    def test_detached(self, repository: Repository, tmp_path: Path) -> None:
        """A detached HEAD is a ref of its own, in the main worktree and in a linked one."""
        first = repository.commit()
        second = repository.commit()
        repository.worktree(tmp_path / "linked", "topic", first)
        repository.git("-C", "../linked", "checkout", "-q", "--detach")
        repository.switch(first)

        assert git.refs(repository.common_dir) == [
            Ref("HEAD", first, "detached", None),
            Ref("refs/heads/main", second, "head", None),
            Ref("refs/heads/topic", first, "head", None),
            Ref("worktrees/linked/HEAD", first, "detached", None),
        ]

    def test_packed_missing_and_odd_names(self, repository: Repository) -> None:
        """Packed refs count, a ref to a missing commit too, and no name is too odd."""
        sha = repository.commit()
        repository.git("branch", "grün/ä-1")
        repository.git("pack-refs", "--all")
        (repository.common_dir / "refs" / "heads" / "lost").write_text(f"{NOWHERE}\n")

        assert [(ref.ref_name, ref.sha) for ref in git.refs(repository.common_dir)] == [
            ("refs/heads/grün/ä-1", sha),
            ("refs/heads/lost", NOWHERE),
            ("refs/heads/main", sha),
        ]

    def test_no_commit(self, repository: Repository) -> None:
        """A repository without a commit has no ref."""
        assert git.refs(repository.common_dir) == []


class TestIdentity:
    """Where a checkout comes from."""

    def test_origin_and_default(self, repository: Repository) -> None:
        """The first address of origin, without its token; the branch that origin/HEAD names."""
        root = repository.commit()
        repository.origin("https://ghp_token@github.com/Own/Repo.git")
        repository.git("remote", "set-url", "--add", "origin", "https://other.test/x")
        repository.origin_branch("topic/x", root, default=True)

        assert git.identity(repository.common_dir) == git.Identity(
            "https://github.com/Own/Repo.git", "github.com/own/repo", [root], "topic/x"
        )

    def test_address_in_an_included_file(self, repository: Repository) -> None:
        """Git's own reading of the configuration counts, includes too."""
        (repository.common_dir / "more").write_text('[remote "origin"]\n\turl = git@host.xz:own/repo\n')
        repository.git("config", "include.path", "more")

        assert git.identity(repository.common_dir).origin_key == "host.xz/own/repo"

    def test_several_roots(self, repository: Repository) -> None:
        """Roots of every ref and of a detached HEAD, the oldest first."""
        young = repository.commit(date=FIRST_SECOND + 9)
        repository.git("checkout", "-q", "--orphan", "other")
        old = repository.commit(date=FIRST_SECOND)
        repository.tag("kept", message="an annotated tag")
        repository.git("checkout", "-q", "--orphan", "third")
        middle = repository.commit(date=FIRST_SECOND + 5)
        repository.git("checkout", "-q", "--detach")
        repository.git("branch", "-D", "third", "other")

        assert git.identity(repository.common_dir).root_commits == [old, middle, young]

    def test_no_commit(self, repository: Repository) -> None:
        """Nothing is known of an empty repository."""
        assert git.identity(repository.common_dir) == git.Identity(None, None, [], None)

    def test_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        """Where a shallow clone ends is no root: the next fetch would move it."""
        for _ in range(3):
            repository.commit()
        clone = Repository.clone(repository, tmp_path / "clone", "--depth=2")

        found = git.identity(clone.common_dir)

        assert found.origin == repository.folder.as_uri()
        assert (found.origin_key, found.root_commits, found.default_branch) == (None, [], "main")


class TestHeaders:
    """What is read of a commit without its files."""

    def test_fields(self, repository: Repository) -> None:
        """Parents in order, both times in ms, the key of the author's address, the message without its line end."""
        first = repository.commit(message="Add a\n\n\tbody\n\n", author="Ann <Ann.Author@Example.test>")
        repository.branch("topic")
        second = repository.commit(message="topic", date=FIRST_SECOND + 7)
        repository.switch("main")
        third = repository.merge("topic", "Merge topic")

        found = history(repository, third)

        key = hashlib.sha256(b"ann.author@example.test").hexdigest()[:16]
        at = FIRST_SECOND * 1000
        assert found[first] == Commit(first, [], at, at, key, "Add a\n\n\tbody")
        assert found[second].commit_ms == at + 7000
        assert found[third].parents == [first, second]
        assert found[third].commit_ms == at + STEP_SECONDS * 1000
        assert len(found) == 3

    def test_author_and_committer_time_differ(self, repository: Repository) -> None:
        """An amended commit keeps its author time."""
        repository.commit(date=FIRST_SECOND)
        repository.git("commit", "--amend", "--no-edit", "--allow-empty", "-q", date=FIRST_SECOND + 60)

        found = history(repository, repository.head)[repository.head]

        assert (found.author_ms, found.commit_ms) == (FIRST_SECOND * 1000, FIRST_SECOND * 1000 + 60_000)

    @pytest.mark.parametrize(
        "message",
        [
            "",
            "\x1f\x1e\x01\x04",
            f"commit {NOWHERE}\n\nAuthor: x",
            "%H%x00%n",
            "ünïcödé \u2028 x",
            "tab\tand\rcr",
            "a\n\n\nb",
        ],
    )
    def test_odd_messages(self, repository: Repository, message: str) -> None:
        """No message can be taken for structure."""
        repository.git("config", "commit.cleanup", "verbatim")
        tree = repository.git("mktree")
        sha = repository.git("commit-tree", tree, "-F", "-", text=message)

        assert history(repository, sha)[sha].message == message

    def test_declared_and_false_encodings(self, repository: Repository) -> None:
        """A declared encoding is decoded; bytes that are no UTF-8 become U+FFFD."""
        repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
        declared = repository.commit(message=b"gr\xfcn")
        text = repository.git_bytes("cat-file", "commit", declared).replace(b"encoding ISO-8859-1\n", b"")
        undeclared = repository.git("hash-object", "-t", "commit", "-w", "--stdin", text=text)

        found = history(repository, declared, undeclared)

        assert (found[declared].message, found[undeclared].message) == ("grün", "gr\ufffdn")

    @pytest.mark.parametrize(
        ("stamp", "expected"),
        [
            (b"1767603600 +0000", FIRST_SECOND * 1000),
            (b"0 +0000", 0),
            (b"99999999999999999999 +0000", None),
            (b"253402300800 +0000", None),
        ],
    )
    def test_odd_dates(self, repository: Repository, stamp: bytes, expected: int | None) -> None:
        """A date that no calendar holds is unknown; the commit stays."""
        tree = repository.git("mktree").encode()
        who = b"A <a@b> " + stamp
        text = b"tree " + tree + b"\nauthor " + who + b"\ncommitter " + who + b"\n\nx\n"
        sha = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", text=text)

        found = history(repository, sha)[sha]

        assert (found.author_ms, found.commit_ms) == (expected, expected)

    def test_broken_people(self, repository: Repository) -> None:
        """A commit without a readable author or committer is still a commit."""
        tree = repository.git("mktree").encode()
        text = b"tree " + tree + b"\nauthor nobody\ncommitter\n\nx\n"
        sha = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", text=text)

        found = history(repository, sha)[sha]

        assert (found.author_ms, found.commit_ms, found.message) == (None, None, "x")

    def test_known_tips(self, repository: Repository) -> None:
        """What a known tip leads to is not read again, and nothing at all when every tip is known."""
        first = repository.commit()
        second = repository.commit()

        assert list(history(repository, second, known=(first,))) == [second]
        assert history(repository, second, known=(first, second)) == {}
        assert history(repository, first, known=(second,)) == {}

    def test_rewritten_history(self, repository: Repository) -> None:
        """After a rewrite the old tip excludes only what it really leads to."""
        base = repository.commit()
        old = repository.commit()
        repository.git("reset", "-q", "--hard", base)
        new = [repository.commit(message="new"), repository.commit(message="newer")]

        assert set(history(repository, new[1], known=(old,))) == set(new)

    def test_known_tip_that_git_lost(self, repository: Repository) -> None:
        """A known tip that git has thrown away is passed over."""
        first = repository.commit()
        second = repository.commit()
        old = repository.commit()
        repository.git("reset", "-q", "--hard", second)
        repository.lose(old)

        assert set(history(repository, second, known=(old, NOWHERE, first))) == {second}

    def test_skewed_clock(self, repository: Repository) -> None:
        """Dates do not decide what is read: a commit behind an older child is there."""
        shas = [repository.commit(date=date) for date in (FIRST_SECOND, FIRST_SECOND - 10**7, FIRST_SECOND + 5)]

        assert set(history(repository, shas[2])) == set(shas)

    @pytest.mark.parametrize("packed", [False, True])
    def test_missing_commit(self, repository: Repository, packed: bool) -> None:
        """One missing commit costs itself and what only it leads to; an error names it."""
        shas = [repository.commit({"a": f"{n}\n"}) for n in range(3)]
        repository.branch("side", shas[0])
        side = [repository.commit({"b": f"{n}\n"}) for n in range(2)]
        repository.git("checkout", "-q", "main")
        top = repository.merge("side")
        repository.lose(side[0])
        if packed:
            repository.git("pack-objects", ".git/objects/pack/pack", text="\n".join([*shas, side[1], top]))
        errors: list[ParseError] = []

        found = [commit.sha for commit in git.headers(repository.common_dir, [top], [], errors)]

        assert sorted(found) == sorted([*shas, side[1], top])
        assert [error.line for error in errors] == [0]
        assert errors[0].reason.startswith(f"{side[0]}: commit missing or damaged; ")

    def test_missing_commit_with_known_tips(self, repository: Repository) -> None:
        """Going around a missing commit still stops at known tips."""
        shas = [repository.commit() for _ in range(6)]
        repository.lose(shas[3])
        errors: list[ParseError] = []

        found = [commit.sha for commit in git.headers(repository.common_dir, [shas[5], shas[2]], [shas[1]], errors)]

        assert sorted(found) == sorted([shas[2], shas[4], shas[5]])
        assert [error.reason[:40] for error in errors] == [shas[3]]

    def test_damaged_commit(self, repository: Repository) -> None:
        """A commit whose file is damaged is an error as well."""
        shas = [repository.commit() for _ in range(3)]
        path = repository.common_dir / "objects" / shas[1][:2] / shas[1][2:]
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:20])
        errors: list[ParseError] = []

        found = [commit.sha for commit in git.headers(repository.common_dir, [shas[2], shas[0]], [], errors)]

        assert sorted(found) == sorted([shas[0], shas[2]])
        assert [error.reason[:40] for error in errors] == [shas[1]]

    def test_missing_tips(self, repository: Repository) -> None:
        """A tip that is not there is an error; the other tips are read."""
        sha = repository.commit()
        errors: list[ParseError] = []

        found = list(git.headers(repository.common_dir, [NOWHERE, sha, "--all", "HEAD"], [], errors))

        assert [commit.sha for commit in found] == [sha]
        assert [error.reason.partition(":")[0] for error in errors] == [NOWHERE, "--all", "HEAD"]

    def test_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        """Where a shallow clone ends, the recorded parent stays and an error says that history goes on."""
        shas = [repository.commit() for _ in range(4)]
        clone = Repository.clone(repository, tmp_path / "clone", "--depth=2")
        errors: list[ParseError] = []

        found = {commit.sha: commit for commit in git.headers(clone.common_dir, [shas[3]], [], errors)}

        assert set(found) == {shas[2], shas[3]}
        assert found[shas[2]].parents == [shas[1]]
        assert [error.reason[:40] for error in errors] == [shas[2]]
        assert "shallow" in errors[0].reason

    def test_whole_history_in_a_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        """A shallow clone as deep as the history hides nothing."""
        shas = [repository.commit() for _ in range(3)]
        clone = Repository.clone(repository, tmp_path / "clone", "--depth=3")

        found = history(clone, shas[2])

        assert (clone.common_dir / "shallow").exists()
        assert set(found) == set(shas)

    def test_sha256(self, tmp_path: Path) -> None:
        """Repositories with long object names are read alike."""
        made = Repository(tmp_path / "long", object_format="sha256")
        sha = made.commit({"a": "a\n"})

        assert set(history(made, sha)) == {sha}
        assert counted(read(made, sha)[sha]) == {"a": (1, 0)}
        assert git.identity(made.common_dir).root_commits == [sha]


class TestReverts:
    """Reverts wherever they are."""

    def test_every_ref(self, repository: Repository) -> None:
        """Branches of remotes, tags and the stash are searched; only the words themselves count."""
        base = repository.commit({"a": "a\n"})
        words = "Revert\n\nThis reverts commit 1234."
        found = []
        for ref in (
            "refs/remotes/origin/topic",
            "refs/remotes/fork/x",
            "refs/tags/light",
            "refs/stash",
            "refs/other/x",
        ):
            repository.git("reset", "-q", "--hard", base)
            found.append(repository.commit(message=f"{words} {ref}"))
            repository.git("update-ref", ref, "HEAD")
        repository.git("reset", "-q", "--hard", base)
        found.append(repository.commit(message=words))
        repository.tag("annotated", message="a tag")
        repository.git("reset", "-q", "--hard", base)
        repository.commit(message="this reverts commit 1234")
        repository.commit(message="This reverts.commit 1234")
        repository.tag("tree", "HEAD^{tree}")
        errors: list[ParseError] = []

        reverts = git.reverts(repository.common_dir, [], errors)

        assert sorted(commit.sha for commit in reverts) == sorted(found)
        assert errors == []

    def test_git_revert(self, repository: Repository) -> None:
        """Git's own revert is found, once; not again when its branch is known."""
        repository.commit({"a": "a\n"})
        sha = repository.revert(repository.commit({"a": "b\n"}))
        repository.git("branch", "copy")

        assert [commit.sha for commit in git.reverts(repository.common_dir, [], [])] == [sha]
        assert git.reverts(repository.common_dir, [sha], []) == []

    def test_damage(self, repository: Repository) -> None:
        """A missing commit is an error here too; reverts around it are found."""
        shas = [repository.commit(message=f"This reverts commit {n}") for n in range(4)]
        repository.lose(shas[1])
        repository.tag("first", shas[0])
        errors: list[ParseError] = []

        found = git.reverts(repository.common_dir, [], errors)

        assert sorted(commit.sha for commit in found) == sorted([shas[0], shas[2], shas[3]])
        assert [error.reason[:40] for error in errors] == [shas[1]]

    def test_no_commit(self, repository: Repository) -> None:
        """No commit, no revert."""
        assert git.reverts(repository.common_dir, [], []) == []


CHANGES = {
    "added": ({}, {"a": "x\ny\n"}, {"a": ("add", None, False, "++")}),
    "deleted": ({"a": "x\ny\n"}, {"a": None}, {"a": ("delete", None, False, "--")}),
    "modified with context": (
        {"a": "1\n2\n3\n4\n5\n6\n7\n8\n9\n"},
        {"a": "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"},
        {"a": ("modify", None, False, "   -+   ")},
    ),
    "looks like headers": (
        {"a": "--- a/x\n+++ b/x\n-- y\n++ z\n@@ -1 +1 @@\ndiff --git a/q b/q\nkeep\n"},
        {"a": "+++ b/x\n--- a/x\n++ z\n-- y\ndiff --git a/q b/q\nkeep\n\x01\x02\n\x04" + NOWHERE + "\n:100644 x\n"},
        {"a": ("modify", None, False, "- -+ -+  +++")},
    ),
    "no final newline": ({"a": "x\ny"}, {"a": "x\ny\n"}, {"a": ("modify", None, False, " -+")}),
    "never a final newline": ({"a": "x\ny"}, {"a": "x\nz"}, {"a": ("modify", None, False, " -+")}),
    "content that says no newline": (
        {"a": "x\n"},
        {"a": "\\ No newline at end of file\nx"},
        {"a": ("modify", None, False, "-++")},
    ),
    "crlf": ({"a": "x\r\ny\r\n"}, {"a": "x\ny\n"}, {"a": ("modify", None, False, "--++")}),
    "blank lines": ({"a": "\n\n\n"}, {"a": "\n\n\n\n"}, {"a": ("modify", None, False, "   +")}),
    "empty file": ({}, {"a": ""}, {"a": ("add", None, False, "")}),
    "emptied": ({"a": "x\n"}, {"a": ""}, {"a": ("modify", None, False, "-")}),
    "binary": (
        {"a": b"\0x"},
        {"a": b"\0y", "b": b"\0"},
        {"a": ("modify", None, True, ""), "b": ("add", None, True, "")},
    ),
    "binary becomes text": ({"a": b"\0x"}, {"a": "x\n"}, {"a": ("modify", None, True, "")}),
    "says that it is binary": (
        {},
        {"a": "Binary files a/x and b/x differ\n"},
        {"a": ("add", None, False, "+")},
    ),
    "one renamed and edited": (
        {"old": "1\n2\n3\n4\n5\n6\n7\n8\n"},
        {"old": None, "new": "1\n2\n3\n4\n5\n6\n7\neight\n"},
        {"new": ("rename", "old", False, "   -+")},
    ),
    "pure rename": ({"o ld": "1\n2\n"}, {"o ld": None, "b/new": "1\n2\n"}, {"b/new": ("rename", "o ld", False, "")}),
    "copy of a changed file": (
        {"src": "1\n2\n3\n4\n5\n6\n7\n8\n"},
        {"src": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "copy": "1\n2\n3\n4\n5\n6\n7\n8\n"},
        {"copy": ("copy", "src", False, ""), "src": ("modify", None, False, "   +")},
    ),
    "folders a and b": (
        {"a/x": "1\n", "b/x": "1\n2\n"},
        {"a/x": "one\n", "b/x": None, "b/a/x": "1\n2\n"},
        {"a/x": ("modify", None, False, "-+"), "b/a/x": ("rename", "b/x", False, "")},
    ),
    "file becomes folder": (
        {"a": "1\n"},
        {"a": None, "a/b": "2\n"},
        {"a": ("delete", None, False, "-"), "a/b": ("add", None, False, "+")},
    ),
    "nothing": ({"a": "1\n"}, {}, {}),
}


class TestPatches:
    """Files and lines of a commit."""

    @pytest.mark.parametrize("name", CHANGES)
    def test_kinds_of_change(self, repository: Repository, name: str) -> None:
        """Kind, old path and sides of each file are exact, and their counts are git's own."""
        before, after, expected = CHANGES[name]
        repository.commit(before)

        sha = repository.commit(after)
        found = read(repository, sha)[sha]

        assert {path: facts(file) for path, file in found.items()} == expected
        assert counted(found) == numstat(repository, [sha]).get(sha, {})

    def test_root_commit(self, repository: Repository) -> None:
        """A root commit is compared with nothing."""
        sha = repository.commit({"a": "x\n"})

        assert facts(read(repository, sha)[sha]["a"]) == ("add", None, False, "+")

    def test_merge_commit(self, repository: Repository) -> None:
        """A merge commit has no files."""
        repository.commit({"a": "x\n"})
        repository.branch("topic")
        repository.commit({"b": "x\n"})
        repository.switch("main")
        repository.commit({"c": "x\n"})
        sha = repository.merge("topic")

        assert read(repository, sha) == {sha: {}}

    def test_lines(self, repository: Repository) -> None:
        """Hunk, both hashes and word characters of each line are those that a session's edit has."""
        before = [f"line {n}" for n in range(20)]
        after = [*before]
        after[2] = "\tint x_1 = 2;  \t\r"
        after[17] = "größe\u2028\x0c"
        repository.commit({"a": "\n".join(before)})
        sha = repository.commit({"a": "\n".join(after)})

        found = read(repository, sha)[sha]["a"].lines

        rows = [(" ", 0, before[0]), (" ", 0, before[1]), ("-", 0, before[2]), ("+", 0, after[2])]
        rows += [(" ", 0, text) for text in before[3:6]]
        rows += [(" ", 1, text) for text in before[14:17]]
        rows += [("-", 1, before[17]), ("+", 1, after[17]), (" ", 1, before[18]), (" ", 1, before[19])]
        assert found == measure(rows)

    def test_odd_bytes(self, repository: Repository) -> None:
        """Invalid UTF-8 is hashed as the replacement that a session log shows."""
        content = [b"gr\xfcn", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"ok \xff", "é".encode()]
        sha = repository.commit({"a": b"\n".join(content)})

        found = read(repository, sha)[sha]["a"].lines

        clean = [canonical(line) for line in content]
        assert found.hashes == [line_hash(line) for line in clean]
        assert found.trimmed == [line_hash_trimmed(line) for line in clean]
        assert found.words == [word_characters(line) for line in clean]

    def test_very_long_line(self, repository: Repository) -> None:
        """A line larger than many blocks is one line."""
        text = "x" * 1_000_000
        sha = repository.commit({"a": f"1\n{text}\n2\n"})

        assert read(repository, sha)[sha]["a"].lines == measure([("+", 0, "1"), ("+", 0, text), ("+", 0, "2")])

    @pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (b"with blank ", "with blank "),
            (b"tab\tname", "tab\tname"),
            (b"new\nline", "new\nline"),
            (b'quo"te', 'quo"te'),
            (b"'single'", "'single'"),
            (b"back\\slash", "back\\slash"),
            (b"bell\x07\x08\x0b\x0c\r\x1b\x7f", "bell\x07\x08\x0b\x0c\r\x1b\x7f"),
            ("grün/ä \U0001f600".encode(), "grün/ä \U0001f600"),
            (b"latin-\xfc", "latin-\\xfc"),
            (b"half \xe2\x82 rune", "half \\xe2\\x82 rune"),
            (b"a/b", "a/b"),
            (b"b/a/b", "b/a/b"),
            (b"\x01\x02\x04", "\x01\x02\x04"),
            (b":100644 M\tx", ":100644 M\tx"),
            (b"-- /dev/null", "-- /dev/null"),
            (b" => ", " => "),
        ],
    )
    def test_odd_paths(self, repository: Repository, name: bytes, text: str) -> None:
        """Every name a file can have is read back, also as the source of a rename."""
        added = repository.commit({name: "1\n2\n"})
        moved = repository.commit({name: None, name + b"2": "1\n2\n"})

        found = read(repository, added, moved)

        assert {path: facts(file) for path, file in found[added].items()} == {text: ("add", None, False, "++")}
        assert {path: facts(file) for path, file in found[moved].items()} == {f"{text}2": ("rename", text, False, "")}

    @pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
    def test_paths_that_read_alike(self, repository: Repository) -> None:
        """Two names with the same text are one row and an error, never two rows with one key."""
        sha = repository.commit({b"x\xff": "1\n", b"x\\xff": "2\n"})
        errors: list[ParseError] = []

        found = list(patches(repository, [sha], errors))

        assert [(name, [file.rel_path for file in files]) for name, files in found] == [(sha, ["x\\xff"])]
        assert [error.reason[:40] for error in errors] == [sha]

    @pytest.mark.skipif(os.name == "nt", reason="modes and links")
    def test_modes_and_links(self, repository: Repository) -> None:
        """A changed mode has no lines, a link has its target, a file that becomes a link loses and gains."""
        repository.commit({"mode": "x\n", "file": "one\ntwo\n"})
        (repository.folder / "mode").chmod(0o755)
        (repository.folder / "link").symlink_to("mode")
        (repository.folder / "file").unlink()
        (repository.folder / "file").symlink_to("mode")
        sha = repository.commit()

        found = read(repository, sha)[sha]

        assert {path: facts(file) for path, file in found.items()} == {
            "file": ("modify", None, False, "--+"),
            "link": ("add", None, False, "+"),
            "mode": ("modify", None, False, ""),
        }
        assert found["link"].lines == measure([("+", 0, "mode")])
        assert counted(found) == numstat(repository, [sha])[sha]

    def test_submodule(self, repository: Repository, tmp_path: Path) -> None:
        """A submodule is a file of one line, as git counts it, also where the settings hide it."""
        inner = Repository(tmp_path / "inner")
        first = inner.commit({"a": "a\n"})
        repository.submodule(inner, "lib")
        repository.git("config", "submodule.lib.ignore", "all")
        added = repository.commit()
        second = inner.commit({"a": "b\n"})
        repository.git("-C", "lib", "fetch", "-q", "origin")
        repository.git("-C", "lib", "checkout", "-q", second)
        repository.git("update-index", "--cacheinfo", f"160000,{second},lib")
        moved = repository.commit()

        found = read(repository, added, moved)

        pointers = [f"Subproject commit {sha}" for sha in (first, second)]
        assert found[added]["lib"].lines == measure([("+", 0, pointers[0])])
        assert found[moved]["lib"].lines == measure([("-", 0, pointers[0]), ("+", 0, pointers[1])])

    def test_order(self, repository: Repository) -> None:
        """Commits come in the order asked, each once; files in the order of their paths as text."""
        first = repository.commit({"b": "1\n", "a.b": "1\n", "a/c": "1\n", "Z": "1\n", "é": "1\n"})
        second = repository.commit({"b": "2\n"})
        third = repository.commit()

        found = list(patches(repository, [second, third, first, second], []))

        assert [sha for sha, _ in found] == [second, third, first]
        assert [file.rel_path for file in found[2][1]] == ["Z", "a.b", "a/c", "b", "é"]

    def test_nothing_asked(self, repository: Repository) -> None:
        """No question, no answer."""
        assert list(patches(repository, [], [])) == []

    def test_first_answers_come_early(self, repository: Repository) -> None:
        """The stream can be left at any time; no process and no folder stay behind."""
        shas = repository.load({b"a": b"%d\n" % n * 500} for n in range(200))
        stream = patches(repository, shas, [])

        sha, files = next(stream)
        stream.close()

        assert sha == shas[0]
        assert files[0].lines.added == 500

    @pytest.mark.parametrize("size", [1, 7, 64])
    def test_any_block_size(self, repository: Repository, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
        """Where the stream is cut into blocks changes nothing."""
        shas = []
        for before, after, _ in CHANGES.values():
            for files in (before, after):
                shas.append(repository.commit(files))
            repository.git("rm", "-rq", "--ignore-unmatch", ".")
            shas.append(repository.commit())
        whole = read(repository, *shas)

        monkeypatch.setattr(git, "BLOCK_BYTES", size)

        assert read(repository, *shas) == whole
        assert len(history(repository, shas[-1])) == len(shas)

    def test_contradiction(self) -> None:
        """A stream whose hunks do not add up is an error and no wrong number."""
        errors: list[ParseError] = []
        reader = git._Patch(errors)
        head = f"\x04{NOWHERE}\n\n:000000 100644 0 1 A\ta\n\ndiff --git a/a b/a\n".encode()

        found = list(reader.feed(head + b"@@ -0,0 +1,2 @@\n\x01one"))
        found += reader.end()

        assert found == [(NOWHERE, None)]
        assert [error.reason[:40] for error in errors] == [NOWHERE]


LINES = [b"", b"}", b"x", b"y", b"  x", b"x  ", b"x\r", b"++i;", b"--j;", b"+++ b/x", b"--- a/x", b"@@ -1,2 +3,4 @@"]
LINES += [
    b"diff --git a/x b/x",
    b"\\ No newline at end of file",
    b"\x01",
    b"\x02z",
    b"\x03",
    b"\x04" + NOWHERE.encode(),
]
LINES += [b"\xff\xfe", "é\u2028".encode(), b"a\x0cb", b"a\rb", b"Binary files a/x and b/x differ", b"rename to q"]
NAMES = [
    b"a/x",
    b"b/x",
    b"x",
    b"with blank",
    b"tab\tname",
    b"new\nline",
    b'quo"te',
    b"back\\slash",
    b"\xff",
    "é".encode(),
]
CONTENTS = st.one_of(
    st.tuples(st.lists(st.sampled_from(LINES), max_size=12), st.sampled_from([b"\n", b"\r\n"]), st.booleans()).map(
        lambda parts: parts[1].join(parts[0]) + (parts[1] if parts[2] and parts[0] else b"")
    ),
    st.binary(max_size=20),
)
STEPS = st.lists(st.dictionaries(st.sampled_from(NAMES), st.none() | CONTENTS, max_size=5), min_size=1, max_size=8)


@given(steps=STEPS)
@settings(max_examples=40)
def test_counts_are_git_s_own(tmp_path_factory: pytest.TempPathFactory, steps: list[dict[bytes, bytes | None]]) -> None:
    """Whatever a history does to whatever files, added and removed lines are those of `git log --numstat -M -C`."""
    repository = Repository(tmp_path_factory.mktemp("any") / "repo")
    shas = repository.load(steps)

    found = read(repository, *shas)

    assert {sha: counted(files) for sha, files in found.items()} == numstat(repository, shas)
    for files, step in zip(found.values(), steps, strict=True):
        for path, file in files.items():
            check_lines(file, step.get(path.encode("utf-8", "surrogateescape").replace(b"\\xff", b"\xff")))


def check_lines(file: FileChange, content: bytes | None) -> None:
    """The five sequences fit each other; of an added file every line is there."""
    lines = file.lines
    assert len(lines.sides) == len(lines.hunks) == len(lines.hashes) == len(lines.trimmed) == len(lines.words)
    assert lines.hunks == sorted(lines.hunks)
    if file.change_type == "add" and not file.is_binary:
        assert content is not None
        rows = [canonical(line) for line in content.split(b"\n")]
        assert lines.hashes == [line_hash(row) for row in (rows if rows[-1] else rows[:-1])]


def test_pydriller_agrees(repository: Repository) -> None:
    """On an ordinary history, without copies and header-like lines, PyDriller counts the same."""
    text = [f"value_{n} = {n}" for n in range(40)]
    repository.commit({"app/main.py": "\n".join(text), "notes.md": "one\ntwo\n"})
    repository.commit({"app/main.py": "\n".join([*text[:10], "extra = 1", *text[12:]]), "new.py": "x = 1\n"})
    repository.move("notes.md", "doc/notes.md")
    repository.commit({"new.py": None})
    repository.commit({"doc/notes.md": "one\n2\nthree", "app/main.py": "\n".join(text[5:]) + "\n"})
    shas = repository.git("rev-list", "HEAD").split()

    found = read(repository, *shas)

    theirs = {
        commit.hash: {
            (file.new_path or file.old_path): (file.added_lines, file.deleted_lines, file.change_type.name.lower())
            for file in commit.modified_files
        }
        for commit in Driller(os.fspath(repository.folder)).traverse_commits()
    }
    assert theirs == {
        sha: {path: (file.lines.added, file.lines.removed, file.change_type) for path, file in files.items()}
        for sha, files in found.items()
    }


def traced(repository: Repository, *removals: tuple[str, str], since_ms: int | None = None) -> dict:
    """(commit, file) -> (line, commit that brought it) of each removed line; asking leaves no error."""
    errors: list[ParseError] = []
    wanted = [git.Removal(sha, path, since_ms) for sha, path in removals]
    found = {
        (sha, path): [(origin.line, origin.sha) for origin in origins]
        for sha, path, origins in git.origins(repository.common_dir, wanted, errors)
    }
    assert errors == []
    return found


class TestPatchTexts:
    """The lines of one commit as they can be read."""

    @pytest.mark.parametrize("name", CHANGES)
    def test_texts_are_those_of_the_hashes(self, repository: Repository, name: str) -> None:
        """The same files as `patches` tells, each with the text of every line, and a head for every hunk."""
        before, after, _ = CHANGES[name]
        repository.commit(before)
        sha = repository.commit(after)
        errors: list[ParseError] = []

        found = git.patch_texts(repository.common_dir, sha, errors)

        assert errors == []
        assert {text.change.rel_path: text.change for text in found} == read(repository, sha)[sha]
        for text in found:
            assert [line_hash(line.encode()) for line in text.lines] == text.change.lines.hashes
            assert len(text.heads) == len(set(text.change.lines.hunks))

    def test_heads_and_line_ends(self, repository: Repository) -> None:
        """A head is git's own, with the function; a line without its end is told; CR and odd bytes are kept as text."""
        body = "".join(f"    line {n}\n" for n in range(9))
        repository.commit({"a": f"def one():\n{body}last"})
        sha = repository.commit({"a": f"def one():\n{body}".encode() + b"l\xffst\r\nend"})

        (found,) = git.patch_texts(repository.common_dir, sha, [])

        assert found.heads == ["@@ -8,4 +8,5 @@ def one():"]
        assert found.lines[3:] == ["last", "l\ufffdst\r", "end"]
        assert found.unended == [3, 5]

    def test_a_file_that_becomes_a_link_has_both(self, repository: Repository) -> None:
        """Git shows it in two sections; it is one file."""
        repository.commit({"a": "one\n"})
        (repository.folder / "a").unlink()
        (repository.folder / "a").symlink_to("target")
        sha = repository.commit()

        (found,) = git.patch_texts(repository.common_dir, sha, [])

        assert (found.lines, found.unended, len(found.heads)) == (["one", "target"], [1], 2)

    @pytest.mark.parametrize("size", [1, 7])
    def test_any_block_size(self, repository: Repository, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
        """Where the stream is cut changes nothing."""
        sha = repository.commit({"a": "".join(f"line {n}\n" for n in range(50)), "b": "é\n\n"})
        whole = git.patch_texts(repository.common_dir, sha, [])

        monkeypatch.setattr(git, "BLOCK_BYTES", size)

        assert git.patch_texts(repository.common_dir, sha, []) == whole

    def test_what_cannot_be_read_says_why(self, repository: Repository, tmp_path: Path) -> None:
        """An unknown commit, no name of one, a missing text, and where a shallow clone ends."""
        shas = [repository.commit({"a": f"{number}\n"}) for number in range(3)]
        clone = Repository.clone(repository, tmp_path / "clone", "--depth=2")
        repository.lose(f"{shas[1]}:a")
        errors: list[ParseError] = []

        found = [git.patch_texts(repository.common_dir, name, errors) for name in (NOWHERE, "main", shas[1])]
        found.append(git.patch_texts(clone.common_dir, shas[1], errors))

        assert found == [None] * 4
        reasons = [error.reason.partition("; ")[0].partition(": ")[2] for error in errors]
        assert reasons[:2] == ["no such commit here", "no full name of a commit"]
        assert reasons[3] == "a shallow clone ends here"
        assert [error.reason[:40] for error in errors[2:]] == [shas[1]] * 2

    def test_merge_commit(self, repository: Repository) -> None:
        """A merge commit has no files."""
        repository.commit({"a": "x\n"})
        repository.branch("topic")
        repository.commit({"b": "x\n"})
        repository.switch("main")
        repository.commit({"c": "x\n"})

        assert git.patch_texts(repository.common_dir, repository.merge("topic"), []) == []


class TestOrigins:
    """Which commit brought a line that another one removes."""

    def test_lines(self, repository: Repository) -> None:
        """By line of the parent's file, whatever stands there twice; lines are told by what lines.py makes of them."""
        first = repository.commit({"a": "one\n}\ntwo\n}\n", "b": "b\n"})
        second = repository.commit({"a": "zero\none\n}\ntwo\n}\nlast\n", "b": "b\n"})
        fix = repository.commit({"a": "one\n}\n  two\nlast\nmore\n", "b": None})

        found = traced(repository, (fix, "a"), (fix, "b"))
        (_, _, lines), _ = git.origins(repository.common_dir, [git.Removal(fix, "a", None), git.Removal(fix, "b", None)], [])

        assert found == {(fix, "a"): [(1, second), (4, first), (5, first)], (fix, "b"): [(1, first)]}
        texts = [b"zero", b"two", b"}"]
        assert [(line.line_hash, line.line_hash_trimmed, line.word_characters) for line in lines] == [
            (line_hash(text), line_hash_trimmed(text), word_characters(text)) for text in texts
        ]

    def test_changed_blanks_renames_and_moves_are_seen_through(self, repository: Repository) -> None:
        """The commit that wrote the text is named, not the one that indented it, renamed its file or moved it elsewhere."""
        body = "".join(f"    a statement with some words in it, number {number}\n" for number in range(6))
        wrote = repository.commit({"a.py": body, "c.py": "c\n"})
        repository.commit({"a.py": body.replace("    ", "\t")})
        repository.move("a.py", "b.py")
        repository.commit()
        repository.commit({"b.py": None, "c.py": "c\n" + body})
        fix = repository.commit({"c.py": "c\n"})

        assert traced(repository, (fix, "c.py")) == {(fix, "c.py"): [(line, wrote) for line in range(2, 8)]}

    def test_a_renaming_fix(self, repository: Repository) -> None:
        """Lines are looked for under the old path; the file is known by the new one, as in `patches`."""
        body = "".join(f"line {number}\n" for number in range(9))
        first = repository.commit({"old": body})
        repository.move("old", "new")
        fix = repository.commit({"new": body.replace("line 4\n", "")})

        assert traced(repository, (fix, "new"), (fix, "old")) == {(fix, "new"): [(5, first)]}

    @pytest.mark.parametrize(
        ("name", "text"), [(b'\xff\n"', '\\xff\n"'), ("ü ä".encode(), "ü ä"), (b"-L1", "-L1"), (b":(x)", ":(x)")]
    )
    def test_odd_paths(self, repository: Repository, name: bytes, text: str) -> None:
        """Any path is one path."""
        first = repository.commit({name: "one\ntwo\n"})
        fix = repository.commit({name: "one\n"})

        assert traced(repository, (fix, text)) == {(fix, text): [(2, first)]}

    def test_odd_content_and_modes(self, repository: Repository) -> None:
        """Lines that look like git's own words, CR, no line end, a link instead of a file; binary files have no lines."""
        lines = b"@@ -1,5 +1 @@\ndiff --git a/a b/a\n" + b"1" * 40 + b" 1 1\nboundary\n\ttab\r\n:100644 x"
        first = repository.commit({"a": lines, "b": b"\0binary\n", "l": "text\n"})
        (repository.folder / "l").unlink()
        (repository.folder / "l").symlink_to("a")
        fix = repository.commit({"a": "", "b": b"\0other\n"})

        found = traced(repository, *((fix, name) for name in "abl"))

        assert found[fix, "a"] == [(line, first) for line in range(1, 7)]
        assert found.get((fix, "b"), []) == []
        assert found[fix, "l"] == [(1, first)]

    def test_older_lines_are_left_out(self, repository: Repository) -> None:
        """What was brought before the time asked for, and what a shallow clone hides, has no origin."""
        old = repository.commit({"a": "one\ntwo\nthree\n"}, date=FIRST_SECOND)
        new = repository.commit({"a": "one\ntwo\nthree\nfour\n"}, date=FIRST_SECOND + 9_000)
        fix = repository.commit({"a": "one\n"}, date=FIRST_SECOND + 10_000)

        everything = traced(repository, (fix, "a"))
        recent = traced(repository, (fix, "a"), since_ms=(FIRST_SECOND + 5_000) * 1000)

        assert everything == {(fix, "a"): [(2, old), (3, old), (4, new)]}
        assert recent == {(fix, "a"): [(4, new)]}

    def test_a_merged_line_comes_from_its_branch(self, repository: Repository) -> None:
        """Not from the merge."""
        repository.commit({"a": "a\n"})
        repository.branch("topic")
        topic = repository.commit({"b": "b1\nb2\n"})
        repository.switch("main")
        repository.commit({"a": "a2\n"})
        repository.merge("topic")
        fix = repository.commit({"b": "b1\n"})

        assert traced(repository, (fix, "b")) == {(fix, "b"): [(2, topic)]}

    def test_damage_and_a_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        """What cannot be told, because a text on the way is gone, is an error that names the commit; the others are told."""
        shas = [repository.commit({"a": f"{number}\nx\n", "b": "b\n" * number}) for number in range(9, 3, -1)]
        clone = Repository.clone(repository, tmp_path / "clone", "--depth=3")
        repository.lose(f"{shas[3]}:a")
        wanted = [git.Removal(sha, "a", None) for sha in [*shas[1:], NOWHERE]]
        errors: list[ParseError] = []
        errors_of_clone: list[ParseError] = []

        found = [sha for sha, _, _ in git.origins(repository.common_dir, wanted, errors)]
        found_in_clone = {sha: lines for sha, _, lines in git.origins(clone.common_dir, wanted, errors_of_clone)}

        assert found == shas[1:3]
        assert {error.reason[:40] for error in errors} == {*shas[3:], NOWHERE}
        assert set(found_in_clone) == {shas[4], shas[5]}
        assert found_in_clone[shas[4]] == []
        assert {error.reason[:40] for error in errors_of_clone} == {*shas[1:4], NOWHERE}

    def test_pydriller_agrees(self, repository: Repository) -> None:
        """On ordinary code, without moves between files, its SZZ names the same commits."""
        text = [f"value_{number} = {number}" for number in range(40)]
        for step in range(8):
            text[step * 4 : step * 4 + 6] = [f"changed_{step}_{number} = 1" for number in range(6)]
            repository.commit({"app/main.py": "\n".join(text), "notes.py": "\n".join(text[: 10 + step])})
        fix = repository.commit({"app/main.py": "\n".join(text[::3]), "notes.py": "x = 1\n"})
        driller = DrillerGit(os.fspath(repository.folder))

        theirs = driller.get_commits_last_modified_lines(driller.get_commit(fix))
        found = traced(repository, (fix, "app/main.py"), (fix, "notes.py"))

        assert {path: {sha for _, sha in lines} for (_, path), lines in found.items()} == theirs

    def test_nothing_asked(self, repository: Repository) -> None:
        """No commit, a commit without a parent, and a file that the commit leaves alone."""
        sha = repository.commit({"a": "a\n"})

        assert traced(repository) == {}
        assert traced(repository, (sha, "a"), (sha, "b")) == {(sha, "a"): []}


class TestDamage:
    """What is lost is told, what is there is read."""

    def test_missing_blob(self, repository: Repository) -> None:
        """Commits that need a missing text are errors that name it; the others are read."""
        shas = [repository.commit({"a": f"{n}\n", "b": f"b{n}\n"}) for n in range(6)]
        blob = repository.git("rev-parse", f"{shas[2]}:a")
        repository.lose(blob)
        errors: list[ParseError] = []

        found = [sha for sha, _ in patches(repository, shas, errors)]

        assert found == [shas[0], shas[1], shas[4], shas[5]]
        assert [error.reason[:40] for error in errors] == shas[2:4]
        assert all(blob in error.reason and error.line == 0 for error in errors)

    def test_missing_tree(self, repository: Repository) -> None:
        """A missing folder listing costs the commits that compare it."""
        shas = [repository.commit({"d/e/a": f"{n}\n", "b": f"b{n}\n"}) for n in range(6)]
        repository.lose(f"{shas[1]}^{{tree}}")
        repository.lose(f"{shas[4]}:d/e")
        errors: list[ParseError] = []

        found = [sha for sha, _ in patches(repository, shas, errors)]

        assert found == [shas[0], shas[3]]
        assert sorted(error.reason[:40] for error in errors) == sorted([shas[1], shas[2], shas[4], shas[5]])

    def test_damaged_blob(self, repository: Repository) -> None:
        """A text that cannot be unpacked costs its commits only, wherever in a commit git stumbles over it."""
        many = {f"a{n}": "x\n" * 2000 for n in range(30)}
        shas = [repository.commit({**many, "z": f"{n}\n", "y": f"y{n}\n"} if n % 2 else {"z": f"{n}\n"}) for n in range(6)]
        blob = repository.git("rev-parse", f"{shas[3]}:z")
        path = repository.common_dir / "objects" / blob[:2] / blob[2:]
        path.chmod(0o600)
        path.write_bytes(b"damaged")
        errors: list[ParseError] = []

        found = [sha for sha, _ in patches(repository, shas, errors)]

        assert found == [shas[0], shas[1], shas[2], shas[5]]
        assert [error.reason[:40] for error in errors] == shas[3:5]

    def test_missing_commits(self, repository: Repository) -> None:
        """Names that lead to no commit are errors, at every place of the list."""
        shas = [repository.commit({"a": f"{n}\n"}) for n in range(3)]
        tree = repository.git("rev-parse", "HEAD^{tree}")
        other = NOWHERE[::-1]
        asked = [NOWHERE, shas[0], tree, "HEAD", shas[1], "--stdin", shas[2], other]
        errors: list[ParseError] = []

        found = [sha for sha, _ in patches(repository, asked, errors)]

        assert found == shas
        assert sorted(error.reason.partition(":")[0] for error in errors) == sorted([NOWHERE, tree, "HEAD", "--stdin", other])

    def test_missing_parent(self, repository: Repository) -> None:
        """A commit whose parent is gone cannot be compared."""
        shas = [repository.commit({"a": f"{n}\n"}) for n in range(4)]
        repository.lose(shas[1])
        errors: list[ParseError] = []

        found = [sha for sha, _ in patches(repository, shas, errors)]

        assert found == [shas[0], shas[3]]
        assert sorted(error.reason[:40] for error in errors) == sorted(shas[1:3])

    def test_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        """Where a shallow clone ends, a commit did not add the whole tree: its files are unknown."""
        shas = [repository.commit({f"f{n}": "x\n"}) for n in range(4)]
        clone = Repository.clone(repository, tmp_path / "clone", "--depth=2")
        errors: list[ParseError] = []

        found = list(patches(clone, shas[2:], errors))

        assert [(sha, [file.rel_path for file in files]) for sha, files in found] == [(shas[3], ["f3"])]
        assert [error.reason[:40] for error in errors] == [shas[2]]

    def test_partial_clone(self, repository: Repository, tmp_path: Path) -> None:
        """A partial clone is read as far as it goes and never fetches."""
        shas = [repository.commit({"a": f"{n}\n"}) for n in range(5)]
        repository.git("config", "uploadpack.allowFilter", "true")
        clone = Repository.clone(repository, tmp_path / "clone", "--filter=blob:none")
        called = tmp_path / "called"
        clone.git("config", "protocol.allow", "always")
        clone.git("remote", "set-url", "origin", f"ext::touch {called}")
        errors: list[ParseError] = []

        headers = list(git.headers(clone.common_dir, [shas[4]], [], errors))
        found = [sha for sha, _ in patches(clone, shas, errors)]

        assert len(headers) == 5
        assert found == []
        assert [error.reason[:40] for error in errors] == shas
        assert not called.exists()


class TestFailure:
    """When git or the repository is not there, one exception says so."""

    CALLS = (
        lambda common_dir: git.refs(common_dir),
        lambda common_dir: git.identity(common_dir),
        lambda common_dir: git.reverts(common_dir, [], []),
        lambda common_dir: list(git.headers(common_dir, [NOWHERE], [], [])),
        lambda common_dir: list(git.patches(common_dir, [NOWHERE], [])),
        lambda common_dir: list(git.origins(common_dir, [git.Removal(NOWHERE, "a", None)], [])),
        lambda common_dir: git.patch_texts(common_dir, NOWHERE, []),
    )

    @pytest.mark.parametrize("call", CALLS)
    def test_no_git(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[Path], object]
    ) -> None:
        """Without git on PATH every reader says so and tells what to do."""
        common_dir = repository.common_dir
        monkeypatch.setenv("PATH", os.fspath(tmp_path))

        with pytest.raises(git.GitError, match=r"not found on PATH.*install git"):
            call(common_dir)

    @pytest.mark.parametrize("call", CALLS)
    def test_no_repository(self, tmp_path: Path, call: Callable[[Path], object]) -> None:
        """A repository that is gone is named."""
        (tmp_path / "empty").mkdir()

        for folder in (tmp_path / "gone", tmp_path / "empty"):
            with pytest.raises(git.GitError, match=f"{folder}: no repository there"):
                call(folder)

    def test_vanishes_midway(self, repository: Repository) -> None:
        """A repository that vanishes while it is read is no damaged one: what is missing is not blamed on commits."""
        shas = repository.load({b"a%d" % n: b"%d\n" % n * 3000} for n in range(30))
        common_dir, errors = repository.common_dir, []
        stream = git.patches(common_dir, shas, errors)
        next(stream)
        shutil.rmtree(common_dir)

        with pytest.raises(git.GitError, match="no repository there"):
            for _ in stream:
                pass

        assert errors == []

    def test_no_room(self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a temporary folder the message names the cause and the repository."""
        sha = repository.commit()
        common_dir = repository.common_dir
        monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path / "gone"))

        for call in (lambda: git.refs(common_dir), lambda: list(git.headers(common_dir, [sha], [], []))):
            with pytest.raises(git.GitError, match=f"temporary folder: .*{common_dir} is not read"):
                call()

    def test_relative_path(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        """A relative common directory means the same from wherever git is started."""
        sha = repository.commit({"a": "a\n"})
        monkeypatch.chdir(repository.folder)

        assert [ref.sha for ref in git.refs(Path(".git"))] == [sha]
        assert [name for name, _ in git.patches(Path(".git"), [sha], [])] == [sha]

    def test_broken_configuration(self, repository: Repository) -> None:
        """A configuration that git refuses stops the refs with git's own words; objects are still read."""
        sha = repository.commit({"a": "a\n"})
        common_dir = repository.common_dir
        (common_dir / "config").write_text("[core\n")

        with pytest.raises(git.GitError, match="bad config line 1"):
            git.refs(common_dir)
        assert [commit.sha for commit in git.headers(common_dir, [sha], [], [])] == [sha]

    def test_nothing_stays_behind(self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Reading leaves no file, neither in the repository nor among the temporary ones."""
        sha = repository.commit({"a": "a\n"})
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        monkeypatch.setattr("tempfile.tempdir", os.fspath(temporary))
        before = sorted(repository.folder.rglob("*"))

        for call in self.CALLS:
            call(repository.common_dir)
        read(repository, sha)

        assert sorted(repository.folder.rglob("*")) == before
        assert list(temporary.iterdir()) == []


HOSTILE = """
[core]
    quotePath = false
    abbrev = 4
    bigFileThreshold = 1
    attributesFile = {folder}/attributes
    hooksPath = {folder}
    fsmonitor = {folder}/bad
    pager = {folder}/bad
    commitGraph = false
    whitespace = cr-at-eol
[color]
    ui = always
    diff = always
[color "diff"]
    new = red
[diff]
    algorithm = histogram
    context = 0
    interHunkContext = 40
    noprefix = true
    mnemonicPrefix = true
    renames = false
    renameLimit = 1
    external = {folder}/bad
    orderFile = {folder}/order
    suppressBlankEmpty = true
    relative = true
    wsErrorHighlight = all
    colorMoved = zebra
    submodule = log
    ignoreSubmodules = all
    indentHeuristic = false
    wordRegex = .
[diff "bad"]
    binary = true
    textconv = {folder}/bad
    command = {folder}/bad
[log]
    showSignature = true
    mailmap = true
    showRoot = false
    follow = true
    decorate = full
    date = relative
[format]
    pretty = oneline
[i18n]
    logOutputEncoding = ISO-8859-1
[grep]
    patternType = perl
[mailmap]
    file = {folder}/mailmap
[notes]
    displayRef = *
[submodule "lib"]
    ignore = all
[alias]
    log = status
    diff-tree = status
"""


class TestHostileSettings:
    """Nobody's settings change what a commit says."""

    @pytest.fixture
    def shas(self, repository: Repository, tmp_path: Path) -> list[str]:
        """A history that would show each of the settings."""
        inner = Repository(tmp_path / "inner")
        inner.commit({"a": "a\n"})
        before = "\n".join(f"\tline {n}\n" for n in range(30))
        after = before.replace("line 3\n", "line three\n").replace("line 20\n", "").replace("line 9\n", "line 9\r\n")
        first = repository.commit({"z": before, "y": before * 2, "x": "x\n" * 9, "ä": "1\n"}, "grün\n\nThis reverts commit 1")
        repository.submodule(inner, "lib")
        second = repository.commit({"z": after, "y": before + after, "x": None, "a/x": "x\n" * 8 + "y\n"})
        return [first, second, repository.commit({"copy": after, "z": after + "\n\n", "ä": "2\n"})]

    def everything(self, repository: Repository, shas: list[str]) -> tuple:
        """All that the module reads of a repository."""
        common_dir, errors = repository.common_dir, []
        return (
            list(git.patches(common_dir, shas, errors)),
            sorted(git.headers(common_dir, shas, [], errors), key=lambda commit: commit.sha),
            git.reverts(common_dir, [], errors),
            git.refs(common_dir),
            git.identity(common_dir),
            errors,
        )

    def test_configuration(
        self, repository: Repository, shas: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The user's, the repository's and the environment's settings, attributes and mail map change nothing."""
        before = self.everything(repository, shas)
        for name, text in {
            "attributes": "* diff=bad\n",
            "order": "z\n",
            "mailmap": "X <x@x> <ann@example.test>\n",
        }.items():
            (tmp_path / name).write_text(text)
        bad = tmp_path / "bad"
        bad.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\necho bad\n")
        bad.chmod(0o755)
        hostile = HOSTILE.format(folder=tmp_path)
        for place in (repository.common_dir / "config", tmp_path / ".gitconfig"):
            with place.open("a") as file:
                file.write(hostile)
        (repository.common_dir / "info" / "attributes").write_text("* diff=bad -text\n")
        repository.write({".gitattributes": "* -diff\n", ".mailmap": "X <x@x> <ann@example.test>\n"})
        for name, value in {
            "HOME": os.fspath(tmp_path),
            "XDG_CONFIG_HOME": os.fspath(tmp_path),
            "GIT_CONFIG_GLOBAL": os.fspath(tmp_path / ".gitconfig"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "diff.context",
            "GIT_CONFIG_VALUE_0": "9",
            "GIT_CONFIG_PARAMETERS": "'diff.context=9'",
            "GIT_EXTERNAL_DIFF": os.fspath(bad),
            "GIT_DIFF_OPTS": "-u0",
            "GIT_PAGER": os.fspath(bad),
            "LC_ALL": "de_DE.ISO-8859-1",
            "LANGUAGE": "de",
        }.items():
            monkeypatch.setenv(name, value)

        after = self.everything(repository, shas)

        assert after == before
        assert not (tmp_path / "called").exists()

    def test_environment_that_points_elsewhere(
        self, repository: Repository, shas: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """GIT_* variables, as a hook of another repository sets them, point nowhere."""
        before = self.everything(repository, shas)
        for name in (
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
        ):
            monkeypatch.setenv(name, os.fspath(tmp_path / "elsewhere"))

        assert self.everything(repository, shas) == before

    def test_replaced_history(self, repository: Repository, shas: list[str]) -> None:
        """Replacement objects and grafts do not change what was recorded."""
        patch, headers, *_ = self.everything(repository, shas)
        repository.git("replace", shas[1], shas[0])
        (repository.common_dir / "info" / "grafts").write_text(f"{shas[2]}\n")

        errors: list[ParseError] = []

        assert list(git.patches(repository.common_dir, shas, errors)) == patch
        assert sorted(git.headers(repository.common_dir, shas, [], errors), key=lambda commit: commit.sha) == headers
        assert errors == []

    def test_index_and_worktree_do_not_matter(self, repository: Repository, shas: list[str]) -> None:
        """A broken index and a dirty worktree leave commits as they are."""
        before = self.everything(repository, shas)
        repository.write({"z": "dirty\n"})
        (repository.common_dir / "index").write_bytes(b"DIRC broken")

        assert self.everything(repository, shas) == before

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a folder away")
    def test_repository_of_another_user(self, repository: Repository, shas: list[str]) -> None:
        """Reading a repository that belongs to somebody else is not refused: nothing of it is executed."""
        before = self.everything(repository, shas)
        common_dir = repository.common_dir
        for path in (repository.folder, common_dir, *common_dir.rglob("*")):
            os.chown(path, 12345, 12345)

        assert git.refs(common_dir) == before[3]
        assert list(git.patches(common_dir, shas, [])) == before[0]


AI = "refs/notes/ai"


def noted(repository: Repository, sha: str, text: str | bytes) -> str:
    """Put a note on a commit, over one that is there; its object."""
    repository.git("notes", f"--ref={AI}", "add", "-f", "-F", "-", sha, text=text)
    return repository.git("notes", f"--ref={AI}", "list", sha)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_notes_as_git_lists_them(tmp_path: Path, object_format: str) -> None:
    """Commit by commit the object that `git notes list` gives, whichever ref their configuration names, and its text."""
    repository = Repository(tmp_path / "repo", object_format=object_format)
    shas = [repository.commit({"a": f"{number}"}) for number in range(3)]
    objects = {sha: noted(repository, sha, f"note {number}\n") for number, sha in enumerate(shas[:2])}
    repository.git("notes", "add", "-m", "another ref", shas[2])
    repository.git("config", "core.notesRef", "refs/notes/commits")

    assert git.notes(repository.common_dir, AI) == objects
    contents = dict(git.texts(repository.common_dir, list(objects.values())))
    assert contents == {objects[shas[0]]: b"note 0\n", objects[shas[1]]: b"note 1\n"}
    assert git.notes(repository.common_dir, "refs/notes/none") == {}


def test_which_of_some_names_are_commits(repository: Repository) -> None:
    """Full names of commits that are here: no short one, no tag, no other object, no word that git would understand."""
    one, two = (repository.commit({"a": f"{number}"}) for number in range(2))
    repository.git("tag", "-a", "-m", "tagged", "t", one)
    others = [repository.git("rev-parse", name) for name in ("t", "HEAD:a", "HEAD^{tree}")]

    found = git.known_commits(repository.common_dir, [one, two, two[:9], *others, "0" * 40, "HEAD", "-x", "", "a b\nc"])

    assert found == {one, two}
    assert git.known_commits(repository.common_dir, []) == set()


def test_a_changed_note_is_another_object(repository: Repository) -> None:
    """So is the signature of the repository, which tells that there is something to read."""
    sha = repository.commit({"a": "1"})
    before, seen = noted(repository, sha, "one"), git.signature(repository.common_dir)

    after = noted(repository, sha, "two")

    assert git.notes(repository.common_dir, AI) == {sha: after} != {sha: before}
    assert git.signature(repository.common_dir) != seen


def test_a_tree_of_notes_in_folders(repository: Repository) -> None:
    """Git cuts the names of many notes into folders; other files in the tree are no notes."""
    sha = repository.commit({"a": "1"})
    note = repository.git("hash-object", "-w", "--stdin", text="note")
    folder = repository.git("mktree", text=f"100644 blob {note}\t{sha[2:]}\n")
    odd = f"040000 tree {folder}\t{sha[:2]}\n100644 blob {note}\tREADME\n"
    tip = repository.git("commit-tree", "-m", "notes", repository.git("mktree", text=odd))
    repository.git("update-ref", AI, tip)

    assert git.notes(repository.common_dir, AI) == {sha: note}


def test_notes_that_cannot_be_read(repository: Repository) -> None:
    """A lost text is told as such and the others are read; so is one that is no text; a lost tree is an error of all."""
    shas = [repository.commit({"a": f"{number}"}) for number in range(3)]
    lost, kept, last = (noted(repository, sha, f"note {number}") for number, sha in enumerate(shas))
    repository.lose(lost)

    found = list(git.texts(repository.common_dir, [lost, kept, shas[0], last]))

    assert found == [(lost, None), (kept, b"note 1\n"), (shas[0], None), (last, b"note 2\n")]
    repository.lose(f"{AI}^{{tree}}")
    with pytest.raises(git.GitError, match="ls-tree"):
        git.notes(repository.common_dir, AI)


@pytest.mark.parametrize("kept_bytes", [0, 5, 20])
def test_a_note_whose_file_is_garbled(repository: Repository, kept_bytes: int) -> None:
    """Git may die of it or call it missing; the notes around it are read."""
    shas = [repository.commit({"a": f"{number}"}) for number in range(3)]
    names = [noted(repository, sha, f"note {number} " + "x y z " * number * 9) for number, sha in enumerate(shas)]
    path = repository.common_dir / "objects" / names[1][:2] / names[1][2:]
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:kept_bytes] + b"\xff" * 30)

    found = dict(git.texts(repository.common_dir, names))

    assert found[names[1]] is None
    assert found[names[0]].startswith(b"note 0")
    assert found[names[2]].startswith(b"note 2")


def test_a_note_beyond_measure(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is too large to be a note is not read into memory."""
    monkeypatch.setattr(git, "NOTE_BYTES", 10)
    sha = repository.commit({"a": "1"})
    note = noted(repository, sha, "x" * 11)

    assert list(git.texts(repository.common_dir, [note])) == [(note, None)]


def test_lines_are_plain_values(repository: Repository) -> None:
    """A file without lines has the empty `Lines`."""
    sha = repository.commit({"a": b"\0"})

    assert read(repository, sha)[sha]["a"] == FileChange("a", None, "add", True, Lines())
