"""Workers: the processes that compute for one ingest, and what they say.

What lives here: starting and ending them, handing out repositories, passing on results, and what a death costs.
What belongs here: processes and pipes. What stays out: what a worker does (worker), and what becomes of results (reporting).

Each worker has a pipe of its own and nothing is shared, so that one that is killed takes nothing with it but the repository it
was at. A thread listens to all of them, because Dagster keeps this process busy between two results.
"""

import multiprocessing
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Self, TypeVar

from paceflow_assets.runtime import start
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.partitions import ALL
from paceflow_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from paceflow_assets.runtime.worker import Built, Outcome

Taken = TypeVar("Taken")
REPOSITORIES_PER_WORKER = 4  # fewer are not worth the start of another process
DIED = "the computing process died; its tables stay as they were; ingest again"


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait while a process is started, which never hears of it: it is this process that ends a worker."""
    resource_tracker.ensure_running()  # else the first process starts it, which lets Ctrl-C through
    waiting: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: waiting.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is started inherits it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if waiting:
        raise KeyboardInterrupt


class Hand:
    """One worker process, our end of its pipe, and the repository it is at."""

    def __init__(self, settings: Settings) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, theirs = spawn.Pipe()
        self.at: str | None = None
        self.process: BaseProcess = spawn.Process(target=start.work, args=(settings, theirs), daemon=True)
        with uninterrupted():
            self.process.start()
        theirs.close()  # so that its death is the end of the pipe

    def give(self, repository: str) -> None:
        """Let it compute a repository. One that is dead is heard of by the listener."""
        self.at = repository
        with suppress(OSError):
            self.pipe.send(repository)


class Workers:
    """The worker processes of one ingest. The first starts at once: it gets ready while this process looks around."""

    def __init__(self, settings: Settings, jobs: int) -> None:
        self.settings = settings
        self.jobs = jobs
        self.processes: list[BaseProcess] = []
        self.hands: dict[Connection, Hand] = {}  # those that live
        self.waiting: deque[str] = deque()
        self.left: set[str] = set()
        self.news: queue.SimpleQueue[Built | Outcome | BaseException] = queue.SimpleQueue()
        self.lock = threading.Lock()  # who is at what
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self._hire()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join()

    def _hire(self) -> None:
        hand = Hand(self.settings)
        self.processes.append(hand.process)
        with self.lock:
            self.hands[hand.pipe] = hand

    def begin(self, repositories: Sequence[str], busy: int) -> None:
        """Let the workers compute the repositories, in this order. busy: how many of them will take time."""
        self._ask(repositories)  # the first gets to work while the others start
        self.listener.start()
        # this process tells Dagster meanwhile, which takes half as long as computing: it is not one of them
        while len(self.processes) < min(self.jobs, -(-busy // REPOSITORIES_PER_WORKER)):
            self._hire()
            self._hand_out()

    def _ask(self, repositories: Sequence[str]) -> None:
        self.left = set(repositories)
        with self.lock:
            self.waiting.extend(repositories)
        self._hand_out()

    def _hand_out(self) -> None:
        with self.lock:
            for hand in self.hands.values():
                if hand.at is None and self.waiting:
                    hand.give(self.waiting.popleft())

    def taken(self, take: "Callable[[Iterator[Built | Outcome]], Taken]") -> Taken:
        """What `take` makes of the results, in a thread, so that Ctrl-C ends it between two of them, not inside a library."""
        with ThreadPoolExecutor(1) as thread:
            try:
                return thread.submit(take, self.results()).result()
            except KeyboardInterrupt:
                self.news.put(KeyboardInterrupt())
                raise

    def results(self) -> "Iterator[Built | Outcome]":
        """Tables as they are built and repositories as they are done; the global views, under `ALL`, come last."""
        yield from self._until_done()
        self._ask([ALL])
        self._give_up_if_alone()
        yield from self._until_done()

    def _until_done(self) -> "Iterator[Built | Outcome]":
        from paceflow_assets.runtime.worker import Outcome

        while self.left:
            result = self.news.get()
            if isinstance(result, BaseException):
                raise result
            if isinstance(result, Outcome):
                self.left.discard(result.repository)
            yield result

    def _listen(self) -> None:
        """Pass on what workers say, and give each its next repository as soon as it is done."""
        while self.hands:
            for pipe in wait(list(self.hands), timeout=1):  # a worker that was hired since is heard a second later at most
                try:
                    self._heard(self.hands[pipe], pipe.recv())
                except (EOFError, OSError):
                    self._mourn(self.hands[pipe])

    def _heard(self, hand: Hand, said: "Built | Outcome | PaceflowError") -> None:
        from paceflow_assets.runtime.worker import Outcome

        self.news.put(said)
        if isinstance(said, Outcome):
            with self.lock:
                hand.at = None
            self._hand_out()

    def _mourn(self, hand: Hand) -> None:
        from paceflow_assets.runtime.worker import Outcome

        with self.lock:
            lost, hand.at = hand.at, None
            del self.hands[hand.pipe]
        if lost is not None:
            self.news.put(Outcome(lost, failures=[f"{lost}: {DIED}"]))
        self._give_up_if_alone()

    def _give_up_if_alone(self) -> None:
        """Nobody is left who could compute what waits."""
        from paceflow_assets.runtime.worker import Outcome

        with self.lock:
            lost = [] if self.hands else list(self.waiting)
            if lost:
                self.waiting.clear()
        for repository in lost:
            self.news.put(Outcome(repository, failures=[f"{repository}: {DIED}"]))
