"""A module that never comes back from a call: no thread of the process can be
helped, so the process is replaced, and the devices are kept waiting."""

from daemon_fixture import DOMAIN, World, wait_for
from tap_story import expect, expect_equal, story, tell

HOUR_MS = 3600 * 1000
THREADS = 3  # of hsm.sessions: 4, one is the keeper's own


def hang(world):
    """The next calls do not come back, in this process and no other. One
    device more than there are threads has to wait for all of them."""
    images = [world.mint(f"{DOMAIN}-{n}") for n in range(THREADS + 1)]
    world.faults(f"C_Sign 0x0 {THREADS} {HOUR_MS}")
    devices = [world.boot(i, timeout_s=150) for i in images]
    wait_for(lambda: world.status()["questions.waiting"] > THREADS,
             "the module to hang")
    world.faults()
    return devices


@story("the keeper is replaced, and the devices are bootstrapped")
def replaced():
    with World(shim=True, workers=1) as world:
        world.start()
        old = world.keeper()
        devices = hang(world)
        wait_for(lambda: not old.alive(), "the keeper to be replaced",
                 patience_s=100)
        expect(world.logged("error token_hangs"), "the log says why")
        for device in devices:
            device.succeeded()
        expect_equal(len(world.rows("keeper_start")), 1, "new keepers")
        expect_equal([a["outcome"] for a in world.settled()],
                     ["ok"] * len(devices), "outcomes")


@story("SIGTERM meanwhile ends the daemon, with its last rows")
def stop():
    with World(shim=True, workers=1) as world:
        world.start()
        devices = hang(world)
        world.stop()
        for device in devices:
            device.kill()
        expect_equal([r["kind"] for r in world.rows()][-2:],
                     ["daemon_stop", "checkpoint"], "last rows")


tell()
