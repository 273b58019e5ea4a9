"""A token that takes 20 ms for each thing it is asked, and a worker that asks
without end: what a device of another worker needs comes in between, not behind
all of it."""

import functools
import hashlib
import secrets

from daemon_fixture import DOMAIN, IDENTITY
from daemon_pki import BY_CN, POLICY_ANY, PkiWorld, openssl
from hostile import (BEGIN_ANSWER, PSK, PSK_ANSWER, SIGN, SIGN_ANSWER,
                     Keeper, begin, new_session, number, packet, short)
from tap_story import expect, story, tell

POLICIES = {"identity.yaml": IDENTITY + "---\n" + BY_CN,
            "policy.yaml": POLICY_ANY}
MANY = 200


def host(n):
    """Each in a network of its own, or most would be refused as one source."""
    return number(6, 1) + b"\x20\x01\x0d\xb8" + number(n, 4) + bytes(8) + \
        number(40000, 2) + number(0, 4)


@functools.cache
def server_key(world):
    """The name under which workers ask for its signatures."""
    spki = openssl("pkey", "-pubin", "-outform", "DER",
                   stdin=openssl("x509", "-in", world.pki / "server.pem",
                                 "-pubkey", "-noout"))
    return hashlib.sha256(spki).digest()[:4]


def comes_in_between(question, answer_kind):
    """question(n, world): the packet, and how its answer begins."""
    with PkiWorld(POLICIES, shim=True) as world, Keeper(world) as keeper:
        world.faults("C_Sign 0x0 -1 20")
        for n in range(1, MANY):
            keeper.say(question(n, world)[0])
        asked, begins_with = question(MANY, world)
        keeper.say(asked, worker=1)
        answer = keeper.hear(answer_kind, worker=1)
        before = keeper.heard[0].qsize()
        world.faults()
        expect(answer.startswith(begins_with), f"refused: {answer.hex()}")
        expect(before < MANY // 2,
               f"{before} of worker 0's {MANY - 1} had been answered before")
        for _ in range(1, MANY):
            keeper.hear(answer_kind)


@story("keys")
def keys():
    def question(n, _):
        ref = secrets.token_bytes(8)
        return (packet(PSK, ref, host(n), short(f"{DOMAIN}-{n}"), short("")),
                ref + b"\0")
    comes_in_between(question, PSK_ANSWER)


@story("signatures")
def signatures():
    def question(n, world):
        ref = secrets.token_bytes(8)
        return (packet(SIGN, ref, host(n), server_key(world), bytes(32)),
                ref + b"\1")
    comes_in_between(question, SIGN_ANSWER)


@story("sessions that begin")
def beginnings():
    def question(n, _):
        session = new_session()
        return begin(session, f"{DOMAIN}-{n}"), session + b"\1"
    comes_in_between(question, BEGIN_ANSWER)


if __name__ == "__main__":
    tell()
