"""Discovery: find logs and checkouts, parse what changed, and say which repositories have to be looked at again.

What lives here: one `discover`, which serves every entrance (terminal, sensor, schedule, a single asset).
What belongs here: comparing what is there with what raw has *read*, never with what is merely known.
What stays out: storing what was found (raw, through `look`), and Dagster (nightly).

The inventory is held by a lock of its own while it is looked through and changed.
"""

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

import paceflow_assets
from paceflow_assets.records import ParsedLog
from paceflow_assets.runtime import fingerprint as code
from paceflow_assets.runtime import inventory as stock
from paceflow_assets.runtime import parsed
from paceflow_assets.runtime.errors import Locked, RepositoryError
from paceflow_assets.runtime.inventory import Inventory, Log, files_signature
from paceflow_assets.runtime.locks import WAIT_SECONDS, held
from paceflow_assets.runtime.partitions import Places, new_key
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.source import PROVIDERS, git

MISSING = "missing"
PLACING = "paceflow_assets.runtime.partitions"  # where a path lies is read from the log as much as the path itself
Progress = Callable[[int, int], None]
SHARED_BYTES = 48_000_000  # from so many bytes on a second process pays for its start
SHARE = 16  # logs that the second process hands over at a time


@dataclass(frozen=True)
class Waiting:
    """A log that has to be parsed."""

    log_path: str
    path: Path
    provider: str
    fingerprint: str
    size: int


@dataclass(frozen=True)
class Survey:
    """What a look without opening a log shows. seen: portable path of every log that is there."""

    waiting: tuple[Waiting, ...]
    seen: dict[str, str]
    vanished: tuple[str, ...]
    returned: tuple[str, ...]

    @property
    def is_quiet(self) -> bool:
        """Nothing new, changed, vanished or returned."""
        return not (self.waiting or self.vanished or self.returned)


@dataclass(frozen=True)
class Discovery:
    """What there is. changed: repository -> text that names its present state, for those that raw has not read so.

    renamed: (old key, new key) of repositories whose first commit gave them a lasting key.
    """

    inventory: Inventory
    repositories: list[str]
    changed: dict[str, str]
    renamed: list[tuple[str, str]]
    parsed_logs: int


def discover(settings: Settings, now_ms: int, progress: Progress | None = None, jobs: int = 1) -> Discovery:
    """Look around, parse what changed, and remember it. jobs: processes that may take part."""
    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or _rebuilt(settings)
        before = stock.encoded(inventory)
        _refresh_parsers(inventory)
        survey = surveyed(settings, inventory)
        places = Places(inventory.checkouts, now_ms)
        for folder in settings.named_repositories:
            places.folder(str(folder))
        _take(settings, inventory, survey, places, now_ms, jobs, progress)
        signatures = checkout_signatures(inventory.checkouts)
        renamed = _settle_keys(settings, inventory, signatures, now_ms)
        for common_dir, signature in signatures.items():
            checkout = inventory.checkouts[common_dir]
            gone = signature == MISSING
            checkout.missing_ms = (checkout.missing_ms or now_ms) if gone else None
        inventory.named = sorted({places.folder(str(folder)) for folder in settings.named_repositories})
        if stock.encoded(inventory) != before:
            stock.save(settings, inventory)
    repositories = inventory.repositories()
    return Discovery(inventory, repositories, changed(inventory, signatures), renamed, len(survey.waiting))


def surveyed(settings: Settings, inventory: Inventory) -> Survey:
    """Compare the logs on disk with the inventory; stat calls only."""
    waiting, seen, returned = [], {}, []
    touched = inventory.repositories_of_logs()
    for provider in PROVIDERS.values():
        for path in provider.discover(settings.home, settings.env):
            mark = stock.fingerprint(str(path))
            if mark is None:
                continue
            log_path = settings.portable(str(path))
            seen[log_path] = mark
            log = inventory.logs.get(log_path)
            if log is not None and log.missing_ms is not None:
                returned.append(log_path)
            if log is None or _must_parse(settings, inventory, log, mark, touched[log_path]):
                size = int(mark.partition(":")[0])
                waiting.append(Waiting(log_path, path, provider.NAME, mark, size))
    vanished = [
        name
        for name, log in inventory.logs.items()
        if name not in seen and log.missing_ms is None and stock.fingerprint(log.path) is None
    ]
    return Survey(tuple(waiting), seen, tuple(vanished), tuple(returned))


def _must_parse(settings: Settings, inventory: Inventory, log: Log, mark: str, touched: list[str]) -> bool:
    if log.fingerprint != mark or log.parser != inventory.parsers.get(log.provider):
        return True
    present = f"{log.fingerprint} {log.parser}"
    if any(not log.read.get(key, "").startswith(present) for key in touched) and not parsed.is_kept(settings, log.kept):
        return True
    return any(git.find(Path(folder)) is not None for folder in log.unplaced)


def _take(
    settings: Settings,
    inventory: Inventory,
    survey: Survey,
    places: Places,
    now_ms: int,
    jobs: int,
    progress: Progress | None,
) -> None:
    for name in survey.vanished:
        inventory.logs[name].missing_ms = now_ms
    for name in survey.returned:
        inventory.logs[name].missing_ms = None
    total = sum(waiting.size for waiting in survey.waiting)
    done = 0
    with parsed.Keeper(settings, now_ms) as keeper:
        for waiting, content in parsed_logs(survey.waiting, jobs):
            log = parsed.place(
                content,
                places,
                settings.portable,
                log_path=waiting.log_path,
                fingerprint=waiting.fingerprint,
                parser=inventory.parsers[waiting.provider],
            )
            old = inventory.logs.get(waiting.log_path)
            inventory.logs[waiting.log_path] = _entry(old, log, str(waiting.path), keeper.keep(log))
            done += waiting.size
            if progress:
                progress(done, total)


def parsed_logs(waiting: Sequence[Waiting], jobs: int) -> Iterator[tuple[Waiting, ParsedLog]]:
    """Each log with what it holds. With much to read a second process takes part, if there may be one."""
    if jobs < 2 or sum(each.size for each in waiting) < SHARED_BYTES:
        for each in waiting:
            yield each, PROVIDERS[each.provider].parse(each.path)
        return
    largest_first = sorted(waiting, key=lambda each: (-each.size, each.log_path))
    own, others = largest_first[::2], largest_first[1::2]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as helper:
        shares = [helper.submit(encoded_logs, others[start : start + SHARE]) for start in range(0, len(others), SHARE)]
        for each in own:
            yield each, PROVIDERS[each.provider].parse(each.path)
        for start, share in zip(range(0, len(others), SHARE), shares, strict=True):
            contents = msgspec.msgpack.decode(share.result(), type=list[ParsedLog])
            yield from zip(others[start : start + SHARE], contents, strict=True)


def encoded_logs(waiting: Sequence[Waiting]) -> bytes:
    """What some logs hold, as bytes that go from process to process."""
    return msgspec.msgpack.encode([PROVIDERS[each.provider].parse(each.path) for each in waiting])


def _entry(old: Log | None, log: parsed.PlacedLog, path: str, kept: parsed.Kept) -> Log:
    sessions: dict[str, set[str]] = {}
    for part in log.parts:
        sessions.setdefault(part.part.session_id, set()).update(part.repositories)
    touched = {session_id: sorted(keys) for session_id, keys in sessions.items()}
    read = old.read if old else {}
    return Log(
        provider=log.provider,
        path=path,
        fingerprint=log.fingerprint,
        parser=log.parser,
        sessions=touched,
        agents={part.part.agent_id: part.part.session_id for part in log.parts if part.part.agent_id},
        # a log that lies elsewhere now has to be read again where it lay before
        read=read if old and old.sessions == touched else dict.fromkeys(read, ""),
        unplaced=parsed.unplaced_folders(log),
        error_count=len(log.errors),
        kept=kept,
    )


def _refresh_parsers(inventory: Inventory) -> None:
    """Parser fingerprints need the modules' syntax trees; they are computed again only when a program file changed."""
    present = code_signature()
    if inventory.code != present:
        inventory.parsers = {
            name: code.parser_fingerprint(f"{paceflow_assets.__name__}.source.{name}", PLACING) for name in PROVIDERS
        }
        inventory.code = present


def code_signature() -> str:
    """Changes with any file of the program."""
    package = Path(paceflow_assets.__file__).parent
    folders = [package, package.parent / "sql"]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sql", ".toml"))
    return hashlib.sha256(files_signature(files).encode()).hexdigest()[:32]


def checkout_signatures(checkouts: Iterable[str]) -> dict[str, str]:
    """Common directory -> signature of its refs now, or `missing`."""
    return {
        common_dir: git.signature(Path(common_dir)) if (Path(common_dir) / "HEAD").exists() else MISSING
        for common_dir in checkouts
    }


def changed(inventory: Inventory, signatures: dict[str, str]) -> dict[str, str]:
    """Repositories whose raw tables do not hold what is there now -> a text that names that state."""
    states: dict[str, list[str]] = {key: [] for key in inventory.repositories()}
    unread: set[str] = set()
    for log_path, keys in inventory.repositories_of_logs().items():
        log = inventory.logs[log_path]
        for key in keys:
            states[key].append(f"{log_path} {log.state}")
            if log.read.get(key) != log.state:
                unread.add(key)
    for common_dir, signature in signatures.items():
        checkout = inventory.checkouts[common_dir]
        if checkout.key in states:
            states[checkout.key].append(f"{common_dir} {signature}")
            if checkout.read != signature:
                unread.add(checkout.key)
    return {key: hashlib.sha256("\n".join(sorted(states[key])).encode()).hexdigest()[:16] for key in sorted(unread)}


def _settle_keys(settings: Settings, inventory: Inventory, signatures: dict[str, str], now_ms: int) -> list[tuple[str, str]]:
    """Give a lasting key to checkouts that had neither commit nor origin when they were first seen."""
    renamed = []
    for common_dir, checkout in inventory.checkouts.items():
        if not checkout.provisional or signatures[common_dir] in (MISSING, checkout.read):
            continue
        found = Places({}, now_ms).identified(common_dir)
        if found.provisional:
            continue
        others = {name: other for name, other in inventory.checkouts.items() if name != common_dir}
        new = Places(others, now_ms).known_key(found) or new_key(found, common_dir)
        if new == checkout.key or _tables_renamed(settings, checkout.key, new):
            renamed.append((checkout.key, new))
            checkout.origin, checkout.origin_keys = found.origin, found.origin_keys
            checkout.root_commits, checkout.provisional = found.root_commits, False
            rename(inventory, checkout.key, new)
    return renamed


def _tables_renamed(settings: Settings, old: str, new: str) -> bool:
    """Whether the stored tables bear the new key now. A repository that is being computed is left for the next look."""
    from paceflow_assets.runtime.merging import merge_tables  # polars is only needed here

    try:
        merge_tables(settings, old, new, wait_seconds=0)
    except Locked:
        return False
    return True


def rename(inventory: Inventory, old: str, new: str) -> None:
    """Speak of a repository by its new key from now on; what waits for raw is parsed again under that key."""
    for log in inventory.logs.values():
        if any(old in keys for keys in log.sessions.values()) or old in log.read:
            log.kept = None
            log.sessions = {
                session: sorted({new if key == old else key for key in keys}) for session, keys in log.sessions.items()
            }
            log.read = {key: state for key, state in log.read.items() if key not in (old, new)}
    for checkout in inventory.checkouts.values():
        if checkout.key == old:
            checkout.key = new
            checkout.read = ""


def merge(settings: Settings, old: str, new: str) -> None:
    """Unite what is stored under two keys: `old` goes, `new` stays."""
    from paceflow_assets.runtime.merging import merge_tables

    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or _rebuilt(settings)
        for key in (old, new):
            if key not in inventory.repositories():
                raise RepositoryError(
                    f"{key}: no such repository; nothing was merged; known are: {', '.join(inventory.repositories())}"
                )
        merge_tables(settings, old, new, wait_seconds=WAIT_SECONDS)
        rename(inventory, old, new)
        stock.save(settings, inventory)


def _rebuilt(settings: Settings) -> Inventory:
    """The inventory as raw tells it; empty for a new warehouse."""
    if not settings.warehouse.is_dir():
        return Inventory()
    from paceflow_assets.runtime.look import remembered  # polars is only needed when the inventory was lost

    return remembered(settings)
