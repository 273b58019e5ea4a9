"""SIGTERM: what runs may end, nothing new begins, and the last rows say that
the daemon stopped."""

import os
import signal

from coap_bytes import Stranger, bootstrap_request
from daemon_fixture import (DOMAIN, IDENTITY, NOSEC_IDENTITY, NOSEC_POLICY,
                            POLICY, World, wait_for)
from tap_story import expect, expect_equal, story, tell

POLICIES = {"identity.yaml": IDENTITY, "policy.yaml": POLICY,
            "lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}
BOTH = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")


def last_rows(world):
    return [r["kind"] for r in world.rows()][-2:]


def until_running(world, endpoint):
    wait_for(lambda: world.logged(" command ", endpoint), "the session")


@story("a session that runs ends ok, a new request gets 5.03, exit 0")
def drain():
    # the slow device may be at any worker: all of them turn others away
    with World(POLICIES, listen=BOTH, workers=4) as world:
        world.start()
        slow = f"{DOMAIN}-slow"
        device = world.boot(world.mint(slow), "late=500")
        until_running(world, slow)
        family = world.children()
        world.daemon.send_signal(signal.SIGTERM)
        wait_for(lambda: world.logged(" draining "), "the drain")
        codes = set()
        for _ in range(12):
            with Stranger(world.address()) as stranger:
                answer = stranger.ask(bootstrap_request("bench-1"))
                codes.add((answer.code, answer.max_age()))
        expect_equal({code for code, _ in codes}, {"5.03"},
                     "what new requests get")
        ages = {age for _, age in codes}
        expect(all(15 <= a <= 60 for a in ages) and len(ages) > 1,
               f"they are to come back apart, not all after {ages}")
        device.succeeded()
        world.ended(0)
        expect(not any(p.alive() for p in family), "nobody is left")
        expect_equal([a["outcome"] for a in world.attempts(slow)], ["ok"],
                     "outcome of the one that ran")
        expect_equal(last_rows(world), ["daemon_stop", "checkpoint"],
                     "last rows")
        world.chain_holds()


@story("bootstrapctl stop does the same")
def stop():
    with World() as world:
        world.start()
        device = world.boot(world.mint(f"{DOMAIN}-1"), "late=100")
        until_running(world, DOMAIN)
        world.ctl("stop")
        device.succeeded()
        world.ended(0)
        expect_equal(last_rows(world), ["daemon_stop", "checkpoint"],
                     "last rows")


@story("a second SIGTERM hurries: the session is ended, and on record so")
def hurry():
    with World() as world:
        world.start()
        device = world.boot(world.mint(f"{DOMAIN}-1"), "late=5000")
        until_running(world, DOMAIN)
        world.daemon.send_signal(signal.SIGTERM)
        wait_for(lambda: world.logged(" draining "), "the drain")
        world.daemon.send_signal(signal.SIGTERM)
        world.ended(0)
        device.kill()
        attempt, = world.attempts()
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("failed", "cancelled"), "ending")
        expect_equal(last_rows(world), ["daemon_stop", "checkpoint"],
                     "last rows")


@story("the drain has an end: limits.drain")
def drain_ends():
    with World(limits={"drain": "1s"}) as world:
        world.start()
        device = world.boot(world.mint(f"{DOMAIN}-1"), "late=30000")
        until_running(world, DOMAIN)
        world.stop()
        device.kill()
        expect_equal(world.attempts()[0]["reason"], "cancelled", "reason")


@story("Ctrl-C, or a manager that signals everybody, is one signal")
def whole_group():
    for sig in (signal.SIGINT, signal.SIGTERM):
        with World() as world:
            world.start(own_group=True)
            device = world.boot(world.mint(f"{DOMAIN}-1"), "late=200")
            until_running(world, DOMAIN)
            os.killpg(world.daemon.pid, sig)
            device.succeeded()
            world.ended(0)
            expect(not world.logged("how=signal"), "nobody was killed")
            expect_equal([a["outcome"] for a in world.attempts()], ["ok"],
                         f"{sig.name}: outcome")
            expect_equal(last_rows(world), ["daemon_stop", "checkpoint"],
                         f"{sig.name}: last rows")


@story("a terminal that hangs up costs no worker")
def hang_up():
    with World() as world:
        world.start(own_group=True)
        family = {p.pid for p in world.children()}
        os.killpg(world.daemon.pid, signal.SIGHUP)
        wait_for(lambda: len(world.rows("policies_loaded")) > 1,
                 "the policies to be loaded again")
        world.boot(world.mint(f"{DOMAIN}-1")).succeeded()
        expect_equal({p.pid for p in world.children()}, family,
                     "the daemon's processes")
        expect_equal(len(world.rows("policies_loaded")), 2,
                     "policies were loaded")
        world.stop()


tell()
