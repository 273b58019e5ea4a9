"""A factory that mints under work orders: a ceremony token that signs them, the
line's own token, and stations.
"""
import json
import subprocess

from ceremony import Hall
from factory import POLICIES, URI, equal

IDENTITY = POLICIES.replace(
    'endpoint: "urn:dev:ops:0057F2-*"\n',
    'endpoint: "urn:dev:ops:0057F2-*"\norder: required\n', 1)

ORDER = {
    "order": "WO-2026-0042",
    "identity": "factory-2026",
    "endpoint": '"urn:dev:ops:0057F2-WM2*"',
    "stations": "{line-1: 3, line-2: 2}",
    "not_after": "2099-01-31",
}


def ep(n):
    return f"urn:dev:ops:0057F2-WM2-{n:04}"


class Line(Hall):
    """Use as a context, as Factory: keys are there, and an order is signed."""

    def __enter__(self):
        super().__enter__()
        self.add_token("ceremony")
        self.make_masters()
        self.make_key("orders", "ceremony", self.token_options("ceremony"))
        self.write("signers", self.signer("office@example.org", "orders",
                                          self.token_options("ceremony")))
        self.order()
        return self

    def make_key(self, label, token, options):
        """A signing key, as a ceremony makes one."""
        env = f"{{env: {token.upper()}_PIN}}" if token != "factory" \
            else "{file: pin}"
        self.write("key.yaml", f"""\
ceremony: keys
on_missing: generate
token:
  module: {self.module}
  token: "pkcs11:token={token}"
  pin: {env}
ledger: ceremony-{label}.db
transcript: ceremony-{label}.txt
steps:
  - request: {{key: {label}, subject: {{CN: {label}}}, out: {label}.csr}}
""")
        ran = self.hold("key.yaml")
        equal(ran.code, 0, ran)
        return options

    def signer(self, name, label, options, namespace="bootstrapd-order"):
        ran = self.run("pki", "show", *options, "--signer", name, "--key",
                       f"pkcs11:object={label}", "--namespace", namespace)
        equal(ran.code, 0, ran)
        return ran.out

    def order(self, name="order.yaml", sign=True, **other):
        text = "".join(f"{key}: {value}\n"
                       for key, value in {**ORDER, **other}.items()
                       if value is not None)
        self.write(name, text)
        if sign:
            ran = self.sign(name)
            equal(ran.code, 0, ran)
        return name

    def sign(self, name, *more, key="orders", options=None):
        return self.run("order", "sign", name, "--force", "--key",
                        f"pkcs11:object={key}",
                        *(options or self.token_options("ceremony")), *more)

    def mint(self, n, *more, station="line-1", order="order.yaml",
             signers="signers", out=None, endpoint=None, ledger="ledger.db"):
        return self.build(
            "--ledger", ledger, "--order", order, "--signers", signers,
            "--station", station, "-o", out or f"{n}-{station}.json", *more,
            endpoint=endpoint or ep(n))

    def show(self, order="order.yaml", ledger="ledger.db"):
        ran = self.run("order", "show", order, "--signers", "signers",
                       "--ledger", ledger, "--format", "json")
        equal(ran.code, 0, ran)
        return json.loads(ran.out)

    def start(self, *args):
        """The tool beside others; .wait() it."""
        # pylint: disable-next=consider-using-with
        return subprocess.Popen(
            args, cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


__all__ = ["Line", "IDENTITY", "URI", "ep"]
