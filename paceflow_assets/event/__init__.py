"""Events: what it meant. Facts and rules, at the grain of reports, with every dimension that a report needs.

What belongs here: outcomes, signals and flags, each judged by a rule.
What stays out: the beliefs themselves (rule/), rates and sums over many rows (sql/view/), logs and git.
"""
