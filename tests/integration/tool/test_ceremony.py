"""The shipped ceremonies, each held on tokens of its own; and ceremonies that go
on where others ended.
"""
import os
import re
import shutil
import subprocess

from ceremony import (HEAD, ISSUING, ROOT, SERVER, SHIPPED, Hall, sha256)
from factory import absent, equal, failed, mode, story, tell, within


def check_records(f, transcript, outputs, ledger="ledger.db"):
    """Transcript, ledger and files say the same, and no secret."""
    text = f.read(transcript).decode()
    equal(mode(f.path(transcript)), 0o644)
    for name in outputs:
        equal(mode(f.path(name)), 0o644)
        within(sha256(f.path(name)), text)
    end = f.rows("ceremony_end", ledger)[-1]
    equal((end["outcome"], end["transcript"]),
          ("done", sha256(f.path(transcript))))
    equal(f.run("audit", "verify", "--ledger", ledger).code, 0)
    with open(f.path(ledger), "rb") as file:
        said = file.read() + text.encode()
    for name, pin in f.env.items():
        if name.endswith("_PIN"):
            assert pin.encode() not in said, name
    equal(f.left_over(), [])


@story
def development():
    """pki/development.yaml: reviewed dry, held, and not held again."""
    with Hall() as f:
        f.add_token("development")
        f.env["CEREMONY_PIN"] = "pin-of-development"
        token = f.token_options("development")
        f.shipped("development.yaml")
        before = f.files()

        ran = f.hold("development.yaml", "--dry-run")
        equal((ran.code, ran.err), (0, ""), ran)
        equal(f.files(), before, "a dry run writes nothing")
        equal(f.labels(token), [], "and makes nothing")
        equal(ran.out.count("would be signed:"), 4, ran)
        equal(ran.out.count("to be made\n"), 7, ran)
        within('subject             '
               'CN="Server CA"', ran.out)
        within('permitted           DNS "lwm2m.example"', ran.out)
        within('name                IP 127.0.0.1', ran.out)

        ran = f.hold("development.yaml")
        equal((ran.code, ran.err), (0, ""), ran)
        made = {"root.pem", "device-ca.pem", "server-ca.pem", "server.pem"}
        equal(f.files() - before,
              made | {"ledger.db", "development.txt"})
        equal(f.labels(token), sorted([
            "bootstrap-2026", "fleet-2026", "seal-2026", "root", "device-ca",
            "server-ca", "bootstrap-server"]))
        check_records(f, "development.txt", made)

        # the server shows its CA too; a client needs the root alone
        f.verify("root.pem", "device-ca.pem", "server-ca.pem")
        f.verify("root.pem", "server.pem", untrusted=["server.pem"])
        f.openssl("verify", "-x509_strict", "-purpose", "sslserver",
                  "-verify_hostname", "boot.lwm2m.example", "-CAfile",
                  "root.pem", "-untrusted", "server.pem", "server.pem")
        within("hostname mismatch", f.openssl(
            "verify", "-verify_hostname", "boot.example", "-CAfile",
            "root.pem", "-untrusted", "server.pem", "server.pem", code=2))

        generated = f.rows("key_generated")
        equal([r["role"] for r in generated],
              ["master", "master", "seal", "root", "issuing", "issuing",
               "server"])
        for row in generated:
            equal((row["sensitive"], row["extractable"], row["local"]),
                  (True, False, True), row)
        equal([r["label"] for r in f.rows("key_check")],
              ["bootstrap-2026", "fleet-2026", "seal-2026", "ca key root",
               "ca key device-ca", "ca key server-ca"])
        shown = f.shown("root.pem", "device-ca.pem", "server-ca.pem",
                        "server.pem")
        del shown[4]  # the CA behind the server
        for row, cert, key in zip(f.rows("certificate_signed"), shown,
                                  generated[3:]):
            equal((row["serial"], row["fingerprint"], row["key"]),
                  (cert["serial"], cert["fingerprint"], key["key"]))

        again = f.hold("development.yaml")
        failed(again, 73, "root.pem", "exists", "transcript",
               "nothing was made")
        equal(len(f.rows("key_generated")), 7)
        equal(f.kinds().count("ceremony_begin"), 1, "it has not begun")


@story
def default_terms():
    """CAs and servers by their defaults fit below a root of ten years."""
    with Hall() as f:
        f.ceremony(ROOT, ISSUING.replace("      validity: 5y\n", ""),
                   SERVER.replace("      validity: 90d\n", ""))
        ran = f.hold()
        equal((ran.code, ran.err), (0, ""), ran)
        root, issuing, server, _ = f.shown("root.pem", "issuing.pem",
                                           "server.pem")
        equal(issuing["not_after"], root["not_after"])
        assert server["not_after"] < root["not_after"], server
        f.verify("root.pem", "server.pem", untrusted=["server.pem"])


def readme():
    """The ```yaml blocks of pki/README.md by their first key."""
    with open(os.path.join(SHIPPED, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```yaml\n(.*?)^```$", file.read(), re.M | re.S)
    return {key: [b for b in blocks if b.startswith(key + ":")]
            for key in ("ceremony", "authority")}


@story
def the_policies_readme():
    """Every document of policies/README.md is one, as it is copied."""
    with open(os.path.join(SHIPPED, "..", "policies", "README.md"),
              encoding="utf-8") as file:
        blocks = re.findall(r"^```yaml\n(.*?)^```$", file.read(), re.M | re.S)
    assert len(blocks) > 2, blocks
    with Hall() as f:
        f.ceremony(ROOT, *(ISSUING.replace("issuing.pem", name + ".pem")
                           .replace("key: issuing", "key: " + name)
                           for name in ("device-ca", "server-ca")))
        equal(f.hold().code, 0)
        f.write("operator-key.pem", f.openssl(
            "x509", "-in", "server-ca.pem", "-noout", "-pubkey"))
        f.write("raw-keys.csv", "sha256,endpoint\n" + "d" * 64 + ",bench-1\n")
        for name in "devices.csv", "pilot.csv":
            shutil.copy(os.path.join(SHIPPED, "..", "policies", "examples",
                                     name), f.path(name))
        for i, block in enumerate(blocks):
            f.write(f"{i}.yaml", block)
            ran = f.run("policy", "check", f"{i}.yaml")
            equal(ran.code, 0, ran)


@story
def the_readme():
    """Every ceremony of pki/README.md can be held, and gives what it says."""
    with Hall() as f:
        for label in "bootstrap", "authority":
            f.add_token(label)
        f.env |= {"CEREMONY_PIN": "pin-of-bootstrap",
                  "A_PIN": "pin-of-authority", "B_PIN": "pin-of-bootstrap"}
        whole, two, renewal = readme()["ceremony"]
        policies, = readme()["authority"]
        for name, text in (("whole", whole), ("renewal", renewal)):
            f.write(name, text.replace(
                "/usr/lib/softhsm/libsofthsm2.so", f.module))
            for more in ("--dry-run",), ():
                ran = f.hold(name, *more)
                equal((ran.code, ran.err), (0, ""), ran)
        f.verify("root.pem", "server.pem", "server-2027.pem", "tls-2027.pem",
                 "device-ca.pem", untrusted=["server-ca.pem"])
        old, new = f.shown("server.pem")[0], f.shown("server-2027.pem")[0]
        equal(old["key"], new["key"], "the key stayed")
        root, = f.shown("root.pem")
        equal((root["path_length"], root["subject"]),
              (1, 'C="DE", O="Example Meters", CN="Example Root"'))
        assert root["not_before"] < old["not_before"], "backdated"

        f.write("rules.yaml", policies)
        ran = f.run("policy", "check", "rules.yaml")
        equal(ran.code, 0, ran)
        ran = f.run("pki", "issue", "--policies", "rules.yaml",
                    "--authority", "device-ca", "--ledger", "ledger.db",
                    "--endpoint", "urn:dev:ops:0057F2-42", "--key-out",
                    "42.key", "-o", "42.pem", "--chain",
                    *f.token_options("bootstrap"))
        equal(ran.code, 0, ran)
        f.openssl("verify", "-CAfile", "root.pem", "-untrusted", "42.pem",
                  "42.pem")
    with Hall() as f:
        for label in "bootstrap", "authority":
            f.add_token(label)
        f.env |= {"A_PIN": "pin-of-authority", "B_PIN": "pin-of-bootstrap"}
        f.write("two", two.replace(
            "/usr/lib/softhsm/libsofthsm2.so", f.module))
        ran = f.hold("two")
        equal((ran.code, ran.err), (0, ""), ran)
        f.verify("root.pem", "device-ca.pem")


@story
def two_tokens():
    """pki/two-tokens.yaml: what makes servers believed lies apart."""
    with Hall() as f:
        f.add_token("authority")
        f.add_token("bootstrap")
        f.shipped("two-tokens.yaml")
        equal(f.hold("two-tokens.yaml", "--dry-run").code, 0)
        ran = f.hold("two-tokens.yaml")
        equal((ran.code, ran.err), (0, ""), ran)
        check_records(f, "two-tokens.txt",
                      ["root.pem", "server-ca.pem", "device-ca.pem",
                       "server.pem"])
        equal(f.labels(f.token_options("authority")), ["root", "server-ca"])
        equal(f.labels(f.token_options("bootstrap")),
              ["bootstrap-2026", "bootstrap-server", "device-ca",
               "fleet-2026", "seal-2026"])
        f.verify("root.pem", "server.pem", "device-ca.pem",
                 untrusted=["server-ca.pem"])

        # the CA of devices signs no server, here or anywhere
        f.write("rogue.yaml", f"""\
ceremony: rogue
on_missing: generate
token:
  module: {f.module}
  token: "pkcs11:token=bootstrap"
  pin: {{env: BOOTSTRAP_PIN}}
ledger: rogue.db
transcript: rogue.txt
steps:
  - server:
      key: rogue
      issuer: {{certificate: device-ca.pem, key: device-ca}}
      subject: boot.lwm2m.example
      dns: boot.lwm2m.example
      out: rogue.pem
""")
        failed(f.hold("rogue.yaml"), 65, "rogue.yaml", "cert-name-constraint",
               "boot.lwm2m.example")
        equal("rogue.pem" in f.files(), False)


@story
def one_variable_for_two():
    """Two tokens may have one PIN, in one variable."""
    with Hall() as f:
        f.add_token("authority")
        f.env["BOTH_PIN"] = "pin-of-authority"
        head = f"""\
ceremony: one variable
on_missing: generate
tokens:
  a: {{module: {f.module}, token: "pkcs11:token=authority",
       pin: {{env: BOTH_PIN}}}}
  b: {{module: {f.module}, token: "pkcs11:token=b", pin: {{env: BOTH_PIN}}}}
ledger: ledger.db
transcript: transcript.txt
steps:
"""
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "b",
             "--so-pin", "the-so-pin-4711", "--pin", "pin-of-authority"],
            env=f.env, check=True, stdout=subprocess.DEVNULL)
        f.write("test.yaml", head +
                ROOT.replace("key: root", "key: root\n      token: a") +
                ISSUING.replace("key: issuing",
                                "key: issuing\n      token: b"))
        ran = f.hold()
        equal(ran.code, 0, ran)
        f.verify("root.pem", "issuing.pem")


@story
def offline_root():
    """pki/offline-root.yaml: three acts on two machines that share no token."""
    with Hall() as online, Hall() as offline:
        online.add_token("online")
        offline.add_token("offline")
        for f in online, offline:
            f.shipped("offline-root.yaml")

        # each machine has only its own PIN and its own token
        ran = online.hold("offline-root.yaml", "--to", "4")
        equal((ran.code, ran.err), (0, ""), ran)
        for name in "issuing.csr", "server-ca.csr":
            within("verify OK", online.openssl("req", "-in", name, "-noout",
                                               "-verify"))
            shutil.copy(online.path(name), offline.path(name))

        ran = offline.hold("offline-root.yaml", "--from", "5", "--to", "7")
        equal((ran.code, ran.err), (0, ""), ran)
        check_records(offline, "offline-root.txt",
                      ["root.pem", "issuing.pem", "server-ca.pem"])
        equal(offline.labels(offline.token_options("offline")), ["root"])

        # the last act needs what the second made
        failed(online.hold("offline-root.yaml", "--from", "8"), 74,
               "server-ca.pem", "nothing was made")
        for name in "root.pem", "issuing.pem", "server-ca.pem":
            shutil.copy(offline.path(name), online.path(name))
        ran = online.hold("offline-root.yaml", "--from", "8")
        equal((ran.code, ran.err), (0, ""), ran)
        check_records(online, "offline-root.txt",
                      ["issuing.csr", "server-ca.csr", "server.pem"])
        online.verify("root.pem", "issuing.pem", "server-ca.pem")
        online.verify("root.pem", "server.pem", untrusted=["server.pem"])
        equal([r["file"] for r in online.rows("request_signed")],
              [os.path.join(os.path.dirname(r["file"]), n) for r, n in zip(
                  online.rows("request_signed"),
                  ("issuing.csr", "server-ca.csr"))])


@story
def requests():
    """A request is signed in the name that was reviewed, or not at all."""
    with Hall() as f:
        step = ISSUING.replace("key: issuing", "request: issuing.csr")
        f.ceremony(ROOT, step)
        f.openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem",
                  "-subj", "/O=Test/CN=Somebody", "-out", "issuing.csr")
        with f.unchanged():
            failed(f.hold(), 65, "step 2 (issuing)",
                   'the request is of O="Test", CN="Somebody"')
            f.write("issuing.csr", f.read("issuing.csr").decode().replace(
                "\nMI", "\nMJ", 1))
            failed(f.hold(), 65, "issuing.csr")
            # one bit of the signature
            f.openssl("req", "-new", "-key", "k.pem", "-subj",
                      "/O=Test/CN=Issuing", "-outform", "DER", "-out", "der")
            der = bytearray(f.read("der"))
            der[-1] ^= 1
            with open(f.path("der"), "wb") as file:
                file.write(der)
            f.openssl("req", "-inform", "DER", "-in", "der", "-out",
                      "issuing.csr", code=None)
            failed(f.hold(), 65, "issuing.csr", "RFC 2986 3", "byte")
            os.unlink(f.path("der"))
        f.openssl("req", "-new", "-key", "k.pem", "-utf8", "-subj",
                  "/O=Test/CN=Issuing", "-out", "issuing.csr")
        ran = f.hold()
        equal(ran.code, 0, ran)
        f.verify("root.pem", "issuing.pem")
        equal(f.labels(), ["root"])


@story
def next_year():
    """A new server certificate by a CA and keys from before."""
    with Hall() as f:
        f.ceremony(ROOT, ISSUING, SERVER)
        equal(f.hold().code, 0)
        labels = f.labels()
        again = HEAD.replace("on_missing: generate\n", "").replace(
            "transcript.txt", "next.txt")
        f.ceremony("""\
  - server:
      key: server
      issuer: {certificate: issuing.pem, key: issuing}
      subject: {O: Test, CN: Server}
      dns: boot.example
      chain: false
      out: next.pem
""", head=again, name="next.yaml")
        ran = f.hold("next.yaml")
        equal(ran.code, 0, ran)
        within("key was there", ran.out)
        equal(f.labels(), labels)
        equal(len(f.rows("key_verified")), 1)
        first, chained = f.shown("server.pem")
        equal(chained["subject"], first["issuer"])
        second, = f.shown("next.pem")
        equal(second["key"], first["key"])
        assert second["serial"] != first["serial"]
        f.verify("root.pem", "next.pem", untrusted=["issuing.pem"])


@story
def no_key_by_default():
    """Without on_missing a key that is not there is an error."""
    with Hall() as f:
        f.ceremony("  - master: fleet-2026\n", ROOT,
                   head=HEAD.replace("on_missing: generate\n", ""))
        with f.unchanged():
            for more in (), ("--dry-run",):
                failed(f.hold("test.yaml", *more), 69, "step 1 (master)",
                       '"fleet-2026"', "step 2 (root)", '"root"',
                       "on_missing: generate")
        # a step says otherwise
        f.ceremony(
            "  - master: {key: fleet-2026, on_missing: generate}\n",
            head=HEAD.replace("on_missing: generate\n", ""))
        equal(f.hold().code, 0)


@story
def by_label_and_id():
    """Keys are found by label and id; two that match are refused."""
    with Hall() as f:
        wanted = ROOT.replace("key: root", "key: root\n      id: \"0a0b\"")
        f.ceremony(wanted)
        equal(f.hold().code, 0)
        key, = f.shown(*f.token)
        equal(key["id"], "0a0b")

        # the label with another id is another key, whose place is taken
        os.unlink(f.path("root.pem"))
        os.unlink(f.path("transcript.txt"))
        f.ceremony(wanted.replace("0a0b", "0c"))
        with f.unchanged():
            failed(f.hold(), 73, '"root"', "another id", "never overwritten")
        # two of one label: the label alone is not enough
        f.import_key("root", "0c")
        f.ceremony(ROOT)
        failed(f.hold(), 73, "root")
        f.ceremony(wanted)
        ran = f.hold()
        equal(ran.code, 0, ran)
        equal(f.shown("root.pem")[0]["key"], key["key"])


@story
def made_elsewhere():
    """A key that was not made in the token is no key of a ceremony."""
    with Hall() as f:
        f.import_key("root", "01")
        f.ceremony(ROOT)
        with f.unchanged():
            ran = f.hold()
            equal(ran.code, 77, ran)
            assert re.search("not LOCAL|EXTRACTABLE|not SENSITIVE", ran.err)


@story
def keypad():
    """Without a PIN the token must ask itself; this one does not."""
    with Hall() as f:
        f.ceremony(ROOT, head=HEAD.replace("  pin: {{file: pin}}\n", ""))
        failed(f.hold(), 78, "needs a PIN")
        absent("root.pem", str(f.files()))


if __name__ == "__main__":
    tell()
