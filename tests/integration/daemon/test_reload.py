"""Policies are loaded again whole, or not at all."""

import signal

from daemon_fixture import DOMAIN, POLICY, World, wait_for
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


tell()
