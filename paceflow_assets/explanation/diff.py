"""Diff: the lines of a commit, each with the edit that wrote it.

What lives here: origins joined to the lines as git tells them now, for only hashes of lines are stored.
What stays out: who wrote what, which fact_commit_line_origin says, and the terminal (report/diff).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from paceflow_assets.explanation.finding import Diff, FileDiff, Row, counted
from paceflow_assets.explanation.stored import Stored
from paceflow_assets.matching import OPERATION
from paceflow_assets.records import ParseError
from paceflow_assets.rule.line_match import LineMatch, hash_column
from paceflow_assets.rule.lock_file import LockFile, is_lock_file
from paceflow_assets.runtime.partitions import on_disk
from paceflow_assets.source import git
from paceflow_assets.source.git import FileText, GitError
from paceflow_assets.tracing import dull_texts, one_name, renames, under_one_name

PEOPLE = "human"
BAGS = (
    "rule line_match counts equal lines in bags, as in preset paceflow-0.2.1; no line has an origin; "
    'method = "runs" under [line_match] in rules.toml traces each'
)
WITHOUT_TEXT = "the lines stand here without their text"
ORIGIN = ("provider", "session_id", "change_id", "evidence", "confidence")


def explain(stored: Stored, sha: str, *, longest: int | None = None) -> Diff:
    """Every line of a commit of fact_commit with its origin; without text where git cannot tell it.

    longest: a diff with more lines, unchanged ones too, is only counted; None = any is told.
    """
    if stored.rule(LineMatch).method != "runs":
        return Diff([BAGS])
    if longest is not None:
        length = stored.frame("fact_commit_line", "position", commit_sha=sha).height
        if length > longest:
            return Diff([f"{counted(length, 'line')}; --diff shows who wrote each"])
    texts, notes = _texts(stored, sha)
    lines = _lines(stored, sha).partition_by("rel_path", as_dict=True, include_key=False)
    changed = stored.frame("fact_commit_file_change", commit_sha=sha).sort("rel_path").to_dicts()
    files = []
    for file in changed:
        path = file["rel_path"]
        own = lines[path,].to_dicts() if (path,) in lines else []
        hashes = [line.pop("line_hash") for line in own]
        text = texts.get(path)
        if texts and (text is None or text.change.lines.hashes != hashes):
            notes.append(f"git: {path}: other lines than those that were read; {WITHOUT_TEXT}; `git fsck` says more")
            text = None
        files.append(_file(file, own, text))
    rule = stored.rule(LockFile)
    notes += [f"{path}: a lock file; it is left out" for path in sorted(texts) if is_lock_file(rule, path)]
    return Diff(notes, _writers([line for file in files for line in file.lines]), files)


def _file(file: Row, lines: list[Row], text: FileText | None) -> FileDiff:
    unended = set(text.unended) if text else set()
    rows = [
        {
            "position": line["position"],
            "hunk": line["hunk"],
            "side": line["side"],
            "text": text.lines[number] if text else None,
            "ends": number not in unended if text else None,
            **{name: line[name] for name in ("provider", "session", "model", "change", "edited", "evidence", "sure")},
        }
        for number, line in enumerate(lines)
    ]
    return FileDiff(
        path=file["rel_path"],
        old_path=file["old_path"],
        change=file["change_type"],
        is_binary=file["is_binary"],
        added=file["added_lines"],
        removed=file["removed_lines"],
        heads=text.heads if text else [],
        lines=rows,
    )


def _writers(lines: Collection[Row]) -> list[Row]:
    """provider, session, model, lines of changed lines: sessions by their number of lines, then people, then nobody."""
    counts: dict[tuple[str | None, str | None, str | None], int] = {}
    for line in lines:
        if line["side"] != " ":
            key = (line["provider"], line["session"], line["model"])
            counts[key] = counts.get(key, 0) + 1
    kinds = {PEOPLE: 1, None: 2}
    ordered = sorted(counts.items(), key=lambda item: (kinds.get(item[0][0], 0), -item[1], str(item[0])))
    return [{"provider": provider, "session": id_, "model": model, "lines": count} for (provider, id_, model), count in ordered]


def _lines(stored: Stored, sha: str) -> pl.DataFrame:
    """rel_path, position, hunk, side, line_hash and origin of each line of the commit, in order."""
    key = ["rel_path", "position"]
    lines = stored.frame("fact_commit_line", *key, "hunk_index", "side", "line_hash", commit_sha=sha)
    origins = stored.frame("fact_commit_line_origin", *key, *ORIGIN, commit_sha=sha)
    edits = stored.scan("fact_session_code_change", *OPERATION, "change_ts").join(origins.lazy(), on=OPERATION, how="semi")
    models = stored.frame("event_commit_session", "provider", "session_id", "model_name", commit_sha=sha)
    time = stored.frame("fact_commit", "commit_time", commit_sha=sha)["commit_time"][0]
    traced = origins.join(edits.collect(), on=OPERATION, how="left").join(
        models.drop("commit_sha"), on=["provider", "session_id"], how="left"
    )
    people = _people(stored, sha).select(*key, pl.lit(PEOPLE).alias("people"))
    return (
        lines.join(traced.drop("commit_sha"), on=key, how="left")
        .join(people, on=key, how="left")
        .sort(key)
        .select(
            *key,
            pl.col("hunk_index").alias("hunk"),
            "side",
            "line_hash",
            pl.coalesce("provider", "people").alias("provider"),
            pl.col("session_id").alias("session"),
            pl.col("model_name").alias("model"),
            pl.col("change_id").alias("change"),
            (pl.col("change_ts") - pl.lit(time, dtype=pl.Datetime("ms"))).alias("edited"),
            "evidence",
            pl.col("confidence").alias("sure"),
        )
    )


def _people(stored: Stored, sha: str) -> pl.DataFrame:
    """rel_path, position of the changed lines that say enough to be somebody's, as the tracing judges it."""
    rule = stored.rule(LineMatch)
    column = hash_column(rule)
    own = stored.frame("fact_commit_line", "rel_path", "position", "side", column, commit_sha=sha)
    named = one_name(renames(stored.frame("fact_commit_file_change", "old_path", "rel_path", "change_type")))
    alike = stored.scan("fact_commit_line", "rel_path", "side", column, "word_characters").join(
        own.lazy(), on=column, how="semi"
    )
    dull = dull_texts(
        alike.rename({column: "line_hash"}),
        under_one_name(named).alias("path"),
        characters=rule.informative_characters,
        files=rule.informative_files,
    )
    changed = own.filter(pl.col("side") != " ")
    return changed.join(dull, left_on=column, right_on="line_hash", how="anti").select("rel_path", "position")


def _texts(stored: Stored, sha: str) -> tuple[Mapping[str, FileText], list[str]]:
    """Path -> the file as the first checkout that has the commit tells it; else why none of them does, as one note."""
    checkouts = stored.frame("raw_checkout", "common_dir", "missing_since").sort("missing_since", "common_dir")
    reasons = []
    for common_dir in map(on_disk, checkouts["common_dir"]):
        errors: list[ParseError] = []
        try:
            found = git.patch_texts(Path(common_dir), sha, errors)
        except GitError as error:
            reasons.append(_first_part(str(error)))
            continue
        if found is not None:
            return {text.change.rel_path: text for text in found}, []
        reasons.append(f"git: {common_dir}: {_first_part(errors[-1].reason)}")
    why = ", ".join(reasons) or "no checkout is known"
    return {}, [f"{why}; {WITHOUT_TEXT}; restore the repository, or fetch the commit"]


def _first_part(message: str) -> str:
    """Where and what of a message, without consequence and remedy."""
    return message.partition("; ")[0]
