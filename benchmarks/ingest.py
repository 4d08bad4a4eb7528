"""Benchmark: whole `paceflow ingest` processes against `git log -p` on the same repositories in the same call.

    uv run python benchmarks/ingest.py               # one repository, and 60 small ones
    uv run python benchmarks/ingest.py ten           # ten times the input: minutes to build, then minutes

What lives here: building workloads, running commands, printing figures. Results belong into README.md beside.

Each figure is the median of some rounds; each round runs the floor beside the command, so that a machine whose speed drifts
shows in the ratio. Peak is the largest single process; `together` samples the proportional memory of all of them (Linux) in
a run of its own, because sampling takes time.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
GENERATOR = PROJECT / "paceflow_assets_tests" / "workload" / "gen_workload.py"
WORKLOADS = {
    "one": ["--repos", "1", "--commits", "3000", "--sessions", "500", "--size-mb", "200", "--seed", "7"],
    "sixty": ["--repos", "60", "--commits", "30", "--sessions", "6", "--size-mb", "60", "--seed", "5"],
    "ten": ["--repos", "1", "--commits", "30000", "--sessions", "5000", "--size-mb", "2000", "--seed", "7", "--detail", "0"],
}
INSIDE = """
import time
started = time.perf_counter()
from paceflow_assets.cli import main
main(["ingest"])
print(time.perf_counter() - started)
"""


@dataclass
class Run:
    """One finished process: wall and processor seconds, peak MB of the largest process and of all together."""

    wall: float
    cpu: float
    peak: float
    together: float
    output: str


class Workload:
    """A home with repositories and logs, and its own PACEFLOW_HOME."""

    def __init__(self, home: Path, jobs: int) -> None:
        self.home = home
        self.jobs = jobs
        self.repositories = sorted((home / "work").iterdir())
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "VIRTUAL_ENV")}
        self.env = {**kept, "HOME": str(home), "PYTHONPATH": str(PROJECT), "COLUMNS": "100"}
        self.changes = 0

    def reset(self) -> None:
        """Forget every ingest."""
        shutil.rmtree(self.home / ".paceflow", ignore_errors=True)

    def floor(self) -> Run:
        """`git log -p` of every repository to nowhere."""
        commands = " && ".join(f"git -C '{folder}' log -p --all" for folder in self.repositories)
        return run(["sh", "-c", f"({commands}) > /dev/null"], self.env)

    def bytes_floor(self) -> Run:
        """Reading the bytes of every log."""
        return run(
            ["sh", "-c", f"find '{self.home}/.claude' '{self.home}/.codex' -type f -exec cat {{}} + > /dev/null"], self.env
        )

    def paceflow(self, *arguments: str, watched: bool = False) -> Run:
        """A whole command."""
        return run([sys.executable, "-m", "paceflow_assets.cli", *arguments], self.env, watched=watched)

    def python(self, code: str, *, watched: bool = False) -> Run:
        """A process of this home that runs some code."""
        return run([sys.executable, "-c", code], self.env, watched=watched)

    def ingest(self, *, watched: bool = False) -> Run:
        """A whole `paceflow ingest`."""
        return self.paceflow("ingest", "--jobs", str(self.jobs), watched=watched)

    def inside(self, *, watched: bool = False) -> Run:
        """An ingest that measures itself: the process's own start is not in it."""
        found = self.python(INSIDE, watched=watched)
        found.wall = float(found.output.split()[-1])
        return found

    def change(self) -> None:
        """One new session, and one commit of what it wrote, in the first repository."""
        self.changes += 1
        folder, name, session = self.repositories[0], f"new_{self.changes}.py", str(uuid.uuid4())
        content = f"first line of {session}\nsecond line of {session}\n"
        git = ["git", "-C", str(folder), "-c", "user.name=b", "-c", "user.email=b@example.test"]
        subprocess.run([*git, "checkout", "-q", "-f", "main"], check=True)
        (folder / name).write_text(content)
        log = next((self.home / ".claude" / "projects").iterdir()) / f"{session}.jsonl"
        log.write_text("".join(json.dumps(record) + "\n" for record in session_records(session, folder / name, content)))
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", f"Add {name}"], check=True)


def session_records(session: str, path: Path, content: str) -> list[dict]:
    """A Claude session that writes one file."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    envelope = {"sessionId": session, "cwd": str(path.parent), "timestamp": now, "gitBranch": "main", "version": "2.1.40"}
    asked = {
        "type": "tool_use",
        "id": f"toolu_{session}",
        "name": "Write",
        "input": {"file_path": str(path), "content": content},
    }
    usage = {"input_tokens": 1, "output_tokens": 1}
    answer = {"id": f"msg_{session}", "role": "assistant", "model": "claude-opus-4-6", "content": [asked], "usage": usage}
    told = {"type": "tool_result", "tool_use_id": f"toolu_{session}", "content": "ok"}
    result = {"type": "create", "filePath": str(path), "content": content, "structuredPatch": [], "originalFile": None}
    records = [
        {"type": "user", "message": {"role": "user", "content": "please add a file"}},
        {"type": "assistant", "message": answer, "requestId": f"req_{session}"},
        {"type": "user", "message": {"role": "user", "content": [told]}, "toolUseResult": result},
    ]
    return [{**record, **envelope, "uuid": f"{session}-{number}"} for number, record in enumerate(records)]


def run(command: list[str], env: dict[str, str], *, watched: bool = False) -> Run:
    """Run a command to its end; it must succeed. watched: sample its memory meanwhile."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=env, stdout=output, stderr=subprocess.STDOUT, cwd=PROJECT, start_new_session=True
        )
        highest = [0.0]
        watching = threading.Thread(target=watch, args=(process, highest))
        if watched:
            watching.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if watched:
            watching.join()
        output.seek(0)
        told = output.read().decode()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{told}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, highest[0], told)


def watch(process: subprocess.Popen, highest: list[float]) -> None:
    """Keep the highest sum of proportional memory of the process and its descendants, five times a second."""
    while process.returncode is None and Path("/proc/self/smaps_rollup").exists():
        highest[0] = max(highest[0], sum(map(proportional_mb, group(process.pid))))
        time.sleep(0.2)


def group(pid: int) -> list[str]:
    """Processes of the session that a process leads."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                behind_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if behind_name[3] == str(pid):
                found.append(entry.name)
    return found


def proportional_mb(pid: str) -> float:
    """Memory of a process, shared pages divided among those that share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def rounds(
    count: int, prepare: Callable[[], None], measured: Callable[..., Run], floor: Callable[[], Run]
) -> tuple[Run, float]:
    """Medians of a command, and of its ratio to the floor that ran just before it; then once more for its memory."""
    runs, ratios = [], []
    for _ in range(count):
        prepare()
        below = floor()
        runs.append(measured())
        ratios.append(runs[-1].wall / below.wall)
    prepare()
    together = measured(watched=True).together
    wall, cpu, peak = (statistics.median(getattr(each, name) for each in runs) for name in ("wall", "cpu", "peak"))
    middle = Run(wall, cpu, peak, together, "")
    return middle, statistics.median(ratios)


def show(name: str, found: Run, ratio: float | None = None) -> None:
    """One line of figures."""
    beside = "" if ratio is None else f"{ratio:5.1f} ×"
    together = f"{found.together:8.0f} MB" if found.together else ""
    print(f"{name:<44}{found.wall:8.2f} s{found.cpu:8.2f} s{beside:>9}{found.peak:8.0f} MB{together}", flush=True)


def begin(told: str) -> None:
    """Compile the program, and print on what is measured."""
    if sys.flags.dont_write_bytecode or os.environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.exit("PYTHONDONTWRITEBYTECODE is set: start-up would be measured without compiled bytecode; unset it")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(PROJECT / "paceflow_assets")], check=True)
    machine = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}, {machine}, {told}")


def generated(home: Path, arguments: list[str]) -> Path:
    """The home, built if it is not there."""
    if not home.exists():
        command = [sys.executable, str(GENERATOR), "--home", str(home), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return home


def measure(name: str, workload: Workload, count: int) -> None:
    """All figures of one workload."""
    print(f"\n{name:<44}{'wall':>10}{'cpu':>10}{'floor':>9}{'peak':>11}{'together':>11}")
    show("git log -p (the floor)", workload.floor())
    show("reading the logs' bytes", workload.bytes_floor())
    show("ingest, fresh", *rounds(count, workload.reset, workload.ingest, workload.floor))
    show("ingest, one new session and one commit", *rounds(count, workload.change, workload.ingest, workload.floor))
    workload.ingest()
    show("ingest, nothing changed", *rounds(count, lambda: None, workload.ingest, workload.floor))
    show("  inside the process", *rounds(count, lambda: None, workload.inside, workload.floor))


def main() -> None:
    """Build the workloads that are asked for, measure and print."""
    asked = argparse.ArgumentParser(description="Time and memory of paceflow ingest against git log -p.")
    asked.add_argument("workloads", nargs="*", choices=[*WORKLOADS, []], help="default: one sixty")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--folder", type=Path, help="keep the workloads here, and use those that are there")
    options = asked.parse_args()
    begin(f"{options.rounds} rounds")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for name in options.workloads or ["one", "sixty"]:
            home = generated(folder / name, WORKLOADS[name])
            measure(f"{name} {' '.join(WORKLOADS[name])}"[:43], Workload(home, options.jobs), options.rounds)


if __name__ == "__main__":
    main()
