"""Ten thousand malformed datagrams: RST or silence, no state, no crash, and a
device boots as if nothing had been."""

import random

from coap_bytes import ACK, CON, RST, Answer, Stranger, bootstrap_request
from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, IDENTITY, NOSEC_IDENTITY,
                            NOSEC_POLICY, POLICY, Relay, World, derive,
                            wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

POLICIES = {"identity.yaml": IDENTITY, "policy.yaml": POLICY,
            "lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}
BOTH = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")
COUNT = 5000  # at each of the two ports
MASTER = bytes(range(32))


def real_messages(world):
    """What a device and the daemon say to each other, both ways."""
    endpoint = f"{DOMAIN}-teacher"
    key = derive(MASTER, 1, 0, 2, endpoint)
    with Relay(world.address("coaps")) as relay:
        world.boot(world.write_image(endpoint, key, uri=relay.uri())) \
            .succeeded()
        secure = [d for _, d in relay.heard]
    with Relay(world.address("coap")) as relay:
        world.boot(world.write_image("teacher", None,
                                     uri=relay.uri("coap"))).succeeded()
        plain = [d for _, d in relay.heard]
    return secure, plain


def spoil(chance, datagram):
    """Cut it, change a few of its bits, or make it longer."""
    way = chance.randrange(4)
    if way == 0:
        return datagram[:chance.randrange(len(datagram))]
    if way == 1:
        return datagram + chance.randbytes(chance.randrange(1, 64))
    spoilt = bytearray(datagram)
    for _ in range(1 if way == 2 else chance.randrange(1, 16)):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def garbage(chance, real):
    for _ in range(COUNT):
        if chance.randrange(4) == 0:
            yield chance.randbytes(chance.randrange(1400))
        else:
            yield spoil(chance, chance.choice(real))


@story("at both ports: the daemon lives, nothing is kept, a device boots")
def ten_thousand():
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    print(f"# seed {seed}")
    with World(POLICIES, listen=BOTH, known={BOOTSTRAP_MASTER: MASTER},
               limits={"handshake_timeout": "2s", "idle_timeout": "2s",
                       "session_lifetime": "2s"}) as world:
        world.start()
        secure, plain = real_messages(world)
        family = {p.pid for p in world.children()}
        for scheme, real in (("coaps", secure), ("coap", plain)):
            for n, datagram in enumerate(garbage(chance, real)):
                if n % 500 == 0:
                    # a new peer now and then, and no queue runs over
                    stranger = Stranger(world.address(scheme))
                stranger.send(datagram)
            image = world.mint(f"{DOMAIN}-after-{scheme}")
            world.boot(image).succeeded()
        expect_equal({p.pid for p in world.children()}, family,
                     f"the daemon's processes, seed {seed}")
        # what a spoilt but valid request may have begun comes to its end
        world.settled()
        wait_for(lambda: world.totals("datagrams_in") > COUNT,
                 "most of it to have been read")
        # remembered are those alone to whom a plan was granted over NoSec,
        # for their duplicates
        granted = len([r for r in world.rows("bootstrap_begin")
                       if r["data"]["kind"] == "nosec"])
        wait_for(lambda: world.totals("peers") <= granted and
                 world.totals("handshakes_pending") == 0,
                 f"all peers but {granted}, and handshakes, to be forgotten")
        world.chain_holds()
        world.stop()


@story("malformed, or without a meaning: by RFC 7252 section 4")
def by_the_book():
    with World(POLICIES, listen=BOTH) as world:
        world.start()
        with Stranger(world.address()) as stranger:
            mid = b"\x12\x34"

            def answer(datagram):
                stranger.send(datagram)
                return Answer(stranger.receive())
            # an empty CON is a ping; a message format error in a CON; a
            # reserved class
            for what, datagram in (
                    ("ping", b"\x40\x00" + mid),
                    ("token too long", b"\x49\x02" + mid + bytes(9)),
                    ("empty with a token", b"\x41\x00" + mid + b"x"),
                    ("payload marker, no payload",
                     b"\x40\x02" + mid + b"\xff"),
                    ("option runs over", b"\x40\x02" + mid + b"\xb9bs"),
                    ("reserved class", b"\x40\x22" + mid)):
                got = answer(datagram)
                expect_equal((got.kind, got.code, got.mid),
                             (RST, "0.00", mid), what)
            # the same as NON, ACK, RST or another version: silence. What is
            # heard next is the answer to a good one.
            for datagram in (b"\x50\x00" + mid, b"\x59\x02" + mid + bytes(9),
                             b"\x60\x45" + mid, b"\x70\x00" + mid,
                             b"\x00\x02" + mid, b"\x80\x02" + mid, b"\x40",
                             b""):
                stranger.send(datagram)
            request = bootstrap_request(None)
            got = answer(request)
            expect_equal((got.kind, got.code, got.mid),
                         (ACK, "4.00", request[2:4]), "a good one")
            expect(got.kind != CON, "answers are no requests")
        wait_for(lambda: world.totals("peers") == 0, "no peer to be kept")


@story("a ClientHello without a cookie costs an answer, and nothing else")
def hellos():
    with World(POLICIES, listen=BOTH,
               known={BOOTSTRAP_MASTER: MASTER}) as world:
        world.start()
        secure, _ = real_messages(world)
        hello = secure[0]
        expect_in(hello[0], (22,), "a handshake record")
        strangers = [Stranger(world.address("coaps")) for _ in range(200)]
        for stranger in strangers:
            stranger.send(hello)
        for stranger in strangers:
            answer = stranger.receive()
            expect_equal(answer[13], 3, "HelloVerifyRequest")
            expect(len(answer) < 3 * len(hello), "amplification")
        wait_for(lambda: world.totals("hellos") >= 200, "the count of them")
        expect_equal(world.totals("handshakes_pending"), 0, "handshakes")
        # a cookie is bound to its address
        with Stranger(world.address("coaps")) as thief:
            thief.send(secure[2])
            expect_equal(thief.receive()[13], 3, "a cookie of its own")


tell()
