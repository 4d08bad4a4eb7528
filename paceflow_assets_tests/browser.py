"""A browser without a window: Chromium, driven through two pipes by its DevTools protocol.

What lives here: starting it, asking it, what it says by itself. What belongs here: what a test of a page needs, from the
standard library alone. What stays out: what a page should be.
"""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell")
CHROMIUM = next((found for found in map(shutil.which, NAMES) if found), None)
PATIENCE = 60  # seconds after which something is broken
SWITCHES = ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars")


class Browser:
    """One tab. events: what it said without being asked."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command; its answer. What is said meanwhile goes to the events."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        sent = json.dumps({"id": self._number, "method": method, "params": params, **session})
        os.write(self._writing, sent.encode() + b"\0")
        while True:
            said = self._next()
            if said.get("id") == self._number:
                assert "error" not in said, f"{method}: {said['error']}"
                return said["result"]
            self.events.append(said)

    def open(self, page: Path) -> None:
        """Load a page and wait until everything of it is there."""
        self.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        while not self.said("Page.loadEventFired"):
            self.events.append(self._next())

    def said(self, method: str) -> list[dict[str, Any]]:
        """Events of one kind."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def value(self, script: str) -> Any:
        """What an expression is on the page."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def look(self, *, width: int, scheme: str = "light", media: str = "") -> None:
        """Show the page so many pixels wide, in a light or dark scheme, on screen or on paper."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reading], [], [], max(0, until - time.monotonic()))
            assert ready, "the browser says nothing"
            read = os.read(self._reading, 1 << 20)
            assert read, "the browser ended"
            self._buffer += read
        said, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(said)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a new profile in a folder; it ends with the block."""
    assert CHROMIUM, "no Chromium"
    to_read, said = os.pipe()
    heard, to_write = os.pipe()
    switches = [*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    command = [CHROMIUM, *switches, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
    pipes = f'exec "$@" 3<&{heard} 4>&{said}'
    with subprocess.Popen(
        ["bash", "-c", pipes, "bash", *command],
        pass_fds=(heard, said),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(heard)
        os.close(said)
        try:
            yield Browser(to_read, to_write)
        finally:
            os.close(to_write)
            os.close(to_read)
            process.terminate()
            process.wait(PATIENCE)
