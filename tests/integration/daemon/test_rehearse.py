"""A device boots from the bytes of a finished image before any is flashed: the
good ones do, and of the others each is told by its fault."""

import json
import socket
import time

import faulty_images as faulty
from daemon_fixture import DOMAIN
from daemon_pki import FROM, PAST, openssl
from rehearsing import EP, FACTORY, Line
from tap_story import expect, expect_equal, expect_in, story, tell

OTHER, REVOKED = f"{DOMAIN}-WM200-000043", f"{DOMAIN}-WM200-000044"
FUTURE, END = "20480101000000Z", "20490101000000Z"


def codes(result):
    return {f["code"] for f in result["findings"] if f["level"] == "error"}


#: Each: how the image is made, the code of the finding, what the staging
#: daemon's ledger calls it ("" where it does not come to that).
def seeded(line):
    good = line.model()
    other = line.model(OTHER)
    revoked = line.model(REVOKED)
    line.tool("pki", "revoke", "--endpoint", REVOKED, "--reason",
              "keyCompromise", "--ledger", line.ledger)
    papers, stranger = line.papers("WM300-1"), line.papers("WM300-2")
    server = openssl("x509", "-in", line.pki / "server.pem", "-outform",
                     "DER")
    foreign = openssl("x509", "-in", line.other_ca.pem, "-outform", "DER")
    pem = (line.ca.dir / "WM300-1.pem").read_bytes()
    key_pem = openssl("pkey", "-in", line.ca.dir / "WM300-1.key")
    return {
        # what is in the key
        "key-turned": (faulty.turned(good), "wrong-key", "reversed"),
        "key-hex": (faulty.hex_ascii(good), "wrong-key", "hex-ascii"),
        "key-base64": (faulty.base64_ascii(good), "wrong-key",
                       "base64-ascii"),
        "key-of-another": (good.with_value(5, other.key()), "wrong-key",
                           "unknown"),
        "key-cut": (good.with_value(5, good.key()[:16]), "wrong-key",
                    "cut-16"),
        "epoch-gone": (line.model(epoch=1, recorded=False), "wrong-key", "other-epoch"),
        "epoch-revoked": (revoked, "revoked", "revoked"),
        # who it says it is
        "identity-cut": (good.with_value(3, good.key(3)[:-2])
                         .encoded("senml-cbor"), "wrong-key", "unknown"),
        "identity-newline": (good.with_value(3, good.key(3) + b"\n")
                             .encoded("senml-cbor"), "identity-control", ""),
        "identity-nul": (good.with_value(3, good.key(3) + b"\0")
                         .encoded("senml-cbor"), "identity-control", ""),
        "endpoint-other": (good.with_endpoint(OTHER), "request-refused",
                           "endpoint-mismatch"),
        "endpoint-stranger": (good.with_value(3, b"urn:dev:ops:00ABCD-1")
                              .encoded("senml-cbor"), "identity-unknown", ""),
        # certificates
        "pem-key": (papers.with_value(5, key_pem), "account-private-key", ""),
        "pem-certificate": (papers.with_value(3, pem), "account-certificate",
                            ""),
        "certificate-of-another": (papers.with_value(3, stranger.key(3)),
                                   "account-key-of-another", ""),
        "certificate-old": (line.papers("OLD", start=FROM, end=PAST),
                            "certificate-expired", "certificate-expired"),
        "certificate-new": (line.papers("NEW", start=FUTURE, end=END),
                            "certificate-not-yet-valid",
                            "certificate-expired"),
        "ca-other": (line.papers("FOREIGN", by=line.other_ca),
                     "certificate-untrusted", "certificate-untrusted"),
        "server-other": (papers.with_value(4, stranger.key(3))
                         .with_value(15, 3, "unsigned"), "server-other", ""),
        "server-ca-other": (papers.with_value(4, foreign),
                            "server-untrusted", ""),
        "server-name": (papers.with_value(
            0, "coaps://boat.lwm2m.example:5684", "string"), "server-name",
            ""),
        "server-none": (papers.with_value(4, None), "account-no-server-key",
                        ""),
        # the account
        "scheme": (good.with_value(0, "coap://boot.lwm2m.example:5684",
                                   "string"), "account-scheme", ""),
        "not-bootstrap": (good.with_value(1, False, "boolean"),
                          "no-bootstrap-account", ""),
        "two-bootstrap": (faulty.bootstrap_twice(good),
                          "account-two-bootstrap", ""),
        # bytes
        "short-partition": (faulty.flashed_short(good, 8192),
                            "image-unknown", ""),
        "shorter-partition": (faulty.flashed_short(good, 6000),
                              "image-unknown", ""),
        "short-raw": (good.encoded("raw")[:2048], "image-unreadable", ""),
        "short-cbor": (good.encoded("senml-cbor")[:-1], "image-unreadable",
                       ""),
        "turned-number": (faulty.card_hold_off(good), "number-turned", ""),
        "version": (faulty.raw_version(good), "image-unreadable", ""),
        "crc-of-wrong": (faulty.raw_wrong_content(good), "wrong-key",
                         "unknown"),
        # and some without
        "good-psk": (good, None, ""),
        "good-raw": (good.encoded("raw"), None, ""),
        "good-nvs": (good.encoded("esp-nvs"), None, ""),
        "good-certificate": (papers, None, ""),
        "good-pinned": (papers.with_value(4, server)
                        .with_value(15, 3, "unsigned"), None, ""),
        "good-nosec": (good.with_value(3, None).with_value(5, None)
                       .with_value(2, 3, "integer").with_value(
                           0, "coap://boot.lwm2m.example:5683", "string"),
                       None, ""),
        "good-tls": (good.with_value(
            0, "coaps+tcp://boot.lwm2m.example:5684", "string"), None, ""),
    }


@story("thirty seeded faults are each told by their code, and the good ones boot")
def faults():
    with Line() as line:
        cases = seeded(line)
        # from here on the keys of epoch 1 are accepted no more
        line.write_policy("identity.yaml", FACTORY % "2, 3")
        before = line.sql("SELECT count(*) AS n FROM events")
        found, err = line.staged(faulty.write(line.dir / "batch", {
            name: image for name, (image, _, _) in cases.items()}), code=65)
        expect_equal(set(found), set(cases), "images told of")
        wrong = {}
        for name, (_, code, word) in cases.items():
            r = found[name]
            if code is None:
                if not r["ok"] or r["servers"] < 1 or r["datagrams"] < 4:
                    wrong[name] = r
                continue
            about = [f for f in r["findings"] if f["code"] == code]
            if r["ok"] or not about or (word and word not in
                                        about[0]["server"]):
                wrong[name] = r
            elif code.startswith(("image", "account")):
                continue
            elif not about[0]["remedy"]:
                wrong[name] = r
        expect(not wrong, json.dumps(wrong, indent=1))
        # both clocks, and what a cut name hides
        expect_in("2048-01-01", found["certificate-new"]["findings"][-1]
                  ["text"], "its clock")
        expect_in(time.strftime("%Y-%m-%d", time.gmtime()),
                  found["certificate-new"]["findings"][-1]["text"],
                  "the clock here")
        expect_in("no image for this endpoint",
                  found["identity-cut"]["findings"][-1]["text"],
                  "a name that is not whole")
        # no key is in anything that was said
        said = json.dumps(found) + err
        for name, (image, _, _) in cases.items():
            if isinstance(image, faulty.Model) and name != "good-nosec" \
                    and not name.startswith("pem"):
                expect(image.get(5) not in said, f"the key of {name}")
        # and the true ledger knows of nothing
        expect_equal(line.sql("SELECT count(*) AS n FROM events"), before,
                     "rows of the true ledger")


@story("a daemon that runs: the URI in the image, and another one instead")
def against():
    with Line() as line:
        line.start()
        image = line.mint(EP, form="senml-cbor")
        out, _ = line.rehearse(image)
        expect_in(": ok, ", out, "its word")
        expect_in(" datagrams, ", out, "its word")
        expect_equal(line.settled(EP)[0]["outcome"], "ok", "in the ledger")
        away = line.model(recorded=False)
        path = line.dir / "images/away.json"
        path.write_bytes(away.json())
        line.rehearse(path, "--against", line.coaps())
        out, _ = line.rehearse(path, "--against", line.coaps().replace(
            "coaps:", "coap:"), code=65)
        expect_in("[scheme-other]", out, "another scheme")
        # a port where nobody is: of the image's own URI, or of --against
        path.write_bytes(away.with_value(
            0, "coaps://127.0.0.1:9", "string").json())
        out, _ = line.rehearse(path, code=65)
        expect_in("[unreachable]", out, "a wrong port")
        out, err = line.rehearse(path, "--against", "coaps://127.0.0.1:9",
                                 code=69)
        expect_in("the server is away", err, "a server that is away")
        path.write_bytes(away.with_value(
            0, "coaps://nowhere.invalid:5684", "string").json())
        out, _ = line.rehearse(path, code=65)
        expect_in("[host-unknown]", out, "a wrong host")
        # somebody is there and says nothing
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            uri = f"coaps://127.0.0.1:{silent.getsockname()[1]}"
            path.write_bytes(away.with_value(0, uri, "string").json())
            out, _ = line.rehearse(path, "--wait", "1s", code=65)
        expect_in("[no-answer]", out, "silence")
        line.stop()


@story("a port that the configuration does not listen at is warned of")
def port():
    with Line(listen=("coaps://127.0.0.1:45684",)) as line:
        good = line.model()
        found, _ = line.staged(faulty.write(line.dir / "batch", {
            "elsewhere": good,
            "there": good.with_value(
                0, "coaps://boot.lwm2m.example:45684", "string")}))
        expect_equal({n: [f["code"] for f in r["findings"]]
                      for n, r in found.items()},
                     {"elsewhere": ["uri-port"], "there": []}, "findings")
        expect(all(r["ok"] for r in found.values()), "both boot")


@story("credentials alone, as a modem has them, go where the firmware goes")
def modem():
    with Line() as line:
        line.start()
        path = line.dir / "images/modem.at"
        path.write_bytes(line.model().encoded("nrf91-at"))
        out, _ = line.rehearse(path, code=65)
        expect_in("[no-uri]", out, "without an address")
        out, _ = line.rehearse(path, "--against", line.coaps())
        expect_in(": ok, ", out, "with one")
        found, _ = line.staged(path)
        expect(found["modem.at"]["ok"], "with that of a staging daemon")
        line.stop()


@story("a partition that is smaller than the image")
def partition():
    with Line() as line:
        path = line.dir / "images/nvs.bin"
        path.write_bytes(line.model().encoded("esp-nvs"))
        line.staged(path, "--partition", "12KiB")
        found, _ = line.staged(path, "--partition", "8KiB", code=65)
        expect_equal(codes(found["nvs.bin"]), {"image-too-large"}, "codes")
        out, _ = line.rehearse("/dev/null", code=65)
        expect_in("error", out, "what is no image")


if __name__ == "__main__":
    tell()
