"""Runtime: how tables are found, versioned, computed, stored, checked and scheduled.

What belongs here: partitions, storage, versions, checks, discovery, settings, and what Dagster is told.
What stays out: what a table means (raw/ … view/), what we believe (rule/), how a log reads (source/).
It is left out of code versions on purpose: moving machinery does not change a number.
"""
