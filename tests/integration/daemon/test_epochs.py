"""Two epochs of a key are accepted: which one a device has is found out."""

from daemon_fixture import DOMAIN, IDENTITY, POLICY, Relay, World, wait_for
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"


def wrong_keys(world, count):
    """So many handshakes have failed, and no more."""
    wait_for(lambda: len(world.logged("handshake_failed", "wrong-key")) >=
             count, f"{count} failed handshakes in the log")
    expect_equal(len(world.logged("handshake_failed")), count,
                 "failed handshakes")


def epochs(world):
    return [r["data"]["epoch"] for r in world.rows("bootstrap_begin")]


@story("the ledger knows with which epoch a device was minted")
def known_epoch():
    with World(workers=1) as world:
        world.start()
        world.boot(world.mint(EP, epoch=1)).succeeded()
        world.boot(world.mint(EP, epoch=2)).succeeded()
        # flashed anew
        world.boot(world.mint(EP, epoch=1)).succeeded()
        expect_equal(epochs(world), [1, 2, 1], "epochs that were proved")
        wrong_keys(world, 0)


IDENTITY_OF_FOUR = IDENTITY.replace("epoch: [{epoch: 1, until: 2049-12-31}, 2]", "epoch: [1, 2, 3, 4]")


@story("a device of another factory's ledger is let in at once: its Finished "
       "says which key it has")
def unknown_epoch():
    with World(workers=1, policies={"identity.yaml": IDENTITY_OF_FOUR,
                                    "policy.yaml": POLICY}) as world:
        world.start()
        for epoch in 1, 3, 2, 4:
            world.boot(world.mint(f"{EP}-{epoch}", epoch=epoch,
                                  recorded=False)).succeeded()
        expect_equal(epochs(world), [1, 3, 2, 4], "epochs that were proved")
        wrong_keys(world, 0)


@story("where Finished comes too late for that, it is let in at its second "
       "handshake")
def late_finished():
    with World(workers=1, policies={"identity.yaml": IDENTITY_OF_FOUR,
                                    "policy.yaml": POLICY}) as world:
        world.start()
        with Relay(world.address("coaps"), split=True) as relay:
            image = world.mint(EP, epoch=1, recorded=False, uri=relay.uri())
            # the daemon may be too slow to be asked before Finished is there
            first = world.boot(image).wait()
            world.boot(image).succeeded()
            expect(len(world.logged("handshake_failed")) <= 1,
                   f"more than one failure; the first: {first.text()}")
            expect_equal(set(epochs(world)), {1}, "the epoch that was proved")
            # from now on it is known, to the next daemon too
            world.boot(image).succeeded()
            world.keep_ports()
            world.stop()
            world.start()
            world.boot(image).succeeded()
        # it was no mistake of the device's
        expect_equal(world.rows("psk_mismatch"), [], "mismatches")


@story("a stranger who plays with an identity does not lock its device out")
def stranger():
    with World(workers=1) as world:
        world.start()
        image = world.mint(EP, epoch=2)
        liar = world.write_image(EP, bytes(range(32)))
        for n in range(4):
            world.boot(liar).failed()
            wrong_keys(world, n + 1)
            world.boot(image).succeeded()


@story("an epoch that the document does not accept stays outside")
def retired_epoch():
    with World(workers=1) as world:
        world.start()
        image = world.mint(EP, epoch=1)
        identity = (world.dir / "policies.d/identity.yaml").read_text()
        world.write_policy("identity.yaml",
                           identity.replace("epoch: [{epoch: 1, until: 2049-12-31}, 2]", "epoch: [2, 3]"))
        world.ctl("reload")
        for n in range(4):
            world.boot(image).failed()
            wrong_keys(world, n + 1)
        expect_equal(world.rows("bootstrap_begin"), [], "bootstraps")


tell()
