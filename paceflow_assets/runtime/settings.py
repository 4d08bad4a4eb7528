"""Settings: where things are. The only reader of the environment and of the home directory.

PACEFLOW_HOME (default ~/.paceflow) holds everything that paceflow writes. PACEFLOW_RULES names a preset or a rules.toml;
else $PACEFLOW_HOME/rules.toml if it exists, else the defaults. DAGSTER_HOME defaults to $PACEFLOW_HOME/dagster.
$PACEFLOW_HOME/settings.toml may name repositories that no session touches yet: `repositories = ["~/src/app"]`.
"""

import hashlib
import os
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from paceflow_assets.runtime.errors import SettingsError

AGENT_VARIABLES = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


@dataclass(frozen=True)
class Settings:
    """Paths of one user's paceflow. env: the variables that the agents' modules read.

    rules_choice: what PACEFLOW_RULES names, a preset or a file; '' = the home's own rules.
    """

    home: Path
    paceflow_home: Path
    rules_choice: str
    dagster_home: Path
    dagster_home_is_set: bool
    timezone: str = "UTC"
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        """Folder of the tables, one Parquet file per table and repository."""
        return self.paceflow_home / "warehouse"

    @property
    def rules_file(self) -> Path:
        """The user's rules.toml; it need not exist."""
        return self.paceflow_home / "rules.toml"

    @property
    def rules_source(self) -> str:
        """Preset or file that the rules come from now; '' = the defaults."""
        return self.rules_choice or (str(self.rules_file) if os.path.isfile(self.rules_file) else "")

    @property
    def state(self) -> Path:
        """Folder of what can be rebuilt: the inventory and logs that were parsed but not stored yet."""
        return self.paceflow_home / "state"

    @property
    def locks(self) -> Path:
        """Folder of the lock files."""
        return self.paceflow_home / "locks"

    @property
    def forgotten(self) -> Path:
        """File of the tombstones: what must not come back."""
        return self.paceflow_home / "forgotten.json"

    @property
    def catalog(self) -> Path:
        """The DuckDB file for people: every table and view by name."""
        return self.paceflow_home / "paceflow.duckdb"

    @property
    def config(self) -> Path:
        """The user's settings.toml."""
        return self.paceflow_home / "settings.toml"

    @cached_property
    def named_repositories(self) -> tuple[Path, ...]:
        """Repositories that settings.toml names."""
        if not os.path.isfile(self.config):
            return ()
        import tomllib  # few have such a file

        try:
            found = tomllib.loads(self.config.read_text("utf-8")).get("repositories", [])
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{self.config}: {error}; nothing ran; mend or remove the file") from error
        if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
            raise SettingsError(f"{self.config}: repositories must be a list of folders; nothing ran; mend the file")
        folders = tuple(self.expanded(entry) for entry in found)
        relative = [str(folder) for folder in folders if not folder.is_absolute()]
        if relative:
            raise SettingsError(
                f"{self.config}: repositories: {', '.join(relative)} says not where it starts; nothing ran; "
                "write a path that begins with / or ~/"
            )
        return folders

    def expanded(self, path: str) -> Path:
        """~ replaced by the home."""
        return self.home / path[2:] if path == "~" or path.startswith("~/") else Path(path)

    def portable(self, path: str) -> str:
        """~/… for a path under the home; else … + 8 hex of its folder + its name, so that no absolute path is stored."""
        return printable(self._portable(path))

    def _portable(self, path: str) -> str:
        is_windows = path[1:3] in (":/", ":\\")
        if not path.startswith("/") and not is_windows:
            return path
        home = str(self.home).rstrip("/")
        if is_windows:
            path, home = path.replace("\\", "/"), home.replace("\\", "/")
        if path == home:
            return "~"
        if path.startswith(home + "/"):
            return "~" + path[len(home) :]
        folder, _, name = path.rstrip("/").rpartition("/")
        return f"…{hashlib.sha256(folder.encode(errors='surrogateescape')).hexdigest()[:8]}/{name}"


def settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process, or of `env`."""
    env = os.environ if env is None else env
    home = Path(env.get("HOME") or Path.home())
    paceflow_home = Path(env.get("PACEFLOW_HOME") or home / ".paceflow").absolute()
    rules = env.get("PACEFLOW_RULES") or ""
    return Settings(
        home=home,
        paceflow_home=paceflow_home,
        rules_choice="" if rules == str(paceflow_home / "rules.toml") else rules,
        dagster_home=Path(env.get("DAGSTER_HOME") or paceflow_home / "dagster"),
        dagster_home_is_set=bool(env.get("DAGSTER_HOME")),
        timezone=_timezone(env),
        env={name: env[name] for name in AGENT_VARIABLES if env.get(name)},
    )


def _timezone(env: Mapping[str, str]) -> str:
    """Name of the machine's zone, as TZ or /etc/localtime tells it; UTC if neither does."""
    name = env.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        return zoneinfo.ZoneInfo(name).key or "UTC"
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # looking through all names takes a quarter of a quick ingest
        return "UTC"


def printable(path: str) -> str:
    r"""A path of this system as text: bytes that are no UTF-8 stand as `\xNN`."""
    return path if path.isprintable() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@lru_cache(maxsize=4096)
def file_stem(repository: str) -> str:
    """Readable, unique file name of a repository, safe on case-insensitive disks."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", repository.lower()).strip("-._")[:80] or "repository"
    return f"{slug}-{hashlib.sha256(repository.encode()).hexdigest()[:16]}"


def make_private(folder: Path) -> Path:
    """The folder with mode 0700; made if it is not there, and so is every folder above it."""
    try:
        if not folder.is_dir():
            if not folder.parent.is_dir():
                make_private(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600: beside, then moved in, so that a reader sees the old one or the new one."""
    make_private(path.parent)
    try:
        replace_file(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def replace_file(path: Path, content: bytes) -> None:
    """The same anywhere, in a folder that is there. Raises `OSError`; what was there stays then."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> SettingsError:
    """What to tell of a place below PACEFLOW_HOME that cannot be written."""
    return SettingsError(
        f"{path}: cannot be written ({error.strerror or error}); what was there stays; "
        "make room, mend its rights, or point PACEFLOW_HOME elsewhere"
    )
