"""Batches whose list, order, token or disk is not what it should be: what is
wrong is named, what is right is made, and a second run completes it.
"""
import fcntl
import hashlib
import json
import os
import resource
import shutil
import subprocess
import termios
import time

from batching import DOMAIN, Line, check_manifest, devices, images
from factory import (POLICIES, TOOL, URI, Factory, Skip, equal, failed, mode,
                     story, tell, within)
from ordering import Line as Orders
from ordering import ep
from shop import Shop

METER = f"""\
---
image: meter
identity: factory-2026
uri: {URI}
format: senml-cbor
serial: {{pattern: "[0-9A-Z]{{4,9}}", endpoint: "{DOMAIN}{{serial}}"}}
label: {{payload: "LWB1:{{serial}}:{{lot}}", size: 60x30mm}}
"""


def listed(f, names, name="list.csv"):
    f.write(name, "endpoint\n" + "".join(n + "\n" for n in names))


def whole(line, out, count, *more, ledger="ledger.db"):
    """A last run, after which everything is there."""
    ran = line.run(out, "--resume", *more, ledger=ledger)
    equal(ran.code, 0, ran)
    found = images(line.f, out)
    equal(len(found), count)
    check_manifest(line.f, out, found)
    equal(line.f.run("audit", "verify", "--ledger", ledger).code, 0)
    return found


@story
def signed():
    """A key of the token signs the manifest, and others can verify it."""
    with Orders() as f:
        f.make_key("line", "factory", f.token)
        who = f.signer("line@example.org", "line", f.token,
                       "bootstrapd-image")
        f.write("signers", who)
        line = Line(f)
        listed(f, devices(4))
        key = ["--sign-key", "pkcs11:object=line"]
        # who it is that signs is known before anything is made
        failed(line.run("none", "--sign-key", "pkcs11:object=nobody"), 69,
               "nobody")
        failed(line.run("none", "--sign-key", "nobody"), 64, "--sign-key")
        assert not os.path.exists(f.path("none"))
        equal(len(line.rows("image_minted")), 0)
        for out, more in (("files", []), ("tar", ["--container"])):
            ran = line.run(out, *key, *more, ledger=out + ".db")
            equal(ran.code, 0, ran)
            equal(mode(f.path(f"{out}/MANIFEST.sig")), 0o644)
            if shutil.which("ssh-keygen"):
                subprocess.run(
                    ["ssh-keygen", "-q", "-Y", "verify", "-f",
                     f.path("signers"), "-I", "line@example.org", "-n",
                     "bootstrapd-image", "-s", f.path(f"{out}/MANIFEST.sig")],
                    input=f.read(f"{out}/MANIFEST"), check=True,
                    capture_output=True)
            ran = f.run("image", "verify", out, "--signers", "signers")
            equal(ran.code, 0, ran)
            assert "batch-unverified" not in ran.out, ran
        # a token that is away when all is made: the batch is not finished
        token = f.token
        f.token = ["--module", os.environ["P11SHIM"], *token[2:]]
        f.env.update(P11SHIM_MODULE=f.module, P11SHIM_CTL=f.path("faults"))
        f.write("faults", "C_Sign@line 0x32 -1 0\n")
        ran = line.run("late", *key, "--container", ledger="late.db")
        equal(ran.code, 69, ran)
        within("CKR_DEVICE_REMOVED", ran.err)
        within("--resume", ran.err)
        equal([n for n in os.listdir(f.path("late")) if "MANIFEST" in n
               and not n.startswith(".")], [])
        f.token = token
        whole(line, "late", 4, *key, ledger="late.db")
        ran = f.run("image", "verify", "late", "--signers", "signers")
        equal(ran.code, 0, ran)
        with open(f.path("files/MANIFEST"), "ab") as manifest:
            manifest.write(b"0" * 64 + b"  images/zz\n")
        ran = f.run("image", "verify", "files", "--signers", "signers")
        equal(ran.code, 65, ran)
        within("batch-signature", ran.out)
        # looked through once more, and not signed: then it has no signature
        whole(line, "files", 4, ledger="files.db")
        assert not os.path.exists(f.path("files/MANIFEST.sig"))


@story
def serials():
    """Of serial numbers alone the document makes endpoints, and labels."""
    with Factory() as f:
        f.make_masters()
        f.write("policies.yaml", POLICIES + METER)
        line = Line(f, image="meter")
        f.write("list.csv", "Serial No.;lot\n0042A7;L-1\n0042A8;\"L,2\"\n"
                "0042a9;L-1\n0042A7;L-1\n")
        ran = line.run("out")
        equal(ran.code, 65, ran)
        within("list.csv:4: error: \"0042a9\": ", ran.err)
        within("list.csv:5: error: ", ran.err)
        f.write("list.csv", "serial,lot\n0042A7,L-1\n0042A8,\"L,2\"\n")
        found = whole(line, "out", 2)
        equal(sorted(found), ["images/0042A7.senml.cbor",
                              "images/0042A8.senml.cbor"])
        equal([(r["endpoint"], r["data"]["unit"], r["data"]["image"])
               for r in line.rows("image_minted")],
              [(DOMAIN + s, s, "meter") for s in ("0042A7", "0042A8")])
        equal([s["label_payload"] for s in line.summary("out")],
              ["LWB1:0042A7:L-1", "LWB1:0042A8:L,2"])
        ran = f.run("image", "label", "out", "--policies", "policies.yaml",
                    "--image", "meter")
        if "built without labels" not in ran.err:
            equal(ran.code, 0, ran)
            within("LWB1:0042A7:L-1^FS", ran.out)
            within("LWB1:0042A8:L,2^FS", ran.out)
        # the same devices in other words
        for i, text in enumerate((
                "serial\n0042A7\n",  # nobody has said its lot
                "0042A7\n0042A8\n",
                '{"serial":"0042A7"}\n{"sn":"0042A8"}\n',
                f"endpoint,serial\n{DOMAIN}0042A7,0042A7\n"
                f"{DOMAIN}0042A8,\n")):
            f.write("list.csv", text)
            ran = line.run(f"o{i}", ledger=f"l{i}.db")
            if i == 0:
                equal(ran.code, 65, ran)
                within("list.csv:2: error: label.payload: nothing is known to "
                       "stand for {lot}", ran.err)
                f.write("policies.yaml", POLICIES + METER.replace(
                    ":{lot}", ""))
                continue
            equal(ran.code, 0, ran)
            equal(images(f, f"o{i}"), found)


@story
def one_serial_twice():
    """A serial number is of one device, in a list and in a ledger."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        f.write("list.csv", "endpoint,serial\n"
                f"{DOMAIN}1,S1\n{DOMAIN}2,S2\n{DOMAIN}3,S1\n{DOMAIN}4,S2\n"
                f"{DOMAIN}5,S5\n")
        for i, more in enumerate(([], ["--group", "1"])):
            ran = line.run(f"out{i}", *more, ledger=f"{i}.db")
            equal(ran.code, 65, ran)
            for number, serial, other in ((4, "S1", 1), (5, "S2", 2)):
                told, = [t for t in ran.err.splitlines()
                         if t.startswith(f"list.csv:{number}: error: ")]
                within(f'serial number "{serial}"', told)
                within(f"{DOMAIN}{other}", told)
            equal(len(images(f, f"out{i}")), 3)
        # of another list, and known from the ledger
        f.write("list.csv", f"endpoint,serial\n{DOMAIN}6,S5\n{DOMAIN}7,S7\n")
        ran = line.run("next", ledger="0.db")
        equal(ran.code, 65, ran)
        within(f"{DOMAIN}5", ran.err)
        equal(len(images(f, "next")), 1)
        f.write("list.csv", f"endpoint,serial\n{DOMAIN}7,S7\n")
        whole(line, "next", 1, ledger="0.db")
        # two lines at once
        slow = line.start("slow", "--flush-interval", "1h", names="-",
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        slow.stdin.write(f"endpoint,serial\n{DOMAIN}8,S7\n".encode())
        slow.stdin.flush()
        # it has asked for it, and waits for more
        while fcntl.ioctl(slow.stdin, termios.FIONREAD, bytes(4)) != bytes(4):
            time.sleep(0.01)
        equal(line.run("fast").code, 0)
        said = slow.communicate()[1].decode()
        equal(slow.returncode, 65, said)
        within('standard input:2: error: serial number "S7" is that of ', said)


@story
def reissued():
    """What was reissued since is done, and --resume passes over it."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        names = devices(4)
        listed(f, names[:3])
        equal(line.run("out", "--epoch", "1").code, 0)
        ran = f.run("image", "reissue", *f.token, "--policies",
                    "policies.yaml", "--identity", "factory-2026", "--uri",
                    URI, "--format", "senml-cbor", "--ledger", "ledger.db",
                    "--endpoint", names[1], "-o", "new")
        equal(ran.code, 0, ran)
        listed(f, names)
        before = images(f, "out")
        found = whole(line, "out", 4, "--epoch", "1")
        equal({n: found[n] for n in before}, before)
        # twice in the list it is, reissued or not
        listed(f, [*names, names[1]])
        ran = line.run("out", "--resume", "--epoch", "1")
        equal(ran.code, 65, ran)
        within("list.csv:6: error: ", ran.err)
        within("twice", ran.err)
        # where the folder lost it, it is not made again for nothing
        listed(f, names)
        for name in sorted(before)[:2]:
            os.unlink(f.path(f"out/{name}"))
        found = whole(line, "out", 3, "--epoch", "1")
        equal(len(line.rows("image_minted")), 5)
        assert sorted(before)[1] not in found


@story
def reissued_certificates():
    """The same of certificates, and in a container."""
    with Shop() as f:
        line = Line(f, "field")
        names = devices(3)
        listed(f, names[:2])
        for out, more in (("out", []), ("tar", ["--container"])):
            ledger = out + ".db"
            equal(line.run(out, *more, ledger=ledger).code, 0)
            before = images(f, out)
            ran = f.run("image", "reissue", *f.token, "--policies",
                        "policies.yaml", "--identity", "field", "--uri", URI,
                        "--format", "senml-cbor", "--ledger", ledger,
                        "--endpoint", names[0], "-o", out + ".new")
            equal(ran.code, 0, ran)
            listed(f, names)
            found = whole(line, out, 3, ledger=ledger)
            equal({n: found[n] for n in before}, before)
            equal(len(line.rows("credential_revoked", ledger)), 1)
            listed(f, names[:2])


@story
def ordered():
    """An order used up in the middle ends the batch, and more of it goes on."""
    with Orders() as f:
        line = Line(f)
        order = ["--order", "order.yaml", "--signers", "signers",
                 "--station", "line-1"]
        listed(f, [ep(1), DOMAIN + "9-other", *map(ep, range(2, 7))])
        ran = line.run("out", *order)
        equal(ran.code, 77, ran)
        within("list.csv:3: error: order WO-2026-0042 is not for ", ran.err)
        within("list.csv:6: error: the 3 units of station line-1", ran.err)
        equal(len(images(f, "out")), 3)
        assert not os.path.exists(f.path("out/MANIFEST"))
        equal([r["endpoint"] for r in line.rows("image_minted")],
              [ep(1), ep(2), ep(3)])
        listed(f, map(ep, range(1, 7)))
        failed(line.run("out", "--resume"), 64, "--order")
        ran = line.run("out", "--resume", *order)
        equal(ran.code, 77, ran)
        f.order(revision="2", stations="{line-1: 6}")
        whole(line, "out", 6, *order)
        equal((f.show()["used"], f.show()["left"]), (6, 0))
        equal({(s["order"], s["station"]) for s in line.summary("out")},
              {("WO-2026-0042", "line-1")})
        equal(f.run("audit", "reconcile", "--ledger", "ledger.db").code, 0)


@story
def token_vanishes():
    """Without its token the batch stops at once, and goes on when it is back.
    """
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        names = devices(300)
        child = line.start("out", "--report", "json", "--flush-interval", "0s",
                           names="-", stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in names[:2]:
            child.stdin.write(name.encode() + b"\n")
            child.stdin.flush()
            equal(json.loads(child.stdout.readline())["event"], "image")
        os.rename(f.path("tokens"), f.path("away"))
        child.stdin.write(names[2].encode() + b"\n")
        child.stdin.flush()
        told = json.loads(child.stdout.readline())
        equal((told["event"], told["line"]), ("finding", 3))
        told = json.loads(child.stdout.readline())
        equal((told["event"], told["exit"], told["images"]), ("end", 69, 2))
        equal(child.wait(), 69)
        within("standard input:3: error: ", child.stderr.read().decode())
        child.stdin.close()
        child.stdout.close()
        child.stderr.close()
        os.rename(f.path("away"), f.path("tokens"))
        # at any other moment
        listed(f, names)
        token = f.token
        f.token = ["--module", os.environ["P11SHIM"], *token[2:]]
        f.env.update(P11SHIM_MODULE=f.module, P11SHIM_CTL=f.path("faults"))
        f.write("faults", "C_Sign 0x0 150 0\nC_Sign 0x32 -1 0\n")
        ran = line.run("out", "--resume", "--group", "16")
        equal(ran.code, 69, ran)
        within("list.csv:", ran.err)
        within("CKR_", ran.err)
        within("--resume", ran.err)
        made = len(line.rows("image_minted"))
        assert 2 < made < 152, made
        equal(len(images(f, "out")), made)
        assert not os.path.exists(f.path("out/MANIFEST"))
        f.token = token
        whole(line, "out", 300)
        equal(len(line.rows("image_minted")), 300)


SMALL = """\
mkdir small && mount -t tmpfs -o size=$1 none small || exit 99
size=$1 more=$2 keep=$3; shift 3
"$@"; echo $? > first
ls small/out > seen 2> /dev/null
mount -o remount,size=$more small || exit 99
"$@" --resume; echo $? > second
cp -a small/$keep .
"""


def on_small_disk(f, size, more, keep, *argv):
    """Twice the same, first with no more than `size` bytes of disk."""
    if not shutil.which("unshare"):
        raise Skip("no unshare (Debian: util-linux)")
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", SMALL, "sh", size, more, keep, TOOL,
         *argv], cwd=f.dir, env=f.env, check=False, stderr=subprocess.PIPE)
    if not os.path.exists(f.path("second")):
        raise Skip("no disk can be mounted here")
    return (int(f.read("first")), int(f.read("second")), ran.stderr.decode(),
            f.read("seen").decode().split())


@story
def no_room_for_images():
    """On a full disk the batch stops; with more room it is completed."""
    for how in ([], ["--container"]):
        with Factory() as f:
            f.make_masters()
            line = Line(f)
            listed(f, devices(400))
            first, second, err, seen = on_small_disk(
                f, "200k", "8m", "out",
                *line.argv("small/out", "--group", "32", *how))
            equal((first, second), (74, 0), err)
            within("make room", err)
            assert "MANIFEST" not in seen, seen
            found = images(f, "out")
            equal(len(found), 400)
            check_manifest(f, "out", found)
            rows = line.rows("image_minted")
            equal([r["endpoint"] for r in rows], devices(400))
            equal({r["data"]["sha256"] for r in rows},
                  {hashlib.sha256(b).hexdigest() for b in found.values()})


@story
def no_room_for_the_ledger():
    """Where the ledger takes no row, the folder gets no image."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        listed(f, devices(600))
        equal(f.build("-o", "a.json", "--ledger", "ledger.db",
                      endpoint=DOMAIN + "x").code, 0)
        top = os.path.getsize(f.path("ledger.db")) + 65536

        def tight():
            resource.setrlimit(resource.RLIMIT_FSIZE, (top, top))
        ran = line.run("out", "--group", "32", preexec_fn=tight)
        failed(ran, 74, "the ledger took no rows", "--resume")
        made = len(images(f, "out"))
        equal(len(line.rows("image_minted")), 1 + made)
        assert made < 600
        whole(line, "out", 600)
        equal(len(line.rows("image_minted")), 601)


@story
def no_room_on_the_ledgers_disk():
    """The same of a disk that is full."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        listed(f, devices(600))
        first, second, err, _ = on_small_disk(
            f, "768k", "16m", "ledger.db",
            *line.argv("out", "--group", "32", ledger="small/ledger.db"))
        equal((first, second), (74, 0), err)
        within("the ledger took no rows", err)
        within("make room", err)
        found = images(f, "out")
        equal(len(found), 600)
        check_manifest(f, "out", found)
        equal(len(line.rows("image_minted")), 600)


@story
def accounts_of_a_policy():
    """With `servers:` each device gets the accounts of its policy, too."""
    with Factory() as f:
        f.make_masters()
        f.write("policies.yaml", POLICIES + METER + "servers: water-meters\n")
        line = Line(f, image="meter")
        f.write("list.csv", "serial,lot\n0001,a\n0002,a\n0003,a\n")
        ran = line.run("out")
        equal(ran.code, 0, ran)
        found = images(f, "out")
        for name in found:
            ran = f.run("image", "inspect", f"out/{name}", "--format", "json")
            equal(ran.code, 0, ran)
            within("coaps://eu1.lwm2m.example:5684", ran.out)
            within(URI, ran.out)
        prints = [r["data"]["fingerprint"]
                  for r in line.rows("credential_issued")]
        equal(len(set(prints)), 3, "a key of each device on record")
        # and out of the same keys once more
        os.unlink(f.path(f"out/{sorted(found)[1]}"))
        equal(whole(line, "out", 3), found)
        equal(len(line.rows("credential_issued")), 3)


tell()
