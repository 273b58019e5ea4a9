"""A module that never comes back from a call: no thread of the process can be
helped, so the process is replaced, and the devices are kept waiting."""

from daemon_fixture import DOMAIN, World, wait_for
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"
HOUR_MS = 3600 * 1000
THREADS = 3  # of hsm.sessions: 4, one is the keeper's own


def hang(world, image):
    """The next calls do not come back, in this process and no other."""
    world.faults(f"C_Sign 0x0 {THREADS} {HOUR_MS}")
    device = world.boot(image, timeout_s=150)
    wait_for(lambda: world.status()["questions.waiting"] > THREADS,
             "the module to hang")
    world.faults()
    return device


@story("the keeper is replaced, and the device bootstrapped")
def replaced():
    with World(shim=True, workers=1) as world:
        world.start()
        image = world.mint(EP)
        old = world.keeper()
        device = hang(world, image)
        wait_for(lambda: not old.alive(), "the keeper to be replaced",
                 patience_s=100)
        expect(world.logged("error token_hangs"), "the log says why")
        device.succeeded()
        expect_equal(len(world.rows("keeper_start")), 1, "new keepers")
        expect_equal(world.settled()[0]["outcome"], "ok", "outcome")


@story("SIGTERM meanwhile ends the daemon, with its last rows")
def stop():
    with World(shim=True, workers=1) as world:
        world.start()
        device = hang(world, world.mint(EP))
        world.stop()
        device.kill()
        expect_equal([r["kind"] for r in world.rows()][-2:],
                     ["daemon_stop", "checkpoint"], "last rows")


tell()
