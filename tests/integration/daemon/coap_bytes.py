"""CoAP messages as bytes (RFC 7252 section 3), written apart from the daemon's
own codec: what a stranger sends, and what it gets back."""

import os
import socket

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE = 1, 2, 3, 4
URI_PATH, URI_QUERY, MAX_AGE = 11, 15, 14
ETAG, CONTENT_FORMAT, ACCEPT, BLOCK2, SIZE2, ECHO = 4, 12, 17, 23, 28, 252


def _nibble(n):
    if n < 13:
        return n, b""
    if n < 269:
        return 13, bytes([n - 13])
    return 14, (n - 269).to_bytes(2, "big")


def message(code, options=(), payload=b"", kind=CON, mid=None, token=None):
    """`options`: pairs of number and bytes, ascending."""
    mid = os.urandom(2) if mid is None else mid
    token = os.urandom(8) if token is None else token
    out = bytes([1 << 6 | kind << 4 | len(token), code]) + mid + token
    last = 0
    for number, value in options:
        delta, more_delta = _nibble(number - last)
        length, more_length = _nibble(len(value))
        out += bytes([delta << 4 | length]) + more_delta + more_length + value
        last = number
    return out + (b"\xff" + payload if payload else b"")


def block(num, size, more=False):
    """The value of Block1 or Block2."""
    value = num << 4 | (8 if more else 0) | (size.bit_length() - 5)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def bootstrap_request(endpoint=None, pct=112):
    options = [(URI_PATH, b"bs")]
    if endpoint is not None:
        options.append((URI_QUERY, b"ep=" + endpoint.encode()))
    if pct is not None:
        options.append((URI_QUERY, f"pct={pct}".encode()))
    return message(POST, options)


class Answer:
    """A message, taken apart."""

    def __init__(self, datagram):
        self.kind = datagram[0] >> 4 & 3
        self.code = f"{datagram[1] >> 5}.{datagram[1] & 31:02}"
        self.mid = datagram[2:4]
        self.token = datagram[4:4 + (datagram[0] & 15)]
        self.options = []
        rest, number = datagram[4 + (datagram[0] & 15):], 0
        while rest and rest[0] != 0xff:
            delta, length, rest = rest[0] >> 4, rest[0] & 15, rest[1:]
            sizes = []
            for n in (delta, length):
                if n == 13:
                    n, rest = rest[0] + 13, rest[1:]
                elif n == 14:
                    n = int.from_bytes(rest[:2], "big") + 269
                    rest = rest[2:]
                sizes.append(n)
            number += sizes[0]
            self.options.append((number, rest[:sizes[1]]))
            rest = rest[sizes[1]:]
        self.payload = rest[1:]

    def option(self, wanted):
        """The first one's value; None: it is not there."""
        for number, value in self.options:
            if number == wanted:
                return value
        return None

    def max_age(self):
        value = self.option(MAX_AGE)
        return None if value is None else int.from_bytes(value, "big")


class Stranger:
    """A UDP socket of nobody in particular."""

    def __init__(self, address, source=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(20)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)

    def send(self, datagram):
        self.socket.send(datagram)

    def receive(self):
        return self.socket.recv(4096)

    def ask(self, datagram):
        """Send it, and again as CoAP does, until something comes."""
        for _ in range(4):
            self.send(datagram)
            self.socket.settimeout(5)
            try:
                return Answer(self.receive())
            except TimeoutError:
                continue
        raise AssertionError("no answer at all")

    def ask_new(self, datagram):
        """The same where commands of ours may come, too: its answer."""
        self.send(datagram)
        self.socket.settimeout(20)
        while True:
            answer = Answer(self.receive())
            if answer.kind == ACK and answer.mid == datagram[2:4]:
                return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
