"""Batches: what a line is given a list for, killed again and again.
"""
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import tarfile
import termios
import time

from batching import DOMAIN, Line, check_manifest, devices, images
from factory import (TOOL, URI, Factory, absent, equal, failed, story, tell,
                     within)
from shop import Shop

KILLS = 34  # of each of three stories


def kill_often(line, out, count, *more):
    """Begin, and be killed at any moment; then go on in peace."""
    chance = random.Random(4711)
    resume = []
    f = line.f
    shutil.copytree(f.path("tokens"), f.path("tokens.whole"))

    def mend_token():
        """SoftHSM writes its files in place: a kill may leave half of one."""
        shutil.rmtree(f.path("tokens"))
        shutil.copytree(f.path("tokens.whole"), f.path("tokens"))

    for _ in range(count):
        mend_token()
        child = line.start(out, "--group", "8", *more, *resume,
                           stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.005, 0.15))
        child.send_signal(signal.SIGKILL)
        child.wait()
        if os.path.exists(line.f.path(f"{out}/batch.json")):
            resume = ["--resume"]
    mend_token()
    ran = line.run(out, "--group", "8", *more, *resume)
    equal(ran.code, 0, ran)


def killed(container):
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        names = devices(400)
        f.write("list.csv", "endpoint\n" + "\n".join(names) + "\n")
        how = ["--container"] if container else []
        kill_often(line, "killed", KILLS, *how)
        equal(line.run("whole", *how, ledger="other.db").code, 0)
        found = images(f, "killed")
        equal(len(found), 400)
        equal(found, images(f, "whole"), "the same bytes, and no others")
        check_manifest(f, "killed", found)
        rows = line.rows("image_minted")
        equal([r["endpoint"] for r in rows], names, "each once, in order")
        equal([r["data"]["index"] for r in rows], list(range(1, 401)))
        equal({r["data"]["sha256"] for r in rows},
              {hashlib.sha256(b).hexdigest() for b in found.values()})
        equal([int(s["row"]) for s in line.summary("killed")],
              [r["seq"] for r in rows])
        equal(sorted(os.listdir(f.path("killed"))),
              sorted(os.listdir(f.path("whole"))), "nothing is left over")
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)


@story
def killed_folder():
    """A batch that is killed again and again is complete, and none is twice."""
    killed(container=False)


@story
def killed_container():
    """The same of a container."""
    killed(container=True)


@story
def killed_certificates():
    """Certificates: each device has one that was not taken back."""
    with Shop() as f:
        line = Line(f, "field")
        names = devices(120)
        f.write("list.csv", "\n".join(names) + "\n")
        kill_often(line, "out", KILLS)
        found = images(f, "out")
        equal(len(found), 120)
        check_manifest(f, "out", found)
        # the disk loses some of what was written last
        lost = [s["image_file"] for s in line.summary("out")[100:110]]
        for name in lost:
            os.unlink(f.path(f"out/images/{name}"))
        before = len(line.rows("credential_revoked"))
        kept = images(f, "out")
        ran = line.run("out", "--resume")
        equal(ran.code, 0, ran)
        within("taken back", ran.err)
        found = images(f, "out")
        equal({n: found[n] for n in kept}, kept, "they may be flashed already")
        check_manifest(f, "out", found)
        equal(len(line.summary("out")), 120)
        rows = line.rows("credential_revoked")
        revoked = {r["data"]["fingerprint"] for r in rows}
        equal(len(revoked), len(rows), "each once")
        equal(len(rows) - before, 10, "the lost ones, and none behind them")
        live = [r for r in line.rows("image_minted")
                if r["data"]["fingerprint"] not in revoked]
        equal(sorted(r["endpoint"] for r in live), sorted(names))
        found = images(f, "out")
        equal(sorted(hashlib.sha256(b).hexdigest() for b in found.values()),
              sorted(r["data"]["sha256"] for r in live))


@story
def lost_images():
    """A derived image that the folder lost comes back, under its own row."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        f.write("list.csv", "\n".join(devices(50)) + "\n")
        equal(line.run("out").code, 0)
        before = images(f, "out")
        for name in sorted(before)[20:25]:
            os.unlink(f.path(f"out/{name}"))
        damaged = sorted(before)[30]
        with open(f.path(f"out/{damaged}"), "ab") as file:
            file.write(b"!")
        ran = line.run("out", "--resume")
        equal(ran.code, 0, ran)
        within("44 of them from before, 6 were lost and made again", ran.err)
        equal(images(f, "out"), before)
        check_manifest(f, "out", before)
        # the summary has them at its end now: the next run finds them there
        ran = line.run("out", "--resume")
        equal(ran.code, 0, ran)
        within("50 of them from before", ran.err)
        absent("lost", ran.err)
        equal(len(line.rows("image_minted")), 50)
        equal(len(line.rows("credential_revoked")), 0)


def flip(f, path, at):
    """Another byte there; the length stays."""
    with open(f.path(path), "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


@story
def damaged_images():
    """What an earlier run has left counts only as the bytes that were minted."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        names = devices(12)
        f.write("list.csv", "\n".join(names[:6]) + "\n")
        f.write("more.csv", "\n".join(names[6:]) + "\n")

        def resumed(out, whole, *how, names):
            equal(images(f, out) == whole, False, "damage is done")
            ran = line.run(out, "--resume", *how, names=names)
            equal(ran.code, 0, ran)
            equal(images(f, out), whole)
        equal(line.run("out").code, 0)
        whole = images(f, "out")
        image = sorted(whole)[5]
        flip(f, f"out/{image}", 20)
        resumed("out", whole, names="list.csv")
        with open(f.path(f"out/{image}"), "ab") as file:
            file.write(b"!")
        resumed("out", whole, names="list.csv")
        # the summary was changed to fit: the ledger says what was minted
        flip(f, f"out/{image}", 20)
        digest = hashlib.sha256(f.read(f"out/{image}")).hexdigest()
        f.write("out/summary.csv", f.read("out/summary.csv").decode().replace(
            hashlib.sha256(whole[image]).hexdigest(), digest), mode=0o600)
        resumed("out", whole, names="list.csv")
        equal(line.run("tar", "--container", names="more.csv").code, 0)
        whole = images(f, "tar")
        with tarfile.open(f.path("tar/images.tar")) as tar:
            at = tar.getmembers()[5].offset_data
        flip(f, "tar/images.tar", at + 20)
        resumed("tar", whole, "--container", names="more.csv")
        equal(len(line.rows("image_minted")), 12)


@story
def in_the_way():
    """A lost image that comes out otherwise, and a file that is not the batch's."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        f.write("list.csv", "\n".join(devices(3)) + "\n")
        equal(line.run("out").code, 0)
        whole = images(f, "out")
        policies = f.read("policies.yaml").decode()
        os.unlink(f.path("out/" + sorted(whole)[2]))
        f.write("policies.yaml",
                policies.replace('"id:{endpoint}"', '"no:{endpoint}"'))
        failed(line.run("out", "--resume"), 65, "comes out as another one")
        equal(sorted(images(f, "out")), sorted(whole)[:2])
        f.write("policies.yaml", policies)
        # the list has become longer
        f.write("list.csv", "\n".join(devices(5)) + "\n")
        theirs = "out/" + sorted(whole)[2].replace("00003", "00004")
        f.write(theirs, "mine", mode=0o600)
        ran = line.run("out", "--resume")
        equal(ran.code, 65, ran)
        within("is there already, of somebody else", ran.err)
        equal(f.read(theirs), b"mine")
        equal(len(line.rows("image_minted")), 4, "the others are minted")
        os.unlink(f.path(theirs))
        equal(line.run("out", "--resume").code, 0)
        found = images(f, "out")
        equal(len(found), 5)
        equal({n: found[n] for n in whole}, whole)


@story
def edited():
    """Names in a summary that somebody has changed do not outlive a resume."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        names = devices(4)
        f.write("list.csv", "\n".join(names) + "\n")
        equal(line.run("out").code, 0)
        found, told = images(f, "out"), line.summary("out")
        one, two = sorted(found)[:2]
        for a, b, lost, files in (
                (names[0], names[1], 2, ()),
                (told[0]["fingerprint"], 64 * "0", 1, ()),
                (one[7:], two[7:], 2, (one, two))):
            text = f.read("out/summary.csv").decode()
            f.write("out/summary.csv",
                    text.replace(f"{a}", "@").replace(b, a).replace("@", b),
                    0o600)
            if files:
                for name, other in ((one, two), (two, one)):
                    with open(f.path(f"out/{name}"), "wb") as image:
                        image.write(found[other])
            ran = line.run("out", "--resume")
            equal(ran.code, 0, ran)
            within(f"{4 - lost} of them from before, {lost} were lost",
                   ran.err)
            equal(images(f, "out"), found)
            equal([[s[c] for c in ("row", "endpoint", "fingerprint",
                                   "image_file", "image_sha256")]
                   for s in sorted(line.summary("out"),
                                   key=lambda s: int(s["index"]))],
                  [[s[c] for c in ("row", "endpoint", "fingerprint",
                                   "image_file", "image_sha256")]
                   for s in told])
        equal(len(line.rows("image_minted")), 4)


@story
def bad_lines():
    """What is wrong with a list is told by line, and the rest is minted."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        equal(f.build("-o", "a.json", "--ledger", "ledger.db",
                      endpoint=DOMAIN + "7").code, 0)
        f.write("list.csv", "endpoint,model\r\n"
                f"{DOMAIN}1,a\r\n{DOMAIN}2,b\r\n"
                f"{DOMAIN}1,a\r\nother-1,\r\n {DOMAIN}3,\r\n"
                f"{DOMAIN}{'x' * 252},\r\n{DOMAIN}7,\r\n,\r\n"
                f'"{DOMAIN}4"x,\r\n{DOMAIN}5\r\n{DOMAIN}6,c\r\n')
        ran = line.run("out")
        equal(ran.code, 65, ran)
        for number, words in ((4, "twice"), (5, "does not admit"),
                              (6, "space"), (7, "252 bytes"),
                              (8, "minted already"), (9, "name one"),
                              (10, "closing quote"), (11, "columns")):
            told = [t for t in ran.err.splitlines()
                    if t.startswith(f"list.csv:{number}: error: ")]
            equal(len(told), 1, ran)
            within(words, told[0])
        equal(len(images(f, "out")), 3)
        assert not os.path.exists(f.path("out/MANIFEST"))
        equal([r["data"].get("model") for r in line.rows("image_minted")],
              [None, "a", "b", "c"])
        f.write("list.csv", "endpoint,model\n" +
                "".join(f"{DOMAIN}{n},m\n" for n in (1, 2, 3, 4, 5, 6)))
        ran = line.run("out", "--resume")
        equal(ran.code, 0, ran)
        found = images(f, "out")
        equal(len(found), 6)
        check_manifest(f, "out", found)


@story
def encodings():
    """A list in another encoding is told by its name."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        text = f"endpoint\n{DOMAIN}1\n{DOMAIN}2é\n"
        for i, (encoding, word, count) in enumerate((
                ("utf-16", "UTF-16", 0), ("utf-16-le", "UTF-16", 0),
                ("utf-32", "UTF-32", 0), ("latin-1", "Latin-1", 1),
                ("utf-8-sig", None, 2))):
            with open(f.path("list.csv"), "wb") as file:
                file.write(text.encode(encoding))
            ran = line.run(f"out{i}", ledger=f"l{i}.db")
            equal(ran.code, 65 if word else 0, ran)
            if word:
                within(word, ran.err)
            equal(len(os.listdir(f.path(f"out{i}/images"))), count, encoding)


@story
def endless():
    """Of a list that does not end each device has its image soon."""
    with Factory() as f:
        f.make_masters()
        child = Line(f).start("out", "--report", "json", names="-",
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        for name in devices(3):
            child.stdin.write(name.encode() + b"\n")
            child.stdin.flush()
            told = json.loads(child.stdout.readline())
            equal((told["event"], told["endpoint"]), ("image", name))
            equal(hashlib.sha256(f.read(f"out/images/{told['file']}"))
                  .hexdigest(), told["sha256"])
        child.send_signal(signal.SIGTERM)
        told = json.loads(child.stdout.readline())
        equal((told["event"], told["made"], told["finished"]),
              ("end", 3, False))
        equal(child.wait(), 75)
        within("--resume", child.stderr.read().decode())
        child.stdin.close()
        f.write("list.csv", "\n".join(devices(3)) + "\n")
        equal(Line(f).run("out", "--resume").code, 0)


@story
def one_at_a_time():
    """A folder belongs to one run, and to one batch."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        f.write("list.csv", "\n".join(devices(3)) + "\n")
        os.mkdir(f.path("full"))
        f.write("full/letter.txt", "mine")
        failed(line.run("full"), 73, "somebody else")
        equal(f.read("full/letter.txt"), b"mine")
        equal(line.run("out").code, 0)
        failed(line.run("out"), 73, "--resume")
        failed(f.run(*line.argv("out", "--resume", "--hold-off", "20s")), 64,
               "was begun with")
        failed(line.run("none", "--resume"), 73)
        folder = os.open(f.path("out"), os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        failed(line.run("out", "--resume"), 75, "another process")
        os.close(folder)
        equal(line.run("out", "--resume").code, 0)


@story
def two_lines():
    """Two batches have a device on both of their lists: one of them mints it."""
    with Shop() as f:
        line = Line(f, "field")
        f.write("list.csv", "\n".join(devices(4)) + "\n")
        slow = line.start("slow", "--flush-interval", "1h", names="-",
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        slow.stdin.write("".join(n + "\n" for n in devices(7)[2:]).encode())
        slow.stdin.flush()
        # it has asked for them, and waits for more
        while slow.poll() is None and \
                fcntl.ioctl(slow.stdin, termios.FIONREAD, bytes(4)) != bytes(4):
            time.sleep(0.01)
        equal(line.run("out").code, 0)
        said = slow.communicate()[1].decode()
        equal(slow.returncode, 65, said)
        for name in devices(4)[2:]:
            within(f'"{name}" is minted already', said)
        rows = [r["endpoint"] for r in line.rows("image_minted")]
        equal(sorted(rows), devices(7), "each once")
        f.write("rest.csv", "\n".join(devices(7)[4:]) + "\n")
        equal(line.run("slow", "--resume", names="rest.csv").code, 0)
        equal(len(images(f, "slow")), 3)


@story
def two_builds():
    """Of two that build the image of one device at once, one does."""
    with Shop() as f:
        equal(f.mint("first", endpoint=DOMAIN).code, 0)

        def has_bytes(one):
            """What it has minted lies in a file without a name."""
            fds = f"/proc/{one.pid}/fd"
            try:
                return any(os.stat(f"{fds}/{n}").st_size > 0
                           for n in os.listdir(fds)
                           if os.readlink(f"{fds}/{n}").startswith(f.dir)
                           and os.readlink(f"{fds}/{n}").endswith(
                               "(deleted)"))
            except FileNotFoundError:
                return False  # closed meanwhile
        with f.sqlite("ledger.db") as db:
            db.execute("BEGIN IMMEDIATE")
            tools = []
            for name in "ab":
                one = subprocess.Popen(
                    [TOOL, "image", "build", *f.token, "--policies",
                     "policies.yaml", "--identity", "field", "--uri", URI,
                     "--format", "json", "--endpoint", devices(1)[0],
                     "--ledger", "ledger.db", "-o", name],
                    cwd=f.dir, env=f.env, stderr=subprocess.PIPE)
                tools.append(one)
                while one.poll() is None and not has_bytes(one):
                    time.sleep(0.01)
            db.execute("ROLLBACK")
        said = [one.communicate()[1].decode() for one in tools]
        equal(sorted(one.returncode for one in tools), [0, 65], said)
        within("is minted already", "".join(said))
        equal([os.path.exists(f.path(n)) for n in "ab"].count(True), 1)
        equal(len(Line(f).rows("image_minted")), 2)


@story
def full_disk():
    """Where there is no room the ledger has no row, and --resume completes."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        f.write("list.csv", "\n".join(devices(600)) + "\n")
        equal(f.build("-o", "a.json", "--ledger", "ledger.db").code, 0)
        tight = ["sh", "-c", 'ulimit -f 1000; exec "$@"', "sh"]
        done = subprocess.run(
            tight + [TOOL, *line.argv("out", "--container", "--group", "64")],
            cwd=f.dir, env=f.env, stderr=subprocess.PIPE, check=False)
        equal(done.returncode, 74, done.stderr)
        within("--resume", done.stderr.decode())
        assert not os.path.exists(f.path("out/MANIFEST"))
        ran = line.run("out", "--resume")
        equal(ran.code, 0, ran)
        found = images(f, "out")
        equal(len(found), 600)
        check_manifest(f, "out", found)
        equal(len(line.rows("image_minted")), 601)


@story
def again():
    """A device that was minted is minted again where that is asked for."""
    with Factory() as f:
        f.make_masters()
        line = Line(f)
        f.write("list.csv", "\n".join(devices(5)) + "\n")
        equal(line.run("one").code, 0)
        ran = line.run("two")
        equal(ran.code, 65, ran)
        within("list.csv:1: error: ", ran.err)
        within("minted already", ran.err)
        equal(line.run("two", "--resume", "--again").code, 0)
        equal(images(f, "two"), images(f, "one"))
        equal([r["data"].get("again") for r in line.rows("image_minted")],
              5 * [None] + 5 * [True])


tell()
