"""Which sessions have the logs ever shown, and everything they hold?"""

from collections.abc import Iterator, Sequence

import polars as pl

from paceflow_assets.runtime.look import Batch, Look, WaitingPart
from paceflow_assets.runtime.nested import LINES, grouped, lines_column, rows_of, spread, united
from paceflow_assets.runtime.parsed import PlacedPart
from paceflow_assets.runtime.partitions import NO_REPOSITORY
from paceflow_assets.runtime.table import TIME, count, flag, nested, table, text, time

KEY = ["provider", "session_id"]
LOG = [*KEY, "log_path"]
MESSAGE = {
    "record_key": pl.String,
    "log_path": pl.String,
    "position": pl.Int64,
    "agent_id": pl.String,
    "role": pl.String,
    "kind": pl.String,
    "at": TIME,
    "content": pl.String,
    "word_count": pl.Int64,
}
CHANGE = {
    "record_key": pl.String,
    "log_path": pl.String,
    "position": pl.Int64,
    "change_id": pl.String,
    "call_id": pl.String,
    "op_index": pl.Int64,
    "agent_id": pl.String,
    "at": TIME,
    "repository": pl.String,
    "rel_path": pl.String,
    "path": pl.String,
    "moved_from": pl.String,
    "write_mode": pl.String,
    "parser_name": pl.String,
    "user_modified": pl.Boolean,
    "before_known": pl.Boolean,
    "evidence": pl.String,
    "git_branch": pl.String,
    "lines": LINES,
}
USAGE = {
    "record_key": pl.String,
    "log_path": pl.String,
    "position": pl.Int64,
    "agent_id": pl.String,
    "at": TIME,
    "model_name": pl.String,
    "input_tokens": pl.Int64,
    "cached_input_tokens": pl.Int64,
    "cache_creation_tokens": pl.Int64,
    "cache_creation_1h_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "reasoning_tokens": pl.Int64,
    "speed": pl.String,
}
SNAPSHOT = {
    "record_key": pl.String,
    "log_path": pl.String,
    "position": pl.Int64,
    "at": TIME,
    "repository": pl.String,
    "rel_path": pl.String,
    "path": pl.String,
    "text_hash": pl.UInt64,
    "line_count": pl.Int64,
}
COMMITTED = {
    "record_key": pl.String,
    "log_path": pl.String,
    "position": pl.Int64,
    "agent_id": pl.String,
    "at": TIME,
    "sha": pl.String,
    "branch": pl.String,
}
PART = {
    "log_path": pl.String,
    "agent_id": pl.String,
    "started_at": TIME,
    "ended_at": TIME,
    "cwd": pl.String,
    "cwd_repository": pl.String,
    "origin": pl.String,
    "git_branch": pl.String,
    "model_name": pl.String,
    "client_version": pl.String,
    "parent_session_id": pl.String,
}
DUPLICATE = {"log_path": pl.String, "reason": pl.String, "record_count": pl.Int64}
READ = {
    "log_path": pl.String,
    "fingerprint": pl.String,
    "parser_fingerprint": pl.String,
    "first_read_at": TIME,
    "last_read_at": TIME,
}
ITEMS = {"messages": MESSAGE, "changes": CHANGE, "usage": USAGE, "snapshots": SNAPSHOT, "commits": COMMITTED}
IDENTITY = {
    "messages": ["record_key"],
    "changes": ["change_id"],
    "usage": ["record_key"],
    "snapshots": ["record_key", "path"],
    "commits": ["record_key", "sha"],
}
COPIED = "in_another_log"
SILENT = 500  # sessions that are put together at a time when no log of theirs waits


def many(fields: dict[str, pl.DataType]) -> pl.List:
    """A list of structs."""
    return pl.List(pl.Struct(fields))


COLUMNS = {
    "repository": text("partition key: a repository that the session's directory or one of its changes lies in"),
    "provider": text("agent that wrote the log"),
    "session_id": text("the agent's own id of the session"),
    "home_repository": text("repository of the first working directory, else where most changed lines fall"),
    "is_home": flag("this row lies in the home repository; true in exactly one repository"),
    "touches": flag("the session still lies here; false after a later reading placed all of it elsewhere"),
    "parent_session_id": text("session that this one was forked or resumed from; null = none named"),
    "cwd": text("first working directory, ~/… or … + hash + name; null = not told", private=True),
    "origin": text("remote address that the log names, without credentials; null = not told"),
    "git_branch": text("last branch named; null = not told"),
    "model_name": text("the session's model in the log's words; null = not told"),
    "client_version": text("version of the agent that wrote last; null = not told"),
    "started_at": time("earliest record"),
    "ended_at": time("latest record"),
    "parts": nested(many(PART), "what each log says of the session as a whole", private=True),
    "messages": nested(many(MESSAGE), "visible texts in order", private=True),
    "changes": nested(many(CHANGE), "applied file operations in all repositories, lines as hashes", private=True),
    "usage": nested(many(USAGE), "tokens of each model response", private=True),
    "snapshots": nested(many(SNAPSHOT), "hashes of whole-file texts that the session saw", private=True),
    "duplicates": nested(many(DUPLICATE), "records dropped as copies, by log and reason", private=True),
    "copied_keys": nested(pl.List(pl.String), "record keys that another session here wrote first", private=True),
    "change_count": count("applied file operations in all repositories"),
    "read_logs": nested(many(READ), "state in which each log was read, and when", private=True),
    "commits": nested(many(COMMITTED), "commits that git said it made, shortened names; null = not looked for", private=True),
}


@table(watches="logs", grain=tuple(KEY), columns=COLUMNS, bookkeeping=("read_logs",), also=("paceflow_assets.source",))
def raw_session(stored: pl.DataFrame, look: Look) -> pl.DataFrame:
    """One row per session, whole, in every repository that it touches; what is null was not told by any log.

    A session is put together again from all its logs whenever one of them changes. What a log no longer shows is kept
    (logs are cut short and deleted), unless another version of the parser read the log.
    """
    known = set(stored.select(KEY).rows())
    strays = known & look.threads.keys()
    return with_copies_marked(united(rebuilt_and_kept(stored, look, known, strays)), strays)


def rebuilt_and_kept(
    stored: pl.DataFrame, look: Look, known: set[tuple[str, str]], strays: set[tuple[str, str]]
) -> Iterator[pl.DataFrame]:
    """Rows of the sessions that a waiting log touches, or that came to this repository, by batch; then all other rows.

    known: sessions that are stored. strays: those of them that a later log showed to be a sub-agent of another session.
    """
    came = look.touching - known
    newly_stray = strays & set(stored.select(*KEY, "touches").filter("touches").select(KEY).rows())
    owners = {(stray[0], look.threads[stray]) for stray in newly_stray}
    silent = sorted((came | owners).difference(*(batch.sessions for batch in look.batches)))
    others = [Batch(frozenset(silent[start : start + SILENT]), ()) for start in range(0, len(silent), SILENT)]
    before = pl.concat([with_owners(stored, look, newly_stray), look.stored_elsewhere(raw_session, came)])
    done = [stored.select(KEY).clear()]
    for batch in [*look.batches, *others]:
        rebuilt = rebuilt_batch(before, look, batch)
        done.append(rebuilt.select(KEY))
        yield rebuilt
    yield without_strays(stored.join(pl.concat(done), on=KEY, how="anti"), strays)


def rebuilt_batch(stored: pl.DataFrame, look: Look, batch: Batch) -> pl.DataFrame:
    """Rows of the batch's sessions, of what is stored of them here and elsewhere and what their waiting logs hold."""
    names = pl.DataFrame(sorted(batch.sessions), schema=dict.fromkeys(KEY, pl.String), orient="row")
    before = stored.join(names, on=KEY, how="semi")
    waiting = look.parts(batch)
    headers = ordered_parts(before, waiting)
    merged = {kind: merged_items(kind, before, waiting, headers) for kind in ITEMS}
    items = {kind: without_forgotten(rows, look) for kind, (rows, _) in merged.items()}
    dropped = pl.concat([frame for _, frame in merged.values()])
    frame = session_headers(headers, items["changes"])
    for kind, rows in items.items():
        frame = grouped(rows, frame, KEY, kind)
    frame = grouped(headers.select(*KEY, *PART), frame, KEY, "parts")
    frame = grouped(duplicate_rows(before, waiting, dropped), frame, KEY, "duplicates")
    frame = grouped(read_rows(before, waiting, look.now_ms), frame, KEY, "read_logs")
    return finished(frame, look)


def with_owners(stored: pl.DataFrame, look: Look, strays: set[tuple[str, str]]) -> pl.DataFrame:
    """Stored rows with the strays under the session that they worked for."""
    if not strays:
        return stored
    owners = [look.threads[key] if key in strays else key[1] for key in stored.select(KEY).rows()]
    return stored.with_columns(pl.Series("session_id", owners, dtype=pl.String))


def is_stray(sessions: pl.DataFrame, strays: set[tuple[str, str]]) -> pl.Series:
    """Which rows are strays."""
    return pl.Series([key in strays for key in sessions.select(KEY).rows()], dtype=pl.Boolean)


def without_strays(stored: pl.DataFrame, strays: set[tuple[str, str]]) -> pl.DataFrame:
    """Stored rows; a stray keeps its row, which lies here no longer: its owner's row holds its records."""
    if not strays:
        return stored
    stray = is_stray(stored, strays)
    return stored.with_columns(pl.when(stray).then(False).otherwise(name).alias(name) for name in ("touches", "is_home"))


def ordered_parts(before: pl.DataFrame, waiting: Sequence[WaitingPart]) -> pl.DataFrame:
    """Part rows, main logs before sub-agents', earlier logs first; `log_rank` is that order."""
    fields = {**dict.fromkeys(KEY, pl.String), **PART}
    new = rows_of(fields, [(*part.session, part.log.log_path, *part_fields(part.placed)) for part in waiting])
    identity = [*LOG, "agent_id"]
    new = new.unique(subset=identity, keep="first", maintain_order=True)
    old = spread(before, "parts", KEY).cast(fields)
    return (
        pl.concat([old.join(new, on=identity, how="anti"), new])
        .sort(*KEY, pl.col("agent_id") != "", "started_at", "log_path", "agent_id", nulls_last=True)
        .with_columns(pl.int_range(pl.len()).over(KEY).alias("log_rank"))
    )


def part_fields(placed: PlacedPart) -> tuple:
    """Fields of `PART` behind log_path."""
    part = placed.part
    return (
        part.agent_id,
        part.started_ms,
        part.ended_ms,
        placed.cwd,
        placed.cwd_repository,
        part.origin,
        part.git_branch,
        part.model_name,
        part.client_version,
        part.parent_session_id,
    )


def merged_items(
    kind: str, before: pl.DataFrame, waiting: Sequence[WaitingPart], headers: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items of the sessions in order, each once; and the (session, log) of those dropped as copies of another log's."""
    new = new_items(kind, waiting)
    old = still_valid(
        spread(before, kind, KEY).cast({**dict.fromkeys(KEY, pl.String), **ITEMS[kind]}), new, kind, before, waiting
    )
    ranks = headers.group_by(LOG).agg(pl.col("log_rank").min())
    together = pl.concat([old, new]).join(ranks, on=LOG, how="left", maintain_order="left")
    within = [name for name in ("op_index", "record_key", "sha") if name in together.columns]
    order = [*KEY, "log_rank", "position", *within]
    identity = [*KEY, *IDENTITY[kind]]
    if kind == "usage":  # of two copies of a response the fuller one counts: the other was written before it ended
        tokens = pl.sum_horizontal("input_tokens", "cached_input_tokens", "cache_creation_tokens", "output_tokens")
        together = together.sort(*KEY, tokens, "log_rank", descending=[False, False, True, False], maintain_order=True)
    else:
        together = together.sort(order)
    once = together.unique(subset=identity, keep="first", maintain_order=True)
    counts = together.group_by(LOG).len("all").join(once.group_by(LOG).len("kept"), on=LOG, how="left")
    dropped = counts.select(*LOG, (pl.col("all") - pl.col("kept").fill_null(0)).cast(pl.Int64).alias("record_count"))
    return once.sort(order).drop("log_rank"), dropped


def still_valid(
    old: pl.DataFrame, new: pl.DataFrame, kind: str, before: pl.DataFrame, waiting: Sequence[WaitingPart]
) -> pl.DataFrame:
    """Stored items without those that their log shows again, and without those another parser version has read anew."""
    parsers = spread(before, "read_logs", KEY).select(*LOG, "parser_fingerprint").unique(LOG)
    shows = [part for part in waiting if has_items(part.placed)]
    reread = rows_of(
        {**dict.fromkeys(LOG, pl.String), "present_parser": pl.String},
        [(*part.session, part.log.log_path, part.log.parser) for part in shows],
    ).unique(LOG)
    changed = reread.join(parsers, on=LOG).filter(pl.col("parser_fingerprint") != pl.col("present_parser"))
    return old.join(changed, on=LOG, how="anti").join(new, on=[*LOG, *IDENTITY[kind]], how="anti")


def has_items(placed: PlacedPart) -> bool:
    """Whether the part holds anything but a header."""
    part = placed.part
    return bool(part.messages or part.changes or part.usage or part.snapshots or part.commits)


def new_items(kind: str, waiting: Sequence[WaitingPart]) -> pl.DataFrame:
    """Flat rows of one kind of item from parsed logs: key, then the item's fields."""
    fields = {name: dtype for name, dtype in ITEMS[kind].items() if name not in ("log_path", "lines")}
    found = [FLAT[kind](part) for part in waiting]
    frame = rows_of(fields, [row for rows in found for row in rows])
    # taken from one row for each log, so that the items of a log share one text and do not have a copy each
    logs = rows_of(dict.fromkeys(LOG, pl.String), [(*part.session, part.log.log_path) for part in waiting])
    owners = pl.Series([number for number, rows in enumerate(found) for _ in rows], dtype=pl.UInt32)
    frame = frame.with_columns(logs[owners].get_columns())
    if kind == "changes":
        column = lines_column([change.lines for part in waiting for change in part.placed.part.changes])
        frame = frame.with_columns(column)
    return frame.select(*KEY, *ITEMS[kind])


def message_rows(part: WaitingPart) -> list[tuple]:
    """Messages of a part, as `MESSAGE` without its log."""
    return [
        (m.record_key, m.position, m.agent_id, m.role, m.kind, m.at_ms, m.content, m.word_count)
        for m in part.placed.part.messages
    ]


def change_rows(part: WaitingPart) -> list[tuple]:
    """Changes of a part, as `CHANGE` without its log and lines."""
    return [
        (
            change.record_key,
            change.position,
            change.change_id,
            change.call_id,
            change.op_index,
            change.agent_id,
            change.at_ms,
            place.repository,
            place.rel_path,
            place.path,
            place.moved_from,
            change.write_mode,
            change.parser_name,
            change.user_modified,
            change.before_known,
            change.evidence,
            change.git_branch,
        )
        for change, place in zip(part.placed.part.changes, part.placed.change_places, strict=True)
    ]


def usage_rows(part: WaitingPart) -> list[tuple]:
    """Responses of a part, as `USAGE` without its log."""
    return [
        (
            usage.record_key,
            usage.position,
            usage.agent_id,
            usage.at_ms,
            usage.model_name,
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.cache_creation_tokens,
            usage.cache_creation_1h_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
            usage.speed,
        )
        for usage in part.placed.part.usage
    ]


def snapshot_rows(part: WaitingPart) -> list[tuple]:
    """Snapshots of a part, as `SNAPSHOT` without its log."""
    return [
        (
            seen.record_key,
            seen.position,
            seen.at_ms,
            place.repository,
            place.rel_path,
            place.path,
            seen.text_hash,
            seen.line_count,
        )
        for seen, place in zip(part.placed.part.snapshots, part.placed.snapshot_places, strict=True)
    ]


def committed_rows(part: WaitingPart) -> list[tuple]:
    """Commits of a part, as `COMMITTED` without its log."""
    return [
        (made.record_key, made.position, made.agent_id, made.at_ms, made.sha, made.branch) for made in part.placed.part.commits
    ]


FLAT = {
    "messages": message_rows,
    "changes": change_rows,
    "usage": usage_rows,
    "snapshots": snapshot_rows,
    "commits": committed_rows,
}


def session_headers(headers: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """One row per session: what its parts say together, and its home."""

    def first(name: str) -> pl.Expr:
        return pl.col(name).drop_nulls().first()

    def last(name: str) -> pl.Expr:
        return pl.col(name).sort_by(pl.col("agent_id") == "", "ended_at", nulls_last=False).drop_nulls().last().alias(name)

    lines = pl.col("lines").struct.field("sides").str.len_bytes()
    most = (
        changes.group_by(*KEY, "repository")
        .agg(lines.sum().alias("size"), pl.len().alias("operations"))
        .sort("size", "operations", "repository", descending=[True, True, False])
        .unique(KEY, keep="first", maintain_order=True)
        .select(*KEY, pl.col("repository").alias("dominant"))
    )
    counts = changes.group_by(KEY).len("change_count")
    touched = pl.concat(
        [changes.select(*KEY, "repository"), headers.select(*KEY, pl.col("cwd_repository").alias("repository"))]
    )
    return (
        headers.group_by(KEY, maintain_order=True)
        .agg(
            first("cwd_repository"),
            first("parent_session_id"),
            first("cwd"),
            first("origin"),
            last("git_branch"),
            last("model_name"),
            last("client_version"),
            pl.col("started_at").min(),
            pl.col("ended_at").max(),
        )
        .join(most, on=KEY, how="left")
        .join(counts, on=KEY, how="left")
        .join(touched.group_by(KEY).agg(pl.col("repository").drop_nulls().unique().alias("touched")), on=KEY, how="left")
        .with_columns(
            pl.coalesce("cwd_repository", "dominant", pl.lit(NO_REPOSITORY)).alias("home_repository"),
            pl.col("change_count").fill_null(0).cast(pl.Int64),
        )
        .drop("cwd_repository", "dominant")
    )


def duplicate_rows(before: pl.DataFrame, waiting: Sequence[WaitingPart], dropped: pl.DataFrame) -> pl.DataFrame:
    """Copies dropped, by log and reason: as the parser counted them in one log, and those found between logs.

    Copies that were dropped when a log was read are not there to be found again: their number stays until it is read anew.
    """
    fields = {**dict.fromkeys(KEY, pl.String), **DUPLICATE}
    counted = rows_of(
        fields,
        [
            (*part.session, part.log.log_path, reason, number)
            for part in waiting
            for reason, number in part.placed.part.duplicates.items()
        ],
    )
    reread = rows_of(dict.fromkeys(LOG, pl.String), [(*part.session, part.log.log_path) for part in waiting])
    old = spread(before, "duplicates", KEY).cast(fields)
    between = dropped.group_by(LOG).agg(pl.col("record_count").sum()).filter(pl.col("record_count") > 0)
    return (
        pl.concat(
            [
                old.join(reread, on=LOG, how="anti"),
                counted,
                between.select(*LOG, pl.lit(COPIED).alias("reason"), "record_count"),
            ]
        )
        .group_by(*LOG, "reason")
        .agg(pl.col("record_count").sum())
        .sort(*LOG, "reason")
    )


def read_rows(before: pl.DataFrame, waiting: Sequence[WaitingPart], now_ms: int) -> pl.DataFrame:
    """State in which each log of a session was read last, and when first and last."""
    fields = {**dict.fromkeys(KEY, pl.String), **READ}
    new = rows_of(
        fields,
        [(*part.session, part.log.log_path, part.log.fingerprint, part.log.parser, now_ms, now_ms) for part in waiting],
    ).unique(LOG, keep="first", maintain_order=True)
    old = spread(before, "read_logs", KEY).cast(fields)
    firsts = old.group_by(LOG).agg(pl.col("first_read_at").min().alias("earlier"))
    renewed = new.join(firsts, on=LOG, how="left", maintain_order="left").with_columns(
        pl.coalesce("earlier", "first_read_at").alias("first_read_at")
    )
    return pl.concat([old.join(new, on=LOG, how="anti"), renewed.drop("earlier")]).sort(LOG)


def without_forgotten(items: pl.DataFrame, look: Look) -> pl.DataFrame:
    """Items without those that lie in a repository which the user had forgotten."""
    gone = sorted(look.forgotten.repositories)
    return items.filter(~pl.col("repository").is_in(gone)) if gone and "repository" in items.columns else items


def finished(frame: pl.DataFrame, look: Look) -> pl.DataFrame:
    """The rows in table shape."""
    here = pl.lit(look.repository)
    return frame.with_columns(
        here.alias("repository"),
        (pl.col("home_repository") == here).alias("is_home"),
        (pl.col("touched").list.contains(here) | (pl.col("home_repository") == here)).fill_null(False).alias("touches"),
        pl.lit([], dtype=pl.List(pl.String)).alias("copied_keys"),
    ).select(pl.col(name).cast(column.type) for name, column in COLUMNS.items())


def with_copies_marked(sessions: pl.DataFrame, strays: set[tuple[str, str]]) -> pl.DataFrame:
    """Sessions with `copied_keys`: a record in several of them belongs to the one that wrote it first.

    First is who names no parent, then who ended first, then the smaller id: a copy goes on after its original ended.
    """
    owners = sessions.filter(~is_stray(sessions, strays)) if strays else sessions
    rank = pl.struct(pl.col("parent_session_id").is_not_null(), "ended_at", "session_id").rank("ordinal").alias("rank")
    ranked = owners.select(*KEY, rank)
    keys = pl.concat([ranked_keys(ranked["rank"], owners[kind]) for kind in ITEMS])
    several = keys.group_by("record_key").agg(pl.col("rank").min().alias("first"), pl.col("rank").max().alias("last"))
    in_several = keys.join(several.filter(pl.col("first") < pl.col("last")), on="record_key", how="semi").unique()
    shared = in_several.join(ranked, on="rank").filter(pl.col("rank") > pl.col("rank").min().over("provider", "record_key"))
    copied = shared.sort(*KEY, "record_key").group_by(KEY, maintain_order=True).agg(pl.col("record_key").alias("copied"))
    none = pl.lit([], dtype=pl.List(pl.String))
    marks = sessions.select(KEY).join(copied, on=KEY, how="left", maintain_order="left").select(pl.coalesce("copied", none))
    return sessions.with_columns(marks.to_series().alias("copied_keys"))


def ranked_keys(ranks: pl.Series, items: pl.Series) -> pl.DataFrame:
    """(rank, record_key) of every item; the keys are not copied, because all items of all sessions pass through here."""
    keys = items.explode(empty_as_null=False, keep_nulls=False).struct.field("record_key")
    owners = ranks.repeat_by(items.list.len().fill_null(0)).explode(empty_as_null=False)
    return pl.DataFrame([owners.alias("rank"), keys])
