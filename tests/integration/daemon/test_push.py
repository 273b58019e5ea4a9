"""Bootstraps that an operator starts: over a session that stands, and at an
address where a device waits for commands."""

import json
import re
import signal
import subprocess
import time

from daemon_fixture import (DOMAIN, IDENTITY, NOSEC_IDENTITY, NOSEC_POLICY,
                            POLICY, World, program, wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-7"
PLAIN = ("coap://127.0.0.1:0",)
LAB = {"lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}


def push(world, *argv, code=0):
    """Its report, one dictionary a device."""
    done = world.ctl("--format", "json", "push", *argv, code=code)
    return [json.loads(line) for line in done.stdout.splitlines()]


def bench(world, endpoint, behaviour="unsolicited", times=2, **kwargs):
    image = world.write_image(endpoint, None, uri=world.coap())
    return world.boot(image, behaviour, options=("--times", str(times)),
                      **kwargs)


def once(world, endpoint):
    wait_for(lambda: [a for a in world.attempts(endpoint)
                      if a["outcome"] == "ok"], "the device's own bootstrap")


def pushed(world, endpoint):
    return world.sql("SELECT * FROM pushes WHERE endpoint = ?", endpoint)


@story("plain CoAP: a device that was here a moment ago is bootstrapped again")
def live_plain():
    with World(LAB, listen=PLAIN, masters=(), workers=3) as world:
        world.start()
        device = bench(world, "bench-1")
        once(world, "bench-1")
        one, = push(world, "bench-1", "--wait")
        expect_equal((one["outcome"], one["way"], one["endpoint"]),
                     ("ok", "session", "bench-1"), "the report")
        device.succeeded()
        first, second = world.settled("bench-1")
        expect_equal((first["push"], second["push"]), (None, one["push"]),
                     "which of them is the push's")
        expect_equal(second["session"], one["session"], "the session")
        seen, = pushed(world, "bench-1")
        expect_equal((seen["outcome"], seen["way"], seen["uid"]),
                     ("ok", "session", 0 if seen["uid"] == 0 else seen["uid"]),
                     "the view")
        # what cannot be recorded does not happen: the rows stand before it
        kinds = [r["kind"] for r in world.rows()]
        expect(kinds.index("push_started") < kinds.index("push_planned") <
               kinds.index("push_sent"), "their order")
        started, = world.rows("push_started")
        expect_equal((started["data"]["count"], started["data"]["selection"]),
                     (1, "1 named"), "who, and what")
        world.chain_holds()


@story("DTLS: over the association that still stands")
def live_dtls():
    with World(workers=2) as world:
        world.start()
        device = world.boot(world.mint(EP), "unsolicited",
                            options=("--times", "2"))
        once(world, EP)
        one, = push(world, EP, "--wait", "--via", "session")
        expect_equal((one["outcome"], one["way"]), ("ok", "session"),
                     "the report")
        device.succeeded()
        second = world.settled(EP)[1]
        expect_equal((second["kind"], second["credential"], second["push"]),
                     ("psk", EP, one["push"]), "proved as it was before")
        world.chain_holds()


@story("DTLS with a Connection ID: the device has moved since")
def live_moved():
    with World(workers=4) as world:
        world.start()
        # it changes its port before its last messages, and answers from there
        device = world.boot(world.mint(EP), "unsolicited", options=(
            "--times", "2", "--cid", "8", "--rebind", "each"))
        once(world, EP)
        one, = push(world, EP, "--wait")
        expect_equal((one["outcome"], one["way"]), ("ok", "session"),
                     "the report")
        device.succeeded()
        world.chain_holds()


@story("TCP and TLS: over the connection that still stands")
def live_streams():
    policies = {**LAB, "identity.yaml": IDENTITY, "policy.yaml": POLICY}
    listen = ("coap+tcp://127.0.0.1:0", "coaps+tcp://127.0.0.1:0")
    with World(policies, listen=listen, workers=2) as world:
        world.start()
        plain = "coap+tcp://{}:{}".format(*world.address("coap+tcp"))
        secure = "coaps+tcp://{}:{}".format(*world.address("coaps+tcp"))
        for name, image, transport in (
                ("bench-1", world.write_image("bench-1", None, uri=plain),
                 "coap+tcp"),
                (EP, world.mint(EP, uri=secure), "coaps+tcp")):
            device = world.boot(image, "unsolicited",
                                options=("--times", "2"))
            once(world, name)
            one, = push(world, name, "--wait")
            expect_equal((one["outcome"], one["way"]), ("ok", "session"),
                         transport)
            device.succeeded()
            expect_equal(world.settled(name)[1]["transport"], transport,
                         "what it went over")
            # the connection is gone: so is that way
            wait_for(lambda: push(world, name, "--via", "session", code=None)
                     [0].get("reason") == "no-session", "its end")
        world.chain_holds()


@story("an address: a client of 1.0 in hold-off is sent what it waits for")
def hold_off():
    with World(LAB, listen=PLAIN, masters=(), workers=4) as world:
        world.start()
        for n in range(4):
            device = bench(world, f"held-{n}", "hold-off", times=1)
            wait_for(lambda: "WAITS" in device.text(), "its address")
            at = re.search(r"WAITS at=(\S+)", device.text()).group(1)
            one, = push(world, f"held-{n}", "--to", f"coap://{at}", "--wait")
            expect_equal((one["outcome"], one["way"]), ("ok", "address"),
                         "the report")
            device.succeeded()
            # that address is on record now
            attempt, = world.settled(f"held-{n}")
            expect_equal(attempt["address"], at, "where")
        world.chain_holds()


@story("an address that no nosec identity admits is sent nothing")
def not_admitted():
    with World(LAB, listen=PLAIN, masters=()) as world:
        world.start()
        one, = push(world, "bench-1", "--to", "127.0.0.9:5683", code=1)
        expect_equal((one["outcome"], one["reason"]),
                     ("failed", "address-not-admitted"), "the report")
        expect(one["remedy"] and one["sentence"], "what to do about it")
        failed, = world.rows("push_failed")
        expect_equal(failed["data"]["reason"], "address-not-admitted", "row")


@story("an address where nobody listens: unreachable, and no key goes there")
def unreachable():
    with World(LAB, listen=PLAIN, masters=(), workers=2) as world:
        world.start()
        one, = push(world, "bench-1", "--to", "127.0.0.1:9", code=1)
        expect_equal((one["outcome"], one["reason"]),
                     ("failed", "unreachable"), "the report")
        expect_equal(world.attempts(), [], "nothing began")


@story("who answers the first command with RST, nothing or 4.00 ends so")
def refuses():
    with World(LAB, listen=PLAIN, masters=(), workers=1) as world:
        world.start()
        # it takes its own bootstrap, and no commands after that
        device = bench(world, "deaf", "conforming", times=2, timeout_s=30)
        once(world, "deaf")
        one, = push(world, "deaf", "--wait", code=1)
        expect_equal((one["outcome"], one["reason"]), ("failed", "reset"),
                     "one that is not of 1.0")
        device.kill()
        world.chain_holds()


@story("endpoints that nobody knows, and ways that there are not")
def unknown():
    with World(workers=2) as world:
        world.start()
        one, two = push(world, "nobody-1", "nobody-2", code=1)
        expect_equal({one["reason"], two["reason"]}, {"unknown-endpoint"},
                     "reasons")
        world.boot(world.mint(EP)).succeeded()
        world.settled()
        # its association was closed with the device's close_notify
        one, = push(world, EP, code=1)
        expect_equal(one["reason"], "no-way", "neither session nor trigger")
        one, = push(world, EP, "--via", "session", code=1)
        expect_equal(one["reason"], "no-session", "by a session")
        one, = push(world, EP, "--via", "trigger", code=1)
        expect_equal(one["reason"], "no-trigger", "by a trigger")
        one, = push(world, EP, "--via", "address", code=1)
        expect_equal(one["reason"], "no-address", "by an address")
        # its address is no way for what proves nothing
        one, = push(world, EP, "--to", "127.0.0.1:9", code=1)
        expect_equal(one["reason"], "address-not-admitted", "in clear")
        expect_equal(len(world.attempts(EP)), 1, "bootstraps")
        world.chain_holds()


@story("--policy and --group select from the ledger, or a list")
def selected():
    policies = {**LAB, "identity.yaml": IDENTITY, "policy.yaml": POLICY}
    with World(policies, listen=("coaps://127.0.0.1:0", *PLAIN)) as world:
        world.start()
        for name in ("bench-1", "bench-2", "=odd\"name", "other"):
            world.boot(world.write_image(name, None,
                                         uri=world.coap())).succeeded()
        world.boot(world.mint(EP)).succeeded()
        world.settled()

        def names(*argv):
            return sorted(r["endpoint"] for r in
                          push(world, "--via", "trigger", *argv, code=1))
        expect_equal(names("--group", "bench-*"), ["bench-1", "bench-2"],
                     "a glob")
        expect_equal(names("--policy", "meters"), [EP], "a policy")
        expect_equal(names("--policy", "lab-bench", "--group", "*o*"),
                     ["=odd\"name", "other"], "both")
        listed = world.dir / "list"
        listed.write_text(f"# of the bench\nbench-2\r\n\nnew\n{EP}\nbench-2\n")
        expect_equal(names("--group", f"@{listed}"),
                     sorted(["bench-2", "new", EP]), "a list")
        expect_equal(names("--group", f"@{listed}", "--policy", "lab-bench"),
                     ["bench-2"], "those of a list with that policy")
        world.ctl("push", "--group", "nothing-*", code=66)
        world.ctl("push", "--policy", "nothing", code=66)
        listed.write_bytes(b"good\n\xff\xfe\n")
        done = world.ctl("push", "--group", f"@{listed}", code=65)
        expect_in(f"{listed}:2:", done.stderr, "which line")
        world.ctl("push", "--group", "@/nonexistent", code=66)


@story("what is not understood: 64, and nothing is recorded")
def misuse():
    with World(LAB, listen=PLAIN, masters=()) as world:
        world.start()
        for argv in ([], ["a", "--group", "b"], ["a", "--rate", "0"],
                     ["a", "--rate", "5/d"], ["a", "--rate", "-1"],
                     ["a", "--rate", "20000/s"], ["a", "--via", "pigeon"],
                     ["a", "--to", "here"], ["a", "--to", "coap://h:5683"],
                     ["a", "b", "--to", "127.0.0.1:1"],
                     ["a", "--to", "127.0.0.1:1", "--via", "session"],
                     ["--resume", "12"], ["--resume", "g" * 32],
                     ["a", "--resume", "0" * 32], ["a" * 253],
                     ["a", "--wait", "--wait=1"], ["a", "--via"]):
            world.ctl("push", *argv, code=64)
        world.ctl("status", "--wait", code=64)
        world.ctl("push", "--resume", "0" * 32, code=66)
        expect_equal([r for r in world.rows() if "push" in r["kind"]], [],
                     "rows")
        world.stop()
        world.ctl("push", "a", code=69)


@story("two pushes of one device at once: the newer takes it over")
def twice():
    with World(LAB, listen=PLAIN, masters=(), workers=2) as world:
        world.start()
        image = world.write_image("bench-1", None, uri=world.coap())
        world.boot(image, "unsolicited,late=300",
                   options=("--times", "2"))
        once(world, "bench-1")
        argv = [program("BOOTSTRAPCTL"), "-c", str(world.config), "--format",
                "json", "push", "bench-1", "--wait"]
        first = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                                 stderr=subprocess.DEVNULL)
        wait_for(lambda: world.rows("push_sent"), "the first to be sent")
        one, = push(world, "bench-1", "--wait")
        expect_equal(one["outcome"], "ok", "the newer")
        told, _ = first.communicate(timeout=60)
        expect_equal(first.returncode, 1, "the older's exit code")
        old = json.loads(told)
        expect_equal((old["outcome"], old["reason"]),
                     ("failed", "superseded"), "the older")
        expect_equal([p["outcome"] for p in pushed(world, "bench-1")],
                     ["failed", "ok"], "the view")
        world.chain_holds()


@story("while the daemon drains nothing is begun, and nothing is lost")
def draining():
    with World(LAB, listen=PLAIN, masters=(), workers=1,
               limits={"drain": "20s"}) as world:
        world.start()
        bench(world, "bench-1")
        once(world, "bench-1")
        # something that runs keeps it from ending
        silent = world.boot(world.write_image("stuck", None,
                                              uri=world.coap()), "silent")
        wait_for(lambda: world.logged(" command ", "stuck"), "a session")
        world.daemon.send_signal(signal.SIGTERM)
        wait_for(lambda: world.logged("drain") or world.logged("ending"),
                 "the end to begin")
        time.sleep(0.5)
        done = world.ctl("push", "bench-1", code=None)
        expect(done.returncode in (69, 75), f"exit {done.returncode}")
        silent.kill()
        world.ended(0)
        expect_equal(world.rows("push_sent"), [], "sent")
        found = [r["session"] for r in world.rows("push_started")]
        if found:
            world.keep_ports()
            world.start()
            done = world.ctl("push", "--resume", found[0], code=None)
            expect_in(found[0], done.stderr, "it goes on")
        world.chain_holds()


if __name__ == "__main__":
    tell()
