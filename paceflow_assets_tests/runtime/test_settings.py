"""Where things are, and what may be written there."""

import os
from pathlib import Path

import pytest

from paceflow_assets.runtime.errors import SettingsError
from paceflow_assets.runtime.settings import make_private, printable, settings, write_private


def mode(path: Path) -> int:
    """Permission bits."""
    return path.stat().st_mode & 0o777


def test_everything_lies_below_paceflow_home(tmp_path):
    """PACEFLOW_HOME holds the warehouse, the state, the locks, the tombstones and the catalog."""
    found = settings({"HOME": str(tmp_path), "PACEFLOW_HOME": str(tmp_path / "data")})

    places = [found.warehouse, found.state, found.locks, found.forgotten, found.catalog, found.config, found.dagster_home]
    assert all(place.is_relative_to(tmp_path / "data") for place in places)


def test_without_variables_it_is_a_folder_of_the_home(tmp_path):
    """The default is ~/.paceflow, with Dagster's home inside and the machine's defaults for rules."""
    found = settings({"HOME": str(tmp_path)})

    assert found.paceflow_home == tmp_path / ".paceflow"
    assert found.dagster_home == tmp_path / ".paceflow" / "dagster"
    assert (found.dagster_home_is_set, found.rules_source) == (False, "")


def test_rules_come_from_the_variable_else_from_the_file(tmp_path):
    """PACEFLOW_RULES wins over $PACEFLOW_HOME/rules.toml."""
    (tmp_path / ".paceflow").mkdir()
    (tmp_path / ".paceflow" / "rules.toml").write_text("")

    assert settings({"HOME": str(tmp_path)}).rules_source == str(tmp_path / ".paceflow" / "rules.toml")
    assert settings({"HOME": str(tmp_path), "PACEFLOW_RULES": "paceflow-0.2.1"}).rules_source == "paceflow-0.2.1"


@pytest.mark.parametrize(("name", "expected"), [("Europe/Berlin", "Europe/Berlin"), (":Asia/Tokyo", "Asia/Tokyo")])
def test_timezone_is_the_machines(tmp_path, name, expected):
    """TZ names the zone, with or without a colon."""
    assert settings({"HOME": str(tmp_path), "TZ": name}).timezone == expected


def test_a_zone_that_nobody_knows_is_utc(tmp_path):
    """A TZ that is no name of a zone counts as UTC."""
    assert settings({"HOME": str(tmp_path), "TZ": "EST5EDT,M3"}).timezone == "UTC"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/u", "~"),
        ("/home/u/src/a.py", "~/src/a.py"),
        ("/home/u2/a.py", "…1c701959/a.py"),
        ("/", "…e3b0c442/"),
        ("C:\\work\\a.py", "…b23cb163/a.py"),
        ("src/a.py", "src/a.py"),
        ("", ""),
        ("/home/u/caf\udce9/a.py", "~/caf\\xe9/a.py"),
    ],
)
def test_portable_paths_tell_no_absolute_place(path, expected):
    """A path is stored below ~, or as a hash of its folder and its name; bytes that are no UTF-8 stand as escapes."""
    assert settings({"HOME": "/home/u"}).portable(path) == expected


def test_a_portable_path_below_the_home_can_be_found_again():
    """What `portable` says of the home, `expanded` undoes."""
    found = settings({"HOME": "/home/u"})

    for path in ("/home/u", "/home/u/src/a.py"):
        assert str(found.expanded(found.portable(path))) == path


def test_printable_leaves_text_alone():
    """Line ends and letters of any script stay as they are."""
    assert [printable(text) for text in ("a\nb", "日本\u2028", "x\udc80y")] == ["a\nb", "日本\u2028", "x\\x80y"]


def test_named_repositories(tmp_path):
    """settings.toml names repositories below the home or anywhere."""
    (tmp_path / ".paceflow").mkdir()
    (tmp_path / ".paceflow" / "settings.toml").write_text('repositories = ["~/src/é", "/opt/app", "~"]\n', "utf-8")

    assert settings({"HOME": str(tmp_path)}).named_repositories == (tmp_path / "src" / "é", Path("/opt/app"), tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"repositories = [", "nothing ran"),
        (b'repositories = "~/src"', "must be a list of folders"),
        (b"repositories = [1]", "must be a list of folders"),
        (b'repositories = ["src/app"]', "src/app says not where it starts"),
        (b"\xff", "nothing ran"),
    ],
)
def test_settings_that_cannot_be_used_stop_with_a_message(tmp_path, text, told):
    """The message names the file and says what to do."""
    (tmp_path / ".paceflow").mkdir()
    (tmp_path / ".paceflow" / "settings.toml").write_bytes(text)

    with pytest.raises(SettingsError, match=told) as error:
        _ = settings({"HOME": str(tmp_path)}).named_repositories
    assert str(tmp_path / ".paceflow" / "settings.toml") in str(error.value)


def test_private_folders_and_files(tmp_path):
    """Folders that had to be made are 0700, all of them, files 0600; a folder that was open is closed."""
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    before = os.umask(0)

    try:
        write_private(tmp_path / "a" / "b" / "c.json", b"{}")
        make_private(tmp_path / "open")
    finally:
        os.umask(before)

    assert [mode(tmp_path / name) for name in ("a", "a/b", "open")] == [0o700, 0o700, 0o700]
    assert mode(tmp_path / "a" / "b" / "c.json") == 0o600
    assert os.listdir(tmp_path / "a" / "b") == ["c.json"]


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    """A file where a folder should be is a message, not a traceback."""
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be written"):
        make_private(tmp_path / "file" / "state")
    with pytest.raises(SettingsError, match="point PACEFLOW_HOME elsewhere"):
        write_private(tmp_path / "file" / "state" / "x", b"")
