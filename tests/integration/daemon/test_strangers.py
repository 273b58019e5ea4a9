"""Who says that it is somebody else, and who is nobody at all."""

import secrets

from coap_bytes import Stranger, bootstrap_request
from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, Relay,
                            World, derive, wait_for)
from tap_story import expect, expect_equal, story, tell

EP, VICTIM = f"{DOMAIN}-WM200-1", f"{DOMAIN}-WM200-2"
ALERT, HANDSHAKE = 21, 22


@story("the ep of another device under one's own key: 4.00")
def spoof():
    with World() as world:
        world.start()
        device = world.boot(world.mint(EP), endpoint=VICTIM).failed()
        expect("4.00" in device.text(), device.text())
        refused, = world.rows("bootstrap_refused")
        expect_equal(refused["data"]["reason"], "endpoint-mismatch", "reason")
        expect_equal(refused["data"]["credential"], EP, "who it was")
        expect_equal(refused["data"]["claimed"], VICTIM, "what it claimed")
        expect_equal(world.rows("credential_issued"), [], "credentials")


@story("no ep at all: it is what the credential proves")
def no_ep():
    with World() as world:
        world.start()
        world.boot(world.mint(EP), "omit-endpoint").succeeded()
        attempt, = world.settled()
        expect_equal((attempt["endpoint"], attempt["outcome"]), (EP, "ok"),
                     "what the ledger says")


def records(datagram):
    """(content type, epoch, body) of each DTLS 1.2 record."""
    while datagram:
        size = int.from_bytes(datagram[11:13], "big")
        yield (datagram[0], int.from_bytes(datagram[3:5], "big"),
               datagram[13:13 + size])
        datagram = datagram[13 + size:]


def what_it_sees(world, image_of):
    """One handshake as the peer sees it: directions and sizes, and the alerts
    byte by byte."""
    with Relay(world.address("coaps")) as relay:
        device = world.boot(image_of(relay.uri()), timeout_s=30).failed()
    expect("alert" in device.ending(), device.ending())
    shape, alerts = [], []
    for way, datagram in relay.heard:
        for kind, epoch, body in records(datagram):
            shape.append((way, kind, epoch, len(body)))
            if way == "<" and kind == ALERT:
                alerts.append(body)
    return shape, alerts


@story("an unknown identity and a wrong key are one to the peer")
def indistinguishable():
    masters = {BOOTSTRAP_MASTER: secrets.token_bytes(32),
               FLEET_MASTER: secrets.token_bytes(32)}
    right = derive(masters[BOOTSTRAP_MASTER], 1, 0, 1, EP)
    wrong = secrets.token_bytes(32)
    nobody = "x" * len(EP)
    with World(known=masters, workers=1) as world:
        world.start()
        seen = {
            "a wrong key": what_it_sees(
                world, lambda uri: world.write_image(EP, wrong, uri=uri)),
            "an unknown identity": what_it_sees(
                world, lambda uri: world.write_image(
                    EP, wrong, identity=nobody, uri=uri)),
            "another's key": what_it_sees(
                world, lambda uri: world.write_image(
                    EP, right, identity=VICTIM, uri=uri)),
        }
        shapes = {what: shape for what, (shape, _) in seen.items()}
        first = next(iter(shapes.values()))
        for what, shape in shapes.items():
            expect_equal(shape, first, f"{what}: what went over the wire")
        for what, (_, alerts) in seen.items():
            expect_equal(alerts, [b"\x02\x33"], f"{what}: alerts")
        # the operator is told what the peer is not
        for why in ("unknown-identity", "wrong-key"):
            wait_for(lambda: world.logged("handshake_failed", why),
                     f"{why} in the log")
        expect_equal(world.rows("bootstrap_begin"), [], "bootstraps")


@story("names with quotes and control characters stay names")
def hostile_names():
    identity = f"""\
identity: factory
psk: {{derive: {BOOTSTRAP_MASTER}, epoch: [1], identity: "{{endpoint}}"}}
"""
    name = 'a"b\\c\x1b[2J\n{"kind":"bootstrap_end"}\u202e\u00e9'
    master = secrets.token_bytes(32)
    with World({"identity.yaml": identity},
               known={BOOTSTRAP_MASTER: master}, masters=()) as world:
        world.start()
        image = world.write_image(name, derive(master, 1, 0, 1, name))
        world.boot(image).failed()
        refused, = world.attempts()
        expect_equal((refused["outcome"], refused["reason"]),
                     ("refused", "no-policy"), "what the ledger says")
        expect("\x1b" not in refused["endpoint"] and
               "\n" not in refused["endpoint"], refused["endpoint"])
        expect("\x1b" not in world.log(), "no escape in the log")
        expect(all(line[:2] == "20" for line in world.log().splitlines()),
               "no line of the log but the daemon's")
        for verb in (("events",), ("device", name), ("devices",)):
            expect("\x1b" not in world.ctl(*verb).stdout, f"{verb}: escape")
        world.chain_holds()


@story("refused by the hundred, strangers keep no impostor out of the ledger")
def blinded():
    listen = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")
    with World(listen=listen, workers=1) as world:
        world.start()
        impostor = world.mint(EP)
        for n in range(100):
            with Stranger(world.address()) as stranger:
                stranger.ask_new(bootstrap_request(f"somebody-{n}"))
        world.boot(impostor, endpoint=VICTIM).failed()
        rows = world.rows("bootstrap_refused")
        expect_equal((rows[-1]["data"]["reason"], rows[-1]["data"]["claimed"]),
                     ("endpoint-mismatch", VICTIM), "the last row")
        expect(len(rows) <= 120, f"{len(rows)} rows")  # a minute may begin


tell()
