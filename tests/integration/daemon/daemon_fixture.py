"""A world for the daemon: a folder with a token, master keys, policies and a
configuration; bootstrapd running in it; devices that boot from factory images;
and the ledger, read by nothing but SQLite.

The programs come from the environment (BOOTSTRAPD, BOOTSTRAPCTL, TOOL, DEVICE,
P11SHIM). As root the daemon's processes become users of their own, as in
service; as anybody else they stay what they are.
"""

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tap_story import Skip, expect, expect_equal, skip

KEEPER_UID, WORKER_UID = 61701, 61702
STRANGER_UID = 61703
BOOTSTRAP_MASTER, FLEET_MASTER = "bootstrap-2026", "fleet-2026"
PATIENCE_S = 40  # until something that must come is given up
DOMAIN = "urn:dev:ops:0057F2"

IDENTITY = f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk:
  derive: {BOOTSTRAP_MASTER}
  epoch: [{{epoch: 1, until: 2049-12-31}}, 2]
  identity: "{{endpoint}}"
"""

POLICY = f"""\
policy: meters
match:
  identity: [factory]
device: {{profile: anjay}}
clean: [/0, /1]
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    lifetime: 1d
    security:
      mode: psk
      identity: "{{endpoint}}"
      key: {{derive: {FLEET_MASTER}, epoch: 1}}
"""

NOSEC_IDENTITY = """\
identity: lab
nosec: {network: [127.0.0.1/32, "::1/128"]}
"""

NOSEC_POLICY = """\
policy: lab-bench
match:
  identity: [lab]
servers:
  - name: lab
    short_server_id: 1
    uri: coap://lab.lwm2m.example:5683
    security: {mode: nosec}
"""


def program(name):
    path = os.environ.get(name)
    if not path:
        skip(f"${name} names no program: run this by `meson test`")
    return path


def find_module():
    given = os.environ.get("SOFTHSM2_MODULE")
    places = [given] if given else [
        "/usr/lib/softhsm/libsofthsm2.so",
        *map(str, Path("/usr/lib").glob("*-linux-gnu/softhsm/"
                                        "libsofthsm2.so")),
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ]
    for place in places:
        if os.access(place, os.R_OK):
            return place
    skip("no SoftHSM2 module here (package softhsm2)")


def as_root():
    return os.geteuid() == 0


def need_root(why):
    if not as_root():
        skip(f"{why}: needs root")


def wait_for(look, what, patience_s=PATIENCE_S):
    """Look again and again until there is something true to see. The deadline
    is no promise of the daemon's: it ends a test that will not end."""
    end = time.monotonic() + patience_s
    while True:
        seen = look()
        if seen:
            return seen
        expect(time.monotonic() < end, f"waited in vain for {what}")
        time.sleep(0.01)


def derive(master, purpose, ssid, epoch, endpoint):
    """The key that the token makes, made here: lib/hsm/hsm.h says how."""
    name = endpoint.encode()
    context = b"lwm2m-bs/psk\0" + struct.pack(
        ">BBHIH", 1, purpose, ssid, epoch, len(name)) + name
    return hmac.new(master, context, hashlib.sha256).digest()


def fingerprint(key):
    return hmac.new(key, b"lwm2m-bs/fingerprint",
                    hashlib.sha256).hexdigest()[:16]


class Process:
    """One child of the daemon, by what it calls itself."""

    def __init__(self, pid):
        self.pid = pid

    def name(self):
        return Path(f"/proc/{self.pid}/comm").read_text().strip()

    def alive(self):
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rsplit(")", 1)[1].split()[0] != "Z"

    def kill(self, sig=signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, sig)

    def status(self):
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {k: v.strip() for k, v in (x.split(":", 1) for x in lines)}


class Device:
    """A virtual device at its bootstrap."""

    def __init__(self, world, image, behaviour=None, endpoint=None,
                 timeout_s=60, options=()):
        argv = [program("DEVICE"), "--timeout", str(timeout_s), *options]
        if image:
            argv += ["--image", str(image)]
        if behaviour:
            argv += ["--behaviour", behaviour]
        if endpoint:
            argv += ["--endpoint", endpoint]
        self.out = tempfile.TemporaryFile(dir=world.dir)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                        stdout=self.out,
                                        stderr=subprocess.STDOUT)

    def text(self):
        size = os.fstat(self.out.fileno()).st_size
        return os.pread(self.out.fileno(), size, 0).decode()

    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self):
        self.process.wait(PATIENCE_S * 4)
        return self

    def succeeded(self):
        self.wait()
        expect(self.process.returncode == 0,
               f"the device was not bootstrapped:\n{self.text()}")
        return self

    def failed(self):
        self.wait()
        expect(self.process.returncode == 1,
               f"the device should not have been bootstrapped:\n"
               f"{self.text()}")
        return self

    def answered_finish(self):
        return bool(re.search(r"POST /bs\b(?!\?).*-> 2\.04", self.text()))

    def results(self, what):
        """RESULT lines as dictionaries: "security", "server"."""
        found = []
        for line in self.text().splitlines():
            if line.startswith(f"RESULT {what}/"):
                words = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', line)
                found.append({k: v.strip('"') for k, v in words})
        return found

    def ending(self):
        for line in self.text().splitlines():
            if line.startswith("BOOTSTRAP "):
                return line
        return ""


class World:
    def __init__(self, policies=None, listen=("coaps://127.0.0.1:0",),
                 workers=2, limits=None, shim=False, pin_in="file",
                 masters=(BOOTSTRAP_MASTER, FLEET_MASTER), known=None):
        """`policies`: files by name. `known`: master keys by label, with
        bytes that the test chose. `shim`: the module that fails on request
        stands before the token."""
        self.module = find_module()
        self.dir = Path(tempfile.mkdtemp(prefix="bootstrapd-test-"))
        self.daemon = None
        self.run_as = None  # an ordinary user who starts it, as root may
        self.devices = []
        os.chmod(self.dir, 0o711)
        for name in ("tokens", "state", "images", "core"):
            (self.dir / name).mkdir(mode=0o700)
        (self.dir / "policies.d").mkdir(mode=0o755)
        self.log_path = self.dir / "log"
        self.ledger = self.dir / "state/ledger.db"
        self.config = self.dir / "bootstrapd.yaml"
        self.pin_file = self.dir / "pin"
        self.pin = secrets.token_hex(8)
        self.pin_in = pin_in
        self.listen = list(listen)
        self.workers = workers
        # the same device comes back as often as its story has it
        self.limits = {"device_requests": 0, **(limits or {})}
        self.control = self.dir / "state/control.sock"
        self.env = dict(os.environ)
        self.env["SOFTHSM2_CONF"] = str(self.dir / "softhsm2.conf")
        self.env.pop("NOTIFY_SOCKET", None)
        self.used_module = self.module
        try:
            self._set_up(shim, policies, masters, known or {})
        except BaseException:
            shutil.rmtree(self.dir)
            raise

    def _set_up(self, shim, policies, masters, known):
        if shim:
            self._use_shim()
        self._make_token()
        for name, text in (policies or {"identity.yaml": IDENTITY,
                                        "policy.yaml": POLICY}).items():
            self.write_policy(name, text)
        for label, value in known.items():
            self.surgery("import", label, value.hex())
        wanted = [m for m in masters if m not in known]
        if wanted:
            self.tool("hsm", "keys", "make", *self.token_options(), *wanted)
        self.write_config()

    # -- how it is set up ---------------------------------------------------

    def _use_shim(self):
        """A copy, where the keeper's user can read it."""
        self.used_module = str(self.dir / "p11shim.so")
        shutil.copy(program("P11SHIM"), self.used_module)
        os.chmod(self.used_module, 0o755)
        self.env["P11SHIM_MODULE"] = self.module
        self.env["P11SHIM_CTL"] = str(self.dir / "state/p11.ctl")
        self.env["P11SHIM_COUNT"] = str(self.dir / "state/p11.count")

    def _make_token(self):
        (self.dir / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.dir}/tokens\n"
            "objectstore.backend = file\nlog.level = ERROR\n")
        os.chmod(self.dir / "softhsm2.conf", 0o644)
        self.write_pin(self.pin)
        try:
            subprocess.run(["softhsm2-util", "--init-token", "--free",
                            "--label", "bootstrap", "--so-pin", "officer-0",
                            "--pin", self.pin], env=self.env, check=True,
                           capture_output=True)
        except FileNotFoundError:
            skip("no softhsm2-util (package softhsm2)")

    def write_pin(self, pin):
        self.pin_file.write_text(pin + "\n")
        os.chmod(self.pin_file, 0o600)
        self.own()

    def write_policy(self, name, text):
        path = self.dir / "policies.d" / name
        path.write_text(text)
        os.chmod(path, 0o644)

    def write_config(self, extra=""):
        pin = {"file": "{file: pin}", "env": "{env: TEST_HSM_PIN}"}
        listen = "".join(f"  - {uri}\n" for uri in self.listen)
        text = (f"listen:\n{listen}workers: {self.workers}\n"
                f"hsm:\n  module: {self.used_module}\n"
                '  token: "pkcs11:token=bootstrap"\n'
                f"  pin: {pin[self.pin_in]}\n"
                "policies: policies.d\nledger: state/ledger.db\n"
                f"control: {self.control}\n")
        if as_root() and self.run_as is None:
            text += f"user: {{worker: {WORKER_UID}, keeper: {KEEPER_UID}}}\n"
        if self.limits:
            text += "limits:\n"
            text += "".join(f"  {k}: {v}\n" for k, v in self.limits.items())
        self.config.write_text(text + extra)
        os.chmod(self.config, 0o644)

    def own(self):
        """What the keeper's user reads and writes is its own."""
        if not as_root():
            return
        uid = KEEPER_UID if self.run_as is None else self.run_as
        for root in ("tokens", "state", "pin"):
            path = self.dir / root
            for p in [path, *path.rglob("*")]:
                with contextlib.suppress(FileNotFoundError):
                    os.chown(p, uid, uid, follow_symlinks=False)

    def surgery(self, verb, label, text=""):
        subprocess.run([sys.executable,
                        str(Path(__file__).with_name("token_surgery.py")),
                        self.module, verb, label], input=text, text=True,
                       env={**self.env, "TOKEN_PIN": self.pin}, check=True)
        self.own()

    # -- the tool -----------------------------------------------------------

    def token_options(self):
        return ["--module", self.module, "--token", "pkcs11:token=bootstrap",
                "--pin-env", "TOKEN_PIN"]

    def tool(self, *argv, code=0):
        done = subprocess.run([program("TOOL"), *map(str, argv)], text=True,
                              env={**self.env, "TOKEN_PIN": self.pin},
                              capture_output=True)
        self.own()
        expect(done.returncode == code,
               f"provisioning-tool {argv}: exit {done.returncode}, and not "
               f"{code}\n{done.stdout}{done.stderr}")
        return done.stdout

    def mint(self, endpoint, identity="factory", epoch=None, uri=None,
             form="json", policies=None, recorded=True):
        image = self.dir / "images" / f"{secrets.token_hex(4)}.{form}"
        epochs = ["--epoch", epoch] if epoch else []
        # stories flash devices as often as they like
        ledger = ["--ledger", self.ledger, "--again"] if recorded else []
        self.tool("image", "build", *self.token_options(), "--policies",
                  policies or self.dir / "policies.d", "--identity", identity,
                  "--endpoint", endpoint, "--uri", uri or self.coaps(),
                  "--format", form, *ledger, *epochs, "-o", image)
        return image

    def mint_with(self, policy, endpoint):
        """By a folder of its own, while that of the daemon is broken."""
        folder = self.dir / "good.d"
        folder.mkdir(exist_ok=True)
        shutil.copy(self.dir / "policies.d/identity.yaml", folder)
        (folder / "policy.yaml").write_text(policy)
        return self.mint(endpoint, policies=folder)

    def write_image(self, endpoint, key, identity=None, uri=None):
        """An image of our own making, for a thousand devices or a liar."""
        image = self.dir / "images" / f"{secrets.token_hex(8)}.json"
        entries = [
            ("/0/1/0", "string", uri or self.coaps()),
            ("/0/1/1", "boolean", True),
            ("/0/1/2", "integer", 0 if key else 3),
        ]
        if key:
            entries += [
                ("/0/1/3", "opaque", (identity or endpoint).encode().hex()),
                ("/0/1/5", "opaque", key.hex()),
            ]
        with open(image, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            json.dump({"format": "bootstrapd-image-1", "endpoint": endpoint,
                       "entries": [{"path": p, "type": t, "value": v}
                                   for p, t, v in entries]}, f)
        return image

    def boot(self, image, *args, **kwargs):
        self.devices.append(Device(self, image, *args, **kwargs))
        return self.devices[-1]

    # -- the daemon ---------------------------------------------------------

    def _spawn(self, *argv, log, env=None, own_group=False):
        environment = {**self.env, **(env or {})}
        if self.pin_in == "env":
            environment["TEST_HSM_PIN"] = self.pin
        binary = program("BOOTSTRAPD")
        if self.run_as is not None:
            # where that user can read it
            binary = shutil.copy(binary, self.dir / "bootstrapd")
            os.chmod(binary, 0o755)
        return subprocess.Popen([binary, *argv], user=self.run_as,
                                stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, cwd=self.dir / "core",
                                env=environment, start_new_session=own_group)

    def launch(self, **kwargs):
        """Start it, and do not wait."""
        self.own()
        self.log_start = (self.log_path.stat().st_size
                          if self.log_path.exists() else 0)
        with open(self.log_path, "ab") as log:
            self.daemon = self._spawn("-v", "-c", str(self.config), log=log,
                                      **kwargs)
        return self

    def start(self, **kwargs):
        self.launch(**kwargs)
        wait_for(lambda: self.logged(" ready ") or
                 self.daemon.poll() is not None, "bootstrapd to be ready")
        expect(self.daemon.poll() is None,
               f"bootstrapd did not start:\n{self.log()}")
        return self

    def start_fails(self, code):
        """It is started, and ends by itself. Returns what it logged."""
        self.launch()
        expect_equal(self.daemon.wait(PATIENCE_S), code,
                     f"exit code of bootstrapd\n{self.log()}")
        self.daemon = None
        return self.log()

    def stop(self, sig=signal.SIGTERM):
        self.daemon.send_signal(sig)
        return self.ended(0)

    def ended(self, code):
        expect_equal(self.daemon.wait(PATIENCE_S * 2), code,
                     "exit code of bootstrapd")
        self.daemon = None
        self.own()
        return self

    def keep_ports(self):
        """Let the next start listen where this one does."""
        self.listen = [f"{scheme}://{at}" for scheme, at in
                       re.findall(r'listening scheme=(\S+) address="?([^" ]+)',
                                  self.log())]
        self.write_config()

    def check(self):
        self.own()
        environment = dict(self.env)
        if self.pin_in == "env":
            environment["TEST_HSM_PIN"] = self.pin
        return subprocess.run([program("BOOTSTRAPD"), "check", "-c",
                               str(self.config)], env=environment, text=True,
                              capture_output=True)

    def log(self):
        """Of the last start."""
        with open(self.log_path, "rb") as f:
            f.seek(self.log_start)
            return f.read().decode(errors="replace")

    def logged(self, *parts):
        """Lines that hold all of these."""
        return [line for line in self.log().splitlines()
                if all(p in line for p in parts)]

    def _address(self, scheme):
        found = re.search(rf'listening scheme={re.escape(scheme)} '
                          r'address="?([^" ]+)', self.log())
        expect(found, f"bootstrapd listens on no {scheme}")
        return found.group(1)

    def coaps(self, host=None):
        at = self._address("coaps")
        return f"coaps://{host}:{at.rsplit(':', 1)[1]}" if host \
            else f"coaps://{at}"

    def coap(self, host=None):
        at = self._address("coap")
        return f"coap://{host}:{at.rsplit(':', 1)[1]}" if host \
            else f"coap://{at}"

    def address(self, scheme="coap"):
        """As Python's sockets want it."""
        host, port = self._address(scheme).rsplit(":", 1)
        return host.strip("[]"), int(port)

    def children(self):
        pid = self.daemon.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [Process(int(p)) for p in text.split()]

    def child(self, name):
        """The keeper, "worker 0": as soon as it is there."""
        def look():
            for p in self.children():
                with contextlib.suppress(OSError):
                    if p.name() == name and p.alive():
                        return p
            return None
        return wait_for(look, f"a process that calls itself {name}")

    def keeper(self):
        return self.child("keeper")

    def worker(self, number=0):
        return self.child(f"worker {number}")

    def ctl(self, *argv, code=0, **kwargs):
        done = subprocess.run([program("BOOTSTRAPCTL"), "-c",
                               str(self.config), *argv], text=True,
                              capture_output=True, **kwargs)
        if code is not None:
            expect(done.returncode == code,
                   f"bootstrapctl {argv}: exit {done.returncode}, and not "
                   f"{code}\n{done.stdout}{done.stderr}")
        return done

    def status(self):
        return json.loads(self.ctl("--format", "json", "status").stdout)

    def totals(self, counter):
        """A counter of `status`, over all workers."""
        return sum(v for k, v in self.status().items()
                   if re.fullmatch(rf"worker\.\d+\.{counter}", k))

    # -- faults of the module -----------------------------------------------

    def faults(self, *lines):
        """From now on; none: the module is well again."""
        new = self.dir / "state/p11.ctl.new"
        new.write_text("".join(f"{line}\n" for line in lines))
        os.chmod(new, 0o644)
        new.rename(self.dir / "state/p11.ctl")

    def calls(self, function):
        for line in (self.dir / "state/p11.count").read_text().splitlines():
            name, count = line.split()
            if name == function:
                return int(count)
        return 0

    # -- the ledger ---------------------------------------------------------

    def sql(self, query, *args):
        db = sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True,
                             timeout=20)
        db.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in db.execute(query, args)]
        finally:
            db.close()

    def rows(self, kind=None, endpoint=None):
        rows = self.sql("SELECT * FROM events ORDER BY seq")
        for row in rows:
            row["data"] = json.loads(row["data"])
        return [r for r in rows if kind in (None, r["kind"]) and
                endpoint in (None, r["endpoint"])]

    def attempts(self, endpoint=None):
        rows = self.sql("SELECT * FROM bootstraps ORDER BY seq")
        return [r for r in rows if endpoint in (None, r["endpoint"])]

    def settled(self, endpoint=None):
        """The attempts, once each of them has ended."""
        def look():
            all_of_it = self.attempts(endpoint)
            return all_of_it if all(a["outcome"] != "open"
                                    for a in all_of_it) else None
        return wait_for(look, "every bootstrap to have an ending")

    def chain_holds(self):
        self.tool("audit", "verify", "--ledger", self.ledger)

    # -- the end ------------------------------------------------------------

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if isinstance(error, Exception) and not isinstance(error, Skip) and \
                self.log_path.exists():
            tail = "\n".join(self.log_path.read_text(errors="replace")
                             .splitlines()[-60:])
            error.told = f"the end of the daemon's log:\n{tail}"
        if self.daemon and self.daemon.poll() is None:
            family = self.children()
            self.daemon.kill()
            self.daemon.wait()
            for child in family:
                child.kill()
        for device in self.devices:
            device.kill()
            device.out.close()
        faults = self.sanitizer_reports()
        shutil.rmtree(self.dir, ignore_errors=True)
        if kind is None:
            expect(not faults, f"the sanitizers say: {faults}")

    def sanitizer_reports(self):
        """In a build with sanitizers: what they have found."""
        if not self.log_path.exists():
            return []
        return [line for line in
                self.log_path.read_text(errors="replace").splitlines()
                if "Sanitizer" in line or "runtime error:" in line]


class Relay:
    """A wire between one device and the daemon, on which everything is seen:
    `heard` is a list of (">" or "<", datagram). `source`: the address that
    the daemon sees. `split`: each record of the device travels alone, and
    arrives before the next one is sent."""

    def __init__(self, to, source="127.0.0.1", split=False):
        import threading
        self.to = to
        self.split = split
        self.heard = []
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.bind((source, 0))
        self.back.connect(to)
        self.peer = None
        self.running = True
        self.threads = [threading.Thread(target=f, daemon=True)
                        for f in (self._forward, self._backward)]
        for t in self.threads:
            t.start()

    def uri(self, scheme="coaps"):
        return f"{scheme}://127.0.0.1:{self.front.getsockname()[1]}"

    def _parts(self, datagram):
        while self.split and len(datagram) >= 13:
            end = 13 + int.from_bytes(datagram[11:13], "big")
            yield datagram[:end]
            datagram = datagram[end:]
        if datagram:
            yield datagram

    def _forward(self):
        self.front.settimeout(0.2)
        while self.running:
            try:
                datagram, self.peer = self.front.recvfrom(4096)
                self.heard.append((">", datagram))
                for n, part in enumerate(self._parts(datagram)):
                    time.sleep(0.1 if n else 0)
                    self.back.send(part)
            except (TimeoutError, ConnectionError):
                pass

    def _backward(self):
        self.back.settimeout(0.2)
        while self.running:
            try:
                datagram = self.back.recv(4096)
                self.heard.append(("<", datagram))
                self.front.sendto(datagram, self.peer)
            except (TimeoutError, ConnectionError):
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.running = False
        for t in self.threads:
            t.join()
        self.front.close()
        self.back.close()
