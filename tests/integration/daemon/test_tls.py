"""CoAP over TLS (RFC 8323): keys, certificates and raw keys, by our device and
by OpenSSL, and what is said to whom we do not know."""

import contextlib
import hashlib
import json
import os
import socket
import ssl
import subprocess

from coap_stream import CSM, Stream
from daemon_fixture import DOMAIN, World, program
from daemon_pki import BY_CN, POLICY_ANY, PkiWorld, make_key, spki_of
from tap_story import Skip, expect, expect_equal, skip, story, tell

TLS = ("coaps+tcp://127.0.0.1:0",)
EP = f"{DOMAIN}-WM200-1"
VERSIONS = ("1.2", "1.3")


def uri(w):
    return "coaps+tcp://%s:%d" % w.address("coaps+tcp")


class OpenSSL:
    """s_client: bytes in, bytes out, and what it thinks of the handshake."""

    def __init__(self, address, *argv):
        try:
            self.process = subprocess.Popen(
                ["openssl", "s_client", "-connect", "%s:%d" % address, *argv],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
        except FileNotFoundError:
            skip("no openssl")

    def say(self, data, until=None):
        """Say it, and hear what it prints until `until` stands there, or it
        ends by itself."""
        out = b""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(data)
            self.process.stdin.flush()
        while until is None or until not in out:
            more = os.read(self.process.stdout.fileno(), 4096)
            if not more:
                break
            out += more
        self.process.kill()
        self.process.communicate()
        return out

    def alert(self, data=b""):
        """The number of the alert that it was told, and ended with."""
        out = self.say(data).decode(errors="replace")
        found = [int(line.rsplit(" ", 1)[1]) for line in out.splitlines()
                 if "SSL alert number" in line]
        return found[0] if found else None


def key_of(image):
    entries = json.loads(image.read_text())["entries"]
    return next(e["value"] for e in entries if e["path"].endswith("/5"))


@story("a device with a pre-shared key, under TLS 1.2 and 1.3")
def pre_shared_key():
    for version in VERSIONS:
        with World(listen=TLS) as w:
            w.start()
            image = w.mint(EP, uri=uri(w))
            device = w.boot(image, options=("-v", "--dtls", version))
            device.succeeded()
            expect(f"TLS {version}" in device.text(), "the version")
            attempt, = w.settled()
            expect_equal((attempt["outcome"], attempt["kind"],
                          attempt["transport"], attempt["credential"]),
                         ("ok", "psk", "coaps+tcp", EP), "the ledger")


BY_RAW_KEY = f"""\
identity: by-raw-key
endpoint: "{DOMAIN}-*"
rpk: {{table: raw-keys.csv}}
"""


@story("devices with a certificate and a raw key, under TLS 1.2 and 1.3")
def certificates():
    policies = {"identity.yaml": BY_CN + "---\n" + BY_RAW_KEY,
                "policy.yaml": POLICY_ANY}
    with PkiWorld(policies, listen=TLS) as w:
        key = w.pki / "raw.key"
        make_key(key)
        digest = hashlib.sha256(spki_of(key)).hexdigest()
        w.write_policy("raw-keys.csv",
                       f"sha256,endpoint\n{digest},{DOMAIN}-raw\n")
        w.start()
        for n, version in enumerate(VERSIONS):
            papers = w.device(f"dev{n}", f"{DOMAIN}-{n}")
            argv = ["--uri", uri(w), "--dtls", version, "-v"]
            device = w._come(
                [*argv, "--ca", w.pki / "root.pem", "--certificate",
                 papers.pem, "--key", papers.key, "--sni",
                 w.servers[0][2]], (), None, 60).succeeded()
            expect(f"TLS {version}" in device.text(), "the version")
            w._come([*argv, "--ca", w.pki / "server.pem", "--raw-key",
                     "--key", key], (), f"{DOMAIN}-raw", 60).succeeded()
        attempts = w.settled()
        expect_equal([a["kind"] for a in attempts],
                     ["certificate", "rpk"] * 2, "the ledger")
        expect_equal({(a["transport"], a["outcome"]) for a in attempts},
                     {("coaps+tcp", "ok")}, "transport and outcome")


@story("a stranger's certificate: one alert, whatever is wrong with it")
def strangers():
    with PkiWorld(listen=TLS) as w:
        bad = {
            "stranger": w.other_ca.device("stranger", f"{DOMAIN}-1"),
            "expired": w.device("expired", f"{DOMAIN}-1",
                                end="20210101000000Z"),
        }
        w.start()
        for version in ("-tls1_2", "-tls1_3"):
            for name, papers in bad.items():
                client = OpenSSL(w.address("coaps+tcp"), version,
                                 "-cert", str(papers.pem),
                                 "-key", str(papers.key), "-quiet")
                expect_equal(client.alert(b"\x00\xe1"), 42,
                             f"{version} {name}: the alert")
            # somebody else's certificate, and a key of one's own
            reasons = {r["data"]["reason"]
                       for r in w.refused_handshakes(2)}
            expect_equal(reasons, {"certificate-untrusted",
                                   "certificate-expired"}, "what is known")
        expect_equal(w.attempts(), [], "no bootstrap")


@story("OpenSSL with a key: TLS 1.2 and 1.3; wrong key and unknown name alike")
def openssl_psk():
    with World(listen=TLS) as w:
        w.start()
        image = w.mint(EP, uri=uri(w))
        key, at = key_of(image), w.address("coaps+tcp")
        for version, suite in (("-tls1_2", "PSK-AES128-CCM8:@SECLEVEL=0"),
                               ("-tls1_2", "PSK-AES128-GCM-SHA256"),
                               ("-tls1_2", "PSK-AES128-CBC-SHA256"),
                               ("-tls1_3", None)):
            cipher = ["-cipher", suite] if suite else []
            client = OpenSSL(at, version, *cipher, "-psk_identity", EP,
                             "-psk", key, "-quiet")
            csm = b"\x40\xe1\x22\x40\x00\x20"
            said = client.say(b"\x00\xe1", until=csm)
            expect(csm in said, f"{version} {suite}: CSM in {said!r}")
        alerts = {}
        for version in ("-tls1_2", "-tls1_3"):
            for who, psk in ((EP, "00" * 16), ("nobody", key)):
                client = OpenSSL(at, version, "-psk_identity", who, "-psk",
                                 psk, "-quiet")
                alerts[version, who] = client.alert()
        expect_equal(alerts, {("-tls1_2", EP): 51, ("-tls1_2", "nobody"): 51,
                              ("-tls1_3", EP): 47, ("-tls1_3", "nobody"): 47},
                     "alerts")


@story("ALPN: coap is agreed on, none is served, others are refused")
def protocols():
    with World(listen=TLS) as w:
        w.start()
        if not b"ALPN" in subprocess.run([program("BOOTSTRAPD"), "--version"],
                                         capture_output=True).stdout:
            raise Skip("a wolfSSL without ALPN")
        image = w.mint(EP, uri=uri(w))
        key, at = key_of(image), w.address("coaps+tcp")
        psk = ("-psk_identity", EP, "-psk", key)
        for version in ("-tls1_2", "-tls1_3"):
            for argv, result in ((("-alpn", "coap"), b"ALPN protocol: coap"),
                                 ((), b"No ALPN negotiated")):
                said = OpenSSL(at, version, *psk, *argv).say(b"", result)
                expect(result in said, f"{version}: {said!r}")
            alert = OpenSSL(at, version, *psk, "-alpn", "h2").alert()
            expect_equal(alert, 120, f"{version}: the alert")


@story("nothing is resumed, and no ticket is given")
def no_resumption():
    with PkiWorld(listen=TLS) as w:
        papers = w.device("dev", f"{DOMAIN}-1")
        w.start()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(w.pki / "root.pem")
        context.load_cert_chain(papers.pem, papers.key)
        session = None
        for _ in range(2):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                context.maximum_version = version
                with Stream(w.address("coaps+tcp"),
                            tls=lambda s: context.wrap_socket(
                                s, server_hostname=w.servers[0][2],
                                session=session)) as device:
                    expect_equal(device.receive().code, CSM, "CSM")
                    expect(not device.socket.session_reused, "not resumed")
                    got = device.socket.session
                    expect(got is None or not got.has_ticket, "no ticket")
                    seen = device.bootstrap(f"{DOMAIN}-1")
                    expect(seen[-1].is_finish(), "it ends with Finish")
        expect_equal({a["outcome"] for a in w.settled()}, {"ok"}, "outcomes")


@story("bytes that are no TLS are told so, and the connection ends")
def no_tls():
    with World(listen=TLS) as w:
        w.start()
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x00\xe1", b"\x16\x03",
                        b"\x16\x03\x01\xff\xff" + b"\0" * 64,
                        b"\x16\x03\x01\x00\x05\x02\0\0\x01\0",
                        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff"):
            with socket.create_connection(w.address("coaps+tcp")) as s:
                s.settimeout(20)
                s.sendall(garbage)
                s.shutdown(socket.SHUT_WR)
                said = b""
                while more := s.recv(4096):
                    said += more
                expect(len(said) in (0, 7), f"{garbage!r}: {said!r}")
        # and the next one is served
        w.boot(w.mint(EP, uri=uri(w))).succeeded()


tell()
