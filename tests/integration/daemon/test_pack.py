"""Bootstrap-Pack: all of a bootstrap as one answer, which the device fetches
(LwM2M Core 1.2, 6.1.7.2)."""

from coap_bytes import (ACCEPT, BLOCK2, CONTENT_FORMAT, ETAG, GET, SIZE2,
                        URI_PATH, URI_QUERY, Answer, Stranger, block,
                        bootstrap_request, message)
from coap_stream import CSM, Stream, frame
from daemon_fixture import (DOMAIN, FLEET_MASTER, IDENTITY, NOSEC_IDENTITY,
                            World, derive, wait_for)
from tap_story import expect, expect_equal, story, tell

TLV, CBOR, JSON, LWM2M_CBOR = 11542, 112, 110, 11544
EP = f"{DOMAIN}-WM200-1"

PACKED = """\
policy: packed
device: {version: 1.2, formats: [senml-cbor, senml-json, lwm2m-cbor],
  pack: true, %s}
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    lifetime: 1d
    security:
      mode: psk
      identity: "{endpoint}"
      key: {derive: fleet-2026, epoch: 1}
"""
CLASSIC = PACKED.replace("pack: true", "pack: false")
BOTH = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")


def world(policy=PACKED % "max_message: 1024B", **kwargs):
    policies = {"identity.yaml": IDENTITY, "lab.yaml": NOSEC_IDENTITY,
                "policy.yaml": policy}
    return World(policies, listen=BOTH, **kwargs)


def ask(endpoint=EP, num=None, size=64, accept=CBOR, acc=None):
    options = [(URI_PATH, b"bspack"), (URI_QUERY, f"ep={endpoint}".encode())]
    if acc:
        options.append((URI_QUERY, f"acc={acc}".encode()))
    if accept is not None:
        options.append((ACCEPT, accept.to_bytes(2, "big").lstrip(b"\0")))
    if num is not None:
        options.append((BLOCK2, block(num, size)))
    return message(GET, options)


class Fetch:
    """A pack that is fetched by hand."""

    def __init__(self, stranger, endpoint=EP, size=64, **kwargs):
        self.stranger, self.endpoint, self.size = stranger, endpoint, size
        self.kwargs = kwargs
        self.parts = {}
        self.etag = self.length = None

    def block(self, num):
        answer = self.stranger.ask(ask(self.endpoint, num, self.size,
                                       **self.kwargs))
        expect_equal(answer.code, "2.05", f"answer to block {num}")
        got = int.from_bytes(answer.option(BLOCK2), "big")
        expect_equal((got >> 4, 16 << (got & 7)), (num, self.size), "Block2")
        self.etag = self.etag or answer.option(ETAG)
        expect_equal(answer.option(ETAG), self.etag, "ETag")
        if num == 0:
            self.length = int.from_bytes(answer.option(SIZE2), "big")
        expect_equal(len(answer.payload) == self.size or not got & 8, True,
                     "a block is full, or the last one")
        self.parts[num] = answer.payload
        return bool(got & 8)

    def all(self):
        num = 0
        while self.block(num):
            num += 1
        return self.body()

    def body(self):
        body = b"".join(self.parts[n] for n in sorted(self.parts))
        expect_equal(len(body), self.length, "length, as Size2 says")
        return body


def served(w, device, endpoint=EP):
    """The device has the account, its key too, and the ledger knows."""
    server, = [s for s in device.results("security")
               if s["bootstrap"] == "false"]
    expect_equal(server["uri"], "coaps://eu1.lwm2m.example:5684", "URI")
    expect_equal(len([s for s in device.results("security")
                      if s["bootstrap"] == "true"]), 1, "its own account")
    expect("PUT" not in device.text() and "DELETE" not in device.text(),
           "no command was sent")
    attempt = w.settled(endpoint)[-1]
    expect_equal((attempt["outcome"], attempt["reason"]),
                 ("unknown", "pack-sent"), "what the ledger says")
    return server


@story("a device fetches it over DTLS and over plain CoAP, in each format, "
       "whole and block by block")
def by_a_device():
    with world() as w:
        w.start()
        images = [w.mint(EP), w.write_image("bench-1", None, uri=w.coap())]
        for image, endpoint in zip(images, (EP, "bench-1")):
            for accept in (0, CBOR, JSON, LWM2M_CBOR):
                for size in (None, 16, 256, 1024):
                    how = f"pack,pack-accept={accept},pack-acc"
                    if size:
                        how += f",pack-block={size}"
                    device = w.boot(image, how).succeeded()
                    served(w, device, endpoint)
        rows = w.rows("bootstrap_begin", EP)
        expect_equal([r["data"]["pack"] for r in rows],
                     4 * [CBOR] + 4 * [CBOR] + 4 * [JSON] + 4 * [LWM2M_CBOR],
                     "the formats in the ledger")
        ends = w.rows("bootstrap_end", EP)
        expect_equal({e["data"]["format"] for e in ends},
                     {"SenML CBOR", "SenML JSON", "LwM2M CBOR"}, "formats")
        w.chain_holds()


@story("the key in it is the one that the token derives; the ledger has its "
       "fingerprint, and neither ETag nor log has anything of it")
def the_key():
    master = bytes(range(32))
    with world(known={FLEET_MASTER: master}) as w:
        w.start()
        with Stranger(w.address()) as stranger:
            one = Fetch(stranger, "bench-1")
            key = derive(master, 2, 101, 1, "bench-1")
            expect(key in one.all(), "the device's key is in the pack")
            other = Fetch(stranger, "bench-1")
            expect_equal(other.all(), one.body(), "the same the next time")
            expect(other.etag != one.etag,
                   "another session's ETag, although its bytes are the same")
        expect(key.hex() not in w.log(), "no key in the log")


@story("a block asked for twice, one left out, and the rest from behind: one "
       "pack, which is fetched when all of it is")
def out_of_order():
    with world() as w:
        w.start()
        with Stranger(w.address()) as stranger:
            fetch = Fetch(stranger, "bench-1", size=32)
            fetch.block(0)
            twice = ask("bench-1", 1, 32)
            first = stranger.ask(twice)
            again = stranger.ask(twice)  # the same message: retransmitted
            anew = stranger.ask(ask("bench-1", 1, 32))
            expect_equal([a.payload for a in (again, anew)],
                         2 * [first.payload], "the same block")
            fetch.parts[1] = first.payload
            last = (fetch.length - 1) // 32
            for num in range(last, 2, -1):
                fetch.block(num)
            expect(not w.rows("bootstrap_end"), "it is not fetched yet")
            fetch.block(2)
            fetch.body()
        attempt, = w.settled()
        expect_equal(attempt["reason"], "pack-sent", "reason")


@story("never fetched to its end: failed, and nothing of it is kept")
def never_finished():
    with world(limits={"session_lifetime": "2s"}) as w:
        w.start()
        with Stranger(w.address()) as stranger:
            Fetch(stranger, "bench-1").block(0)
            attempt, = w.settled()
            expect_equal((attempt["outcome"], attempt["reason"]),
                         ("failed", "pack-unfetched"), "the ledger")
            answer = stranger.ask(ask("bench-1", 1))
            expect_equal(answer.code, "4.00", "a block of what is gone")
            Fetch(stranger, "bench-1").all()


@story("two devices at a time get their own")
def two_devices():
    with world(workers=1) as w:
        w.start()
        with Stranger(w.address()) as a, Stranger(w.address()) as b:
            one, two = Fetch(a, "bench-1"), Fetch(b, "bench-2")
            more = [one.block(0), two.block(0)]
            for num in range(1, 99):
                more = [f.block(num) if m else False
                        for f, m in zip((one, two), more)]
                if not any(more):
                    break
            expect(b"bench-1" in one.body() and b"bench-2" in two.body() and
                   b"bench-2" not in one.body(), "each its own")
            # a block of another's pack is none
            expect_equal(a.ask(ask("bench-2", 1)).code, "4.00", "answer")
        expect_equal([x["reason"] for x in w.settled()],
                     2 * ["pack-sent"], "reasons")


@story("its worker is killed in the middle: unknown; the device is told, and "
       "is bootstrapped the other way")
def killed():
    with world(workers=1) as w:
        w.start()
        with Stranger(w.address()) as stranger:
            Fetch(stranger, "bench-1").block(0)
            old = w.worker()
            old.kill()
            wait_for(lambda: not old.alive() and w.worker(), "another worker")
            attempt, = w.settled()
            expect_equal((attempt["outcome"], attempt["reason"]),
                         ("unknown", "worker-lost"), "the ledger")
            expect_equal(stranger.ask(ask("bench-1", 1)).code, "4.00",
                         "the next block")
            answer = stranger.ask(bootstrap_request("bench-1"))
            expect_equal(answer.code, "2.04", "POST /bs")


@story("a policy that gives no packs: 4.05, and Anjay's client comes the other "
       "way at once; the ledger has that one attempt")
def refused():
    with world(CLASSIC % "max_message: 1024B") as w:
        w.start()
        image = w.mint(EP)
        device = w.boot(image, "anjay-1.2").succeeded()
        expect("-> 4.05" in device.text() or "4.05" in device.text(),
               "the pack was refused")
        attempt, = w.settled()
        expect_equal(attempt["outcome"], "ok", "outcome")


@story("what is not acceptable, and who is not known")
def not_acceptable():
    with world() as w:
        w.start()
        with Stranger(w.address()) as stranger:
            for accept, code in ((TLV, "4.06"), (0, "4.06"), (60, "4.06")):
                answer = stranger.ask(ask("bench-1", accept=accept))
                expect_equal(answer.code, code, f"Accept {accept}")
            answer = stranger.ask(ask("bench-1", acc="</1/0>"))
            expect_equal(answer.code, "4.00", "acc of no account")
        with Stranger(w.address(), source="127.0.0.9") as stranger:
            answer = stranger.ask(ask("bench-1"))
            expect_equal(answer.code, "4.00", "from outside the lab")
        reasons = [r["data"]["reason"] for r in w.rows("bootstrap_refused")]
        expect_equal(reasons, 3 * ["pack-format"] + ["request-malformed",
                                                     "no-identity"],
                     "reasons")


def ask_on(stream, block2=None):
    options = [(URI_PATH, b"bspack"), (URI_QUERY, b"ep=bench-1")]
    if block2 is not None:
        options.append((BLOCK2, block2))
    stream.send(frame(GET, options, token=b"pack"))
    return stream.receive()


@story("over TCP: whole, in blocks, and where BERT is asked for in such that "
       "are no larger than we send")
def over_tcp():
    policies = {"lab.yaml": NOSEC_IDENTITY.replace("nosec: {",
                                                   "nosec: {echo: true, "),
                "policy.yaml": PACKED % "max_message: 1024B"}
    with World(policies, listen=("coap+tcp://127.0.0.1:0",)) as w:
        w.start()
        with Stream(w.address("coap+tcp")) as stream:
            expect_equal(stream.receive().code, CSM, "the first message")
            # who has come by TCP is where it says: no Echo is wanted
            whole = ask_on(stream)
            expect_equal((whole.code, whole.option(BLOCK2)), ("2.05", None),
                         "the answer")
            bert = ask_on(stream, b"\x07")
            expect_equal((bert.code, bert.option(BLOCK2)),
                         ("2.05", block(0, 1024)), "asked for with BERT")
            expect_equal(bert.payload, whole.payload, "the pack")
            parts, num = [], 0
            while True:
                part = ask_on(stream, block(num, 32))
                parts.append(part.payload)
                num += 1
                if not int.from_bytes(part.option(BLOCK2), "big") & 8:
                    break
            expect_equal(b"".join(parts), whole.payload, "its blocks")
        expect_equal({a["reason"] for a in w.settled()}, {"pack-sent"},
                     "what the ledger says")


@story("blocks as the profile says, where the device does not")
def by_the_profile():
    with world(PACKED % "max_message: 128B, block_size: 32B") as w:
        w.start()
        with Stranger(w.address()) as stranger:
            answer = stranger.ask(ask("bench-1"))
            expect_equal(answer.option(BLOCK2), block(0, 32, more=True),
                         "Block2")
            expect_equal(answer.option(CONTENT_FORMAT), bytes([CBOR]), "CF")
    # one that takes no blocks is sent the other way when it has to
    with world(PACKED % "max_message: 180B, block_size: none") as w:
        w.start()
        with Stranger(w.address()) as stranger:
            expect_equal(stranger.ask(ask("bench-1")).code, "4.05", "answer")
            attempt, = w.settled()
            expect_equal(attempt["reason"], "plan-too-large", "reason")


tell()
