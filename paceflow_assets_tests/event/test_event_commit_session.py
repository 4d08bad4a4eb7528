import pytest
from building import assert_rows, built, reference
from logs import at

from paceflow_assets.event.event_commit_session import event_commit_session
from paceflow_assets.rule.commit_window import CommitWindow
from paceflow_assets.rule.session_report import SessionReport

S1 = {"provider": "claude", "session_id": "s1"}
HUMAN = {"provider": "human", "session_id": "__human__"}


def test_nothing():
    """Without matches there are no rows."""
    assert_rows(built(event_commit_session), event_commit_session, [])


def test_sessions_of_commits():
    """Model, time and window are joined; what is not known is null, (unknown) or false."""
    matches = [
        {"commit_sha": "c1", **S1, "matched_lines": 1.5, "share_of_commit": 0.5, "share_of_ai": 0.75},
        {"commit_sha": "c1", **S1, "provider": "codex", "matched_lines": 0.5, "share_of_commit": 0.125, "share_of_ai": 0.25},
        {"commit_sha": "c1", **HUMAN, "matched_lines": 0.0, "share_of_commit": 0.375, "share_of_ai": 0.0},
        {"commit_sha": "c2", **S1, "matched_lines": 4.0, "share_of_commit": 1.0, "share_of_ai": 1.0},
        {"commit_sha": "c3", **S1, "session_id": "gone", "matched_lines": 1.0, "share_of_commit": 1.0, "share_of_ai": 1.0},
    ]

    found = built(
        event_commit_session,
        fact_commit_session_match=matches,
        event_commit_outcome=[{"commit_sha": "c1", "commit_time": at(60)}, {"commit_sha": "c2"}, {"commit_sha": "c9"}],
        metadata_sessions=[
            {**S1, "model_name": "claude/opus", "started_at": at(50), "ended_at": at(55)},
            {**S1, "provider": "codex", "model_name": "codex/gpt-5"},
            {**S1, "session_id": "s9", "model_name": "claude/haiku"},
        ],
        event_session_quality=[{**S1, "started_at": at(0), "ended_at": at(30)}],
    )

    expected = [
        {**row, "model_name": model, "commit_within_window_flag": within, "counted_in_sessions_flag": True, "commit_time": time}
        for row, model, within, time in zip(
            matches,
            ["claude/opus", "codex/gpt-5", "human/(unknown)", "claude/opus", "claude/(unknown)"],
            [True, False, False, False, False],
            [at(60), at(60), at(60), None, None],
            strict=True,
        )
    ]
    assert_rows(found, event_commit_session, expected)


@pytest.mark.parametrize(
    ("started", "ended", "commit", "within", "within_an_hour"),
    [
        (at(0), at(30), at(-1 / 60_000), False, False),
        (at(0), at(30), at(0), True, True),
        (at(0), at(30), at(90), True, True),
        (at(0), at(30), at(90 + 1 / 60_000), True, False),
        (at(0), at(30), at(270), True, False),
        (at(0), at(30), at(270 + 1 / 60_000), False, False),
        (at(0), None, at(240), True, False),
        (at(0), None, at(241), False, False),
        (None, at(30), at(10), False, False),
        (at(0), at(30), None, False, False),
    ],
)
def test_window(started, ended, commit, within, within_an_hour):
    """From the start to some hours after the end, both included; a session without end ends when it starts."""
    upstreams = {
        "fact_commit_session_match": [{"commit_sha": "c1", **S1}],
        "event_commit_outcome": [{"commit_sha": "c1", "commit_time": commit}],
        "event_session_quality": [{**S1, "started_at": started, "ended_at": ended}],
    }

    flags = [
        built(event_commit_session, rule, **upstreams)["commit_within_window_flag"][0]
        for rule in (CommitWindow(), CommitWindow(1))
    ]

    assert flags == [within, within_an_hour]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(reference(SessionReport), [True, True]), (reference(SessionReport, counts_human=False), [True, False])],
)
def test_people_in_session_reports(rule, expected):
    """Rows of people count as sessions, or not; they are there in any case."""
    matches = [{"commit_sha": "c1", **S1}, {"commit_sha": "c1", **HUMAN}]

    found = built(event_commit_session, rule, fact_commit_session_match=matches)

    assert found.select("provider", "counted_in_sessions_flag").rows() == list(zip(("claude", "human"), expected, strict=True))
