"""A day at the factory: images are minted, and the ledger tells.
"""
import hashlib
import hmac
import json
import os
import pty
import resource
import signal
import subprocess

import cbor
from factory import (EP, URI, Factory, Skip, absent, equal, failed, mode,
                     story, tell, within)


def json_entries(text):
    """{path: value} of our JSON image, one entry a line."""
    lines = text.decode().split("\n")
    equal(len(lines), len(json.loads(text)["entries"]) + 3, text)
    kinds = {"string": str, "integer": int, "boolean": bool, "opaque": str}
    entries = {}
    for e in json.loads(text)["entries"]:
        value = e["value"]
        equal(type(value), kinds[e["type"]], e)
        if e["type"] == "opaque":
            equal(value, value.lower())
            value = bytes.fromhex(value)
        entries[e["path"]] = value
    return entries


@story
def image_json():
    """An image in JSON holds the account, its row and nothing for others."""
    with Factory() as f:
        f.make_masters()
        ran = f.build("-o", "image.json", "--ledger", "ledger.db")
        equal(ran.code, 0, ran)
        image = f.read("image.json")
        equal(mode(f.path("image.json")), 0o600)
        equal(f.left_over(), [])
        doc = json.loads(image)
        equal(doc["format"], "bootstrapd-image-1")
        equal(doc["endpoint"], EP)
        entries = json_entries(image)
        key = entries.pop("/0/1/5")
        equal(len(key), 32)
        equal(entries, {
            "/0/1/0": URI, "/0/1/1": True, "/0/1/2": 0,
            "/0/1/3": b"id:" + EP.encode(), "/0/1/11": 10})

        sha = hashlib.sha256(image).hexdigest()
        print_of_key = hmac.new(key, b"lwm2m-bs/fingerprint",
                                "sha256").digest()[:8].hex()
        for word in ('"image.json"', str(len(image)), sha, print_of_key):
            within(word, ran.err)
        equal(ran.out, "")

        rows = f.run("audit", "list", "--ledger", "ledger.db", "--kind",
                     "image_minted", "--format", "json").out.splitlines()
        equal(len(rows), 1)
        row = json.loads(rows[0])
        equal(row["endpoint"], EP)
        equal(row["data"], {
            "identity": "factory-2026", "kind": "psk",
            "master": "bootstrap-2026", "epoch": 2, "format": "json", "sha256": sha,
            "fingerprint": print_of_key})
        # the key itself stands nowhere but in the image
        for name in ("ledger.db", "ledger.db-wal"):
            whole = f.read(name) if os.path.exists(f.path(name)) else b""
            for form in (key, key.hex().encode(), key.hex().upper().encode()):
                absent(form, whole)
        absent(key.hex(), ran.err)


@story
def taken_back():
    """No image is minted with a key that was revoked."""
    with Factory() as f:
        f.make_masters()
        equal(f.build("-o", "a.json", "--ledger", "ledger.db").code, 0)
        ran = f.run("pki", "revoke", "--endpoint", EP, "--reason",
                    "superseded", "--ledger", "ledger.db")
        equal(ran.code, 0, ran)
        ran = f.build("-o", "b.json", "--ledger", "ledger.db")
        failed(ran, 77, EP, "the key of epoch 2 was revoked", "newer epoch")
        equal(f.left_over(), [])
        assert not os.path.exists(f.path("b.json"))
        rows = f.run("audit", "list", "--ledger", "ledger.db", "--kind",
                     "image_minted", "--format", "json").out.splitlines()
        equal(len(rows), 1)
        equal(f.build("--epoch", "1", "-o", "c.json", "--ledger",
                      "ledger.db").code, 0)


@story
def same_and_other():
    """The same question gives the same image, another epoch another key."""
    with Factory() as f:
        f.make_masters()
        images = {}
        for name, more in (("a", ()), ("b", ()), ("new", ("--epoch", "2")),
                           ("old", ("--epoch", "1"))):
            for fmt in ("json", "senml-cbor"):
                ran = f.build(*more, "-o", f"{name}.{fmt}", fmt=fmt)
                equal(ran.code, 0, ran)
            image = f.read(f"{name}.senml-cbor")
            images[name] = cbor.senml_entries(image)
            # two formats, one account
            equal(images[name], json_entries(f.read(f"{name}.json")))
        equal(f.read("a.json"), f.read("b.json"))
        equal(f.read("a.senml-cbor"), f.read("b.senml-cbor"))
        equal(images["a"], images["new"], "the newest epoch is the default")
        assert images["old"].pop("/0/1/5") != images["new"].pop("/0/1/5")
        equal(images["old"], images["new"], "only the key differs")
        other = f.build("-o", "o.cbor", fmt="senml-cbor", endpoint=EP + "9")
        equal(other.code, 0, other)
        assert cbor.senml_entries(f.read("o.cbor"))["/0/1/5"] != \
            images["a"]["/0/1/5"]


@story
def where_it_goes():
    """Instance, hold-off and standard output are as asked for."""
    with Factory() as f:
        f.make_masters()
        ran = f.build("--instance", "0", "--hold-off", "2m", fmt="senml-cbor")
        equal(ran.code, 0, ran)
        entries = cbor.senml_entries(ran.raw)
        equal(sorted(entries), ["/0/0/0", "/0/0/1", "/0/0/11", "/0/0/2",
                                "/0/0/3", "/0/0/5"])
        equal(entries["/0/0/11"], 120)
        equal(f.build("-o", "-").raw, f.build().raw)
        within("standard output", ran.err)


@story
def no_security():
    """An image without security needs no token and carries no key."""
    with Factory(token=False) as f:
        f.token = []
        ran = f.build(identity="lab-bench", endpoint="lab-7",
                      uri="coap://[::1]:5683", fmt="senml-cbor")
        equal(ran.code, 0, ran)
        equal(cbor.senml_entries(ran.raw), {
            "/0/1/0": "coap://[::1]:5683", "/0/1/1": True, "/0/1/2": 3,
            "/0/1/11": 10})
        ran = f.build("--ledger", "l.db", "-o", "i", identity="lab-bench",
                      endpoint="lab-7", uri="coap://lab")
        equal(ran.code, 0, ran)
        row = json.loads(f.run("audit", "show", "1", "--ledger", "l.db",
                               "--format", "json").out)
        equal(sorted(row["data"]), ["format", "identity", "sha256"])


@story
def never_overwritten():
    """A file that is there stays, and --force replaces only a plain one."""
    with Factory() as f:
        f.make_masters()
        f.write("image", "the only copy")
        failed(f.build("-o", "image", "--ledger", "l.db"), 73, '"image"',
               "--force")
        equal(f.read("image"), b"the only copy")
        assert not os.path.exists(f.path("l.db")), "a row without an image"
        equal(f.build("-o", "image", "--force").code, 0)
        equal(json.loads(f.read("image"))["endpoint"], EP)
        equal(mode(f.path("image")), 0o600)

        os.symlink("image", f.path("link"))
        failed(f.build("-o", "link", "--force"), 73, "no regular file")
        os.mkdir(f.path("folder"))
        failed(f.build("-o", "folder", "--force"), 73, "no regular file")
        failed(f.build("-o", "nowhere/image"), 73, "No such file")
        equal(f.left_over(), [])


@story
def row_before_image():
    """What cannot be recorded does not happen."""
    with Factory() as f:
        f.make_masters("--ledger", "l.db")
        # an open reader keeps the shared memory file, so that what fails
        # is the write of the row and not the opening
        with f.sqlite("l.db") as db:
            count = db.execute("SELECT count(*) FROM event").fetchone()

            def small_files():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

            ran = f.build("-o", "image", "--ledger", "l.db",
                          preexec_fn=small_files, restore_signals=False)
            failed(ran, 74, "not handed out")
            equal(db.execute("SELECT count(*) FROM event").fetchone(), count)
        assert not os.path.exists(f.path("image"))
        equal(f.left_over(), [])
        # the same for standard output: not one byte before the row
        failed(f.build("--ledger", "nowhere/l.db"), 74, "nowhere")
        equal(f.build("--ledger", "nowhere/l.db").raw, b"")
        f.write("text.db", "this is no ledger\n" * 100)
        failed(f.build("-o", "image", "--ledger", "text.db"), 65, "text.db")
        assert not os.path.exists(f.path("image"))
        equal(f.build("-o", "image", "--ledger", "l.db").code, 0)


@story
def killed():
    """Killed between the image's bytes and its row: neither is there."""
    with Factory() as f:
        try:
            os.close(os.open(f.dir, os.O_TMPFILE | os.O_RDWR))
        except OSError:
            raise Skip("no files without a name here") from None
        f.make_masters("--ledger", "l.db")
        with f.sqlite("l.db") as db:
            rows = db.execute("SELECT count(*) FROM event").fetchone()
            db.execute("BEGIN IMMEDIATE")
            tool = subprocess.Popen(
                [os.environ["TOOL"], "image", "build", *f.token, "--policies",
                 "policies.yaml", "--identity", "factory-2026", "--endpoint",
                 EP, "--uri", URI, "--format", "json", "--ledger", "l.db",
                 "-o", "image"], cwd=f.dir, env=f.env,
                stderr=subprocess.PIPE)
            try:
                # it waits for the ledger, the bytes are written
                while not written(tool.pid, f.dir):
                    if tool.poll() is not None:
                        raise AssertionError(tool.stderr.read())
            finally:
                tool.kill()
                tool.communicate()
            db.execute("ROLLBACK")
            equal(db.execute("SELECT count(*) FROM event").fetchone(), rows)
        assert not os.path.exists(f.path("image"))
        equal(f.left_over(), [])
        equal(f.build("--ledger", "l.db", "-o", "image").code, 0)


def written(pid, folder):
    """Has the process a file there that has bytes and no name?"""
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            name = os.readlink(f"/proc/{pid}/fd/{fd}")
            if name.startswith(folder) and name.endswith("(deleted)") and \
                    os.stat(f"/proc/{pid}/fd/{fd}").st_size > 0:
                return True
    except FileNotFoundError:
        pass
    except PermissionError:
        raise Skip("only root sees the files of a hardened process") \
            from None
    return False


@story
def full_output():
    """An output that takes nothing is an error, not an empty image."""
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    with Factory() as f:
        f.make_masters()
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [os.environ["TOOL"], "image", "build", *f.token, "--policies",
                 "policies.yaml", "--identity", "factory-2026", "--endpoint",
                 EP, "--uri", URI, "--format", "json"],
                cwd=f.dir, env=f.env, stdout=full, stderr=subprocess.PIPE,
                check=False)
            equal(done.returncode, 74)
            within(b"No space left", done.stderr)
            done = subprocess.run(
                [os.environ["TOOL"], "--help"], stdout=full,
                stderr=subprocess.PIPE, check=False)
            equal(done.returncode, 74)


@story
def not_to_a_terminal():
    """A terminal gets an image only when it is text and asked for."""
    with Factory() as f:
        f.make_masters()

        def on_terminal(*more, fmt):
            ours, theirs = pty.openpty()
            try:
                done = subprocess.run(
                    [os.environ["TOOL"], "image", "build", *f.token,
                     "--policies", "policies.yaml", "--identity",
                     "factory-2026", "--endpoint", EP, "--uri", URI,
                     "--format", fmt, *more],
                    cwd=f.dir, env=f.env, stdout=theirs,
                    stderr=subprocess.PIPE, check=False)
                os.set_blocking(ours, False)
                try:
                    seen = os.read(ours, 65536)
                except BlockingIOError:
                    seen = b""
                return done.returncode, done.stderr.decode(), seen
            finally:
                os.close(ours)
                os.close(theirs)

        for more, fmt in (((), "json"), ((), "senml-cbor"),
                          (("-o", "-"), "senml-cbor")):
            code, err, seen = on_terminal(*more, fmt=fmt)
            equal((code, seen), (64, b""), err)
            within("terminal", err)
        code, err, seen = on_terminal("-o", "-", fmt="json")
        equal(code, 0, err)
        within(b"bootstrapd-image-1", seen)


@story
def denied():
    """Only what the identity document admits is minted."""
    with Factory() as f:
        f.make_masters()
        failed(f.build(endpoint="urn:dev:ops:OTHER-1"), 77,
               "policies.yaml:1", "does not admit", '"urn:dev:ops:0057F2-*"')
        failed(f.build("--epoch", "3"), 65, "no epoch 3")
        failed(f.build(identity="factory-2025"), 65, '"factory-2025"',
               'did you mean "factory-2026"?')
        failed(f.build(endpoint="urn:dev:ops:0057F2-" + "x" * 110), 65,
               "128 bytes")
        failed(f.build(endpoint="urn:dev:ops:0057F2-" + "x" * 300), 64,
               "252 bytes")
        failed(f.build(endpoint="urn:dev:ops:0057F2-\n"), 64, "\\n",
               "control character")
        f.write("policies.yaml", "identity: factory-2026\npsk: {}\n")
        failed(f.build(), 65, "policies.yaml:2")
        failed(f.build("--policies", "p"), 64, "given twice")


@story
def uris():
    """A URI that the device could not use is refused."""
    with Factory() as f:
        f.make_masters()
        for bad in ("coap://host", "coap+tcp://host", "http://host", "host",
                    "coaps://", "coaps://:5684", "coaps://host:0",
                    "coaps://host:65536", "coaps://host:", "coaps://host/rd",
                    "coaps://user@host", "coaps://ho st", "coaps://[::1",
                    "coaps://[1.2.3.4]", "coaps://[::1]5684",
                    "coaps://h\u00f6st", "coaps://host:05684",
                    "coaps://" + "h" * 248):
            failed(f.build(uri=bad), 64, "--uri")
        for good in ("coaps://host", "coaps+tcp://host", "coaps://192.0.2.1:5684",
                     "coaps://[2001:db8::1]:5684", "coaps://" + "h" * 247):
            equal(f.build(uri=good).code, 0)
        failed(f.build(identity="lab-bench", endpoint="lab-1"), 64,
               "coap://HOST:PORT")


@story
def devices():
    """The views know the device that was minted."""
    with Factory() as f:
        f.make_masters()
        equal(f.build("-o", "i", "--ledger", "l.db").code, 0)
        with f.sqlite("l.db") as db:
            equal(db.execute(
                "SELECT endpoint, identity, epoch, outcome FROM devices"
            ).fetchall(), [(EP, "factory-2026", 2, None)])
            equal(db.execute("SELECT purpose, master FROM credentials"
                             ).fetchall(), [("image", "bootstrap-2026")])


if __name__ == "__main__":
    tell()
