"""Look: what a raw table of one repository gets to see of the outside world.

What lives here: the logs that wait for this repository, its checkouts, and reading git for it.
What belongs here: handing over records. What stays out: shaping them into rows (raw/), finding them (discovery).

A look is taken under the repository's lock. `finish` tells the inventory what raw holds now.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from paceflow_assets.records import Commit, FileChange, ParseError, Ref
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import parsed
from paceflow_assets.runtime.discovery import MISSING, checkout_signatures
from paceflow_assets.runtime.forgotten import Forgotten, forgotten
from paceflow_assets.runtime.inventory import Inventory, Log
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.partitions import Checkout, checkout_name
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.table import Table, tables
from paceflow_assets.runtime.warehouse import Warehouse
from paceflow_assets.source import git

Session = tuple[str, str]


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


class Look:
    """The outside world, as far as one repository is concerned, at one moment."""

    def __init__(self, settings: Settings, warehouse: Warehouse, repository: str, now_ms: int) -> None:
        self.settings = settings
        self.warehouse = warehouse
        self.repository = repository
        self.now_ms = now_ms
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

    @cached_property
    def logs(self) -> dict[str, Log]:
        """Every known log of this repository, gone ones included: portable path -> log."""
        touched = self.inventory.repositories_of_logs()
        return {name: log for name, log in self.inventory.logs.items() if self.repository in touched[name]}

    @cached_property
    def waiting(self) -> list[parsed.PlacedLog]:
        """Parsed logs that this repository's raw tables do not hold in their present state."""
        unread = [name for name, log in sorted(self.logs.items()) if log.read.get(self.repository) != log.state]
        found = [parsed.read(self.settings, self.logs[name].kept) for name in unread]
        return [log for log in found if log is not None]

    @cached_property
    def threads(self) -> dict[tuple[str, str], str]:
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
                    refs[seat.name] = git.refs(Path(seat.common_dir))
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

    def refs(self, seat: Seat) -> list[Ref]:
        """Refs of a readable checkout."""
        return self._refs[0][seat.name]

    def identity(self, seat: Seat) -> git.Identity:
        """Origin and root commits of a readable checkout, as they are now."""
        return git.identity(Path(seat.common_dir))

    def headers(self, seat: Seat, tips: Sequence[str], known_tips: Sequence[str], errors: list[ParseError]) -> list[Commit]:
        """Headers of commits that are not known yet, reverts anywhere included; `errors` gets what cannot be read."""
        common_dir = Path(seat.common_dir)
        commits = list(git.headers(common_dir, tips, known_tips, errors))
        seen = {commit.sha for commit in commits}
        elsewhere: list[ParseError] = []
        reverts = git.reverts(common_dir, known_tips, elsewhere)
        told = {error.reason for error in errors}
        errors.extend(error for error in elsewhere if error.reason not in told)
        return [*commits, *(commit for commit in reverts if commit.sha not in seen)]

    def patches(self, seat: Seat, shas: Sequence[str], errors: list[ParseError]) -> Iterator[tuple[str, list[FileChange]]]:
        """Files and lines of commits, one after the other; `errors` gets what cannot be read."""
        return git.patches(Path(seat.common_dir), shas, errors)

    def finish(self, ledger: pl.DataFrame, checkouts: pl.DataFrame) -> None:
        """Tell the inventory what raw holds now, as `raw_log` and `raw_checkout` vouch for it.

        A log without a session to store here needs no voucher. A parsed log goes once every repository has stored it.
        """
        vouched = {row["log_path"]: f"{row['fingerprint']} {row['parser_fingerprint']}" for row in ledger.iter_rows(named=True)}
        owed = {log.log_path for log in self.waiting if log.parts}
        unreadable = {seat.common_dir for seat in self.seats if seat.name in self.broken}
        signatures = dict(checkouts.select("common_dir", "signature").rows())
        with held(self.settings.locks, "discovery", "the inventory"):
            present = stock.load(self.settings) or Inventory()
            touched = present.repositories_of_logs()
            for name, seen in self.logs.items():
                log = present.logs.get(name)
                held_here = vouched.get(name) == f"{seen.fingerprint} {seen.parser}"
                if log is not None and (held_here or name not in owed):
                    log.read[self.repository] = seen.state
                    if all(log.read.get(key) == log.state for key in touched[name]):
                        log.kept = None
            for common_dir, signature in signatures.items():
                if common_dir in present.checkouts and common_dir not in unreadable:
                    present.checkouts[common_dir].read = signature
            present.looked_ms = self.now_ms
            stock.save(self.settings, present)
            parsed.clean(self.settings, [log.kept for log in present.logs.values()])


def remembered(settings: Settings) -> Inventory:
    """The inventory as the raw tables tell it: for a lost or damaged state folder."""
    warehouse = Warehouse(settings)
    register = tables()
    inventory = Inventory()
    logs = warehouse.read_all(register["raw_log"])
    for row in logs.sort("last_seen_at").iter_rows(named=True):
        name = row["log_path"]
        log = inventory.logs.setdefault(
            name, Log(row["provider"], str(settings.expanded(name)), row["fingerprint"], row["parser_fingerprint"])
        )
        log.fingerprint, log.parser = row["fingerprint"], row["parser_fingerprint"]
        log.error_count = max(log.error_count, row["error_count"])
        log.missing_ms = _ms(row["missing_since"])
    for row in logs.iter_rows(named=True):
        gone = " missing" if row["missing_since"] is not None else ""
        inventory.logs[row["log_path"]].read[row["repository"]] = f"{row['fingerprint']} {row['parser_fingerprint']}{gone}"
    sessions = warehouse.read_all(register["raw_session"], ["repository", "provider", "session_id", "touches", "parts"])
    for row in sessions.filter("touches").iter_rows(named=True):
        for part in row["parts"]:
            log = inventory.logs.get(part["log_path"])
            if log is not None:
                log.sessions[row["session_id"]] = sorted({*log.sessions.get(row["session_id"], []), row["repository"]})
    for row in warehouse.read_all(register["raw_checkout"]).iter_rows(named=True):
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


def _ms(time) -> int | None:
    from datetime import UTC

    return None if time is None else round(time.replace(tzinfo=UTC).timestamp() * 1000)
