"""Which sessions the logs have ever shown, and everything they hold."""

import dataclasses

import msgspec
import polars as pl
import pytest
from conftest import Home
from ingests import contents, homes, raw, sessions
from logs import ClaudeLog, CodexLog, at
from repositories import Repository

from paceflow_assets.runtime.nested import own
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse, schema_text


@pytest.fixture
def app(home) -> Repository:
    """A repository of the home."""
    return Repository(home.path / "src" / "app")


@pytest.fixture
def lib(home) -> Repository:
    """Another one."""
    made = Repository(home.path / "src" / "lib")
    made.commit({"l.py": "l\n"})
    return made


def stored(home, session: str) -> dict:
    """The one row of a session."""
    return home.table("raw_session").row(by_predicate=pl.col("session_id") == session, named=True)


def test_a_session_is_stored_as_it_was_seen(home, app):
    """Header, messages, changes with their lines, tokens, and in which state its log was read."""
    log = ClaudeLog(home.path, "s1", app.folder / "sub").says(0, "please write").replies(1, "done it")
    log.writes(2, app.folder / "a.py", "one\n\ttwo\n").fails(3, app.folder / "a.py", "x", "y").save()
    raw(home)

    row = stored(home, "s1")

    assert [row[name] for name in ("cwd", "git_branch", "model_name", "client_version", "change_count")] == [
        "~/src/app/sub",
        "main",
        "claude-opus-4-6",
        "2.1.40",
        1,
    ]
    assert (row["started_at"], row["ended_at"]) == (at(0), at(3))
    assert (row["home_repository"], row["is_home"], row["touches"]) == (row["repository"], True, True)
    assert [(m["role"], m["kind"], m["content"], m["word_count"]) for m in row["messages"]] == [
        ("user", "typed", "please write", 2),
        ("assistant", "reply", "done it", 2),
    ]
    (change,) = row["changes"]
    assert (change["rel_path"], change["path"], change["repository"]) == ("a.py", "~/src/app/a.py", row["repository"])
    assert (change["lines"]["sides"], change["lines"]["words"]) == ("++", [3, 3])
    assert [usage["output_tokens"] for usage in row["usage"]] == [5, 5, 5]
    (read,) = row["read_logs"]
    assert (read["log_path"], row["copied_keys"], row["duplicates"]) == ("~/.claude/projects/project/s1.jsonl", [], [])


def test_commits_that_git_said_it_made_are_kept(home, app):
    """Shortened name and branch, of either agent; one that a log no longer shows stays, as everything else does."""
    claude = ClaudeLog(home.path, "s1", app.folder).says(0, "go").runs(1, "git commit -m x", "[main abc1234] x\n words")
    path = claude.runs(2, "git commit", "[detached HEAD abc2222] y").save()
    CodexLog(home.path, "s2", app.folder).says(0, "go").runs(1, "git commit", "[feat/x abc3333] z").save()
    raw(home)
    before = stored(home, "s1")["commits"]

    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))
    raw(home)

    assert [(made["sha"], made["branch"], made["at"]) for made in before] == [
        ("abc1234", "main", at(1)),
        ("abc2222", None, at(2)),
    ]
    assert {(made["agent_id"], made["log_path"]) for made in before} == {("", "~/.claude/projects/project/s1.jsonl")}
    assert stored(home, "s1")["commits"] == before
    assert [(made["sha"], made["branch"]) for made in stored(home, "s2")["commits"]] == [("abc3333", "feat/x")]
    assert "words" not in str(before)


def test_a_file_from_before_commits_were_read_has_none(home, app):
    """The column is null there, which no fact trips over, and is filled when the log is read again."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "go").runs(1, "git commit -m x", "[main abc1234] x")
    log.save()
    raw(home)
    warehouse, table = Warehouse(home.settings), tables()["raw_session"]
    (key,) = warehouse.repositories(table.name)
    columns = {name: column for name, column in table.columns.items() if name != "commits"}
    rows = warehouse.read(table, key).select(list(columns))
    older = dataclasses.replace(table, columns=columns)
    footer = msgspec.structs.replace(warehouse.provenance(table.name, key), columns=schema_text(older))
    warehouse.overwrite(older, key, rows, footer)

    assert home.table("raw_session")["commits"].to_list() == [None]
    assert own(home.table("raw_session"), "commits", ["provider", "session_id"]).height == 0
    log.says(2, "more").save()
    raw(home)
    assert [made["sha"] for made in stored(home, "s1")["commits"]] == ["abc1234"]


def test_a_session_in_two_repositories_is_whole_in_both(home, app, lib):
    """It is at home in one: that of its working directory; each repository's changes are told apart."""
    ClaudeLog(home.path, "s1", app.folder).says(0, "both").writes(1, app.folder / "a.py", "a\n").writes(
        2, lib.folder / "l.py", "b\n"
    ).writes(3, "/opt/x.py", "c\n").save()
    found = raw(home)

    here, there, nowhere = found.repositories

    assert sessions(home) == [
        (here, "s1", here, True, True, 1, 3),
        (there, "s1", here, False, True, 1, 3),
        (nowhere, "s1", here, False, True, 1, 3),
    ]
    changes = home.table("raw_session", there).row(0, named=True)["changes"]
    assert [change["repository"] for change in changes] == [here, there, nowhere]


def test_without_a_working_directory_most_changed_lines_decide(home, app, lib):
    """Then the number of operations, then the name; without any change it is `no-repository`."""
    log = ClaudeLog(home.path, "s1", "")
    log.writes(1, app.folder / "a.py", "a\n").writes(2, lib.folder / "b.py", "a\nb\nc\n").save()
    ClaudeLog(home.path, "s2", "").says(1, "nothing").save()
    for path in (home.path / ".claude").rglob("*.jsonl"):
        path.write_text(path.read_text().replace('"cwd": "", ', ""))
    raw(home)

    (lib_key,) = {key for key in home.table("raw_session")["repository"] if key.startswith("local/lib-")}
    assert homes(home) == {"s1": [lib_key], "s2": ["no-repository"]}


def test_a_log_that_grows_is_read_again(home, app):
    """The session is one row, with everything."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one")
    log.save()
    raw(home)
    log.says(5, "two").writes(6, app.folder / "a.py", "a\n").save()

    raw(home)

    ((_, *row),) = sessions(home)
    assert row[-2:] == [2, 1]
    assert stored(home, "s1")["ended_at"] == at(6)


@pytest.mark.parametrize(
    "content", ["", "\n\n", '{"type": "summary", "summary": "x", "leafUuid": "y"}\n', "not json\n", "\0\0"]
)
def test_a_log_cut_short_keeps_what_it_showed(home, app, content):
    """Cut to nothing, or overwritten with records of no session: raw holds it for good."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    log.save()
    raw(home)
    before = sessions(home)

    log.path.write_text(content)
    raw(home)

    assert sessions(home) == before
    assert homes(home)["s1"] == [before[0][0]]


def test_a_log_cut_in_its_middle_keeps_what_it_showed(home, app):
    """Records that are not there any more stay, those that are count once."""
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").says(1, "two").writes(2, app.folder / "a.py", "a\n")
    log.save()
    raw(home)
    log.records = [log.records[1]]
    log.says(9, "nine", uuid="new").save()

    raw(home)

    row = stored(home, "s1")
    assert [message["content"] for message in row["messages"]] == ["one", "two", "nine"]
    assert (len(row["changes"]), row["ended_at"]) == (1, at(9))


def test_records_in_two_logs_of_a_session_count_once(home, app):
    """A resumed session that copies its first records: they belong to the log that began first."""
    first = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    second = ClaudeLog(home.path, "s1", app.folder, name="z")
    second.records, second.calls = list(first.records), first.calls
    first.save()
    second.says(30, "three").save()

    raw(home)

    row = stored(home, "s1")
    assert [(m["content"], m["log_path"].rpartition("/")[2]) for m in row["messages"]] == [
        ("one", "s1.jsonl"),
        ("three", "z.jsonl"),
    ]
    assert len(row["changes"]) == 1
    copied = {(each["log_path"].rpartition("/")[2], each["reason"]): each["record_count"] for each in row["duplicates"]}
    assert copied == {("z.jsonl", "in_another_log"): 3}


@pytest.mark.parametrize("order", [("s1", "fork"), ("fork", "s1")])
def test_records_copied_into_a_fork_count_for_the_original(home, app, order):
    """In whatever order the logs are found; what the fork wrote itself is its own."""
    first = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    fork = ClaudeLog(home.path, "fork", app.folder)
    fork.records = [
        {**record, "sessionId": "fork", "forkedFrom": {"sessionId": "s1", "messageUuid": record["uuid"]}}
        for record in first.records
    ]
    fork.says(30, "mine")
    logs = {"s1": first, "fork": fork}

    for name in order:
        logs[name].save()
        raw(home)

    found = home.table("raw_session")
    mine = own(found, "messages", ["session_id"]).sort("session_id").select("session_id", "content").rows()
    assert mine == [("fork", "mine"), ("s1", "one")]
    assert own(found, "changes", ["session_id"])["session_id"].to_list() == ["s1"]
    assert stored(home, "fork")["parent_session_id"] == "s1"


def test_a_sub_agents_records_count_for_its_session(home, app, lib):
    """They are told apart by the agent, and the session lies where they lie."""
    ClaudeLog(home.path, "s1", app.folder).says(0, "go").save()
    agent = ClaudeLog(home.path, "s1", app.folder, name="agent-abc123")
    agent.path = agent.path.parent / "s1" / "subagents" / agent.path.name
    agent.replies(1, "working").writes(2, lib.folder / "b.py", "b\n")
    for record in agent.records:
        record["uuid"] = f"agent {record['uuid']}"
    agent.save()
    raw(home)

    here, there = sorted(set(home.table("raw_session")["repository"]))
    assert homes(home) == {"s1": [here]}
    row = home.table("raw_session", there).row(0, named=True)
    assert {message["agent_id"] for message in row["messages"]} == {"", "abc123"}
    assert [change["agent_id"] for change in row["changes"]] == ["abc123"]


def test_two_providers_may_use_one_id(home, app):
    """A session is known by its agent and its id."""
    ClaudeLog(home.path, "same", app.folder).says(0, "claude").save()
    CodexLog(home.path, "same", app.folder).says(0, "codex").save()
    raw(home)

    assert home.table("raw_session").select("provider", "session_id").rows() == [("claude", "same"), ("codex", "same")]


def test_another_parser_replaces_what_the_one_before_read(home, app, monkeypatch):
    """Records that the new version no longer shows go; a log that is gone keeps what the old version read."""
    from paceflow_assets.runtime import fingerprint

    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one").says(1, "two")
    log.save()
    gone = ClaudeLog(home.path, "s2", app.folder).says(0, "gone")
    gone.save()
    raw(home)
    gone.path.unlink()
    log.records.pop()
    log.save()
    inventory = home.settings.state / "inventory.json"
    inventory.write_text(inventory.read_text().replace('"code":"', '"code":"other '))
    monkeypatch.setattr(fingerprint, "parser_fingerprint", lambda *modules: "another parser")

    raw(home)

    assert [message["content"] for message in stored(home, "s1")["messages"]] == ["one"]
    assert [message["content"] for message in stored(home, "s2")["messages"]] == ["gone"]


def test_a_reading_that_holds_nothing_leaves_the_rows_of_the_parser_before(home, app, monkeypatch):
    """A parser that returns only a header for a log proves nothing."""
    from paceflow_assets.runtime import fingerprint

    log = ClaudeLog(home.path, "s1", app.folder).says(0, "one")
    log.save()
    raw(home)
    log.records = [log.record("system", 0, content="x", subtype="informational")]
    log.save()
    inventory = home.settings.state / "inventory.json"
    inventory.write_text(inventory.read_text().replace('"code":"', '"code":"other '))
    monkeypatch.setattr(fingerprint, "parser_fingerprint", lambda *modules: "another parser")

    raw(home)

    assert [message["content"] for message in stored(home, "s1")["messages"]] == ["one"]


@pytest.mark.parametrize("batch_bytes", [1, 3_000])
def test_the_size_of_a_batch_is_no_matter(home, app, lib, batch_bytes):
    """Forks, sub-agents, sessions in two repositories and two logs; when they are new, and when some of them go on."""
    first = ClaudeLog(home.path, "s1", app.folder).says(0, "one").writes(1, app.folder / "a.py", "a\n")
    fork = ClaudeLog(home.path, "s0", app.folder)
    fork.records = [{**record, "sessionId": "s0", "forkedFrom": {"sessionId": "s1"}} for record in first.records]
    again = ClaudeLog(home.path, "s1", app.folder, name="again")
    again.records = [*first.records]
    again.says(2, "more").writes(3, lib.folder / "b.py", "b\n")
    agent = ClaudeLog(home.path, "s2", lib.folder, name="agent-x1")
    agent.path = agent.path.parent / "s2" / "subagents" / agent.path.name
    agent.replies(1, "working").writes(2, app.folder / "c.py", "c\n")
    codex = CodexLog(home.path, "s3", app.folder).says(0, "hi").patches(1, "*** Add File: d.py\n+d")
    logs = [first, fork, again, agent, ClaudeLog(home.path, "s2", lib.folder).says(0, "go"), codex]
    whole, batched = Home(home.path, home.env), Home(home.path, {"PACEFLOW_HOME": str(home.path / "batched")})

    for step in range(2):
        for number, log in enumerate(logs):
            if step == 0 or number % 2 == 0:
                log.says(10 + step, f"step {step}").save()
        raw(whole)
        raw(batched, batch_bytes=batch_bytes)

        found = contents(whole, ("raw_session",))
        assert found == contents(batched, ("raw_session",))
        assert [row[2] for row in found["raw_session"]] == ["s0", "s1", "s2", "s3", "s1", "s2"]
