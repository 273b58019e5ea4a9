"""A keeper that stands still is no keeper: another one takes its links, and the
devices that asked meanwhile are kept waiting."""

import signal

from daemon_fixture import DOMAIN, World, wait_for
from tap_story import expect, expect_equal, story, tell


@story("a keeper that stands still is replaced")
def stands_still():
    with World(workers=1) as world:
        world.start()
        image = world.mint(f"{DOMAIN}-1")
        old = world.keeper()
        old.kill(signal.SIGSTOP)
        device = world.boot(image, timeout_s=150)
        wait_for(lambda: not old.alive(), "the keeper to be replaced",
                 patience_s=100)
        expect(world.logged("error keeper_silent"), "the log says why")
        device.succeeded()
        expect_equal(world.settled()[0]["outcome"], "ok", "outcome")


tell()
