"""A device boots over coaps from its factory image, is bootstrapped by policy
with keys from the token, and the ledger tells the whole story."""

import re
import secrets

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, IDENTITY,
                            World, derive, fingerprint, wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-000042"


@story("a device boots from its image, and the ledger tells it")
def first_light():
    masters = {BOOTSTRAP_MASTER: secrets.token_bytes(32),
               FLEET_MASTER: secrets.token_bytes(32)}
    with World(known=masters) as world:
        world.start()
        device = world.boot(world.mint(EP), options=["-v", "--show-keys"])
        device.succeeded()
        expect_in("DTLS 1.2 TLS_PSK_WITH_AES_128_CCM_8\n", device.text(),
                  "the cipher suite")
        attempt, = world.settled()

        # the device: one account for its server, and its own untouched
        ours, server = sorted(device.results("security"),
                              key=lambda s: s["bootstrap"] == "false")
        expect_equal(ours["bootstrap"], "true", "the account it came with")
        expect_equal(server["uri"], "coaps://eu1.lwm2m.example:5684", "URI")
        expect_equal(server["identity"], EP, "PSK identity")
        expect_equal(device.results("server")[0]["lifetime"], "86400",
                     "lifetime")

        # the key: that of this endpoint, Short Server ID and epoch
        key = derive(masters[FLEET_MASTER], 2, 101, 1, EP)
        expect_equal(server["key"], key.hex(), "key for the LwM2M server")
        expect_equal(
            ours["key"],
            derive(masters[BOOTSTRAP_MASTER], 1, 0, 2, EP).hex(),
            "key of the Bootstrap-Server Account, newest epoch")

        # the ledger
        begin, = world.rows("bootstrap_begin")
        issued, = world.rows("credential_issued")
        end, = world.rows("bootstrap_end")
        expect(begin["seq"] < issued["seq"] < end["seq"], "in that order")
        expect_equal({r["session"] for r in (begin, issued, end)},
                     {attempt["session"]}, "the session of all three")
        expect_equal(begin["data"]["identity"], "factory", "identity")
        expect_equal(begin["data"]["credential"], EP, "credential")
        expect_equal(begin["data"]["epoch"], 2, "epoch that was proved")
        expect(re.search(r"policies\.d/policy\.yaml:1$",
                         begin["data"]["policy_at"]),
               f"policy at file and line: {begin['data']['policy_at']}")
        expect_equal(issued["data"]["fingerprint"], fingerprint(key),
                     "fingerprint of the key")
        expect_equal(end["data"]["outcome"], "ok", "outcome")
        expect_equal(end["data"]["step_code"], "2.04 Changed",
                     "answer to Finish")
        explained = world.tool("policy", "explain", world.dir / "policies.d",
                               "--endpoint", EP, "--identity", "factory")
        expect_in(attempt["plan"], explained, "the plan that was explained")
        world.chain_holds()

        world.stop()
        last = [r["kind"] for r in world.rows()][-2:]
        expect_equal(last, ["daemon_stop", "checkpoint"], "last rows")
        world.chain_holds()


@story("the row of a credential is durable before the device has it")
def row_before_key():
    with World() as world:
        world.start()
        # it goes silent at the first command, before any key was sent
        device = world.boot(world.mint(EP), "dies-at=1", timeout_s=30)
        device.failed()
        expect_equal(len(world.rows("credential_issued")), 1,
                     "credentials on record")


@story("a SenML CBOR image boots as well as a JSON one")
def senml_image():
    with World() as world:
        world.start()
        world.boot(world.mint(EP, form="senml-cbor")).succeeded()
        expect_equal(world.settled()[0]["outcome"], "ok", "outcome")


@story("families of clients are bootstrapped as they are")
def families():
    families = ("anjay", "anjay-1.0", "anjay-1.2", "wakaama", "zephyr",
                "leshan", "contiki-ng")
    with World() as world:
        world.write_policy("policy.yaml", (world.dir / "policies.d/"
                           "policy.yaml").read_text()
                           .replace("profile: anjay", "profile: default"))
        world.start()
        for family in families:
            world.boot(world.mint(f"{DOMAIN}-{family}"), family).succeeded()
        outcomes = {a["endpoint"]: a["outcome"] for a in world.settled()}
        expect_equal(outcomes, {f"{DOMAIN}-{f}": "ok" for f in families},
                     "outcomes")


@story("a device that refuses a Write is never told that all is well")
def refused_write():
    with World() as world:
        world.start()
        device = world.boot(world.mint(EP), "refuses-write=500")
        wait_for(lambda: world.rows("bootstrap_end"), "the ending")
        attempt, = world.attempts()
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("failed", "write-refused"), "ending")
        expect(not world.logged("op=Finish"), "no Finish went out")
        device.kill()


@story("answers come from the address that was asked, on any listener")
def dual_stack():
    with World(listen=["coaps://[::]:0"]) as world:
        world.start()
        for n, host in enumerate(("127.0.0.1", "127.0.0.2", "[::1]")):
            uri = world.coaps(host)
            world.boot(world.mint(f"{DOMAIN}-{n}", uri=uri)).succeeded()
    with World(listen=["coaps://0.0.0.0:0"]) as world:
        world.start()
        world.boot(world.mint(EP, uri=world.coaps("127.0.0.3"))).succeeded()


@story("two OSCORE contexts, found again by Discover before Finish")
def contexts():
    server = f"""\
  - name: s%d
    short_server_id: %d
    uri: coaps://s%d.example
    security:
      mode: psk
      key: {{derive: {FLEET_MASTER}}}
      oscore: {{key: {{derive: {FLEET_MASTER}}}, recipient_id: "0%d"}}
"""
    policy = """\
policy: contexts
device: {profile: leshan, oscore: true}
clean: [/]
servers:
""" + server % (1, 101, 1, 1) + server % (2, 102, 2, 2) + """\
verify: discover
"""
    with World({"identity.yaml": IDENTITY, "policy.yaml": policy}) as world:
        world.start()
        for _ in range(2):
            world.boot(world.mint(EP)).succeeded()
        expect_equal([a["outcome"] for a in world.settled()], ["ok", "ok"],
                     "outcomes")


tell()
