"""Certificates for devices, one by one; OpenSSL looks at each of them."""
import os
import re
import resource
import signal

from ceremony import ISSUING, ROOT, SERVER, Hall
from factory import (EP, absent, equal, failed, mode, story, tell, within)


class Desk(Hall):
    """A hall with root, issuing CA and server; use as a context."""

    def __enter__(self):
        super().__enter__()
        self.ceremony(ROOT, ISSUING, SERVER)
        ran = self.hold()
        equal(ran.code, 0, ran)
        return self

    def issue(self, *args, endpoint=EP, issuer="issuing.pem", **how):
        return self.run("pki", "issue", "--ledger", "ledger.db", "--issuer",
                        issuer, "--endpoint", endpoint, *self.token, *args,
                        **how)

    def request(self, name, subject="/CN=" + EP, *more, key="device.key"):
        """As a device makes it, with a key of its own."""
        if not os.path.exists(self.path(key)):
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-out", key)
        self.openssl("req", "-new", "-key", key, "-subj", subject, "-out",
                     name, *more)

    def accept(self, root, name, *untrusted):
        """Not -x509_strict: key identifiers are left out of short ones."""
        more = [w for u in untrusted for w in ("-untrusted", u)]
        equal(self.openssl("verify", "-CAfile", root, *more, "-purpose",
                           "sslclient", name), name + ": OK\n")

    def public(self, *args):
        return re.search("-----BEGIN PUBLIC KEY-----.*-----END PUBLIC KEY",
                         self.openssl(*args), re.S)[0]

    def devices(self):
        return [r for r in self.rows("certificate_signed")
                if r["role"] == "device"]


@story
def a_request():
    """A device's own request becomes its certificate."""
    with Desk() as f:
        f.request("device.csr")
        ran = f.issue("--csr", "device.csr", "-o", "device.pem", "--chain")
        equal((ran.code, ran.out), (0, ""), ran)
        equal(mode(f.path("device.pem")), 0o644)
        f.accept("root.pem", "device.pem", "device.pem")
        within("unsuitable", f.openssl(
            "verify", "-purpose", "sslserver", "-CAfile", "root.pem",
            "-untrusted", "issuing.pem", "device.pem", code=2))
        text = f.openssl("x509", "-in", "device.pem", "-noout", "-text",
                         "-nameopt", "sname")
        within(f"Subject: CN={EP}\n", text)
        within(f"URI:{EP}\n", text)
        within("TLS Web Client Authentication", text)
        absent("CA:TRUE", text)
        equal(f.public("x509", "-in", "device.pem", "-noout", "-pubkey"),
              f.public("pkey", "-in", "device.key", "-pubout"))

        own, issuing = f.shown("device.pem")
        row, = f.devices()
        equal(row, {
            "role": "device", "subject": f'CN="{EP}"',
            "serial": own["serial"], "not_after": own["not_after"],
            "fingerprint": own["fingerprint"], "key": own["key"],
            "issuer_key": issuing["key"], "token": row["token"],
            "file": "device.pem", "profile": "device-p256"})
        with f.sqlite("ledger.db") as db:
            equal(db.execute("SELECT endpoint FROM event WHERE kind = "
                             "'certificate_signed' AND endpoint IS NOT NULL"
                             ).fetchall(), [(EP,)])
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)
        equal(f.left_over(), [])


@story
def a_key_too():
    """A key that is made here is in its file, of mode 0600, and nowhere else.
    """
    with Desk() as f:
        before = f.labels()
        ran = f.issue("--key-out", "device.key", "-o", "device.pem")
        equal((ran.code, ran.out), (0, ""), ran)
        within('"device.key", mode 0600: this file is the secret', ran.err)
        equal(mode(f.path("device.key")), 0o600)
        equal(f.labels(), before, "no object of the token")
        within("Key is valid", f.openssl(
            "pkey", "-in", "device.key", "-noout", "-check"))
        equal(f.public("x509", "-in", "device.pem", "-noout", "-pubkey"),
              f.public("pkey", "-in", "device.key", "-pubout"))
        f.accept("root.pem", "device.pem", "issuing.pem")
        assert f.read("device.key").startswith(
            b"-----BEGIN " + b"PRIVATE KEY-----\n")

        text = f.openssl("pkey", "-in", "device.key", "-noout", "-text")
        number = bytes.fromhex(re.search(
            "priv:(.*)pub:", text, re.S)[1].replace(":", "").replace(
                " ", "").replace("\n", ""))
        equal(len(number), 32)
        for name in f.files() - {"device.key"}:
            for form in (number, number.hex().encode()):
                assert form not in f.read(name), name
        absent(number.hex(), ran.err)

        # once more: another key, another number, and nothing overwritten
        with f.unchanged():
            for more in (("--key-out", "device.key"),
                         ("--key-out", "new.key", "-o", "device.pem")):
                failed(f.issue(*more), 73, "exists", "nothing is ever")
        equal(f.issue("--key-out", "new.key", "-o", "new.pem").code, 0)
        one, two = f.devices()
        assert one["key"] != two["key"] and one["serial"] != two["serial"]


@story
def terms():
    """Short, backdated, and no longer than its CA unless that was asked for."""
    with Desk() as f:
        ran = f.issue("--key-out", "a.key", "--encoding", "der", "-o",
                      "a.der")
        equal(ran.code, 0, ran)
        within("with its CA", ran.err)
        assert len(f.read("a.der")) < 420, len(f.read("a.der"))
        own, = f.shown("a.der")
        ca, = f.shown("issuing.pem")
        equal(own["not_after"], ca["not_after"])
        # a day back would be before the CA
        equal(own["not_before"], ca["not_before"])
        failed(f.issue("--key-out", "b.key", "--validity", "10y"), 65,
               "cert-validity-nesting", ca["not_after"])
        ran = f.issue("--key-out", "b.key", "--validity", "2y", "-o", "b.pem")
        equal(ran.code, 0, ran)
        absent("with its CA", ran.err)
        two, = f.shown("b.pem")
        equal(int(two["not_after"][:4]) - int(two["not_before"][:4]), 2)
        failed(f.issue("--key-out", "c.key", "--validity", "10m"), 64, "3600s")
        # standard output, and an endpoint that makes no URI
        ran = f.issue("--key-out", "d.key", endpoint="meter 7")
        equal(ran.code, 0, ran)
        f.write("d.pem", ran.out)
        d, = f.shown("d.pem")
        equal((d["subject"], d["names"]), ('CN="meter 7"', []))


@story
def by_name():
    """The CA's key is the one that fits its certificate, or is named."""
    with Desk() as f:
        equal(f.issue("--key-out", "a.key", "-o", "a.pem", "--ca",
                      "pkcs11:object=issuing").code, 0)
        f.write("text", "hello")
        with f.unchanged():
            b = ("--key-out", "b.key", "-o", "b.pem")
            failed(f.issue(*b, "--ca", "pkcs11:object=root"), 65,
                   '"pkcs11:object=root"', "issuing.pem")
            failed(f.issue(*b, "--ca", "pkcs11:object=none"), 69, '"none"')
            failed(f.issue(*b, "--ca", "none"), 64, "none")
            failed(f.issue(*b, issuer="absent.pem"), 74, "absent.pem")
            failed(f.issue(*b, issuer="server.pem"), 65, "not a CA")
            failed(f.issue(*b, issuer="text"), 65, "BEGIN CERTIFICATE")
        f.add_token("other")
        failed(f.run("pki", "issue", "--ledger", "ledger.db", "--issuer",
                     "issuing.pem", "--endpoint", EP, "--key-out", "b.key",
                     *f.token_options("other")), 69, "no key of")
        equal(len(f.devices()), 1)
        equal(f.left_over(), [])


def another_ca(f, name, *more, over=False):
    """A certificate for the issuing CA's key, by a root of OpenSSL."""
    f.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-nodes", "-keyout", "o.key",
              "-subj", "/CN=Other", "-days", "9", "-out", "o.pem")
    f.openssl("req", "-new", "-key", "o.key", "-subj", "/CN=Issuing", "-out",
              "o.csr")
    with open(f.path("i.pub"), "w", encoding="utf-8") as file:
        file.write(f.openssl("x509", "-in", "issuing.pem", "-noout",
                             "-pubkey"))
    f.write("o.ext", "basicConstraints=critical,CA:TRUE\n" + "".join(more))
    f.openssl("x509", "-req", "-in", "o.csr", "-force_pubkey", "i.pub",
              "-CA", "o.pem", "-CAkey", "o.key", "-set_serial", "7",
              *(f.over() if over else ("-days", "9")), "-extfile", "o.ext",
              "-out", name)


@story
def cas_that_may_not():
    """An expired CA, and one that signs no certificates, sign none."""
    with Desk() as f:
        another_ca(f, "old.pem", over=True)
        another_ca(f, "lists.pem", "keyUsage=critical,cRLSign\n")
        another_ca(f, "urn.pem", "nameConstraints=critical,"
                                 "permitted;URI:.devices.example\n")
        with f.unchanged():
            failed(f.issue("--key-out", "a.key", issuer="old.pem"), 65,
                   "cert-issuer-validity", "not valid now")
            failed(f.issue("--key-out", "a.key", issuer="lists.pem"), 65,
                   "no keyCertSign")
            failed(f.issue("--key-out", "a.key", issuer="urn.pem"), 65,
                   "cert-name-constraint", "limits URIs")
        equal(f.devices(), [])
        # the same key under another root is as good as the first
        another_ca(f, "again.pem")
        equal(f.issue("--key-out", "a.key", "-o", "a.pem",
                      issuer="again.pem").code, 0)
        f.accept("o.pem", "a.pem", "again.pem")


RULES = """\
authority: devices
certificate: issuing.pem
key: "pkcs11:object=issuing"
---
certificate_profile: meter
subject: {O: Meters, serialNumber: "{endpoint}", CN: "meter {endpoint}"}
san_dns: "{endpoint}.devices.invalid"
key_usage: digitalSignature
key_ids: true
backdate: 0s
validity: 2y
---
identity: field
certificate: {trust: issuing.pem, endpoint: cn}
"""


@story
def by_the_policies():
    """An authority of the policies signs, by one of their profiles."""
    with Desk() as f:
        f.write("rules.yaml", RULES)

        def issue(*args, endpoint="M7"):
            return f.run("pki", "issue", "--ledger", "ledger.db",
                         "--policies", "rules.yaml", "--endpoint", endpoint,
                         *f.token, *args)
        ran = issue("--authority", "devices", "--key-out", "a.key", "-o",
                    "a.pem")
        equal(ran.code, 0, ran)
        ran = issue("--authority", "devices", "--profile", "meter",
                    "--key-out", "b.key", "-o", "b.pem", "--chain")
        equal(ran.code, 0, ran)
        f.verify("root.pem", "b.pem", untrusted=["b.pem"])
        equal([(r["ca"], r["profile"]) for r in f.devices()],
              [("devices", "device-p256"), ("devices", "meter")])
        a, = f.shown("a.pem")
        b, ca = f.shown("b.pem")
        equal((a["subject"], a["key_usage"]), ('CN="M7"', ""))
        equal((b["subject"], b["names"], b["key_usage"]),
              ('O="Meters", serialNumber="M7", CN="meter M7"',
               ['DNS "M7.devices.invalid"'], "digitalSignature"))
        equal(b["issuer"], ca["subject"])
        ran = issue("--authority", "devices", "--profile", "meter",
                    "--key-out", "c.key", "--validity", "1y", "--dry-run")
        equal(ran.code, 0, ran)
        within('CN="meter M7"', ran.out)
        # a request of that name, too
        f.request("m.csr", "/O=Meters/CN=meter M7")
        equal(issue("--authority", "devices", "--profile", "meter", "--csr",
                    "m.csr", "-o", "m.pem").code, 0)
        failed(issue("--authority", "devices", "--csr", "m.csr"), 65,
               '"meter M7"')

        with f.unchanged():
            failed(issue("--authority", "device", "--key-out", "x"), 65,
                   'no authority "device"', 'did you mean "devices"?')
            failed(issue("--authority", "devices", "--profile", "metre",
                         "--key-out", "x"), 65, "certificate_profile",
                   'did you mean "meter"?')
            failed(issue("--authority", "devices", "--profile", "meter",
                         "--key-out", "x", endpoint="M 7"), 65, "cert-")
        f.write("rules.yaml", RULES.replace("issuing.pem", "none.pem"))
        failed(issue("--authority", "devices", "--key-out", "x"), 65,
               "rules.yaml:2", "none.pem")


@story
def long_names():
    """An endpoint above 64 characters is no common name."""
    with Desk() as f:
        long = "urn:dev:ops:0057F2-" + "x" * 45
        ran = f.issue("--key-out", "a.key", "-o", "a.pem", endpoint=long)
        equal(ran.code, 0, ran)
        failed(f.issue("--key-out", "b.key", endpoint=long + "y"), 65,
               "65 characters", "64 at most")
        failed(f.issue("--key-out", "b.key", endpoint="x" * 253), 64, "252")
        failed(f.issue("--key-out", "b.key", endpoint="a\nb"), 64,
               "control character")
        # characters, not bytes
        equal(f.issue("--key-out", "c.key", endpoint="\u00e9" * 64).code, 0)


@story
def requests_that_are_refused():
    """A request is refused with clause and offset, or for what it asks."""
    with Desk() as f:
        f.request("good.csr")
        f.openssl("req", "-in", "good.csr", "-outform", "DER", "-out",
                  "good.der")
        good = f.read("good.der")
        broken = {
            "cut.der": (good[:-1], ["X.690", "at byte"]),
            "more.der": (good + b"\0", ["at byte"]),
            "inside.der": (good.replace(b"\x02\x01\x00", b"\x02\x01\x01", 1),
                           ["RFC 2986 4.1", "at byte"]),
            "forged.der": (good[:-1] + bytes([good[-1] ^ 1]),
                           ["RFC 2986 3", "own key", "at byte"]),
            "empty.der": (b"", ["CERTIFICATE REQUEST"]),
            "text.csr": (b"A\nB\n-----BEGIN CERTIFICATE REQUEST-----\nMII",
                         ["RFC 7468", "line 3"]),
        }
        f.openssl("genpkey", "-algorithm", "RSA", "-out", "rsa.key")
        f.request("rsa.csr", key="rsa.key")
        f.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                  "ec_paramgen_curve:P-384", "-out", "p384.key")
        f.request("p384.csr", key="p384.key")
        f.request("ca.csr", "/CN=" + EP, "-addext",
                  "basicConstraints=critical,CA:TRUE")
        f.request("other.csr", "/CN=urn:dev:ops:0057F2-WM2")
        f.request("san.csr", "/O=Meters", "-addext",
                  "subjectAltName=URI:urn:dev:ops:0057F2-WM2")
        for name, (content, _) in broken.items():
            with open(f.path(name), "wb") as file:
                file.write(content)
        words = {name: words for name, (_, words) in broken.items()} | {
            "rsa.csr": ["RFC 5480 2.2", "at byte"],
            "p384.csr": ["RFC 5480 2.2"],
            "ca.csr": ["asks to be a CA"],
            "other.csr": ["WM2", f'not of "{EP}"'],
            "san.csr": ["WM2", f'not of "{EP}"'],
        }
        with f.unchanged():
            for name, said in words.items():
                failed(f.issue("--csr", name, "-o", "x.pem"), 65, name, *said)
            failed(f.issue("--csr", "absent", "-o", "x.pem"), 74, "absent")
        equal(f.devices(), [])
        # what else it asks for is not looked at: DER too, and no name at all
        f.request("bare.csr", "/", "-addext", "keyUsage=keyCertSign")
        for name in ("good.der", "bare.csr"):
            ran = f.issue("--csr", name, "-o", name + ".pem")
            equal(ran.code, 0, ran)
            own, = f.shown(name + ".pem")
            equal((own["subject"], own["key_usage"]), (f'CN="{EP}"', ""),
                  own)


@story
def dry():
    """A dry run shows what would be signed, and makes nothing."""
    with Desk() as f:
        f.request("device.csr")
        with f.unchanged():
            for more, key in ((("--csr", "device.csr"), "[0-9a-f]{64}"),
                              (("--key-out", "k"), r"\(to be made\)")):
                ran = f.issue(*more, "-o", "x.pem", "--dry-run")
                equal((ran.code, ran.err), (0, ""), ran)
                within("would be signed:\n", ran.out)
                within(f'subject             CN="{EP}"\n', ran.out)
                within("128 random bits of the token", ran.out)
                assert re.search("SHA-256 of the key +" + key, ran.out), ran
            failed(f.issue("--key-out", "k", "--dry-run", "--ca",
                           "pkcs11:object=root"), 65, "not the one of")
            failed(f.issue("--key-out", "k", "--dry-run",
                           endpoint="x" * 65), 65, "cert-subject")
        equal(f.devices(), [])


@story
def row_first():
    """What cannot be recorded is not handed out, and neither is its key."""
    with Desk() as f:
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

        with f.sqlite("ledger.db") as db:
            db.execute("SELECT count(*) FROM event").fetchone()
            ran = f.issue("--key-out", "a.key", "-o", "a.pem",
                          preexec_fn=small_files, restore_signals=False)
            failed(ran, 74, "not handed out")
        ran = f.run("pki", "issue", "--ledger", "nowhere/l.db", "--issuer",
                    "issuing.pem", "--endpoint", EP, *f.token, "--key-out",
                    "a.key")
        failed(ran, 74, "nowhere")
        equal(ran.raw, b"", "not one byte before the row")
        failed(f.issue("--key-out", "nowhere/a.key"), 73, "nowhere")
        failed(f.issue("--key-out", "a.key", "-o", "nowhere/a.pem"), 73,
               "nowhere")
        for name in ("a.key", "a.pem"):
            assert not os.path.exists(f.path(name)), name
        equal(f.devices(), [])
        equal(f.left_over(), [])


@story
def options_that_do_not_fit():
    """One CA, one key, each a file of its own."""
    with Desk() as f:
        for more, words in (
                ((), "--csr"),
                (("--csr", "a", "--key-out", "b"), "either --csr"),
                (("--key-out", "-"), "standard output"),
                (("--key-out", "a", "-o", "a"), "one file"),
                (("--key-out", "a", "--chain", "--encoding", "der"), "PEM"),
                (("--key-out", "a", "--profile", "p"), "--authority"),
                (("--key-out", "a", "--authority", "p"), "either --auth")):
            failed(f.issue(*more), 64, words)
        failed(f.run("pki", "issue", "--endpoint", EP, "--key-out", "a"), 64,
               "either --authority")
        failed(f.run("pki", "issue", "--endpoint", EP, "--key-out", "a",
                     "--ca", "pkcs11:object=issuing"), 64, "--issuer")
        failed(f.run("pki", "issue", "--endpoint", EP, "--key-out", "a",
                     "--issuer", "issuing.pem", *f.token), 64, "ledger")


@story
def taken_back():
    """An issued certificate is revoked by name, file or fingerprint."""
    with Desk() as f:
        for n in "123":
            ran = f.issue("--key-out", n + ".key", "-o", n + ".pem",
                          endpoint=EP + n)
            equal(ran.code, 0, ran)
        revoke = ("pki", "revoke", "--ledger", "ledger.db", "--reason",
                  "keyCompromise")
        shown = [f.shown(n + ".pem")[0] for n in "123"]
        ran = f.run(*revoke, "--endpoint", EP + "1")
        equal(ran.code, 0, ran)
        ran = f.run(*revoke, "--certificate", "2.pem")
        equal(ran.code, 0, ran)
        within(f'"{EP}2"', ran.out)
        ran = f.run(*revoke, "--fingerprint", ":".join(
            re.findall("..", shown[2]["fingerprint"].upper())))
        equal(ran.code, 0, ran)
        ca = f.shown("issuing.pem")[0]["key"]
        equal(f.rows("credential_revoked"), [
            {"fingerprint": c["fingerprint"], "serial": c["serial"],
             "issuer_key": ca, "reason": "keyCompromise"} for c in shown])
        for again in (("--endpoint", EP + "2"), ("--certificate", "3.pem"),
                      ("--fingerprint", shown[0]["fingerprint"]),
                      ("--serial", shown[1]["serial"])):
            ran = f.run(*revoke, *again)
            equal(ran.code, 0, ran)
            within("was revoked before", ran.out)
        equal(len(f.rows("credential_revoked")), 3)
        equal(f.run("pki", "crl", "--ledger", "ledger.db", "--issuer",
                    "issuing.pem", *f.token, "-o", "crl").code, 0)
        for n in "123":
            within("certificate revoked", f.openssl(
                "verify", "-crl_check", "-CAfile", "root.pem", "-untrusted",
                "issuing.pem", "-CRLfile", "crl", n + ".pem", code=2))


if __name__ == "__main__":
    tell()
