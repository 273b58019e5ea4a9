"""Another key under a label that the ledger knows: nothing is signed with it."""
from ceremony import HEAD, ISSUING, ROOT, Hall
from factory import EP, URI, equal, failed, story, tell, within

OTHER = HEAD.replace("token=factory", "token=other").replace(
    "file: pin", "env: OTHER_PIN")
MASTER = "  - master: bootstrap-2026\n"
POLICIES = """\
authority: issuing
certificate: issuing.pem
---
identity: certificates
certificate:
  trust: root.pem
  issue: {ca: issuing}
  server_certificate: {file: root.pem, usage: trust-anchor}
---
identity: keys
psk: {derive: bootstrap-2026}
"""


class Swapped(Hall):
    """One ledger, and two tokens with keys of the same labels in them."""

    def __enter__(self):
        super().__enter__()
        self.add_token("other")
        self.other = self.token_options("other")
        self.ceremony(MASTER, ROOT, ISSUING)
        equal(self.hold().code, 0)
        steps = "".join((MASTER, ROOT, ISSUING)).replace(".pem", "-2.pem")
        self.ceremony(steps, name="second.yaml", head=OTHER.replace(
            "ledger.db", "second.db").replace("transcript.", "second."))
        equal(self.hold("second.yaml").code, 0)
        self.write("rules.yaml", POLICIES)
        self.write("rules-2.yaml", POLICIES.replace(".pem", "-2.pem"))
        return self

    def issue(self, token, key, *who, ledger="ledger.db"):
        return self.run("pki", "issue", "--ledger", ledger, "--endpoint", EP,
                        "--key-out", key, "-o", key + ".pem", *who, *token)

    def image(self, token, rules, identity, name):
        return self.run("image", "build", "--policies", rules, "--identity",
                        identity, "--endpoint", f"{EP}-{name}", "--uri", URI,
                        "--ledger", "ledger.db", "--format", "json", "-o", name, *token)

    def unchanged(self, ran, before):
        failed(ran, 78, "is not the same key", "check value")
        equal(self.kinds(), before)


@story
def a_certificate():
    """pki issue and pki crl, by file and by authority."""
    with Swapped() as f:
        equal([r["label"] for r in f.rows("key_check")],
              ["bootstrap-2026", "ca key root", "ca key issuing"])
        ran = f.issue(f.token, "a", "--issuer", "issuing.pem")
        equal(ran.code, 0, ran)
        ran = f.issue(f.token, "b", "--authority", "issuing", "--policies",
                      "rules.yaml")
        equal(ran.code, 0, ran)
        row = f.rows("key_check")[-1]
        equal((row["label"], row["kcv"]), (
            "ca issuing", f.shown("issuing.pem")[0]["key"][:8]))
        before = f.kinds()
        files = f.files()
        f.unchanged(f.issue(f.other, "c", "--issuer", "issuing-2.pem"), before)
        f.unchanged(f.issue(f.other, "c", "--authority", "issuing",
                            "--policies", "rules-2.yaml"), before)
        f.unchanged(f.run("pki", "crl", "--issuer", "issuing-2.pem",
                          "--ledger", "ledger.db", "-o", "list.pem",
                          *f.other), before)
        equal(f.files(), files, "no file was written")
        # an authority is known by its own name too, whatever its key's label
        ran = f.issue(f.token, "d", "--authority", "issuing", "--policies",
                      "rules.yaml", ledger="daemon.db")
        equal(ran.code, 0, ran)


@story
def an_image():
    """image build, by a master and by a CA."""
    with Swapped() as f:
        for identity in "keys", "certificates":
            ran = f.image(f.token, "rules.yaml", identity, identity)
            equal(ran.code, 0, ran)
        before = f.kinds()
        for identity in "keys", "certificates":
            f.unchanged(f.image(f.other, "rules-2.yaml", identity, "new"),
                        before)


@story
def a_ceremony():
    """What the ledger knows is neither taken for another nor made anew."""
    with Swapped() as f:
        before = f.kinds()
        head = OTHER.replace("transcript.", "third.")
        for step in MASTER, ROOT.replace("root.pem", "root-3.pem"):
            f.ceremony(step, head=head)
            f.unchanged(f.hold(), before)
        f.add_token("empty")
        f.ceremony(ROOT.replace("root.pem", "root-3.pem"), head=head.replace(
            "token=other", "token=empty").replace("OTHER_PIN", "EMPTY_PIN"))
        ran = f.hold()
        failed(ran, 78, "ca key root", "the token has none", "nothing was")
        equal(f.labels(f.token_options("empty")), [])
        issuer = "{certificate: root-2.pem, key: root}"
        f.ceremony(ISSUING.replace("key: issuing", "key: third").replace(
            "issuing.pem", "third.pem").replace("issuer: root", "issuer: "
                                                + issuer), head=head)
        f.unchanged(f.hold(), before)


@story
def a_credential():
    """What pki issue signs is a credential, until it is revoked."""
    with Hall() as f:
        f.ceremony(ROOT, ISSUING)
        equal(f.hold().code, 0)
        ran = f.run("pki", "issue", "--ledger", "ledger.db", "--endpoint", EP,
                    "--issuer", "issuing.pem", "--key-out", "a", "-o",
                    "a.pem", *f.token)
        equal(ran.code, 0, ran)

        def seen():
            with f.sqlite("ledger.db") as db:
                return db.execute(
                    "SELECT endpoint, kind, purpose, serial, fingerprint, "
                    "revoked IS NOT NULL FROM credentials").fetchall()

        own, = f.shown("a.pem")
        row = (EP, "certificate", "factory", own["serial"],
               own["fingerprint"])
        equal(seen(), [row + (0,)], "CAs are no credentials")
        ran = f.run("pki", "revoke", "--ledger", "ledger.db", "--endpoint",
                    EP, "--reason", "keyCompromise")
        equal(ran.code, 0, ran)
        equal(seen(), [row + (1,)])


LIMITED = ISSUING.replace("      validity: 5y\n", """\
      extended_key_usage: clientAuth
      validity: 5y
""")


@story
def a_limited_ca():
    """Whatever a CA limited to clientAuth signs, OpenSSL believes no server."""
    with Hall() as f:
        f.ceremony(ROOT, LIMITED)
        ran = f.hold("test.yaml", "--dry-run")
        within("extended key usage  clientAuth", ran.out)
        ran = f.hold()
        equal(ran.code, 0, ran)
        server = f.ceremony(
            """  - server:
      key: server
      issuer: {certificate: issuing.pem, key: issuing}
      subject: {CN: Server}
      ip: 192.0.2.1
      validity: 90d
      out: server.pem
""", head=HEAD.replace("transcript.", "second."), name="second.yaml")
        failed(f.hold(server), 65, "cert-eku")
        # by a hand that does not ask this program
        f.write("ext", "extendedKeyUsage=serverAuth\n"
                "subjectAltName=IP:192.0.2.1\n")
        for name, issuer in ("ca", ()), ("s", ("-CA", "ca.pem", "-CAkey",
                                               "ca.key")):
            f.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                      "-out", name + ".key")
            f.openssl("req", "-new", "-key", name + ".key", "-subj",
                      "/CN=" + name, "-out", name + ".csr")
            if not issuer:
                f.write("caext", "basicConstraints=critical,CA:TRUE\n"
                        "keyUsage=keyCertSign\n"
                        "extendedKeyUsage=clientAuth\n")
                f.openssl("x509", "-req", "-in", "ca.csr", "-signkey",
                          "ca.key", "-extfile", "caext", "-out", "ca.pem")
            else:
                f.openssl("x509", "-req", "-in", "s.csr", *issuer,
                          "-CAcreateserial", "-extfile", "ext", "-out",
                          "s.pem")
        within("unsuitable", f.openssl(
            "verify", "-partial_chain", "-purpose", "sslserver", "-CAfile",
            "ca.pem", "s.pem", code=2))


tell()
