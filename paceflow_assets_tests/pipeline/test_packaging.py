"""What is delivered: the wheel works in an empty environment, and the README's commands do what it says."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import duckdb
import pytest
from commands import PROJECT, environment, run, worked

UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
needs_uv = pytest.mark.skipif(not Path(UV).exists(), reason="builds with uv")


@needs_uv
def test_the_wheel_ingests_in_an_empty_environment(home, tmp_path):
    """Built, installed beside its dependencies alone, and run far from the checkout: SQL and the page are in it."""
    worked(home)
    subprocess.run([UV, "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(PROJECT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])], check=True)
    offline = {**os.environ, "VIRTUAL_ENV": str(python.parents[1])}
    subprocess.run([UV, "pip", "install", "--quiet", str(wheel)], check=True, env=offline)

    done = run(home, [str(python.with_name("paceflow")), "ingest"], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "2 / 2" in done.stdout
    paged = run(home, [str(python.with_name("paceflow")), "report", "--out", "page.html"], cwd=tmp_path)
    assert paged.returncode == 0, paged.stderr
    assert "<svg" in (tmp_path / "page.html").read_text("utf-8")
    assert not (tmp_path / "sql").exists()


def readme() -> str:
    """The README's text."""
    return (PROJECT / "README.md").read_text()


def commands() -> list[str]:
    """Every command of the README's shell blocks, as a checkout's own environment has it, comments left out."""
    blocks = re.findall(r"^```sh\n(.*?)^```", readme(), re.DOTALL | re.MULTILINE)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_readme_names_no_command_that_is_not_run():
    """The commands below are all that the README asks for."""
    assert commands() == [
        "pip install uv",
        "uv run paceflow ingest",
        "uv run paceflow stats",
        "uv run paceflow session --weekly",
        "uv run paceflow delivery",
        "uv run paceflow quality --from 2026-01-01 --group-by repository",
        "uv run paceflow tasks",
        "uv run paceflow sql \"select * from quality_report(group_by := ['model', 'repository'])\"",
        "uv run paceflow report",
        "uv run paceflow init",
        "uv run dagster dev -w workspace.yaml",
        "export DAGSTER_HOME=~/.paceflow/dagster",
        "uv run dagster asset materialize -m paceflow_assets.definitions --select 'event_session_quality+'"
        " --partition github.com/you/app",
        "uv run paceflow rules show",
        "uv run paceflow rules explain churn",
        "uv run paceflow rules diff --set churn.window_days=30",
        "uv run paceflow ingest --plan",
        "uv run paceflow explain commit f94261c",
        "uv run paceflow explain session 0d3f6b1e",
        "uv run pytest",
        "uv run ruff format --check . && uv run ruff check . && uv run sqlfluff lint sql",
    ]


def test_commands_in_the_order_of_the_readme(home, tmp_path):
    """Ingest, query, init, the UI, and Dagster's own terminal, in a copy of the checkout and a new home."""
    repository = worked(home)
    repository.origin("git@github.com:you/app.git")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(PROJECT / "workspace.yaml", checkout)
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def sh(command: str) -> subprocess.CompletedProcess:
        return run(home, ["sh", "-c", command.removeprefix("uv run ")], cwd=checkout, PATH=tools)

    first, *others = [command for command in commands() if "paceflow" in command]
    start = others.index("uv run paceflow init")
    reports, rest = others[:start], others[start:]
    ingested = sh(first)
    reported = [sh(command) for command in reports]
    with duckdb.connect(home.path / ".paceflow" / "paceflow.duckdb", read_only=True) as connection:
        tasks = connection.execute(re.search(r"`(select \* from \w+)`", readme())[1]).fetchall()
    prepared = sh(rest[0])
    served = serve(home, checkout, tools)
    materialized = sh(f"{rest[1]}; {rest[2].removeprefix('uv run ')}")
    stored = {"f94261c": repository.head, "0d3f6b1e": "s1"}
    asked = [sh(re.sub("|".join(stored), lambda found: stored[found[0]], command)) for command in rest[3:]]

    assert [done.stderr for done in (*reported, *asked) if done.returncode] == []
    assert len(reported) == 7
    assert ingested.returncode == prepared.returncode == materialized.returncode == 0, materialized.stderr
    assert "github.com/you/app" in ingested.stdout
    assert len(tasks) == 1
    assert "PACEFLOW_HOME=" in (checkout / ".env").read_text()
    assert served == {"127.0.0.1"}


def serve(home, checkout: Path, tools: str) -> set[str]:
    """Start `dagster dev` as the README says, on a free port; the addresses it listens on once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen(
        ["dagster", "dev", "-w", "workspace.yaml", "--port", str(port)],
        env=environment(home, {"PATH": tools}),
        cwd=checkout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/server_info")
        return {address for address in local_addresses() if answers(address, port)}
    finally:
        os.killpg(started.pid, signal.SIGINT)
        started.wait(timeout=60)


def wait_for(address: str, seconds: float = 120) -> None:
    """Wait until a page can be fetched."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"{address} does not answer")


def local_addresses() -> set[str]:
    """Addresses under which this machine can be reached."""
    try:
        others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except OSError:
        others = set()
    return {"127.0.0.1", *others}


def answers(address: str, port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as asking:
        asking.settimeout(2)
        return asking.connect_ex((address, port)) == 0
