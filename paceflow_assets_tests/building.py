"""Tables built from a handful of rows, the way the runtime builds them.

What lives here: `built`, which gives a builder its upstreams in their types and cut to the columns that it reads, and raw and
line rows in few words.
What belongs here: what the tests of several tables need alike. What stays out: logs and repositories that are really read.

Times are naive UTC, as they stand in tables; `logs.at(minutes)` makes them.
"""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from conftest import rows_in
from polars.testing import assert_frame_equal

from paceflow_assets.lines import encoded, line_hash, measure
from paceflow_assets.rule.line_match import LineMatch
from paceflow_assets.runtime.checks import checked
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.rules import rules
from paceflow_assets.runtime.table import Table, tables

MARCH = dt.datetime(2026, 3, 1)
Row = dict[str, Any]
Rows = Sequence[Mapping[str, object]] | pl.DataFrame


def built(table: Table, *given_rules: object, sql: Sql | None = None, **upstreams: Rows) -> pl.DataFrame:
    """The table in its shape. An upstream that is not given has no rows, a rule that is not given the reference's values."""
    unknown = set(upstreams) - set(table.upstreams)
    assert not unknown, f"{table.name} does not read {unknown}"
    arguments: dict[str, object] = {name: _chosen(rule, given_rules) for name, rule in table.rules.items()}
    for name in table.upstreams:
        given = upstreams.get(name, ())
        frame = given if isinstance(given, pl.DataFrame) else rows_in(name, given)
        read = frame.select(table.reads.get(name, frame.columns))
        arguments[name] = read.lazy() if name in table.lazy else read
    if table.sql_parameter:
        arguments[table.sql_parameter] = sql
    frame = table.shaped(table.build(**arguments))
    alone = dataclasses.replace(table, parents={})
    assert checked(alone, frame, lambda name, columns: pl.DataFrame()).told == ""
    return frame


def assert_rows(found: pl.DataFrame, table: Table, rows: Sequence[Mapping[str, object]], **same: object) -> None:
    """Fail unless the frame is exactly these rows, in the order of the table's key; floats may differ by 1e-9."""
    expected = rows_in(table.name, rows, **same)
    assert_frame_equal(found, expected, check_exact=False, abs_tol=1e-9, rel_tol=0.0)


def _chosen(rule: type, given: Iterable[object]) -> object:
    return next((one for one in given if isinstance(one, rule)), None) or (rule() if rule is LineMatch else reference(rule))


def reference(rule: type, **changed: object) -> Any:
    """A rule as the preset paceflow-0.2.1 has it, changed in some parameters: what tests hold on to when defaults change."""
    return dataclasses.replace(rules("paceflow-0.2.1").of(rule), **changed)


def day(number: float) -> dt.datetime:
    """A day, counted from 1 = the first of March 2026, at midnight; fractions are hours and minutes."""
    return MARCH + dt.timedelta(days=number - 1)


def hash_of(text: str) -> int:
    """Hash of a line, as tables hold it."""
    return line_hash(encoded(text))


def patch(lines: Iterable[str]) -> Row:
    """Lines with their side before them, in one hunk, as a raw table holds them: `+new`, `-old`, ` context`."""
    measured = measure((line[0], 0, line[1:]) for line in lines)
    return {name: getattr(measured, name) for name in ("sides", "hunks", "hashes", "trimmed", "words")}


def line_rows(lines: Iterable[str], **key: object) -> list[Row]:
    """The same lines as rows of a line table, under a key."""
    measured = measure((line[0], 0, line[1:]) for line in lines)
    columns = zip(measured.sides, measured.hunks, measured.hashes, measured.trimmed, measured.words, strict=True)
    names = ("side", "hunk_index", "line_hash", "line_hash_trimmed", "word_characters")
    return [{**key, "position": position, **dict(zip(names, row, strict=True))} for position, row in enumerate(columns)]


def raw_message(key: str, content: str, at: dt.datetime | None = None, **fields: object) -> Row:
    """A typed prompt in the main thread, unless told otherwise."""
    return {
        "record_key": key,
        "log_path": "~/log.jsonl",
        "position": 1,
        "agent_id": "",
        "role": "user",
        "kind": "typed",
        "at": at,
        "content": content,
        "word_count": len(content.split()),
        **fields,
    }


def raw_change(key: str, rel_path: str | None, lines: Iterable[str], at: dt.datetime | None = None, **fields: object) -> Row:
    """A patch of one file of repository `r`, whose change is called like its record."""
    return {
        "record_key": key,
        "log_path": "~/log.jsonl",
        "position": 1,
        "change_id": key,
        "call_id": None,
        "op_index": 0,
        "agent_id": "",
        "at": at,
        "repository": "r",
        "rel_path": rel_path,
        "path": f"~/r/{rel_path}",
        "moved_from": None,
        "write_mode": "patch",
        "parser_name": "claude.edit",
        "user_modified": None,
        "before_known": True,
        "evidence": "result_hunk",
        "git_branch": None,
        "lines": patch(lines),
        **fields,
    }


def raw_usage(key: str, model_name: str | None, at: dt.datetime | None = None) -> Row:
    """One response of a model."""
    counts = ("input_tokens", "cached_input_tokens", "cache_creation_tokens", "cache_creation_1h_tokens")
    return {
        "record_key": key,
        "log_path": "~/log.jsonl",
        "position": 1,
        "agent_id": "",
        "at": at,
        "model_name": model_name,
        **dict.fromkeys((*counts, "output_tokens", "reasoning_tokens"), 0),
        "speed": None,
    }


def raw_committed(key: str, sha: str, branch: str | None = "main", **fields: object) -> Row:
    """A commit that git said it made, by its shortened name."""
    return {
        "record_key": key,
        "log_path": "~/log.jsonl",
        "position": 1,
        "agent_id": "",
        "at": None,
        "sha": sha,
        "branch": branch,
        **fields,
    }


def raw_note(commit_sha: str, *claims: tuple[str, str, str | None, str | None, int], **fields: object) -> Row:
    """A note of git-ai: (key, tool, conversation, model, lines) of each conversation."""
    names = ("key", "tool", "conversation_id", "model_name", "lines")
    return {
        "commit_sha": commit_sha,
        "note_sha": "n",
        "claims": [dict(zip(names, claim, strict=True)) for claim in claims],
        **fields,
    }


def raw_score(commit_sha: str, branch_name: str = "main", **lines: int) -> Row:
    """What Cursor counts of a commit; null what is not given."""
    return {"commit_sha": commit_sha, "branch_name": branch_name, **lines}


def raw_part(log_path: str = "~/log.jsonl", **fields: object) -> Row:
    """What one log says of a session."""
    names = tables()["raw_session"].schema["parts"].inner.fields
    return {**{field.name: None for field in names}, "log_path": log_path, "agent_id": "", **fields}


def raw_session(session_id: str, **fields: object) -> Row:
    """A Claude session of repository `r` that lies there and holds nothing, unless told otherwise."""
    return {
        "provider": "claude",
        "session_id": session_id,
        "home_repository": "r",
        "is_home": True,
        "touches": True,
        **{name: [] for name in ("parts", "messages", "changes", "usage", "snapshots", "duplicates", "read_logs", "commits")},
        "copied_keys": [],
        "change_count": 0,
        **fields,
    }


def raw_file(rel_path: str, lines: Sequence[str] = (), **fields: object) -> Row:
    """What a commit did to one file."""
    return {
        "rel_path": rel_path,
        "old_path": None,
        "change_type": "modify",
        "is_binary": False,
        "added_lines": sum(line[0] == "+" for line in lines),
        "removed_lines": sum(line[0] == "-" for line in lines),
        "lines": patch(lines),
        **fields,
    }


def raw_commit(commit_sha: str, parents: Sequence[str] = (), *, files: Sequence[Row] | None = (), **fields: object) -> Row:
    """A commit whose files were read; files None: they were not."""
    return {
        "commit_sha": commit_sha,
        "parents": list(parents),
        "author_key": "ann",
        "message": "Change\n",
        "reachable": True,
        "files_read": files is not None,
        "files": None if files is None else list(files),
        **fields,
    }


def raw_ref(ref_name: str, sha: str, **fields: object) -> Row:
    """A present head, or a present branch of origin, by its full name."""
    kind = "head" if ref_name.startswith("refs/heads/") else "remote_head"
    return {"checkout": "r-1", "ref_name": ref_name, "sha": sha, "kind": kind, "is_head": True, **fields}


def commit_facts(*commits: tuple[str, dt.datetime | None, Mapping[str, Sequence[str]]]) -> dict[str, list[Row]]:
    """(sha, time, path -> changed lines) -> rows of fact_commit and fact_commit_line, for `built`."""
    return {
        "fact_commit": [
            {
                "commit_sha": sha,
                "commit_time": time,
                "total_added": sum(line[0] == "+" for lines in files.values() for line in lines),
                "total_removed": sum(line[0] == "-" for lines in files.values() for line in lines),
                "message": "Change\n",
                "reachable": True,
            }
            for sha, time, files in commits
        ],
        "fact_commit_line": [
            row
            for sha, _, files in commits
            for path, lines in files.items()
            for row in line_rows(lines, commit_sha=sha, rel_path=path)
        ],
    }


def edit_facts(*edits: tuple[str, str, dt.datetime | None, str | None, Sequence[str]]) -> dict[str, list[Row]]:
    """(agent, session, time, path, changed lines) -> rows of fact_session_code_change and of its lines, for `built`."""
    keyed = [
        ({"provider": provider, "session_id": session, "change_id": f"e{number}"}, time, path, lines)
        for number, (provider, session, time, path, lines) in enumerate(edits)
    ]
    return {
        "fact_session_code_change": [{**key, "rel_path": path, "change_ts": time} for key, time, path, _ in keyed],
        "fact_session_code_change_line": [row for key, _, _, lines in keyed for row in line_rows(lines, **key)],
    }


def brought(sha: str, time: dt.datetime | None, files: Mapping[str, Sequence[str]]) -> list[Row]:
    """Texts of AI lines by path -> rows of fact_commit_ai_line."""
    return [
        {"commit_sha": sha, "rel_path": path, "line_hash": hash_of(text), "commit_time": time, "lines": lines}
        for path, texts in files.items()
        for text, lines in Counter(texts).items()
    ]


def by_bags(given: Iterable[object]) -> list[object]:
    """The rules with lines counted in bags, as the reference does, whatever else they say of matching lines."""
    others = [rule for rule in given if not isinstance(rule, LineMatch)]
    match = next((rule for rule in given if isinstance(rule, LineMatch)), LineMatch())
    return [*others, dataclasses.replace(match, method="bags")]
