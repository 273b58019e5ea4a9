#!/usr/bin/env python3
"""A NAT between a device and a server of DTLS, one device at a time, that
forgets its mapping: the device keeps its address, and the server sees another
source port of it from then on. What comes to the old port is lost.

usage: nat.py HOST:PORT {each|N}

Prints the address that the device is to use. Before each datagram of the device
that begins with a record with a Connection ID (or before the N-th of them, from
1) the mapping is forgotten. Ends with its standard input, and then says how
often that was.
"""

import select
import socket
import sys
import threading

CID_12 = 25  # content type (RFC 9146 4)
LOOPBACK = "127.0.0.1"


def has_cid(datagram):
    """Its first record, under DTLS 1.2 or 1.3 (RFC 9147 4)."""
    return bool(datagram) and (datagram[0] == CID_12 or
                               datagram[0] & 0xf0 == 0x30)


class Nat:
    """`before` is told of each datagram of the device, before it is passed on:
    it may call rebind(). `seen`: all of them, in order."""

    def __init__(self, to, before=None):
        self.to = to
        self.before = before
        self.seen = []
        self.rebound = 0
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((LOOPBACK, 0))
        self.back = self._mapping()
        self.device = None
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _mapping(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((LOOPBACK, 0))
        s.connect(self.to)
        return s

    def rebind(self):
        # not closed sooner: it would get the same port again
        old, self.back = self.back, self._mapping()
        old.close()
        self.rebound += 1

    def address(self):
        return "{}:{}".format(*self.front.getsockname())

    def source(self):
        """What the server sees now."""
        return "{}:{}".format(*self.back.getsockname())

    def _up(self):
        datagram, self.device = self.front.recvfrom(4096)
        self.seen.append(datagram)
        if self.before:
            self.before(self, datagram)
        self.back.send(datagram)

    def _run(self):
        while self.running:
            ready, _, _ = select.select([self.front, self.back], [], [], 0.1)
            try:
                if self.back in ready and self.device:
                    self.front.sendto(self.back.recv(4096), self.device)
                if self.front in ready:
                    self._up()
            except ConnectionError:
                pass  # nobody there, or not any more

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()
        self.front.close()
        self.back.close()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    host, port = sys.argv[1].rsplit(":", 1)
    when = sys.argv[2]
    count = 0

    def before(nat, datagram):
        nonlocal count
        count += has_cid(datagram)
        if has_cid(datagram) and when in ("each", str(count)):
            nat.rebind()

    with Nat((host.strip("[]"), int(port)), before) as nat:
        print(nat.address(), flush=True)
        sys.stdin.read()
        print(f"rebound {nat.rebound}", flush=True)


if __name__ == "__main__":
    main()
