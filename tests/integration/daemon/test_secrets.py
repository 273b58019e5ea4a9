"""Keys and the PIN are nowhere but where they belong: not in the log, the
ledger, its write-ahead log, a core file, or in what /proc shows of a process,
raw, in hex or in base64."""

import base64
import contextlib
import os
import resource
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, Process, World,
                            as_root, derive, need_root, wait_for)
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"
#: where they may be: the token's own store (encrypted), the PIN's file, images
OWN_PLACES = ("tokens", "pin", "images")
#: where they must have been looked for
PLACES = ["log", "state/ledger.db", "state/ledger.db-wal",
          "cmdline of keeper", "cmdline of worker 0"]
ROOTS_PLACES = ["environ of bootstrapd", "environ of worker 1"]


def forms(secret):
    """All that would give it away, however it was written."""
    hexa = secret.hex().encode()
    return {
        "raw": secret,
        "hex": hexa,
        "HEX": hexa.upper(),
        "hex with colons": secret.hex(":").encode(),
        # base64 without its last letters, which depend on what follows
        "base64": base64.b64encode(secret)[:-4],
        "base64url": base64.urlsafe_b64encode(secret)[:-4],
    }


class Search:
    """What is searched for, and where it was found."""

    def __init__(self, known):
        self.needles = [(f"{name} ({form})", text)
                        for name, secret in known.items()
                        for form, text in forms(secret).items()]
        self.found = []
        self.looked_at = set()

    def look(self, where, data):
        self.looked_at.add(where)
        for name, text in self.needles:
            if text in data:
                self.found.append(f"{name} in {where}")

    def files(self, root):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and inside.parts[0] not in OWN_PLACES:
                self.look(str(inside), path.read_bytes())

    def processes(self):
        """Of everybody, for as much as we may see."""
        for proc in Path("/proc").glob("[0-9]*"):
            if int(proc.name) == os.getpid():
                continue  # we know them all
            for name in ("cmdline", "environ", "comm"):
                with contextlib.suppress(OSError):
                    who = (proc / "comm").read_text().strip()
                    self.look(f"{name} of {who}", (proc / name).read_bytes())


def unlimited_cores():
    """For all that is started from here on."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def a_full_run(world, search):
    """All that happens to a daemon, with everybody looked at under way."""
    world.start()
    image = world.mint(EP)
    device = world.boot(image, "late=100", options=["-v"])
    wait_for(lambda: world.logged(" command ", "op=Write", "path=/1"),
             "the Writes")
    search.processes()
    # one more of the same, whose worker dies in the midst of it
    device.succeeded()
    device = world.boot(image, "late=300")
    wait_for(lambda: len(world.logged(" command ", "op=Write")) >= 3,
             "the session")
    for name in ("worker 0", "worker 1"):
        dead = world.child(name)
        dead.kill(signal.SIGABRT)
        wait_for(lambda: not dead.alive(), "its death")
    dead = world.keeper()
    dead.kill(signal.SIGABRT)
    wait_for(lambda: not dead.alive(), "its death")
    device.kill()
    world.boot(image).succeeded()
    world.settled()
    search.processes()
    search.files(world.dir)  # with the write-ahead log
    world.stop()
    search.files(world.dir)


@story("a full run, two crashes: no key and no PIN is to be found")
def full_run():
    unlimited_cores()
    for pin_in in ("file", "env"):
        masters = {BOOTSTRAP_MASTER: secrets.token_bytes(32),
                   FLEET_MASTER: secrets.token_bytes(32)}
        with World(known=masters, pin_in=pin_in) as world:
            search = Search({
                "PIN": world.pin.encode(),
                "PSK of the Bootstrap-Server Account":
                    derive(masters[BOOTSTRAP_MASTER], 1, 0, 2, EP),
                "PSK of the LwM2M server":
                    derive(masters[FLEET_MASTER], 2, 101, 1, EP),
                **{f"master {m}": v for m, v in masters.items()},
            })
            a_full_run(world, search)
            for place in PLACES + (ROOTS_PLACES if as_root() else []):
                expect(place in search.looked_at, f"nobody looked: {place}")
            expect_equal(search.found, [], f"PIN by {pin_in}: found")


def memory(process):
    """All that is mapped and can be read."""
    with open(f"/proc/{process.pid}/maps") as maps, \
            open(f"/proc/{process.pid}/mem", "rb", 0) as mem:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if end - start > 1 << 30:
                continue  # a sanitizer's own
            with contextlib.suppress(OSError, OverflowError):
                mem.seek(start)
                yield mem.read(end - start)


@story("when its sessions have ended, a worker's memory holds no key either")
def nothing_left():
    need_root("the memory of others")
    masters = {BOOTSTRAP_MASTER: secrets.token_bytes(32),
               FLEET_MASTER: secrets.token_bytes(32)}
    keys = {"bootstrap": derive(masters[BOOTSTRAP_MASTER], 1, 0, 2, EP),
            "server": derive(masters[FLEET_MASTER], 2, 101, 1, EP)}
    with World(known=masters, workers=1) as world:
        world.start()
        image = world.mint(EP)
        # that it can be found at all: while its Write is out
        device = world.boot(image, "late=1000")
        wait_for(lambda: world.logged(" command ", "op=Write"), "the Write")
        expect(any(keys["server"] in m for m in memory(world.worker())),
               "the key is not found where it must be")
        device.kill()
        for _ in range(3):
            world.boot(image).succeeded()
        world.settled()
        wait_for(lambda: world.status()["worker.0.sessions"] == 0,
                 "the sessions to end")
        for process in (Process(world.daemon.pid), world.worker()):
            for part in memory(process):
                for name, key in keys.items():
                    expect(key not in part,
                           f"{name} key in the memory of {process.name()}")


@story("the search finds what is there to be found")
def planted():
    key = secrets.token_bytes(32)
    with World() as world:
        world.start()
        for form, text in forms(key).items():
            plant = world.dir / "state/plant"
            plant.write_bytes(secrets.token_bytes(999) + text + b"\0\n")
            search = Search({"key": key})
            search.files(world.dir)
            expect(f"key ({form}) in state/plant" in search.found,
                   f"{form} was not found")
            plant.unlink()
    for argv, environ, where in (([key.hex()], {}, "cmdline of"),
                                 ([], {"PLANT": key.hex()}, "environ of")):
        with subprocess.Popen(
                [sys.executable, "-c", "input()", *argv],
                stdin=subprocess.PIPE, env={**os.environ, **environ}) as p:
            search = Search({"key": key})
            wait_for(lambda: search.processes() or search.found, where)
            expect(where in search.found[0], f"{where}: {search.found}")
            p.communicate(b"\n")
    # an image is where a key belongs: that is why it is not looked at
    expect("images" in OWN_PLACES, "images")


tell()
