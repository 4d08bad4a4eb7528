"""Raw: parsed records, kept for good; the only tables that look outside.

What belongs here: what was seen, nested as it was written, and the ledger of what was read.
What stays out: meaning. Raw is merged, never replaced: a row once stored stays, whatever happens to its log or branch.
"""
