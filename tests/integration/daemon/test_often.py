"""A device that comes again and again is put off (4.29, RFC 8516), and others
are not."""

from coap_bytes import Stranger, bootstrap_request
from daemon_fixture import (DOMAIN, IDENTITY, NOSEC_IDENTITY, NOSEC_POLICY,
                            POLICY, World)
from tap_story import expect, expect_equal, story, tell

PLAIN = ("coap://127.0.0.1:0",)
EP = f"{DOMAIN}-WM200-1"


def lab(limit):
    return World({"lab.yaml": NOSEC_IDENTITY, "policy.yaml": NOSEC_POLICY},
                 listen=PLAIN, masters=(), limits={"device_requests": limit})


@story("twenty requests in an hour, ten of which are granted; each other one "
       "is told when to come, and the ledger says it once")
def twenty():
    with lab(10) as w:
        w.start()
        with Stranger(w.address()) as stranger:
            for n in range(20):
                answer = stranger.ask_new(bootstrap_request("bench-1"))
                if n < 10:
                    expect_equal(answer.code, "2.04", f"request {n}")
                    continue
                expect_equal(answer.code, "4.29", f"request {n}")
                expect(340 <= answer.max_age() <= 360,
                       f"a sixth of ten minutes, not {answer.max_age()} s")
            # another device has a share of its own
            answer = stranger.ask_new(bootstrap_request("bench-2"))
            expect_equal(answer.code, "2.04", "another device")
        begun = w.rows("bootstrap_begin", "bench-1")
        expect_equal(len(begun), 10, "begun")
        refused, = w.rows("bootstrap_refused")
        expect_equal((refused["endpoint"], refused["data"]["reason"]),
                     ("bench-1", "too-often"), "the one refusal")


@story("0: as often as it likes")
def no_limit():
    with lab(0) as w:
        w.start()
        with Stranger(w.address()) as stranger:
            for _ in range(30):
                answer = stranger.ask_new(bootstrap_request("bench-1"))
                expect_equal(answer.code, "2.04", "answer")


@story("who only says a name does not use up the share of who proves it, and "
       "with or without ep it is one device")
def proved():
    policies = {"identity.yaml": IDENTITY, "policy.yaml": POLICY,
                "lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}
    listen = ("coaps://127.0.0.1:0",) + PLAIN
    with World(policies, listen=listen,
               limits={"device_requests": 2}) as w:
        w.start()
        with Stranger(w.address()) as stranger:
            codes = [stranger.ask_new(bootstrap_request(EP)).code
                     for _ in range(3)]
        expect_equal(codes, ["2.04", "2.04", "4.29"], "in clear")
        image = w.mint(EP)
        w.boot(image).succeeded()
        w.boot(image, "omit-endpoint").succeeded()
        for how in ("", "omit-endpoint"):
            device = w.boot(image, how or None).failed()
            expect("4.29" in device.text(), "the device is put off")
        expect_equal([a["outcome"] for a in w.attempts(EP)
                      if a["kind"] == "psk"], ["ok", "ok", "refused"],
                     "what the ledger says")


@story("the name of a device, said 70 times by who has not proved it, in clear "
       "or under a key of its own, does not keep it away")
def locked_out():
    with World(listen=("coaps://127.0.0.1:0",) + PLAIN) as w:
        w.start()
        victim, other = w.mint(EP), w.mint(f"{DOMAIN}-WM200-2")
        for _ in range(70):
            with Stranger(w.address()) as stranger:
                stranger.ask_new(bootstrap_request(EP))
        w.boot(victim).succeeded()
        for _ in range(70):
            w.boot(other, endpoint=EP).failed()
        w.boot(victim).succeeded()


tell()
