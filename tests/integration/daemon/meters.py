"""Devices by the hundred: NoSec clients of one socket each, no processes. They
take every command but those whose path they refuse, and say how it ended."""

import concurrent.futures
import hashlib
import socket

from coap_bytes import (ACK, CON, DELETE, GET, POST, PUT, RST, URI_PATH, Answer,
                        bootstrap_request, message)

MOST_AT_ONCE = 12
SILENCE_S = 15


def place(rollout, endpoint):
    """As rollout.h says it, made here."""
    digest = hashlib.sha256(b"rollout" + bytes.fromhex(rollout) +
                            endpoint.encode()).digest()
    return int.from_bytes(digest[:8], "big")


def in_share(rollout, endpoint, percent):
    return place(rollout, endpoint) < 2 ** 64 * percent // 100


def path_of(answer):
    return "/" + "/".join(v.decode() for n, v in answer.options
                          if n == URI_PATH)


class Meter:
    def __init__(self, endpoint, refuses=()):
        self.endpoint = endpoint
        self.refuses = refuses  # begins of paths that it does not know
        self.written = []
        self.finished = False
        self.code = None  # of its request

    def _react(self, answer, command, path):
        """The code of the answer to one command."""
        if any(path.startswith(r) for r in self.refuses):
            return 0x84  # 4.04
        if command == POST and path == "/bs":
            self.finished = True
        if command == PUT:
            self.written.append((path, answer.payload))
        return {GET: 0x84, PUT: 0x44, POST: 0x44, DELETE: 0x42}[command]

    def bootstrap(self, address):
        """True: it was bootstrapped."""
        self.written, self.finished, self.code = [], False, None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(address)
            s.settimeout(SILENCE_S)
            request = bootstrap_request(self.endpoint)
            s.send(request)
            while not self.finished:
                try:
                    datagram = s.recv(4096)
                except TimeoutError:
                    return False
                answer, code = Answer(datagram), datagram[1]
                if answer.kind == ACK:
                    self.code = answer.code
                    if self.code != "2.04":
                        return False
                elif answer.kind == CON and 1 <= code <= 7:
                    said = self._react(answer, code, path_of(answer))
                    s.send(message(said, kind=ACK, mid=answer.mid,
                                   token=answer.token))
                    if said >= 0x80 and code == PUT:
                        return False
                elif answer.kind == RST:
                    return False
        return True

    def wrote(self, path):
        return any(p.startswith(path) for p, _ in self.written)

    def holds(self, what):
        """Was that text written to it anywhere?"""
        return any(what.encode() in payload for _, payload in self.written)


def bootstrap_all(meters, address):
    """As many at a time as a machine bears; how many were bootstrapped."""
    with concurrent.futures.ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return sum(pool.map(lambda m: m.bootstrap(address), meters))
