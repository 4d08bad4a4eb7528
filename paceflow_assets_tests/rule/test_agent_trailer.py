"""Which words of a message say that an agent helped."""

import pytest

from paceflow_assets.rule.agent_trailer import AgentTrailer, signing_agents

NOREPLY = "users.noreply.github.com"


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("Claude Monet <claude@monet.test>", []),
        ("claude <noreply>", []),
        ("Ann <ann@anthropic.com>", []),
        ("Ann Devin <ann@devin.test>", []),
        (f"Ann <1+ann@{NOREPLY}>", []),
        (f"x <1+dependabot[bot]@{NOREPLY}>", []),
        (f"x <1+notclaude[bot]@{NOREPLY}>", []),
        ("Aider Ali <ali@aider.test>", []),
        ("", []),
        ("Claude <noreply@anthropic.com>", [("claude", "anthropic.com")]),
        ("Claude Opus 4.6 (1M context) <NOREPLY@Anthropic.com> ", [("claude", "anthropic.com")]),
        ("Claude <noreply@example.test>", [("claude", "example.test")]),
        (f"claude[bot] <209825114+claude[bot]@{NOREPLY}>", [("claude", NOREPLY)]),
        ("Codex <noreply@openai.com>", [("codex", "openai.com")]),
        ("Cursor <cursoragent@cursor.com>", [("cursor", "cursor.com")]),
        (f"Copilot <198982749+Copilot@{NOREPLY}>", [("copilot", NOREPLY)]),
        (f"copilot-swe-agent[bot] <198982749+copilot-swe-agent[bot]@{NOREPLY}>", [("copilot", NOREPLY)]),
        ("Gemini <noreply@google.com>", [("gemini", "google.com")]),
        (f"Devin AI <158243242+devin-ai-integration[bot]@{NOREPLY}>", [("devin", NOREPLY)]),
        ("aider (openai/gpt-4o) <aider@aider.chat>", [("aider", "aider.chat")]),
        ("opencode <noreply@opencode.ai>", [("opencode", "opencode.ai")]),
        ("Amp <amp@ampcode.com>", [("amp", "ampcode.com")]),
        (f"google-labs-jules[bot] <161369871+google-labs-jules[bot]@{NOREPLY}>", [("jules", NOREPLY)]),
        ("Windsurf <windsurf@codeium.com>", [("windsurf", "codeium.com")]),
    ],
)
def test_co_authors(identity, expected):
    """Agents are known by the identities that they write themselves; people with such names are none."""
    assert signing_agents(AgentTrailer(), [("CO-authored-by", identity.strip())], "") == expected
    assert signing_agents(AgentTrailer(), [("Reviewed-by", identity)], "") == []


@pytest.mark.parametrize(
    ("line", "agents"),
    [
        ("We generated with Claude Code the tables.", []),
        ("Generated with care", []),
        ("Generated with Claude Coder", []),
        ("\U0001f916 Generated with [Claude Code](https://claude.com/claude-code)", ["claude"]),
        ("> generated with Claude Code", ["claude"]),
        ("Generated with [opencode](https://opencode.ai)", ["opencode"]),
    ],
)
def test_generated_with(line, agents):
    """A line of its own names the agent, behind signs that are no letters."""
    found = signing_agents(AgentTrailer(), [], f"Subject\n\n{line}\n\nmore")

    assert found == [(agent, "generated with") for agent in agents]


def test_each_agent_and_sign_once():
    """Several signs of several agents stand side by side, sorted."""
    trailers = [("Co-authored-by", "Claude <noreply@anthropic.com>")] * 2 + [("co-authored-by", "Codex <noreply@openai.com>")]

    found = signing_agents(AgentTrailer(), trailers, "Generated with Claude Code")

    assert found == [("claude", "anthropic.com"), ("claude", "generated with"), ("codex", "openai.com")]


def test_own_agents():
    """The lists are the user's to change; a text without a pattern names nobody."""
    rule = AgentTrailer(co_authors=("robo = robo* <*@corp.test>", "nobody"), generators=())

    assert signing_agents(rule, [("Co-authored-by", "Robo 2 <x@corp.test>")], "Generated with codex") == [("robo", "corp.test")]
    assert signing_agents(rule, [("Co-authored-by", "Claude <noreply@anthropic.com>")], "") == []
