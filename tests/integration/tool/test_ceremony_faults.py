"""What a ceremony refuses before the first key, and what is left where one was
interrupted: nothing half, and a way to go on.
"""
import os
import re
import signal
import subprocess
import time

from ceremony import HEAD, ISSUING, ROOT, SERVER, Hall, sha256
from factory import TOOL, equal, failed, story, tell, within

# (what is replaced, by what, what the finding says)
FINDINGS = (
    ("ceremony: test", "ceremony: ''", ["ceremony", "missing"]),
    ("ledger: ledger.db\n", "", ["`ledger:` is missing"]),
    ("transcript: transcript.txt", "transcripts: x",
     ["did you mean `transcript`?"]),
    ("generate", "always", ["on_missing", "fail or generate"]),
    ("pin: {file: pin}", "pin: '4711'", ["a PIN never stands"]),
    ("pin: {file: pin}", "pin: {env: '4711'}", ["a PIN never stands"]),
    ("pin: {file: pin}", "pin: {file: pin, env: PIN}", ["exactly one"]),
    ("token:\n", "tokenz:\n", ["either `token:` or `tokens:`"]),
    ("- root:", "- roof:", ["did you mean `root`?"]),
    ("- root:\n", "- root: {}\n    issuing:\n", ["one key, its kind"]),
    ("key: root", "key: root\n      id: xyz", ["hexadecimal"]),
    ("key: root", "key: root\n      id: " + 33 * "00", ["1 to 32 bytes"]),
    ("key: root", "key: root\n      token: a", ["without a name"]),
    ("key: root", "key: " + 65 * "r", ["steps[0].root.key"]),
    ("validity: 10y", "validity: 10", ["has no unit"]),
    ("validity: 10y", "validity: 101y", ["is above 100y"]),
    ("validity: 10y", "path_length: 256", ["0 to 255"]),
    ("CN: Root", "CN: Root, XN: a", ["unknown key"]),
    ("CN: Root", "CN: Root, CN: a", ["is there already"]),
    ("validity: 10y", "name_constraints: {}", ["nothing is permitted"]),
    ("validity: 10y", "dns: a.example", ["unknown key"]),
    ("out: root.pem", "out: issuing.pem", ["write one file"]),
    ("out: root.pem", "out: transcript.txt", ["the transcript's file"]),
    ("key: issuing", "key: root", ["one key, one role"]),
    ("issuer: root", "issuer: roof", ["no root or issuing CA above"]),
    ("issuer: root", "issuer: issuing", ["no root or issuing CA above"]),
    ("      issuer: root\n", "", ["`issuer:` is missing"]),
    ("dns: boot.example", "ip: 1.2.3.256", ["no IP address"]),
    ("dns: boot.example", "dns: [" + 17 * "a.example, " + "]",
     ["more than 16"]),
    ("dns: boot.example", "chain: yes", ["write `true` or `false`"]),
    ("steps:\n", "---\nsteps:\n", ["one document"]),
)

# (what is replaced, by what, the lint's code)
LINT = (
    ("validity: 5y", "validity: 11y", "cert-validity-nesting"),
    ("validity: 10y", "path_length: 0", "cert-path-len"),
    ("CN: Issuing", "CN: " + 65 * "x", "cert-subject"),
    ("{O: Test, CN: Issuing}", "{O: Test, CN: Root}", "cert-subject"),
    ("{O: Test, CN: Issuing}", "{C: de, CN: Issuing}", "cert-subject"),
    ("out: issuing.pem",
     "name_constraints: {dns: other.example}\n      out: issuing.pem",
     "cert-name-constraint"),
    ("dns: boot.example", "uri: boot", "cert-san"),
    ("dns: boot.example", "dns: boot..example", "cert-san"),
    ("      dns: boot.example\n", "", "cert-san"),
)


def write(f, old="", new=""):
    text = HEAD.format(module=f.module) + ROOT + ISSUING + SERVER
    if old:
        within(old, text)
    f.write("test.yaml", text.replace(old, new, 1))


@story
def findings():
    """Every mistake in the file is found where it stands."""
    with Hall() as f:
        with f.unchanged():
            f.write("test.yaml", "")
            for old, new, words in FINDINGS:
                write(f, old, new)
                ran = f.hold()
                failed(ran, 65, "test.yaml", *words)
                equal(ran.out, "", ran)
            # all of them in one run
            f.write("test.yaml", "ceremony: [a]\nsteps: 4\nlegder: x\n")
            ran = f.hold()
            failed(ran, 65, "test.yaml:1:", "test.yaml:2:", "test.yaml:3:")
            failed(f.hold("absent.yaml"), 65, "absent.yaml")
            os.unlink(f.path("test.yaml"))


@story
def lint():
    """What must not be signed is found before a key is made."""
    with Hall() as f:
        f.write("test.yaml", "")
        with f.unchanged():
            for old, new, code in LINT:
                write(f, old, new)
                for more in (), ("--dry-run",):
                    ran = f.hold("test.yaml", *more)
                    failed(ran, 65, "test.yaml", code, "RFC ")


@story
def places_taken():
    """Files that are there, or cannot be, are found before a key is made."""
    with Hall() as f:
        for name in "root.pem", "issuing.pem", "server.pem", "transcript.txt":
            f.write(name, "mine")
            write(f)
            with f.unchanged():
                failed(f.hold(), 73, name, "exists")
                failed(f.hold("test.yaml", "--dry-run"), 73, name)
            equal(f.read(name), b"mine")
            os.unlink(f.path(name))
        write(f, "out: root.pem", "out: nowhere/root.pem")
        with f.unchanged():
            failed(f.hold(), 73, "nowhere/root.pem")
        write(f, "ledger: ledger.db", "ledger: nowhere/ledger.db")
        with f.unchanged():
            failed(f.hold(), 74, "nowhere/ledger.db")
        write(f)
        os.symlink("elsewhere", f.path("root.pem"))
        with f.unchanged():
            failed(f.hold(), 73, "root.pem")


@story
def steps_chosen():
    """--from and --to must be steps of the file."""
    with Hall() as f:
        write(f)
        for args in (["--from", "4"], ["--to", "4"], ["--from", "3", "--to",
                                                     "2"]):
            failed(f.hold("test.yaml", *args), 64, "it has 3")
        # a step whose issuer was never made
        with f.unchanged():
            failed(f.hold("test.yaml", "--from", "2"), 74, "root.pem")


@story
def wrong_issuer():
    """A CA's certificate must be the one of the key that is named."""
    with Hall() as f:
        write(f)
        equal(f.hold().code, 0)
        os.rename(f.path("transcript.txt"), f.path("first.txt"))
        f.write("test.yaml", HEAD.format(module=f.module) + SERVER.replace(
            "issuer: issuing",
            "issuer: {certificate: issuing.pem, key: root}").replace(
                "server.pem", "next.pem"))
        with f.unchanged():
            failed(f.hold(), 65, "not the one of", "issuing.pem")
        f.write("test.yaml", HEAD.format(module=f.module) + SERVER.replace(
            "issuer: issuing",
            "issuer: {certificate: server.pem, key: server}").replace(
                "server.pem\n", "next.pem\n").replace(
                    "key: server\n", "key: other\n", 1))
        with f.unchanged():
            failed(f.hold(), 65, "cert-issuer", "not a CA")


def shim(f, *faults):
    """The token behind a module that fails as it is told."""
    f.write("faults", "".join(line + "\n" for line in faults))
    f.env.update(P11SHIM_MODULE=f.module, P11SHIM_CTL=f.path("faults"))
    text = f.read("test.yaml").decode()
    f.write("shim.yaml", text.replace(f.module, os.environ["P11SHIM"]))


@story
def interrupted():
    """A token that fails at any step leaves nothing half, and a way to go on.
    """
    for fault, done in (
            (["C_GenerateKeyPair 0x0 1 0", "C_GenerateKeyPair 0x31 -1 0"], 1),
            (["C_GenerateKeyPair 0x0 2 0", "C_GenerateKeyPair 0x30 -1 0"], 2),
            (["C_Sign 0x0 1 0", "C_Sign 0x31 -1 0"], 0),
            (["C_GenerateKeyPair extractable -1 0"], 0)):
        with Hall() as f:
            write(f)
            shim(f, *fault)
            ran = f.hold("shim.yaml")
            assert ran.code in (69, 77), ran
            within(f"--from {done + 1}", ran.err)
            within("stopped", f.read("transcript.txt").decode())
            names = ["root.pem", "issuing.pem", "server.pem"]
            for i, name in enumerate(names):
                equal(os.path.exists(f.path(name)), i < done, name)
            equal(len(f.rows("certificate_signed")), done)
            end, = f.rows("ceremony_end")
            equal((end["outcome"], end["last_step"], end["transcript"]),
                  ("stopped", done, sha256(f.path("transcript.txt"))))
            first = f.read("transcript.txt")

            failed(f.hold(), 73, "transcript", "--from")
            ran = f.hold("test.yaml", "--from", str(done + 1))
            equal(ran.code, 0, ran)
            f.verify("root.pem", "server.pem", untrusted=["issuing.pem"])
            equal(f.labels(), ["issuing", "root", "server"])
            assert f.read("transcript.txt").startswith(first)
            equal([r["outcome"] for r in f.rows("ceremony_end")],
                  ["stopped", "done"])
            equal(f.left_over(), [])


@story
def stopped_by_a_signal():
    """SIGTERM ends it between two steps."""
    with Hall() as f:
        write(f)
        shim(f, "C_GenerateKeyPair 0x0 1 1500")
        tool = subprocess.Popen(
            [TOOL, "pki", "ceremony", "shim.yaml"], cwd=f.dir, env=f.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        while not os.path.exists(f.path("transcript.txt")):
            time.sleep(0.01)
        # it has begun; the first key takes its time
        while b"ceremony_begin" not in f.read("ledger.db") + (
                f.read("ledger.db-wal")
                if os.path.exists(f.path("ledger.db-wal")) else b""):
            time.sleep(0.01)
        tool.send_signal(signal.SIGTERM)
        _, err = tool.communicate(timeout=60)
        equal(tool.returncode, 70, err)
        # before the first step or behind it, as the signal came
        step = re.search(r"--from ([12])$", err.decode(), re.M)[1]
        equal("root.pem" in f.files(), step == "2")
        equal("issuing.pem" in f.files(), False)
        ran = f.hold("test.yaml", "--from", step)
        equal(ran.code, 0, ran)
        f.verify("root.pem", "server.pem", untrusted=["issuing.pem"])


@story
def token_away():
    """A dry run shows what it can without the token, and says so."""
    with Hall() as f:
        write(f)
        text = f.read("test.yaml").decode()
        f.write("test.yaml", text.replace("token=factory", "token=absent"))
        ran = f.hold("test.yaml", "--dry-run")
        failed(ran, 69, "token=absent")
        equal(ran.out.count("would be signed:"), 3)
        failed(f.hold(), 69, "token=absent", "nothing was made")


if __name__ == "__main__":
    tell()
