"""CoAP over TCP (RFC 8323): the bootstrap, and how connections end."""

import socket

from coap_stream import ABORT, CSM, PONG, Stream, frame
from daemon_fixture import (NOSEC_IDENTITY, NOSEC_POLICY, World, wait_for)
from tap_story import expect, expect_equal, story, tell

TCP = ("coap+tcp://127.0.0.1:0",)
ADMITTED = {"lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": NOSEC_POLICY}


def world(**kwargs):
    return World(ADMITTED, listen=kwargs.pop("listen", TCP), masters=(),
                 **kwargs)


def only_attempt(w):
    attempt, = w.settled()
    return attempt["outcome"], attempt["reason"]


@story("a device is bootstrapped over TCP, and the ledger says so")
def bootstrapped():
    with world() as w:
        w.start()
        expect(w.logged("warning", "nosec_listener"),
               "the listener is warned of")
        with Stream(w.address("coap+tcp")) as device:
            first = device.receive()
            expect_equal(first.code, CSM, "the server's first message")
            seen = device.bootstrap("bench-1")
            expect_equal(seen[0].code, "2.04", "answer")
            expect(seen[-1].is_finish(), "it ends with Finish")
            wrote = [m.path() for m in seen if m.number == 3]
            expect(len(wrote) >= 2, f"what was written: {wrote}")
            expect_equal(only_attempt(w), ("ok", "ok"), "the ledger")
            expect_equal(w.attempts()[0]["transport"], "coap+tcp",
                         "the transport that it names")
            # the connection stays, for whatever comes next
            device.send(frame(0xe2, token=b"still"))
            pong = device.receive()
            expect_equal((pong.code, pong.token), (PONG, b"still"), "Pong")


@story("IPv4 and IPv6 on one listener, beside UDP on the same port")
def dual_stack():
    with world(listen=("coap+tcp://[::]:0",)) as w:
        w.start()
        port = w.address("coap+tcp")[1]
        for n, host in enumerate(("127.0.0.1", "::1")):
            with Stream((host, port)) as device:
                device.bootstrap(f"bench-{n}")
        expect_equal({a["outcome"] for a in w.settled()}, {"ok"}, "outcomes")
        w.keep_ports()
        w.stop()
        w.listen.append(f"coap://[::]:{port}")
        w.write_config()
        w.start()


@story("FIN when Finish was sent and not answered: nobody knows")
def fin_after_finish():
    with world() as w:
        w.start()
        with Stream(w.address("coap+tcp")) as device:
            device.bootstrap("bench-1", until=lambda m: m.is_finish())
        expect_equal(only_attempt(w), ("unknown", "peer-gone"), "the ledger")


@story("FIN behind the answer to Finish: all is well")
def fin_after_answer():
    with world() as w:
        w.start()
        with Stream(w.address("coap+tcp")) as device:
            device.bootstrap("bench-1")
            device.socket.shutdown(socket.SHUT_WR)
            device.ended()
        expect_equal(only_attempt(w), ("ok", "ok"), "the ledger")


@story("FIN, reset or Abort in the middle of the plan: failed, the peer gone")
def gone_in_the_middle():
    def reset(device):
        device.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 b"\x01\0\0\0\0\0\0\0")
        device.close()

    def abort(device):
        device.send(frame(0xe5, payload=b"out of \x1b[31mbattery"))
        device.ended()

    for leave in (Stream.close, reset, abort):
        with world() as w:
            w.start()
            with Stream(w.address("coap+tcp")) as device:
                device.bootstrap("bench-1", until=lambda m: m.number == 3)
                leave(device)
            expect_equal(only_attempt(w), ("failed", "peer-gone"),
                         "the ledger")
            expect("\x1b" not in w.log(), "the log has no escapes")


@story("a request that is cut to single bytes is a request")
def crumbs():
    with world() as w:
        w.start()
        with Stream(w.address("coap+tcp"), csm=b"") as device:
            device.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY,
                                     1)
            send = device.send
            device.send = lambda data: [send(bytes([b])) for b in data]
            device.send(b"\x00\xe1")
            device.bootstrap("bench-1")
        expect_equal(only_attempt(w), ("ok", "ok"), "the ledger")


tell()
