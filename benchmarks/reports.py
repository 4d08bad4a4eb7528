"""Benchmark: what a report in the terminal costs, of one repository and of 300.

    uv run python benchmarks/reports.py               # half an hour, nearly all of it for building and ingesting the homes
    uv run python benchmarks/reports.py --folder DIR  # keep the homes, and use them if they are there

Measured are whole processes; beside them, as a floor, a process that loads DuckDB and rich and does nothing with them. Results
belong into README.md beside.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from ingest import WORKLOADS, Run, Workload, begin, generated, show
from rebuild import WORKLOAD

HOMES = {"one": WORKLOADS["one"], "threehundred": WORKLOAD}
REPORTS = (
    ("session",),
    ("session", "--group-by", "task"),
    ("delivery",),
    ("quality",),
    ("quality", "--weekly"),
    ("tasks",),
    ("stats",),
    ("stats", "--json"),
    ("session", "--list-sessions"),
    ("report",),
)
FLOOR = "import duckdb, rich.console, rich.table"


def main() -> None:
    """Build the homes if they are not there, measure and print."""
    asked = argparse.ArgumentParser(description="What a report costs.")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--folder", type=Path, help="keep the homes here, and use those that are there")
    options = asked.parse_args()
    begin(f"{options.rounds} rounds")
    with tempfile.TemporaryDirectory() as temporary:
        for name, arguments in HOMES.items():
            home = generated((options.folder or Path(temporary)) / name, arguments)
            measure(name, Workload(home, options.jobs), options.rounds)


def measure(name: str, workload: Workload, rounds: int) -> None:
    """All figures of one home."""
    workload.ingest()
    print(f"\n{name:<44}{'wall':>10}{'cpu':>10}{'':>9}{'peak':>11}")
    show("loading DuckDB and rich (a floor)", median([workload.python(FLOOR) for _ in range(rounds)]))
    for report in REPORTS:
        runs = [workload.paceflow(*report, "--all-projects") for _ in range(rounds)]
        show(f"paceflow {' '.join(report)}", median(runs))


def median(runs: list[Run]) -> Run:
    """Medians of some runs."""
    wall, cpu, peak = (statistics.median(getattr(each, name) for each in runs) for name in ("wall", "cpu", "peak"))
    return Run(wall, cpu, peak, 0.0, "")


if __name__ == "__main__":
    main()
