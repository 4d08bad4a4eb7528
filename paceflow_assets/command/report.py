"""`paceflow report`: the figures as one HTML page.

What lives here: what the page reads, where it is written, and opening it. What stays out: arithmetic (sql/), how the page is
made (report/page).
"""

import argparse
from pathlib import Path

from paceflow_assets.command.figures import Asked, asked_for
from paceflow_assets.report.page import TASKS, Found, empty_page, page
from paceflow_assets.report.page_charts import STRIPS
from paceflow_assets.runtime.errors import NothingStored, PaceflowError
from paceflow_assets.runtime.reading import Row, reading_for
from paceflow_assets.runtime.settings import Settings, make_private, replace_file
from paceflow_assets.runtime.sql_files import report_query
from paceflow_assets.runtime.trust import trust

REPORTS = ("session", "delivery", "quality")
QUERIES = (*REPORTS, "headline", "weekly_delivery", "weekly_quality", "survival", "tasks", "notable_sessions", "trust")
SESSIONS, MODELS = 12, 50


def run(where: Settings, asked: argparse.Namespace) -> int:
    """Write the page, and open it if wanted."""
    wanted, known = asked_for(where, asked, ())
    path = asked.out.resolve() if asked.out else make_private(where.paceflow_home) / "report.html"
    try:
        text, note = page(found(where, wanted), trust(where, known, wanted.repository), wanted.repository), ""
    except NothingStored as nothing:
        text, note = empty_page(wanted.repository), f"\n{nothing}"
    write(path, text)
    print(f"{path}{note}")
    return show(path) if asked.open else 0


def found(where: Settings, wanted: Asked) -> Found:
    """What stands on the page: every query over one reading."""
    texts = {name: report_query(name) for name in QUERIES}
    reading = reading_for(where, texts.values(), wanted.repository)

    def rows(name: str, limit: int = 1, *by: str) -> list[Row]:
        return reading.rows(texts[name], wanted._replace(by=by, limit=limit).params(texts[name]))

    (lines,), (counts,) = rows("headline"), rows("trust")
    return Found(
        whole={name: rows(name) for name in REPORTS},
        lines=lines,
        by_model={name: rows(name, MODELS, "model") for name in REPORTS},
        weekly_delivery=rows("weekly_delivery", STRIPS),
        weekly_quality=rows("weekly_quality", STRIPS),
        survival=rows("survival"),
        tasks=rows("tasks", TASKS),
        sessions=rows("notable_sessions", SESSIONS),
        counts=counts,
    )


def write(path: Path, text: str) -> None:
    """Write the page, readers see the old one or the new one; what is no file, such as a pipe, is written into."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")
        else:
            replace_file(path, text.encode())
    except OSError as error:
        raise PaceflowError(
            f"{path}: cannot be written ({error.strerror or error}); no page was made; name another file with --out"
        ) from error


def show(path: Path) -> int:
    """Open the page in the user's browser."""
    import webbrowser

    if webbrowser.open(path.as_uri()):
        return 0
    raise PaceflowError(f"{path}: no browser could be started; the page is written; open the file yourself")
