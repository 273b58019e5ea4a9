"""A factory whose HSM is away: a station mints a batch out of its buffer, killed
in the midst of it; its devices boot at the central daemon, which has the HSM; and
what the station has written comes home."""

import json
import os
import re
import shutil
import subprocess

from daemon_fixture import DOMAIN, World, program
from tap_story import expect, expect_equal, expect_in, story, tell

STATION_PIN = "the-pin-of-line-3"
COUNT = 20


class Station:
    """A token of its own, a ledger of its own, and no way to the HSM."""

    def __init__(self, world):
        self.world = world
        self.ledger = world.dir / "station.db"
        self.pin = world.dir / "station-pin"
        self.pin.write_text(STATION_PIN + "\n")
        os.chmod(self.pin, 0o600)
        before = set(os.listdir(world.dir / "tokens"))
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "line-3",
             "--so-pin", "officer-3", "--pin", STATION_PIN], env=world.env,
            check=True, capture_output=True)
        world.tool("hsm", "keys", "make", *self.token(), "--ledger",
                   self.ledger, "station-seal")
        # its own token alone: what it has when the HSM is away
        (world.dir / "own").mkdir(mode=0o700)
        for name in set(os.listdir(world.dir / "tokens")) - before:
            shutil.move(world.dir / "tokens" / name, world.dir / "own" / name)
        conf = world.dir / "station.conf"
        conf.write_text(f"directories.tokendir = {world.dir}/own\n"
                        "objectstore.backend = file\nlog.level = ERROR\n")
        self.env = {**world.env, "SOFTHSM2_CONF": str(conf)}

    def token(self):
        return ["--module", self.world.module, "--token",
                "pkcs11:token=line-3", "--pin-file", self.pin]

    def fill(self, devices):
        """Where the HSM is: both tokens are there."""
        world = self.world
        for name in os.listdir(world.dir / "own"):
            shutil.copytree(world.dir / "own" / name,
                            world.dir / "tokens" / name)
        world.tool(
            "image", "buffer", "fill", *world.token_options(), *by(world),
            "--station", "line-3", "--station-module", world.module,
            "--station-token", "pkcs11:token=line-3", "--station-pin-file",
            self.pin, "--seal", "station-seal", "--station-ledger",
            self.ledger, "--ledger", world.ledger, "-o",
            world.dir / "buffer", devices)
        for name in os.listdir(world.dir / "own"):
            shutil.rmtree(world.dir / "tokens" / name)

    def batch(self, devices, *more):
        world = self.world
        return subprocess.Popen(
            [program("TOOL"), "image", "batch", *map(str, self.token()),
             *map(str, by(world)), "--format", "json", "--buffer",
             world.dir / "buffer", "--ledger", self.ledger, "--group", "2",
             "--report", "json", "-o", world.dir / "batch", *more, devices],
            env=self.env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)


def by(world):
    return ["--policies", world.dir / "policies.d", "--identity", "factory",
            "--uri", world.coaps()]


def kill_and_resume(station, devices):
    """Killed when the first images are told of, and gone on with."""
    with station.batch(devices) as killed:
        killed.stdout.readline()
        killed.kill()
    with station.batch(devices, "--resume") as rest:
        _, err = rest.communicate(timeout=60)
    expect_equal(rest.returncode, 0, f"exit code\n{err}")


def merge(world, station):
    return world.tool("audit", "merge", station.ledger, "--into",
                      world.ledger)


@story("a batch of a station without the HSM boots at the daemon that has it")
def offline():
    with World(workers=1) as world:
        world.start()
        names = [f"{DOMAIN}-line3-{i:02}" for i in range(COUNT)]
        devices = world.dir / "devices"
        devices.write_text("".join(f"{n}\n" for n in names))
        station = Station(world)
        station.fill(devices)
        kill_and_resume(station, devices)
        images = sorted((world.dir / "batch/images").iterdir())
        expect_equal(len(images), COUNT, "images")
        # before the ledgers have met: the keys are the HSM's
        world.boot(images[3]).succeeded()
        text = merge(world, station)
        expect_in(f"minted       {COUNT}", text, "what came")
        again = merge(world, station)
        expect(re.search(r"\b0 rows|nothing", again) is not None, again)
        world.boot(images[17]).succeeded()
        world.tool("audit", "verify", "--ledger", world.ledger)
        out = world.tool("audit", "reconcile", "--ledger", world.ledger,
                         "--format", "json")
        rows = [json.loads(line) for line in out.splitlines()]
        expect_equal([r for r in rows if "finding" in r], [], "findings")
        expect_equal([(r["minted"], r["booted"]) for r in rows],
                     [(COUNT, 2)], "sums")


if __name__ == "__main__":
    tell()
