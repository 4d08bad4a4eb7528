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
import re
from collections.abc import Iterable
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


def code_version(name: str, own: str, modules: Iterable[str], rules: Iterable[object]) -> str:
    """Version of a table: `name=own`, then every counted module that `modules` are or reach, with the rules' parameters."""
    values = {type(rule).__module__: parameters_hash(rule) for rule in rules}
    counted = {module for module in modules if is_counted(module)} | {module for start in modules for module in reached(start)}
    parts = [f"{name}={own}"]
    for module in sorted(counted - {f"{PACKAGE}.rule", f"{PACKAGE}.source"}):
        code = module_hash(module)
        mixed = text_hash(code + values[module]) if module in values else code
        parts.append(f"{module.rpartition('.')[2]}={mixed}")
    return " ".join(parts)


def sql_hash(sql: str, macros: str) -> str:
    """8 hex of a view's text and of the macros that it calls, comments left out."""
    plain = "\n".join(line for line in sql.split("\n") if not line.startswith("--"))
    called = [
        macro for macro in re.split(r"(?=create or replace macro )", macros) if _name(macro) and f"{_name(macro)}(" in plain
    ]
    return text_hash("\n".join([plain, *called]))


def _name(macro: str) -> str:
    found = re.match(r"create or replace macro (\w+)", macro)
    return found[1] if found else ""


def parser_fingerprint(*modules: str) -> str:
    """Version of a parser: its modules and all they import of ours."""
    names = sorted({*modules, *(name for module in modules for name in reached(module))})
    return hashlib.sha256(" ".join(f"{name}={module_hash(name)}" for name in names).encode()).hexdigest()[:16]


def text_hash(text: str) -> str:
    """8 hex of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
