"""A change of the policies goes to a share of the devices first: it goes on
while they end well, halts itself where they do not, and what was decided
survives whatever happens to the keeper."""

import json
import os
import random
import signal
import struct
import subprocess
import time

from daemon_fixture import (KEEPER_UID, NOSEC_IDENTITY, World, as_root,
                            program, wait_for)
from meters import Meter, bootstrap_all, in_share
from tap_story import expect, expect_equal, expect_in, story, tell

SEED = 20261122
FLEET = 300
BAD_EVERY = 33  # 3 %
IDENTITY = NOSEC_IDENTITY.rstrip().replace("}", ", echo: false}") + "\n"

POLICY = """\
policy: meters
servers:
  - name: lab
    short_server_id: 1
    uri: coap://before.lwm2m.example:5683
    security: {mode: nosec}
"""

# A new server, and an object that one client family does not know.
NEXT = POLICY.replace("before", "after") + """\
objects:
  /11/0: {0: "meters", 3: true, 4: 3}
"""


def next_policies(world, text=NEXT):
    world.write_policy("policy.yaml", text)


def fleet(count=FLEET, bad_every=BAD_EVERY):
    """Names and the bad family follow from the seed."""
    dice = random.Random(SEED)
    meters = [Meter(f"meter-{n:05}") for n in range(count)]
    if bad_every:
        for m in dice.sample(meters, count // bad_every):
            m.refuses = ("/11",)
    return meters


def rollout_id(number):
    return f"{SEED:016x}{number:016x}"


def make_world(**kwargs):
    return World({"identity.yaml": IDENTITY, "policy.yaml": POLICY},
                 listen=("coap://127.0.0.1:0",), masters=(),
                 limits={"questions_per_second": 20000}, **kwargs)


def rollout(world, *argv, code=0):
    done = world.ctl("--format", "json", "rollout", *argv, code=code)
    return json.loads(done.stdout) if done.stdout else {}


def moves(world):
    return [(r["movement"], r["stage"], r["share"]) for r in
            world.sql("SELECT * FROM rollouts ORDER BY seq")]


def begun(world):
    """endpoint -> set of the last beginning."""
    return {r["endpoint"]: r["policy_set"] for r in
            world.sql("SELECT endpoint, policy_set FROM bootstraps "
                      "WHERE outcome != 'refused' ORDER BY seq")}


def kill_keeper(world, lives=2):
    old = world.keeper()
    old.kill()
    wait_for(lambda: not old.alive(), "the keeper to die")
    wait_for(lambda: len(world.logged("keeper_started")) >= lives,
             "the next keeper")
    wait_for(lambda: world.ctl("status", code=None).returncode == 0,
             "it to answer")


def expect_sets(meters, share, number):
    """Who is below the share has what the candidate gives, nobody else."""
    for m in meters:
        new = in_share(rollout_id(number), m.endpoint, share)
        expect_equal(m.holds("after"), new,
                     f"the candidate is what {m.endpoint} got")


@story("every stage in turn to the end, each window over and enough of them ok")
def all_stages():
    with make_world() as world:
        world.start()
        base = world.status()["policies.set"]
        meters = fleet(bad_every=0)
        expect_equal(bootstrap_all(meters, world.address()), FLEET, "before")
        next_policies(world)
        status = rollout(world, "start", "--stages", "20%,50%,100%",
                         "--window", "1ms", "--minimum", "20", "--id",
                         rollout_id(1))
        expect_equal((status["rollout.state"], status["rollout.share"]),
                     ("running", "20%"), "how it begins")
        expect_equal(world.status()["policies.set"], base, "in force")
        for n, share in enumerate((20, 50, 100)):
            expect_equal(rollout(world, "status").get("rollout.share"),
                         f"{share}%", "the share")
            of_stage = [m for m in meters
                        if in_share(rollout_id(1), m.endpoint, share)]
            others = [m for m in meters if m not in of_stage]
            # too few for the minimum: nothing moves, whatever the window
            some = of_stage[:19]
            expect_equal(bootstrap_all(others + some, world.address()),
                         len(others) + len(some), "devices ok")
            expect_sets(others + some, share, 1)
            expect_equal(len(moves(world)), n + 1, "movements")
            expect_equal(of_stage[19].bootstrap(world.address()), True, "ok")
            wait_for(lambda n=n: len(moves(world)) == n + 2, "the next stage")
        expect_equal([m[:2] for m in moves(world)],
                     [("started", 1), ("stage", 2), ("stage", 3),
                      ("finished", 3)], "the movements")
        after = world.status()["policies.set"]
        expect(after != base, "the candidate is in force")
        expect("rollout.state" not in world.status(), "nothing is under way")
        bootstrap_all(meters[:20], world.address())
        expect(all(m.holds("after") for m in meters[:20]), "for everybody")
        # nothing but the disk is left to be looked at
        world.stop()
        world.start()
        expect_equal(world.status()["policies.set"], after, "after a restart")
        world.chain_holds()


@story("3 % of a family that refuses the new object halt it in the first stage")
def bad_family():
    with make_world() as world:
        world.start()
        base = world.status()["policies.set"]
        meters = fleet()
        expect_equal(bootstrap_all(meters, world.address()), FLEET,
                     "nobody minds what is in force")
        next_policies(world)
        rollout(world, "start", "--stages", "50%,100%", "--window", "1h",
                "--minimum", "60", "--id", rollout_id(2))
        bootstrap_all(meters, world.address())
        wait_for(lambda: moves(world)[-1][0] == "halted", "it to halt")
        expect_equal(moves(world), [("started", 1, "50%"),
                                    ("halted", 1, "50%")], "movements")
        row = world.sql("SELECT * FROM rollouts WHERE movement='halted'")[0]
        ended = row["ok"] + row["failed"] + row["unknown"]
        expect(row["failed"] * 100 > ended * 2 and row["by"] == "keeper",
               dict(row))
        status = world.status()
        expect_equal(status["rollout.state"], "halted", "state in status")
        expect_in("failed", status["rollout.why"], "why")
        expect(world.logged("warning", "rollout_halted"), "the log warns")
        # who has had it keeps it, who has not does not get it any more
        had = {e for e, s in begun(world).items() if s != base}
        expect(had, "some had it")
        again = [m for m in meters if not m.refuses]
        expect_equal(bootstrap_all(again, world.address()), len(again), "ok")
        for m in again:
            expect_equal(m.holds("after"), m.endpoint in had,
                         f"{m.endpoint} has what it had")
        # the failures of one device are one failed device
        counted = rollout(world, "status")
        bad = [m for m in meters if m.refuses and m.endpoint in had]
        for _ in range(3):
            expect_equal(bootstrap_all(bad, world.address()), 0, "they fail")
        world.settled()
        expect_equal(rollout(world, "status")["rollout.failed"],
                     counted["rollout.failed"], "distinct devices")
        rollout(world, "revert", "--why", "the meters of 2019 refuse /11")
        expect_equal(bootstrap_all(meters, world.address()), FLEET,
                     "everybody gets what was in force")
        expect(not any(m.holds("after") for m in meters), "and nothing else")
        last = world.sql("SELECT * FROM rollouts ORDER BY seq DESC LIMIT 1")
        expect_in("2019", last[0]["why"], "why it was reverted")
        world.chain_holds()


def started(world, number, *options):
    next_policies(world)
    return rollout(world, "start", "--window", "1h", "--minimum", "5", "--id",
                   rollout_id(number), *(options or ("--stages", "50%,100%")))


@story("a keeper that is killed in the middle goes on where it was")
def killed():
    with make_world() as world:
        world.start()
        meters = fleet(60)
        started(world, 3)
        bootstrap_all(meters[:30], world.address())
        world.settled()
        before = rollout(world, "status")
        kill_keeper(world)
        after = rollout(world, "status")
        for what in ("state", "id", "stage", "share", "base", "candidate",
                     "ok", "failed", "unknown", "others.ok", "total.ok",
                     "stages", "success", "window", "minimum"):
            expect_equal(after[f"rollout.{what}"], before[f"rollout.{what}"],
                         what)
        # the window is that of before: no hour begins anew
        expect(after["rollout.window_left_s"] <=
               before["rollout.window_left_s"], "the window goes on")
        bootstrap_all(meters, world.address())
        expect_sets(meters, 50, 3)
        # and so it does when it was halted, and after the whole daemon ended
        rollout(world, "halt")
        kill_keeper_status = rollout(world, "status")
        world.stop()
        next_policies(world, NEXT.replace("after", "third"))
        world.start()
        expect_equal(rollout(world, "status")["rollout.state"], "halted",
                     "state")
        expect_equal(rollout(world, "status")["rollout.ok"],
                     kill_keeper_status["rollout.ok"], "counts")
        expect(world.logged("rollout_other_policies"),
               "the third set on the disk is said")
        bootstrap_all(meters, world.address())
        expect_sets(meters, 50, 3)
        world.chain_holds()


@story("reverted, then started again: what is on the disk is held back")
def reverted():
    with make_world() as world:
        world.start()
        base = world.status()["policies.set"]
        started(world, 4)
        rollout(world, "revert")
        for restart in (lambda: kill_keeper(world),
                        lambda: (world.stop(), world.start())):
            restart()
            status = world.status()
            expect_equal(status["policies.set"], base, "in force")
            expect_equal(status["rollout.state"], "reverted", "state")
            expect(world.logged("warning", "policies_held_back"), "the log")
        world.ctl("reload")
        status = world.status()
        expect(status["policies.set"] != base, "an operator wants it")
        expect("rollout.state" not in status, "nothing is held back")
        after = status["policies.set"]
        world.stop()
        world.start()
        expect_equal(world.status()["policies.set"], after, "and keeps it")


@story("while it is under way: no reload, no other one; halt, resume, next")
def refused():
    with make_world() as world:
        world.start()
        rollout(world, "status")
        expect_equal(rollout(world, "halt", code=66)["error"],
                     "no rollout is under way", "nothing to halt")
        done = world.ctl("rollout", "start", code=65)
        expect_in("nothing to roll out", done.stdout, "the disk is in force")
        next_policies(world, NEXT + "cleen: [/0]\n")
        done = world.ctl("rollout", "start", code=65)
        expect_in("cleen", done.stdout, "it is checked as a reload is")
        row = world.rows("policies_refused")[-1]["data"]
        expect_in("cleen", row["first"], "and recorded as one")
        expect_in("cleen", world.status()["policies.refused_first"], "status")
        for wrong in (("--stages", "10%"), ("--success", "0%"),
                      ("--minimum", "0"), ("--window", "1w"),
                      ("--id", "12"), ("--group", "")):
            world.ctl("rollout", "start", *wrong, code=64)
        next_policies(world)
        world.ctl("rollout", "start", "--policy", "nobody", code=65)
        expect_equal(moves(world), [], "nothing was begun")
        started(world, 5, "--stages", "10%,50%,100%")
        base = world.status()["policies.set"]
        world.ctl("rollout", "start", code=66)
        done = world.ctl("reload")  # nothing has changed
        expect_in("goes on", done.stdout, "and that is not what is in force")
        expect_in(base, done.stdout, "but this is")
        next_policies(world, NEXT.replace("after", "third"))
        done = world.ctl("reload", code=65)
        expect_in("rollout finish", done.stdout, "the remedy")
        expect_equal(world.status()["policies.set"], base, "in force")
        world.ctl("rollout", "resume", code=66)
        rollout(world, "halt", "--why", "lunch")
        expect_equal(rollout(world, "status")["rollout.why"], "lunch", "why")
        world.ctl("rollout", "halt", code=66)
        expect_equal(rollout(world, "resume")["rollout.state"], "running",
                     "state")
        expect_equal(rollout(world, "next")["rollout.share"], "50%", "share")
        expect_equal(rollout(world, "next")["rollout.share"], "100%", "share")
        expect_equal(rollout(world, "next")["rollout.state"], "finished",
                     "state")
        expect_equal([m[0] for m in moves(world)],
                     ["started", "halted", "resumed", "stage", "stage",
                      "finished"], "movements")
        expect_equal({r["by"] for r in world.sql("SELECT * FROM rollouts")},
                     {f"bootstrapctl uid {os.geteuid()}"}, "by whom")
        world.ctl("reload")
        expect_equal(world.status()["policies.policies"], 1, "policies")
        done = world.ctl("rollout", "start", "--id", rollout_id(5), code=64)
        expect_in("already", done.stdout, "a number is used once")


@story("a group: others get what is in force, whatever their place")
def group():
    with make_world() as world:
        world.start()
        meters = fleet(40, 0)
        started(world, 6, "--stages", "100%", "--group", "meter-0000*")
        bootstrap_all(meters, world.address())
        for m in meters:
            expect_equal(m.holds("after"), m.endpoint.startswith("meter-0000"),
                         m.endpoint)
        rows = world.rows("bootstrap_begin")
        expect_equal({r["endpoint"] for r in rows if "rollout" in r["data"]},
                     {m.endpoint for m in meters[:10]}, "rows that name it")
        expect_equal({r["data"].get("rollout_stage") for r in rows},
                     {None, 1}, "and the stage")
        rollout(world, "finish")
        bootstrap_all(meters, world.address())
        expect(all(m.holds("after") for m in meters), "then everybody")


@story("--policy: only those whom that policy matches")
def by_policy():
    two = POLICY.replace("servers:", 'match: {endpoint: "meter-0000*"}\n'
                         "servers:", 1)
    rest = POLICY.replace("policy: meters", "policy: rest\norder: 2000")
    with World({"identity.yaml": IDENTITY, "policy.yaml": two,
                "rest.yaml": rest}, listen=("coap://127.0.0.1:0",),
               masters=()) as world:
        world.start()
        world.write_policy("policy.yaml", two.replace("before", "after"))
        world.write_policy("rest.yaml", rest.replace("before", "after"))
        rollout(world, "start", "--stages", "100%", "--policy", "rest")
        meters = fleet(30, 0)
        bootstrap_all(meters, world.address())
        for m in meters:
            expect_equal(m.holds("after"),
                         not m.endpoint.startswith("meter-0000"), m.endpoint)


@story("a set that lets nobody in halts, too: refusals are failures of it")
def lets_nobody_in():
    with make_world() as world:
        world.start()
        world.write_policy("identity.yaml",
                           IDENTITY.replace("127.0.0.1/32", "127.9.9.9/32"))
        rollout(world, "start", "--stages", "50%,100%", "--window", "1h",
                "--minimum", "10")
        meters = fleet(60, 0)
        bootstrap_all(meters, world.address())
        wait_for(lambda: moves(world)[-1][0] == "halted", "it to halt")
        number = rollout(world, "status")["rollout.id"]
        count, = world.sql("SELECT count(*) AS n FROM refusals WHERE rollout = ? "
                           "AND reason = 'no-identity'", number)
        expect(count["n"] >= 3, "the view that the remedy names has them")
        expect_equal(bootstrap_all(meters, world.address()), len(meters),
                     "nobody is locked out any more: none of them had it")


def limit_files(world, size):
    who = {"user": KEEPER_UID, "group": KEEPER_UID, "extra_groups": []} \
        if as_root() else {}
    subprocess.run(["prlimit", "--pid", str(world.keeper().pid),
                    f"--fsize={size}:"], check=True, **who)


@story("what cannot be recorded does not move")
def no_room():
    with make_world() as world:
        world.start()
        meters = fleet(40, 0)
        started(world, 7, "--stages", "50%,100%")
        bootstrap_all(meters[:3], world.address())
        world.settled()
        wal = world.ledger.with_name("ledger.db-wal").stat().st_size
        limit_files(world, wal)
        done = world.ctl("rollout", "next", code=74)
        expect_in("nothing has moved", done.stdout, "the answer")
        status = rollout(world, "status")
        expect_equal((status["rollout.share"], status["rollout.state"]),
                     ("50%", "running"), "where it is")
        world.ctl("rollout", "revert", code=74)
        world.ctl("rollout", "halt", code=74)
        expect_equal(rollout(world, "status")["rollout.state"], "running",
                     "where it is")
        limit_files(world, "unlimited")
        wait_for(lambda: world.status()["health"] == "ok", "room again")
        expect_equal([m[0] for m in moves(world)], ["started"], "movements")
        expect_equal(rollout(world, "next")["rollout.share"], "100%", "share")
        world.chain_holds()


@story("SIGHUP while it is under way changes nothing, and says so")
def hangup():
    with make_world() as world:
        world.start()
        started(world, 8)
        base = world.status()["policies.set"]
        next_policies(world, NEXT.replace("after", "third"))
        world.daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: world.rows("policies_refused"), "the refusal")
        expect_in("rollout", world.rows("policies_refused")[0]["data"]["first"],
                  "why")
        expect_equal(world.status()["policies.set"], base, "in force")
        expect_equal(world.status()["rollout.state"], "running", "state")


@story("killed at any moment of it: the rows tell where it is, and it is there")
def killed_at_any_moment():
    dice = random.Random(SEED)
    with make_world() as world:
        world.start()
        base = world.status()["policies.set"]
        next_policies(world)
        for n in range(8):
            world.ctl("rollout", "start", "--stages", "10%,20%,30%,100%",
                      "--window", "1h", code=None)
            asked = [subprocess.Popen(
                [os.environ["BOOTSTRAPCTL"], "-c", str(world.config),
                 "rollout", verb], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
                for verb in ("next", "halt", "resume", "next", "revert")]
            time.sleep(dice.random() / 50)
            keeper = world.keeper()
            keeper.kill()
            for process in asked:
                process.wait()
            wait_for(lambda k=keeper: not k.alive(), "its end")
            wait_for(lambda: world.ctl("status", code=None).returncode == 0,
                     "the next keeper")
            last = moves(world)[-1]
            status = rollout(world, "status")
            expect_equal(status["rollout.state"],
                         {"reverted": "reverted", "halted": "halted"}.get(
                             last[0], "running"), f"after {last}")
            if last[0] != "reverted":
                expect_equal(status["rollout.share"], last[2], "share")
                rollout(world, "revert")
            expect_equal(world.status()["policies.set"], base, "in force")
        world.chain_holds()



class Clock:
    """The daemon's wall clock, to be set; and how it is started with it."""

    def __init__(self, world):
        self.path = world.dir / "wallclock"
        self.path.write_bytes(struct.pack("=q", 0))
        os.chmod(self.path, 0o644)
        checks = os.environ.get("ASAN_OPTIONS", "")
        self.env = {"LD_PRELOAD": program("WALLCLOCK_SO"),
                    "WALLCLOCK": str(self.path),
                    "ASAN_OPTIONS": f"{checks}:verify_asan_link_order=0"}

    def ahead(self, seconds):
        with open(self.path, "r+b") as f:
            f.write(struct.pack("=q", seconds))


@story("a wall clock that jumps ends no window, and none that was there is lost")
def clock_jumps():
    day = 86400
    with make_world() as world:
        clock = Clock(world)
        world.start(env=clock.env)
        meters = fleet(20, 0)
        started(world, 10, "--stages", "100%")
        bootstrap_all(meters, world.address())
        expect_equal(rollout(world, "status")["rollout.ok"], 20, "devices ok")
        for ahead in (day, -day, 0):
            clock.ahead(ahead)
            meters[0].bootstrap(world.address())
            world.settled()
            expect(abs(last_row_s(world) - time.time() - ahead) < 600,
                   "rows come with that time")
            time.sleep(1.1)  # a tick of the keeper's: nothing is to happen
            status = rollout(world, "status")
            expect_equal((status["rollout.state"], status["rollout.ok"]),
                         ("running", 20), f"{ahead} s ahead")
            expect(status["rollout.window_left_s"] <= 3600, "the window")
        # the keeper that comes next knows when the stage began
        kill_keeper(world)
        line, = world.logged("rollout_goes_on")
        passed = int(line.split("window_passed_ms=")[1].split()[0])
        expect(passed >= 3000, f"passed: {passed} ms")
        # unless somebody has set the clock meanwhile: then it begins again
        clock.ahead(day)
        kill_keeper(world, 3)
        line = world.logged("rollout_goes_on")[1]
        passed = int(line.split("window_passed_ms=")[1].split()[0])
        expect(passed < 1000, f"passed: {passed} ms")
        expect_equal(rollout(world, "status")["rollout.ok"], 20, "devices ok")
        expect_equal([m[0] for m in moves(world)], ["started"], "movements")


def last_row_s(world):
    row, = world.sql("SELECT time_ms FROM event ORDER BY seq DESC LIMIT 1")
    return row["time_ms"] / 1000


@story("push --rollout: the devices of the stage, and of the group")
def push_stage():
    with make_world() as world:
        world.start()
        meters = fleet(60, 0)
        bootstrap_all(meters, world.address())
        world.settled()
        done = world.ctl("push", "--rollout", code=66)
        expect_in("no rollout", done.stderr, "nothing to push")
        started(world, 9, "--stages", "50%,100%", "--group", "meter-0000*")
        world.ctl("push", "--rollout", "--via", "trigger", "--rate", "1000/s",
                  code=None)
        expect_equal({r["endpoint"] for r in world.sql("SELECT * FROM pushes")},
                     {m.endpoint for m in meters[:10]
                      if in_share(rollout_id(9), m.endpoint, 50)},
                     "who was to come")
        rollout(world, "halt")
        done = world.ctl("push", "--rollout", code=66)
        expect_in("halted", done.stderr, "nobody")


tell()
