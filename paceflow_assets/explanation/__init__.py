"""Explanations: why an event's row is what it is, for one commit or session.

What lives here: the stored row, the facts behind it, a commit's lines with their writers, and the rules with their values,
as plain data.
What belongs here: choosing and naming evidence. Whatever an event has counted, its own functions give; nothing is counted anew.
What stays out: how it looks (report/), the beliefs themselves (rule/), what is no row of an event.
"""
