"""The golden logs, which other people's agents wrote, through discovery and raw."""

import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from ingests import RAW, contents, homes, is_quiet, raw

from paceflow_assets.source import PROVIDERS, Provider

GOLDEN = Path(__file__).parents[1] / "golden"
PLACES = {"claude": ".claude/projects", "codex": ".codex/sessions"}
SEEN = ("fingerprint", "first_seen_at", "last_seen_at")


@pytest.fixture
def logs(home) -> list[Path]:
    """Every golden log, in the home of its agent."""
    for provider, place in PLACES.items():
        shutil.copytree(GOLDEN / provider, home.path / place)
    return [path for provider in PROVIDERS.values() for path in provider.discover(home.path, {})]


def provider_of(path: Path) -> Provider:
    """The agent that wrote a log."""
    return PROVIDERS["claude" if ".claude" in path.parts else "codex"]


def shown(logs: list[Path], home) -> dict[tuple[str, str], dict[str, set]]:
    """What the parsers find of each session, all logs together: ids of changes, keys of messages and responses."""
    found: dict = defaultdict(lambda: defaultdict(set))
    for path in logs:
        provider = provider_of(path)
        for part in provider.parse(path).sessions:
            session = found[provider.NAME, part.session_id]
            session["changes"].update(change.change_id for change in part.changes)
            session["messages"].update(message.record_key for message in part.messages)
            session["usage"].update(usage.record_key for usage in part.usage)
    return found


def test_raw_holds_everything_that_the_parsers_find_once(home, logs):
    """Each session, each message, change and response, in one home; what cannot be read is a row."""
    found = raw(home)

    stored = home.table("raw_session").filter("is_home")
    held = {
        (row["provider"], row["session_id"]): {
            "changes": [change["change_id"] for change in row["changes"]],
            "messages": [message["record_key"] for message in row["messages"]],
            "usage": [usage["record_key"] for usage in row["usage"]],
        }
        for row in stored.iter_rows(named=True)
    }
    expected = shown(logs, home)
    assert set(held) == set(expected)
    for session, items in held.items():
        for kind, keys in items.items():
            assert len(keys) == len(set(keys)), (session, kind)
            assert set(keys) == expected[session][kind], (session, kind)
    assert all(len(places) == 1 for places in homes(home).values())
    parse_errors = sum(len(provider_of(path).parse(path).errors) for path in logs)
    assert home.table("raw_parse_error").unique(["provider", "log_path", "line", "error_index"]).height == parse_errors
    assert found.parsed_logs == len(logs)
    assert is_quiet(home)


def test_one_log_after_the_other_leads_to_the_same(home, logs):
    """From the last to the first, in four steps; and a whole ingest of it fails nowhere."""
    raw(home)
    together = contents(home, RAW, without=SEEN)
    shutil.rmtree(home.settings.paceflow_home)
    for number, path in enumerate(logs):
        path.rename(home.path / str(number))

    for step in range(3, -1, -1):
        for number in range(step, len(logs), 4):
            (home.path / str(number)).rename(logs[number])
        raw(home)

    assert contents(home, RAW, without=SEEN) == together
    assert [failure for outcome in home.ingest().values() for failure in outcome.failures] == []
    assert is_quiet(home)
