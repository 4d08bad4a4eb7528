"""Trailers of commit messages, as git and agents write them."""

import subprocess

import pytest

from paceflow_assets.trailers import trailers

CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
READ = ("Co-Authored-By", "Claude <noreply@anthropic.com>")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", []),
        (CLAUDE, []),
        (f"Subject\n{CLAUDE}", []),
        (f"Subject\n\n{CLAUDE}\n\nMore words.", []),
        (f"Subject\n\n{CLAUDE}", [READ]),
        (f"\n\nSubject\n \t\n{CLAUDE}\n\n \n", [READ]),
        (f"Subject\r\n\r\n{CLAUDE}\r\n", [READ]),
        (f"Subject\n\nGenerated with [Claude Code]\n{CLAUDE}", [READ]),
        (f"Subject\n\nwords\n\nReviewed-by: A\n{CLAUDE}", [("Reviewed-by", "A"), READ]),
        ("Subject\n\nCo-authored-by : A\n  B\n\tC <c@d>\nSee: x", [("Co-authored-by", "A B C <c@d>"), ("See", "x")]),
        ("Subject\n\nKey:\nOther:   ", [("Key", ""), ("Other", "")]),
        (f"Subject\n\n# {CLAUDE}\n{CLAUDE}\n# end", [READ]),
        ("Subject\n\n  folded under nothing\nnot a trailer\n  nor this", []),
        ("Subject\n\nno token: x\n-bad: y\nhttps://a.test", [("https", "//a.test")]),
    ],
)
def test_the_last_paragraph(message, expected):
    """Trailers of the last paragraph, which is not the subject; prose among them is left out."""
    assert trailers(message) == expected


@pytest.mark.parametrize(
    "message",
    [
        f"Subject\n\n{CLAUDE}\n",
        f"Subject\n\nwords\n\nReviewed-by: A\n{CLAUDE}\nSigned-off-by: B\n",
        "Subject\n\nCo-authored-by: A\n  B <c@d>\n",
        f"Subject\n{CLAUDE}\n",
        f"Subject\n\n{CLAUDE}\n\nwords\n",
    ],
)
def test_git_reads_the_same(message):
    """Where the last paragraph holds nothing but trailers, git finds the same ones."""
    command = ["git", "interpret-trailers", "--parse", "--no-divider"]
    told = subprocess.run(command, input=message, capture_output=True, text=True, check=True).stdout

    assert [f"{token}: {value}" for token, value in trailers(message)] == told.splitlines()
