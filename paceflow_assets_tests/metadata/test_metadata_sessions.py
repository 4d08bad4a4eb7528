from building import assert_rows, built, raw_change, raw_message, raw_part, raw_session, raw_usage
from logs import at

from paceflow_assets.metadata.metadata_sessions import metadata_sessions

SILENT = {"model_name": "claude/(unknown)", "log_count": 0, "change_count": 0, "lines_added": 0, "lines_removed": 0}


def test_nothing():
    """Without sessions there are no rows."""
    assert_rows(built(metadata_sessions), metadata_sessions, [])


def test_a_whole_session():
    """Header, logs and changes of all repositories come together; times are those of changes with lines."""
    session = raw_session(
        "s1",
        provider="codex",
        home_repository="github.com/own/other",
        is_home=False,
        parent_session_id="s0",
        cwd="~/other",
        git_branch="fix",
        model_name=" gpt-5 ",
        client_version="0.9",
        started_at=at(0),
        ended_at=at(90),
        parts=[raw_part("~/first.jsonl"), raw_part("~/agent.jsonl", agent_id="a1"), raw_part("~/first.jsonl", agent_id="a2")],
        changes=[
            raw_change("e1", "empty.py", [], at(1), write_mode="delete"),
            raw_change("e2", "a.py", ["+x", "+x", "-y", " z"], at(5)),
            raw_change("e3", "b.py", ["-y"], at(7), repository="github.com/own/other"),
            raw_change("e4", None, ["+z"], None, repository="no-repository"),
        ],
    )

    found = built(metadata_sessions, raw_session=[session])

    expected = {
        "provider": "codex",
        "session_id": "s1",
        "home_repository": "github.com/own/other",
        "is_home": False,
        "parent_session_id": "s0",
        "model_name": "codex/gpt-5",
        "project_path": "~/other",
        "git_branch": "fix",
        "client_version": "0.9",
        "source_path": "~/first.jsonl",
        "log_count": 2,
        "started_at": at(0),
        "ended_at": at(90),
        "first_change_at": at(5),
        "last_change_at": at(7),
        "change_count": 4,
        "lines_added": 3,
        "lines_removed": 2,
    }
    assert_rows(found, metadata_sessions, [expected])


def test_only_sessions_with_a_record_of_their_own():
    """A session that left the repository, holds nothing, or holds only copies of another session's records has no row."""
    sessions = [
        raw_session("away", touches=False, messages=[raw_message("m1", "hello")]),
        raw_session("empty", parts=[raw_part()], started_at=at(0)),
        raw_session("copy", messages=[raw_message("m2", "hello")], usage=[raw_usage("m3", "opus")], copied_keys=["m2", "m3"]),
        raw_session("fork", messages=[raw_message("m2", "hello"), raw_message("m4", "go on")], copied_keys=["m2"]),
        raw_session("asked", usage=[raw_usage("m5", "opus")]),
        raw_session("wrote", changes=[raw_change("e1", "a.py", ["+x"])]),
    ]

    found = built(metadata_sessions, raw_session=sessions)

    same = {"provider": "claude", "home_repository": "r", "is_home": True, **SILENT}
    expected = [
        {**same, "session_id": "asked"},
        {**same, "session_id": "fork"},
        {**same, "session_id": "wrote", "change_count": 1, "lines_added": 1},
    ]
    assert_rows(found, metadata_sessions, expected)


def test_copied_changes_do_not_count():
    """Changes that another session made first are left out of every sum and time."""
    changes = [raw_change("e1", "a.py", ["+x"], at(1)), raw_change("e2", "a.py", ["+y", "-x"], at(2))]

    found = built(metadata_sessions, raw_session=[raw_session("s1", changes=changes, copied_keys=["e1"])])

    measures = ["first_change_at", "last_change_at", "change_count", "lines_added", "lines_removed"]
    assert found.select(measures).rows() == [(at(2), at(2), 1, 1, 1)]


def test_the_same_id_of_two_agents():
    """A session is its agent and its id."""
    sessions = [raw_session("s1", provider=name, messages=[raw_message("m1", "hello")]) for name in ("codex", "claude")]

    found = built(metadata_sessions, raw_session=sessions)

    assert found.select("provider", "session_id").rows() == [("claude", "s1"), ("codex", "s1")]
