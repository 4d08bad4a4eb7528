"""Rule set of the warehouse: one at a time, and known.

What lives here: remembering which rules and which program the tables are computed with, what differs, and who may change that.
What stays out: reading rules (rules) and rebuilding (compute: a table's version holds the parameters that it uses).

Rules come from the home (rules.toml, or the defaults) or from PACEFLOW_RULES. A process that takes them from the same place, in
the same program folder, follows what stands there now. Any other would undo what the first has built, so it computes nothing
until somebody asks: `paceflow ingest` asks for its own rules.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import paceflow_assets
from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import Rules, of_values, shown
from paceflow_assets.runtime.settings import Settings, write_private

Values = Mapping[str, Mapping[str, Any]]
PACKAGE = Path(paceflow_assets.__file__).parent


class Record(msgspec.Struct, frozen=True):
    """What a warehouse is computed with.

    choice: PACEFLOW_RULES, '' = the home's own rules. program: folder of the program. code: hash of its files' text.
    values: of every parameter of every rule.
    """

    choice: str
    program: str
    code: str
    values: dict[str, dict[str, Any]]


class Change(NamedTuple):
    """One parameter with two values."""

    section: str
    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.section}.{self.name} {shown(self.before)} → {shown(self.after)}"


@cache
def code() -> str:
    """Hash of the text of every file that decides what tables hold: all but the runtime."""
    found = hashlib.sha256()
    for folder in (PACKAGE, PACKAGE.parent / "sql"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".sql", ".toml") and path.relative_to(folder).parts[0] != "runtime":
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def own(settings: Settings, rules: Rules) -> Record:
    """What this process computes with."""
    return Record(settings.rules_choice, settings.portable(str(PACKAGE)), code(), _plain(rules))


def recorded(settings: Settings) -> Record | None:
    """What the warehouse is computed with; None for a new one."""
    try:
        return msgspec.json.decode((settings.state / "rules.json").read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return None


def rules_of(settings: Settings) -> Rules | None:
    """The rules that the warehouse is computed with, as rules; None for a new one."""
    found = recorded(settings)
    return None if found is None else of_values(told_choice(found.choice), found.values)


def changes(settings: Settings, rules: Rules) -> list[Change]:
    """What differs from the rules that the warehouse is computed with."""
    found = recorded(settings)
    return [] if found is None else differences(found.values, _plain(rules))


def adopt(settings: Settings, rules: Rules) -> list[Change]:
    """Compute with these rules and this program from now on; what differs from the rules before."""
    return _replaced(settings, recorded(settings), own(settings, rules))


def follow(settings: Settings, rules: Rules) -> list[Change]:
    """Compute with these rules, unless somebody chose others: then `RulesError`. What differs from the rules before."""
    found, ours = recorded(settings), own(settings, rules)
    told = _refused(found, ours)
    if told:
        raise RulesError(told)
    return _replaced(settings, found, ours)


def refusal(settings: Settings, rules: Rules) -> str:
    """Why a process that nobody asked may not compute with these rules; '' if it may."""
    return _refused(recorded(settings), own(settings, rules))


def _refused(found: Record | None, ours: Record) -> str:
    if found is None:
        return ""
    differing = differences(found.values, ours.values)
    if differing and found.choice != ours.choice:
        told = f"with {told_choice(found.choice)}, this process has {told_choice(ours.choice)} ({brief(differing)})"
    elif found.code != ours.code and found.program != ours.program:
        told = f"by the program in {found.program}, this one is another, in {ours.program}"
    else:
        return ""
    chosen = f"PACEFLOW_RULES={ours.choice} " if ours.choice else ""
    return f"the tables are computed {told}; nothing was computed; to change over: {chosen}paceflow ingest"


def _replaced(settings: Settings, found: Record | None, ours: Record) -> list[Change]:
    if ours != found:
        write_private(settings.state / "rules.json", msgspec.json.encode(ours))
    return [] if found is None else differences(found.values, ours.values)


def still(settings: Settings, rules: Rules) -> None:
    """Go on only while the warehouse is computed with these rules. A repository's lock must be held."""
    found, ours = recorded(settings), own(settings, rules)
    if found is not None and (found.values != ours.values or found.code != ours.code):
        raise RulesError("another process changed the rules or the program meanwhile; what was left stays; ingest again")


def told_choice(choice: str) -> str:
    """A choice as people read it."""
    return f"PACEFLOW_RULES={choice}" if choice else "the home's own rules"


def brief(changes: Sequence[Change]) -> str:
    """The first few changes in a line."""
    told = ", ".join(map(str, changes[:3]))
    return told if len(changes) <= 3 else f"{told} and {len(changes) - 3} more"


def differences(before: Values, present: Values) -> list[Change]:
    """Parameters whose value changed. One that is new has no value before."""
    return [
        Change(section, name, before[section][name], value)
        for section, values in present.items()
        for name, value in values.items()
        if section in before and name in before[section] and before[section][name] != value
    ]


def _plain(rules: Rules) -> dict[str, dict[str, Any]]:
    """The values as they are read from the file: lists for tuples."""
    return msgspec.json.decode(msgspec.json.encode(rules.values))
