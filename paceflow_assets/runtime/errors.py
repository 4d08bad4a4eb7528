"""Errors a person may see. One line each: where, what, consequence, remedy.

PaceflowError
├── SettingsError      settings.toml, or a folder that the settings name, cannot be used
├── RulesError         rules.toml or a preset cannot be used
├── WarehouseError     a table file cannot be used as it is
│   ├── NothingStored  a table has no file yet
│   ├── NewerWarehouse written by a newer paceflow
│   ├── TableDamaged   a derived table could not be read; it was removed and will be built again
│   └── TableInvalid   a built table breaks its own declaration; the file before it stays
├── Locked             another paceflow holds the repository
└── RepositoryError    a repository cannot be read; the others go on
"""

from typing import Any


class PaceflowError(Exception):
    """Base of every error with a message for people."""


class SettingsError(PaceflowError):
    """settings.toml, or a folder that the settings name, cannot be used."""


class RulesError(PaceflowError):
    """rules.toml or a preset cannot be used."""


class WarehouseError(PaceflowError):
    """A table file cannot be used as it is."""


class NothingStored(WarehouseError):
    """A table has no file yet."""


class NewerWarehouse(WarehouseError):
    """A table file was written by a newer paceflow."""


class TableDamaged(WarehouseError):
    """A derived table could not be read; it was removed and will be built again."""


class TableInvalid(WarehouseError):
    """A built table breaks its own declaration; the file before it stays. verdict: `checks.Verdict`, None for a lost row."""

    def __init__(self, message: str, table: str, verdict: Any = None) -> None:
        super().__init__(message)
        self.table = table
        self.verdict = verdict


class Locked(PaceflowError):
    """Another paceflow holds the repository."""


class RepositoryError(PaceflowError):
    """A repository cannot be read; the others go on."""
