"""What a client's loader of factory images accepts and refuses, and what it
accepts and should not: `image verify` judges each, and `image build` makes none
that would be refused.

The middle column is what Anjay 3.14.0 did with such a payload; the last one is
what image verify must say.
"""
import json
import os

import cbor
from factory import EP, URI, Factory, equal, failed, story, tell
from shop import Shop, opaque

PSK = {"/0/1/0": "coaps://bs.example.com:5684", "/0/1/1": True, "/0/1/2": 0,
       "/0/1/3": b"urn:dev:os:32473-000042", "/0/1/5": bytes(range(16)),
       "/0/1/11": 10}
SERVER = {"/0/2/0": "coaps://dm.example.com:5684", "/0/2/1": False,
          "/0/2/2": 0, "/0/2/3": b"urn:dev:os:32473-000042",
          "/0/2/5": bytes(range(160, 176)), "/0/2/10": 101}
OF_IT = {"/1/1/0": 101, "/1/1/1": 86400, "/1/1/6": False, "/1/1/7": "U"}
BOTH = {**PSK, **SERVER, **OF_IT}
ACCEPT, REFUSE = "accept", "refuse"
GOOD = None
DAMAGED = "image-damaged"


def but(base, **changes):
    """The entries with some of them changed (a path is written _0_1_2), or
    taken away (None)."""
    entries = dict(base)
    for name, value in changes.items():
        path = name.replace("_", "/")
        if value is None:
            del entries[path]
        else:
            entries[path] = value
    return dict(sorted(entries.items(), key=lambda e: [
        int(part) for part in e[0][1:].split("/")]))


def second(base, **changes):
    """And a copy of /0/1 as /0/2."""
    return but({**base, **{p.replace("/0/1/", "/0/2/"): v
                           for p, v in base.items()}}, **changes)


LONG = "coaps://" + "a" * 250 + ":5684"

# (what, payload, what the loader does, the finding that there must be)
TABLE = [
    ("PSK bootstrap account alone", PSK, ACCEPT, GOOD),
    ("bootstrap and server account", BOTH, ACCEPT, GOOD),
    ("server account without /1", {**PSK, **SERVER}, ACCEPT,
     "account-no-server-object"),
    ("/1 without its account", {**PSK, **OF_IT}, ACCEPT,
     "account-no-security"),
    ("empty array", b"\x80", ACCEPT, DAMAGED),
    ("no URI", but(PSK, _0_1_0=None), REFUSE, "account-no-uri"),
    ("no bootstrap flag", but(PSK, _0_1_1=None), REFUSE,
     "account-no-bootstrap-flag"),
    ("no mode", but(PSK, _0_1_2=None), ACCEPT, "account-no-mode"),
    ("no identity", but(PSK, _0_1_3=None), REFUSE, "account-no-identity"),
    ("empty identity", but(PSK, _0_1_3=b""), REFUSE, "account-no-identity"),
    ("no key", but(PSK, _0_1_5=None), REFUSE, "account-no-key"),
    ("empty key", but(PSK, _0_1_5=b""), REFUSE, "account-no-key"),
    ("coap:// with a key", but(PSK, _0_1_0="coap://bs.example.com:5683"),
     REFUSE, "account-scheme"),
    ("coaps:// without security", but(PSK, _0_1_2=3), REFUSE,
     "account-scheme"),
    ("raw public keys", but(PSK, _0_1_2=1), REFUSE, "account-mode"),
    ("an unknown mode", but(PSK, _0_1_2=9), REFUSE, "account-mode"),
    ("two bootstrap accounts", second(PSK), REFUSE, "account-two-bootstrap"),
    ("two accounts with one SSID",
     but({**BOTH, **{p.replace("/0/2/", "/0/3/"): v
                     for p, v in SERVER.items()}}), REFUSE,
     "account-same-ssid"),
    ("SSID 0", but(BOTH, _0_2_10=0, _1_1_0=0), REFUSE, "account-range"),
    ("SSID 65535", but(BOTH, _0_2_10=65535, _1_1_0=65535), REFUSE,
     "account-range"),
    ("SSID in a bootstrap account", but(PSK, _0_1_10=7), ACCEPT,
     "account-bootstrap-ssid"),
    ("no lifetime", but(BOTH, _1_1_1=None), REFUSE, "account-no-lifetime"),
    ("unknown binding", but(BOTH, _1_1_7="XYZ"), REFUSE, "account-binding"),
    ("certificate usage 4", but(PSK, _0_1_15=4), REFUSE, "account-range"),
    ("URI of 256 bytes and more", but(PSK, _0_1_0=LONG), ACCEPT,
     "account-range"),
    ("negative hold-off", but(PSK, _0_1_11=-1), ACCEPT, "account-hold-off"),
    ("instance 65535", {p.replace("/0/1/", "/0/65535/"): v
                        for p, v in PSK.items()}, REFUSE, DAMAGED),
    ("leading zero in a path", {p.replace("/0/1/", "/0/01/"): v
                                for p, v in PSK.items()}, ACCEPT, DAMAGED),
    ("a byte behind the array", cbor.senml(PSK) + b"\0", REFUSE, DAMAGED),
    ("cut short", cbor.senml(PSK)[:-1], REFUSE, DAMAGED),
    ("LwM2M CBOR", "lwm2m-psk-bs.11544.cbor", REFUSE, DAMAGED),
    # what its writer's rules ask for
    ("indefinite array", b"\x9f" + cbor.senml(PSK)[1:] + b"\xff", REFUSE,
     DAMAGED),
    ("an unknown label", cbor.dumps([{0: "/0/1/0", 3: "coaps://a", 6: 1}]),
     REFUSE, DAMAGED),
    ("a relative name", {p[1:]: v for p, v in PSK.items()}, REFUSE, DAMAGED),
    ("boolean as number", but(PSK, _0_1_1=1), REFUSE, DAMAGED),
    ("opaque as text", but(PSK, _0_1_3="urn"), REFUSE, DAMAGED),
    ("a resource twice", [*PSK.items(), ("/0/1/2", 0)], ACCEPT, DAMAGED),
    ("an unknown resource", but(PSK, _0_1_99=b"x"), REFUSE,
     "account-unknown-resource"),
]


def put(f, name, what):
    if isinstance(what, str):
        with open(os.path.join(os.environ["VECTORS"], what), "rb") as sample:
            what = sample.read()
    if not isinstance(what, bytes):
        what = cbor.senml(what)
    with open(f.path(name), "wb", opener=lambda p, fl: os.open(
            p, fl, 0o600)) as out:
        out.write(what)


def judged(f, table, *more):
    """The table as files, and what is said of each."""
    for i, (_, what, _, _) in enumerate(table):
        put(f, f"{i}.cbor", what)
    names = [f"{i}.cbor" for i in range(len(table))]
    ran = f.run("image", "verify", "--format", "json", "--as", "senml-cbor",
                *more, *names)
    equal(ran.code, 65, ran)
    said = {name: {} for name in names}
    sums = {}
    for line in map(json.loads, ran.out.splitlines()):
        if "finding" in line:
            said[line["file"]][line["code"]] = line["finding"]
        else:
            sums[line["path"]] = line
    return said, sums


def hold(f, table, *more):
    said, sums = judged(f, table, *more)
    for i, (what, _, loader, wanted) in enumerate(table):
        codes = said[f"{i}.cbor"]
        if wanted is GOOD:
            equal((codes, loader), ({}, ACCEPT), what)
            continue
        assert wanted in codes, f"{what}: {codes}"
        # a warning for the two that harm nobody, else the image is bad
        warned = wanted in ("account-bootstrap-ssid",
                            "account-unknown-resource")
        equal(codes[wanted], "warning" if warned else "error", what)
        equal(sums[f"{i}.cbor"]["ok"], warned, what)


@story
def psk_table():
    """Accounts with keys: what loaders refuse, and what they should."""
    with Factory(token=False) as f:
        hold(f, TABLE)


@story
def certificate_table():
    """The same of accounts with certificates."""
    with Shop() as f:
        equal(f.mint("good.json").code, 0)
        good = opaque(f.read("good.json"))
        pem = f.openssl("x509", "-inform", "DER", "-in", der(f, good)).encode()
        other, sec1 = other_keys(f)
        hold(f, [
            ("a certificate, its key, the server's anchor", good, ACCEPT,
             GOOD),
            ("no key of the server", but(good, _0_1_4=None), ACCEPT,
             "account-no-server-key"),
            ("an empty one", but(good, _0_1_4=b""), ACCEPT,
             "account-no-server-key"),
            ("garbage for a certificate", but(good, _0_1_3=b"\x30\x03abc"),
             ACCEPT, "account-certificate"),
            ("PEM for DER", but(good, _0_1_3=pem), ACCEPT,
             "account-certificate"),
            ("garbage for the server's", but(good, _0_1_4=b"\x01"), ACCEPT,
             "account-certificate"),
            ("garbage for a key", but(good, _0_1_5=bytes(138)), ACCEPT,
             "account-private-key"),
            ("a key as SEC1", but(good, _0_1_5=sec1), ACCEPT,
             "account-private-key"),
            ("the key of another", but(good, _0_1_5=other), ACCEPT,
             "account-key-of-another"),
            ("no key", but(good, _0_1_5=None), REFUSE, "account-no-key"),
            ("no certificate", but(good, _0_1_3=None), REFUSE,
             "account-no-identity"),
            ("matching type 2", but(good, _0_1_13=2), REFUSE,
             "account-matching-type"),
            ("coap:// with a certificate",
             but(good, _0_1_0="coap://boot.lwm2m.example:5683"), REFUSE,
             "account-scheme"),
            ("a device's certificate as anchor",
             but(good, _0_1_4=good["/0/1/3"]), ACCEPT, "account-no-ca"),
        ])


def der(f, image):
    with open(f.path("c.der"), "wb") as out:
        out.write(image["/0/1/3"])
    return "c.der"


def other_keys(f):
    """A private key of nobody here: as PKCS#8, and as SEC1, in DER."""
    f.openssl("pkcs8", "-topk8", "-nocrypt", "-in", "raw.key", "-outform",
              "DER", "-out", "raw.p8")
    f.openssl("ec", "-in", "raw.key", "-outform", "DER", "-out", "raw.sec1")
    return f.read("raw.p8"), f.read("raw.sec1")


@story
def what_is_built():
    """Whatever image build writes for such a loader is good."""
    with Shop() as f:
        equal(f.mint("x.cbor", fmt="senml-cbor").code, 0)
        equal(f.mint("y.cbor", "--base-names", fmt="senml-cbor",
                     endpoint=EP + "2").code, 0)
        ran = f.run("image", "verify", "--strict", "--as", "senml-cbor",
                    "--policies", "policies.yaml", "--ledger", "ledger.db",
                    "--identity", "field", "--uri", URI, "x.cbor", "y.cbor")
        equal(ran.code, 0, ran)


@story
def who_has_signed():
    """A certificate hangs from a CA that is trusted, and is not revoked."""
    with Shop() as f:
        equal(f.mint("a.cbor", fmt="senml-cbor").code, 0)

        def codes(*args):
            ran = f.run("image", "verify", "--format", "json", "a.cbor",
                        *args)
            return sorted(x["code"] for x in map(
                json.loads, ran.out.splitlines())
                if x.get("finding") == "error")

        known = ["--policies", "policies.yaml"]
        equal(codes("--trust", "issuing.pem"), [])
        failed(f.run("image", "verify", "a.cbor", "--trust", "server.pem"),
               65, "server.pem", "no CA's")
        equal(codes(*known), [])
        f.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-nodes", "-keyout", "o.key",
                  "-out", "o.pem", "-subj", "/CN=Other")
        equal(codes("--trust", "o.pem"), ["image-untrusted"])
        with open(f.path("policies.yaml"), encoding="utf-8") as file:
            text = file.read()
        f.write("strange.yaml",
                text.replace("trust: issuing.pem", "trust: o.pem"))
        equal(codes("--policies", "strange.yaml"), ["image-untrusted"])
        f.write("elsewhere.yaml", text.replace(
            "server_certificate: {file: root.pem, usage: trust-anchor, sni",
            "server_certificate: {file: o.pem, usage: trust-anchor, sni"))
        equal(codes("--policies", "elsewhere.yaml"), ["image-server-key"])
        equal(codes("--ledger", "ledger.db", *known), [])
        equal(f.revoke("--serial",
                       f.rows("image_minted")[0]["serial"]).code, 0)
        equal(codes("--ledger", "ledger.db", *known), ["image-revoked"])
        equal(codes("--ledger", "ledger.db"), ["image-revoked"])


tell()
