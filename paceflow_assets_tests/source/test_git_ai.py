"""Notes of git-ai, in its own forms and damaged."""

import json

import pytest

from paceflow_assets.source.git_ai import Claim, NoteError, claims

CURSOR = {"agent_id": {"tool": "cursor", "id": "session_123", "model": "gpt-4"}, "human_author": "alice@example.test"}
CLAUDE = {"agent_id": {"tool": "claude", "id": "s1", "model": "opus"}}


def note(head: str = "", **metadata: object) -> bytes:
    """A note with lines above the divider and metadata below."""
    return f"{head}---\n{json.dumps({'schema_version': 'authorship/3.0.0', **metadata}, indent=2)}".encode()


def test_a_mixed_note():
    """Sessions by traces, prompts by their own key, lines over all files; people are left out (sessions-v2-note-format.md)."""
    head = (
        "src/main.rs\n  c9883b05a2487d6d 1-10\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 15-20,22\n  h_a1b2c3d4e5f678 30-40\n"
        '"my file.rs"\n  s_c9883b05a2487d::t_a1b2c3d4e5f678 1,2,19-222\n  c9883b05a2487d6d 300\n'
    )
    prompt = CLAUDE | {"messages": [{"type": "user", "text": "x"}], "total_additions": 15, "accepted_lines": 11}

    found = claims(
        note(
            head,
            prompts={"c9883b05a2487d6d": prompt},
            humans={"h_a1b2c3d4e5f678": {"author": "A <a@b.test>"}},
            sessions={"s_c9883b05a2487d": CURSOR},
            base_commit_sha="abc",
        )
    )

    assert found == [
        Claim("c9883b05a2487d6d", "claude", "s1", "opus", 11),
        Claim("s_c9883b05a2487d", "cursor", "session_123", "gpt-4", 213),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (note(), []),
        (note(sessions={"s_1": {}}), [Claim("s_1", "", None, None, 0)]),
        (note("a\n  s_1::t_2 3\n"), [Claim("s_1", "", None, None, 1)]),
        (note("a\r\n\n  s_1 3,,5-4,7-7 \r\n").replace(b"---", b"---\r"), [Claim("s_1", "", None, None, 2)]),
        (note("---x\n  s_1 1-999999999\n"), [Claim("s_1", "", None, None, 999_999_999)]),
        (note(b"\xff\n  s_1 1\n".decode("latin-1"), new_field={"a": 1}), [Claim("s_1", "", None, None, 1)]),
    ],
)
def test_what_may_be_missing(text, expected):
    """Keys without a record, records without lines, odd line ends and unknown fields are read."""
    assert claims(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"free words about the commit",
        b"---\n",
        b"---\n{",
        b"---\n[]",
        b"---\n{}",
        b'---\n{"schema_version": 3}',
        b'---\n{"schema_version": "authorship/4.0.0"}',
        b'---\n{"schema_version": "authorship/3.0.0", "prompts": []}',
        b'---\n{"schema_version": "authorship/3.0.0", "sessions": {"s_1": {"agent_id": "x"}}}',
        b"---\n" + b"[" * 100_000,
        note("  s_1 1\n"),
        note("a\n  s_1\n"),
        note("a\n  s_1 x\n"),
        note("a\n  s_1 1-2-3\n"),
        note("a\n  s_1 1 2\n"),
    ],
)
def test_damage(text):
    """What is no note of this format is told as such."""
    with pytest.raises(NoteError):
        claims(text)


def test_no_prefix_of_a_note_breaks_anything():
    """A note that is cut off anywhere is a note or an error."""
    whole = note("a\n  s_1::t_2 1-3\n", sessions={"s_1": CURSOR})

    for length in range(len(whole)):
        with pytest.raises(NoteError):
            claims(whole[:length])
