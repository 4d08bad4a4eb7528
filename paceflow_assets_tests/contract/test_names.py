"""One name everywhere: files, their tests, their docstrings, and who may look at the environment."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import paceflow_assets
from paceflow_assets.runtime.sql_files import sql_folder
from paceflow_assets.runtime.table import LAYERS
from paceflow_assets.source import PROVIDERS

PACKAGE = Path(paceflow_assets.__file__).parent
TESTS = Path(__file__).parent.parent
MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
TABLE_FILES = [name for name in MODULES if name.split("/")[0] in LAYERS and not name.endswith("__init__.py")]
RULE_FILES = [name for name in MODULES if name.startswith("rule/") and not name.endswith("__init__.py")]
SOURCE_FILES = [name for name in MODULES if name.startswith("source/") and not name.endswith("__init__.py")]
PACKAGES = [name for name in MODULES if name.endswith("/__init__.py")]
VIEW_FILES = [f"view/{path.name}" for path in sorted((sql_folder() / "view").glob("*.sql"))]

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base", "core", "stuff"}
RULE_PARTS = ["Claim", "Decision", "Wrong when", "Threshold"]
RULE_IMPORTS = {
    "bisect",
    "collections",
    "collections.abc",
    "dataclasses",
    "functools",
    "heapq",
    "itertools",
    "math",
    "re",
    "typing",
    "paceflow_assets.lines",
    "paceflow_assets.rule",
}
READERS_OF_THE_ENVIRONMENT = {
    "runtime/settings.py": "the one place that says where things are",
    "runtime/dagster_home.py": "sets DAGSTER_HOME, which Dagster reads there and nowhere else",
    "runtime/start.py": "tells the allocator inside polars what to keep, before polars loads",
    "demo.py": "gives git, which makes the sample repository, the environment that it would inherit",
    "source/git.py": "gives git the environment that it would inherit, less the variables that change what it prints",
}
ENVIRONMENT = re.compile(r"\bos\.(environb?|getenvb?|putenv|unsetenv)\b|\bPath\.home\b|\bexpanduser\b|\bimport environb?\b")


def tree(name):
    """Syntax tree of a module of the package."""
    return ast.parse(MODULES[name].read_text())


def docstring(name):
    """Docstring of a module of the package."""
    return ast.get_docstring(tree(name)) or ""


def code(path):
    """Text of a module without comments."""
    return ast.unparse(ast.parse(path.read_text()))


def imported(name):
    """Modules that a module imports, as it names them."""
    nodes = list(ast.walk(tree(name)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("name", [*TABLE_FILES, *RULE_FILES, *SOURCE_FILES, *VIEW_FILES])
def test_each_file_has_its_test(name):
    """A table, rule, provider or view is tested in the folder of its name, by the file of its name."""
    folder, _, file = name.partition("/")

    assert len(list((TESTS / folder).rglob(f"test_{Path(file).stem}.py"))) == 1


def test_test_files_have_names_of_their_own():
    """No two test files share a stem, and none lies in a package: pytest imports them by their stems."""
    stems = Counter(path.stem for path in TESTS.rglob("*.py") if "golden" not in path.parts)

    assert [stem for stem, times in stems.items() if times > 1] == []
    assert list(TESTS.rglob("__init__.py")) == []


def test_names_say_what_is_inside():
    """No module, of the program or of its tests, has a name that would fit any module."""
    paths = [*MODULES.values(), *TESTS.rglob("*.py")]
    pieces = {piece for path in paths for piece in path.stem.removeprefix("test_").split("_")}

    assert pieces & EMPTY_NAMES - {"base"} == set()
    assert {path.stem.removeprefix("test_") for path in paths} & EMPTY_NAMES == set()


def test_providers_are_files():
    """An agent's name is the name of its module."""
    assert {f"source/{name}.py" for name in PROVIDERS} <= set(SOURCE_FILES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is(name):
    """Every module begins with a sentence about itself; a promise of one is none."""
    words = docstring(name).split()

    assert len(words) >= 4, docstring(name)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_draws_its_borders(name):
    """The docstring of a folder says what belongs there and what stays out."""
    assert re.search(r"^What (lives|belongs) here:", docstring(name), re.MULTILINE)
    assert re.search(r"\bWhat stays out:", docstring(name))


@pytest.mark.parametrize("name", TABLE_FILES)
def test_a_table_answers_a_question(name):
    """The docstring of a table's file is one question."""
    assert re.fullmatch(r"[A-Z][^\n]+\?", docstring(name))


@pytest.mark.parametrize("name", RULE_FILES)
def test_a_rule_is_told_in_four_parts(name):
    """A rule says its name, what it claims, how it decides, when it is wrong and where its threshold comes from."""
    title, *parts = re.findall(r"^([A-Z][A-Za-z ]*):", docstring(name), re.MULTILINE)

    assert title.casefold() == Path(name).stem.replace("_", " ")
    assert parts == RULE_PARTS


@pytest.mark.parametrize("name", RULE_FILES)
def test_a_rule_needs_plain_values_only(name):
    """No frames, no disk, no clock, no other rule: a rule imports what computes on plain values, and opens nothing."""
    calls = {node.func.id for node in ast.walk(tree(name)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert imported(name) <= RULE_IMPORTS
    assert not calls & {"open", "print", "input", "eval", "exec", "__import__"}


@pytest.mark.parametrize("name", RULE_FILES)
def test_a_rule_has_one_set_of_parameters(name):
    """A rule's parameters, if it has any, are one frozen dataclass, called like the file."""
    classes = [node for node in tree(name).body if isinstance(node, ast.ClassDef)]
    frozen = [node for node in classes if any("frozen=True" in ast.unparse(mark) for mark in node.decorator_list)]

    assert [node.name for node in frozen] in ([], [Path(name).stem.title().replace("_", "")])


def test_the_environment_is_read_in_one_place():
    """Only settings look up environment and home; the exceptions named above are still needed."""
    found = {name for name, path in MODULES.items() if ENVIRONMENT.search(code(path))}

    assert found == set(READERS_OF_THE_ENVIRONMENT)


def test_dagster_home_is_only_set():
    """What sets DAGSTER_HOME reads nothing of the environment."""
    lines = [line for line in code(MODULES["runtime/dagster_home.py"]).split("\n") if ENVIRONMENT.search(line)]

    assert [line.strip() for line in lines] == ["os.environ['DAGSTER_HOME'] = str(settings.dagster_home)"]


@pytest.mark.parametrize("name", MODULES)
def test_annotations_are_values(name):
    """No module puts annotations off: `@table` and Dagster read them as values."""
    assert "__future__" not in imported(name)
