"""Reports: rows into text.

What belongs here: titles, alignment, number formats.
What stays out: counting and dividing, which SQL has done; where the rows come from, which the caller knows.
"""
