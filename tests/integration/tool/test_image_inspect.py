"""What is in an image, and what is wrong with it: each format is built, looked
at, judged, and judged again with one byte changed.
"""
import hashlib
import hmac
import json
import os
import pty
import re
import subprocess

import cbor
from factory import (EP, URI, Factory, absent, equal, failed, story, tell,
                     within)
from image_options import KEYS, OPTIONS

# A byte that each format covers by a sum, or reads strictly: from the front.
CHANGED = {"esp-nvs": 0x58, "ihex": 12, "json": 3, "lwm2m-cbor": 1,
           "nrf91-at": 2, "raw": 0x30, "senml-cbor": 2, "tlv-smartcard": 3,
           "uf2": 20, "zephyr-nvs": 0xfe8}


def key_of(image):
    doc = json.loads(image)
    return next(bytes.fromhex(e["value"]) for e in doc["entries"]
                if e["path"] == "/0/1/5")


def findings(ran):
    """The codes in what `image verify --format json` has said."""
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return sorted(x["code"] for x in lines if x.get("finding") == "error")


def verify(f, *args, code=None):
    ran = f.run("image", "verify", "--format", "json", *args)
    if code is not None:
        equal(ran.code, code, ran)
    return findings(ran)


@story
def every_format():
    """Built, inspected, verified; with a byte changed it is refused."""
    with Factory() as f:
        f.make_masters()
        equal(f.build("-o", "key.json").code, 0)
        key = key_of(f.read("key.json"))
        mark = hmac.new(key, b"lwm2m-bs/fingerprint",
                        "sha256").digest()[:8].hex()
        for fmt, sets in OPTIONS.items():
            for i, options in enumerate(sets):
                name = f"{i}.{fmt}"
                equal(f.build("-o", name, *options, fmt=fmt).code, 0)
                # what a partition is encrypted by, nobody can guess
                keys = options if "--nvs-keys" in options else []
                ran = f.run("image", "inspect", *keys, name)
                equal(ran.code, 0, ran)
                for word in (fmt, f"secret, {len(key)} bytes", mark,
                             f"id:{EP}", hashlib.sha256(
                                 f.read(name)).hexdigest()):
                    within(word, ran.out, f"{name} {ran}")
                for form in (key.hex(), key.hex().upper()):
                    absent(form, ran.out + ran.err)
                ran = f.run("image", "inspect", "--format", "json", *keys,
                            name)
                seen = json.loads(ran.out)
                equal(seen["formats"][0], fmt)
                absent(key.hex(), ran.out)
                secret = {e["path"]: e for e in seen["entries"]}["/0/1/5"]
                equal((secret["secret"], secret["bytes"],
                       secret["fingerprint"], "value" in secret),
                      (True, len(key), mark, False))
                # all that was said of where it lies is true
                equal(verify(f, *options, name, code=0), [], name)
            spoilt(f, fmt, sets[0])


def spoilt(f, fmt, options):
    image = bytearray(f.read("0." + fmt))
    image[CHANGED[fmt]] ^= 1
    with open(f.path("bad"), "wb", opener=lambda p, fl: os.open(
            p, fl, 0o600)) as out:
        out.write(image)
    equal(verify(f, "bad", "--as", fmt, *options, code=65),
          ["image-damaged"], fmt)
    ran = f.run("image", "inspect", "bad", "--as", fmt)
    failed(ran, 65, '"bad"', fmt, "byte ")
    os.unlink(f.path("bad"))


@story
def where_it_lies():
    """What was said of the partition, and is not so, is a finding."""
    with Factory() as f:
        f.make_masters()
        for fmt, built, said in (
                ("raw", ["--partition", "8KiB", "--offset", "1KiB"],
                 ["--offset", "2KiB"]),
                ("raw", ["--generation", "7"], ["--generation", "8"]),
                ("ihex", ["--address", "0x9000"], ["--address", "0x8000"]),
                ("uf2", ["--address", "0x9000", "--family", "nrf52840"],
                 ["--address", "0x9004"]),
                ("esp-nvs", ["--namespace", "one"], ["--namespace", "two"]),
                ("tlv-smartcard", ["--card-version", "1.2"],
                 ["--card-version", "1.1"])):
            equal(f.build("-o", "image", *built, fmt=fmt, ).code, 0)
            equal(verify(f, "image", *built, code=0), [])
            equal(verify(f, "image", *said, code=65), ["image-geometry"],
                  f"{fmt} {said}")
            os.unlink(f.path("image"))
        # what a reader is told, it holds the bytes to
        for fmt, built, said in (
                ("raw", [], ["--partition", "8KiB"]),
                ("nrf91-at", [], ["--security-tag", "7"]),
                ("zephyr-nvs", [], ["--write-block", "16"]),
                ("uf2", ["--address", "0x9000", "--family", "nrf52840"],
                 ["--family", "rp2040"])):
            equal(f.build("-o", "image", *built, fmt=fmt).code, 0)
            equal(verify(f, "image", "--as", fmt, *said, code=65),
                  ["image-damaged"], f"{fmt} {said}")
            os.unlink(f.path("image"))
        equal(f.build("-o", "image", "--nvs-keys", KEYS,
                      fmt="esp-nvs").code, 0)
        equal(verify(f, "image", code=65), ["image-damaged"])


@story
def not_an_image():
    """Of what is no image it is said what was looked at, and no byte of it."""
    with Factory(token=False) as f:
        for name, content, words in (
                ("keys", bytes(range(64, 128)) + b"\xff" * 4032, ["partition"]),
                ("ff", b"\xff" * 4096, ["erased"]),
                ("text", b"to whom it may concern", ["text"]),
                ("dust", b"\x07\x80\x99", ["binary"])):
            with open(f.path(name), "wb") as out:
                out.write(content)
            ran = f.run("image", "inspect", name)
            failed(ran, 65, "looks like no image", str(len(content)), "--as",
                   *words)
            absent(content[:4].hex(), ran.err)
        os.mkfifo(f.path("fifo"))
        os.symlink("nowhere", f.path("link"))
        f.write("empty", "")
        with open(f.path("huge"), "wb") as out:
            out.truncate(1 << 30)
        failed(f.run("image", "inspect", "fifo"), 65, "not a regular file")
        failed(f.run("image", "inspect", "link"), 66, '"link"')
        failed(f.run("image", "inspect", "empty"), 65, "empty")
        failed(f.run("image", "inspect", "huge"), 65, "larger")
        failed(f.run("image", "inspect", "."), 65, "no batch")
        equal(verify(f, "fifo", "empty", "huge", "dust", code=65),
              ["image-file"] * 3 + ["image-format"])


def on_terminal(f, *args):
    """(exit code, what stood on the terminal, standard error)"""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen([os.environ["TOOL"], *args], cwd=f.dir,
                              env=f.env, stdout=theirs,
                              stderr=subprocess.PIPE) as child:
            os.close(theirs)
            theirs = -1
            seen = b""
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                seen += part
            err = child.stderr.read()
            child.wait(timeout=30)
            return child.returncode, seen.decode(), err.decode()
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)


@story
def secrets():
    """A key is shown to somebody at a terminal who asks, and to nobody else."""
    with Factory() as f:
        f.make_masters()
        equal(f.build("-o", "image.json").code, 0)
        equal(f.build("-o", "image", fmt="senml-cbor").code, 0)
        key = key_of(f.read("image.json")).hex()
        code, seen, err = on_terminal(f, "image", "inspect",
                                      "--show-secrets", "image")
        equal(code, 0, err)
        within(f": {key}", seen)
        code, seen, err = on_terminal(f, "image", "inspect", "image")
        equal(code, 0, err)
        absent(key, seen)
        for more in ([], ["--format", "json"]):
            ran = f.run("image", "inspect", "--show-secrets", "image", *more)
            failed(ran, 77, "--show-secrets", "terminal", "fingerprint")
            equal(ran.out, "")
        code, seen, err = on_terminal(f, "image", "inspect", "--show-secrets",
                                      "--format", "json", "image")
        equal(code, 64, err)
        absent(key, seen)


# --- by policies, token and ledger ------------------------------------------

def renamed(image, path, value):
    """A SenML CBOR image with another value of the same length."""
    old = cbor.senml_entries(image)[path]
    if isinstance(old, str):
        old, value = old.encode(), value.encode()
    equal(len(old), len(value))
    equal(image.count(old), 1)
    return image.replace(old, value)


@story
def by_the_policies():
    """The documents that bootstrapd lets devices in by, and the token's key."""
    with Factory() as f:
        f.make_masters()
        equal(f.build("-o", "good", fmt="senml-cbor").code, 0)
        equal(f.build("-o", "old", "--epoch", "1", fmt="senml-cbor").code, 0)
        known = ["--policies", "policies.yaml"]
        asked = [*known, *f.token]

        def changed(name, path, value):
            with open(f.path(name), "wb", opener=lambda p, fl: os.open(
                    p, fl, 0o600)) as out:
                out.write(renamed(f.read("good"), path, value))

        for name in ("good", "old"):
            equal(verify(f, name, *asked, "--identity", "factory-2026",
                         "--uri", URI, code=0), [])
        who = b"id:" + EP.encode()
        changed("foreign", "/0/1/3", who.replace(b"0057F2", b"0057F3"))
        changed("other", "/0/1/3", who[:-1] + b"9")
        changed("key", "/0/1/5", bytes(32))
        changed("uri", "/0/1/0", URI.replace("boot", "b00t"))
        equal(verify(f, "foreign", *known, code=65), ["image-not-admitted"])
        equal(verify(f, "other", *known, code=0), [], "nobody can tell yet")
        equal(verify(f, "other", *asked, code=65), ["image-key-differs"])
        equal(verify(f, "key", *known, code=0), [])
        equal(verify(f, "key", *asked, code=65), ["image-key-differs"])
        equal(verify(f, "uri", *known, "--uri", URI, code=65), ["image-uri"])
        f.write("lab.yaml", "identity: lab\npsk: {derive: bootstrap-2026, "
                "epoch: [1, 2], identity: \"id:{endpoint}\"}\n")
        equal(verify(f, "good", "--policies", "lab.yaml", code=0), [])
        f.write("two.yaml", "identity: lab\nendpoint: lab-*\npsk: {derive: "
                "fleet-2026, epoch: 1}\n---\nidentity: wide\npsk: {derive: "
                "bootstrap-2026, epoch: [1, 2], identity: "
                "\"id:{endpoint}\"}\n")
        equal(verify(f, "good", "--policies", "two.yaml", "--identity", "lab",
                     code=65), ["image-other-identity"])
        # an epoch that is accepted no more
        f.write("new.yaml", "identity: factory-2026\npsk: {derive: "
                "bootstrap-2026, epoch: 2, identity: \"id:{endpoint}\"}\n")
        equal(verify(f, "old", "--policies", "new.yaml", *f.token, code=65),
              ["image-key-differs"])
        failed(f.run("image", "verify", "good", "--identity", "x"), 64,
               "--policies")
        failed(f.run("image", "verify", "good", *known, "--identity",
                     "factory-2027"), 65, "factory-2026")


@story
def by_the_ledger():
    """An image that was not minted, or was taken back, is found."""
    with Factory() as f:
        f.make_masters()
        book = ["--ledger", "ledger.db"]
        known = ["--policies", "policies.yaml"]
        for name, more in (("a", {}), ("b", {"endpoint": EP + "7"})):
            equal(f.build("-o", name, *book, fmt="senml-cbor", **more).code,
                  0)
            equal(verify(f, name, *book, *known, code=0), [])
        equal(f.build("-o", "loose", fmt="lwm2m-cbor").code, 0)
        equal(verify(f, "loose", *book, *known, code=65),
              ["image-not-minted"])
        ran = f.run("pki", "revoke", "--endpoint", EP, "--reason",
                    "keyCompromise", *book)
        equal(ran.code, 0, ran)
        equal(verify(f, "a", *book, *known, code=65), ["image-revoked"])
        # by its key, whoever it is of and whatever it is wrapped in
        equal(verify(f, "loose", *book, code=65),
              ["image-not-minted", "image-revoked"])
        equal(verify(f, "b", *book, *known, code=0), [])
        ran = f.run("image", "verify", "a", *book, *known)
        within("keyCompromise", ran.out)


@story
def for_people():
    """What was not looked at is said, and each finding has a remedy."""
    with Factory() as f:
        f.make_masters()
        equal(f.build("-o", "image", fmt="raw").code, 0)
        os.chmod(f.path("image"), 0o644)
        ran = f.run("image", "verify", "image")
        equal(ran.code, 0, ran)
        for word in ("image-exposed", "0 of them bad", "not looked at",
                     "--policies", "--ledger"):
            within(word, ran.out)
        equal(f.run("image", "verify", "--strict", "image").code, 65)
        table = {json.loads(line)["code"]: json.loads(line)
                 for line in f.run("policy", "codes", "--format",
                                   "json").out.splitlines()}
        ran = f.run("image", "verify", "--format", "json", "image")
        row = json.loads(ran.out.splitlines()[0])
        equal((row["code"], row["remedy"]),
              ("image-exposed", table["image-exposed"]["remedy"]))
        sarif = json.loads(f.run("image", "verify", "--format", "sarif",
                                 "image").out)
        result, = sarif["runs"][0]["results"]
        equal(result["ruleId"], "image-exposed")
        assert re.fullmatch(r"image", result["locations"][0][
            "physicalLocation"]["artifactLocation"]["uri"]), result


tell()
