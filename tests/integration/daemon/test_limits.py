"""What more devices than the daemon is to serve at a time are told."""

from coap_bytes import Stranger, bootstrap_request
from daemon_fixture import NOSEC_IDENTITY, NOSEC_POLICY, World, wait_for
from tap_story import expect, expect_equal, story, tell

ADMITTED = {"lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}


@story("one session at a time: the second device is told to come again later")
def one_session():
    with World(ADMITTED, listen=("coap://127.0.0.1:0",), masters=(),
               workers=1, limits={"sessions": 1}) as world:
        world.start()
        with Stranger(world.address()) as first, \
                Stranger(world.address()) as second:
            # it has its answer and a command, and says nothing to that
            expect_equal(first.ask(bootstrap_request("bench-1")).code, "2.04",
                         "the first")
            for _ in range(3):
                answer = second.ask(bootstrap_request("bench-2"))
                expect_equal(answer.code, "5.03", "the second, meanwhile")
                expect((answer.max_age() or 0) > 0, "Max-Age: when to ask")
            expect_equal([a["endpoint"] for a in world.attempts()],
                         ["bench-1"], "attempts on record")
            # there is room once the first has ended
            world.ctl("supersede", "bench-1")
            wait_for(lambda: world.totals("sessions") == 0, "its end")
            expect_equal(second.ask(bootstrap_request("bench-2")).code, "2.04",
                         "the second, then")


tell()
