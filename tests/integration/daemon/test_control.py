"""bootstrapctl: what the daemon is doing, what it has done, and who may ask."""

import contextlib
import csv
import json
import os
import shutil
import signal
import socket
import subprocess

from daemon_fixture import (DOMAIN, IDENTITY, KEEPER_UID, POLICY, STRANGER_UID,
                            World, need_root, program, wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"


@story("status: how it is, for people and for programs")
def status():
    with World() as world:
        world.start()
        world.boot(world.mint(EP)).succeeded()
        text = world.ctl("status").stdout
        for line in ("health", "token.state", "ledger.state", "policies.set"):
            expect_in(line, text, "lines")
        seen = world.status()
        expect_equal((seen["health"], seen["token.state"],
                      seen["ledger.state"]), ("ok", "ok", "ok"), "health")
        expect_in("bootstrap (serial", seen["token"], "the token's name")
        expect_equal((seen["policies.identities"],
                      seen["policies.policies"]), (1, 1), "policies")
        # the workers report when they come to it
        wait_for(lambda: world.totals("established") == 1, "the handshake")
        wait_for(lambda: world.totals("sessions") == 0, "its session's end")
        expect_equal(world.status()["sessions"], 0, "sessions of the keeper")
        expect(world.status()["ledger.rows"] >= 5, "rows")


@story("device, devices and events tell what the ledger does")
def history():
    with World() as world:
        world.start()
        world.boot(world.mint(EP)).succeeded()
        world.boot(world.mint(f"{DOMAIN}-2")).succeeded()
        world.settled()
        devices = [json.loads(line) for line in
                   world.ctl("--format", "json", "devices").stdout.splitlines()]
        expect_equal({(d["endpoint"], d["outcome"]) for d in devices},
                     {(EP, "ok"), (f"{DOMAIN}-2", "ok")}, "devices")
        rows = [json.loads(line) for line in
                world.ctl("events", EP, "--format=json").stdout.splitlines()]
        expect_equal([r["kind"] for r in rows],
                     ["image_minted", "bootstrap_begin", "credential_issued",
                      "bootstrap_end"], "the history of one")
        expect_equal({r["endpoint"] for r in rows}, {EP}, "and of no other")
        events = world.ctl("events").stdout.splitlines()
        expect_equal(len(events), len(world.rows()), "events")
        # the ledger can be read without a daemon, too
        world.stop()
        expect_equal(len(world.ctl("events").stdout.splitlines()),
                     len(world.rows()), "events without a daemon")
        world.ctl("status", code=69)


def table(world, *argv):
    """CSV with its line of names, as a list of dictionaries."""
    text = subprocess.run(
        [program("BOOTSTRAPCTL"), "-c", str(world.config), "--format=csv",
         *argv], check=True, capture_output=True).stdout.decode()
    expect(text.endswith("\r\n"), "lines end as RFC 4180 says")
    return list(csv.DictReader(text.splitlines(), strict=True))


@story("--format csv: what a spreadsheet opens, and not obeys")
def comma_separated():
    # endpoints that would be a formula, end a field, or a line
    odd = ['=1+1', '@SUM(1)', '-2,"3"']
    # the table of devices has them escaped already
    last = r'\u002d2,\\\"3\\\"'
    anybody = {"identity.yaml": IDENTITY.replace(f"{DOMAIN}-*", "*"),
               "policy.yaml": POLICY.replace(f"{DOMAIN}-*", "*")}
    with World(anybody) as world:
        world.start()
        for name in odd:
            world.boot(world.mint(name)).succeeded()
        world.settled()
        devices = table(world, "devices")
        expect_equal(sorted(d["endpoint"] for d in devices),
                     sorted([r"\u003d1+1", r"\u0040SUM(1)", last]), "endpoints")
        expect_equal({d["attempts"] for d in devices}, {"1"}, "attempts")
        rows = table(world, "events")
        expect_equal(len(rows), len(world.rows()), "rows")
        expect_equal([r["seq"] for r in rows],
                     [str(n + 1) for n in range(len(rows))], "numbers")
        for row in rows:
            # the fields, escaped as text is
            json.loads(json.loads(f'"{row["data"]}"'))
        one = table(world, "events", "--", odd[2])
        expect_equal({r["endpoint"] for r in one}, {r'\u002d2,\"3\"'},
                     "the history of one")
        seen = {r["key"]: r["value"] for r in table(world, "status")}
        expect_equal(set(seen), set(world.status()), "keys of the status")
        expect_equal((seen["health"], seen["sessions"]), ("ok", "0"), "status")
        expect_equal(seen["ledger"], str(world.dir / "state/ledger.db"),
                     "the ledger")


@story("--format json: numbers are numbers, what is empty is absent")
def typed():
    with World() as world:
        world.start()
        world.mint(EP)
        waiting, = [json.loads(line) for line in world.ctl(
            "--format", "json", "devices").stdout.splitlines()]
        expect("outcome" not in waiting, "no outcome before an attempt")
        expect_equal((waiting["attempts"], waiting["epoch"]), (0, 2), "minted")
        for row in world.ctl("events", "--format", "json").stdout.splitlines():
            row = json.loads(row)
            expect(isinstance(row["seq"], int), "seq")
            expect(isinstance(row["data"], dict), "data")
            expect(row.get("session") != "" and row.get("endpoint") != "",
                   "empty fields")


@story("each verb explains itself, without a configuration")
def explained():
    def ask(*argv):
        return subprocess.run([program("BOOTSTRAPCTL"), *argv], text=True,
                              capture_output=True, check=True).stdout
    whole = ask("--help")
    for verb in ("status", "reload", "stop", "supersede", "push", "devices",
                 "device", "events"):
        expect_in(f"  {verb} ", whole, "the summary")
        for argv in ((verb, "--help"), ("-h", verb)):
            told = ask(*argv)
            expect_in(f"--format FORMAT] {verb}", told, "the verb's own usage")
            expect_in("text (the default), json or csv", told, "its options")
        expect(told != whole, "more than the summary")
    expect_in("events [ENDPOINT] [--follow]", ask("events", "--help"), "its option")
    expect_in("device ENDPOINT", ask("device", "--help"), "its argument")


@story("events --follow shows rows as they come")
def follow():
    with World() as world:
        world.start()
        reader = subprocess.Popen(
            [program("BOOTSTRAPCTL"), "-c", str(world.config), "--format",
             "json", "events", "--follow"], stdout=subprocess.PIPE, text=True)
        try:
            def until(kind):
                for line in reader.stdout:
                    row = json.loads(line)
                    if row["kind"] == kind:
                        return row
                raise AssertionError(f"no {kind}")
            until("daemon_start")
            world.boot(world.mint(EP)).succeeded()
            expect_equal(until("bootstrap_end")["endpoint"], EP, "endpoint")
        finally:
            reader.kill()
            reader.wait()
            reader.stdout.close()


@story("supersede ends a bootstrap that is stuck")
def supersede():
    with World() as world:
        world.start()
        device = world.boot(world.mint(EP), "silent")
        wait_for(lambda: world.logged(" command ", EP), "the session")
        expect_in(EP, world.ctl("supersede", EP).stdout, "answer")
        attempt, = world.settled()
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("failed", "cancelled"), "ending")
        wait_for(lambda: world.totals("sessions") == 0, "the worker's end")
        world.ctl("supersede", EP, code=66)
        device.kill()


@story("what is not understood: 64, and nothing happens")
def misuse():
    with World() as world:
        world.start()
        for argv in (["stat"], [], ["device"], ["status", "now"],
                     ["status", "--follow"], ["supersede"],
                     ["status", "--json"], ["status", "--format"],
                     ["status", "--format", "xml"], ["status", "--format="],
                     ["device", "-2"], ["status", "--", "--format=json"],
                     ["status", "-c"]):
            done = world.ctl(*argv, code=64)
            expect_in("usage:", done.stderr, "usage")
        world.ctl("supersede", "x" * 2000, code=64)
        world.ctl("status")
        missing = subprocess.run(
            [program("BOOTSTRAPCTL"), "-c", "/nonexistent.yaml", "status"],
            capture_output=True)
        expect_equal(missing.returncode, 78, "without a configuration")


@story("clients that say nothing, or too much, do not stop the others")
def rude_clients():
    with World() as world:
        world.start()
        rude = []
        for n in range(40):
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(world.control))
            rude.append(s)
            if n % 2:
                with contextlib.suppress(BrokenPipeError):
                    s.send(b"\xff" * 900)
        # there is room for some; the others are let go, in time
        wait_for(lambda: world.ctl("status", code=None).returncode == 0,
                 "an answer")
        for s in rude:
            s.close()
        world.ctl("status")
        world.boot(world.mint(EP)).succeeded()


@story("a stranger on this machine may neither ask nor look: 77")
def stranger():
    need_root("another user")
    with World() as world:
        # all doors open but the socket's and the ledger's own
        folder = world.dir / "public"
        folder.mkdir(mode=0o755)
        ctl = folder / "bootstrapctl"
        shutil.copy(program("BOOTSTRAPCTL"), ctl)
        ctl.chmod(0o755)
        (world.dir / "state").chmod(0o711)
        world.start()

        def ask(uid, *argv):
            return subprocess.run([str(ctl), "-c", str(world.config), *argv],
                                  user=uid, group=uid, extra_groups=[],
                                  capture_output=True, text=True, cwd="/")
        for verb in ("status", "reload", "stop"):
            done = ask(STRANGER_UID, verb)
            expect_equal(done.returncode, 77, f"{verb}: {done.stderr}")
            expect_in("denied", done.stderr.lower(), verb)
        for verb in ("events", "devices"):
            expect_equal(ask(STRANGER_UID, verb).returncode, 77, verb)
        expect_equal(ask(KEEPER_UID, "status").returncode, 0,
                     "the keeper's own user")
        expect_equal(len(world.rows("policies_loaded")), 1, "reloads")
        os.kill(world.daemon.pid, signal.SIGTERM)
        world.ended(0)


@story("a push whose first line breaks off is refused, and ends nothing")
def broken_push():
    with World() as world:
        world.start()
        for line in ("push", "push ", "push 1", "push 1 any", "push 1 any -",
                     'push 1 any - "', 'push 1 any - "\\', "push-resume"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(str(world.control))
                s.sendall(line.encode() + b"\n")
                said = b""
                while more := s.recv(4096):
                    said += more
            expect(said.endswith(b"exit\t64\n"), f"{line!r}: {said!r}")
        expect_equal(world.rows("push_started"), [], "what was begun")
        expect_equal(world.logged("child_ended"), [], "processes that died")


tell()
