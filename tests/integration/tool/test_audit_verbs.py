"""The ledger read, and a ledger that somebody wrote to."""
import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess

from factory import (Factory, Skip, absent, equal, failed, story, tell,
                     within)

COUNT = 6


@contextlib.contextmanager
def ledger():
    """A factory whose ledger has COUNT rows: images of lab devices."""
    with Factory(token=False) as f:
        f.token = []
        for i in range(1, COUNT + 1):
            ran = f.build("--ledger", "l.db", identity="lab-bench",
                          endpoint=f"lab-{i % 3}", uri="coap://lab")
            equal(ran.code, 0, ran)
        yield f


def seqs(ran):
    equal(ran.code, 0, ran)
    return [json.loads(line)["seq"] for line in ran.out.splitlines()]


def rewrite(f, *statements):
    """Change the file behind the triggers' back, as an attacker would."""
    with f.sqlite("l.db") as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master "
                              "WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)


@story
def chosen_rows():
    """Rows are chosen by endpoint, kind, number and count."""
    with ledger() as f:
        def ls(*args):
            return seqs(f.run("audit", "list", "--ledger", "l.db",
                              "--format", "json", *args))

        equal(ls(), [1, 2, 3, 4, 5, 6])
        equal(ls("--endpoint", "lab-1"), [1, 4])
        equal(ls("--endpoint", "lab-%"), [])
        equal(ls("--kind", "image_minted"), [1, 2, 3, 4, 5, 6])
        equal(ls("--kind", "bootstrap_end"), [])
        equal(ls("--since", "4"), [4, 5, 6])
        equal(ls("--limit", "2"), [5, 6])
        equal(ls("--limit", "9"), [1, 2, 3, 4, 5, 6])
        equal(ls("--since", "2", "--limit", "2"), [2, 3])
        equal(ls("--since", "7"), [])
        equal(ls("--endpoint", "lab-2", "--limit", "1"), [5])


@story
def three_forms():
    """The same rows as text, JSON and CSV."""
    with ledger() as f:
        def ls(form):
            ran = f.run("audit", "list", "--ledger", "l.db", "--format", form)
            equal(ran.code, 0, ran)
            return ran

        rows = [json.loads(line) for line in ls("json").out.splitlines()]
        table = list(csv.DictReader(io.StringIO(ls("csv").raw.decode(),
                                                newline="")))
        text = ls("text").out.splitlines()
        equal(len(rows), COUNT)
        equal(len(table), COUNT)
        equal(len(text), COUNT)
        for row, cells, line in zip(rows, table, text):
            equal(int(cells["seq"]), row["seq"])
            for name in ("time", "kind", "endpoint", "hash"):
                equal(cells[name], row[name])
            assert re.match(rf"{row['seq']}  {row['time']}  image_minted  "
                            rf'"{row["endpoint"]}"  identity=lab-bench', line)
            # escaped once more as text of CSV is
            equal(json.loads(json.loads('"' + cells["data"] + '"')),
                  row["data"])
            within(f"sha256={row['data']['sha256']}", line)


@story
def one_row():
    """One row whole, with its hash."""
    with ledger() as f:
        ran = f.run("audit", "show", "3", "--ledger", "l.db")
        equal(ran.code, 0, ran)
        row = json.loads(f.run("audit", "show", "3", "--ledger", "l.db",
                               "--format", "json").out)
        equal(row["seq"], 3)
        for value in (row["time"], row["hash"], row["data"]["sha256"]):
            within(value, ran.out)
        failed(f.run("audit", "show", "7", "--ledger", "l.db"), 65, '"7"')
        for wrong in ("0", "-1", "x", "1e3", "18446744073709551616"):
            failed(f.run("audit", "show", "--ledger", "l.db", "--", wrong),
                   64, "32 hex digits")
        failed(f.run("audit", "show", "--ledger", "l.db"), 64, "missing")


@story
def one_session():
    """All rows of one bootstrap, in order, as its story."""
    with ledger() as f:
        session = "0123456789abcdef0123456789abcdef"
        # rows of a bootstrap, as the daemon would have written them; that
        # their hashes do not fit is no matter of `show`
        kinds = ("bootstrap_begin", "credential_issued", "bootstrap_end")
        rewrite(f, *(
            f"INSERT INTO event SELECT {COUNT + 1 + i}, {1000000 + 1500 * i}, "
            f"'{kind}', x'{session}', 'lab-1', NULL, "
            f"'{{\"outcome\":\"ok\",\"n\":{i}}}', zeroblob(32)"
            for i, kind in enumerate(kinds)))
        for asked in (session, session.upper()):
            ran = f.run("audit", "show", asked, "--ledger", "l.db")
            equal(ran.code, 0, ran)
            heads = [l for l in ran.out.splitlines() if l.startswith("row ")]
            equal([h.split()[-1] for h in heads], list(kinds))
            within("+0.000 s", heads[0])
            within("+1.500 s", heads[1])
            within("+3.000 s", heads[2])
        failed(f.run("audit", "show", "f" * 32, "--ledger", "l.db"), 65)


@story
def whole_chain():
    """A whole chain: rows and head, exit 0."""
    with ledger() as f:
        ran = f.run("audit", "verify", "--ledger", "l.db")
        equal(ran.code, 0, ran)
        last = json.loads(f.run("audit", "list", "--ledger", "l.db",
                                "--limit", "1", "--format", "json").out)
        within(f"{COUNT} rows, chain whole, head {last['hash']}", ran.out)
        equal(ran.err, "", "no progress bar where there is no terminal")
        ran = f.run("audit", "verify", "--ledger", "l.db", "--format", "json")
        verdict = json.loads(ran.out)
        verdict.pop("text")
        equal(verdict, {"ok": True, "rows": COUNT, "bad_seq": 0,
                        "altered": False, "head": last["hash"]})


@story
def tampered():
    """A row changed, taken out or put in: named, exit 65."""
    for what, statement, bad in (
            ("changed", "UPDATE event SET endpoint = 'lab-9' WHERE seq = 4",
             4),
            ("data", "UPDATE event SET data = json_set(data, '$.epoch', 7) "
             "WHERE seq = 1", 1),
            ("time", "UPDATE event SET time_ms = time_ms + 1 WHERE seq = 6",
             6),
            ("taken out", "DELETE FROM event WHERE seq = 3", None),
            ("put in", "INSERT INTO event SELECT 7, time_ms, kind, session, "
             "endpoint, endpoint_raw, data, hash FROM event WHERE seq = 6",
             7)):
        with ledger() as f:
            rewrite(f, statement)
            ran = f.run("audit", "verify", "--ledger", "l.db")
            failed(ran, 65, "does not fit" if bad is None else f"row {bad} ")
            equal(ran.out, "", what)
            ran = f.run("audit", "verify", "--ledger", "l.db", "--format",
                        "json")
            verdict = json.loads(ran.out)
            equal((ran.code, verdict["ok"]), (65, False), what)
            assert verdict["bad_seq"] in ((3, 4) if bad is None else (bad,))


@story
def altered_beside():
    """Rows that hold and a table beside them that does not: exit 65."""
    with ledger() as f:
        with f.sqlite("l.db") as db:
            db.execute("UPDATE device SET minted_seq = 1")
        ran = f.run("audit", "verify", "--ledger", "l.db")
        failed(ran, 65, "the chain holds, but")


@story
def hostile_rows():
    """A ledger written by somebody else cannot write to the terminal."""
    with ledger() as f:
        evil = "x'1b5b324a7f07e280ae'"
        rewrite(
            f, "PRAGMA ignore_check_constraints = ON",
            "DROP INDEX event_unit",
            f"UPDATE event SET endpoint = CAST({evil} AS TEXT) WHERE seq = 1",
            f"UPDATE event SET kind = CAST({evil} AS TEXT) WHERE seq = 2",
            f"UPDATE event SET data = '{{\"a\":\"' || CAST({evil} AS TEXT) "
            "|| '\"}' WHERE seq = 3",
            "UPDATE event SET data = 'no JSON {' WHERE seq = 4",
            "UPDATE event SET data = '{\"a\":\"b\"} trailing' WHERE seq = 5",
            "UPDATE event SET endpoint = '=HYPERLINK(\"x\")' WHERE seq = 6")
        for verb in (("list",), ("list", "--format", "json"),
                     ("list", "--format", "csv"), ("verify",),
                     *(("show", str(n)) for n in range(1, 7))):
            ran = f.run("audit", *verb, "--ledger", "l.db")
            assert ran.code in (0, 65), ran
            for mark in ("\x1b", "\x07", "\x7f", "\u202e"):
                absent(mark, ran.out + ran.err)
            if "json" in verb:
                rows = [json.loads(l) for l in ran.out.splitlines()]
                equal(len(rows), COUNT)
                equal(rows[3]["data"], "no JSON {")
            if "csv" in verb:
                # a spreadsheet sees text, no formula
                within('"\\u003dHYPERLINK(\\""x\\"")"', ran.out)


@story
def not_a_ledger():
    """What is no ledger, or is not there, is said."""
    with Factory(token=False) as f:
        for verb in (("list",), ("show", "1"), ("verify",)):
            failed(f.run("audit", *verb, "--ledger", "none.db"), 74,
                   '"none.db"')
            assert not os.path.exists(f.path("none.db"))
            failed(f.run("audit", *verb, "--ledger", "policies.yaml"), 65,
                   "policies.yaml")
        failed(f.run("audit", "list"), 64, "--ledger FILE is missing")


@story
def reader_gone():
    """A reader that has seen enough (head) is no error."""
    with ledger() as f:
        if not shutil.which("bash"):
            raise Skip("no bash")
        done = subprocess.run(
            ["bash", "-c", '"$TOOL" audit list --ledger l.db | true; '
             'echo "${PIPESTATUS[0]}"'], cwd=f.dir, env=f.env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        equal(done.stdout, b"0\n")
        equal(done.stderr, b"")


if __name__ == "__main__":
    tell()
