"""Images with certificates, and what policies make of certificates, raw public
keys and imported keys before a device comes with one.
"""
import hashlib
import json
import os
import re

import cbor
from factory import EP, absent, equal, failed, mode, story, tell, within
from shop import POLICIES, Shop, opaque

@story
def an_image():
    """An image holds a fresh key, its certificate and the server's anchor."""
    with Shop() as f:
        before = f.labels()
        ran = f.mint("a.json")
        equal((ran.code, ran.out), (0, ""), ran)
        # a device has one at a time
        failed(f.mint("b.cbor", fmt="senml-cbor"), 65, EP, "minted already",
               "image reissue", "new certificate")
        equal(f.revoke("--serial", f.rows("image_minted")[0]["serial"]).code,
              0)
        ran = f.mint("b.cbor", fmt="senml-cbor")
        equal(ran.code, 0, ran)
        equal(f.labels(), before, "no object of the token")
        images = [opaque(f.read("a.json")),
                  cbor.senml_entries(f.read("b.cbor"))]
        rows = f.rows("image_minted")
        f.openssl("x509", "-in", "root.pem", "-outform", "DER", "-out",
                  "root.der")
        issuing, = f.shown("issuing.pem")
        for image, row, name in zip(images, rows, ("a.json", "b.cbor")):
            equal({k: v for k, v in image.items()
                   if k not in ("/0/1/3", "/0/1/5")},
                  {"/0/1/0": "coaps://boot.lwm2m.example:5684",
                   "/0/1/1": True, "/0/1/2": 2,
                   "/0/1/4": f.read("root.der"), "/0/1/11": 10,
                   "/0/1/14": "boot.example", "/0/1/15": 2})
            equal(mode(f.path(name)), 0o600)
            for part, path in (("c.der", "/0/1/3"), ("k.der", "/0/1/5")):
                with open(f.path(part), "wb") as file:
                    file.write(image[path])
            assert len(image["/0/1/3"]) < 420
            f.openssl("x509", "-inform", "DER", "-in", "c.der", "-out",
                      "c.pem")
            equal(f.openssl("verify", "-CAfile", "root.pem", "-untrusted",
                            "issuing.pem", "-purpose", "sslclient", "c.pem"),
                  "c.pem: OK\n")
            equal(f.openssl("x509", "-in", "c.pem", "-noout", "-pubkey"),
                  f.openssl("pkey", "-inform", "DER", "-in", "k.der",
                            "-pubout"))
            own, = f.shown("c.der")
            equal(row, {
                "identity": "field", "kind": "certificate", "ca": "devices",
                "profile": "meter", "serial": own["serial"],
                "not_after": own["not_after"],
                "fingerprint": own["fingerprint"],
                "issuer_key": issuing["key"], "format": row["format"],
                "sha256": hashlib.sha256(f.read(name)).hexdigest()})
            os.unlink(f.path("k.der"))
        assert images[0]["/0/1/5"] != images[1]["/0/1/5"], "fresh each time"
        within(rows[1]["serial"], ran.err)
        for image, own in zip(images, ("a.json", "b.cbor")):
            for name in f.files() - {own}:
                for form in (image["/0/1/5"], image["/0/1/5"].hex().encode(),
                             image["/0/1/5"][36:68]):
                    assert form not in f.read(name), (own, name)
        # all of it is taken back by the device's name
        ran = f.revoke("--endpoint", EP)
        equal(ran.code, 0, ran)
        equal([(r["fingerprint"], r["serial"], r["issuer_key"])
               for r in f.rows("credential_revoked")],
              [(r["fingerprint"], r["serial"], r["issuer_key"])
               for r in rows])


@story
def a_new_certificate():
    """A reissued image has a new key and certificate, the old one is revoked."""
    with Shop() as f:
        equal(f.mint("a.json").code, 0)
        how = ("image", "reissue", *f.token, "--policies", "policies.yaml",
               "--identity", "field", "--endpoint", EP, "--uri",
               "coaps://boot.lwm2m.example:5684", "--format", "json",
               "--ledger", "ledger.db")
        failed(f.run(*how, "-o", "a.json"), 73, "exists")
        failed(f.run(*how, "-o", "b.json", "--epoch", "2"), 64, "--epoch")
        ran = f.run(*how, "-o", "b.json")
        equal(ran.code, 0, ran)
        old, new = f.rows("image_minted")
        revoked, = f.rows("credential_revoked")
        equal({k: revoked[k] for k in ("serial", "fingerprint", "issuer_key",
                                       "reason")},
              {**{k: old[k] for k in ("serial", "fingerprint", "issuer_key")},
               "reason": "superseded"})
        was, now = opaque(f.read("a.json")), opaque(f.read("b.json"))
        for path in ("/0/1/3", "/0/1/5"):
            assert was[path] != now[path], path
        equal(hashlib.sha256(now["/0/1/3"]).hexdigest(), new["fingerprint"])
        equal(f.run(*how, "-o", "b.json").code, 0)
        equal(len(f.rows("image_minted")), 2)
        # lost between the ledger and the name: the same certificate
        os.rename(f.path("b.json"), f.path(".b.json.pending"))
        equal(f.run(*how, "-o", "b.json").code, 0)
        equal(opaque(f.read("b.json")), now)
        equal(len(f.rows("image_minted")), 2)
        equal(f.left_over(), [])


@story
def no_image():
    """What a document does not say how to mint is not minted."""
    with Shop() as f:
        f.make_masters()
        with f.unchanged():
            failed(f.mint("x", "--epoch", "1"), 64, "--epoch", "derived keys")
            failed(f.mint("x", identity="bench", endpoint="bench-1"), 65,
                   "raw public keys")
            failed(f.mint("x", identity="vendor", endpoint="imei-1"), 65,
                   "imported")
            failed(f.mint("x", endpoint="other"), 77, "does not admit")
            failed(f.mint("x", uri="coap://host"), 64, "--uri")
            long = "urn:dev:ops:0057F2-" + "x" * 46
            failed(f.mint("x", endpoint=long), 65, "65 characters",
                   "RFC 5280")
            f.write("policies.yaml", POLICIES.replace(
                "  issue: {ca: devices, profile: meter}\n", ""))
            failed(f.mint("x"), 65, "issue:", "pki issue")
            f.write("policies.yaml", POLICIES.replace("=issuing", "=server"))
            failed(f.mint("x"), 69, "server")
            f.write("policies.yaml", POLICIES)
        equal(f.rows("image_minted"), [])
        equal(f.left_over(), [])


@story
def checked():
    """policy check looks into the files that documents name."""
    with Shop() as f:
        ran = f.run("policy", "check", "policies.yaml")
        equal(ran.code, 0, ran)
        within(": 3 identities, 3 policies, 1 authority, 1 certificate "
               "profile, ", ran.out)
        ran = f.run("policy", "check", "--format", "json", "policies.yaml")
        last = json.loads(ran.out.splitlines()[-1])
        equal((last["ok"], last["authorities"], last["certificate_profiles"]),
              (True, 1, 1))
        for wrong in ("server.pem", "keys.csv", "policies.yaml"):
            f.write("policies.yaml", POLICIES.replace(
                "certificate: issuing.pem\n", f"certificate: {wrong}\n"))
            ran = f.run("policy", "check", "policies.yaml")
            equal(ran.code, 65, ran)
            within("policies.yaml:2: error: ", ran.out.replace(":14:", ":"))
            within("cannot be used", ran.out)
            failed(f.run("policy", "explain", "policies.yaml", "--endpoint",
                         EP), 65, "policies.yaml:2")


@story
def plans():
    """A plan shows what would be made, and no byte of it."""
    with Shop() as f:
        out = f.explain("--endpoint", EP)
        within("assumed", out)
        within('identity    "field"', out)
        for line in (
                r"/0/x/2 +Security Mode +2 \(certificate\)",
                r"/0/x/3 .*<certificate devices profile device-p256 ssid 101, "
                r"at most \d+ bytes>",
                r'/0/x/4 .*certificate of O="Test", CN="Root", \d+ bytes',
                r"/0/x/5 .*<key of certificate devices .*>",
                r"/0/x/15 .*2 \(trust anchor\)"):
            assert re.search(line, out), (line, out)
        # a certificate's length is by chance, and so is what it costs
        plan = r"\n +\(assumed[^)]*\)|\ncosts of [\s\S]*"
        equal(re.sub(plan, "", f.explain("--endpoint", EP, "--identity",
                                         "field")), re.sub(plan, "", out))
        out = f.explain("--identity", "bench", "--endpoint", "bench-1")
        for line in (r"/0/x/2 .*1 \(raw public key\)",
                     r"/0/x/3 .*<raw public key ssid 7, 91 bytes>",
                     r"/0/x/4 .*public key, 91 bytes, SHA-256",
                     r"/0/x/5 .*<key of raw public key ssid 7, \d+ bytes>"):
            assert re.search(line, out), (line, out)
        out = f.explain("--identity", "vendor", "--endpoint", "imei-1")
        within("<psk fleet-2026 purpose 2 ssid 8 epoch 1, 32 bytes>", out)
        failed(f.run("policy", "explain", "policies.yaml", "--identity",
                     "vendor", "--endpoint", "other"), 77, "no-identity")


@story
def a_certificate():
    """A certificate is let in for what it proves, or refused with the cause."""
    with Shop() as f:
        f.issue("good")
        out = f.explain("--certificate", "good.pem")
        within(f'endpoint    "{EP}", as it proves', out)
        within('identity    "field"  (policies.yaml:9)', out)
        within("policy      \"meters\"", out)
        equal(re.search("digest (.*)", out)[1], re.search(
            "digest (.*)", f.explain("--endpoint", EP))[1])
        f.explain("--certificate", "good.pem", "--endpoint", EP)
        f.openssl("x509", "-in", "good.pem", "-outform", "DER", "-out",
                  "good.der")
        f.explain("--certificate", "good.der")

        def refused(name, reason, *words, more=()):
            ran = f.run("policy", "explain", "policies.yaml",
                        "--certificate", name, *more)
            failed(ran, 77, f"refused ({reason})")
            for word in words:
                within(word, ran.out)
            absent("plan  ", ran.out)

        refused("good.pem", "endpoint-mismatch", more=("--endpoint", "x"))
        refused("server.pem", "certificate-unusable",
                "certificate.trust: unsuitable certificate purpose")
        refused("root.pem", "certificate-unusable")
        f.issue("other", "meter-7")
        refused("other.pem", "no-identity",
                'certificate.endpoint: "meter-7" of it does not fit '
                '"urn:dev:ops:0057F2-*"')
        # by its own key, once as a CA and once as a device
        f.openssl("req", "-x509", "-key", "raw.key", "-subj", "/CN=" + EP,
                  "-days", "9", "-out", "self-ca.pem")
        refused("self-ca.pem", "certificate-unusable")
        f.write("self.ext", "basicConstraints = critical, CA:FALSE\n")
        f.openssl("req", "-new", "-key", "raw.key", "-subj", "/CN=" + EP,
                  "-out", "self.csr")
        f.openssl("x509", "-req", "-in", "self.csr", "-signkey", "raw.key",
                  "-days", "9", "-extfile", "self.ext", "-out", "self.pem")
        refused("self.pem", "certificate-untrusted", "certificate.trust: ")
        f.write("text", "none")
        failed(f.run("policy", "explain", "policies.yaml", "--certificate",
                     "text"), 65, "text")

        equal(f.revoke("--certificate", "good.pem").code, 0)
        f.explain("--certificate", "good.pem")  # no ledger was named
        refused("good.pem", "revoked", more=("--ledger", "ledger.db"))
        f.explain("--certificate", "good.pem", "--ledger", "ledger.db",
                  code=77)
        failed(f.run("policy", "explain", "policies.yaml", "--certificate",
                     "good.pem", "--ledger", "none.db"), 74, "none.db")


@story
def an_old_certificate():
    """One that is over is refused as that, not as a stranger."""
    with Shop() as f:
        # a CA of OpenSSL, which can date back
        f.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
                  "-subj", "/CN=CA", "-days", "9", "-out", "ca.pem")
        f.openssl("req", "-new", "-key", "raw.key", "-subj", "/CN=" + EP,
                  "-out", "old.csr")
        f.write("ext", "extendedKeyUsage=clientAuth\n")
        f.openssl("x509", "-req", "-in", "old.csr", "-CA", "ca.pem", "-CAkey",
                  "ca.key", "-set_serial", "9", *f.over(), "-extfile", "ext",
                  "-out", "old.pem")
        f.write("policies.yaml", POLICIES.replace("trust: issuing.pem",
                                                  "trust: ca.pem"))
        ran = f.run("policy", "explain", "policies.yaml", "--certificate",
                    "old.pem")
        failed(ran, 77, "certificate-expired")


@story
def what_the_daemon_trusts():
    """A document without anchors is verified by the configuration's."""
    with Shop() as f:
        f.write("policies.yaml", POLICIES.replace("  trust: issuing.pem\n",
                                                  ""))
        f.write("bootstrapd.yaml", f"""\
listen: [coaps://127.0.0.1:0]
hsm: {{module: {f.module}, token: "pkcs11:token=factory", pin: {{file: pin}}}}
server:
  certificate: server.pem
  key: "pkcs11:object=server"
  trust: issuing.pem
  crl: issuing.crl
policies: policies.yaml
ledger: other.db
""")
        f.issue("good")
        f.issue("bad", EP + "9")
        crl = ("pki", "crl", "--issuer", "issuing.pem", "--ledger",
               "ledger.db", "-o", "issuing.crl", "--force", *f.token)
        equal(f.run(*crl).code, 0)
        ran = f.run("policy", "explain", "policies.yaml", "--certificate",
                    "good.pem")
        failed(ran, 77, "certificate-untrusted")
        within("`server.trust` is not known here (-c)", ran.out)
        out = f.explain("--certificate", "good.pem", "-c", "bootstrapd.yaml")
        within("trust of the daemon", out)
        # a list of its own, besides the ledger
        equal(f.revoke("--certificate", "bad.pem").code, 0)
        f.explain("--certificate", "bad.pem", "-c", "bootstrapd.yaml")
        equal(f.run(*crl).code, 0)
        ran = f.run("policy", "explain", "policies.yaml", "--certificate",
                    "bad.pem", "-c", "bootstrapd.yaml")
        failed(ran, 77, "refused (revoked)")
        f.explain("--certificate", "good.pem", "-c", "bootstrapd.yaml")


@story
def raw_keys():
    """A raw public key is looked up in the tables."""
    with Shop() as f:
        f.openssl("req", "-x509", "-key", "raw.key", "-subj", "/CN=any",
                  "-days", "9", "-out", "raw.pem")
        for name in ("raw.pub", "raw.der", "raw.pem"):
            out = f.explain("--raw-key", name)
            within('identity    "bench"', out)
            within('endpoint    "bench-1", as it proves', out)
            within("a table of 1 keys", out)
        ran = f.run("policy", "explain", "policies.yaml", "--raw-key",
                    "server.pem")
        failed(ran, 77, "raw-key-unknown")
        within("rpk.table: the key is not in it", ran.out)
        within("it asks for a certificate", ran.out)
        for name in ("keys.csv", "raw.key"):
            failed(f.run("policy", "explain", "policies.yaml", "--raw-key",
                         name), 65, name)
        equal(f.revoke("--force", "--fingerprint", hashlib.sha256(
            f.read("raw.der")).hexdigest()).code, 0)
        failed(f.run("policy", "explain", "policies.yaml", "--raw-key",
                     "raw.pub", "--ledger", "ledger.db"), 77, "revoked")


@story
def imported_keys():
    """An imported key is found by its name, and revoked with its device."""
    with Shop() as f:
        f.write("list.csv", "Endpoint,PSK Identity,Key\n"
                "imei-1,dev-1," + "a1b0" * 8 + "\n"
                "imei-2,dev-2," + "b2c0" * 8 + "\n", 0o600)
        ran = f.run("psk", "import", "--collection", "q3", "--seal",
                    "seal-2026", "--ledger", "ledger.db", *f.token,
                    "list.csv")
        equal(ran.code, 0, ran)
        for option in "--psk-identity", "--credential":
            out = f.explain(option, "dev-1", "--ledger", "ledger.db")
            within('identity    "vendor"', out)
            within('endpoint    "imei-1", as it proves', out)
        ran = f.run("policy", "explain", "policies.yaml", "--psk-identity",
                    "dev-1")
        failed(ran, 77, "no-identity")
        within("no --ledger was given", ran.out)
        failed(f.run("policy", "explain", "policies.yaml", "--psk-identity",
                     "dev-3", "--ledger", "ledger.db"), 77, "no-identity")

        # what it is called in public, only the token knows
        failed(f.revoke("--endpoint", "imei-1"), 64, "--module")
        equal(f.rows("credential_revoked"), [])
        ran = f.revoke("--endpoint", "imei-1", *f.token)
        equal(ran.code, 0, ran)
        within("key of fingerprint ", ran.out)
        absent("a1b0", ran.out + ran.err)
        row, = f.rows("credential_revoked")
        equal(sorted(row), ["fingerprint", "reason"])
        ran = f.revoke("--endpoint", "imei-1", *f.token)
        within("was revoked before", ran.out)
        equal(len(f.rows("credential_revoked")), 1)
        ran = f.revoke("--endpoint", "imei-3", *f.token)
        failed(ran, 65, '"imei-3"')
        f.add_token("other")
        failed(f.revoke("--endpoint", "imei-2", *f.token_options("other")),
               69, "seal-2026")


@story
def what_devices_showed():
    """A certificate of another maker is revoked once its device has come."""
    with Shop() as f:
        with f.sqlite("ledger.db") as db:
            db.execute(
                "INSERT INTO event SELECT max(seq) + 1, max(time_ms), "
                "'bootstrap_begin', zeroblob(16), 'vendor-7', NULL, ?, "
                "zeroblob(32) FROM event",
                (json.dumps({"kind": "certificate", "serial": "07",
                             "fingerprint": "ab" * 32,
                             "issuer_key": "cd" * 32}),))
        ran = f.revoke("--endpoint", "vendor-7")
        equal(ran.code, 0, ran)
        equal(f.rows("credential_revoked"), [
            {"fingerprint": "ab" * 32, "serial": "07",
             "issuer_key": "cd" * 32, "reason": "superseded"}])
        failed(f.revoke("--endpoint", "vendor-8"), 65,
               'did you mean "vendor-7"?')


@story
def wrong_questions():
    """One thing is shown at a time."""
    with Shop() as f:
        f.issue("good")
        for more in (("--certificate", "good.pem", "--raw-key", "raw.pub"),
                     ("--certificate", "good.pem", "--identity", "field"),
                     ("--raw-key", "raw.pub", "--nosec"),
                     ("--psk-identity", "a", "--credential", "b"),
                     ()):
            ran = f.run("policy", "explain", "policies.yaml", *more)
            equal(ran.code, 64, ran)
        failed(f.run("policy", "explain", "policies.yaml", "--certificate",
                     "absent.pem"), 74, "absent.pem")
        failed(f.run("policy", "explain", "policies.yaml", "--endpoint", "x",
                     "--identity", "feild"), 65, 'did you mean "field"?')


if __name__ == "__main__":
    tell()
