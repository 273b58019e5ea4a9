"""Batches of images that somebody has changed on their way: what is missing,
more, swapped, damaged or signed by nobody is found, and the rest is verified.
"""
import hashlib
import hmac
import io
import json
import os
import shutil
import subprocess
import tarfile

import cbor
from factory import (EP, URI, Factory, Skip, equal, failed, story, tell,
                     within)

COUNT = 6
SPACE = "bootstrapd-image"


class Batch(Factory):
    """A batch as image batch makes it, made here by hand so that it can be
    made wrongly."""

    def __enter__(self):
        super().__enter__()
        if not shutil.which("ssh-keygen"):
            raise Skip("no ssh-keygen (Debian: openssh-client)")
        self.make_masters()
        os.mkdir(self.path("good"))
        os.mkdir(self.path("good/images"))
        for i in range(COUNT):
            ran = self.build("-o", f"good/images/{i:06}.senml.cbor",
                             endpoint=f"{EP}-{i}", fmt="senml-cbor")
            equal(ran.code, 0, ran)
        self.put("good/batch.json", json.dumps(self.description()) + "\n")
        self.put("good/summary.csv", self.summary())
        for who in ("ada", "eve"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f",
                            self.path(who)], check=True)
        key = self.read("ada.pub").decode().split()
        self.write("signers", f'ada@x namespaces="{SPACE}" {key[0]} '
                   f"{key[1]}\n")
        self.sign("good")
        return self

    def description(self, **changes):
        return {"batch": "b1", "identity": "factory-2026", "order": "WO-1",
                "format": "senml-cbor", "created": "2026-01-02T03:04:05.678Z",
                "tool": "0", "count": COUNT, **changes}

    def summary(self, **changes):
        """A row for each image; `changes` of the third one."""
        rows = ["image_file,endpoint,fingerprint,image_sha256,note"]
        for i in range(COUNT):
            name = f"{i:06}.senml.cbor"
            image = self.read("good/images/" + name)
            key = cbor.senml_entries(image)["/0/1/5"]
            row = {"file": f'"{name}"', "endpoint": f'"{EP}-{i}"',
                   "print": hmac.new(key, b"lwm2m-bs/fingerprint",
                                     "sha256").digest()[:8].hex(),
                   "sha256": hashlib.sha256(image).hexdigest(),
                   "note": '"with ""quotes"", and commas"'}
            if i == 2:
                row.update(changes)
            rows.append(",".join(row.values()))
        return "\r\n".join([*rows, ""])

    def put(self, name, what):
        what = what if isinstance(what, bytes) else what.encode()
        with open(self.path(name), "wb", opener=lambda p, fl: os.open(
                p, fl, 0o600)) as out:
            out.write(what)

    def manifest(self, folder):
        """What sha256sum says of all of it."""
        names = []
        for base, _, files in os.walk(self.path(folder)):
            names += [os.path.relpath(os.path.join(base, n),
                                      self.path(folder)) for n in files]
        lines = []
        for name in sorted(names):
            if name == "images.tar":
                lines += self.members(f"{folder}/{name}")
            elif not name.startswith("MANIFEST"):
                digest = hashlib.sha256(self.read(f"{folder}/{name}"))
                lines.append((name, digest.hexdigest()))
        return "".join(f"{h}  {n}\n" for n, h in sorted(lines))

    def members(self, name):
        with tarfile.open(self.path(name)) as tar:
            return [(m.name, hashlib.sha256(
                tar.extractfile(m).read()).hexdigest()) for m in tar]

    def sign(self, folder, who="ada", space=SPACE, manifest=None):
        self.put(f"{folder}/MANIFEST", manifest or self.manifest(folder))
        if os.path.exists(self.path(f"{folder}/MANIFEST.sig")):
            os.unlink(self.path(f"{folder}/MANIFEST.sig"))
        subprocess.run(["ssh-keygen", "-Y", "sign", "-f", self.path(who),
                        "-n", space, self.path(f"{folder}/MANIFEST")],
                       check=True, stderr=subprocess.DEVNULL)

    def copy(self, name="b"):
        shutil.rmtree(self.path(name), ignore_errors=True)
        shutil.copytree(self.path("good"), self.path(name), symlinks=True)
        return name

    def packed(self, name="t"):
        """The same images in a container."""
        self.copy(name)
        with tarfile.open(self.path(f"{name}/images.tar"), "w",
                          format=tarfile.USTAR_FORMAT) as tar:
            # as they were made, which is not the order of their names
            for one in sorted(os.listdir(self.path(f"{name}/images")),
                              reverse=True):
                self.add(tar, f"images/{one}",
                         self.read(f"{name}/images/{one}"))
        shutil.rmtree(self.path(f"{name}/images"))
        self.sign(name)
        return name

    @staticmethod
    def add(tar, name, content, **head):
        info = tarfile.TarInfo(name)
        info.size = len(content)
        info.mode = 0o600
        for field, value in head.items():
            setattr(info, field, value)
        tar.addfile(info, io.BytesIO(content))

    def said(self, path, *more, code=65, signers=("--signers", "signers"),
             summary=False):
        """{code: files} of the errors, and the line that sums up. Without
        what summary.csv makes of it, unless that is asked for."""
        ran = self.run("image", "verify", "--format", "json", *signers, *more,
                       path)
        equal(ran.code, code, ran)
        lines = [json.loads(line) for line in ran.out.splitlines()]
        found = {}
        for x in lines[:-1]:
            if x["finding"] == "error" and (
                    summary or x["code"] != "batch-summary"):
                found.setdefault(x["code"], []).append(x["file"])
        return found, lines[-1]


def image(i):
    return f"images/{i:06}.senml.cbor"


@story
def sound():
    """A batch as it was made, as files and as a container."""
    with Batch() as f:
        for path in ("good", f.packed()):
            found, last = f.said(path, "--order-name", "WO-1", "--policies",
                                 "policies.yaml", "--identity",
                                 "factory-2026", *f.token, code=0,
                                 summary=True)
            equal((found, last["images"], last["bad"], last["token"]),
                  ({}, COUNT, 0, True))
        found, last = f.said("t/images.tar", signers=(), code=0)
        equal((found, last["images"]), ({}, COUNT))
        ran = f.run("image", "verify", "good")
        equal(ran.code, 0, ran)
        within("batch-unverified", ran.out)
        within("6 images, 0 of them bad", ran.out)
        # sha256sum, who knows nothing of this, agrees
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "MANIFEST"],
                       cwd=f.path("good"), check=True)


@story
def changed():
    """Each thing that can be wrong with the files is its own finding."""
    with Batch() as f:
        b = f.copy()
        os.unlink(f.path(f"{b}/{image(3)}"))
        found, last = f.said(b)
        equal(found, {"batch-missing": [f"b/{image(3)}"],
                      "batch-count": ["b/batch.json"]})
        equal((last["images"], last["bad"]), (COUNT - 1, 0))

        b = f.copy()
        f.put(f"{b}/images/000009.senml.cbor", f.read("good/" + image(1)))
        found, last = f.said(b)
        equal(found, {"batch-extra": ["b/images/000009.senml.cbor"],
                      "batch-duplicate": ["b/images/000009.senml.cbor"],
                      "batch-count": ["b/batch.json"]})
        equal((last["images"], last["bad"]), (COUNT + 1, 1))

        b = f.copy()
        f.put(f"{b}/{image(1)}", f.read("good/" + image(2)))
        f.put(f"{b}/{image(2)}", f.read("good/" + image(1)))
        found, last = f.said(b)
        equal(found, {"batch-changed": [f"b/{image(1)}", f"b/{image(2)}"]})
        equal((last["images"], last["bad"]), (COUNT, 2))

        b = f.copy()
        bad = bytearray(f.read("good/" + image(4)))
        bad[2] ^= 1
        f.put(f"{b}/{image(4)}", bytes(bad))
        f.put(f"{b}/summary.csv", "other\r\n")
        f.put(f"{b}/note.txt", "hello")
        os.mkdir(f.path(f"{b}/more"))
        found, last = f.said(b)
        equal(found, {"batch-changed": [f"b/{image(4)}", "b/summary.csv"],
                      "image-damaged": [f"b/{image(4)}"],
                      "batch-extra": ["b/more", "b/note.txt"]})

        b = f.copy()
        os.unlink(f.path(f"{b}/{image(0)}"))
        os.symlink("/etc/passwd", f.path(f"{b}/{image(0)}"))
        os.mkfifo(f.path(f"{b}/images/fifo"))
        f.put(f"{b}/images/.000007", "left over")
        f.put(f"{b}/images/two words", "x")
        found, last = f.said(b)
        equal(sorted(found["image-file"]),
              ["b/images/.000007", f"b/{image(0)}", "b/images/fifo",
               "b/images/two words"])
        equal(last["bad"], 4)


@story
def signed():
    """A signature by nobody, of other bytes or for other things counts not."""
    with Batch() as f:
        b = f.copy()
        f.sign(b, who="eve")
        equal(f.said(b)[0], {"batch-signature": ["b/MANIFEST.sig"]})
        f.sign(b, space="bootstrapd")
        equal(f.said(b)[0], {"batch-signature": ["b/MANIFEST.sig"]})
        f.sign(b)
        os.unlink(f.path(f"{b}/MANIFEST.sig"))
        equal(f.said(b)[0], {"batch-signature": ["b/MANIFEST.sig"]})
        # re-hashed by who changed an image, and could not sign
        b = f.copy()
        f.put(f"{b}/{image(1)}", f.read("good/" + image(2)))
        f.put(f"{b}/MANIFEST", f.manifest(b))
        found, _ = f.said(b)
        equal(found, {"batch-signature": ["b/MANIFEST.sig"],
                      "batch-duplicate": [f"b/{image(2)}"]})
        key = f.read("ada.pub").decode().split()
        f.write("old", f'ada@x valid-before="20200101Z" {key[0]} {key[1]}\n')
        equal(f.said("good", signers=("--signers", "old"))[0],
              {"batch-signature": ["good/MANIFEST.sig"]})
        failed(f.run("image", "verify", "good", "--signers", "none"), 66,
               '"none"')
        f.write("broken", "not a line\n")
        failed(f.run("image", "verify", "good", "--signers", "broken"), 65,
               "allowed_signers")


@story
def signed_by_whom():
    """What comes without its MANIFEST is not what the signers have signed."""
    with Batch() as f:
        f.packed()
        shutil.copy(f.path("t/images.tar"), f.path("lone.tar"))
        for path in ("lone.tar", "t/images.tar", "good/" + image(0)):
            equal(f.said(path, signers=(), code=0)[0], {})
            equal(f.said(path)[0], {"batch-signature": [path]})
            equal(f.said(path, "--order-name", "WO-1", signers=())[0],
                  {"batch-order": [path]})


@story
def manifests():
    """Lines that are none, out of order, or twice."""
    with Batch() as f:
        good = f.manifest("good").splitlines(keepends=True)
        b = f.copy()
        for lines, wanted in (
                ([*good, good[-1]], {"batch-manifest": 1}),
                ([good[1], good[0], *good[2:]],
                 {"batch-manifest": 1, "batch-extra": 1}),
                ([good[0].upper(), *good[1:]],
                 {"batch-manifest": 1, "batch-extra": 1}),
                ([*good, "0" * 64 + "  ../../etc/passwd\n"],
                 {"batch-manifest": 1}),
                ([*good, "0" * 64 + "  /etc/passwd\n"],
                 {"batch-manifest": 1}),
                ([*good, "x" * 100000 + "\n"], {"batch-manifest": 1}),
                ([*good, "0" * 64 + "  zz"], {"batch-manifest": 1}),
                ([*good, "0" * 64 + "  zz\n"], {"batch-missing": 1}),
                (["\n"] * 700, {"batch-manifest": 700,
                                "batch-extra": COUNT + 2})):
            f.sign(b, manifest="".join(lines))
            found, last = f.said(b)
            equal({k: len(v) for k, v in found.items()}, wanted, lines[-1])
            equal(last["images"], COUNT)
        os.unlink(f.path(f"{b}/MANIFEST"))
        equal(f.said(b)[0], {"batch-unfinished": ["b/MANIFEST"]})
        os.symlink("batch.json", f.path(f"{b}/MANIFEST"))
        equal(f.said(b)[0], {"batch-unfinished": ["b/MANIFEST"]})


@story
def described():
    """batch.json: another order, identity, format, number, or of the future."""
    with Batch() as f:
        b = f.copy()

        def codes(*more, text=None, **changes):
            f.put(f"{b}/batch.json",
                  text or json.dumps(f.description(**changes)) + "\n")
            f.sign(b)
            return {k: len(v) for k, v in f.said(b, *more)[0].items()}

        equal(codes("--order-name", "WO-2"), {"batch-order": 1})
        equal(codes(created="2999-01-01T00:00:00Z"), {"batch-created": 1})
        equal(codes(created="yesterday"), {"batch-description": 1})
        equal(codes(count=7), {"batch-count": 1})
        equal(codes(format="raw"), {"batch-format": COUNT})
        equal(codes(format="wax"), {"batch-description": 1})
        equal(codes("--policies", "policies.yaml", "--identity",
                    "factory-2026", identity="factory-2025"),
              {"batch-identity": 1})
        equal(codes(text="[]"), {"batch-description": 1})
        equal(codes(text='{"count":6,' + " " * 20000 + "}"),
              {"batch-description": 1})


@story
def summaries():
    """summary.csv has a row for each image, which is of that image."""
    with Batch() as f:
        b = f.copy()
        good = f.summary()

        def count(text, *more):
            f.put(f"{b}/summary.csv", text)
            f.sign(b)
            found, _ = f.said(b, *more, summary=True)
            equal(set(found), {"batch-summary"})
            return len(found["batch-summary"])

        rows = good.splitlines(keepends=True)
        # a row is none of any image's, and that image has none
        equal(count(f.summary(sha256="0" * 64)), 2)
        equal(count(f.summary(file='"x.senml.cbor"')), 2)
        equal(count(f.summary(print="0" * 16)), 2)
        equal(count("".join(rows[:-1])), 1)
        equal(count(good + rows[-1]), 1)
        equal(count(f.summary(endpoint='"other"'), "--policies",
                    "policies.yaml"), 1)
        equal(count("serial,endpoint\r\n" + "".join(rows[1:])), 2)
        equal(count(""), 1)
        assert count(good + '"' + "x" * 200000) > 0
        os.unlink(f.path(f"{b}/summary.csv"))
        f.sign(b)
        equal(f.said(b, summary=True)[0],
              {"batch-summary": [f"{b}/summary.csv"]})


@story
def of_image_batch():
    """What image batch makes is good, whichever way it is kept."""
    with Factory() as f:
        f.make_masters()
        f.write("devices.csv", "serial,endpoint\n" + "".join(
            f"{i:06},{EP}-{i}\n" for i in range(40)))
        for name, *more in (("files",), ("tar", "--container", "--again")):
            ran = f.run("image", "batch", *f.token, "--policies",
                        "policies.yaml", "--identity", "factory-2026",
                        "--uri", URI, "--format", "raw", "--ledger",
                        "ledger.db", "-o", name, *more, "devices.csv")
            equal(ran.code, 0, ran)
            ran = f.run("image", "verify", "--format", "json", "--ledger",
                        "ledger.db", "--policies", "policies.yaml",
                        "--identity", "factory-2026", "--uri", URI, *f.token,
                        name)
            equal(ran.code, 0, ran)
            last = json.loads(ran.out.splitlines()[-1])
            equal((last["images"], last["bad"], last["errors"]), (40, 0, 0))


@story
def containers():
    """A container that is cut short, damaged, or has what no batch has."""
    with Batch() as f:
        t = f.packed()
        whole = f.read(f"{t}/images.tar")
        first, last = image(COUNT - 1), image(0)

        def said(content):
            f.put(f"{t}/images.tar", content)
            found, summed = f.said(t)
            return ({k: len(v) for k, v in found.items()}, summed["images"])

        # in the data of the third member, and in its head
        equal(said(whole[:2 * 1024 + 600]),
              ({"batch-container": 1, "batch-missing": 3, "batch-count": 1},
               3))
        equal(said(whole[:2 * 1024 + 300])[0],
              {"batch-container": 1, "batch-missing": 4, "batch-count": 1})
        equal(said(whole[:COUNT * 1024])[0], {"batch-container": 1})
        equal(said(whole[:COUNT * 1024 + 512])[0], {"batch-container": 1})
        f.put(f"{t}/images.tar", whole[:COUNT * 1024 + 1024])
        equal(f.said(t, code=0)[0], {})
        equal(said(whole + b"x")[0], {"batch-container": 1})
        head = bytearray(whole)
        head[1024 + 2] ^= 1
        equal(said(bytes(head))[0],
              {"batch-container": 1, "batch-missing": COUNT - 1,
               "batch-count": 1})
        data = bytearray(whole)
        data[512 + 2] ^= 1
        equal(said(bytes(data))[0],
              {"batch-changed": 1, "image-damaged": 1})
        fill = bytearray(whole)
        fill[1023] = 1
        equal(said(bytes(fill))[0], {"batch-container": 1})

        good = f.read("good/" + first)

        def packed(*members):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w",
                              format=tarfile.USTAR_FORMAT) as tar:
                for name, content, how in members:
                    f.add(tar, name, content, **how)
            return out.getvalue()

        link = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}
        for name, content, how in (
                ("images/../../etc/cron.d/x", good, {}),
                ("/etc/passwd", good, {}),
                ("images/x y", good, {}),
                ("images/.hidden", good, {}),
                ("batch.json", good, {}),
                ("images/link", b"", link),
                ("images/folder", b"", {"type": tarfile.DIRTYPE}),
                ("images/empty", b"", {}),
                ("images/fifo", b"", {"type": tarfile.FIFOTYPE}),
                ("images/" + "n" * 90, good, {"linkname": "x"})):
            equal(said(packed((name, content, how), (first, good, {}))),
                  ({"image-file": 1, "batch-extra": 1,
                    "batch-missing": COUNT - 1, "batch-count": 1}, 2), name)
        # the same name twice, and the same key under two names
        found, images = said(packed((first, good, {}), (first, good, {}),
                                    (last, good, {})))
        equal((found["batch-duplicate"], found["batch-changed"], images),
              (3, 1, 3))
        assert not os.path.exists("/etc/cron.d/x")


@story
def at_once():
    """Several paths: each is summed up, and harms no other."""
    with Batch() as f:
        b = f.copy()
        os.unlink(f.path(f"{b}/{image(0)}"))
        ran = f.run("image", "verify", "--format", "json", "good", b,
                    "good/" + image(2), "nowhere")
        equal(ran.code, 66, ran)
        within('"nowhere"', ran.err)
        last = [x for x in map(json.loads, ran.out.splitlines())
                if "images" in x]
        equal([(x["path"], x["images"], x["ok"]) for x in last],
              [("good", COUNT, True), ("b", COUNT - 1, False),
               ("good/" + image(2), 1, True)])


tell()
