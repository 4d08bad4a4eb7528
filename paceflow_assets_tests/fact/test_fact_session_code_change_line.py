from building import assert_rows, built, hash_of, raw_change, raw_session

from paceflow_assets.fact.fact_session_code_change_line import fact_session_code_change_line

CHANGES = [{"provider": "claude", "session_id": "s1", "change_id": name} for name in ("e1", "e2", "e3", "e4")]


def test_nothing():
    """Without changes there are no lines."""
    assert_rows(built(fact_session_code_change_line), fact_session_code_change_line, [])


def test_lines():
    """Lines of the changes here, context too; of copies, of other repositories and of changes without a row there are none."""
    sessions = [
        raw_session(
            "s1",
            changes=[
                raw_change("e1", "a.py", [" ctx", "-\told  ", "+"]),
                raw_change("e2", "a.py", ["+x"]),
                raw_change("e3", "a.py", ["+x"], repository="o"),
                raw_change("e4", "a.py", []),
                raw_change("e5", "a.py", ["+x"]),
            ],
            copied_keys=["e2"],
        ),
        raw_session("s2", touches=False, changes=[raw_change("e1", "a.py", ["+x"])]),
    ]

    found = built(fact_session_code_change_line, raw_session=sessions, fact_session_code_change=CHANGES)

    key = {"provider": "claude", "session_id": "s1", "change_id": "e1", "hunk_index": 0}
    names = ("position", "side", "line_hash", "line_hash_trimmed", "word_characters")
    rows = [
        (0, " ", hash_of("ctx"), hash_of("ctx"), 3),
        (1, "-", hash_of("\told"), hash_of("old"), 3),
        (2, "+", hash_of(""), hash_of(""), 0),
    ]
    assert_rows(found, fact_session_code_change_line, [{**key, **dict(zip(names, row, strict=True))} for row in rows])
