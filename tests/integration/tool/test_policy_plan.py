"""policy plan, over fleets that were never there: what it says of each device is
what issue_begin says, and what it does with a ledger that is old, broken,
hostile, or written to meanwhile."""
import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import time

from factory import TOOL, Factory, absent, equal, failed, story, tell, within

FLEET = os.environ["FLEET"]
COUNT = int(os.environ.get("FLEET_COUNT", "5000"))

OLD = """\
identity: factory
endpoint: "urn:dev:ops:0057F2-WM*"
psk: {derive: bootstrap-2026, epoch: [{epoch: 1, until: 2049-12-31}, 2]}
---
identity: hubs
endpoint: "urn:dev:ops:0057F2-HUB-*"
psk: {derive: bootstrap-2026, identity: "psk/{endpoint}"}
---
identity: certified
certificate: {trust: ca.pem, endpoint: san-uri}
---
identity: raw
rpk: {table: raw-keys.csv}
---
identity: lab
nosec: {network: [10.1.0.0/16], echo: true}
---
policy: wm100
match: {identity: factory, endpoint: "urn:dev:ops:0057F2-WM100-*"}
device: {profile: anjay}
clean: [/0, /1]
bootstrap_account: {rotate: true, uri: "coaps://boot.lwm2m.example"}
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}
objects:
  /3/0: {14: "+01:00"}
---
policy: south
match: {endpoint: "urn:dev:ops:0057F2-WM*", network: 10.21.0.0/16}
device: {profile: leshan}
servers:
  - name: eu-2
    short_server_id: 102
    uri: coaps://eu2.lwm2m.example:5684
    security: {mode: psk, key: {random: seal-2026}}
---
policy: certified
match: {credential: certificate, issuer: Fleet CA, san: "urn:dev:*"}
servers:
  - name: eu-3
    short_server_id: 103
    uri: coaps://eu3.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}
---
policy: hubs
match: {identity: hubs}
servers:
  - pool: eu
    servers:
      - {name: hub-a, short_server_id: 201, uri: "coaps://hub-a.example",
         security: {mode: psk, key: {derive: fleet-2026}}}
      - {name: hub-b, short_server_id: 202, uri: "coaps://hub-b.example",
         security: {mode: psk, key: {derive: fleet-2026}}}
      # one more
---
policy: rest
servers:
  - name: eu-4
    short_server_id: 104
    uri: coap://192.0.2.9
    security: {mode: nosec}
"""

# what an admin does to it, and kinds of change that the plan is to name
CHANGES = {
    "nothing": (lambda s: s, set()),
    "a comment and a name": (
        lambda s: s.replace("policy: south", "# of the Alps\npolicy: sued"),
        set()),
    "an epoch": (lambda s: s.replace("epoch: 1}}\nobj", "epoch: 2}}\nobj"),
                 {"key-epoch"}),
    "a server": (lambda s: s.replace("coaps://eu3", "coaps://eu33"),
                 {"server-moved"}),
    "another kind of key": (
        lambda s: s.replace("{random: seal-2026}", "{derive: fleet-2026}"),
        {"key"}),
    "no security any more": (
        lambda s: s.replace("coaps://eu2", "coap://eu2").replace(
            "{mode: psk, key: {random: seal-2026}}", "{mode: nosec}"),
        {"security-mode", "server-moved"}),
    "another CA": (lambda s: s.replace("issuer: Fleet CA", "issuer: Their CA"),
                   {"server-moved", "short-server-id", "security-mode",
                    "policy"}),
    "accounts that stay": (lambda s: s.replace("{rotate: true, uri: ", "keep  # "),
                           {"bootstrap-account"}),
    "one more in the pool": (lambda s: s.replace("# one more", """\
- {name: hub-c, short_server_id: 203, uri: "coaps://hub-c.example",
         security: {mode: psk, key: {derive: fleet-2026}}}"""),
        {"server-moved", "short-server-id"}),
    "a drain": (lambda s: s.replace("hub-a,", "hub-a, drain: true,"),
                {"server-moved"}),
    "a time zone": (lambda s: s.replace("+01:00", "+02:00"), {"objects"}),
    "a profile": (lambda s: s.replace("profile: leshan", "profile: wakaama"),
                  {"device"}),
    "nobody from there": (lambda s: s.replace("10.1.0.0/16", "10.1.3.0/24"),
                          {"no-identity"}),
    "identities of another form": (
        lambda s: s.replace("psk/{endpoint}", "hub/{endpoint}"),
        {"no-identity"}),
    "an epoch that is over": (
        lambda s: s.replace("[{epoch: 1, until: 2049-12-31}, 2]", "2"),
        {"no-identity"}),
    "names that are other ones": (
        lambda s: s.replace("endpoint: san-uri", "endpoint: cn"), set()),
    "no raw keys": (lambda s: s.replace(
        "rpk: {table: raw-keys.csv}", "rpk: {table: none.csv}"),
        {"raw-key-unknown"}),
    "a ban": (lambda s: s + """---
policy: stolen
order: 1
match: {endpoint: "*1"}
deny: Stolen
""", {"denied"}),
    "a recall": (lambda s: s + """---
policy: recall
order: 1
match: {credential: certificate}
quarantine: {because: Recall}
""", {"quarantined"}),
    "nothing for the rest": (lambda s: s.replace(
        "policy: rest\n", "policy: rest\nmatch: {credential: nosec}\n"),
        {"no-policy"}),
    # the row has no certificate: not what the daemon would find, but near
    "another anchor": (lambda s: s.replace("trust: ca.pem", "trust: other.pem"),
                       {"certificate-untrusted"}),
}


def fleet(f, *argv):
    done = subprocess.run([FLEET, *map(str, argv)], cwd=f.dir, check=False,
                          capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


class Fleet(Factory):
    """A factory with a ledger of COUNT devices."""

    def __init__(self, count=COUNT):
        super().__init__(token=False)
        self.count = count

    def __enter__(self):
        super().__enter__()
        os.mkdir(self.path("old"))
        self.write("old/policies.yaml", OLD)
        fleet(self, "papers", "old", self.count)
        self.write("old/none.csv", "sha256,endpoint\n" + "0" * 64 + ",x\n")
        self.boot("ledger.db", self.count)
        return self

    def boot(self, ledger, count, policies="old"):
        fleet(self, "boot", ledger, policies, count)

    def change(self, how):
        shutil.rmtree(self.path("new"), ignore_errors=True)
        shutil.copytree(self.path("old"), self.path("new"))
        if "other.pem" in how(OLD):
            os.mkdir(self.path("other"))
            fleet(self, "papers", "other", 0)
            shutil.copy(self.path("other/ca.pem"), self.path("new/other.pem"))
        self.write("new/policies.yaml", how(OLD))

    def plan(self, *argv, ledger="ledger.db", path="new", **how):
        return self.run("policy", "plan", path, "--against", ledger,
                        *argv, **how)

    def devices(self, *argv, **how):
        """By endpoint: the line of --devices."""
        ran = self.plan("--devices", "devices.csv", "--force", *argv, **how)
        with open(self.path("devices.csv"), newline="",
                  encoding="utf-8") as file:
            return ran, {r["endpoint"]: r for r in csv.DictReader(file)}


def parse(ran):
    totals, *lines = [json.loads(line) for line in ran.out.splitlines()]
    return totals, lines


@story
def as_issue_begin_decides():
    """Of every change, each device is told what issue_begin then decides."""
    with Fleet() as f:
        before = dict(line.split(",", 1) for line in
                      fleet(f, "expect", "old", f.count).splitlines())
        equal(len(before), f.count)
        for what, (how, kinds) in CHANGES.items():
            f.change(how)
            ran, seen = f.devices("--format", "json", "--examples", "2")
            totals, lines = parse(ran)
            equal(len(seen), f.count, what)
            told = {line["change"] for line in lines}
            if kinds:
                equal(told & kinds, kinds, f"{what}: {told}")
            absent("unknown", told)
            expected = fleet(f, "expect", "new", f.count)
            for line in expected.splitlines():
                name, got, policy, servers = line.split(",")
                row = seen[name]
                equal((row["after"] or row["reason"], row["policy"],
                       row["servers"]), (got, policy, servers),
                      f"{what}: {name}")
                outcome = "refused" if row["reason"] else \
                    "unchanged" if before[name].startswith(got) else "changed"
                equal(row["outcome"], outcome, f"{what}: {name}")
            counts = {k: sum(r["outcome"] == k for r in seen.values())
                      for k in ("unchanged", "changed", "refused")}
            equal({k: totals[k] for k in counts}, counts, what)
            equal(totals["devices"], f.count, what)
            changes = counts["changed"] + counts["refused"]
            equal(ran.code, 2 if changes else 0, what)
            if kinds:
                equal(changes > 0, True, what)
            if what == "one more in the pool":
                # a third of the hubs, and nobody else
                equal(0.25 < changes / (f.count / 10) < 0.42, True, changes)


@story
def certificates_by_another_anchor():
    """Who has signed a certificate stands in its row: an anchor above will do."""
    with Fleet(40) as f:
        # the CA is no anchor by its file's bytes, but by its key
        f.change(lambda s: s)
        with open(f.path("new/ca.pem"), "a", encoding="ascii") as file:
            file.write("a comment behind it\n")
        totals, _ = parse(f.plan("--format", "json"))
        equal((totals["unchanged"], totals["assumed"]), (40, 0))
        # what only the daemon trusts is not known without its configuration
        f.change(lambda s: s.replace("trust: ca.pem, ", ""))
        ran = f.plan()
        equal(ran.code, 0, ran)
        within("4 were let in by a CA that is not known here", ran.out)


@story
def a_gate():
    """--max-change: a number or a share; 65 above it, 2 at it, 64 for nonsense."""
    with Fleet(1000) as f:
        f.change(CHANGES["a recall"][0])  # one in ten
        for gate, code in (("100", 2), ("99", 65), ("0", 65), ("10%", 2),
                           ("9.9999%", 65), ("9.99%", 65), ("0%", 65),
                           ("100%", 2), ("10.0001%", 2), ("18446744", 2)):
            ran = f.plan("--max-change", gate)
            equal(ran.code, code, (gate, ran))
            # the report is there in any case
            within("refused            100   10.00%", ran.out)
            if code == 65:
                within(f"above --max-change {gate}", ran.err)
        for gate in ("", "x", "-1", "1.5", "101%", "1.%", "1.00001%", "%",
                     "0x10", "99999999999999999999"):
            failed(f.plan("--max-change", gate), 64)
        f.change(CHANGES["nothing"][0])
        equal(f.plan("--max-change", "0").code, 0)


@story
def forms_of_the_report():
    """Text for people, CSV and JSON for machines; examples are the first by name."""
    with Fleet(200) as f:
        f.change(CHANGES["a recall"][0])
        text = f.plan("--examples", "2").out
        within("who cannot come any more, and why", text)
        within("quarantined Recall", text)
        within('"urn:dev:ops:0057F2-CRT-0000009", '
               '"urn:dev:ops:0057F2-CRT-0000019", ...', text)
        absent("CRT-0000029", text)
        absent("urn:dev", f.plan("--examples", "0").out)
        rows = list(csv.DictReader(io.StringIO(
            f.plan("--format", "csv").out)))
        equal([(r["outcome"], r["change"], r["devices"], r["share"])
               for r in rows],
              [("refused", "quarantined", "20", "10.00%")])
        totals, lines = parse(f.plan("--format", "json", "--examples", "3"))
        equal(totals["refused"], 20)
        equal(lines[0]["examples"], [f"urn:dev:ops:0057F2-CRT-{n:07}"
                                     for n in (9, 19, 29)])
        # no rows but the names
        f.change(CHANGES["nothing"][0])
        equal(f.plan("--format", "csv").out.count("\r\n"), 1)


@story
def a_progress_bar():
    """On a terminal a report of a moment shows none; piped there is never one."""
    with Fleet(50) as f:
        f.change(CHANGES["nothing"][0])
        equal(f.plan().err, "")
        main, side = pty.openpty()
        done = subprocess.run([TOOL, "policy", "plan", "new", "--against",
                               "ledger.db"], cwd=f.dir, stderr=side,
                              stdout=subprocess.DEVNULL, check=False)
        os.close(side)
        equal(done.returncode, 0)
        try:
            equal(os.read(main, 4096), b"")
        except OSError:
            pass
        os.close(main)


@story
def first_boot():
    """Who was minted and never came is counted by itself."""
    with Fleet(20) as f:
        with f.sqlite("ledger.db") as db:
            db.execute("INSERT INTO device (endpoint, endpoint_raw, "
                       "minted_seq) VALUES ('ep-on-the-shelf', x'', 1)")
        f.change(CHANGES["nothing"][0])
        totals, _ = parse(f.plan("--format", "json"))
        equal((totals["devices"], totals["first_boot"]), (20, 1))


@story
def an_older_ledger():
    """Rows of before say less: which policies were in force --before names."""
    with Fleet(100) as f:
        f.change(CHANGES["an epoch"][0])
        with f.sqlite("ledger.db") as db:
            for name, in db.execute("SELECT name FROM sqlite_schema WHERE "
                                    "type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            db.execute("DROP INDEX device_begin")
            db.execute("DROP TABLE blob")
            db.execute("UPDATE event SET data = json_remove(data, '$.servers', "
                       "'$.issuer', '$.san', '$.anchor_key', '$.turn')")
            db.execute("PRAGMA user_version = 3")
        ran = f.plan("--format", "json", path="old")
        totals, lines = parse(ran)
        # without its alternative names nobody knows whose certificate it is
        equal((ran.code, totals["unchanged"], totals["refused"]), (2, 90, 10))
        equal(lines[0]["change"], "no-identity")
        totals, lines = parse(f.plan("--format", "json"))
        within("unknown", {line["change"] for line in lines})
        totals, lines = parse(f.plan("--format", "json", "--before", "old"))
        equal([(line["change"], line["what"], line["before"], line["after"])
               for line in lines if line["outcome"] == "changed"],
              [("key-epoch", "eu-1 epoch", "1", "2")])


@story
def faults_of_the_policies():
    """Errors of the new set are findings, exit 65, and no report."""
    with Fleet(20) as f:
        f.change(lambda s: s.replace("mode: nosec", "mode: none"))
        ran = f.plan("--devices", "devices.csv")
        failed(ran, 65, "error", '"new" cannot be used')
        equal(ran.out, "")
        equal(os.path.exists(f.path("devices.csv")), False)
        failed(f.plan(path="not-there"), 65)
        f.change(CHANGES["nothing"][0])
        failed(f.plan("--before", "not-there"), 65)
        failed(f.plan("--devices", "-"), 64)
        f.write("there.csv", "x")
        failed(f.plan("--devices", "there.csv"), 73, "exists")
        failed(f.plan("--devices", "nowhere/there.csv"), 73)
        equal(f.read("there.csv"), b"x")
        equal(f.left_over(), [])


@story
def no_ledger():
    """What is no ledger, or not there, or empty."""
    with Fleet(20) as f:
        f.change(CHANGES["nothing"][0])
        failed(f.plan(ledger="nowhere.db"), 74)
        f.write("text.db", "not a database, but long enough to be one\n" * 40)
        failed(f.plan(ledger="text.db"), 65, "not a ledger")
        f.boot("empty.db", 0)
        ran = f.plan("--max-change", "0%", ledger="empty.db")
        equal(ran.code, 0, ran)


@story
def a_broken_ledger():
    """Rows that are gone or say nothing are told; damaged pages end it."""
    with Fleet(2000) as f:
        f.change(CHANGES["nothing"][0])
        shutil.copy(f.path("ledger.db"), f.path("other.db"))
        with f.sqlite("other.db") as db:
            db.execute("DROP TRIGGER event_keeps_rows")
            db.execute("DROP TRIGGER event_keeps_values")
            db.execute("DELETE FROM event WHERE seq IN (SELECT begin_seq "
                       "FROM device LIMIT 3)")
            db.execute("UPDATE event SET data = '{\"kind\":7}' WHERE seq IN "
                       "(SELECT max(begin_seq) FROM device)")
        ran = f.plan("--devices", "devices.csv", ledger="other.db")
        failed(ran, 65, "of 2000 devices 4 have no row", "audit verify")
        equal(os.path.exists(f.path("devices.csv")), False)
        data = bytearray(f.read("ledger.db"))
        for at in range(len(data) // 4, len(data), 65536):
            data[at:at + 3000] = os.urandom(3000)
        with open(f.path("damaged.db"), "wb") as file:
            file.write(data)
        ran = f.plan("--devices", "devices.csv", ledger="damaged.db")
        equal(ran.code in (65, 74), True, ran)
        with open(f.path("short.db"), "wb") as file:
            file.write(f.read("ledger.db")[:300000])
        ran = f.plan(ledger="short.db")
        equal(ran.code in (65, 74), True, ran)
        equal(f.left_over(), [])


@story
def written_meanwhile():
    """A daemon writes on: the numbers are those of one moment."""
    with Fleet(1500) as f:
        f.change(CHANGES["a ban"][0])
        writer = subprocess.Popen([FLEET, "boot", "ledger.db", "old", "20000"],
                                  cwd=f.dir, stdout=subprocess.DEVNULL)
        runs = 0
        while writer.poll() is None or runs == 0:
            totals, _ = parse(f.plan("--format", "json"))
            equal(totals["devices"], totals["unchanged"] + totals["changed"] +
                  totals["refused"])
            runs += 1
        equal(writer.wait(), 0)
        totals, _ = parse(f.plan("--format", "json"))
        with f.sqlite("ledger.db") as db:
            count, = db.execute("SELECT count(*) FROM device").fetchone()
        equal(totals["devices"], count)
        equal(count > 15000, True)


@story
def killed():
    """Killed in the middle it leaves nothing behind, nor half a file."""
    with Fleet(4000) as f:
        f.change(CHANGES["a ban"][0])
        f.write("devices.csv", "of yesterday")
        for n, how in enumerate((signal.SIGKILL, signal.SIGTERM,
                                 signal.SIGINT) * 4):
            tool = subprocess.Popen(
                [TOOL, "policy", "plan", "new", "--against", "ledger.db",
                 "--devices", "devices.csv", "--force"], cwd=f.dir,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.004 * n)
            tool.send_signal(how)
            tool.wait()
            left = f.read("devices.csv")
            # the old one, or, killed at its very end, the new one whole
            if left != b"of yesterday":
                equal(left.count(b"\r\n"), 1 + 4000)
                f.write("devices.csv", "of yesterday")
        equal(f.left_over(), [])


@story
def hostile_names():
    """Names that devices give themselves stand quoted, and run no formula."""
    hostile = ["\x1b[2J\x1b[31mroot", "a\nrefused: 7", 'a","b', "=1+cmd|'/c'!A",
               "\u202egnp.exe", "@SUM(A1)", "\\u0041", "-7", "ä" * 120,
               "x" * 252, '","outcome":"unchanged']
    with Factory(token=False) as f:
        f.write("old.yaml", "identity: lab\nnosec: {network: 10.1.0.0/16}\n"
                "---\npolicy: a\nservers: []\n")
        f.write("new.yaml", "identity: lab\nnosec: {network: 10.1.0.0/16}\n"
                "---\npolicy: a\nverify: discover\nservers: []\n")
        subprocess.run([FLEET, "nosec", "ledger.db", "old.yaml"], cwd=f.dir,
                       check=True, input="".join(
                           n.encode().hex() + "\n" for n in hostile),
                       text=True, stdout=subprocess.DEVNULL)
        for form in ("text", "json", "csv"):
            ran = f.run("policy", "plan", "new.yaml", "--against", "ledger.db",
                        "--format", form, "--examples", "100", "--devices",
                        "devices.csv", "--force")
            equal(ran.code, 2, ran)
            for bad in ("\x1b", "\u202e", "\nrefused: 7"):
                absent(bad, ran.out)
        totals, lines = parse(f.run(
            "policy", "plan", "new.yaml", "--against", "ledger.db",
            "--format", "json", "--examples", "100"))
        equal(totals["changed"], len(hostile))
        # of one that is not printable the escapes stand: no byte is lost
        equal(len(lines[0]["examples"]), len(hostile))
        with open(f.path("devices.csv"), newline="", encoding="utf-8") as file:
            text = file.read()
        absent("\x1b", text)
        absent("\u202e", text)
        rows = list(csv.reader(io.StringIO(text)))
        equal({len(row) for row in rows}, {8})
        equal(len(rows), len(hostile) + 1)
        for row in rows[1:]:
            equal(row[0][:1] in "=+-@", False, row)


tell()
