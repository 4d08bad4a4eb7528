"""Benchmark: how right is the tracing of lines, where the truth is known?

    uv run python benchmarks/attribution.py                    # ten fresh seeds, drawn and printed
    uv run python benchmarks/attribution.py --seeds 1,2,3 --off discard
    uv run python benchmarks/attribution.py --without          # each part of the tracing left out in turn
    uv run python benchmarks/attribution.py --real DIR         # also a home of real logs whose commits name their sessions

What lives here: generated homes, scores, what each part is good for. Results belong into README.md beside.

A pair is a commit and a session that wrote lines of it. Truth of a generated home: who wrote every changed line. Truth of a
real home: DIR/truth.json, commit -> the sessions that it names, and DIR/possible.json, those of them that edited a file of the
commit before it. Other sessions may have written lines there too: its precision is a lower bound.
"""

import argparse
import contextlib
import dataclasses
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from ingest import PROJECT, Workload

from paceflow_assets import tracing
from paceflow_assets.fact import fact_commit_line_origin as table_of_origins
from paceflow_assets.runtime.settings import settings
from paceflow_assets.runtime.table import tables
from paceflow_assets.runtime.warehouse import Warehouse

JOBS = 2
GENERATOR = PROJECT / "paceflow_assets_tests" / "workload" / "gen_truth.py"
ORIGINS = "fact_commit_line_origin"
Pair = tuple[str, str, str]
Change = tuple[object, str, Callable]


class Found(NamedTuple):
    """What the tracing says of one home: pair -> lines, pair -> confidence."""

    lines: dict[Pair, int]
    confidence: dict[Pair, float]


class Known(NamedTuple):
    """What is true of one home: pair -> lines; commit -> its changed lines, whether AI is half of them, its kind."""

    lines: dict[Pair, int]
    changed: dict[str, int]
    heavy: dict[str, bool]
    kind: dict[str, str]


def main() -> None:
    """Generate, ingest, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", help="comma-separated; default: ten that are drawn now")
    parser.add_argument("--off", default="", help="difficulties of the generator that are left out, comma-separated")
    parser.add_argument("--without", action="store_true", help="also score with each part of the tracing left out")
    parser.add_argument("--real", type=Path, help="a home of real logs with truth.json and possible.json")
    parser.add_argument("--folder", type=Path, help="keep the homes here, and use those that are there")
    given = parser.parse_args()
    drawn = sorted(random.SystemRandom().sample(range(100, 100_000), 10))
    seeds = [int(seed) for seed in given.seeds.split(",")] if given.seeds else drawn
    print("seeds", *seeds)
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        homes = [generated(folder, seed, given.off) for seed in seeds]
        truths = [known(home) for home in homes]
        real = None
        if given.real:
            real = folder / "real"
            shutil.copytree(given.real, real, dirs_exist_ok=True)
            Workload(real, JOBS).ingest()
        tell("all", homes, truths, real, detail=True)
        for name, changes in parts().items() if given.without else ():
            with changed(changes):
                tell(f"without {name}", homes, truths, real)


def generated(folder: Path, seed: int, off: str) -> Path:
    """A generated home, ingested."""
    home = folder / f"seed-{seed}{'-' if off else ''}{off.replace(',', '-')}"
    if not (home / "ground_truth.json").exists():
        command = [sys.executable, str(GENERATOR), "--home", str(home), "--seed", str(seed), *(["--off", off] if off else [])]
        subprocess.run(command, check=True, capture_output=True)
    Workload(home, JOBS).ingest()
    return home


def traced(home: Path) -> Found:
    """Build the origins anew from the facts of a home."""
    table, lines, sure = tables()[ORIGINS], {}, {}
    warehouse = Warehouse(dataclasses.replace(settings(), paceflow_home=home / ".paceflow"))
    for repository in warehouse.repositories("fact_commit"):
        given = {name: rule() for name, rule in table.rules.items()}
        for name in table.upstreams:
            read = warehouse.scan if name in table.lazy else warehouse.read
            given[name] = read(tables()[name], repository, table.reads.get(name))
        grouped = table.build(**given).group_by("commit_sha", "provider", "session_id")
        for *pair, count, confidence in grouped.agg(pl.len(), pl.col("confidence").first()).rows():
            lines[tuple(pair)], sure[tuple(pair)] = count, confidence
    return Found(lines, sure)


def known(home: Path) -> Known:
    """The truth of a generated home; merge commits are nobody's."""
    truth = json.loads((home / "ground_truth.json").read_text())
    commits = [commit for repository in truth["repos"] for commit in repository["commits"]]
    return Known(
        {
            (commit["sha"], each["provider"], each["session_id"]): each["added"] + each["removed"]
            for commit in commits
            for each in commit["truth"]
        },
        {commit["sha"]: commit["changed"] for commit in commits if commit["kind"] != "merge"},
        {commit["sha"]: commit["heavy"] for commit in commits},
        {commit["sha"]: commit["kind"] for commit in commits},
    )


def score(found: Found, truth: Known) -> dict[str, float]:
    """Precision, recall and F1 of pairs and lines; share of commits rightly called heavy; of people's, wrongly so."""
    mine = {pair: lines for pair, lines in found.lines.items() if pair[0] in truth.kind}
    both = mine.keys() & truth.lines.keys()
    right = sum(min(mine[pair], truth.lines[pair]) for pair in both)
    by_commit = Counter()
    for (sha, *_), lines in mine.items():
        by_commit[sha] += lines
    heavy = {sha: by_commit[sha] / count >= 0.5 for sha, count in truth.changed.items() if count}
    people = [sha for sha in heavy if truth.kind[sha] == "human"]
    return {
        **rates("pair", len(both), len(mine), len(truth.lines)),
        **rates("line", right, sum(mine.values()), sum(truth.lines.values())),
        "heavy": sum(heavy[sha] == truth.heavy[sha] for sha in heavy) / len(heavy),
        "people heavy": sum(heavy[sha] for sha in people) / max(1, len(people)),
    }


def rates(name: str, right: int, said: int, true: int) -> dict[str, float]:
    """Precision, recall and F1."""
    return {f"{name} P": right / max(1, said), f"{name} R": right / max(1, true), f"{name} F1": 2 * right / max(1, said + true)}


def calibration(judged: Sequence[tuple[float, bool]]) -> str:
    """Expected calibration error over ten bins, and area under the ROC curve: (confidence, whether the pair is right)."""
    bins = defaultdict(list)
    for confidence, right in judged:
        bins[min(9, int(confidence * 10))].append((confidence, right))
    error = sum(abs(sum(each for each, _ in some) - sum(right for _, right in some)) for some in bins.values()) / len(judged)
    good, bad = ([each for each, right in judged if right is side] for side in (True, False))
    above = sum((one > other) + (one == other) / 2 for one in good for other in bad)
    area = f"{above / len(good) / len(bad):.3f}" if good and bad else "-"
    return f"{len(judged)} pairs, {len(bad)} wrong: ECE {error:.4f}, AUC {area}"


def named(found: Found, real: Path) -> tuple[str, list[tuple[float, bool]]]:
    """Scores on a real home, and its judged pairs."""
    truth, possible = (json.loads((real / name).read_text()) for name in ("truth.json", "possible.json"))
    sessions = defaultdict(dict)
    for (sha, _, session), lines in found.lines.items():
        sessions[sha][session] = lines
    judged = [(found.confidence[pair], pair[2] in truth[pair[0]]) for pair in found.lines if pair[0] in truth]
    asked = [(sha, session) for sha, some in possible.items() for session in some]
    top = [max(sessions[sha], key=sessions[sha].get, default="") in truth[sha] for sha, some in possible.items() if some]
    hit = sum(session in sessions[sha] for sha, session in asked)
    right = sum(is_right for _, is_right in judged)
    text = f"real: pair P {right / len(judged):.3f}, R of possible {hit / len(asked):.3f} ({hit} of {len(asked)})"
    return f"{text}, top named {sum(top) / len(top):.3f} of {len(top)}", judged


def tell(name: str, homes: Sequence[Path], truths: Sequence[Known], real: Path | None, *, detail: bool = False) -> None:
    """Print the mean over the homes, the worst pair F1, and what the real home says; in detail also each home."""
    found = [traced(home) for home in homes]
    scores = [score(*each) for each in zip(found, truths, strict=True)]
    mean = {key: sum(each[key] for each in scores) / len(scores) for key in scores[0]}
    worst = min(each["pair F1"] for each in scores)
    print(f"{name:26}", shown(mean), f"worst pair F1 {worst:.3f}")
    if detail:
        for home, each in zip(homes, scores, strict=True):
            print(f"{home.name:26}", shown(each))
        judged = [
            (one.confidence[pair], pair in truth.lines)
            for one, truth in zip(found, truths, strict=True)
            for pair in one.lines
            if pair[0] in truth.kind
        ]
        print(f"{'':26}", calibration(judged))
    if real:
        text, judged = named(traced(real), real)
        print(f"{'':26}", text, *([f"| {calibration(judged)}"] if detail else []))


def shown(scores: Mapping[str, float]) -> str:
    """One line."""
    return ", ".join(f"{name} {value:.3f}" for name, value in scores.items())


def parts() -> dict[str, list[Change]]:
    """Each part of the tracing, and what is put in its place to leave it out."""
    at, steps = tracing, table_of_origins
    newest, touched, context, runs = at.newest_before, at._touched_before, at.with_context, at.runs
    ground, deleted, whole = at.ground, at.deleted_files, at.whole_hunks

    def at_any_time(on: tracing.Ground) -> tracing.Ground:
        return dataclasses.replace(on, commits=on.commits.with_columns(pl.col("ct").max()))

    def one_by_one(on: tracing.Ground, found: pl.DataFrame) -> pl.DataFrame:
        some = runs(on, found).filter(~pl.col("dull"))
        return some.with_columns(pl.lit(1, dtype=some.schema[name]).alias(name) for name in ("lines", "informative"))

    return {
        "time order": [(at, "ground", lambda *a, **k: at_any_time(ground(*a, **k)))],
        "used-up lines": [(at, "newest_before", lambda *a: newest(*a).clear() if a[3:] == (at.TEXT,) else newest(*a))],
        "fresh first": [(at, "_touched_before", lambda on, asked: touched(on, asked).clear())],
        "dull lines told": [(at, "ground", lambda *a, **k: ground(*a, **{**k, "characters": 0, "files": 10**9}))],
        "dull lines beside others": [
            (at, "with_context", lambda on, kept: context(on, kept).filter(pl.col("evidence") != at.CONTEXT))
        ],
        "runs": [(at, "runs", one_by_one)],
        "anchor": [(steps, "is_asked", lambda *_: False)],
        "weak pairs": [(steps, "is_weak", lambda *_, **__: False)],
        "reverts": [(steps, "reverts_of", lambda *_: {})],
        "renames": [(at, "ground", lambda *a, **k: ground(*a[:3], [], *a[4:], **k))],
        "deleted files": [(at, "deleted_files", lambda *a: deleted(*a).clear())],
        "whole hunks": [(at, "whole_hunks", lambda *a: whole(*a).clear())],
    }


@contextlib.contextmanager
def changed(changes: Sequence[Change]) -> Iterator[None]:
    """Other functions in place of the program's."""
    before = [(module, name, getattr(module, name)) for module, name, _ in changes]
    try:
        for module, name, function in changes:
            setattr(module, name, function)
        yield
    finally:
        for module, name, function in before:
            setattr(module, name, function)


if __name__ == "__main__":
    main()
