"""A policy gives each device a certificate and its key: made in the keeper,
told to the device, and nowhere else."""

import base64
import json

from daemon_fixture import DOMAIN, IDENTITY, wait_for
from daemon_pki import PkiWorld, openssl
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"

POLICY = """\
authority: meters-ca
certificate: issuing.pem
key: "pkcs11:object=device-ca"
---
policy: certified
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
      mode: certificate
      issue: {ca: meters-ca, validity: 2y}
      server_certificate: {file: root.pem, usage: trust-anchor,
                           sni: eu1.lwm2m.example}
  - name: eu-2
    short_server_id: 102
    uri: coaps://eu2.lwm2m.example:5684
    security:
      mode: rpk
      server_key: {file: server.pem}
"""

#: where keys are at home: the token's store (encrypted), the PIN, OpenSSL's
#: CAs and what the device itself wrote down
AT_HOME = ("tokens", "pin", "pki", "accounts.json")


class CertifyingWorld(PkiWorld):
    def __init__(self, **kwargs):
        super().__init__({"identity.yaml": IDENTITY}, **kwargs)
        for name in ("root.pem", "issuing.pem", "server.pem"):
            self.write_policy(name, (self.pki / name).read_text())
        self.write_policy("policy.yaml", POLICY)

    def accounts(self, image, *options):
        """What a device holds in the end, by path."""
        path = self.dir / "accounts.json"
        path.unlink(missing_ok=True)
        self.boot(image, options=["--accounts", str(path), *options]
                  ).succeeded()
        found = {}
        for entry in json.loads(path.read_text())["entries"]:
            value = entry["value"]
            found[entry["path"]] = bytes.fromhex(value) \
                if entry["type"] == "opaque" else value
        return found


def account_of(found, uri):
    """The /0/x whose Server URI that is."""
    base, = [path.rsplit("/", 1)[0] for path, value in found.items()
             if path.endswith("/0") and value == uri]
    return {int(path.rsplit("/", 1)[1]): value
            for path, value in found.items()
            if path.startswith(base + "/")}


def public_of(key):
    return openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                   stdin=key)


def scalar_of(key):
    text = openssl("pkey", "-inform", "DER", "-noout", "-text",
                   stdin=key).decode()
    digits = "".join(text.split("priv:")[1].split("pub:")[0].split())
    return bytes.fromhex(digits.replace(":", ""))[-32:]


def forms(key):
    """A private key however it could stand somewhere."""
    for secret in (key, scalar_of(key)):
        yield secret
        yield secret.hex().encode()
        yield secret.hex().upper().encode()
        yield base64.b64encode(secret)[:-4]
        yield base64.urlsafe_b64encode(secret)[:-4]
    # as PEM breaks it
    yield base64.b64encode(key)[64:128]


def stands_nowhere(world, keys):
    looked_at = set()
    for path in world.dir.rglob("*"):
        place = path.relative_to(world.dir)
        if not path.is_file() or place.parts[0] in AT_HOME:
            continue
        data = path.read_bytes()
        looked_at.add(str(place))
        expect(b"PRIVATE KEY-----" not in data, f"a private key in {place}")
        for key in keys:
            expect(not any(form in data for form in forms(key)),
                   f"the key of a device in {place}")
    for place in ("log", "state/ledger.db", "state/ledger.db-wal"):
        expect(place in looked_at, f"{place} was not looked at")


@story("a certificate that openssl verifies, its key, and a key of the raw kind")
def certified():
    with CertifyingWorld() as world:
        world.start()
        found = world.accounts(world.mint(EP))
        given = account_of(found, "coaps://eu1.lwm2m.example:5684")
        expect_equal(given[2], 2, "Security Mode")
        pem = world.dir / "given.pem"
        pem.write_bytes(openssl("x509", "-inform", "DER", stdin=given[3]))
        openssl("verify", "-CAfile", world.pki / "root.pem", "-untrusted",
                world.pki / "issuing.pem", "-purpose", "sslclient",
                pem)
        expect_equal(public_of(given[5]), openssl(
            "pkey", "-pubin", "-outform", "DER",
            stdin=openssl("x509", "-in", pem, "-pubkey", "-noout")),
            "the key of the certificate")
        expect(len(given[3]) < 420, f"{len(given[3])} bytes of certificate")
        raw = account_of(found, "coaps://eu2.lwm2m.example:5684")
        expect_equal(raw[2], 1, "Security Mode")
        expect_equal(public_of(raw[5]), raw[3], "the raw public key")
        # what the ledger has of it is public
        serial = openssl("x509", "-in", pem, "-noout",
                         "-serial").decode().strip().split("=")[1].lower()
        issued = {r["data"]["short_server_id"]: r["data"]
                  for r in world.rows("credential_issued", EP)}
        expect_equal(issued[101]["kind"], "certificate", "kind")
        expect_equal(issued[101]["serial"].lstrip("0"), serial.lstrip("0"),
                     "serial number")
        expect_equal(issued[102]["kind"], "rpk", "kind")
        world.settled()
        stands_nowhere(world, [given[5], raw[5]])
        world.stop().chain_holds()


@story("another bootstrap, another certificate")
def each_time():
    with CertifyingWorld() as world:
        world.start()
        image = world.mint(EP)
        keys = []
        for _ in range(2):
            found = world.accounts(image)
            keys.append(account_of(found,
                                   "coaps://eu1.lwm2m.example:5684")[5])
        expect(keys[0] != keys[1], "the same key twice")
        rows = [r for r in world.rows("credential_issued", EP)
                if r["data"]["kind"] == "certificate"]
        expect_equal(len({r["data"]["serial"] for r in rows}), 2,
                     "serial numbers")
        stands_nowhere(world, keys)


@story("the CA's signature takes its time: who needs none does not wait")
def slow_authority():
    with CertifyingWorld(shim=True) as world:
        world.write_policy("plain.yaml", """\
policy: a-plain-one
order: 1
match: {endpoint: "*-PLAIN-*"}
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026}}
""")
        world.start()
        images = [world.mint(f"{DOMAIN}-PLAIN-{n}") for n in range(4)]
        certified_image = world.mint(EP)
        asked = world.calls("C_Sign")
        world.faults("C_Sign@device-ca hold -1 0")
        waiting = [world.boot(certified_image)]
        wait_for(lambda: world.logged("handshake ", EP), "its handshake")
        wait_for(lambda: world.calls("C_Sign") > asked,
                 "the token to be asked")
        for image in images:
            world.boot(image).succeeded()
        expect(not any(d.ended() for d in waiting), "it did not wait")
        world.faults()
        for device in waiting:
            device.succeeded()
        expect_equal(world.rows("bootstrap_begin")[-1]["endpoint"], EP,
                     "the last to begin")


if __name__ == "__main__":
    tell()
