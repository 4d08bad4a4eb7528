"""Rules in force: the defaults of the rule files, changed by a preset or by the user's rules.toml.

PACEFLOW_RULES names a preset (`paceflow-0.2.1`) or a file; `[churn]` then `window_days = 30` sets one parameter, `preset = "…"`
above the first section says what the others are taken from. Whatever is not understood stops before anything runs: with a wrong
rule every number would be wrong silently.
"""

import dataclasses
import difflib
import hashlib
import importlib
import json
import math
import pkgutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import paceflow_assets.rule
from paceflow_assets.runtime.errors import RulesError

DEFAULT = "default"
PRESET = "preset"
TYPE_NAMES = {int: "whole number", float: "number", bool: "true or false", str: "text", tuple: "list of texts"}


@dataclass(frozen=True)
class Rules:
    """The effective rules: section name -> dataclass with effective values. source: preset, file or 'default'.

    origins: (section, parameter) -> where a stated value comes from: `preset paceflow-0.2.1`, `rules.toml:<line>`.
    """

    source: str
    by_section: Mapping[str, Any]
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, rule: type) -> Any:
        """Effective parameters of one rule."""
        return self.by_section[section_of(rule)]

    @property
    def values(self) -> dict[str, dict[str, Any]]:
        """Section -> parameter -> effective value."""
        return {name: dataclasses.asdict(rule) for name, rule in self.by_section.items()}

    @cached_property
    def fingerprint(self) -> str:
        """16 hex of all effective values."""
        return hashlib.sha256(json.dumps(self.values, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def with_text(self, text: str, place: str, told: str = "") -> "Rules":
        """These rules, changed by what a TOML text says. place: what an error names. told: origin, if not `place:line`."""
        return _Reading(self, text, place, told).changed()


def section_of(rule: type) -> str:
    """TOML section of a rule: its file's name."""
    return rule.__module__.rpartition(".")[2]


@cache
def rule_modules() -> dict[str, ModuleType]:
    """Every rule file: name -> module. Some have no parameters."""
    found = pkgutil.iter_modules(paceflow_assets.rule.__path__)
    return {entry.name: importlib.import_module(f"paceflow_assets.rule.{entry.name}") for entry in found}


@cache
def rule_types() -> dict[str, type]:
    """Every rule that has parameters: section -> dataclass."""
    found: dict[str, type] = {}
    for name, module in rule_modules().items():
        for value in vars(module).values():
            is_own = isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
            if is_own and any("meaning" in entry.metadata for entry in dataclasses.fields(value)):
                found[name] = value
    return found


def parameters(section: str) -> dict[str, dataclasses.Field]:
    """Parameters of a rule by name; none for a rule without."""
    rule = rule_types().get(section)
    return {entry.name: entry for entry in dataclasses.fields(rule)} if rule else {}


def allowed(entry: dataclasses.Field) -> str:
    """What a parameter may be, in words: `whole number from 1 to 3650`, `one of any, after`."""
    note, kind = entry.metadata, TYPE_NAMES[type(entry.default)]
    if note["choices"]:
        return f"{'any of' if isinstance(entry.default, tuple) else 'one of'} {', '.join(note['choices'])}"
    low, high = note["low"], note["high"]
    if low is not None and high is not None:
        return f"{kind} from {_plain(low)} to {_plain(high)}"
    return kind if low is None else f"{kind} from {_plain(low)}"


def presets() -> list[str]:
    """Names of the presets."""
    folder = resources.files("paceflow_assets.rule") / PRESET
    return sorted([DEFAULT, *(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))])


def preset_text(name: str) -> str:
    """Text of a preset; '' for the defaults."""
    return "" if name == DEFAULT else (resources.files("paceflow_assets.rule") / PRESET / f"{name}.toml").read_text("utf-8")


def rules(source: str = "") -> Rules:
    """Effective rules of a preset name, a path, or '' for the defaults."""
    defaults = Rules(source or DEFAULT, {name: rule() for name, rule in rule_types().items()})
    if source in ("", DEFAULT):
        return defaults
    if "/" not in source and not source.endswith(".toml"):
        if source not in presets():
            raise RulesError(f"PACEFLOW_RULES={source}: no such preset{nearest(source, presets())}; nothing ran")
        return defaults.with_text(preset_text(source), source, f"preset {source}")
    try:
        text = Path(source).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{source}: cannot be read ({error}); nothing ran; unset PACEFLOW_RULES or mend the file") from error
    return defaults.with_text(text, source)


def of_values(source: str, values: Mapping[str, Mapping[str, Any]]) -> Rules:
    """Rules with these values; what this program does not know is passed over, what is missing has its default."""
    by_section = {}
    for section, rule in rule_types().items():
        known, given = parameters(section), values.get(section, {})
        taken = {name: given[name] for name in known if name in given and not _problem(known[name], given[name])}
        by_section[section] = rule(**{name: _typed(known[name], value) for name, value in taken.items()})
    return Rules(source, by_section)


class _Reading:
    """One text that changes rules, and everything in it that is not understood."""

    def __init__(self, base: Rules, text: str, place: str, told: str) -> None:
        self.base = base
        self.text = text
        self.place = place
        self.told = told
        self.problems: list[str] = []

    def changed(self) -> Rules:
        try:
            chosen = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise RulesError(f"{self.place}: {error}; no rule was changed and nothing ran; mend the file") from error
        base = self._under(chosen.pop(PRESET, DEFAULT))
        by_section, origins = dict(base.by_section), dict(base.origins)
        for section, values in chosen.items():
            if section not in rule_types():
                self._refuse((section,), f"unknown rule [{section}]{nearest(section, rule_types())}")
            elif not isinstance(values, dict):
                self._refuse((section,), f"{section} must be a section [{section}]")
            else:
                taken = dict(self._taken(section, values))
                by_section[section] = dataclasses.replace(by_section[section], **taken)
                origins |= {(section, name): self.told or self._origin(section, name) for name in taken}
        if self.problems:
            raise RulesError("\n".join(f"{problem}; nothing ran" for problem in self.problems))
        return Rules(self.base.source, by_section, origins)

    def _under(self, preset: Any) -> Rules:
        """What the text changes: the base, or the preset that it names."""
        if preset == DEFAULT:
            return self.base
        if preset not in presets():
            self._refuse((PRESET,), f"no such preset {preset!r}{nearest(str(preset), presets())}")
            return self.base
        return self.base.with_text(preset_text(preset), preset, f"preset {preset}")

    def _taken(self, section: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        known = parameters(section)
        for name, value in values.items():
            problem = _problem(known[name], value) if name in known else f"unknown parameter{nearest(name, known)}"
            if problem:
                self._refuse((section, name), f"[{section}] {name}: {problem}")
            else:
                yield name, _typed(known[name], value)

    def _refuse(self, path: tuple[str, ...], problem: str) -> None:
        self.problems.append(f"{self.place}:{self._line(path)}: {problem}")

    def _origin(self, section: str, name: str) -> str:
        return f"{Path(self.place).name}:{self._line((section, name))}"

    def _line(self, path: Sequence[str]) -> int:
        """1-based line where a key stands: behind the last lines that can be read and do not hold it yet."""
        lines = self.text.split("\n")
        without = 0
        for count in range(1, len(lines) + 1):
            try:
                found: Any = tomllib.loads("\n".join(lines[:count]))
            except tomllib.TOMLDecodeError:  # in the middle of a value
                continue
            for name in path:
                found = found.get(name) if isinstance(found, dict) else None
            if found is not None:
                break
            without = count
        return without + 1


def _typed(entry: dataclasses.Field, value: Any) -> Any:
    return tuple(value) if isinstance(entry.default, tuple) else type(entry.default)(value)


def _problem(entry: dataclasses.Field, value: Any) -> str:
    """Why the value cannot be taken; '' if it can."""
    default, note = entry.default, entry.metadata
    if isinstance(default, bool) != isinstance(value, bool):
        return f"must be {'true or false' if isinstance(default, bool) else f'a {TYPE_NAMES[type(default)]}'}, not {value!r}"
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            return f"must be a list of texts, not {value!r}"
        unknown = [item for item in value if note.get("choices") and item not in note["choices"]]
        return f"must name only {', '.join(note['choices'])}, not {', '.join(unknown)}" if unknown else ""
    numbers = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, numbers):
        return f"must be a {TYPE_NAMES[type(default)]}, not {value!r}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number, not {value}"
    low, high = note.get("low"), note.get("high")
    if (low is not None and value < low) or (high is not None and value > high):
        return f"must be a {allowed(entry)}, not {_plain(value)}"
    if note.get("choices") and value not in note["choices"]:
        return f"must be one of {', '.join(note['choices'])}, not {value!r}"
    return ""


def shown(value: Any) -> str:
    """A parameter's value as people read it."""
    if isinstance(value, list | tuple):
        return ", ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def nearest(name: str, known: Any) -> str:
    """` (did you mean x?)`, or '' when nothing is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f" (did you mean {close[0]}?)" if close else ""
