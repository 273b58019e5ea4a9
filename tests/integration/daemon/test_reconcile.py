"""What was minted, flashed and scrapped, against what really boots: devices that
nobody ordered, and identities that are there twice."""

import json
import socket

from daemon_fixture import DOMAIN, Relay, World
from tap_story import expect, expect_equal, story, tell


def move(relay, source):
    """From now on the daemon sees that address."""
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.bind((source, 0))
    back.connect(relay.to)
    back.settimeout(0.2)
    relay.back = back


def reconcile(world, *args, code=0):
    out = world.tool("audit", "reconcile", "--ledger", world.ledger,
                     "--format", "json", *args, code=code)
    rows = [json.loads(line) for line in out.splitlines()]
    findings = {(r["finding"], r["endpoint"][len(DOMAIN) + 1:]): r["detail"]
                for r in rows if "finding" in r}
    sums = [r for r in rows if "finding" not in r]
    return findings, sums


def order(world, what, *args, code=0):
    world.tool("order", what, "--ledger", world.ledger, *args, code=code)


@story("a factory whose devices are as they were made has nothing to name")
def honest():
    with World(workers=1) as world:
        world.start()
        with Relay(world.address("coaps"), source="127.1.0.1") as relay:
            for n in range(3):
                image = world.mint(f"{DOMAIN}-{n}", uri=relay.uri())
                order(world, "flashed", f"{DOMAIN}-{n}", "--chip", f"c{n}")
                world.boot(image).succeeded()
                world.settled()  # its last answer is through
                move(relay, "127.1.0.9")  # the same network
                world.boot(image).succeeded()
                world.settled()
        world.mint(f"{DOMAIN}-late")
        findings, sums = reconcile(world)
        expect_equal(findings, {}, "findings")
        expect_equal(
            [{k: s[k] for k in ("minted", "flashed", "reflashed", "booted",
                                "waiting")} for s in sums],
            [{"minted": 4, "flashed": 3, "reflashed": 0, "booted": 3,
              "waiting": 1}], "sums")
        # minted and not seen: no crime, and no exit status
        findings, _ = reconcile(world, "--idle", "0s")
        expect_equal(set(findings), {("never-booted", "late")}, "findings")


@story("one identity from two networks, within the window")
def two_networks():
    with World(workers=1) as world:
        world.start()
        with Relay(world.address("coaps"), source="127.1.0.1") as relay:
            image = world.mint(f"{DOMAIN}-1", uri=relay.uri())
            for source in ("127.1.0.1", "127.2.0.1", "127.1.0.1"):
                move(relay, source)
                world.boot(image).succeeded()
                world.settled()
        findings, sums = reconcile(world, code=2)
        expect_equal(set(findings), {("two-networks", "1")}, "findings")
        detail = findings["two-networks", "1"]
        for words in ("127.1.0.0/24", "127.2.0.0/24", "2 times"):
            expect(words in detail, detail)
        expect_equal(sums[0]["findings"], 1, "findings of the sums")
        # a factory may say what a network is to it
        expect_equal(reconcile(world, "--prefix", "8")[0], {}, "of one /8")
        text = world.tool("audit", "reconcile", "--ledger", world.ledger,
                          code=2)
        expect('two-networks       "urn:dev:ops:0057F2-1": from 127.1.0.0/24'
               in text, text)


@story("what boots and was never minted, or was scrapped, is named")
def over_build():
    with World(workers=1) as world:
        world.start()
        ghost = world.mint(f"{DOMAIN}-ghost", recorded=False)
        # as long as no image is minted by that identity at all, its keys may
        # be made elsewhere
        world.boot(ghost).succeeded()
        expect_equal(reconcile(world)[0], {}, "of a factory elsewhere")
        dead = world.mint(f"{DOMAIN}-dead")
        order(world, "flashed", f"{DOMAIN}-dead")
        order(world, "scrapped", f"{DOMAIN}-dead", "--reason", "burnt")
        order(world, "flashed", f"{DOMAIN}-unknown", code=65)
        world.boot(dead).succeeded()
        order(world, "flashed", f"{DOMAIN}-dead")
        findings, sums = reconcile(world, code=2)
        expect_equal(set(findings), {
            ("booted-not-minted", "ghost"), ("scrapped-booted", "dead"),
            ("scrapped-flashed", "dead"), ("flashed-not-minted", "unknown")},
            "findings")
        expect("by identity factory" in findings["booted-not-minted",
                                                 "ghost"], findings)
        expect_equal((sums[0]["scrapped"], sums[0]["reflashed"],
                      sums[0]["waiting"]), (1, 1, 0), "sums")
        world.tool("audit", "verify", "--ledger", world.ledger)


@story("one identity in two images, and one image on two units")
def clones():
    with World(workers=1) as world:
        world.start()
        again = f"{DOMAIN}-again"
        world.mint(again)
        world.tool("image", "build", *world.token_options(), "--policies",
                   world.dir / "policies.d", "--identity", "factory",
                   "--endpoint", again, "--uri", world.coaps(), "--format",
                   "senml-cbor", "--ledger", world.ledger, "--again", "-o",
                   world.dir / "images/again.cbor")
        # taken back: only the newer one is good
        back = f"{DOMAIN}-back"
        world.mint(back, epoch=1)
        world.tool("pki", "revoke", "--endpoint", back, "--reason",
                   "superseded", "--ledger", world.ledger)
        world.mint(back, epoch=2)
        twice = f"{DOMAIN}-twice"
        world.mint(twice)
        order(world, "flashed", twice, "--chip", "a4:cf:12:00:00:01")
        order(world, "flashed", twice, "--chip", "a4:cf:12:00:00:01")
        expect_equal(set(reconcile(world, code=2)[0]),
                     {("two-images", "again")}, "flashed once more")
        order(world, "flashed", twice, "--chip", "a4:cf:12:00:00:02")
        findings, _ = reconcile(world, code=2)
        expect_equal(set(findings), {("two-images", "again"),
                                     ("two-units", "twice")}, "findings")
        expect("a4:cf:12:00:00:02" in findings["two-units", "twice"],
               findings)


if __name__ == "__main__":
    tell()
