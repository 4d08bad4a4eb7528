from building import assert_rows, built, raw_change, raw_session
from logs import at

from paceflow_assets.fact.fact_session_code_change import fact_session_code_change

SESSIONS = [{"provider": "claude", "session_id": name} for name in ("s1", "s2")]


def test_nothing():
    """Without sessions nothing was changed."""
    assert_rows(built(fact_session_code_change), fact_session_code_change, [])


def test_changes():
    """Changes here, in order; those of other repositories, copies, and of sessions that left are left out."""
    sessions = [
        raw_session(
            "s1",
            changes=[
                raw_change("e1", "a.py", ["+x"], at(1), repository="github.com/own/other"),
                raw_change(
                    "e2",
                    "b.py",
                    ["+x", "+y", "-z", " ctx"],
                    at(2),
                    change_id="call#1",
                    call_id="call",
                    op_index=1,
                    agent_id="a1",
                    moved_from="old.py",
                    user_modified=True,
                    git_branch="fix",
                    position=12,
                    log_path="~/agent.jsonl",
                ),
                raw_change("e3", "c.py", ["+x"], at(3)),
                raw_change("e4", None, [], None, write_mode="delete", evidence="heredoc", before_known=False, path="~/x"),
            ],
            copied_keys=["e3"],
        ),
        raw_session("s2", touches=False, changes=[raw_change("e5", "a.py", ["+x"])]),
        raw_session("s3", changes=[raw_change("e6", "a.py", ["+x"])]),
    ]

    found = built(fact_session_code_change, raw_session=sessions, metadata_sessions=SESSIONS)

    same = {"provider": "claude", "session_id": "s1", "parser_name": "claude.edit"}
    expected = [
        {
            **same,
            "change_id": "call#1",
            "change_index": 0,
            "change_ts": at(2),
            "agent_id": "a1",
            "call_id": "call",
            "op_index": 1,
            "rel_path": "b.py",
            "abs_path": "~/r/b.py",
            "moved_from": "old.py",
            "lines_added": 2,
            "lines_removed": 1,
            "write_mode": "patch",
            "evidence": "result_hunk",
            "before_known": True,
            "user_modified": True,
            "git_branch": "fix",
            "source_file": "~/agent.jsonl",
            "source_line": 12,
        },
        {
            **same,
            "change_id": "e4",
            "change_index": 1,
            "agent_id": "",
            "op_index": 0,
            "abs_path": "~/x",
            "lines_added": 0,
            "lines_removed": 0,
            "write_mode": "delete",
            "evidence": "heredoc",
            "before_known": False,
            "source_file": "~/log.jsonl",
            "source_line": 1,
        },
    ]
    assert_rows(found, fact_session_code_change, expected)


def test_the_same_session_in_another_repository():
    """A repository shows its own changes of a session, numbered from 0, wherever the session is at home."""
    changes = [raw_change("e1", "a.py", ["+x"]), raw_change("e2", "b.py", ["+y"], repository="o")]
    session = raw_session("s1", repository="o", home_repository="r", is_home=False, changes=changes)

    found = built(fact_session_code_change, raw_session=[session], metadata_sessions=[{**SESSIONS[0], "repository": "o"}])

    assert found.select("repository", "change_id", "change_index").rows() == [("o", "e2", 0)]
