"""Benchmark: what one changed rule costs in a home with 300 repositories, every table materialized.

    uv run python benchmarks/rebuild.py               # twenty minutes, most of them for building and ingesting the home
    uv run python benchmarks/rebuild.py --folder DIR  # keep the home, and use it if it is there

Measured are the plan (`paceflow ingest --plan`), a tick of the automation over all assets and partitions, the rebuild by
`paceflow ingest`, and `paceflow rules diff`; beside them, as floors, one read of every table file's footer and `git log -p`.
Results belong into README.md beside.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from ingest import Workload, begin, generated, show

WORKLOAD = ["--repos", "300", "--commits", "20", "--sessions", "4", "--size-mb", "120", "--seed", "7"]
FOOTERS = """
import time
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse
warehouse = Warehouse(settings())
names = list(tables())
started = time.perf_counter()
print(sum(len(warehouse.repositories(name)) for name in names), time.perf_counter() - started)
"""
TICK = """
import json, time, warnings
warnings.simplefilter("ignore")
import dagster as dg
from paceflow_assets.definitions import defs
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.table import tables
with dg.DagsterInstance.get() as instance:
    cursor = None
    for name in ("first", "nothing changed"):
        started = time.perf_counter()
        result = dg.evaluate_automation_conditions(defs, instance, cursor=cursor)
        cursor = result.cursor
        print(json.dumps([name, time.perf_counter() - started, result.total_requested]))
    settings().rules_file.write_text("[churn]\\nwindow_days = 30\\n")
    from paceflow_assets.definitions import definitions
    changed = definitions(settings())
    started = time.perf_counter()
    result = dg.evaluate_automation_conditions(changed, instance, cursor=cursor)
    print(json.dumps(["a rule changed", time.perf_counter() - started, result.total_requested]))
"""


def main() -> None:
    """Build the home if it is not there, measure and print."""
    asked = argparse.ArgumentParser(description="What one changed rule costs with 300 repositories.")
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--folder", type=Path, help="keep the home here, and use it if it is there")
    options = asked.parse_args()
    begin("one round")
    with tempfile.TemporaryDirectory() as temporary:
        home = generated((options.folder or Path(temporary)) / "threehundred", WORKLOAD)
        measure(Workload(home, options.jobs))


def measure(workload: Workload) -> None:
    """All figures."""
    rules = workload.home / ".paceflow" / "rules.toml"
    rules.unlink(missing_ok=True)
    workload.env["DAGSTER_HOME"] = str(workload.home / ".paceflow" / "dagster")
    show("git log -p (a floor)", workload.floor())
    show("paceflow ingest: brought up to date", workload.ingest())
    count, seconds = workload.python(FOOTERS).output.split()
    print(f"{'reading ' + count + ' footers (a floor)':<44}{float(seconds):8.2f} s")
    for line in workload.python(TICK).output.splitlines():
        name, seconds, requested = json.loads(line)
        print(f"{'automation tick: ' + name:<44}{seconds:8.2f} s  {requested} partitions asked for")
    steps = [json.loads(line) for line in workload.paceflow("ingest", "--plan", "--json").output.splitlines()]
    planned = sum(step["reason"] is not None for step in steps)
    show(f"paceflow ingest --plan: {planned} of {len(steps)}", workload.paceflow("ingest", "--plan"))
    before = time.time()
    rebuilt = workload.ingest()
    files = [path for path in (rules.parent / "warehouse").glob("*/[!_]*.parquet") if path.stat().st_mtime >= before]
    show(f"paceflow ingest: {len(files)} partitions rebuilt", rebuilt)
    print(f"{'  a partition':<44}{rebuilt.wall / len(files):8.3f} s")
    show("paceflow ingest: nothing changed", workload.ingest())
    show("paceflow rules diff --set churn.window_days=14", workload.paceflow("rules", "diff", "--set", "churn.window_days=14"))


if __name__ == "__main__":
    main()
