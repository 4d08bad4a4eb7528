"""Settings: where things are. The only reader of the environment and of the home directory.

PACEFLOW_HOME (default ~/.paceflow) holds everything paceflow writes. PACEFLOW_RULES names a preset or a rules.toml;
else $PACEFLOW_HOME/rules.toml if it exists, else the defaults. DAGSTER_HOME defaults to $PACEFLOW_HOME/dagster.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

AGENT_VARIABLES = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


@dataclass(frozen=True)
class Settings:
    """Paths of one user's paceflow. env: the variables that the providers read."""

    home: Path
    paceflow_home: Path
    rules_source: str
    dagster_home: Path
    dagster_home_is_set: bool
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        """Folder of the tables, one Parquet file per table and repository."""
        return self.paceflow_home / "warehouse"

    @property
    def state(self) -> Path:
        """Folder of what can be rebuilt: the inventory."""
        return self.paceflow_home / "state"

    @property
    def locks(self) -> Path:
        """Folder of the lock files."""
        return self.paceflow_home / "locks"

    @property
    def catalog(self) -> Path:
        """The DuckDB file for people: every table and view by name."""
        return self.paceflow_home / "paceflow.duckdb"

    def portable(self, path: str) -> str:
        """~/… for a path under the home; else '…' + 8 hex of the folder + its name, so that no absolute path is stored."""
        if not path.startswith("/") and path[1:3] not in (":/", ":\\"):
            return path
        home = str(self.home).rstrip("/") + "/"
        if path.startswith(home):
            return "~/" + path[len(home) :]
        if path + "/" == home:
            return "~"
        folder, _, name = path.rstrip("/").rpartition("/")
        return f"…{hashlib.sha256(folder.encode(errors='surrogateescape')).hexdigest()[:8]}/{name}"


def settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process (or of `env`)."""
    env = os.environ if env is None else env
    home = Path(env.get("HOME") or Path.home())
    paceflow_home = Path(env.get("PACEFLOW_HOME") or home / ".paceflow").absolute()
    rules = env.get("PACEFLOW_RULES") or ""
    if not rules and (paceflow_home / "rules.toml").is_file():
        rules = str(paceflow_home / "rules.toml")
    return Settings(
        home=home,
        paceflow_home=paceflow_home,
        rules_source=rules,
        dagster_home=Path(env.get("DAGSTER_HOME") or paceflow_home / "dagster"),
        dagster_home_is_set=bool(env.get("DAGSTER_HOME")),
        env={name: env[name] for name in AGENT_VARIABLES if env.get(name)},
    )


def make_private(folder: Path) -> Path:
    """The folder, made with mode 0700 if it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder
