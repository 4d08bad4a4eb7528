"""Sources: the outside world, read into records. One module per agent, one for git, one for patch texts.

What belongs here: finding logs and turning bytes into records; errors become `ParseError` rows.
What stays out: repositories, storage, rules. A new agent is one new module and one line in PROVIDERS.
"""

from types import ModuleType

from paceflow_assets.source import claude, codex

PROVIDERS: dict[str, ModuleType] = {module.NAME: module for module in (claude, codex)}
