"""A vendor's list of keys on its way into the sealed store, and what of it is
never seen again.
"""
import base64
import json
import os
import random
import signal
import subprocess
import time

from factory import (TOOL, Factory, absent, equal, failed, mode, story, tell,
                     within)

# Each key begins with it: nine bytes, so that base64 has it as twelve letters
# wherever a key stands alone.
MARK = bytes.fromhex("a7c3f1590eb2648d1f")
COLLECTION = ["--collection", "module-vendor-q3", "--seal", "seal-2026",
              "--ledger", "ledger.db"]
HEAD = "Endpoint,PSK Identity,Key\n"


def key(n, length=16):
    return MARK + random.Random(n).randbytes(length - len(MARK))


def row(n):
    return f"urn:imei:{350000000000000 + n},dev-{n},{key(n).hex()}\n"


class Depot(Factory):
    """A factory with a sealing key."""

    def __enter__(self):
        super().__enter__()
        self.said = ""
        equal(self.tool("hsm", "keys", "make", *self.token, "--ledger",
                        "ledger.db", "seal-2026").code, 0)
        return self

    def __exit__(self, *how):
        if not how[0]:
            self.no_key_anywhere()
        super().__exit__(*how)

    def tool(self, *args, **how):
        ran = self.run(*args, **how)
        self.said += ran.out + ran.err
        return ran

    def load(self, *args, **how):
        return self.tool("psk", "import", *COLLECTION, *self.token, *args,
                         **how)

    def summary(self, *args, code=0):
        ran = self.load(*args, "--format", "json")
        equal(ran.code, code, ran)
        one = json.loads(ran.out)
        return one["rows"], one["new"], one["there"], one["findings"]

    def rows(self, sql):
        with self.sqlite("ledger.db") as db:
            return db.execute(sql).fetchall()

    def count(self):
        return self.rows("SELECT count(*) FROM secret")[0][0]

    def events(self):
        ran = self.tool("audit", "list", "--ledger", "ledger.db", "--kind",
                        "secrets_imported", "--format", "json")
        return [json.loads(line)["data"] for line in ran.out.splitlines()]

    def no_key_anywhere(self):
        """Neither as bytes nor in hexadecimal or base64, but in the lists."""
        forms = (MARK, MARK.hex().encode(), MARK.hex().upper().encode(),
                 base64.b64encode(MARK))
        seen = self.said.encode()
        for at, _, names in os.walk(self.dir):
            for name in names:
                if not name.startswith("list"):
                    with open(os.path.join(at, name), "rb") as f:
                        seen += f.read()
        for form in forms:
            # not a part of it either
            for part in (form, form[:len(form) // 2]):
                equal(part in seen, False, form)


@story
def a_day():
    """A list is looked through, sealed, shown, and imported again."""
    with Depot() as f:
        f.write("list.csv", HEAD + "".join(row(n) for n in range(2500)))
        ran = f.tool("psk", "import", "--check", "list.csv")
        equal((ran.code, ran.out, ran.err),
              (0, "list.csv: 2500 rows, 0 with findings\n", ""), ran)
        equal(f.count(), 0)

        ran = f.load("list.csv")
        equal((ran.code, ran.err), (0, ""), ran)
        equal(ran.out, "list.csv: 2500 rows, 2500 new, 0 there already, 0 "
              'with findings; collection "module-vendor-q3" under key '
              '"seal-2026"\n')
        equal(f.rows("SELECT * FROM secrets WHERE name = 'dev-7'"),
              [("module-vendor-q3", "dev-7", 1, "urn:imei:350000000000007",
                "seal-2026", 16 + 29)])
        events = f.events()
        equal([(e["rows"], e["new"], e["first_line"], e["last_line"])
               for e in events],
              [(1000, 1000, 2, 1001), (1000, 1000, 1002, 2001),
               (500, 500, 2002, 2501)])
        equal({(e["collection"], e["master"], e["epoch"], e["file"])
               for e in events},
              {("module-vendor-q3", "seal-2026", 1, "list.csv")})

        # once more, and with some behind it: by JSON lines this time
        equal(f.summary("list.csv"), (2500, 0, 2500, 0))
        equal(len(f.events()), 3, "nothing new, nothing to record")
        f.write("list-2.jsonl", "".join(
            json.dumps({"psk": base64.b64encode(key(n)).decode(),
                        "endpoint": f"urn:imei:{350000000000000 + n}",
                        "pskIdentity": f"dev-{n}"}) + "\n"
            for n in range(2490, 2510)))
        equal(f.summary("list-2.jsonl", "--key-encoding", "base64"),
              (20, 10, 10, 0))

        ran = f.tool("psk", "list", "--ledger", "ledger.db", "--format",
                     "json")
        equal(json.loads(ran.out), {"collection": "module-vendor-q3",
                                    "master": "seal-2026", "count": 2510})
        within("2510", f.tool("psk", "list", "--ledger", "ledger.db").out)
        equal(f.tool("psk", "list", "--ledger", "ledger.db", "--format",
                     "csv").out.splitlines(),
              ["collection,master,count",
               '"module-vendor-q3","seal-2026",2510'])
        equal(f.tool("audit", "verify", "--ledger", "ledger.db").code, 0)
        equal(mode(f.path("ledger.db")), 0o600)


@story
def many_and_killed():
    """50,000 rows, killed in the middle: run again, each is there once."""
    rows = 50000
    with Depot() as f:
        f.write("list.csv", HEAD + "".join(row(n) for n in range(rows)))
        with subprocess.Popen(
                [TOOL, "psk", "import", *COLLECTION, *f.token, "list.csv"],
                cwd=f.dir, env=f.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tool:
            while tool.poll() is None and f.count() < 3000:
                time.sleep(0.01)
            tool.send_signal(signal.SIGKILL)
            tool.wait()
        f.no_key_anywhere()  # in what a crash leaves, too
        there = f.count()
        assert 3000 <= there < rows, there
        equal(there % 1000, 0, "whole groups")
        equal(sum(e["new"] for e in f.events()), there)

        equal(f.summary("list.csv"), (rows, rows - there, there, 0))
        equal(f.rows("SELECT count(*), count(DISTINCT name), "
                     "count(DISTINCT endpoint) FROM secret"),
              [(rows, rows, rows)])
        equal(sum(e["new"] for e in f.events()), rows)
        equal(f.summary("list.csv"), (rows, 0, rows, 0))
        equal(f.tool("audit", "verify", "--ledger", "ledger.db").code, 0)


@story
def token_away():
    """The token goes away in the middle: what was committed stays."""
    with Depot() as f:
        f.write("list.csv", HEAD + "".join(row(n) for n in range(2500)))
        token, f.token = f.token, ["--module", os.environ["P11SHIM"],
                                   *f.token[2:]]
        f.env.update(P11SHIM_MODULE=f.module, P11SHIM_CTL=f.path("faults"))
        # one for the check value, then a thousand and a half of keys
        f.write("faults", "C_Sign 0x0 1500 0\nC_Sign 0x30 -1 0\n")
        ran = f.load("list.csv")
        failed(ran, 69, "CKR_DEVICE_ERROR", "run the same command again")
        within("1500 rows, 1000 new, 0 there already", ran.out)
        equal((f.count(), len(f.events())), (1000, 1))
        f.token = token
        equal(f.summary("list.csv"), (2500, 1500, 1000, 0))


@story
def another_key():
    """A key that is there stays; another one for it is a finding."""
    with Depot() as f:
        f.write("list.csv", HEAD + row(1) + row(2))
        equal(f.summary("list.csv"), (2, 2, 0, 0))
        other = f"urn:imei:350000000000001,dev-1,{key(99).hex()}\n"
        moved = f"urn:imei:350000000000009,dev-2,{key(2).hex()}\n"
        f.write("list-2.csv", HEAD + row(3) + other + moved + row(4))
        ran = f.load("list-2.csv")
        equal(ran.code, 65, ran)
        within("list-2.csv:3: conflict: this identity is there with another "
               "key", ran.err)
        within("--epoch", ran.err)
        within("list-2.csv:4: conflict: this identity is there for another "
               "endpoint", ran.err)
        within("4 rows, 2 new, 0 there already, 2 with findings", ran.out)
        # what was there is as it was
        f.write("list-3.csv", HEAD + "".join(row(n) for n in (1, 2, 3, 4)))
        equal(f.summary("list-3.csv"), (4, 0, 4, 0))
        # a new epoch, or another collection, has room for it
        f.write("list-4.csv", HEAD + other)
        equal(f.summary("list-4.csv", "--epoch", "2"), (1, 1, 0, 0))

        # the same within one list, before any of it is committed
        f.write("list-5.csv", HEAD + row(5) + row(5) +
                f"urn:imei:350000000000005,dev-5,{key(98).hex()}\n" +
                f"urn:imei:350000000000006,dev-5,{key(5).hex()}\n" + row(6))
        ran = f.load("list-5.csv")
        equal(ran.code, 65, ran)
        within("list-5.csv:4: conflict", ran.err)
        within("list-5.csv:5: conflict", ran.err)
        within("5 rows, 2 new, 1 there already, 2 with findings", ran.out)
        equal(f.count(), 7)


@story
def bad_lines():
    """A bad line is a finding with its place; the others go in."""
    with Depot() as f:
        f.write("list.csv", HEAD + row(1) +
                f"ep,id,{key(2).hex()[:-1]}\n" +  # line 3
                f"ep,id,{key(3).hex()[:20]}\n" +
                f"ep,id,{base64.b64encode(key(4)).decode()}\n" +
                f"{key(5).hex()},ep\n" +
                f",,{key(6).hex()}\n" +
                f"ep,\"id,{key(7).hex()}\n" +
                f" ep,id,{key(8).hex()}\n" +
                "ep,id,\n" +
                # columns that are shifted: a key where the name belongs
                f"{key(9, 64).hex() * 2},ep,id\n" +
                row(2))
        ran = f.load("list.csv")
        equal(ran.code, 65, ran)
        places = [line.split(": ")[0] for line in ran.err.splitlines()]
        equal(places, [f"list.csv:{n}" for n in range(3, 12)], ran)
        for line in ran.err.splitlines():
            within("; ", line)
        within("11 rows, 2 new, 0 there already, 9 with findings", ran.out)
        equal(f.count(), 2)

        ran = f.load("--max-findings", "2", "list.csv")
        equal(ran.code, 65, ran)
        equal(len(ran.err.splitlines()), 3, ran)
        within("list.csv: and 7 findings more", ran.err)
        # looked through, it gives the same
        ran = f.tool("psk", "import", "--check", "--format", "json",
                     "list.csv")
        equal(ran.code, 65, ran)
        equal(json.loads(ran.out), {"file": "list.csv", "checked_only": True,
                                    "rows": 11, "findings": 9})


@story
def unusable_lists():
    """A list that is none is refused as a whole, and nothing of it printed."""
    with Depot() as f:
        f.write("list-1.csv", row(1) + row(2))
        ran = f.load("list-1.csv")
        equal(ran.code, 65, ran)
        within("list-1.csv:1: no line of column names", ran.err)
        within('put "endpoint,identity,key" above', ran.err)
        f.write("list-2.txt", "")
        within("list-2.txt:1: it is empty", f.load("list-2.txt").err)
        failed_line = f.load("absent.csv")
        failed(failed_line, 74, "absent.csv")
        failed(f.load("."), 74, ".:")
        f.write("list-3.csv", '{"endpoint":"e"}')
        equal(f.load("list-3.csv").code, 65)
        ran = f.load("list-3.csv", "--input-format", "jsonl")
        within("list-3.csv:1: the key is missing", ran.err)
        # a name that a terminal would act on
        f.write("list\x1b[2J", HEAD + "e,i,x\n")
        ran = f.load("list\x1b[2J")
        within('"list\\u001b[2J":2: the key is not hex', ran.err)
        absent("\x1b", ran.err + ran.out)
        equal(f.count(), 0)


@story
def from_a_pipe():
    """A list comes through standard input, too."""
    with Depot() as f:
        lines = "".join(json.dumps({"ep": f"e-{n}", "key": key(n).hex()})
                        + "\r\n" for n in range(1500))
        done = subprocess.run(
            [TOOL, "psk", "import", *COLLECTION, *f.token, "-"], cwd=f.dir,
            env=f.env, input=(lines + '{"ep":"x"}\n').encode(), timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        equal(done.returncode, 65, done)
        equal(done.stderr.decode().split(": ")[0], "standard input:1501")
        within(b"1501 rows, 1500 new", done.stdout)
        equal(f.rows("SELECT name, endpoint FROM secrets WHERE "
                     "name = 'e-7'"), [("e-7", "e-7")])


@story
def another_sealing_key():
    """Another key under the label that the ledger knows is not worked with."""
    with Depot() as f, Factory() as other:
        equal(other.run("hsm", "keys", "make", *other.token,
                        "seal-2026").code, 0)
        f.write("list.csv", HEAD + row(1))
        args = ["psk", "import", "--collection", "c", "--seal", "seal-2026",
                "--ledger", f.path("ledger.db"), *other.token,
                f.path("list.csv")]
        failed(other.run(*args), 78, "not the same key", "backup")
        equal((f.count(), f.events()), (0, []))

        # sealed by one token, a row is not opened by another: with a ledger
        # that does not know better, each is a finding and stays
        equal(f.summary("list.csv"), (1, 1, 0, 0))
        ran = other.run("hsm", "keys", "make", *other.token, "seal-2027")
        equal(ran.code, 0, ran)
        args[3] = "module-vendor-q3"
        args[5] = "seal-2027"
        ran = other.run(*args)
        f.said += ran.out + ran.err
        equal(ran.code, 65, ran)
        within("does not open here", ran.err)
        equal(f.count(), 1)
        equal(f.summary("list.csv"), (1, 0, 1, 0))


@story
def what_is_missing():
    """What the verb cannot do without is asked for; a check needs none."""
    with Depot() as f:
        f.write("list.csv", HEAD + row(1))
        for left_out in (0, 2):
            args = COLLECTION[:left_out] + COLLECTION[left_out + 2:]
            failed(f.tool("psk", "import", *args, *f.token, "list.csv"), 64,
                   COLLECTION[left_out])
        failed(f.tool("psk", "import", *COLLECTION, "list.csv"), 64,
               "--module")
        failed(f.tool("psk", "import", *COLLECTION, *f.token), 64, "FILE")
        # a name that belongs to keys made at random
        for name in ("random/101", "a b", "x" * 65):
            failed(f.tool("psk", "import", "--collection", name, "--seal",
                          "seal-2026", "--ledger", "ledger.db", *f.token,
                          "list.csv"), 64, "--collection")
        failed(f.tool("psk", "import", "--collection", "c", "--seal",
                      "never-made", "--ledger", "ledger.db", *f.token,
                      "list.csv"), 69, "never-made", "hsm keys make")
        equal(f.count(), 0)
    with Factory(token=False) as f:
        f.write("list.csv", HEAD + row(1))
        equal(f.run("psk", "import", "--check", "list.csv").code, 0)
        equal(sorted(os.listdir(f.dir)), ["list.csv", "policies.yaml"])
        failed(f.run("psk", "list", "--ledger", "none.db"), 74, "none.db")


tell()
