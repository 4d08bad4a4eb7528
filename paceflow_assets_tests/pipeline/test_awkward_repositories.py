"""Whose lines are they, after everything that people do with git between an edit and a commit?"""

import subprocess
from pathlib import Path

import polars as pl
import pytest
from conftest import Home
from logs import ClaudeLog
from repositories import FIRST_SECOND, Repository

DAY = 24 * 60
HUMAN = "human"


def when(minutes: float) -> int:
    """A commit's date, so many minutes after the first prompt."""
    return FIRST_SECOND + round(minutes * 60)


def words(about: str, count: int = 8) -> list[str]:
    """Lines that stand nowhere else."""
    return [f"{about} line number {number} of them" for number in range(count)]


def text(*lines: str) -> str:
    """A file of these lines."""
    return "".join(f"{line}\n" for line in lines)


OLD = words("old", 30)


class Edits:
    """A session that edits files of a checkout: its log grows with each edit, and so does the worktree."""

    def __init__(self, home: Home, session: str, folder: Path, *, minutes: float = 0, branch: str = "main") -> None:
        self.folder = folder
        self.log = ClaudeLog(home.path, session, folder, branch=branch).says(minutes, "go")
        self.log.save()

    def writes(self, minutes: float, path: str, *lines: str) -> None:
        """A new file."""
        (self.folder / path).write_text(text(*lines))
        self.log.writes(minutes, self.folder / path, text(*lines)).save()

    def replaces(self, minutes: float, path: str, old: list[str], new: list[str]) -> None:
        """Whole lines of a file by others; three lines on both sides are shown."""
        file = self.folder / path
        lines = file.read_text().splitlines()
        (start,) = (at for at in range(len(lines)) if lines[at : at + len(old)] == old)
        above, below = lines[max(start - 3, 0) : start], lines[start + len(old) :][:3]
        file.write_text(text(*lines[:start], *new, *lines[start + len(old) :]))
        shown = {"above": "\n".join(above), "below": "\n".join(below), "start": start + 1 - len(above)}
        self.log.edits(minutes, file, "\n".join(old), "\n".join(new), **shown).save()


def staged(repository: Repository, minutes: float, message: str = "Change") -> str:
    """Commit what is staged, and nothing else of the worktree."""
    repository.git("commit", "-q", "-m", message, date=when(minutes))
    return repository.head


def by_hand(repository: Repository, path: str, old: list[str], new: list[str]) -> None:
    """A person replaces lines of a file."""
    file = repository.folder / path
    assert file.read_text().count(text(*old)) == 1
    file.write_text(file.read_text().replace(text(*old), text(*new)))


def ingest(home: Home) -> None:
    """Compute everything."""
    assert not any(outcome.failures for outcome in home.ingest().values())


def owners(home: Home, sha: str) -> dict[str, int]:
    """Whose lines the commit's are: session, or `human`, -> lines; all of them have an owner."""
    (changed,) = (
        home.table("fact_commit").filter(commit_sha=sha).select(pl.col("total_added") + pl.col("total_removed")).to_series()
    )
    rows = home.table("fact_commit_session_match").filter(commit_sha=sha)
    found = {}
    for provider, session, lines, share in rows.select("provider", "session_id", "matched_lines", "share_of_commit").rows():
        found[HUMAN if provider == HUMAN else session] = round(share * changed if provider == HUMAN else lines)
    assert sum(found.values()) == changed
    return {owner: lines for owner, lines in found.items() if lines}


@pytest.fixture
def app(home: Home) -> Repository:
    """A repository with a file of thirty lines, a day old."""
    repository = Repository(home.path / "src" / "app")
    repository.commit({"a.py": text(*OLD)}, date=when(-DAY))
    return repository


def stage(repository: Repository, path: str, *lines: str) -> None:
    """Put these lines of a file into the next commit, as `git add -p` with edited hunks does."""
    blob = repository.git("hash-object", "-w", "--stdin", text=text(*lines))
    repository.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")


class TestPartialStaging:
    """An edit comes with more than one commit."""

    def test_by_file(self, home, app):
        """Each commit has the session's lines of its file."""
        session = Edits(home, "s1", app.folder)
        session.writes(1, "b.py", *words("queue"))
        session.writes(2, "c.py", *words("ledger", 3))
        app.git("add", "b.py")
        first = staged(app, 5)
        app.git("add", "c.py")
        second = staged(app, 20)
        ingest(home)

        assert owners(home, first) == {"s1": 8}
        assert owners(home, second) == {"s1": 3}

    def test_by_hunk(self, home, app):
        """Two edits of one file, of which `git add -p` takes one: the other is still the session's when it comes."""
        session = Edits(home, "s1", app.folder)
        session.replaces(1, "a.py", OLD[3:4], words("near", 2))
        session.replaces(2, "a.py", OLD[25:26], words("far", 3))
        app.git("add", "-p", "a.py", text="y\nn\n")
        first = staged(app, 10)
        app.git("add", "a.py")
        second = staged(app, 30)
        ingest(home)

        assert owners(home, first) == {"s1": 3}
        assert owners(home, second) == {"s1": 4}

    def test_a_new_file_in_two_halves(self, home, app):
        """One edit, split in the middle."""
        lines = words("queue", 10)
        Edits(home, "s1", app.folder).writes(1, "b.py", *lines)
        stage(app, "b.py", *lines[:5])
        first = staged(app, 5)
        app.git("add", "b.py")
        second = staged(app, 40)
        ingest(home)

        assert owners(home, first) == {"s1": 5}
        assert owners(home, second) == {"s1": 5}

    def test_every_other_line_of_an_edit(self, home, app):
        """One hunk of an edit, cut by lines that stay away."""
        new = words("new", 6)
        Edits(home, "s1", app.folder).replaces(1, "a.py", OLD[10:11], [*new, OLD[10]])
        stage(app, "a.py", *OLD[:10], *new[::2], *OLD[10:])
        first = staged(app, 5)
        app.git("add", "a.py")
        second = staged(app, 40)
        ingest(home)

        assert owners(home, first) == {"s1": 3}
        assert owners(home, second) == {"s1": 3}

    def test_a_session_s_hunk_and_a_person_s(self, home, app):
        """Each in a commit of its own."""
        Edits(home, "s1", app.folder).replaces(1, "a.py", OLD[3:4], words("near", 2))
        by_hand(app, "a.py", OLD[25:26], ["typed by hand"])
        app.git("add", "-p", "a.py", text="n\ny\n")
        people = staged(app, 5)
        app.git("add", "a.py")
        session = staged(app, 30)
        ingest(home)

        assert owners(home, people) == {HUMAN: 2}
        assert owners(home, session) == {"s1": 3}

    def test_two_sessions_in_one_file(self, home, app):
        """Each of whose hunks is staged by itself."""
        Edits(home, "s1", app.folder).replaces(1, "a.py", OLD[3:4], words("near", 2))
        Edits(home, "s2", app.folder).replaces(2, "a.py", OLD[25:26], words("far", 3))
        app.git("add", "-p", "a.py", text="n\ny\n")
        second = staged(app, 5)
        app.git("add", "a.py")
        first = staged(app, 30)
        ingest(home)

        assert owners(home, second) == {"s2": 4}
        assert owners(home, first) == {"s1": 3}

    def test_neighbouring_edits(self, home, app):
        """Two edits in one hunk of git's, of which the later one is committed first."""
        session = Edits(home, "s1", app.folder)
        session.replaces(1, "a.py", OLD[3:4], words("near", 7))
        session.replaces(2, "a.py", OLD[5:6], words("nearer", 7))
        stage(app, "a.py", *OLD[:5], *words("nearer", 7), *OLD[6:])
        first = staged(app, 10)
        app.git("add", "a.py")
        second = staged(app, 8 * 60)
        ingest(home)

        assert owners(home, first) == {"s1": 8}
        assert owners(home, second) == {"s1": 8}

    def test_what_waited_in_the_stash(self, home, app):
        """A person commits another change of the file meanwhile."""
        Edits(home, "s1", app.folder).replaces(1, "a.py", OLD[3:5], words("near", 7))
        app.git("stash", "-q")
        by_hand(app, "a.py", OLD[25:26], ["typed by hand"])
        people = app.commit(date=when(10))
        app.git("stash", "pop", "-q")
        sha = app.commit(date=when(20))
        ingest(home)

        assert owners(home, people) == {HUMAN: 2}
        assert owners(home, sha) == {"s1": 9}

    def test_what_is_thrown_away_is_nobody_s(self, home, app):
        """The rest of a staged edit is checked out again; what a person writes beside it is the person's."""
        session = Edits(home, "s1", app.folder)
        session.replaces(1, "a.py", OLD[3:4], words("near", 2))
        session.replaces(2, "a.py", OLD[25:26], words("far", 3))
        app.git("add", "-p", "a.py", text="y\nn\n")
        first = staged(app, 5)
        app.git("checkout", "-q", "--", "a.py")
        by_hand(app, "a.py", OLD[26:27], words("mine", 3))
        people = app.commit(date=when(30))
        ingest(home)

        assert owners(home, first) == {"s1": 3}
        assert owners(home, people) == {HUMAN: 4}


class TestCheckouts:
    """The edit was made elsewhere than the commit."""

    @pytest.fixture
    def other(self, home, app) -> Repository:
        """A second clone of the same origin."""
        app.origin("https://github.com/ann/app.git")
        clone = Repository.clone(app, home.path / "src" / "other")
        clone.git("remote", "set-url", "origin", "https://github.com/ann/app.git")
        return clone

    def test_a_patch_between_clones(self, home, app, other):
        """The session worked in one clone, its diff was applied and committed in the other."""
        Edits(home, "s1", app.folder).replaces(1, "a.py", OLD[3:5], words("near", 3))
        other.git("apply", text=app.git("diff") + "\n")
        sha = other.commit({"b.py": "typed by hand\n"}, date=when(20))
        Edits(home, "s2", other.folder, minutes=25).writes(26, "c.py", "begun\n")
        ingest(home)

        assert owners(home, sha) == {"s1": 5, HUMAN: 1}

    def test_a_commit_that_was_pulled_and_amended(self, home, app, other):
        """Committed in one clone, pulled into the other and amended there: both commits are the session's."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue"))
        first = app.commit(date=when(5))
        other.git("pull", "-q", app.folder.as_uri(), "main")
        assert other.head == first
        other.write({"b.py": text(*words("queue"), "typed by hand")})
        other.git("commit", "-q", "-a", "--amend", "--no-edit", date=when(15))
        Edits(home, "s2", other.folder, minutes=25).writes(26, "c.py", "begun\n")
        ingest(home)

        assert owners(home, first) == {"s1": 8}
        assert owners(home, other.head) == {"s1": 8, HUMAN: 1}

    def test_a_linked_worktree(self, home, app):
        """The session worked in a linked worktree; it was committed there, and picked in the main one."""
        folder = home.path / "src" / "linked"
        app.worktree(folder, "feature/linked")
        Edits(home, "s1", folder, branch="feature/linked").replaces(1, "a.py", OLD[3:5], words("near", 3))
        app.git("-C", str(folder), "commit", "-q", "-a", "-m", "Near", date=when(5))
        first = app.git("rev-parse", "feature/linked")
        app.commit({"b.py": "typed by hand\n"}, date=when(8))
        app.git("cherry-pick", first, date=when(10))
        ingest(home)

        assert owners(home, first) == {"s1": 5}
        assert owners(home, app.head) == {"s1": 5}

    def test_a_patch_out_of_a_linked_worktree(self, home, app):
        """Never committed where it was written."""
        folder = home.path / "src" / "linked"
        app.worktree(folder, "feature/linked")
        Edits(home, "s1", folder, branch="feature/linked").writes(1, "b.py", *words("queue"))
        app.write({"b.py": text(*words("queue"), "typed by hand")})
        sha = app.commit(date=when(20))
        ingest(home)

        assert owners(home, sha) == {"s1": 8, HUMAN: 1}

    @pytest.mark.parametrize("place", ["app/.claude/worktrees/x", "linked"])
    def test_a_worktree_that_was_removed(self, home, app, place):
        """Merged, and removed after it was seen."""
        folder = home.path / "src" / place
        app.worktree(folder, "feature/x")
        Edits(home, "s1", folder, branch="feature/x").writes(1, "b.py", *words("queue"))
        app.git("-C", str(folder), "add", "--all")
        app.git("-C", str(folder), "commit", "-q", "-m", "Queue", date=when(5))
        sha = app.git("rev-parse", "feature/x")
        ingest(home)
        app.git("worktree", "remove", str(folder))
        app.merge("feature/x", date=when(20))
        app.git("branch", "-d", "feature/x")
        ingest(home)

        assert owners(home, sha) == {"s1": 8}

    def test_a_worktree_below_the_repository_that_nobody_saw(self, home, app):
        """It was removed before the first ingest: its folder lay in the repository."""
        folder = app.folder / ".claude" / "worktrees" / "x"
        app.worktree(folder, "feature/x")
        Edits(home, "s1", folder, branch="feature/x").writes(1, "b.py", *words("queue"))
        app.git("-C", str(folder), "add", "--all")
        app.git("-C", str(folder), "commit", "-q", "-m", "Queue", date=when(5))
        app.git("worktree", "remove", str(folder))
        sha = app.git("rev-parse", "feature/x")
        ingest(home)

        assert owners(home, sha) == {"s1": 8}

    def test_a_checkout_that_moved(self, home, app):
        """Edited in one folder, committed in another; a later session shows where it is."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue"))
        ingest(home)
        folder = home.path / "work" / "app"
        folder.parent.mkdir()
        app.folder = app.folder.rename(folder)
        sha = app.commit(date=when(10))
        Edits(home, "s2", folder, minutes=25).writes(26, "c.py", "begun\n")
        ingest(home)

        assert owners(home, sha) == {"s1": 8}

    def test_a_shallow_clone(self, home, app, tmp_path):
        """The commit at which it ends brings nothing; what is committed on top is the session's."""
        app.commit({"b.py": text(*words("mine"))}, date=when(-60))
        clone = Repository.clone(app, home.path / "src" / "shallow", "--depth=1")
        end = clone.head
        Edits(home, "s1", clone.folder).replaces(1, "a.py", OLD[3:5], words("near", 3))
        sha = clone.commit({"c.py": "typed by hand\n"}, date=when(20))
        ingest(home)

        assert owners(home, sha) == {"s1": 5, HUMAN: 1}
        assert end not in home.table("fact_commit")["commit_sha"]


class TestRewrittenHistory:
    """The same work once more, as another commit."""

    @pytest.fixture
    def topic(self, home, app) -> list[str]:
        """Two commits on a branch: a session's with a line of a person, then another session's."""
        app.branch("feature/topic")
        Edits(home, "s1", app.folder, branch="feature/topic").writes(1, "b.py", *words("queue"))
        app.write({"c.py": "typed by hand\n"})
        first = app.commit(message="Queue", date=when(10))
        Edits(home, "s2", app.folder, branch="feature/topic").replaces(20, "a.py", OLD[3:5], words("near", 7))
        second = app.commit(message="Near", date=when(30))
        app.switch("main")
        app.commit({"d.py": text(*words("other"))}, "Other", date=when(40))
        return [first, second]

    def test_squash(self, home, app, topic):
        """Both sessions and the person have their lines in it, and in the commits of the branch."""
        app.git("merge", "-q", "--squash", "feature/topic")
        sha = staged(app, 50, "Topic squashed")
        ingest(home)

        assert owners(home, sha) == {"s1": 8, "s2": 9, HUMAN: 1}
        assert [owners(home, one) for one in topic] == [{"s1": 8, HUMAN: 1}, {"s2": 9}]

    @pytest.mark.parametrize("days", [1, 21])
    def test_squash_of_a_deleted_branch(self, home, app, topic, days):
        """After days or weeks, the branch already gone; its commits keep their sessions."""
        ingest(home)
        app.git("merge", "-q", "--squash", "feature/topic")
        sha = staged(app, days * DAY, "Topic squashed")
        app.git("branch", "-D", "feature/topic")
        ingest(home)

        assert owners(home, sha) == {"s1": 8, "s2": 9, HUMAN: 1}
        assert [owners(home, one) for one in topic] == [{"s1": 8, HUMAN: 1}, {"s2": 9}]

    def test_a_late_squash_of_a_few_lines(self, home, app):
        """It is as old as the commit of the branch that brought them; four lines that wait for a day are not."""
        session = Edits(home, "s1", app.folder, branch="feature/few")
        app.git("checkout", "-q", "-b", "feature/few")
        session.writes(1, "few.py", *words("few", 4))
        one = app.commit(message="Few", date=when(5))
        app.git("checkout", "-q", "main")
        session.writes(6, "late.py", *words("late", 4))
        app.git("merge", "-q", "--squash", "feature/few")
        sha = staged(app, 2 * DAY, "Few squashed")
        late = app.commit(message="Late", date=when(3 * DAY))
        ingest(home)

        assert owners(home, one) == owners(home, sha) == {"s1": 4}
        assert owners(home, late) == {HUMAN: 4}

    @pytest.mark.parametrize("seen_before", [True, False])
    def test_rebase(self, home, app, topic, seen_before):
        """The new commits have the sessions of the old ones, whether those were ingested or not."""
        if seen_before:
            ingest(home)
        app.git("rebase", "-q", "main", "feature/topic", date=when(60))
        again = [app.git("rev-parse", name) for name in ("feature/topic~1", "feature/topic")]
        ingest(home)

        assert not set(again) & set(topic)
        assert [owners(home, one) for one in again] == [{"s1": 8, HUMAN: 1}, {"s2": 9}]

    def test_cherry_pick(self, home, app, topic):
        """Weeks later as well, with its old author date."""
        app.git("cherry-pick", topic[1], date=when(21 * DAY))
        ingest(home)

        assert owners(home, app.head) == {"s2": 9}

    def test_amend(self, home, app):
        """By a person and by a session: each has what it added to the first try."""
        session = Edits(home, "s1", app.folder)
        session.writes(1, "b.py", *words("queue"))
        first = app.commit(date=when(5))
        ingest(home)
        session.replaces(10, "a.py", OLD[3:5], words("near", 3))
        app.write({"c.py": "typed by hand\n"})
        app.git("add", "--all")
        app.git("commit", "-q", "--amend", "--no-edit", date=when(15))
        ingest(home)

        assert owners(home, first) == {"s1": 8}
        assert owners(home, app.head) == {"s1": 13, HUMAN: 1}

    def test_a_fixup_that_is_squashed_in(self, home, app):
        """The commit with both has the old author date, before the second edit."""
        session = Edits(home, "s1", app.folder)
        session.writes(1, "b.py", *words("queue"))
        app.commit(message="Queue", date=when(5))
        app.commit({"c.py": "typed by hand\n"}, "Mine", date=when(10))
        session.replaces(20, "b.py", words("queue")[2:4], words("better", 3))
        app.git("commit", "-qam", "fixup! Queue", date=when(25))
        ingest(home)
        app.git("-c", "sequence.editor=true", "rebase", "-q", "-i", "--autosquash", "HEAD~3", date=when(30))
        ingest(home)

        assert owners(home, app.git("rev-parse", "HEAD~1")) == {"s1": 9}
        assert owners(home, app.head) == {HUMAN: 1}

    def test_a_commit_that_is_split(self, home, app):
        """Taken back and committed again in two, after it was seen; and two that become one."""
        session = Edits(home, "s1", app.folder)
        session.writes(1, "b.py", *words("queue"))
        session.writes(2, "c.py", *words("ledger", 5))
        app.commit(date=when(5))
        ingest(home)
        app.git("reset", "-q", "HEAD~1")
        app.git("add", "b.py")
        first = staged(app, 20)
        app.git("add", "c.py")
        second = staged(app, 25)
        ingest(home)
        app.git("reset", "-q", "--soft", "HEAD~2")
        both = staged(app, 30)
        ingest(home)

        assert owners(home, first) == {"s1": 8}
        assert owners(home, second) == {"s1": 5}
        assert owners(home, both) == {"s1": 13}

    def test_a_rebase_with_a_conflict(self, home, app):
        """The person's resolution keeps what the session wrote and a line of the main line."""
        app.branch("feature/topic")
        Edits(home, "s1", app.folder, branch="feature/topic").replaces(1, "a.py", OLD[3:5], words("near", 7))
        app.commit(date=when(5))
        app.switch("main")
        by_hand(app, "a.py", OLD[4:6], ["typed by hand"])
        app.commit(date=when(10))
        app.switch("feature/topic")
        with pytest.raises(subprocess.CalledProcessError):
            app.git("rebase", "-q", "main", date=when(20))
        app.write({"a.py": text(*OLD[:3], *words("near", 7), "typed by hand", *OLD[6:])})
        app.git("add", "a.py")
        app.git("-c", "core.editor=true", "rebase", "--continue", date=when(21))
        ingest(home)

        assert owners(home, app.head) == {"s1": 8}

    def test_there_and_back_and_there_again(self, home, app):
        """A session undoes its own change, without git, and makes it again: all of its commits are its own."""
        session = Edits(home, "s1", app.folder)
        shas = []
        for number, (old, new) in enumerate([(OLD[3:5], words("near", 7)), (words("near", 7), OLD[3:5])] * 2):
            session.replaces(10 * number, "a.py", old, new)
            shas.append(app.commit(date=when(10 * number + 5)))
        ingest(home)

        assert [owners(home, sha) for sha in shas] == [{"s1": 9}] * 4

    def test_revert_and_its_revert(self, home, app):
        """What a revert takes back is a person's deed; the revert of it brings the session's lines again."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue"))
        first = app.commit({"c.py": "typed by hand\n"}, date=when(5))
        undone = app.revert(first, date=when(60))
        again = app.revert(undone, date=when(120))
        ingest(home)

        assert owners(home, first) == {"s1": 8, HUMAN: 1}
        assert owners(home, undone) == {HUMAN: 9}
        assert owners(home, again) == {"s1": 8, HUMAN: 1}

    def test_a_revert_restores_a_session_s_lines(self, home, app):
        """They fall to the session again that wrote them first."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue"))
        app.commit(date=when(5))
        removed = app.commit({"b.py": text(*words("queue")[:4])}, date=when(60))
        restored = app.revert(removed, date=when(120))
        ingest(home)

        assert owners(home, removed) == {HUMAN: 4}
        assert owners(home, restored) == {"s1": 4}

    def test_a_long_lived_branch(self, home, app):
        """The main line changes the same file meanwhile; weeks later the branch is merged, then its work goes on there."""
        app.branch("feature/long")
        session = Edits(home, "s1", app.folder, branch="feature/long")
        session.replaces(1, "a.py", OLD[3:5], words("near", 7))
        first = app.commit(date=when(10))
        app.switch("main")
        by_hand(app, "a.py", OLD[25:26], ["typed by hand"])
        people = app.commit(date=when(10 * DAY))
        app.merge("feature/long", date=when(21 * DAY))
        session.replaces(21 * DAY + 5, "a.py", words("near", 7)[:2], words("nearer", 3))
        last = app.commit(date=when(21 * DAY + 10))
        ingest(home)

        assert owners(home, first) == {"s1": 9}
        assert owners(home, people) == {HUMAN: 2}
        assert owners(home, last) == {"s1": 5}


class TestChangedText:
    """The lines are not quite where, or what, the session left."""

    def test_a_rename_before_the_commit(self, home, app):
        """The session edited the file under its old name; a person renamed it and wrote a line."""
        Edits(home, "s1", app.folder).replaces(1, "a.py", OLD[3:5], words("near", 3))
        app.git("mv", "a.py", "b.py")
        by_hand(app, "b.py", OLD[25:26], ["typed by hand"])
        sha = app.commit(date=when(10))
        ingest(home)

        assert owners(home, sha) == {"s1": 5, HUMAN: 2}

    def test_a_rename_of_committed_work(self, home, app):
        """The rename is nobody's; an edit under the new name is the session's."""
        session = Edits(home, "s1", app.folder)
        session.writes(1, "b.py", *words("queue"))
        app.commit(date=when(5))
        app.move("b.py", "lib/c.py")
        renamed = app.commit(date=when(10))
        session.replaces(15, "lib/c.py", words("queue")[2:3], words("better", 2))
        edited = app.commit(date=when(20))
        ingest(home)

        assert owners(home, renamed) == {}
        assert owners(home, edited) == {"s1": 3}

    def test_a_block_that_a_person_moves(self, home, app):
        """Out of the session's file into another: that is no new work of the session."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue", 30), *words("ledger"))
        app.commit(date=when(5))
        app.write({"b.py": text(*words("queue", 30)), "c.py": text("mine alone", *words("ledger"))})
        moved = app.commit(date=when(60))
        ingest(home)

        assert owners(home, moved) == {HUMAN: 17}

    def test_a_block_that_a_person_moves_inside_its_file(self, home, app):
        """Likewise."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue"), *words("ledger", 3))
        app.commit(date=when(5))
        moved = app.commit({"b.py": text(*words("ledger", 3), *words("queue"))}, date=when(60))
        ingest(home)

        assert owners(home, moved) == {HUMAN: 6}

    def test_a_block_that_a_session_moves(self, home, app):
        """Is the session's on both sides."""
        session = Edits(home, "s1", app.folder)
        session.replaces(1, "a.py", OLD[4:8], ["import what moved"])
        session.writes(2, "c.py", *OLD[4:8])
        moved = app.commit(date=when(10))
        ingest(home)

        assert owners(home, moved) == {"s1": 9}

    def test_a_session_re_indents(self, home, app):
        """And moves a block inside a file: both sides are its."""
        session = Edits(home, "s1", app.folder)
        session.replaces(1, "a.py", OLD[3:8], ["if it_is_on:", *(f"    {line}" for line in OLD[3:8])])
        indented = app.commit(date=when(5))
        session.replaces(10, "a.py", OLD[12:15], ["marker of the old place"])
        session.replaces(11, "a.py", OLD[25:26], [OLD[25], *OLD[12:15]])
        moved = app.commit(date=when(15))
        ingest(home)

        assert owners(home, indented) == {"s1": 11}
        assert owners(home, moved) == {"s1": 7}

    def test_a_person_re_indents(self, home, app):
        """The session's lines under a new `if` are the person's change."""
        Edits(home, "s1", app.folder).writes(1, "b.py", *words("queue"))
        app.commit(date=when(5))
        indented = app.commit({"b.py": text("if queue_is_on:", *(f"    {line}" for line in words("queue")))}, date=when(60))
        ingest(home)

        assert owners(home, indented) == {HUMAN: 17}

    def test_a_formatter_ran_before_the_commit(self, home, app):
        """What the formatter left alone is the session's, what it changed is not."""
        lines = words("queue")
        Edits(home, "s1", app.folder).writes(1, "b.py", *lines)
        sha = app.commit({"b.py": text(*lines[:3], f"    {lines[3]}", f"{lines[4]};", *lines[5:])}, date=when(10))
        ingest(home)

        assert owners(home, sha) == {"s1": 6, HUMAN: 2}

    def test_blanks_at_the_ends_and_line_ends_do_not_matter(self, home, app):
        """An editor trimmed them, or git stored CRLF."""
        lines = words("queue")
        Edits(home, "s1", app.folder).writes(1, "b.py", *(f"{line}  \t" for line in lines[:4]), *lines[4:])
        sha = app.commit({"b.py": "".join(f"{line}\r\n" for line in lines)}, date=when(10))
        ingest(home)

        assert owners(home, sha) == {"s1": 8}

    @pytest.mark.parametrize(("seconds", "expected"), [(-8, {"s1": 8}), (-60, {HUMAN: 8})])
    def test_a_clock_that_is_slow(self, home, app, seconds, expected):
        """A commit dated a few seconds before the edit is explained by it; one dated a minute before is not."""
        Edits(home, "s1", app.folder).writes(10, "b.py", *words("queue"))
        sha = app.commit(date=when(10) + seconds)
        ingest(home)

        assert owners(home, sha) == expected

    def test_commits_whose_dates_run_backwards(self, home, app):
        """A colleague's clock is an hour slow: what the session wrote before is still its own."""
        Edits(home, "s1", app.folder).replaces(90, "a.py", OLD[3:5], words("near", 7))
        app.git("stash", "-q")
        app.commit({"b.py": "typed by hand\n"}, date=when(100))
        app.commit({"c.py": "typed by hand too\n"}, date=when(40))
        app.git("stash", "pop", "-q")
        sha = app.commit(date=when(110))
        ingest(home)

        assert owners(home, sha) == {"s1": 9}
