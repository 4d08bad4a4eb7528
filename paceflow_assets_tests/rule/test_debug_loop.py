import pytest

from paceflow_assets.rule.debug_loop import DebugLoop, is_debug_loop, signature, signatures

RULE = DebugLoop()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("please add a button", None),
        ("error", "error"),
        ("error\n", None),
        ("errors everywhere", None),
        ("an error\toccurred", None),
        ("\xa0error\xa0\nx", None),
        ("cannot", "cannot"),
        ("CAN\u2019T", None),
        ("\u0130 CRASH", "crash"),
        ("first line\n  It crashed!  \nerror: later", "it crashed"),
        ("one error\r\ntwo", None),
        ("one error:\r\ntwo", "one error:"),
        ("say\x0bfailed", "say failed"),
        ("a\x1cb failed", "a\x1cb failed"),
        ("¿failed?", "failed"),
        ("见failed见", "failed"),
        ("naïve café failed", "naïve caf failed"),
        ("not found: src/a.py C:\\x http://a/b HTTPS://C x://y", "not found: <path> <path> <url> <url> <path>"),
        ("panic deadbeef 12345678 abcdef1 " + "a" * 64 + " " + "a" * 65, "panic <sha> <sha> abcdef# <sha> " + "a" * 65),
        ("failed at 12:34:56.789 v1_2 ٣٤", "failed at #:#:#.# v#_#"),
        ("failed *** !!! ok", "failed ok"),
        ("failed " + " ".join(f"w{n}x" for n in range(40)), " ".join(["failed"] + ["w#x"] * 17)),
        ("\ud800 failed", "failed"),
    ],
)
def test_signature(text, expected):
    """A signature is the first error line without what changes from run to run."""
    assert signature(RULE, text, None) == expected


@pytest.mark.parametrize(
    "text",
    ["same error", "SAME ISSUE here", "it didn't work", "doesnt work, error: other", "x still not working\ny"],
)
def test_again(text):
    """A message that says "again" repeats the signature before it."""
    assert signature(RULE, text, "before") == "before"


def test_again_without_a_signature_before():
    """Without a signature before, "again" is read like any text."""
    assert signature(RULE, "still broken", None) is None
    assert signature(RULE, "same error: boom", None) == "same error: boom"


def test_white_space_at_line_ends_is_no_part_of_a_keyword():
    """The keyword " error " is looked for in trimmed lines, but in the whole text as it is."""
    assert signature(RULE, "look\n\terror\t\nhere is an error now", None) == "error"


def answered(*texts):
    """Turns with a reply each."""
    return [(text, "ok") for text in texts]


BOOM = "TypeError: boom at line {}"


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([], False),
        (answered(*[BOOM.format(n) for n in range(4)]), False),
        (answered(*[BOOM.format(n) for n in range(5)]), True),
        ([*answered(*[BOOM.format(n) for n in range(4)]), (BOOM.format(5), " \u3000")], False),
        (answered("Need help", BOOM.format(12), "same error", "still failing", "doesnt work", BOOM.format(99)), True),
        (answered(BOOM.format(1), "thanks", "same error", "same error", "same error", BOOM.format(2)), False),
        (
            [(BOOM.format(1), "ok"), (" ", "ok"), *answered("same error", "same error", "same error", "same error")],
            True,
        ),
        (answered(*["a failed", "b failed"] * 4), False),
        (answered(*["a failed", "b failed"] * 5), True),
    ],
)
def test_loop(turns, expected):
    """Five answered turns about one error are a loop, in a row or not."""
    assert is_debug_loop(RULE, turns) is expected


def test_parameters():
    """Repeats and compared words can be changed."""
    turns = answered("build failed in a", "build failed in b")

    assert not is_debug_loop(DebugLoop(repeats=2), turns)
    assert is_debug_loop(DebugLoop(repeats=2, signature_tokens=3), turns)


def test_signatures_stand_beside_their_turns():
    """One for each turn, none where a side is blank, and "again" takes the one before it."""
    turns = [("error: a", "ok"), ("still failing", ""), ("still failing", "ok"), ("thanks", "ok")]

    assert list(signatures(RULE, turns)) == ["error: a", None, "error: a", None]
