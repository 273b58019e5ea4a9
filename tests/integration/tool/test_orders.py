"""Work orders: who is in charge signs what a station may mint."""
import fcntl
import json
import os
import shutil
import struct
import subprocess
import termios
import time

from factory import (TOOL, URI, absent, equal, failed, mode, story, tell,
                     within)
from ordering import IDENTITY, Line, ep


@story
def a_day():
    """An order is signed, shown and used up, station by station."""
    with Line() as f:
        ran = f.sign("order.yaml")
        equal(ran.code, 0, ran)
        for words in ('order        WO-2026-0042 revision 1\n',
                      'endpoints    "urn:dev:ops:0057F2-WM2*"\n',
                      "until 2099-02-01T00:00:00Z; it is valid now\n",
                      "a unit that is scrapped counts all the same\n",
                      "station      line-1: 3 units\n",
                      "quota        5 units\n"):
            within(words, ran.out)
        equal(mode(f.path("order.yaml.sig")), 0o644)
        if shutil.which("ssh-keygen"):
            subprocess.run(
                ["ssh-keygen", "-q", "-Y", "verify", "-f", f.path("signers"),
                 "-I", "office@example.org", "-n", "bootstrapd-order", "-s",
                 f.path("order.yaml.sig")],
                input=f.read("order.yaml"), check=True, capture_output=True)
        for n in range(3):
            equal(f.mint(n).code, 0)
        failed(f.mint(3), 77, "the 3 units of station line-1 in order "
               "WO-2026-0042 are used up")
        assert not os.path.exists(f.path("3-line-1.json"))
        equal(f.left_over(), [])
        # the same bytes once more are no unit more
        ran = f.mint(0, "--again", "--force")
        equal(ran.code, 0, ran)
        for n in (3, 4):
            equal(f.mint(n, station="line-2").code, 0)
        failed(f.mint(5, station="line-2"), 77,
               "the 5 units of order WO-2026-0042 are used up")
        shown = f.show()
        equal((shown["quota"], shown["used"], shown["left"]), (5, 5, 0))
        equal([(s["station"], s["used"], s["left"])
               for s in shown["stations"]], [("line-1", 3, 0),
                                             ("line-2", 2, 0)])
        equal(shown["signer"], "office@example.org")
        opened, = f.rows("order_opened")
        equal((opened["order"], opened["quota"], opened["stations"],
               opened["signer"]),
              ("WO-2026-0042", 5, "line-1=3 line-2=2", "office@example.org"))
        equal({(r["order"], r["station"]) for r in f.rows("image_minted")},
              {("WO-2026-0042", "line-1"), ("WO-2026-0042", "line-2")})
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)


@story
def refused():
    """What the order does not say is not minted: exit status 77, no row."""
    with Line() as f:
        f.order("late.yaml", sign=False, not_after="2020-01-01")
        failed(f.sign("late.yaml"), 65, "over already")
        f.order("early.yaml", not_before="2098-01-01")
        f.order("other.yaml", identity="lab-bench")
        f.order("image.yaml", image="water-meter-flash")
        for ran, words in (
                (f.mint(1, order="early.yaml"), "is not valid yet"),
                (f.mint(1, station="line-3"), 'not for station "line-3"'),
                (f.mint(1, order="other.yaml"),
                 "is for identity lab-bench"),
                (f.mint(1, order="image.yaml"),
                 "is for image water-meter-flash"),
                (f.mint(1, endpoint="urn:dev:ops:0057F2-XX"),
                 "is not for \"urn:dev:ops:0057F2-XX\"")):
            failed(ran, 77, words)
        equal(f.rows("image_minted"), [])
        # without its own signature it is nobody's order
        os.unlink(f.path("early.yaml.sig"))
        failed(f.mint(1, order="early.yaml"), 66, "early.yaml.sig")
        for lacking in ("--order", "--signers", "--station"):
            args = {"--order": "order.yaml", "--signers": "signers",
                    "--station": "line-1"}
            del args[lacking]
            ran = f.build("--ledger", "ledger.db", *sum(args.items(), ()),
                          endpoint=ep(1))
            failed(ran, 64, lacking)
        failed(f.build("--order", "order.yaml", "--signers", "signers",
                       "--station", "line-1", endpoint=ep(1)), 64,
               "counted in a ledger")


@story
def over_in_time():
    """An order that has ended since it was signed is refused."""
    with Line() as f:
        f.order("short.yaml", not_after="2020-01-01", sign=False)
        # as of who signs by ssh-keygen, and looks at no date
        if not shutil.which("ssh-keygen"):
            return
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        f.path("pen")], check=True)
        subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", f.path("pen"),
                        "-n", "bootstrapd-order", f.path("short.yaml")],
                       check=True, capture_output=True)
        with open(f.path("pen.pub"), encoding="ascii") as key:
            f.write("signers", "pen@example.org " + key.read())
        failed(f.mint(1, order="short.yaml"), 77, "is not valid any more")


@story
def forged():
    """A changed order, a stranger's, or one for something else opens nothing."""
    with Line() as f:
        f.write("order.yaml", f.read("order.yaml").decode().replace(
            "line-1: 3", "line-1: 300"))
        failed(f.mint(1), 77, "not of these bytes by that key")
        equal(f.run("order", "show", "order.yaml", "--signers",
                    "signers").code, 77)
        # nothing of it is read: the file may say what it likes
        f.write("order.yaml", "order: [\n")
        failed(f.mint(1), 77, "not of these bytes by that key")
        # a key of the line itself signs what it likes
        f.make_key("line", "factory", f.token)
        f.order(sign=False)
        equal(f.sign("order.yaml", key="line", options=f.token).code, 0)
        failed(f.mint(1), 77, "nobody's among the signers")
        # who may sign images may not sign orders
        f.write("other", f.signer("line@example.org", "line", f.token,
                                  "bootstrapd-image"))
        failed(f.mint(1, signers="other"), 77, "other namespaces")
        f.write("order.yaml.sig", "no signature\n")
        failed(f.mint(1), 77, "not a signature")
        equal(f.files() & {"ledger.db"}, {"ledger.db"})
        equal(f.rows(), [])


@story
def replayed():
    """A name stands for one file, until a higher revision takes its place."""
    with Line() as f:
        equal(f.mint(1).code, 0)
        f.order("greedy.yaml", stations="{line-1: 1000}")
        failed(f.mint(2, order="greedy.yaml"), 77,
               "is not the one that was opened in this ledger")
        f.order("less.yaml", revision="2", stations="{line-1: 2}")
        equal(f.mint(2, order="less.yaml").code, 0)
        # the first one, with its greater quota, is over with that
        failed(f.mint(3), 77, "is revision 1", "revision 2 of it was opened")
        failed(f.mint(3, order="less.yaml"), 77, "are used up")
        ran = f.run("order", "show", "order.yaml", "--signers", "signers",
                    "--ledger", "ledger.db")
        within("NOT IN FORCE: revision 2", ran.out)
        equal([r["revision"] for r in f.rows("order_opened")], [1, 2])


@story
def left_out():
    """Where the identity wants an order, nobody forgets it."""
    with Line() as f:
        f.write("policies.yaml", IDENTITY)
        failed(f.build("--ledger", "ledger.db", "-o", "x.json",
                       endpoint=ep(1)), 77, "under a work order alone",
               "policies.yaml:1")
        equal(f.mint(1).code, 0)
        ran = f.run("policy", "check", "policies.yaml")
        equal(ran.code, 0, ran)


def all_at_once(f, lines):
    """Exit codes. SoftHSM2 writes to its files at each login, and a process that
    reads them meanwhile finds no PIN: that one comes again."""
    codes = []
    for _ in range(20):
        running = [(line, f.start(*line)) for line in lines]
        lines = []
        # all of them, before anything can go wrong here
        for line, one, err in [(line, one, one.communicate()[1].decode())
                               for line, one in running]:
            if one.returncode == 69:
                lines.append(line)
                continue
            codes.append(one.returncode)
            if one.returncode != 0:
                within("are used up", err)
        if not lines:
            break
    return codes


@story
def race():
    """Stations and processes on one ledger mint the quota, and never one more."""
    with Line() as f:
        f.order(stations="{line-1: 12, line-2: 12}", quota="15")
        codes = all_at_once(f, [[
            TOOL, "image", "build", *f.token, "--policies", "policies.yaml",
            "--identity", "factory-2026", "--uri", URI, "--format", "json",
            "--ledger", "ledger.db", "--order", "order.yaml", "--signers",
            "signers", "--station", f"line-{1 + n % 2}", "--endpoint", ep(n),
            "-o", f"r{n}.json"] for n in range(28)])
        equal(sorted(codes), [0] * 15 + [77] * 13)
        equal(len(f.rows("image_minted")), 15)
        equal(len(f.rows("order_opened")), 1)
        equal(len([n for n in f.files() if n.startswith("r")]), 15)
        shown = f.show()
        equal((shown["used"], shown["left"]), (15, 0))
        assert all(s["used"] <= 12 for s in shown["stations"])
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)


@story
def batches():
    """Two lines make batches of one order at once: its quota, no unit more."""
    with Line() as f:
        f.order(stations="{line-1: 40, line-2: 40}", quota="50",
                scrapped="replaced")

        def argv(line, *more, order="order.yaml"):
            return ["image", "batch", *f.token, "--policies", "policies.yaml",
                    "--identity", "factory-2026", "--uri", URI, "--format",
                    "senml-cbor", "--ledger", "ledger.db", "--order", order,
                    "--signers", "signers", "--station", f"line-{line}", "-o",
                    f"out-{line}", *more, f"list-{line}.csv"]
        for line in (1, 2):
            f.write(f"list-{line}.csv", "endpoint\n" + "".join(
                ep(100 * line + n) + "\n" for n in range(45)))
        equal(all_at_once(f, [[TOOL, *argv(line)] for line in (1, 2)]),
              [77, 77])
        rows = f.rows("image_minted")
        equal(len(rows), 50)
        for line in ("line-1", "line-2"):
            assert len([r for r in rows if r["station"] == line]) <= 40
        shown = f.show()
        equal((shown["used"], shown["left"]), (50, 0))
        # what a batch has, it keeps: resumed, it takes no unit more
        ran = f.run(*argv(1, "--resume"))
        equal(ran.code, 77, ran)
        equal(len(f.rows("image_minted")), 50)
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)
        equal(f.run("audit", "reconcile", "--ledger", "ledger.db").code, 0)


@story
def changed_meanwhile():
    """An order is asked at each unit: it may end, or another take its place."""
    with Line() as f:
        f.write("clock", "\0" * 8)

        def start(out, order="order.yaml", **env):
            one = subprocess.Popen(
                [TOOL, "image", "batch", *f.token, "--policies",
                 "policies.yaml", "--identity", "factory-2026", "--uri", URI,
                 "--format", "senml-cbor", "--ledger", "ledger.db", "--order",
                 order, "--signers", "signers", "--station", "line-1", "-o",
                 out, "--batch", out, "--flush-interval", "1h", "-"],
                cwd=f.dir, env={**f.env, **env}, stdin=subprocess.PIPE,
                stderr=subprocess.PIPE)
            one.stdin.write(f"{ep(1)}\n".encode())
            one.stdin.flush()
            while one.poll() is None and \
                    fcntl.ioctl(one.stdin, termios.FIONREAD, bytes(4)) \
                    != bytes(4):
                time.sleep(0.01)
            return one
        one = start("first")
        f.order("next.yaml", revision="2")
        equal(f.mint(2, order="next.yaml").code, 0)
        said = one.communicate()[1].decode()
        equal(one.returncode, 77, said)
        within("is in force in revision 2 by now", said)
        one = start("second", "next.yaml", WALLCLOCK=f.path("clock"),
                    ASAN_OPTIONS="verify_asan_link_order=0",
                    LD_PRELOAD=os.environ["WALLCLOCK_SO"])
        with open(f.path("clock"), "r+b") as file:
            file.write(struct.pack("=q", 100 * 365 * 86400))
        said = one.communicate()[1].decode()
        equal(one.returncode, 77, said)
        within("is not valid any more", said)
        equal([r["order"] for r in f.rows("image_minted")], ["WO-2026-0042"])
        # an order that names its batch is for no other
        f.order("named.yaml", order="named", batch="third")
        one = start("second", "named.yaml")
        said = one.communicate()[1].decode()
        equal(one.returncode, 77, said)
        within("is for batch third", said)
        one = start("third", "named.yaml")
        said = one.communicate()[1].decode()
        equal(one.returncode, 0, said)


FINDINGS = """\
order: "WO 42"
revision: 0
description: |
  two
  lines
identity: factory-2026
endpoint: ""
stations: {line-1: 0, "line 2": 5, line-3: five}
quota: 9
scrapped: maybe
not_before: 2027-01-01
not_after: 2026-13-01
colour: blue
"""


@story
def findings():
    """All that is wrong in an order is said at once, with its place."""
    with Line() as f:
        f.write("bad.yaml", FINDINGS)
        ran = f.sign("bad.yaml")
        equal(ran.code, 65, ran)
        for words in ("bad.yaml:1:8: error: order: ",
                      "bad.yaml:2:11: error: revision: ",
                      "bad.yaml:3:14: error: description: ",
                      "bad.yaml:7:11: error: endpoint: ",
                      "bad.yaml:8:20: error: stations.line-1: ",
                      "bad.yaml:8:23: error: stations",
                      "bad.yaml:8:44: error: stations.line-3: ",
                      "bad.yaml:10:11: error: scrapped: ",
                      "bad.yaml:12:12: error: not_after: ",
                      "bad.yaml:13:1: error: "):
            within(words, ran.err)
        assert not os.path.exists(f.path("bad.yaml.sig"))
        for other, words in (
                ({"stations": "{}"}, "0 stations"),
                ({"quota": 6}, "6 is above 5"),
                ({"not_before": "2099-02-01"}, "is before `not_before:`"),
                ({"identity": None}, "says what is minted"),
                ({"not_after": None}, "not_after"),
                ({"order": None}, "order")):
            f.order("bad.yaml", sign=False, **other)
            ran = f.sign("bad.yaml")
            equal(ran.code, 65, ran)
            within(words, ran.err)
        f.write("bad.yaml", "order: a\n---\norder: b\n")
        within("one document is expected", f.sign("bad.yaml").err)
        f.write("bad.yaml", "#" * 70000)
        within("too large", f.sign("bad.yaml").err)


@story
def by_the_book():
    """The order in the manual is one, signed and shown."""
    with open(os.environ["MANPAGE"], encoding="utf-8") as page:
        text = page.read().split(".Sh WORK ORDER")[1]
    text = text.split(".Bd -literal -offset indent\n")[1].split(".Ed\n")[0]
    with Line() as f:
        f.write("book.yaml", text)
        ran = f.sign("book.yaml")
        equal(ran.code, 0, ran)
        shown = f.show("book.yaml", ledger=f.write("none.db", "") and
                       new_ledger(f))
        equal((shown["customer"], shown["quota"], shown["left"]),
              ("Example Waterworks", 1000, 1000))


def new_ledger(f):
    """One with nothing of an order in it."""
    equal(f.build("--ledger", "new.db", "-o", "new.json",
                  endpoint=ep(99)).code, 0)
    return "new.db"


@story
def flashed():
    """Units that are flashed, flashed again and scrapped are on record."""
    with Line() as f:
        f.order(scrapped="replaced", stations="{line-1: 3}")
        for n in range(3):
            equal(f.mint(n).code, 0)
        unit = f.run("order", "flashed", ep(0), ep(1), "--ledger",
                     "ledger.db", "--station", "line-1")
        equal(unit.code, 0, unit)
        within("flashed 2\n", unit.err)
        unit = f.run("order", "flashed", ep(1), "--ledger", "ledger.db",
                     "--chip", "a4:cf:12:00:00:01")
        within("of these 1 once more", unit.err)
        rows = f.rows("unit_flashed")
        equal([r.get("again") for r in rows], [None, None, True])
        equal({r["order"] for r in rows}, {"WO-2026-0042"})
        equal(rows[2]["chip"], "a4:cf:12:00:00:01")
        failed(f.mint(3), 77, "used up")
        ran = f.run("order", "scrapped", ep(0), "--ledger", "ledger.db")
        failed(ran, 64, "--reason")
        ran = f.run("order", "scrapped", ep(0), "--ledger", "ledger.db",
                    "--reason", "burnt")
        equal(ran.code, 0, ran)
        ran = f.run("order", "scrapped", ep(0), "--ledger", "ledger.db",
                    "--reason", "burnt")
        within("in row", ran.err)
        equal(len(f.rows("unit_scrapped")), 1)
        # another one in its place, and not two
        equal(f.mint(3).code, 0)
        failed(f.mint(4), 77, "used up")
        failed(f.mint(0, "--again", "--force"), 77, "used up")
        equal(f.run("audit", "verify", "--ledger", "ledger.db").code, 0)


@story
def reconciled():
    """audit reconcile sums up by order and batch, and names over-build."""
    with Line() as f:
        for n in range(2):
            equal(f.mint(n).code, 0)
        equal(f.mint(2, station="line-2").code, 0)
        equal(f.build("--ledger", "ledger.db", "-o", "x.json",
                      endpoint="urn:dev:ops:0057F2-X").code, 0)
        equal(f.run("order", "flashed", ep(0), ep(1), "--ledger",
                    "ledger.db").code, 0)

        def reconcile(*args, code=0, fmt="json"):
            ran = f.run("audit", "reconcile", "--ledger", "ledger.db",
                        "--format", fmt, *args)
            equal(ran.code, code, ran)
            return ran.out if fmt != "json" else [
                json.loads(line) for line in ran.out.splitlines()]
        equal([(r["order"], r["minted"], r["flashed"]) for r in reconcile()],
              [("", 1, 0), ("WO-2026-0042", 3, 2)])
        equal([r["order"] for r in reconcile("--order", "WO-2026-0042")],
              ["WO-2026-0042"])
        equal(reconcile("--batch", "B-7"), [])
        # made once more without the order, it is a unit of it all the same
        equal(f.build("--ledger", "ledger.db", "--again", "-o", "0-x.json",
                      endpoint=ep(0)).code, 0)
        equal([(r["order"], r["minted"]) for r in reconcile()],
              [("", 1), ("WO-2026-0042", 3)])
        # less than is there: somebody has changed their mind
        f.order("less.yaml", revision="2", stations="{line-1: 1, line-2: 1}")
        failed(f.mint(3, order="less.yaml"), 77, "used up")
        rows = reconcile(code=2)
        equal([(r["finding"], r["order"], r["detail"]) for r in rows
               if "finding" in r], [
            ("over-quota", "WO-2026-0042",
             "3 units, and the order may mint 2"),
            ("over-quota", "WO-2026-0042",
             "2 units, and the station line-1 of it may mint 1")])
        lines = reconcile("--max-findings", "1", code=2,
                          fmt="csv").split("\r\n")
        equal(len(lines), 1 + 1 + 2 + 1)
        equal(lines[0].split(",")[:5],
              ["finding", "endpoint", "order", "batch", "detail"])
        within("over-quota         WO-2026-0042: 3 units",
               reconcile(code=2, fmt="text"))
        equal(f.run("audit", "reconcile", "--ledger", "none.db").code, 74)


LOG = """\
\ufefftime,endpoint,result,chip,sha256
2026-11-22T10:00:00Z,{0},ok,c0,
2026-11-22T10:00:05Z,{1},ok,c1,{sha}
2026-11-22T10:00:06Z,,ok,c1,
2026-11-22T10:00:07Z,{0}
2026-11-22T10:00:08Z,"{0}",ok,c2,ABCDEF
2026-11-22T10:00:09Z,never-minted,ok,c3,
2026-11-22T10:00:10Z,{2},ok,c4,{wrong}
"""


@story
def log_of_a_flasher():
    """A log is recorded line by line, once; what is wrong in it is named."""
    with Line() as f:
        for n in range(3):
            equal(f.mint(n).code, 0)
        sha = f.rows("image_minted")[1]["sha256"]
        f.write("log.csv", LOG.format(ep(0), ep(1), ep(2), sha=sha,
                                      wrong="0" * 64))
        args = ("order", "flashed", "--ledger", "ledger.db", "--from")
        ran = f.run(*args, "log.csv")
        equal(ran.code, 65, ran)
        for words in (':4: no endpoint', ':5: fewer fields', ':6: a name is',
                      ':7: "never-minted": no image of it was minted here; '
                      "recorded all the same",
                      ":8: ", "other bytes than its image",
                      "flashed 4, not as minted 2, lines that are wrong 3\n"):
            within(words, ran.err)
        equal(len(f.rows("unit_flashed")), 4)
        ran = f.run(*args, "-", stdin_text=f.read("log.csv").decode())
        equal(ran.code, 65, ran)
        within("flashed 0, recorded before 4", ran.err)
        equal(len(f.rows("unit_flashed")), 4)
        for text, words in (("", "flashed 0"),
                            ("a,b\n1,2\n", "the first line names"),
                            ("endpoint\n" + "x" * 70000 + "\n", "64 KiB"),
                            ('endpoint\n"x\n', ":2: ")):
            f.write("bad.csv", text)
            ran = f.run(*args, "bad.csv")
            equal(ran.code, 65 if text else 0, ran)
            within(words, ran.err)
        failed(f.run(*args, "no.csv"), 66, "no.csv")
        failed(f.run("order", "flashed", "--ledger", "ledger.db"), 64)
        absent("x" * 500, json.dumps(f.rows("unit_flashed")))


tell()
