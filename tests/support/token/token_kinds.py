"""Tokens to test against, each in a folder of its own, with whatever daemons it
needs on private sockets. All of it ends with the context.
"""
import contextlib
import ctypes
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

PIN = "user:1234"
MASTERS = ("fleet-2026", "bootstrap-2026", "seal-2026")
# The master of tests/unit/hsm/vectors.h.
VECTOR_MASTER = bytes(range(0x40, 0x60))

LIB_DIRS = ("/usr/lib/*-linux-gnu", "/usr/lib", "/usr/lib64",
            "/usr/local/lib")
PR_SET_PDEATHSIG = 1


class Missing(Exception):
    """What is not here, and how to get it: the tests skip."""


def library(*names):
    for folder in LIB_DIRS:
        for name in names:
            for path in sorted(glob.glob(f"{folder}/{name}")):
                return path
    return None


def need(package, path):
    if not path:
        raise Missing(f"not installed (Debian: {package})")
    return path


def program(package, name):
    # Daemons are not in the PATH of every user.
    places = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return need(package, shutil.which(name, path=places))


class Token:
    """`module`, `label`, `pin`, `init_args` and `masters`, once it is made.

    `vector` is true where the token holds the master of the vectors.
    """

    label = "bootstrap"
    pin = PIN
    init_args = None
    masters = ()
    vector = False

    def __init__(self, kind):
        self.kind = kind
        self.dir = tempfile.mkdtemp(prefix=f"token-{kind}-", dir="/tmp")
        self.env = {}
        self._daemons = []

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content, mode=0o600):
        with open(self.path(name), "wb") as f:
            os.fchmod(f.fileno(), mode)
            f.write(content if isinstance(content, bytes)
                    else content.encode())
        return self.path(name)

    def run(self, *argv, stdin=""):
        """Run a vendor's tool; its words are shown only if it fails."""
        done = subprocess.run(
            argv, env={**os.environ, **self.env}, cwd=self.dir,
            input=stdin.encode(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{argv[0]} {argv[1]}: exit "
                               f"{done.returncode}\n"
                               f"{done.stdout.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def daemon(self, *argv):
        """Start it; it dies with this process, however that dies."""
        libc = ctypes.CDLL(None)
        log = open(self.path(f"{os.path.basename(argv[0])}.log"), "wb")
        with log:
            self._daemons.append(subprocess.Popen(
                argv, env={**os.environ, **self.env}, cwd=self.dir,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: libc.prctl(
                    PR_SET_PDEATHSIG, signal.SIGKILL)))
        return self._daemons[-1]

    def wait_for(self, what, holds):
        deadline = time.monotonic() + 20
        while not holds():
            for d in self._daemons:
                if d.poll() is not None:
                    raise RuntimeError(f"{d.args[0]} ended:\n{self.logs()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} does not come up:\n{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        texts = []
        for path in sorted(glob.glob(self.path("*.log"))):
            with open(path, errors="replace") as f:
                texts.append(f"{os.path.basename(path)}: {f.read()[-2000:]}")
        return "\n".join(texts)

    def end(self):
        for d in reversed(self._daemons):
            d.terminate()
            try:
                d.wait(timeout=5)
            except subprocess.TimeoutExpired:
                d.kill()
                d.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def settings(self):
        """The environment of a command that uses the token."""
        env = dict(self.env, TOKEN_KIND=self.kind, TOKEN_DIR=self.dir,
                   TOKEN_MODULE=self.module, TOKEN_LABEL=self.label,
                   TOKEN_URI="pkcs11:token=" + self.label.replace(" ", "%20"),
                   TOKEN_PIN_FILE=self.write("pin", self.pin + "\n"),
                   TOKEN_MASTERS=" ".join(self.masters))
        if self.init_args:
            env["TOKEN_INIT_ARGS"] = self.init_args
        if self.vector:
            env["TOKEN_VECTOR_MASTER"] = "vectors"
        return env


def make_softhsm(t):
    t.module = need("softhsm2", os.environ.get("SOFTHSM2_MODULE") or library(
        "softhsm/libsofthsm2.so", "pkcs11/libsofthsm2.so"))
    os.mkdir(t.path("tokens"), 0o700)
    t.env["SOFTHSM2_CONF"] = t.write(
        "softhsm2.conf", f"directories.tokendir = {t.path('tokens')}\n"
        "objectstore.backend = file\nlog.level = ERROR\n")
    t.run(program("softhsm2", "softhsm2-util"), "--init-token", "--free",
          "--label", "bootstrap", "--so-pin", "officer-0000", "--pin", t.pin)


def make_nss(t):
    """Its token has a fixed name, and the module takes its folder as text."""
    t.module = need("libnss3", library("libsoftokn3.so", "nss/libsoftokn3.so"))
    os.mkdir(t.path("db"), 0o700)
    t.run(program("libnss3-tools", "certutil"), "-N", "-d",
          f"sql:{t.path('db')}", "-f", t.write("new-pin", t.pin + "\n"))
    t.label = "NSS Certificate DB"
    t.init_args = (f"configDir='sql:{t.path('db')}' certPrefix='' "
                   "keyPrefix='' secmod='secmod.db' flags=")


def make_tpm(t):
    """A TPM in software, its resource manager on a bus of our own, and the
    module on top. The order matters; the module makes no HMAC keys itself.
    """
    t.module = need("libtpm2-pkcs11-1", library(
        "pkcs11/libtpm2_pkcs11.so", "libtpm2_pkcs11.so*"))
    swtpm = program("swtpm", "swtpm")
    bus = program("dbus-daemon", "dbus-daemon")
    manager = program("tpm2-abrmd", "tpm2-abrmd")
    need("libtss2-tcti-tabrmd0", library("libtss2-tcti-tabrmd.so*"))
    ptool = program("libtpm2-pkcs11-tools", "tpm2_ptool")
    tpm2 = program("tpm2-tools", "tpm2")

    os.mkdir(t.path("state"), 0o700)
    os.mkdir(t.path("store"), 0o700)
    t.daemon(swtpm, "socket", "--tpm2", "--tpmstate", "dir=state",
             "--server", f"type=unixio,path={t.path('tpm')}",
             "--ctrl", f"type=unixio,path={t.path('tpm.ctrl')}",
             "--flags", "not-need-init,startup-clear")
    address = f"unix:path={t.path('bus')}"
    t.daemon(bus, "--session", f"--address={address}", "--nofork",
             "--nopidfile")
    t.env.update(DBUS_SESSION_BUS_ADDRESS=address,
                 TPM2_PKCS11_TCTI="tabrmd:bus_type=session",
                 TPM2TOOLS_TCTI="tabrmd:bus_type=session",
                 TPM2_PKCS11_STORE=t.path("store"), TSS2_LOG="all+NONE",
                 TPM2_PKCS11_LOG_LEVEL="0")
    for name in ("tpm", "tpm.ctrl", "bus"):
        t.wait_for(name, lambda n=name: os.path.exists(t.path(n)))
    t.daemon(manager, "--session", f"--tcti=swtpm:path={t.path('tpm')}",
             *(["--allow-root"] if os.geteuid() == 0 else []))
    t.wait_for("the resource manager", lambda: subprocess.run(
        [tpm2, "getrandom", "--hex", "4"], env={**os.environ, **t.env},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=False).returncode == 0)

    t.run(ptool, "init")
    t.run(ptool, "addtoken", "--pid=1", "--label=bootstrap",
          "--sopin=officer-0000", f"--userpin={t.pin}")
    for label in MASTERS:
        t.run(ptool, "addkey", "--label=bootstrap", f"--userpin={t.pin}",
              "--algorithm=hmac:sha256", f"--key-label={label}")
    t.masters = MASTERS
    t.run(ptool, "import", "--label=bootstrap", f"--userpin={t.pin}",
          "--algorithm=hmac:sha256", "--key-label=vectors",
          f"--privkey={t.write('vectors', VECTOR_MASTER)}")
    os.unlink(t.path("vectors"))
    t.vector = True


OPENCRYPTOKI = "opencryptoki"
# What makes the machine's one opencryptoki a private one.
UNSHARE = ("--mount", "--ipc", "--pid", "--fork", "--kill-child",
           "--mount-proc")


def unshare_for(kind):
    """What to put before a command so that `kind` can be made in it."""
    if kind != OPENCRYPTOKI:
        return []
    if os.geteuid() != 0:
        raise Missing("needs root: its daemon and its folders are the "
                      "machine's, and hidden from it in a namespace")
    program("opencryptoki", "pkcsslotd")
    unshare = program("util-linux", "unshare")
    if subprocess.run([unshare, *UNSHARE, "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Missing("needs namespaces of its own, which are not allowed "
                      "here")
    return [unshare, *UNSHARE]


def make_opencryptoki(t):
    """The soft token of slot 3, below folders and shared memory of our own.

    It knows HMAC, but no elliptic curves, and PINs of 4 to 8 bytes.
    """
    t.module = need("opencryptoki", library("pkcs11/libopencryptoki.so"))
    state, pin, officer = "/var/lib/opencryptoki", "user:123", "officer0"
    for folder in ("/run", "/dev/shm"):
        t.run("mount", "-t", "tmpfs", "none", folder)
    shutil.copytree(state, t.path("state"))
    shutil.rmtree(t.path("state/swtok"), ignore_errors=True)
    os.makedirs(t.path("state/swtok/TOK_OBJ"))
    t.run("chgrp", "-R", "pkcs11", t.path("state"))
    t.run("mount", "--bind", t.path("state"), state)
    for folder in ("lock/opencryptoki/swtok", "opencryptoki"):
        os.makedirs(f"/run/{folder}")
    t.run("chgrp", "-R", "pkcs11", "/run/lock/opencryptoki",
          "/run/opencryptoki")
    # It leaves for the background; the namespace ends it.
    t.run(program("opencryptoki", "pkcsslotd"))
    conf = program("opencryptoki", "pkcsconf")
    t.run(conf, "-c", "3", "-I", "-S", "87654321", stdin="bootstrap\n")
    t.run(conf, "-c", "3", "-P", "-S", "87654321", "-n", officer)
    t.run(conf, "-c", "3", "-u", "-S", officer, "-n", "first123")
    t.run(conf, "-c", "3", "-p", "-U", "first123", "-n", pin)
    t.pin = pin


KINDS = {"softhsm": make_softhsm, "nss": make_nss, "tpm": make_tpm,
         OPENCRYPTOKI: make_opencryptoki}


@contextlib.contextmanager
def token(kind):
    t = Token(kind)
    try:
        KINDS[kind](t)
        yield t
    finally:
        t.end()
