"""image reissue: a new key for a device that has one, and the old one revoked;
all of it or nothing, whoever is killed when."""
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import time
import zlib

from factory import (EP, TOOL, URI, Factory, equal, failed, mode, story, tell,
                     within)


class Line(Factory):
    """A factory with a ledger."""

    def __enter__(self):
        super().__enter__()
        self.make_masters("--ledger", "l.db")
        return self

    def made(self, endpoint=EP, name="old", epoch="1", **how):
        ran = self.build("-o", name, "--ledger", "l.db", "--epoch", epoch,
                         endpoint=endpoint, **how)
        equal(ran.code, 0, ran)

    def argv(self, *more, endpoint=EP, name="new", identity="factory-2026",
             fmt="json"):
        return ["image", "reissue", *self.token, "--policies",
                "policies.yaml", "--identity", identity, "--uri", URI,
                "--format", fmt, "--ledger", "l.db", "--endpoint", endpoint,
                "-o", name, *more]

    def reissue(self, *more, env=None, **how):
        names = ("endpoint", "name", "identity", "fmt")
        return self.run(*self.argv(*more, **{k: how.pop(k) for k in names
                                             if k in how}), env=env, **how)

    def rows(self, kind=None, endpoint=None):
        args = ["--kind", kind] if kind else []
        args += ["--endpoint", endpoint] if endpoint else []
        out = self.run("audit", "list", "--ledger", "l.db", "--format",
                       "json", *args).out
        return [json.loads(line) for line in out.splitlines()]

    def is_recorded(self, name, endpoint=EP):
        """The newest row of the device is of the bytes of that file."""
        equal(self.rows("image_minted", endpoint)[-1]["data"]["sha256"],
              hashlib.sha256(self.read(name)).hexdigest())

    def verified(self):
        ran = self.run("audit", "verify", "--ledger", "l.db")
        equal(ran.code, 0, ran)


def key_of(image):
    return [e["value"] for e in json.loads(image)["entries"]
            if e["path"] == "/0/1/5"]


@story
def next_epoch():
    """The next epoch, the old credential revoked right before its row."""
    with Line() as f:
        f.made()
        ran = f.reissue()
        equal((ran.code, ran.out), (0, ""), ran)
        within("revoked      1 credential, superseded", ran.err)
        equal(mode(f.path("new")), 0o600)
        assert key_of(f.read("new")) != key_of(f.read("old"))
        old, revoked, new = f.rows(endpoint=EP)
        equal([r["kind"] for r in (old, revoked, new)],
              ["image_minted", "credential_revoked", "image_minted"])
        equal(revoked["data"], {"fingerprint": old["data"]["fingerprint"],
                                "reason": "superseded"})
        equal(new["seq"], revoked["seq"] + 1)
        equal((new["data"]["epoch"], new["data"]["replaces"]),
              (2, old["seq"]))
        f.is_recorded("new")
        # what was made is not made once more by the same words
        ran = f.reissue()
        equal(ran.code, 0, ran)
        within("there already, nothing was done", ran.err)
        equal(len(f.rows(endpoint=EP)), 3)
        # and no epoch is left for another
        failed(f.reissue(name="newer"), 65, "minted of epoch 2",
               "add epoch 3 to policies.yaml:1")
        failed(f.reissue("--epoch", "2", name="newer"), 65, "no new key")
        failed(f.reissue("--epoch", "7", name="newer"), 65, "no epoch 7")
        equal(f.left_over(), [])
        with open(f.path("policies.yaml"), encoding="utf-8") as p:
            text = p.read()
        f.write("policies.yaml", text.replace("[1, 2]", "[1, 2, 5, 4]"))
        equal(f.reissue("--reason", "keyCompromise", name="newer").code, 0)
        equal([r["data"]["reason"] for r in f.rows("credential_revoked")],
              ["superseded", "keyCompromise"])
        equal([r["data"]["epoch"] for r in f.rows("image_minted")], [1, 2, 4])
        f.verified()


@story
def not_this_one():
    """What was never minted, or has no key, is not reissued."""
    with Line() as f:
        failed(f.reissue(), 65, "never minted", "image build")
        failed(f.reissue(identity="lab-bench", endpoint="lab-1"), 64, "--uri")
        failed(f.reissue("--reason", "boredom"), 64, "superseded")
        failed(f.run("image", "reissue", "--endpoint", EP), 64, "-o FILE")
        failed(f.reissue(name="-"), 64, "into a file")
        f.made(name="new")
        old = f.read("new")
        # the built image is no reissued one: nothing says it may go
        failed(f.reissue(), 73, "exists", "--force")
        equal(f.read("new"), old)
        equal(f.rows("credential_revoked"), [])
        equal(f.reissue("--force").code, 0)
        assert f.read("new") != old
        equal(f.left_over(), [])


@story
def other_documents():
    """By another document its epochs count, and a key is never its own heir."""
    with Line() as f:
        f.made()
        with open(f.path("policies.yaml"), encoding="utf-8") as p:
            text = p.read()
        f.write("policies.yaml", text + """\
---
identity: other
endpoint: "urn:dev:ops:0057F2-*"
psk: {derive: fleet-2026, epoch: 1, identity: "other:{endpoint}"}
---
identity: twin
endpoint: "urn:dev:ops:0057F2-*"
psk: {derive: bootstrap-2026, epoch: 1, identity: "twin:{endpoint}"}
""")
        rows = f.rows()
        failed(f.reissue(identity="twin"), 65, "has that key already",
               "factory-2026, epoch 1")
        equal(f.rows(), rows)
        equal(f.reissue(identity="other", name="a").code, 0)
        equal(f.reissue(name="b").code, 0)
        equal([(r["data"]["identity"], r["data"]["epoch"])
               for r in f.rows("image_minted")],
              [("factory-2026", 1), ("other", 1), ("factory-2026", 2)])
        minted = [r["data"]["fingerprint"] for r in f.rows("image_minted")]
        equal([r["data"]["fingerprint"]
               for r in f.rows("credential_revoked")], minted[:2])
        equal(f.left_over(), [])
        f.verified()


@story
def completed():
    """Killed between the ledger and the name: the next run names that image."""
    with Line() as f:
        f.made()
        equal(f.reissue().code, 0)
        image = f.read("new")
        rows = len(f.rows())
        # as it lies when the process ends there
        os.rename(f.path("new"), f.path(".new.pending"))
        ran = f.reissue()
        equal(ran.code, 0, ran)
        within("made by an earlier run, and named now", ran.err)
        equal(f.read("new"), image)
        equal((len(f.rows()), f.left_over()), (rows, []))
        # what the ledger does not have is nobody's, and goes
        f.made(endpoint=EP + "x", name="oldx")
        f.write(".newx.pending", "half an image", 0o600)
        equal(f.reissue(endpoint=EP + "x", name="newx").code, 0)
        f.is_recorded("newx", EP + "x")
        equal(f.left_over(), [])


@story
def killed():
    """Killed before the ledger's group: nothing has happened."""
    with Line() as f:
        f.made()
        rows = f.rows()
        with f.sqlite("l.db") as db:
            db.execute("BEGIN IMMEDIATE")
            tool = subprocess.Popen([TOOL, *f.argv()], cwd=f.dir, env=f.env,
                                    stderr=subprocess.PIPE)
            try:
                # it waits for the ledger, the bytes are written
                while not os.path.exists(f.path(".new.pending")) or \
                        os.stat(f.path(".new.pending")).st_size == 0:
                    if tool.poll() is not None:
                        raise AssertionError(tool.stderr.read())
                # and nobody else takes them meanwhile
                failed(f.reissue(), 75, "another run")
            finally:
                tool.kill()
                tool.communicate()
            db.execute("ROLLBACK")
        equal(f.rows(), rows)
        assert not os.path.exists(f.path("new"))
        equal(mode(f.path(".new.pending")), 0o600)
        equal(f.reissue().code, 0)
        f.is_recorded("new")
        equal(len(f.rows("credential_revoked")), 1)
        equal(f.left_over(), [])


@story
def killed_anywhere():
    """Killed anywhere: a second run completes it, and one image was made."""
    with Line() as f:
        shutil.copytree(f.path("tokens"), f.path("tokens.copy"))
        for n in range(24):
            endpoint, name = f"{EP}-{n}", f"new{n}"
            f.made(endpoint=endpoint, name=f"old{n}")
            tool = subprocess.Popen(
                [TOOL, *f.argv(endpoint=endpoint, name=name)], cwd=f.dir,
                env=f.env, stderr=subprocess.DEVNULL)
            time.sleep(0.002 * n)
            tool.kill()
            tool.wait()
            # SoftHSM writes its token's file when one logs in: who is killed
            # there has none any more, which is not what is tried here
            shutil.rmtree(f.path("tokens"))
            shutil.copytree(f.path("tokens.copy"), f.path("tokens"))
            ran = f.reissue(endpoint=endpoint, name=name)
            equal(ran.code, 0, ran)
            f.is_recorded(name, endpoint)
            equal([r["kind"] for r in f.rows(endpoint=endpoint)],
                  ["image_minted", "credential_revoked", "image_minted"])
        equal(f.left_over(), [])
        f.verified()


@story
def at_once():
    """Of two that reissue one device at once, one does."""
    with Line() as f:
        for n in range(6):
            endpoint = f"{EP}-{n}"
            f.made(endpoint=endpoint, name=f"old{n}")
            tools = [subprocess.Popen(
                [TOOL, *f.argv(endpoint=endpoint, name=f"new{n}{who}")],
                cwd=f.dir, env=f.env, stderr=subprocess.PIPE)
                for who in "ab"]
            said = [t.communicate()[1].decode() for t in tools]
            codes = sorted(t.returncode for t in tools)
            equal((codes[0], codes[1] in (65, 75)), (0, True), said)
            equal([r["kind"] for r in f.rows(endpoint=endpoint)],
                  ["image_minted", "credential_revoked", "image_minted"])
            equal(len([w for w in "ab"
                       if os.path.exists(f.path(f"new{n}{w}"))]), 1)
        equal(f.left_over(), [])


@story
def starved():
    """A full disk, or a place that is none: nothing was revoked."""
    with Line() as f:
        f.made()
        rows = f.rows()
        # an open reader keeps the shared memory file
        with f.sqlite("l.db") as db:
            db.execute("SELECT count(*) FROM event").fetchone()

            def small_files(limit):
                def limited():
                    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                return limited

            # its bytes do not fit, or its row
            for fmt, limit in (("esp-nvs", 8000), ("json", 2000)):
                ran = f.reissue(preexec_fn=small_files(limit), fmt=fmt,
                                restore_signals=False)
                equal(ran.code, 74, ran)
                equal(f.left_over(), [])
        os.symlink("elsewhere", f.path(".new.pending"))
        failed(f.reissue(), 73, ".new.pending")
        os.unlink(f.path(".new.pending"))
        os.mkdir(f.path("new"))
        failed(f.reissue("--force"), 73, "no regular file")
        os.rmdir(f.path("new"))
        failed(f.reissue(name="nowhere/new"), 73, "nowhere")
        equal(f.rows(), rows)
        equal(os.path.exists(f.path("new")), False)
        equal(f.left_over(), [])


@story
def a_list():
    """A list: what is wrong is said with its line, a second run adds nothing."""
    with Line() as f:
        names = [f"{EP}-{n}" for n in range(5)]
        for n, name in enumerate(names):
            f.made(endpoint=name, name=f"old{n}")
        f.write("list.csv", "endpoint\n" + "\n".join(
            names[:3] + [EP + "-new", "urn:other", "bad\x01name"] +
            names[3:]) + "\n")
        argv = f.argv("--devices", "list.csv", "--directory", "out")
        for one in ("--endpoint", "-o"):
            at = argv.index(one)
            del argv[at:at + 2]
        ran = f.run(*argv)
        equal(ran.code, 65, ran)
        for word in ('list.csv":5: ', "never minted", 'list.csv":6: ',
                     'list.csv":7: ', "devices      8\n",
                     "reissued     5, and 0 of", "left out     3\n"):
            within(word, ran.err)
        files = {n: f.read("out/" + n) for n in os.listdir(f.path("out"))}
        equal(sorted(files), sorted(
            n.replace(":", "%3A") + ".json" for n in names))
        for name in names:
            f.is_recorded("out/" + name.replace(":", "%3A") + ".json", name)
        rows = f.rows()
        # one that was killed behind its row
        lost = names[1].replace(":", "%3A") + ".json"
        os.rename(f.path("out/" + lost), f.path(f"out/.{lost}.pending"))
        ran = f.run(*argv)
        equal(ran.code, 65, ran)
        within("reissued     0, and 5 of an earlier run", ran.err)
        equal({n: f.read("out/" + n) for n in os.listdir(f.path("out"))},
              files)
        equal(f.rows(), rows)
        failed(f.run(*argv, "-o", "x"), 64, "--directory")
        failed(f.run(*argv[:-2]), 64, "go together")
        f.verified()


@story
def keys_for_nvs():
    """A partition of keys is made of the token's random numbers, and is used."""
    with Line() as f:
        made = set()
        for name in ("k1", "k2"):
            ran = f.run("image", "keys", *f.token, "-o", name)
            equal((ran.code, ran.out), (0, ""), ran)
            keys = f.read(name)
            equal((len(keys), mode(f.path(name))), (4096, 0o600))
            equal(keys[68:], b"\xff" * (4096 - 68))
            made |= {keys[:32], keys[32:64]}
            # the register begins as zero in ESP NVS
            equal(int.from_bytes(keys[64:68], "little"),
                  zlib.crc32(keys[:64], 0xffffffff))
        equal(len(made), 4)
        for part in made:
            assert part.hex() not in ran.err, ran
        failed(f.run("image", "keys", *f.token, "-o", "k1"), 73, "exists")
        failed(f.run("image", "keys", *f.token, "-o", "-"), 64, "0600")
        failed(f.run("image", "keys", *f.token), 64, "--output")
        how = {"fmt": "esp-nvs", "endpoint": EP}
        equal(f.build("-o", "plain", **how).code, 0)
        equal(f.build("-o", "sealed", "--nvs-keys", "k1", **how).code, 0)
        within(b"coaps://", f.read("plain"))
        assert b"coaps://" not in f.read("sealed")
        ran = f.run("image", "inspect", "sealed", "--nvs-keys", "k1")
        equal(ran.code, 0, ran)
        within(URI, ran.out)
        equal(f.left_over(), [])


if __name__ == "__main__":
    tell()
