"""Branch kind: what a branch is for, by its name.

Claim: teams name their long-lived branches alike.
Decision: by exact name, and by the prefix of release branches.
Wrong when: the trunk has a name of its own (`trunk`, `next`, a customer's name).
Threshold: none; the names are those of paceflow 0.2.1. No metric reads these flags: which branches collect work is
said in `task_branch`, which ref is the mainline in `mainline`.
"""

DEFAULT = frozenset({"main", "master"})
INTEGRATION = frozenset({"main", "master", "staging", "develop", "development", "dev"})
RELEASE_PREFIX = "release/"


def is_default_branch(name: str) -> bool:
    """Whether a short branch name is that of a default branch."""
    return name in DEFAULT


def is_integration_branch(name: str) -> bool:
    """Whether a short branch name is that of a branch that collects the work of others."""
    return name in INTEGRATION or name.startswith(RELEASE_PREFIX)
