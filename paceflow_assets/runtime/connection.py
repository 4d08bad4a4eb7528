"""Connection: how every DuckDB of the program is opened, whoever reads with it.

What lives here: what it may load by itself (nothing), its zone and its threads. What stays out: polars, which a report in a
terminal does not wait for.
"""

CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
SETTINGS = "set TimeZone = 'UTC'; set enable_progress_bar = false; set threads = 1"
