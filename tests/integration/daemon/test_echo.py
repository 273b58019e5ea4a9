"""Over plain CoAP a device shows that its address is its own, where its
identity says `echo: true` (RFC 9175)."""

from coap_bytes import (ECHO, POST, URI_PATH, URI_QUERY, Stranger,
                        bootstrap_request, message)
from daemon_fixture import NOSEC_IDENTITY, NOSEC_POLICY, World
from tap_story import expect, expect_equal, story, tell

ASKED = NOSEC_IDENTITY.replace("nosec: {", "nosec: {echo: true, ")
POLICIES = {"lab.yaml": ASKED, "lab-policy.yaml": NOSEC_POLICY}


def world(**kwargs):
    return World(POLICIES, listen=("coap://127.0.0.1:0",), masters=(),
                 **kwargs)


def again(value, endpoint="bench-1"):
    return message(POST, [(URI_PATH, b"bs"),
                          (URI_QUERY, f"ep={endpoint}".encode()),
                          (ECHO, value)])


@story("it is given a value, sends it back, and is bootstrapped; the ledger "
       "has one attempt")
def shown():
    with world() as w:
        w.start()
        with Stranger(w.address()) as stranger:
            first = stranger.ask(bootstrap_request("bench-1"))
            expect_equal(first.code, "4.01", "the first answer")
            expect_equal(first.max_age(), None, "Max-Age")
            value = first.option(ECHO)
            expect(value and len(value) <= 40, "an Echo value")
            expect_equal(stranger.ask(again(value)).code, "2.04", "answer")
        attempt, = w.attempts()
        expect_equal((attempt["endpoint"], attempt["outcome"]),
                     ("bench-1", "open"), "the attempt")
        expect(not w.rows("bootstrap_refused"), "no refusal in the ledger")


@story("a wrong value, another's, and one of a worker that is gone: 4.01 with "
       "a new one")
def not_shown():
    with world(workers=1) as w:
        w.start()
        with Stranger(w.address()) as one, Stranger(w.address()) as other:
            value = one.ask(bootstrap_request("bench-1")).option(ECHO)
            for wrong in (b"", b"x", bytes(len(value)), value + b"x",
                          bytes([value[0] ^ 1]) + value[1:]):
                answer = one.ask(again(wrong))
                expect_equal(answer.code, "4.01", f"{wrong!r}")
                expect(answer.option(ECHO), "a new value")
            expect_equal(other.ask(again(value)).code, "4.01",
                         "from another port")
            expect(not w.rows("bootstrap_begin"), "nothing has begun")
            old = w.worker()
            old.kill()
            from daemon_fixture import wait_for
            wait_for(lambda: not old.alive() and w.worker(), "another worker")
            answer = one.ask(again(value))
            expect_equal(answer.code, "4.01", "at the new worker")
            expect_equal(one.ask(again(answer.option(ECHO))).code, "2.04",
                         "with its own value")


@story("who is not admitted learns nothing of it")
def not_admitted():
    with world() as w:
        w.start()
        with Stranger(w.address(), source="127.0.0.9") as stranger:
            answer = stranger.ask(bootstrap_request("bench-1"))
            expect_equal((answer.code, answer.option(ECHO)), ("4.00", None),
                         "answer")


tell()
