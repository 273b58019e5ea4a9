"""Certificates for a world: what this server shows comes from a key ceremony in
the world's own token, what devices have from CAs of OpenSSL's making.
"""

import contextlib
import hashlib
import os
import subprocess

from daemon_fixture import DOMAIN, World
from tap_story import expect, skip

CEREMONY = """\
ceremony: test
on_missing: generate
token: {{module: {module}, token: "pkcs11:token=bootstrap", pin: {{env: TOKEN_PIN}}}}
ledger: {ledger}
transcript: {name}.txt
steps:
{steps}"""

ROOT = """\
  - root:
      key: root
      subject: {CN: Root}
      validity: 10y
      out: root.pem
  - issuing:
      key: device-ca
      issuer: root
      subject: {CN: Device CA}
      validity: 5y
      out: issuing.pem
"""

SERVER = """\
  - server:
      key: {key}
      issuer: root
      subject: {{CN: {dns}}}
      dns: [{dns}]
      ip: [127.0.0.1]
      validity: {validity}
      out: {out}
"""

MASTERS = """\
  - master: bootstrap-2026
  - master: fleet-2026
"""

BY_CN = f"""\
identity: by-cn
endpoint: "{DOMAIN}-*"
certificate: {{endpoint: cn}}
"""

POLICY_ANY = """\
policy: anybody
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
      mode: psk
      key: {derive: fleet-2026, epoch: 1}
"""

FROM, UNTIL = "20200101000000Z", "20500101000000Z"
PAST = "20210101000000Z"

OPENSSL_CNF = """\
[ca]
default_ca = here
[here]
new_certs_dir = {dir}
database = {dir}/{ca}.index
crlnumber = {dir}/{ca}.crlnumber
rand_serial = yes
default_md = sha256
default_crl_days = 30
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[device]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
"""


def openssl(*argv, stdin=None):
    try:
        done = subprocess.run(["openssl", *map(str, argv)],
                              input=stdin, capture_output=True, check=False)
    except FileNotFoundError:
        skip("no openssl")
    expect(done.returncode == 0,
           f"openssl {argv}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Authority:
    """A CA that nobody here has made: OpenSSL's, with its keys in files."""

    def __init__(self, folder, name, by=None):
        self.dir = folder
        self.name = name
        self.cnf = folder / f"{name}.cnf"
        self.cnf.write_text(OPENSSL_CNF.format(dir=folder, ca=name))
        (folder / f"{name}.index").touch()
        (folder / f"{name}.crlnumber").write_text("01\n")
        self.key, self.pem = folder / f"{name}.key", folder / f"{name}.pem"
        make_key(self.key)
        (by or self).sign(self.pem, self.key, name, "authority", FROM, UNTIL)

    def sign(self, pem, key, cn, kind, start, end, san=None):
        extensions = ["-addext", f"subjectAltName={san}"] if san else []
        csr = pem.with_suffix(".csr")
        openssl("req", "-new", "-config", self.cnf, "-key", key, "-subj",
                f"/CN={cn}", "-utf8", *extensions, "-out", csr)
        by = ["-selfsign"] if pem == self.pem else ["-cert", self.pem]
        openssl("ca", "-batch", "-notext", "-config", self.cnf, "-keyfile",
                self.key, *by, "-extensions", kind, "-startdate", start,
                "-enddate", end, "-in", csr, "-out", pem)

    def device(self, name, cn, start=FROM, end=UNTIL, san=None, kind="device"):
        key, pem = self.dir / f"{name}.key", self.dir / f"{name}.pem"
        make_key(key)
        self.sign(pem, key, cn, kind, start, end, san)
        return Papers(pem, key)

    def revoke(self, papers):
        openssl("ca", "-config", self.cnf, "-keyfile", self.key, "-cert",
                self.pem, "-revoke", papers.pem)

    def crl(self, path):
        """A list, in place of the one that is there, as one does it."""
        new = path.with_suffix(".new")
        openssl("ca", "-gencrl", "-config", self.cnf, "-keyfile", self.key,
                "-cert", self.pem, "-out", new)
        os.chmod(new, 0o644)
        new.rename(path)


class Papers:
    """A certificate, or a raw public key, and its private key."""

    def __init__(self, pem, key):
        self.pem, self.key = pem, key

    def der(self):
        return openssl("x509", "-in", self.pem, "-outform", "DER")

    def fingerprint(self):
        return hashlib.sha256(self.der()).hexdigest()

    def serial(self):
        text = openssl("x509", "-in", self.pem, "-noout", "-serial").decode()
        return text.strip().split("=")[1].lower().lstrip("0")


def make_key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", path)


def spki_of(key):
    return openssl("pkey", "-in", key, "-pubout", "-outform", "DER")


class PkiWorld(World):
    """A world whose daemon shows a certificate. `self.pki`: where the files
    are; `self.ca`: OpenSSL's CA of devices, the anchor of `server.trust`."""

    def __init__(self, policies=None, server=True, servers=None, crl=False,
                 validity="1y", trust=True, **kwargs):
        self.server, self.crl, self.trust = server, crl, trust
        self.validity = validity
        # certificate file, key in the token, name
        self.servers = servers or [("server.pem", "bootstrap-server",
                                    "boot.lwm2m.example")]
        self.extra = ""
        super().__init__(policies or {"identity.yaml": BY_CN,
                                      "policy.yaml": POLICY_ANY},
                         masters=(), **kwargs)

    def _set_up(self, shim, policies, masters, known):
        self.pki = self.dir / "pki"
        self.pki.mkdir(mode=0o755)
        self.ca = Authority(self.pki, "device-ca")
        self.other_ca = Authority(self.pki, "other-ca")
        super()._set_up(shim, policies, masters, known)
        self.ceremony("main", MASTERS + ROOT + "".join(
            SERVER.format(key=key, dns=dns, out=out, validity=self.validity)
            for out, key, dns in self.servers))
        if self.crl:
            self.ca.crl(self.pki / "device-ca.crl")
        self.write_config()

    def ceremony(self, name, steps):
        path = self.pki / f"{name}.yaml"
        path.write_text(CEREMONY.format(
            module=self.module, ledger=self.ledger,
            name=name, steps=steps))
        self.tool("pki", "ceremony", path)
        for p in self.pki.iterdir():
            with contextlib.suppress(OSError):
                os.chmod(p, 0o600 if p.suffix == ".key" else 0o644)

    def server_section(self):
        if not self.server:
            return ""
        (first, key, _), *more = self.servers
        text = (f"server:\n  certificate: pki/{first}\n"
                f'  key: "pkcs11:object={key}"\n')
        if self.trust:
            text += "  trust: pki/device-ca.pem\n"
        if self.crl:
            text += "  crl: [pki/device-ca.crl]\n"
        if more:
            text += "  sni:\n" + "".join(
                f'    - {{certificate: pki/{out}, key: '
                f'"pkcs11:object={key}"}}\n' for out, key, _ in more)
        return text

    def write_config(self, extra=""):
        super().write_config(self.server_section() + self.extra + extra)

    def device(self, name, endpoint=None, **kwargs):
        """Papers by the CA that is trusted."""
        return self.ca.device(name, endpoint or name, **kwargs)

    def come(self, papers, *options, endpoint=None, ca=None, timeout_s=60):
        """A device with these papers at its bootstrap."""
        argv = ["--uri", self.coaps(), "--ca", ca or self.pki / "root.pem",
                "--certificate", papers.pem, "--key", papers.key]
        if "--sni" not in options and "--usage" not in options:
            argv += ["--sni", self.servers[0][2]]
        return self._come(argv, options, endpoint, timeout_s)

    def come_raw(self, key, *options, endpoint=None, timeout_s=60):
        argv = ["--uri", self.coaps(), "--ca", self.pki / "server.pem",
                "--raw-key", "--key", key]
        return self._come(argv, options, endpoint, timeout_s)

    def _come(self, argv, options, endpoint, timeout_s):
        from daemon_fixture import Device
        if endpoint:
            argv += ["--endpoint", endpoint]
        device = Device(self, None, timeout_s=timeout_s,
                        options=[*map(str, argv), *map(str, options)])
        self.devices.append(device)
        return device

    def refused_handshakes(self, count):
        """Their rows: as many as there are to be."""
        from daemon_fixture import wait_for
        return wait_for(lambda: rows if len(
            rows := self.rows("handshake_refused")) >= count else None,
            f"{count} rows of refused handshakes")
