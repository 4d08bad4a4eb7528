"""From logs and git to every table, in one process."""

from logs import ClaudeLog
from repositories import Repository


def test_a_session_and_its_commit_meet(home):
    """A file that a session wrote and a person committed is the session's."""
    repository = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", repository.folder).says(0, "write it").writes(1, repository.folder / "a.py", "one\ntwo\n")
    log.save()
    sha = repository.commit({"a.py": "one\ntwo\n"}, date=1_767_603_900)

    outcomes = home.ingest()

    assert [outcome.failures for outcome in outcomes.values()] == [[], []]
    assert home.table("fact_commit_session_match").select("commit_sha", "session_id", "matched_lines").rows() == [
        (sha, "s1", 2.0)
    ]
    assert home.table("event_session_quality").select("user_turn_count", "session_commit_within_4h_flag").rows() == [(1, True)]
