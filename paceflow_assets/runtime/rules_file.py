"""The user's rules.toml: what is written into it for them.

What lives here: setting values in its text, comments and order kept. What stays out: reading it (rules).
"""

import tomllib
from collections.abc import Sequence

import tomlkit

from paceflow_assets.runtime.errors import RulesError
from paceflow_assets.runtime.rules import DEFAULT, PRESET, Rules


def whole_text(rules: Rules) -> str:
    """Every value of the rules, as a text that gives the same rules under any defaults."""
    return tomlkit.dumps({section: _plain(values) for section, values in rules.values.items()})


def assignments(texts: Sequence[str]) -> str:
    """`rule.parameter=value` of a command line as TOML, a line each; a value that is no TOML is a text."""
    lines = []
    for text in texts:
        name, sign, value = (piece.strip() for piece in text.partition("="))
        if not sign or name.count(".") != 1 or not value:
            raise RulesError(f"--set {text}: is not rule.parameter=value; nothing ran; for example --set churn.window_days=30")
        try:
            tomllib.loads(f"value = {value}")
        except tomllib.TOMLDecodeError:
            value = tomlkit.item(value).as_string()
        lines.append(f"{name} = {value}")
    return "\n".join(lines)


def edited(text: str, preset: str | None, assigned: str) -> str:
    """The text with these values set. A preset takes the place of everything that was there. assigned: see `assignments`."""
    document = tomlkit.parse(text) if preset is None else tomlkit.document()
    if preset is not None and preset != DEFAULT:
        document[PRESET] = preset
    for section, values in tomllib.loads(assigned).items():
        if section not in document:
            document[section] = tomlkit.table()
        for name, value in values.items():
            document[section][name] = value
    return tomlkit.dumps(document)


def _plain(values: dict) -> dict:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
