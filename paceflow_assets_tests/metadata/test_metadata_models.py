from building import assert_rows, built, raw_session, raw_usage
from logs import at

from paceflow_assets.metadata.metadata_models import metadata_models


def test_nothing():
    """Without sessions there are no models."""
    assert_rows(built(metadata_models), metadata_models, [])


def test_models():
    """A model counts once for each session, by its name with the agent before it; first used is its first response."""
    raw = [
        raw_session("s1", model_name="opus", usage=[raw_usage("u1", "haiku", at(9)), raw_usage("u2", "claude/opus", at(12))]),
        raw_session("s2", usage=[raw_usage("u3", "haiku", at(4)), raw_usage("u4", None, at(1)), raw_usage("u5", "  ", at(2))]),
        raw_session("s1", provider="codex", usage=[raw_usage("u6", "haiku", None)]),
        raw_session("gone", touches=False, usage=[raw_usage("u7", "haiku", at(0))]),
        raw_session("copy", usage=[raw_usage("u1", "haiku", at(3))], copied_keys=["u1"]),
    ]
    sessions = [
        {"provider": "claude", "session_id": "s1", "model_name": "claude/opus", "started_at": at(0)},
        {"provider": "claude", "session_id": "s2", "model_name": "claude/(unknown)", "started_at": at(3)},
        {"provider": "codex", "session_id": "s1", "model_name": "codex/haiku", "started_at": at(5)},
        {"provider": "codex", "session_id": "s2", "model_name": "codex/late"},
    ]

    found = built(metadata_models, raw_session=raw, metadata_sessions=sessions)

    expected = [
        {"provider": "claude", "model_name": "claude/(unknown)", "session_count": 1, "first_used_at": at(2)},
        {"provider": "claude", "model_name": "claude/haiku", "session_count": 2, "first_used_at": at(4)},
        {"provider": "claude", "model_name": "claude/opus", "session_count": 1, "first_used_at": at(12)},
        {"provider": "codex", "model_name": "codex/haiku", "session_count": 1, "first_used_at": at(5)},
        {"provider": "codex", "model_name": "codex/late", "session_count": 1, "first_used_at": None},
    ]
    assert_rows(found, metadata_models, expected)
