"""Discovery: find logs and checkouts, parse what changed, and say which repositories have to be looked at again.

What lives here: one `discover`, which serves every entrance (terminal, sensor, schedule, a single asset).
What belongs here: comparing what is there with what raw has *read*, never with what is merely known.
What stays out: storing what was found (raw, through `look`), and Dagster (nightly).

The inventory is held by a lock of its own while it is looked through and changed.
"""

import contextlib
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
from paceflow_assets.runtime.forgotten import Tombstone, bury, forgotten
from paceflow_assets.runtime.inventory import MISSING, Inventory, Log, checkout_signatures, files_signature
from paceflow_assets.runtime.locks import held
from paceflow_assets.runtime.partitions import NO_REPOSITORY, Places, new_key, on_disk, storable
from paceflow_assets.runtime.settings import Settings, make_private
from paceflow_assets.source import PROVIDERS, cursor_scores, git

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

    renamed: (old key, new key) of repositories whose first commit gave them a lasting key. warnings: what was passed over.
    """

    inventory: Inventory
    repositories: list[str]
    changed: dict[str, str]
    renamed: list[tuple[str, str]]
    parsed_logs: int
    warnings: tuple[str, ...] = ()


def discover(settings: Settings, now_ms: int, progress: Progress | None = None, jobs: int = 1) -> Discovery:
    """Look around, parse what changed, and remember it. jobs: processes that may take part."""
    make_private(settings.paceflow_home)
    gone = forgotten(settings).repositories
    with held(settings.locks, "discovery", "the inventory"):
        inventory = stock.load(settings) or _rebuilt(settings)
        before = stock.encoded(inventory)
        _refresh_parsers(inventory)
        _finish_merges(settings, inventory)
        renamed = _settle_keys(settings, inventory, now_ms)
        places = Places(inventory.checkouts, now_ms, inventory.adopted)
        named = {folder: places.folder(str(folder)) for folder in settings.named_repositories}
        survey = surveyed(settings, inventory)
        parsed_count = _take(settings, inventory, survey, places, now_ms, jobs, progress)
        signatures = checkout_signatures(inventory.checkouts)
        for common_dir, signature in signatures.items():
            checkout = inventory.checkouts[common_dir]
            checkout.missing_ms = (checkout.missing_ms or now_ms) if signature == MISSING else None
        _take_scores(settings, inventory)
        inventory.named = sorted({*named.values()} - gone - {NO_REPOSITORY})
        unread = changed(inventory, signatures)
        inventory.waiting_ms = {key: inventory.waiting_ms.get(key, now_ms) for key in unread}
        if stock.encoded(inventory) != before:
            stock.save(settings, inventory)
        stock.remember_look(settings, now_ms)
    repositories = inventory.repositories()
    warnings = tuple(
        f"{settings.config}: repositories: {folder} lies in no git repository; it is passed over; mend the path or remove it"
        for folder, key in named.items()
        if key == NO_REPOSITORY
    )
    return Discovery(inventory, repositories, unread, renamed, parsed_count, warnings)


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
                waiting.append(_waiting(log_path, path, provider.NAME, mark))
    vanished = [
        name
        for name, log in inventory.logs.items()
        if name not in seen and log.missing_ms is None and stock.fingerprint(on_disk(log.path)) is None
    ]
    return Survey(tuple(waiting), seen, tuple(vanished), tuple(returned))


def _waiting(log_path: str, path: Path, provider: str, mark: str) -> Waiting:
    return Waiting(log_path, path, provider, mark, int(mark.partition(":")[0]))


def _must_parse(settings: Settings, inventory: Inventory, log: Log, mark: str, touched: list[str]) -> bool:
    if log.fingerprint != mark or log.parser != inventory.parsers.get(log.provider) or log.missing_ms is not None:
        return True
    if not all(map(log.is_content_read, touched)) and not parsed.is_kept(settings, log.kept):
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
) -> int:
    """Take in what the survey shows; the number of logs that were parsed."""
    for name in survey.vanished:
        inventory.logs[name].missing_ms = now_ms
    for name in survey.returned:
        inventory.logs[name].missing_ms = None
    owners, adopted = inventory.sessions_of_threads(), set(inventory.adopted)
    gone = forgotten(settings).repositories
    buried: set[str] = set()  # sessions at home in a forgotten repository: their other logs would not show that
    total = sum(waiting.size for waiting in survey.waiting)
    done = count = 0
    with parsed.Keeper(settings, now_ms) as keeper:

        def take(waiting: Waiting, content: ParsedLog) -> None:
            log = parsed.place(
                content,
                places,
                settings.portable,
                log_path=waiting.log_path,
                fingerprint=waiting.fingerprint,
                parser=inventory.parsers[waiting.provider],
            )
            old = inventory.logs.get(waiting.log_path)
            inventory.logs[waiting.log_path] = _entry(old, log, storable(str(waiting.path)), keeper.keep(log), gone)
            buried.update(part.part.session_id for part in log.parts if not part.part.agent_id and part.cwd_repository in gone)

        for waiting, content in parsed_logs(survey.waiting, jobs):
            take(waiting, content)
            done += waiting.size
            count += 1
            if progress:
                progress(done, total)
        early = _judged_too_early(inventory, survey, owners, inventory.adopted.keys() - adopted) if count else []
        for waiting in early:
            take(waiting, PROVIDERS[waiting.provider].parse(waiting.path))
    if count:
        bury(settings, [Tombstone("session", session_id, now_ms) for session_id in sorted(buried)])
        _let_go_of_unwanted(settings, inventory)
    return count + len(early)


def scores_changed(settings: Settings, inventory: Inventory) -> bool:
    """Whether Cursor's scores are not what they were when they were last taken in. Cursor writes other things beside them."""
    files = scores_files(settings)
    if not files or files == inventory.scores.files:
        return bool(inventory.scores.error)
    try:
        return scores_signature(cursor_scores.scores(cursor_scores.database(settings.home))) != inventory.scores.rows
    except cursor_scores.ScoresError as error:
        return str(error) != inventory.scores.error


def scores_files(settings: Settings) -> str:
    """Signature of the files of Cursor's database; '' = there is none."""
    path = cursor_scores.database(settings.home)
    return files_signature(cursor_scores.files(path)) if path.is_file() else ""


def scores_signature(scores: Iterable[cursor_scores.Score]) -> str:
    """Changes with any of the scores; '' of none."""
    rows = [msgspec.to_builtins(score) for score in scores]
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()[:16] if rows else ""


def _take_scores(settings: Settings, inventory: Inventory) -> None:
    """See which checkouts have commits that Cursor scored, after its scores changed or a checkout came up.

    A database that is gone says nothing of what it held. One that cannot be read is tried again at the next look.
    """
    taken, files = inventory.scores, scores_files(settings)
    unasked = [name for name, found in inventory.checkouts.items() if name not in taken.here and found.missing_ms is None]
    if not files:
        taken.error = ""
        return
    if files == taken.files and not unasked:
        return
    try:
        scores = cursor_scores.scores(cursor_scores.database(settings.home))
    except cursor_scores.ScoresError as error:
        taken.error, taken.files = str(error), ""
        return
    rows = scores_signature(scores)
    taken.error, taken.files = "", files
    if rows != taken.rows:
        taken.rows, taken.here = rows, {}
        unasked = [name for name, found in inventory.checkouts.items() if found.missing_ms is None]
    names = {score.commit_sha for score in scores}
    for common_dir in unasked:
        with contextlib.suppress(git.GitError):  # told by raw_parse_error, and asked again once git can read it
            known = git.known_commits(Path(on_disk(common_dir)), names) if names else set()
            taken.here[common_dir] = scores_signature(score for score in scores if score.commit_sha in known)


def _let_go_of_unwanted(settings: Settings, inventory: Inventory) -> None:
    """A parsed log that no repository will ask for does not wait: it holds nothing, or only what the user had forgotten."""
    touched = inventory.repositories_of_logs()
    for name, log in inventory.logs.items():
        if not touched[name]:
            log.kept = None
    parsed.clean(settings, [log.kept for log in inventory.logs.values()])


def _judged_too_early(
    inventory: Inventory, survey: Survey, before: dict[tuple[str, str], str], adopted: Iterable[str]
) -> list[Waiting]:
    """Logs that a later log showed to be another session's, or to lie in a repository, so that their order is no matter.

    before: sub-agent threads and their sessions as they were known. adopted: folders whose repository is known since then.
    """
    after = inventory.sessions_of_threads()
    new = {waiting.log_path for waiting in survey.waiting}
    tops = tuple(f"{top}/" for top in adopted)
    found = []
    for name, log in inventory.logs.items():
        threads = [(log.provider, thread) for thread in log.sessions]
        is_others = name not in new and any(before.get(key, key[1]) != after.get(key, key[1]) for key in threads)
        if not is_others and not any(f"{folder}/".startswith(tops) for folder in log.unplaced):
            continue
        log.read = dict.fromkeys(log.read, "")
        if name in survey.seen:
            found.append(_waiting(name, Path(on_disk(log.path)), log.provider, survey.seen[name]))
    return found


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


def _entry(old: Log | None, log: parsed.PlacedLog, path: str, kept: parsed.Kept, gone: Iterable[str]) -> Log:
    """A log as it was parsed just now. gone: repositories that the user had forgotten."""
    sessions: dict[str, set[str]] = {}
    for part in log.parts:
        sessions.setdefault(part.part.session_id, set()).update(part.repositories)
    if old is not None:
        # what raw may hold stays there, so its repositories learn of every later reading
        for session_id, keys in old.sessions.items():
            sessions.setdefault(session_id, set()).update(keys)
    return Log(
        provider=log.provider,
        path=path,
        fingerprint=log.fingerprint,
        parser=log.parser,
        sessions={session_id: sorted(keys.difference(gone)) for session_id, keys in sessions.items()},
        agents={part.part.agent_id: part.part.session_id for part in log.parts if part.part.agent_id},
        read=dict.fromkeys(old.read, "") if old else {},
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


def changed(inventory: Inventory, signatures: dict[str, str]) -> dict[str, str]:
    """Repositories whose raw tables do not hold what is there now -> a text that names that state."""
    states: dict[str, list[str]] = {key: [] for key in stock.unread_parts(inventory, signatures)}
    for log_path, keys in inventory.repositories_of_logs().items():
        for key in states.keys() & keys:
            states[key].append(f"{log_path} {inventory.logs[log_path].state}")
    for common_dir, signature in signatures.items():
        key = inventory.checkouts[common_dir].key
        if key in states:
            states[key].append(f"{common_dir} {signature} {inventory.scores.here.get(common_dir, '')}")
    if NO_REPOSITORY in states:
        states[NO_REPOSITORY].append(inventory.scores.error)
    return {key: hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:16] for key, told in sorted(states.items())}


def _settle_keys(settings: Settings, inventory: Inventory, now_ms: int) -> list[tuple[str, str]]:
    """Give a lasting key to checkouts that had neither commit nor origin when they were first seen.

    Before any log is read, because what is read waits for raw under the key of its repository.
    """
    provisional = {name: checkout for name, checkout in inventory.checkouts.items() if checkout.provisional}
    renamed = []
    for common_dir, signature in checkout_signatures(provisional).items():
        checkout = provisional[common_dir]
        if signature in (MISSING, checkout.read):
            continue
        found = Places({}, now_ms).identified(common_dir)
        if found.provisional:
            continue
        others = {name: other for name, other in inventory.checkouts.items() if name != common_dir}
        old, new = checkout.key, Places(others, now_ms).known_key(found) or new_key(found, common_dir)
        if new == old or _tables_renamed(settings, old, new):
            renamed.append((old, new))
            checkout.origin, checkout.origin_keys = found.origin, found.origin_keys
            checkout.root_commits, checkout.provisional = found.root_commits, False
            rename(inventory, old, new)
            if old in forgotten(settings).repositories:
                bury(settings, [Tombstone("repository", new, now_ms)])
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
    """Speak of a repository by its new key from now on, as its raw tables do; what waits for raw is parsed again.

    A log that both keys have read in different states counts as unread.
    """
    for log in inventory.logs.values():
        if any(old in keys for keys in log.sessions.values()) or old in log.read:
            log.kept = None
            log.sessions = {
                session: sorted({new if key == old else key for key in keys}) for session, keys in log.sessions.items()
            }
            states = {state for key, state in log.read.items() if key in (old, new)}
            log.read = {key: state for key, state in log.read.items() if key not in (old, new)}
            if states:
                log.read[new] = states.pop() if len(states) == 1 else ""
    inventory.adopted = {folder: new if key == old else key for folder, key in inventory.adopted.items()}
    for checkout in inventory.checkouts.values():
        if checkout.key == old:
            checkout.key = new
            checkout.read = ""


def merge(settings: Settings, old: str, new: str) -> None:
    """Unite what is stored under two keys: `old` goes, `new` stays. Waits for whoever computes one of the repositories."""
    from paceflow_assets.runtime.warehouse import Warehouse

    warehouse = Warehouse(settings)
    with contextlib.ExitStack() as locks:
        # in this order, as workers do: the repositories, then the inventory
        for key in sorted({old, new, *warehouse.repositories("raw_session")}):
            locks.enter_context(warehouse.lock(key))
        locks.enter_context(held(settings.locks, "discovery", "the inventory"))
        inventory = stock.load(settings) or _rebuilt(settings)
        known = inventory.repositories()
        for key in (old, new):
            if key not in known:
                raise RepositoryError(f"{key}: no such repository; nothing was merged; known are: {', '.join(known) or 'none'}")
        if old == new:
            raise RepositoryError(f"{old}: is the same repository; nothing was merged; name two")
        inventory.merging.append((old, new))
        stock.save(settings, inventory)
        _finish_merges(settings, inventory)
        stock.save(settings, inventory)


def _finish_merges(settings: Settings, inventory: Inventory) -> None:
    """Do what a merge began; a process that died in one left tables under both keys."""
    while inventory.merging:
        from paceflow_assets.runtime.merging import merge_tables  # polars is only needed here

        old, new = inventory.merging[0]
        merge_tables(settings, old, new, wait_seconds=0)
        rename(inventory, old, new)
        inventory.merging.pop(0)


def _rebuilt(settings: Settings) -> Inventory:
    """The inventory as raw tells it; empty for a new warehouse."""
    if not settings.warehouse.is_dir():
        return Inventory()
    from paceflow_assets.runtime.look import remembered  # polars is only needed when the inventory was lost

    return remembered(settings)
