"""How long does a line live that the main line got, and who wrote it?"""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from paceflow_assets import matching
from paceflow_assets.rule import model_name
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.runtime.duck import Sql
from paceflow_assets.runtime.table import TIME, count, flag, table, text, time

COLUMNS = {
    "repository": text("partition key"),
    "commit_sha": text("main-line commit that added the lines"),
    "provider": text("agent that wrote them; human for what no session explains"),
    "session_id": text("session that wrote them; __human__ for what no session explains"),
    "age_days": count("whole days from the commit to the removal, or to the newest main-line commit"),
    "removed_flag": flag("a main-line commit removed the lines at that age; false = they still stood then"),
    "commit_time": time("committer date"),
    "author_kind": text("ai or human"),
    "model_name": text("agent/model; agent/(unknown) when no log names one; human/(unknown) for people"),
    "line_count": count("lines that the commit added and that ended so"),
    "counted_flag": flag("views count the commit (rule orphaned_commit)"),
}
KEY = ["commit_sha", "provider", "session_id", "age_days", "removed_flag"]
CREDIT = ["commit_sha", "rel_path", "line_hash", "provider", "session_id", "lines"]
HUMAN, UNKNOWN = ("human", "__human__"), "(unknown)"
PEOPLE = 0  # the writer's number of people; sessions are numbered from 1
SHARE_LINES = 1_000_000  # changed lines that are followed at a time
NUMBER = matching.NUMBER
CHANGES = """
    with counted as (

        select
            place_in_time,
            rel_path,
            line_hash,
            count(*) filter (where is_added) as added,
            count(*) filter (where not is_added) as removed
        from changed
        group by place_in_time, rel_path, line_hash

    ),

    filed as (

        select counted.*, coalesce(born_as, rel_path)::bigint + 1 as file
        from counted left join files using (place_in_time, rel_path)

    ),

    by_sessions as (

        select place_in_time, rel_path, line_hash, sum(lines) as lines from written group by place_in_time, rel_path, line_hash

    )

    select line_hash, place_in_time, file, 0 as writer, greatest(added - coalesce(lines, 0), 0) as added, removed
    from filed left join by_sessions using (place_in_time, rel_path, line_hash)
    union all
    select line_hash, place_in_time, file, writer, lines as added, 0 as removed
    from filed inner join written using (place_in_time, rel_path, line_hash)
"""
MOVED = """
    with gains as (

        select line_hash, place_in_time, sum(added - removed) as gain from changes group by line_hash, place_in_time, file

    ),

    informative as (

        select line_hash from changed
        group by line_hash
        having max(word_characters) >= $characters and count(distinct rel_path) filter (where is_added) < $files

    ),

    moves as (

        select line_hash from gains group by line_hash, place_in_time having min(gain) < 0 and max(gain) > 0

    )

    select distinct line_hash from moves semi join informative using (line_hash)
"""
UNTOUCHED = """
    with by_sessions as (

        select place_in_time, writer, sum(lines) as lines from written group by place_in_time, writer

    ),

    by_anybody as (

        select place_in_time, count(*) as lines from changed where is_added group by place_in_time

    ),

    by_people as (

        select place_in_time, 0 as writer, any_value(by_anybody.lines) - coalesce(sum(by_sessions.lines), 0) as lines
        from by_anybody left join by_sessions using (place_in_time)
        group by place_in_time

    )

    select place_in_time as born_in, writer, null as died_in, lines from by_sessions
    union all
    select place_in_time as born_in, writer, null as died_in, lines from by_people where lines > 0
"""
LIVES = """
    with bags as (

        select
            line_hash,
            case when line_hash in (select line_hash from moved) then 0 else file end as place,
            place_in_time,
            file,
            writer,
            added,
            removed
        from changes

    ),

    -- what a commit takes away and adds again in one place has not gone: it lives on, and is not born again
    commits as (

        select
            line_hash,
            place,
            place_in_time,
            least(sum(added), sum(removed)) as kept,
            sum(removed) - kept as died
        from bags
        group by line_hash, place, place_in_time

    ),

    births as (

        select
            line_hash,
            place,
            place_in_time,
            writer,
            file,
            greatest(least(added, sum(added) over in_commit - kept), 0) as born
        from bags inner join commits using (line_hash, place, place_in_time)
        where added > 0
        window in_commit as (
            partition by line_hash, place, place_in_time
            order by writer, file
            rows between unbounded preceding and current row
        )

    ),

    steps as (

        select line_hash, place, place_in_time, writer, file, born, 0 as died from births where born > 0
        union all
        select line_hash, place, place_in_time, null as writer, null as file, 0 as born, died from commits where died > 0

    ),

    counted as (

        select
            *,
            sum(born) over so_far as born_so_far,
            sum(died) over so_far as died_so_far
        from steps
        window so_far as (
            partition by line_hash, place
            order by place_in_time, writer, file
            rows between unbounded preceding and current row
        )

    ),

    -- a removal that finds no line alive removes one that is older than what is known
    known as (

        select
            *,
            died_so_far - greatest(max(died_so_far - born_so_far) over so_far, 0) as known_died_so_far
        from counted
        window so_far as (
            partition by line_hash, place
            order by place_in_time, writer, file
            rows between unbounded preceding and current row
        )

    ),

    -- the lines of a bag, numbered as they are born and as they die: the n-th death is that of the n-th line born
    marks as (

        select line_hash, place, born_so_far as mark, place_in_time as born_in, writer, null as died_in
        from known where born > 0
        union all
        select line_hash, place, known_died_so_far as mark, null as born_in, null as writer, place_in_time as died_in
        from known where died > 0

    ),

    pieces as (

        select
            mark - coalesce(lag(mark) over bag, 0) as lines,
            first_value(born_in ignore nulls) over ahead as born_in,
            first_value(writer ignore nulls) over ahead as writer,
            first_value(died_in ignore nulls) over ahead as died_in
        from marks
        window
            bag as (partition by line_hash, place order by mark, born_in, died_in),
            ahead as (
                partition by line_hash, place
                order by mark, born_in, died_in
                rows between current row and unbounded following
            )

    )

    select born_in, writer, died_in, sum(lines)::bigint as lines
    from pieces
    where lines > 0
    group by born_in, writer, died_in
"""


@table(
    grain=tuple(KEY),
    columns=COLUMNS,
    parents={"event_commit_outcome": ("repository", "commit_sha")},
    reads={
        "fact_commit": ("commit_sha", "parent_sha", "commit_time"),
        "fact_mainline_commit": ("commit_sha",),
        "fact_commit_file_change": ("commit_sha", "rel_path", "old_path", "change_type"),
        "fact_commit_line": ("commit_sha", "rel_path", "side", "line_hash", "line_hash_trimmed", "word_characters"),
        "fact_commit_line_origin": ("commit_sha", "rel_path", "side", "line_hash", "provider", "session_id"),
        "fact_commit_ai_line": ("commit_sha", "rel_path", "line_hash", "lines"),
        "fact_commit_session_match": ("commit_sha", "provider", "session_id", "matched_lines"),
        "metadata_sessions": ("provider", "session_id", "model_name"),
        "event_commit_outcome": ("repository", "commit_sha", "commit_time", "counted_flag"),
    },
)
def event_line_lifetime(
    event_commit_outcome: pl.DataFrame,
    fact_commit: pl.DataFrame,
    fact_mainline_commit: pl.DataFrame,
    fact_commit_file_change: pl.DataFrame,
    fact_commit_line: pl.LazyFrame,
    fact_commit_line_origin: pl.LazyFrame,
    fact_commit_ai_line: pl.LazyFrame,
    fact_commit_session_match: pl.DataFrame,
    metadata_sessions: pl.DataFrame,
    line_match: LineMatch,
    sql: Sql,
) -> pl.DataFrame:
    """One row per (main-line commit, writer, age, end) of the lines that the commit added; nobody's lines have no row.

    A line ends when a later main-line commit removes a line of its text from its file: of several, the one born first. What
    a commit removes and adds again has not ended, nor has what a rename carries along, or, with information in it (rule
    line_match), what moves to another file. Merge commits are not looked at. Whose the lines are, fact_commit_line_origin says;
    when rule line_match counts bags, all AI lines of a commit are those of the session with most of them.
    """
    commits = in_order(fact_commit.join(fact_mainline_commit, on="commit_sha", how="semi"))
    lines = main_lines(fact_commit_line, commits, hash_column(line_match))
    if line_match.method == "runs":
        told = traced(fact_commit_line_origin)
    else:
        told = credited(fact_commit_ai_line, fact_commit_session_match)
    credits = told.join(commits.lazy(), on="commit_sha")
    renames = carried(fact_commit_file_change, commits)
    sides = Sides(
        paths=matching.Names.of(
            "rel_path", fact_commit_line, fact_commit_ai_line, renames, renames.select(pl.col("born_as").alias("rel_path"))
        ),
        writers=matching.Names.of(matching.SESSION, credits),
        renames=renames,
    )
    height = lines.select(pl.len()).collect(engine="streaming").item()
    shares = height // SHARE_LINES + 1
    found = [
        lives(
            sql,
            lines.filter(pl.col("line_hash") % shares == share),
            credits.filter(pl.col("line_hash") % shares == share),
            sides,
            line_match,
        )
        for share in range(shares)
    ]
    ended = aged(pl.concat(found), commits)
    totals = ended.hstack(owners(sides.writers, ended["writer"])).group_by(KEY).agg(pl.col("lines").sum().alias("line_count"))
    return with_models(totals, metadata_sessions).join(event_commit_outcome, on="commit_sha")


class Sides(NamedTuple):
    """What every share needs: paths and sessions behind numbers, and what renames carry along (as from `carried`)."""

    paths: matching.Names
    writers: matching.Names
    renames: pl.DataFrame

    @property
    def files(self) -> pl.DataFrame:
        """place_in_time, rel_path, born_as as numbers."""
        numbers = [self.paths.number(name).alias(name) for name in ("rel_path", "born_as")]
        return self.renames.select("place_in_time", *numbers)


def traced(origins: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of `CREDIT`: each line that a commit adds, and whose session's it is."""
    return origins.filter(pl.col("side") == "+").with_columns(pl.lit(1, dtype=pl.Int64).alias("lines")).select(CREDIT)


def credited(ai_lines: pl.LazyFrame, matches: pl.DataFrame) -> pl.LazyFrame:
    """Rows of `CREDIT` where only the number of AI lines is known: all are those of the session with most of the commit."""
    first = (
        matches.filter(pl.col("provider") != HUMAN[0])
        .sort("matched_lines", "provider", "session_id", descending=[True, False, False])
        .unique("commit_sha", keep="first", maintain_order=True)
    )
    named = ai_lines.join(first.lazy().select("commit_sha", "provider", "session_id"), on="commit_sha", how="left")
    return named.with_columns(pl.col("provider", "session_id").fill_null(UNKNOWN)).select(CREDIT)


def in_order(commits: pl.DataFrame) -> pl.DataFrame:
    """commit_sha, at, place_in_time (from 1): commits by time, none before its first parent, whatever the clocks said.

    A commit without a time has its parent's; without one there either, it is left out.
    """
    told = {sha: (parent, at) for sha, parent, at in commits.select("commit_sha", "parent_sha", "commit_time").rows()}
    placed: dict[str, tuple[object, int]] = {}
    for start in told:
        waiting = [start]
        while waiting:
            sha = waiting[-1]
            parent, at = told[sha]
            if parent in told and parent not in placed:
                waiting.append(parent)
                continue
            waiting.pop()
            before, depth = placed.get(parent, (None, 0))
            known = [time for time in (at, before) if time is not None]
            placed[sha] = (max(known, default=None), depth + 1)
    rows = sorted((at, depth, sha) for sha, (at, depth) in placed.items() if at is not None)
    frame = pl.DataFrame(
        {"commit_sha": [sha for _, _, sha in rows], "at": [at for at, _, _ in rows]},
        schema={"commit_sha": pl.String, "at": TIME},
    )
    return frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=NUMBER).alias("place_in_time"))


def carried(changes: pl.DataFrame, commits: pl.DataFrame) -> pl.DataFrame:
    """place_in_time, rel_path, born_as: changes of files that had another path when they were first seen.

    A path that is added again after its file was renamed away is another file: `born_as` is then a text of its own.
    """
    renames = changes.filter(pl.col("change_type") == "rename")
    moving = pl.concat([renames["rel_path"], renames["old_path"]]).unique().implode()
    told = changes.filter(pl.col("rel_path").is_in(moving)).join(commits, on="commit_sha").sort("place_in_time", "rel_path")
    rows = told.select("place_in_time", "rel_path", "old_path", "change_type").rows()
    return pl.DataFrame(
        list(_files(rows)), schema={"place_in_time": NUMBER, "rel_path": pl.String, "born_as": pl.String}, orient="row"
    )


def _files(rows: Iterable[tuple[int, str, str | None, str]]) -> Iterable[tuple[int, str, str]]:
    """Changes in order -> (place in time, path, file) where the file is not called like its first path."""
    now: dict[str, str] = {}
    gone: set[str] = set()
    by_commit: dict[int, list[tuple[str, str | None, str]]] = {}
    for place, path, old_path, kind in rows:
        by_commit.setdefault(place, []).append((path, old_path, kind))
    for place, changed in by_commit.items():
        sources = {old: now.get(old, old) for _, old, kind in changed if kind == "rename" and old is not None}
        gone.update(sources)
        for path, old_path, kind in changed:
            if kind == "rename" and old_path is not None:
                now[path] = sources[old_path]
                gone.discard(path)
            elif kind in ("add", "copy") and path in gone:
                now[path] = f"{path}\n{place}"
                gone.discard(path)
            if now.get(path, path) != path:
                yield place, path, now[path]


def main_lines(lines: pl.LazyFrame, commits: pl.DataFrame, column: str) -> pl.LazyFrame:
    """Changed lines of the commits: place_in_time, rel_path, side, line_hash, word_characters."""
    return (
        lines.filter(pl.col("side") != " ")
        .join(commits.lazy().select("commit_sha", "place_in_time"), on="commit_sha")
        .select("place_in_time", "rel_path", "side", pl.col(column).alias("line_hash"), "word_characters")
    )


def lives(sql: Sql, lines: pl.LazyFrame, credits: pl.LazyFrame, sides: Sides, line_match: LineMatch) -> pl.DataFrame:
    """born_in, writer, died_in (null = not yet), lines. The lines must be all those of some texts."""
    file = [pl.col("place_in_time"), sides.paths.number("rel_path").alias("rel_path"), "line_hash"]
    kind = [(pl.col("side") == "+").alias("is_added"), pl.col("word_characters").cast(pl.Int32)]
    changed = lines.select(*file, *kind).collect(engine="streaming")
    writer = (sides.writers.number(matching.SESSION) + 1).alias("writer")
    bags = credits.select(*file, writer, "lines").group_by("place_in_time", "rel_path", "line_hash", "writer")
    written = bags.agg(pl.col("lines").sum()).collect(engine="streaming")
    gone = changed.filter(~pl.col("is_added")).select("line_hash").unique()
    texts = changed.join(gone, on="line_hash", how="semi")
    contested = sql(CHANGES, changed=texts, written=written.join(gone, on="line_hash", how="semi"), files=sides.files)
    informative = {"characters": line_match.informative_characters, "files": line_match.informative_files}
    moved = sql(MOVED, informative, changes=contested, changed=texts)
    followed = sql(LIVES, changes=contested, moved=moved)
    untouched = sql(
        UNTOUCHED,
        changed=changed.join(gone, on="line_hash", how="anti"),
        written=written.join(gone, on="line_hash", how="anti"),
    )
    schema = {"born_in": NUMBER, "writer": NUMBER, "died_in": NUMBER, "lines": pl.Int64}
    return pl.concat([frame.cast(schema) for frame in (followed, untouched)])


def aged(found: pl.DataFrame, commits: pl.DataFrame) -> pl.DataFrame:
    """commit_sha, writer, age_days, removed_flag, lines. What still stands is as old as the newest commit lets it be."""
    births = commits.rename({"place_in_time": "born_in", "at": "born_at"})
    deaths = commits.select(pl.col("place_in_time").alias("died_in"), pl.col("at").alias("died_at"))
    newest = pl.lit(commits["at"].max(), dtype=TIME)
    return (
        found.join(births, on="born_in")
        .join(deaths, on="died_in", how="left")
        .select(
            "commit_sha",
            "writer",
            (pl.col("died_at").fill_null(newest) - pl.col("born_at")).dt.total_days().alias("age_days"),
            pl.col("died_in").is_not_null().alias("removed_flag"),
            "lines",
        )
    )


def owners(writers: matching.Names, numbers: pl.Series) -> pl.DataFrame:
    """Columns provider and session_id of writers' numbers, people's for theirs."""
    who = matching.sessions(writers, numbers.replace(PEOPLE, None) - 1)
    return who.with_columns(pl.col(name).fill_null(people) for name, people in zip(KEY[1:3], HUMAN, strict=True))


def with_models(totals: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """The rows with author_kind and model_name."""
    joined = totals.join(sessions, on=KEY[1:3], how="left")
    names = [model_name.qualified(*row) for row in joined.select("provider", "model_name").rows()]
    kind = pl.when(pl.col("provider") == HUMAN[0]).then(pl.lit("human")).otherwise(pl.lit("ai"))
    return joined.with_columns(pl.Series("model_name", names, dtype=pl.String), kind.alias("author_kind"))
