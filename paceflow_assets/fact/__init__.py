"""Facts: what was observed, one atomic row per observation.

What belongs here: messages, file operations, commits and their lines, and which of them meet.
What stays out: what an observation means for a report (event/). A fact never looks outside: raw tables hold all it needs.
"""
