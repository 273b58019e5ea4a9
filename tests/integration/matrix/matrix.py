"""The matrix of conversations: every case of the OMA Enabler Test Specification
that concerns a Bootstrap-Server, and what goes wrong beyond it, each over every
transport and in every Content-Format that it applies to.

A case is a policy and a function; a cell is one case over one transport in one
format, played by the virtual device against the daemon as it is. What comes of
it stands in tests/MATRIX.md.
"""

import json
import os
import re
import secrets
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "daemon"))

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, Device,
                            derive, wait_for)
from daemon_pki import PkiWorld, openssl
from tap_story import expect, expect_equal

MASTERS = {BOOTSTRAP_MASTER: bytes(range(32)),
           FLEET_MASTER: bytes(range(32, 64))}
#: of an endpoint of the matrix: case, transport, format
PREFIX = f"{DOMAIN}-M"

IDENTITIES = f"""\
identity: factory
endpoint: "{PREFIX}*"
psk: {{derive: {BOOTSTRAP_MASTER}, epoch: [1], identity: "{{endpoint}}"}}
---
identity: by-cn
endpoint: "{PREFIX}*"
certificate: {{endpoint: cn}}
---
authority: meters-ca
certificate: issuing.pem
key: "pkcs11:object=device-ca"
---
identity: lab
endpoint: "{PREFIX}*"
nosec: {{network: [127.0.0.1/32]}}
"""

#: the one server account of most cases; configuration C.1 of the ETS
SERVER = f"""\
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    lifetime: 1d
    security:
      mode: psk
      identity: "{{endpoint}}"
      key: {{derive: {FLEET_MASTER}, epoch: 1}}
"""


class Format:
    def __init__(self, mark, number, name, pct=True, packs=False):
        self.mark, self.number, self.name = mark, number, name
        self.pct = pct  # clients name it in their request
        self.packs = packs

    def options(self):
        return ["--pct", str(self.number) if self.pct else "off"]

    def behaviour(self):
        return f"only-format={self.number}"


FORMATS = [
    Format("T", 11542, "TLV"),
    Format("t", 1542, "TLV", pct=False),
    Format("O", 11543, "OMA JSON", pct=False),
    Format("J", 110, "SenML JSON", packs=True),
    Format("C", 112, "SenML CBOR", packs=True),
    Format("L", 11544, "LwM2M CBOR", packs=True),
]
#: for cases in which no payload is written
CBOR = [f for f in FORMATS if f.mark == "C"]


class Transport:
    def __init__(self, key, name, scheme, secure=None, options=()):
        self.key, self.name, self.scheme = key, name, scheme
        self.secure = secure  # None, "psk", "x509"
        self.options = list(options)

    def stream(self):
        return self.scheme.endswith("+tcp")


TRANSPORTS = [
    Transport("udp", "UDP", "coap"),
    Transport("dtls12", "DTLS 1.2 PSK", "coaps", "psk"),
    Transport("dtls13", "DTLS 1.3 PSK", "coaps", "psk", ["--dtls", "1.3"]),
    Transport("cid", "DTLS 1.2 PSK, CID", "coaps", "psk",
              ["--cid", "8", "--rebind", "each"]),
    Transport("x509", "DTLS 1.2 X.509", "coaps", "x509"),
    Transport("x13", "DTLS 1.3 X.509", "coaps", "x509", ["--dtls", "1.3"]),
    Transport("tcp", "TCP", "coap+tcp"),
    Transport("tls", "TLS PSK", "coaps+tcp", "psk"),
    Transport("tlsx", "TLS X.509", "coaps+tcp", "x509"),
]
PSK = [t for t in TRANSPORTS if t.secure == "psk"]
DATAGRAMS = [t for t in TRANSPORTS if not t.stream()]


class Case:
    def __init__(self, name, title, play, policy, formats, transports, why):
        self.name, self.title, self.play = name, title, play
        self.policy = policy
        self.formats, self.transports, self.why = formats, transports, why

    def glob(self):
        return f"{PREFIX}-{self.name}-"

    def policies(self):
        """One for clients that name their format, one for each that do not."""
        if self.policy is None:
            return
        order = 10
        for f in FORMATS:
            if not f.pct and f in self.formats:
                order += 1
                yield self._policy(order, f"*-f{f.number}", f.number)
        yield self._policy(order + 10, "*", None)

    def _policy(self, order, rest, number):
        body = self.policy
        if number:
            extra = f"formats: [{number}]"
            if "device: {" in body:
                body = body.replace("device: {", f"device: {{{extra}, ", 1)
            else:
                body += f"device: {{{extra}}}\n"
        return (f"policy: {self.name.lower()}-{number or 'any'}\n"
                f"order: {order}\n"
                f'match: {{endpoint: "{self.glob()}{rest}"}}\n{body}')


CASES = []


def case(name, title, policy=SERVER, formats=FORMATS, transports=TRANSPORTS,
         why=""):
    def keep(play):
        CASES.append(Case(name, title, play, policy, formats, transports, why))
        return play
    return keep


class Cell:
    """One case over one transport in one format."""

    def __init__(self, world, case_, transport, format_):
        self.world, self.case = world, case_
        self.transport, self.format = transport, format_
        self.endpoint = (f"{case_.glob()}{transport.key}-"
                         f"f{format_.number}")
        self.device = None

    def uri(self):
        return self.world.uri(self.transport.scheme)

    def credential(self):
        """Of its own account: resources of /0/x, with their types."""
        if self.transport.secure == "psk":
            key = derive(MASTERS[BOOTSTRAP_MASTER], 1, 0, 1, self.endpoint)
            return [(2, "integer", 0),
                    (3, "opaque", self.endpoint.encode().hex()),
                    (5, "opaque", key.hex())]
        if self.transport.secure == "x509":
            return self.world.papers_of(self.endpoint)
        return [(2, "integer", 3)]

    def server_key(self, ssid=101, epoch=1):
        return derive(MASTERS[FLEET_MASTER], 2, ssid, epoch, self.endpoint)

    def boot(self, behaviour="", options=(), instance=1, entries=(),
             endpoint=None, only_format=True, uri=None):
        names = [behaviour] if behaviour else []
        if only_format:
            names.append(self.format.behaviour())
        options = [*self.format.options(), *self.transport.options, "-v",
                   "--show-keys", *options]
        uri = uri or self.uri()
        image = self.world.image_of(self.endpoint, self.credential(), uri,
                                    instance, entries)
        device = Device(self.world, image, ",".join(names) or None, endpoint,
                        60, options)
        with self.world.guard:
            self.world.devices.append(device)
        self.device = device
        return device

    # -- what came of it ----------------------------------------------------

    def attempts(self):
        return self.world.sql("SELECT * FROM bootstraps WHERE endpoint = ? "
                              "ORDER BY rowid", self.endpoint)

    def ended(self, count=1):
        """Its attempts, when all have an outcome."""
        def look():
            found = self.attempts()
            done = [a for a in found
                    if a["outcome"] not in (None, "open")]
            return found if len(done) >= count and \
                len(done) == len(found) else None
        return wait_for(look, f"{count} endings of {self.endpoint}")

    def ended_as(self, outcome, reason="ok"):
        attempt = self.ended()[-1]
        expect_equal((attempt["outcome"], attempt["reason"]),
                     (outcome, reason), f"ending of {self.endpoint}\n"
                     f"{self.device.text() if self.device else ''}")
        return attempt

    def writes(self):
        """(path, format) of each Write that the device has seen."""
        return re.findall(r"<- PUT (\S+) (.*?) \d+ B", self.device.text())

    def commands(self):
        return re.findall(r"<- (GET|PUT|DELETE|POST) (\S+)",
                          self.device.text())

    def wrote_in_its_format(self):
        formats = {name for _, name in self.writes()}
        expect_equal(formats, {self.format.name},
                     "the format of all Writes")

    def has_its_account(self, ssid=101):
        """The device holds what the token has made for it, and still has its
        own account."""
        found = self.device.results("security")
        ours = [s for s in found if s["bootstrap"] == "true"]
        expect_equal(len(ours), 1, "Bootstrap-Server Accounts")
        server, = [s for s in found if s["ssid"] == str(ssid)]
        expect_equal(server["identity"], self.endpoint, "PSK identity")
        expect_equal(server["key"], self.server_key(ssid).hex(),
                     "the server's key")
        expect_in_servers(self.device, ssid)
        return server

    def succeeded(self):
        self.device.succeeded()
        self.has_its_account()
        self.wrote_in_its_format()
        return self.ended_as("ok")


def expect_in_servers(device, ssid):
    expect(str(ssid) in [s.get("ssid") for s in device.results("server")],
           f"no /1 instance of {ssid}:\n{device.text()}")


class Operator(ThreadingHTTPServer):
    """The HTTP interface of the LwM2M server that devices are registered at:
    it is asked to execute /1/x/9 on one of them."""

    def __init__(self):
        self.told = []
        super().__init__(("127.0.0.1", 0), Asked)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Asked(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.told.append(unquote(self.path))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status":"CHANGED(204)"}')

    def log_message(self, *_):
        pass


class MatrixWorld(PkiWorld):
    """One daemon for all of it: every transport, every policy."""

    def __init__(self, cases, transports):
        self.guard = threading.Lock()
        self.cases = cases
        self.issued = {}
        self.operator = Operator()
        super().__init__(
            {"identities.yaml": IDENTITIES}, workers=2, listen=[
                f"{scheme}://127.0.0.1:0" for scheme in
                sorted({t.scheme for t in transports})],
            known=MASTERS, limits={"session_lifetime": "20s"})
        for name in ("root.pem", "issuing.pem"):
            self.write_policy(name, (self.pki / name).read_text())
        for c in cases:
            text = "---\n".join(c.policies())
            if text:
                self.write_policy(f"{c.name}.yaml", text.replace(
                    "@PORT@", str(self.operator.server_port)))

    def ceremony(self, name, steps):
        # the masters are there: the test has chosen their bytes
        steps = steps.replace("  - master: bootstrap-2026\n", "") \
            .replace("  - master: fleet-2026\n", "")
        super().ceremony(name, steps)

    def papers(self, endpoint):
        with self.guard:
            if endpoint not in self.issued:
                self.issued[endpoint] = self.ca.device(
                    f"d{len(self.issued)}", endpoint)
            return self.issued[endpoint]

    def uri(self, scheme):
        found = re.search(rf'listening scheme={re.escape(scheme)} '
                          rf'address="?([^" ]+)', self.log())
        expect(found, f"bootstrapd listens on no {scheme}")
        return f"{scheme}://{found.group(1)}"

    def papers_of(self, endpoint):
        """Certificate, anchor and key as they stand in /0/x."""
        papers = self.papers(endpoint)
        anchor = openssl("x509", "-in", self.pki / "root.pem", "-outform",
                         "DER")
        key = openssl("pkcs8", "-topk8", "-nocrypt", "-in", papers.key,
                      "-outform", "DER")
        return [(2, "integer", 2), (3, "opaque", papers.der().hex()),
                (4, "opaque", anchor.hex()), (5, "opaque", key.hex()),
                (14, "string", self.servers[0][2]), (15, "unsigned", 2)]

    def image_of(self, endpoint, credential, uri, instance, entries):
        """As write_image, at that instance, and with more in it."""
        path = self.dir / "images" / f"{secrets.token_hex(8)}.json"
        at = f"/0/{instance}"
        own = [(f"{at}/0", "string", uri), (f"{at}/1", "boolean", True),
               *((f"{at}/{n}", kind, value) for n, kind, value in credential)]
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            json.dump({"format": "bootstrapd-image-1", "endpoint": endpoint,
                       "entries": [{"path": p, "type": t, "value": v}
                                   for p, t, v in sorted(
                                       [*own, *entries], key=by_path)]}, f)
        return path


def by_path(entry):
    return [int(n) for n in entry[0].strip("/").split("/")]


# -- playing it -------------------------------------------------------------

class Result:
    def __init__(self, cell):
        self.cell, self.error = cell, None


def play(result):
    try:
        result.cell.case.play(result.cell)
    except Exception as e:
        # whatever it was, the other cells are played
        result.error = f"{type(e).__name__}: {e}"
    finally:
        if result.cell.device:
            result.cell.device.kill()
    return result


def play_all(cases, transports, at_once=8):
    with MatrixWorld(cases, transports) as world:
        world.start()
        cells = [Cell(world, c, t, f) for c in cases
                 for t in c.transports if t in transports
                 for f in c.formats]
        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(play, [Result(c) for c in cells]))
        world.chain_holds()
    return results


# -- the table --------------------------------------------------------------

HEAD = """\
# What was played against the daemon, over what, and in which format

Made by `tests/integration/matrix/test_matrix.py --write`, and compared with
what is played in each run of the tests: a cell that fails, or one that is not
played any more, is a failure. Each case is a policy and a few lines in
`tests/integration/matrix/cases.py`; the device is the virtual one of
`lib/device`, the server is `bootstrapd` with its workers, keeper and
a token.

"""


ELSEWHERE = """
Played elsewhere, because a clock or a dying process is part of it:

- the loss of each single datagram, on a clock of the test's own:
  `tests/conversation/bootstrap/test_loss.c`;
- every reply a device can send, to every step:
  `tests/conversation/bootstrap`;
- the daemon killed and started again in mid-session:
  `tests/integration/daemon/test_killed.py`;
- registration at a real LwM2M server with what was written, and its trigger
  (int-1, int-2, int-5, int-7): `tests/interop`.
"""


def table(cases):
    lines = [HEAD]
    legend = ", ".join(f"**{f.mark}** {f.name} ({f.number})" for f in FORMATS)
    lines.append(f"Formats: {legend}.\n\n")
    lines.append("With CID the device has a new address in each datagram.\n\n")
    heads = [t.name for t in TRANSPORTS]
    lines.append("| Case | What happens | " + " | ".join(heads) + " |\n")
    lines.append("|---|---|" + "---|" * len(heads) + "\n")
    notes = []  # each once
    for c in cases:
        row = []
        for t in TRANSPORTS:
            marks = "".join(f.mark for f in c.formats) \
                if t in c.transports else "–"
            row.append(marks)
        mark = ""
        if c.why:
            if c.why not in notes:
                notes.append(c.why)
            mark = f" [{notes.index(c.why) + 1}]"
        lines.append(f"| {c.name} | {c.title}{mark} | " + " | ".join(row) +
                     " |\n")
    if notes:
        lines.append("\n")
        lines += [f"{n}. {why}\n" for n, why in enumerate(notes, 1)]
    lines.append(ELSEWHERE)
    return "".join(lines)
