"""`paceflow report`: the figures as a page for a browser.

What lives here: what is asked for, where the page goes. What stays out: arithmetic (sql/), the page (report/page).
"""

import argparse
import datetime as dt
import webbrowser

from paceflow_assets.command.figures import asked_for
from paceflow_assets.report.page import Found, page
from paceflow_assets.report.trust_line import trust_line
from paceflow_assets.runtime.errors import PaceflowError
from paceflow_assets.runtime.reading import Reading, Row
from paceflow_assets.runtime.settings import Settings
from paceflow_assets.runtime.sql_files import reads_of, report_query
from paceflow_assets.runtime.trust import trust

SERIES, MODELS, TASKS, SESSIONS = 5, 8, 20, 9
FIGURES = ("session", "delivery", "quality")
QUERIES = (*FIGURES, "weekly_delivery", "weekly_quality", "tasks", "survival", "notable_sessions", "trust")


def run(where: Settings, asked: argparse.Namespace) -> int:
    """Write the page, and say where it is."""
    wanted, known = asked_for(where, asked, ())
    texts = {name: report_query(name) for name in QUERIES}
    reading = Reading(where, dict.fromkeys(read for text in texts.values() for read in reads_of(text)), wanted.repository)

    def rows(name: str, by: tuple[str, ...] = (), limit: int = 1) -> list[Row]:
        return reading.rows(texts[name], wanted._replace(by=by, limit=limit).params(texts[name]))

    found = Found(
        overall={name: rows(name) for name in FIGURES},
        by_model={name: rows(name, ("model",), MODELS) for name in FIGURES},
        weekly={name: rows(f"weekly_{name}", (), SERIES) for name in ("delivery", "quality")},
        tasks=rows("tasks", ("task",), TASKS),
        survival=rows("survival"),
        notable=rows("notable_sessions", (), SESSIONS),
    )
    (counts,) = rows("trust")
    told = trust(where, known, wanted.repository)
    first, last = wanted.filters["first_day"], wanted.filters["last_day"]
    text = page(
        found,
        place=wanted.repository or "all repositories",
        days=" ".join([*([f"from {first}"] if first else []), *([f"to {last}"] if last else [])]),
        trust=trust_line(counts, told, wanted.repository),
        warning=told.warning,
        made_at=dt.datetime.now(dt.UTC),
    )
    out = asked.out.absolute()
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise PaceflowError(f"{out}: {error.strerror}; no page was written; name another file with --out") from error
    print(out)
    if asked.open:
        webbrowser.open(out.as_uri())
    return 0
