import pytest

from paceflow_assets.rule.model_name import qualified


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("claude", None, "claude/(unknown)"),
        ("claude", "", "claude/(unknown)"),
        ("claude", " \u3000\n", "claude/(unknown)"),
        ("claude", "\x1c", "claude/\x1c"),
        ("claude", "claude/", "claude/"),
        ("claude", "claude", "claude/claude"),
        ("claude", "claude-opus-4", "claude/claude-opus-4"),
        ("claude", " a  b ", "claude/a  b"),
        ("claude", "CLAUDE/opus", "CLAUDE/opus"),
        ("cursor", "claude/opus", "cursor/claude/opus"),
        ("kimi", "\N{KELVIN SIGN}imi/k2", "kimi/\N{KELVIN SIGN}imi/k2"),
        ("a_b", "axb/m", "a_b/axb/m"),
        ("codex", "gpt-5", "codex/gpt-5"),
        ("human", None, "human/(unknown)"),
    ],
)
def test_qualified(provider, model, expected):
    """The provider stands before the model once."""
    assert qualified(provider, model) == expected


@pytest.mark.parametrize("model", [None, "gpt-5", "codex/gpt-5", " x "])
def test_twice_is_once(model):
    """A qualified name stays as it is."""
    once = qualified("codex", model)

    assert qualified("codex", once) == once
