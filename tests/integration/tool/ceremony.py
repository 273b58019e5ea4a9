"""A factory that holds key ceremonies: tokens by name, the shipped files, and
OpenSSL to look at what came out.
"""
import contextlib
import hashlib
import json
import os
import shutil
import subprocess

from factory import Factory, Skip, equal, module, within

SHIPPED = os.environ["CEREMONIES"]

HEAD = """\
ceremony: test
on_missing: generate
token:
  module: {module}
  token: "pkcs11:token=factory"
  pin: {{file: pin}}
ledger: ledger.db
transcript: transcript.txt
steps:
"""

ROOT = """\
  - root:
      key: root
      subject: {O: Test, CN: Root}
      validity: 10y
      out: root.pem
"""
ISSUING = """\
  - issuing:
      key: issuing
      issuer: root
      subject: {O: Test, CN: Issuing}
      validity: 5y
      out: issuing.pem
"""
SERVER = """\
  - server:
      key: server
      issuer: issuing
      subject: {O: Test, CN: Server}
      dns: boot.example
      validity: 90d
      out: server.pem
"""


class Hall(Factory):
    """Use as a context, as Factory."""

    def add_token(self, label):
        """One more token; its PIN is pin-of-LABEL."""
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label,
             "--so-pin", "the-so-pin-4711", "--pin", f"pin-of-{label}"],
            env=self.env, check=True, stdout=subprocess.DEVNULL)
        self.env[f"{label.upper()}_PIN"] = f"pin-of-{label}"

    def token_options(self, label):
        return ["--module", self.module, "--token", f"pkcs11:token={label}",
                "--pin-env", f"{label.upper()}_PIN"]

    def shipped(self, name):
        """A file as it is shipped, where SoftHSM2 lies elsewhere adapted."""
        with open(os.path.join(SHIPPED, name), encoding="utf-8") as file:
            text = file.read()
        within("/usr/lib/softhsm/libsofthsm2.so", text)
        return self.write(name, text.replace(
            "/usr/lib/softhsm/libsofthsm2.so", module()))

    def ceremony(self, *steps, head=HEAD, name="test.yaml"):
        return self.write(
            name, head.format(module=self.module) + "".join(steps))

    def hold(self, name="test.yaml", *more, **how):
        return self.run("pki", "ceremony", name, *more, **how)

    def rows(self, kind=None, ledger="ledger.db"):
        ran = self.run("audit", "list", "--ledger", ledger, "--format",
                       "json")
        equal(ran.code, 0, ran)
        rows = [json.loads(line) for line in ran.out.splitlines()]
        return [r["data"] for r in rows if kind in (None, r["kind"])]

    def kinds(self, ledger="ledger.db"):
        ran = self.run("audit", "list", "--ledger", ledger, "--format",
                       "json")
        return [json.loads(line)["kind"] for line in ran.out.splitlines()]

    def shown(self, *files):
        ran = self.run("pki", "show", "--format", "json", *files)
        equal(ran.code, 0, ran)
        return [json.loads(line) for line in ran.out.splitlines()]

    def labels(self, token=None):
        """Labels of all keys in the token, of either kind."""
        token = token or self.token
        keys = self.run("pki", "show", "--format", "json", *token)
        masters = self.run("hsm", "keys", "--format", "json", *token)
        equal((keys.code, masters.code), (0, 0), (keys, masters))
        return sorted(json.loads(line)["label"] for line in
                      (keys.out + masters.out).splitlines())

    def files(self):
        return {n for n in os.listdir(self.dir) if n != "tokens"}

    def openssl(self, *args, code=0, cwd=None):
        if not shutil.which("openssl"):
            raise Skip("no openssl")
        done = subprocess.run(
            ["openssl", *args], cwd=cwd or self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode()
        if code is not None:
            equal(done.returncode, code, text)
        return text

    def over(self):
        """Options of a certificate that is over. Later versions take no
        negative days, earlier ones no dates."""
        major, minor = self.openssl("version").split()[1].split(".")[:2]
        if (int(major), int(minor)) < (3, 4):
            return "-days", "-1"
        return "-not_before", "20200101000000Z", "-not_after", "20200201000000Z"

    def verify(self, root, *certificates, untrusted=()):
        args = ["verify", "-x509_strict", "-CAfile", root]
        for name in untrusted:
            args += ["-untrusted", name]
        said = self.openssl(*args, *certificates)
        equal(said.split(), [w for c in certificates for w in (c + ":", "OK")])

    def import_key(self, label, key_id, name="imported.pem"):
        """A key that was made outside the token."""
        if not os.path.exists(self.path(name)):
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-out", name)
        done = subprocess.run(
            ["softhsm2-util", "--import", name, "--token", "factory",
             "--label", label, "--id", key_id, "--pin", "the-user-pin-4711",
             "--force"],
            cwd=self.dir, env=self.env, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        equal(done.returncode, 0, done.stdout)

    @contextlib.contextmanager
    def unchanged(self):
        """Nothing is made, in the folder or in the token."""
        before = self.files(), self.labels()
        yield
        equal((self.files(), self.labels()), before, "untouched")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
