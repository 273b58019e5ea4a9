"""Connection IDs with four workers: a device that changes its address within
its bootstrap goes on, whatever worker its new one would lead to; and whoever
only repeats, changes or makes up what it says moves nothing."""

import contextlib
import secrets
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support/nat"))

from daemon_fixture import DOMAIN, World, program, wait_for
from nat import Nat, has_cid
from tap_story import expect, expect_equal, skip, story, tell

WORKERS = 4
MESSAGES = 7  # the request, and what the policy's six commands are answered
EACH = ("--rebind", "each")
VERSIONS = ("1.2", "1.3")


def world_of_workers():
    features = subprocess.run([program("BOOTSTRAPD"), "--version"], text=True,
                              capture_output=True, check=True).stdout
    if ", CID" not in features:
        skip(f"no Connection IDs in this wolfSSL: {features}")
    return World(workers=WORKERS)


def start(world):
    world.start()
    if world.logged("no_steering"):
        skip("this kernel takes no filter for the workers' sockets")
    return world


def options(version="1.2", own=0, *more):
    return ("--dtls", version, "--cid", str(own), *more)


def moved(world):
    """Counted by the workers, which say so every other second."""
    return world.totals("moved")


@contextlib.contextmanager
def stranger(world):
    """Somebody with a socket. Nothing may ever come to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(world.address("coaps"))
        yield s
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            expect(False, f"a stranger was answered: {s.recv(4096).hex()}")


@story("another port before each message: the bootstrap goes on")
def each_message():
    with world_of_workers() as world:
        start(world)
        for n in range(6):
            endpoint = f"{DOMAIN}-each-{n}"
            world.boot(world.mint(endpoint), options=options(
                VERSIONS[n % 2], (0, 4, 10)[n // 2], *EACH)).succeeded()
            attempt, = world.settled(endpoint)
            expect_equal(attempt["outcome"], "ok", "the bootstrap's outcome")
            end, = world.rows("bootstrap_end", endpoint)
            expect(end["data"]["moved_to"].startswith("127.0.0.1:"),
                   f"where it ended: {end}")
            expect(end["data"]["moved_to"] != attempt["address"],
                   "it ended where it had begun")
        wait_for(lambda: moved(world) >= 6 * MESSAGES, "all that has moved")
        world.stop().chain_holds()


@story("another port once, at each step")
def each_step():
    with world_of_workers() as world:
        start(world)
        for n in range(1, MESSAGES + 1):
            for version in VERSIONS:
                endpoint = f"{DOMAIN}-step-{n}-{version}"
                device = world.boot(world.mint(endpoint), options=options(
                    version, 0, "--rebind", str(n))).succeeded()
                expect_equal(device.text().count("another source port"), 1,
                             "changes of its port")
                attempt, = world.settled(endpoint)
                expect_equal(attempt["outcome"], "ok", f"rebound at {n}")


@story("who stays where it is has nothing about moving in the ledger")
def stays():
    with world_of_workers() as world:
        start(world)
        endpoint = f"{DOMAIN}-stays"
        world.boot(world.mint(endpoint), options=options()).succeeded()
        world.settled(endpoint)
        end, = world.rows("bootstrap_end", endpoint)
        expect("moved_to" not in end["data"], f"it has not moved: {end}")


@story("without a Connection ID it is lost, and begins anew")
def without():
    with world_of_workers() as world:
        start(world)
        endpoint = f"{DOMAIN}-without"
        image = world.mint(endpoint)
        world.boot(image, timeout_s=5,
                   options=("--rebind", "2")).failed()
        world.boot(image).succeeded()
        first, second = world.settled(endpoint)
        expect(first["outcome"] != "ok", f"the lost one: {first}")
        expect_equal(second["outcome"], "ok", "the next one")


def pester(world, version, before):
    """A bootstrap through a NAT that stays, while `before` sees all of it."""
    endpoint = f"{DOMAIN}-{secrets.token_hex(4)}"
    with Nat(world.address("coaps"), before) as nat:
        image = world.mint(endpoint, uri=f"coaps://{nat.address()}")
        world.boot(image, options=options(version)).succeeded()
        source = nat.source()
    attempt, = world.settled(endpoint)
    expect_equal((attempt["outcome"], attempt["address"]), ("ok", source),
                 "the bootstrap")
    end, = world.rows("bootstrap_end", endpoint)
    expect("moved_to" not in end["data"], f"somebody has moved it: {end}")


@story("its records again, from another address, move nothing")
def replayed():
    with world_of_workers() as world:
        start(world)
        with stranger(world) as thief:
            def again(nat, datagram):
                for old in filter(has_cid, nat.seen[:-1]):
                    thief.send(old)

            for version in VERSIONS:
                pester(world, version, again)


@story("its records with a byte changed, from another address, sooner than they")
def flipped():
    with world_of_workers() as world:
        start(world)
        with stranger(world) as forger:
            def forged(nat, datagram):
                if not has_cid(datagram):
                    return
                for at in range(len(datagram)):
                    changed = bytearray(datagram)
                    changed[at] ^= 1 << at % 8
                    forger.send(changed)
                    forger.send(datagram[:at])

            for version in VERSIONS:
                pester(world, version, forged)


@story("a Connection ID seen go by, and nothing else")
def made_up():
    with world_of_workers() as world:
        start(world)
        with stranger(world) as forger:
            def spoofed(nat, datagram):
                if datagram[0] == 25:
                    forger.send(datagram[:21] + b"\0\x20" + bytes(32))
                elif has_cid(datagram):
                    forger.send(datagram[:9] + b"\0\0" + bytes(32))

            for version in VERSIONS:
                pester(world, version, spoofed)


@story("ten thousand Connection IDs that nobody has: not a word, not a move")
def unknown():
    with world_of_workers() as world:
        start(world)
        workers = [world.worker(n).pid for n in range(WORKERS)]
        with stranger(world) as s:
            for n in range(10000):
                cid = secrets.token_bytes(8)
                if n % 2:
                    head = b"\x19\xfe\xfd\0\1" + n.to_bytes(6, "big") + cid
                    s.send(head + b"\0\x20" + secrets.token_bytes(32))
                else:
                    s.send(b"\x3e" + cid + secrets.token_bytes(40))
            # behind all of them
            endpoint = f"{DOMAIN}-unknown"
            world.boot(world.mint(endpoint),
                       options=options("1.2", 0, *EACH)).succeeded()
            wait_for(lambda: moved(world) >= MESSAGES, "the device's moves")
        expect_equal([world.worker(n).pid for n in range(WORKERS)], workers,
                     "the workers")
        expect(not world.logged("handshake_failed"), "a handshake of nobody's")


@story("a worker that has died is replaced at its place; its devices' records "
       "are nobody's")
def replaced():
    with world_of_workers() as world:
        start(world)
        endpoint = f"{DOMAIN}-orphan"
        with Nat(world.address("coaps")) as nat:
            image = world.mint(endpoint, uri=f"coaps://{nat.address()}")
            device = world.boot(image, "late=400",
                                timeout_s=5, options=options())
            wait_for(lambda: world.logged(" command ", endpoint),
                     "the bootstrap to run")
            for n in range(WORKERS):
                old = world.worker(n)
                old.kill()
                wait_for(lambda: not old.alive(), "its end")
                world.worker(n)
            wait_for(lambda: len(world.logged("worker_started")) ==
                     2 * WORKERS, "all new workers")
            device.failed()
            orphans = [d for d in nat.seen if has_cid(d)]
        expect(orphans, "nothing was said under its Connection ID")
        with stranger(world) as s:
            for d in orphans:
                s.send(d)
            # and each of the new ones is where its number says
            for n in range(8):
                name = f"{DOMAIN}-heir-{n}"
                world.boot(world.mint(name), options=options(
                    VERSIONS[n % 2], 0, *EACH)).succeeded()


tell()
