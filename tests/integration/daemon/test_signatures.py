"""Questions for signatures, one by one: asked twice they are worked on once,
asked too late they are given up, and none that is answered weighs on later
ones."""

import secrets
import time

from daemon_fixture import IDENTITY, wait_for
from daemon_pki import POLICY_ANY, PkiWorld
from hostile import (EP, PSK_ANSWER, SIGN_ANSWER, Keeper, key_number, psk,
                     sign)
from tap_story import expect, expect_equal, story, tell

#: who asks has given it up by then (wait.c)
EXPIRED_S = 4.5
#: from one address that may wait at a time (ask.c)
SOURCE_MOST = 64

MANY = {"questions_per_second": 100000}


class Asker:
    """A worker that wants signatures by the server's key."""

    def __init__(self, world, keeper):
        self.world, self.keeper = world, keeper
        self.key = key_number(world.pki / "server.pem")
        self.digest = secrets.token_bytes(32)

    def ask(self, ref=None):
        ref = ref or secrets.token_bytes(8)
        self.keeper.say(sign(ref, self.key, self.digest))
        return ref

    def answered(self):
        """Reference, and whether there is a signature."""
        answer = self.keeper.hear(SIGN_ANSWER)
        return answer[:8], bool(answer[8])

    def ask_and_hold(self, count="-1"):
        """A question whose call does not return."""
        before = self.world.calls("C_Sign")
        self.world.faults(f"C_Sign@bootstrap-server hold {count} 0")
        ref = self.ask()
        wait_for(lambda: self.world.calls("C_Sign") > before,
                 "the token to be asked")
        return ref


@story("asked again while the token is at it: one call, one answer")
def asked_again():
    with PkiWorld(shim=True, limits=MANY) as world, \
            Keeper(world) as keeper:
        asker = Asker(world, keeper)
        ref = asker.ask_and_hold()
        before = world.calls("C_Sign")
        for _ in range(3):
            asker.ask(ref)
        keeper.silent()
        world.faults()
        expect_equal(asker.answered(), (ref, True), "the answer")
        other = asker.ask()
        expect_equal(asker.answered(), (other, True), "the next one")
        keeper.silent()
        expect_equal(world.calls("C_Sign"), before + 1, "calls")


@story("asked again when the first call hangs for good: another one is made")
def asked_anew():
    with PkiWorld(shim=True, limits=MANY) as world, \
            Keeper(world) as keeper:
        asker = Asker(world, keeper)
        ref = asker.ask_and_hold("1")
        time.sleep(EXPIRED_S)
        asker.ask(ref)
        # while the first still hangs
        expect_equal(asker.answered(), (ref, True), "the answer")
        world.faults()
        # what comes of the first is told to nobody
        for _ in range(4):
            other = asker.ask()
            expect_equal(asker.answered(), (other, True), "another one")
        keeper.silent()


@story("a key that is asked for again when the first call hangs, likewise")
def key_asked_anew():
    with PkiWorld({"identity.yaml": IDENTITY, "policy.yaml": POLICY_ANY},
                  shim=True, limits=MANY) as world, Keeper(world) as keeper:
        before = world.calls("C_Sign")
        world.faults("C_Sign@bootstrap-2026 hold 1 0")
        ref = secrets.token_bytes(8)
        keeper.say(psk(ref, EP))
        wait_for(lambda: world.calls("C_Sign") > before,
                 "the token to be asked")
        keeper.say(psk(ref, EP))
        keeper.silent()
        time.sleep(EXPIRED_S)
        keeper.say(psk(ref, EP))
        answer = keeper.hear(PSK_ANSWER)
        expect_equal((answer[:8], answer[8]), (ref, 0), "the key")
        world.faults()
        keeper.silent()


@story("what nobody waits for any more does not reach the token")
def too_late():
    with PkiWorld(shim=True, limits=MANY) as world, \
            Keeper(world) as keeper:
        asker = Asker(world, keeper)
        before = world.calls("C_Sign")
        refs = [asker.ask_and_hold()]
        refs += [asker.ask() for _ in range(SOURCE_MOST - 1)]
        keeper.silent()
        time.sleep(EXPIRED_S)
        at_work = world.calls("C_Sign") - before
        expect(0 < at_work < SOURCE_MOST, f"{at_work} threads")
        world.faults()
        answers = dict(asker.answered() for _ in refs)
        expect_equal(set(answers), set(refs), "who is answered")
        expect_equal(sum(answers.values()), at_work, "signatures")
        expect_equal(world.calls("C_Sign") - before, at_work, "calls")


@story("an address that has had many signatures gets as many more")
def one_after_the_other():
    with PkiWorld(limits=MANY) as world, Keeper(world) as keeper:
        asker = Asker(world, keeper)
        for _ in range(SOURCE_MOST + 6):
            ref = asker.ask()
            expect_equal(asker.answered(), (ref, True), "the answer")


@story("more of one address at a time are told: not now")
def too_many_at_a_time():
    with PkiWorld(shim=True, limits=MANY) as world, \
            Keeper(world) as keeper:
        asker = Asker(world, keeper)
        asker.ask_and_hold()
        for _ in range(SOURCE_MOST - 1):
            asker.ask()
        ref = asker.ask()
        expect_equal(asker.answered(), (ref, False), "the one too many")
        world.faults()
        expect_equal({asker.answered()[1] for _ in range(SOURCE_MOST)},
                     {True}, "all the others")


if __name__ == "__main__":
    tell()
