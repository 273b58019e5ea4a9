"""The ledger's file is taken away, or another one put in its place, under a
running keeper: its rows would be in no ledger that anybody reads, and a
revocation in the new file would never be seen. Nothing is handed out."""

import shutil

from daemon_fixture import DOMAIN, World, wait_for
from tap_story import expect, expect_equal, expect_in, story, tell


def files(world):
    return [f for f in world.ledger.parent.iterdir()
            if f.name.startswith(world.ledger.name)]


def is_away(world):
    status = wait_for(
        lambda: s if (s := world.status())["ledger.state"] == "away" else None,
        "the daemon to see that its ledger is gone")
    expect_equal(status["health"], "degraded", "health")
    expect_in("another file", status["ledger.error"], "why")
    expect_in("ledger_away", world.log(), "the log")
    expect_in("another file", world.log(), "the log")



@story("taken away: nothing is handed out until it is back")
def taken_away():
    with World() as world:
        world.start()
        image = world.mint(f"{DOMAIN}-1")
        world.boot(image).succeeded()
        world.settled()
        away = world.dir / "away"
        away.mkdir()
        for f in files(world):
            f.rename(away / f.name)
        is_away(world)
        # no tool may make a new one meanwhile
        device = world.boot(image).failed()
        expect("PUT" not in device.text(), "nothing was written to it")
        for f in away.iterdir():
            f.rename(world.ledger.parent / f.name)
        wait_for(lambda: world.status()["health"] == "ok", "the ledger again")
        world.boot(image).succeeded()
        world.settled()
        expect(world.rows("ledger_back"), "the gap is on record")
        world.chain_holds()


@story("another in its place: away until the daemon is started with it")
def another():
    with World() as world:
        world.start()
        image = world.mint(f"{DOMAIN}-1")
        world.boot(image).succeeded()
        world.settled()
        old = world.dir / "old"
        old.mkdir()
        for f in files(world):
            f.rename(old / f.name)
        shutil.copy(old / world.ledger.name, world.ledger)
        world.own()
        is_away(world)
        device = world.boot(image).failed()
        expect("PUT" not in device.text(), "nothing was written to it")
        world.keep_ports()
        world.stop()
        world.start()
        expect_equal(world.status()["health"], "ok", "health")
        world.boot(image).succeeded()


if __name__ == "__main__":
    tell()
