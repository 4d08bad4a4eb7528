"""Inventory: what discovery must know across repositories, in one JSON file. No table; rebuilt from raw when it is lost.

What lives here: which logs and checkouts are known, and in which state raw has *read* them, repository by repository.
What belongs here: the memory between two looks; light enough that an unchanged run is a read of this file and stat calls.
What stays out: what the logs hold (raw). A log that is merely known counts as unread: a failed run must not look done.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from paceflow_assets.runtime.parsed import Kept
from paceflow_assets.runtime.partitions import NO_REPOSITORY, Checkout, on_disk
from paceflow_assets.runtime.settings import Settings, write_private
from paceflow_assets.source import git

VERSION = 1
MISSING = "missing"
LOGS, GIT, SCORES = "logs", "git", "scores"  # the parts of the outside world


class Log(msgspec.Struct):
    """One log. fingerprint, parser: the state that discovery looked into. path: absolute, as `partitions.storable`.

    sessions: session id -> repositories that this log's records of it touch, or ever touched: raw keeps what it holds.
    agents: sub-agent thread -> the session it worked for. read: repository -> the state that its raw tables hold.
    unplaced: folders that lay in no checkout. missing_ms: first look that did not find it. error_count: records that could
    not be read. kept: where its parsed form waits until every repository has read it.
    """

    provider: str
    path: str
    fingerprint: str
    parser: str
    sessions: dict[str, list[str]] = {}
    agents: dict[str, str] = {}
    read: dict[str, str] = {}
    unplaced: list[str] = []
    missing_ms: int | None = None
    error_count: int = 0
    kept: Kept | None = None

    @property
    def content(self) -> str:
        """What is read of the log: its state on disk, by which parser."""
        return f"{self.fingerprint} {self.parser}"

    @property
    def state(self) -> str:
        """What `read` says of a repository that is up to date with this log."""
        return f"{self.content}{' missing' if self.missing_ms is not None else ''}"

    def is_content_read(self, repository: str) -> bool:
        """Whether the repository's raw tables hold the log's content, whatever they say about its being there."""
        return self.read.get(repository, "").removesuffix(" missing") == self.content


class Scores(msgspec.Struct):
    """Cursor's scores of commits, one database for all repositories. files: signature of its files when it was last read.

    rows: signature of what it held. here: checkout -> signature of the scores whose commits it has; without those that were
    not asked since the rows changed. read: checkout -> the signature that raw has read. error: why it cannot be read; ''
    = it can. error_told: the error that raw has of it; None = it never had one.
    """

    files: str = ""
    rows: str = ""
    here: dict[str, str] = {}
    read: dict[str, str] = {}
    error: str = ""
    error_told: str | None = None

    def is_unread(self, common_dir: str) -> bool:
        """Whether raw does not hold the scores of a checkout's commits as they are."""
        return common_dir in self.here and self.here[common_dir] != self.read.get(common_dir, "")

    @property
    def is_error_untold(self) -> bool:
        """Whether raw says something else of the database than is so."""
        return self.error != (self.error_told or "")


class Inventory(msgspec.Struct):
    """Everything discovery remembers.

    logs: by portable path. checkouts: by common directory, as `partitions.storable`. adopted: folder that is gone -> its
    repository, because a log names its origin. merging: (old key, new key) of a merge that was begun. named: repositories
    that settings.toml names. code: signature of the program's files, with the parser fingerprints that were computed for it.
    waiting_ms: repository -> first look that saw changes which raw has not read since. done: signature of code, rules and
    warehouse that the last ingest left complete. summary: what it printed. said: findings of upkeep that were printed, then or
    before.
    """

    version: int = VERSION
    logs: dict[str, Log] = {}
    checkouts: dict[str, Checkout] = {}
    adopted: dict[str, str] = {}
    merging: list[tuple[str, str]] = []
    named: list[str] = []
    code: str = ""
    parsers: dict[str, str] = {}
    waiting_ms: dict[str, int] = {}
    scores: Scores = msgspec.field(default_factory=Scores)
    done: str = ""
    summary: list[dict] = []
    said: list[str] = []

    def sessions_of_threads(self) -> dict[tuple[str, str], str]:
        """(provider, sub-agent thread) -> the session it worked for, through any number of sub-agents between."""
        above: dict[tuple[str, str], str] = {}
        for _, log in sorted((name, log) for name, log in self.logs.items() if log.agents):
            above.update({(log.provider, thread): owner for thread, owner in log.agents.items()})
        found = {}
        for provider, thread in above:
            passed, owner = [thread], above[provider, thread]
            while owner not in passed and (provider, owner) in above:
                passed.append(owner)
                owner = above[provider, owner]
            if owner in passed:  # threads that name each other: one of them counts as the session
                owner = min(passed[passed.index(owner) :])
            if owner != thread:
                found[provider, thread] = owner
        return found

    def repositories_of_sessions(self) -> dict[tuple[str, str], set[str]]:
        """(provider, session id) -> every repository that one of its logs touches."""
        threads = self.sessions_of_threads()
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for log in self.logs.values():
            for thread, repositories in log.sessions.items():
                found[log.provider, threads.get((log.provider, thread), thread)].update(repositories)
        return found

    def repositories_of_logs(self) -> dict[str, list[str]]:
        """Log -> repositories that store something of it, sorted. A log of nothing but errors lies in `no-repository`."""
        threads = self.sessions_of_threads()
        sessions = self.repositories_of_sessions()
        found = {}
        for name, log in self.logs.items():
            owners = {threads.get((log.provider, thread), thread) for thread in log.sessions}
            touched = {key for owner in owners for key in sessions[log.provider, owner]}
            if not touched and log.error_count:
                touched = {NO_REPOSITORY}
            found[name] = sorted(touched | set(log.read))
        return found

    def repositories(self) -> list[str]:
        """Every repository that a session touches or that settings.toml names, sorted.

        An error of Cursor's database lies in `no-repository`, as that of a log of nothing but errors.
        """
        found = {*self.named, *(key for keys in self.repositories_of_logs().values() for key in keys)}
        has_error = self.scores.error or self.scores.error_told is not None
        return sorted(found | {NO_REPOSITORY} if has_error else found)


def encoded(inventory: Inventory) -> bytes:
    """The inventory as it is stored."""
    return msgspec.json.encode(inventory)


def load(settings: Settings) -> Inventory | None:
    """The stored inventory; None when there is none that can be used."""
    try:
        found = msgspec.json.decode((settings.state / "inventory.json").read_bytes(), type=Inventory)
    except (OSError, msgspec.MsgspecError):
        return None
    return found if found.version == VERSION else None


def save(settings: Settings, inventory: Inventory) -> None:
    """Store the inventory."""
    write_private(settings.state / "inventory.json", encoded(inventory))


def remember_look(settings: Settings, now_ms: int) -> None:
    """Store the time of a look that went through. In a file of its own: a quiet look leaves the inventory as it is."""
    write_private(settings.state / "looked", str(now_ms).encode())


def looked_ms(settings: Settings) -> int | None:
    """The last look that went through; None if none is known."""
    try:
        return int((settings.state / "looked").read_bytes())
    except (OSError, ValueError):
        return None


def fingerprint(path: str) -> str | None:
    """Size, nanoseconds of the last change and inode of a file; None if it cannot be looked at."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}"


def changed_ms(mark: str) -> int:
    """Time of the last change, as a fingerprint tells it."""
    return int(mark.split(":")[1]) // 1_000_000


def checkout_signatures(checkouts: Iterable[str]) -> dict[str, str]:
    """Common directory -> signature of its refs now, or `missing`."""
    return {common_dir: git.signature(Path(on_disk(common_dir))) or MISSING for common_dir in checkouts}


def unread_parts(inventory: Inventory, signatures: dict[str, str]) -> dict[str, set[str]]:
    """Repository -> which parts of the outside its raw tables do not hold as they are. signatures: of the checkouts, now."""
    found: dict[str, set[str]] = {}
    for log_path, keys in inventory.repositories_of_logs().items():
        log = inventory.logs[log_path]
        for key in keys:
            if log.read.get(key) != log.state:
                found.setdefault(key, set()).add(LOGS)
    known = set(inventory.repositories())
    for common_dir, signature in signatures.items():
        checkout = inventory.checkouts[common_dir]
        if checkout.key in known and checkout.read != signature:
            found.setdefault(checkout.key, set()).add(GIT)
        if checkout.key in known and inventory.scores.is_unread(common_dir):
            found.setdefault(checkout.key, set()).add(SCORES)
    if inventory.scores.is_error_untold:
        found.setdefault(NO_REPOSITORY, set()).add(LOGS)
    return found


def files_signature(paths: Iterable[Path]) -> str:
    """Names, sizes and times of files, as one text; what is missing is left out."""
    return ";".join(f"{path}={mark}" for path in paths if (mark := fingerprint(str(path))))
