"""Fingerprints: a table's code version, computed, never typed.

What lives here: the hash of a module's code, which modules a module reaches, and what they make together.
What belongs here: code and parameters. What stays out: data versions (versions).

A version reads `event_commit_churn=d08a752e churn=4a15b81d`: the table's own module, then every rule, source and shared module
that it reaches, with the effective parameters of the rules. Comments, docstrings and formatting take no part, because the
syntax tree is hashed; runtime/ is left out on purpose.
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
COUNTED = ("rule", "source", "records", "lines", "matching", "tracing", "trailers")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
MACRO = re.compile(r"create or replace macro (\w+).*?(?=create or replace macro |\Z)", re.DOTALL)
IMPLIED = ("ctx", "kind", "type_comment")  # follow from the place, or are no code


@cache
def source(module: str) -> str:
    """Text of a module of ours; '' if it has none."""
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).read_text() if spec and spec.origin else ""


def code_hash(text: str) -> str:
    """8 hex of Python code, without comments, docstrings and formatting."""
    return _told(text)[0]


def import_names(text: str) -> frozenset[str]:
    """Every module of ours that Python code may import, by its full name; for `from x import y` both x and x.y."""
    return _told(text)[1]


@cache
def module_hash(module: str) -> str:
    """8 hex of the module's code."""
    return code_hash(source(module))


@cache
def imported(module: str) -> frozenset[str]:
    """Counted modules of ours that a module imports itself."""
    return frozenset(name for name in import_names(source(module)) if is_counted(name) and _is_module(name))


@cache
def _told(text: str) -> tuple[str, frozenset[str]]:
    """Hash of the code and the names that it imports, from one walk through the syntax tree."""
    words: list[str] = []
    names: set[str] = set()
    _spell(ast.parse(text), words, names)
    return text_hash("\n".join(words)), frozenset(name for name in names if name.startswith(PACKAGE))


def _spell(node: ast.AST, words: list[str], names: set[str]) -> None:
    """Add a node's words, and what it imports; what is empty is left out, because newer Pythons know more fields."""
    kind = node.__class__
    words.append(kind.__name__)
    if kind is ast.Constant:
        words.append(f"{node.value.__class__.__name__}:{node.value!r}")
        return
    if kind is ast.Import:
        names.update(alias.name for alias in node.names)
    elif kind is ast.ImportFrom and not node.level:
        names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    for name in kind._fields:
        value = getattr(node, name, None)
        if not value or name in IMPLIED:
            continue
        words.append(name)
        if value.__class__ is list:
            is_documented = name == "body" and kind in DOCUMENTED and _is_docstring(value)
            for item in value[1:] if is_documented else value:
                if isinstance(item, ast.AST):
                    _spell(item, words, names)
                else:  # the names of `global`, the absent key of `**mapping`
                    words.append(repr(item))
            words.append("]")
        elif isinstance(value, ast.AST):
            _spell(value, words, names)
        else:
            words.append(repr(value))


def _is_docstring(body: list[ast.stmt]) -> bool:
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str)


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


def takes_part(rule: str, starts: Iterable[str]) -> bool:
    """Whether a rule file is part of the version of a table that starts from these modules."""
    module = f"{PACKAGE}.rule.{rule}"
    return any(module in reached(start) for start in starts)


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


def moved(before: str, after: str) -> list[str]:
    """What makes a table's version another one: `its own code`, `rule churn`, `claude.py`."""
    old, new = (dict(part.partition("=")[::2] for part in version.split()) for version in (before, after))
    own = next(iter(new), "")

    def told(name: str) -> str:
        if name == own:
            return "its own SQL" if own.startswith("view_") else "its own code"
        return f"rule {name}" if _is_module(f"{PACKAGE}.rule.{name}") else f"{name}.py"

    return [told(name) for name in [*new, *(name for name in old if name not in new)] if old.get(name) != new.get(name)]


def sql_hash(sql: str, macros: str) -> str:
    """8 hex of a view's text and of the macros that it calls, themselves or through others; comment lines left out."""
    defined = {found[1]: found[0] for found in MACRO.finditer(_without_comments(macros))}
    called: dict[str, str] = {}
    pending = [_without_comments(sql)]
    while pending:
        text = pending.pop()
        for name, macro in defined.items():
            if name not in called and re.search(rf"\b{name}\s*\(", text):
                called[name] = macro
                pending.append(macro)
    return text_hash("\n".join([_without_comments(sql), *(called[name] for name in sorted(called))]))


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.split("\n") if line.strip() and not line.lstrip().startswith("--"))


def parser_fingerprint(*modules: str) -> str:
    """Version of a parser: its modules and all they import of ours."""
    names = sorted({*modules, *(name for module in modules for name in reached(module))})
    return hashlib.sha256(" ".join(f"{name}={module_hash(name)}" for name in names).encode()).hexdigest()[:16]


def text_hash(text: str) -> str:
    """8 hex of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
