"""A device's own account is renewed (`bootstrap_account: rotate`): what it had
and what it is given are both good until it comes with the new one; then the old
one is taken back."""

import hashlib

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, IDENTITY, POLICY, World,
                            derive, fingerprint, wait_for)
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"
MASTER = bytes(range(40, 72))
KEYS = {epoch: derive(MASTER, 1, 0, epoch, EP) for epoch in (1, 2)}
ROTATE = POLICY + "bootstrap_account: rotate\n"
HOME = "coaps://bootstrap.example:5684"


class Rotating(World):
    def __init__(self, policy=ROTATE, uri=HOME, **kwargs):
        self.uri = uri
        super().__init__({"identity.yaml": IDENTITY, "policy.yaml": policy},
                         known={BOOTSTRAP_MASTER: MASTER}, **kwargs)

    def write_config(self, extra=""):
        if self.uri:
            extra += f"server: {{uri: \"{self.uri}\"}}\n"
        super().write_config(extra)

    def comes(self, epoch, *how):
        """The device with the key of that epoch, as it would be by now."""
        return self.boot(self.write_image(EP, KEYS[epoch]), *how)

    def comes_in_vain(self, epoch):
        """Its answer to Finish is lost."""
        before = len(self.rows("bootstrap_begin"))
        self.comes(epoch, "finish-lost")
        wait_for(lambda: len(self.rows("bootstrap_begin")) > before and
                 self.logged("op=Finish"), "Finish")

    def issued(self):
        return [r["data"] for r in self.rows("credential_issued", EP)
                if r["data"]["purpose"] == "bootstrap"]

    def revoked(self):
        return [r["data"] for r in self.rows("credential_revoked", EP)]


@story("old, then new, then no more old; the ledger tells each step")
def a_life():
    with Rotating() as w:
        w.start()
        device = w.comes(1).succeeded()
        own, = [s for s in device.results("security")
                if s["bootstrap"] == "true"]
        expect_equal((own["uri"], own["key_sha256"]),
                     (HOME, hashlib.sha256(KEYS[2]).hexdigest()),
                     "where its account leads to, and by which key")
        issued, = w.issued()
        expect_equal((issued["epoch"], issued["fingerprint"],
                      issued["replaces"]),
                     (2, fingerprint(KEYS[2]), fingerprint(KEYS[1])),
                     "what the ledger says of the new one")
        expect(not w.revoked(), "the old one is still good")

        device = w.comes(2).succeeded()
        revoked, = w.revoked()
        expect_equal((revoked["fingerprint"], revoked["reason"]),
                     (fingerprint(KEYS[1]), "superseded"), "taken back")
        session = w.rows("bootstrap_begin", EP)[-1]["session"]
        expect_equal(w.rows("credential_revoked", EP)[0]["session"], session,
                     "by the bootstrap that came with the new one")
        expect_equal(len(w.issued()), 1, "it is not given what it has")

        w.comes(1, None, None, 12).failed()
        expect_equal(len(w.settled(EP)), 2, "nothing began with the old one")
        w.comes(2).succeeded()
        expect_equal(len(w.revoked()), 1, "and it is taken back once")
        w.chain_holds()


@story("Finish is lost, again and again: the device comes with either, and is "
       "bootstrapped with either")
def finish_lost():
    with Rotating() as w:
        w.start()
        # it has taken the account, or has not: nobody can know
        w.comes_in_vain(1)
        w.comes(1).succeeded()
        w.comes(1).succeeded()
        expect(not w.revoked(), "the old one is still good")
        expect_equal({i["replaces"] for i in w.issued()},
                     {fingerprint(KEYS[1])}, "what is to be replaced")
        w.comes_in_vain(2)
        w.comes(2).succeeded()
        expect_equal([r["fingerprint"] for r in w.revoked()],
                     [fingerprint(KEYS[1])], "taken back at the first use")
        w.comes(1, None, None, 12).failed()


@story("another device's old key is not touched")
def of_one_device():
    other = f"{DOMAIN}-WM200-2"
    with Rotating() as w:
        w.start()
        w.comes(1).succeeded()
        w.comes(2).succeeded()
        w.boot(w.mint(other, epoch="1")).succeeded()
        expect_equal(len(w.revoked()), 1, "of the one")


@story("nobody says where the server is: said before a device comes")
def nowhere():
    with Rotating(uri=None) as w:
        done = w.check()
        expect_equal(done.returncode, 65, "exit code of check")
        expect("issue-home" in done.stdout + done.stderr or
               "bootstrapd.yaml says where" in done.stdout + done.stderr,
               f"what is missing: {done.stdout}{done.stderr}")
        w.start_fails(65)
    at_home = ROTATE.replace(": rotate", f": {{rotate: true, uri: \"{HOME}\"}}")
    with Rotating(at_home, uri=None) as w:
        w.start()
        w.comes(1).succeeded()


@story("sold: it is given the account of another server, and is let in there")
def handed_over():
    key = derive(MASTER, 1, 0, 1, EP)
    with World({"identity.yaml": IDENTITY.replace(BOOTSTRAP_MASTER, "buyer"),
                "policy.yaml": POLICY}, known={"buyer": MASTER}) as buyer:
        buyer.start()
        policy = (f"{POLICY}bootstrap_account:\n  uri: {buyer.coaps()}\n"
                  "  security: {mode: psk, key: {derive: buyer}}\n")
        with World({"identity.yaml": IDENTITY, "policy.yaml": policy},
                   known={BOOTSTRAP_MASTER: bytes(32),
                          "buyer": MASTER}) as seller:
            seller.start()
            device = seller.boot(seller.write_image(
                EP, derive(bytes(32), 1, 0, 1, EP))).succeeded()
            own, = [s for s in device.results("security")
                    if s["bootstrap"] == "true"]
            expect_equal((own["uri"], own["key_sha256"]),
                         (buyer.coaps(), hashlib.sha256(key).hexdigest()),
                         "its account")
            attempt, = seller.settled(EP)
            expect_equal(attempt["outcome"], "ok", "the seller's last of it")
            seller.chain_holds()
        buyer.boot(buyer.write_image(EP, key)).succeeded()
        buyer.chain_holds()


tell()
