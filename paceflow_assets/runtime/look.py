"""Look: what a raw table of one repository gets to see of the outside world.

What lives here: the logs that wait for this repository, its checkouts, and reading git for it.
What belongs here: handing over records. What stays out: shaping them into rows (raw/), finding them (discovery).

A look is taken under the repository's lock. `finish` tells the inventory what raw holds now.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import polars as pl

from paceflow_assets.records import Commit, FileChange, ParseError, Ref
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import parsed
from paceflow_assets.runtime.errors import NewerWarehouse, WarehouseError
from paceflow_assets.runtime.forgotten import Forgotten, Tombstone, bury, forgotten
from paceflow_assets.runtime.inventory import MISSING, Inventory, Log, checkout_signatures
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.partitions import NO_REPOSITORY, Checkout, checkout_name, on_disk, storable
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.source import cursor_scores, git, git_ai

Session = tuple[str, str]
BATCH_BYTES = 8_000_000  # of parsed logs, as they are kept; read into memory they take about four times as much


@dataclass(frozen=True)
class Seat:
    """One checkout of the repository as it is now. signature: state of its refs, `missing` if it is not there."""

    common_dir: str
    name: str
    checkout: Checkout
    signature: str

    @property
    def is_there(self) -> bool:
        """Whether it can be read."""
        return self.signature != MISSING

    @property
    def path(self) -> Path:
        """The git common directory on disk."""
        return Path(on_disk(self.common_dir))


class WaitingPart(NamedTuple):
    """One part of a log that was parsed and is not stored here yet, with the session that it belongs to."""

    session: Session
    log: parsed.PlacedLog
    placed: parsed.PlacedPart


class Batch(NamedTuple):
    """Sessions with all the waiting logs that hold parts of them: what is read into memory at a time."""

    sessions: frozenset[Session]
    log_paths: tuple[str, ...]


class Look:
    """The outside world, as far as one repository is concerned, at one moment.

    batch_bytes: size of the parsed logs that are in memory at a time, unless sessions that share logs need more.
    """

    def __init__(
        self, settings: Settings, warehouse: Warehouse, repository: str, now_ms: int, *, batch_bytes: int = BATCH_BYTES
    ) -> None:
        self.settings = settings
        self.warehouse = warehouse
        self.repository = repository
        self.now_ms = now_ms
        self.batch_bytes = batch_bytes
        self._damaged: set[str] = set()
        with held(settings.locks, "discovery", "the inventory"):
            self.inventory: Inventory = stock.load(settings) or Inventory()

    @cached_property
    def forgotten(self) -> Forgotten:
        """What must not come back."""
        return forgotten(self.settings)

    @cached_property
    def touching(self) -> set[Session]:
        """(provider, session id) of every session that has a log touching this repository."""
        return {session for session, keys in self.inventory.repositories_of_sessions().items() if self.repository in keys}

    def is_forgotten(self, provider: str, session_id: str | None) -> bool:
        """Whether nothing may be stored of a session."""
        session_id = self.threads.get((provider, session_id), session_id)
        return session_id in self.forgotten.sessions or (provider, session_id) in self.buried

    @cached_property
    def logs(self) -> dict[str, Log]:
        """Every known log of this repository, gone ones included: portable path -> log."""
        touched = self.inventory.repositories_of_logs()
        return {name: log for name, log in self.inventory.logs.items() if self.repository in touched[name]}

    @cached_property
    def waiting(self) -> list[parsed.Outline]:
        """Parsed logs that this repository's raw tables do not hold in their present state, by path, in outline."""
        unread = [log for _, log in sorted(self.logs.items()) if log.read.get(self.repository) != log.state]
        found = [parsed.outline(self.settings, log.kept) for log in unread]
        return [log for log in found if log is not None]

    @cached_property
    def _sessions_of_waiting(self) -> dict[str, set[Session]]:
        """Waiting log -> every session that it holds a part of."""
        return {log.log_path: {self._owner(log.provider, part.part.session_id) for part in log.parts} for log in self.waiting}

    def _owner(self, provider: str, session_id: str) -> Session:
        """The session that a part belongs to."""
        return provider, self.threads.get((provider, session_id), session_id)

    @cached_property
    def batches(self) -> list[Batch]:
        """The waiting sessions that are to be stored here, each with all of its logs in one batch.

        Known from the outlines, so that raw never holds more than a batch of logs in memory.
        """
        stored = {
            name: {session for session in sessions if session in self.touching and session not in self.buried}
            for name, sessions in self._sessions_of_waiting.items()
        }
        return self._batched(stored)

    def _batched(self, sessions_of_logs: Mapping[str, set[Session]]) -> list[Batch]:
        found = []
        sessions: set[Session] = set()
        names: list[str] = []
        size = 0
        for group in connected(sessions_of_logs):
            group_size = sum(self.logs[name].kept.size for name in group)
            if names and size + group_size > self.batch_bytes:
                found.append(Batch(frozenset(sessions), tuple(sorted(names))))
                sessions, names, size = set(), [], 0
            sessions.update(*(sessions_of_logs[name] for name in group))
            names.extend(group)
            size += group_size
        if names:
            found.append(Batch(frozenset(sessions), tuple(sorted(names))))
        return found

    def parts(self, batch: Batch) -> list[WaitingPart]:
        """Everything that the batch's logs hold of its sessions, by log. A log that cannot be read is parsed again."""
        found = []
        for name in batch.log_paths:
            log = parsed.read(self.settings, self.logs[name].kept)
            if log is None:
                self._damaged.add(name)
                continue
            parts = (WaitingPart(self._owner(log.provider, part.part.session_id), log, part) for part in log.parts)
            found.extend(part for part in parts if part.session in batch.sessions)
        return found

    @cached_property
    def buried(self) -> dict[Session, str]:
        """Sessions of the waiting logs that must not be stored -> their home. What is stored already stays."""
        if not self.forgotten:
            return {}
        stored = set(self.warehouse.read(tables()["raw_session"], self.repository, ("provider", "session_id")).rows())
        found = {}
        for batch in self._batched({name: sessions - stored for name, sessions in self._sessions_of_waiting.items()}):
            found.update(self._buried_of(batch))
        return found

    def _buried_of(self, batch: Batch) -> dict[Session, str]:
        parts: dict[Session, list[parsed.PlacedPart]] = defaultdict(list)
        for part in self.parts(batch):
            parts[part.session].append(part.placed)
        homes = {session: home_of(own) for session, own in parts.items()}
        return {
            session: home
            for session, home in homes.items()
            if self.forgotten.session(session[1], home, max(part.part.ended_ms or 0 for part in parts[session]) or None)
        }

    @cached_property
    def threads(self) -> dict[Session, str]:
        """(provider, sub-agent thread) -> the session it worked for."""
        return self.inventory.sessions_of_threads()

    @cached_property
    def seats(self) -> list[Seat]:
        """Checkouts of the repository, by common directory."""
        own = {name: found for name, found in self.inventory.checkouts.items() if found.key == self.repository}
        signatures = checkout_signatures(own)
        return [Seat(name, checkout_name(name), own[name], signatures[name]) for name in sorted(own)]

    def stored_elsewhere(self, table: Table, sessions: set[Session]) -> pl.DataFrame:
        """Rows of `raw_session` that other repositories hold of these sessions, one for each session."""
        homes = self.inventory.repositories_of_sessions()
        wanted: dict[str, list[Session]] = defaultdict(list)
        for session in sorted(sessions):
            for key in sorted(homes.get(session, set()) - {self.repository}):
                wanted[key].append(session)
        found = [table.empty()]
        left = set(sessions)
        for key, asked in wanted.items():
            pairs = pl.DataFrame(
                [session for session in asked if session in left],
                schema={"provider": pl.String, "session_id": pl.String},
                orient="row",
            )
            rows = self.warehouse.read(table, key).join(pairs, on=["provider", "session_id"], how="semi")
            left -= set(rows.select("provider", "session_id").rows())
            found.append(rows)
        return pl.concat(found)

    @cached_property
    def _refs(self) -> tuple[dict[str, list[Ref]], dict[str, str]]:
        refs: dict[str, list[Ref]] = {}
        broken: dict[str, str] = {}
        for seat in self.seats:
            if seat.is_there:
                try:
                    refs[seat.name] = git.refs(seat.path)
                except git.GitError as error:
                    broken[seat.name] = str(error)
        return refs, broken

    @property
    def readable(self) -> list[Seat]:
        """Checkouts that are there and that git can read."""
        return [seat for seat in self.seats if seat.name in self._refs[0]]

    @property
    def broken(self) -> dict[str, str]:
        """Checkout -> why git cannot read it, for those that are there."""
        return self._refs[1]

    def portable(self, text: str) -> str:
        """A text about a checkout without its absolute path."""
        for seat in self.seats:
            text = text.replace(str(seat.path), self.settings.portable(str(seat.path)))
        return text

    def refs(self, seat: Seat) -> list[Ref]:
        """Refs of a readable checkout."""
        return self._refs[0][seat.name]

    def identity(self, seat: Seat) -> git.Identity:
        """Origin and root commits of a readable checkout, as they are now."""
        return git.identity(seat.path)

    def headers(self, seat: Seat, tips: Sequence[str], known_tips: Sequence[str], errors: list[ParseError]) -> list[Commit]:
        """Headers of commits that are not known yet, reverts anywhere included; `errors` gets what cannot be read."""
        commits = list(git.headers(seat.path, tips, known_tips, errors))
        seen = {commit.sha for commit in commits}
        elsewhere: list[ParseError] = []
        reverts = git.reverts(seat.path, known_tips, elsewhere)
        told = {error.reason for error in errors}
        errors.extend(error for error in elsewhere if error.reason not in told)
        return [*commits, *(commit for commit in reverts if commit.sha not in seen)]

    def patches(self, seat: Seat, shas: Sequence[str], errors: list[ParseError]) -> Iterator[tuple[str, list[FileChange]]]:
        """Files and lines of commits, one after the other; `errors` gets what cannot be read."""
        return git.patches(seat.path, shas, errors)

    @cached_property
    def _notes(self) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
        notes: dict[str, dict[str, str]] = {}
        unread: dict[str, str] = {}
        for seat in self.readable:
            try:
                notes[seat.name] = git.notes(seat.path, git_ai.REF)
            except git.GitError as error:
                notes[seat.name], unread[seat.name] = {}, f"notes of git-ai: {error}"
        return notes, unread

    def notes(self, seat: Seat) -> dict[str, str]:
        """Commit -> object of git-ai's note on it, in a readable checkout."""
        return self._notes[0][seat.name]

    @property
    def unread_notes(self) -> dict[str, str]:
        """Readable checkout -> why git cannot list its notes."""
        return self._notes[1]

    @cached_property
    def scores(self) -> list[cursor_scores.Score] | None:
        """What Cursor says of commits, of any repository; None = its database cannot be read now."""
        path = cursor_scores.database(self.settings.home)
        try:
            return cursor_scores.scores(path) if path.is_file() else []
        except cursor_scores.ScoresError:  # discovery keeps the error, and finds it again at the next look
            return None

    @property
    def scores_error(self) -> str:
        """Why Cursor's database could not be read when discovery looked; '' = it could, or there is none."""
        return self.inventory.scores.error

    def texts(self, seat: Seat, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Content of objects; None = it cannot be read."""
        return git.texts(seat.path, names)

    def origins(
        self, seat: Seat, removals: Collection[git.Removal], errors: list[ParseError]
    ) -> Iterator[tuple[str, str, list[git.Origin]]]:
        """(commit, file, origins of the lines that it removes there); `errors` gets what cannot be read."""
        return git.origins(seat.path, removals, errors)

    def finish(self, ledger: pl.DataFrame, checkouts: pl.DataFrame) -> None:
        """Tell the inventory what raw holds now, as `raw_log` and `raw_checkout` vouch for it.

        A log without a session to store here needs no voucher. A parsed log goes once every repository has stored it; one
        that was lost before is parsed again.
        """
        vouched = {row["log_path"]: f"{row['fingerprint']} {row['parser_fingerprint']}" for row in ledger.iter_rows(named=True)}
        owed = {name for name, sessions in self._sessions_of_waiting.items() if sessions - self.buried.keys()} - self._damaged
        unreadable = {seat.common_dir for seat in self.seats if seat.name in self.broken}
        forgotten_here = [Tombstone("session", session[1], self.now_ms) for session in sorted(self._buried_for_good)]
        if forgotten_here:
            bury(self.settings, forgotten_here)
        with held(self.settings.locks, "discovery", "the inventory"):
            present = stock.load(self.settings) or Inventory()
            touched = present.repositories_of_logs()
            for name, seen in self.logs.items():
                log = present.logs.get(name)
                if log is None:
                    continue
                if name in self._lost:
                    log.kept = None if log.kept == seen.kept else log.kept
                    continue
                if name not in owed or vouched.get(name) == seen.content:
                    log.read[self.repository] = seen.state
                if all(log.read.get(key) == log.state for key in touched[name]):
                    log.kept = None
            for row in checkouts.iter_rows(named=True):
                known = present.checkouts.get(row["common_dir"])
                if known is not None and row["common_dir"] not in unreadable:
                    known.read = row["signature"]
                    known.origin, known.origin_keys = row["origin"], row["origin_keys"]
                    known.root_commits = row["root_commits"]
            here = self.inventory.scores.here
            unread = [seat.common_dir for seat in self.seats if self.inventory.scores.is_unread(seat.common_dir)]
            if unread and self.scores is not None:
                present.scores.read.update({name: here[name] for name in unread})
            if self.repository == NO_REPOSITORY and (self.scores_error or present.scores.error_told is not None):
                present.scores.error_told = self.scores_error
            if not self.broken:
                present.waiting_ms.pop(self.repository, None)
            stock.save(self.settings, present)
            parsed.clean(self.settings, [log.kept for log in present.logs.values()])

    @cached_property
    def _lost(self) -> set[str]:
        """Logs that are there and have to be read, whose parsed form is not, or is damaged."""
        here = {log.log_path for log in self.waiting} - self._damaged
        return {
            name
            for name, log in self.logs.items()
            if name not in here and log.missing_ms is None and not log.is_content_read(self.repository)
        }

    @property
    def _buried_for_good(self) -> set[Session]:
        """Sessions at home in a forgotten repository: another of their logs alone might not show that."""
        return {session for session, home in self.buried.items() if home in self.forgotten.repositories}


def connected(sessions_of_logs: Mapping[str, set[Session]]) -> list[list[str]]:
    """Logs in groups that share no session with each other, in the order of their first log; a log of none is in no group."""
    leader: dict[Session, Session] = {}

    def leads(session: Session) -> Session:
        while leader[session] != session:
            leader[session] = leader[leader[session]]
            session = leader[session]
        return session

    for sessions in sessions_of_logs.values():
        for session in sessions:
            leader.setdefault(session, session)
        for one, other in pairwise(sessions):
            leader[leads(other)] = leads(one)
    groups: dict[Session, list[str]] = defaultdict(list)
    for name, sessions in sessions_of_logs.items():
        if sessions:
            groups[leads(min(sessions))].append(name)
    return list(groups.values())


def home_of(parts: Sequence[parsed.PlacedPart]) -> str:
    """Home repository of a session that is not stored: of its first working directory, else of most changed lines."""
    ordered = sorted(
        parts, key=lambda part: (part.part.agent_id != "", part.part.started_ms is None, part.part.started_ms or 0)
    )
    for part in ordered:
        if part.cwd_repository is not None:
            return part.cwd_repository
    sizes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for part in ordered:
        for change, where in zip(part.part.changes, part.change_places, strict=True):
            sizes[where.repository][0] += len(change.lines.sides)
            sizes[where.repository][1] += 1
    return min(sizes, key=lambda key: ([-size for size in sizes[key]], key), default=NO_REPOSITORY)


def remembered(settings: Settings) -> Inventory:
    """The inventory as the raw tables tell it: for a lost or damaged state folder.

    Folders outside every checkout stand in raw without their absolute paths, so logs that name such are parsed again. What a
    damaged raw table would tell is met anew; its repository says what is wrong when it is computed.
    """
    warehouse = Warehouse(settings)
    inventory = Inventory()
    logs = _readable(warehouse, "raw_log")
    for row in logs.sort("last_seen_at").iter_rows(named=True):
        path = storable(str(settings.expanded(row["log_path"])))
        log = inventory.logs.setdefault(
            row["log_path"], Log(row["provider"], path, row["fingerprint"], row["parser_fingerprint"])
        )
        log.fingerprint, log.parser = row["fingerprint"], row["parser_fingerprint"]
        log.error_count = max(log.error_count, row["error_count"])
        log.missing_ms = _ms(row["missing_since"])
    for row in logs.iter_rows(named=True):
        gone = " missing" if row["missing_since"] is not None else ""
        inventory.logs[row["log_path"]].read[row["repository"]] = f"{row['fingerprint']} {row['parser_fingerprint']}{gone}"
    sessions = _readable(warehouse, "raw_session", ["repository", "provider", "session_id", "parts"])
    for row in sessions.iter_rows(named=True):
        for part in row["parts"]:
            log = inventory.logs.get(part["log_path"])
            if log is not None:
                log.sessions[row["session_id"]] = sorted({*log.sessions.get(row["session_id"], []), row["repository"]})
                if part["agent_id"]:
                    log.agents[part["agent_id"]] = row["session_id"]
    for log in inventory.logs.values():
        if NO_REPOSITORY in log.read:
            log.fingerprint = ""
    for row in _readable(warehouse, "raw_checkout").iter_rows(named=True):
        inventory.checkouts[row["common_dir"]] = Checkout(
            key=row["repository"],
            folder=row["folder"],
            worktrees=row["worktrees"],
            origin=row["origin"],
            origin_keys=row["origin_keys"],
            root_commits=row["root_commits"],
            provisional=row["is_provisional"],
            first_seen_ms=_ms(row["first_seen_at"]) or 0,
            missing_ms=_ms(row["missing_since"]),
        )
    return inventory


def _readable(warehouse: Warehouse, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Rows of a raw table of every repository whose file can be read."""
    table = tables()[name]
    found = [table.empty().select(columns or list(table.columns))]
    for repository in warehouse.repositories(name):
        try:
            found.append(warehouse.read(table, repository, columns))
        except NewerWarehouse:
            raise
        except WarehouseError:
            continue
    return pl.concat(found)


def _ms(time: dt.datetime | None) -> int | None:
    return None if time is None else round(time.replace(tzinfo=dt.UTC).timestamp() * 1000)
