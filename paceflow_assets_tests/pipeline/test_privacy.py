"""Nothing private reaches Dagster's storage, and no code line is stored anywhere."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from commands import COMMITTED, materialize, paceflow
from conftest import Home
from logs import ClaudeLog, CodexLog
from repositories import Repository

from paceflow_assets.runtime.table import tables

PROMPT = "canaryprompt"
REPLY = "canaryreply"
CODE = "canarycode"
PATCHED = "canarypatched"
SUBJECT = "canarysubject"
MAIL = "canary.mail"
AUTHOR = "canaryauthor"
CREDENTIAL = "canarycredential"
ERROR = "canaryerror"


def private_home(home: Home) -> Repository:
    """A home with a canary in every private place."""
    repository = Repository(home.path / "src" / "app")
    repository.origin(f"https://someone:{CREDENTIAL}@git.example.test/team/app.git")
    file = repository.folder / "a.py"
    log = ClaudeLog(home.path, "s1", repository.folder).says(0, f"{PROMPT} Traceback (most recent call last):")
    log.writes(1, file, f"{CODE} = 1\n").fails(2, file, f"{CODE} = 2", f"{CODE} = 3").replies(3, REPLY).save()
    log.path.write_text(log.path.read_text() + f'{{"{ERROR}": nonsense}}\n')
    patch = f"*** Add File: b.py\n+{PATCHED} = 1"
    codex = CodexLog(home.path, "019b8de0-0000-7000-8000-000000000001", repository.folder)
    codex.says(4, PROMPT).patches(5, patch).replies(6, REPLY).save()
    files = {"a.py": f"{CODE} = 1\n", "b.py": f"{PATCHED} = 1\n"}
    repository.commit(files, SUBJECT, date=COMMITTED, author=f"{AUTHOR} <{MAIL}@example.test>")
    return repository


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Bytes of every file, and of every value in every SQLite file: they may lie compressed in pages."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
        if path.suffix == ".db":
            with sqlite3.connect(path) as connection:
                for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
                    for row in connection.execute(f'select * from "{table}"'):
                        yield path, repr(row).encode()


def found(folder: Path, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """(word, file) of every word that stands somewhere below the folder."""
    return {(word, path.name) for path, content in contents(folder) for word in words if word.encode() in content}


def test_dagsters_storage_has_nothing_private(home):
    """No message, code line, subject, name, address, password or absolute path, after an ingest and after a run of the job."""
    private_home(home)
    done = paceflow(home, "ingest")
    (repository,) = set(home.table("raw_session")["repository"])
    told = materialize(home, "*", repository)

    words = (PROMPT, REPLY, CODE, PATCHED, SUBJECT, MAIL, AUTHOR, CREDENTIAL, ERROR, f"{home.path}/src")
    assert done.returncode == told.returncode == 0, done.stderr + told.stderr
    assert home.table("raw_parse_error").height == 1
    assert found(home.settings.dagster_home, words) == set()
    assert found(home.settings.dagster_home, (repository,)) != set()


def test_code_and_passwords_are_stored_nowhere(home):
    """Below PACEFLOW_HOME no code line stands as text, and an origin has no credentials; what rules read is there."""
    private_home(home)
    paceflow(home, "ingest")

    rows = {name: repr(home.table(name).rows()) for name, table in tables().items() if table.per_repository}
    assert [(name, word) for name, text in rows.items() for word in (CODE, PATCHED, CREDENTIAL) if word in text] == []
    assert found(home.settings.paceflow_home, (CODE, PATCHED, CREDENTIAL)) == set()
    assert PROMPT in rows["fact_session_message"]
    assert "git.example.test/team/app" in rows["raw_checkout"]
