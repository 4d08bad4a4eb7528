import pytest

from paceflow_assets.rule.error_paste import error_signal, is_mid_session_error_paste


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "error",
        "an error happened",
        "errors   none",
        "3.5 errors",
        "1_000 errors",
        "three errors",
        "3 mistakes",
        "3 more errors",
        "3errors",
        "3 er-rors",
        "3 2errors4x",
        "3\x1cerrors",
        "18446744073709551616 errors",
        "9" * 5000 + " errors",
        "٣ errors",
        "³ errors",
        "3 ſerrorſx",
        "failed test",
        "the deploy failed",
        "testfailed",
        "ERROR\N{FULLWIDTH COLON} x",
        "pan\u0131c:",
        "mod\u00fcle not found",
    ],
)
def test_no_signal(text):
    """Texts that only come near an error are none."""
    assert error_signal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last)",
        "xERROR:y",
        "error[E0308]",
        "TypeError: x",
        "Error TS2304",
        "Cannot find module 'a'",
        "Module not found",
        "BUILD FAILED",
        "1 test failed",
        "tests failed",
        "compilation failed",
        "failed with exit code 3",
        "panic: boom",
        "AssertionError",
        "Exception: x",
        "a stack trace",
        "lint step has failed",
        "contest failed",
        "it failed\nwhen I compiled... compile",
        "3 errors",
        "(3) ERROR",
        "v2 errors!",
        "0 errors",
        "x3y\n\u3000«errors»",
        "18446744073709551615 errors",
        "0" * 5000 + "7 errors",
        "a 2 3 error, b",
        "3 -error-",
        "3 errorſ",
        "\ud800 3 errors",
    ],
)
def test_signal(text):
    """Phrases of tools and counts of errors are signals, whatever sticks to them."""
    assert error_signal(text)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], False),
        (["error: x"], False),
        (["error: x", "thanks"], False),
        (["", "error: x"], True),
        (["error: x", "error: x"], True),
        (["a", "b", "", "2 errors"], True),
    ],
)
def test_the_first_message_is_spared(texts, expected):
    """Only the very first message may bring an error along, blank ones keep their place."""
    assert is_mid_session_error_paste(texts) is expected


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("it says\nValueError: no, and a Traceback", "traceback"),
        ("the BUILD step has failed", "build … failed"),
        ("I see 3 errors and 4 errors", "3 errors"),
        ("thanks", None),
    ],
)
def test_what_shows_the_error(text, signal):
    """The first phrase of the list that the text holds, else what failed, else the count."""
    assert error_signal(text) == signal
