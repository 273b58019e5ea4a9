"""A station without the HSM: it mints out of a buffer that was filled before."""
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import struct
import subprocess
import time

import cbor
from ceremony import ISSUING, ROOT, Hall
from factory import (EP, PIN, TOOL, URI, Factory, absent, equal, failed, mode, story,
                     tell, within)

COUNT = 6
STATION_PIN = "the-pin-of-line-3"
POLICY = ["--policies", "policies.yaml", "--identity", "factory-2026",
          "--uri", URI]


def name(i):
    return f"{EP}-{i}"


class Line(Factory):
    """A factory with a station: its token, its ledger, and no way to the HSM."""

    def __enter__(self):
        super().__enter__()
        central = set(os.listdir(self.path("tokens")))
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "line-3",
             "--so-pin", "the-so-pin-4711", "--pin", STATION_PIN],
            env=self.env, check=True, stdout=subprocess.DEVNULL)
        self.write("station-pin", STATION_PIN + "\n", 0o600)
        own = set(os.listdir(self.path("tokens"))) - central
        self.make_masters("--ledger", "central.db")
        self.here = ["--module", self.module, "--token",
                     "pkcs11:token=line-3", "--pin-file", "station-pin"]
        equal(self.run("hsm", "keys", "make", *self.here, "--ledger",
                       "station.db", "station-seal").code, 0)
        # what the station has when the HSM is away: its own token alone
        os.mkdir(self.path("own"))
        for token in own:
            shutil.copytree(self.path(f"tokens/{token}"),
                            self.path(f"own/{token}"))
        self.away = {"SOFTHSM2_CONF": self.write(
            "away.conf", f"directories.tokendir = {self.path('own')}\n"
            "objectstore.backend = file\nlog.level = ERROR\n")}
        self.write("devices", "".join(f"{name(i)}\n" for i in range(COUNT)))
        return self

    def fill(self, *more, out="buffer", devices="devices", policy=None, **how):
        return self.run(
            "image", "buffer", "fill", *self.token, *(policy or POLICY),
            "--station", "line-3", "--station-module", self.module,
            "--station-token", "pkcs11:token=line-3", "--station-pin-file",
            "station-pin", "--seal", "station-seal", "--ledger", "central.db",
            "-o", out, *more, devices, **how)

    def filled(self, *more, **how):
        ran = self.fill(*more, **how)
        equal(ran.code, 0, ran)
        return re.search("^id +([0-9a-f]{32})$", ran.err, re.M)[1]

    def mint(self, i, *more, out=None, buffer="buffer", fmt="senml-cbor",
             ledger="station.db", policy=None, env=None, **how):
        return self.run(
            "image", "build", *self.here, *(policy or POLICY), "--endpoint",
            i if isinstance(i, str) else name(i), "--format", fmt, "--buffer",
            buffer, "--ledger", ledger, "-o", out or f"i{i}", *more,
            env=env or self.away, **how)

    def batch_argv(self, out, *more, fmt="senml-cbor", devices="twenty",
                   ledger="station.db", buffer="buffer"):
        return ["image", "batch", *self.here, *POLICY, "--format", fmt,
                "--buffer", buffer, "--ledger", ledger, "-o", out, *more,
                devices]

    def batch(self, out, *more, env=None, **how):
        return self.run(*self.batch_argv(out, *more, **how),
                        env=env or self.away)

    def kill_batch(self, out, *more, kills=12):
        """Begin it, be killed, go on: the options of the last run."""
        chance = random.Random(2026)
        resume = []
        shutil.copytree(self.path("own"), self.path("own.whole"))
        for _ in range(kills):
            with subprocess.Popen(
                    [TOOL, *self.batch_argv(out, "--group", "4", *more,
                                            *resume)],
                    cwd=self.dir, env={**self.env, **self.away},
                    stderr=subprocess.DEVNULL) as child:
                time.sleep(chance.uniform(0.005, 0.12))
                child.kill()
            if os.path.exists(self.path(f"{out}/batch.json")):
                resume = ["--resume"]
            # SoftHSM writes its files in place: a kill may leave half of one
            shutil.rmtree(self.path("own"))
            shutil.copytree(self.path("own.whole"), self.path("own"))
        return resume

    def rows(self, ledger, kind):
        return [json.loads(line) for line in self.run(
            "audit", "list", "--ledger", ledger, "--kind", kind, "--format",
            "json").out.splitlines()]

    def use(self, buffer="buffer", ledger="station.db"):
        ran = self.run("image", "buffer", "show", buffer, "--ledger", ledger,
                       "--format", "json")
        equal(ran.code, 0, ran)
        return json.loads(ran.out)


@story
def minted_away():
    """The HSM is away, and the image is the one that it would have made."""
    with Line() as f:
        buffer = f.filled()
        equal(mode(f.path("buffer")), 0o600)
        equal(f.left_over(), [])
        reserved = f.rows("central.db", "image_reserved")
        equal([r["endpoint"] for r in reserved],
              [name(i) for i in range(COUNT)])
        filled = f.rows("central.db", "buffer_filled")[0]["data"]
        equal((filled["buffer"], filled["station"], filled["count"]),
              (buffer, "line-3", COUNT))
        equal(filled["sha256"], hashlib.sha256(f.read("buffer")).hexdigest())
        # the HSM is not there any more
        failed(f.run("image", "build", *f.token, *POLICY, "--endpoint",
                     name(0), "--format", "json", "-o", "no", env=f.away), 69,
               "factory")
        ran = f.mint(2)
        equal(ran.code, 0, ran)
        row = f.rows("station.db", "image_minted")[0]
        equal(row["endpoint"], name(2))
        equal((row["data"]["station"], row["data"]["buffer"],
               row["data"]["entry"]), ("line-3", buffer, 3))
        equal(row["data"]["sha256"], hashlib.sha256(f.read("i2")).hexdigest())
        equal(row["data"]["fingerprint"], reserved[2]["data"]["fingerprint"])
        # what the token derives for that device, to the byte
        equal(f.build("-o", "direct", endpoint=name(2),
                      fmt="senml-cbor").code, 0)
        equal(f.read("i2"), f.read("direct"))
        key = cbor.senml_entries(f.read("i2"))["/0/1/5"]
        for file in ("buffer", "station.db", "central.db"):
            absent(key, f.read(file))
        use = f.use()
        equal((use["id"], use["count"], use["used"], use["left"]),
              (buffer, COUNT, 1, COUNT - 1))
        shown = f.run("image", "buffer", "show", "buffer")
        within(buffer, shown.out)
        absent("left", shown.out)


@story
def once():
    """An account is used once; again is the same bytes, and is said so."""
    with Line() as f:
        f.filled()
        equal(f.mint(1).code, 0)
        failed(f.mint(1, out="twice"), 65, "minted already", "--again")
        assert not os.path.exists(f.path("twice"))
        ran = f.mint(1, "--again", out="twice")
        equal(ran.code, 0, ran)
        equal(f.read("twice"), f.read("i1"))
        equal([r["data"].get("again") for r in
               f.rows("station.db", "image_minted")], [None, True])
        equal(f.use()["used"], 1)
        failed(f.mint(EP + "-99"), 65, "is not in buffer")
        failed(f.mint("urn:dev:ops:OTHER", out="x"), 65, "is not in buffer")
        # taken back at the station: nothing is made of it any more
        equal(f.run("pki", "revoke", *f.here, "--endpoint", name(1), "--reason",
                    "keyCompromise", "--ledger", "station.db",
                    env=f.away).code, 0)
        failed(f.mint(1, out="x"), 77, "taken back")


def made(f, out):
    return {n: f.read(f"{out}/images/{n}")
            for n in os.listdir(f.path(f"{out}/images"))}


def twenty(f):
    names = [name(i) for i in range(20)]
    f.write("twenty", "endpoint\n" + "\n".join(names) + "\n")
    return names


@story
def batch_away():
    """The HSM is away, and a batch is killed at any moment: all of it, once."""
    with Line() as f:
        names = twenty(f)
        buffer = f.filled(devices="twenty")
        resume = f.kill_batch("out")
        ran = f.batch("out", "--group", "4", *resume)
        equal(ran.code, 0, ran)
        rows = f.rows("station.db", "image_minted")
        equal([r["endpoint"] for r in rows], names, "each once, in order")
        equal([(r["data"]["buffer"], r["data"]["entry"], r["data"]["station"],
                r["data"]["index"]) for r in rows],
              [(buffer, i + 1, "line-3", i + 1) for i in range(20)])
        found = made(f, "out")
        equal({r["data"]["sha256"] for r in rows},
              {hashlib.sha256(b).hexdigest() for b in found.values()})
        # sha256sum, who knows nothing of this, agrees
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "MANIFEST"],
                       cwd=f.path("out"), check=True)
        equal(json.loads(f.read("out/batch.json"))["station"], "line-3")
        within('"line-3",20,', f.read("out/summary.csv").decode())
        equal(f.use()["left"], 0)
        # what the token of the HSM would have made of the list
        ran = f.run("image", "batch", *f.token, *POLICY, "--format",
                    "senml-cbor", "--ledger", "elsewhere.db", "-o", "direct",
                    "twenty")
        equal(ran.code, 0, ran)
        equal(found, made(f, "direct"), "the same bytes")
        # an image that was lost is made again, under the row that is there
        lost = sorted(found)[7]
        os.unlink(f.path(f"out/images/{lost}"))
        ran = f.batch("out", "--resume")
        equal(ran.code, 0, ran)
        equal(made(f, "out"), found)
        equal(len(f.rows("station.db", "image_minted")), 20)
        ran = f.batch("twice")
        equal((ran.code, ran.err.count("minted already")), (65, 20))
        ran = f.run("audit", "merge", "station.db", "--into", "central.db")
        within("minted       20", ran.out)
        for ledger in "station.db", "central.db":
            equal(f.run("audit", "verify", "--ledger", ledger).code, 0)


@story
def batch_findings():
    """What is not in the buffer is named by its line; the rest is minted."""
    with Line() as f:
        f.filled("--validity", "60s", "--station-ledger", "station.db")
        f.write("twenty", f"endpoint,model\n{name(0)},a\n{name(77)},b\n"
                f"{name(1)},c\nurn:dev:ops:OTHER,d\n{name(0)},e\n")
        ran = f.batch("out", "--container")
        equal(ran.code, 65, ran)
        for words in (f'twenty:3: error: "{name(77)}" is not in buffer',
                      'twenty:5: error: "urn:dev:ops:OTHER"',
                      f'twenty:6: error: "{name(0)}" is named twice'):
            within(words, ran.out + ran.err)
        equal([r["endpoint"] for r in f.rows("station.db", "image_minted")],
              [name(0), name(1)])
        f.write("twenty", f"endpoint\n{name(0)}\n{name(1)}\n{name(2)}\n")
        failed(f.batch("out", "--resume", "--station", "line-4"), 77,
               "is of station line-3")
        failed(f.batch("x", ledger="fresh.db"), 77, "another ledger")
        assert not os.path.exists(f.path("x"))
        with open(f.path("clock"), "wb") as file:
            file.write(struct.pack("=q", 3600))
        failed(f.batch("out", "--resume", env={
            **f.away, "WALLCLOCK": f.path("clock"),
            "ASAN_OPTIONS": "verify_asan_link_order=0",
            "LD_PRELOAD": os.environ["WALLCLOCK_SO"]}), 77, "was good until")
        ran = f.batch("out", "--resume")
        equal(ran.code, 0, ran)
        equal(f.use()["used"], 3)


@story
def nobody_else():
    """What is reserved for a station is minted by nobody else."""
    with Line() as f:
        buffer = f.filled()
        ran = f.build("--ledger", "central.db", "-o", "x", endpoint=name(0))
        failed(ran, 65, "is reserved for station line-3", buffer)
        failed(f.fill(out="other"), 65, '"devices":1:', "is reserved")
        assert not os.path.exists(f.path("other"))
        equal(f.build("--ledger", "central.db", "-o", "x",
                      endpoint=EP).code, 0)
        f.write("more", f"{name(10)}\n{EP}\n")
        failed(f.fill(out="other", devices="more"), 65, '"more":2:',
               "minted already")
        equal(len(f.rows("central.db", "image_reserved")), COUNT)

        def release(*more):
            return f.run("image", "buffer", "free", "--ledger",
                         "central.db", *more)

        failed(release(buffer), 77, "may mint from buffer")
        failed(release("00"), 65, "knows of no buffer")
        equal(release(buffer, "--force").code, 0)
        within("already", release(buffer, "--force").err)
        equal(len(f.rows("central.db", "buffer_released")), 1)
        equal(f.build("--ledger", "central.db", "-o", "y",
                      endpoint=name(0)).code, 0)


@story
def merged():
    """What the station has minted comes into the central ledger, proved."""
    with Line() as f:
        f.filled()
        for i in range(3):
            equal(f.mint(i).code, 0)
        ran = f.run("audit", "merge", "station.db", "--into", "central.db")
        equal(ran.code, 0, ran)
        within("line-3", ran.out)
        within("minted       3", ran.out)
        within("chain whole",
               f.run("audit", "verify", "--ledger", "central.db").out)
        # its token's key is not one of the central ledger's
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT count(*) FROM keys WHERE label = "
                             "'station-seal'").fetchone(), (0,))
            equal(db.execute("SELECT count(*) FROM devices").fetchone(), (3,))
        failed(f.build("--ledger", "central.db", "-o", "x", endpoint=name(0)),
               65, "minted already")
        equal(f.mint(4).code, 0)
        ran = f.run("audit", "merge", "station.db", "--into", "central.db")
        within("1 row,", ran.out)
        equal(f.use(ledger="central.db")["used"], 4)


@story
def changed():
    """Altered, cut, foreign, renamed: nothing is minted of it."""
    with Line() as f:
        f.filled()
        good = f.read("buffer")
        head = good.index(b"factory-2026")
        for at in (0, 9, 13, head, head + 40, len(good) // 2, len(good) - 1):
            bad = bytearray(good)
            bad[at] ^= 1
            with open(f.path("bad"), "wb") as file:
                file.write(bad)
            failed(f.mint(1, buffer="bad"), 65, '"bad"')
        for cut in (0, 7, 60, len(good) // 2, len(good) - 1):
            with open(f.path("bad"), "wb") as file:
                file.write(good[:cut])
            failed(f.mint(1, buffer="bad"), 65, '"bad"')
        failed(f.mint(1, buffer="nowhere"), 66, "nowhere")
        failed(f.mint(1, buffer="own"), 65, "is not a buffer")
        # another station's token has another key of that name
        equal(f.run("hsm", "keys", "make", *f.token, "station-seal").code, 0)
        ran = f.run("image", "build", *f.token, *POLICY, "--endpoint", name(1),
                    "--format", "json", "--buffer", "buffer", "--ledger",
                    "other.db", "-o", "x")
        failed(ran, 65, "does not open under key", "another station")
        assert not os.path.exists(f.path("i1"))
        equal(f.rows("station.db", "image_minted"), [])


@story
def copied():
    """A copy, with a ledger that knows nothing of what was used: refused."""
    with Line() as f:
        f.filled("--station-ledger", "station.db")
        equal(f.mint(1).code, 0)
        failed(f.mint(1, ledger="fresh.db", out="x"), 77, "another ledger")
        shutil.copy(f.path("buffer"), f.path("copy"))
        failed(f.mint(1, buffer="copy", out="x"), 65, "minted already")
        equal(f.mint(2, buffer="copy").code, 0)
        equal(f.use()["used"], 2)
        ran = f.run("image", "build", *f.here, *POLICY, "--endpoint", name(3),
                    "--format", "json", "--buffer", "buffer", "-o", "x",
                    env=f.away)
        failed(ran, 64, "--ledger")


@story
def in_time():
    """A buffer is good for its time, by a clock that was not set back."""
    with Line() as f:
        f.filled("--validity", "60s")
        now = int(time.time() * 1000)
        with f.sqlite("station.db") as db:
            before = db.execute("SELECT max(seq) FROM event").fetchone()[0]
        # a row of the station that is an hour ahead of its clock
        shutil.copy(f.path("station.db"), f.path("ahead.db"))
        ahead(f, "ahead.db", now + 3600 * 1000)
        failed(f.mint(1, ledger="ahead.db"), 77, "clock was set back",
               f"row {before + 1}")
        # filled in the future, and expired: by the clock of this process
        for shift, words in ((-3600, "was filled"), (3600, "was good until")):
            with open(f.path("clock"), "wb") as file:
                file.write(struct.pack("=q", shift))
            ran = f.mint(1, env={**f.away, "WALLCLOCK": f.path("clock"),
                                 "ASAN_OPTIONS": "verify_asan_link_order=0",
                                 "LD_PRELOAD": os.environ["WALLCLOCK_SO"]},
                         ledger="new.db")
            failed(ran, 77, words)
        equal(f.mint(1).code, 0)


def ahead(f, ledger, time_ms):
    """A row of that time, chained as lib/ledger/ledger.h says."""
    with f.sqlite(ledger) as db:
        seq, last = db.execute("SELECT seq, hash FROM event ORDER BY seq DESC "
                               "LIMIT 1").fetchone()
        parts = [b"unit_flashed", b"", b"", b"{}"]
        text = b"bootstrapd-ledger-1\0" + last + \
            (seq + 1).to_bytes(8, "big") + time_ms.to_bytes(8, "big")
        for part in parts:
            text += len(part).to_bytes(4, "big") + part
        db.execute("INSERT INTO event (seq, time_ms, kind, data, hash) VALUES "
                   "(?, ?, 'unit_flashed', '{}', ?)",
                   (seq + 1, time_ms, hashlib.sha256(text).digest()))


@story
def as_it_was_filled():
    """Another document, server or hold-off than it was filled with: refused."""
    with Line() as f:
        f.filled("--hold-off", "20s")
        failed(f.mint(1), 65, "--hold-off 20s")
        other = ["--policies", "policies.yaml", "--identity", "factory-2026",
                 "--uri", "coaps://other:5684"]
        failed(f.mint(1, "--hold-off", "20s", policy=other), 65, "--uri")
        f.write("policies.yaml", f.read("policies.yaml").decode() +
                "---\nidentity: other\nendpoint: \"urn:*\"\n"
                "psk: {derive: bootstrap-2026, epoch: 1}\n")
        other = ["--policies", "policies.yaml", "--identity", "other", "--uri",
                 URI]
        failed(f.mint(1, "--hold-off", "20s", policy=other), 65, "--identity")
        ran = f.mint(1, "--hold-off", "20s")
        equal(ran.code, 0, ran)
        within("policies have changed", ran.err)


PAPERS = """\
authority: devices
certificate: issuing.pem
key: "pkcs11:object=issuing"
---
certificate_profile: meter
subject: {CN: "{endpoint}"}
validity: 1y
---
identity: factory-2026
endpoint: "urn:dev:ops:0057F2-*"
certificate:
  trust: issuing.pem
  endpoint: cn
  issue: {ca: devices, profile: meter}
  server_certificate: {file: root.pem, usage: trust-anchor, sni: boot.example}
"""


class Paper(Line, Hall):
    """A line whose devices get certificates."""

    def __enter__(self):
        super().__enter__()
        self.ceremony(ROOT, ISSUING)
        equal(self.hold().code, 0)
        self.write("policies.yaml", PAPERS)
        return self


@story
def certificates():
    """Accounts with certificates: key and certificate come out together."""
    with Paper() as f:
        f.filled()
        reserved = f.rows("central.db", "image_reserved")
        ran = f.mint(3)
        equal(ran.code, 0, ran)
        entries = cbor.senml_entries(f.read("i3"))
        row = f.rows("station.db", "image_minted")[0]["data"]
        equal(row["fingerprint"],
              hashlib.sha256(entries["/0/1/3"]).hexdigest())
        equal((row["kind"], row["serial"], row["ca"]),
              ("certificate", reserved[3]["data"]["serial"], "devices"))
        for name_of, value, more in (("cert", entries["/0/1/3"], "x509"),
                                     ("key", entries["/0/1/5"], "pkey")):
            with open(f.path(name_of), "wb") as file:
                file.write(value)
            f.openssl(more, "-inform", "DER", "-in", name_of, "-out",
                      name_of + ".pem")
        equal(f.openssl("x509", "-in", "cert.pem", "-noout", "-pubkey"),
              f.openssl("pkey", "-in", "key.pem", "-pubout"))
        f.openssl("verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem",
                  "cert.pem")
        # once more it is the same one, and no other
        failed(f.mint(3, out="x"), 65, "minted already")
        equal(f.mint(3, "--again", out="same").code, 0)
        equal(f.read("same"), f.read("i3"))
        ran = f.run("audit", "merge", "station.db", "--into", "central.db")
        equal(ran.code, 0, ran)
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT count(DISTINCT serial), count(*) FROM "
                             "credentials WHERE purpose = 'image'"
                             ).fetchone(), (1, 2))


@story
def batch_of_certificates():
    """A certificate that was lost is made again: it lies in the buffer."""
    with Paper() as f:
        f.filled()
        f.write("twenty", f.read("devices").decode())
        resume = f.kill_batch("out", kills=5)
        equal(f.batch("out", *resume).code, 0)
        found = made(f, "out")
        equal(len(found), COUNT)
        for lost in list(found)[:2]:
            os.unlink(f.path(f"out/images/{lost}"))
        ran = f.batch("out", "--resume")
        equal(ran.code, 0, ran)
        equal(made(f, "out"), found)
        equal(f.rows("station.db", "credential_revoked"), [])
        equal(len(f.rows("station.db", "image_minted")), COUNT)


@story
def bad_lists():
    """A list with a fault fills nothing and reserves nothing."""
    with Line() as f:
        for text, more, words in (
                ("", (), ["is empty"]),
                (f"{name(0)}\n\n{name(1)}\n{name(0)}\n", (),
                 ['"list":4:', "line 1, too"]),
                (f"{name(0)}\n{name(1)}\n", ("--max", "1"),
                 ['"list":2:', "more devices than --max"]),
                (f"{name(0)}\nurn:dev:ops:OTHER\n", (),
                 ['"list":2:', "not admit it"]),
                (f"{name(0)}\n{'x' * 300}\n", (), ['"list":2:']),
                (f"{name(0)}\na\x1b[2Jb\n", (), ['"list":2:'])):
            f.write("list", text)
            failed(f.fill(*more, devices="list"), 65, *words)
        failed(f.fill("--station", "line 3"), 64, "given twice")
        failed(f.fill(devices="nowhere"), 66, "nowhere")
        failed(f.fill("--identity", "lab-bench", policy=[
            "--policies", "policies.yaml", "--uri", "coap://lab"]), 65,
            "no buffer")
        f.write("station-pin", "wrong\n", 0o600)
        equal(f.fill().code, 69)
        f.write("station-pin", STATION_PIN + "\n", 0o600)
        equal(f.rows("central.db", "image_reserved"), [])
        assert not os.path.exists(f.path("buffer"))
        equal(f.left_over(), [])
        ran = f.fill(devices="-", stdin_text=f"{name(0)}\r\n{name(1)}")
        equal(ran.code, 0, ran)
        equal(f.use()["count"], 2)
        # the list that the batch will be made by, as CSV and as JSON lines
        f.write("list", f"\ufeffModel;Endpoint\r\nWM1;{name(2)}\r\n")
        equal(f.fill(out="csv", devices="list").code, 0)
        f.write("list", json.dumps({"endpoint": name(3)}) + "\n")
        equal(f.fill(out="lines", devices="list").code, 0)
        equal([r["endpoint"] for r in f.rows("central.db", "image_reserved")],
              [name(i) for i in range(4)])
        f.write("list", f"model,lot\n{name(4)},x\n")
        failed(f.fill(out="no", devices="list"), 65, '"list":1:', "endpoint")
        absent(PIN, ran.err)


if __name__ == "__main__":
    tell()
