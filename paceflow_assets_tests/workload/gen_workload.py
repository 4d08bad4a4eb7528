#!/usr/bin/env python3
"""Deterministic HOME-like benchmark/correctness workload for paceflow-style tools (stdlib + git only).

Writes  HOME/work/repo-NNN            git repositories built with `git fast-import`
        HOME/.claude/projects/*/*.jsonl   Claude Code logs
        HOME/.codex/sessions/Y/M/D/*.jsonl Codex logs
        HOME/ground_truth.json         what was planted (exact when --common 0)

Same arguments -> same bytes and same commit shas, apart from HOME's own path inside the logs: while it writes, a path of fixed
length (SHOWN) stands for it, because the logs' sizes steer what comes next.

  gen_workload.py --home /tmp/h --repos 1 --commits 3000 --sessions 500 --size-mb 200 --seed 7
"""
import argparse, collections, datetime as dt, hashlib, json, os, random, re, subprocess, sys, uuid

UTC = dt.timezone.utc
SHOWN = "/home/example"  # as long as the home with which the reference's answers were recorded
WORDS = ("cache order user token parse merge batch index query field table chunk graph asset event metric commit "
         "branch window signal record stream buffer handler config policy session repo filter bucket cursor loader "
         "writer reader schema column digest review deploy worker queue retry budget ledger invoice route").split()
VERBS = "load build parse merge emit apply check fold scan bind split join drop push pull wrap".split()
EXTS = [".py", ".ts", ".rs", ".go"]
ERRORS = ["TypeError: cannot read property '{w}' of undefined at {w2}.ts:{n}",
          "error: [E0308] mismatched types in fn {w}_{w2} line {n}",
          "Traceback (most recent call last): ValueError in {w}.{w2} at line {n}",
          "test failed: {w}::{w2}_roundtrip after {n} ms",
          "AssertionError: expected {w} to equal {w2} ({n})"]
ASKS = ["please add a {w} {w2} helper", "now wire the {w} into the {w2} path", "can you simplify the {w} loop",
        "rename the {w} thing and keep {w2} stable", "looks good, next the {w} part", "write the {w} {w2} tests too",
        "what does the {w} module do with the {w2}?", "keep going with {w}"]
CONT = ["still failing", "same error again", "that didn't work", "doesn't work, same issue"]
REPLY = ["I looked at the {w} code and adjusted the {w2} branch.", "Done, the {w} now feeds the {w2}.",
         "The {w} helper is in place; {w2} is unchanged.", "I found the {w} path and updated {w2} accordingly."]


def iso(t):
    d = dt.datetime.fromtimestamp(t, UTC)
    return d.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(t * 1000) % 1000:03d}Z"


class Text:
    """Deterministic unique code-like lines and a big pool for filler."""
    def __init__(self, rng, common):
        self.r, self.common, self.n = rng, common, 0
        self.pool = None

    def line(self):
        r = self.r
        if self.common and r.random() < self.common:
            return r.choice(["", "}", "    }", "    return None", "    else:", "        pass", "    });"])
        self.n += 1
        a, b, c, i = r.choice(WORDS), r.choice(WORDS), r.choice(VERBS), "    " * r.randint(0, 3)
        k = r.randint(0, 3)
        if k == 0: return f"{i}{a}_{self.n:x} = {c}_{b}({a}, limit={r.randint(1, 999)})"
        if k == 1: return f"{i}if {a}.{b}_{self.n:x} is not None and {c}({b}): return {a}.{c}_{b}"
        if k == 2: return f"{i}def {c}_{a}_{self.n:x}(self, {b}, *, {a}=None):"
        return f"{i}# {c} the {a} {b} before the {r.choice(WORDS)} step, see note {self.n:x}"

    def lines(self, n): return [self.line() for _ in range(n)]

    def fill(self, nbytes):
        if self.pool is None:
            r = random.Random(99)
            self.pool = "\n".join(
                f"{r.randint(1, 400):6d}  {' ' * (4 * r.randint(0, 3))}{r.choice(VERBS)}_{r.choice(WORDS)}("
                f"\"{r.choice(WORDS)}\", {r.choice(WORDS)}=[{r.randint(0, 9999)}, {r.random():.4f}])"
                + (" // \u2192 ok" if r.random() < .03 else "") for _ in range(60000))
        o = self.r.randrange(0, max(1, len(self.pool) - nbytes))
        return self.pool[o:o + nbytes]

    def say(self, opts):
        return self.r.choice(opts).format(w=self.r.choice(WORDS), w2=self.r.choice(WORDS), n=self.r.randint(10, 999))


class Session:
    """A planned session: list of steps, written as Claude or Codex jsonl when closed."""
    def __init__(self, sid, provider, repo, branch, start):
        self.sid, self.provider, self.repo, self.branch, self.start = sid, provider, repo, branch, start
        self.end = start
        self.steps = []           # ('user', t, text) ('say', t, text) ('edit', t, dict)
        self.flags = {"debug_loop": False, "error_paste": False, "no_output": True}
        self.weight = 1.0

    def add(self, kind, t, payload):
        self.steps.append((kind, t, payload)); self.end = max(self.end, t)


class Repo:
    def __init__(self, g, idx):
        self.g, self.idx = g, idx
        self.path = os.path.join(g.home, "work", f"repo-{idx:03d}")
        self.shown = os.path.join(SHOWN, "work", f"repo-{idx:03d}")
        self.r = random.Random(f"{g.a.seed}/{idx}")
        self.t = Text(self.r, g.a.common)
        self.mark = 0
        self.shas, self.commits = {}, []      # mark -> sha ; list of dict
        self.sessions, self.avail = [], collections.defaultdict(int)
        self.branches = {}                    # name -> tip mark
        self.errs = 0

    # ---------- git fast-import
    def open(self):
        os.makedirs(self.path)
        subprocess.run(["git", "init", "-q", "-b", "main", self.path], check=True)
        with open(os.path.join(self.path, ".git", "config"), "a") as f:
            f.write("[user]\n\tname = Dev One\n\temail = dev@example.test\n")
            if self.g.a.remote:
                f.write(f"[remote \"origin\"]\n\turl = https://git.example.test/team/repo-{self.idx:03d}.git\n")
        self.fi = subprocess.Popen(["git", "-C", self.path, "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self.w = self.fi.stdin.write

    def commit(self, ref, when, msg, parents, changes, deletes=()):
        """changes: {path: list_of_lines}; returns mark. Commit time in whole seconds."""
        self.mark += 1
        m = self.mark
        who = self.r.choice(["Dev One <dev@example.test>", "Dev Two <two@example.test>"])
        mb = msg.encode()
        o = [f"commit refs/gen/tmp\nmark :{m}\nauthor {who} {when} +0000\ncommitter {who} {when} +0000\ndata {len(mb)}\n".encode(), mb, b"\n"]
        if m == 1 or not parents:
            o.insert(0, b"reset refs/gen/tmp\n\n")
        else:
            o.append(f"from :{parents[0]}\n".encode())
            for p in parents[1:]: o.append(f"merge :{p}\n".encode())
        for p in deletes: o.append(f"D {p}\n".encode())
        for p, lines in changes.items():
            b = ("\n".join(lines) + "\n").encode()
            o.append(f"M 100644 inline {p}\ndata {len(b)}\n".encode()); o.append(b); o.append(b"\n")
        o.append(b"\n")
        self.w(b"".join(o))
        if ref: self.branches[ref] = m
        return m

    def sha(self, m):
        if m not in self.shas:
            self.w(f"get-mark :{m}\n".encode()); self.fi.stdin.flush()
            self.shas[m] = self.fi.stdout.readline().decode().strip()
        return self.shas[m]

    # ---------- story
    def run(self):
        a, r, T = self.g.a, self.r, self.t
        self.open()
        t0 = dt.datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp() + self.idx * 977
        span = a.days * 86400
        n_files = max(12, min(400, a.commits // 12))
        main = {}
        for i in range(n_files):
            p = f"{r.choice(['src', 'lib', 'app', 'core'])}/{r.choice(WORDS)}/{r.choice(WORDS)}_{i}{r.choice(EXTS)}"
            main[p] = T.lines(r.randint(30, a.file_lines * 2))
        self.commit("main", int(t0), "Initial import", [], main)
        self.note(1, int(t0), "main", {p: (l, []) for p, l in main.items()}, None, "init", msg="Initial import")
        tip = 1
        openb, locked = [], set()
        free_time = t0
        n, task_no, recent_ai, recent_main = 1, 100, collections.deque(maxlen=60), collections.deque(maxlen=6)
        ai_target = a.commits * a.ai
        p_new = min(1.0, (a.sessions * 0.6) / max(1, ai_target))
        live = {}                               # actor -> Session
        step = span / max(1, a.commits)
        while n < a.commits:
            free_time += step * r.expovariate(1.0) if step > 1 else 1
            now = int(free_time) + n
            actor = None
            if len(openb) < a.open_branches and r.random() < .12:
                task_no += 1
                kind = r.choices(["merge", "squash", "rebase", "never", "ff"], [40, 25, 10, 15, 10])[0]
                name = f"{r.choice(['feature', 'fix', 'codex', 'chore'])}/ABC-{task_no}-{r.choice(WORDS)}" \
                    if r.random() < .8 else f"{r.choice(['perf', 'spike'])}/{r.choice(WORDS)}-{task_no}"
                openb.append(dict(name=name, kind=kind, base=tip, tip=tip, st={}, left=r.randint(1, 6), files=set(), made=[], before={}, snap=dict(main)))
            if openb and r.random() < .7: actor = r.choice(openb)
            # revert / fix / churn on main
            x = r.random()
            if actor is None and x < a.reverts and recent_main:
                c = r.choice(recent_main)
                if all(main.get(p) is aft for p, (bef, aft) in c["st"].items()):
                    ch, dl, note = {}, [], {}
                    for p, (bef, aft) in c["st"].items():
                        if bef is None: dl.append(p); main.pop(p)
                        else: ch[p] = bef; main[p] = bef
                        add, rem = self.delta(aft, bef or [])
                        note[p] = (add, rem)
                    sha = self.sha(c["mark"])
                    m = self.commit("main", now, f"Revert \"{c['msg']}\"\n\nThis reverts commit {sha}.\n", [tip], ch, dl)
                    self.note(m, now, "main", note, None, "revert", reverts=c["mark"], msg=f"Revert {c['msg']}"); tip = m; n += 1
                    recent_main.clear(); continue
            if actor is None and x < a.reverts + a.churn and recent_ai:
                c = r.choice(recent_ai)
                cand = [p for p in c["add"] if p in main and p not in locked]
                if cand and now - c["when"] < 50 * 86400:
                    p = r.choice(cand); cur = main[p]; mine = set(c["add"][p])
                    pos = [i for i, l in enumerate(cur) if l in mine]
                    if pos:
                        k = max(1, int(len(pos) * r.choice([.2, .5, 1.0])))
                        s = r.randrange(0, len(pos) - k + 1); kill = set(pos[s:s + k])
                        new = [l for i, l in enumerate(cur) if i not in kill]
                        add = T.lines(r.randint(0, 6)); at = min(len(new), pos[s]); new[at:at] = add
                        rem = [cur[i] for i in sorted(kill)]
                        msg = T.say(["fix: wrong {w} in {w2}", "Fix {w} regression", "refactor {w} away", "cleanup {w} {w2}"])
                        main[p] = new
                        m = self.commit("main", now, msg, [tip], {p: new})
                        self.note(m, now, "main", {p: (add, rem)}, None, "churn", touches=c["mark"], msg=msg); tip = m; n += 1
                        continue
            st = actor["st"] if actor else main
            is_ai = r.random() < a.ai
            # pick files: branch keeps its own locked set
            k = r.choices([1, 2, 3, 5], [55, 25, 15, 5])[0]
            ch, note, ai_edits, states, dels = {}, {}, [], {}, []
            for _ in range(k):
                if r.random() < .08:
                    p = f"{r.choice(['src', 'lib', 'app'])}/{r.choice(WORDS)}/new_{r.choice(WORDS)}_{n}_{len(ch)}{r.choice(EXTS)}"
                    if p in ch: continue
                    cur = None
                else:
                    p = r.choice(list(main)) if len(main) < 60 else r.choice(self.keys(main))
                    if p in ch or p not in main: continue
                    if actor:
                        if p not in actor["files"] and (p in locked or actor["snap"].get(p) is not main[p]): continue
                        cur = st.get(p, main[p])
                    else:
                        if p in locked: continue
                        cur = main[p]
                share = 1.0 if r.random() < .55 else r.choice([.3, .6, .8])
                new, add, rem, edits = self.edit_file(cur, is_ai, share)
                ch[p] = new; note[p] = (add, rem); states[p] = (cur, new)
                if edits: ai_edits.append((p, cur, edits))
            if not ch: continue
            for p, (bef, aft) in states.items():
                if actor:
                    if p not in actor["files"]: actor["before"][p] = bef
                    actor["files"].add(p); locked.add(p)
                st[p] = aft
            ref = actor["name"] if actor else "main"
            sess = None
            if ai_edits:
                key = ref
                sess = live.get(key)
                room = len(self.sessions) < a.sessions * .92
                if sess is None or (room and (r.random() < p_new or now - sess.end > 36 * 3600)):
                    if sess: self.finish(sess)
                    sess = live[key] = self.new_session(ref, now - r.randint(900, 9000))
                self.plan_edits(sess, ai_edits, max(sess.end + 20, now - 3600), now - 30)
            msg = T.say(["add {w} {w2}", "update {w} for {w2}", "{w}: rework {w2}", "extend the {w} {w2} path"])
            par = actor["tip"] if actor else tip
            m = self.commit(ref, now, msg, [par], ch, dels); n += 1
            rec = self.note(m, now, ref, note, sess, "ai" if sess else "human")
            rec["st"], rec["msg"] = states, msg
            if sess: rec["add"] = {p: n_[0] for p, n_ in note.items()}
            if actor:
                actor["tip"] = m; actor["made"].append(rec); actor["left"] -= 1
                if actor["left"] <= 0:
                    tip, n = self.land(actor, main, tip, now + 60, n, recent_ai)
                    locked -= actor["files"]; openb.remove(actor)
            else:
                tip = m; recent_main.append(rec)
                if sess: recent_ai.append(rec)
        for b in openb: self.branches[b["name"]] = b["tip"]
        for s in live.values(): self.finish(s)
        # sessions that never reach a commit
        extra = max(int(a.sessions * .08) + 1, a.sessions - len(self.sessions))
        for _ in range(extra):
            s = self.new_session("main", t0 + r.random() * span)
            if r.random() < .5:
                p = r.choice(list(main)); edits = [("block", None, T.lines(r.randint(3, 30)), [])]
                self.plan_edits(s, [(p, main[p], edits)], s.start + 60, s.start + 1800)
            self.finish(s)
        return self.close()

    def keys(self, d):
        if getattr(self, "_kn", None) != len(d): self._k, self._kn = list(d), len(d)
        return self._k

    def edit_file(self, cur, is_ai, share):
        """Returns new lines, added, removed, edits [(kind, at, added, removed)] of the AI part."""
        T, r = self.t, self.r
        if cur is None:
            body = T.lines(r.randint(12, self.g.a.file_lines))
            cut = max(1, int(len(body) * share)) if is_ai else 0
            return body, body, [], ([("create", 0, body[:cut], [])] if is_ai else [])
        new, add, rem, edits = list(cur), [], [], []
        nb = r.randint(1, 3)
        spots = sorted(r.sample(range(len(cur) + 1), min(nb, len(cur) + 1)), reverse=True)
        low = len(cur) + 1
        for i, s in enumerate(spots):
            a = T.lines(max(1, int(r.lognormvariate(self.g.a.hunk, .9))))
            d = min(r.choice([0, 0, 1, 2, 6]), low - s - 1) if s < len(cur) else 0
            d = max(0, min(d, len(cur) - s))
            if len(cur) > self.g.a.file_lines * 3: d = min(len(cur) - s, max(d, len(a))) if low - s - 1 >= len(a) else d
            old = cur[s:s + d]
            new[s:s + d] = a
            add += a; rem += old; low = s
            if is_ai and (i == 0 or r.random() < share):
                edits.append(("block", s, a, old))
        return new, add, rem, edits

    @staticmethod
    def delta(old, new):
        o, n = collections.Counter(old), collections.Counter(new)
        return list((n - o).elements()), list((o - n).elements())

    def land(self, b, main, tip, now, n, recent_ai):
        """Bring branch b to main by its kind."""
        kind, r = b["kind"], self.r
        if kind == "never": return tip, n
        if kind == "ff" and b["base"] != tip: kind = "merge"
        final = {p: b["st"][p] for p in sorted(b["files"])}
        if kind == "ff":
            main.update(final); tip = b["tip"]; self.branches["main"] = tip
        elif kind == "merge":
            main.update(final)
            tip = self.commit("main", now, f"Merge branch '{b['name']}'", [tip, b["tip"]], final)
            self.commits.append(dict(mark=tip, when=now, ref="main", merge=True, kind="merge", note={}, sess=None))
            n += 1
        elif kind == "squash":
            note = {}
            for p, l in final.items():
                note[p] = self.delta(b["before"].get(p) or [], l)
            main.update(final)
            msg = f"{b['name']} (#{r.randint(1, 999)})"
            tip = self.commit("main", now, msg, [tip], final)
            rec = self.note(tip, now, "main", note, None, "squash", msg=msg); rec["of"] = [c["mark"] for c in b["made"]]; n += 1
        else:                                   # rebase: same diffs, new commits
            for c in b["made"]:
                ch = {p: aft for p, (bef, aft) in c["st"].items()}
                main.update(ch); now += 2
                tip = self.commit("main", now, c["msg"], [tip], ch)
                rec = self.note(tip, now, "main", c["note"], None, "rebased", msg=c["msg"]); rec["of"] = [c["mark"]]; n += 1
        for c in b["made"]:
            c["landed"] = kind
            if c["sess"]: recent_ai.append(c)
        return tip, n

    def note(self, mark, when, ref, note, sess, kind, **kw):
        rec = dict(mark=mark, when=when, ref=ref, note=note, sess=sess, kind=kind, **kw)
        self.commits.append(rec); return rec

    # ---------- sessions
    def new_session(self, branch, start):
        r = self.r
        prov = "claude" if r.random() < self.g.a.claude else "codex"
        s = Session(str(uuid.UUID(int=r.getrandbits(128), version=4)), prov, self, branch, start + r.randint(0, 999) / 1000)
        s.add("user", s.start + 1, self.t.say(ASKS)); s.add("say", s.start + 9, self.t.say(REPLY))
        s.weight = r.lognormvariate(0, .8)
        self.sessions.append(s); return s

    def plan_edits(self, s, files, lo, hi):
        r = self.r
        todo = [(p, cur, e) for p, cur, ed in files for e in ed]
        gap = max(1.0, (hi - lo) / (len(todo) + 1)); t = lo
        if r.random() < .6: s.add("user", t - 1, self.t.say(ASKS)); s.add("say", t - .5, self.t.say(REPLY))
        for p, cur, e in todo:
            t += gap * r.random()
            if r.random() < .05: s.add("edit", t - .2, dict(path=p, cur=cur, e=e, ok=False))
            s.add("edit", t, dict(path=p, cur=cur, e=e, ok=True))
            s.flags["no_output"] = False
            if r.random() < .35: s.add("say", t + .3, self.t.say(REPLY))

    def finish(self, s):
        """Plant debug loops / error pastes after the edits, then close the plan."""
        r, T, t = self.r, self.t, s.end
        x = r.random()
        if x < .10:
            err = T.say(ERRORS); s.flags["debug_loop"] = s.flags["error_paste"] = True
            for i in range(r.randint(5, 8)):
                t += 30
                s.add("user", t, (err + "\n" + T.fill(r.randint(50, 600))) if i == 0 or r.random() < .5 else r.choice(CONT))
                s.add("say", t + 5, T.say(REPLY))
        elif x < .32:
            s.flags["error_paste"] = True
            s.add("user", t + 30, "it broke:\n" + T.say(ERRORS) + "\n" + T.fill(r.randint(100, 3000))); s.add("say", t + 40, T.say(REPLY))
        elif x < .7:
            for _ in range(r.randint(1, 4)):
                t += 40; s.add("user", t, T.say(ASKS)); s.add("say", t + 5, T.say(REPLY))

    def close(self):
        keep = self.g.a.keep_branches
        names = [b for b in self.branches if b != "main"]
        names = names[-keep:] if keep >= 0 else names
        if keep == 0: names = []
        for b in names + ["main"]:
            self.w(f"reset refs/heads/{b}\nfrom :{self.branches[b]}\n\n".encode())
        for c in self.commits: self.sha(c["mark"])
        self.fi.stdin.close(); self.fi.stdout.read()
        if self.fi.wait(): raise SystemExit("fast-import failed")
        git = ["git", "-C", self.path]
        subprocess.run(git + ["update-ref", "-d", "refs/gen/tmp"], check=True)
        subprocess.run(git + ["reset", "-q", "--hard", "main"], check=True)
        if self.g.a.repack: subprocess.run(git + ["repack", "-adq"], check=True)
        run = lambda *x: subprocess.run(git + list(x), check=True, capture_output=True, text=True).stdout.split()
        self.reach = set(run("rev-list", "main")); self.known = set(run("rev-list", "--branches"))
        return names

    # ---------- truth
    def truth(self, names):
        """Expected strict (same path) attribution and outcomes; exact for unique lines (--common 0)."""
        avail = collections.Counter()
        for s in self.sessions:
            cnt = collections.Counter()
            for kind, t, e in s.steps:
                if kind == "edit" and e["ok"]:
                    one = collections.Counter()
                    for l in e["e"][2]: one[(e["path"], "+", l.rstrip())] += 1
                    for l in e["e"][3]: one[(e["path"], "-", l.rstrip())] += 1
                    for k2, v in one.items(): cnt[k2] = max(cnt[k2], v)
            for k2, v in cnt.items(): avail[k2] += v
        rows, removed = [], collections.defaultdict(list)
        mainadd = collections.defaultdict(int)
        live = [c for c in self.commits if self.sha(c["mark"]) in self.known]
        for c in live:
            if self.sha(c["mark"]) in self.reach and not c.get("merge"):
                for p, (add, rem) in c["note"].items():
                    for l in rem: removed[(p, l.rstrip())].append(c["when"])
                    for l in add: mainadd[(p, l.rstrip())] = max(mainadd[(p, l.rstrip())], c["when"])
        rev = {self.sha(c["reverts"]): c["when"] for c in live if c.get("reverts")}
        fix = re.compile(r"(?i)\b(fix|fixes|fixed|bug|bugs|hotfix|hotfixes|patch|patches|broken|regression|regressions)\b")
        fixes = sorted(((c["when"], {(p, l.rstrip()) for p, (_, rem) in c["note"].items() for l in rem}) for c in live
                        if not c.get("merge") and fix.search(c["msg"]) and not c["msg"].startswith("Revert ")), key=lambda x: x[0])
        fixes = [x for x in fixes if x[1]]
        first = min((t for s in self.sessions for k, t, e in s.steps if k == "edit" and e["ok"]), default=None)
        for c in live:
            if c.get("merge"): continue
            sha = self.sha(c["mark"]); ma = mr = tot = 0; ai = []
            for p, (add, rem) in c["note"].items():
                tot += len(add) + len(rem)
                for side, ls in (("+", add), ("-", rem)):
                    for l, k in collections.Counter(x.rstrip() for x in ls).items():
                        got = min(k, avail.get((p, side, l), 0))
                        if side == "+":
                            ma += got
                            if got: ai.append((p, l))
                        else: mr += got
            on = sha in self.reach
            hit = sum(1 for k2 in ai if mainadd.get(k2, 0) >= c["when"])
            merged = on or (ma >= 30 and hit / max(1, ma) >= .8)
            bug = bool(merged and ma and any(c["when"] < t <= c["when"] + 60 * 86400 and not ls.isdisjoint(ai) for t, ls in fixes))
            churn = sum(1 for k2 in ai if any(c["when"] <= t <= c["when"] + 14 * 86400 for t in removed.get(k2, ()))) if merged else 0
            rows.append(dict(sha=sha, when=iso(c["when"]), ref=c["ref"], kind=c["kind"], session=c["sess"].sid if c["sess"] else None,
                             changed=tot, matched_added=ma, matched_removed=mr, heavy=bool(tot and (ma + mr) / tot >= .5),
                             mainline=merged, ai_added_mainline=ma if merged else 0, churn_14d=churn,
                             in_scope=first is not None and c["when"] >= int(first) - 86400, bug_after_merge=bug,
                             reverted=sha in rev and rev[sha] > c["when"]))
        rows_all, rows = rows, [x for x in rows if x["in_scope"]]
        tk = {x["ref"] for x in rows if x["ref"] != "main"}
        heavy = [x for x in rows if x["heavy"]]
        return dict(path=self.path, branches=sorted(names + ["main"]), commits_all=len(self.known),
                    commits_non_merge=len(rows_all), commits_in_scope=len(rows), commits_lost_unreferenced=len(self.commits) - len(live),
                    summary=dict(heavy=len(heavy), heavy_mainline=sum(x["mainline"] for x in heavy),
                                 heavy_reverted=sum(x["reverted"] for x in heavy), heavy_bug_after_merge=sum(x["bug_after_merge"] for x in heavy),
                                 commits_in_scope=len(rows), branches_with_commits=len(tk), matched_commits=sum(x["matched_added"] + x["matched_removed"] > 0 for x in rows),
                                 matched_lines=sum(x["matched_added"] + x["matched_removed"] for x in rows),
                                 changed_lines=sum(x["changed"] for x in rows),
                                 heavy_ai_lines_mainline=sum(x["ai_added_mainline"] for x in heavy), heavy_churned_lines=sum(x["churn_14d"] for x in heavy),
                                 reverts=len(rev), fix_like_commits=len(fixes)),
                    commits=rows_all)


# ------------------------------------------------------------------ writers
class Gen:
    def __init__(self, a):
        self.a, self.home = a, os.path.abspath(a.home)

    def main(self):
        if os.path.exists(os.path.join(self.home, "work")): sys.exit(f"{self.home}/work exists already")
        os.makedirs(self.home, exist_ok=True)
        out = dict(args={k: v for k, v in vars(self.a).items() if k != "home"}, repos=[], sessions=[])
        repos = []
        for i in range(self.a.repos):
            R = Repo(self, i); names = R.run(); repos.append((R, names)); self.log(f"repo {i}: {len(R.commits)} commits, {len(R.sessions)} sessions")
        total_w = sum(s.weight for R, _ in repos for s in R.sessions) or 1
        budget = self.a.size_mb * 1e6
        self.bytes = 0
        for R, names in repos:
            for s in R.sessions:
                n = (self.claude if s.provider == "claude" else self.codex)(R, s, budget * s.weight / total_w)
                self.bytes += n
                users = sum(1 for k, _, _ in s.steps if k == "user")
                out["sessions"].append(dict(provider=s.provider, id=s.sid, repo=R.path, branch=s.branch, start=iso(s.start), user_turns=users,
                                            edits=sum(1 for k, _, e in s.steps if k == "edit" and e["ok"]), failed_edits=sum(1 for k, _, e in s.steps if k == "edit" and not e["ok"]),
                                            bytes=n, **s.flags))
            tr = R.truth(names)
            if not self.a.detail: tr.pop("commits")
            out["repos"].append(tr)
        S = out["sessions"]
        tot = collections.Counter()
        for x in out["repos"]: tot.update(x["summary"])
        out["summary"] = dict(repos=len(repos), sessions=len(S), claude=sum(x["provider"] == "claude" for x in S), codex=sum(x["provider"] == "codex" for x in S),
                              session_bytes=self.bytes, debug_loops=sum(x["debug_loop"] for x in S), error_pastes=sum(x["error_paste"] for x in S),
                              no_output=sum(x["no_output"] for x in S), edits=sum(x["edits"] for x in S),
                              commits_non_merge=sum(x["commits_non_merge"] for x in out["repos"]), **tot)
        out["exact"] = self.a.common == 0
        with open(os.path.join(self.home, "ground_truth.json"), "w") as f: json.dump(out, f, indent=1)
        print(json.dumps(out["summary"], indent=1))

    def log(self, m): print(m, file=sys.stderr, flush=True)

    def sizes(self, r, left):
        """Filler record sizes: mostly 0.5-4 KB, a tail up to 200 KB."""
        while left > 400:
            n = int(min(200_000, max(200, r.lognormvariate(7.6, 1.25)), left + 200)); yield n; left -= n + 500

    def claude(self, R, s, budget):
        r, T = R.r, R.t
        enc = json.dumps
        cwd = R.shown
        d = os.path.join(self.home, ".claude", "projects", cwd.replace("/", "-").replace(".", "-")); os.makedirs(d, exist_ok=True)
        model = r.choice(["claude-opus-4-6", "claude-sonnet-4-5-20250929"])
        uid = lambda: str(uuid.UUID(int=r.getrandbits(128), version=4))
        prev, out, size = [None], [], [0]
        ver = "2.1.76"

        def rec(kind, t, **kw):
            u = uid()
            o = dict(parentUuid=prev[0], isSidechain=False, userType="external", cwd=cwd, sessionId=s.sid, version=ver,
                     gitBranch=s.branch, type=kind, **kw, uuid=u, timestamp=iso(t))
            prev[0] = u; l = enc(o, ensure_ascii=False, separators=(",", ":")); out.append(l); size[0] += len(l) + 1

        def asst(t, block):
            rec("assistant", t, message=dict(model=model, id="msg_" + f"{r.getrandbits(96):024x}", type="message", role="assistant", content=[block], stop_reason=None,
                stop_sequence=None, usage=dict(input_tokens=r.randint(3, 900), cache_creation_input_tokens=r.randint(0, 9000), cache_read_input_tokens=r.randint(0, 90000), output_tokens=r.randint(1, 900), service_tier="standard")), requestId=f"req_{r.getrandbits(80):020x}")

        def tool(t, name, inp, content, result, err=False):
            i = f"toolu_{r.getrandbits(96):024x}"
            asst(t, dict(type="tool_use", id=i, name=name, input=inp))
            b = dict(tool_use_id=i, type="tool_result", content=content)
            if err: b["is_error"] = True
            rec("user", t + .05, message=dict(role="user", content=[b]), toolUseResult=result)

        out.append(enc(dict(type="file-history-snapshot", messageId=uid(), snapshot=dict(trackedFileBackups={}), isSnapshotUpdate=False)))
        plan = sorted(s.steps, key=lambda x: x[1])
        per = budget / max(1, len(plan))
        for j, (kind, t, x) in enumerate(plan):
            if kind == "user": rec("user", t, message=dict(role="user", content=x), permissionMode="acceptEdits")
            elif kind == "say": asst(t, dict(type="text", text=x))
            else:
                p = os.path.join(cwd, x["path"]); k, at, add, rem = x["e"]; cur = x["cur"] or []
                if k == "create":
                    body = "\n".join(add) + "\n"
                    if x["ok"]: tool(t, "Write", dict(file_path=p, content=body), f"File created successfully at: {p}", dict(type="create", filePath=p, content=body, structuredPatch=[], originalFile=None))
                    else: tool(t, "Write", dict(file_path=p, content=body), "<tool_use_error>File has not been read yet.</tool_use_error>", "Error: File has not been read yet.", True)
                else:
                    at = at if at is not None else 0
                    pre, post = cur[max(0, at - 2):at], cur[at + len(rem):at + len(rem) + 2]
                    z = "" if post else "\n"
                    old, new = "\n".join(pre + rem + post) + z, "\n".join(pre + add + post) + z
                    if not x["ok"]: tool(t, "Edit", dict(replace_all=False, file_path=p, old_string=old, new_string=new), "<tool_use_error>String to replace not found in file.</tool_use_error>", "Error: String to replace not found in file.", True)
                    else:
                        hunk = dict(oldStart=at + 1, oldLines=len(rem) + len(pre) + len(post), newStart=at + 1, newLines=len(add) + len(pre) + len(post),
                                    lines=[" " + l for l in pre] + ["-" + l for l in rem] + ["+" + l for l in add] + [" " + l for l in post])
                        tool(t, "Edit", dict(replace_all=False, file_path=p, old_string=old, new_string=new), f"The file {p} has been updated. All occurrences were replaced.",
                             dict(filePath=p, oldString=old, newString=new, originalFile="\n".join(cur) + "\n", structuredPatch=[hunk], userModified=False, replaceAll=False))
            # filler spread so the file grows to its budget
            want = per * (j + 1) - size[0]
            nt = plan[j + 1][1] if j + 1 < len(plan) else t + 20
            gap = max(0.001, min(nt - t, 60) / 60); ft = t + .06
            for n in self.sizes(r, want):
                ft += gap * r.random() * .3
                z = r.random()
                if z < .45:
                    txt = T.fill(n // 2); f = os.path.join(cwd, "src", r.choice(WORDS) + ".py")
                    tool(ft, "Read", dict(file_path=f), txt, dict(type="text", file=dict(filePath=f, content=txt, numLines=txt.count("\n"), startLine=1, totalLines=txt.count("\n"))))
                elif z < .75:
                    txt = T.fill(n // 2)
                    tool(ft, "Bash", dict(command=f"rg -n {r.choice(WORDS)} src", description="Search"), txt, dict(stdout=txt, stderr="", interrupted=False, isImage=False))
                elif z < .9:
                    asst(ft, dict(type="thinking", thinking=T.fill(n // 2), signature=hashlib.sha512(str(n).encode()).hexdigest() * 3))
                else:
                    rec("progress", ft, data=dict(type="bash_progress", output=T.fill(n), fullOutput="", elapsedTimeSeconds=3, totalLines=9), toolUseID="bash-progress-1", parentToolUseID="toolu_x")
        fn = os.path.join(d, s.sid + ".jsonl"); data = ("\n".join(out) + "\n").replace(SHOWN, self.home).encode()
        with open(fn, "wb") as f: f.write(data)
        os.utime(fn, (s.end, s.end))
        return len(data)

    def codex(self, R, s, budget):
        r, T, cwd, enc = R.r, R.t, R.shown, json.dumps
        day = dt.datetime.fromtimestamp(s.start, UTC)
        d = os.path.join(self.home, ".codex", "sessions", day.strftime("%Y"), day.strftime("%m"), day.strftime("%d")); os.makedirs(d, exist_ok=True)
        out, size = [], [0]

        def rec(kind, t, payload):
            l = enc(dict(timestamp=iso(t), type=kind, payload=payload), ensure_ascii=False, separators=(",", ":")); out.append(l); size[0] += len(l) + 1

        rec("session_meta", s.start, dict(id=s.sid, timestamp=iso(s.start), cwd=cwd, originator="codex_cli_rs", cli_version="0.108.0", source="cli", model_provider="openai",
            base_instructions=dict(text=T.fill(4000)), git=dict(branch=s.branch, repository_url="https://git.example.test/team/x.git")))
        rec("turn_context", s.start + .01, dict(cwd=cwd, approval_policy="on-request", sandbox_policy=dict(type="workspace-write", network_access=False), model=r.choice(["gpt-5.3-codex", "gpt-5.4"]), effort="medium", summary="auto", user_instructions=T.fill(3000)))
        rec("response_item", s.start + .02, dict(type="message", role="developer", content=[dict(type="input_text", text=T.fill(6000))]))
        call = lambda: f"call_{r.getrandbits(96):024x}"

        def shell(t, cmd, output, code=0):
            c = call()
            rec("response_item", t, dict(type="function_call", name="exec_command", arguments=enc(dict(cmd=cmd, workdir=cwd)), call_id=c))
            rec("response_item", t + .05, dict(type="function_call_output", call_id=c, output=f"Chunk ID: {r.getrandbits(24):06x}\nWall time: 0.0512 seconds\nProcess exited with code {code}\nOriginal token count: {len(output) // 4}\nOutput:\n{output}"))

        plan = sorted(s.steps, key=lambda x: x[1]); per = budget / max(1, len(plan))
        for j, (kind, t, x) in enumerate(plan):
            if kind == "user":
                rec("response_item", t, dict(type="message", role="user", content=[dict(type="input_text", text=x)]))
                rec("event_msg", t + .001, dict(type="user_message", message=x, images=[], local_images=[], text_elements=[]))
            elif kind == "say":
                rec("event_msg", t, dict(type="agent_message", message=x, phase="commentary"))
                rec("response_item", t + .001, dict(type="message", role="assistant", content=[dict(type="output_text", text=x)], phase="commentary"))
            else:
                p = os.path.join(cwd, x["path"]); k, at, add, rem = x["e"]; cur = x["cur"] or []
                if k == "create" and r.random() < .4:
                    shell(t, f"cat > {p} <<'EOF'\n" + "\n".join(add) + "\nEOF", "" if x["ok"] else "permission denied", 0 if x["ok"] else 1)
                else:
                    if k == "create": body = [f"*** Add File: {p}"] + ["+" + l for l in add]
                    else:
                        at = at or 0
                        body = [f"*** Update File: {p}", "@@"] + [" " + l for l in cur[max(0, at - 3):at]] + ["-" + l for l in rem] + ["+" + l for l in add] + [" " + l for l in cur[at + len(rem):at + len(rem) + 3]]
                    c = call()
                    rec("response_item", t, dict(type="custom_tool_call", status="completed", call_id=c, name="apply_patch", input="\n".join(["*** Begin Patch"] + body + ["*** End Patch"]) + "\n"))
                    o = enc(dict(output=f"Success. Updated the following files:\nM {p}\n" if x["ok"] else "Failed to find expected lines", metadata=dict(exit_code=0 if x["ok"] else 1, duration_seconds=0.0)))
                    rec("response_item", t + .05, dict(type="custom_tool_call_output", call_id=c, output=o))
            want = per * (j + 1) - size[0]
            nt = plan[j + 1][1] if j + 1 < len(plan) else t + 20
            gap = max(0.001, min(nt - t, 60) / 60); ft = t + .06
            for n in self.sizes(r, want):
                ft += gap * r.random() * .3
                z = r.random()
                if z < .7: shell(ft, f"sed -n '1,200p' src/{r.choice(WORDS)}.py", T.fill(n))
                elif z < .9: rec("response_item", ft, dict(type="reasoning", summary=[], content=None, encrypted_content=hashlib.sha512(str(n).encode()).hexdigest() * max(1, n // 256)))
                else: rec("event_msg", ft, dict(type="token_count", info=dict(total_token_usage=dict(input_tokens=n, cached_input_tokens=n // 2, output_tokens=n // 9, reasoning_output_tokens=4, total_tokens=n * 2), model_context_window=258400), rate_limits=None))
        fn = os.path.join(d, f"rollout-{day.strftime('%Y-%m-%dT%H-%M-%S')}-{s.sid}.jsonl"); data = ("\n".join(out) + "\n").replace(SHOWN, self.home).encode()
        with open(fn, "wb") as f: f.write(data)
        os.utime(fn, (s.end, s.end))
        return len(data)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--home", required=True); p.add_argument("--seed", type=int, default=1)
    p.add_argument("--repos", type=int, default=1); p.add_argument("--commits", type=int, default=1000, help="per repo, merges included")
    p.add_argument("--sessions", type=int, default=150, help="per repo"); p.add_argument("--size-mb", type=float, default=50, help="all session logs together")
    p.add_argument("--days", type=int, default=150); p.add_argument("--ai", type=float, default=.45, help="share of commits with AI edits")
    p.add_argument("--claude", type=float, default=.55, help="share of Claude sessions (rest Codex)")
    p.add_argument("--common", type=float, default=0.0, help="share of non-unique lines (blank, braces); 0 makes ground truth exact")
    p.add_argument("--hunk", type=float, default=2.2, help="mean of ln(lines per hunk)"); p.add_argument("--file-lines", type=int, default=160)
    p.add_argument("--open-branches", type=int, default=3); p.add_argument("--keep-branches", type=int, default=40, help="-1 keeps all")
    p.add_argument("--reverts", type=float, default=.02); p.add_argument("--churn", type=float, default=.12)
    p.add_argument("--remote", type=int, default=1); p.add_argument("--repack", type=int, default=1); p.add_argument("--detail", type=int, default=1, help="per-commit truth rows")
    Gen(p.parse_args()).main()


if __name__ == "__main__":
    main()
