"""A shop with CAs and a server, whose policies name them."""
import hashlib
import json

from ceremony import ISSUING, ROOT, SERVER, Hall
from factory import EP, equal

POLICIES = """\
authority: devices
certificate: issuing.pem
key: "pkcs11:object=issuing"
---
certificate_profile: meter
subject: {CN: "{endpoint}"}
validity: 1y
---
identity: field
endpoint: "urn:dev:ops:0057F2-*"
certificate:
  trust: issuing.pem
  endpoint: cn
  issue: {ca: devices, profile: meter}
  server_certificate: {file: root.pem, usage: trust-anchor, sni: boot.example}
---
identity: bench
rpk: {table: keys.csv}
---
identity: vendor
endpoint: "imei-*"
psk: {imported: q3}
---
policy: meters
match: {identity: field}
servers:
  - name: s
    short_server_id: 101
    uri: coaps://s.example
    security:
      mode: certificate
      issue: {ca: devices}
      server_certificate: {file: root.pem, usage: trust-anchor}
---
policy: benches
match: {identity: bench}
servers:
  - name: r
    short_server_id: 7
    uri: coaps://r.example
    security: {mode: rpk, server_key: {file: server.pem}}
---
policy: modems
match: {identity: vendor}
servers:
  - name: m
    short_server_id: 8
    uri: coaps://m.example
    security: {mode: psk, key: {derive: fleet-2026}}
"""


class Shop(Hall):
    """A hall with CAs, a server, and policies that name them."""

    def __enter__(self):
        super().__enter__()
        self.ceremony(ROOT, ISSUING, SERVER, "  - seal: seal-2026\n")
        ran = self.hold()
        equal(ran.code, 0, ran)
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-out", "raw.key")
        self.openssl("pkey", "-in", "raw.key", "-pubout", "-out", "raw.pub")
        self.openssl("pkey", "-in", "raw.key", "-pubout", "-outform", "DER",
                     "-out", "raw.der")
        self.write("keys.csv",
                   f"{hashlib.sha256(self.read('raw.der')).hexdigest()},"
                   "bench-1\n")
        self.write("policies.yaml", POLICIES)
        return self

    def mint(self, name, *more, endpoint=EP, **how):
        return self.build("-o", name, "--ledger", "ledger.db", *more,
                          identity=how.pop("identity", "field"),
                          endpoint=endpoint, **how)

    def issue(self, name, endpoint=EP, *more):
        ran = self.run("pki", "issue", "--policies", "policies.yaml",
                       "--authority", "devices", "--ledger", "ledger.db",
                       "--endpoint", endpoint, "--key-out", name + ".key",
                       "-o", name + ".pem", *self.token, *more)
        equal(ran.code, 0, ran)

    def explain(self, *args, code=0):
        ran = self.run("policy", "explain", "policies.yaml", *args)
        equal(ran.code, code, ran)
        return ran.out

    def revoke(self, *args):
        return self.run("pki", "revoke", "--reason", "superseded", "--ledger",
                        "ledger.db", *args)


def opaque(image):
    """{path: value} of an image in JSON, opaque values as bytes."""
    return {e["path"]: bytes.fromhex(e["value"]) if e["type"] == "opaque"
            else e["value"] for e in json.loads(image)["entries"]}
