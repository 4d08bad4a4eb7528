import random
from collections import Counter, defaultdict, deque

import polars as pl
import pytest
from building import assert_rows, brought, built, by_bags, commit_facts, day, hash_of
from logs import ClaudeLog
from repositories import FIRST_SECOND, Repository

from paceflow_assets.event import event_line_lifetime as module
from paceflow_assets.event.event_line_lifetime import event_line_lifetime
from paceflow_assets.rule.line_match import LineMatch

HOUR = 1 / 24
PEOPLE = ("human", "__human__")
FILES = ["a", "b", "c"]
TEXTS = ["first text", "second text", "third text", "}"]


def facts(history, origins=(), ai=(), *, off_mainline=(), parents=None, sessions=("s1",)):
    """Upstreams of a history: (sha, time, path -> lines[, new path -> old path]) of each commit.

    origins: (sha, path, line with its side, session) of traced lines. ai: rows of AI lines.
    """
    commits = [(sha, time, files) for sha, time, files, *_ in history]
    made = commit_facts(*commits)
    renames = {sha: moved[0] for sha, _, _, *moved in history if moved}
    changes = [
        {
            "commit_sha": sha,
            "rel_path": path,
            "old_path": renames.get(sha, {}).get(path),
            "change_type": "rename" if path in renames.get(sha, {}) else "add" if path.startswith("new") else "modify",
        }
        for sha, _, files in commits
        for path in {**files, **renames.get(sha, {})}
    ]
    return {
        "fact_commit": [{**row, "parent_sha": (parents or {}).get(row["commit_sha"])} for row in made["fact_commit"]],
        "fact_commit_line": made["fact_commit_line"],
        "fact_commit_file_change": changes,
        "fact_mainline_commit": [{"commit_sha": sha} for sha, *_ in history if sha not in off_mainline],
        "fact_commit_line_origin": [
            {
                "commit_sha": sha,
                "rel_path": path,
                "position": position,
                "side": line[0],
                "line_hash": hash_of(line[1:]),
                "provider": "claude",
                "session_id": session,
            }
            for position, (sha, path, line, session) in enumerate(origins)
        ],
        "fact_commit_ai_line": list(ai),
        "fact_commit_session_match": [
            {"commit_sha": sha, "provider": "claude", "session_id": session, "matched_lines": float(number)}
            for sha in {row["commit_sha"] for row in ai}
            for number, session in enumerate(sessions)
        ],
        "metadata_sessions": [{"provider": "claude", "session_id": "s1", "model_name": "claude/opus"}],
        "event_commit_outcome": [{"commit_sha": sha, "commit_time": time, "counted_flag": True} for sha, time, *_ in history],
    }


def lives(sql, history, *rules, **options):
    """(commit, session, age, was it removed?) -> lines."""
    found = built(event_line_lifetime, *rules, sql=sql, **facts(history, **options))
    rows = found.select("commit_sha", "session_id", "age_days", "removed_flag", "line_count").rows()
    return {(sha, "people" if who == PEOPLE[1] else who, age, gone): lines for sha, who, age, gone, lines in rows}


def test_nothing(sql):
    """Without a main line nothing lives on it."""
    assert_rows(built(event_line_lifetime, sql=sql), event_line_lifetime, [])
    assert lives(sql, [("a", day(1), {"f": ["+x"]})], off_mainline=["a"]) == {}


def test_lines_by_writer_age_and_end(sql):
    """Ages are whole days; what stands is as old as the newest main-line commit lets it be; each writer has own rows."""
    history = [
        ("a", day(1), {"f": ["+one", "+two", "+three", "+three"]}),
        ("b", day(3) + (day(2) - day(1)) / 2, {"f": ["-one", "-three"], "g": ["+four"]}),
        ("c", day(11), {"g": ["+five"]}),
    ]
    origins = [("a", "f", "+one", "s1"), ("a", "f", "+three", "s1"), ("b", "f", "-one", "s1")]

    found = built(event_line_lifetime, sql=sql, **facts(history, origins))

    session = {"provider": "claude", "session_id": "s1", "author_kind": "ai", "model_name": "claude/opus"}
    people = {"provider": PEOPLE[0], "session_id": PEOPLE[1], "author_kind": "human", "model_name": "human/(unknown)"}
    a, b, c = ({"commit_sha": sha, "commit_time": time} for sha, time, _ in history)
    expected = [
        {**a, **session, "age_days": 2, "removed_flag": True, "line_count": 1},
        {**a, **session, "age_days": 10, "removed_flag": False, "line_count": 1},
        {**a, **people, "age_days": 2, "removed_flag": True, "line_count": 1},
        {**a, **people, "age_days": 10, "removed_flag": False, "line_count": 1},
        {**b, **people, "age_days": 7, "removed_flag": False, "line_count": 1},
        {**c, **people, "age_days": 0, "removed_flag": False, "line_count": 1},
    ]
    assert_rows(found, event_line_lifetime, expected, counted_flag=True)


def test_the_line_born_first_goes_first(sql):
    """Of equal lines in one file; in another file they are others, and a removal that finds none removes an older one."""
    history = [
        ("a", day(1), {"f": ["-x", "-x"]}),
        ("b", day(2), {"f": ["+x", "+x"], "g": ["+x"]}),
        ("c", day(3), {"f": ["+x"]}),
        ("d", day(5), {"f": ["-x", "-x", "-x", "-x"]}),
        ("e", day(6), {"f": ["+x"]}),
    ]

    assert lives(sql, history) == {
        ("b", "people", 3, True): 2,
        ("b", "people", 4, False): 1,
        ("c", "people", 2, True): 1,
        ("e", "people", 0, False): 1,
    }


def test_what_a_commit_moves_lives_on(sql):
    """Within a file whatever it says; to another file only with information in it. It can still be removed there."""
    history = [
        ("a", day(1), {"f": ["+some text", "+}"]}),
        ("b", day(2), {"f": ["-some text", "+some text", "-}", "+}"]}),
        ("c", day(3), {"f": ["-some text", "-}"], "g": ["+some text", "+}"]}),
        ("d", day(7), {"g": ["-some text"]}),
    ]

    assert lives(sql, history) == {
        ("a", "people", 6, True): 1,
        ("a", "people", 2, True): 1,
        ("c", "people", 4, False): 1,
    }
    wordy = LineMatch(informative_characters=9)
    assert ("a", "people", 6, True) not in lives(sql, history, wordy)


def test_a_rename_carries_its_lines_along(sql):
    """Also twice, there and back, and in a swap; a file added later under the old path is another one."""
    history = [
        ("a", day(1), {"f": ["+one", "+two", "+three"], "g": ["+three"]}),
        ("b", day(2), {"h": ["-one"]}, {"h": "f"}),
        ("c", day(3), {"new": ["+two"]}, {"new2": "h"}),
        ("d", day(4), {}, {"new2": "g", "g": "new2"}),
        ("e", day(5), {"g": ["-two"], "new": ["-two"]}),
        ("f", day(6), {"new2": ["-three"]}),
        ("g", day(8), {"new2": ["-three"]}),
    ]

    assert lives(sql, history) == {
        ("a", "people", 1, True): 1,
        ("a", "people", 4, True): 1,
        ("a", "people", 5, True): 1,
        ("a", "people", 7, False): 1,
        ("c", "people", 2, True): 1,
    }


def test_a_rename_of_a_file_of_which_no_line_is_known_is_nothing(sql):
    """As of one older than the first commit that is looked at."""
    history = [("a", day(1), {"f": ["+one"]}), ("b", day(2), {}, {"after": "before", "later": "earlier"})]

    assert lives(sql, history) == {("a", "people", 1, False): 1}


def test_an_old_path_that_is_added_again_is_another_file(sql):
    """Its lines are not those that the rename carried away."""
    history = [
        ("a", day(1), {"new": ["+one"]}),
        ("b", day(2), {}, {"g": "new"}),
        ("c", day(3), {"new": ["+one"]}),
        ("d", day(4), {"new": ["-one"]}),
        ("e", day(6), {"g": ["-one"]}),
    ]

    assert lives(sql, history) == {("c", "people", 1, True): 1, ("a", "people", 5, True): 1}


def test_commits_of_one_second_and_of_wrong_clocks(sql):
    """A commit is never before its first parent; one without a time has its parent's; without that it is left out."""
    history = [
        ("b", day(5), {"f": ["+one", "+two"]}),
        ("a", day(5), {"f": ["-one"]}),
        ("c", day(2), {"f": ["-two", "+three"]}),
        ("d", None, {"f": ["+four"]}),
        ("lost", None, {"f": ["+five"]}),
    ]

    assert lives(sql, history, parents={"a": "b", "c": "a", "d": "c"}) == {
        ("b", "people", 0, True): 2,
        ("c", "people", 0, False): 1,
        ("d", "people", 0, False): 1,
    }


def test_only_the_main_line_adds_and_removes(sql):
    """What another branch does to the same file has no part in it."""
    history = [("a", day(1), {"f": ["+one"]}), ("b", day(2), {"f": ["-one"]}), ("c", day(4), {"f": ["+two"]})]

    assert lives(sql, history, off_mainline=["b"]) == {("a", "people", 3, False): 1, ("c", "people", 0, False): 1}


def test_each_session_has_the_lines_that_it_wrote(sql):
    """Of several in one commit, and of several equal lines in one file as many as are its own; the least does not get lost."""
    history = [
        ("a", day(1), {"f": ["+one", "+two", "+}", "+}", "+}"], "g": ["+one"]}),
        ("b", day(3), {"f": ["-one", "-}"]}),
    ]
    origins = [("a", "f", line, "s1") for line in ("+one", "+two")] + [("a", "f", "+}", who) for who in ("s1", "s2")]
    origins += [("a", "g", "+one", "s2")]

    assert lives(sql, history, origins=origins) == {
        ("a", "s1", 2, True): 1,
        ("a", "s1", 2, False): 2,
        ("a", "s2", 2, False): 2,
        ("a", "people", 2, True): 1,
    }


def test_in_bags_agents_lines_are_those_of_the_session_with_most_of_them(sql):
    """Whatever is traced. Where no session is known to have any, the session is unknown, and still no person."""
    history = [("a", day(1), {"f": ["+one", "+one", "+one"]})]
    given = {"ai": brought("a", day(1), {"f": ["one", "one"]}), "origins": [("a", "f", "+one", "s3")]}
    bags = by_bags([])

    assert lives(sql, history, *bags, **given, sessions=("s1", "s2")) == {
        ("a", "s2", 0, False): 2,
        ("a", "people", 0, False): 1,
    }
    assert lives(sql, history, *bags, **given, sessions=()) == {("a", "(unknown)", 0, False): 2, ("a", "people", 0, False): 1}


@pytest.mark.parametrize("removes", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_any_history_gives_what_queues_give(sql, seed, removes, monkeypatch):
    """Small random histories against one queue per file and text; nothing ends without removals; shares do not matter."""
    chance = random.Random(seed)  # noqa: S311
    history, renames = made_up(chance, removes)

    found = lives(sql, history)
    monkeypatch.setattr(module, "SHARE_LINES", 3)
    in_shares = lives(sql, history)

    assert found == in_shares == queued(history, renames), f"seed {seed}"
    assert sum(found.values()) <= sum(
        line[0] == "+" for _, _, files, *_ in history for lines in files.values() for line in lines
    )
    assert removes or not any(gone for _, _, _, gone in found)


def made_up(chance, removes):
    """A history of a few files and texts, with a rename now and then."""
    history, renames = [], {}
    for number in range(chance.randint(1, 12)):
        sides = "+-" if removes else "+"
        files = {
            path: [chance.choice(sides) + chance.choice(TEXTS) for _ in range(chance.randint(1, 5))]
            for path in chance.sample(FILES, chance.randint(1, 3))
        }
        old, new = chance.sample([*FILES, "of no line", "nor of this"], 2)
        moved = {new: old} if chance.random() < 0.2 else {}
        sha = f"{number:02}"
        renames[sha] = moved
        history.append((sha, day(1 + number / 3), files, moved))
    return history, renames


def queued(history, renames):
    """The same as `lives` of people's lines, commit by commit."""
    files, nets = {}, []
    for sha, time, changed, _ in history:
        before = dict(files)
        files.update({new: before.get(old, old) for new, old in renames[sha].items()})
        net = defaultdict(Counter)
        for path, lines in changed.items():
            for line in lines:
                net[line[1:]][files.get(path, path)] += 1 if line[0] == "+" else -1
        nets.append((sha, time, net))
    added_to = defaultdict(set)
    for _, _, changed, _ in history:
        for path, lines in changed.items():
            for line in lines:
                added_to[line[1:]].update([path] if line[0] == "+" else [])
    moved = {
        text
        for _, _, net in nets
        for text, gains in net.items()
        if min(gains.values()) < 0 < max(gains.values()) and text != "}" and len(added_to[text]) < 3
    }
    alive, ended = defaultdict(deque), Counter()
    for sha, time, net in nets:
        for text, gains in net.items():
            together = {None: sum(gains.values())} if text in moved else gains
            for file, gain in together.items():
                queue = alive[text, file]
                queue.extend([(sha, time)] * gain)
                for _ in range(min(-gain, len(queue))):
                    born_in, born_at = queue.popleft()
                    ended[born_in, "people", (time - born_at).days, True] += 1
    newest = history[-1][1]
    ended.update((sha, "people", (newest - at).days, False) for queue in alive.values() for sha, at in queue)
    return dict(ended)


def test_a_real_repository(home):
    """From logs and git: what the session wrote and what people wrote, through a rename, to the view."""
    app = Repository(home.path / "src" / "app")
    log = ClaudeLog(home.path, "s1", app.folder).says(0, "go")
    log.writes(1, app.folder / "a.py", "made by the agent\nremoved after two days\n").save()
    first = app.commit(
        {"a.py": "made by the agent\nremoved after two days\n", "b.py": "made by people\n" * 3}, date=FIRST_SECOND + 300
    )
    day_seconds, app.seconds = 86_400, FIRST_SECOND + 300
    app.move("a.py", "src/a.py")
    app.commit({}, date=app.seconds + day_seconds)
    app.commit({"src/a.py": "made by the agent\n"}, date=app.seconds + 2 * day_seconds + 1)
    app.commit({"b.py": "made by people\n" * 2}, date=app.seconds + 5 * day_seconds)

    outcomes = home.ingest()

    assert not any(outcome.failures for outcome in outcomes.values())
    found = home.table("event_line_lifetime")
    columns = ("commit_sha", "author_kind", "age_days", "removed_flag", "line_count")
    assert sorted(found.select(columns).rows()) == [
        (first, "ai", 2, True, 1),
        (first, "ai", 5, False, 1),
        (first, "human", 5, False, 2),
        (first, "human", 5, True, 1),
    ]
    survival = home.table("view_line_survival").sort("author_kind", "age_days")
    shares = survival.select("author_kind", "age_days", "at_risk_lines", pl.col("surviving_share").round(6))
    assert shares.rows() == [("ai", 2, 2, 0.5), ("ai", 5, 1, 0.5), ("human", 5, 3, 0.666667)]
