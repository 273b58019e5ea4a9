"""What a push meets outside: LwM2M servers with an HTTP interface, good ones
and hostile ones, and devices that bootstrap when they are told to."""

import http.server
import ssl
import threading
import time
from collections import Counter

from coap_bytes import (ACK, CON, GET, POST, RST, Answer, Stranger,
                        bootstrap_request, message)

CHANGED, DELETED, CONTENT = 0x44, 0x42, 0x45
BS_PATH = 11


class Bench:
    """A device without credentials, as bytes: asks, and obeys."""

    def __init__(self, address, endpoint):
        self.address = address
        self.endpoint = endpoint

    def boot(self):
        """True: Finish was answered. One that is told to come again does."""
        for _ in range(10):
            done = self.boot_once()
            if done is not None:
                return done
            time.sleep(1)
        return False

    def boot_once(self):
        """None: not now."""
        with Stranger(self.address) as s:
            answer = s.ask(bootstrap_request(self.endpoint))
            if answer.code != "2.04":
                return None if answer.code == "5.03" else False
            s.socket.settimeout(20)
            while True:
                try:
                    datagram = s.receive()
                except TimeoutError:
                    return False
                if self.obey(s, datagram):
                    return True

    @staticmethod
    def obey(s, datagram):
        """Answer one command. True: it was Finish."""
        m = Answer(datagram)
        code = datagram[1]
        if m.kind != CON:
            return False
        if code == 0:
            s.send(bytes([1 << 6 | RST << 4, 0]) + m.mid)
            return False
        reply, payload, options = CHANGED, b"", ()
        if code == GET:
            reply, options = CONTENT, ((12, b"\x28"),)
            payload = b"</>;lwm2m=1.0,</0/1>,</1>,</3/0>"
        elif code == 4:
            reply = DELETED
        s.send(message(reply, options, payload, kind=ACK, mid=m.mid,
                       token=m.token))
        path = [v for n, v in m.options if n == BS_PATH]
        return code == POST and path == [b"bs"]


class Lwm2mServer:
    """Counts who was triggered, and how; each then does what `act` says of it:
    a status, or a function that is given the handler."""

    def __init__(self, act=lambda endpoint: 204, on_trigger=None, tls=None):
        self.hits = Counter()
        self.seen = []  # (method, raw path, headers, body)
        self.act, self.on_trigger = act, on_trigger
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_one(self):
                body = self.rfile.read(
                    int(self.headers.get("Content-Length") or 0))
                outer.take(self, body)
                self.close_connection = True

            do_POST = do_PUT = do_GET = handle_one

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        # who hangs up on a server that talks too much does right
        self.http.handle_error = lambda *_: None
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket,
                                               server_side=True)
        self.thread = threading.Thread(target=self.http.serve_forever,
                                       daemon=True)
        self.scheme = "https" if tls else "http"

    def url(self, path="/api/clients/{endpoint}/1/0/9"):
        return f"{self.scheme}://127.0.0.1:{self.http.server_address[1]}{path}"

    def take(self, handler, body):
        from urllib.parse import unquote
        self.seen.append((handler.command, handler.path,
                          dict(handler.headers), body))
        parts = handler.path.split("/")
        endpoint = unquote(parts[3]) if len(parts) > 3 else ""
        self.hits[endpoint] += 1
        answer = self.act(endpoint)
        if callable(answer):
            answer(handler)
            return
        handler.send_response(answer)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        if self.on_trigger and 200 <= answer < 300:
            threading.Thread(target=self.on_trigger, args=(endpoint,),
                             daemon=True).start()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


# what a server may do instead of answering as it should

def redirects(where):
    def act(handler):
        handler.send_response(307)
        handler.send_header("Location", where)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return act


def says_nothing(handler):
    del handler
    time.sleep(60)


def says_ten_megabytes(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(10 << 20))
    handler.end_headers()
    for _ in range(160):
        handler.wfile.write(b"x" * 65536)


def drips(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(1)


def garbage(handler):
    handler.wfile.write(b"\x00\xff\x1b[2Jnot at all HTTP\r\n\r\n")


def continues(handler):
    handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 3)


def endless_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(40000):
        handler.wfile.write(b"X-%d: %s\r\n" % (n, b"y" * 100))


def hangs_up(handler):
    handler.connection.close()
