"""Stations and their ledgers: each comes into the central one, once, whole."""
import contextlib
import hashlib
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import time

from factory import (Factory, absent, equal, failed, story, tell, within)


@contextlib.contextmanager
def plant():
    """Two stations that have minted, and a central ledger that knows neither."""
    with Factory(token=False) as f:
        f.token = []
        mint(f, "central.db", "lab-0")
        for i in range(3):
            mint(f, "one.db", f"lab-1{i}")
        yield f


def mint(f, ledger, endpoint):
    ran = f.build("--ledger", ledger, identity="lab-bench", endpoint=endpoint,
                  uri="coap://lab")
    equal(ran.code, 0, ran)


def merge(f, ledger="one.db", *more, into="central.db", station="line-1",
          **how):
    named = ["--station", station] if station else []
    return f.run("audit", "merge", ledger, "--into", into, *named, *more, **how)


def merged(f, ledger="one.db", **how):
    ran = merge(f, ledger, "--format", "json", **how)
    equal(ran.code, 0, ran)
    return json.loads(ran.out)


def count(f, name="central.db"):
    with f.sqlite(name) as db:
        return db.execute("SELECT count(*) FROM event").fetchone()[0]


def verify(f, name="central.db"):
    return f.run("audit", "verify", "--ledger", name)


def rewrite(f, name, *statements):
    """Change the file behind the triggers' back, as an attacker would."""
    with f.sqlite(name) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master "
                              "WHERE type = 'trigger'").fetchall()
        for trigger, _ in triggers:
            db.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)


def chain(f, name, rows, first=1, previous=bytes(32)):
    """Rows written by somebody else's program: the form is ledger.h's."""
    def counted(b):
        return struct.pack(">I", len(b)) + b

    with f.sqlite(name) as db:
        db.execute("BEGIN")
        for seq, (kind, endpoint, data) in enumerate(rows, first):
            text = json.dumps(data, separators=(",", ":"))
            ms = 1790000000000 + seq
            previous = hashlib.sha256(
                b"bootstrapd-ledger-1\0" + previous +
                struct.pack(">QQ", seq, ms) + counted(kind.encode()) +
                counted(b"") + counted((endpoint or "").encode()) +
                counted(text.encode())).digest()
            db.execute("INSERT INTO event (seq, time_ms, kind, endpoint, data, "
                       "hash) VALUES (?, ?, ?, ?, ?, ?)",
                       (seq, ms, kind, endpoint, text, previous))
        db.execute("COMMIT")


def empty(f, name):
    """A ledger without a row."""
    mint(f, "model.db", "lab-m")
    shutil.copy(f.path("model.db"), f.path(name))
    with contextlib.suppress(FileNotFoundError):
        shutil.copy(f.path("model.db-wal"), f.path(name + "-wal"))
    rewrite(f, name, "DELETE FROM event", "DELETE FROM device")


@story
def into_the_central_one():
    """Rows of a station are rows of the central ledger, views and all."""
    with plant() as f:
        ran = merge(f)
        equal(ran.code, 0, ran)
        for word in ("line-1", "3 rows, of 3", "minted       3", "row 5"):
            within(word, ran.out)
        within("5 rows, chain whole", verify(f).out)
        rows = [json.loads(line) for line in f.run(
            "audit", "list", "--ledger", "central.db", "--format",
            "json").out.splitlines()]
        equal([r["kind"] for r in rows], ["image_minted"] * 4 +
              ["station_merged"])
        equal([r["endpoint"] for r in rows[1:4]], ["lab-10", "lab-11",
                                                   "lab-12"])
        equal([r["data"]["station_seq"] for r in rows[1:4]], [1, 2, 3])
        with f.sqlite("one.db") as db:
            there = db.execute(
                "SELECT time_ms, lower(hex(hash)) FROM event").fetchall()
        equal([(r["data"]["station_time_ms"], r["data"]["station_hash"])
               for r in rows[1:4]], there)
        equal(rows[4]["data"]["head"], there[2][1])
        equal(rows[4]["data"]["ledger"], there[0][1])
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT station, rows, head FROM stations"
                             ).fetchall(), [("line-1", 3, there[2][1])])
            equal(db.execute("SELECT count(*) FROM devices").fetchone(), (4,))
            equal(db.execute(
                "SELECT count(*) FROM devices WHERE minted = (SELECT strftime("
                "'%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch')) AND endpoint "
                "= 'lab-10'", (there[0][0],)).fetchone(), (1,))


@story
def again():
    """A second merge adds nothing, and a later one what is new."""
    with plant() as f:
        equal(merged(f)["added"], 3)
        before = count(f)
        ran = merged(f)
        equal((ran["added"], ran["rows"]), (0, 3))
        equal(count(f), before)
        mint(f, "one.db", "lab-13")
        ran = merged(f)
        equal((ran["added"], ran["rows"], ran["minted"]), (1, 4, 1))
        equal(count(f), before + 2)
        # another station's rows between them
        mint(f, "two.db", "lab-20")
        equal(merged(f, "two.db", station="line-2")["added"], 1)
        mint(f, "one.db", "lab-14")
        equal(merged(f)["added"], 1)
        equal(verify(f).code, 0)
        # the name is in its rows, for whoever writes them there
        empty(f, "three.db")
        chain(f, "three.db", [
            ("image_minted", "lab-30", {"format": "json"}),
            ("unit_flashed", "lab-30", {"station": "line-3"})])
        equal(merged(f, "three.db", station=None)["station"], "line-3")
        failed(merge(f, "three.db", station="line-1"), 65, "says line-3")


@story
def not_as_its_own():
    """What a station says of its token and programs moves nothing here."""
    with plant() as f:
        empty(f, "s.db")
        chain(f, "s.db", [
            ("key_check", None, {"label": "bootstrap-2026",
                                 "kcv": "00000000"}),
            ("order_opened", None, {"order": "WO-1", "revision": 9,
                                    "sha256": "00"}),
            ("merged", None, {"station": "line-9", "ledger": "00",
                              "rows": 5, "head": "00", "last_ms": 0}),
            ("policies_loaded", None, {"policy_set": "ab"}),
            ("image_minted", "lab-50", {"fingerprint": "0a"}),
            ("credential_revoked", "lab-50", {"fingerprint": "0a"})])
        ran = merged(f, "s.db", station="line-9")
        equal((ran["added"], ran["revoked"]), (6, 1))
        equal(verify(f).code, 0, verify(f))
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT kind FROM event WHERE seq > 1"
                             ).fetchall(),
                  [("at_station_key_check",), ("at_station_order_opened",),
                   ("at_station_merged",), ("at_station_policies_loaded",),
                   ("image_minted",), ("credential_revoked",),
                   ("station_merged",)])
            equal(db.execute("SELECT count(*) FROM keys").fetchone(), (0,))
        equal(merged(f, "s.db", station="line-9")["added"], 0)


@story
def taken_back_by_others():
    """A station takes back what it has minted, and nothing of another's."""
    with plant() as f:
        ca, key = "0a" * 20, "cc" * 32
        empty(f, "two.db")
        chain(f, "two.db", [("image_minted", "lab-70", {
            "fingerprint": "2222", "serial": ca, "issuer_key": key})])
        equal(merged(f, "two.db", station="line-2")["minted"], 1)
        mine = {"fingerprint": "9999", "serial": "0b", "issuer_key": key}
        empty(f, "s.db")
        chain(f, "s.db", [
            ("image_minted", "lab-90", mine),
            ("credential_revoked", "lab-90", mine),
            # the other's by its name, key, certificate, and in disguise
            ("credential_revoked", "lab-70", {"fingerprint": "2222"}),
            ("credential_revoked", "lab-90", {"fingerprint": "2222"}),
            ("credential_revoked", None, {"serial": ca}),
            ("credential_revoked", "lab-90", {**mine, "serial": ca}),
            ("credential_revoked", "lab-90", {"serial": "0b"}),
            ("credential_revoked", "lab-70", mine),
            ("image_minted", "lab-91", {
                "fingerprint": "2222", "serial": ca, "issuer_key": key}),
            ("credential_revoked", "lab-91", {"fingerprint": "2222"}),
            ("image_minted", "lab-92", {
                "fingerprint": "77", "serial": ca, "issuer_key": key}),
            ("credential_revoked", "lab-92", {
                "fingerprint": "77", "serial": ca, "issuer_key": key}),
            ("credential_revoked", "lab-90", {})])
        ran = merge(f, "s.db", "--format", "json", station="line-9")
        failed(ran, 65, "row 3 of station line-9", "row 13 of station line-9",
               "pki revoke")
        ran = json.loads(ran.out)
        equal((ran["added"], ran["revoked"], ran["foreign"]), (13, 1, 9))
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT endpoint, data ->> 'fingerprint' FROM "
                             "event WHERE kind = 'credential_revoked'"
                             ).fetchall(), [("lab-90", "9999")])
            equal(db.execute("SELECT count(*) FROM event WHERE kind = "
                             "'at_station_credential_revoked'").fetchone(),
                  (9,))
        equal(verify(f).code, 0, verify(f))


@story
def units_of_others():
    """What a station says of another's unit moves no quota."""
    with plant() as f:
        order = {"order": "WO-1", "station": "line-2"}
        empty(f, "two.db")
        chain(f, "two.db", [
            ("image_minted", "lab-70", {"fingerprint": "22", **order}),
            ("image_minted", "lab-71", {"fingerprint": "23", **order}),
            ("unit_scrapped", "lab-71", order)])
        merged(f, "two.db", station="line-2")
        mine = {"order": "WO-1", "station": "line-9"}
        empty(f, "s.db")
        chain(f, "s.db", [
            ("image_minted", "lab-90", {"fingerprint": "99", **mine}),
            ("unit_scrapped", "lab-70", mine),
            # nor by minting it, too
            ("image_minted", "lab-70", {"fingerprint": "98", **mine}),
            ("unit_scrapped", "lab-70", mine),
            ("unit_scrapped", "lab-90", mine)])
        ran = merge(f, "s.db", "--format", "json", station="line-9")
        failed(ran, 65, "row 2 of station line-9", "not this station's unit",
               "row 4 of station line-9")
        equal(json.loads(ran.out)["foreign"], 2)
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT station, units, scrapped FROM "
                             "order_count ORDER BY station").fetchall(),
                  [("line-2", 2, 1), ("line-9", 1, 1)])
        equal(verify(f).code, 0, verify(f))


@story
def minted_twice():
    """Two stations on one endpoint: both stay, and both are named."""
    with plant() as f:
        mint(f, "two.db", "lab-11")
        mint(f, "two.db", "lab-0")
        mint(f, "two.db", "lab-21")
        equal(merged(f)["twice"], 0)
        ran = merge(f, "two.db", station="line-2")
        failed(ran, 65, 'row 1 of station line-2: "lab-11" is minted already, '
               "in row 3 of station line-1", '"lab-0" is minted already, in '
               "row 1:")
        absent("lab-21", ran.err)
        within("3 rows, of 3", ran.out)
        equal(count(f), 9)
        equal(verify(f).code, 0)
        # said once: by then it is for audit reconcile
        equal(merged(f, "two.db", station="line-2")["twice"], 0)
        # that it is the same once more excuses nobody
        empty(f, "a.db")
        chain(f, "a.db", [("image_minted", "lab-21", {
            "fingerprint": "66", "again": True})])
        failed(merge(f, "a.db", station="line-6"), 65, "lab-21",
               "of station line-2")
        # out of a buffer that nobody here has filled
        empty(f, "s.db")
        chain(f, "s.db", [("image_minted", "lab-40", {
            "fingerprint": "00", "buffer": "b"})])
        failed(merge(f, "s.db", station="line-4"), 65, "lab-40",
               "reserved in none")


@story
def tampered_at_the_station():
    """A station's ledger that somebody wrote to is not merged."""
    with plant() as f:
        shutil.copy(f.path("one.db"), f.path("good.db"))
        for statement, words in (
                ("UPDATE event SET endpoint = 'lab-99' WHERE seq = 2",
                 ["row 2"]),
                ("UPDATE event SET time_ms = 0 WHERE seq = 3", ["row 3"]),
                ("DELETE FROM event WHERE seq = 1", ["row 1 is missing"]),
                ("UPDATE device SET attempts = 7", ["inconsistencies"])):
            shutil.copy(f.path("good.db"), f.path("bad.db"))
            rewrite(f, "bad.db", statement)
            before = count(f)
            failed(merge(f, "bad.db"), 65, "bad.db", *words)
            equal(count(f), before)
        equal(merged(f, "good.db")["added"], 3)


@story
def tampered_in_the_central_one():
    """What is done to a station's row afterwards is found by number."""
    with plant() as f:
        merged(f)
        equal(verify(f).code, 0)
        shutil.copy(f.path("central.db"), f.path("good.db"))
        for statement in (
                "UPDATE event SET endpoint = 'lab-99' WHERE seq = 3",
                "UPDATE event SET data = replace(data, 'lab-bench', 'x') "
                "WHERE seq = 3",
                "UPDATE event SET data = replace(data, 'station_seq\":2', "
                "'station_seq\":1') WHERE seq = 3"):
            shutil.copy(f.path("good.db"), f.path("bad.db"))
            rewrite(f, "bad.db", statement)
            failed(verify(f, "bad.db"), 65, "row 3")


@story
def wrong_ledgers():
    """Itself, a fork, an older copy, another's name: refused, and said why."""
    with plant() as f:
        shutil.copy(f.path("one.db"), f.path("older.db"))
        mint(f, "one.db", "lab-13")
        merged(f)
        shutil.copy(f.path("older.db"), f.path("fork.db"))
        mint(f, "fork.db", "lab-14")
        mint(f, "other.db", "lab-15")
        shutil.copy(f.path("central.db"), f.path("copy.db"))
        os.symlink("central.db", f.path("link.db"))
        f.write("text.db", "this is no ledger\n" * 100)
        empty(f, "empty.db")
        empty(f, "daemon.db")
        chain(f, "daemon.db", [("bootstrap_begin", "lab-1", {})])
        empty(f, "twin.db")
        chain(f, "twin.db", [("x", None, {"station": "a b"})])
        before = count(f)
        for ledger, how, code, words in (
                ("central.db", {}, 64, ["into itself"]),
                ("link.db", {}, 64, ["into itself"]),
                ("copy.db", {}, 65, ["not the ledger of a station",
                                     "station_merged"]),
                ("daemon.db", {}, 65, ["bootstrap_begin"]),
                ("older.db", {}, 65, ["has 3 rows, and 4", "older copy"]),
                ("fork.db", {}, 65, ["row 4 of", "not the one that was"]),
                ("other.db", {}, 65, ["another ledger than that of station "
                                      "line-1"]),
                ("one.db", {"station": "line-7"}, 65,
                 ["merged as that of station line-1"]),
                ("one.db", {"station": "line 1"}, 64, ["--station"]),
                ("one.db", {"station": None}, 64, ["give --station"]),
                ("one.db", {"into": "nowhere.db"}, 74, ["no ledger"]),
                ("nowhere.db", {}, 74, ["no ledger"]),
                ("text.db", {}, 65, ["text.db"]),
                ("empty.db", {}, 65, ["is empty"]),
                ("twin.db", {"station": None}, 65, ["no name of one"])):
            failed(merge(f, ledger, **how), code, *words)
        equal(count(f), before)
        assert not os.path.exists(f.path("nowhere.db"))
        # into a fresh ledger by way of a copy of its own
        shutil.copy(f.path("one.db"), f.path("self.db"))
        failed(merge(f, into="self.db"), 65, "begin with the same row")


@story
def killed():
    """Killed anywhere, and merged again: every row once, in its order."""
    with plant() as f:
        empty(f, "many.db")
        total = 24000
        chain(f, "many.db", [("image_minted", f"m-{i}", {
            "identity": "factory", "epoch": 1}) for i in range(total)])
        rewrite(f, "many.db",
                "INSERT INTO device (endpoint, endpoint_raw, minted_seq) "
                "SELECT endpoint, x'', seq FROM event WHERE NOT EXISTS "
                "(SELECT 1 FROM device AS d WHERE d.endpoint = event.endpoint)")
        kills = 0
        for _ in range(12):
            before = count(f)
            tool = subprocess.Popen(
                [os.environ["TOOL"], "audit", "merge", "many.db", "--into",
                 "central.db", "--station", "line-1"], cwd=f.dir, env=f.env,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            while tool.poll() is None and count(f) == before:
                pass
            if kills % 2:
                time.sleep(0.02)
            tool.kill()
            tool.communicate()
            kills += tool.returncode == -signal.SIGKILL
        assert kills > 3, kills
        merged(f, "many.db")
        equal(merged(f, "many.db")["added"], 0)
        with f.sqlite("central.db") as db:
            equal(db.execute(
                "SELECT count(*), count(DISTINCT data ->> 'station_seq'), "
                "max(data ->> 'station_seq') FROM event WHERE kind = "
                "'image_minted' AND data ->> 'station' = 'line-1'"
            ).fetchone(), (total, total, total))
        within("chain whole", verify(f).out)


@story
def two_at_once():
    """Two merges of one station at once: every row once."""
    with plant() as f:
        empty(f, "many.db")
        chain(f, "many.db", [("handshakes", None, {"n": i})
                             for i in range(9000)])
        tools = [subprocess.Popen(
            [os.environ["TOOL"], "audit", "merge", "many.db", "--into",
             "central.db", "--station", "line-1"], cwd=f.dir, env=f.env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        for tool in tools:
            out, err = tool.communicate()
            equal(tool.returncode, 0, (out, err))
        with f.sqlite("central.db") as db:
            equal(db.execute("SELECT count(*) FROM event WHERE kind = "
                             "'at_station_handshakes'").fetchone(), (9000,))
        equal(verify(f).code, 0)


@story
def full_disk():
    """No room: what was merged holds, and the next run goes on."""
    with plant() as f:
        empty(f, "many.db")
        chain(f, "many.db", [("handshakes", None, {"n": "x" * 400})
                             for i in range(6000)])
        # an open reader keeps the shared memory file
        with f.sqlite("central.db") as db:
            db.execute("SELECT count(*) FROM event").fetchone()

            def small_files():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))

            ran = merge(f, "many.db", preexec_fn=small_files,
                        restore_signals=False)
            failed(ran, 74, "took no rows")
        equal(verify(f).code, 0)
        ran = merged(f, "many.db")
        equal(ran["rows"], 6000)
        assert 0 < ran["added"] < 6000, ran
        equal(verify(f).code, 0)


if __name__ == "__main__":
    tell()
