"""Paceflow: AI coding sessions and git history as engineering analytics, on your own machine.

logs, git ─► source ─► raw ─► metadata, fact ─► event ─► view ─► report
                                     ▲            ▲      (SQL)
                                     └── rule ────┘
runtime: partitions, storage, versions, checks, discovery, nightly
"""
