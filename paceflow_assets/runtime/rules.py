"""Rules in force: the defaults of the rule files, changed by a preset or by the user's rules.toml.

PACEFLOW_RULES names a preset (`paceflow-0.2.1`) or a file; `[churn]` then `window_days = 30` sets one parameter. Whatever is
not understood stops before anything runs: with a wrong rule every number would be wrong silently.
"""

import dataclasses
import difflib
import hashlib
import importlib
import json
import math
import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import paceflow_assets.rule
from paceflow_assets.runtime.errors import RulesError


@dataclass(frozen=True)
class Rules:
    """The effective rules: section name -> dataclass with effective values. source: preset, file or 'default'."""

    source: str
    by_section: Mapping[str, Any]

    def of(self, rule: type) -> Any:
        """Effective parameters of one rule."""
        return self.by_section[section_of(rule)]

    @cached_property
    def fingerprint(self) -> str:
        """16 hex of all effective values."""
        values = {name: dataclasses.asdict(rule) for name, rule in self.by_section.items()}
        return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def section_of(rule: type) -> str:
    """TOML section of a rule: its file's name."""
    return rule.__module__.rpartition(".")[2]


@cache
def rule_types() -> dict[str, type]:
    """Every rule that has parameters: section -> dataclass."""
    found: dict[str, type] = {}
    for module_info in pkgutil.iter_modules(paceflow_assets.rule.__path__):
        module = importlib.import_module(f"paceflow_assets.rule.{module_info.name}")
        for value in vars(module).values():
            is_own = isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
            if is_own and any("meaning" in field.metadata for field in dataclasses.fields(value)):
                found[module_info.name] = value
    return found


def presets() -> list[str]:
    """Names of the presets."""
    folder = resources.files("paceflow_assets.rule") / "preset"
    return sorted(
        ["default", *(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))]
    )


def rules(source: str = "") -> Rules:
    """Effective rules of a preset name, a path, or '' for the defaults."""
    text, place = _text_of(source)
    try:
        chosen = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{place}: {error}; no rule was changed and nothing ran; mend the file") from error
    known = rule_types()
    effective = {name: rule() for name, rule in known.items()}
    for section, values in chosen.items():
        if section not in known:
            raise RulesError(f"{place}:{_line(text, section)}: unknown rule [{section}]{_nearest(section, known)}; nothing ran")
        if not isinstance(values, dict):
            raise RulesError(f"{place}:{_line(text, section)}: {section} must be a section [{section}]; nothing ran")
        effective[section] = _with_values(known[section], section, values, text, place)
    return Rules(source or "default", effective)


def _text_of(source: str) -> tuple[str, str]:
    if source in ("", "default"):
        return "", "default"
    if "/" not in source and not source.endswith(".toml"):
        if source not in presets():
            raise RulesError(f"PACEFLOW_RULES={source}: no such preset{_nearest(source, presets())}; nothing ran")
        return (resources.files("paceflow_assets.rule") / "preset" / f"{source}.toml").read_text("utf-8"), source
    try:
        return Path(source).read_text("utf-8"), source
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{source}: cannot be read ({error}); nothing ran; unset PACEFLOW_RULES or mend the file") from error


def _with_values(rule: type, section: str, values: Mapping[str, Any], text: str, place: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(rule)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        where = f"{place}:{_line(text, name, section)}: [{section}] {name}"
        if name not in fields:
            raise RulesError(f"{where}: unknown parameter{_nearest(name, fields)}; nothing ran")
        problem = _problem(fields[name], value)
        if problem:
            raise RulesError(f"{where}: {problem}; nothing ran")
        default = fields[name].default
        checked[name] = tuple(value) if isinstance(default, tuple) else type(default)(value)
    return rule(**checked)


def _problem(field: dataclasses.Field, value: Any) -> str:
    """Why the value cannot be taken; '' if it can."""
    default, note = field.default, field.metadata
    if isinstance(default, bool) != isinstance(value, bool):
        return f"must be {'true or false' if isinstance(default, bool) else 'a ' + type(default).__name__}, not {value!r}"
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return f"must be a list of texts, not {value!r}"
        unknown = [item for item in value if note.get("choices") and item not in note["choices"]]
        return f"must name only {', '.join(note['choices'])}, not {', '.join(unknown)}" if unknown else ""
    allowed = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, allowed):
        return f"must be a {type(default).__name__}, not {value!r}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number, not {value}"
    low, high = note.get("low"), note.get("high")
    if (low is not None and value < low) or (high is not None and value > high):
        return f"must be from {low} to {high} {note.get('unit', '')}".rstrip() + f", not {value}"
    if note.get("choices") and value not in note["choices"]:
        return f"must be one of {', '.join(note['choices'])}, not {value!r}"
    return ""


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f" (did you mean {close[0]}?)" if close else ""


def _line(text: str, name: str, section: str | None = None) -> int:
    """1-based line where a section, or a key behind its section, stands; 1 if it is written in an unusual way."""
    inside = section is None
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if section is not None and stripped.startswith(f"[{section}]"):
            inside = True
        elif inside and stripped.lstrip("[").startswith(name):
            return number
    return 1
