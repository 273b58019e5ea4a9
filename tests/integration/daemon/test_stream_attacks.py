"""Connections that mean no good: many, slow, greedy, broken. Devices are served
all the while, no process dies, and none of them costs more than it may."""

import contextlib
import os
import resource
import socket
import threading

from coap_stream import (ABORT, CSM, EMPTY_CSM, Gone, RELEASE, Stream,
                         bootstrap_request, frame)
from daemon_fixture import (DOMAIN, NOSEC_IDENTITY, NOSEC_POLICY, World,
                            program, wait_for)
from tap_story import expect, expect_equal, story, tell

ANYBODY = {"lab.yaml": NOSEC_IDENTITY.replace("127.0.0.1/32", "127.0.0.0/8"),
           "lab-policy.yaml": NOSEC_POLICY}
TCP = ("coap+tcp://127.0.0.1:0",)
TLS = ("coaps+tcp://127.0.0.1:0",)


def world(listen=TCP, policies=ANYBODY, **kwargs):
    return World(policies, listen=listen,
                 masters=() if policies is ANYBODY else
                 ("bootstrap-2026", "fleet-2026"), **kwargs)


def serves(w, name="bench-1"):
    with Stream(w.address("coap+tcp")) as device:
        seen = device.bootstrap(name)
        expect(seen[-1].is_finish(), f"{name} is bootstrapped")


def nobody_died(w):
    expect_equal(w.logged("child_ended"), [], "processes that died")


def abort_of(stream):
    """Why the server has ended it."""
    last = stream.ended(60)[-1]
    expect_equal(last.code, ABORT, "the last message")
    return last.payload.decode()


@story("what breaks RFC 8323 is aborted, with the reason")
def broken():
    cases = [
        (b"", bootstrap_request("bench-1"), "not a CSM"),
        (EMPTY_CSM, b"\xf0\xff\xff\xff\xff\x01", "above Max-Message-Size"),
        (EMPTY_CSM, b"\xe0\xff\xff\x01", "above Max-Message-Size"),
        (EMPTY_CSM, b"\x09\x01", "token"),
        (EMPTY_CSM, b"\x1f\x01\xff", ""),
        (EMPTY_CSM, b"\x10\x01\xf0", "format error"),
        (b"", frame(0xe1, [(1, b"")]), "critical option"),
        (b"", frame(0xe1, [(2, b"12345")]), "wrong value"),
        (EMPTY_CSM, frame(0xe2, [(9, b"")]), "critical option"),
    ]
    with world() as w:
        w.start()
        for csm, attack, why in cases:
            with Stream(w.address("coap+tcp"), csm=csm) as s:
                s.send(attack)
                said = abort_of(s)
                expect(why in said, f"{attack!r}: {said!r}")
        serves(w)
        nobody_died(w)


@story("a connection that says nothing ends; one that says little too")
def slow():
    with world() as w:
        w.start()
        silent = [Stream(w.address("coap+tcp"), csm=b"") for _ in range(20)]
        for s in silent[10:]:
            s.send(EMPTY_CSM[:1])  # half of it
        serves(w)
        for s in silent:
            expect("CSM" in abort_of(s), "why it ended")
            s.close()


@story("a TLS handshake that stands still ends with its time")
def slow_tls():
    with world(TLS, None, limits={"handshake_timeout": "1s"}) as w:
        w.start()
        at = w.address("coaps+tcp")
        for beginning in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01"):
            with socket.create_connection(at) as s:
                s.settimeout(60)
                s.sendall(beginning)
                while s.recv(4096):
                    pass
        wait_for(lambda: len(w.logged("handshake_failed",
                                      "handshake-timeout")) >= 3,
                 "three that are told of")
        w.boot(w.mint(f"{DOMAIN}-1", uri="coaps+tcp://%s:%d" % at)).succeeded()


@story("10,000 connections from many sources: a device is served in between")
def flood():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with world(limits={"connections": 200}) as w:
        w.start()
        at, held, refused = w.address("coap+tcp"), [], 0
        for n in range(10000):
            s = socket.socket()
            try:
                s.bind((f"127.0.{n % 16}.{n % 250 + 1}", 0))
                s.connect(at)
                held.append(s)
            except OSError:
                refused += 1
                s.close()
            if n % 2000 == 1999:
                serves(w, f"bench-{n}")
                while len(held) > 400:
                    held.pop(0).close()
        workers = w.workers
        for n in range(workers):
            files = os.listdir(f"/proc/{w.worker(n).pid}/fd") \
                if os.geteuid() == 0 else []
            expect(len(files) <= 200 // workers + 64,
                   f"worker {n} has {len(files)} descriptors")
        for s in held:
            s.close()
        serves(w, "bench-last")
        nobody_died(w)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@story("one source has its share of what has shown nothing, and no more")
def one_source():
    limits = {"connections": 400, "handshakes_per_source": 4}
    with world(limits=limits, workers=1) as w:
        w.start()
        at = w.address("coap+tcp")
        mine = [Stream(at, source="127.0.0.7", csm=b"") for _ in range(6)]
        alive = 0
        for s in mine:
            with contextlib.suppress(Gone):
                s.receive()
                alive += 1
        expect_equal(alive, 4, "connections of one source")
        with Stream(at, source="127.0.0.8") as other:
            expect(other.bootstrap("bench-1")[-1].is_finish(), "another")
        for s in mine:
            s.close()


@story("who was told to go and stays counts for its source, and gives way")
def lingers():
    limits = {"connections": 40, "handshakes_per_source": 4}
    no_csm = b"\x09\x01"  # a token of 9 bytes: Abort
    with world(limits=limits, workers=1) as w:
        w.start()
        at = w.address("coap+tcp")
        with Stream(at, source="127.0.0.8", csm=b"") as early:
            early.receive()
            held = []
            for n in range(120):
                source = f"127.0.2.{n}" if n % 2 else "127.0.0.7"
                held.append(Stream(at, source=source, csm=b""))
                with contextlib.suppress(Gone, OSError):
                    held[-1].send(no_csm)
                    while True:
                        held[-1].receive()
            early.send(EMPTY_CSM)
            expect(early.bootstrap("bench-1")[-1].is_finish(), "who was here")
            with Stream(at, source="127.0.0.9") as late:
                expect(late.bootstrap("bench-2")[-1].is_finish(), "who came")
        for s in held:
            s.close()


@story("who was bootstrapped and stays gives way when there is no room")
def stays():
    limits = {"connections": 12, "handshakes_per_source": 4}
    with world(limits=limits, workers=1) as w:
        w.start()
        at = w.address("coap+tcp")
        held = []
        for n in range(20):
            held.append(Stream(at, source="127.0.0.7"))
            expect(held[-1].bootstrap(f"bench-{n}")[-1].is_finish(), "one")
            wait_for(lambda: w.settled()[-1]["outcome"] == "ok", "its end")
        with Stream(at, source="127.0.0.8") as device:
            expect(device.bootstrap("bench-20")[-1].is_finish(), "another")
        for s in held:
            s.close()
        nobody_died(w)


@story("who was granted a plan keeps its connection in a flood")
def keeps():
    with world(limits={"connections": 8}, workers=1) as w:
        w.start()
        at = w.address("coap+tcp")
        with Stream(at) as device:
            device.bootstrap("bench-1", until=lambda m: m.number == 3)
            crowd = []
            for n in range(60):
                with contextlib.suppress(OSError):
                    crowd.append(Stream(at, source=f"127.0.1.{n + 1}"))
            device.close()
            for s in crowd:
                s.close()
        wait_for(lambda: w.settled()[0]["reason"] == "peer-gone",
                 "it was there until it left")


@story("a flood of Pings and CSMs that nobody reads the answers of ends")
def greedy():
    with world(workers=1) as w:
        w.start()
        for what in (frame(0xe2, token=b"12345678") * 1000,
                     frame(0xe1, [(2, b"\x10\x00")]) * 1000,
                     bootstrap_request(None) * 1000):
            with Stream(w.address("coap+tcp")) as s:
                s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sent = 0
                with contextlib.suppress(OSError):
                    s.socket.settimeout(1)
                    while sent < 4 << 20:
                        s.send(what)
                        sent += len(what)
            serves(w)
        status = w.worker(0).status()
        expect(int(status["VmRSS"].split()[0]) < 100 << 10,
               f"memory: {status['VmRSS']}")
        nobody_died(w)


@contextlib.contextmanager
def files_at_most(folder, count):
    """Whatever daemon is started in here has no more descriptors."""
    binary, script = program("BOOTSTRAPD"), folder / "limited"
    script.write_text(f'#!/bin/sh\nulimit -n {count}\nexec "{binary}" "$@"\n')
    os.chmod(script, 0o755)
    os.environ["BOOTSTRAPD"] = str(script)
    try:
        yield
    finally:
        os.environ["BOOTSTRAPD"] = binary


@story("without descriptors newcomers wait, nothing spins, and then they come")
def no_descriptors():
    with world(workers=1) as w:
        with files_at_most(w.dir, 32):
            w.start()
        at, pid = w.address("coap+tcp"), w.worker(0).pid
        crowd = [Stream(at) for _ in range(40)]
        wait_for(lambda: w.logged("warning", " accept "), "the warning")

        def ticks():
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        before, heard = ticks(), len(w.logged(" accept "))
        wait_for(lambda: len(w.logged(" accept ")) > heard + 1,
                 "two rests more")
        expect(ticks() - before < os.sysconf("SC_CLK_TCK"),
               "it has not been busy all the while")
        for s in crowd[:20]:
            s.close()
        for s in crowd[20:]:
            expect_equal(s.receive().code, CSM, "the late ones are served")
            s.close()
        serves(w)


@story("at the end of the daemon: Release with Hold-Off, whoever is there")
def released():
    with world(workers=1) as w:
        w.start()
        at = w.address("coap+tcp")
        with Stream(at) as idle, Stream(at) as busy:
            idle.receive()
            commands = busy.bootstrap("bench-1",
                                      until=lambda m: m.number == 3)
            w.daemon.terminate()
            last = idle.ended(60)[-1]
            expect_equal((last.code, last.option(4)), (RELEASE, b"\x1e"),
                         "Release, and after how many seconds to come back")
            # what runs may end
            m = commands[-1]
            while not m.is_finish():
                busy.obey(m)
                m = busy.next()
            busy.obey(m)
            expect_equal(busy.ended(60)[-1].code, RELEASE, "then it too")
        w.ended(0)
        expect_equal([a["outcome"] for a in w.attempts()], ["ok"], "outcome")


@story("idle connections are released, and hosts that vanish are found out")
def idle():
    with world(limits={"idle_timeout": "1s"}) as w:
        w.start()
        with Stream(w.address("coap+tcp")) as s:
            last = s.ended(60)[-1]
            expect_equal((last.code, last.option(4)), (RELEASE, None),
                         "Release, without a Hold-Off")


@story("many at once, in all states, cut off in the middle: nothing is left")
def cut_off():
    policies = dict(ANYBODY)
    with world(policies=policies, workers=1) as w:
        w.start()
        at = w.address("coap+tcp")

        def one(n):
            with contextlib.suppress(Gone, OSError):
                with Stream(at, csm=EMPTY_CSM if n % 5 else b"") as s:
                    if n % 4:
                        s.bootstrap(f"bench-{n}",
                                    until=lambda m: n % 4 == m.number)
                    if n % 3 == 0:
                        s.socket.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\x01\0\0\0\0\0\0\0")
        for _ in range(5):
            threads = [threading.Thread(target=one, args=(n,))
                       for n in range(40)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        w.settled()
        wait_for(lambda: w.totals("sessions") == 0 and
                 w.totals("peers") == 0, "no session and no peer is left")
        serves(w)
        nobody_died(w)


tell()
