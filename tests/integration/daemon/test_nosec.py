"""NoSec: a plain listener answers only whom a `nosec` identity admits."""

from coap_bytes import Stranger, bootstrap_request
from daemon_fixture import (DOMAIN, IDENTITY, NOSEC_IDENTITY, NOSEC_POLICY,
                            POLICY, World, wait_for)
from tap_story import expect, expect_equal, story, tell

PLAIN = ("coap://127.0.0.1:0",)
ADMITTED = {"lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}


@story("without a nosec identity: 4.00, and a row that says why")
def nobody_admitted():
    policies = {"identity.yaml": IDENTITY, "policy.yaml": POLICY}
    with World(policies, listen=PLAIN) as world:
        world.start()
        expect(world.logged("warning", "nosec_listener"),
               "the listener is warned of")
        with Stranger(world.address()) as stranger:
            answer = stranger.ask(bootstrap_request(f"{DOMAIN}-1"))
        expect_equal(answer.code, "4.00", "answer")
        refused, = world.rows("bootstrap_refused")
        expect_equal(refused["data"]["reason"], "no-identity", "reason")
        expect_equal(refused["data"]["claimed"], f"{DOMAIN}-1", "claim")
        expect(refused["data"]["remedy"], "there is a remedy")


@story("with one: the device is bootstrapped, by the policy for the lab")
def admitted():
    with World(ADMITTED, listen=PLAIN, masters=()) as world:
        world.start()
        image = world.write_image("bench-1", None, uri=world.coap())
        device = world.boot(image).succeeded()
        server = [s for s in device.results("security")
                  if s["bootstrap"] == "false"]
        expect_equal(server[0]["uri"], "coap://lab.lwm2m.example:5683", "URI")
        expect_equal(server[0]["mode"], "nosec", "mode")
        attempt, = world.settled()
        expect_equal((attempt["kind"], attempt["policy"], attempt["outcome"]),
                     ("nosec", "lab-bench", "ok"), "what the ledger says")


@story("from outside its network: refused, whatever it claims")
def outside():
    with World(ADMITTED, listen=PLAIN, masters=()) as world:
        world.start()
        with Stranger(world.address(), source="127.0.0.9") as stranger:
            answer = stranger.ask(bootstrap_request("bench-1"))
        expect_equal(answer.code, "4.00", "answer")
        attempt, = world.attempts()
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("refused", "no-identity"), "what the ledger says")


@story("without ep nobody can say which device it is: 4.00")
def nameless():
    with World(ADMITTED, listen=PLAIN, masters=()) as world:
        world.start()
        with Stranger(world.address()) as stranger:
            answer = stranger.ask(bootstrap_request(None))
        expect_equal(answer.code, "4.00", "answer")
        expect_equal(world.attempts()[0]["reason"], "endpoint-missing",
                     "reason")


@story("a retransmitted request begins nothing, a new one supersedes")
def again():
    with World(ADMITTED, listen=PLAIN, masters=()) as world:
        world.start()
        with Stranger(world.address()) as stranger:
            request = bootstrap_request("bench-1")
            first = stranger.ask(request)
            expect_equal(first.code, "2.04", "answer")
            # what comes besides is the first command, sent once more
            stranger.send(request)
            stranger.send(request)
            second = bootstrap_request("bench-1")
            stranger.send(second)
            wait_answer(stranger, second[2:4])
        attempts = world.attempts()
        expect_equal([a["reason"] for a in attempts], ["superseded", None],
                     "two beginnings, not four")


def wait_answer(stranger, mid):
    from coap_bytes import ACK, Answer
    for _ in range(50):
        answer = Answer(stranger.receive())
        if answer.kind == ACK and answer.mid == mid:
            expect_equal(answer.code, "2.04", "answer to the new request")
            return
    raise AssertionError("the new request was never answered")


@story("who proves nothing does not end the bootstrap of who did")
def no_supersede():
    policies = {"identity.yaml": IDENTITY, "policy.yaml": POLICY, **ADMITTED}
    listen = ("coaps://127.0.0.1:0",) + PLAIN
    with World(policies, listen=listen, workers=1) as world:
        world.start()
        device = world.boot(world.mint(f"{DOMAIN}-WM200-1"), "late=200")
        wait_for(lambda: world.rows("bootstrap_begin"), "the device's session")
        with Stranger(world.address()) as stranger:
            # the same endpoint, in clear, from anybody of that network
            answer = stranger.ask(bootstrap_request(f"{DOMAIN}-WM200-1"))
            expect_equal(answer.code, "2.04", "answer")
            device.succeeded()
        proved, = [a for a in world.attempts() if a["kind"] == "psk"]
        expect_equal(proved["outcome"], "ok", "outcome")


tell()
