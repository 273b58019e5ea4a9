"""CoAP over streams as bytes (RFC 8323), written apart from the daemon's own
codec: a device on a TCP or TLS connection that says just what a test wants."""

import os
import socket
import time

from coap_bytes import GET, POST, PUT, DELETE, URI_PATH, URI_QUERY, _nibble

CSM, PING, PONG, RELEASE, ABORT = "7.01", "7.02", "7.03", "7.04", "7.05"
EMPTY_CSM = b"\x00\xe1"
CHANGED, DELETED, CONTENT = 0x44, 0x42, 0x45


def frame(code, options=(), payload=b"", token=b""):
    """`options`: pairs of number and bytes, ascending."""
    body, last = b"", 0
    for number, value in options:
        delta, more_delta = _nibble(number - last)
        length, more_length = _nibble(len(value))
        body += bytes([delta << 4 | length]) + more_delta + more_length + value
        last = number
    if payload:
        body += b"\xff" + payload
    if len(body) < 13:
        nibble, more = len(body), b""
    elif len(body) < 269:
        nibble, more = 13, bytes([len(body) - 13])
    elif len(body) < 65805:
        nibble, more = 14, (len(body) - 269).to_bytes(2, "big")
    else:
        nibble, more = 15, (len(body) - 65805).to_bytes(4, "big")
    return bytes([nibble << 4 | len(token)]) + more + bytes([code]) + token + \
        body


def bootstrap_request(endpoint=None, pct=112, token=None):
    options = [(URI_PATH, b"bs")]
    if endpoint is not None:
        options.append((URI_QUERY, b"ep=" + endpoint.encode()))
    if pct is not None:
        options.append((URI_QUERY, f"pct={pct}".encode()))
    return frame(POST, options, token=os.urandom(8) if token is None else token)


class Message:
    def __init__(self, code, token, body):
        self.number = code
        self.code = f"{code >> 5}.{code & 31:02}"
        self.token = token
        self.options = []
        number = 0
        while body and body[0] != 0xff:
            delta, length, body = body[0] >> 4, body[0] & 15, body[1:]
            sizes = []
            for n in (delta, length):
                if n == 13:
                    n, body = body[0] + 13, body[1:]
                elif n == 14:
                    n, body = int.from_bytes(body[:2], "big") + 269, body[2:]
                sizes.append(n)
            number += sizes[0]
            self.options.append((number, body[:sizes[1]]))
            body = body[sizes[1]:]
        self.payload = body[1:]

    def option(self, wanted):
        return next((v for n, v in self.options if n == wanted), None)

    def path(self):
        return "/" + "/".join(v.decode() for n, v in self.options
                              if n == URI_PATH)

    def is_finish(self):
        return self.number == POST and self.path() == "/bs"


class Gone(Exception):
    """The server has ended the connection."""


class Stream:
    """A connection; `tls`: a function that wraps the socket."""

    def __init__(self, address, tls=None, source=None, csm=EMPTY_CSM):
        self.socket = socket.create_connection(
            address, timeout=20,
            source_address=(source, 0) if source else None)
        if tls:
            self.socket = tls(self.socket)
        self.pending = b""
        if csm:
            self.send(csm)

    def send(self, data):
        self.socket.sendall(data)

    def _take(self, count):
        while len(self.pending) < count:
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                raise Gone()
            self.pending += more
        out, self.pending = self.pending[:count], self.pending[count:]
        return out

    def receive(self):
        head = self._take(1)[0]
        length, token_len = head >> 4, head & 15
        if length == 13:
            length = self._take(1)[0] + 13
        elif length == 14:
            length = int.from_bytes(self._take(2), "big") + 269
        elif length == 15:
            length = int.from_bytes(self._take(4), "big") + 65805
        code = self._take(1)[0]
        return Message(code, self._take(token_len), self._take(length))

    def next(self):
        """The next message that is no signal but an end."""
        while True:
            m = self.receive()
            if m.code == PING:
                self.send(frame(0xe3, token=m.token))
            elif m.code not in (CSM, PONG):
                return m

    def obey(self, m):
        """What a device does that takes everything."""
        done = {PUT: CHANGED, DELETE: DELETED, POST: CHANGED}
        if m.number == GET:
            links = b"lwm2m=\"1.1\",</0/0>,</1>,</3/0>"
            self.send(frame(CONTENT, [(12, b"\x28")], links, token=m.token))
        else:
            self.send(frame(done[m.number], token=m.token))

    def bootstrap(self, endpoint, until=lambda m: False):
        """Ask, and obey until Finish was answered, or `until` holds of a
        message, which is not answered. Returns what was received."""
        self.send(bootstrap_request(endpoint))
        seen = []
        while True:
            m = self.next()
            seen.append(m)
            if until(m):
                return seen
            if m.number not in (GET, POST, PUT, DELETE):
                if m.code != "2.04":
                    return seen
                continue
            self.obey(m)
            if m.is_finish():
                return seen

    def ended(self, within_s=20):
        """All that still comes, until the server ends the connection."""
        end, seen = time.monotonic() + within_s, []
        while time.monotonic() < end:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                seen.append(self.receive())
            except Gone:
                return seen
            except TimeoutError:
                break
        raise AssertionError("the server has not ended the connection")

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
