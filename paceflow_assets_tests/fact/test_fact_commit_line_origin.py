"""Which edit each line of a commit falls to."""

import datetime as dt

import pytest
from building import built, line_rows
from logs import at

from paceflow_assets.fact.fact_commit_line_origin import fact_commit_line_origin
from paceflow_assets.rule.anchor import Anchor
from paceflow_assets.rule.line_match import LineMatch
from paceflow_assets.rule.weak_pair import WeakPair

WORDS = ["+load the queue", "+check the batch", "+store the ledger"]


def commit(sha, time, files, *, place=None, chain="main", base=(None, None), message="Change\n", author_time=None):
    """A commit: path -> lines of its patch."""
    return {
        "commit_sha": sha,
        "commit_time": time,
        "author_time": author_time or time,
        "files": files,
        "place": place,
        "chain": chain,
        "base": base,
        "message": message,
    }


def edit(session, time, path, lines, **fields):
    """An edit of a Claude session, of one hunk."""
    return {"session_id": session, "change_ts": time, "rel_path": path, "lines": lines, **fields}


def origins(commits, edits, *rules, changes=()):
    """The table; commits without a place follow each other on one chain. changes: rows of fact_commit_file_change."""
    facts, chain, lines = [], [], []
    for number, each in enumerate(commits):
        every = [line for patch in each["files"].values() for line in patch]
        totals = {"total_added": sum(x[0] == "+" for x in every), "total_removed": sum(x[0] == "-" for x in every)}
        facts.append({name: each[name] for name in ("commit_sha", "commit_time", "author_time", "message")} | totals)
        place = number if each["place"] is None else each["place"]
        names = ("chain", "chain_place", "base_chain", "base_place")
        chain.append({"commit_sha": each["commit_sha"], **dict(zip(names, (each["chain"], place, *each["base"]), strict=True))})
        for path, patch in each["files"].items():
            lines += line_rows(patch, commit_sha=each["commit_sha"], rel_path=path)
    written, written_lines = [], []
    for number, each in enumerate(edits):
        key = {"provider": "claude", "session_id": each["session_id"], "change_id": f"e{number}"}
        fields = {name: value for name, value in each.items() if name not in ("session_id", "lines")}
        written.append({"write_mode": "patch", "before_known": True, **fields, **key})
        written_lines += line_rows(each["lines"], **key)
    return built(
        fact_commit_line_origin,
        *rules,
        fact_commit=facts,
        fact_commit_chain=chain,
        fact_commit_line=lines,
        fact_commit_file_change=list(changes),
        fact_session_code_change=written,
        fact_session_code_change_line=written_lines,
    )


def owners(frame):
    """(commit, path) -> session of each credited line, by position."""
    found = {}
    for sha, path, position, session in frame.select("commit_sha", "rel_path", "position", "session_id").rows():
        found.setdefault((sha, path), {})[position] = session
    return found


def test_nothing():
    """Without commits or edits there are no rows, nor when lines are counted in bags."""
    commits, edits = [commit("c1", at(1), {"a.py": WORDS})], [edit("s1", at(0), "a.py", WORDS)]

    assert origins([], edits).is_empty()
    assert origins(commits, []).is_empty()
    assert origins(commits, edits, LineMatch(method="bags")).is_empty()


def test_a_line_knows_its_edit():
    """Session, edit, evidence, age and confidence; a line that nobody wrote has no row."""
    found = origins([commit("c1", at(30), {"a.py": [*WORDS, "+typed by hand"]})], [edit("s1", at(0), "a.py", WORDS)])

    told = found.select("position", "side", "session_id", "change_id", "evidence", "edit_age_minutes").rows()
    assert told == [(position, "+", "s1", "e0", "block", 30.0) for position in range(3)]
    assert found["confidence"].n_unique() == 1
    assert 0.5 < found["confidence"][0] < 1


@pytest.mark.parametrize(("seconds", "credited"), [(0, True), (10, True), (11, False)])
def test_an_edit_explains_later_commits_only(seconds, credited):
    """Give or take the tolerance of clocks."""
    edits = [edit("s1", at(1) + dt.timedelta(seconds=seconds), "a.py", WORDS)]

    assert origins([commit("c1", at(1), {"a.py": WORDS})], edits).is_empty() is not credited


def test_sides_and_files_do_not_mix():
    """A removed line is no added one; the same text elsewhere is somebody else's."""
    commits = [commit("c1", at(1), {"a.py": WORDS, "b.py": [f"-{line[1:]}" for line in WORDS]})]

    found = origins(commits, [edit("s1", at(0), "b.py", WORDS)])

    assert found.is_empty()


def test_the_latest_of_several_edits_has_the_line():
    """If they hold equally many; one that restates a whole file whose text before is not known comes last."""
    commits = [commit("c1", at(9), {"a.py": WORDS})]
    early, late = edit("early", at(0), "a.py", WORDS), edit("late", at(1), "a.py", WORDS)
    blind = edit("blind", at(2), "a.py", WORDS, before_known=False)

    assert owners(origins(commits, [early, late])) == {("c1", "a.py"): dict.fromkeys(range(3), "late")}
    assert owners(origins(commits, [early, blind])) == {("c1", "a.py"): dict.fromkeys(range(3), "early")}
    assert owners(origins(commits, [blind])) == {("c1", "a.py"): dict.fromkeys(range(3), "blind")}


def test_more_informative_lines_in_a_row_win_before_time():
    """One line that a later edit has too does not tear a block apart."""
    commits = [commit("c1", at(9), {"a.py": WORDS})]
    edits = [edit("block", at(0), "a.py", WORDS), edit("single", at(1), "a.py", [WORDS[1]])]

    assert set(owners(origins(commits, edits))["c1", "a.py"].values()) == {"block"}


def test_a_line_of_an_edit_stands_in_one_place_of_a_commit():
    """Two equal lines in the commit, one in the edit: the other is somebody else's."""
    commits = [commit("c1", at(1), {"a.py": ["+check the batch", " x", "+check the batch"]})]

    assert len(origins(commits, [edit("s1", at(0), "a.py", ["+check the batch"])])) == 1


def test_what_was_committed_is_used_up_for_what_follows():
    """On the same chain and on branches that left it later, not on one that left it before: a copy has the origin again."""
    commits = [
        commit("c0", at(0), {"z.py": ["+begin the work"]}, place=0),
        commit("c1", at(5), {"a.py": WORDS}, place=1),
        commit("again", at(6), {"a.py": WORDS}, place=2),
        commit("copy", at(7), {"a.py": WORDS}, place=0, chain="before", base=("main", 0)),
        commit("later", at(8), {"a.py": WORDS}, place=0, chain="after", base=("main", 2)),
    ]

    found = owners(origins(commits, [edit("s1", at(4), "a.py", WORDS)]))

    assert set(found) == {("c1", "a.py"), ("copy", "a.py")}


def test_what_a_commit_left_out_may_come_with_a_later_one():
    """Staged in part: the rest is still the session's, unless a fresh edit has it too."""
    commits = [commit("c1", at(5), {"a.py": WORDS[:1]}), commit("c2", at(6), {"a.py": WORDS[1:]})]
    first = edit("s1", at(4), "a.py", WORDS)

    assert owners(origins(commits, [first])) == {("c1", "a.py"): {0: "s1"}, ("c2", "a.py"): {0: "s1", 1: "s1"}}
    fresh = edit("s2", at(5.5), "a.py", [WORDS[2]])
    assert owners(origins(commits, [first, fresh]))["c2", "a.py"] == {0: "s1", 1: "s2"}


def test_dull_lines_count_beside_informative_ones():
    """A brace between known lines is the session's, also behind a line that a person changed; a brace alone is not."""
    wrote = ["+load the queue", "+}", "+check the batch", "+}"]
    commits = [
        commit("c1", at(1), {"a.py": ["+load the queue", "+}", "+changed by hand", "+}"], "b.py": ["+}", "+typed by hand"]}),
    ]

    found = origins(commits, [edit("s1", at(0), "a.py", wrote), edit("s2", at(0), "b.py", ["+}", "+something else"])])

    assert owners(found) == {("c1", "a.py"): {0: "s1", 1: "s1", 3: "s1"}}
    assert found["evidence"].to_list() == ["single", "context", "context"]


def test_a_text_in_many_files_is_dull():
    """From the third file on it says nothing."""
    files = {f"{name}.py": ["+import the usual", f"+only in {name}"] for name in "abc"}
    edits = [edit("s1", at(0), "a.py", ["+import the usual"])]

    assert origins([commit("c1", at(1), files)], edits).is_empty()
    assert len(origins([commit("c1", at(1), files)], edits, LineMatch(informative_files=4))) == 1


def test_a_hunk_of_short_lines_is_compared_whole():
    """The very same lines in the same order, and nobody touched the file since."""
    commits = [commit("c1", at(1), {"a.py": ["+}", "+x"], "b.py": ["+x", "+}"], "c.py": ["+}", "+x", "+typed by hand"]})]
    edits = [edit("s1", at(0), path, ["+}", "+x"]) for path in ("a.py", "b.py", "c.py")]

    found = origins(commits, edits)
    touched = origins([commit("c0", at(0.5), {"a.py": ["+typed by hand"]}), *commits], edits)

    assert owners(found) == {("c1", "a.py"): {0: "s1", 1: "s1"}}
    assert set(found["evidence"]) == {"whole_hunk"}
    assert touched.is_empty()


NEAR = [" known surroundings", *WORDS]


@pytest.mark.parametrize(
    ("patch", "minutes", "credited"),
    [
        ([" known surroundings", *WORDS], 300, True),
        ([" somewhere else", *WORDS], 300, False),
        ([" somewhere else", *WORDS], 5, True),
        ([" known surroundings", "+a", "+b", "+c", "+d", *WORDS], 300, False),
        ([" known surroundings", "+a", "+b", "+c", *WORDS], 300, True),
    ],
)
def test_an_old_edit_needs_its_surroundings(patch, minutes, credited):
    """Within four lines, unless it was committed within minutes."""
    found = origins([commit("c1", at(minutes), {"a.py": patch})], [edit("s1", at(0), "a.py", NEAR)])

    assert bool(len(found)) is credited


def test_an_anchored_place_vouches_for_the_session_s_others_in_the_file():
    """Another session's does not, nor does an edit that shows no surroundings; a rule that asks later believes it."""
    commits = [commit("c1", at(300), {"a.py": [*NEAR, " x", "+route the parcel"]})]
    lost = edit("s1", at(1), "a.py", [" gone surroundings", "+route the parcel"])

    assert set(owners(origins(commits, [edit("s1", at(0), "a.py", NEAR), lost]))["c1", "a.py"]) == {1, 2, 3, 5}
    assert set(owners(origins(commits, [edit("s2", at(0), "a.py", NEAR), lost]))["c1", "a.py"]) == {1, 2, 3}
    assert set(owners(origins(commits, [edit("s1", at(0), "a.py", NEAR[-2:]), lost]))["c1", "a.py"]) == {2, 3}
    assert len(origins(commits, [lost], Anchor(after_hours=10))) == 1


def test_a_weak_pair_is_dropped():
    """Two lines of an old edit in a large commit."""
    typed = [f"+typed by hand {number}" for number in range(20)]
    commits = [commit("c1", at(60 * 7), {"a.py": [*WORDS[:2], *typed]})]
    edits = [edit("s1", at(0), "a.py", WORDS[:2])]

    assert origins(commits, edits).is_empty()
    assert len(origins(commits, edits, WeakPair(lines=1))) == 2


def test_a_rename_carries_the_edits_along():
    """Edits under either name explain the file under either name."""
    commits = [commit("c1", at(2), {"new.py": WORDS[:2]}), commit("c2", at(4), {"new.py": [WORDS[2]]})]
    rename = {"commit_sha": "c1", "rel_path": "new.py", "old_path": "old.py", "change_type": "rename"}

    found = origins(commits, [edit("s1", at(0), "old.py", WORDS)], changes=[rename])

    assert owners(found) == {("c1", "new.py"): {0: "s1", 1: "s1"}, ("c2", "new.py"): {0: "s1"}}


def test_a_deleted_file_falls_to_the_edit_that_deleted_it():
    """An edit that names no text has all lines that the commit removes, unless the file was committed since."""
    gone = [f"-{line[1:]}" for line in WORDS]
    deletion = {"commit_sha": "c1", "rel_path": "a.py", "change_type": "delete"}
    edits = [edit("s1", at(0), "a.py", [], write_mode="delete"), edit("s0", at(-5), "a.py", WORDS)]

    found = origins([commit("c1", at(1), {"a.py": gone})], edits, changes=[deletion])
    kept = origins(
        [commit("c0", at(0.5), {"a.py": ["+typed by hand"]}), commit("c1", at(1), {"a.py": gone})], edits, changes=[deletion]
    )

    assert owners(found) == {("c1", "a.py"): dict.fromkeys(range(3), "s1")}
    assert set(found["evidence"]) == {"deleted_file"}
    assert ("c1", "a.py") not in owners(kept)


def test_a_revert_restores_owners_and_its_removals_are_nobody_s():
    """What comes back falls to who wrote it; the revert of the revert has the credits of the first commit."""
    sha = {name: f"{number:040x}" for number, name in enumerate(("wrote", "dropped", "back", "again"), 1)}
    says = "This reverts commit {}.\n"
    removed, added = [f"-{line[1:]}" for line in WORDS], ["+route the parcel"]
    commits = [
        commit(sha["wrote"], at(1), {"a.py": WORDS}),
        commit(sha["dropped"], at(3), {"a.py": [*removed, *added]}),
        commit(sha["back"], at(5), {"a.py": ["-route the parcel", *WORDS]}, message=says.format(sha["dropped"])),
        commit(sha["again"], at(7), {"a.py": [*removed, *added]}, message=says.format(sha["back"])),
    ]
    edits = [edit("s1", at(0), "a.py", WORDS), edit("s2", at(2), "a.py", [*removed, *added])]

    found = origins(commits, edits)

    told = owners(found)
    assert told[sha["dropped"], "a.py"] == dict.fromkeys(range(4), "s2")
    assert told[sha["back"], "a.py"] == {1: "s1", 2: "s1", 3: "s1"}
    assert told[sha["again"], "a.py"] == dict.fromkeys(range(4), "s2")
    assert found.filter(found["commit_sha"] == sha["back"])["evidence"].to_list() == ["restored"] * 3


def test_an_edit_without_time_or_path_takes_no_part():
    """Nor does a commit without time."""
    commits = [commit("c1", at(1), {"a.py": WORDS}), commit("c2", None, {"b.py": WORDS[::-1]})]
    edits = [edit("s1", None, "a.py", WORDS), edit("s1", at(0), None, WORDS), edit("s1", at(0), "b.py", WORDS[::-1])]

    assert origins(commits, edits).is_empty()


def test_the_hash_is_the_rule_s():
    """With `both` a re-indented line is the session's."""
    commits = [commit("c1", at(1), {"a.py": [f"+    {line[1:]}" for line in WORDS]})]
    edits = [edit("s1", at(0), "a.py", WORDS)]

    assert origins(commits, edits).is_empty()
    assert len(origins(commits, edits, LineMatch(trim="both"))) == 3
