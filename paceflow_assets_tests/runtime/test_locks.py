"""Locks between processes."""

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from paceflow_assets.runtime.errors import Locked, SettingsError
from paceflow_assets.runtime.locks import held

HOLDER = """
    import sys
    from pathlib import Path
    from paceflow_assets.runtime.locks import held
    with held(Path(sys.argv[1]), "r", "repository r"):
        print("held", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_waits_and_is_told_who_holds_the_lock(tmp_path, other):
    """The message names what is held, by which process, for how long, and what to do."""
    with pytest.raises(Locked, match="try again later") as error, held(tmp_path, "r", "repository r", wait_seconds=0.2):
        pass

    assert str(error.value).startswith(f"repository r: held by process {other.pid} on ")


def test_a_lock_is_free_when_its_holder_ends(tmp_path, other):
    """Whoever waits gets it."""
    other.communicate()

    with held(tmp_path, "r", "repository r", wait_seconds=5):
        pass


def test_a_crashed_holder_lets_go(tmp_path, other):
    """The operating system frees the lock of a process that was killed."""
    other.kill()
    other.wait()

    with held(tmp_path, "r", "repository r", wait_seconds=5):
        pass


def test_one_process_may_take_a_lock_again(tmp_path):
    """Within it, with another patience, and it stays held until the outermost lets go."""
    with held(tmp_path, "r", "repository r"):
        with held(tmp_path, "r", "repository r", wait_seconds=0):
            pass

        with ThreadPoolExecutor(1) as pool, pytest.raises(Locked):
            pool.submit(_take, tmp_path).result()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_take, tmp_path).result()


def test_locks_of_other_names_are_free(tmp_path, other):
    """Another repository can be computed meanwhile."""
    with held(tmp_path, "s", "repository s", wait_seconds=0):
        pass


def test_a_damaged_holder_file_is_no_obstacle(tmp_path, other):
    """Who holds the lock is then unknown."""
    (tmp_path / "r.holder").write_bytes(b"\xff")

    with pytest.raises(Locked, match="held by another process"), held(tmp_path, "r", "repository r", wait_seconds=0):
        pass


def test_lock_files_are_private(tmp_path):
    """Folder 0700, files 0600."""
    folder = tmp_path / "locks"

    with held(folder, "r", "repository r"):
        pass

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """The message says which."""
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be written"), held(tmp_path / "file" / "locks", "r", "repository r"):
        pass


def _take(folder):
    with held(folder, "r", "repository r", wait_seconds=0):
        return True
