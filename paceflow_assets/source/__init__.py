"""Sources: the outside world, read into records. One module per agent, one for git, one for patch texts.

What belongs here: finding logs and turning bytes into records; what cannot be read becomes a `ParseError`.
What stays out: repositories, storage, rules. A new agent is one new module and one line in PROVIDERS.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, cast

from paceflow_assets.records import ParsedLog
from paceflow_assets.source import claude, codex


class Provider(Protocol):
    """What every agent's module offers."""

    NAME: str
    KEPT_BY: str  # the setting that says how long the agent keeps logs, for people; empty if it keeps them for good

    def roots(self, home: Path, env: Mapping[str, str]) -> list[Path]:
        """Folders that are searched, existing or not."""
        ...

    def discover(self, home: Path, env: Mapping[str, str]) -> list[Path]:
        """Logs below the roots, each once, sorted by path components."""
        ...

    def kept_days(self, home: Path, env: Mapping[str, str]) -> dict[Path, float]:
        """Root -> days after its last change when the agent may delete a log. Below other roots it keeps them for good."""
        ...

    def parse(self, path: Path) -> ParsedLog:
        """Everything a log holds. Never raises for what the log contains; a file that cannot be read is an error row."""
        ...

    def parse_lines(self, lines: Iterable[bytes], path: Path) -> ParsedLog:
        """The same, from the log's lines with their line ends."""
        ...


PROVIDERS: dict[str, Provider] = {module.NAME: cast(Provider, module) for module in (claude, codex)}
