"""A token that takes its time to sign, goes away meanwhile, or whose keeper
dies over it: whoever does not need that signature does not notice, and whoever
does gets it in the end."""

from daemon_fixture import (DOMAIN, IDENTITY, NOSEC_IDENTITY, NOSEC_POLICY,
                            wait_for)
from daemon_pki import BY_CN, POLICY_ANY, PkiWorld
from tap_story import expect, expect_equal, story, tell

POLICIES = {
    "identity.yaml": IDENTITY + "---\n" + BY_CN + "---\n" + NOSEC_IDENTITY,
    "a-lab.yaml": NOSEC_POLICY,
    "policy.yaml": POLICY_ANY,
}
LISTEN = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")


class SlowWorld(PkiWorld):
    def __init__(self, **kwargs):
        super().__init__(POLICIES, shim=True, listen=LISTEN, **kwargs)

    def hold_signatures(self):
        """From now on none by the server's key is given out."""
        self.faults("C_Sign@bootstrap-server hold -1 0")

    def come_and_wait(self, name):
        """A device with a certificate whose handshake wants a signature."""
        asked = self.calls("C_Sign")
        device = self.come(self.device(name, f"{DOMAIN}-{name}"))
        wait_for(lambda: self.calls("C_Sign") > asked,
                 "the token to be asked for a signature")
        return device


def others_go_on(world, images, mark):
    """Everything else that a daemon does, all of it to its end."""
    devices = [world.boot(image) for image in images]
    devices += [world.boot(world.write_image(f"lab-{mark}", b"",
                                             uri=world.coap()),
                           endpoint=f"lab-{mark}")]
    for device in devices:
        device.succeeded()


@story("a signature that is not given out stalls nobody else")
def nobody_is_stalled():
    with SlowWorld() as world:
        world.start()
        images = [world.mint(f"{DOMAIN}-P{n}") for n in range(5)]
        live = world.boot(world.mint(f"{DOMAIN}-LIVE"), "late=500")
        wait_for(lambda: world.rows("bootstrap_begin", f"{DOMAIN}-LIVE"),
                 "the live one to begin")
        world.hold_signatures()
        waiting = world.come_and_wait("X1")
        others_go_on(world, images, 1)
        live.succeeded()
        expect(not waiting.ended(), "it has its signature all the same")
        expect_equal(world.rows("bootstrap_begin", f"{DOMAIN}-X1"), [],
                     "beginnings of the one that waits")
        world.faults()
        waiting.succeeded()
        order = [r["endpoint"] for r in world.rows("bootstrap_begin")]
        expect_equal(order[-1], f"{DOMAIN}-X1", "the last to begin")
        world.settled()
        world.stop().chain_holds()


@story("more of them than the token has threads stall nobody either")
def nor_by_many():
    with SlowWorld() as world:
        world.start()
        images = [world.mint(f"{DOMAIN}-P{n}") for n in range(5)]
        world.hold_signatures()
        first = world.come_and_wait("X0")
        waiting = [first] + [world.come(world.device(f"X{n}",
                                                     f"{DOMAIN}-X{n}"))
                             for n in range(1, 8)]
        wait_for(lambda: world.status()["questions.waiting"] >= 4,
                 "more questions than threads")
        others_go_on(world, images, 1)
        expect(not any(w.ended() for w in waiting), "all of them wait")
        world.faults()
        for device in waiting:
            device.succeeded()


@story("50 ms a signature: everybody has it")
def slow_for_all():
    with SlowWorld() as world:
        world.start()
        images = [world.mint(f"{DOMAIN}-P{n}") for n in range(5)]
        world.faults("C_Sign@bootstrap-server 0x0 -1 50")
        devices = [world.come(world.device(f"X{n}", f"{DOMAIN}-X{n}"),
                              "--dtls", "1.3" if n % 2 else "1.2")
                   for n in range(8)]
        others_go_on(world, images, 1)
        for device in devices:
            device.succeeded()
        expect_equal(len(world.rows("bootstrap_begin")), 14, "beginnings")


@story("the keeper dies over a signature: another one gives it")
def keeper_killed():
    with SlowWorld() as world:
        world.start()
        world.hold_signatures()
        waiting = world.come_and_wait("X1")
        dead = world.keeper()
        dead.kill()
        wait_for(lambda: not dead.alive(), "its death")
        expect(not waiting.ended(), "it has its signature all the same")
        # another one tries the key before it serves
        world.faults()
        waiting.succeeded()
        expect_equal(len(world.rows("keeper_start")), 1, "other keepers")


@story("a token that fails while it signs is brought back, and signs")
def token_fails():
    with SlowWorld() as world:
        world.start()
        papers = world.device("meter", f"{DOMAIN}-X1")
        for fault in ("0x30", "0x32", "0xb3", "close-all", "logout"):
            world.faults(f"C_Sign@bootstrap-server {fault} 2 0")
            world.come(papers).succeeded()
            world.faults()
        expect_equal(world.status()["token.state"], "ok", "token")
        expect_equal(len(world.rows("bootstrap_begin")), 5, "beginnings")


if __name__ == "__main__":
    tell()
