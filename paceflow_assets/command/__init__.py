"""Commands: what `paceflow` does, one command or family of commands per file.

What belongs here: from arguments to printed lines and an exit code.
What stays out: the arguments themselves (cli), computing (runtime), how rows look (report).
"""
