"""The processes of a running daemon, as the kernel sees them."""

import os
import resource
from pathlib import Path

from daemon_fixture import (DOMAIN, KEEPER_UID, STRANGER_UID, WORKER_UID,
                            Process, World, as_root, need_root)
from tap_story import expect, expect_equal, story, tell


def running(world):
    """Keeper and workers, after they have done some work."""
    world.start()
    world.boot(world.mint(f"{DOMAIN}-1")).succeeded()
    return world.keeper(), [world.worker(0), world.worker(1)]


def inodes(table):
    """Of the sockets in /proc/net."""
    found = set()
    for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
        found.add(line.split()[9])
    return found


def open_files(process):
    """What the descriptors behind 0, 1 and 2 are."""
    folder = Path(f"/proc/{process.pid}/fd")
    return [os.readlink(fd) for fd in sorted(folder.iterdir())
            if int(fd.name) > 2]


@story("workers and keeper run under seccomp, with no new privileges")
def filters():
    with World() as world:
        keeper, workers = running(world)
        for process in (keeper, *workers):
            status, name = process.status(), process.name()
            expect_equal(status["Seccomp"], "2", f"{name}: Seccomp")
            expect_equal(status["NoNewPrivs"], "1", f"{name}: NoNewPrivs")
            for capability in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                expect_equal(int(status[capability], 16), 0,
                             f"{name}: {capability}")
        expect(world.logged("keeper_started", "seccomp"), "the log says so")


@story("each under a user of its own, and no groups besides")
def users():
    need_root("to become others")
    with World() as world:
        keeper, workers = running(world)
        for process, uid in ((keeper, KEEPER_UID),
                             *((w, WORKER_UID) for w in workers)):
            status, name = process.status(), process.name()
            for what in ("Uid", "Gid"):
                expect_equal(status[what].split(), [str(uid)] * 4,
                             f"{name}: {what}")
            expect_equal(status["Groups"], "", f"{name}: groups")


@story("a worker has sockets, its pipe to the supervisor, and no file")
def worker_descriptors():
    need_root("to look at descriptors")
    with World() as world:
        _, workers = running(world)
        for process in workers:
            kinds = [t.split(":")[0] for t in open_files(process)]
            expect(set(kinds) <= {"socket", "pipe", "anon_inode"},
                   f"{process.name()}: {open_files(process)}")
            expect_equal(kinds.count("pipe"), 1, "pipes")
            # the link to the keeper, and one listener
            expect_equal(kinds.count("socket"), 2, "sockets")
            expect_equal(os.readlink(f"/proc/{process.pid}/fd/0"),
                         "/dev/null", "standard input")


@story("the keeper has no network: its sockets are UNIX ones")
def keeper_descriptors():
    need_root("to look at descriptors")
    with World() as world:
        keeper, _ = running(world)
        network = set().union(*map(inodes, ("udp", "udp6", "tcp", "tcp6",
                                            "raw", "raw6")))
        mine = {t[8:-1] for t in open_files(keeper)
                if t.startswith("socket:")}
        expect(mine, "it has sockets at all")
        expect_equal(mine & network, set(), "sockets of the network")


def core_limits(process):
    """Soft and hard."""
    text = Path(f"/proc/{process.pid}/limits").read_text()
    line, = [x for x in text.splitlines() if x.startswith("Max core file")]
    return line.split()[4:6]


def no_cores(world):
    keeper, workers = running(world)
    for process in (Process(world.daemon.pid), keeper, *workers):
        # what is not dumpable belongs to root in /proc
        owner = os.stat(f"/proc/{process.pid}/environ").st_uid
        expect_equal(owner, 0, f"{process.name()}: owner in /proc")
        if as_root():
            expect_equal(core_limits(process), ["0", "0"],
                         f"{process.name()}: core files")


@story("nobody of the same user can look into them, and none leaves a core")
def not_dumpable():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    with World() as world:
        no_cores(world)


@story("nor where an ordinary user runs it, who is not changed into others")
def not_dumpable_unprivileged():
    need_root("to become an ordinary user")
    with World() as world:
        world.run_as = STRANGER_UID
        os.chown(world.dir / "core", STRANGER_UID, STRANGER_UID)
        world.write_config()
        no_cores(world)


tell()
