import pytest

from paceflow_assets.rule.lock_file import LockFile, is_lock_file


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", False),
        ("/", False),
        ("package-lock.json/index.js", False),
        ("my-package-lock.json", False),
        ("yarn.lock.bak", False),
        ("pac\N{KELVIN SIGN}age-lock.json", False),
        ("a\\yarn.lock", False),
        ("\udcff/go.sum", True),
        ("Cargo.LOCK", True),
        ("cargo.lock", True),
        ("a b/ü/Package-Lock.JSON", True),
        ("mix.lock", True),
        ("uv.lock", False),
    ],
)
def test_lock_file(path, expected):
    """The name decides, in any folder and any case of ASCII letters."""
    assert is_lock_file(LockFile(), path) is expected


def test_own_list():
    """A list of the user's replaces ours."""
    rule = LockFile(names=("UV.lock",))

    assert is_lock_file(rule, "deep/uv.lock")
    assert not is_lock_file(rule, "yarn.lock")
