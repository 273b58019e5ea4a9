"""bootstrapctl device: what the ledger knows of one device, and why it was given
what it was given, by the policies of that time."""

import csv
import json
import secrets
import sqlite3

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, IDENTITY,
                            POLICY, World, derive, fingerprint, wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"
MASTERS = {BOOTSTRAP_MASTER: secrets.token_bytes(32),
           FLEET_MASTER: secrets.token_bytes(32)}
NEAR = """\
policy: pilot
order: 1
match:
  identity: [factory]
  network: [10.20.0.0/16]
servers: []
"""
NOW = POLICY.replace("eu1.lwm2m", "eu2.lwm2m")


def world():
    return World({"identity.yaml": IDENTITY, "policy.yaml": POLICY,
                  "pilot.yaml": NEAR}, known=MASTERS)


def told(w, endpoint=EP, code=0):
    return json.loads(w.ctl("--format", "json", "device", endpoint,
                            code=code).stdout)


def key(epoch):
    return derive(MASTERS[BOOTSTRAP_MASTER], 1, 0, epoch, EP)


@story("after the fact: the attempt, its credentials, its set and that of now")
def a_life():
    with world() as w:
        w.start()
        first = w.status()["policies.set"]
        image = w.mint(EP)
        seen = told(w)
        expect_equal((seen["state"], len(seen["images"]), seen["attempts"]),
                     ("minted", 1, []), "before it comes")
        expect("explained" not in seen, "there is nothing to explain")
        w.boot(image).succeeded()
        w.settled()
        seen = told(w)
        one, = seen["attempts"]
        expect_equal((seen["state"], one["outcome"], one["policy"],
                      one["policy_set"]), ("ok", "ok", "meters", first),
                     "the attempt")
        own, served = seen["credentials"]
        expect_equal((own["image"], own["state"], served["state"],
                      served["short_server_id"]),
                     (True, "in force", "in force", 101), "credentials")
        why = seen["explained"]
        expect_equal((why["policy_set"], why["kept"], why["granted"],
                      why["as_given"], why["plan"]),
                     (first, True, True, True, one["plan"]), "explained")
        expect_equal(why["policy"]["name"], "meters", "the policy")
        expect_equal(why["text"], POLICY.rstrip("\n").split("\n"),
                     "its own lines")
        near, = why["near"]
        expect_equal((near["policy"], near["fails"][0]["key"],
                      near["fails"][0]["sees"]),
                     ("pilot", "network", "127.0.0.1"), "near misses")
        expect(why["in_force"]["same_set"], "no other set came since")
        # the folder changes, and what it said then is told all the same
        w.write_policy("policy.yaml", NOW)
        (w.dir / "policies.d/pilot.yaml").unlink()
        w.ctl("reload")
        why = told(w)["explained"]
        expect_equal((why["policy_set"], why["text"][0], why["as_given"]),
                     (first, "policy: meters", True), "as it was")
        now = why["in_force"]
        expect_equal((now["same_set"], now["same_plan"], now["policy"]),
                     (False, False, "meters"), "the set of now")
        lines = [(c["change"], "eu2" in c["line"], "LwM2M Server URI" in
                  c["line"]) for c in now["changes"]]
        expect_equal(lines, [("less", False, True), ("more", True, True)],
                     "what differs")
        # one that changes nothing for it
        w.write_policy("policy.yaml", POLICY + "description: The same\n")
        w.ctl("reload")
        now = told(w)["explained"]["in_force"]
        expect_equal((now["same_set"], now["same_plan"]), (False, True),
                     "another set, the same plan")
        text = w.ctl("device", EP).stdout
        for part in (f'endpoint    "{EP}"', "state       ok",
                     "policy      \"meters\"", "| policy: meters",
                     "127.0.0.1 is in none of 10.20.0.0/16",
                     "as it was given", "would give it the same plan"):
            expect_in(part, text, "for people")


@story("a refusal says why, and what was near")
def refused():
    with world() as w:
        w.write_policy("policy.yaml", POLICY.replace(
            "  identity: [factory]\n",
            "  identity: [factory]\n  endpoint: \"*-XM*\"\n"))
        w.start()
        w.boot(w.mint(EP)).failed()
        seen = told(w)
        one = seen["attempts"][-1]
        expect_equal((seen["state"], one["outcome"], one["reason"]),
                     ("refused", "refused", "no-policy"), "the refusal")
        expect(one["sentence"] and one["remedy"], "sentence and remedy")
        why = seen["explained"]
        expect_equal((why["granted"], why["reason"], why["policy"],
                      why["identity"]),
                     (False, "no-policy", None, "factory"), "explained")
        expect_equal({n["policy"]: n["fails"][0]["key"] for n in why["near"]},
                     {"meters": "endpoint", "pilot": "network"}, "near")
        text = w.ctl("device", EP).stdout
        expect_in("no-policy", text, "the reason")
        expect_in("remedy: ", text, "the remedy")
        expect_in(f'"{EP}" does not fit "*-XM*"', text, "what failed")


@story("credentials that were taken back and replaced are told as that")
def credentials():
    rotated = POLICY + ("bootstrap_account: {rotate: true, uri: "
                        "coaps://boot.lwm2m.example}\n")
    with world() as w:
        w.start()
        w.boot(w.mint(EP, epoch=1)).succeeded()
        w.write_policy("policy.yaml", rotated)
        w.ctl("reload")
        w.boot(w.write_image(EP, key(1))).succeeded()
        w.boot(w.write_image(EP, key(2))).succeeded()
        w.settled()
        states = {(c["fingerprint"], c["state"])
                  for c in told(w)["credentials"] if c["image"] or
                  c.get("purpose") == "bootstrap"}
        expect_equal(states, {(fingerprint(key(1)), "revoked"),
                              (fingerprint(key(2)), "in force")}, "states")
        server = [c["state"] for c in told(w)["credentials"]
                  if not c["image"] and c.get("purpose") == "server"]
        expect_equal((set(server[:-1]), server[-1]),
                     ({"given again since"}, "in force"), "of one key")
        expect(all("revoked" in c for c in told(w)["credentials"]
                   if c["state"] == "revoked"), "when")


@story("who was never let in is told by what it claimed")
def strangers():
    with world() as w:
        w.start()
        w.boot(w.write_image(EP, secrets.token_bytes(32)), timeout_s=3).wait()
        wait_for(lambda: w.rows("psk_mismatch"), "the diagnosis")
        seen = told(w)
        one, = seen["wrong_keys"]
        expect_equal((one["proved"], bool(one["remedy"]), seen["attempts"]),
                     (False, True, []), "a wrong key")
        expect_in("wrong key", w.ctl("device", EP).stdout, "for people")


@story("a set that is not kept explains nothing, and the rest is told")
def not_kept():
    with world() as w:
        w.start()
        w.boot(w.mint(EP)).succeeded()
        w.settled()
        w.stop()
        db = sqlite3.connect(w.ledger)
        # as of a ledger that kept none yet
        db.execute("DROP TRIGGER blob_keeps_rows")
        db.execute("DELETE FROM blob")
        db.commit()
        db.close()
        w.own()
        seen = told(w)
        expect_equal((seen["state"], seen["explained"]["kept"]),
                     ("ok", False), "what is left")
        expect_in("does not keep", w.ctl("device", EP).stdout, "said")


@story("hostile names: nothing of them reaches a terminal, a file or a formula")
def hostile():
    name = f"{DOMAIN}-=1+1\x1b[2J\",\n"
    with world() as w:
        w.start()
        w.boot(w.write_image(name, derive(
            MASTERS[BOOTSTRAP_MASTER], 1, 0, 2, name))).wait()
        wait_for(lambda: w.attempts(), "it to come")
        for form in ("text", "json", "csv"):
            done = w.ctl("--format", form, "device", name)
            expect("\x1b" not in done.stdout + done.stderr, f"{form}: escape")
        json.loads(w.ctl("--format", "json", "device", name).stdout)
        rows = list(csv.DictReader(w.ctl("--format", "csv", "device", name)
                                   .stdout.splitlines(), strict=True))
        expect_equal(len(rows), len(w.attempts()), "lines of CSV")
        done = w.ctl("device", "nobody\x1b[2J", code=66)
        expect("\x1b" not in done.stderr, "an escape")


@story("a device's rows as they stand: bootstrapctl events ENDPOINT")
def rows():
    with world() as w:
        w.start()
        w.boot(w.mint(EP)).succeeded()
        w.boot(w.mint(f"{DOMAIN}-2")).succeeded()
        w.settled()
        seen = [json.loads(line) for line in w.ctl(
            "events", EP, "--format=json").stdout.splitlines()]
        expect_equal([r["kind"] for r in seen],
                     ["image_minted", "bootstrap_begin", "credential_issued",
                      "bootstrap_end"], "the rows of one")
        expect_equal({r["endpoint"] for r in seen}, {EP}, "and of no other")


if __name__ == "__main__":
    tell()
