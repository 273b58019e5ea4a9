"""The ledger cannot be written: what cannot be recorded does not happen. No
credential is handed out, devices are told to come again, health says so, what
runs goes on, and when there is room nothing has been lost."""

import contextlib
import os
import subprocess

from daemon_fixture import (DOMAIN, KEEPER_UID, World, as_root, need_root,
                            wait_for)
from tap_story import expect, expect_equal, expect_in, skip, story, tell


def no_more_room(world):
    """The keeper's files cannot grow any more. The ledger's write-ahead log is
    the longest of them, and grows with every row."""
    wal = world.ledger.with_name("ledger.db-wal").stat().st_size
    expect(wal > world.log_path.stat().st_size, "the log can still grow")
    limit_files(world, str(wal))


def room_again(world):
    limit_files(world, "unlimited")


def limit_files(world, size):
    """The soft limit, as the keeper's user: the right to change those of
    others is one that root in a container may not have."""
    who = {"user": KEEPER_UID, "group": KEEPER_UID, "extra_groups": []} \
        if as_root() else {}
    subprocess.run(["prlimit", "--pid", str(world.keeper().pid),
                    f"--fsize={size}:"], check=True, **who)


def some_history(world):
    for n in range(6):
        world.boot(world.mint(f"{DOMAIN}-before-{n}")).succeeded()
    world.settled()


def turned_away(world, image):
    device = world.boot(image).failed()
    expect_in("5.03", device.text(), "the answer")
    expect("PUT" not in device.text(), "nothing was written to it")


def is_degraded(world):
    status = world.status()
    expect_equal(status["health"], "degraded", "health")
    expect_equal(status["ledger.state"], "away", "ledger")
    expect_in("cannot be written", status["ledger.error"], "why")


def until_well(world):
    wait_for(lambda: world.status()["health"] == "ok",
             "the daemon to see that there is room, without any device")


@story("no credential is handed out: devices get 5.03, health says why")
def full():
    with World() as world:
        world.start()
        some_history(world)
        image = world.mint(f"{DOMAIN}-1")
        before = world.rows()
        no_more_room(world)
        turned_away(world, image)
        is_degraded(world)
        expect(world.logged("error ledger_away", "remedy="), "the log")
        turned_away(world, image)
        expect_equal(world.rows(), before, "rows meanwhile")
        room_again(world)
        until_well(world)
        expect(world.logged("ledger_back"), "the log")
        expect(world.rows("ledger_back")[0]["data"]["since"],
               "the row that tells of the gap")
        world.boot(image).succeeded()
        expect_equal(world.settled(f"{DOMAIN}-1")[-1]["outcome"], "ok",
                     "outcome at last")
        world.chain_holds()
        world.stop()


@story("what ran when the disk was full has its ending when it is not")
def endings_kept():
    with World(workers=1) as world:
        world.start()
        some_history(world)
        device = world.boot(world.mint(f"{DOMAIN}-slow"), "late=150")
        wait_for(lambda: world.logged(" command ", f"{DOMAIN}-slow"),
                 "the session")
        no_more_room(world)
        device.succeeded()
        wait_for(lambda: world.status()["health"] == "degraded",
                 "the ending not to be written")
        expect_equal(world.attempts(f"{DOMAIN}-slow")[0]["outcome"], "open",
                     "outcome meanwhile")
        room_again(world)
        attempt, = world.settled(f"{DOMAIN}-slow")
        expect_equal((attempt["outcome"], attempt["reason"]), ("ok", "ok"),
                     "ending")


@story("so has that of a worker which died meanwhile")
def dead_worker():
    with World(workers=1) as world:
        world.start()
        some_history(world)
        device = world.boot(world.mint(f"{DOMAIN}-slow"), "late=5000")
        wait_for(lambda: world.logged(" command ", f"{DOMAIN}-slow"),
                 "the session")
        no_more_room(world)
        world.worker().kill()
        wait_for(lambda: world.status()["health"] == "degraded",
                 "the ending not to be written")
        device.kill()
        room_again(world)
        attempt, = world.settled(f"{DOMAIN}-slow")
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("failed", "worker-lost"), "ending")


@contextlib.contextmanager
def small_disk(path, kib):
    need_root("a file system of its own for the ledger")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=700", "tmpfs",
         str(path)], capture_output=True, text=True)
    if mounted.returncode:
        skip(f"no file system can be mounted: {mounted.stderr.strip()}")
    os.chown(path, KEEPER_UID, KEEPER_UID)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=False)


@story("the same with a disk that is full to the last byte")
def really_full():
    with World() as world, small_disk(world.dir / "state", 1024):
        world.start()
        some_history(world)
        image = world.mint(f"{DOMAIN}-1")
        before = world.rows()
        filler = world.dir / "state/filler"
        with open(filler, "wb", buffering=0) as f:
            with contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))
        # a page may be left in the log's last block
        wait_for(lambda: world.boot(image).wait().process.returncode == 1,
                 "the disk to be full")
        turned_away(world, image)
        is_degraded(world)
        filler.unlink()
        until_well(world)
        world.boot(image).succeeded()
        expect_equal(world.rows()[:len(before)], before, "rows of before")
        world.settled()
        world.chain_holds()
        world.stop()


@story("a daemon that cannot make its ledger does not start: 74")
def no_ledger():
    with World() as world:
        text = world.config.read_text()
        world.config.write_text(text.replace("ledger: state/ledger.db",
                                             "ledger: nowhere/ledger.db"))
        log = world.start_fails(74)
        expect_in("error ledger ", log, "the log")


tell()
