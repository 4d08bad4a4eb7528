"""Fingerprints: a table's code version, computed, never typed.

What lives here: the hash of a module's code, which modules a module reaches, and what they make together.
What belongs here: code and parameters. What stays out: data versions (versions).

A version reads `event_commit_churn=d08a752e churn=4a15b81d`: the table's own module, then every rule, source and shared module
that it reaches, with the effective parameters of the rules. Comments, docstrings and formatting take no part, because the
compiled code is hashed without line numbers; runtime/ is left out on purpose.
"""

import dataclasses
import hashlib
import importlib.util
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import CodeType

PACKAGE = "paceflow_assets"
COUNTED = ("rule", "source", "records", "lines", "matching")
IMPORT = re.compile(
    rf"^[ \t]*(?:from[ \t]+({PACKAGE}[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]+)|import[ \t]+({PACKAGE}[\w.]*))", re.MULTILINE
)


@cache
def source(module: str) -> str:
    """Text of a module of ours; '' if it has none."""
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).read_text() if spec and spec.origin else ""


@cache
def module_hash(module: str) -> str:
    """8 hex of the module's code."""
    digest = hashlib.sha256()
    _feed(digest, compile(source(module), module, "exec", dont_inherit=True, optimize=2))
    return digest.hexdigest()[:8]


def _feed(digest: "hashlib._Hash", code: CodeType) -> None:
    digest.update(code.co_code + code.co_exceptiontable)
    named = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags)
    digest.update(repr((named, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _feed(digest, constant)
        else:
            ordered = sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant
            digest.update(f"{type(constant).__name__}:{ordered!r}".encode())


@cache
def imported(module: str) -> frozenset[str]:
    """Counted modules of ours that a module imports itself."""
    names: set[str] = set()
    for package, items, plain in IMPORT.findall(source(module)):
        names.update({package, plain} - {""})
        names.update(f"{package}.{item.split()[0]}" for item in items.strip("() \n").split(",") if package and item.split())
    return frozenset(name for name in names if is_counted(name) and _is_module(name))


def is_counted(module: str) -> bool:
    """Whether a module's code is part of versions."""
    pieces = module.split(".")
    return pieces[0] == PACKAGE and len(pieces) > 1 and pieces[1] in COUNTED


@cache
def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, AttributeError):  # the name of something inside a module
        return False


@cache
def reached(module: str) -> tuple[str, ...]:
    """Counted modules that a module imports, directly or through other counted modules; sorted."""
    seen: set[str] = set()
    pending = list(imported(module))
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending.extend(imported(name))
    return tuple(sorted(seen))


def parameters_hash(rule: object) -> str:
    """8 hex of a rule's effective parameters."""
    values = json.dumps(dataclasses.asdict(rule), sort_keys=True, default=str)  # type: ignore[call-overload]
    return text_hash(values)


def code_version(name: str, own: str, modules: Iterable[str], rules: Iterable[object]) -> str:
    """Version of a table: `name=own`, then every counted module that `modules` are or reach, with the rules' parameters."""
    starts = tuple(modules)
    values = {type(rule).__module__: parameters_hash(rule) for rule in rules}
    counted = {module for module in starts if is_counted(module)} | {module for start in starts for module in reached(start)}
    parts = [f"{name}={own}"]
    for module in sorted(counted - {f"{PACKAGE}.rule", f"{PACKAGE}.source"}):
        code = module_hash(module)
        parts.append(f"{module.rpartition('.')[2]}={text_hash(code + values[module]) if module in values else code}")
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
