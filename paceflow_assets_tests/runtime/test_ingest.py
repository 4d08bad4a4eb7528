"""Ingest: when nothing has to be done."""

from logs import ClaudeLog
from repositories import Repository

from paceflow_assets.runtime import ingest
from paceflow_assets.runtime import inventory as stock


def test_only_a_quick_look_that_finds_nothing_counts(home):
    """What changed has to be found by a whole look; then that one counts."""
    log = ClaudeLog(home.path, "s1", Repository(home.path / "src" / "app").folder).says(0, "hello")
    log.save()
    home.ingest()
    ingest.remember_done(home.settings, [], [])

    quiet = ingest.unchanged(home.settings, home.now_ms + 5)
    looked_ms = stock.looked_ms(home.settings)
    log.says(1, "more").save()
    changed = ingest.unchanged(home.settings, home.now_ms + 9)

    assert quiet == stock.load(home.settings)
    assert looked_ms == home.now_ms + 5
    assert changed is None
    assert stock.looked_ms(home.settings) == looked_ms
