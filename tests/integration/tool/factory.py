"""A factory to test the tool in: a folder with a real token of its own, and a
way to run the tool there. Stories end as TAP.
"""
import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import traceback

TOOL = os.environ["TOOL"]
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "the-user-pin-4711"
EP = "urn:dev:ops:0057F2-WM1"
URI = "coaps://boot.lwm2m.example:5684"

POLICIES = """\
identity: factory-2026
endpoint: "urn:dev:ops:0057F2-*"
psk: {derive: bootstrap-2026, epoch: [1, 2], identity: "id:{endpoint}"}
---
identity: lab-bench
endpoint: "lab-*"
nosec: {network: [127.0.0.0/8]}
---
policy: water-meters
match: {identity: factory-2026, endpoint: "urn:dev:ops:0057F2-WM*"}
clean: [/0, /1]
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}
objects:
  /2/0: {0: 3, 1: 0, 2: {101: 15}, 3: 101}
---
policy: all-meters
match: {identity: factory-2026, endpoint: "urn:dev:ops:0057F2-?M*"}
servers:
  - name: eu-2
    short_server_id: 102
    uri: coaps://eu2.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}
---
policy: bench
match: {identity: lab-bench}
servers:
  - name: lab
    short_server_id: 7
    uri: coap://lab.lwm2m.example
    security: {mode: nosec}
"""


class Skip(Exception):
    pass


def module():
    for path in MODULES:
        if os.path.exists(path):
            return path
    raise Skip("no SoftHSM2 (Debian: softhsm2)")


class Ran:
    """How a run of the tool ended."""

    def __init__(self, done):
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    def __repr__(self):
        return f"exit {self.code}\n{self.out}{self.err}"


class Factory:
    """Use as a context; everything is in `dir`, which goes away."""

    def __init__(self, token=True):
        self.with_token = token

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="factory-")
        self.env = dict(os.environ, LC_ALL="C")
        if self.with_token:
            self._make_token()
        self.write("policies.yaml", POLICIES)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", opener=lambda p, f: os.open(
                p, f, mode)) as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def _make_token(self):
        self.module = module()
        os.mkdir(self.path("tokens"))
        self.env["SOFTHSM2_CONF"] = self.write(
            "softhsm2.conf",
            f"directories.tokendir = {self.path('tokens')}\n"
            "objectstore.backend = file\nlog.level = ERROR\n")
        if not shutil.which("softhsm2-util"):
            raise Skip("no softhsm2-util (Debian: softhsm2)")
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "factory",
             "--so-pin", "the-so-pin-4711", "--pin", PIN],
            env=self.env, check=True, stdout=subprocess.DEVNULL)
        self.write("pin", PIN + "\n", 0o600)
        self.token = ["--module", self.module, "--token",
                      "pkcs11:token=factory", "--pin-file", "pin"]

    def run(self, *args, env=None, stdin_text="", **how):
        return Ran(subprocess.run(
            [TOOL, *args], cwd=self.dir, env={**self.env, **(env or {})},
            input=stdin_text.encode(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=120, check=False, **how))

    def make_masters(self, *more):
        ran = self.run("hsm", "keys", "make", *self.token, *more,
                       "bootstrap-2026", "fleet-2026")
        equal(ran.code, 0, ran)
        return ran

    def build(self, *more, endpoint=EP, fmt="json", identity="factory-2026",
              uri=URI, **how):
        return self.run("image", "build", *self.token, "--policies",
                        "policies.yaml", "--identity", identity, "--endpoint",
                        endpoint, "--uri", uri, "--format", fmt, *more, **how)

    def left_over(self):
        """Files that no verb should leave behind."""
        return [n for n in os.listdir(self.dir) if n.startswith(".")]

    @contextlib.contextmanager
    def sqlite(self, name):
        if sqlite3.sqlite_version_info < (3, 38):
            raise Skip("python's SQLite is too old for the ledger's schema")
        db = sqlite3.connect(self.path(name), isolation_level=None)
        try:
            yield db
        finally:
            db.close()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# What a story says of what it saw.

def equal(seen, wanted, about=""):
    if seen != wanted:
        raise AssertionError(f"{seen!r}, not {wanted!r}\n{about}")


def within(part, whole, about=""):
    if part not in whole:
        raise AssertionError(f"no {part!r} in:\n{whole}\n{about}")


def absent(part, whole):
    if part in whole:
        raise AssertionError(f"{part!r} in:\n{whole}")


def failed(ran, code, *words):
    """The run ended so, with one line of error that holds all the words."""
    equal(ran.code, code, ran)
    within("provisioning-tool: ", ran.err)
    for word in words:
        within(word, ran.err)


_stories = []


def story(function):
    _stories.append(function)
    return function


def tell():
    """Run all stories, print TAP, exit."""
    bad = 0
    print(f"1..{len(_stories)}", flush=True)
    for i, one in enumerate(_stories, 1):
        title = one.__doc__.strip().rstrip(".")
        try:
            one()
            print(f"ok {i} - {title}", flush=True)
        except Skip as why:
            print(f"ok {i} - {title} # SKIP {why}", flush=True)
        except Exception:  # a story that broke did not hold
            bad += 1
            print(f"not ok {i} - {title}", flush=True)
            for line in traceback.format_exc().rstrip().split("\n"):
                print(f"# {line}", flush=True)
    sys.exit(1 if bad else 0)
