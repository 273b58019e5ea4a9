"""Policies are loaded again whole, or not at all; and each row says by which
of them it came about."""

import secrets
import signal

from coap_bytes import Stranger, bootstrap_request
from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, IDENTITY, NOSEC_IDENTITY,
                            NOSEC_POLICY, POLICY, World, derive, wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"
OTHER_URI = "coaps://eu2.lwm2m.example:5684"
BROKEN = POLICY.replace("lifetime: 1d", "lifetime: 1").replace(
    "short_server_id: 101", "short_server_id: 0").replace(
    "clean:", "cleen:")


def server_uri(device):
    found, = [s["uri"] for s in device.succeeded().results("security")
              if s["bootstrap"] == "false"]
    return found


@story("a broken set is refused with all its findings; the old one goes on")
def broken():
    with World() as world:
        world.start()
        before = world.status()["policies.set"]
        world.write_policy("policy.yaml", BROKEN)
        done = world.ctl("reload", code=65)
        expect_in("policy.yaml:", done.stdout, "the first finding")
        findings = world.logged("finding", "policy.yaml")
        for what in ("lifetime", "short_server_id", "cleen"):
            expect(any(what in f for f in findings),
                   f"no finding of {what}: {findings}")
        refused, = world.rows("policies_refused")
        expect(refused["data"]["findings"] >= 3, refused)
        expect_in("bootstrapctl uid", refused["data"]["by"], "by whom")
        expect_equal(world.status()["policies.set"], before, "set in force")
        expect_equal(server_uri(world.boot(world.mint_with(POLICY, EP))),
                     "coaps://eu1.lwm2m.example:5684", "what it still gives")


@story("SIGHUP does the same, and says so in the ledger")
def hangup():
    with World() as world:
        world.start()
        world.write_policy("policy.yaml", BROKEN)
        world.daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: world.rows("policies_refused"), "the refusal")
        world.write_policy("policy.yaml",
                           POLICY.replace("eu1.lwm2m", "eu2.lwm2m"))
        world.daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: len(world.rows("policies_loaded")) == 2,
                 "the new set")
        expect_equal(world.rows("policies_loaded")[1]["data"]["by"],
                     "SIGHUP", "by whom")
        expect_equal(server_uri(world.boot(world.mint(EP))), OTHER_URI,
                     "what is given now")


@story("a set whose master key is missing is refused: 69, and the command")
def missing_master():
    with World() as world:
        world.start()
        world.write_policy("policy.yaml",
                           POLICY.replace("fleet-2026", "fleet-2027"))
        done = world.ctl("reload", code=69)
        expect_in("provisioning-tool hsm keys make fleet-2027", done.stdout,
                  "remedy")
        world.tool("hsm", "keys", "make", *world.token_options(),
                   "fleet-2027")
        world.ctl("reload")
        world.boot(world.mint(EP)).succeeded()
        expect_equal(world.rows("credential_issued")[0]["data"]["master"],
                     "fleet-2027", "master of the key")


@story("a session that runs over a reload ends on the set it began with")
def session_over_reload():
    with World() as world:
        world.start()
        before = world.status()["policies.set"]
        device = world.boot(world.mint(EP), "late=400")
        wait_for(lambda: world.logged("command", "op=Discover"),
                 "the first command")
        world.write_policy("policy.yaml",
                           POLICY.replace("eu1.lwm2m", "eu2.lwm2m"))
        world.ctl("reload")
        after = world.status()["policies.set"]
        expect(after != before, "another set is in force")
        expect(not device.ended(), "the device is still at it")
        expect_equal(server_uri(device), "coaps://eu1.lwm2m.example:5684",
                     "what it was given")
        device = world.boot(world.mint(EP))
        expect_equal(server_uri(device), OTHER_URI, "what the next one gets")
        attempts = world.settled()
        expect_equal([a["outcome"] for a in attempts], ["ok", "ok"],
                     "outcomes")
        expect_equal([a["policy_set"] for a in attempts], [before, after],
                     "the sets they were given")


# Only with keys that it has no use for does this device end well.
MENDED = POLICY + "correction: {device: {empty_keys: true}}\n"


@story("the correction after Finish is that of the set it began with, too")
def correction_over_reload():
    with World({"identity.yaml": IDENTITY, "policy.yaml": MENDED}) as world:
        world.start()
        before = world.status()["policies.set"]
        device = world.boot(world.mint(EP), "needs-empty-keys,late=300")
        wait_for(lambda: world.logged("command", "op=Discover"),
                 "the first command")
        world.write_policy("policy.yaml",
                           POLICY.replace("eu1.lwm2m", "eu2.lwm2m"))
        world.ctl("reload")
        status = world.status()
        expect(status["policies.set"] != before, "another set is in force")
        expect_equal(status["policies.sessions_on_older_sets"], 1,
                     "sessions that go on with the other")
        expect_equal(server_uri(device), "coaps://eu1.lwm2m.example:5684",
                     "what it was given")
        attempt, = world.settled()
        expect_equal((attempt["outcome"], attempt["policy_set"]),
                     ("ok", before), "how it ended, by which set")
        end, = world.rows("bootstrap_end")
        expect_equal(end["data"]["policy_set"], before, "the ending's set")
        wait_for(lambda: world.status()["policies.sessions_on_older_sets"]
                 == 0, "none to go on with the other")
        # without the correction the same device comes to no good end
        world.boot(world.mint(EP), "needs-empty-keys")
        wait_for(lambda: len(world.attempts()) == 2, "it to come again")
        expect_equal(world.settled()[1]["outcome"], "failed", "the outcome")


@story("an error in one of many files: the old set stays, and status says why")
def one_of_many():
    with World() as world:
        for n in range(40):
            world.write_policy(f"{n:02}.yaml", POLICY.replace(
                "policy: meters", f"policy: meters-{n}\norder: {n}").replace(
                "match:", f'match:\n  endpoint: "{DOMAIN}-{n:02}-*"'))
        world.start()
        before = world.status()
        expect("policies.refused" not in before, "nothing was refused yet")
        world.write_policy("17.yaml", BROKEN)
        world.write_policy("policy.yaml",
                           POLICY.replace("eu1.lwm2m", "eu2.lwm2m"))
        world.ctl("reload", code=65)
        status = world.status()
        for key in ("set", "loaded", "loaded_by", "policies"):
            expect_equal(status[f"policies.{key}"], before[f"policies.{key}"],
                         key)
        expect_in("17.yaml:", status["policies.refused_first"], "the first")
        expect(status["policies.refused_findings"] >= 3, status)
        expect_in("bootstrapctl uid", status["policies.refused_by"], "by whom")
        refused, = world.rows("policies_refused")
        expect_equal(refused["data"]["first"],
                     status["policies.refused_first"], "on record")
        expect_equal(refused["data"]["policy_set"], before["policies.set"],
                     "the set that stays in force")
        # not even the file that has no error
        expect_equal(server_uri(world.boot(world.mint_with(POLICY, EP))),
                     "coaps://eu1.lwm2m.example:5684", "what it still gives")
        (world.dir / "policies.d/17.yaml").unlink()
        world.ctl("reload")
        status = world.status()
        expect("policies.refused" not in status, "that is over")
        loaded = world.rows("policies_loaded")[-1]["data"]
        expect_equal(loaded["kept"], True, "kept with its files")
        expect_equal((loaded["policy_set"], loaded["replaces"]),
                     (status["policies.set"], before["policies.set"]),
                     "what took whose place")


@story("while the ledger cannot be written no set goes into force")
def ledger_away():
    with World() as world:
        world.start()
        before = world.status()["policies.set"]
        image = world.mint(EP)
        world.write_policy("policy.yaml",
                           POLICY.replace("eu1.lwm2m", "eu2.lwm2m"))
        away = world.dir / "away"
        away.mkdir()
        for f in list(world.ledger.parent.glob(world.ledger.name + "*")):
            f.rename(away / f.name)
        world.ctl("reload", code=None)
        status = world.status()
        expect_equal(status["policies.set"], before, "set in force")
        expect(status["policies.refused"], "and that it was refused")
        for f in away.iterdir():
            f.rename(world.ledger.parent / f.name)
        wait_for(lambda: world.status()["health"] == "ok", "the ledger again")
        expect_equal(len(world.rows("policies_loaded")), 1, "sets on record")
        expect_equal(server_uri(world.boot(image)),
                     "coaps://eu1.lwm2m.example:5684", "what it still gives")
        world.ctl("reload")
        expect_equal(server_uri(world.boot(image)), OTHER_URI,
                     "what it gives now")
        world.chain_holds()


# Rows of the tool, which has no set in force.
TOOLS = {"image_minted", "key_imported"}


@story("every row of the daemon says by which set it came about")
def every_row():
    rotated = (POLICY + "bootstrap_account: {rotate: true, uri: "
               "coaps://boot.lwm2m.example}\n")
    master = secrets.token_bytes(32)
    key = {n: derive(master, 1, 0, n, EP) for n in (1, 2)}
    policies = {"identity.yaml": IDENTITY, "policy.yaml": POLICY,
                "lab.yaml": NOSEC_IDENTITY, "bench.yaml": NOSEC_POLICY}
    with World(policies, known={BOOTSTRAP_MASTER: master},
               listen=("coaps://127.0.0.1:0", "coap://127.0.0.1:0")) as world:
        world.start()
        first = world.status()["policies.set"]
        world.boot(world.write_image(EP, key[1])).succeeded()
        world.boot(world.write_image(EP, secrets.token_bytes(32)),
                   timeout_s=3).wait()
        wait_for(lambda: world.rows("psk_mismatch"), "the diagnosis")
        world.settled()
        world.write_policy("policy.yaml", rotated)
        world.ctl("reload")
        second = world.status()["policies.set"]
        # given another key, and come with that: the first is taken back
        world.boot(world.write_image(EP, key[1])).succeeded()
        world.boot(world.write_image(EP, key[2])).succeeded()
        world.ctl("push", "nobody-at-all", code=None)
        Stranger(world.address()).ask(bootstrap_request("lab-1", pct=1))
        world.write_policy("policy.yaml", BROKEN)
        world.ctl("reload", code=65)
        world.settled()
        world.stop()
        # a line for people has the first digits, everything else all of them
        for shown in (world.ctl("events").stdout,
                      world.tool("audit", "list", "--limit", "999",
                                 "--ledger", world.ledger)):
            expect_in(first[:12] + "..", shown, "the set, cut")
            expect(shown.count(first) <= 2, "no more of them in full")
        expect_in(first, world.ctl("--format", "json", "events").stdout,
                  "the whole digest")
        rows = [r for r in world.rows() if r["kind"] not in TOOLS]
        seen = {r["kind"] for r in rows}
        for kind in ("key_check", "policies_loaded", "daemon_start",
                     "bootstrap_begin", "bootstrap_end", "bootstrap_refused",
                     "credential_issued", "credential_revoked", "psk_mismatch", "push_started",
                     "push_failed", "policies_refused", "handshakes",
                     "daemon_stop", "checkpoint"):
            expect(kind in seen, f"no {kind} in {sorted(seen)}")
        at = next(r["seq"] for r in rows if r["kind"] == "policies_loaded" and
                  r["data"]["policy_set"] == second)
        sets = {r["policy_set"]: r for r in
                world.sql("SELECT * FROM policy_sets")}
        expect_equal({k: (r["bootstraps"], r["ok"], r["failed"], r["open"],
                          r["refused"], r["loads"]) for k, r in sets.items()},
                     {first: (1, 1, 0, 0, 0, 1), second: (2, 2, 0, 0, 1, 1)},
                     "the view")
        expect_equal((sets[first]["first_by"], sets[first]["kept"]),
                     ("start", 1), "by whom")
        refused, = [a for a in world.attempts() if a["outcome"] == "refused"]
        expect_equal(refused["policy_set"], second, "the refusal's set")
        for r in rows:
            expect("policy_set" in r["data"], f"by which set? {r}")
            expect_equal(r["data"]["policy_set"],
                         first if r["seq"] < at else second,
                         f"the set of {r}")


if __name__ == "__main__":
    tell()
