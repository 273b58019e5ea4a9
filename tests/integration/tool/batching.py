"""Batches of a factory: how one is asked for, and what stands in its folder."""
import csv
import hashlib
import io
import json
import os
import subprocess
import tarfile

from factory import TOOL, URI, equal, mode

DOMAIN = "urn:dev:ops:0057F2-WM"


def devices(count, name=DOMAIN):
    return [f"{name}{i:05}" for i in range(1, count + 1)]


class Line:
    """A factory with a ledger and a list, and batches of it."""

    def __init__(self, factory, identity="factory-2026", image=None):
        self.f = factory
        self.what = ["--image", image] if image else [
            "--identity", identity, "--uri", URI, "--format", "senml-cbor"]

    def argv(self, out, *more, names="list.csv", ledger="ledger.db"):
        return ["image", "batch", *self.f.token, "--policies", "policies.yaml",
                *self.what, "--ledger", ledger, "-o", out, *more, names]

    def run(self, out, *more, names="list.csv", ledger="ledger.db", **how):
        return self.f.run(*self.argv(out, *more, names=names, ledger=ledger),
                          **how)

    def start(self, out, *more, names="list.csv", **how):
        return subprocess.Popen(
            [TOOL, *self.argv(out, *more, names=names)], cwd=self.f.dir,
            env=self.f.env, **how)

    def rows(self, kind, ledger="ledger.db"):
        ran = self.f.run("audit", "list", "--ledger", ledger, "--kind", kind,
                         "--format", "json")
        return [json.loads(line) for line in ran.out.splitlines()]

    def summary(self, out):
        text = self.f.read(f"{out}/summary.csv").decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))


def images(f, out):
    """{name: bytes} of a batch that is finished."""
    container = f.path(f"{out}/images.tar")
    if os.path.exists(container):
        with tarfile.open(container) as tar:
            members = tar.getmembers()
            equal({m.mode for m in members}, {0o600})
            found = {m.name: tar.extractfile(m).read() for m in members}
        equal(len(found), len(members), "no name twice")
        return found
    found = {}
    for name in os.listdir(f.path(f"{out}/images")):
        path = f.path(f"{out}/images/{name}")
        equal(mode(path), 0o600)
        with open(path, "rb") as file:
            found["images/" + name] = file.read()
    return found


def check_manifest(f, out, found):
    lines = f.read(f"{out}/MANIFEST").decode().splitlines()
    told = {line[66:]: line[:64] for line in lines}
    equal(len(told), len(lines), "no name twice")
    equal([line[66:] for line in lines], sorted(told))
    whole = dict(found)
    for beside in "batch.json", "summary.csv":
        whole[beside] = f.read(f"{out}/{beside}")
    equal(told, {n: hashlib.sha256(b).hexdigest() for n, b in whole.items()})
