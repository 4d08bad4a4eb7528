"""Metadata: what things are: repositories, sessions, models, files, tasks, branches.

What belongs here: one table per kind of thing, with what names and describes it.
What stays out: single observations (fact/) and judgement (event/). Everything follows from raw tables and facts.
"""
