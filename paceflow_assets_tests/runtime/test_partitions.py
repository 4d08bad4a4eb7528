"""Which repository a path belongs to, and the key that a repository keeps."""

import os
import shutil
from pathlib import Path

import pytest
from repositories import Repository

from paceflow_assets.runtime.partitions import (
    NO_REPOSITORY,
    Places,
    checkout_name,
    folder_of,
    on_disk,
    partition_key,
    storable,
)

ORIGIN = "https://github.com/Acme/App.git"
KEY = "github.com/acme/app"


@pytest.fixture
def app(tmp_path: Path) -> Repository:
    """A repository with a commit."""
    made = Repository(tmp_path.resolve() / "src" / "app")
    made.commit({"a.py": "a\n"})
    return made


def places(known: Places | None = None) -> Places:
    """Places of a new look, which remembers what another one learned."""
    return Places(known.checkouts, 2, known.adopted) if known else Places({}, 1)


class TestPlacing:
    """A path and its repository."""

    def test_a_file_lies_in_its_checkout(self, app):
        """Deep, gone, or written with dots: the path below the top folder."""
        found = places()
        key = found.folder(str(app.folder))

        assert key.startswith("local/app-")
        assert found.file(f"{app.folder}/a.py") == (key, "a.py")
        assert found.file(f"{app.folder}/x/../b/./c.py") == (key, "b/c.py")
        assert found.file(f"{app.folder}/gone/long ago/d\n.py") == (key, "gone/long ago/d\n.py")

    @pytest.mark.parametrize("path", ["a.py", "", "C:\\a.py", "/nowhere/a.py", "/", "/a\0b/c", "~/a.py"])
    def test_other_paths_lie_nowhere(self, path):
        """Relative ones, those of another system, those outside every checkout, and what is no path."""
        assert places().file(path) == (NO_REPOSITORY, None)
        assert places().folder(path) == NO_REPOSITORY

    def test_a_nul_in_a_name_is_no_path(self, app):
        """No file has such a name, wherever it seems to lie."""
        assert places().file(f"{app.folder}/a\0b") == (NO_REPOSITORY, None)

    def test_the_top_folder_is_no_file(self, app):
        """And what git keeps for itself lies in no checkout."""
        found = places()

        assert found.file(str(app.folder)) == (NO_REPOSITORY, None)
        assert found.file(f"{app.folder}/.git/config") == (NO_REPOSITORY, None)

    def test_very_long_and_very_deep_paths(self, app):
        """A log may hold anything."""
        found = places()
        key = found.folder(str(app.folder))

        assert found.folder("/gone" + "/x" * 20_000) == NO_REPOSITORY
        assert found.file(f"{app.folder}/" + "y/" * 5_000 + "z")[0] == key

    def test_a_link_leads_to_the_checkout(self, app, tmp_path):
        """A path through a link is a path below the top; also when the checkout is gone and the link is left."""
        link = tmp_path / "link"
        link.symlink_to(app.folder.parent)
        found = places()
        key = found.folder(str(app.folder))

        before = found.file(f"{link}/app/b/a.py")
        app.folder.rename(tmp_path / "elsewhere")

        assert before == places(found).file(f"{link}/app/b/a.py") == (key, "b/a.py")

    def test_a_linked_worktree_belongs_to_its_repository(self, app, tmp_path):
        """Its paths are those of the repository; also once it is removed."""
        app.worktree(tmp_path / "wt", "topic")
        found = places()
        key = found.folder(str(app.folder))

        before = found.file(str(tmp_path / "wt" / "b.py"))
        app.git("worktree", "remove", str(tmp_path / "wt"))

        assert before == places(found).file(str(tmp_path / "wt" / "b.py")) == (key, "b.py")
        assert len(found.checkouts) == 1

    @pytest.mark.parametrize("folder", [".claude/worktrees/topic", ".worktrees/topic"])
    def test_an_agents_worktree_that_is_gone(self, app, folder):
        """A folder inside the main worktree where agents put linked ones: what lay in it lay in the repository."""
        key = places().folder(str(app.folder))

        assert places().file(f"{app.folder}/{folder}/src/a.py") == (key, "src/a.py")
        (app.folder / folder).mkdir(parents=True)
        assert places().file(f"{app.folder}/{folder}/src/a.py") == (key, f"{folder}/src/a.py")

    def test_a_submodule_is_its_own(self, app, tmp_path):
        """It has its own key, by its own root commit."""
        inner = Repository(tmp_path / "inner")
        inner.commit({"i.py": "i\n"})
        app.submodule(inner, "lib")
        found = places()

        assert found.file(f"{app.folder}/lib/i.py") == (found.folder(str(app.folder / "lib")), "i.py")
        assert found.folder(str(app.folder / "lib")) != found.folder(str(app.folder))

    def test_a_checkout_that_is_gone_keeps_what_lay_in_it(self, app):
        """Removed as a whole, or only its `.git`; a folder above that is a repository does not take it over."""
        above = Repository(app.folder.parent)
        found = places()
        key = found.folder(str(app.folder))
        outer = found.folder(str(above.folder))

        shutil.rmtree(app.folder)

        assert places(found).file(f"{app.folder}/b.py") == (key, "b.py")
        assert places(found).file(f"{above.folder}/c.py") == (outer, "c.py")

    def test_a_repository_without_its_git_folder_keeps_its_files(self, app):
        """Nothing says that they ever lay elsewhere; another repository there would."""
        found = places()
        key = found.folder(str(app.folder))

        shutil.rmtree(app.folder / ".git")

        assert places(found).file(f"{app.folder}/b.py") == (key, "b.py")


class TestKeys:
    """The key of a repository."""

    def test_origin_makes_the_key(self, app):
        """Host, owner and name, in every spelling of the address."""
        app.origin(ORIGIN)

        assert places().folder(str(app.folder)) == KEY

    def test_two_clones_are_one_repository(self, app, tmp_path):
        """By origin, whatever their folders are called."""
        app.origin(ORIGIN)
        other = Repository(tmp_path / "copy")
        other.origin("git@github.com:acme/app")
        found = places()

        assert found.folder(str(app.folder)) == found.folder(str(other.folder)) == KEY
        assert len(found.checkouts) == 2

    def test_without_origin_the_oldest_root_commit_names_it(self, app):
        """The folder's name is part of the key, and 8 hex of the root commit's hash."""
        key = places().folder(str(app.folder))

        assert key == places().folder(str(app.folder))
        assert key.startswith("local/app-")
        assert len(key) == len("local/app-") + 8

    def test_without_a_commit_the_key_is_provisional(self, tmp_path):
        """It comes from the path."""
        made = Repository(tmp_path / "new")
        found = places()

        found.folder(str(made.folder))

        assert [checkout.provisional for checkout in found.checkouts.values()] == [True]

    @pytest.mark.parametrize("name", ["moved/app", "other-name"])
    def test_a_repository_that_moved_keeps_its_key(self, app, tmp_path, name):
        """Into another folder, or under another name; the old place still counts."""
        found = places()
        key = found.folder(str(app.folder))
        (tmp_path / "moved").mkdir()

        app.folder.rename(tmp_path / name)

        later = places(found)
        assert later.file(str(tmp_path / name / "b.py")) == (key, "b.py")
        assert later.file(f"{app.folder}/b.py") == (key, "b.py")

    def test_a_copy_under_another_name_is_another_repository(self, app, tmp_path):
        """While the first is still there, nothing says that both are one."""
        shutil.copytree(app.folder, tmp_path / "copy")
        found = places()

        assert found.folder(str(app.folder)) != found.folder(str(tmp_path / "copy"))

    def test_two_forks_are_two_repositories(self, app, tmp_path):
        """They share root commit and folder name; their addresses tell them apart."""
        (tmp_path / "fork").mkdir()
        shutil.copytree(app.folder, tmp_path / "fork" / "app")
        app.origin(ORIGIN)
        fork = Repository(tmp_path / "fork" / "app")
        fork.origin("https://github.com/other/app")
        found = places()

        assert found.folder(str(app.folder)) == KEY
        assert found.folder(str(fork.folder)) == "github.com/other/app"

    def test_a_known_checkout_keeps_its_key_when_it_gets_an_origin(self, app):
        """The key is given once; another clone is recognised by root commit and name."""
        found = places()
        key = found.folder(str(app.folder))

        app.origin(ORIGIN)

        assert places(found).folder(str(app.folder)) == key

    def test_a_repository_that_git_cannot_read_is_placed_all_the_same(self, app):
        """Under a provisional key, so that what the logs say of it is stored."""
        (app.folder / ".git" / "HEAD").write_text("garbage\n")
        found = places()

        key, relative = found.file(f"{app.folder}/b.py")

        assert (key.startswith("local/app-"), relative) == (True, "b.py")
        assert [checkout.provisional for checkout in found.checkouts.values()] == [True]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("local/a b", "local/a b"),
            ("local/a...b", "local/a%2E%2E%2Eb"),
            ("local/a\nb%", "local/a%0Ab%25"),
            ("x/日本", "x/日本"),
        ],
    )
    def test_keys_that_dagster_takes(self, text, expected):
        """Control characters, percent signs and `...` are encoded."""
        assert partition_key(text) == expected


class TestAdopted:
    """Folders that are gone before paceflow ever saw them."""

    def test_a_folder_that_is_gone_belongs_to_the_origin_that_its_log_names(self, tmp_path):
        """Also what lay below it, and with a slash at its end."""
        found = places()

        found.adopt(f"{tmp_path}/gone/app/", ORIGIN)

        assert found.file(f"{tmp_path}/gone/app/src/a.py") == (KEY, "src/a.py")
        assert places(found).folder(f"{tmp_path}/gone/app/src") == KEY
        assert places(found).folder(f"{tmp_path}/gone") == NO_REPOSITORY

    def test_what_was_looked_up_before_is_forgotten(self, tmp_path):
        """The order of questions is no matter."""
        found = places()
        assert found.folder(f"{tmp_path}/gone/src") == NO_REPOSITORY

        found.adopt(f"{tmp_path}/gone", ORIGIN)

        assert found.folder(f"{tmp_path}/gone/src") == KEY

    def test_a_folder_that_is_there_is_never_adopted(self, app, tmp_path):
        """Nor one that lay in a known checkout, nor without an address."""
        (tmp_path / "plain").mkdir()
        found = places()
        key = found.folder(str(app.folder))

        found.adopt(str(tmp_path / "plain"), ORIGIN)
        found.adopt(f"{app.folder}/gone", ORIGIN)
        found.adopt(f"{tmp_path}/gone", "/srv/app.git")

        assert found.folder(str(tmp_path / "plain")) == NO_REPOSITORY
        assert found.folder(f"{app.folder}/gone") == key
        assert found.folder(f"{tmp_path}/gone") == NO_REPOSITORY

    def test_a_repository_that_comes_back_is_asked_itself(self, tmp_path):
        """What git says counts more than what a log said."""
        found = places()
        found.adopt(f"{tmp_path}/app", ORIGIN)

        Repository(tmp_path / "app").commit()

        assert places(found).folder(f"{tmp_path}/app").startswith("local/app-")


class TestNames:
    """Folder names that are no text."""

    def test_a_folder_whose_name_is_no_utf8(self, tmp_path):
        """Reached through a link, it is a repository like any other; its key and name are printable."""
        odd = os.fsdecode(os.fsencode(tmp_path.resolve()) + b"/caf\xe9")
        made = Repository(Path(odd))
        made.commit({b"\xff/a.py": b"a\n"})
        (tmp_path / "link").symlink_to(odd)
        found = places()

        key, relative = found.file(f"{tmp_path}/link/b.py")

        assert (key.startswith("local/caf\\xe9-"), relative) == (True, "b.py")
        (common_dir,) = found.checkouts
        assert common_dir == storable(f"{odd}/.git")
        assert on_disk(common_dir) == f"{odd}/.git"
        assert folder_of(common_dir) == "caf\\xe9"
        assert checkout_name(common_dir).startswith("caf\\xe9-")
        common_dir.encode()

    def test_a_link_inside_a_repository_to_a_folder_that_is_no_utf8(self, app):
        """Bytes of the path stand as they do in a commit."""
        odd = os.fsencode(app.folder) + b"/\xff"
        os.mkdir(odd)
        os.symlink(odd, os.fsencode(app.folder) + b"/../link")

        assert places().file(f"{app.folder.parent}/link/a.py")[1] == "\\xff/a.py"

    @pytest.mark.parametrize("path", ["/a/b", "/a\udcff/\udc80b", "/日本/\n", "/a\\xff"])
    def test_storable_paths_come_back(self, path):
        """Whatever bytes they hold; as text they can be encoded."""
        storable(path).encode()

        assert on_disk(storable(path)) == path
