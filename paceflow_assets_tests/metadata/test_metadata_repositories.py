import pytest
from building import assert_rows, built, raw_ref, raw_session
from logs import at

from paceflow_assets.metadata.metadata_repositories import metadata_repositories

ORIGIN_HEAD = raw_ref("refs/remotes/origin/trunk", "c1", is_default=True)


def test_nothing():
    """Without a checkout or a session there is no repository."""
    assert_rows(built(metadata_repositories), metadata_repositories, [])


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("no-repository", "no-repository"),
        ("github.com/own/app", "app"),
        ("github.com/own/app-0123abcd", "app-0123abcd"),
        ("local/app-0123abcd", "app"),
        ("local/my-app-0123abcd", "my-app"),
        ("local/app-0123ABCD", "app-0123ABCD"),
        ("local/app", "app"),
    ],
)
def test_a_repository_without_checkout(repository, name):
    """Sessions alone make a row; its name is the end of the key, without the hash of a local one."""
    sessions = [raw_session("s1", repository=repository), raw_session("s2", repository=repository, touches=False)]

    found = built(metadata_repositories, raw_session=sessions)

    assert_rows(found, metadata_repositories, [{"repository": repository, "repo_name": name, "checkout_count": 0}])


def test_checkouts():
    """A present checkout speaks before one that is gone, the earlier before the later; first seen is the earliest of all."""
    checkouts = [
        {
            "common_dir": "/gone",
            "origin": "https://old",
            "root_commits": ["c0"],
            "missing_since": at(9),
            "first_seen_at": at(0),
        },
        {"common_dir": "/b", "origin": "https://later", "root_commits": ["c2"], "first_seen_at": at(5)},
        {"common_dir": "/a", "origin": None, "root_commits": [], "first_seen_at": at(3)},
        {"common_dir": "/c", "origin": "https://new", "root_commits": ["c1", "c9"], "first_seen_at": at(4)},
    ]

    found = built(metadata_repositories, raw_checkout=checkouts, raw_session=[raw_session("s1")], raw_ref=[ORIGIN_HEAD])

    expected = {
        "repo_name": "r",
        "origin_url": "https://new",
        "default_branch": "trunk",
        "root_commit": "c1",
        "checkout_count": 4,
        "is_present": True,
        "first_seen_at": at(0),
    }
    assert_rows(found, metadata_repositories, [expected])


def test_a_repository_that_is_gone():
    """Gone checkouts still tell what they told."""
    checkouts = [
        {"common_dir": "/a", "origin": "https://o", "root_commits": [], "missing_since": at(9), "first_seen_at": at(3)}
    ]

    found = built(metadata_repositories, raw_checkout=checkouts)

    expected = {
        "repo_name": "r",
        "origin_url": "https://o",
        "checkout_count": 1,
        "is_present": False,
        "first_seen_at": at(3),
    }
    assert_rows(found, metadata_repositories, [expected])


@pytest.mark.parametrize(
    ("refs", "branch"),
    [
        ([], None),
        ([raw_ref("refs/heads/main", "c1")], None),
        ([raw_ref("refs/heads/main", "c1", is_default=False)], None),
        ([raw_ref("refs/remotes/origin/main", "c1", is_default=True, is_head=False), ORIGIN_HEAD], "trunk"),
        ([raw_ref("refs/heads/team/next", "c1", is_default=True), raw_ref("refs/remotes/origin/z", "c1")], "team/next"),
    ],
)
def test_default_branch(refs, branch):
    """The branch that origin/HEAD names now, in its short name; null when origin does not say."""
    found = built(metadata_repositories, raw_session=[raw_session("s1")], raw_ref=refs)

    assert found["default_branch"].to_list() == [branch]
