"""What was issued is shown, revoked and listed; OpenSSL agrees."""
import base64
import os
import shutil
import subprocess

from ceremony import ISSUING, ROOT, SERVER, Hall
from factory import (EP, absent, equal, failed, mode, story, tell, within)


def pki():
    """A hall with root, issuing CA and server; use as a context."""
    class Ready(Hall):
        def __enter__(self):
            super().__enter__()
            self.ceremony(ROOT, ISSUING, SERVER)
            ran = self.hold()
            equal(ran.code, 0, ran)
            return self

        def revoke(self, *args, reason="superseded"):
            return self.run("pki", "revoke", "--ledger", "ledger.db",
                            "--reason", reason, *args)

        def crl(self, *args, issuer="issuing.pem"):
            return self.run("pki", "crl", "--ledger", "ledger.db",
                            "--issuer", issuer, *self.token, *args)

        def serial(self, name):
            return self.shown(name)[0]["serial"]
    return Ready()


@story
def show_files():
    """pki show reads PEM and DER: certificates, requests and lists."""
    with pki() as f:
        root, = f.shown("root.pem")
        equal((root["type"], root["ca"], root["subject"], root["key_usage"]),
              ("certificate", True, 'O="Test", CN="Root"',
               "keyCertSign, cRLSign"))
        server, issuing = f.shown("server.pem")
        equal(server["names"], ['DNS "boot.example"'])
        equal((issuing["path_length"], issuing["subject"]),
              (0, server["issuer"]))
        f.openssl("x509", "-in", "root.pem", "-outform", "DER", "-out",
                  "root.der")
        der, = f.shown("root.der")
        equal(der["fingerprint"], root["fingerprint"])
        within(root["fingerprint"].upper(), f.openssl(
            "x509", "-in", "root.pem", "-noout", "-fingerprint",
            "-sha256").replace(":", ""))
        ran = f.run("pki", "show", "server.pem", "root.pem")
        equal(ran.out.count("certificate\n"), 3)
        within(f"serial              {server['serial']}\n", ran.out)


@story
def show_signer():
    """The line of a key for a file of allowed signers: one key, by name."""
    with pki() as f:
        def line(*args):
            return f.run("pki", "show", *f.token, *args)
        name = ("--signer", "line@example.org", "--key",
                "pkcs11:object=issuing")
        ran = line(*name, "--namespace", "bootstrapd-order,bootstrapd-image")
        equal(ran.code, 0, ran)
        equal(ran.out.split()[:3], [
            "line@example.org",
            'namespaces="bootstrapd-order,bootstrapd-image"',
            "ecdsa-sha2-nistp256"])
        equal(ran.out.count("\n"), 1)
        # the same key as in its certificate
        spki = f.openssl("x509", "-in", "issuing.pem", "-noout", "-pubkey")
        point = base64.b64decode("".join(spki.split("\n")[1:-2]))[-65:]
        equal(base64.b64decode(ran.out.split()[3])[-65:], point)
        if shutil.which("ssh-keygen"):
            f.write("key.pub", " ".join(ran.out.split()[2:]) + "\n")
            done = subprocess.run(
                ["ssh-keygen", "-l", "-f", f.path("key.pub")], check=True,
                capture_output=True, text=True)
            within("256 SHA256:", done.stdout)
        failed(line(*name), 64, "go together")
        failed(line("--key", "pkcs11:object=issuing"), 64, "go together")
        for bad in ("a b", "a*", "a\nb", 'a"', "#a,b", "a" * 129):
            failed(line("--signer", bad, "--key", "pkcs11:object=issuing",
                        "--namespace", "x"), 64, "--signer")
        for bad in ("a*", 'a" b="', "a b", "a" * 65):
            failed(line(*name, "--namespace", bad), 64, "--namespace")
        failed(line("--signer", "x", "--namespace", "x", "--key",
                    "pkcs11:object=nobody"), 69, "nobody")
        failed(line("root.pem", *name, "--namespace", "x"), 64,
               "leave out files")


@story
def show_refuses():
    """What is malformed is refused with clause and offset."""
    with pki() as f:
        f.openssl("x509", "-in", "root.pem", "-outform", "DER", "-out",
                  "root.der")
        der = f.read("root.der")
        for name, text, words in (
                ("empty", b"", ["empty"]),
                ("text", b"hello", ["text"]),
                ("none.pem", b"-----BEGIN X-----\n-----END X-----\n",
                 ["no certificate"]),
                ("open.pem", b"-----BEGIN CERTIFICATE-----\nAAAA",
                 ["RFC 7468"]),
                ("cut.der", der[:-1], ["X.690", "byte"]),
                ("more.der", der + b"\0", ["byte"])):
            with open(f.path(name), "wb") as file:
                file.write(text)
            failed(f.run("pki", "show", name), 65, name, *words)
        failed(f.run("pki", "show", "absent.pem"), 74, "absent.pem")
        failed(f.run("pki", "show", "."), 74, "not a regular file")
        # the others are shown all the same
        ran = f.run("pki", "show", "empty", "root.pem")
        failed(ran, 65, "empty")
        within("Root", ran.out)


@story
def show_keys():
    """Without a file pki show lists the signing keys of the token."""
    with pki() as f:
        keys = {k["label"]: k for k in f.shown(*f.token)}
        equal(sorted(keys), ["issuing", "root", "server"])
        for key in keys.values():
            equal((key["sensitive"], key["extractable"], key["local"],
                   key["never_extractable"], key["p256"]),
                  (True, False, True, True, True), key)
        equal(keys["root"]["key"], f.shown("root.pem")[0]["key"])
        f.import_key("imported", "01")
        within("IMPORTED", f.run("pki", "show", *f.token).out)


@story
def revoked_and_listed():
    """A revoked certificate is in the next list, and OpenSSL refuses it."""
    with pki() as f:
        ran = f.crl("-o", "issuing.crl")
        equal(ran.code, 0, ran)
        equal(mode(f.path("issuing.crl")), 0o644)
        within("verify OK", f.openssl(
            "crl", "-in", "issuing.crl", "-noout", "-CAfile", "issuing.pem"))
        check = ["verify", "-x509_strict", "-crl_check", "-CAfile",
                 "root.pem", "-untrusted", "issuing.pem", "-CRLfile"]
        within("OK", f.openssl(*check, "issuing.crl", "server.pem"))

        serial = f.serial("server.pem")
        ran = f.revoke("--serial", serial, reason="keyCompromise")
        equal((ran.code, ran.err), (0, ""), ran)
        within(f"certificate {serial}  revoked, row", ran.out)
        row, = f.rows("credential_revoked")
        equal((row["serial"], row["reason"], row["fingerprint"]),
              (serial, "keyCompromise", f.shown("server.pem")[0]
               ["fingerprint"]))

        failed(f.crl("-o", "issuing.crl"), 73, "issuing.crl", "--force")
        equal(len(f.rows("crl_signed")), 1, "nothing was signed for it")
        ran = f.crl("-o", "issuing.crl", "--force", "--validity", "1d")
        equal(ran.code, 0, ran)
        within("revoked      1", ran.err)
        within("certificate revoked", f.openssl(
            *check, "issuing.crl", "server.pem", code=2))
        crl, = f.shown("issuing.crl")
        equal((crl["type"], crl["number"], crl["revoked"][0]["serial"],
               crl["revoked"][0]["reason"]),
              ("crl", "02", serial, "keyCompromise"))
        equal([(r["number"], r["entries"]) for r in f.rows("crl_signed")],
              [(1, 0), (2, 1)])
        within("keyCompromise", f.run("pki", "show", "issuing.crl").out)
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)


@story
def each_ca_its_own():
    """A list holds what its CA has signed, and is numbered by itself."""
    with pki() as f:
        equal(f.revoke("--serial", f.serial("server.pem")).code, 0)
        equal(f.revoke("--serial", f.serial("issuing.pem"),
                       reason="cACompromise").code, 0)
        # one that the ledger does not know stands in all of them
        equal(f.revoke("--serial", "00:AB:cd", "--force").code, 0)
        for name, serials in (("root", ["abcd", f.serial("issuing.pem")]),
                              ("issuing", ["abcd", f.serial("server.pem")])):
            equal(f.crl("-o", name + ".crl", issuer=name + ".pem").code, 0)
            crl, = f.shown(name + ".crl")
            equal(crl["number"], "01")
            equal(sorted(r["serial"] for r in crl["revoked"]),
                  sorted(serials))
        said = f.openssl("verify", "-crl_check_all", "-CAfile", "root.pem",
                         "-untrusted", "issuing.pem", "-CRLfile", "root.crl",
                         "-CRLfile", "issuing.crl", "server.pem", code=2)
        within("certificate revoked", said)


@story
def encodings():
    """A list can be DER, and go to standard output."""
    with pki() as f:
        der = f.crl("--encoding", "der", "-o", "-")
        equal(der.code, 0, der)
        equal(der.raw[0], 0x30)
        with open(f.path("list.der"), "wb") as file:
            file.write(der.raw)
        within("verify OK", f.openssl(
            "crl", "-inform", "DER", "-in", "list.der", "-noout", "-CAfile",
            "issuing.pem"))
        pem = f.crl()
        assert pem.out.startswith("-----BEGIN X509 CRL-----\n"), pem
        equal([c["number"] for c in f.shown("list.der")], ["01"])


@story
def many():
    """A long list keeps every number once, with its first date."""
    with pki() as f:
        for n in range(1, 40):
            equal(f.revoke("--serial", f"{n:02x}{n:02x}", "--force",
                           reason="cessationOfOperation").code, 0)
        again = f.revoke("--serial", "0101", "--force")
        equal(again.code, 0, again)
        within("was revoked before", again.out)
        equal(len(f.rows("credential_revoked")), 39)
        equal(f.crl("-o", "long.crl").code, 0)
        crl, = f.shown("long.crl")
        equal(len({r["serial"] for r in crl["revoked"]}), 39)
        equal({r["reason"] for r in crl["revoked"]},
              {"cessationOfOperation"})


@story
def a_device():
    """All that a device was given is revoked at once."""
    with pki() as f:
        f.make_masters()
        for epoch in "1", "2":
            ran = f.build("--again", "--epoch", epoch, "-o", f"image{epoch}",
                          "--ledger", "ledger.db")
            equal(ran.code, 0, ran)
        minted = f.rows("image_minted")
        # of another epoch it is not the same once more, and is named as such
        equal([r.get("again") for r in minted], [None, None])
        ran = f.run("audit", "reconcile", "--ledger", "ledger.db")
        equal(ran.code, 2, ran)
        within("two-images", ran.out)
        ran = f.revoke("--endpoint", EP, reason="cessationOfOperation")
        equal(ran.code, 0, ran)
        equal(ran.out.count("revoked, row"), 2)
        equal([r["fingerprint"] for r in f.rows("credential_revoked")],
              [r["fingerprint"] for r in minted])
        ran = f.revoke("--endpoint", EP)
        equal(ran.out.count("was revoked before"), 2)
        equal(len(f.rows("credential_revoked")), 2)
        with f.sqlite("ledger.db") as db:
            rows = db.execute("SELECT endpoint, revoked IS NOT NULL FROM "
                              "credentials").fetchall()
        equal(rows, [(EP, 1), (EP, 1)])
        failed(f.revoke("--endpoint", "nobody"), 65, '"nobody"')
        failed(f.revoke("--endpoint", EP.replace("WM", "MW")), 65,
               f'did you mean "{EP}"?')
        # keys have no place in a list of certificates
        equal(f.crl("-o", "list").code, 0)
        equal(f.shown("list")[0]["revoked"], [])


def insert(f, kind, data, endpoint=None):
    """A row as another program would append it; the chain is not its care."""
    with f.sqlite("ledger.db") as db:
        db.execute("INSERT INTO event SELECT max(seq) + 1, max(time_ms), ?, "
                   "NULL, ?, NULL, ?, zeroblob(32) FROM event",
                   (kind, endpoint, data))


def insert_many(f, endpoint, kind, numbers):
    """Certificates of these numbers, a row each."""
    with f.sqlite("ledger.db") as db:
        seq, now = db.execute(
            "SELECT max(seq) + 1, max(time_ms) FROM event").fetchone()
        db.executemany(
            "INSERT INTO event VALUES (?, ?, ?, NULL, ?, NULL, ?, "
            "zeroblob(32))",
            ((seq + i, now, kind, endpoint, f'{{"serial":"{n:06x}"}}')
             for i, n in enumerate(numbers)))


@story
def rows_of_others():
    """A number is the same with zeros in front; one that is none stops a list.
    """
    with pki() as f:
        insert(f, "credential_issued", '{"serial":"00ab01"}', "ep-1")
        insert(f, "credential_issued", '{"serial":"00ab02"}', "ep-1")
        ran = f.revoke("--serial", "AB01")
        equal(ran.code, 0, ran)
        equal(f.revoke("--endpoint", "ep-1").out.count("revoked before"), 1)
        equal(f.crl("-o", "list").code, 0)
        equal([r["serial"] for r in f.shown("list")[0]["revoked"]],
              ["ab01", "ab02"])
        insert(f, "credential_revoked", '{"serial":"beyond","reason":"x"}')
        failed(f.crl("-o", "next"), 74, "malformed")
        equal("next" in f.files(), False)


@story
def twenty_thousand():
    """However often a device was given something: all of it is revoked."""
    first, count = 0xbeef00, 20000
    all_of_it = range(first, first + count)
    with pki() as f:
        insert_many(f, EP, "credential_issued", all_of_it)
        # what it was given more than once is revoked once
        insert_many(f, EP, "bootstrap_begin", all_of_it[::2])
        insert_many(f, "another", "credential_issued", [first + count])
        equal(f.revoke("--serial", "beef01").code, 0)
        ran = f.revoke("--endpoint", EP)
        equal(ran.code, 0, ran)
        lines = ran.out.splitlines()
        equal((len(lines), len(set(lines))), (count, count))
        equal([line for line in lines if "revoked before" in line],
              ["certificate beef01  was revoked before"])
        rows = f.rows("credential_revoked")
        equal((len(rows), len({r["serial"] for r in rows})), (count, count))
        again = f.revoke("--endpoint", EP)
        equal(again.out.count("was revoked before"), count)
        equal(len(f.rows("credential_revoked")), count)


@story
def one_of_several():
    """A key by its fingerprint; a certificate that is not of the ledger."""
    with pki() as f:
        f.make_masters()
        for epoch in "1", "2":
            equal(f.build("--again", "--epoch", epoch, "-o", f"image{epoch}",
                          "--ledger", "ledger.db").code, 0)
        one, two = [r["fingerprint"] for r in f.rows("image_minted")]
        ran = f.revoke("--fingerprint", two.upper())
        equal(ran.code, 0, ran)
        equal([r["fingerprint"] for r in f.rows("credential_revoked")], [two])
        within(f'key of fingerprint {two}  of "{EP}"  revoked', ran.out)
        ran = f.revoke("--endpoint", EP)
        within(f"fingerprint {one}  revoked, row", ran.out)
        within(f"fingerprint {two}  was revoked before", ran.out)

        # two makers of devices number theirs alike
        for name in ("a", "b"):
            f.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                      name + ".key", "-subj", f"/CN={name}", "-set_serial",
                      "1", "-days", "9", "-out", name + ".pem")
            ran = f.revoke("--certificate", name + ".pem")
            equal(ran.code, 0, ran)
            within("certificate 01  revoked, row", ran.out)
            within("revoked before", f.revoke(
                "--certificate", name + ".pem").out)
            row = f.rows("credential_revoked")[-1]
            shown, = f.shown(name + ".pem")
            # it signs itself, so who has signed it is known
            equal(row, {"fingerprint": shown["fingerprint"], "serial": "01",
                        "issuer_key": shown["key"], "reason": "superseded"})
        equal(f.crl("-o", "list").code, 0)
        equal(f.shown("list")[0]["revoked"], [], "none of this CA")
        failed(f.revoke("--certificate", "pin"), 65, "BEGIN CERTIFICATE")

        # by a bare fingerprint there is no number for a list to name
        ran = f.revoke("--fingerprint", "ab" * 32, "--force")
        equal(ran.code, 0, ran)
        within("in no list of pki crl: revoke the file by --certificate",
               ran.err)
        equal(f.rows("credential_revoked")[-1],
              {"fingerprint": "ab" * 32, "reason": "superseded"})
        # a key has none anyway
        ran = f.revoke("--fingerprint", "ab" * 8, "--force")
        equal((ran.code, ran.err), (0, ""), ran)


@story
def revoke_refuses():
    """A serial number that nobody issued is a slip of the pen."""
    with pki() as f:
        failed(f.revoke("--serial", "1234"), 65, "1234", "--force")
        for wrong in ("", "0", "00:00", "xyz", "123", "1" * 42, "\x1b[2J"):
            ran = f.revoke("--serial", wrong)
            equal(ran.code, 64, ran)
            absent("\x1b", ran.err)
        failed(f.revoke("--serial", "12", "--endpoint", "x"), 64, "one of")
        failed(f.revoke("--fingerprint", "ab" * 8), 65, "ab" * 8, "--force")
        for wrong in ("12", "ab" * 9, "ab" * 33, "g" * 64, "\x1b[2J"):
            ran = f.revoke("--fingerprint", wrong)
            failed(ran, 64, "--fingerprint")
            absent("\x1b", ran.err)
        equal(f.rows("credential_revoked"), [])
        failed(f.run("pki", "revoke", "--serial", "12", "--reason",
                     "superseded", "--ledger", "nowhere/l.db"), 74,
               "nowhere")


@story
def crl_refuses():
    """Only the key of a CA signs a list."""
    with pki() as f:
        failed(f.crl(issuer="server.pem"), 65, "cRLSign")
        failed(f.crl(issuer="absent.pem"), 74, "absent.pem")
        f.add_token("other")
        ran = f.run("pki", "crl", "--ledger", "ledger.db", "--issuer",
                    "issuing.pem", *f.token_options("other"))
        failed(ran, 69, "no key of", "issuing.pem")
        equal(f.rows("crl_signed"), [])
        equal(f.left_over(), [])
        os.mkdir(f.path("full"))
        os.symlink("elsewhere", f.path("full/list"))
        failed(f.crl("-o", "full/list", "--force"), 73, "no regular file")


if __name__ == "__main__":
    tell()
