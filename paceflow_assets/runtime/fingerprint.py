"""Fingerprints: a table's code version, computed, never typed.

A version reads `event_commit_churn=d08a752e churn=4a15b81d`: the table's own module, then every rule, source and shared module
that it imports, directly or through others, with the effective parameters of the rules it uses. Comments, docstrings and
formatting take no part; runtime/ is left out on purpose.
"""

import ast
import dataclasses
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

PACKAGE = "paceflow_assets"
COUNTED = ("rule", "source", "records", "lines", "matching")


@cache
def origin(module: str) -> Path | None:
    """File of a module of ours."""
    spec = importlib.util.find_spec(module)
    return Path(spec.origin) if spec and spec.origin else None


@cache
def tree(module: str) -> ast.Module:
    """Syntax tree of a module without docstrings."""
    path = origin(module)
    parsed = ast.parse(path.read_bytes() if path else b"")
    for node in ast.walk(parsed):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                del body[0]
    return parsed


@cache
def module_hash(module: str) -> str:
    """8 hex of the module's code."""
    return hashlib.sha256(ast.dump(tree(module)).encode()).hexdigest()[:8]


@cache
def imported(module: str) -> frozenset[str]:
    """Counted modules of ours that a module imports itself."""
    names: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in names if is_counted(name) and origin_exists(name))


def is_counted(module: str) -> bool:
    """Whether a module's code is part of versions."""
    pieces = module.split(".")
    return pieces[0] == PACKAGE and len(pieces) > 1 and pieces[1] in COUNTED


@cache
def origin_exists(module: str) -> bool:
    """Whether the name is a module (and not something inside one)."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ModuleNotFoundError, AttributeError):
        return False


def reached(module: str) -> list[str]:
    """Counted modules that a module imports, directly or through other counted modules; sorted."""
    seen: set[str] = set()
    pending = list(imported(module))
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending.extend(imported(name))
    return sorted(seen)


def parameters_hash(rule: object) -> str:
    """8 hex of a rule's effective parameters."""
    values = json.dumps(dataclasses.asdict(rule), sort_keys=True, default=str)  # type: ignore[call-overload]
    return hashlib.sha256(values.encode()).hexdigest()[:8]


def code_version(module: str, rules: Mapping[str, object], also: Iterable[str] = ()) -> str:
    """Version of a table built by `module` with these effective rules (parameter name -> dataclass)."""
    values = {type(rule).__module__: parameters_hash(rule) for rule in rules.values()}
    parts = [f"{module.rpartition('.')[2]}={module_hash(module)}"]
    names = sorted({*reached(module), *(name for start in also for name in (start, *reached(start)))})
    for name in names:
        if name == f"{PACKAGE}.rule":
            continue
        combined = module_hash(name) + values.get(name, "")
        short = hashlib.sha256(combined.encode()).hexdigest()[:8] if name in values else module_hash(name)
        parts.append(f"{name.rpartition('.')[2]}={short}")
    return " ".join(parts)


def parser_fingerprint(module: str) -> str:
    """Version of a parser: its module and all it imports of ours."""
    text = " ".join(f"{name}={module_hash(name)}" for name in (module, *reached(module)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def text_hash(text: str) -> str:
    """8 hex of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
