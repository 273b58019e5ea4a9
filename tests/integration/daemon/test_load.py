"""Two hundred devices at once."""

import secrets

from daemon_fixture import BOOTSTRAP_MASTER, DOMAIN, World, derive
from tap_story import expect_equal, story, tell

DEVICES = 200


@story("200 devices at once: all are bootstrapped, and all is on record")
def crowd():
    master = secrets.token_bytes(32)
    with World(known={BOOTSTRAP_MASTER: master}) as world:
        world.start()
        names = [f"{DOMAIN}-WM200-{n:06}" for n in range(DEVICES)]
        images = [world.write_image(n, derive(master, 1, 0, 2, n))
                  for n in names]
        devices = [world.boot(i, timeout_s=100) for i in images]
        for device in devices:
            device.succeeded()
        attempts = world.settled()
        ok = {a["endpoint"] for a in attempts if a["outcome"] == "ok"}
        expect_equal(ok, set(names), "who is recorded ok")
        issued = world.rows("credential_issued")
        fingerprints = {r["data"]["fingerprint"] for r in issued}
        expect_equal(len(fingerprints), DEVICES, "different keys")
        expect_equal(world.status()["health"], "ok", "health")
        world.chain_holds()
        world.stop()


tell()
